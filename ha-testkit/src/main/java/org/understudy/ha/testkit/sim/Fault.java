package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * Something that goes wrong, or is asked for, at a moment.
 *
 * @param atNanos real time
 * @param node whom it hits
 * @param other a second node, where the kind needs one
 * @param lengthNanos how long it lasts
 * @param salt decides details
 */
public record Fault(long atNanos, Kind kind, int node, int other, long lengthNanos, long salt) {

    /** What can go wrong. */
    public enum Kind {
        /** The process dies; its guardian acts. */
        CRASH,
        /** The process dies and nobody tells. */
        CRASH_UNSEEN,
        /** The whole host stops. */
        POWER_OFF,
        /** Every host stops at once. */
        BLACKOUT,
        /** The process stands still. */
        PAUSE,
        /** No link of the node works. */
        ISOLATE,
        /** Nothing the node sends arrives; it hears everything. */
        MUTE,
        /** One pair cannot talk. */
        CUT_PAIR,
        /** One direction of one pair is lost. */
        CUT_ONE_WAY,
        /** Writes take up to 400 ms. */
        SLOW_DISK,
        /** Messages take up to 250 ms. */
        SLOW_NETWORK,
        /** Messages to one node take up to 900 ms. */
        SLOW_INBOUND,
        /** Messages get lost. */
        LOSS,
        /** An operator asks for a move. */
        MOVE,
        /** A planned leave and return. */
        LEAVE,
        /** A last will with a wrong signature or incarnation. */
        FORGED_WILL,
        /** A last will of an earlier life comes again. */
        LATE_WILL,
        /** A view that has nothing to do with the truth. */
        ODD_VIEW,
        /** A node doubts its clock. */
        DOUBT,
        /** A running group fails. */
        GROUP_FAILS,
        /** A node cannot start a group for a while. */
        VETO
    }

    /** Draws the faults of a run: first which kinds it has at all, then each fault. */
    static List<Fault> plan(SimRandom random, List<Kind> only, int nodes, long from, long to) {
        List<Kind> kinds = new ArrayList<>(only);
        for (Kind kind : Kind.values()) {
            if (random.chance(500) && only.isEmpty()) {
                kinds.add(kind);
            }
        }
        if (kinds.isEmpty()) {
            kinds.add(Kind.CRASH);
        }
        int count = only.isEmpty() ? 4 + random.below(30) : 40 + random.below(40);
        List<Fault> faults = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Kind kind = kinds.get(random.below(kinds.size()));
            int node = random.below(nodes);
            int other = (node + 1 + random.below(nodes - 1)) % nodes;
            long most = random.chance(300) ? 6_000 * World.MILLI : 1_500 * World.MILLI;
            faults.add(new Fault(
                    random.between(from, to),
                    kind,
                    node,
                    other,
                    random.between(50 * World.MILLI, most),
                    random.next()));
        }
        faults.sort((a, b) -> Long.compare(a.atNanos, b.atNanos));
        return faults;
    }

    @Override
    public String toString() {
        return kind + " node " + node + " other " + other + " for " + World.millis(lengthNanos) + " ms";
    }
}
