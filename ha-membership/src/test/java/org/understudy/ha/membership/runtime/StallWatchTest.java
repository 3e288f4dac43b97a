package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Stall;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Effect.PublishLease;

/** What the loop and the disk thread measure, on a clock that the test moves. */
class StallWatchTest {

    private static final long MILLI = 1_000_000L;
    private static final NodeId SERV2 = NodeId.of("serv2");
    private static final Incarnation US = new Incarnation(NodeId.of("serv1"), 1);

    private final AtomicLong clock = new AtomicLong(1_000_000 * MILLI);
    private final List<String> told = new ArrayList<>();
    private final StallWatch watch = new StallWatch(
            Timing.standard(),
            List.of(SERV2),
            clock::get,
            new NamedThreads(Thread::new, US.node()),
            (what, stall, isMarginUsedUp, sentence) -> {
                assertThat(sentence).isNotBlank();
                told.add((isMarginUsedUp ? "all of " : "half of ") + what);
            });

    @Test
    void a_late_tick_counts_from_when_it_was_due() {
        watch.ticks(clock.get() - 25 * MILLI);

        assertThat(watch.stalls().tick().last()).isEqualTo(Duration.ofMillis(25));
        assertThat(told).containsExactly("all of tick");
    }

    @Test
    void a_loop_that_does_not_come_is_seen_while_it_lasts_and_nobody_is_told_by_it() {
        watch.begins(clock.get());
        watch.stepped(clock.get() + 100 * MILLI);
        pass(700);

        assertThat(watch.stalls().tick().last()).isEqualTo(Duration.ofMillis(600));
        assertThat(told).isEmpty();
    }

    @Test
    void a_step_takes_as_long_as_its_effects() {
        watch.begins(clock.get());
        pass(15);
        watch.stepped(Long.MAX_VALUE);

        assertThat(watch.stalls().step().worst()).isEqualTo(Duration.ofMillis(15));
        assertThat(told).containsExactly("half of step");
    }

    @Test
    void a_write_that_hangs_is_told_while_it_hangs_and_counts_when_it_ends() {
        watch.writing(() -> {
            pass(150);
            step();
            assertThat(told).containsExactly("half of write");
            pass(150);
            step();
            assertThat(told).containsExactly("half of write", "all of write");
            pass(5000);
            assertThat(watch.stalls().write().last()).isEqualTo(Duration.ofMillis(5300));
        });
        step();

        assertThat(told).hasSize(2);
        assertThat(watch.stalls().write().worst()).isEqualTo(Duration.ofMillis(5300));
        watch.writing(() -> pass(3));
        pass(100);
        step();
        assertThat(watch.stalls().write().last()).isEqualTo(Duration.ofMillis(3));
    }

    @Test
    void a_write_that_fails_counts_as_well() {
        try {
            watch.writing(() -> {
                pass(40);
                throw new IllegalStateException("no space left");
            });
        } catch (IllegalStateException e) {
            pass(100);
            step();
        }

        assertThat(watch.stalls().write().last()).isEqualTo(Duration.ofMillis(40));
    }

    @Test
    void an_answer_counts_from_the_heartbeat_it_answers() {
        watch.sends(7);
        pass(30);
        watch.sends(8);
        pass(20);
        watch.answered(SERV2, 7, clock.get());
        watch.answered(SERV2, 9, clock.get());
        watch.answered(NodeId.of("stranger"), 8, clock.get());
        step();
        pass(100);
        step();

        assertThat(watch.stalls().answers()).containsOnlyKeys(SERV2);
        assertThat(watch.stalls().answers().get(SERV2).worst()).isEqualTo(Duration.ofMillis(50));
    }

    @Test
    void a_lease_ages_until_the_next_confirmation_and_is_told_when_it_ends() {
        long first = clock.get();
        watch.leased(new PublishLease(Optional.of(US), true, first));
        pass(200);
        watch.leased(new PublishLease(Optional.of(US), true, first + 100 * MILLI));
        assertThat(told).isEmpty();
        pass(400);
        step();
        assertThat(told).containsExactly("half of lease");
        watch.leased(new PublishLease(Optional.of(US), false, 0));
        pass(261);
        step();
        assertThat(told).containsExactly("half of lease", "all of lease");

        watch.leased(new PublishLease(Optional.empty(), false, 0));
        pass(100_000);
        step();

        Stall lease = watch.stalls().lease();
        assertThat(lease.margin().toNanos()).isEqualTo(Timing.standard().stepDownNanos());
        assertThat(lease.worst()).isEqualTo(Duration.ofMillis(761));
    }

    @Test
    void the_tightest_is_the_one_that_used_most_of_its_margin() {
        watch.ticks(clock.get() - 5 * MILLI);
        watch.writing(() -> pass(150));
        step();

        assertThat(watch.stalls().tightest().getKey()).isEqualTo("write");
        assertThat(watch.stalls().all()).containsOnlyKeys("pause", "tick", "step", "write", "lease", "answer serv2");
    }

    private void pass(long millis) {
        clock.addAndGet(millis * MILLI);
    }

    private void step() {
        watch.begins(clock.get());
        watch.stepped(Long.MAX_VALUE);
    }
}
