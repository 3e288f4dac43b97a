package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.NodeSettings;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimClock;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.disk.SimDisk;
import org.understudy.ha.testkit.sim.net.Wire;

/** One host: its disk, its clock, its guardian, and the process that runs on it if one does. */
final class SimNode {

    private static final long BACK_AFTER_LEAVING = 300 * World.MILLI;

    private final World world;
    private final int index;
    private final NodeId id;
    private final SimClock clock;
    private final SimDisk disk;
    private final Wire wire;
    private @Nullable SimProcess process;
    private Optional<SimDisk.Opened> foreign = Optional.empty();
    private int life;
    private int kernels;
    private long draws;
    private String willKey = "";
    private @Nullable Incarnation guarded;
    private long guardianDoneAt;
    private boolean isFirstDisk = true;
    private boolean isRefused;
    private boolean isOlder;
    private boolean isUpgrading;

    SimNode(World world, int index, NodeId id, SimClock clock) {
        this.world = world;
        this.index = index;
        this.id = id;
        this.clock = clock;
        this.wire = new Wire(World.CLUSTER, id);
        this.isOlder = world.traits().beginsOlder();
        this.disk = new SimDisk(
                world.time(),
                index,
                world.sabotage() == Sabotage.FORGETFUL_DISK,
                world.traits().isWired(),
                this::isDurable);
    }

    int index() {
        return index;
    }

    NodeId id() {
        return id;
    }

    /** The vote of the disk that it has now. */
    AcceptorId acceptor() {
        return new AcceptorId(id, disk.identity());
    }

    SimDisk disk() {
        return disk;
    }

    Wire wire() {
        return wire;
    }

    boolean isUp() {
        return process != null;
    }

    Optional<SimProcess> process() {
        return Optional.ofNullable(process);
    }

    /** The machine that votes here, if one does. */
    Optional<NodeMachine> machine() {
        return process().filter(p -> !p.isAside()).map(SimProcess::machine);
    }

    /** The newest incarnation that lives or lived here. */
    @Nullable
    Incarnation guarded() {
        return guarded;
    }

    String willKey() {
        return willKey;
    }

    long nextDraw() {
        return draws++;
    }

    private void isDurable(DurableState state) {
        world.choice().durable(acceptor(), state);
    }

    // ---- life ----------------------------------------------------------------------------------------------------

    void boot() {
        if (process != null) {
            return;
        }
        if (world.now() < guardianDoneAt) {
            world.in(guardianDoneAt - world.now(), this::boot);
            return;
        }
        if (isUpgrading) {
            upgrade();
        }
        Optional<SimDisk.Opened> opened = open();
        if (opened.isEmpty()) {
            return;
        }
        life++;
        guarded = null;
        world.ownership().reset(index);
        long nonce = SimRandom.hash(world.seed(), 'l', index, life);
        boolean isGuarded = world.time().isCalm() || !SimRandom.happens(nonce + 1, 100);
        willKey = isGuarded ? "key-" + id + "-" + life : "";
        DurableState state = opened.get().state();
        // Whoever gives a node another disk before the cluster is formed tells it to form again.
        boolean mayForm =
                isFirstDisk || world.traits().formsAlways() || world.choice().chosen() == 0;
        NodeSettings settings = new NodeSettings(
                World.CLUSTER,
                id,
                world.ids(),
                disk.identity(),
                World.TIMING,
                mayForm,
                willKey,
                isOlder
                        ? HostIdentity.UNKNOWN
                        : new HostIdentity("m" + index, "m" + index + "-" + kernels, "lock-" + disk.identity()),
                opened.get().isCurrent(),
                nonce,
                world.capacity(index),
                List.of());
        SimProcess fresh = new SimProcess(
                world, this, clock, disk, new NodeMachine(settings, state, clock.local(world.now()), world.wills()));
        process = fresh;
        world.trace(id, () -> "boots as life " + life + " with " + state.acceptedBallot());
        fresh.run();
    }

    /** Whether it runs the version before, whose frames and states have another format. */
    boolean isOlder() {
        return isOlder;
    }

    void upgradeAtNextStart() {
        isUpgrading = isOlder;
    }

    private void upgrade() {
        isOlder = false;
        isUpgrading = false;
        disk.beWrittenByVersionOne();
        world.count("nodes upgraded");
        world.trace(id, () -> "IS UPGRADED");
        world.tell(id.value(), () -> "is upgraded");
    }

    /** What the state store and the node say to the disk; empty if the node does not start. */
    private Optional<SimDisk.Opened> open() {
        isRefused = false;
        if (foreign.isPresent()) {
            boolean isKnown = foreign.get()
                    .state()
                    .accepted()
                    .flatMap(r -> r.ownerOf(foreign.get().identity()))
                    .filter(owner -> !owner.equals(id))
                    .isPresent();
            if (!isKnown) {
                world.court()
                        .violated(Checker.NO_EXCEPTION, id + " is given the disk of another node and starts on it");
            }
            refused("it belongs to another node");
            return Optional.empty();
        }
        try {
            SimDisk.Opened found = disk.open();
            world.word().boots(new AcceptorId(id, found.identity()), found.state());
            return Optional.of(found);
        } catch (MalformedMessageException e) {
            refused(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private void refused(String why) {
        isRefused = true;
        world.count("starts refused by the disk");
        world.trace(id, () -> "REFUSES its disk: " + why);
        world.tell(id.value(), () -> "refuses its disk: " + why);
    }

    /** The process ends now. Everything in memory is lost. */
    private void die() {
        SimProcess present = process;
        if (present != null) {
            present.end();
        }
        process = null;
        disk.crash();
    }

    /**
     * The process dies.
     *
     * @param isSeen whether its guardian is there to see it
     */
    void crash(boolean isSeen, long luck) {
        if (process == null) {
            return;
        }
        world.trace(id, () -> "CRASHES" + (isSeen && !willKey.isEmpty() ? "" : ", nobody tells"));
        world.tell(id.value(), () -> "process ends" + (isSeen && !willKey.isEmpty() ? "" : "; nobody tells"));
        die();
        for (SimGroup group : world.groups()) {
            world.ownership().processDied(group, index);
        }
        Incarnation author = guarded;
        if (isSeen && author != null && !willKey.isEmpty()) {
            long takes = world.time().isCalm()
                    ? World.MILLI
                    : SimRandom.happens(luck, 100)
                            ? SimRandom.scale(luck + 1, 0, 900 * World.MILLI)
                            : SimRandom.scale(luck + 1, World.MILLI / 2, 5 * World.MILLI);
            String key = willKey;
            guardianDoneAt = world.now() + takes + 1;
            world.in(takes, () -> lastRites(author, key, luck));
        }
    }

    void powerOff() {
        if (process == null) {
            kernels++;
            disk.forgetWrites();
            for (SimGroup group : world.groups()) {
                world.ownership().end(group, index);
            }
            return;
        }
        world.trace(id, () -> "LOSES POWER");
        world.tell(id.value(), () -> "host stops");
        die();
        kernels++;
        disk.forgetWrites();
        for (SimGroup group : world.groups()) {
            world.ownership().end(group, index);
        }
    }

    private void lastRites(Incarnation author, String key, long luck) {
        List<String> gone = new ArrayList<>();
        for (SimGroup group : world.groups()) {
            for (String remain : group.remains()) {
                boolean fails = !world.time().isCalm() && SimRandom.happens(luck + 10 + group.index(), 150);
                if (!fails) {
                    world.ownership().end(group, index);
                }
                if (!fails || world.sabotage() == Sabotage.LYING_GUARDIAN) {
                    gone.add(remain);
                }
            }
        }
        byte[] will = SimWills.datagram(author, key, gone);
        world.trace(id, () -> "last will of " + author + " gone " + gone);
        world.tell(id.value(), () -> "guardian sends the last will of " + author + ": gone " + gone);
        world.keepWill(will);
        for (long later = 0; later <= 100 * World.MILLI; later += 50 * World.MILLI) {
            world.in(later, () -> world.sendWill(this, will));
        }
    }

    // ---- what befalls it -----------------------------------------------------------------------------------------

    void pause(long length) {
        process().ifPresent(p -> {
            world.trace(id, () -> "PAUSES for " + World.millis(length) + " ms");
            p.pause(length);
        });
    }

    /**
     * The host sleeps. An address gate whose timer stood still is open for up to a third of a lease after waking: the product says
     * so, so it is counted and not judged.
     */
    void suspend(long length) {
        SimProcess sleeper = process;
        if (sleeper == null || sleeper.isPaused()) {
            return;
        }
        world.trace(id, () -> "SLEEPS for " + World.millis(length) + " ms");
        long gate = Math.min(
                World.TIMING.leaseNanos() / 3, Math.max(0, world.ownership().enforcedUntil(index) - world.now()));
        sleeper.suspend(length);
        world.in(length, () -> {
            for (SimGroup group : world.groups()) {
                boolean isOpen = gate > 0
                        && process == sleeper
                        && !group.remains().isEmpty()
                        && world.ownership().isClaimed(group, index)
                        && !world.ownership().acts(group, index);
                if (isOpen) {
                    world.count("gates open after a suspend, at most a third of a lease");
                    if (world.ownership().owner(group) >= 0) {
                        world.count("gates open after a suspend beside another owner");
                    }
                }
            }
        });
    }

    void leave() {
        process().ifPresent(SimProcess::leave);
    }

    /** The session has ended in an orderly way. */
    void left() {
        world.count("leaves");
        world.court().looked(Checker.LEFT_CLEAN);
        for (SimGroup group : world.groups()) {
            if (world.ownership().actsByItself(group, index)) {
                world.court().violated(Checker.LEFT_CLEAN, id + " left but acts for " + group.name());
            }
        }
        world.trace(id, () -> "has left");
        world.tell(id.value(), () -> "has left");
        die();
        world.in(BACK_AFTER_LEAVING, this::boot);
    }

    /** An empty disk in place of whatever there was. */
    void replaceDisk() {
        disk.replace();
        isFirstDisk = false;
        foreign = Optional.empty();
        world.tell(id.value(), () -> "is given an empty disk");
    }

    /** Somebody else's disk, until {@link #ownDisk()}. */
    void mount(SimDisk.Opened other) {
        foreign = Optional.of(other);
    }

    void ownDisk() {
        foreign = Optional.empty();
    }

    /** Everything that can be mended here is, and the process runs. */
    void heal() {
        disk.slowUntil(0, 0);
        disk.fullUntil(0);
        ownDisk();
        process().ifPresent(SimProcess::disarm);
        process().ifPresent(SimProcess::resume);
        upgradeAtNextStart();
        process().filter(p -> p.isAside() || isOlder || p.isOutdated()).ifPresent(p -> crash(true, 0));
        if (disk.isDamaged()) {
            replaceDisk();
        }
        boot();
        input(new Input.ViewChanged(world.ids()));
    }

    /** Whether the newest attempt to start was refused because of the disk. */
    boolean isRefused() {
        return isRefused;
    }

    // ---- what reaches it -----------------------------------------------------------------------------------------

    void livesAs(Incarnation incarnation) {
        guarded = incarnation;
    }

    void receive(NodeId from, Message message) {
        arrives(new Input.Received(from, message));
    }

    void receiveWill(byte[] will) {
        arrives(new Input.WillArrived(will));
    }

    private void arrives(Input input) {
        SimProcess present = process;
        if (present != null && !present.isAsleep()) {
            present.input(input);
        }
    }

    void input(Input input) {
        SimProcess present = process;
        if (present != null) {
            present.input(input);
        }
    }
}
