package org.understudy.ha.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.machine.Machine;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Step;

@Timeout(20)
class NodeLoopTest {

    private final BlockingQueue<String> performed = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> handled = new LinkedBlockingQueue<>();
    private final CountDownLatch diskMayGoOn = new CountDownLatch(1);
    private final CountDownLatch failed = new CountDownLatch(1);
    private final AtomicLong clock = new AtomicLong(100);
    private final Scripted machine = new Scripted();
    private final World world = new World();
    private final NodeLoop<String, String, String> loop =
            new NodeLoop<>(machine, world, new NamedThreads(Thread::new, NodeId.of("test")));

    @AfterEach
    void close() {
        diskMayGoOn.countDown();
        loop.close();
    }

    @Test
    void holds_effects_back_until_their_fact_is_durable_but_not_urgent_ones() throws Exception {
        loop.start();
        loop.submit("write");
        assertThat(performed.take()).isEqualTo("urgent write");
        loop.submit("plain");
        assertThat(performed.take()).isEqualTo("urgent plain");
        assertThat(handled).contains("write", "plain");
        assertThat(performed).isEmpty();

        diskMayGoOn.countDown();

        assertThat(performed.take()).isEqualTo("then write");
        assertThat(performed.take()).isEqualTo("then plain");
        assertThat(performed.take()).isEqualTo("urgent persisted 1");
    }

    @Test
    void delivers_time_before_an_input_that_waited_past_the_deadline() throws Exception {
        machine.deadline = 500;
        loop.submit("late message");
        clock.set(1000);
        loop.start();
        assertThat(handled.take()).isEqualTo("tick");
        assertThat(handled.take()).isEqualTo("late message");
    }

    @Test
    void a_failed_write_ends_the_loop_and_is_reported_once() throws Exception {
        world.isDiskBroken = true;
        diskMayGoOn.countDown();
        loop.start();
        loop.submit("write");
        assertThat(failed.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(performed).containsExactly("urgent write");
    }

    @Test
    void drops_what_may_be_dropped_when_the_mailbox_is_full() {
        for (int i = 0; i < NodeLoop.MAILBOX_MAX; i++) {
            assertThat(loop.offer("message")).isTrue();
        }
        assertThat(loop.offer("one too many")).isFalse();
    }

    /** Writes at "write", has effects for everything but ticks. */
    private final class Scripted implements Machine<String, String, String> {
        private volatile long deadline = Long.MAX_VALUE;
        private long number;

        @Override
        public Step<String, String> handle(long now, String input) {
            handled.add(input);
            if (input.equals("tick")) {
                deadline = Long.MAX_VALUE;
                return new Step<>(Optional.empty(), 0, List.of(), List.of(), List.of());
            }
            List<String> then = input.startsWith("persisted") ? List.of() : List.of("then " + input);
            boolean isWrite = input.equals("write");
            return new Step<>(
                    isWrite ? Optional.of("fact") : Optional.empty(),
                    isWrite ? ++number : 0,
                    List.of("urgent " + input),
                    then,
                    List.of());
        }

        @Override
        public long nextDeadlineNanos() {
            return deadline;
        }
    }

    private final class World implements NodeLoop.Edge<String, String, String> {
        private volatile boolean isDiskBroken;

        @Override
        public long nowNanos() {
            return clock.get();
        }

        @Override
        public String tick() {
            return "tick";
        }

        @Override
        public String persisted(long number) {
            return "persisted " + number;
        }

        @Override
        public void perform(String effect) {
            performed.add(effect);
        }

        @Override
        public void persist(String fact) {
            try {
                diskMayGoOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (isDiskBroken) {
                throw new IllegalStateException("broken on purpose");
            }
        }

        @Override
        public void notice(Notice notice) {}

        @Override
        public void stepped() {}

        @Override
        public void failed(Throwable cause) {
            failed.countDown();
        }
    }
}
