package org.understudy.ha.membership.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.LongRange;
import org.understudy.ha.api.StorageException;

@Tag("property")
class GuardFormatProperties {
    private static final Path PATH = Path.of("totals.guard");

    @Property
    void what_is_written_is_read(@ForAll @LongRange(min = 0) long highest) {
        assertThat(GuardFormat.decode(PATH, GuardFormat.encode(highest).array()))
                .isEqualTo(highest);
    }

    @Property(tries = 200)
    void every_truncation_and_extension_is_refused(@ForAll @LongRange(min = 0) long highest) {
        byte[] file = GuardFormat.encode(highest).array();
        for (int length = 0; length < file.length; length++) {
            assertRefused(Arrays.copyOf(file, length));
        }
        assertRefused(Arrays.copyOf(file, file.length + 1));
    }

    @Property(tries = 200)
    void every_one_or_two_flipped_bits_are_refused(@ForAll @LongRange(min = 0) long highest) {
        byte[] file = GuardFormat.encode(highest).array();
        int bits = file.length * 8;
        for (int one = 0; one < bits; one++) {
            byte[] flipped = flip(file, one);
            assertRefused(flipped);
            for (int two = one + 1; two < bits; two += 7) {
                assertRefused(flip(flipped, two));
            }
        }
    }

    @Property
    void any_bytes_are_refused_with_a_sentence(@ForAll byte[] bytes) {
        assertRefused(bytes);
    }

    private static byte[] flip(byte[] file, int bit) {
        byte[] flipped = file.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        return flipped;
    }

    private static void assertRefused(byte[] file) {
        assertThatThrownBy(() -> GuardFormat.decode(PATH, file))
                .isInstanceOf(StorageException.class)
                .hasMessageStartingWith("totals.guard: ");
    }
}
