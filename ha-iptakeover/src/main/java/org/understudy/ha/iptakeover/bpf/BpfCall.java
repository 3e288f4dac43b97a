package org.understudy.ha.iptakeover.bpf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;

/**
 * One call of bpf(2): {@code union bpf_attr} ({@code linux/bpf.h}) and the blocks of memory that it points to. Where an address or a
 * descriptor goes is only noted; whoever makes the call fills it in, and writes back what the kernel has changed. Used once, by one
 * thread.
 */
public final class BpfCall {
    /** {@code BPF_MAP_CREATE} and the others of {@code enum bpf_cmd}. */
    private static final int MAP_CREATE = 0;

    private static final int MAP_LOOKUP = 1;
    private static final int MAP_UPDATE = 2;
    private static final int MAP_DELETE = 3;
    private static final int MAP_NEXT_KEY = 4;
    private static final int PROG_LOAD = 5;
    private static final int PROG_ATTACH = 8;
    private static final int PROG_DETACH = 9;
    private static final int PROG_TEST_RUN = 10;
    private static final int PROG_BY_ID = 13;
    private static final int MAP_BY_ID = 14;
    private static final int INFO = 15;
    private static final int PROG_QUERY = 16;
    private static final int MAP_LOOKUP_BATCH = 24;
    private static final int MAP_UPDATE_BATCH = 26;
    private static final int MAP_DELETE_BATCH = 27;

    private static final int MAP_TYPE_HASH = 1;
    private static final int PROG_TYPE_SOCKET_FILTER = 1;
    private static final int PROG_TYPE_SCHED_CLS = 3;
    /** {@code BPF_F_BEFORE}; without another program: in front of all. */
    private static final int BEFORE = 1 << 3;

    /** {@code BPF_MPROG_MAX} of the kernel, {@code linux/bpf_mprog.h}. */
    public static final int PROGRAMS_MAX = 64;
    /** Where the attributes of {@link #query} have the number of programs: of those there is room for, and then of those there are. */
    public static final int QUERY_COUNT_AT = 24;

    private static final int NAME_BYTES = 16;
    private static final int MAP_INFO_BYTES = 80;
    private static final int PROG_INFO_BYTES = 96;
    private static final int MAP_IDS_MAX = 8;
    private static final int LOG_BYTES = 16 * 1024;
    private static final String LICENSE = "Apache-2.0";

    /** What to do about a key that is there, or is not. */
    public enum Rule {
        /** {@code BPF_ANY}. */
        ANY,
        /** {@code BPF_NOEXIST}. */
        ABSENT,
        /** {@code BPF_EXIST}. */
        PRESENT
    }

    /**
     * Where something goes.
     *
     * @param block 0 for the attributes themselves
     */
    public record Place(int block, int at) {}

    private final int command;
    private final String name;
    /** Of a call in batch. */
    private int asked;

    private final List<ByteBuffer> blocks = new ArrayList<>();
    /** Of the address of block i + 1. */
    private final List<Place> addresses = new ArrayList<>();

    private final List<Place> descriptors = new ArrayList<>();

    private BpfCall(int command, String name, int attributeBytes) {
        this.command = command;
        this.name = name;
        blocks.add(buffer(new byte[attributeBytes]));
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /** The command, as a number of {@code enum bpf_cmd}. */
    public int command() {
        return command;
    }

    /** How long the attributes are. */
    public int attributeBytes() {
        return blocks.get(0).capacity();
    }

    /** The same in words. */
    public String name() {
        return name;
    }

    /** The attributes first; changed in place by the call. */
    public List<ByteBuffer> blocks() {
        return List.copyOf(blocks);
    }

    /** Where the addresses of the blocks after the first go, one each. */
    public List<Place> addresses() {
        return List.copyOf(addresses);
    }

    /** Where the descriptors of the caller go, in their order. */
    public List<Place> descriptors() {
        return List.copyOf(descriptors);
    }

    private BpfCall put(int at, int value) {
        blocks.get(0).putInt(at, value);
        return this;
    }

    private BpfCall put(int at, long value) {
        blocks.get(0).putLong(at, value);
        return this;
    }

    private BpfCall ask(int count) {
        asked = count;
        return put(32, count);
    }

    private BpfCall descriptor(int at) {
        descriptors.add(new Place(0, at));
        return this;
    }

    /** A block of memory whose address goes to the attributes. */
    private BpfCall point(int at, byte[] bytes) {
        return point(new Place(0, at), bytes);
    }

    private BpfCall point(Place at, byte[] bytes) {
        addresses.add(at);
        blocks.add(buffer(bytes));
        return this;
    }

    private BpfCall name(int at, String text) {
        blocks.get(0).put(at, text.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    private int result(int at) {
        return blocks.get(0).getInt(at);
    }

    // ---- maps ----------------------------------------------------------------------------------------------------

    /** Gives a descriptor. */
    public static BpfCall createMap(Shape shape) {
        return new BpfCall(MAP_CREATE, "BPF_MAP_CREATE", 48)
                .put(0, MAP_TYPE_HASH)
                .put(4, shape.keyBytes())
                .put(8, shape.valueBytes())
                .put(12, shape.entriesMax())
                .put(16, shape.flags())
                .name(28, shape.mapName());
    }

    /** Of a map; {@link #second()} is the value then. ENOENT without one. */
    public static BpfCall lookUp(byte[] key, int valueBytes) {
        return element(MAP_LOOKUP, "BPF_MAP_LOOKUP_ELEM", key).point(16, new byte[valueBytes]);
    }

    /** ENOENT or EEXIST if the rule does not allow it. */
    public static BpfCall update(byte[] key, byte[] value, Rule rule) {
        return element(MAP_UPDATE, "BPF_MAP_UPDATE_ELEM", key).point(16, value).put(24, (long) rule.ordinal());
    }

    /** ENOENT if it is not there. */
    public static BpfCall delete(byte[] key) {
        return element(MAP_DELETE, "BPF_MAP_DELETE_ELEM", key);
    }

    /** ENOENT if the map is empty. */
    public static BpfCall firstKey(int keyBytes) {
        return new BpfCall(MAP_NEXT_KEY, "BPF_MAP_GET_NEXT_KEY", 32)
                .descriptor(0)
                .point(16, new byte[keyBytes]);
    }

    private static BpfCall element(int command, String name, byte[] key) {
        return new BpfCall(command, name, 32).descriptor(0).point(8, key.clone());
    }

    /**
     * A part of a hash map. {@link #count()} says how much, {@link #first()} has the keys and {@link #second()} the values; ENOENT with the last
     * part, ENOSPC if one bucket has more.
     *
     * @param after the {@link #third()} of the part before; empty for the first part
     */
    public static BpfCall lookUpBatch(Shape shape, int count, byte[] after) {
        BpfCall call = new BpfCall(MAP_LOOKUP_BATCH, "BPF_MAP_LOOKUP_BATCH", 56)
                .point(16, new byte[count * shape.keyBytes()])
                .point(24, new byte[count * shape.valueBytes()])
                // The kernel keeps a bucket's number here for a hash map; a key has room for it.
                .point(8, new byte[shape.keyBytes()])
                .ask(count)
                .descriptor(36);
        return after.length == 0 ? call : call.point(0, after.clone());
    }

    /** {@link #count()} says how many were done. */
    public static BpfCall updateBatch(List<byte[]> keys, List<byte[]> values) {
        return new BpfCall(MAP_UPDATE_BATCH, "BPF_MAP_UPDATE_BATCH", 56)
                .point(16, GuardMaps.join(keys))
                .point(24, GuardMaps.join(values))
                .ask(keys.size())
                .descriptor(36);
    }

    /** {@link #count()} says how many were done; ENOENT at the first that is not there. */
    public static BpfCall deleteBatch(List<byte[]> keys) {
        return new BpfCall(MAP_DELETE_BATCH, "BPF_MAP_DELETE_BATCH", 56)
                .point(16, GuardMaps.join(keys))
                .ask(keys.size())
                .descriptor(36);
    }

    /** Of a call in batch; never more than were asked for. */
    public int count() {
        return Math.max(0, Math.min(result(32), asked));
    }

    public byte[] first() {
        return blocks.get(1).array();
    }

    public byte[] second() {
        return blocks.get(2).array();
    }

    public byte[] third() {
        return blocks.get(3).array();
    }

    // ---- programs ------------------------------------------------------------------------------------------------

    /** Gives a descriptor. Takes those of {@code held} and {@code until}, as often as {@link GuardProgram} says. */
    public static BpfCall load(GuardProgram program, Direction direction) {
        BpfCall call = load(program.instructions(), direction.program());
        for (int at : program.heldAt()) {
            call.descriptors.add(new Place(1, at));
        }
        for (int at : program.untilAt()) {
            call.descriptors.add(new Place(1, at));
        }
        return call;
    }

    /** Gives a descriptor. Takes that of {@code until}. */
    public static BpfCall load(StayProgram program) {
        BpfCall call = load(PROG_TYPE_SOCKET_FILTER, program.instructions(), StayProgram.NAME);
        program.untilAt().forEach(at -> call.descriptors.add(new Place(1, at)));
        return call;
    }

    static BpfCall load(byte[] instructions, String name) {
        return load(PROG_TYPE_SCHED_CLS, instructions, name);
    }

    private static BpfCall load(int type, byte[] instructions, String name) {
        return new BpfCall(PROG_LOAD, "BPF_PROG_LOAD", 72)
                .put(0, type)
                .put(4, instructions.length / Assembler.INSTRUCTION_BYTES)
                .point(8, instructions)
                .point(16, (LICENSE + "\0").getBytes(StandardCharsets.US_ASCII))
                .name(48, name);
    }

    /** The same with the words of the verifier, {@link #log()}, for a program that was refused. */
    public static BpfCall loadWithLog(GuardProgram program, Direction direction) {
        return load(program, direction).withLog();
    }

    /** The same of {@link #load(StayProgram)}. */
    public static BpfCall loadWithLog(StayProgram program) {
        return load(program).withLog();
    }

    private BpfCall withLog() {
        return put(24, 1).put(28, LOG_BYTES).point(32, new byte[LOG_BYTES]);
    }

    /** What the verifier said, as far as there was room. */
    public String log() {
        byte[] text = blocks.get(3).array();
        int end = 0;
        while (end < text.length && text[end] != 0) {
            end++;
        }
        return new String(text, 0, end, StandardCharsets.US_ASCII).strip();
    }

    /** Puts the program in front of all others. Waits for all processors, 8 to 16 ms. */
    public static BpfCall attach(Direction direction, int index) {
        return new BpfCall(PROG_ATTACH, "BPF_PROG_ATTACH", 32)
                .put(0, index)
                .descriptor(4)
                .put(8, direction.attachType())
                .put(12, BEFORE);
    }

    /** Waits as well. */
    public static BpfCall detach(Direction direction, int index) {
        return new BpfCall(PROG_DETACH, "BPF_PROG_DETACH", 32)
                .put(0, index)
                .descriptor(4)
                .put(8, direction.attachType());
    }

    /** The programs of a card in their order, {@link #ids()}. */
    public static BpfCall query(Direction direction, int index) {
        return new BpfCall(PROG_QUERY, "BPF_PROG_QUERY", 64)
                .put(0, index)
                .put(4, direction.attachType())
                .point(16, new byte[PROGRAMS_MAX * 4])
                .put(QUERY_COUNT_AT, PROGRAMS_MAX);
    }

    public int[] ids() {
        int[] ids = new int[Math.max(0, Math.min(result(QUERY_COUNT_AT), PROGRAMS_MAX))];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = blocks.get(1).getInt(4 * i);
        }
        return ids;
    }

    /** Gives a descriptor; ENOENT if it has gone meanwhile. */
    public static BpfCall programById(int id) {
        return new BpfCall(PROG_BY_ID, "BPF_PROG_GET_FD_BY_ID", 16).put(0, id);
    }

    /** The same of a map. */
    public static BpfCall mapById(int id) {
        return new BpfCall(MAP_BY_ID, "BPF_MAP_GET_FD_BY_ID", 16).put(0, id);
    }

    /**
     * A program as the kernel has it.
     *
     * @param tag digest of its instructions without the descriptors of its maps
     */
    public record ProgramInfo(int id, boolean isClassifier, String name, long tag, List<Integer> maps) {}

    /** See {@link #program()}. */
    public static BpfCall programInfo() {
        BpfCall call = new BpfCall(INFO, "BPF_OBJ_GET_INFO_BY_FD", 16)
                .descriptor(0)
                .put(4, PROG_INFO_BYTES)
                .point(8, new byte[PROG_INFO_BYTES])
                // struct bpf_prog_info: nr_map_ids and map_ids.
                .point(new Place(1, 56), new byte[MAP_IDS_MAX * 4]);
        call.blocks.get(1).putInt(52, MAP_IDS_MAX);
        return call;
    }

    public ProgramInfo program() {
        ByteBuffer info = blocks.get(1);
        List<Integer> maps = new ArrayList<>();
        for (int i = 0; i < Math.min(info.getInt(52), MAP_IDS_MAX); i++) {
            maps.add(blocks.get(2).getInt(4 * i));
        }
        return new ProgramInfo(
                info.getInt(4),
                info.getInt(0) == PROG_TYPE_SCHED_CLS,
                text(info, 64),
                info.getLong(8),
                List.copyOf(maps));
    }

    /** See {@link #isOf}. */
    public static BpfCall mapInfo() {
        return new BpfCall(INFO, "BPF_OBJ_GET_INFO_BY_FD", 16)
                .descriptor(0)
                .put(4, MAP_INFO_BYTES)
                .point(8, new byte[MAP_INFO_BYTES]);
    }

    /** Whether the map is of this shape. */
    public boolean isOf(Shape shape) {
        ByteBuffer info = blocks.get(1);
        return info.getInt(0) == MAP_TYPE_HASH
                && info.getInt(8) == shape.keyBytes()
                && info.getInt(12) == shape.valueBytes()
                && info.getInt(16) == shape.entriesMax()
                && info.getInt(20) == shape.flags()
                && text(info, 24).equals(shape.mapName());
    }

    public int mapId() {
        return blocks.get(1).getInt(4);
    }

    private static String text(ByteBuffer from, int at) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < NAME_BYTES && from.get(at + i) != 0; i++) {
            text.append((char) from.get(at + i));
        }
        return text.toString();
    }

    /** Runs a program on a frame that goes nowhere; {@link #verdict()} is what it said. EINVAL for one shorter than an Ethernet header. */
    public static BpfCall run(byte[] frame) {
        return new BpfCall(PROG_TEST_RUN, "BPF_PROG_TEST_RUN", 80)
                .descriptor(0)
                .put(8, frame.length)
                .point(16, frame.clone());
    }

    public int verdict() {
        return result(4);
    }
}
