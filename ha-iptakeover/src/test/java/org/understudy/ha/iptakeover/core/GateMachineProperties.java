package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import org.understudy.ha.iptakeover.core.GateMachine.Action;

/** A keeper that stalls anywhere, against a simulated kernel. */
@Tag("property")
class GateMachineProperties {
    private static final long MILLI = 1_000_000;
    private static final GateTiming TIMING = GateTiming.forLease(960 * MILLI);

    /**
     * One turn of the keeper.
     *
     * @param idle before the turn
     * @param afterRead stall between reading the confirmation and the clock
     * @param beforeCall stall between decision and call
     * @param afterCall stall between call and return
     * @param lateness of the expiry of what the call sets
     * @param renewed whether a renewal was sent and confirmed just before the turn
     */
    record Turn(long idle, long afterRead, long beforeCall, long afterCall, long lateness, boolean renewed) {}

    @Provide
    Arbitrary<List<Turn>> turns() {
        Arbitrary<Long> stall = Arbitraries.frequencyOf(
                Tuple.of(12, Arbitraries.longs().between(0, 2 * MILLI)),
                Tuple.of(2, Arbitraries.longs().between(0, 1_200 * MILLI)),
                Tuple.of(
                        1,
                        Arbitraries.of(
                                TIMING.timeoutMillis() * MILLI - 1,
                                TIMING.timeoutMillis() * MILLI,
                                TIMING.timeoutMillis() * MILLI + 9 * MILLI,
                                TIMING.freshNanos() - 1)));
        Arbitrary<Long> idle = Arbitraries.longs().between(0, 120 * MILLI);
        Arbitrary<Long> lateness = Arbitraries.longs().between(0, GateTiming.LATENESS_NANOS / 2);
        return Combinators.combine(idle, stall, stall, stall, lateness, Arbitraries.of(true, true, false))
                .as(Turn::new)
                .list()
                .ofMinSize(3)
                .ofMaxSize(60);
    }

    @Property(tries = 3000)
    void never_open_after_the_end_of_the_lease(@ForAll("turns") List<Turn> turns) {
        assertThat(worstMargin(turns, false)).isNotNegative();
    }

    @Property(tries = 500)
    void after_the_stalls_the_gate_opens_again_if_the_lease_lives(@ForAll("turns") List<Turn> turns) {
        World world = new World(false);
        for (Turn turn : turns) {
            // A lease that never comes close to its end: renewals go on during every stall.
            world.confirmed = world.now;
            world.turn(new Turn(turn.idle(), 0, turn.beforeCall(), turn.afterCall(), 0, true));
            world.confirmed = world.now;
        }
        for (int i = 0; i < 3; i++) {
            world.turn(new Turn(TIMING.refreshNanos(), 0, 0, 0, 0, true));
        }
        assertThat(world.machine.isOpen()).isTrue();
        assertThat(world.gate.openEnds()).isGreaterThan(world.now);
    }

    static long worstMargin(List<Turn> turns, boolean blind) {
        World world = new World(blind);
        for (Turn turn : turns) {
            world.turn(turn);
        }
        return world.worstMargin;
    }

    /** Time, the lease and the kernel as they are, not as the keeper sees them. */
    private static final class World {
        final GateMachine machine = new GateMachine(TIMING);
        final SimulatedGate gate;
        long now = 1_000_000 * MILLI;
        long confirmed = now;
        /** Least distance between the end of an opening and the end of the lease it was built on. */
        long worstMargin = Long.MAX_VALUE;

        World(boolean blind) {
            gate = new SimulatedGate(TIMING, blind);
        }

        void turn(Turn turn) {
            now += turn.idle();
            if (turn.renewed() && now - confirmed < TIMING.lengthNanos()) {
                confirmed = now;
            }
            long read = confirmed;
            now += turn.afterRead();
            GateMachine.Decision decision = machine.decide(read, true, now, 0);
            Action action = decision.action();
            if (action == Action.WAIT || action == Action.LET_GO) {
                return;
            }
            now += turn.beforeCall();
            boolean accepted = gate.call(action, now, turn.lateness());
            if (accepted && action != Action.ARM) {
                worstMargin = Math.min(worstMargin, read + TIMING.lengthNanos() - gate.openEnds());
            }
            now += turn.afterCall();
            machine.done(action, accepted);
        }
    }
}
