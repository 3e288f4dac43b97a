package org.understudy.ha.testkit.explore;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * One node with what surrounds its machine: the disk, what waits for it, the lease it published; and what an observer remembers of it.
 * Never changed once made.
 *
 * @param machine not to be touched: {@link LocalSteps} works on copies
 * @param step the step of time it was last woken at
 * @param writes handed to the disk and not on it, oldest first
 * @param lastWrite number of the newest
 * @param copy an older state of the disk, kept for bringing it back
 * @param lease the last one published
 * @param learned what it takes for chosen
 * @param votes each acceptance that was on its disk at some time
 * @param adopted the record that it took over from others without voting for it
 * @param startedToken the highest token it was ordered to start the group under, 0 for none
 * @param past what happened to it
 */
record Local(
        int node,
        NodeMachine machine,
        int step,
        DurableState disk,
        List<Write> writes,
        long lastWrite,
        Optional<DurableState> copy,
        Optional<Effect.PublishLease> lease,
        Optional<Known> learned,
        List<Voted> votes,
        Ballot adopted,
        long startedToken,
        Past past) {

    Local {
        writes = List.copyOf(writes);
        votes = List.copyOf(votes);
    }

    /** A state handed to the disk, or none, and what may leave once it and every one before it is durable. */
    record Write(long number, Optional<DurableState> state, List<LocalSteps.Sent> held) {
        Write {
            held = List.copyOf(held);
        }
    }

    /** A record and its ballot. */
    record Known(Ballot ballot, ClusterRecord value) {}

    /** An acceptance on disk, and the life in which it stood there. */
    record Voted(Ballot ballot, ClusterRecord value, Vote vote) {}

    /**
     * What happened to a node.
     *
     * @param life 0 for the first
     * @param ballots how many it began
     * @param operations how many an operator asked for
     * @param hasLostWrite whether a crash took a write away
     * @param hasGoneBack whether an older disk came back
     * @param hasRecovered whether it votes again since
     */
    record Past(
            int life, int ballots, int operations, boolean hasLostWrite, boolean hasGoneBack, boolean hasRecovered) {

        static final Past NONE = new Past(0, 0, 0, false, false, false);

        Past restarted(boolean losesWrite, boolean goesBack) {
            return new Past(
                    life + 1, ballots, operations, hasLostWrite || losesWrite, hasGoneBack || goesBack, hasRecovered);
        }

        Past begun(int more) {
            return new Past(life, ballots + more, operations, hasLostWrite, hasGoneBack, hasRecovered);
        }

        Past asked() {
            return new Past(life, ballots, operations + 1, hasLostWrite, hasGoneBack, hasRecovered);
        }

        Past recovered() {
            return new Past(life, ballots, operations, hasLostWrite, hasGoneBack, true);
        }
    }

    /** Writes down all that counts. */
    void write(MachineImage image, Words out) {
        image.write(machine, out);
        out.add(step);
        out.add(image.number(disk));
        out.add(writes.size());
        for (Write write : writes) {
            out.add(lastWrite - write.number);
            out.add(image.number(write.state));
            out.add(image.number(write.held));
        }
        out.add(image.number(copy));
        out.add(image.number(lease));
        out.add(image.number(learned));
        out.add(image.number(votes));
        out.add(image.number(adopted));
        out.add(startedToken);
        out.add(image.number(past));
    }
}
