package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class PacedTest {

    private static final long APART = 1_000;

    private final Deque<Runnable> loop = new ArrayDeque<>();
    private final Deque<Runnable> timers = new ArrayDeque<>();
    private final List<Long> delays = new ArrayList<>();
    private long now = Long.MAX_VALUE - APART / 2;
    private int runs;
    private Runnable meanwhile = () -> {};

    private final Paced paced = new Paced(
            APART,
            () -> now,
            loop::add,
            (nanos, action) -> {
                delays.add(nanos);
                timers.add(action);
            },
            () -> {
                runs++;
                meanwhile.run();
            });

    private void askOften() {
        for (int i = 0; i < 1_000; i++) {
            paced.ask();
        }
    }

    @Test
    void the_first_runs_at_once_and_however_many_ask_one_waits() {
        askOften();
        assertThat(loop).hasSize(1);
        assertThat(timers).isEmpty();
        loop.remove().run();
        assertThat(runs).isEqualTo(1);
    }

    @Test
    void whoever_asks_again_soon_is_served_once_when_the_while_has_passed() {
        paced.ask();
        loop.remove().run();
        now += 300;
        askOften();
        assertThat(loop).isEmpty();
        assertThat(delays).containsExactly(700L);
        now += 700;
        timers.remove().run();
        assertThat(runs).isEqualTo(2);
        now += APART;
        paced.ask();
        assertThat(loop).hasSize(1);
    }

    @Test
    void what_is_asked_for_while_it_runs_runs_again() {
        paced.ask();
        meanwhile = paced::ask;
        loop.remove().run();
        meanwhile = () -> {};
        assertThat(delays).containsExactly(APART);
        timers.remove().run();
        assertThat(runs).isEqualTo(2);
    }
}
