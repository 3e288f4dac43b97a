package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * Something that goes wrong, or is asked for, at a moment.
 *
 * @param atNanos real time
 * @param node whom it hits, or who is asked
 * @param other a second node, where the kind needs one
 * @param group which group, where the kind needs one
 * @param lengthNanos how long it lasts
 * @param luck decides details
 */
public record Fault(long atNanos, Kind kind, int node, int other, int group, long lengthNanos, long luck) {

    private static final int LUCK_BITS = 20;
    private static final int CHASING_PER_MILLE = 250;

    /** In order of time. */
    static final Comparator<Fault> IN_ORDER = Comparator.comparingLong(Fault::atNanos);

    /** What else than a moment and a node a kind of fault needs. */
    enum Needs {
        OTHER,
        GROUP,
        LENGTH,
        LUCK
    }

    /** What can go wrong. */
    public enum Kind {
        /** The process dies; its guardian acts. It is started again after a while. */
        CRASH(Needs.LENGTH, Needs.LUCK),
        /** The process dies and nobody tells. */
        CRASH_UNSEEN(Needs.LENGTH),
        /** The process dies in the middle: between two effects of a step, around a write, inside a start or a stop. */
        CRASH_AT(Needs.LENGTH, Needs.LUCK),
        /** The whole host stops. */
        POWER_OFF(Needs.LENGTH),
        /** Every host stops at once. */
        BLACKOUT(Needs.LENGTH, Needs.LUCK),
        /** One node after the other leaves and comes back; whoever cannot leave in time is killed. */
        ROLLING_RESTART(Needs.LENGTH, Needs.LUCK),
        /** The process dies again and again, soon after each start. */
        RESTART_STORM(Needs.LENGTH, Needs.LUCK),
        /** The process stands still. */
        PAUSE(Needs.LENGTH),
        /** The process stands still again and again, for about as long as the guard allows, sometimes a little longer. */
        BUSY(Needs.LENGTH, Needs.LUCK),
        /** The host sleeps: its boot clock runs on, its processes and the timers of its kernel stand still. */
        SUSPEND(Needs.LENGTH),
        /** The monotonic clock moves against the boot clock. */
        CLOCK_STEP(Needs.LUCK),
        /** A node doubts its clock. */
        DOUBT(),
        /** No link of the node works. */
        ISOLATE(Needs.LENGTH),
        /** Nothing the node sends arrives; it hears everything. */
        MUTE(Needs.LENGTH),
        /** Nothing reaches the node; it is heard by everybody. */
        DEAF(Needs.LENGTH),
        /** One pair cannot talk. */
        CUT_PAIR(Needs.OTHER, Needs.LENGTH),
        /** One direction of one pair is lost. */
        CUT_ONE_WAY(Needs.OTHER, Needs.LENGTH),
        /** Two sides, majority and minority, cannot talk. */
        SPLIT(Needs.OTHER, Needs.LENGTH, Needs.LUCK),
        /** Two sides that only one node still reaches. */
        BRIDGE(Needs.OTHER, Needs.LENGTH, Needs.LUCK),
        /** Each node reaches its two neighbours only. Nothing is lost with three nodes. */
        RING(Needs.LENGTH),
        /** One direction of one pair holds everything back and releases it in a burst. */
        CLOG(Needs.OTHER, Needs.LENGTH),
        /** Many links clog one after the other, and open in another order. */
        SWIZZLE(Needs.LENGTH, Needs.LUCK),
        /** Messages take up to 250 ms. */
        SLOW_NETWORK(Needs.LENGTH),
        /** Messages to one node take up to 900 ms. */
        SLOW_INBOUND(Needs.LENGTH),
        /** Messages of one node take up to 900 ms: a slow peer. */
        SLOW_OUTBOUND(Needs.LENGTH),
        /** Messages overtake one another. */
        REORDER(Needs.LENGTH),
        /** Every second message arrives twice. */
        DUPLICATE(Needs.LENGTH),
        /** Messages get lost. */
        LOSS(Needs.LENGTH, Needs.LUCK),
        /** Writes take up to 400 ms. */
        SLOW_DISK(Needs.LENGTH),
        /** Writes take 300 to 400 ms. */
        LAME_DISK(Needs.LENGTH),
        /** No write ends before the fault does. */
        HUNG_DISK(Needs.LENGTH),
        /** Writes fail: the node steps aside, and is started again later. */
        DISK_FULL(Needs.LENGTH, Needs.LUCK),
        /** Power fails and the disk comes back with half a record: the node refuses it until it is given an empty one. */
        TORN_RECORD(Needs.LENGTH, Needs.LUCK),
        /** Power fails and one bit is another: the node refuses the disk until it is given an empty one. */
        BIT_FLIP(Needs.LENGTH, Needs.LUCK),
        /** The host comes back with an empty disk. */
        EMPTY_DISK(Needs.LENGTH),
        /** The host comes back with an older copy of its disk. */
        OLD_DISK(Needs.LENGTH, Needs.LUCK),
        /** The host comes back with a copy of another node's disk, is refused, and gets its own again. */
        FOREIGN_DISK(Needs.OTHER, Needs.LENGTH),
        /** An operator at one node asks for a move to another. */
        MOVE(Needs.OTHER, Needs.GROUP),
        /** An operator keeps a node from running groups for a while. */
        STANDBY(Needs.OTHER, Needs.LENGTH),
        /** A process dies unseen, and an operator elsewhere says so: a true word. */
        CONFIRM_DOWN(Needs.OTHER, Needs.LENGTH),
        /** An operator takes a node's vote away and gives it back after a while. */
        REMOVE_VOTE(Needs.OTHER, Needs.LENGTH),
        /**
         * A majority of the disks is lost for good, other nodes may lose power, and an operator at one that is left says that it goes on
         * alone: a true word. Later everybody is there again, on empty disks where theirs are lost, and is given its vote back.
         */
        MAJORITY_LOST(Needs.LENGTH, Needs.LUCK),
        /** A planned leave and return. */
        LEAVE(),
        /** A last will with a wrong signature or incarnation. */
        FORGED_WILL(Needs.LUCK),
        /** A last will of an earlier life comes again. */
        LATE_WILL(Needs.LUCK),
        /** A view that has nothing to do with the truth. */
        ODD_VIEW(Needs.LUCK),
        /** A running group fails. */
        GROUP_FAILS(Needs.GROUP, Needs.LUCK),
        /** A node cannot start a group for a while. */
        VETO(Needs.GROUP, Needs.LENGTH),
        /** Applications register a name, give it another value or give it up, several at about the same time. */
        NAME(Needs.LENGTH, Needs.LUCK),
        /** Applications join a barrier, enter it, or leave it, several at about the same time. */
        BARRIER(Needs.LENGTH, Needs.LUCK),
        /** Applications hang rungs of the ladder, or take one down, several at about the same time. */
        LADDER(Needs.LENGTH, Needs.LUCK),
        /**
         * A node that runs the version before leaves, is killed if it cannot in time, and comes back as the present one on its disk.
         * Only worlds that begin so have it.
         */
        UPGRADE(Needs.LENGTH, Needs.LUCK),
        /** An operator keeps a group, a node or everything as it is for a while. */
        MAINTENANCE(Needs.OTHER, Needs.GROUP, Needs.LENGTH, Needs.LUCK),
        /** An operator empties a node, and gives it back after a while. */
        DRAIN(Needs.OTHER, Needs.LENGTH),
        /** An operator says that what failed on a node is mended. */
        CLEAR(Needs.OTHER, Needs.GROUP),
        /** The score of a node's copy of a group becomes another. */
        SCORE(Needs.GROUP, Needs.LUCK),
        /** A node is started again with other rules for a group, and once more with the old ones after a while. */
        RULES(Needs.GROUP, Needs.LENGTH, Needs.LUCK),
        /** One node after the other is started again with other rules for a group. */
        NEW_RULES(Needs.GROUP, Needs.LENGTH, Needs.LUCK),
        /** One node after the other is started again with a group whole instead of in copies, or the other way round. */
        NEW_FORM(Needs.GROUP, Needs.LENGTH, Needs.LUCK),
        /**
         * One node after the other gives a group up and registers it again after a while, and an operator has it forgotten: again and again, at
         * moments at which that is refused as well.
         */
        FORGET(Needs.GROUP, Needs.LENGTH, Needs.LUCK);

        private final List<Needs> needs;

        Kind(Needs... needs) {
            this.needs = List.of(needs);
        }

        boolean needs(Needs what) {
            return needs.contains(what);
        }

        /** Whether it is about placement: worlds whose groups have rules draw it, and others only if it is asked for. */
        boolean isOfPlacement() {
            return compareTo(UPGRADE) > 0;
        }
    }

    /** Draws the faults of a run: first which kinds it has at all, then each fault. */
    static List<Fault> plan(SimRandom random, WorldOptions options, int nodes, int groups, long from, long to) {
        List<Kind> kinds = new ArrayList<>(options.only());
        for (Kind kind : Kind.values()) {
            if (kind.compareTo(Kind.UPGRADE) < 0
                    && random.chance(300)
                    && options.only().isEmpty()) {
                kinds.add(kind);
            }
        }
        if (kinds.isEmpty()) {
            kinds.add(Kind.CRASH);
        }
        int count = options.only().isEmpty() ? 4 + random.below(30) : 40 + random.below(40);
        List<Fault> faults = new ArrayList<>();
        long at = from;
        int node = 0;
        for (int i = 0; i < count; i++) {
            Kind kind = kinds.get(random.below(kinds.size()));
            // Some come one after the other at one node: while it comes back from the first is when the second hurts.
            boolean isChasing = i > 0 && random.chance(CHASING_PER_MILLE);
            at = isChasing
                    ? Math.min(at + random.between(1, 1_500) * Timeline.MILLI, to)
                    : random.between(from / Timeline.MILLI, to / Timeline.MILLI) * Timeline.MILLI;
            node = isChasing ? node : random.below(nodes);
            int other = (node + 1 + random.below(nodes - 1)) % nodes;
            long most = random.chance(300) ? 6_000 : random.chance(40) ? 30_000 : 1_500;
            faults.add(new Fault(
                    at,
                    kind,
                    node,
                    other,
                    random.below(groups),
                    random.between(50, most) * Timeline.MILLI,
                    random.next() >>> (Long.SIZE - LUCK_BITS)));
        }
        faults.sort(IN_ORDER);
        return faults;
    }

    public Fault lasting(long nanos) {
        return new Fault(atNanos, kind, node, other, group, nanos, luck);
    }

    @Override
    public String toString() {
        return kind + " node " + node + " other " + other + " group " + group + " for " + Timeline.millis(lengthNanos)
                + " ms";
    }
}
