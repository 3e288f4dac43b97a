package org.understudy.ha.testkit.sim;

import java.util.Optional;
import java.util.TreeSet;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Which disks have forgotten something and are not made up for yet. Keeps faults within what the cluster is promised to survive: a
 * minority of lost disks, or one that went back, at a time.
 */
final class Wounds {

    private final World world;
    private final TreeSet<AcceptorId> lost = new TreeSet<>();
    private final TreeSet<Integer> back = new TreeSet<>();

    Wounds(World world) {
        this.world = world;
    }

    /** A node is about to lose its disk for good. */
    void lost(SimNode node) {
        lost.add(node.acceptor());
        back.remove(node.index());
    }

    void wentBack(SimNode node) {
        back.add(node.index());
    }

    /** Whether a node's disk went back and has not made up for it. */
    boolean wentBack(int node) {
        forgetHealed();
        return back.contains(node);
    }

    /** Whether every disk is what it was, or made up for; the version before can do neither. */
    boolean areHealed() {
        forgetHealed();
        return lost.isEmpty() && back.isEmpty() && !world.hasOlder();
    }

    /** Whether a disk may go back to an older state now. */
    boolean mayGoBack() {
        if (world.isBeyond() || world.hasOlder()) {
            return !world.hasOlder();
        }
        forgetHealed();
        // A vote that decides alone has nobody to ask.
        boolean isAlone =
                world.choice().newest().filter(r -> r.acceptors().size() > 1).isEmpty();
        return lost.isEmpty() && back.isEmpty() && isSettled() && !isAlone;
    }

    /** Whether a disk may be lost for good now. */
    boolean mayLose() {
        if (world.isBeyond() || world.hasOlder()) {
            return !world.hasOlder();
        }
        forgetHealed();
        int votes = world.choice().newest().map(r -> r.acceptors().size()).orElse(0);
        return back.isEmpty() && lost.size() < (votes - 1) / 2 && isSettled();
    }

    private void forgetHealed() {
        Optional<ClusterRecord> newest = world.choice().newest();
        lost.removeIf(acceptor -> newest.filter(r -> r.voters().isSettled() && !r.isAcceptor(acceptor))
                .isPresent());
        back.removeIf(index ->
                world.nodes().get(index).machine().filter(NodeMachine::isVoting).isPresent());
    }

    /** A forming, or a change of the voters that is under way, or that one disk has accepted, needs every disk that takes part. */
    private boolean isSettled() {
        boolean isBegun = world.nodes().stream()
                .map(node -> node.disk().durable())
                .filter(state -> state.acceptedBallot().isAbove(world.choice().newestBallot()))
                .anyMatch(state ->
                        state.accepted().filter(r -> !r.voters().isSettled()).isPresent());
        return !isBegun
                && world.choice().newest().filter(r -> r.voters().isSettled()).isPresent();
    }
}
