package org.understudy.ha.membership.enforcement;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.internal.loop.NamedThreads;

/**
 * Carries orders to an enforcer that may block, on a thread of its own. A newer order replaces one that has not begun, so a
 * slow enforcer gets fewer orders and never older ones.
 */
final class Courier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Courier.class);
    private static final long CLOSE_MILLIS = 1000;

    private final Enforcer enforcer;
    private final Thread thread;
    private final ReentrantLock turn = new ReentrantLock();
    private final Condition news = turn.newCondition();

    /** Guarded by {@link #turn}, as the two below; carried out before {@link #pendingArm}. */
    private @Nullable Long pendingDisarm;

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
            pendingDisarm = incarnation;
            pendingArm = null;
            news.signal();
        } finally {
            turn.unlock();
        }
    }

    private void carry() {
        while (true) {
            Long disarm;
            Enforcer.Order arm;
            turn.lock();
            try {
                while (pendingDisarm == null && pendingArm == null) {
                    if (isClosed) {
                        return;
                    }
                    news.awaitUninterruptibly();
                }
                disarm = pendingDisarm;
                arm = pendingArm;
                pendingDisarm = null;
                pendingArm = null;
            } finally {
                turn.unlock();
            }
            try {
                if (disarm != null) {
                    enforcer.disarm(disarm);
                }
                if (arm != null) {
                    enforcer.arm(arm);
                }
            } catch (RuntimeException e) {
                LOG.error("enforcer {} failed; what it does not acknowledge does not count", enforcer.name(), e);
            }
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
