package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.BlockingQueue;
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
        assertThat(made).hasSize(1);
        first.close();
        second.keep(new Told("second", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("second");
        second.close();
        made.get(0).join();
        GatePulse.Place third = join("192.0.2.52");
        assertThat(made).hasSize(2);
        third.keep(new Told("third", Long.MAX_VALUE));
        assertThat(told.take()).isEqualTo("third");
        third.close();
        made.get(1).join();
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
    void after_leaving_there_is_no_beat_and_leaving_waits_for_the_last_one() throws Exception {
        GatePulse.Place place = join("192.0.2.50");
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        place.keep(new Told("slow", 1) {
            @Override
            public long beat() {
                inside.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
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
                throw new AssertionError("as memory that is exhausted");
            }
        });
        made.get(0).join();
        String why = " abandoned: the thread that keeps gates open ended with an error";
        assertThat(List.of(told.take(), told.take())).containsExactlyInAnyOrder("first" + why, "second" + why);
        GatePulse.Place third = join("192.0.2.52");
        assertThat(made).hasSize(2);
        second.keep(new Told("second", 0));
        assertThat(told.take()).startsWith("second abandoned");
        closeAll(first, second, third);
        made.get(1).join();
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
        assertThat(made).hasSize(1);
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
        return pulse.join(
                NO_CARD,
                set(address),
                1,
                task -> {
                    Thread thread = new Thread(task);
                    made.add(thread);
                    return thread;
                },
                "ha-test-addresses");
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
        public long earlyNanos() {
            return early;
        }

        @Override
        public void abandoned(String why) {
            told.add(name + " abandoned: " + why);
        }
    }
}
