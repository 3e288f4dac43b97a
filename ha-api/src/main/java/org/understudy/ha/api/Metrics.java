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

    /** The value of one series, if there is one. */
    public Optional<Metric> find(String name, Map<String, String> tags) {
        return values.stream()
                .filter(m -> m.name().equals(name) && m.tags().equals(tags))
                .findFirst();
    }

    /**
     * Whether this node can do its part. A standby is as healthy as an owner.
     *
     * @param isLive its control thread works: it is not half a minute late, and the node has not stepped aside; if not, only a
     *     restart of the process helps
     * @param isReady it has a session and a valid lease, so it may own groups
     * @param reason one sentence
     */
    public record Health(boolean isLive, boolean isReady, String reason) {}

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

        public Metric {
            tags = Collections.unmodifiableSortedMap(new TreeMap<>(tags));
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
