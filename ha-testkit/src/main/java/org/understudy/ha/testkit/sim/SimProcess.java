package org.understudy.ha.testkit.sim;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimClock;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.disk.SimDisk;

/**
 * One life of a node's process: the driver around a {@link NodeMachine} and the lanes in which its groups start and stop. Does
 * what {@link org.understudy.ha.internal.machine} asks of a driver, can stand still, and can end between any two things it does.
 */
final class SimProcess implements SimDisk.Writer {

    private static final Input TICK = new Input.Tick();
    private static final long CLOCKS_APART = 50 * World.MILLI;
    private static final int BACKLOG_MAX = 20_000;

    /** Where a process can be caught in the middle. */
    enum Await {
        /** Before an effect. */
        EFFECT,
        /** After a write was handed to the disk. */
        WRITING,
        /** After a write is durable, before anybody knows. */
        WRITTEN,
        /** A group has begun to start. */
        START,
        /** A group is about to be stopped. */
        STOP
    }

    private record Held(long number, List<Effect> effects) {}

    private final World world;
    private final SimNode node;
    private final SimClock clock;
    private final SimDisk disk;
    private final AcceptorId acceptor;
    private final NodeMachine machine;
    private DurableState before = DurableState.EMPTY;
    private final SimLane[] lanes;
    private final SimApplication application;
    private final Deque<Runnable> backlog = new ArrayDeque<>();
    private final Deque<Runnable> frozen = new ArrayDeque<>();
    private final Deque<Held> held = new ArrayDeque<>();
    private boolean isAlive = true;
    private boolean isAside;
    private boolean isLeaving;
    private long pausedUntil;
    private boolean isAsleep;
    private long apart;
    private long apartSeen;
    private long timerAt = Long.MAX_VALUE;
    private long timerFor;
    private boolean leaseValid;
    private long leaseConfirmed;
    private @Nullable Await trap;
    private int trapAfter;
    private boolean trapIsSeen;
    private long trapLuck;

    SimProcess(World world, SimNode node, SimClock clock, SimDisk disk, NodeMachine machine) {
        this.world = world;
        this.node = node;
        this.clock = clock;
        this.disk = disk;
        this.acceptor = new AcceptorId(node.id(), disk.identity());
        this.machine = machine;
        this.application = new SimApplication(world, this);
        this.lanes = new SimLane[world.groups().size()];
        TreeMap<String, SimInstance> instances = new TreeMap<>();
        for (SimGroup group : world.groups()) {
            String shared = SimInstance.isPart(group) ? group.family() : group.name() + " whole";
            lanes[group.index()] = new SimLane(
                    world,
                    this,
                    group,
                    instances.computeIfAbsent(shared, name -> new SimInstance()),
                    world.registration(node, group));
        }
    }

    NodeId id() {
        return node.id();
    }

    int index() {
        return node.index();
    }

    NodeMachine machine() {
        return machine;
    }

    boolean isLeaving() {
        return isLeaving;
    }

    /** Whether it votes no more and only stops what it owned. */
    boolean isAside() {
        return isAside;
    }

    boolean isPaused() {
        return world.now() < pausedUntil;
    }

    long draw(char purpose, int who) {
        return SimRandom.hash(world.seed(), purpose, node.index() * 64L + who, node.nextDraw());
    }

    /** Starts its loop. */
    void run() {
        world.lemmas().booted(node.index(), acceptor.disk(), machine);
        world.punctuality().reset(node.index());
        input(new Input.ViewChanged(world.ids()));
        for (SimGroup group : world.groups()) {
            lane(group).offer();
        }
        arm();
    }

    /** Whether it would register its groups otherwise if it were started now. */
    boolean isOutdated() {
        return world.groups().stream()
                .anyMatch(group -> !lane(group).placement().equals(world.registration(node, group)));
    }

    /** Ends it: everything in memory is lost. */
    void end() {
        isAlive = false;
        backlog.clear();
        frozen.clear();
        held.clear();
        world.names().reset(node.index());
    }

    /** What an application does here, once the process runs. */
    void applies(Consumer<SimApplication> act) {
        onLoop(() -> act.accept(application));
    }

    // ---- standing still ------------------------------------------------------------------------------------------

    /** Stands still. */
    void pause(long length) {
        if (isAlive && !isPaused()) {
            pausedUntil = world.now() + length;
            world.in(length, () -> {
                if (isAlive) {
                    resume();
                }
            });
        }
    }

    /** Its host sleeps: the boot clock runs on, the monotonic one does not, and nothing reaches it. */
    void suspend(long length) {
        if (isAlive && !isPaused()) {
            isAsleep = true;
            apart += length;
            pause(length);
        }
    }

    /** Whether its host hears nothing at all. */
    boolean isAsleep() {
        return isAsleep && isPaused();
    }

    void resume() {
        if (pausedUntil == 0) {
            return;
        }
        pausedUntil = 0;
        isAsleep = false;
        world.trace(id(), () -> "resumes");
        world.punctuality().resumes(node.index(), local());
        boolean lanesFirst = SimRandom.happens(draw('r', 0), 500);
        if (lanesFirst) {
            drain(frozen);
        }
        drain(backlog);
        if (!lanesFirst) {
            drain(frozen);
        }
        if (isAlive) {
            passTime();
            timerAt = Long.MAX_VALUE;
            arm();
        }
    }

    private static void drain(Deque<Runnable> tasks) {
        while (!tasks.isEmpty()) {
            tasks.removeFirst().run();
        }
    }

    /** The monotonic clock moves against the boot clock; noticed with the next tick. */
    void stepClock(long by) {
        apart += by;
    }

    // ---- being caught in the middle --------------------------------------------------------------------------------

    /** The process dies when it comes to such a place for the {@code after}th time. */
    void trapAt(Await place, int after, boolean isSeen, long luck) {
        trap = place;
        trapAfter = after;
        trapIsSeen = isSeen;
        trapLuck = luck;
    }

    void disarm() {
        trap = null;
    }

    /** Comes to such a place; true if the process is over. */
    boolean reaches(Await place) {
        if (trap == place && --trapAfter <= 0) {
            trap = null;
            world.count("crashes at " + place);
            node.crash(trapIsSeen, trapLuck);
        }
        return !isAlive;
    }

    // ---- the loop ------------------------------------------------------------------------------------------------

    private long local() {
        return clock.local(world.now());
    }

    void input(Input input) {
        onLoop(() -> feed(input));
    }

    void leave() {
        if (isAlive && !isLeaving) {
            isLeaving = true;
            input(new Input.LeaveWanted());
        }
    }

    /** Something a lane does later, unless the process is over by then. */
    void later(long delay, Runnable task) {
        world.in(delay, () -> {
            if (isAlive) {
                if (isPaused()) {
                    frozen.addLast(task);
                } else {
                    task.run();
                }
            }
        });
    }

    private void onLoop(Runnable task) {
        if (!isAlive || isAside) {
            return;
        }
        if (isPaused()) {
            if (backlog.size() < BACKLOG_MAX) {
                backlog.addLast(task);
            }
            return;
        }
        task.run();
    }

    private void feed(Input input) {
        if (isAlive && !isAside) {
            passTime();
            step(input);
            arm();
        }
    }

    /** Time before anything else, as the product's loop and its edge do it. */
    private void passTime() {
        if (isAlive && !isAside && local() >= machine.nextDeadlineNanos()) {
            if (Math.abs(apart - apartSeen) > CLOCKS_APART) {
                apartSeen = apart;
                step(new Input.ClockDoubted("the boot clock and the monotonic clock moved apart"));
            } else {
                step(TICK);
            }
        }
    }

    private void step(Input input) {
        if (!isAlive || isAside) {
            return;
        }
        world.countStep();
        try {
            long due = machine.nextDeadlineNanos();
            before = machine.memory();
            Step<Effect, DurableState> step = machine.handle(local(), input);
            world.lemmas().stepped(node.index(), machine, local(), due, input, step);
            if (world.isTracing()
                    && !(input instanceof Input.Tick && step.notices().isEmpty())) {
                world.trace(id(), () -> "<- " + World.brief(input.toString()));
            }
            for (Notice notice : step.notices()) {
                world.noticed(node, notice);
            }
            perform(step);
            if (isAlive) {
                world.punctuality().stepped(node.index(), machine.incarnation().isPresent(), local(), input, step);
            }
        } catch (RuntimeException e) {
            StackTraceElement[] at = e.getStackTrace();
            world.court()
                    .violated(
                            Checker.NO_EXCEPTION,
                            id() + " " + e
                                    + (at.length > 0 ? " at " + at[0] + " " + at[Math.min(3, at.length - 1)] : ""));
        }
        world.court().looked(Checker.NO_EXCEPTION);
    }

    private void perform(Step<Effect, DurableState> step) {
        for (Effect effect : step.urgent()) {
            perform(effect);
        }
        if (step.persist().isPresent() && isAlive) {
            disk.write(step.persist().get(), step.persistNumber(), this);
            if (reaches(Await.WRITING)) {
                return;
            }
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

    @Override
    public void persisted(long number) {
        onLoop(() -> {
            if (reaches(Await.WRITTEN)) {
                return;
            }
            while (!held.isEmpty() && held.peekFirst().number <= number) {
                for (Effect effect : held.removeFirst().effects) {
                    perform(effect);
                }
            }
            feed(new Input.Persisted(number));
        });
    }

    /** Ends this acceptor's life at once, as the product's loop does: it stops what it owns and votes no more. */
    @Override
    public void writeFailed(String why) {
        onLoop(() -> {
            world.count("nodes that stepped aside");
            world.trace(id(), () -> "STEPS ASIDE: " + why);
            world.tell(id().value(), () -> "steps aside: " + why);
            isAside = true;
            leaseValid = false;
            world.names().reset(node.index());
            world.punctuality().reset(node.index());
            held.clear();
            backlog.clear();
            for (SimLane lane : lanes) {
                lane.stopAnything();
            }
        });
    }

    private void arm() {
        if (!isAlive || isAside || isPaused()) {
            return;
        }
        long deadline = machine.nextDeadlineNanos();
        if (deadline == Long.MAX_VALUE || (timerAt != Long.MAX_VALUE && timerFor <= deadline)) {
            return;
        }
        long late = world.time().isCalm() ? World.MILLI / 20 : lateness();
        long at = Math.max(clock.real(deadline), world.now()) + late;
        timerAt = at;
        timerFor = deadline;
        world.at(at, () -> {
            if (isAlive && at == timerAt) {
                timerAt = Long.MAX_VALUE;
                if (!isPaused()) {
                    passTime();
                    arm();
                }
            }
        });
    }

    private long lateness() {
        long draw = draw('t', 0);
        return SimRandom.happens(draw, 5)
                ? SimRandom.scale(draw + 1, 0, 60 * World.MILLI)
                : SimRandom.scale(draw + 1, 0, World.MILLI);
    }

    // ---- effects -------------------------------------------------------------------------------------------------

    private void perform(Effect effect) {
        if (!isAlive || reaches(Await.EFFECT)) {
            return;
        }
        if (effect instanceof Effect.Send send) {
            send(send.to(), send.message());
        } else if (effect instanceof Effect.PublishLease lease) {
            publish(lease);
        } else if (effect instanceof Effect.StartGroup start) {
            world.trace(id(), () -> "-> " + start);
            world.choice().starts(id(), start);
            world.placements().ordersStart(id(), start.group(), start.token(), machine.learned());
            world.leases().starts(node.index(), start.group(), leaseValid, leaseConfirmed, local());
            if (lane(start.group()).group().endsWithoutMajority()) {
                world.punctuality().starts(node.index(), start.group());
            }
            lane(start.group()).start(start);
        } else if (effect instanceof Effect.StopGroup stop) {
            world.trace(id(), () -> "-> " + stop);
            world.punctuality().stops(node.index(), stop.group());
            world.placements().ordersStop(id(), stop.group(), stop.token(), stop.why(), machine.learned());
            lane(stop.group()).stop(stop.token());
        } else if (effect instanceof Effect.PrepareGroup order) {
            lane(order.group()).prepare(order);
        } else if (effect instanceof Effect.UnprepareGroup order) {
            world.trace(id(), () -> "gives back what was made ready for " + order.group());
        } else if (effect instanceof Effect.WatchGroup watch) {
            world.trace(id(), () -> "looks again at " + watch.group());
        } else if (effect instanceof Effect.LiveAs live) {
            node.livesAs(live.incarnation());
            world.punctuality().lives(node.index(), local());
        } else if (effect instanceof Effect.PublishState state) {
            world.tell(id().value(), () -> "is " + state.state() + ": " + state.why());
        } else if (effect instanceof Effect.PublishRecord published) {
            world.trace(
                    id(),
                    () -> "learned " + published.ballot() + " #"
                            + published.value().number());
            world.choice().learned(id(), published.ballot(), published.value());
            world.chain().learned(id(), published.ballot(), published.value());
            world.barriers().learned(published.value());
        } else if (effect instanceof Effect.MoveDecided decided) {
            world.count(decided.isDone() ? "moves done" : "moves refused");
            world.tell(id().value(), () -> "hears of its move: " + decided.why());
        } else if (effect instanceof Effect.OperationDecided decided) {
            world.count(decided.isDone() ? "operations done" : "operations given up");
            world.tell(id().value(), () -> "hears of its operation: " + decided.why());
        } else if (effect instanceof Effect.Tell tell) {
            application.hears(tell.told());
        } else if (effect instanceof Effect.Left) {
            node.left();
        }
    }

    private void send(NodeId to, Message message) {
        if (message instanceof Renew renew) {
            world.punctuality().sendsHeartbeat(node.index(), local());
            world.leases().renews(node.index(), renew, local());
            // A step may renew and accept a record of other voters: which was first does not show.
            world.leases().countsItself(node.index(), local(), acceptor, disk.durable(), before);
            world.leases().countsItself(node.index(), local(), acceptor, disk.durable(), machine.memory());
            if (world.sabotage() == Sabotage.BLIND_RENEWAL && leaseValid) {
                enforce(local());
            }
        } else if (message instanceof RenewAck ack) {
            world.leases().acknowledges(world.indexOf(to), ack);
            world.word().leaves(acceptor, message, disk.durable());
        } else if (message instanceof Accept accept) {
            world.choice().proposed(accept.ballot(), accept.value());
        } else {
            world.word().leaves(acceptor, message, disk.durable());
            if (message instanceof Accepted accepted) {
                world.choice().accepted(acceptor, accepted.ballot());
            }
        }
        world.send(node, to, message);
    }

    private void publish(Effect.PublishLease lease) {
        leaseValid = lease.isValid();
        leaseConfirmed = lease.confirmedNanos();
        if (lease.isValid()) {
            world.leases().publishes(node.index(), lease, local());
            if (world.punctuality().confirms(node.index(), lease.confirmedNanos())) {
                lookAtEnd(lease.confirmedNanos() + World.TIMING.holderNanos());
            }
            boolean isLate = world.sabotage() == Sabotage.LEASE_FROM_ACKNOWLEDGEMENT;
            enforce(isLate ? local() : lease.confirmedNanos());
        }
    }

    private void lookAtEnd(long end) {
        world.at(clock.real(end), () -> {
            long again = isAlive && !isAside ? world.punctuality().looksAtEnd(node.index(), local()) : Long.MAX_VALUE;
            if (again != Long.MAX_VALUE) {
                lookAtEnd(again);
            }
        });
    }

    private void enforce(long confirmed) {
        world.ownership().enforce(node.index(), clock.real(confirmed + World.TIMING.holderNanos()));
        world.names().renewed(node.index());
    }

    /** Whether a start whose turn has come may begin. */
    boolean mayBegin() {
        return leaseValid && world.now() < world.ownership().enforcedUntil(node.index());
    }

    SimLane lane(SimGroup group) {
        return lanes[group.index()];
    }

    private SimLane lane(String group) {
        for (SimLane lane : lanes) {
            if (lane.group().name().equals(group)) {
                return lane;
            }
        }
        throw new IllegalArgumentException("no group " + group);
    }
}
