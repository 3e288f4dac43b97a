package org.understudy.ha.testkit.sim;

import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.testkit.sim.SimProcess.Await;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;

/**
 * Starts and stops one group in one process, one call at a time, or one part of a group: then as its {@link SimInstance} allows. A start begins
 * only while the lease holds: the order may be old by the time its turn comes.
 */
final class SimLane {

    private final World world;
    private final SimProcess process;
    private final SimGroup group;
    private final SimInstance instance;
    private Optional<Placement> placement;
    private boolean isToBeOffered;
    private long token;
    private ProofKind proof = ProofKind.NEVER;
    private long operation;
    private boolean isBegun;
    private boolean isUp;
    /** A promotion that its copy took with it. */
    private long givenUp;

    private String veto = "";
    private String told = "";
    private long toldScore;

    /**
     * @param placement the rules with which this process registers it; empty if it does not
     */
    SimLane(World world, SimProcess process, SimGroup group, SimInstance instance, Optional<Placement> placement) {
        this.world = world;
        this.process = process;
        this.group = group;
        this.instance = instance;
        this.placement = placement;
        instance.add(this);
    }

    SimGroup group() {
        return group;
    }

    Optional<Placement> placement() {
        return placement;
    }

    /** Whether it has started completely, and nothing stops it. */
    boolean isUp() {
        return isUp;
    }

    // ---- what is offered -------------------------------------------------------------------------------------------

    /** The process registers it. */
    void offer() {
        placement.ifPresent(rules -> {
            told = whyNot();
            toldScore = instance.score();
            process.input(new Input.GroupOffered(group.name(), candidacy(), rules));
        });
    }

    /** The process registers it while it runs, or gives it up: what runs is stopped then. */
    void register(Optional<Placement> rules) {
        boolean wasRegistered = placement.isPresent();
        placement = rules;
        if (rules.isEmpty() && wasRegistered) {
            process.input(new Input.GroupWithdrawn(group.name()));
        } else if (!wasRegistered) {
            offerOnceGone();
        }
    }

    /** What was given up and has not stopped yet cannot be registered again. */
    private void offerOnceGone() {
        if (placement.isEmpty() || isToBeOffered) {
            return;
        }
        if (process.machine().groups().isThere(group.name())) {
            isToBeOffered = true;
            process.later(20 * World.MILLI, () -> {
                isToBeOffered = false;
                offerOnceGone();
            });
        } else {
            offer();
        }
    }

    private Candidacy candidacy() {
        Candidacy offered = group.role() == Role.PROMOTED ? group.scored(toldScore) : group.candidacy(process.index());
        return told.isEmpty() ? offered : offered.withEligibility(false, told);
    }

    private String whyNot() {
        return switch (group.role()) {
            case WHOLE -> veto;
            case COPY -> instance.isOther(this) ? "another copy is here" : veto;
            case PROMOTED -> instance.isUp() ? veto : "no copy runs here";
        };
    }

    /** The resource says that it could not start here, or, without a reason, that it could. */
    void veto(String why) {
        veto = why;
        if (SimInstance.isPart(group)) {
            look();
        } else {
            process.input(new Input.EligibilityChanged(group.name(), why.isEmpty(), why));
        }
    }

    void lookSoon() {
        if (SimInstance.isPart(group) && placement.isPresent()) {
            process.later(delay(20 * World.MILLI), this::look);
        }
    }

    /** Says what it could do here if that has changed. */
    void look() {
        boolean isScored = group.role() == Role.PROMOTED && instance.score() != toldScore;
        if (placement.isEmpty() || isBegun || whyNot().equals(told) && !isScored) {
            return;
        }
        told = whyNot();
        toldScore = instance.score();
        process.input(
                group.role() == Role.PROMOTED
                        ? new Input.CandidacyChanged(group.name(), candidacy())
                        : new Input.EligibilityChanged(group.name(), told.isEmpty(), told));
    }

    /** Its copy's score becomes another. */
    void scores(long value) {
        instance.scores(value);
    }

    // ---- start -----------------------------------------------------------------------------------------------------

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
        if (!isPossible()) {
            world.count("starts of parts declined");
            process.input(new Input.GroupResigned(group.name(), token, 0));
            return;
        }
        isBegun = true;
        world.trace(process.id(), () -> "begins " + group.name() + " token " + token);
        world.takeovers().began(group, process.index(), token, proof);
        world.ownership().begin(group, process.index(), token);
        world.placements().begins(group, process.index(), token);
        if (process.reaches(Await.START)) {
            return;
        }
        boolean fails = world.failsStart(draw());
        process.later(delay(40 * World.MILLI), () -> {
            if (mine == operation) {
                if (!fails) {
                    isUp = true;
                    world.placements().started(group, token);
                    if (group.role() == Role.PROMOTED) {
                        world.count("promotions");
                    }
                }
                process.input(new Input.StartEnded(
                        group.name(),
                        token,
                        fails ? Optional.of(Severity.SOFT) : Optional.empty(),
                        fails ? "simulated failure" : ""));
                instance.poke();
            }
        });
    }

    private boolean isPossible() {
        return switch (group.role()) {
            case WHOLE -> true;
            case COPY -> instance.take(this);
            case PROMOTED -> givenUp < token && instance.isUp();
        };
    }

    // ---- stop ------------------------------------------------------------------------------------------------------

    void stop(long which) {
        long mine = ++operation;
        isUp = false;
        if (group.role() == Role.COPY && instance.isHere(this)) {
            instance.promoted().ifPresent(SimLane::giveUp);
        }
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

    /** The copy under a promoted role stops: the role is given back. It ends with the copy, whenever the machine hears of it. */
    private void giveUp() {
        long present = token;
        if (givenUp < present) {
            givenUp = present;
            isUp = false;
            process.later(
                    delay(2 * World.MILLI), () -> process.input(new Input.GroupResigned(group.name(), present, 0)));
        }
    }

    private void demoted() {
        if (isBegun) {
            world.ownership().end(group, process.index());
            isBegun = false;
        }
    }

    private void stopped(long mine, long which) {
        if (mine != operation) {
            return;
        }
        if (group.role() == Role.COPY && instance.isHere(this)) {
            instance.promoted().ifPresent(SimLane::demoted);
        }
        if (isBegun) {
            world.ownership().end(group, process.index());
            world.placements().ends(group, process.index());
            isBegun = false;
            world.tell(group.name(), () -> "is stopped on " + process.id() + ", token " + which);
        }
        world.trace(process.id(), () -> "stopped " + group.name() + " token " + which);
        instance.leave(this);
        process.input(new Input.StopEnded(group.name(), which, true, ""));
        instance.poke();
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
