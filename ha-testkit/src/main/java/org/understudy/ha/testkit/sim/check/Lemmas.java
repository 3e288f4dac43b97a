package org.understudy.ha.testkit.sim.check;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * What the safety of leases rests on, checked where it happens: a broken lemma needs several faults at the right moments before two
 * owners show, but shows here at once. Checks SILENCE_WAITED_OUT and DOUBT_ENDS_LEASE.
 */
public final class Lemmas {

    private final Court court;
    private final List<NodeId> ids;
    private final Timing timing;
    private final List<Host> hosts = new ArrayList<>();

    public Lemmas(Court court, List<NodeId> ids, Timing timing) {
        this.court = court;
        this.ids = ids;
        this.timing = timing;
        ids.forEach(id -> hosts.add(new Host()));
    }

    /**
     * A machine begins a life; what its disk acknowledged in an earlier one still binds it.
     *
     * @param disk identity of that disk
     */
    public void booted(int node, String disk, NodeMachine machine) {
        Host host = hosts.get(node);
        if (!disk.equals(host.disk)) {
            host.acknowledged.clear();
            host.disk = disk;
        }
        host.accepted = machine.memory().acceptedBallot();
        host.generation =
                machine.memory().accepted().map(ClusterRecord::generation).orElse(0);
        host.doubtedAt = Long.MIN_VALUE;
        host.lease = null;
    }

    /**
     * @param now the clock of the node
     * @param due when the machine had wanted to be called at the latest
     */
    public void stepped(
            int node, NodeMachine machine, long now, long due, Input input, Step<Effect, DurableState> step) {
        Host host = hosts.get(node);
        boolean isLate = due != Long.MAX_VALUE && now > due + timing.guard().toNanos();
        if (isLate || input instanceof Input.ClockDoubted) {
            host.doubtedAt = now;
        }
        for (Effect effect : step.urgent()) {
            if (effect instanceof Effect.PublishLease lease) {
                host.lease = lease;
                checkLease(node, host);
            } else if (effect instanceof Effect.Send send && send.message() instanceof Message.RenewAck ack) {
                host.acknowledged.put(ack.session(), now);
            }
        }
        checkLease(node, host);
        Ballot accepted = machine.memory().acceptedBallot();
        if (!accepted.equals(host.accepted)) {
            host.accepted = accepted;
            machine.memory().accepted().ifPresent(record -> {
                checkLost(node, host, now, record);
                host.generation = record.generation();
            });
        }
    }

    private void checkLease(int node, Host host) {
        court.looked(Checker.DOUBT_ENDS_LEASE);
        Effect.PublishLease lease = host.lease;
        if (lease != null && lease.isValid() && lease.confirmedNanos() < host.doubtedAt) {
            court.violated(
                    Checker.DOUBT_ENDS_LEASE,
                    ids.get(node) + " relies on a renewal of "
                            + Timeline.millis(host.doubtedAt - lease.confirmedNanos())
                            + " ms before it had to doubt its clock");
        }
    }

    private void checkLost(int node, Host host, long now, ClusterRecord record) {
        court.looked(Checker.SILENCE_WAITED_OUT);
        Iterator<Map.Entry<Incarnation, Long>> entries =
                host.acknowledged.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<Incarnation, Long> entry = entries.next();
            Incarnation session = entry.getKey();
            if (record.isLive(session)) {
                continue;
            }
            long silence = now - entry.getValue();
            // After this the entry may hold another one's key and value.
            entries.remove();
            boolean isProved = record.endOf(session)
                    .map(SessionEnd::proof)
                    .filter(proof ->
                            proof != ProofKind.EXPIRED && proof != ProofKind.NEVER && proof != ProofKind.OPERATOR)
                    .isPresent();
            boolean isForced = record.generation() > host.generation;
            if (!isProved && !isForced && silence < timing.acceptorNanos()) {
                court.violated(
                        Checker.SILENCE_WAITED_OUT,
                        ids.get(node) + " accepted a record without " + session + ", whose renewal it had acknowledged "
                                + Timeline.millis(silence) + " ms before");
            }
        }
    }

    private static final class Host {
        private final TreeMap<Incarnation, Long> acknowledged = new TreeMap<>();
        private String disk = "";
        private Ballot accepted = Ballot.NONE;
        private int generation;
        private long doubtedAt = Long.MIN_VALUE;
        private Effect.@Nullable PublishLease lease;
    }
}
