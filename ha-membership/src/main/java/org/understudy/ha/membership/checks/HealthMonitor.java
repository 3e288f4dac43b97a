package org.understudy.ha.membership.checks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.checks.core.RiseFall;

/**
 * Makes one check again and again, and counts.
 *
 * <pre>
 * HealthMonitor.of("web", HttpCheck.of("http://127.0.0.1:8080/health").build())
 *         .every(Duration.ofSeconds(2)).timeout(Duration.ofSeconds(1)).fall(3).rise(2)
 *         .build()
 * </pre>
 *
 * <p><b>Counts.</b> {@code fall} failures in a row bring it down, {@code rise} successes bring it up. The first clear result decides alone, unless
 * {@link Builder#countFromTheFirst()} is said. A time-out is unknown, and counts as a failure: a server that does not answer in time serves nobody. With
 * {@link Builder#timeoutsAreUnknown()} it does not count. What else is unknown never counts; {@code fall} of them in a row, time-outs included, make a
 * server that is up {@code DEGRADED}.
 *
 * <p><b>Down</b> means {@code FAILED} with severity SOFT, unless {@link Builder#whenDown} or {@link Builder#whenDownDegraded} says otherwise. Its
 * reason is that of the failure that brought it down, and stays the same while it is down.
 *
 * <p><b>Threads.</b> Between {@link #start} and {@link #close} the daemon thread {@code ha-check-NAME} makes the checks, one at a time; if one takes
 * longer than the interval the next begins at once. {@link #health()} and {@link #last()} never wait for it. A check that is not back well after its
 * time-out counts as one time-out for each interval that it lasts, and is not made a second time beside itself. Everything here may be called by any thread.
 *
 * @since 0.1.0
 */
public final class HealthMonitor implements AutoCloseable {
    static final Duration TIME_MAX = Duration.ofDays(1);

    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);
    private static final Duration EVERY = Duration.ofSeconds(2);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final Duration EVERY_MIN = Duration.ofMillis(10);
    private static final Duration TIMEOUT_MIN = Duration.ofMillis(1);
    private static final int RISE = 2;
    private static final int FALL = 3;
    private static final int COUNT_MAX = 1000;
    private static final Duration GRACE = Duration.ofMillis(500);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** So long the end of a check is waited for. */
    static final Duration CLOSE_AT_MOST = Duration.ofSeconds(1);

    private final Settings settings;
    private final ReentrantLock turn = new ReentrantLock();
    private final Condition news = turn.newCondition();

    /** Guarded by {@link #turn}, as everything below. */
    private RiseFall counts;

    private @Nullable Thread worker;
    /** The worker, or the one before, which may not be quite gone. */
    private @Nullable Thread latest;

    private boolean isActive;
    /** Grows with each start: what was asked before says nothing any more. */
    private long stay;

    private long dueNanos;
    private boolean isAsking;
    private long overdueNanos;
    private boolean isCountedLate;
    private @Nullable CheckResult last;
    private String downReason = "";
    private String doubtReason = "";
    private Consumer<String> listener = sentence -> {};
    private final List<String> untold = new ArrayList<>();

    private record Settings(
            String name,
            HealthCheck check,
            Duration every,
            Duration timeout,
            RiseFall.Rules rules,
            boolean timeoutsCount,
            @Nullable Severity whenDown,
            ThreadFactory threads,
            @Nullable ClassLoader loader) {}

    private HealthMonitor(Settings settings) {
        this.settings = settings;
        this.counts = new RiseFall(settings.rules());
    }

    /**
     * @param name for threads and messages, for example {@code web}
     * @param check made by one thread at a time
     */
    public static Builder of(String name, HealthCheck check) {
        return new Builder(name, check);
    }

    /** Builds a {@link HealthMonitor}. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final HealthCheck check;
        private @Nullable Duration every;
        private @Nullable Duration timeout;
        private @Nullable Integer rise;
        private @Nullable Integer fall;
        private boolean countsFromFirst;
        private boolean timeoutsAreUnknown;
        private @Nullable Duration hold;
        private @Nullable Duration holdMax;
        private @Nullable Severity whenDown;
        private boolean isDegradedOnly;
        private @Nullable ThreadFactory threads;

        private Builder(String name, HealthCheck check) {
            this.name = Given.text("name", name);
            this.check = check;
        }

        /** From the beginning of one check to that of the next. Default 2 s; 10 ms to a day; once. */
        public Builder every(Duration value) {
            Given.once("every", every, value);
            every = Given.time("every", value, EVERY_MIN, TIME_MAX);
            return this;
        }

        /** What one check may take. Default 2 s; 1 ms to a day; once. */
        public Builder timeout(Duration value) {
            Given.once("timeout", timeout, value);
            timeout = Given.time("timeout", value, TIMEOUT_MIN, TIME_MAX);
            return this;
        }

        /** Successes in a row that bring it up. Default 2; 1 to 1000; once. */
        public Builder rise(int value) {
            Given.once("rise", rise, value);
            rise = Given.count("rise", value, COUNT_MAX);
            return this;
        }

        /** Failures in a row that bring it down. Default 3; 1 to 1000; once. */
        public Builder fall(int value) {
            Given.once("fall", fall, value);
            fall = Given.count("fall", value, COUNT_MAX);
            return this;
        }

        /** Decides nothing before {@code rise} or {@code fall} is reached, instead of by the first clear result. */
        public Builder countFromTheFirst() {
            countsFromFirst = true;
            return this;
        }

        /** A time-out does not count as a failure. */
        public Builder timeoutsAreUnknown() {
            timeoutsAreUnknown = true;
            return this;
        }

        /**
         * After a fall successes must also have come for a while before it is up again: for {@code shortest} after the first, twice as long after each
         * further one, up to {@code longest}. Who was up for ten times the longest starts anew. Default: no such damping; once.
         */
        public Builder damping(Duration shortest, Duration longest) {
            Given.once("damping", hold, shortest);
            hold = Given.time("damping", shortest, Duration.ZERO, TIME_MAX);
            holdMax = Given.time("damping", longest, shortest, TIME_MAX);
            return this;
        }

        /** Where the group goes if it is down. Default {@link Severity#SOFT}: it is started again here, then elsewhere; once. */
        public Builder whenDown(Severity value) {
            Given.once("whenDown", whenDown, value);
            whenDown = value;
            return this;
        }

        /** Down is {@code DEGRADED} and moves nothing. Not together with {@link #whenDown}. */
        public Builder whenDownDegraded() {
            isDegradedOnly = true;
            return this;
        }

        /** Makes the thread; it is named and made a daemon afterwards. Default: plain threads; once. */
        public Builder threads(ThreadFactory value) {
            Given.once("threads", threads, value);
            threads = value;
            return this;
        }

        /**
         * @throws ConfigurationException if two settings contradict each other
         */
        public HealthMonitor build() {
            List<Problem> problems = new ArrayList<>();
            if (isDegradedOnly && whenDown != null) {
                problems.add(new Problem(
                        "whenDown", whenDown.toString(), "contradicts whenDownDegraded(): leave one of them out"));
            }
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            RiseFall.Rules rules = new RiseFall.Rules(
                    rise == null ? RISE : rise,
                    fall == null ? FALL : fall,
                    !countsFromFirst,
                    hold == null ? 0 : hold.toNanos(),
                    holdMax == null ? 0 : holdMax.toNanos());
            Severity severity = whenDown == null ? Severity.SOFT : whenDown;
            return new HealthMonitor(new Settings(
                    name,
                    check,
                    every == null ? EVERY : every,
                    timeout == null ? TIMEOUT : timeout,
                    rules,
                    !timeoutsAreUnknown,
                    isDegradedOnly ? null : severity,
                    threads == null ? Executors.defaultThreadFactory() : threads,
                    Thread.currentThread().getContextClassLoader()));
        }
    }

    public String name() {
        return settings.name();
    }

    /** Begins to check, at once; nothing is known of what was before. Does nothing while it runs. */
    public void start() {
        start(sentence -> {});
    }

    /**
     * @param toTell hears one sentence about each change, on any thread; must not block
     */
    void start(Consumer<String> toTell) {
        turn.lock();
        try {
            if (isActive) {
                return;
            }
            isActive = true;
            stay++;
            counts = new RiseFall(settings.rules());
            last = null;
            untold.clear();
            listener = toTell;
            dueNanos = System.nanoTime();
            if (worker == null) {
                Thread thread = settings.threads().newThread(this::work);
                thread.setName("ha-check-" + settings.name());
                thread.setDaemon(true);
                thread.setContextClassLoader(settings.loader());
                worker = thread;
                latest = thread;
                thread.start();
            } else {
                // The check of an earlier stay hangs; its thread goes on with this one when it is back.
                overdueNanos = dueNanos + settings.timeout().plus(GRACE).toNanos();
                isCountedLate = false;
            }
            news.signalAll();
        } finally {
            turn.unlock();
        }
    }

    /**
     * Stops checking. Waits up to a second for the thread, which ends at once unless its check can neither be interrupted nor keeps to its
     * time-out; such a one is left to its own end and says so in the log. May be called again; may be started again.
     */
    @Override
    public void close() {
        end();
        awaitEnd(System.nanoTime() + CLOSE_AT_MOST.toNanos());
    }

    /** The first half of {@link #close}, without waiting. */
    void end() {
        turn.lock();
        try {
            isActive = false;
            Thread running = worker;
            if (running != null && running != Thread.currentThread()) {
                running.interrupt();
            }
            news.signalAll();
        } finally {
            turn.unlock();
        }
    }

    /** The second half, until this instant of {@link System#nanoTime} at the latest. An interrupt ends the wait and is kept. */
    void awaitEnd(long until) {
        Thread ending;
        turn.lock();
        try {
            ending = isActive ? null : latest;
        } finally {
            turn.unlock();
        }
        if (ending == null || ending == Thread.currentThread()) {
            return;
        }
        try {
            ending.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime())));
            if (ending.isAlive()) {
                LOG.warn("check {} does not end: it neither keeps to its time-out nor ends at an interrupt", name());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        while (true) {
            long mine;
            turn.lock();
            try {
                if (!awaitDue()) {
                    return;
                }
                mine = stay;
                isAsking = true;
                isCountedLate = false;
                long now = System.nanoTime();
                overdueNanos = now + settings.timeout().plus(GRACE).toNanos();
                dueNanos = now + settings.every().toNanos();
            } finally {
                turn.unlock();
            }
            CheckResult result = ask();
            turn.lock();
            try {
                isAsking = false;
                if (isActive && mine == stay && !isCountedLate) {
                    take(result, System.nanoTime());
                    news.signalAll();
                }
            } finally {
                turn.unlock();
            }
            tell();
        }
    }

    /** False if the thread is not needed any more; it is then none of the monitor's. */
    private boolean awaitDue() {
        while (isActive) {
            long left = dueNanos - System.nanoTime();
            if (left <= 0) {
                // An interrupt was for the check of an earlier stay.
                Thread.interrupted();
                return true;
            }
            try {
                news.awaitNanos(left);
            } catch (InterruptedException e) {
                // Only close() interrupts, and then it is not active.
                continue;
            }
        }
        worker = null;
        return false;
    }

    private CheckResult ask() {
        try {
            return settings.check().check(settings.timeout());
        } catch (InterruptedException e) {
            return CheckResult.unknown(settings.name() + " was interrupted");
        } catch (RuntimeException | Error e) {
            LOG.debug("check {} threw", settings.name(), e);
            return CheckResult.unknown(settings.name() + " could not be checked, its check threw " + e);
        }
    }

    private void take(CheckResult result, long nowNanos) {
        last = result;
        RiseFall.State before = counts.state();
        boolean wasDoubtful = counts.isDoubtful();
        if (result.answer() == CheckResult.Answer.YES) {
            counts.good(nowNanos);
        } else if (result.answer() == CheckResult.Answer.NO || result.isLate() && settings.timeoutsCount()) {
            counts.bad(nowNanos);
        } else {
            counts.unclear();
        }
        RiseFall.State after = counts.state();
        if (after != before) {
            downReason = after == RiseFall.State.DOWN ? result.reason() : "";
            untold.add(settings.name() + " is " + (after == RiseFall.State.UP ? "up: " : "down: ") + result.reason());
        }
        if (counts.isDoubtful() && !wasDoubtful) {
            doubtReason = result.reason();
            untold.add(settings.name() + " cannot be judged: " + result.reason());
        }
    }

    /** A check that is not back counts without being back. */
    private void countOverdue() {
        long now = System.nanoTime();
        while (isActive && isAsking && now - overdueNanos >= 0) {
            isCountedLate = true;
            overdueNanos += settings.every().toNanos();
            take(
                    CheckResult.late(settings.name() + " did not answer within "
                            + settings.timeout().toMillis() + " ms, and its check hangs"),
                    now);
        }
    }

    /** Outside of the lock, in order. */
    private void tell() {
        List<String> sentences;
        Consumer<String> toTell;
        turn.lock();
        try {
            sentences = List.copyOf(untold);
            untold.clear();
            toTell = listener;
        } finally {
            turn.unlock();
        }
        for (String sentence : sentences) {
            LOG.info("{}", sentence);
            try {
                toTell.accept(sentence);
            } catch (RuntimeException e) {
                LOG.warn("whoever hears of check {} threw", settings.name(), e);
            }
        }
    }

    /** What the last check found; empty before the first has ended. */
    public Optional<CheckResult> last() {
        turn.lock();
        try {
            return Optional.ofNullable(last);
        } finally {
            turn.unlock();
        }
    }

    /** YES while it is up, NO while it is down, UNKNOWN while nothing is decided, or while it is not started. */
    public CheckResult.Answer verdict() {
        turn.lock();
        try {
            countOverdue();
            if (!isActive || counts.state() == RiseFall.State.UNDECIDED) {
                return CheckResult.Answer.UNKNOWN;
            }
            return counts.state() == RiseFall.State.UP ? CheckResult.Answer.YES : CheckResult.Answer.NO;
        } finally {
            turn.unlock();
        }
    }

    /** As {@code ManagedResource.monitor()} wants it. Healthy also while nothing is decided; not running while it is not started. */
    public Health health() {
        Health found;
        turn.lock();
        try {
            countOverdue();
            found = judged();
        } finally {
            turn.unlock();
        }
        tell();
        return found;
    }

    private Health judged() {
        if (!isActive) {
            return Health.notRunning();
        }
        if (counts.state() == RiseFall.State.DOWN) {
            Severity severity = settings.whenDown();
            return severity == null ? Health.degraded(downReason) : Health.failed(severity, downReason);
        }
        return counts.isDoubtful() ? Health.degraded(doubtReason) : Health.healthy();
    }

    /**
     * Waits until it is up. A server that has just been started may be down for a while before.
     *
     * @return {@link #verdict()}
     */
    CheckResult.Answer awaitUp(Duration limit) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        long left = limit.toNanos();
        CheckResult.Answer found = verdict();
        while (found != CheckResult.Answer.YES && left > 0) {
            turn.lock();
            try {
                // Woken by each result; now and then to see whether one is overdue.
                news.awaitNanos(Math.min(left, LOOK_NANOS));
            } finally {
                turn.unlock();
            }
            found = verdict();
            left = end - System.nanoTime();
        }
        return found;
    }

    @Override
    public String toString() {
        return "check " + settings.name();
    }
}
