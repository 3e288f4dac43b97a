package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/** Messages as the kernel multicast them, against the program as its filter runs it. Interface 3 is ours. */
class EventFilterTest {
    private static final String ADDED =
            "6000000014000000070000001c2e0dbb022020000300000008000100c000023208000200c0000232"
                    + "090003006c616e300000000005000b00d50000000800080020020000080009006712000014000600000000002c01000063541500"
                    + "63541500";
    private static final String CHANGED =
            "5000000014000000e56a0c6bc7510000022080000300000008000100c000023208000200c0000232"
                    + "090003006c616e3000000000080008008002000014000600ffffffffffffffff6354150096541500";
    private static final String REMOVED =
            "5000000015000000e66a0c6bd9510000022080000300000008000100c000023208000200c0000232"
                    + "090003006c616e3000000000080008008002000014000600ffffffffffffffff6354150096541500";
    private static final String ADDED_V6 =
            "580000001400000000000000000000000a802200030000001400010020010db80000000000000000"
                    + "00000050080009006712000014000600000000002c010000ff541500ff541500080008002202000005000b00d5000000";
    private static final String CHANGED_V6 =
            "500000001400000000000000000000000a808000030000001400010020010db80000000000000000"
                    + "00000050080009006712000014000600ffffffffffffffffff541500315515000800080080000000";
    private static final String REMOVED_V6 =
            "500000001500000000000000000000000a808000030000001400010020010db80000000000000000"
                    + "00000050080009006712000014000600ffffffffffffffffff541500315515000800080080000000";
    /** The first bytes. */
    private static final String LINK =
            "d805000010000000000000000000000000000100030000000310000000000000090003006c616e3000000000";

    private static final IpAddress FOUR = new Ipv4Address(0xc0000232);
    private static final IpAddress SIX = new Ipv6Address(0x20010db8L << 32, 0x50);
    private static final List<String> ALL = List.of(ADDED, CHANGED, REMOVED, ADDED_V6, CHANGED_V6, REMOVED_V6, LINK);

    @BeforeEach
    void captured_on_a_little_endian_host() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }

    @Test
    void what_carries_our_mark_and_tag_is_no_news_and_everything_else_about_our_addresses_is() {
        byte[] program = EventFilter.of(List.of(3), List.of(FOUR, SIX), 213, 4711);
        assertThat(passed(program)).containsExactly(CHANGED, REMOVED, CHANGED_V6, REMOVED_V6, LINK);
        assertThat(passed(EventFilter.of(List.of(3), List.of(FOUR, SIX), 213, 4712)))
                .isEqualTo(ALL);
        assertThat(passed(EventFilter.of(List.of(3), List.of(FOUR, SIX), 212, 4711)))
                .isEqualTo(ALL);
    }

    @Test
    void other_interfaces_and_other_addresses_are_no_news() {
        assertThat(passed(EventFilter.of(List.of(4), List.of(FOUR, SIX), 213, 4711)))
                .isEmpty();
        assertThat(passed(EventFilter.of(List.of(4, 5), List.of(FOUR, SIX), 213, 4711)))
                .isEmpty();
        assertThat(passed(EventFilter.of(List.of(3), List.of(FOUR), 213, 4711)))
                .containsExactly(CHANGED, REMOVED, LINK);
        assertThat(passed(EventFilter.of(List.of(3), List.of(SIX), 213, 4711)))
                .containsExactly(CHANGED_V6, REMOVED_V6, LINK);
        assertThat(passed(EventFilter.of(List.of(3), List.of(new Ipv4Address(0xc0000233)), 213, 4711)))
                .containsExactly(LINK);
    }

    @Test
    void of_two_interfaces_both_are_news() {
        for (List<Integer> both : List.of(List.of(3, 4), List.of(4, 3), List.of(4, 3, 5))) {
            assertThat(passed(EventFilter.of(both, List.of(FOUR, SIX), 213, 4711)))
                    .containsExactly(CHANGED, REMOVED, CHANGED_V6, REMOVED_V6, LINK);
        }
    }

    @Test
    void with_too_many_addresses_none_is_compared() {
        byte[] program = EventFilter.of(List.of(3), many(EventFilter.ADDRESSES_MAX + 1), 213, 4711);
        assertThat(passed(program)).containsExactly(CHANGED, REMOVED, CHANGED_V6, REMOVED_V6, LINK);
        for (int count = 1; count <= EventFilter.ADDRESSES_MAX; count++) {
            List<IpAddress> some = new ArrayList<>(many(count - 1));
            some.add(SIX);
            assertThat(passed(EventFilter.of(List.of(3), some, 213, 4711)))
                    .as(count + " addresses")
                    .containsExactly(CHANGED_V6, REMOVED_V6, LINK);
        }
    }

    @Test
    void with_too_many_interfaces_none_is_compared() {
        List<Integer> many = new ArrayList<>();
        for (int index = 100; index < 100 + EventFilter.INTERFACES_MAX; index++) {
            many.add(index);
        }
        List<IpAddress> addresses = many(EventFilter.ADDRESSES_MAX);
        assertThat(passed(EventFilter.of(many, addresses, 213, 4711))).isEmpty();
        many.set(0, 3);
        assertThat(passed(EventFilter.of(many, addresses, 213, 4711))).containsExactly(LINK);
        many.set(0, 99);
        many.add(98);
        assertThat(passed(EventFilter.of(many, List.of(FOUR, SIX), 213, 4711)))
                .containsExactly(CHANGED, REMOVED, CHANGED_V6, REMOVED_V6, LINK);
    }

    @Test
    void what_is_not_known_passes() {
        assertThat(passes(
                        EventFilter.of(List.of(3), List.of(FOUR), 213, 4711),
                        new NetlinkMessage(3, 0, 0, 0, new byte[4])))
                .isTrue();
    }

    @Test
    void the_lifetime_of_an_address_is_read() {
        assertThat(read(ADDED).validSeconds()).isEqualTo(300);
        assertThat(read(ADDED_V6).validSeconds()).isEqualTo(300);
        assertThat(read(CHANGED).validSeconds()).isEqualTo(AddressMessage.FOREVER);
        assertThat(new AddressMessage(2, 32, 0, 0, 3, List.of()).validSeconds()).isEqualTo(AddressMessage.FOREVER);
    }

    private static AddressMessage read(String message) {
        byte[] bytes = HexFormat.of().parseHex(message);
        return AddressMessage.decode(
                NetlinkMessage.decodeAll(bytes, bytes.length).get(0).payload());
    }

    private static List<IpAddress> many(int count) {
        List<IpAddress> many = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            many.add(new Ipv4Address(0x0a000001 + i));
        }
        return many;
    }

    private static List<String> passed(byte[] program) {
        return ALL.stream()
                .filter(message -> run(program, HexFormat.of().parseHex(message)))
                .toList();
    }

    private static boolean passes(byte[] program, NetlinkMessage message) {
        return run(program, message.encode());
    }

    /** The few instructions that the programs are made of, as {@code linux/filter.h} has them. */
    private static boolean run(byte[] program, byte[] message) {
        ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
        ByteBuffer data = ByteBuffer.wrap(message);
        int a = 0;
        int x = 0;
        int at = 0;
        while (true) {
            int operand = code.getInt(8 * at + 4);
            int next = at + 1;
            switch (code.getShort(8 * at)) {
                case 0x00 -> a = operand;
                case 0x01 -> x = operand;
                case 0x07 -> x = a;
                case 0x20 -> a = operand < 0 ? find(message, a, x) : data.getInt(operand);
                case 0x28 -> a = data.getShort(operand) & 0xffff;
                case 0x30 -> a = data.get(operand) & 0xff;
                case 0x40 -> a = data.getInt(x + operand);
                case 0x50 -> a = data.get(x + operand) & 0xff;
                case 0x15 -> next += code.get(8 * at + (a == operand ? 2 : 3)) & 0xff;
                case 0x06 -> {
                    return operand != 0;
                }
                default -> throw new AssertionError("instruction " + code.getShort(8 * at));
            }
            at = next;
        }
    }

    /** {@code bpf_skb_get_nlattr}. */
    private static int find(byte[] message, int from, int type) {
        ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.nativeOrder());
        for (int at = from; at + 4 <= message.length; at += in.getShort(at) + 3 & ~3) {
            if (in.getShort(at + 2) == type) {
                return at;
            }
        }
        return 0;
    }
}
