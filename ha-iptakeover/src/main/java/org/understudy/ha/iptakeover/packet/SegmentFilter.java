package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Programs for the packet filter of a packet socket (classic BPF, {@code linux/filter.h}): they let pass what concerns some
 * addresses, so that the kernel neither queues anything else nor wakes the reader. They read whole Ethernet frames without a VLAN
 * tag. A load behind the end of a frame ends the program and drops the frame.
 *
 * <p>They may let too much pass, never too little: the reader decodes and compares. In IPv6 they compare the last four bytes of an
 * address only, and for more than {@value #ADDRESSES_MAX} addresses, which would not fit the one byte of a jump, {@value #RANGES_MAX} ranges that hold all of
 * them: the narrowest gaps between them pass too.
 *
 * <pre>
 * struct sock_filter: 0  2  code    2  1  instructions to skip if true    3  1  if false    4  4  operand    (host order)
 * </pre>
 */
public final class SegmentFilter {
    /** How many addresses a program compares. */
    public static final int ADDRESSES_MAX = 64;

    /** How many ranges, of two instructions each. */
    static final int RANGES_MAX = ADDRESSES_MAX / 2;

    /** Length of one instruction. */
    public static final int INSTRUCTION_BYTES = 8;

    /** {@code BPF_LD | BPF_W | BPF_ABS}: four bytes of the frame in network order. */
    private static final int LOAD_WORD = 0x20;
    /** {@code BPF_LD | BPF_H | BPF_ABS}: two. */
    private static final int LOAD_HALF = 0x28;
    /** {@code BPF_LD | BPF_B | BPF_ABS}: one. */
    private static final int LOAD_BYTE = 0x30;
    /** {@code BPF_JMP | BPF_JEQ | BPF_K}. */
    private static final int JUMP_IF_EQUAL = 0x15;
    /** {@code BPF_JMP | BPF_JGE | BPF_K}, unsigned. */
    private static final int JUMP_IF_NOT_LESS = 0x35;
    /** {@code BPF_JMP | BPF_JGT | BPF_K}, unsigned. */
    private static final int JUMP_IF_GREATER = 0x25;
    /** {@code BPF_RET | BPF_K}: how many bytes to hand over. */
    private static final int RETURN = 0x06;

    private static final int WHOLE_FRAME = 0x40000;

    private static final int TYPE = 12;
    private static final int ARP_TYPES = 14;
    private static final int ETHERNET_IPV4 = 0x0001_0800;
    private static final int ARP_SENDER = 28;
    private static final int ARP_TARGET = 38;
    private static final int IPV6_NEXT_HEADER = 20;
    private static final int IPV6_HOP_LIMIT = 21;
    private static final int IPV6_SOURCE_END = 34;
    private static final int IPV6_DESTINATION_END = 50;
    private static final int ICMPV6_TYPE = 54;
    private static final int ICMPV6_TARGET_END = 74;

    private static final int ICMPV6 = 58;
    private static final int HOP_LIMIT = 255;
    private static final int SOLICITATION = 135;
    private static final int ADVERTISEMENT = 136;

    /** Where a comparison leads; the two ends of the program are known when it is complete. */
    private enum Goal {
        NEXT,
        /** Over the next instruction. */
        OVER,
        PASS,
        DROP
    }

    private record Instruction(int code, int operand, Goal ifTrue, Goal ifFalse) {}

    private final List<Instruction> instructions = new ArrayList<>();

    private SegmentFilter() {}

    /**
     * ARP for IPv4 in which one of the addresses is the sender's or the target's.
     *
     * @return the instructions, {@value #INSTRUCTION_BYTES} bytes each
     */
    public static byte[] arp(List<Ipv4Address> addresses) {
        SegmentFilter filter = new SegmentFilter();
        filter.require(LOAD_HALF, TYPE, EthernetFrame.TYPE_ARP);
        filter.require(LOAD_WORD, ARP_TYPES, ETHERNET_IPV4);
        int[] words = new int[addresses.size()];
        for (int i = 0; i < words.length; i++) {
            words[i] = addresses.get(i).bits();
        }
        return filter.passAny(words, ARP_SENDER, ARP_TARGET);
    }

    /** Every neighbour solicitation and advertisement. */
    public static byte[] discovery() {
        return anyDiscovery().pass();
    }

    /** Those in which one of the addresses is source, destination or target. */
    public static byte[] discovery(List<Ipv6Address> addresses) {
        int[] words = new int[addresses.size()];
        for (int i = 0; i < words.length; i++) {
            words[i] = (int) addresses.get(i).low();
        }
        return anyDiscovery().passAny(words, IPV6_SOURCE_END, IPV6_DESTINATION_END, ICMPV6_TARGET_END);
    }

    private static SegmentFilter anyDiscovery() {
        SegmentFilter filter = new SegmentFilter();
        filter.require(LOAD_HALF, TYPE, Sighting.TYPE_IPV6);
        filter.require(LOAD_BYTE, IPV6_NEXT_HEADER, ICMPV6);
        filter.require(LOAD_BYTE, IPV6_HOP_LIMIT, HOP_LIMIT);
        filter.add(LOAD_BYTE, ICMPV6_TYPE);
        filter.compare(SOLICITATION, Goal.OVER, Goal.NEXT);
        filter.compare(ADVERTISEMENT, Goal.NEXT, Goal.DROP);
        return filter;
    }

    private void add(int code, int operand) {
        instructions.add(new Instruction(code, operand, Goal.NEXT, Goal.NEXT));
    }

    private void compare(int value, Goal ifTrue, Goal ifFalse) {
        instructions.add(new Instruction(JUMP_IF_EQUAL, value, ifTrue, ifFalse));
    }

    private void passRange(Range range) {
        instructions.add(new Instruction(JUMP_IF_NOT_LESS, range.from(), Goal.NEXT, Goal.OVER));
        instructions.add(new Instruction(JUMP_IF_GREATER, range.to(), Goal.NEXT, Goal.PASS));
    }

    private void require(int code, int at, int value) {
        add(code, at);
        compare(value, Goal.NEXT, Goal.DROP);
    }

    /** From one word to another, both included, unsigned. */
    private record Range(int from, int to) {}

    /** Ascending, as few as may be, {@value #RANGES_MAX} at most. */
    private static List<Range> ranges(int[] words) {
        int[] sorted = IntStream.of(words)
                .mapToObj(Integer::toUnsignedLong)
                .sorted()
                .mapToInt(Long::intValue)
                .toArray();
        List<Integer> widest = IntStream.range(1, sorted.length)
                .filter(i -> sorted[i] - sorted[i - 1] != 1 && sorted[i] != sorted[i - 1])
                .boxed()
                .sorted(Comparator.comparing(
                        (Integer i) -> Integer.toUnsignedLong(sorted[i] - sorted[i - 1]), Comparator.reverseOrder()))
                .limit(RANGES_MAX - 1L)
                .sorted()
                .toList();
        List<Range> ranges = new ArrayList<>();
        int from = 0;
        for (int gap : widest) {
            ranges.add(new Range(sorted[from], sorted[gap - 1]));
            from = gap;
        }
        ranges.add(new Range(sorted[from], sorted[sorted.length - 1]));
        return ranges;
    }

    /** Lets pass a frame that has one of the words at one of the places; with very many words, also some beside them. */
    private byte[] passAny(int[] words, int... places) {
        for (int place : places) {
            add(LOAD_WORD, place);
            if (words.length > ADDRESSES_MAX) {
                ranges(words).forEach(this::passRange);
            } else {
                for (int word : words) {
                    compare(word, Goal.PASS, Goal.NEXT);
                }
            }
        }
        int end = instructions.size();
        add(RETURN, 0);
        add(RETURN, WHOLE_FRAME);
        return encode(end + 1, end);
    }

    /** Lets pass every frame that came this far. */
    private byte[] pass() {
        int end = instructions.size();
        add(RETURN, WHOLE_FRAME);
        add(RETURN, 0);
        return encode(end, end + 1);
    }

    private byte[] encode(int pass, int drop) {
        ByteBuffer out =
                ByteBuffer.allocate(instructions.size() * INSTRUCTION_BYTES).order(ByteOrder.nativeOrder());
        for (int i = 0; i < instructions.size(); i++) {
            Instruction instruction = instructions.get(i);
            out.putShort((short) instruction.code)
                    .put((byte) skip(instruction.ifTrue, i, pass, drop))
                    .put((byte) skip(instruction.ifFalse, i, pass, drop))
                    .putInt(instruction.operand);
        }
        return out.array();
    }

    private static int skip(Goal goal, int from, int pass, int drop) {
        switch (goal) {
            case OVER:
                return 1;
            case PASS:
                return pass - from - 1;
            case DROP:
                return drop - from - 1;
            default:
                return 0;
        }
    }
}
