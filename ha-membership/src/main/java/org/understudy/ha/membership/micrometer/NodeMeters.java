package org.understudy.ha.membership.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Metrics;
import org.understudy.ha.api.Metrics.Metric;

/**
 * Binds {@link HaNode#metrics()} to a registry:
 *
 * <pre>
 * NodeMeters meters = new NodeMeters(node);
 * meters.bindTo(registry);
 * scheduler.scheduleWithFixedDelay(meters::refresh, 10, 10, SECONDS);  // groups and peers that came or went
 * ...
 * meters.close();                             // takes its meters out again
 * </pre>
 *
 * <p>One snapshot serves all meters that are read within a tenth of a second. Thread-safe.
 *
 * @since 0.1.0
 */
public final class NodeMeters implements MeterBinder, AutoCloseable {

    private static final long FRESH_NANOS = 100_000_000L;

    private final HaNode node;
    private final Map<MeterRegistry, Map<Key, Meter>> bound = new ConcurrentHashMap<>();
    private volatile Snapshot snapshot;

    private record Key(String name, SortedMap<String, String> tags) {}

    private record Snapshot(long at, Map<Key, Metric> values) {}

    public NodeMeters(HaNode node) {
        this.node = node;
        this.snapshot = read();
    }

    @Override
    public void bindTo(MeterRegistry registry) {
        bound.putIfAbsent(registry, new ConcurrentHashMap<>());
        refresh();
    }

    /** Adds meters for what came since, and takes those out whose group or peer is gone. Takes a snapshot: microseconds for each group. */
    public void refresh() {
        Snapshot now = read();
        snapshot = now;
        bound.forEach((registry, meters) -> {
            now.values().forEach((key, metric) -> meters.computeIfAbsent(key, k -> register(registry, k, metric)));
            for (Key key : Set.copyOf(meters.keySet())) {
                if (!now.values().containsKey(key)) {
                    meters.computeIfPresent(key, (k, meter) -> {
                        registry.remove(meter);
                        return null;
                    });
                }
            }
        });
    }

    private Meter register(MeterRegistry registry, Key key, Metric metric) {
        Tags tags = Tags.of(key.tags().entrySet().stream()
                .map(e -> Tag.of(e.getKey(), e.getValue()))
                .toList());
        String unit = metric.unit().isEmpty() ? null : metric.unit();
        return metric.kind() == Metric.Kind.COUNTER
                ? FunctionCounter.builder(key.name(), this, meters -> meters.value(key))
                        .tags(tags)
                        .description(metric.description())
                        .baseUnit(unit)
                        .register(registry)
                : Gauge.builder(key.name(), this, meters -> meters.value(key))
                        .tags(tags)
                        .description(metric.description())
                        .baseUnit(unit)
                        .register(registry);
    }

    private double value(Key key) {
        Snapshot present = snapshot;
        if (System.nanoTime() - present.at() > FRESH_NANOS) {
            present = read();
            snapshot = present;
        }
        Metric metric = present.values().get(key);
        return metric == null ? Double.NaN : metric.value();
    }

    private Snapshot read() {
        Metrics metrics = node.metrics();
        return new Snapshot(
                System.nanoTime(),
                metrics.values().stream().collect(Collectors.toMap(m -> new Key(m.name(), m.tags()), m -> m)));
    }

    /** Takes its meters out of every registry. */
    @Override
    public void close() {
        bound.forEach((registry, meters) -> meters.values().forEach(registry::remove));
        bound.clear();
    }
}
