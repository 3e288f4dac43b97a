package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.NodeId;

@Tag("property")
class FrameOrderProperties {
    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");

    @Property
    void what_grows_within_a_life_is_new_each_time_once(
            @ForAll long random,
            @ForAll @Size(min = 1, max = 50) List<@LongRange(min = 1, max = 1 << 20) Long> counts) {
        FrameOrder fresh = new FrameOrder();
        for (long count : new TreeSet<>(counts)) {
            long sequence = FrameOrder.firstOf(random) + count;
            assertThat(fresh.isNew(A, sequence)).isTrue();
            assertThat(fresh.isNew(A, sequence)).isFalse();
            assertThat(fresh.isNew(B, sequence)).isTrue();
        }
    }

    @Property
    void nothing_of_an_earlier_life_comes_back(
            @ForAll @IntRange(min = 1, max = 16) int later, @ForAll @LongRange(min = 1, max = 1 << 20) long count) {
        FrameOrder fresh = new FrameOrder();
        for (int life = 0; life <= later; life++) {
            assertThat(fresh.isNew(A, (long) life << 32)).isTrue();
        }
        for (int life = 0; life < later; life++) {
            assertThat(fresh.isNew(A, ((long) life << 32) + count)).isFalse();
        }
        assertThat(fresh.isNew(A, ((long) later << 32) + count)).isTrue();
    }

    @Property
    void any_number_that_is_not_negative_is_new_once(@ForAll long sequence) {
        FrameOrder fresh = new FrameOrder();
        assertThat(fresh.isNew(A, sequence)).isEqualTo(sequence >= 0);
        assertThat(fresh.isNew(A, sequence)).isFalse();
    }
}
