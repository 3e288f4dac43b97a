package org.understudy.ha.testkit.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class SpreadTest {

    private static Spread of(long... nanos) {
        Spread spread = new Spread();
        for (long one : nanos) {
            spread.add(one);
        }
        return spread;
    }

    @Test
    void the_median_is_the_middle_and_the_lower_one_of_two() {
        assertThat(of(9, 1, 5).medianNanos()).isEqualTo(5);
        assertThat(of(9, 1, 5, 7).medianNanos()).isEqualTo(5);
        assertThat(of(3).medianNanos()).isEqualTo(3);
    }

    @Test
    void the_worst_is_the_largest() {
        assertThat(of(9, 1, 5, 9).worstNanos()).isEqualTo(9);
        assertThat(of(9, 1, 5).isWorstBound()).isFalse();
    }

    @Test
    void whoever_was_waited_for_in_vain_is_worse_than_everybody_else() {
        Spread spread = of(100, 200);
        spread.addAtLeast(50);
        assertThat(spread.worstNanos()).isEqualTo(50);
        assertThat(spread.isWorstBound()).isTrue();
        assertThat(spread.isMedianBound()).isFalse();
        assertThat(spread.medianNanos()).isEqualTo(200);
    }

    @Test
    void a_median_that_is_a_bound_is_within_nothing() {
        Spread spread = of(1);
        spread.addAtLeast(2);
        spread.addAtLeast(2);
        assertThat(spread.isMedianBound()).isTrue();
        assertThat(spread.isWithin(1_000)).isFalse();
        assertThat(of(1, 2, 3).isWithin(2)).isTrue();
        assertThat(of(1, 2, 3).isWithin(1)).isFalse();
    }

    @Test
    void nothing_measured_is_no_number() {
        assertThatThrownBy(() -> new Spread().medianNanos()).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_bound_is_written_as_one() {
        assertThat(Spread.millis(1_250_000, false)).isEqualTo("1.3");
        assertThat(Spread.millis(5_000_000_000L, true)).isEqualTo(">5000.0");
    }

    @Property
    void half_of_the_runs_do_not_exceed_the_median_and_none_exceeds_the_worst(
            @ForAll @Size(min = 1, max = 50) List<@LongRange(min = 0, max = 1_000) Long> nanos) {
        Spread spread = new Spread();
        nanos.forEach(spread::add);
        long median = spread.medianNanos();
        assertThat(nanos).contains(median);
        assertThat(nanos.stream().filter(n -> n <= median).count() * 2).isGreaterThanOrEqualTo(nanos.size());
        assertThat(nanos.stream().filter(n -> n < median).count() * 2).isLessThan(nanos.size() + 1L);
        assertThat(spread.worstNanos())
                .isEqualTo(nanos.stream().mapToLong(n -> n).max().orElseThrow());
    }
}
