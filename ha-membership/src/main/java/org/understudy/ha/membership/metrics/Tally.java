package org.understudy.ha.membership.metrics;

import java.util.EnumMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;

/**
 * What happened on this node since it started, counted. The groups are told of on the loop only; decisions on one thread; anybody may
 * read.
 */
public final class Tally {

    private final LongSupplier nanos;
    private final Map<ProofKind, LongAdder> takeovers = new EnumMap<>(ProofKind.class);
    private final Map<String, OfGroup> groups = new ConcurrentHashMap<>();

    /**
     * @param nanos a monotonic clock
     */
    public Tally(LongSupplier nanos) {
        this.nanos = nanos;
        for (ProofKind proof : ProofKind.values()) {
            takeovers.put(proof, new LongAdder());
        }
    }

    /** A decision was learned. */
    public void decided(Decision decision, NodeId self) {
        boolean isOurs = decision.kind() == Decision.Kind.GRANTED
                && decision.to().filter(i -> i.node().equals(self)).isPresent();
        if (isOurs) {
            decision.proof().ifPresent(proof -> takeovers.get(proof).increment());
        }
    }

    /** A start was ordered. */
    public void starting(String group) {
        of(group).start.begins(nanos.getAsLong());
    }

    /** It returned well. */
    public void running(String group) {
        of(group).start.ends(nanos.getAsLong());
    }

    /** A stop was ordered. */
    public void stopping(String group) {
        of(group).stop.begins(nanos.getAsLong());
    }

    /** It returned well. */
    public void stopped(String group) {
        of(group).stop.ends(nanos.getAsLong());
    }

    /** A start or the running group failed. */
    public void failed(String group) {
        OfGroup counts = of(group);
        counts.failures.increment();
        counts.start.forget();
    }

    /** A stop failed for good. */
    public void blocked(String group) {
        OfGroup counts = of(group);
        counts.blocks.increment();
        counts.stop.forget();
    }

    /** The group is not offered here any more. */
    public void forget(String group) {
        groups.remove(group);
    }

    private OfGroup of(String group) {
        return groups.computeIfAbsent(group, name -> new OfGroup());
    }

    Map<ProofKind, LongAdder> takeovers() {
        return takeovers;
    }

    SortedMap<String, OfGroup> groups() {
        return new TreeMap<>(groups);
    }

    /** One group. */
    static final class OfGroup {
        final Durations start = new Durations();
        final Durations stop = new Durations();
        final LongAdder failures = new LongAdder();
        final LongAdder blocks = new LongAdder();
    }

    /** How often something took how long. One writer. */
    static final class Durations {
        private static final long NONE = Long.MIN_VALUE;

        private long begun = NONE;
        private volatile long count;
        private volatile long total;
        private volatile long last;

        private void begins(long now) {
            begun = begun == NONE ? now : begun;
        }

        private void forget() {
            begun = NONE;
        }

        /** What nobody saw begin is not counted. */
        private void ends(long now) {
            if (begun != NONE) {
                last = now - begun;
                total = total + last;
                count = count + 1;
                begun = NONE;
            }
        }

        long count() {
            return count;
        }

        double totalSeconds() {
            return total / 1e9;
        }

        double lastSeconds() {
            return last / 1e9;
        }
    }
}
