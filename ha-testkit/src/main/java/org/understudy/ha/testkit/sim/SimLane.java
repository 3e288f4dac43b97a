package org.understudy.ha.testkit.sim;

import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.testkit.sim.SimProcess.Await;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;

/**
 * Starts and stops one group in one process, one call at a time. A start begins only while the lease holds: the order may be old
 * by the time its turn comes.
 */
final class SimLane {

    private final World world;
    private final SimProcess process;
    private final SimGroup group;
    private long token;
    private ProofKind proof = ProofKind.NEVER;
    private long operation;
    private boolean isBegun;

    SimLane(World world, SimProcess process, SimGroup group) {
        this.world = world;
        this.process = process;
        this.group = group;
    }

    SimGroup group() {
        return group;
    }

    void start(Effect.StartGroup order) {
        token = order.token();
        proof = order.proof();
        long mine = ++operation;
        checkNotReleased(order.token());
        world.count("starts");
        world.count("starts by " + order.proof());
        process.later(delay(2 * World.MILLI), () -> begin(mine));
    }

    /** Nothing is done with it here but that it takes time, and may fail. */
    void prepare(Effect.PrepareGroup order) {
        world.count("preparations");
        long draw = SimRandom.hash(world.seed(), 'y', group.index(), order.token());
        process.later(SimRandom.scale(draw, World.MILLI / 20, 40 * World.MILLI), () -> {
            boolean fails = world.failsStart(draw + 1);
            process.input(new Input.PrepareEnded(
                    group.name(),
                    order.token(),
                    fails ? Optional.of(Severity.SOFT) : Optional.empty(),
                    "",
                    fails ? "simulated failure" : ""));
        });
    }

    private void checkNotReleased(long wanted) {
        world.court().looked(Checker.RELEASED_STAYS);
        if (wanted <= process.machine().memory().released().getOrDefault(group.name(), 0L)) {
            world.court()
                    .violated(
                            Checker.RELEASED_STAYS,
                            process.id() + " starts " + group.name() + " under token " + wanted
                                    + ", which it gave back");
        }
    }

    private void begin(long mine) {
        if (mine != operation) {
            return;
        }
        if (!process.mayBegin()) {
            process.later(10 * World.MILLI, () -> begin(mine));
            return;
        }
        isBegun = true;
        world.trace(process.id(), () -> "begins " + group.name() + " token " + token);
        world.takeovers().began(group, process.index(), token, proof);
        world.ownership().begin(group, process.index(), token);
        if (process.reaches(Await.START)) {
            return;
        }
        boolean fails = world.failsStart(draw());
        process.later(delay(40 * World.MILLI), () -> {
            if (mine == operation) {
                process.input(new Input.StartEnded(
                        group.name(),
                        token,
                        fails ? Optional.of(Severity.SOFT) : Optional.empty(),
                        fails ? "simulated failure" : ""));
            }
        });
    }

    void stop(long which) {
        long mine = ++operation;
        if (process.reaches(Await.STOP)) {
            return;
        }
        if (!isBegun) {
            process.later(delay(World.MILLI), () -> stopped(mine, which));
            return;
        }
        boolean fails = world.failsStart(draw());
        process.later(delay(60 * World.MILLI), () -> {
            if (fails && mine == operation) {
                process.input(new Input.StopEnded(group.name(), which, false, "simulated failure"));
                process.later(700 * World.MILLI, () -> stopped(mine, which));
            } else {
                stopped(mine, which);
            }
        });
    }

    /** The node steps aside: whatever runs is stopped, and nobody waits for an answer. */
    void stopAnything() {
        stop(token);
    }

    private void stopped(long mine, long which) {
        if (mine != operation) {
            return;
        }
        if (isBegun) {
            world.ownership().end(group, process.index());
            isBegun = false;
            world.tell(group.name(), () -> "is stopped on " + process.id() + ", token " + which);
        }
        world.trace(process.id(), () -> "stopped " + group.name() + " token " + which);
        process.input(new Input.StopEnded(group.name(), which, true, ""));
        if (world.sabotage() == Sabotage.START_AFTER_RELEASE) {
            process.later(5 * World.MILLI, () -> {
                if (mine == operation) {
                    start(new Effect.StartGroup(
                            group.name(), new Incarnation(process.id(), 1), which, ProofKind.RELEASED));
                }
            });
        }
    }

    void fail(Severity severity) {
        if (isBegun) {
            world.count("group failures");
            process.input(new Input.GroupEnded(group.name(), token, Optional.of(severity), "simulated failure"));
        }
    }

    private long draw() {
        return process.draw('g', group.index());
    }

    private long delay(long most) {
        return world.time().isCalm() ? World.MILLI / 20 : SimRandom.scale(draw(), World.MILLI / 20, most);
    }
}
