package org.understudy.ha.membership.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.History;
import org.understudy.ha.api.Metrics;
import org.understudy.ha.api.Metrics.Metric;
import org.understudy.ha.api.Metrics.Metric.Kind;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Refusals;
import org.understudy.ha.api.Stall;
import org.understudy.ha.membership.core.plan.Part;

/** Reads a node and puts what it says into values. */
public final class NodeMetrics {

    private static final Duration STUCK = Duration.ofSeconds(30);
    private static final String SECONDS = "seconds";

    private final Map<String, String> common;
    private final List<Metric> values = new ArrayList<>();

    private NodeMetrics(Map<String, String> common) {
        this.common = common;
    }

    /**
     * What a node has, beside what everybody can ask it.
     *
     * @param record number of the newest record known, 0 without
     * @param leaseSeconds what is left of the lease, 0 without
     * @param loopWaiting inputs that wait for the control thread
     * @param historyWaiting records that wait for the history
     * @param isWitness whether it owns no groups by its configuration
     * @param isGuarded whether a guardian would tell of this process's death
     * @param preparing whether a part of a group is made ready here while another node runs it
     * @param unheard how many resources of a part have a monitor that has no say in whether they are stopped
     */
    public record Inside(
            long record,
            double leaseSeconds,
            int loopWaiting,
            int historyWaiting,
            boolean isWitness,
            boolean isGuarded,
            Predicate<String> preparing,
            ToIntFunction<String> unheard,
            Tally tally) {}

    public static Metrics of(HaNode node, String cluster, String why, Inside inside) {
        NodeMetrics m = new NodeMetrics(
                new TreeMap<>(Map.of("cluster", cluster, "node", node.id().value())));
        Metrics.Health health = health(node, why, inside.isWitness());
        m.gauge("ha.node.live", "", "1 while the control thread works", health.isLive() ? 1 : 0);
        m.gauge("ha.node.ready", "", "1 with a session and a valid lease", health.isReady() ? 1 : 0);
        m.gauge("ha.node.owner", "", "1 while it may be granted groups", health.mayOwn() ? 1 : 0);
        m.gauge("ha.guardian", "", "1 while a guardian would prove this process's death", inside.isGuarded() ? 1 : 0);
        m.gauge("ha.quorum", "", "1 while a majority answers", node.quorum().isQuorate() ? 1 : 0);
        m.gauge("ha.acceptors", "", "votes that the record names", node.quorum().acceptors());
        m.gauge(
                "ha.members",
                "",
                "nodes that can be reached, this one included",
                node.membership().view().members().size());
        m.gauge("ha.record.number", "", "number of the newest record known", inside.record());
        m.gauge("ha.lease.remaining", SECONDS, "what is left of the lease", inside.leaseSeconds());
        m.gauge("ha.loop.waiting", "", "inputs that wait for the control thread", inside.loopWaiting());
        m.history(node.history().losses(), inside.historyWaiting());
        m.groups(node.resources().status(), inside);
        node.stalls().all().forEach(m::stall);
        Refusals refusals = node.refusals();
        for (Refusals.Reason reason : Refusals.Reason.values()) {
            m.counter(
                    "ha.refusals",
                    "",
                    "what came from outside and was turned away",
                    refusals.of(reason),
                    "reason",
                    reason.name());
        }
        m.tally(inside.tally());
        m.values.sort(Comparator.comparing(Metric::name)
                .thenComparing(metric -> metric.tags().toString()));
        return new Metrics(health, m.values);
    }

    /** Whoever restarts a process that is not live must not do so for a pause that passes: the lease takes care of those. */
    private static Metrics.Health health(HaNode node, String why, boolean isWitness) {
        NodeState state = node.state();
        Stall tick = node.stalls().tick();
        boolean isStuck = tick.last().compareTo(STUCK) > 0;
        boolean isLive = !isStuck && state != NodeState.STEPPED_ASIDE && state != NodeState.CLOSED;
        String sentence = isStuck
                ? "the control thread is late by " + tick.last().toMillis() + " ms"
                : why.isEmpty() ? state.toString() : state + ": " + why;
        boolean isReady = isLive && state == NodeState.ACTIVE;
        String whyNoOwner = !isReady
                ? "it is not ready: " + sentence
                : isWitness
                        ? "it is a witness, which votes and owns nothing"
                        : node.operator().switches().against(node.id()).orElse("");
        return new Metrics.Health(isLive, isReady, sentence, whyNoOwner);
    }

    private void history(History.Losses losses, int waiting) {
        gauge("ha.history.waiting", "", "records that the history has not looked at yet", waiting);
        String sentence = "what the history could not keep";
        counter("ha.history.lost", "", sentence, losses.unseen(), "part", "record");
        counter("ha.history.lost", "", sentence, losses.inputs(), "part", "input");
        gauge("ha.history.unwritten", "", "decisions that the disk has not taken", losses.unwritten());
    }

    private void groups(List<GroupStatus> statuses, Inside inside) {
        Map<GroupStatus.State, Integer> byState = new EnumMap<>(GroupStatus.State.class);
        for (GroupStatus status : statuses) {
            byState.merge(status.state(), 1, Integer::sum);
            gauge(
                    "ha.group.running",
                    "",
                    "1 while the group is usable here",
                    status.state() == GroupStatus.State.RUNNING ? 1 : 0,
                    "group",
                    Part.nameOf(status));
            gauge(
                    "ha.group.preparing",
                    "",
                    "1 while the group is made ready here, or is ready, and runs elsewhere",
                    inside.preparing().test(Part.nameOf(status)) ? 1 : 0,
                    "group",
                    Part.nameOf(status));
            gauge(
                    "ha.group.unheard",
                    "",
                    "resources whose stops are believed here: asked while they did not run, their monitor did not say so",
                    inside.unheard().applyAsInt(Part.nameOf(status)),
                    "group",
                    Part.nameOf(status));
        }
        for (GroupStatus.State state : GroupStatus.State.values()) {
            gauge(
                    "ha.groups",
                    "",
                    "groups by state, seen from here",
                    byState.getOrDefault(state, 0),
                    "state",
                    "" + state);
        }
    }

    private void stall(String part, Stall stall) {
        gauge("ha.stall.last", SECONDS, "how late or long it was last", seconds(stall.last()), "part", part);
        gauge("ha.stall.worst", SECONDS, "the worst of a minute", seconds(stall.worstOfMinute()), "part", part);
        gauge("ha.stall.margin", SECONDS, "what the lease allows", seconds(stall.margin()), "part", part);
    }

    private void tally(Tally tally) {
        for (ProofKind proof : ProofKind.values()) {
            counter(
                    "ha.takeovers",
                    "",
                    "groups granted to this node, by the proof that the grant before was over",
                    tally.takeovers().get(proof).sum(),
                    "proof",
                    proof.name());
        }
        tally.groups().forEach((group, counts) -> {
            counter("ha.group.failures", "", "failed starts and runs", counts.failures.sum(), "group", group);
            counter("ha.group.blocked", "", "stops that failed for good", counts.blocks.sum(), "group", group);
            durations("start", counts.start, group);
            durations("stop", counts.stop, group);
        });
    }

    private void durations(String what, Tally.Durations d, String group) {
        String name = "ha.group." + what;
        counter(name + ".count", "", what + "s that returned well", d.count(), "group", group);
        counter(name + ".time", SECONDS, "time spent in them", d.totalSeconds(), "group", group);
        gauge(name + ".last", SECONDS, "how long the last one took", d.lastSeconds(), "group", group);
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private void gauge(String name, String unit, String description, double value, String... tag) {
        values.add(new Metric(name, Kind.GAUGE, unit, description, tags(tag), value));
    }

    private void counter(String name, String unit, String description, double value, String... tag) {
        values.add(new Metric(name, Kind.COUNTER, unit, description, tags(tag), value));
    }

    private SortedMap<String, String> tags(String... tag) {
        SortedMap<String, String> all = new TreeMap<>(common);
        for (int i = 0; i + 1 < tag.length; i += 2) {
            all.put(tag[i], tag[i + 1]);
        }
        return all;
    }
}
