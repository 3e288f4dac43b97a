package org.understudy.ha.api;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Health and measured values of a node at one moment, for any registry. A snapshot of values; asking for it costs microseconds for each
 * group and never blocks.
 *
 * <p>Names and tags do not change within a major version. A series appears with the group, peer or reason that its tags name, and
 * disappears with it.
 *
 * @param values in order of names, then of tags
 * @since 0.1.0
 */
public record Metrics(Health health, List<Metric> values) {

    public Metrics {
        values = List.copyOf(values);
    }

    /**
     * The value of one series, if there is one.
     *
     * @param tags all of them; {@code cluster} and {@code node}, which are the same for all, may be left out
     */
    public Optional<Metric> find(String name, Map<String, String> tags) {
        return values.stream()
                .filter(m -> m.name().equals(name) && m.isTagged(tags))
                .findFirst();
    }

    /**
     * Whether this node can do its part. Three questions: {@code isLive} is for whoever restarts processes, {@code isReady} for whoever counts votes
     * and members, {@code mayOwn} for whoever counts on a takeover. A node that owns nothing now is as healthy as an owner.
     *
     * @param isLive its control thread works: it is not half a minute late, and the node has not stepped aside; if not, only a
     *     restart of the process helps
     * @param isReady it has a session and a valid lease: a majority answers it
     * @param reason one sentence
     * @param whyNoOwner why it could start no group now although it may be ready: it is on standby, in maintenance or a witness; empty if it
     *     could. Whether a certain group could run here is told by {@link Advisor#whyNot}
     */
    public record Health(boolean isLive, boolean isReady, String reason, String whyNoOwner) {

        /** Whether it may be granted groups now. */
        public boolean mayOwn() {
            return whyNoOwner.isEmpty();
        }
    }

    /**
     * One value.
     *
     * @param name lower-case words with dots, beginning with {@code ha.}
     * @param unit of {@code value}: {@code seconds}, {@code bytes}, or empty for numbers of things and for 0 or 1
     * @param description one sentence
     * @param tags besides {@code cluster} and {@code node}, which every value has: {@code group}, {@code state}, {@code reason},
     *     {@code proof}, {@code part}
     */
    public record Metric(
            String name, Kind kind, String unit, String description, SortedMap<String, String> tags, double value) {

        private static final List<String> COMMON = List.of("cluster", "node");

        public Metric {
            tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
        }

        private boolean isTagged(Map<String, String> wanted) {
            SortedMap<String, String> left = new TreeMap<>(tags);
            left.keySet().removeIf(tag -> COMMON.contains(tag) && !wanted.containsKey(tag));
            return left.equals(wanted);
        }

        /** What a value does. */
        public enum Kind {
            /** May go up and down. */
            GAUGE,
            /** Only grows, from 0 at the start of the node. */
            COUNTER
        }
    }
}
