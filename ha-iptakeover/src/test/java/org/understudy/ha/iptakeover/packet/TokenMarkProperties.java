package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.FencingToken;

@Tag("property")
class TokenMarkProperties {
    private static final long MAC_MAX = 0xffff_ffff_ffffL;

    private final TokenMark marks = new TokenMark(TokenMarkTest.key(32), "demo");

    @Property
    void marks_come_back(
            @ForAll @LongRange(min = 1) long token,
            @ForAll @LongRange(max = MAC_MAX) long mac,
            @ForAll @Size(16) byte[] address,
            @ForAll boolean isV6) {
        IpAddress ip = IpAddress.of(isV6 ? address : Arrays.copyOf(address, 4));
        MacAddress sender = new MacAddress(mac);
        FencingToken sent = new FencingToken(token);
        assertThat(marks.decode(marks.encode(sent, sender, ip), sender, ip)).contains(sent);
        assertThat(marks.decodeOption(marks.encodeOption(sent, sender, ip), sender, ip))
                .contains(sent);
    }

    @Property
    void any_flipped_bit_makes_it_no_mark(
            @ForAll @LongRange(min = 1) long token,
            @ForAll int address,
            @ForAll @IntRange(max = TokenMark.OPTION_BYTES * 8 - 1) int bit) {
        Ipv4Address vip = new Ipv4Address(address);
        MacAddress sender = new MacAddress(0x020000000002L);
        byte[] option = marks.encodeOption(new FencingToken(token), sender, vip);
        flip(option, bit);
        assertThat(marks.decodeOption(option, sender, vip)).isEmpty();
        byte[] mark = marks.encode(new FencingToken(token), sender, vip);
        flip(mark, bit % (TokenMark.BYTES * 8));
        assertThat(marks.decode(mark, sender, vip)).isEmpty();
    }

    @Property
    void a_mark_is_for_one_sender_and_address_in_one_cluster_with_one_key(
            @ForAll @LongRange(min = 1) long token,
            @ForAll @LongRange(max = MAC_MAX) long mac,
            @ForAll int address,
            @ForAll @LongRange(max = MAC_MAX) long otherMac,
            @ForAll int otherAddress) {
        assumeThat(otherMac).isNotEqualTo(mac);
        assumeThat(otherAddress).isNotEqualTo(address);
        MacAddress sender = new MacAddress(mac);
        Ipv4Address vip = new Ipv4Address(address);
        byte[] mark = marks.encode(new FencingToken(token), sender, vip);
        assertThat(marks.decode(mark, new MacAddress(otherMac), vip)).isEmpty();
        assertThat(marks.decode(mark, sender, new Ipv4Address(otherAddress))).isEmpty();
        assertThat(new TokenMark(TokenMarkTest.key(32), "Demo").decode(mark, sender, vip))
                .isEmpty();
        assertThat(new TokenMark(TokenMarkTest.key(31), "demo").decode(mark, sender, vip))
                .isEmpty();
    }

    @Property
    void any_bytes_are_no_mark(@ForAll @Size(max = 60) byte[] bytes) {
        MacAddress sender = MacAddress.ZERO;
        assertThat(marks.decode(bytes, sender, Ipv4Address.ANY)).isEmpty();
        assertThat(marks.decodeOption(bytes, sender, Ipv6Address.ANY)).isEmpty();
    }

    private static void flip(byte[] bytes, int bit) {
        bytes[bit / 8] ^= (byte) (1 << bit % 8);
    }
}
