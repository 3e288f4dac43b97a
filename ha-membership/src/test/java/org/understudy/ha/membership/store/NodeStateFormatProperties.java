package org.understudy.ha.membership.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.membership.spi.NodeStateStore.DiskIdentity;
import org.understudy.ha.membership.store.NodeStateFormat.State;

@Tag("property")
class NodeStateFormatProperties {
    private static final Path PATH = Path.of("node.state");

    @Property
    void what_is_written_is_read(
            @ForAll long high,
            @ForAll long low,
            @ForAll @LongRange(min = 1, max = 1L << 62) long boots,
            @ForAll @Size(max = 300) byte[] payload) {
        State state = new State(new DiskIdentity(high, low), boots, boots + 1, Optional.of(payload));

        State read = NodeStateFormat.decode(PATH, NodeStateFormat.encode(state).array());

        assertThat(read).usingRecursiveComparison().isEqualTo(state);
    }

    @Property(tries = 300)
    void every_truncation_and_extension_is_refused(@ForAll @Size(max = 40) byte[] payload, @ForAll boolean saved) {
        byte[] file = file(payload, saved);
        for (int length = 0; length < file.length; length++) {
            assertRefused(Arrays.copyOf(file, length));
        }
        assertRefused(Arrays.copyOf(file, file.length + 1));
    }

    @Property(tries = 100)
    void every_single_flipped_bit_is_refused(@ForAll @Size(max = 40) byte[] payload, @ForAll boolean saved) {
        byte[] file = file(payload, saved);
        for (int bit = 0; bit < file.length * 8; bit++) {
            byte[] flipped = file.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertRefused(flipped);
        }
    }

    @Property(tries = 30)
    void of_two_slots_the_newer_whole_one_counts(
            @ForAll @Size(max = 40) byte[] older, @ForAll @Size(max = 40) byte[] newer, @ForAll boolean isSwapped) {
        byte[] file = twoSlots(older, newer, isSwapped);

        assertThat(NodeStateFormat.read(PATH, file).newest().payload()).contains(newer);
        assertThat(NodeStateFormat.read(PATH, file).slot()).isEqualTo(isSwapped ? 0 : 1);

        int at = NodeStateFormat.PAGE + (isSwapped ? 0 : slotLength(file));
        for (int bit = 0; bit < (NodeStateFormat.HEADER_LENGTH + newer.length) * 8; bit++) {
            byte[] flipped = file.clone();
            flipped[at + bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(NodeStateFormat.read(PATH, flipped).newest().payload()).contains(older);
        }
    }

    @Property(tries = 20)
    void a_file_of_two_slots_that_is_cut_extended_or_damaged_in_both_is_refused(
            @ForAll @Size(max = 40) byte[] payload, @ForAll @IntRange(max = 159) int bit, @ForAll int length) {
        byte[] file = twoSlots(payload, payload, false);
        assertUnreadable(Arrays.copyOf(file, Math.floorMod(length, file.length)));
        assertUnreadable(Arrays.copyOf(file, file.length + 1));
        byte[] page = file.clone();
        page[bit / 8] ^= (byte) (1 << bit % 8);
        assertUnreadable(page);
        byte[] both = file.clone();
        both[NodeStateFormat.PAGE + 59] ^= 1;
        both[NodeStateFormat.PAGE + slotLength(file) + 59] ^= 1;
        assertUnreadable(both);
    }

    private static byte[] twoSlots(byte[] older, byte[] newer, boolean isSwapped) {
        State first = new State(new DiskIdentity(3, 4), 5, 6, Optional.of(older));
        State second = new State(new DiskIdentity(3, 4), 5, 7, Optional.of(newer));
        byte[] file = NodeStateFormat.file(NodeStateFormat.encode(isSwapped ? second : first))
                .array();
        byte[] other = NodeStateFormat.encode(isSwapped ? first : second).array();
        System.arraycopy(other, 0, file, NodeStateFormat.PAGE + slotLength(file), other.length);
        return file;
    }

    private static int slotLength(byte[] file) {
        return (file.length - NodeStateFormat.PAGE) / 2;
    }

    private static void assertUnreadable(byte[] file) {
        assertThatThrownBy(() -> NodeStateFormat.read(PATH, file))
                .isInstanceOf(StorageException.class)
                .hasMessageStartingWith("node.state: ");
    }

    @Property
    void any_bytes_are_refused_with_a_sentence(@ForAll byte[] bytes) {
        assertRefused(bytes);
        assertUnreadable(bytes);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void two_flipped_bits_are_refused(
            @ForAll @Size(max = 100) byte[] payload,
            @ForAll @IntRange(max = 479) int one,
            @ForAll @IntRange(max = 479) int two) {
        byte[] file = file(payload, true);
        file[one / 8] ^= (byte) (1 << one % 8);
        file[two / 8] ^= (byte) (1 << two % 8);
        if (one != two) {
            assertRefused(file);
        }
    }

    private static byte[] file(byte[] payload, boolean saved) {
        Optional<byte[]> stored = saved ? Optional.of(payload) : Optional.empty();
        return NodeStateFormat.encode(new State(new DiskIdentity(3, 4), 5, 6, stored))
                .array();
    }

    private static void assertRefused(byte[] file) {
        assertThatThrownBy(() -> NodeStateFormat.decode(PATH, file))
                .isInstanceOf(StorageException.class)
                .hasMessageStartingWith("node.state: ");
    }
}
