package org.understudy.ha.iptakeover.bpf;

import java.util.List;
import org.understudy.ha.iptakeover.bpf.Assembler.Register;
import org.understudy.ha.iptakeover.bpf.Assembler.Size;
import org.understudy.ha.iptakeover.bpf.Assembler.When;

/**
 * The program that guards one direction of a card: {@code BPF_PROG_TYPE_SCHED_CLS} at the tcx hook (Linux 6.6), where a frame begins with
 * its Ethernet header and {@code sendto(2)} of a packet socket passes too.
 *
 * <pre>
 * in:   IPv4 destination   ARP target   IPv6 destination   target of a neighbour solicitation (RFC 4861)
 * out:  IPv4 source        ARP sender   IPv6 source        target of a neighbour advertisement
 * </pre>
 *
 * <p>Each address that stands there is looked up in the map {@code held}, its stay in the map {@code until}, see {@link GuardMaps}. Not
 * held: the frame goes on, so a program with empty maps does nothing. Held, and the boot clock has reached the deadline, or the stay is not in {@code until}: dropped.
 *
 * <p><b>Odd frames.</b> One that ends before such an address goes on: no host takes an address from it. The kernel takes a VLAN tag out of a frame before the hook sees it;
 * up to two more are stepped over. Behind an IPv6 header come at most {@value #EXTENSIONS_MAX} extension headers (RFC 8200 knows five kinds, each once); a frame with more
 * cannot be read, and is dropped while any IPv6 address is held on the card. A fragment other than the first has no neighbour message.
 *
 * <p>Helpers: {@code bpf_map_lookup_elem} 1, {@code bpf_skb_load_bytes} 26, {@code bpf_ktime_get_boot_ns} 125 ({@code linux/bpf.h}). None needs the
 * GPL.
 */
public final class GuardProgram {
    /** {@code TC_ACT_SHOT}, {@code linux/pkt_cls.h}. */
    public static final int DROP = 2;
    /** {@code TCX_NEXT}, {@code linux/bpf.h}: whatever comes after this program decides. */
    public static final int NEXT = -1;

    /** How many extension headers are stepped over; the verifier follows each. */
    static final int EXTENSIONS_MAX = 8;

    static final int MAP_LOOKUP = 1;
    static final int LOAD_BYTES = 26;
    static final int BOOT_NANOS = 125;

    static final int ETHERNET_BYTES = 14;
    private static final int TYPE_AT = 12;
    private static final int TAG_BYTES = 4;
    private static final int TYPE_VLAN = 0x8100;
    private static final int TYPE_SERVICE_VLAN = 0x88a8;
    private static final int TYPE_IPV4 = 0x0800;
    private static final int TYPE_ARP = 0x0806;
    private static final int TYPE_IPV6 = 0x86dd;

    private static final int IPV6_BYTES = 40;
    private static final int IPV6_NEXT_HEADER_AT = 6;
    private static final int ICMPV6 = 58;
    private static final int ICMPV6_TARGET_AT = 8;

    /** The extension headers that {@code ipv6_ext_hdr()} of the kernel knows, {@code net/ipv6/exthdrs_core.c}. */
    private static final int HOP_BY_HOP = 0;

    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int AUTHENTICATION = 51;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int FRAGMENT_OFFSET_BITS = 0xfff8;

    /** Where things lie on the stack, below the frame pointer. */
    private static final int KEY = -16;

    private static final int SCRATCH = -24;
    private static final int STAY = -32;

    private static final String HELD = "held";
    private static final String UNTIL = "until";

    /** Which way the frames go. */
    public enum Direction {
        /** {@code BPF_TCX_INGRESS}. */
        IN(46, "understudy_in1", 16, 24, 24, 135),
        /** {@code BPF_TCX_EGRESS}. */
        OUT(47, "understudy_out1", 12, 14, 8, 136);

        private final int attachType;
        private final String program;
        private final int ipv4At;
        private final int arpAt;
        private final int ipv6At;
        private final int neighbourMessage;

        Direction(int attachType, String program, int ipv4At, int arpAt, int ipv6At, int neighbourMessage) {
            this.attachType = attachType;
            this.program = program;
            this.ipv4At = ipv4At;
            this.arpAt = arpAt;
            this.ipv6At = ipv6At;
            this.neighbourMessage = neighbourMessage;
        }

        /** {@code enum bpf_attach_type}. */
        public int attachType() {
            return attachType;
        }

        /** Its name in the kernel, with the version of program and maps: whoever changes one of them changes it. */
        public String program() {
            return program;
        }
    }

    private final byte[] instructions;
    private final List<Integer> heldAt;
    private final List<Integer> untilAt;

    private GuardProgram(Assembler out) {
        instructions = out.encode();
        heldAt = out.mapsAt(HELD);
        untilAt = out.mapsAt(UNTIL);
    }

    public static GuardProgram of(Direction direction) {
        Assembler out = new Assembler();
        out.move(Register.R6, Register.R1);
        type(out);
        out.jump(When.EQUAL, Register.R8, TYPE_IPV4, "ipv4")
                .jump(When.EQUAL, Register.R8, TYPE_ARP, "arp")
                .jump(When.NOT_EQUAL, Register.R8, TYPE_IPV6, "next");

        // r9: what follows if the address may speak, 1 for the search for a neighbour message, 0 for nothing.
        read(out, direction.ipv6At, KEY, 16);
        out.move(Register.R9, 1).jump("check");

        out.mark("ipv4").plus(Register.R7, direction.ipv4At).jump("four");
        out.mark("arp").plus(Register.R7, direction.arpAt);
        out.mark("four")
                .store(Size.EIGHT, Register.R10, KEY, 0)
                .store(Size.FOUR, Register.R10, KEY + 8, 0)
                .store(Size.TWO, Register.R10, KEY + 10, -1);
        read(out, 0, KEY + 12, 4);
        out.move(Register.R9, 0);

        check(out);
        neighbourMessage(out, direction);
        out.mark("next").move(Register.R0, NEXT).exit();
        out.mark("drop").move(Register.R0, DROP).exit();
        return new GuardProgram(out);
    }

    /** r7 = where the network header begins, r8 = its type. */
    private static void type(Assembler out) {
        out.move(Register.R7, ETHERNET_BYTES);
        typeBefore(out);
        for (int tag = 1; tag <= 2; tag++) {
            out.jump(When.EQUAL, Register.R8, TYPE_VLAN, "tag" + tag)
                    .jump(When.NOT_EQUAL, Register.R8, TYPE_SERVICE_VLAN, "typed")
                    .mark("tag" + tag)
                    .plus(Register.R7, TAG_BYTES);
            typeBefore(out);
        }
        out.mark("typed");
    }

    private static void typeBefore(Assembler out) {
        read(out, TYPE_AT - ETHERNET_BYTES, SCRATCH, 2);
        out.load(Size.TWO, Register.R8, Register.R10, SCRATCH).fromNetworkOrder(Register.R8);
    }

    /** Copies bytes at r7 + distance to the stack; a frame that has none there goes on. */
    private static void read(Assembler out, int distance, int to, int length) {
        out.move(Register.R1, Register.R6).move(Register.R2, Register.R7);
        if (distance != 0) {
            out.plus(Register.R2, distance);
        }
        out.move(Register.R3, Register.R10)
                .plus(Register.R3, to)
                .move(Register.R4, length)
                .call(LOAD_BYTES)
                .jump(When.NOT_EQUAL, Register.R0, 0, "next");
    }

    /**
     * Drops the frame if the address at KEY is held and may not speak. An element of a map can be used anew while it is being read, and
     * copied in the middle of a change: then its second word does not fit, and the frame is dropped as well.
     */
    private static void check(Assembler out) {
        out.mark("check");
        lookUp(out, HELD, KEY);
        out.jump(When.EQUAL, Register.R0, 0, "free")
                .load(Size.EIGHT, Register.R1, Register.R0, 0)
                .load(Size.EIGHT, Register.R2, Register.R0, 8)
                .store(Size.EIGHT, Register.R10, STAY, Register.R1)
                .load(Size.EIGHT, Register.R3, Register.R10, KEY)
                .load(Size.EIGHT, Register.R4, Register.R10, KEY + 8)
                .xor(Register.R1, Register.R3)
                .xor(Register.R1, Register.R4)
                .jump(When.NOT_EQUAL, Register.R1, Register.R2, "drop");
        lookUp(out, UNTIL, STAY);
        out.jump(When.EQUAL, Register.R0, 0, "drop")
                .load(Size.EIGHT, Register.R8, Register.R0, 0)
                .load(Size.EIGHT, Register.R2, Register.R0, 8)
                .load(Size.EIGHT, Register.R1, Register.R10, STAY)
                .xor(Register.R1, Register.R8)
                .jump(When.NOT_EQUAL, Register.R1, Register.R2, "drop")
                .call(BOOT_NANOS)
                .jump(When.NOT_LESS, Register.R0, Register.R8, "drop");
        out.mark("free").jump(When.EQUAL, Register.R9, 0, "next");
    }

    private static void lookUp(Assembler out, String map, int key) {
        out.loadMap(Register.R1, map)
                .move(Register.R2, Register.R10)
                .plus(Register.R2, key)
                .call(MAP_LOOKUP);
    }

    private static void neighbourMessage(Assembler out, Direction direction) {
        read(out, IPV6_NEXT_HEADER_AT, SCRATCH, 1);
        out.load(Size.ONE, Register.R8, Register.R10, SCRATCH)
                .plus(Register.R7, IPV6_BYTES)
                .move(Register.R9, 0);
        out.mark("header").jump(When.EQUAL, Register.R8, ICMPV6, "icmp");
        for (int kind : List.of(HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS)) {
            out.jump(When.EQUAL, Register.R8, kind, "extension");
        }
        out.jump("next");

        out.mark("extension");
        read(out, 0, SCRATCH, 4);
        out.load(Size.ONE, Register.R1, Register.R10, SCRATCH + 1)
                .jump(When.EQUAL, Register.R8, FRAGMENT, "fragment")
                .jump(When.EQUAL, Register.R8, AUTHENTICATION, "authentication")
                .plus(Register.R1, 1)
                .shiftLeft(Register.R1, 3)
                .jump("over");
        out.mark("authentication")
                .plus(Register.R1, 2)
                .shiftLeft(Register.R1, 2)
                .jump("over");
        out.mark("fragment")
                .load(Size.TWO, Register.R1, Register.R10, SCRATCH + 2)
                .fromNetworkOrder(Register.R1)
                .and(Register.R1, FRAGMENT_OFFSET_BITS)
                .jump(When.NOT_EQUAL, Register.R1, 0, "next")
                .move(Register.R1, 8);
        out.mark("over")
                .plus(Register.R7, Register.R1)
                .load(Size.ONE, Register.R8, Register.R10, SCRATCH)
                .plus(Register.R9, 1)
                .jump(When.LESS, Register.R9, EXTENSIONS_MAX + 1, "header")
                .store(Size.EIGHT, Register.R10, KEY, -1)
                .store(Size.EIGHT, Register.R10, KEY + 8, -1)
                .move(Register.R9, 0)
                .jump("check");

        out.mark("icmp");
        read(out, 0, SCRATCH, 1);
        out.load(Size.ONE, Register.R8, Register.R10, SCRATCH)
                .jump(When.NOT_EQUAL, Register.R8, direction.neighbourMessage, "next");
        read(out, ICMPV6_TARGET_AT, KEY, 16);
        out.move(Register.R9, 0).jump("check");
    }

    /** {@code struct bpf_insn}, one after the other, with 0 for the descriptors of the maps. */
    public byte[] instructions() {
        return instructions.clone();
    }

    /** Where in them the descriptor of {@code held} goes. */
    public List<Integer> heldAt() {
        return heldAt;
    }

    /** Where in them the descriptor of {@code until} goes. */
    public List<Integer> untilAt() {
        return untilAt;
    }
}
