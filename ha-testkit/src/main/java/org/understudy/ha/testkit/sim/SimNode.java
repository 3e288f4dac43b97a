package org.understudy.ha.testkit.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.NodeSettings;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * One host: the driver around a {@link NodeMachine}, its disk, clock, guardian, and the lanes in which groups start and stop.
 * Does what {@link org.understudy.ha.internal.machine} asks of a driver, and can die, stand still and come back.
 */
final class SimNode {

    private static final Input TICK = new Input.Tick();
    private static final Timing TIMING = Timing.standard();

    private final World world;
    private final int index;
    private final NodeId id;
    private final SimClock clock;
    private final SimDisk disk;
    private final Lane[] lanes;
    private final Deque<Runnable> backlog = new ArrayDeque<>();
    private final Deque<Runnable> frozen = new ArrayDeque<>();
    private final Deque<Held> held = new ArrayDeque<>();
    private @Nullable NodeMachine machine;
    private int life;
    private int hostBoots;
    private long pausedUntil;
    private long timerAt = Long.MAX_VALUE;
    private long timerFor;
    private long draws;
    private String willKey = "";
    private @Nullable Incarnation guarded;
    private boolean leaseValid;
    private long enforcedUntil;
    private long guardianDoneAt;
    private boolean leaving;

    SimNode(World world, int index, NodeId id, SimClock clock) {
        this.world = world;
        this.index = index;
        this.id = id;
        this.clock = clock;
        this.disk = new SimDisk(world, index);
        this.lanes = new Lane[world.groups().size()];
        for (SimGroup group : world.groups()) {
            lanes[group.index()] = new Lane(group);
        }
    }

    int index() {
        return index;
    }

    NodeId id() {
        return id;
    }

    SimDisk disk() {
        return disk;
    }

    boolean isUp() {
        return machine != null;
    }

    boolean isPaused() {
        return world.now() < pausedUntil;
    }

    @Nullable
    NodeMachine machine() {
        return machine;
    }

    @Nullable
    Incarnation guarded() {
        return guarded;
    }

    String willKey() {
        return willKey;
    }

    /** Real time at which the fake kernel mutes what this node's lease covers. */
    long enforcedUntil() {
        return enforcedUntil;
    }

    // ---- life ----------------------------------------------------------------------------------------------------

    void boot() {
        if (machine != null) {
            return;
        }
        if (world.now() < guardianDoneAt) {
            world.in(guardianDoneAt - world.now(), this::boot);
            return;
        }
        life++;
        leaving = false;
        leaseValid = false;
        enforcedUntil = 0;
        guarded = null;
        for (SimGroup group : world.groups()) {
            world.ownership().end(group, this);
        }
        long nonce = SimRandom.hash(world.seed(), 'l', index, life);
        boolean isGuarded = world.isCalm() || !SimRandom.happens(nonce + 1, 100);
        willKey = isGuarded ? "key-" + id + "-" + life : "";
        NodeSettings settings = new NodeSettings(
                "sim",
                id,
                world.ids(),
                "d" + index,
                TIMING,
                true,
                willKey,
                new HostIdentity("m" + index, "b" + hostBoots, "l" + index),
                true,
                nonce);
        machine = new NodeMachine(settings, disk.durable(), local(), world.wills());
        timerAt = Long.MAX_VALUE;
        world.trace(
                id, () -> "boots as life " + life + " with " + disk.durable().acceptedBallot());
        input(new Input.ViewChanged(world.ids()));
        if (index < 2) {
            for (SimGroup group : world.groups()) {
                input(new Input.GroupOffered(group.name(), group.candidacy()));
            }
        }
        arm();
    }

    /** The process ends now. Everything in memory is lost. */
    private void die() {
        machine = null;
        life++;
        pausedUntil = 0;
        backlog.clear();
        frozen.clear();
        held.clear();
        disk.crash();
        leaving = false;
        for (Lane lane : lanes) {
            lane.reset();
        }
    }

    void crash(boolean isSeen, long salt) {
        if (machine == null) {
            return;
        }
        world.trace(id, () -> "CRASHES" + (isSeen && !willKey.isEmpty() ? "" : ", nobody tells"));
        die();
        for (SimGroup group : world.groups()) {
            world.ownership().processDied(group, this, enforcedUntil);
        }
        Incarnation author = guarded;
        if (isSeen && author != null && !willKey.isEmpty()) {
            long takes = world.isCalm()
                    ? World.MILLI
                    : SimRandom.happens(salt, 100)
                            ? SimRandom.scale(salt + 1, 0, 900 * World.MILLI)
                            : SimRandom.scale(salt + 1, World.MILLI / 2, 5 * World.MILLI);
            String key = willKey;
            guardianDoneAt = world.now() + takes + 1;
            world.in(takes, () -> lastRites(author, key, salt));
        }
    }

    void powerOff() {
        if (machine == null) {
            return;
        }
        world.trace(id, () -> "LOSES POWER");
        hostBoots++;
        die();
        for (SimGroup group : world.groups()) {
            world.ownership().end(group, this);
        }
    }

    private void lastRites(Incarnation author, String key, long salt) {
        List<String> gone = new ArrayList<>();
        for (SimGroup group : world.groups()) {
            for (String remain : group.remains()) {
                boolean fails = !world.isCalm() && SimRandom.happens(salt + 10 + group.index(), 150);
                if (!fails) {
                    world.ownership().end(group, this);
                }
                if (!fails || world.sabotage() == Sabotage.LYING_GUARDIAN) {
                    gone.add(remain);
                }
            }
        }
        byte[] will = SimWills.datagram(author, key, gone);
        world.trace(id, () -> "last will of " + author + " gone " + gone);
        world.keepWill(will);
        for (long later = 0; later <= 100 * World.MILLI; later += 50 * World.MILLI) {
            world.in(later, () -> world.sendWill(this, will));
        }
    }

    void pause(long length) {
        if (machine != null && !isPaused()) {
            world.trace(id, () -> "PAUSES for " + World.millis(length) + " ms");
            pausedUntil = world.now() + length;
            int mine = life;
            world.in(length, () -> {
                if (mine == life) {
                    resume();
                }
            });
        }
    }

    void resume() {
        if (pausedUntil == 0) {
            return;
        }
        pausedUntil = 0;
        world.trace(id, () -> "resumes");
        boolean lanesFirst = SimRandom.happens(SimRandom.hash(world.seed(), 'r', index, draws++), 500);
        if (lanesFirst) {
            drain(frozen);
        }
        drain(backlog);
        if (!lanesFirst) {
            drain(frozen);
        }
        if (machine != null) {
            if (local() >= machine.nextDeadlineNanos()) {
                step(TICK);
            }
            timerAt = Long.MAX_VALUE;
            arm();
        }
    }

    private static void drain(Deque<Runnable> tasks) {
        while (!tasks.isEmpty()) {
            tasks.removeFirst().run();
        }
    }

    void leave() {
        if (machine != null && !leaving) {
            leaving = true;
            input(new Input.LeaveWanted());
        }
    }

    // ---- the loop ------------------------------------------------------------------------------------------------

    private long local() {
        return clock.local(world.now());
    }

    void receive(NodeId from, Message message) {
        input(new Input.Received(from, message));
    }

    void input(Input input) {
        onLoop(() -> feed(input));
    }

    private void onLoop(Runnable task) {
        if (machine == null) {
            return;
        }
        if (isPaused()) {
            if (backlog.size() < 20_000) {
                backlog.addLast(task);
            }
            return;
        }
        task.run();
    }

    private void feed(Input input) {
        NodeMachine m = machine;
        if (m == null) {
            return;
        }
        if (local() >= m.nextDeadlineNanos()) {
            step(TICK);
        }
        step(input);
        arm();
    }

    private void step(Input input) {
        NodeMachine m = machine;
        if (m == null) {
            return;
        }
        world.countStep();
        try {
            Step<Effect, DurableState> step = m.handle(local(), input);
            if (world.isTracing()
                    && !(input instanceof Input.Tick && step.notices().isEmpty())) {
                world.trace(id, () -> "<- " + World.brief(input.toString()));
            }
            for (Notice notice : step.notices()) {
                world.trace(id, () -> "   " + notice);
            }
            perform(step);
        } catch (RuntimeException e) {
            StackTraceElement[] at = e.getStackTrace();
            world.violated(
                    Checker.NO_EXCEPTION,
                    id + " " + e + (at.length > 0 ? " at " + at[0] + " " + at[Math.min(3, at.length - 1)] : ""));
        }
    }

    private void perform(Step<Effect, DurableState> step) {
        for (Effect effect : step.urgent()) {
            perform(effect);
        }
        if (step.persist().isPresent() && machine != null) {
            disk.write(step.persist().get(), step.persistNumber(), this);
        }
        boolean mayPass = disk.isIdle() || world.sabotage() == Sabotage.EFFECTS_BEFORE_DURABLE;
        if (mayPass) {
            for (Effect effect : step.then()) {
                perform(effect);
            }
        } else if (!step.then().isEmpty()) {
            held.addLast(new Held(disk.newestNumber(), step.then()));
        }
    }

    void persisted(long number) {
        onLoop(() -> {
            while (!held.isEmpty() && held.peekFirst().number <= number) {
                for (Effect effect : held.removeFirst().effects) {
                    perform(effect);
                }
            }
            feed(new Input.Persisted(number));
        });
    }

    private void arm() {
        NodeMachine m = machine;
        if (m == null || isPaused()) {
            return;
        }
        long deadline = m.nextDeadlineNanos();
        if (deadline == Long.MAX_VALUE || (timerAt != Long.MAX_VALUE && timerFor <= deadline)) {
            return;
        }
        long late = world.isCalm() ? World.MILLI / 20 : lateness();
        long at = Math.max(clock.real(deadline), world.now()) + late;
        int mine = life;
        timerAt = at;
        timerFor = deadline;
        world.at(at, () -> {
            if (mine == life && at == timerAt) {
                timerAt = Long.MAX_VALUE;
                NodeMachine present = machine;
                if (present != null && !isPaused()) {
                    if (local() >= present.nextDeadlineNanos()) {
                        step(TICK);
                    }
                    arm();
                }
            }
        });
    }

    private long lateness() {
        long draw = SimRandom.hash(world.seed(), 't', index, draws++);
        return SimRandom.happens(draw, 5)
                ? SimRandom.scale(draw + 1, 0, 60 * World.MILLI)
                : SimRandom.scale(draw + 1, 0, World.MILLI);
    }

    // ---- effects -------------------------------------------------------------------------------------------------

    private void perform(Effect effect) {
        if (machine == null) {
            return;
        }
        if (effect instanceof Effect.Send send) {
            if (send.message() instanceof Message.Renew && world.sabotage() == Sabotage.BLIND_RENEWAL && leaseValid) {
                enforce(local());
            }
            world.send(this, send.to(), send.message());
        } else if (effect instanceof Effect.PublishLease lease) {
            leaseValid = lease.isValid();
            if (lease.isValid()) {
                boolean isLate = world.sabotage() == Sabotage.LEASE_FROM_ACKNOWLEDGEMENT;
                enforce(isLate ? local() : lease.confirmedNanos());
            }
        } else if (effect instanceof Effect.StartGroup start) {
            world.trace(id, () -> "-> " + start);
            lane(start.group()).start(start);
        } else if (effect instanceof Effect.StopGroup stop) {
            world.trace(id, () -> "-> " + stop);
            lane(stop.group()).stop(stop.token());
        } else if (effect instanceof Effect.LiveAs live) {
            guarded = live.incarnation();
        } else if (effect instanceof Effect.PublishRecord published) {
            world.trace(
                    id,
                    () -> "learned " + published.ballot() + " #"
                            + published.value().number());
            world.chain().learned(this, published.ballot(), published.value());
        } else if (effect instanceof Effect.MoveDecided decided) {
            world.count(decided.isDone() ? "moves done" : "moves refused");
        } else if (effect instanceof Effect.Left) {
            left();
        }
    }

    private void enforce(long confirmed) {
        enforcedUntil = Math.max(enforcedUntil, clock.real(confirmed + TIMING.holderNanos()));
        world.ownership().rearmed(this);
    }

    private void left() {
        world.count("leaves");
        for (SimGroup group : world.groups()) {
            if (world.ownership().acts(group, this)) {
                world.violated(Checker.LEFT_CLEAN, id + " left but acts for " + group.name());
            }
        }
        world.trace(id, () -> "has left");
        die();
        world.in(300 * World.MILLI, this::boot);
    }

    private Lane lane(String group) {
        for (Lane lane : lanes) {
            if (lane.group.name().equals(group)) {
                return lane;
            }
        }
        throw new IllegalArgumentException("no group " + group);
    }

    void failGroup(SimGroup group, Severity severity) {
        Lane lane = lanes[group.index()];
        if (machine != null && lane.isBegun) {
            world.count("group failures");
            input(new Input.GroupEnded(group.name(), lane.token, Optional.of(severity), "simulated failure"));
        }
    }

    private record Held(long number, List<Effect> effects) {}

    /**
     * Starts and stops one group, one call at a time. A start begins only while the lease holds: the order may be old by the
     * time its turn comes.
     */
    private final class Lane {
        private final SimGroup group;
        private long token;
        private long operation;
        private boolean isBegun;

        private Lane(SimGroup group) {
            this.group = group;
        }

        private void reset() {
            operation++;
            isBegun = false;
        }

        private void start(Effect.StartGroup order) {
            token = order.token();
            long mine = ++operation;
            checkNotReleased(order.token());
            world.count("starts");
            world.count("starts by " + order.proof());
            later(delay(2 * World.MILLI), () -> begin(mine));
        }

        private void checkNotReleased(long wanted) {
            NodeMachine m = machine;
            if (m != null && wanted <= m.memory().released().getOrDefault(group.name(), 0L)) {
                world.violated(
                        Checker.RELEASED_STAYS,
                        id + " starts " + group.name() + " under token " + wanted + ", which it gave back");
            }
        }

        private void begin(long mine) {
            if (mine != operation) {
                return;
            }
            if (!leaseValid || world.now() >= enforcedUntil) {
                later(10 * World.MILLI, () -> begin(mine));
                return;
            }
            isBegun = true;
            world.trace(id, () -> "begins " + group.name() + " token " + token);
            world.began(group);
            world.ownership().begin(group, SimNode.this, token);
            boolean fails = world.failsStart(draw());
            later(delay(40 * World.MILLI), () -> {
                if (mine == operation) {
                    input(new Input.StartEnded(
                            group.name(),
                            token,
                            fails ? Optional.of(Severity.SOFT) : Optional.empty(),
                            fails ? "simulated failure" : ""));
                }
            });
        }

        private void stop(long which) {
            long mine = ++operation;
            if (!isBegun) {
                later(delay(World.MILLI), () -> stopped(mine, which));
                return;
            }
            boolean fails = world.failsStart(draw());
            later(delay(60 * World.MILLI), () -> {
                if (fails && mine == operation) {
                    input(new Input.StopEnded(group.name(), which, false, "simulated failure"));
                    later(700 * World.MILLI, () -> stopped(mine, which));
                } else {
                    stopped(mine, which);
                }
            });
        }

        private void stopped(long mine, long which) {
            if (mine != operation) {
                return;
            }
            if (isBegun) {
                world.ownership().end(group, SimNode.this);
                isBegun = false;
            }
            world.trace(id, () -> "stopped " + group.name() + " token " + which);
            input(new Input.StopEnded(group.name(), which, true, ""));
            if (world.sabotage() == Sabotage.START_AFTER_RELEASE) {
                later(5 * World.MILLI, () -> {
                    if (mine == operation) {
                        start(new Effect.StartGroup(
                                group.name(), new Incarnation(id, 1), which, org.understudy.ha.api.ProofKind.RELEASED));
                    }
                });
            }
        }

        private long draw() {
            return SimRandom.hash(world.seed(), 'g', index * 16L + group.index(), draws++);
        }

        private long delay(long most) {
            return world.isCalm() ? World.MILLI / 20 : SimRandom.scale(draw(), World.MILLI / 20, most);
        }

        private void later(long delay, Runnable task) {
            int mine = life;
            world.in(delay, () -> {
                if (mine == life) {
                    if (isPaused()) {
                        frozen.addLast(task);
                    } else {
                        task.run();
                    }
                }
            });
        }
    }
}
