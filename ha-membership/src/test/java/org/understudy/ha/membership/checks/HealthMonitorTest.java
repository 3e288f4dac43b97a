package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.checks.CheckResult.Answer;

@Timeout(60)
class HealthMonitorTest {
    private final AtomicReference<CheckResult> now = new AtomicReference<>(CheckResult.yes("web answers"));
    private final AtomicInteger calls = new AtomicInteger();
    private final HealthCheck scripted = timeout -> {
        calls.incrementAndGet();
        return now.get();
    };

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        Threads.awaitNoneOfChecks();
    }

    private static HealthMonitor.Builder quick(HealthCheck check) {
        return quick(check, Duration.ofSeconds(20));
    }

    private static HealthMonitor.Builder quick(HealthCheck check, Duration timeout) {
        return HealthMonitor.of("web", check).every(Duration.ofMillis(10)).timeout(timeout);
    }

    private static void awaitState(HealthMonitor monitor, Health.State state) throws InterruptedException {
        Threads.await(() -> monitor.health().state() == state, "it does not become " + state);
    }

    @Test
    void it_follows_its_check() throws Exception {
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        try (HealthMonitor monitor = quick(scripted).fall(2).rise(2).build()) {
            assertThat(monitor.health().state()).isEqualTo(Health.State.NOT_RUNNING);
            assertThat(monitor.verdict()).isEqualTo(Answer.UNKNOWN);
            monitor.start(told::add);
            Threads.await(() -> monitor.verdict() == Answer.YES, "it is not up");
            assertThat(monitor.health()).isEqualTo(Health.healthy());
            now.set(CheckResult.no("web answers 503"));
            awaitState(monitor, Health.State.FAILED);
            assertThat(monitor.health()).isEqualTo(Health.failed(Severity.SOFT, "web answers 503"));
            now.set(CheckResult.no("web answers 502"));
            Threads.await(() -> monitor.last().orElseThrow().reason().contains("502"), "not asked again");
            assertThat(monitor.health().reason()).isEqualTo("web answers 503");
            now.set(CheckResult.yes("web answers"));
            awaitState(monitor, Health.State.HEALTHY);
        }
        assertThat(told)
                .containsExactly("web is up: web answers", "web is down: web answers 503", "web is up: web answers");
    }

    @Test
    void the_first_result_decides_unless_it_is_to_count() throws Exception {
        now.set(CheckResult.no("web answers 503"));
        try (HealthMonitor monitor = HealthMonitor.of("web", scripted).fall(3).build()) {
            monitor.start();
            awaitState(monitor, Health.State.FAILED);
            assertThat(calls).hasValue(1);
        }
        calls.set(0);
        try (HealthMonitor monitor = quick(scripted).fall(3).countFromTheFirst().build()) {
            monitor.start();
            awaitState(monitor, Health.State.FAILED);
            assertThat(calls.get()).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void time_outs_count_as_failures_unless_they_are_unknown() throws Exception {
        now.set(CheckResult.late("web did not answer"));
        try (HealthMonitor monitor = quick(scripted).build()) {
            monitor.start();
            awaitState(monitor, Health.State.FAILED);
        }
        now.set(CheckResult.yes("web answers"));
        try (HealthMonitor monitor = quick(scripted).timeoutsAreUnknown().build()) {
            monitor.start();
            Threads.await(() -> monitor.verdict() == Answer.YES, "it is not up");
            now.set(CheckResult.late("web did not answer"));
            awaitState(monitor, Health.State.DEGRADED);
            assertThat(monitor.verdict()).isEqualTo(Answer.YES);
            assertThat(monitor.health().reason()).isEqualTo("web did not answer");
        }
    }

    @Test
    void what_cannot_be_asked_never_counts() throws Exception {
        now.set(CheckResult.unknown("web could not be asked"));
        try (HealthMonitor monitor = quick(scripted).build()) {
            monitor.start();
            awaitState(monitor, Health.State.DEGRADED);
            assertThat(monitor.verdict()).isEqualTo(Answer.UNKNOWN);
        }
    }

    @Test
    void down_may_be_worth_a_look_only_or_lead_elsewhere() throws Exception {
        now.set(CheckResult.no("web answers 503"));
        try (HealthMonitor monitor = quick(scripted).whenDownDegraded().build()) {
            monitor.start();
            Threads.await(() -> monitor.verdict() == Answer.NO, "it is not down");
            assertThat(monitor.health()).isEqualTo(Health.degraded("web answers 503"));
        }
        try (HealthMonitor monitor = quick(scripted).whenDown(Severity.HARD).build()) {
            monitor.start();
            awaitState(monitor, Health.State.FAILED);
            assertThat(monitor.health().severity()).isEqualTo(Severity.HARD);
        }
    }

    @Test
    void a_check_that_throws_is_unknown_and_made_again() throws Exception {
        HealthCheck broken = timeout -> {
            if (calls.incrementAndGet() < 5) {
                throw new IllegalStateException("broken");
            }
            return CheckResult.yes("fine");
        };
        try (HealthMonitor monitor = quick(broken).build()) {
            monitor.start();
            Threads.await(() -> monitor.verdict() == Answer.YES, "it was not made again");
        }
        HealthCheck worse = timeout -> {
            throw new LinkageError("broken");
        };
        try (HealthMonitor monitor = quick(worse).build()) {
            monitor.start();
            awaitState(monitor, Health.State.DEGRADED);
            assertThat(monitor.health().reason()).contains("its check threw java.lang.LinkageError: broken");
        }
    }

    @Test
    void a_check_that_hangs_is_seen_without_waiting_for_it_and_not_made_twice() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        HealthCheck stuck = timeout -> {
            calls.incrementAndGet();
            boolean isOver = false;
            while (!isOver) {
                try {
                    hanging.await();
                    isOver = true;
                } catch (InterruptedException e) {
                    // Deaf.
                    continue;
                }
            }
            return CheckResult.yes("at last");
        };
        HealthMonitor monitor = quick(stuck, Duration.ofMillis(50)).fall(3).build();
        monitor.start();
        awaitState(monitor, Health.State.FAILED);
        assertThat(monitor.health().reason()).contains("its check hangs");
        assertThat(calls).hasValue(1);

        monitor.close();
        assertThat(monitor.health().state()).isEqualTo(Health.State.NOT_RUNNING);
        monitor.start();
        assertThat(Threads.ofChecks()).containsExactly("ha-check-web");
        awaitState(monitor, Health.State.FAILED);
        assertThat(calls).hasValue(1);

        hanging.countDown();
        awaitState(monitor, Health.State.HEALTHY);
        assertThat(Threads.ofChecks()).containsExactly("ha-check-web");
        monitor.close();
    }

    @Test
    void closing_interrupts_the_check() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        AtomicInteger interrupted = new AtomicInteger();
        HealthCheck slow = timeout -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.incrementAndGet();
                throw e;
            }
            return CheckResult.yes("never");
        };
        HealthMonitor monitor =
                HealthMonitor.of("web", slow).timeout(Duration.ofHours(1)).build();
        monitor.start();
        asked.await();
        monitor.close();
        assertThat(interrupted).hasValue(1);
        monitor.close();
        assertThat(Threads.ofChecks()).isEmpty();
    }

    @Test
    void a_stay_knows_nothing_of_the_one_before() throws Exception {
        now.set(CheckResult.no("web answers 503"));
        HealthMonitor monitor = quick(scripted).build();
        monitor.start();
        awaitState(monitor, Health.State.FAILED);
        monitor.close();
        LinkedBlockingQueue<Health> seen = new LinkedBlockingQueue<>();
        now.set(CheckResult.yes("web answers"));
        monitor.start();
        seen.add(monitor.health());
        Threads.await(() -> monitor.verdict() == Answer.YES, "it is not up");
        assertThat(seen).containsExactly(Health.healthy());
        monitor.close();
    }

    @Test
    void a_listener_that_throws_ends_nothing() throws Exception {
        try (HealthMonitor monitor = quick(scripted).build()) {
            monitor.start(sentence -> {
                throw new IllegalStateException(sentence);
            });
            Threads.await(() -> calls.get() > 5, "it was ended");
        }
    }

    @Test
    void threads_come_from_the_factory_that_is_given() throws Exception {
        AtomicInteger made = new AtomicInteger();
        try (HealthMonitor monitor = quick(scripted)
                .threads(task -> {
                    made.incrementAndGet();
                    return new Thread(task);
                })
                .build()) {
            monitor.start();
            monitor.start();
            Threads.await(() -> calls.get() > 3, "it does not run");
            assertThat(Threads.ofChecks()).isEqualTo(List.of("ha-check-web"));
        }
        assertThat(made).hasValue(1);
    }
}
