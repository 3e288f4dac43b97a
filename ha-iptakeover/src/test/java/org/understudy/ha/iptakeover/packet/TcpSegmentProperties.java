package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;

@Tag("property")
class TcpSegmentProperties {
    @Property
    void whoever_checks_a_tickle_finds_both_checksums_right(
            @ForAll int local,
            @ForAll @IntRange(min = 1, max = 65535) int localPort,
            @ForAll int remote,
            @ForAll @IntRange(min = 1, max = 65535) int remotePort) {
        TcpConnection.of(new Ipv4Address(local), localPort, new Ipv4Address(remote), remotePort)
                .ifPresent(connection -> {
                    byte[] packet = TcpSegment.tickle(connection);
                    assertThat(packet).hasSize(40);
                    assertThat(sum(Arrays.copyOf(packet, 20))).isEqualTo(0xffff);
                    byte[] segment = Arrays.copyOfRange(packet, 20, 40);
                    byte[] checked = ByteBuffer.allocate(32)
                            .putInt(local)
                            .putInt(remote)
                            .putShort((short) 6)
                            .putShort((short) 20)
                            .put(segment)
                            .array();
                    assertThat(sum(checked)).isEqualTo(0xffff);
                    requireEnds(segment, localPort, remotePort);
                });
    }

    @Property
    void and_so_over_ipv6(
            @ForAll long localHigh,
            @ForAll long localLow,
            @ForAll @IntRange(min = 1, max = 65535) int localPort,
            @ForAll long remoteHigh,
            @ForAll long remoteLow,
            @ForAll @IntRange(min = 1, max = 65535) int remotePort) {
        TcpConnection.of(
                        new Ipv6Address(localHigh, localLow),
                        localPort,
                        new Ipv6Address(remoteHigh, remoteLow),
                        remotePort)
                .ifPresent(connection -> {
                    byte[] packet = TcpSegment.tickle(connection);
                    assertThat(packet).hasSize(60);
                    byte[] segment = Arrays.copyOfRange(packet, 40, 60);
                    byte[] checked = ByteBuffer.allocate(60)
                            .put(packet, 8, 32)
                            .putInt(20)
                            .putInt(6)
                            .put(segment)
                            .array();
                    assertThat(sum(checked)).isEqualTo(0xffff);
                    requireEnds(segment, localPort, remotePort);
                });
    }

    private static void requireEnds(byte[] segment, int localPort, int remotePort) {
        ByteBuffer in = ByteBuffer.wrap(segment);
        assertThat(in.getShort() & 0xffff).isEqualTo(localPort);
        assertThat(in.getShort() & 0xffff).isEqualTo(remotePort);
        assertThat(in.getLong()).isZero();
    }

    /** Word by word with end-around carry, as the receiver does: all ones if the checksum in it is right. */
    private static int sum(byte[] bytes) {
        int sum = 0;
        for (int i = 0; i < bytes.length; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff;
            sum = sum > 0xffff ? sum - 0xffff : sum;
        }
        return sum;
    }
}
