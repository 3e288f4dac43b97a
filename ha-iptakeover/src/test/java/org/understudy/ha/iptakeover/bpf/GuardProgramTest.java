package org.understudy.ha.iptakeover.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;

class GuardProgramTest {
    private static final long NOW = 1_000_000;
    private static final long STAY = GuardMaps.stay(0x80004711, -2);
    private static final IpAddress HELD = IpAddress.parse("192.0.2.50").orElseThrow();
    private static final IpAddress HELD6 = IpAddress.parse("2001:db8::50").orElseThrow();
    private static final IpAddress FREE = IpAddress.parse("192.0.2.60").orElseThrow();

    private final SimulatedMaps maps = new SimulatedMaps();

    static boolean isLittleEndian() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }

    /** Who changes program or maps changes the number in the names too: processes of two releases share a card. */
    @Test
    @EnabledIf("isLittleEndian")
    void the_programs_of_version_1_are_these() throws NoSuchAlgorithmException {
        assertThat(digest(Direction.IN)).isEqualTo("d1481b136d7d2511");
        assertThat(digest(Direction.OUT)).isEqualTo("d9896c13fab2b463");
    }

    private static String digest(Direction direction) throws NoSuchAlgorithmException {
        byte[] all = MessageDigest.getInstance("SHA-256")
                .digest(GuardProgram.of(direction).instructions());
        return HexFormat.of().formatHex(all, 0, 8);
    }

    @Test
    void an_address_speaks_until_its_deadline_and_not_at_it() {
        maps.hold(HELD, STAY);
        assertThat(out()).as("a stay that is not there").isEqualTo(GuardProgram.DROP);
        maps.extend(STAY, NOW + 1);
        assertThat(out()).isEqualTo(GuardProgram.NEXT);
        maps.extend(STAY, NOW);
        assertThat(out()).isEqualTo(GuardProgram.DROP);
        maps.extend(STAY, 0);
        assertThat(out()).isEqualTo(GuardProgram.DROP);
    }

    @Test
    void another_address_is_let_alone() {
        maps.hold(FREE, STAY);
        assertThat(out()).isEqualTo(GuardProgram.NEXT);
    }

    @Test
    void an_element_that_is_used_anew_while_it_is_read_speaks_for_nobody() {
        long other = GuardMaps.stay(5, 6);
        maps.hold(HELD, STAY);
        maps.extend(STAY, NOW + 1);
        maps.extend(other, NOW + 1);
        maps.mix(HELD, GuardMaps.held(GuardMaps.key(FREE), other));
        assertThat(out()).as("the stay of another address").isEqualTo(GuardProgram.DROP);
        maps.hold(HELD, STAY);
        assertThat(out()).isEqualTo(GuardProgram.NEXT);
        maps.mix(STAY, GuardMaps.until(other, NOW + 1));
        assertThat(out()).as("the deadline of another stay").isEqualTo(GuardProgram.DROP);
    }

    @Test
    void an_unreadable_frame_is_dropped_only_where_ipv6_is_held() {
        byte[] frame = withExtensions(9);
        maps.hold(HELD, STAY);
        assertThat(new Interpreter(Direction.OUT, maps).run(frame, NOW)).isEqualTo(GuardProgram.NEXT);
        maps.hold(HELD6, STAY);
        maps.extend(STAY, NOW + 1);
        assertThat(new Interpreter(Direction.OUT, maps).run(frame, NOW)).isEqualTo(GuardProgram.DROP);
        assertThat(new Interpreter(Direction.IN, maps).run(frame, NOW)).isEqualTo(GuardProgram.DROP);
        assertThat(new Interpreter(Direction.OUT, maps).run(withExtensions(8), NOW))
                .isEqualTo(GuardProgram.NEXT);
    }

    @Test
    void an_advertisement_behind_extension_headers_is_found() {
        byte[] frame = withExtensions(8);
        maps.hold(HELD6, STAY);
        assertThat(new Interpreter(Direction.OUT, maps).run(frame, NOW)).isEqualTo(GuardProgram.DROP);
        assertThat(new Interpreter(Direction.IN, maps).run(frame, NOW))
                .as("advertisements that come in are let alone")
                .isEqualTo(GuardProgram.NEXT);
    }

    private int out() {
        byte[] frame = ArpPacket.gratuitousRequest(new MacAddress(0x0200_0000_0001L), (Ipv4Address) HELD)
                .frameTo(MacAddress.BROADCAST)
                .encode();
        return new Interpreter(Direction.OUT, maps).run(frame, NOW);
    }

    /** A neighbour advertisement for {@link #HELD6} from somebody else, behind destination options. */
    private static byte[] withExtensions(int count) {
        ByteBuffer out = ByteBuffer.allocate(54 + 8 * count + 24);
        out.putShort(12, (short) 0x86dd).put(20, (byte) 60);
        for (int i = 0; i < count; i++) {
            out.put(54 + 8 * i, (byte) (i == count - 1 ? 58 : 60));
        }
        out.put(54 + 8 * count, (byte) 136);
        out.position(54 + 8 * count + 8);
        out.put(HELD6.toBytes());
        return out.array();
    }
}
