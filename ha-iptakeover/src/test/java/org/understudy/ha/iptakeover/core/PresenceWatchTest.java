package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.core.PresenceWatch.Action;
import org.understudy.ha.iptakeover.core.PresenceWatch.Decision;
import org.understudy.ha.iptakeover.core.PresenceWatch.Stay;

class PresenceWatchTest {
    private static final long MILLI = 1_000_000;
    private static final long NET = 10_000 * MILLI;
    /** Clocks may be negative. */
    private static final long START = -7_000 * MILLI;

    private final PresenceWatch watch = new PresenceWatch(START, NET);

    @Test
    void while_nothing_is_heard_it_is_looked_now_and_then() {
        assertThat(decide(Stay.HELD, 0)).isEqualTo(new Decision(Action.WAIT, START + NET));
        assertThat(decide(Stay.HELD, NET).action()).isEqualTo(Action.LOOK);
        watch.found(true, START + NET);
        assertThat(decide(Stay.HELD, NET)).isEqualTo(new Decision(Action.WAIT, START + 2 * NET));
    }

    @Test
    void a_loss_is_made_good_at_once() {
        watch.stirred();
        assertThat(decide(Stay.HELD, 5 * MILLI).action()).isEqualTo(Action.LOOK);
        assertThat(watch.found(false, at(5 * MILLI))).isTrue();
        assertThat(decide(Stay.HELD, 5 * MILLI).action()).isEqualTo(Action.RESTORE);
        watch.restored(true, at(5 * MILLI));
        assertThat(decide(Stay.HELD, 5 * MILLI).action()).isEqualTo(Action.WAIT);
    }

    @Test
    void the_next_losses_wait_longer_and_longer_and_are_told_once() {
        long now = 5 * MILLI;
        lose(now, true);
        for (long pause : new long[] {10, 20, 40, 80, 160, 320, 640, 1000, 1000}) {
            watch.stirred();
            now += 2 * MILLI;
            lose(now, false);
            long due = now - 2 * MILLI + pause * MILLI;
            assertThat(decide(Stay.HELD, now)).isEqualTo(new Decision(Action.WAIT, at(due)));
            now = due;
            restore(now);
        }
        watch.stirred();
        now += 2 * MILLI;
        assertThat(decide(Stay.HELD, now).action()).isEqualTo(Action.LOOK);
        watch.found(false, at(now));
        assertThat(watch.hasGivenUp()).isFalse();
        assertThat(decide(Stay.HELD, now + 998 * MILLI).action()).isEqualTo(Action.WAIT);
        assertThat(watch.hasGivenUp()).isTrue();
        assertThat(decide(Stay.HELD, now + 600_000 * MILLI))
                .as("for good")
                .isEqualTo(new Decision(Action.WAIT, Long.MAX_VALUE));
    }

    /** Of the first, the restore too. */
    private void lose(long now, boolean isFirst) {
        watch.stirred();
        assertThat(decide(Stay.HELD, now).action()).isEqualTo(Action.LOOK);
        assertThat(watch.found(false, at(now))).isEqualTo(isFirst);
        if (isFirst) {
            restore(now);
        }
    }

    private void restore(long now) {
        assertThat(decide(Stay.HELD, now).action()).isEqualTo(Action.RESTORE);
        watch.restored(true, at(now));
    }

    @Test
    void after_a_calm_the_next_loss_is_a_new_matter() {
        lose(5 * MILLI, true);
        lose(5 * MILLI + PresenceWatch.CALM_NANOS, true);
    }

    @Test
    void rare_losses_are_made_good_for_ever() {
        long now = 0;
        for (int i = 0; i < 1000; i++) {
            now += PresenceWatch.WINDOW_NANOS / PresenceWatch.RESTORES_MAX;
            lose(now, true);
        }
        assertThat(watch.hasGivenUp()).isFalse();
    }

    @Test
    void in_doubt_it_is_looked_and_nothing_is_put_back() {
        watch.stirred();
        assertThat(decide(Stay.IN_DOUBT, 5 * MILLI).action()).isEqualTo(Action.LOOK);
        watch.found(false, at(5 * MILLI));
        assertThat(decide(Stay.IN_DOUBT, 6 * MILLI).action()).isEqualTo(Action.WAIT);
        assertThat(decide(Stay.HELD, 7 * MILLI).action()).isEqualTo(Action.RESTORE);
    }

    @Test
    void a_stay_that_was_over_once_is_over() {
        watch.stirred();
        assertThat(decide(Stay.HELD, 5 * MILLI).action()).isEqualTo(Action.LOOK);
        watch.found(false, at(5 * MILLI));
        assertThat(decide(Stay.OVER, 5 * MILLI)).isEqualTo(new Decision(Action.WAIT, Long.MAX_VALUE));
        assertThat(decide(Stay.HELD, 6 * MILLI)).isEqualTo(new Decision(Action.WAIT, Long.MAX_VALUE));
    }

    @Test
    void a_storm_is_looked_at_once_a_millisecond() {
        watch.stirred();
        decide(Stay.HELD, 5 * MILLI);
        watch.found(true, at(5 * MILLI));
        watch.stirred();
        assertThat(decide(Stay.HELD, 5 * MILLI + 1)).isEqualTo(new Decision(Action.WAIT, at(6 * MILLI)));
        assertThat(decide(Stay.HELD, 6 * MILLI).action()).isEqualTo(Action.LOOK);
    }

    @Test
    void what_was_refused_is_looked_at_and_tried_again() {
        loseRefused(5 * MILLI);
        assertThat(decide(Stay.HELD, 6 * MILLI).action()).isEqualTo(Action.LOOK);
        watch.found(false, at(6 * MILLI));
        assertThat(decide(Stay.HELD, 14 * MILLI).action()).isEqualTo(Action.WAIT);
        assertThat(decide(Stay.HELD, 15 * MILLI).action()).isEqualTo(Action.RESTORE);
    }

    private void loseRefused(long now) {
        watch.stirred();
        decide(Stay.HELD, now);
        watch.found(false, at(now));
        assertThat(decide(Stay.HELD, now).action()).isEqualTo(Action.RESTORE);
        watch.restored(false, at(now));
    }

    @Test
    void a_look_that_failed_is_repeated_after_a_second() {
        watch.stirred();
        assertThat(decide(Stay.HELD, 5 * MILLI).action()).isEqualTo(Action.LOOK);
        watch.notSeen(at(5 * MILLI));
        assertThat(decide(Stay.HELD, 1_004 * MILLI).action()).isEqualTo(Action.WAIT);
        assertThat(decide(Stay.HELD, 1_005 * MILLI).action()).isEqualTo(Action.LOOK);
    }

    private Decision decide(Stay stay, long afterStart) {
        return watch.decide(stay, at(afterStart));
    }

    private static long at(long afterStart) {
        return START + afterStart;
    }
}
