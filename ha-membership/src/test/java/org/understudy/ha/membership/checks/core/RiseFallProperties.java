package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.membership.checks.core.RiseFall.Rules;
import org.understudy.ha.membership.checks.core.RiseFall.State;

class RiseFallProperties {
    enum Result {
        GOOD,
        BAD,
        UNCLEAR
    }

    @Property
    void is_what_somebody_finds_who_reads_the_whole_past_each_time(
            @ForAll @Size(max = 40) List<Result> past,
            @ForAll @IntRange(min = 1, max = 4) int rise,
            @ForAll @IntRange(min = 1, max = 4) int fall,
            @ForAll boolean firstDecides) {
        RiseFall counts = new RiseFall(new Rules(rise, fall, firstDecides, 0, 0));
        State state = State.UNDECIDED;
        for (int i = 0; i < past.size(); i++) {
            tell(counts, past.get(i), i);
            state = next(state, past.subList(0, i + 1), rise, fall, firstDecides);
            assertThat(counts.state()).as("after %s", past.subList(0, i + 1)).isEqualTo(state);
        }
    }

    private static State next(State state, List<Result> past, int rise, int fall, boolean firstDecides) {
        Result newest = past.get(past.size() - 1);
        boolean isFirst = state == State.UNDECIDED && firstDecides;
        if (newest == Result.GOOD && (isFirst || goodsAtEnd(past) >= rise)) {
            return State.UP;
        }
        return newest == Result.BAD && (isFirst || badsSinceGood(past) >= fall) ? State.DOWN : state;
    }

    private static int goodsAtEnd(List<Result> past) {
        int count = 0;
        for (int i = past.size() - 1; i >= 0 && past.get(i) == Result.GOOD; i--) {
            count++;
        }
        return count;
    }

    private static int badsSinceGood(List<Result> past) {
        int count = 0;
        for (int i = past.size() - 1; i >= 0 && past.get(i) != Result.GOOD; i--) {
            count += past.get(i) == Result.BAD ? 1 : 0;
        }
        return count;
    }

    @Property
    void damping_delays_a_rise_and_nothing_else(
            @ForAll @Size(max = 40) List<Result> past,
            @ForAll @IntRange(min = 0, max = 5) int hold,
            @ForAll @IntRange(min = 0, max = 20) int more) {
        RiseFall plain = new RiseFall(new Rules(2, 2, true, 0, 0));
        RiseFall damped = new RiseFall(new Rules(2, 2, true, hold, hold + more));
        for (int i = 0; i < past.size(); i++) {
            State before = damped.state();
            tell(plain, past.get(i), i);
            tell(damped, past.get(i), i);
            assertThat(damped.state() == State.UP).as("up too early").isIn(false, plain.state() == State.UP);
            assertThat(damped.holdNanos()).isBetween(0L, (long) hold + more);
            if (before == State.UP && damped.state() == State.DOWN) {
                assertThat(plain.state()).isEqualTo(State.DOWN);
            }
        }
    }

    private static void tell(RiseFall counts, Result result, long now) {
        switch (result) {
            case GOOD -> counts.good(now);
            case BAD -> counts.bad(now);
            default -> counts.unclear();
        }
    }
}
