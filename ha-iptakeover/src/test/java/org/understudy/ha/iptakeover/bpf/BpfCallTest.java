package org.understudy.ha.iptakeover.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.bpf.BpfCall.Place;
import org.understudy.ha.iptakeover.bpf.GuardMaps.Shape;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;

/** Offsets as {@code pahole -C bpf_attr} and {@code -C bpf_prog_info} print them for Linux 6.18. */
class BpfCallTest {

    @Test
    void a_map_is_created_as_union_bpf_attr_says() {
        BpfCall call = BpfCall.createMap(Shape.HELD);
        ByteBuffer attr = call.blocks().get(0);
        assertThat(call.command()).isZero();
        assertThat(attr.getInt(0)).as("map_type").isEqualTo(1);
        assertThat(attr.getInt(4)).as("key_size").isEqualTo(16);
        assertThat(attr.getInt(8)).as("value_size").isEqualTo(16);
        assertThat(attr.getInt(12)).as("max_entries").isEqualTo(32_768);
        assertThat(attr.getInt(16)).as("map_flags").isEqualTo(1);
        assertThat(text(attr, 28)).as("map_name").isEqualTo("understudy_held");
        assertThat(call.addresses()).isEmpty();
    }

    @Test
    void a_program_is_loaded_with_the_descriptors_of_its_maps_in_its_instructions() {
        GuardProgram program = GuardProgram.of(Direction.OUT);
        BpfCall call = BpfCall.load(program, Direction.OUT);
        ByteBuffer attr = call.blocks().get(0);
        assertThat(call.command()).isEqualTo(5);
        assertThat(attr.getInt(0)).as("prog_type").isEqualTo(3);
        assertThat(attr.getInt(4)).as("insn_cnt").isEqualTo(program.instructions().length / 8);
        assertThat(text(attr, 48)).as("prog_name").isEqualTo("understudy_out1");
        assertThat(call.addresses()).as("insns and license").containsExactly(new Place(0, 8), new Place(0, 16));
        assertThat(call.descriptors())
                .containsExactly(
                        new Place(1, program.heldAt().get(0)),
                        new Place(1, program.untilAt().get(0)));
        assertThat(call.blocks().get(1).get(program.heldAt().get(0) - 4))
                .as("a load of 64 bits")
                .isEqualTo((byte) 0x18);
    }

    @Test
    void a_program_is_attached_in_front_of_all() {
        ByteBuffer attr = BpfCall.attach(Direction.IN, 12).blocks().get(0);
        assertThat(attr.getInt(0)).as("target_ifindex").isEqualTo(12);
        assertThat(attr.getInt(8)).as("attach_type").isEqualTo(46);
        assertThat(attr.getInt(12)).as("BPF_F_BEFORE").isEqualTo(8);
        assertThat(attr.getInt(20)).as("relative to none").isZero();
        assertThat(BpfCall.attach(Direction.IN, 12).descriptors()).containsExactly(new Place(0, 4));
    }

    @Test
    void the_numbers_of_programs_are_those_the_kernel_wrote() {
        BpfCall call = BpfCall.query(Direction.OUT, 12);
        ByteBuffer attr = call.blocks().get(0);
        assertThat(attr.getInt(4)).as("attach_type").isEqualTo(47);
        assertThat(attr.getInt(24)).as("count").isEqualTo(64);
        attr.putInt(24, 2);
        call.blocks().get(1).putInt(0, 31).putInt(4, 33);
        assertThat(call.ids()).containsExactly(31, 33);
        attr.putInt(24, 1000);
        assertThat(call.ids()).as("more than there is room for").hasSize(64);
        attr.putInt(24, -1);
        assertThat(call.ids()).as("no number").isEmpty();
    }

    @Test
    void a_program_is_read_from_struct_bpf_prog_info() {
        BpfCall call = BpfCall.programInfo();
        assertThat(call.addresses()).as("info and map_ids").containsExactly(new Place(0, 8), new Place(1, 56));
        ByteBuffer info = call.blocks().get(1);
        assertThat(info.getInt(52)).as("nr_map_ids").isEqualTo(8);
        info.putInt(0, 3).putInt(4, 99).putLong(8, 0x1122334455667788L).putInt(52, 2);
        name(info, 64, "understudy_in1");
        call.blocks().get(2).putInt(0, 5).putInt(4, 6);
        BpfCall.ProgramInfo program = call.program();
        assertThat(program.id()).isEqualTo(99);
        assertThat(program.isClassifier()).isTrue();
        assertThat(program.tag()).isEqualTo(0x1122334455667788L);
        assertThat(program.name()).isEqualTo("understudy_in1");
        assertThat(program.maps()).containsExactly(5, 6);
        info.putInt(52, 100);
        assertThat(call.program().maps()).as("more than there is room for").hasSize(8);
    }

    @Test
    void a_map_is_ours_only_if_everything_fits() {
        for (Shape shape : Shape.values()) {
            BpfCall call = mapInfo(shape);
            assertThat(call.isOf(shape)).isTrue();
            assertThat(call.mapId()).isEqualTo(5);
            for (int at : new int[] {0, 8, 12, 16, 20, 24}) {
                BpfCall other = mapInfo(shape);
                ByteBuffer info = other.blocks().get(1);
                info.putInt(at, info.getInt(at) + 1);
                assertThat(other.isOf(shape)).as("changed at %s", at).isFalse();
            }
        }
        assertThat(mapInfo(Shape.HELD).isOf(Shape.UNTIL)).isFalse();
    }

    private static BpfCall mapInfo(Shape shape) {
        BpfCall call = BpfCall.mapInfo();
        ByteBuffer info = call.blocks().get(1);
        info.putInt(0, 1)
                .putInt(4, 5)
                .putInt(8, shape.keyBytes())
                .putInt(12, shape.valueBytes())
                .putInt(16, shape.entriesMax())
                .putInt(20, shape.flags());
        name(info, 24, shape.mapName());
        return call;
    }

    @Test
    void names_fit_into_sixteen_bytes_with_a_zero() {
        for (Direction direction : Direction.values()) {
            assertThat(direction.program()).hasSizeLessThan(16).matches("[a-z0-9_]+");
        }
        for (Shape shape : Shape.values()) {
            assertThat(shape.mapName()).hasSizeLessThan(16).matches("[a-z0-9_]+");
        }
    }

    @Test
    void the_words_of_the_verifier_end_at_the_first_zero() {
        BpfCall call = BpfCall.loadWithLog(GuardProgram.of(Direction.IN), Direction.IN);
        ByteBuffer attr = call.blocks().get(0);
        assertThat(attr.getInt(24)).as("log_level").isEqualTo(1);
        assertThat(call.addresses().get(2)).as("log_buf").isEqualTo(new Place(0, 32));
        assertThat(attr.getInt(28))
                .as("log_size")
                .isEqualTo(call.blocks().get(3).capacity());
        name(call.blocks().get(3), 0, "R1 !read_ok\n");
        assertThat(call.log()).isEqualTo("R1 !read_ok");
    }

    @Test
    void a_batch_has_keys_and_values_one_after_the_other() {
        BpfCall part = BpfCall.lookUpBatch(Shape.HELD, 3, new byte[] {1});
        ByteBuffer attr = part.blocks().get(0);
        assertThat(part.addresses())
                .as("keys, values, out_batch, in_batch")
                .containsExactly(new Place(0, 16), new Place(0, 24), new Place(0, 8), new Place(0, 0));
        assertThat(part.descriptors()).containsExactly(new Place(0, 36));
        assertThat(part.count()).isEqualTo(3);
        assertThat(part.first()).hasSize(48);
        assertThat(attr.capacity()).isEqualTo(56);
        assertThat(BpfCall.lookUpBatch(Shape.UNTIL, 3, new byte[0]).addresses()).hasSize(3);
    }

    private static void name(ByteBuffer to, int at, String text) {
        to.put(at, text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String text(ByteBuffer from, int at) {
        byte[] bytes = new byte[16];
        from.order(ByteOrder.nativeOrder()).get(at, bytes);
        return new String(bytes, StandardCharsets.US_ASCII).replace("\0", "");
    }
}
