package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.ObjLongConsumer;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.testkit.sim.SimProcess.Await;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.disk.SimDisk;
import org.understudy.ha.testkit.sim.net.Cuts;
import org.understudy.ha.testkit.sim.net.SimNetwork;

/** Makes faults happen to processes, clocks, disks and the network. Keeps what cannot be survived within its bounds. */
final class Nemesis {

    private final World world;
    private final SimNetwork network;
    private final Operators operators;
    private final Wounds wounds;

    Nemesis(World world, SimNetwork network, Operators operators) {
        this.world = world;
        this.network = network;
        this.operators = operators;
        this.wounds = new Wounds(world);
    }

    /**
     * Some time after everything is healed: whoever still has nobody to ask, and never went back, is vouched for; and where a majority is
     * lost and the word about it was forgotten with the process that heard it, it is given again.
     */
    void vouch() {
        operators.forceAgain();
        for (SimNode node : world.nodes()) {
            if (!wounds.wentBack(node.index())) {
                operators.vouch(node);
            }
        }
    }

    /** A fault happens now. */
    void strike(Fault fault) {
        SimNode node = world.nodes().get(fault.node());
        boolean isOwner = world.ownership().actsAtAll(fault.node());
        world.count("fault " + fault.kind());
        world.trace(node.id(), () -> "FAULT " + fault);
        if (isOwner && node.isUp()) {
            world.count("fault " + fault.kind() + " at an owner");
            world.takeovers().ownerHit(fault.node());
        }
        switch (fault.kind()) {
            case CRASH, CRASH_UNSEEN, CRASH_AT, POWER_OFF, BLACKOUT, ROLLING_RESTART, RESTART_STORM, UPGRADE ->
                kill(fault, node);
            case PAUSE -> node.pause(fault.lengthNanos());
            case BUSY -> stutter(fault, node);
            case SUSPEND -> node.suspend(fault.lengthNanos());
            case CLOCK_STEP ->
                node.process().ifPresent(p -> p.stepClock(SimRandom.scale(fault.luck(), -4_000, 4_000) * World.MILLI));
            case DOUBT -> node.input(new Input.ClockDoubted("simulated"));
            case SLOW_DISK,
                    LAME_DISK,
                    HUNG_DISK,
                    DISK_FULL,
                    TORN_RECORD,
                    BIT_FLIP,
                    EMPTY_DISK,
                    OLD_DISK,
                    FOREIGN_DISK -> spoil(fault, node);
            case REMOVE_VOTE -> {
                // Two sets that share all but one disk have none to spare while one is lost.
                if (wounds.areHealed()) {
                    operators.act(fault, node);
                }
            }
            case MAJORITY_LOST -> loseMajority(fault, node);
            case MOVE,
                    STANDBY,
                    CONFIRM_DOWN,
                    LEAVE,
                    FORGED_WILL,
                    LATE_WILL,
                    ODD_VIEW,
                    GROUP_FAILS,
                    VETO,
                    MAINTENANCE,
                    DRAIN,
                    CLEAR,
                    FORGET,
                    SCORE -> operators.act(fault, node);
            case RULES, NEW_RULES, NEW_FORM -> redefine(fault, node);
            case NAME -> each(fault, (application, luck) -> application.name(luck));
            case BARRIER -> each(fault, (application, luck) -> application.barrier(luck));
            case LADDER -> each(fault, (application, luck) -> application.ladder(luck));
            default -> disturb(fault);
        }
    }

    /** Each at a moment of its own. */
    private void each(Fault fault, ObjLongConsumer<SimApplication> act) {
        for (SimNode node : world.nodes()) {
            long luck = fault.luck() + node.index() * 100L;
            beforeHealing(
                    SimRandom.scale(luck, 0, fault.lengthNanos()),
                    () -> node.process()
                            .filter(process -> !world.hasOlder())
                            .ifPresent(process -> process.applies(application -> act.accept(application, luck + 1))));
        }
    }

    // ---- processes -----------------------------------------------------------------------------------------------

    private void kill(Fault fault, SimNode node) {
        long length = fault.lengthNanos();
        switch (fault.kind()) {
            case CRASH -> {
                node.crash(true, fault.luck());
                world.in(length, node::boot);
            }
            case CRASH_UNSEEN -> {
                node.crash(false, fault.luck());
                world.in(length, node::boot);
            }
            case CRASH_AT -> {
                Await[] places = Await.values();
                Await place = places[(int) SimRandom.scale(fault.luck(), 0, places.length)];
                int after = (int) SimRandom.scale(fault.luck() + 1, 1, place == Await.EFFECT ? 40 : 4);
                boolean isSeen = SimRandom.happens(fault.luck() + 2, 700);
                node.process().ifPresent(p -> p.trapAt(place, after, isSeen, fault.luck()));
                world.in(length, () -> {
                    node.process().ifPresent(SimProcess::disarm);
                    node.boot();
                });
            }
            case POWER_OFF -> {
                node.powerOff();
                world.in(length, node::boot);
            }
            case BLACKOUT -> {
                for (SimNode each : world.nodes()) {
                    each.powerOff();
                    world.in(length + each.index() * (fault.luck() & 0xFF) * World.MILLI, each::boot);
                }
            }
            case ROLLING_RESTART -> {
                long each = Math.max(400 * World.MILLI, length);
                for (SimNode next : world.nodes()) {
                    beforeHealing(next.index() * each, next::leave);
                    killLeaving(next, next.index() * each + each / 2, fault.luck());
                }
            }
            case UPGRADE -> {
                node.upgradeAtNextStart();
                node.leave();
                killLeaving(node, length, fault.luck());
            }
            default -> {
                long every = Math.max(20 * World.MILLI, length / 8);
                long times = SimRandom.scale(fault.luck(), 3, 9);
                for (int i = 0; i < times; i++) {
                    long luck = fault.luck() + i;
                    beforeHealing(i * every, () -> node.crash(SimRandom.happens(luck, 500), luck));
                    world.in(i * every + every / 2, node::boot);
                }
            }
        }
    }

    /** Nodes are started again with another definition of a group. */
    private void redefine(Fault fault, SimNode node) {
        SimGroup group = world.groups().get(fault.group());
        long luck = fault.luck() + 1;
        if (fault.kind() == Fault.Kind.RULES) {
            world.registrations().change(group, node.index(), luck);
            restart(node, luck);
            beforeHealing(fault.lengthNanos(), () -> {
                world.registrations().change(group, node.index(), 0);
                restart(node, luck);
            });
            return;
        }
        boolean isWhole = !world.registrations().isWhole(group, 0);
        long each = fault.lengthNanos() / world.nodes().size();
        for (SimNode next : world.nodes()) {
            beforeHealing(next.index() * each, () -> {
                if (fault.kind() == Fault.Kind.NEW_RULES) {
                    world.registrations().change(group, next.index(), luck);
                } else {
                    world.registrations().change(group, next.index(), isWhole);
                }
                restart(next, luck);
            });
        }
    }

    private void restart(SimNode node, long luck) {
        node.leave();
        killLeaving(node, 500 * World.MILLI, luck);
    }

    private void killLeaving(SimNode node, long delay, long luck) {
        beforeHealing(delay, () -> {
            if (node.process().filter(SimProcess::isLeaving).isPresent()) {
                node.crash(true, luck);
                world.in(50 * World.MILLI, node::boot);
            }
        });
    }

    /** Stalls of a quarter of the guard to twice the guard, one after the other. */
    private void stutter(Fault fault, SimNode node) {
        long guard = World.TIMING.guard().toNanos();
        long at = 0;
        for (long i = 0; at < fault.lengthNanos(); i++) {
            long stall = SimRandom.scale(fault.luck() + 2 * i, guard / 4, 2 * guard);
            beforeHealing(at, () -> node.pause(stall));
            at += stall + SimRandom.scale(fault.luck() + 2 * i + 1, guard / 2, 5 * guard);
        }
    }

    private void beforeHealing(long delay, Runnable harm) {
        world.in(delay, () -> {
            if (!world.isHealed()) {
                harm.run();
            }
        });
    }

    // ---- disks ---------------------------------------------------------------------------------------------------

    private void spoil(Fault fault, SimNode node) {
        SimDisk disk = node.disk();
        long until = world.now() + fault.lengthNanos();
        switch (fault.kind()) {
            case SLOW_DISK -> disk.slowUntil(until, World.MILLI);
            case LAME_DISK -> disk.slowUntil(until, 300 * World.MILLI);
            case HUNG_DISK -> disk.hangUntil(Math.min(until, world.healsAt()));
            case DISK_FULL -> {
                disk.fullUntil(until);
                beforeHealing(fault.lengthNanos() + World.MILLI, () -> {
                    if (node.process().filter(SimProcess::isAside).isPresent()) {
                        node.crash(true, fault.luck());
                        world.in(100 * World.MILLI, node::boot);
                    }
                });
            }
            case TORN_RECORD -> damage(fault, node, () -> disk.tear(fault.luck()));
            case BIT_FLIP -> damage(fault, node, () -> disk.flipBit(fault.luck()));
            case EMPTY_DISK -> {
                if (mayLoseDisk(node)) {
                    wounds.lost(node);
                    node.powerOff();
                    node.replaceDisk();
                    world.in(fault.lengthNanos(), node::boot);
                }
            }
            case OLD_DISK -> {
                if (!wounds.mayGoBack()) {
                    world.count("older disks skipped: another disk has not recovered yet");
                    return;
                }
                node.powerOff();
                DurableState before = disk.durable();
                if (disk.restoreOlder(fault.luck())) {
                    AcceptorId acceptor = node.acceptor();
                    wounds.wentBack(node);
                    world.word().wentBack(acceptor);
                    world.choice().wentBack(acceptor, before, disk.durable());
                    world.count("disks that went back");
                    world.tell(node.id().value(), () -> "is given an older copy of its disk");
                }
                world.in(fault.lengthNanos(), node::boot);
            }
            default -> {
                Optional<SimDisk.Opened> copy =
                        world.nodes().get(fault.other()).disk().copy();
                if (copy.isPresent()) {
                    node.powerOff();
                    node.mount(copy.get());
                    world.in(fault.lengthNanos() / 2, node::boot);
                    world.in(fault.lengthNanos(), () -> {
                        node.ownDisk();
                        node.boot();
                    });
                }
            }
        }
    }

    private void loseMajority(Fault fault, SimNode survivor) {
        List<AcceptorId> voters =
                world.choice().newest().map(ClusterRecord::acceptors).orElse(List.of());
        List<SimNode> others = new ArrayList<>(world.nodes());
        others.removeIf(node -> node == survivor || !voters.contains(node.acceptor()));
        Collections.rotate(others, (int) SimRandom.scale(fault.luck(), 0, Math.max(1, others.size())));
        int count = voters.size() - voters.size() / 2;
        boolean isPossible = wounds.areHealed()
                && !operators.isSmaller()
                && voters.contains(survivor.acceptor())
                && survivor.machine().filter(NodeMachine::isVoting).isPresent()
                && others.size() >= count;
        if (!isPossible) {
            world.count("majorities kept: another vote is away");
            return;
        }
        List<SimNode> lost = others.subList(0, count);
        Ballot known = survivor.disk().durable().acceptedBallot();
        if (others.stream()
                .filter(node -> !lost.contains(node))
                .anyMatch(node -> node.disk().durable().acceptedBallot().isAbove(known))) {
            world.count("majorities kept: another one that is left knows more");
            return;
        }
        world.count("majorities lost for good");
        // What the lost ones decided and nobody else knows may be that a node which is left holds something.
        boolean isNewest = known.equals(world.choice().newestBallot());
        for (SimNode node : world.nodes()) {
            if (node != survivor) {
                if (lost.contains(node)) {
                    wounds.lost(node);
                    node.powerOff();
                    node.replaceDisk();
                } else if (!isNewest || SimRandom.happens(fault.luck() + node.index(), 500)) {
                    node.powerOff();
                }
                world.in(fault.lengthNanos(), node::boot);
            }
        }
        operators.force(survivor);
    }

    private void damage(Fault fault, SimNode node, Runnable harm) {
        if (!mayLoseDisk(node)) {
            return;
        }
        wounds.lost(node);
        node.powerOff();
        harm.run();
        world.in(fault.lengthNanos() / 2, node::boot);
        world.in(fault.lengthNanos(), () -> {
            if (node.isRefused()) {
                node.replaceDisk();
            }
            node.boot();
        });
    }

    private boolean mayLoseDisk(SimNode node) {
        boolean may = !node.disk().isDamaged() && (world.isBeyond() || !operators.isSmaller()) && wounds.mayLose();
        if (!may) {
            world.count("disk losses skipped: no vote to spare");
        }
        return may;
    }

    // ---- network -------------------------------------------------------------------------------------------------

    private void disturb(Fault fault) {
        long until = world.now() + fault.lengthNanos();
        switch (fault.kind()) {
            case ISOLATE -> cut(Cuts.ALONE, fault);
            case MUTE -> cut(Cuts.MUTE, fault);
            case DEAF -> cut(Cuts.DEAF, fault);
            case CUT_PAIR -> cut(Cuts.PAIR, fault);
            case CUT_ONE_WAY -> cut(Cuts.ONE_WAY, fault);
            case SPLIT -> cut(Cuts.SPLIT, fault);
            case BRIDGE -> cut(Cuts.BRIDGE, fault);
            case RING -> cut(Cuts.RING, fault);
            case CLOG -> network.clog(fault.node(), fault.other(), Math.min(until, world.healsAt()));
            case SWIZZLE -> swizzle(fault);
            case SLOW_NETWORK -> network.slow(until);
            case SLOW_INBOUND -> network.slowInbound(fault.node(), until);
            case SLOW_OUTBOUND -> network.slowOutbound(fault.node(), until);
            case REORDER -> network.shuffle(until);
            case DUPLICATE -> network.duplicate(until);
            case LOSS -> network.lose((int) SimRandom.scale(fault.luck(), 50, 500), until);
            default -> throw new IllegalArgumentException("no rule for " + fault);
        }
    }

    private void cut(Cuts shape, Fault fault) {
        network.cut(shape, fault.node(), fault.other(), fault.luck(), world.now() + fault.lengthNanos());
    }

    /** Each link that is drawn clogs at a moment of its own in the first half and opens at one in the second. */
    private void swizzle(Fault fault) {
        int size = world.nodes().size();
        long half = fault.lengthNanos() / 2;
        for (int link = 0; link < size * size; link++) {
            int from = link / size;
            int to = link % size;
            if (from != to && SimRandom.happens(fault.luck() + link, 500)) {
                long begin = SimRandom.scale(fault.luck() + link + 1_000, 0, half);
                long until = world.now() + half + SimRandom.scale(fault.luck() + link + 2_000, 0, half);
                world.in(begin, () -> network.clog(from, to, Math.min(until, world.healsAt())));
            }
        }
    }
}
