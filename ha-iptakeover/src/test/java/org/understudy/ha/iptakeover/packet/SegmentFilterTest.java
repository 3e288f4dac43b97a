package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Programs as assembled by hand for a little-endian host. */
class SegmentFilterTest {
    private static final Ipv4Address VIP = new Ipv4Address(0xc0000232);
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int RETURN = 6;

    @Test
    void arp_about_one_address() {
        assumeLittleEndian();
        assertThat(lines(SegmentFilter.arp(List.of(VIP))))
                .containsExactly(
                        "280000000c000000", // ldh [12]
                        "1500000606080000", // jeq #0x806, next, drop
                        "200000000e000000", // ld [14]
                        "1500000400080100", // jeq #0x10800, next, drop
                        "200000001c000000", // ld [28]
                        "15000300320200c0", // jeq #192.0.2.50, pass, next
                        "2000000026000000", // ld [38]
                        "15000100320200c0", // jeq #192.0.2.50, pass, next
                        "0600000000000000", // drop: ret #0
                        "0600000000000400"); // pass: ret #262144
    }

    @Test
    void neighbour_discovery_about_two_addresses() {
        assumeLittleEndian();
        assertThat(lines(SegmentFilter.discovery(List.of(v6("2001:db8::50"), v6("2001:db8::51")))))
                .containsExactly(
                        "280000000c000000", // ldh [12]
                        "15000010dd860000", // jeq #0x86dd, next, drop
                        "3000000014000000", // ldb [20]
                        "1500000e3a000000", // jeq #58, next, drop
                        "3000000015000000", // ldb [21]
                        "1500000cff000000", // jeq #255, next, drop
                        "3000000036000000", // ldb [54]
                        "1500010087000000", // jeq #135, over the next
                        "1500000988000000", // jeq #136, next, drop
                        "2000000022000000", // ld [34]
                        "1500080050000000",
                        "1500070051000000",
                        "2000000032000000", // ld [50]
                        "1500050050000000",
                        "1500040051000000",
                        "200000004a000000", // ld [74]
                        "1500020050000000",
                        "1500010051000000",
                        "0600000000000000",
                        "0600000000000400");
    }

    @Test
    void many_addresses_are_compared_as_ranges() {
        assumeLittleEndian();
        assertThat(lines(SegmentFilter.arp(many(SegmentFilter.ADDRESSES_MAX + 1))))
                .containsExactly(
                        "280000000c000000", // ldh [12]
                        "1500000806080000", // jeq #0x806, next, drop
                        "200000000e000000", // ld [14]
                        "1500000600080100", // jeq #0x10800, next, drop
                        "200000001c000000", // ld [28]
                        "35000001000200c0", // jge #192.0.2.0, next, over
                        "25000004400200c0", // jgt #192.0.2.64, next, pass
                        "2000000026000000", // ld [38]
                        "35000001000200c0",
                        "25000001400200c0",
                        "0600000000000000", // drop: ret #0
                        "0600000000000400"); // pass: ret #262144
    }

    @Test
    void whatever_the_addresses_all_of_them_pass_and_what_lies_far_from_them_does_not() {
        Random random = new Random(4711);
        for (int count : new int[] {1, 2, 33, 64, 65, 66, 100, 1000, 4096}) {
            for (int spread : new int[] {1, 2, 300, 1_000_000}) {
                List<Ipv4Address> all = new ArrayList<>();
                // Over the middle, where signed and unsigned numbers differ.
                int word = 0x7fff_ff80;
                for (int i = 0; i < count; i++) {
                    all.add(new Ipv4Address(word));
                    word += 1 + random.nextInt(spread);
                }
                Collections.shuffle(all, random);
                byte[] program = SegmentFilter.arp(all);
                for (Ipv4Address address : all) {
                    assertThat(passes(program, address.bits(), 1)).isTrue();
                    assertThat(passes(program, 1, address.bits())).isTrue();
                }
                assertThat(passes(program, 0x7fff_ff7f, 1)).isFalse();
                assertThat(passes(program, word + spread, -1)).isFalse();
            }
        }
    }

    @Test
    void in_a_gap_between_ranges_nothing_passes_if_there_is_room() {
        List<Ipv4Address> all = new ArrayList<>();
        for (int block = 0; block < SegmentFilter.RANGES_MAX; block++) {
            for (int host = 0; host < 10; host++) {
                all.add(new Ipv4Address(0x0a000000 + 20 * block + host));
            }
        }
        byte[] program = SegmentFilter.arp(all);
        for (int word = 0x0a000000 - 5; word < 0x0a000000 + 20 * SegmentFilter.RANGES_MAX; word++) {
            assertThat(passes(program, word, 1)).isEqualTo(all.contains(new Ipv4Address(word)));
        }
    }

    /** As the kernel does with the instructions that these programs are made of. */
    private static boolean passes(byte[] program, int sender, int target) {
        ByteBuffer frame = ByteBuffer.allocate(60);
        frame.putShort(12, (short) 0x806)
                .putInt(14, 0x0001_0800)
                .putInt(28, sender)
                .putInt(38, target);
        ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
        int a = 0;
        int at = 0;
        while (true) {
            int operand = code.getInt(8 * at + 4);
            boolean isTrue = false;
            switch (code.getShort(8 * at)) {
                case 0x20 -> a = frame.getInt(operand);
                case 0x28 -> a = frame.getShort(operand) & 0xffff;
                case JUMP_IF_EQUAL -> isTrue = a == operand;
                case 0x25 -> isTrue = Integer.compareUnsigned(a, operand) > 0;
                case 0x35 -> isTrue = Integer.compareUnsigned(a, operand) >= 0;
                case RETURN -> {
                    return operand != 0;
                }
                default -> throw new AssertionError("instruction " + code.getShort(8 * at));
            }
            at += 1 + (code.get(8 * at + (isTrue ? 2 : 3)) & 0xff);
        }
    }

    @Test
    void every_jump_stays_inside_and_every_pass_ends_at_the_last_instruction() {
        for (int count = 1; count <= SegmentFilter.ADDRESSES_MAX; count++) {
            List<Ipv6Address> v6 = new ArrayList<>();
            for (Ipv4Address address : many(count)) {
                v6.add(new Ipv6Address(0, address.bits()));
            }
            requireSound(SegmentFilter.arp(many(count)), 2 * count);
            requireSound(SegmentFilter.discovery(v6), 3 * count);
        }
    }

    private static void requireSound(byte[] program, int comparisons) {
        ByteBuffer in = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
        int length = program.length / SegmentFilter.INSTRUCTION_BYTES;
        int passes = 0;
        for (int i = 0; i < length; i++) {
            int at = i * SegmentFilter.INSTRUCTION_BYTES;
            if (in.getShort(at) == JUMP_IF_EQUAL) {
                int ifTrue = i + 1 + (in.get(at + 2) & 0xff);
                int ifFalse = i + 1 + (in.get(at + 3) & 0xff);
                assertThat(ifTrue).isLessThan(length);
                assertThat(ifFalse).isLessThan(length);
                passes += ifTrue == length - 1 ? 1 : 0;
            }
        }
        assertThat(passes).isEqualTo(comparisons);
        assertThat(in.getShort(program.length - 16)).isEqualTo((short) RETURN);
        assertThat(in.getInt(program.length - 12)).isZero();
        assertThat(in.getShort(program.length - 8)).isEqualTo((short) RETURN);
        assertThat(in.getInt(program.length - 4)).isPositive();
    }

    private static List<Ipv4Address> many(int count) {
        List<Ipv4Address> addresses = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            addresses.add(new Ipv4Address(0xc0000200 + i));
        }
        return addresses;
    }

    private static Ipv6Address v6(String text) {
        return Ipv6Address.parse(text).orElseThrow();
    }

    private static List<String> lines(byte[] program) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < program.length; i += SegmentFilter.INSTRUCTION_BYTES) {
            lines.add(HexFormat.of().formatHex(program, i, i + SegmentFilter.INSTRUCTION_BYTES));
        }
        return lines;
    }

    private static void assumeLittleEndian() {
        assumeThat(ByteOrder.nativeOrder()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    }
}
