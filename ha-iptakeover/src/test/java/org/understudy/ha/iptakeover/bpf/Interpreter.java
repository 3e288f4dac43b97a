package org.understudy.ha.iptakeover.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;

/** Runs the finished instructions of a guard as the kernel does. Anything that the verifier would refuse is an error. */
final class Interpreter {
    private static final int STEPS_MAX = 2000;
    private static final long FRAME_POINTER = 0x1_0000_0000L;
    private static final int STACK_BYTES = 512;
    private static final long VALUES = 0x2_0000_0000L;
    private static final long MAP_HELD = 0x3_0000_0000L;
    private static final long MAP_UNTIL = 0x4_0000_0000L;
    private static final int DESCRIPTOR_HELD = 7;
    private static final int DESCRIPTOR_UNTIL = 9;

    private final ByteBuffer code;
    private final SimulatedMaps maps;
    private final ByteBuffer stack = ByteBuffer.allocate(STACK_BYTES).order(ByteOrder.nativeOrder());
    private final boolean[] written = new boolean[STACK_BYTES];
    private final long[] r = new long[11];
    private final boolean[] isSet = new boolean[11];
    private final List<byte[]> values = new ArrayList<>();

    Interpreter(Direction direction, SimulatedMaps maps) {
        GuardProgram program = GuardProgram.of(direction);
        code = ByteBuffer.wrap(program.instructions()).order(ByteOrder.nativeOrder());
        program.heldAt().forEach(at -> code.putInt(at, DESCRIPTOR_HELD));
        program.untilAt().forEach(at -> code.putInt(at, DESCRIPTOR_UNTIL));
        this.maps = maps;
    }

    Interpreter(StayProgram program, SimulatedMaps maps) {
        code = ByteBuffer.wrap(program.instructions()).order(ByteOrder.nativeOrder());
        program.untilAt().forEach(at -> code.putInt(at, DESCRIPTOR_UNTIL));
        this.maps = maps;
    }

    /** What the program returns. */
    int run(byte[] frame, long bootNanos) {
        Arrays.fill(isSet, false);
        Arrays.fill(written, false);
        values.clear();
        set(1, 0);
        set(10, FRAME_POINTER);
        int at = 0;
        for (int steps = 0; steps < STEPS_MAX; steps++) {
            int opcode = code.get(at * 8) & 0xff;
            int registers = code.get(at * 8 + 1) & 0xff;
            boolean isLittle = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
            int dst = isLittle ? registers & 15 : registers >> 4;
            int src = isLittle ? registers >> 4 : registers & 15;
            int offset = code.getShort(at * 8 + 2);
            int immediate = code.getInt(at * 8 + 4);
            at++;
            int kind = opcode & 7;
            if (opcode == Assembler.LOAD_IMMEDIATE) {
                check(src == Assembler.MAP_DESCRIPTOR && code.get(at * 8) == 0, "half of a load");
                check(immediate == DESCRIPTOR_HELD || immediate == DESCRIPTOR_UNTIL, "descriptor");
                set(dst, immediate == DESCRIPTOR_HELD ? MAP_HELD : MAP_UNTIL);
                at++;
            } else if (opcode == Assembler.SWAP) {
                check(immediate == 16, "width");
                short host = (short) get(dst);
                set(
                        dst,
                        (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? Short.reverseBytes(host) : host)
                                & 0xffff);
            } else if (kind == Assembler.ALU) {
                long operand = (opcode & Assembler.BY_REGISTER) != 0 ? get(src) : immediate;
                set(dst, compute(opcode & 0xf0, dst, operand));
            } else if (kind == 1) {
                set(dst, load(get(src) + offset, width(opcode)));
            } else if (kind == 2 || kind == 3) {
                store(get(dst) + offset, width(opcode), kind == 2 ? immediate : get(src));
            } else if (kind == Assembler.JUMP) {
                int operation = opcode & 0xf0;
                if (operation == Assembler.EXIT) {
                    return (int) get(0);
                }
                if (operation == Assembler.CALL) {
                    call(immediate, frame, bootNanos);
                } else if (operation == 0) {
                    at += offset;
                } else {
                    long operand = (opcode & Assembler.BY_REGISTER) != 0 ? get(src) : immediate;
                    at += isTaken(operation, get(dst), operand) ? offset : 0;
                }
            } else {
                throw new AssertionError("no such instruction: " + Integer.toHexString(opcode));
            }
        }
        throw new AssertionError("more than " + STEPS_MAX + " steps");
    }

    private long compute(int operation, int dst, long operand) {
        switch (operation) {
            case Assembler.ADD:
                return get(dst) + operand;
            case Assembler.AND:
                return get(dst) & operand;
            case Assembler.SHIFT_LEFT:
                return get(dst) << operand;
            case Assembler.XOR:
                return get(dst) ^ operand;
            case Assembler.MOVE:
                return operand;
            default:
                throw new AssertionError("no such operation: " + operation);
        }
    }

    private static boolean isTaken(int operation, long left, long right) {
        switch (operation) {
            case 0x10:
                return left == right;
            case 0x50:
                return left != right;
            case 0x30:
                return Long.compareUnsigned(left, right) >= 0;
            case 0xa0:
                return Long.compareUnsigned(left, right) < 0;
            default:
                throw new AssertionError("no such jump: " + operation);
        }
    }

    private void call(int helper, byte[] frame, long bootNanos) {
        long result;
        switch (helper) {
            case GuardProgram.MAP_LOOKUP:
                result = lookUp(get(1), get(2));
                break;
            case GuardProgram.LOAD_BYTES:
                result = loadBytes(frame, get(2), get(3), (int) get(4));
                break;
            case GuardProgram.BOOT_NANOS:
                result = bootNanos;
                break;
            default:
                throw new AssertionError("no such helper: " + helper);
        }
        for (int i = 1; i <= 5; i++) {
            isSet[i] = false;
        }
        set(0, result);
    }

    private long lookUp(long map, long key) {
        byte[] bytes = new byte[map == MAP_HELD ? GuardMaps.HELD_KEY_BYTES : GuardMaps.STAY_BYTES];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = stack.get(place(key + i, true));
        }
        byte[] value = map == MAP_HELD ? maps.held(bytes) : maps.until(bytes);
        if (value.length == 0) {
            return 0;
        }
        values.add(value);
        return VALUES + (values.size() - 1) * 0x100L;
    }

    private long loadBytes(byte[] frame, long from, long to, int length) {
        // The kernel takes an unsigned 32-bit offset and refuses what is not within the frame.
        long offset = from & 0xffff_ffffL;
        boolean isThere = offset + length <= frame.length;
        for (int i = 0; i < length; i++) {
            int at = place(to + i, false);
            stack.put(at, isThere ? frame[(int) offset + i] : 0);
            written[at] = true;
        }
        return isThere ? 0 : -14;
    }

    private static int width(int opcode) {
        switch (opcode & 0x18) {
            case 0x00:
                return 4;
            case 0x08:
                return 2;
            case 0x10:
                return 1;
            default:
                return 8;
        }
    }

    private long load(long address, int width) {
        byte[] bytes = new byte[width];
        for (int i = 0; i < width; i++) {
            if (address >= VALUES) {
                check(width == 8 && address % 8 == 0, "alignment");
                bytes[i] = values.get((int) (address - VALUES) / 0x100)[(int) (address - VALUES) % 0x100 + i];
            } else {
                bytes[i] = stack.get(place(address + i, true));
            }
        }
        ByteBuffer one = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        switch (width) {
            case 1:
                return one.get() & 0xff;
            case 2:
                return one.getShort() & 0xffff;
            case 4:
                return one.getInt() & 0xffff_ffffL;
            default:
                return one.getLong();
        }
    }

    private void store(long address, int width, long value) {
        check(address % width == 0, "alignment");
        ByteBuffer one = ByteBuffer.allocate(8).order(ByteOrder.nativeOrder());
        switch (width) {
            case 1 -> one.put((byte) value);
            case 2 -> one.putShort((short) value);
            case 4 -> one.putInt((int) value);
            default -> one.putLong(value);
        }
        for (int i = 0; i < width; i++) {
            int at = place(address + i, false);
            stack.put(at, one.get(i));
            written[at] = true;
        }
    }

    private int place(long address, boolean isRead) {
        long at = address - FRAME_POINTER + STACK_BYTES;
        check(at >= 0 && at < STACK_BYTES, "not on the stack");
        check(!isRead || written[(int) at], "read before it was written");
        return (int) at;
    }

    private long get(int register) {
        check(isSet[register], "r" + register + " is not set");
        return r[register];
    }

    private void set(int register, long value) {
        check(register != 10 || !isSet[10], "r10 is fixed");
        r[register] = value;
        isSet[register] = true;
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("the verifier refuses: " + what);
        }
    }
}
