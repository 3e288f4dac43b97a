package org.understudy.ha.membership.agents;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.process.ProgramCall;
import org.understudy.ha.internal.process.ProgramEnd;
import org.understudy.ha.internal.process.ProgramRun;
import org.understudy.ha.membership.agents.core.Finding;

/**
 * What all services behind a program have in common: one call at a time, and looks that neither keep the group's thread nor come more often
 * than the program can bear.
 *
 * <p>A look that takes long goes on between two calls of {@link #monitor()}, which tells the last result meanwhile. A start or a stop ends it:
 * whatever it would have said is of the past.
 */
abstract class Service implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(Service.class);
    /** So long at most a monitor keeps the group's thread: a stop waits behind it. */
    private static final Duration MONITOR_WAIT = Duration.ofMillis(200);

    private final String name;
    private final ReentrantLock turn = new ReentrantLock();
    /** Guarded by {@link #turn}, as everything below but what is volatile. */
    private @Nullable ProgramRun look;

    private long lookBeganNanos;
    private long dueNanos = System.nanoTime();
    private volatile Health health = Health.notRunning();

    Service(String name) {
        this.name = name;
    }

    /** A body that holds the turn. */
    @FunctionalInterface
    interface Body {
        void run() throws ResourceException, InterruptedException;
    }

    /** Why nothing can be run, with the remedy; empty if it can. Quick: looks, and runs nothing. */
    abstract String obstacle();

    abstract void startService(StartContext context) throws ResourceException, InterruptedException;

    abstract void stopService(StopContext context) throws ResourceException, InterruptedException;

    /** The program that tells how the service is. */
    abstract ProgramCall lookCall(boolean isProbe);

    abstract Duration lookBudget();

    abstract Duration lookEvery();

    /** What it told; it ended by itself. */
    abstract Finding finding(ProgramEnd end, boolean isProbe);

    /** What that means for a service that was started. */
    abstract Health judge(Finding finding, long nowNanos);

    /** The thing on the host that this is, alike for every resource that means it. */
    abstract String thing();

    final String name() {
        return name;
    }

    @Override
    public final void start(StartContext context) throws ResourceException, InterruptedException {
        alone(() -> {
            startService(context);
            expectHealth();
        });
    }

    @Override
    public final void stop(StopContext context) throws ResourceException, InterruptedException {
        alone(() -> {
            stopService(context);
            health = Health.notRunning();
        });
    }

    /** Runs something that changes the service: a look that is under way is over, and the next is due at once. */
    final void alone(Body body) throws ResourceException, InterruptedException {
        turn.lockInterruptibly();
        try {
            if (look != null) {
                look.cancel();
                look = null;
            }
            String why = obstacle();
            if (!why.isEmpty()) {
                throw new ResourceException(Severity.HARD, why);
            }
            body.run();
        } finally {
            dueNanos = System.nanoTime();
            turn.unlock();
        }
    }

    /** It is as it should be, until a look says otherwise. */
    final void expectHealth() {
        health = Health.healthy();
    }

    /** {@inheritDoc} The last result; at most every so often, as the service was told, somebody looks. */
    @Override
    public final Health monitor() {
        if (!turn.tryLock()) {
            return health;
        }
        try {
            long now = System.nanoTime();
            if (look == null && now - dueNanos >= 0) {
                look = ProgramRun.start(lookCall(false), lookBudget());
                lookBeganNanos = now;
            }
            if (look != null) {
                Optional<ProgramEnd> end = look.await(MONITOR_WAIT);
                end.ifPresent(this::looked);
            }
        } catch (InterruptedException e) {
            look = null;
            Thread.currentThread().interrupt();
        } finally {
            turn.unlock();
        }
        return health;
    }

    private void looked(ProgramEnd end) {
        look = null;
        dueNanos = lookBeganNanos + lookEvery().toNanos();
        Health before = health;
        health = judge(found(end, false), System.nanoTime());
        if (!health.equals(before) && health.state() != Health.State.HEALTHY) {
            LOG.info("{}: {}", this, health.reason());
        }
    }

    /** Looks now. In the turn. */
    final Finding lookNow(boolean isProbe) throws InterruptedException {
        return found(ProgramRun.of(lookCall(isProbe), lookBudget()), isProbe);
    }

    private Finding found(ProgramEnd end, boolean isProbe) {
        if (end.status() < 0) {
            Severity severity = end.status() == ProgramEnd.NOT_STARTED ? Severity.HARD : Severity.SOFT;
            return Finding.unknown(severity, end.told());
        }
        Finding finding = finding(end, isProbe);
        // An answer is one, whatever ran beside it and was killed; but somebody should hear of it.
        return end.left().isEmpty() ? finding : finding.degraded(end.told());
    }

    @Override
    public final Presence probe() {
        String why = obstacle();
        Finding[] found = {Finding.unknown(Severity.HARD, why)};
        try {
            if (why.isEmpty()) {
                alone(() -> found[0] = lookNow(true));
            }
        } catch (ResourceException e) {
            found[0] = Finding.unknown(e.severity(), e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Presence presence = found[0].presence();
        if (presence != Presence.ABSENT) {
            LOG.warn("{}: {} before its first start: {}", this, presence, found[0].sentence());
        }
        return presence;
    }

    /** {@inheritDoc} Whether there is something to run; the service itself is not asked. */
    @Override
    public final Eligibility eligibility() {
        String why = obstacle();
        return why.isEmpty() ? Eligibility.eligible() : Eligibility.veto(why);
    }

    /** {@link Scope#NODE}: a service outlives the process that had it started. */
    @Override
    public Scope scope() {
        return Scope.NODE;
    }

    /** {@inheritDoc} A name that no last will knows: nobody can say of a dead node's service that it is gone. */
    @Override
    public final List<String> remains() {
        return List.of(thing());
    }

    /** Tells the log the whole of what is shortened on its way to the status of the group. */
    final ResourceException failure(Severity severity, String what, ProgramEnd end) {
        String whole = what + "; " + end.told();
        LOG.warn("{}: {}", this, whole);
        return new ResourceException(severity, whole);
    }

    /** A failure with what is known of it. */
    final void warn(String sentence) {
        LOG.warn("{}: {}", this, sentence);
    }

    /** Of an action that did not come to an end of its own. */
    final ResourceException noEnd(ProgramEnd end) {
        boolean isNever = end.status() == ProgramEnd.NOT_STARTED;
        return failure(isNever ? Severity.HARD : Severity.SOFT, isNever ? "not run" : "no answer", end);
    }
}
