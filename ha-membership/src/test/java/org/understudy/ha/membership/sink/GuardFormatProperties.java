package org.understudy.ha.membership.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.understudy.ha.api.StorageException;

class GuardFormatProperties {

    private static final Path PATH = Path.of("totals.guard");

    @Property(tries = 500)
    void what_is_written_is_read(@ForAll @LongRange(min = 0) long token) {
        assertThat(GuardFormat.decode(PATH, bytes(token))).isEqualTo(token);
    }

    @Property(tries = 500)
    void a_guard_cut_short_or_made_longer_is_refused(
            @ForAll @LongRange(min = 0) long token, @ForAll @IntRange(max = 60) int length) {
        if (length != GuardFormat.LENGTH) {
            refuses(Arrays.copyOf(bytes(token), length));
        }
    }

    @Property(tries = 1000)
    void every_flipped_bit_is_refused(
            @ForAll @LongRange(min = 0) long token, @ForAll @IntRange(max = GuardFormat.LENGTH * 8 - 1) int bit) {
        byte[] flipped = bytes(token);
        flipped[bit / 8] ^= (byte) (1 << (bit % 8));
        refuses(flipped);
    }

    private static void refuses(byte[] file) {
        assertThatThrownBy(() -> GuardFormat.decode(PATH, file)).isInstanceOf(StorageException.class);
    }

    private static byte[] bytes(long token) {
        return GuardFormat.encode(token).array();
    }
}
