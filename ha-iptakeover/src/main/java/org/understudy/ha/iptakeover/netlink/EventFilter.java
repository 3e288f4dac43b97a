package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * A program for the filter of an rtnetlink socket that hears the groups of interfaces and addresses (classic BPF, {@code
 * linux/filter.h}): it lets pass what a keeper of addresses on one interface, or a few, must look at, so that nothing else wakes it. Every
 * renewal of every address of the host is such an event.
 *
 * <p>What passes: everything about the interfaces themselves; that one of the addresses was removed from one; that one of them was added or
 * changed and does not carry our mark and tag. It may let too much pass, never too little: of an IPv6 address it compares the last
 * four bytes, for more than {@value #ADDRESSES_MAX} addresses none at all, and what it does not know passes.
 *
 * <pre>
 * struct sock_filter: 0  2  code    2  1  instructions to skip if true    3  1  if false    4  4  operand    (host order)
 *
 * message:  4  2  type    16  1  family    20  4  interface index    24  the first attribute    (ifinfomsg and ifaddrmsg alike)
 * </pre>
 *
 * <p>The first attribute of an address that the kernel tells of is {@code IFA_ADDRESS} ({@code inet_fill_ifaddr}, {@code
 * inet6_fill_ifaddr}), except for one with a peer, which is none of ours. Loads are in network order, messages in that of the host.
 */
public final class EventFilter {
    /** How many addresses a program compares. */
    public static final int ADDRESSES_MAX = 64;

    /** How many interfaces; of more than these none is compared. */
    public static final int INTERFACES_MAX = 64;

    /** {@code BPF_LD | BPF_W | BPF_ABS}. */
    private static final int LOAD_WORD = 0x20;
    /** {@code BPF_LD | BPF_H | BPF_ABS}. */
    private static final int LOAD_HALF = 0x28;
    /** {@code BPF_LD | BPF_B | BPF_ABS}. */
    private static final int LOAD_BYTE = 0x30;
    /** {@code BPF_LD | BPF_W | BPF_IND}: at X and the operand. */
    private static final int LOAD_WORD_AT = 0x40;
    /** {@code BPF_LD | BPF_B | BPF_IND}. */
    private static final int LOAD_BYTE_AT = 0x50;
    /** {@code BPF_LD | BPF_IMM}. */
    private static final int LOAD_NUMBER = 0x00;
    /** {@code BPF_LDX | BPF_IMM}. */
    private static final int LOAD_X = 0x01;
    /** {@code BPF_MISC | BPF_TAX}. */
    private static final int TO_X = 0x07;
    /** {@code BPF_JMP | BPF_JEQ | BPF_K}. */
    private static final int JUMP_IF_EQUAL = 0x15;
    /** {@code BPF_RET | BPF_K}: how many bytes to hand over. */
    private static final int RETURN = 0x06;

    /** {@code SKF_AD_OFF + SKF_AD_NLATTR}: where the attribute of type X is, from the offset in A on; 0 if there is none. */
    private static final int FIND_ATTRIBUTE = -0x1000 + 12;

    private static final int WHOLE_MESSAGE = 0x40000;
    private static final int TYPE = 4;
    private static final int FAMILY = 16;
    private static final int INDEX = 20;
    private static final int ATTRIBUTES = 24;
    private static final int FIRST_VALUE = 28;
    private static final int FIRST_VALUE_END_V6 = 40;
    private static final int ATTRIBUTE_HEADER = 4;
    private static final int IFA_RT_PRIORITY = 9;
    private static final int IFA_PROTO = 11;

    /** Where a comparison leads. */
    private enum Goal {
        NEXT,
        ADDRESS,
        INTERFACE,
        MARK,
        PASS,
        DROP
    }

    private record Instruction(int code, int operand, Goal ifTrue, Goal ifFalse) {}

    private final List<Instruction> instructions = new ArrayList<>();
    /** Where the part about addresses begins, and in it that about what was added. */
    private int address;

    private int known;
    private int mark;

    private EventFilter() {}

    /**
     * @param interfaces their indexes, at least one
     * @param proto {@code IFA_PROTO} of what we add
     * @param tag its {@code IFA_RT_PRIORITY}
     * @return the instructions
     */
    public static byte[] of(List<Integer> interfaces, List<IpAddress> addresses, int proto, int tag) {
        return new EventFilter().program(interfaces, addresses, proto, tag);
    }

    private byte[] program(List<Integer> interfaces, List<IpAddress> addresses, int proto, int tag) {
        add(LOAD_HALF, TYPE);
        compare(half(LinkMessage.NEW), Goal.ADDRESS, Goal.NEXT);
        compare(half(LinkMessage.DELETE), Goal.ADDRESS, Goal.NEXT);
        compare(half(AddressMessage.NEW), Goal.ADDRESS, Goal.NEXT);
        compare(half(AddressMessage.DELETE), Goal.ADDRESS, Goal.PASS);
        address = instructions.size();
        if (interfaces.size() <= INTERFACES_MAX) {
            add(LOAD_WORD, INDEX);
            int last = interfaces.size() - 1;
            interfaces.subList(0, last).forEach(index -> compare(word(index), Goal.INTERFACE, Goal.NEXT));
            compare(word(interfaces.get(last)), Goal.NEXT, Goal.DROP);
        }
        known = instructions.size();
        add(LOAD_HALF, TYPE);
        compare(half(LinkMessage.NEW), Goal.PASS, Goal.NEXT);
        compare(half(LinkMessage.DELETE), Goal.PASS, Goal.NEXT);
        if (addresses.size() <= ADDRESSES_MAX) {
            requireOneOf(addresses);
        }
        mark = instructions.size();
        add(LOAD_HALF, TYPE);
        compare(half(AddressMessage.DELETE), Goal.PASS, Goal.NEXT);
        find(IFA_PROTO);
        add(LOAD_BYTE_AT, ATTRIBUTE_HEADER);
        compare(proto, Goal.NEXT, Goal.PASS);
        find(IFA_RT_PRIORITY);
        add(LOAD_WORD_AT, ATTRIBUTE_HEADER);
        compare(word(tag), Goal.DROP, Goal.PASS);
        int end = instructions.size();
        add(RETURN, WHOLE_MESSAGE);
        add(RETURN, 0);
        return encode(end, end + 1);
    }

    private void requireOneOf(List<IpAddress> addresses) {
        List<Integer> four = new ArrayList<>();
        List<Integer> six = new ArrayList<>();
        for (IpAddress one : addresses) {
            byte[] bytes = one.toBytes();
            (one.isV6() ? six : four).add(ByteBuffer.wrap(bytes).getInt(bytes.length - Integer.BYTES));
        }
        // Where both are looked for, both are: a word of the one that happens to be in the other lets too much pass.
        compareAll(four, FIRST_VALUE);
        compareAll(six, FIRST_VALUE_END_V6);
        add(LOAD_BYTE, FAMILY);
        compare(AddressMessage.FAMILY_IPV4, Goal.DROP, Goal.NEXT);
        compare(AddressMessage.FAMILY_IPV6, Goal.DROP, Goal.PASS);
    }

    private void compareAll(List<Integer> words, int at) {
        if (!words.isEmpty()) {
            add(LOAD_WORD, at);
            words.forEach(word -> compare(word, Goal.MARK, Goal.NEXT));
        }
    }

    /** X becomes the place of the attribute; passes where there is none. */
    private void find(int type) {
        add(LOAD_X, type);
        add(LOAD_NUMBER, ATTRIBUTES);
        add(LOAD_WORD, FIND_ATTRIBUTE);
        compare(0, Goal.PASS, Goal.NEXT);
        add(TO_X, 0);
    }

    private void add(int code, int operand) {
        instructions.add(new Instruction(code, operand, Goal.NEXT, Goal.NEXT));
    }

    private void compare(int value, Goal ifTrue, Goal ifFalse) {
        instructions.add(new Instruction(JUMP_IF_EQUAL, value, ifTrue, ifFalse));
    }

    /** As a load in network order sees a number that stands in the order of the host. */
    private static int half(int number) {
        return ByteBuffer.wrap(ByteBuffer.allocate(Short.BYTES)
                                .order(ByteOrder.nativeOrder())
                                .putShort((short) number)
                                .array())
                        .getShort()
                & 0xffff;
    }

    private static int word(int number) {
        return ByteBuffer.wrap(ByteBuffer.allocate(Integer.BYTES)
                        .order(ByteOrder.nativeOrder())
                        .putInt(number)
                        .array())
                .getInt();
    }

    private byte[] encode(int pass, int drop) {
        ByteBuffer out = ByteBuffer.allocate(instructions.size() * 8).order(ByteOrder.nativeOrder());
        for (int i = 0; i < instructions.size(); i++) {
            Instruction instruction = instructions.get(i);
            out.putShort((short) instruction.code)
                    .put((byte) skip(instruction.ifTrue, i, pass, drop))
                    .put((byte) skip(instruction.ifFalse, i, pass, drop))
                    .putInt(instruction.operand);
        }
        return out.array();
    }

    private int skip(Goal goal, int from, int pass, int drop) {
        switch (goal) {
            case ADDRESS:
                return address - from - 1;
            case INTERFACE:
                return known - from - 1;
            case MARK:
                return mark - from - 1;
            case PASS:
                return pass - from - 1;
            case DROP:
                return drop - from - 1;
            default:
                return 0;
        }
    }
}
