package org.understudy.ha.iptakeover.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes instructions of BPF ({@code struct bpf_insn}, {@code linux/bpf.h}; codes from {@code linux/bpf_common.h}), as far as
 * {@link GuardProgram} needs them. Jumps go to names, which may be marked before or after.
 *
 * <pre>
 * 0  1  code    1  1  destination register (low four bits), source register (high); the other way round on big-endian hosts
 * 2  2  offset  4  4  immediate                                                                              (host order)
 * </pre>
 */
final class Assembler {
    /** Length of one instruction. */
    static final int INSTRUCTION_BYTES = 8;

    /** {@code BPF_REG_0} to {@code BPF_REG_10}: r0 results, r1 to r5 arguments and lost by a call, r6 to r9 kept, r10 the frame. */
    enum Register {
        R0,
        R1,
        R2,
        R3,
        R4,
        R5,
        R6,
        R7,
        R8,
        R9,
        R10
    }

    /** How many bytes a load or store moves. */
    enum Size {
        /** {@code BPF_W}. */
        FOUR(0x00),
        /** {@code BPF_H}. */
        TWO(0x08),
        /** {@code BPF_B}. */
        ONE(0x10),
        /** {@code BPF_DW}. */
        EIGHT(0x18);

        private final int code;

        Size(int code) {
            this.code = code;
        }
    }

    /** When a jump is taken; as unsigned numbers. */
    enum When {
        /** {@code BPF_JEQ}. */
        EQUAL(0x10),
        /** {@code BPF_JNE}. */
        NOT_EQUAL(0x50),
        /** {@code BPF_JGE}. */
        NOT_LESS(0x30),
        /** {@code BPF_JLT}. */
        LESS(0xa0);

        private final int code;

        When(int code) {
            this.code = code;
        }
    }

    /** {@code BPF_LD | BPF_IMM | BPF_DW}: takes two instructions. */
    static final int LOAD_IMMEDIATE = 0x18;
    /** {@code BPF_LDX | BPF_MEM}. */
    static final int LOAD = 0x61;
    /** {@code BPF_ST | BPF_MEM}. */
    static final int STORE_IMMEDIATE = 0x62;
    /** {@code BPF_STX | BPF_MEM}. */
    static final int STORE = 0x63;
    /** {@code BPF_ALU64}. */
    static final int ALU = 0x07;
    /** {@code BPF_JMP}. */
    static final int JUMP = 0x05;
    /** {@code BPF_X}: the operand is the source register, not the immediate. */
    static final int BY_REGISTER = 0x08;

    static final int ADD = 0x00;
    static final int AND = 0x50;
    static final int SHIFT_LEFT = 0x60;
    static final int XOR = 0xa0;
    static final int MOVE = 0xb0;
    /** {@code BPF_ALU | BPF_END | BPF_TO_BE}: from the order of the network to that of the host, or back. */
    static final int SWAP = 0xdc;

    static final int CALL = 0x80;
    static final int EXIT = 0x90;
    /** {@code BPF_PSEUDO_MAP_FD}: the immediate is the descriptor of a map, and the program gets its address. */
    static final int MAP_DESCRIPTOR = 1;

    private record Instruction(int code, int destination, int source, int offset, int immediate, String target) {}

    private final List<Instruction> instructions = new ArrayList<>();
    private final Map<String, Integer> marks = new LinkedHashMap<>();
    private final Map<String, List<Integer>> maps = new LinkedHashMap<>();

    Assembler move(Register to, int value) {
        return add(ALU | MOVE, to.ordinal(), 0, 0, value);
    }

    Assembler move(Register to, Register from) {
        return add(ALU | MOVE | BY_REGISTER, to.ordinal(), from.ordinal(), 0, 0);
    }

    Assembler plus(Register to, int value) {
        return add(ALU | ADD, to.ordinal(), 0, 0, value);
    }

    Assembler plus(Register to, Register from) {
        return add(ALU | ADD | BY_REGISTER, to.ordinal(), from.ordinal(), 0, 0);
    }

    Assembler and(Register to, int value) {
        return add(ALU | AND, to.ordinal(), 0, 0, value);
    }

    Assembler xor(Register to, Register from) {
        return add(ALU | XOR | BY_REGISTER, to.ordinal(), from.ordinal(), 0, 0);
    }

    Assembler shiftLeft(Register to, int bits) {
        return add(ALU | SHIFT_LEFT, to.ordinal(), 0, 0, bits);
    }

    /** Two bytes that were loaded as they stand in a frame become a number. */
    Assembler fromNetworkOrder(Register to) {
        return add(SWAP, to.ordinal(), 0, 0, 16);
    }

    Assembler load(Size size, Register to, Register from, int offset) {
        return add(LOAD | size.code, to.ordinal(), from.ordinal(), offset, 0);
    }

    Assembler store(Size size, Register at, int offset, Register from) {
        return add(STORE | size.code, at.ordinal(), from.ordinal(), offset, 0);
    }

    Assembler store(Size size, Register at, int offset, int value) {
        return add(STORE_IMMEDIATE | size.code, at.ordinal(), 0, offset, value);
    }

    /** The address of a map, whose descriptor must be written into the finished instructions, see {@link #mapsAt}. */
    Assembler loadMap(Register to, String map) {
        maps.computeIfAbsent(map, name -> new ArrayList<>()).add(instructions.size());
        add(LOAD_IMMEDIATE, to.ordinal(), MAP_DESCRIPTOR, 0, 0);
        return add(0, 0, 0, 0, 0);
    }

    Assembler jump(String target) {
        instructions.add(new Instruction(JUMP, 0, 0, 0, 0, target));
        return this;
    }

    Assembler jump(When when, Register left, int right, String target) {
        instructions.add(new Instruction(JUMP | when.code, left.ordinal(), 0, 0, right, target));
        return this;
    }

    Assembler jump(When when, Register left, Register right, String target) {
        instructions.add(
                new Instruction(JUMP | when.code | BY_REGISTER, left.ordinal(), right.ordinal(), 0, 0, target));
        return this;
    }

    /** @param helper number of {@code ___BPF_FUNC_MAPPER}, {@code linux/bpf.h} */
    Assembler call(int helper) {
        return add(JUMP | CALL, 0, 0, 0, helper);
    }

    Assembler exit() {
        return add(JUMP | EXIT, 0, 0, 0, 0);
    }

    /** The next instruction is the target of this name. */
    Assembler mark(String name) {
        if (marks.putIfAbsent(name, instructions.size()) != null) {
            throw new IllegalArgumentException("marked twice: " + name);
        }
        return this;
    }

    private Assembler add(int code, int destination, int source, int offset, int immediate) {
        instructions.add(new Instruction(code, destination, source, offset, immediate, ""));
        return this;
    }

    /** Where in the finished instructions the descriptor of the map goes. */
    List<Integer> mapsAt(String map) {
        List<Integer> places = new ArrayList<>();
        for (int index : maps.getOrDefault(map, List.of())) {
            places.add(index * INSTRUCTION_BYTES + 4);
        }
        return List.copyOf(places);
    }

    byte[] encode() {
        ByteBuffer out =
                ByteBuffer.allocate(instructions.size() * INSTRUCTION_BYTES).order(ByteOrder.nativeOrder());
        boolean isLittle = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        for (int i = 0; i < instructions.size(); i++) {
            Instruction one = instructions.get(i);
            int low = isLittle ? one.destination : one.source;
            int high = isLittle ? one.source : one.destination;
            out.put((byte) one.code)
                    .put((byte) (high << 4 | low))
                    .putShort((short) (one.target.isEmpty() ? one.offset : distance(i, one.target)))
                    .putInt(one.immediate);
        }
        return out.array();
    }

    private int distance(int from, String target) {
        Integer to = marks.get(target);
        if (to == null) {
            throw new IllegalArgumentException("not marked: " + target);
        }
        return to - from - 1;
    }
}
