package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import org.understudy.ha.iptakeover.core.DeadlineMachine.Action;
import org.understudy.ha.iptakeover.core.DeadlineMachine.Decision;

/** A keeper that stalls anywhere and any number of times in a row, against a simulated map of the kernel. */
@Tag("property")
class DeadlineMachineProperties {
    private static final long MILLI = 1_000_000;
    private static final long LENGTH = 960 * MILLI;

    /** How a keeper may be broken. */
    enum Fault {
        NONE,
        /** Writes now + length, as one does who only wants to prolong. */
        BLIND_WRITER,
        /** The kernel takes what comes after the gate was shut. */
        BLIND_MAP
    }

    /**
     * One turn of the keeper.
     *
     * @param idle before the turn
     * @param afterRead stall between reading the confirmation and the clock
     * @param beforeCall stall between decision and call
     * @param afterCall stall between call and return
     * @param renewed whether a renewal was sent and confirmed just before the turn
     * @param valid what the lease says of itself
     * @param shut somebody shuts the gate between decision and call
     */
    record Turn(
            long idle, long afterRead, long beforeCall, long afterCall, boolean renewed, boolean valid, boolean shut) {}

    @Provide
    Arbitrary<List<Turn>> turns() {
        Arbitrary<Long> stall = Arbitraries.frequencyOf(
                Tuple.of(8, Arbitraries.longs().between(0, 2 * MILLI)),
                Tuple.of(3, Arbitraries.longs().between(0, 2_500 * MILLI)),
                Tuple.of(1, Arbitraries.of(LENGTH - 1, LENGTH, LENGTH + 1)));
        Arbitrary<Long> idle = Arbitraries.longs().between(0, 120 * MILLI);
        return Combinators.combine(
                        idle,
                        stall,
                        stall,
                        stall,
                        Arbitraries.of(true, true, false),
                        Arbitraries.of(true, true, true, false),
                        Arbitraries.of(false, false, false, false, false, false, false, true))
                .as(Turn::new)
                .list()
                .ofMinSize(2)
                .ofMaxSize(40);
    }

    @Property(tries = 5000)
    void never_open_after_the_end_of_the_lease_nor_after_it_was_shut(@ForAll("turns") List<Turn> turns) {
        new World(Fault.NONE).play(turns);
    }

    @Property(tries = 500)
    void a_lease_that_is_confirmed_keeps_it_open(@ForAll("turns") List<Turn> turns) {
        World world = new World(Fault.NONE);
        for (Turn turn : turns) {
            world.turn(new Turn(turn.idle(), 0, 0, 0, true, true, false));
            assertThat(world.kernel.isOpen(world.now)).isTrue();
            assertThat(world.machine.isOpen(world.now)).isTrue();
        }
        assertThat(world.machine.reopenings()).isZero();
    }

    /** The stalls that a kernel which counts from the call would add to the lease. */
    @Example
    void a_writer_that_stalls_twice_in_a_row_prolongs_nothing_and_a_blind_one_is_caught() {
        List<Turn> twice = List.of(
                new Turn(0, 0, 0, 0, true, true, false),
                new Turn(50 * MILLI, 0, 900 * MILLI, 0, true, true, false),
                new Turn(0, 0, 900 * MILLI, 900 * MILLI, false, true, false));
        new World(Fault.NONE).play(twice);
        assertThatThrownBy(() -> new World(Fault.BLIND_WRITER).play(twice))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("after the end of the lease");
    }

    @Example
    void a_map_that_takes_a_late_write_is_caught() {
        List<Turn> late = List.of(
                new Turn(0, 0, 0, 0, true, true, false), new Turn(50 * MILLI, 0, 10 * MILLI, 0, true, true, true));
        new World(Fault.NONE).play(late);
        assertThatThrownBy(() -> new World(Fault.BLIND_MAP).play(late))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("after it was shut");
    }

    /** Time, the lease and the kernel as they are, not as the keeper sees them. */
    private static final class World {
        final DeadlineMachine machine = new DeadlineMachine(LENGTH);
        final SimulatedDeadline kernel;
        private final Fault fault;
        long now = 1_000_000 * MILLI;
        long confirmed = now;
        private boolean isShut;

        World(Fault fault) {
            this.fault = fault;
            kernel = new SimulatedDeadline(fault == Fault.BLIND_MAP);
        }

        void play(List<Turn> turns) {
            turns.forEach(this::turn);
        }

        void turn(Turn turn) {
            now += turn.idle();
            if (turn.renewed() && now - confirmed < LENGTH) {
                confirmed = now;
            }
            long read = confirmed;
            now += turn.afterRead();
            Decision decision = machine.decide(read, turn.valid(), now);
            if (!turn.valid()) {
                assertThat(decision.action()).as("in doubt").isNotEqualTo(Action.WRITE);
            }
            now += turn.beforeCall();
            if (turn.shut()) {
                kernel.shut();
                isShut = true;
            }
            if (decision.action() == Action.WRITE) {
                long deadline = fault == Fault.BLIND_WRITER ? now + LENGTH : decision.deadlineNanos();
                boolean accepted = kernel.extend(deadline);
                now += turn.afterCall();
                machine.done(decision, accepted, now);
            }
            check();
        }

        private void check() {
            assertThat(kernel.ends()).as("open after the end of the lease").isLessThanOrEqualTo(confirmed + LENGTH);
            assertThat(isShut && kernel.isOpen(now))
                    .as("open after it was shut")
                    .isFalse();
        }
    }
}
