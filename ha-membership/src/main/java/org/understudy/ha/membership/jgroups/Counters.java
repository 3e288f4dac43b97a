package org.understudy.ha.membership.jgroups;

import java.util.concurrent.atomic.LongAdder;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.refusal.RefusalCounts;

/** The live side of {@link ChannelCounters}. Thread-safe. */
final class Counters {
    final LongAdder framesSent = new LongAdder();
    final LongAdder framesReceived = new LongAdder();
    final LongAdder framesDropped = new LongAdder();
    final LongAdder framesRefused = new LongAdder();
    final LongAdder packetsDropped = new LongAdder();
    final LongAdder connectionsRefused = new LongAdder();
    final LongAdder foreignMembers = new LongAdder();
    private final RefusalCounts refusals;

    Counters(RefusalCounts refusals) {
        this.refusals = refusals;
    }

    void refusedConnection(Reason reason) {
        connectionsRefused.increment();
        refusals.count(reason);
    }

    /** Something that came over the connection of a member. */
    void refused(Reason reason) {
        refusals.count(reason);
    }

    void dropped(byte kind) {
        if (kind == Wire.CONTROL) {
            framesDropped.increment();
        } else {
            packetsDropped.increment();
        }
    }

    ChannelCounters snapshot() {
        return new ChannelCounters(
                framesSent.sum(),
                framesReceived.sum(),
                framesDropped.sum(),
                framesRefused.sum(),
                packetsDropped.sum(),
                connectionsRefused.sum(),
                foreignMembers.sum());
    }
}
