package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** On an interface that does not exist: nothing is heard there, and anybody may listen. */
@Timeout(30)
class GatePulseTest {
    private static final int NO_CARD = Integer.MAX_VALUE;
    private static final long SECOND = 1_000_000_000;

    private final GatePulse pulse = new GatePulse();
    private final List<Thread> made = new CopyOnWriteArrayList<>();
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Test
    void the_first_starts_the_thread_and_it_ends_with_the_last() throws Exception {
        GatePulse.Place first = join("192.0.2.50");
        GatePulse.Place second = join("192.0.2.51");
        assertThat(made).hasSize(2);
        first.close();
        second.keep(new Told("second", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("second");
        second.close();
        joinAll(made.subList(0, 2));
        GatePulse.Place third = join("192.0.2.52");
        assertThat(made).hasSize(4);
        third.keep(new Told("third", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("third");
        third.close();
        joinAll(made);
    }

    @Test
    void whoever_holds_the_threads_keeps_them_without_a_stay() throws Exception {
        hold();
        assertThat(made).hasSize(2);
        for (String address : List.of("192.0.2.50", "192.0.2.51")) {
            GatePulse.Place place = join(address);
            place.keep(new Told(address, Long.MAX_VALUE));
            assertThat(told.take()).isEqualTo(address);
            place.close();
        }
        hold();
        pulse.release();
        GatePulse.Place last = join("192.0.2.52");
        pulse.release();
        last.keep(new Told("last", Long.MAX_VALUE));
        assertThat(told.take()).as("a stay keeps them too").isEqualTo("last");
        assertThat(made).hasSize(2);
        last.close();
        joinAll(made);
        hold();
        pulse.release();
        joinAll(made);
        assertThat(made).hasSize(4);
    }

    @Test
    void whoever_cannot_start_them_holds_nothing() throws Exception {
        assertThatThrownBy(() -> pulse.hold(
                        NO_CARD,
                        set("192.0.2.50"),
                        1,
                        task -> {
                            throw new IllegalStateException("no thread");
                        },
                        "ha-test"))
                .hasMessage("no thread");
        GatePulse.Place place = join("192.0.2.50");
        place.close();
        joinAll(made);
    }

    @Test
    void what_is_held_and_ends_with_an_error_is_started_anew_by_the_next() throws Exception {
        hold();
        made.get(0).setUncaughtExceptionHandler((thread, e) -> {});
        GatePulse.Place first = join("192.0.2.50");
        first.keep(new Told("first", 0) {
            @Override
            public long beat() {
                throw new InternalError("as memory that is exhausted");
            }
        });
        joinAll(made);
        first.close();
        GatePulse.Place second = join("192.0.2.51");
        assertThat(made).hasSize(4);
        second.close();
        pulse.release();
        joinAll(made);
    }

    @Test
    void looks_come_after_the_first_beat_and_then_more_rarely_than_beats() throws Exception {
        GatePulse.Place place = join("192.0.2.50");
        CountDownLatch fourLooks = new CountDownLatch(4);
        long delay = 20_000_000;
        long begin = System.nanoTime();
        place.keep(new Told("kept", delay) {
            @Override
            public void look() {
                fourLooks.countDown();
            }
        });
        fourLooks.await();
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(3 * (delay + delay / 2));
        place.close();
        joinAll(made);
    }

    @Test
    void what_is_nearly_due_is_moved_with_what_is_due() throws Exception {
        GatePulse.Place slow = join("192.0.2.50");
        slow.keep(new Told("slow", 3600 * SECOND));
        assertThat(told.take()).isEqualTo("slow");
        GatePulse.Place early = join("192.0.2.51");
        early.keep(new Told("early", 3600 * SECOND, 3600 * SECOND));
        assertThat(told.take()).isEqualTo("early");
        GatePulse.Place due = join("192.0.2.52");
        due.keep(new Told("due", Long.MAX_VALUE));
        assertThat(List.of(told.take(), told.take())).containsExactlyInAnyOrder("early", "due");
        assertThat(told).isEmpty();
        closeAll(slow, early, due);
    }

    @Test
    void one_that_fails_is_told_and_the_others_go_on() throws Exception {
        GatePulse.Place failing = join("192.0.2.50");
        GatePulse.Place other = join("192.0.2.51");
        failing.keep(new Told("failing", 0) {
            @Override
            public long beat() {
                throw new IllegalStateException("of this one");
            }
        });
        assertThat(told.take()).isEqualTo("failing abandoned: its gate could not be kept open: of this one");
        other.keep(new Told("other", 1));
        for (int i = 0; i < 3; i++) {
            assertThat(told.take()).isEqualTo("other");
        }
        closeAll(failing, other);
    }

    @Test
    void one_that_cannot_say_how_early_it_may_come_is_none_of_the_others_business() throws Exception {
        GatePulse.Place failing = join("192.0.2.50");
        GatePulse.Place other = join("192.0.2.51");
        failing.keep(new Told("failing", 0) {
            @Override
            public long earlyNanos() {
                throw new IllegalStateException("of this one");
            }
        });
        assertThat(told.take()).isEqualTo("failing abandoned: its gate could not be kept open: of this one");
        other.keep(new Told("other", 1));
        assertThat(told.take()).isEqualTo("other");
        closeAll(failing, other);
    }

    @Test
    void threads_do_not_keep_the_class_loader_of_whoever_was_first() {
        Thread.currentThread().setContextClassLoader(new ClassLoader() {});
        try {
            join("192.0.2.50").close();
        } finally {
            Thread.currentThread().setContextClassLoader(getClass().getClassLoader());
        }
        assertThat(made)
                .hasSize(2)
                .allMatch(thread -> thread.getContextClassLoader() == GatePulse.class.getClassLoader());
    }

    @Test
    void after_leaving_there_is_no_beat_and_leaving_waits_for_the_last_one() throws Exception {
        GatePulse.Place place = join("192.0.2.50");
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        place.keep(new Told("slow", 1) {
            @Override
            public long beat() {
                inside.countDown();
                awaitIt(goOn);
                return super.beat();
            }
        });
        inside.await();
        assertThat(place.leave()).as("it hangs").isFalse();
        goOn.countDown();
        assertThat(told.take()).isEqualTo("slow");
        assertThat(place.leave()).isTrue();
        GatePulse.Place other = join("192.0.2.51");
        other.keep(new Told("other", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("other");
        assertThat(told).isEmpty();
        closeAll(place, other);
    }

    @Test
    void a_thread_that_ends_with_an_error_is_told_to_all_and_the_next_makes_another() throws Exception {
        GatePulse.Place first = join("192.0.2.50");
        GatePulse.Place second = join("192.0.2.51");
        second.keep(new Told("second", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("second");
        made.get(0).setUncaughtExceptionHandler((thread, e) -> {});
        first.keep(new Told("first", 0) {
            @Override
            public long beat() {
                throw new InternalError("as memory that is exhausted");
            }
        });
        made.get(0).join();
        // Whoever comes while it ends is told so itself.
        String why = " abandoned: the thread that keeps gates open ";
        List<String> both = List.of(told.take(), told.take());
        assertThat(both).anyMatch(one -> one.startsWith("first" + why));
        assertThat(both).contains("second" + why + "ended with an error");
        first.hearAlso(NO_CARD - 1);
        GatePulse.Place third = join("192.0.2.52");
        assertThat(made).hasSize(4);
        second.keep(new Told("second", 0));
        assertThat(told.take()).startsWith("second abandoned");
        closeAll(first, second, third);
        joinAll(made);
    }

    @Test
    void one_whose_classes_cannot_be_loaded_is_none_of_the_others_business() throws Exception {
        GatePulse.Place failing = join("192.0.2.50");
        GatePulse.Place other = join("192.0.2.51");
        for (Error error : List.of(new NoClassDefFoundError("Some"), new AssertionError("Some"))) {
            failing.keep(new Told("failing", 0) {
                @Override
                public long beat() {
                    throw error;
                }
            });
            assertThat(told.take()).isEqualTo("failing abandoned: its gate could not be kept open: Some");
        }
        other.keep(new Told("other", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("other");
        closeAll(failing, other);
    }

    @Test
    void looks_come_after_beats_and_hold_up_no_gate() throws Exception {
        GatePulse.Place waiting = join("192.0.2.50");
        GatePulse.Place other = join("192.0.2.51");
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        waiting.keep(new Told("waiting", Long.MAX_VALUE) {
            @Override
            public void look() {
                told.add("looks");
                inside.countDown();
                awaitIt(goOn);
                told.add("has looked");
            }
        });
        assertThat(told.take()).isEqualTo("waiting");
        assertThat(told.take()).isEqualTo("looks");
        inside.await();
        other.keep(new Told("other", 1) {
            @Override
            public void look() {
                told.add("the look of the other");
            }
        });
        for (int i = 0; i < 3; i++) {
            assertThat(told.take()).isEqualTo("other");
        }
        assertThat(waiting.leave()).as("only beats are waited for").isTrue();
        goOn.countDown();
        List<String> rest = new CopyOnWriteArrayList<>();
        while (!rest.contains("the look of the other")) {
            rest.add(told.take());
        }
        assertThat(rest).contains("has looked");
        closeAll(waiting, other);
        joinAll(made);
    }

    @Test
    void a_look_that_fails_ends_its_own_place_only() throws Exception {
        GatePulse.Place failing = join("192.0.2.50");
        failing.keep(new Told("failing", Long.MAX_VALUE) {
            @Override
            public void look() {
                throw new IllegalStateException("of this one");
            }
        });
        assertThat(told.take()).isEqualTo("failing");
        assertThat(told.take()).isEqualTo("failing abandoned: its gate could not be looked after: of this one");
        failing.close();
        joinAll(made);
    }

    @Test
    void an_interrupted_thread_leaves_as_any_other() throws Exception {
        GatePulse.Place place = join("192.0.2.50");
        place.keep(new Told("kept", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("kept");
        Thread.currentThread().interrupt();
        boolean isQuiet = place.leave();
        assertThat(Thread.interrupted()).as("kept for later").isTrue();
        assertThat(isQuiet).isTrue();
        place.close();
    }

    @Test
    void whoever_makes_threads_may_wait_for_somebody_who_joins() throws Exception {
        GatePulse.Place first = pulse.join(
                NO_CARD,
                set("192.0.2.50"),
                1,
                task -> {
                    CompletableFuture.runAsync(() -> join("192.0.2.51").close()).join();
                    return new Thread(task);
                },
                "ha-test-addresses");
        first.keep(new Told("first", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("first");
        first.close();
        joinAll(made);
    }

    private static void joinAll(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void awaitIt(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void a_thread_that_cannot_be_made_leaves_nothing() {
        assertThatThrownBy(() -> pulse.join(
                        NO_CARD,
                        set("192.0.2.50"),
                        1,
                        task -> new Thread(task) {
                            @Override
                            public void start() {
                                throw new IllegalStateException("no thread");
                            }
                        },
                        "ha-test"))
                .hasMessage("no thread");
        GatePulse.Place place = join("192.0.2.50");
        assertThat(made).hasSize(2);
        place.close();
    }

    @Test
    void who_waits_is_woken() {
        GatePulse.Place place = join("192.0.2.50");
        place.wake();
        assertThat(place.await(Long.MAX_VALUE)).isEmpty();
        assertThat(place.await(0)).isEmpty();
        place.close();
    }

    private GatePulse.Place join(String address) {
        return pulse.join(NO_CARD, set(address), 1, this::thread, "ha-test-addresses");
    }

    private void hold() {
        pulse.hold(NO_CARD, set("192.0.2.50"), 1, this::thread, "ha-test-addresses");
    }

    private Thread thread(Runnable task) {
        Thread thread = new Thread(task);
        made.add(thread);
        return thread;
    }

    private static AddressSet set(String address) {
        return new AddressSet(List.of(IpAddress.parse(address).orElseThrow()));
    }

    private static void closeAll(GatePulse.Place... places) {
        List.of(places).forEach(GatePulse.Place::close);
    }

    private class Told implements GatePulse.Stay {
        private final String name;
        private final long delay;
        private final long early;

        Told(String name, long delay) {
            this(name, delay, 0);
        }

        Told(String name, long delay, long early) {
            this.name = name;
            this.delay = delay;
            this.early = early;
        }

        @Override
        public long beat() {
            told.add(name);
            return delay;
        }

        @Override
        public void look() {
            // There is nothing to see.
        }

        @Override
        public long earlyNanos() {
            return early;
        }

        @Override
        public void abandoned(String why) {
            told.add(name + " abandoned: " + why);
        }
    }
}
