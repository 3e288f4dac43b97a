package org.understudy.ha.membership;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.runtime.NodeLanes;

/** How long a node waits before it closes: first until its groups have stopped, then until a majority knows that it leaves. */
final class Farewell {

    private static final Logger LOG = LoggerFactory.getLogger(UnderstudyNode.class);
    private static final long LEAVE_MILLIS = 3000;
    private static final long LOOK_MILLIS = 20;

    private final NodeId node;
    private final NodeLanes lanes;
    private final CountDownLatch said = new CountDownLatch(1);

    Farewell(NodeId node, NodeLanes lanes) {
        this.node = node;
        this.lanes = lanes;
    }

    /** A majority knows, or there is nobody left in this node who could tell it. Any thread. */
    void said() {
        said.countDown();
    }

    /**
     * First the groups get the time they were promised for stopping, then the others a few seconds to note that we left. Returns whether this
     * thread was interrupted meanwhile.
     */
    boolean await() {
        long stopBudget = lanes.stopMillis();
        long giveUp = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(stopBudget + LEAVE_MILLIS);
        long stopped = Long.MAX_VALUE;
        boolean isInterrupted = false;
        while (true) {
            boolean isIdle = lanes.isIdle();
            try {
                if (isIdle && said.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                    return isInterrupted;
                }
            } catch (InterruptedException e) {
                isInterrupted = true;
            }
            long now = System.nanoTime();
            if (isIdle && stopped == Long.MAX_VALUE) {
                stopped = now;
            }
            if (now > giveUp
                    || (stopped != Long.MAX_VALUE && now - stopped > TimeUnit.MILLISECONDS.toNanos(LEAVE_MILLIS))) {
                LOG.warn(
                        isIdle
                                ? "node {} could not tell a majority that it leaves; the others wait for its lease to end"
                                : "node {} closes although a resource could not be stopped; see above",
                        node);
                return isInterrupted;
            }
            if (!isIdle) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
                isInterrupted |= Thread.interrupted();
            }
        }
    }
}
