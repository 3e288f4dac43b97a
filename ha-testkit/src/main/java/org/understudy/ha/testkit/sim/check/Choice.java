package org.understudy.ha.testkit.sim.check;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect.StartGroup;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Which records really are chosen, known by counting the disks that hold their acceptance: no machine is asked. Checks
 * PROOF_COMMITTED: what a node takes for chosen is chosen, and it starts a group only under a grant in such a record.
 */
public final class Choice {

    private final Court court;
    private final Consumer<ClusterRecord> heard;
    private final Map<Ballot, Tally> tallies = new HashMap<>();
    private final Map<String, TreeMap<Long, Grant>> grants = new HashMap<>();
    private int chosen;
    private @Nullable Ballot newest;
    private Optional<ClusterRecord> newestValue = Optional.empty();
    private long newestAt;

    /**
     * @param heard told of every record that is chosen, once
     */
    public Choice(Court court, Consumer<ClusterRecord> heard) {
        this.court = court;
        this.heard = heard;
    }

    /** A record was proposed under a ballot. */
    public void proposed(Ballot ballot, ClusterRecord value) {
        Tally tally = tally(ballot);
        if (tally.value == null) {
            tally.value = value;
            decide(ballot, tally);
        }
    }

    /** A disk covers this state. */
    public void durable(AcceptorId acceptor, DurableState state) {
        if (state.accepted().isPresent()) {
            Tally tally = tally(state.acceptedBallot());
            if (tally.value == null) {
                tally.value = state.accepted().get();
            }
            tally.forgotten
                    .entrySet()
                    .removeIf(vote -> state.lives().getOrDefault(vote.getKey(), 0L) > vote.getValue()
                            && tally.acceptors.remove(vote.getKey()));
            tally.forgotten.remove(acceptor);
            if (tally.acceptors.add(acceptor)) {
                decide(state.acceptedBallot(), tally);
            }
        }
    }

    /**
     * A disk was replaced by an older copy. What it accepted since, and what is not chosen yet, counts only together with acceptors that do
     * not know of its next life when they accept: a vote of a life that is known to be over is dropped.
     *
     * @param before what it held
     * @param after what it holds now
     */
    public void wentBack(AcceptorId acceptor, DurableState before, DurableState after) {
        tallies.forEach((ballot, tally) -> {
            boolean isForgotten = ballot.isAbove(after.acceptedBallot()) && tally.acceptors.contains(acceptor);
            if (isForgotten && !tally.isChosen) {
                tally.forgotten.putIfAbsent(acceptor, before.life());
            }
        });
    }

    /** An acceptance left its node; that the disk covers it is for {@link Word} to check. */
    public void accepted(AcceptorId acceptor, Ballot ballot) {
        Tally tally = tally(ballot);
        if (tally.acceptors.add(acceptor)) {
            decide(ballot, tally);
        }
    }

    private Tally tally(Ballot ballot) {
        return tallies.computeIfAbsent(ballot, b -> new Tally());
    }

    private void decide(Ballot ballot, Tally tally) {
        ClusterRecord value = tally.value;
        if (tally.isChosen || value == null || !value.voters().isQuorum(tally.acceptors)) {
            return;
        }
        tally.isChosen = true;
        chosen++;
        if (newest == null || ballot.isAbove(newest)) {
            newest = ballot;
            newestValue = Optional.of(value);
            newestAt = court.now();
        }
        value.groups()
                .forEach((name, group) -> group.grant()
                        .ifPresent(grant -> grants.computeIfAbsent(name, n -> new TreeMap<>())
                                .putIfAbsent(grant.token(), grant)));
        heard.accept(value);
    }

    /** A node takes a record for chosen. */
    public void learned(NodeId by, Ballot ballot, ClusterRecord value) {
        court.looked(Checker.PROOF_COMMITTED);
        Tally tally = tallies.get(ballot);
        if (tally == null || !tally.isChosen) {
            court.violated(
                    Checker.PROOF_COMMITTED,
                    by + " takes record #" + value.number() + " at " + ballot + " for chosen; only "
                            + (tally == null ? "nobody" : tally.acceptors.toString()) + " has accepted it on disk");
        }
    }

    /** A node orders a start. */
    public void starts(NodeId by, StartGroup order) {
        court.looked(Checker.PROOF_COMMITTED);
        TreeMap<Long, Grant> known = grants.get(order.group());
        Grant grant = known == null ? null : known.get(order.token());
        boolean isGood = grant != null
                && grant.holder().equals(order.holder())
                && grant.holder().node().equals(by)
                && grant.proof() == order.proof();
        if (!isGood) {
            court.violated(
                    Checker.PROOF_COMMITTED,
                    by + " starts " + order.group() + " as " + order.holder() + " token " + order.token() + " by "
                            + order.proof() + "; no chosen record says so, but "
                            + (grant == null ? "nothing under that token" : grant.toString()));
        }
    }

    /** How many records are chosen. */
    public int chosen() {
        return chosen;
    }

    /** The newest of them. */
    public Optional<ClusterRecord> newest() {
        return newestValue;
    }

    /** Its ballot; {@link Ballot#NONE} if there is none. */
    public Ballot newestBallot() {
        return newest == null ? Ballot.NONE : newest;
    }

    /** When the newest one became so. */
    public long newestAt() {
        return newestAt;
    }

    private static final class Tally {
        private @Nullable ClusterRecord value;
        private final TreeSet<AcceptorId> acceptors = new TreeSet<>();
        /** Those of the acceptors whose disks have gone back behind it, with the last life in which they can have accepted it. */
        private final TreeMap<AcceptorId, Long> forgotten = new TreeMap<>();

        private boolean isChosen;
    }
}
