package org.understudy.ha.membership.refusal;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.understudy.ha.api.Refusals;
import org.understudy.ha.api.Refusals.Reason;

/** The live side of {@link Refusals}, one for each node. Thread-safe. */
public final class RefusalCounts {
    private final Map<Reason, LongAdder> counts = new EnumMap<>(Reason.class);

    public RefusalCounts() {
        for (Reason reason : Reason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    public void count(Reason reason) {
        counts.get(reason).increment();
    }

    public Refusals snapshot() {
        Map<Reason, Long> now = new EnumMap<>(Reason.class);
        counts.forEach((reason, count) -> now.put(reason, count.sum()));
        return new Refusals(now);
    }
}
