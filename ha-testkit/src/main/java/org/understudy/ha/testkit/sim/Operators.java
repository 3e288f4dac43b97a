package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;

/** What people and strangers do: moves, leaves, vetoes, failures of groups, forged and late wills, false views. */
final class Operators {

    /** How long a machine tries what an operator asks for. */
    private static final long TRIED = 10_000 * World.MILLI;

    /** When even an operator who is quick has seen that a majority is gone. */
    private static final long NOTICED = 400 * World.MILLI;
    /** When a word about a lost majority has long been acted on. */
    private static final long FORCED = 3_000 * World.MILLI;

    private static final int FORGOTTEN_TIMES = 8;

    private final World world;
    private long requests;
    private long votesReturnAt;
    private boolean hasForced;

    Operators(World world) {
        this.world = world;
    }

    /** Whether a vote that an operator took away may not be back yet: a cluster that was made smaller has less to lose. */
    boolean isSmaller() {
        return world.now() < votesReturnAt;
    }

    void act(Fault fault, SimNode node) {
        switch (fault.kind()) {
            case MOVE -> {
                world.placements().asksMove(group(fault).name(), world.ids().get(fault.other()));
                node.input(new Input.MoveWanted(
                        world.now(), group(fault).name(), world.ids().get(fault.other())));
            }
            case DRAIN -> {
                operate(node, Operation.Kind.DRAIN, world.ids().get(fault.other()), 0);
                world.in(
                        fault.lengthNanos(),
                        () -> operate(node, Operation.Kind.ACTIVATE, world.ids().get(fault.other()), 0));
            }
            case MAINTENANCE -> maintain(fault, node);
            case FORGET -> forget(fault, node);
            case CLEAR -> clear(node, group(fault).family(), world.ids().get(fault.other()));
            case SCORE -> node.process().ifPresent(p -> p.lane(group(fault)).scores(fault.luck()));
            case STANDBY -> {
                operate(node, Operation.Kind.STANDBY, world.ids().get(fault.other()), 0);
                world.in(
                        fault.lengthNanos(),
                        () -> operate(node, Operation.Kind.ACTIVATE, world.ids().get(fault.other()), 0));
            }
            case REMOVE_VOTE -> {
                votesReturnAt = Math.max(votesReturnAt, world.now() + fault.lengthNanos() + TRIED);
                operate(node, Operation.Kind.REMOVE, world.ids().get(fault.other()), 0);
                world.in(
                        fault.lengthNanos(),
                        () -> operate(node, Operation.Kind.ADMIT, world.ids().get(fault.other()), 0));
            }
            case CONFIRM_DOWN -> confirmDown(fault, node);
            case LEAVE -> node.leave();
            case FORGED_WILL -> forgeWill(node, fault.luck());
            case LATE_WILL -> world.oldWill(fault.luck()).ifPresent(will -> world.sendWill(node, will));
            case ODD_VIEW -> node.input(new Input.ViewChanged(oddView(node, fault.luck())));
            case GROUP_FAILS ->
                node.process()
                        .ifPresent(p -> p.lane(group(fault))
                                .fail(SimRandom.happens(fault.luck() + 1, 500) ? Severity.SOFT : Severity.HARD));
            case VETO -> {
                veto(node, fault, "simulated veto");
                world.in(fault.lengthNanos(), () -> veto(node, fault, ""));
            }
            default -> throw new IllegalArgumentException("no rule for " + fault);
        }
    }

    private SimGroup group(Fault fault) {
        return world.groups().get(fault.group());
    }

    private void veto(SimNode node, Fault fault, String why) {
        node.process().ifPresent(p -> p.lane(group(fault)).veto(why));
    }

    private void maintain(Fault fault, SimNode node) {
        long kind = SimRandom.scale(fault.luck(), 0, 1000);
        Target target = kind < 600
                ? Target.group(group(fault).family())
                : kind < 850 ? Target.node(world.ids().get(fault.other())) : Target.everything();
        operate(node, Operation.Kind.MAINTAIN, target);
        world.in(fault.lengthNanos(), () -> operate(node, Operation.Kind.RESUME, target));
    }

    /** Nobody knows when the last node has stopped it, so the operator asks several times. */
    private void forget(Fault fault, SimNode node) {
        SimGroup group = group(fault);
        long length = fault.lengthNanos();
        for (SimNode each : world.nodes()) {
            long luck = fault.luck() + each.index() * 10L;
            world.in(SimRandom.scale(luck, 0, length / 4), () -> register(group, each, false));
            world.in(length + SimRandom.scale(luck + 1, 0, length / 4), () -> register(group, each, true));
        }
        for (int i = 0; i < FORGOTTEN_TIMES; i++) {
            world.in(SimRandom.scale(fault.luck() + 1_000 + i, 0, length * 5 / 4), () -> {
                if (!world.isHealed()) {
                    operate(node, Operation.Kind.FORGET, Target.group(group.family()));
                }
            });
        }
    }

    private void register(SimGroup group, SimNode node, boolean isOffered) {
        if (world.isHealed()) {
            return;
        }
        world.registrations().offer(group, node.index(), isOffered);
        for (SimGroup part : world.groups()) {
            if (part.family().equals(group.family())) {
                node.process().ifPresent(p -> p.lane(part).register(world.registration(node, part)));
            }
        }
    }

    private void clear(SimNode at, String group, NodeId node) {
        at.input(new Input.ClearWanted(++requests, group, node));
    }

    /** The process of another node ends unseen; the operator at this one knows, and says so before anybody could have waited. */
    private void confirmDown(Fault fault, SimNode node) {
        SimNode victim = world.nodes().get(fault.other());
        Incarnation who = victim.guarded();
        if (who == null || !victim.isUp()) {
            return;
        }
        victim.powerOff();
        operate(node, Operation.Kind.CONFIRM_DOWN, who.node(), who.number());
        world.in(fault.lengthNanos(), victim::boot);
    }

    private void operate(SimNode at, Operation.Kind kind, NodeId about, long incarnation) {
        operate(at, new Operation(kind, about, incarnation, "operator", "simulated"));
    }

    private void operate(SimNode at, Operation.Kind kind, Target target) {
        operate(at, new Operation(kind, at.id(), 0, Optional.of(target), "operator", "simulated"));
    }

    /** The version before takes no words. */
    private void operate(SimNode at, Operation operation) {
        if (!world.hasOlder()) {
            at.input(new Input.OperationWanted(++requests, operation));
        }
    }

    /**
     * An operator who knows that a disk is what it was says so, where too many others are gone to ask.
     */
    void vouch(SimNode node) {
        if (node.machine().filter(m -> !m.isVoting()).isPresent()) {
            node.input(new Input.VouchWanted(++requests, "operator", "simulated"));
            world.count("disks vouched for");
        }
    }

    /** The operator has seen that a majority is lost for good, and that nothing runs elsewhere. */
    void force(SimNode node) {
        hasForced = true;
        // While a majority was heard a moment ago the word is refused. It may be forgotten too, if that node ends: see
        // forceAgain.
        world.in(NOTICED, () -> node.input(new Input.ForceWanted(++requests, "operator", "simulated")));
        world.in(FORCED, () -> world.ids().forEach(id -> operate(node, Operation.Kind.ADMIT, id, 0)));
    }

    /** The word is given once more if no majority of those who may decide is left: where most is known. */
    void forceAgain() {
        Optional<Voters> voters = world.choice().newest().map(ClusterRecord::voters);
        List<SimNode> left = world.nodes().stream()
                .filter(node -> voters.filter(v -> v.names(node.acceptor())).isPresent())
                .sorted(Comparator.comparing(
                                (SimNode node) -> node.disk().durable().acceptedBallot())
                        .reversed())
                .toList();
        boolean isLost = voters.filter(
                        v -> !v.isQuorum(left.stream().map(SimNode::acceptor).toList()))
                .isPresent();
        if (hasForced && isLost && !left.isEmpty()) {
            world.count("majorities lost for good, said again");
            left.get(0).input(new Input.ForceWanted(++requests, "operator", "simulated"));
        }
    }

    /** Whatever operators have switched is switched back. */
    void healAll(SimNode at) {
        if (requests == 0 && !world.traits().isArranged()) {
            return;
        }
        for (NodeId id : world.ids()) {
            operate(at, Operation.Kind.ACTIVATE, id, 0);
            operate(at, Operation.Kind.ADMIT, id, 0);
        }
        TreeSet<Target> maintained = new TreeSet<>();
        world.choice().newest().ifPresent(record -> maintained.addAll(record.maintenance()));
        maintained.forEach(target -> operate(at, Operation.Kind.RESUME, target));
        if (world.traits().isArranged()) {
            forgetFailures();
        }
    }

    /** What is held back for a failure would move long after everything is healed. */
    private void forgetFailures() {
        for (SimGroup group : world.groups()) {
            for (SimNode node : world.nodes()) {
                node.process().ifPresent(p -> p.lane(group).veto(""));
                clear(node, group.family(), node.id());
            }
        }
    }

    private List<NodeId> oddView(SimNode node, long luck) {
        List<NodeId> view = new ArrayList<>(world.ids());
        Collections.rotate(view, (int) SimRandom.scale(luck, 0, view.size()));
        if (SimRandom.happens(luck + 1, 500)) {
            view.removeIf(id -> !id.equals(node.id()) && SimRandom.happens(luck + 2 + world.indexOf(id), 500));
        }
        return view;
    }

    private void forgeWill(SimNode victim, long luck) {
        Incarnation who = victim.guarded();
        if (who == null) {
            return;
        }
        // A guardian signs only at death, so nobody has the right key and the right incarnation of a living node.
        boolean isWrongKey = who.number() == 1 || SimRandom.happens(luck, 500);
        byte[] will = isWrongKey
                ? SimWills.datagram(who, "forged", world.everythingThatRemains())
                : SimWills.datagram(
                        new Incarnation(who.node(), who.number() - 1), victim.willKey(), world.everythingThatRemains());
        world.sendWill(victim, will);
    }
}
