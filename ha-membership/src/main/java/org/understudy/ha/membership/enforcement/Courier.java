package org.understudy.ha.membership.enforcement;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.internal.loop.NamedThreads;

/**
 * Carries orders to an enforcer that may block, on a thread of its own. A newer order to arm replaces one that has not begun, so a
 * slow enforcer gets fewer orders and never older ones; an order to disarm is never lost, because what stays armed strikes.
 */
final class Courier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
    private static final long CLOSE_MILLIS = 1000;

    private final Enforcer enforcer;
    private final Thread thread;
    private final ReentrantLock turn = new ReentrantLock();
    private final Condition news = turn.newCondition();

    /** Guarded by {@link #turn}, as the two below; carried out before {@link #pendingArm}. */
    private final SortedSet<Long> pendingDisarms = new TreeSet<>();

    private Enforcer.@Nullable Order pendingArm;
    private boolean isClosed;

    Courier(Enforcer enforcer, NamedThreads threads) {
        this.enforcer = enforcer;
        this.thread = threads.thread("enforcer-" + enforcer.name(), this::carry);
        this.thread.start();
    }

    void arm(Enforcer.Order order) {
        turn.lock();
        try {
            pendingArm = order;
            news.signal();
        } finally {
            turn.unlock();
        }
    }

    void disarm(long incarnation) {
        turn.lock();
        try {
            pendingDisarms.add(incarnation);
            if (pendingArm != null && pendingArm.incarnation() == incarnation) {
                pendingArm = null;
            }
            news.signal();
        } finally {
            turn.unlock();
        }
    }

    private void carry() {
        while (true) {
            List<Long> disarms;
            Enforcer.Order arm;
            turn.lock();
            try {
                while (pendingDisarms.isEmpty() && pendingArm == null) {
                    if (isClosed) {
                        return;
                    }
                    news.awaitUninterruptibly();
                }
                disarms = List.copyOf(pendingDisarms);
                arm = pendingArm;
                pendingDisarms.clear();
                pendingArm = null;
            } finally {
                turn.unlock();
            }
            disarms.forEach(disarm -> order(() -> enforcer.disarm(disarm)));
            if (arm != null) {
                order(() -> enforcer.arm(arm));
            }
        }
    }

    /** One that fails must not keep the others from being carried. */
    private void order(Runnable order) {
        try {
            order.run();
        } catch (RuntimeException | Error e) {
            LOG.error("enforcer {} failed; what it does not acknowledge does not count", enforcer.name(), e);
        }
    }

    /** Carries what is pending, then ends; bounded to about a second. */
    @Override
    public void close() {
        turn.lock();
        try {
            isClosed = true;
            news.signal();
        } finally {
            turn.unlock();
        }
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            thread.interrupt();
            LOG.warn("enforcer {} does not return; its thread is left behind", enforcer.name());
        }
    }
}
