package org.understudy.ha.iptakeover;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.linux.CardGuard;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * The guard of the card that a resource's addresses stand on, put up before a start needs it and given back when the resource is given up.
 *
 * <p><b>Concurrency.</b> Any thread.
 */
final class GuardedCard {
    private static final Logger LOG = LoggerFactory.getLogger(GuardedCard.class);

    /** Loading the programs for nothing twice a second would be more than holding an address costs. */
    private static final long AGAIN_NANOS = 10_000_000_000L;

    private final AddressSet addresses;
    private final boolean isRequired;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable CardGuard guard;
    private String lastProblem = "";
    /** When that was. */
    private long triedNanos;
    /** The last stay could not be held though the guard was in place. */
    private boolean isLetAlone;

    /** @param isRequired nothing else may serve */
    GuardedCard(AddressSet addresses, boolean isRequired) {
        this.addresses = addresses;
        this.isRequired = isRequired;
    }

    /** {@link #ready} for a start to come; what has just failed is let alone for a while. */
    void keepReady(LinkTable.Link card) {
        lock.lock();
        try {
            removeLeft();
            if (lastProblem.isEmpty() || System.nanoTime() - triedNanos > AGAIN_NANOS) {
                ready(card);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * The guard; empty where it cannot be had, which is logged. Put up if it is not: for a card that came later, or because another process has given it
     * back. Not between start and stop. A start asks for it behind a stay that was made ready: where it closes a guard that somebody took off, that stay fits no more, and has nothing to take away. After a stay that could not be held for want of room, or of what the rules need, there is none for a while, unless
     * it is required: the next start is not to fail again.
     */
    Optional<CardGuard> ready(LinkTable.Link card) {
        lock.lock();
        try {
            if (guard != null
                    && (guard.index() != card.index()
                            || guard.hasFailed()
                            || !guard.problem().isEmpty())) {
                Optional<PlatformException> why = guard.failure();
                removeLeft();
                if (guard.hasLeft()) {
                    // Nobody knows of it afterwards.
                    LOG.warn(
                            "{}: entries in the {} are left, mute, until the next start of the addresses on this host",
                            StandingAddresses.words(addresses),
                            guard);
                }
                close();
                isLetAlone = why.isPresent() && !isRequired;
                why.ifPresent(e -> tell(card, e));
            }
            if (isLetAlone && System.nanoTime() - triedNanos <= AGAIN_NANOS) {
                return Optional.empty();
            }
            isLetAlone = false;
            if (guard == null) {
                guard = CardGuard.of(card.index(), card.name());
            }
            lastProblem = "";
            return Optional.of(guard);
        } catch (PlatformException e) {
            tell(card, e);
            return Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** The guard if it was put up ahead. */
    Optional<CardGuard> ifReady(LinkTable.Link card) {
        lock.lock();
        try {
            boolean isReady = guard != null && guard.index() == card.index() && !guard.hasFailed();
            if (!isReady) {
                lastProblem = card.name() + " is new and has no guard with an absolute deadline yet";
                LOG.info("{}: {}, time-outs serve", StandingAddresses.words(addresses), lastProblem);
            }
            return isReady ? Optional.ofNullable(guard) : Optional.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the last stay could not be held though the guard was in place: what was found out about this host may be true no more. */
    boolean hasFailed() {
        lock.lock();
        try {
            return guard != null && guard.failure().isPresent();
        } finally {
            lock.unlock();
        }
    }

    /** What a stop could not take away because somebody kept the card. Under the lock. */
    private void removeLeft() {
        if (guard != null && guard.hasLeft()) {
            try {
                guard.removeLeft();
                LOG.info("{}: nothing is left in the {} any more", StandingAddresses.words(addresses), guard);
            } catch (PlatformException e) {
                LOG.debug("{}: tried again: {}", guard, e.getMessage());
            }
        }
    }

    private void tell(LinkTable.Link card, PlatformException e) {
        triedNanos = System.nanoTime();
        if (!e.getMessage().equals(lastProblem)) {
            lastProblem = e.getMessage();
            LOG.warn(
                    "{}: {} has no guard with an absolute deadline, time-outs serve instead: {}",
                    StandingAddresses.words(addresses),
                    card.name(),
                    e.getMessage());
        }
    }

    /** Why the last look gave none; empty if it gave one. */
    String problem() {
        lock.lock();
        try {
            return lastProblem;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a lease is measured on the clock that the kernel compares with. */
    static boolean hasClockOf(EnforcedLease lease) {
        LinuxHostPort kernel = new LinuxHostPort();
        long before = kernel.bootNanos();
        long now = lease.nowNanos();
        return before <= now && now <= kernel.bootNanos();
    }

    /** Whether one of the addresses may speak now; false without a guard. */
    boolean isOpen() {
        lock.lock();
        try {
            return guard != null && guard.isOpen(addresses);
        } finally {
            lock.unlock();
        }
    }

    /** Removes what is left of the addresses, after them. */
    void forget() {
        lock.lock();
        try {
            if (guard != null) {
                guard.forget(addresses);
            }
        } catch (PlatformException e) {
            LOG.warn(
                    "{}: entries in the guard of the card are left, shut: {}",
                    StandingAddresses.words(addresses),
                    e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    /** Takes the guard off the card if nobody holds anything there. */
    void retire() {
        lock.lock();
        try {
            if (guard != null) {
                guard.retire();
            }
        } catch (PlatformException e) {
            if (guard != null && guard.hasLeft()) {
                LOG.warn(
                        "{}: entries in the {} are left, mute, until the next start of the addresses on this host: {}",
                        StandingAddresses.words(addresses),
                        guard,
                        e.getMessage());
            } else {
                LOG.info("the guard of a card is left, it does nothing: {}", e.getMessage());
            }
        } finally {
            close();
            lock.unlock();
        }
    }

    private void close() {
        if (guard != null) {
            guard.close();
            guard = null;
        }
    }
}
