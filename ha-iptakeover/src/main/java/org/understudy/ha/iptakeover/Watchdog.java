package org.understudy.ha.iptakeover;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.iptakeover.core.WatchdogTiming;
import org.understudy.ha.iptakeover.linux.LinuxWatchdog;
import org.understudy.ha.iptakeover.spi.WatchdogPort;

/**
 * A watchdog of the host as an enforcer: fed only while the lease is confirmed, so that at the end of a lease under which something still
 * runs the host is reset. Give it to {@code HaNode.builder().enforcer(Watchdog.of(Path.of("/dev/watchdog")))}.
 *
 * <p>The device runs only while a group that relies on it is active, and is stopped by the magic close once everything is certainly
 * stopped. The end of this process does not stop it: then the host is reset within the time-out. One node of a host can have it.
 *
 * <p>It is refused where its word would not hold or cost too much: with {@code nowayout} (or where the kernel does not say whether it is
 * set), since even an orderly stop would reset the host; without the magic close, since a kill of this process would stop it and leave
 * standing what outlives the process; and under a lease that is too short for whole seconds ({@link WatchdogTiming}).
 *
 * @since 0.1.0
 */
public final class Watchdog implements Enforcer {
    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);
    private static final long END_MILLIS = 1000;

    private final WatchdogPort port;
    private final ReentrantLock turn = new ReentrantLock();
    private final Condition news = turn.newCondition();

    /** Guarded by {@link #turn}, as everything below. */
    private WatchdogPort.@Nullable Device device;

    private @Nullable Listener listener;
    private @Nullable WatchdogTiming timing;
    private @Nullable Order order;
    private @Nullable Thread feeder;
    private boolean isStandingDown;
    private boolean isClosed;

    Watchdog(WatchdogPort port) {
        this.port = port;
    }

    /**
     * @param device for example {@code /dev/watchdog} or {@code /dev/watchdog1}
     */
    public static Watchdog of(Path device) {
        return new Watchdog(new LinuxWatchdog(device));
    }

    @Override
    public String name() {
        return "watchdog " + port.name();
    }

    @Override
    public Enforcement kind() {
        return Enforcement.HARDWARE;
    }

    @Override
    public boolean covers(Scope scope) {
        return scope != Scope.EXTERNAL;
    }

    /** Opens nothing: opening a watchdog starts it. */
    @Override
    public void start(Listener toTell) {
        turn.lock();
        try {
            listener = toTell;
            Thread thread = new Thread(this::feed, "ha-watchdog");
            thread.setDaemon(true);
            thread.start();
            feeder = thread;
        } finally {
            turn.unlock();
        }
    }

    /** Opens the device for a moment, looks and stops it again; not if it could not be stopped. */
    @Override
    public List<String> obstacles(Terms terms) {
        Optional<Boolean> noWayOut = port.isNoWayOut();
        if (noWayOut.isEmpty()) {
            return List.of(
                    "the kernel does not say whether " + port.name()
                            + " can be stopped again (/sys/class/watchdog); mount sysfs and use a kernel with CONFIG_WATCHDOG_SYSFS");
        }
        if (noWayOut.get()) {
            return List.of(port.name()
                    + " cannot be stopped once it runs, so an orderly stop of this node would reset the host; load its driver with"
                    + " nowayout=0");
        }
        List<String> obstacles = new ArrayList<>();
        try (WatchdogPort.Device found = port.open()) {
            WatchdogPort.Support support = found.support();
            if (!support.hasMagicClose()) {
                obstacles.add(port.name() + " (" + support.identity()
                        + ") stops when this process ends, and what outlives the process would stand; use a driver with the magic"
                        + " close");
            }
            if (!support.canBeFed()) {
                obstacles.add(port.name() + " (" + support.identity() + ") cannot be fed; use another driver");
            }
            int wanted = WatchdogTiming.wantedSeconds(terms);
            int actual = support.canSetTimeout() ? found.setTimeout(wanted) : found.timeout();
            Optional<WatchdogTiming> fitting = WatchdogTiming.of(terms, actual);
            if (fitting.isEmpty()) {
                obstacles.add("the lease is too short for " + port.name() + ", whose time-out is " + actual
                        + " s: after its margins it lasts " + millis(terms.lengthNanos())
                        + " ms and would have to last "
                        + millis(WatchdogTiming.lengthNeeded(terms, actual)) + " ms; make the lease longer"
                        + (support.canSetTimeout() ? "" : ", or use a driver whose time-out can be set"));
            }
            turn.lock();
            try {
                timing = fitting.orElse(null);
            } finally {
                turn.unlock();
            }
            found.stop();
        } catch (PlatformException e) {
            obstacles.add(e.getMessage());
        }
        return obstacles;
    }

    private static long millis(long nanos) {
        return TimeUnit.NANOSECONDS.toMillis(nanos);
    }

    @Override
    public void arm(Order newest) {
        turn.lock();
        try {
            WatchdogTiming times = timing;
            Order present = order;
            boolean isTaken = present == null || present.incarnation() == newest.incarnation();
            if (times == null || isClosed || !isTaken || !times.isFresh(newest.confirmedNanos(), port.bootNanos())) {
                return;
            }
            if (device == null) {
                open(newest, times);
            } else {
                order = newest;
                isStandingDown = false;
                feedIfFresh();
            }
            news.signal();
        } catch (PlatformException e) {
            lost(e);
        } finally {
            turn.unlock();
        }
    }

    /** After a stall between the check and the opening the device would run beyond the lease: it is stopped, nothing relies on it yet. */
    private void open(Order first, WatchdogTiming times) {
        WatchdogPort.Device opened = port.open();
        boolean isKept = false;
        try {
            int actual =
                    opened.support().canSetTimeout() ? opened.setTimeout(times.timeoutSeconds()) : opened.timeout();
            if (actual > times.timeoutSeconds()) {
                throw new PlatformException(
                        "WDIOC_SETTIMEOUT",
                        0,
                        port.name() + " has taken " + actual + " s where it took " + times.timeoutSeconds()
                                + " s before; see who else sets it");
            }
            opened.feed();
            if (times.isFresh(first.confirmedNanos(), port.bootNanos())) {
                device = opened;
                order = first;
                isStandingDown = false;
                isKept = true;
                acknowledge(first);
            }
        } finally {
            if (!isKept) {
                opened.stop();
            }
        }
    }

    @Override
    public void disarm(long incarnation) {
        turn.lock();
        try {
            WatchdogPort.Device present = device;
            Order last = order;
            if (present != null && last != null && last.incarnation() == incarnation) {
                device = null;
                order = null;
                present.stop();
            }
        } catch (PlatformException e) {
            LOG.error("{} could not be stopped; it will reset this host", name(), e);
            lost(e);
        } finally {
            turn.unlock();
        }
    }

    /** The thread that feeds: as often as the time-out needs, whether or not renewals come, as long as the newest is fresh. */
    private void feed() {
        turn.lock();
        try {
            while (!isClosed) {
                WatchdogTiming times = timing;
                if (device == null || times == null) {
                    news.awaitUninterruptibly();
                } else {
                    feedIfFresh();
                    pause(times.feedNanos());
                }
            }
        } catch (PlatformException e) {
            lost(e);
        } finally {
            turn.unlock();
        }
    }

    private void feedIfFresh() {
        WatchdogPort.Device present = device;
        WatchdogTiming times = timing;
        Order newest = order;
        if (present == null || times == null || newest == null) {
            return;
        }
        long now = port.bootNanos();
        if (times.isFresh(newest.confirmedNanos(), now)) {
            present.feed();
            acknowledge(newest);
        }
        Listener toTell = listener;
        if (toTell != null && !isStandingDown && times.mustStandDown(newest.confirmedNanos(), now)) {
            isStandingDown = true;
            toTell.ending(
                    name() + " will reset this host unless a majority answers or everything behind it is stopped");
        }
    }

    private void acknowledge(Order inForce) {
        Listener toTell = listener;
        if (toTell != null) {
            toTell.armed(inForce.number(), 0);
        }
    }

    /** Waiting gives the lock to who brings orders. */
    private void pause(long nanos) {
        try {
            news.awaitNanos(nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void lost(PlatformException cause) {
        Listener toTell = listener;
        if (toTell != null) {
            toTell.lost(String.valueOf(cause.getMessage()));
        }
    }

    /** A watchdog that is armed goes on without being fed: what it stands behind has not stopped. */
    @Override
    public void close() {
        Thread thread;
        turn.lock();
        try {
            isClosed = true;
            news.signalAll();
            thread = feeder;
            WatchdogPort.Device present = device;
            if (present != null) {
                LOG.error("{} stays armed although the node closes, because not everything is stopped", name());
                present.close();
                device = null;
            }
        } finally {
            turn.unlock();
        }
        if (thread != null && thread != Thread.currentThread()) {
            try {
                thread.join(END_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
