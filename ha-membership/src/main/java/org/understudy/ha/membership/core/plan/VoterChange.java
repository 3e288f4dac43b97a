package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Voters;

/**
 * How the set of acceptors changes. Pure.
 *
 * <p>One acceptor at a time comes, goes or is replaced, so that the two sets share all but one: a change that nobody finishes blocks
 * little that one lost node more would not have blocked. It is begun only while
 * acceptors that are heard hold a majority of both sets. A node that comes back with another disk than the one that votes is taken
 * over by itself: its old disk's votes would never count again. Everything else an operator asks for.
 */
final class VoterChange {

    private VoterChange() {}

    /** The next step of a change under way, alone in its record; empty if none is. */
    static Optional<Plan> step(ClusterRecord base) {
        if (base.voters().isSettled()) {
            return Optional.empty();
        }
        Voters next = base.voters().step();
        return Optional.of(
                plan(base, next, List.of(new Notice(base.cluster(), Reason.VOTERS_CHANGED, next.toString()))));
    }

    /** Begins a change, if one is wanted and can be finished. */
    static Optional<Plan> begin(ClusterRecord base, Facts facts, List<Notice> notices) {
        Optional<TreeSet<AcceptorId>> wanted = base.voters().isSettled() ? wanted(base, facts) : Optional.empty();
        if (wanted.isEmpty()) {
            return Optional.empty();
        }
        List<Notice> said = new ArrayList<>(notices);
        Voters next = base.voters().towards(wanted.get(), base.number() + 1);
        TreeSet<AcceptorId> heard = new TreeSet<>(next.all());
        heard.removeIf(acceptor -> !facts.reachable().contains(acceptor.node()) || !isOnDisk(base, facts, acceptor));
        if (!next.isQuorum(heard)) {
            said.add(new Notice(
                    base.cluster(),
                    Reason.VOTERS_WAIT,
                    "the change to " + wanted.get() + " waits: only " + heard
                            + " are heard, which is no majority of both sets"));
            return Optional.of(new Plan(base, false, said));
        }
        if (!facts.isBaseChosen()) {
            // Written again as it is; the change follows once that is known to be chosen.
            return Optional.empty();
        }
        said.add(new Notice(base.cluster(), Reason.VOTERS_CHANGED, next.toString()));
        return Optional.of(plan(base, next, said));
    }

    private static Plan plan(ClusterRecord base, Voters next, List<Notice> notices) {
        return new Plan(base.withVoters(next).withNumber(base.number() + 1), true, notices);
    }

    /** The set that is wanted instead of the present one; empty if it is the present one. */
    private static Optional<TreeSet<AcceptorId>> wanted(ClusterRecord base, Facts facts) {
        for (AcceptorId acceptor : base.acceptors()) {
            Optional<AcceptorId> present = onDisk(base, acceptor.node());
            boolean isOther = present.filter(p -> !p.equals(acceptor)).isPresent();
            if (isOther && facts.reachable().contains(acceptor.node())) {
                return Optional.of(without(base, acceptor.node(), present));
            }
        }
        for (Operation operation : facts.operations()) {
            boolean isPossible = refusal(base, operation).isEmpty() && !isDone(base, operation);
            if (isPossible && operation.kind() == Operation.Kind.ADMIT) {
                return Optional.of(without(base, operation.node(), onDisk(base, operation.node())));
            }
            if (isPossible && operation.kind() == Operation.Kind.REMOVE) {
                return Optional.of(without(base, operation.node(), Optional.empty()));
            }
        }
        return Optional.empty();
    }

    private static TreeSet<AcceptorId> without(ClusterRecord base, NodeId node, Optional<AcceptorId> instead) {
        TreeSet<AcceptorId> set = new TreeSet<>(base.acceptors());
        set.removeIf(acceptor -> acceptor.node().equals(node));
        instead.ifPresent(set::add);
        return set;
    }

    /** The acceptor that a node with a session would be. */
    private static Optional<AcceptorId> onDisk(ClusterRecord base, NodeId node) {
        return Optional.ofNullable(base.sessions().get(node))
                .map(Session::disk)
                .filter(disk -> !disk.isEmpty())
                .map(disk -> new AcceptorId(node, disk));
    }

    /** An acceptor counts as heard only on the disk that votes: as its node says now, or said when it joined. */
    private static boolean isOnDisk(ClusterRecord base, Facts facts, AcceptorId acceptor) {
        return Optional.ofNullable(facts.joins().get(acceptor.node()))
                .map(join -> new AcceptorId(acceptor.node(), join.disk()))
                .or(() -> onDisk(base, acceptor.node()))
                .filter(acceptor::equals)
                .isPresent();
    }

    static Optional<String> refusal(ClusterRecord record, Operation operation) {
        if (operation.kind() == Operation.Kind.ADMIT) {
            return onDisk(record, operation.node()).isPresent()
                    ? Optional.empty()
                    : Optional.of(operation.node() + " has no session now: start it, and admit it once it has joined;"
                            + " in the cluster now are "
                            + record.sessions().keySet());
        }
        if (operation.kind() == Operation.Kind.REMOVE) {
            boolean isLast = record.voters().all().stream()
                    .allMatch(acceptor -> acceptor.node().equals(operation.node()));
            return isLast
                    ? Optional.of(operation.node() + " is the only vote; admit another one first")
                    : Optional.empty();
        }
        return Optional.of(operation.kind() + " changes no voters");
    }

    static boolean isDone(ClusterRecord record, Operation operation) {
        boolean isVoter =
                record.acceptors().stream().anyMatch(acceptor -> acceptor.node().equals(operation.node()));
        if (!record.voters().isSettled()) {
            return false;
        }
        return operation.kind() == Operation.Kind.REMOVE
                ? !isVoter
                : onDisk(record, operation.node()).filter(record::isAcceptor).isPresent();
    }
}
