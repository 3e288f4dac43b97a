package org.understudy.ha.iptakeover.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.packet.IpAddress;

class GuardMapsTest {

    @Test
    void an_ipv4_address_is_a_mapped_key_and_comes_back() {
        IpAddress four = IpAddress.parse("192.0.2.50").orElseThrow();
        byte[] key = GuardMaps.key(four);
        assertThat(HexFormat.of().formatHex(key)).isEqualTo("00000000000000000000ffffc0000232");
        assertThat(GuardMaps.isV4(key)).isTrue();
        assertThat(GuardMaps.address(key)).isEqualTo(four);
    }

    @Test
    void an_ipv6_address_is_its_own_key_and_comes_back() {
        IpAddress six = IpAddress.parse("2001:db8::50").orElseThrow();
        assertThat(GuardMaps.key(six)).isEqualTo(six.toBytes());
        assertThat(GuardMaps.isV4(GuardMaps.key(six))).isFalse();
        assertThat(GuardMaps.address(GuardMaps.key(six))).isEqualTo(six);
        assertThat(GuardMaps.isV4(GuardMaps.unreadable())).isFalse();
    }

    @Test
    void a_stay_is_made_of_tag_and_number_whatever_their_signs() {
        for (int tag : new int[] {1, -1, Integer.MIN_VALUE, 4711}) {
            for (int number : new int[] {0, -1, 7}) {
                long stay = GuardMaps.stay(tag, number);
                assertThat(GuardMaps.tag(stay)).isEqualTo(tag);
                assertThat(GuardMaps.stayOf(GuardMaps.key(stay))).isEqualTo(stay);
            }
        }
        assertThat(GuardMaps.stay(1, -1)).isNotEqualTo(GuardMaps.stay(0, -1));
    }

    @Test
    void the_second_word_of_a_value_binds_it_to_its_key() {
        byte[] key = GuardMaps.key(IpAddress.parse("2001:db8::50").orElseThrow());
        ByteBuffer held = ByteBuffer.wrap(GuardMaps.held(key, 77)).order(ByteOrder.nativeOrder());
        ByteBuffer words = ByteBuffer.wrap(key).order(ByteOrder.nativeOrder());
        assertThat(held.getLong(0)).isEqualTo(77);
        assertThat(held.getLong(8)).isEqualTo(77 ^ words.getLong(0) ^ words.getLong(8));
        ByteBuffer until = ByteBuffer.wrap(GuardMaps.until(77, 123)).order(ByteOrder.nativeOrder());
        assertThat(until.getLong(0)).isEqualTo(123);
        assertThat(until.getLong(8)).isEqualTo(123 ^ 77);
    }

    @Test
    void what_is_joined_is_split_again() {
        List<byte[]> parts = List.of(new byte[] {1, 2}, new byte[] {3, 4}, new byte[] {5, 6});
        byte[] all = GuardMaps.join(parts);
        assertThat(all).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(GuardMaps.split(all, 2, 2)).containsExactly(new byte[] {1, 2}, new byte[] {3, 4});
    }
}
