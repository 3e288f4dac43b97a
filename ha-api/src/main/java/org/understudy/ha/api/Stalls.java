package org.understudy.ha.api;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What this node measured of its own delays, each against what the lease allows. A snapshot, see {@link HaNode#stalls()}.
 *
 * <p>The node changes no time-out because of what it measures: where a margin is used up it steps down in time instead. A
 * larger lease ({@code Timing.withLease}) enlarges every margin in proportion.
 *
 * @param pause how late a thread was that only waits: garbage collection, safepoints, no processor, a stopped process, a
 *     host that slept. Margin: the guard. It wakes once in a margin and may miss that much of a pause
 * @param tick how late the node's control thread was for what was due. Margin: the guard; beyond it the lease is in doubt until
 *     a majority has answered once more
 * @param step how long the control thread took for one step. Margin: the guard
 * @param write how long one write of the state directory took, fsync included. Margin: two renewal intervals; rounds that decide
 *     a takeover are given up when the writes of a majority take longer. Heartbeats do not wait for it
 * @param lease how old the newest confirmation by a majority became. Margin: the age at which this node begins to stop what it runs,
 *     before the end of the lease
 * @param answers for each peer: from the sending of a heartbeat to the arrival of its answer. Margin: what {@code lease} leaves
 *     after one renewal interval; a majority must stay below it. Nothing while a peer does not answer
 * @since 0.1.0
 */
public record Stalls(Stall pause, Stall tick, Stall step, Stall write, Stall lease, SortedMap<NodeId, Stall> answers) {

    public Stalls {
        answers = Collections.unmodifiableSortedMap(new TreeMap<>(answers));
    }

    /** All of them by name, for whoever binds metrics: {@code pause}, {@code tick}, …, {@code answer serv2}. The names do not change. */
    public Map<String, Stall> all() {
        Map<String, Stall> all = new LinkedHashMap<>();
        all.put("pause", pause);
        all.put("tick", tick);
        all.put("step", step);
        all.put("write", write);
        all.put("lease", lease);
        answers.forEach((peer, stall) -> all.put("answer " + peer, stall));
        return Collections.unmodifiableMap(all);
    }

    /** The one that used most of its margin in the last minute: the worst stall against its margin. */
    public Map.Entry<String, Stall> tightest() {
        return Collections.max(
                all().entrySet(),
                (a, b) -> Double.compare(a.getValue().share(), b.getValue().share()));
    }
}
