package org.understudy.ha.iptakeover.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;

/**
 * What the kernel writes into the memory of a call, and frames that the programs look at. The first byte says which; bytes that are missing are left as
 * they were asked with.
 */
public final class BpfFuzz {
    private static final long NOW = 5_000_000_000_000L;
    private static final int PART = 8;

    /** How the answer to a call is read. */
    private record Answer(BpfCall call, Consumer<BpfCall> reader) {}

    private BpfFuzz() {}

    private static List<Answer> answers() {
        List<Answer> all = new ArrayList<>();
        all.add(new Answer(
                BpfCall.query(Direction.IN, 1),
                call -> assertThat(call.ids().length).isBetween(0, 64)));
        all.add(new Answer(BpfCall.programInfo(), call -> {
            BpfCall.ProgramInfo info = call.program();
            assertThat(info.maps().size()).isBetween(0, 8);
            assertThat(info.name().length()).isBetween(0, 16);
        }));
        all.add(new Answer(BpfCall.mapInfo(), call -> {
            assertThat(call.isOf(Shape.HELD) && call.isOf(Shape.UNTIL)).isFalse();
            call.mapId();
        }));
        all.add(new Answer(
                BpfCall.loadWithLog(StayProgram.of(1)),
                call -> call.log().codePoints().forEach(c -> assertThat(c).isNotZero())));
        all.add(new Answer(BpfCall.run(new byte[60]), BpfCall::verdict));
        for (Shape shape : Shape.values()) {
            all.add(new Answer(BpfCall.lookUpBatch(shape, PART, new byte[0]), call -> part(shape, call)));
        }
        return all;
    }

    private static void part(Shape shape, BpfCall call) {
        List<byte[]> keys = GuardMaps.split(call.first(), call.count(), shape.keyBytes());
        List<byte[]> values = GuardMaps.split(call.second(), call.count(), shape.valueBytes());
        assertThat(keys.size()).isEqualTo(values.size()).isBetween(0, PART);
        for (int i = 0; i < keys.size(); i++) {
            GuardMaps.first(values.get(i));
            if (shape == Shape.HELD) {
                assertThat(GuardMaps.key(GuardMaps.address(keys.get(i)))).isEqualTo(keys.get(i));
            } else {
                assertThat(GuardMaps.key(GuardMaps.stayOf(keys.get(i)))).isEqualTo(keys.get(i));
            }
        }
    }

    public static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        int which = 0;
        for (Answer answer : answers()) {
            ByteBuffer all = ByteBuffer.allocate(4096);
            all.put((byte) which++);
            for (ByteBuffer block : answer.call().blocks()) {
                all.put(block.array(), 0, Math.min(block.capacity(), all.remaining()));
            }
            seeds.add(Arrays.copyOf(all.array(), all.position()));
        }
        for (int seed = 0; seed < 8; seed++) {
            byte[] frame = Frames.frame(seed);
            byte[] input = new byte[frame.length + 1];
            input[0] = (byte) (which + seed % 2);
            System.arraycopy(frame, 0, input, 1, frame.length);
            seeds.add(input);
        }
        return seeds;
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        if (bytes.length == 0) {
            return;
        }
        List<Answer> answers = answers();
        int which = (bytes[0] & 0xff) % (answers.size() + Direction.values().length);
        if (which < answers.size()) {
            Answer answer = answers.get(which);
            int at = 1;
            for (ByteBuffer block : answer.call().blocks()) {
                int length = Math.min(block.capacity(), bytes.length - at);
                block.duplicate().put(0, bytes, at, length);
                at += length;
            }
            answer.reader().accept(answer.call());
        } else {
            byte[] frame = Arrays.copyOfRange(bytes, 1, bytes.length);
            Direction direction = Direction.values()[which - answers.size()];
            SimulatedMaps maps = Frames.maps(bytes.length % 16, NOW);
            assertThat(new Interpreter(direction, maps).run(frame, NOW))
                    .isEqualTo(GuardModel.verdict(direction, frame, maps, NOW));
        }
    }
}
