package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.iptakeover.spi.WatchdogPort;

/** Against a device that behaves as the kernel's watchdog core does, on a clock of the test. */
@Timeout(30)
class WatchdogTest {
    private static final long SECOND = 1_000_000_000L;
    private static final Enforcer.Terms TEN_SECONDS = new Enforcer.Terms(10 * SECOND, SECOND / 2, SECOND / 10);

    private final FakePort port = new FakePort();
    private final Watchdog watchdog = new Watchdog(port);
    private final News news = new News();

    @AfterEach
    void close() {
        watchdog.close();
    }

    @Test
    void looking_at_it_leaves_it_stopped() {
        assertThat(begin()).isEmpty();

        assertThat(port.isRunning).isFalse();
        assertThat(port.timeout).isEqualTo(1);
        assertThat(watchdog.covers(Scope.NODE)).isTrue();
        assertThat(watchdog.covers(Scope.EXTERNAL)).isFalse();
    }

    @Test
    void one_that_cannot_be_stopped_again_is_not_even_opened() {
        port.noWayOut = Optional.of(true);
        assertThat(begin()).singleElement().asString().contains("nowayout=0");
        port.noWayOut = Optional.empty();
        assertThat(watchdog.obstacles(TEN_SECONDS)).singleElement().asString().contains("does not say");

        assertThat(port.opened).isZero();
    }

    @Test
    void one_that_the_end_of_the_process_stops_is_refused_and_stopped() {
        port.hasMagicClose = false;
        assertThat(begin()).singleElement().asString().contains("stops when this process ends");

        assertThat(port.isRunning).isFalse();
    }

    @Test
    void a_device_that_takes_a_longer_time_out_than_the_lease_bears_is_refused() {
        port.least = 30;
        assertThat(begin())
                .singleElement()
                .asString()
                .contains("time-out is 30 s")
                .contains("make the lease longer");

        assertThat(port.isRunning).isFalse();
    }

    @Test
    void a_lease_that_is_too_short_for_whole_seconds_is_refused() {
        watchdog.start(news);

        assertThat(watchdog.obstacles(new Enforcer.Terms(960_000_000L, 100_000_000L, 20_000_000L)))
                .singleElement()
                .asString()
                .contains("too short");
    }

    @Test
    void a_device_in_use_or_absent_says_the_kernels_words() {
        port.failure = new PlatformException("open", 16, "open failed for /dev/fake: EBUSY (in use by somebody else)");

        assertThat(begin()).singleElement().asString().contains("EBUSY");
    }

    @Test
    void it_runs_only_while_it_is_armed() {
        begin();
        watchdog.arm(order(1, 1));
        assertThat(port.isRunning).isTrue();
        assertThat(news.armed).contains(1L);

        watchdog.disarm(2);
        assertThat(port.isRunning).as("another incarnation").isTrue();
        watchdog.disarm(1);
        assertThat(port.isRunning).isFalse();
        assertThat(port.resets).isZero();
    }

    @Test
    void it_is_not_fed_under_a_lease_that_nobody_confirmed_and_asks_to_stop_first() throws Exception {
        begin();
        watchdog.arm(order(1, 1));
        // Fed in real time four times a second, on the clock of the test as long as that shows a fresh confirmation.
        port.now.addAndGet(7 * SECOND);

        assertThat(news.ending.await(10, TimeUnit.SECONDS)).as("asked to stop").isTrue();
        long fed = port.lastFed();
        assertThat(fed).isLessThan(port.now.get());
        watchdog.arm(new Enforcer.Order(2, 1, port.now.get() - 7 * SECOND, port.now.get() + SECOND));
        assertThat(port.lastFed()).as("an old confirmation does not feed it").isEqualTo(fed);
        assertThat(news.armed).doesNotContain(2L);

        watchdog.arm(order(3, 1));
        assertThat(port.lastFed()).as("a fresh one does").isGreaterThan(fed);
        assertThat(news.armed).contains(3L);
    }

    @Test
    void an_opening_that_stalled_is_undone() {
        begin();
        port.stallOnOpen = 8 * SECOND;
        watchdog.arm(order(1, 1));

        assertThat(port.isRunning).isFalse();
        assertThat(news.armed).isEmpty();
    }

    @Test
    void another_incarnation_is_not_taken_until_the_first_is_disarmed() {
        begin();
        watchdog.arm(order(1, 1));
        watchdog.arm(order(2, 2));
        assertThat(news.armed).doesNotContain(2L);

        watchdog.disarm(1);
        watchdog.arm(order(3, 2));
        assertThat(news.armed).contains(3L);
    }

    @Test
    void closed_while_armed_it_goes_on_without_being_fed() {
        begin();
        watchdog.arm(order(1, 1));
        watchdog.close();

        assertThat(port.isRunning).isTrue();
        assertThat(port.isOpen).isFalse();
    }

    @Test
    void a_device_that_fails_is_lost() {
        begin();
        port.failure = new PlatformException("open", 2, "open failed for /dev/fake: ENOENT");
        watchdog.arm(order(1, 1));

        assertThat(news.lost).singleElement().asString().contains("ENOENT");
    }

    private List<String> begin() {
        watchdog.start(news);
        return watchdog.obstacles(TEN_SECONDS);
    }

    private Enforcer.Order order(long number, long incarnation) {
        long now = port.now.get();
        return new Enforcer.Order(number, incarnation, now, now + 9 * SECOND);
    }

    private static final class News implements Enforcer.Listener {
        private final List<Long> armed = new CopyOnWriteArrayList<>();
        private final List<String> lost = new CopyOnWriteArrayList<>();
        private final CountDownLatch ending = new CountDownLatch(1);

        @Override
        public void armed(long number, long latenessNanos) {
            armed.add(number);
        }

        @Override
        public void ending(String why) {
            ending.countDown();
        }

        @Override
        public void lost(String why) {
            lost.add(why);
        }
    }

    /** {@code drivers/watchdog/watchdog_dev.c}: opening starts it, closing stops it only after V or without the magic close. */
    private static final class FakePort implements WatchdogPort {
        private final AtomicLong now = new AtomicLong(100 * SECOND);
        private final List<Long> fed = new ArrayList<>();
        private Optional<Boolean> noWayOut = Optional.of(false);
        private boolean hasMagicClose = true;
        private int least = 1;
        private long stallOnOpen;
        private int opened;
        private int timeout = 60;
        private int resets;
        private volatile boolean isRunning;
        private volatile boolean isOpen;
        private volatile PlatformException failure;

        private synchronized long lastFed() {
            return fed.get(fed.size() - 1);
        }

        @Override
        public String name() {
            return "/dev/fake";
        }

        @Override
        public long bootNanos() {
            return now.incrementAndGet();
        }

        @Override
        public Optional<Boolean> isNoWayOut() {
            return noWayOut;
        }

        @Override
        public synchronized Device open() {
            if (failure != null) {
                throw failure;
            }
            opened++;
            isRunning = true;
            isOpen = true;
            fed.add(now.get());
            now.addAndGet(stallOnOpen);
            return new FakeDevice();
        }

        private final class FakeDevice implements Device {
            @Override
            public Support support() {
                return new Support("fake", true, hasMagicClose, true);
            }

            @Override
            public int setTimeout(int seconds) {
                timeout = Math.max(least, seconds);
                return timeout;
            }

            @Override
            public int timeout() {
                return timeout;
            }

            @Override
            public void feed() {
                synchronized (FakePort.this) {
                    if (now.get() - lastFed() > timeout * SECOND && isRunning) {
                        resets++;
                    }
                    fed.add(now.get());
                }
            }

            @Override
            public void stop() {
                isRunning = false;
                isOpen = false;
            }

            @Override
            public void close() {
                if (isOpen && !hasMagicClose) {
                    isRunning = false;
                }
                isOpen = false;
            }
        }
    }
}
