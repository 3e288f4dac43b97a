package org.understudy.ha.membership.core.recovery;

import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.Rung;

/** What the core services tell the application. */
public sealed interface Told {

    /** This incarnation owns the name, with the value of that request, for as long as its lease is valid and nothing else is told. */
    record NameHeld(long request, String name, Incarnation owner) implements Told {}

    /** The name is not owned, or keeps its old value. */
    record NameRefused(long request, String name, String why) implements Told {}

    /** It is not known what becomes of the request. A name that was not owned yet is not claimed any more. */
    record NameUnknown(long request, String name, String why) implements Told {}

    /** What was registered with that request is not this node's, for good. */
    record NameOver(long registration, String name, String why) implements Told {}

    /** How a barrier ended for whoever waits. */
    enum Outcome {
        PASSED,
        ABORTED,
        UNKNOWN
    }

    /**
     * What became of an entry.
     *
     * @param phase the one that was entered; 0 if none was
     * @param requests all who waited for it
     * @param now the newest view this node knows
     */
    record BarrierDecided(
            String barrier, long phase, SortedSet<Long> requests, Outcome outcome, Optional<View> now, String why)
            implements Told {}

    /**
     * The members of a barrier.
     *
     * @param number the record that began it
     * @param phase the phase that is open
     */
    record View(long number, long phase, List<Incarnation> members) {
        public View {
            members = List.copyOf(members);
        }
    }

    /** Run the user's action. Answer with {@link Ask.Climbed}. */
    record Climb(long view, long phase, Rung rung, List<Incarnation> members) implements Told {
        public Climb {
            members = List.copyOf(members);
        }
    }

    /** What the action of that phase does is not wanted any more; interrupt it. */
    record Descend(long view, long phase, String why) implements Told {}
}
