package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.Recovery;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.Told;
import org.understudy.ha.membership.runtime.LateChannel;

/** Users' actions that break every rule; the test is the loop. */
@Timeout(60)
class NodeRecoveryTest {
    private final ScheduledThreadPoolExecutor timers = new ScheduledThreadPoolExecutor(1);
    private final BlockingQueue<Ask> asked = new LinkedBlockingQueue<>();
    private final BlockingQueue<Thread> interrupters = new LinkedBlockingQueue<>();
    private final NodeRecovery recovery = new NodeRecovery(
            new Host(),
            hasRungs -> {
                throw new IllegalStateException("nobody looks");
            },
            (subject, sentence) -> {});

    @AfterEach
    void nothing_stays_behind() {
        timers.shutdownNow();
    }

    @Test
    void whatever_an_action_throws_it_has_not_climbed() throws InterruptedException {
        List<Throwable> thrown = List.of(
                new Throwable("neither an exception nor an error"), new IllegalStateException("planned"), new Mute());
        for (Throwable one : thrown) {
            assertThat(climb(climb -> NodeRecoveryTest.<RuntimeException>sneak(one)))
                    .isPresent()
                    .hasValueSatisfying(why -> assertThat(why).startsWith("rung resume failed"));
        }
        assertThat(climb(climb -> {})).isEmpty();
    }

    @Test
    void the_loop_interrupts_nobody_itself() throws InterruptedException {
        for (Runnable ending : List.<Runnable>of(
                () -> recovery.descend(new Told.Descend(1, 1, "the view has changed")), recovery::end)) {
            CountDownLatch begun = new CountDownLatch(1);
            try (Recovery.Rung rung = recovery.rung("resume", 1, Duration.ofMinutes(1), climb -> {
                begun.countDown();
                new CountDownLatch(1).await();
            })) {
                recovery.climb(
                        new Told.Climb(1, 1, new Rung(1, rung.name()), List.of(QuietServiceHost.LIFE)),
                        QuietServiceHost.LIFE);
                begun.await();
                ending.run();
                assertThat(interrupters.take()).isNotSameAs(Thread.currentThread());
                assertThat(climbed().failure()).isPresent();
            }
        }
    }

    @Test
    void an_interrupt_that_lasts_keeps_no_timer_waiting() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch free = new CountDownLatch(1);
        Runnable untilFree = () -> {
            while (free.getCount() > 0) {
                LockSupport.parkNanos(1_000_000);
            }
        };
        LateChannel channel = new LateChannel(
                () -> {
                    begun.countDown();
                    untilFree.run();
                },
                untilFree);
        try (Recovery.Rung rung = recovery.rung("resume", 1, Duration.ofMinutes(1), climb -> channel.read())) {
            recovery.climb(
                    new Told.Climb(1, 1, new Rung(1, rung.name()), List.of(QuietServiceHost.LIFE)),
                    QuietServiceHost.LIFE);
            begun.await();
            recovery.descend(new Told.Descend(1, 1, "the view has changed"));
            interrupters.take();
            timers.submit(() -> {}).get();
        } finally {
            free.countDown();
        }
        climbed();
    }

    private Optional<String> climb(Recovery.Action action) throws InterruptedException {
        try (Recovery.Rung rung = recovery.rung("resume", 1, Duration.ofMinutes(1), action)) {
            recovery.climb(
                    new Told.Climb(1, 1, new Rung(1, rung.name()), List.of(QuietServiceHost.LIFE)),
                    QuietServiceHost.LIFE);
            return climbed().failure();
        }
    }

    private Ask.Climbed climbed() throws InterruptedException {
        Ask next = asked.take();
        while (!(next instanceof Ask.Climbed)) {
            next = asked.take();
        }
        return (Ask.Climbed) next;
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void sneak(Throwable e) throws T {
        throw (T) e;
    }

    /** Fails to say what it is. */
    private static final class Mute extends RuntimeException {
        private static final long serialVersionUID = 1L;

        @Override
        public String toString() {
            throw new IllegalStateException("planned");
        }
    }

    /** Tells who interrupts it. */
    private final class Noting extends Thread {
        private Noting(Runnable body) {
            super(body);
        }

        @Override
        public void interrupt() {
            interrupters.add(Thread.currentThread());
            super.interrupt();
        }
    }

    private final class Host extends QuietServiceHost {
        @Override
        public long nextRequest() {
            return 1;
        }

        @Override
        public void ask(Ask ask) {
            asked.add(ask);
        }

        @Override
        public Executor actions() {
            return task -> new Noting(task).start();
        }

        @Override
        public Future<?> later(Duration delay, Runnable task) {
            return timers.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }
}
