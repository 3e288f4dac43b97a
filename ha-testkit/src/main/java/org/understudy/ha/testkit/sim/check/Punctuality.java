package org.understudy.ha.testkit.sim.check;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.message.Message.RenewRefused;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * What must not come late as long as the loop of a node runs, whatever its disk, its groups and its peers do. Checks
 * HEARTBEATS_NEVER_WAIT and STEPS_DOWN_IN_TIME. All times are those of the node's own clock.
 */
public final class Punctuality {

    /** More than any timer of the simulation is late. */
    private static final long TIMERS_LATE = 100 * Timeline.MILLI;

    private static final long NEVER = Long.MIN_VALUE;

    private final Court court;
    private final List<NodeId> ids;
    private final Timing timing;
    private final List<Host> hosts = new ArrayList<>();

    public Punctuality(Court court, List<NodeId> ids, Timing timing) {
        this.court = court;
        this.ids = ids;
        this.timing = timing;
        ids.forEach(id -> hosts.add(new Host()));
    }

    /** A life begins, or its loop has ended: nothing is expected of it yet, or any more. */
    public void reset(int node) {
        hosts.set(node, new Host());
    }

    /** A node has a new session, and with it no lease yet. */
    public void lives(int node, long now) {
        Host host = hosts.get(node);
        host.isLive = true;
        host.heartbeatAt = now;
        host.confirmed = NEVER;
    }

    /** A node that stood still goes on. */
    public void resumes(int node, long now) {
        hosts.get(node).heartbeatAt = Math.max(hosts.get(node).heartbeatAt, now);
    }

    public void sendsHeartbeat(int node, long now) {
        hosts.get(node).heartbeatAt = now;
    }

    public void starts(int node, String group) {
        hosts.get(node).running.add(group);
    }

    public void stops(int node, String group) {
        hosts.get(node).running.remove(group);
    }

    /** A step was made; its effects are performed. */
    public void stepped(int node, boolean isLive, long now, Input input, Step<Effect, ?> step) {
        Host host = hosts.get(node);
        host.isLive &= isLive;
        if (host.confirmed != NEVER
                && now >= host.confirmed + timing.stepDownNanos()
                && now < host.confirmed + timing.holderNanos()) {
            host.ranBeforeItsEnd = true;
        }
        if (input instanceof Input.Received received && received.message() instanceof Renew renewal) {
            checkAnswer(node, received.from(), renewal, step);
        }
        court.looked(Checker.HEARTBEATS_NEVER_WAIT);
        if (host.isLive && now - host.heartbeatAt > timing.renewEvery().toNanos() + TIMERS_LATE) {
            court.violated(
                    Checker.HEARTBEATS_NEVER_WAIT,
                    ids.get(node) + " runs and has sent no heartbeat for " + Timeline.millis(now - host.heartbeatAt)
                            + " ms");
        }
    }

    private void checkAnswer(int node, NodeId from, Renew renewal, Step<Effect, ?> step) {
        for (Effect effect : step.urgent()) {
            if (effect instanceof Effect.Send send
                    && send.to().equals(from)
                    && isAnswer(send.message(), renewal.sequence())) {
                return;
            }
        }
        court.violated(
                Checker.HEARTBEATS_NEVER_WAIT,
                ids.get(node) + " does not answer heartbeat " + renewal.sequence() + " of " + from + " at once");
    }

    private static boolean isAnswer(Message message, long sequence) {
        return message instanceof RenewAck ack && ack.sequence() == sequence
                || message instanceof RenewRefused refused && refused.sequence() == sequence;
    }

    /**
     * A node publishes a lease that holds.
     *
     * @return whether its end is to be looked at, see {@link #looksAtEnd}; false if that is arranged already
     */
    public boolean confirms(int node, long confirmed) {
        Host host = hosts.get(node);
        host.confirmed = confirmed;
        host.ranBeforeItsEnd = false;
        host.heldSomething = !host.running.isEmpty();
        boolean isNew = !host.isWatched;
        host.isWatched = true;
        return isNew;
    }

    /**
     * The end that was arranged has come.
     *
     * @return when to look again on the clock of the node, {@link Long#MAX_VALUE} for never
     */
    public long looksAtEnd(int node, long now) {
        Host host = hosts.get(node);
        if (host.confirmed != NEVER && now < host.confirmed + timing.holderNanos()) {
            return host.confirmed + timing.holderNanos();
        }
        host.isWatched = false;
        if (host.confirmed == NEVER || !host.ranBeforeItsEnd) {
            return Long.MAX_VALUE;
        }
        if (host.heldSomething) {
            court.looked(Checker.STEPS_DOWN_IN_TIME);
        }
        if (!host.running.isEmpty()) {
            court.violated(
                    Checker.STEPS_DOWN_IN_TIME,
                    ids.get(node) + " ran while its lease ended and has not ordered the stop of " + host.running);
        }
        return Long.MAX_VALUE;
    }

    private static final class Host {
        private final TreeSet<String> running = new TreeSet<>();
        private boolean isLive;
        private long heartbeatAt = NEVER;
        private long confirmed = NEVER;
        private boolean ranBeforeItsEnd;
        private boolean heldSomething;
        private boolean isWatched;
    }
}
