package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;
import org.understudy.ha.iptakeover.core.PresenceWatch.Action;
import org.understudy.ha.iptakeover.core.PresenceWatch.Decision;
import org.understudy.ha.iptakeover.core.PresenceWatch.Stay;

/** Somebody who takes an address away again and again, and a stay that comes into doubt and ends. */
@Tag("property")
class PresenceWatchProperties {
    private static final long MILLI = 1_000_000;
    private static final long NET = 10_000 * MILLI;

    /**
     * @param idle before it
     * @param isTaken somebody takes the address away
     * @param isHeard and the kernel tells of it
     * @param isRefused the kernel does not let it be put back now
     */
    record Event(long idle, boolean isTaken, boolean isHeard, Stay stay, boolean isRefused) {}

    @Provide
    Arbitrary<List<Event>> events() {
        return Combinators.combine(
                        Arbitraries.longs().between(0, 3_000 * MILLI),
                        Arbitraries.of(true, true, false),
                        Arbitraries.of(true, true, true, false),
                        Arbitraries.frequency(
                                Tuple.of(40, Stay.HELD), Tuple.of(5, Stay.IN_DOUBT), Tuple.of(1, Stay.OVER)),
                        Arbitraries.of(false, false, false, true))
                .as(Event::new)
                .list()
                .ofMaxSize(120);
    }

    @Property
    void never_out_of_turn_and_never_too_often(@ForAll("events") List<Event> events) {
        PresenceWatch watch = new PresenceWatch(0, NET);
        List<Long> restores = new ArrayList<>();
        long now = 0;
        boolean isThere = true;
        boolean isOver = false;
        for (Event event : events) {
            now += event.idle();
            isThere &= !event.isTaken();
            if (event.isTaken() && event.isHeard()) {
                watch.stirred();
            }
            isOver |= event.stay() == Stay.OVER;
            Decision decision = watch.decide(event.stay(), now);
            for (int i = 0; decision.action() != Action.WAIT; i++) {
                assertThat(i).as("it comes to an end").isLessThan(4);
                assertThat(isOver).isFalse();
                if (decision.action() == Action.LOOK) {
                    watch.found(isThere, now);
                } else {
                    assertThat(event.stay()).isEqualTo(Stay.HELD);
                    assertThat(isThere).as("what stands is not added").isFalse();
                    restores.add(now);
                    isThere = !event.isRefused();
                    watch.restored(isThere, now);
                }
                decision = watch.decide(event.stay(), now);
            }
            assertThat(decision.nextNanos()).isGreaterThan(now);
            assertThat(decision.nextNanos() == Long.MAX_VALUE).isEqualTo(isOver || watch.hasGivenUp());
        }
        for (int i = PresenceWatch.RESTORES_MAX; i < restores.size(); i++) {
            assertThat(restores.get(i) - restores.get(i - PresenceWatch.RESTORES_MAX))
                    .isGreaterThanOrEqualTo(PresenceWatch.WINDOW_NANOS);
        }
    }

    @Property
    void what_is_held_and_left_alone_stands_in_the_end(@ForAll("events") List<Event> events) {
        PresenceWatch watch = new PresenceWatch(0, NET);
        long now = 0;
        boolean isThere = true;
        for (Event event : events) {
            now += event.idle();
            isThere &= !event.isTaken();
            Stay stay = event.stay() == Stay.OVER ? Stay.IN_DOUBT : event.stay();
            isThere = drive(watch, stay, now, isThere);
        }
        for (int i = 0; i < 100 && !isThere; i++) {
            now = watch.decide(Stay.HELD, now).nextNanos() == Long.MAX_VALUE
                    ? now
                    : watch.decide(Stay.HELD, now).nextNanos();
            isThere = drive(watch, Stay.HELD, now, false);
        }
        assertThat(isThere || watch.hasGivenUp()).isTrue();
    }

    private static boolean drive(PresenceWatch watch, Stay stay, long now, boolean isThere) {
        boolean stands = isThere;
        Decision decision = watch.decide(stay, now);
        while (decision.action() != Action.WAIT) {
            if (decision.action() == Action.LOOK) {
                watch.found(stands, now);
            } else {
                stands = true;
                watch.restored(true, now);
            }
            decision = watch.decide(stay, now);
        }
        return stands;
    }
}
