package org.understudy.ha.testkit.sim;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.testkit.sim.Fault.Kind;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * What a seed draws about a world whose groups have placement rules, copies and promoted roles. Groups that are added change nothing about those
 * before them, but for circles. Pure.
 */
final class Arranged {

    private static final List<String> NAMES =
            List.of("shop", "db", "web", "mail", "queue", "batch", "cache", "news", "log", "print");
    private static final String MEMORY = "memory";
    private static final String SCREEN = "screen";
    private static final int KINDS_PER_MILLE = 600;
    private static final int WHOLE = 600;
    private static final int FORGET_PER_MILLE = 250;
    private static final Health WELL = Health.healthy();

    private Arranged() {}

    /** More nodes and groups than elsewhere: with two nodes rules leave little to choose. */
    static Size size(long seed) {
        long draw = SimRandom.hash(seed, 'w', 5, 0);
        long kind = SimRandom.scale(draw, 0, 1000);
        int nodes = kind < 400 ? 3 : kind < 700 ? 4 : 5;
        return new Size(nodes, SimRandom.happens(draw + 1, 300), (int) SimRandom.scale(draw + 2, 3, 8));
    }

    /** What a node has for groups that need it. */
    static SortedMap<String, Integer> capacity(long seed, int node) {
        long draw = SimRandom.hash(seed, 'P', node, 1_000);
        TreeMap<String, Integer> capacity = new TreeMap<>();
        capacity.put(MEMORY, (int) SimRandom.scale(draw, 3, 11));
        if (SimRandom.happens(draw + 1, 600)) {
            capacity.put(SCREEN, (int) SimRandom.scale(draw + 2, 1, 3));
        }
        return capacity;
    }

    // ---- groups ----------------------------------------------------------------------------------------------------

    static List<SimGroup> groups(long seed, Size size) {
        List<NodeId> owners = Swarm.nodes(size).subList(0, size.owners());
        List<SimGroup> groups = new ArrayList<>();
        List<String> named = new ArrayList<>();
        for (int i = 0; i < size.groups(); i++) {
            String name =
                    NAMES.get(i % NAMES.size()) + (i < NAMES.size() ? "" : Integer.toString(i / NAMES.size() + 1));
            long draw = SimRandom.hash(seed, 'P', i, 0);
            Placement rules = rules(draw + 10, named, circle(seed, i, size.groups()));
            List<NodeId> preferred = preferred(draw + 1, owners);
            long kind = kind(seed, i);
            if (kind < WHOLE) {
                boolean isVolume = kind < 120;
                List<String> remains = isVolume ? List.of() : List.of("address " + name);
                groups.add(new SimGroup(
                        groups.size(), name, preferred, false, !isVolume, remains, false, rules, List.of(), false));
                named.add(name);
            } else {
                addParts(groups, group(draw + 5, name, preferred, rules, kind > 800), owners);
                named.add(name);
                named.add(kind > 800 ? Part.promoted(name) : Part.copy(name, 2));
            }
        }
        return List.copyOf(groups);
    }

    /** Of a thousand: below 120 ended by its process alone, below {@link #WHOLE} whole, then in copies, above 800 with one promoted. */
    private static long kind(long seed, int group) {
        return SimRandom.scale(SimRandom.hash(seed, 'P', group, 0), 0, 1000);
    }

    /** Now and then two neighbours must be with one another, or start after one another, which cannot be. */
    private static Optional<Placement> circle(long seed, int group, int groups) {
        for (int second : List.of(group, group + 1)) {
            long draw = SimRandom.hash(seed, 'P', second, 1);
            boolean isOne = second > 0
                    && second < groups
                    && second < NAMES.size()
                    && SimRandom.happens(draw, 150)
                    && kind(seed, second) < WHOLE
                    && kind(seed, second - 1) < WHOLE;
            if (isOne) {
                String other = NAMES.get(second == group ? group - 1 : second);
                Placement.Builder rules = Placement.rules();
                return Optional.of((SimRandom.happens(draw + 1, 750) ? rules.with(other) : rules.after(other)).build());
            }
        }
        return Optional.empty();
    }

    private static Group group(long draw, String name, List<NodeId> preferred, Placement rules, boolean isPromotable) {
        Group.Builder group = Group.named(name)
                .prefer(preferred.stream().map(NodeId::value).toArray(String[]::new))
                .placement(rules)
                .copies((int) SimRandom.scale(draw, 2, 4))
                .resource(name, new Nothing());
        return (isPromotable ? group.promotable() : group).build();
    }

    private static void addParts(List<SimGroup> groups, Group group, List<NodeId> owners) {
        List<List<Part>> byNode =
                owners.stream().map(self -> Part.of(group, owners, self)).toList();
        List<Part> parts = byNode.get(0);
        for (int p = 0; p < parts.size(); p++) {
            int at = p;
            Part part = parts.get(p);
            List<String> remains = part.role() == Role.PROMOTED ? List.of("address " + group.name()) : List.of();
            groups.add(new SimGroup(
                    groups.size(),
                    part.name(),
                    part.preferred(),
                    false,
                    true,
                    remains,
                    false,
                    part.placement(),
                    byNode.stream().map(own -> own.get(at).priority()).toList(),
                    false));
        }
        groups.add(new SimGroup(
                groups.size(),
                group.name(),
                group.preferred(),
                false,
                true,
                List.of(),
                false,
                group.placement(),
                List.of(),
                true));
    }

    private static List<NodeId> preferred(long draw, List<NodeId> owners) {
        List<NodeId> preferred = new ArrayList<>(owners);
        Collections.rotate(preferred, -(int) SimRandom.scale(draw, 0, owners.size()));
        long kind = SimRandom.scale(draw + 1, 0, 1000);
        return kind < 200 ? List.of() : kind < 500 ? List.copyOf(preferred.subList(0, 1)) : List.copyOf(preferred);
    }

    /** Rules that name only groups before it; those of a circle say nothing else about others. */
    private static Placement rules(long draw, List<String> named, Optional<Placement> circle) {
        Placement.Builder rules = Placement.rules();
        needs(draw, rules);
        rules.priority(SimRandom.happens(draw + 1, 500) ? 0 : (int) SimRandom.scale(draw + 2, 1, 4));
        failback(draw + 3, rules);
        if (SimRandom.happens(draw + 5, 150)) {
            rules.policy(SimRandom.happens(draw + 6, 500) ? "spread" : "pack");
        }
        if (circle.isPresent()) {
            rules.with(circle.get().with().toArray(String[]::new));
            return rules.after(circle.get().after().toArray(String[]::new)).build();
        }
        if (!named.isEmpty()) {
            name(draw + 10, named, rules);
        }
        return rules.build();
    }

    private static void needs(long draw, Placement.Builder rules) {
        if (SimRandom.happens(draw + 30, 600)) {
            rules.needs(MEMORY, (int) SimRandom.scale(draw + 31, 1, 5));
        }
        if (SimRandom.happens(draw + 32, 200)) {
            rules.needs(SCREEN, 1);
        }
    }

    private static void failback(long draw, Placement.Builder rules) {
        long kind = SimRandom.scale(draw, 0, 1000);
        if (kind < 400) {
            rules.failback(Failback.whenStable(Duration.ofSeconds(SimRandom.scale(draw + 1, 1, 3))));
        } else if (kind < 500) {
            rules.failback(Failback.never());
        }
    }

    private static void name(long draw, List<String> named, Placement.Builder rules) {
        String first = named.get((int) SimRandom.scale(draw, 0, named.size()));
        String second = named.get((int) SimRandom.scale(draw + 1, 0, named.size()));
        long kind = SimRandom.scale(draw + 2, 0, 1000);
        if (kind < 200) {
            rules.with(first);
        } else if (kind < 550) {
            rules.apart(first);
        } else if (kind < 650) {
            rules.preferWith(first);
        } else if (kind < 750) {
            rules.preferApart(first);
        }
        if (SimRandom.happens(draw + 3, 250)) {
            rules.after(second);
        }
    }

    /** Other rules for a group: other needs, another priority, and some names fewer. */
    static Placement otherwise(SimGroup group, long luck) {
        Placement said = group.placement();
        Placement.Builder rules = Placement.rules();
        needs(luck, rules);
        rules.priority((int) SimRandom.scale(luck + 1, 0, 4))
                .failback(said.failback())
                .policy(said.policy());
        rules.with(said.with().toArray(String[]::new))
                .preferWith(said.preferWith().toArray(String[]::new));
        if (group.role() == Role.COPY || SimRandom.happens(luck + 2, 500)) {
            rules.apart(said.apart().toArray(String[]::new));
        }
        if (SimRandom.happens(luck + 3, 700)) {
            rules.after(said.after().toArray(String[]::new));
        }
        return group.role() == Role.PROMOTED ? Placement.NONE : rules.build();
    }

    // ---- faults ----------------------------------------------------------------------------------------------------

    /** What else befalls such a world, and what operators do in it. */
    static List<Fault> faults(long seed, int nodes, int groups, long from, long to) {
        SimRandom random = new SimRandom(SimRandom.hash(seed, 'P', 0, 2_000));
        List<Kind> kinds = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            if (kind.isOfPlacement() && kind != Kind.FORGET && random.chance(KINDS_PER_MILLE)) {
                kinds.add(kind);
            }
        }
        for (Kind kind : List.of(Kind.STANDBY, Kind.MOVE, Kind.GROUP_FAILS, Kind.VETO, Kind.CRASH, Kind.LEAVE)) {
            if (random.chance(KINDS_PER_MILLE)) {
                kinds.add(kind);
            }
        }
        List<Fault> faults = new ArrayList<>();
        int count = kinds.isEmpty() ? 0 : 6 + random.below(20);
        for (int i = 0; i < count; i++) {
            Kind kind = kinds.get(random.below(kinds.size()));
            int node = random.below(nodes);
            faults.add(new Fault(
                    random.between(from / Timeline.MILLI, to / Timeline.MILLI) * Timeline.MILLI,
                    kind,
                    node,
                    (node + 1 + random.below(nodes - 1)) % nodes,
                    random.below(groups),
                    random.between(100, random.chance(300) ? 8_000 : 2_500) * Timeline.MILLI,
                    random.next() >>> (Long.SIZE - 20)));
        }
        faults.addAll(forgotten(seed, nodes, groups, from, to));
        return faults;
    }

    /** By a draw of its own: what else happens in a world is the same with it and without. */
    private static List<Fault> forgotten(long seed, int nodes, int groups, long from, long to) {
        long draw = SimRandom.hash(seed, 'P', 0, 3_000);
        if (!SimRandom.happens(draw, FORGET_PER_MILLE)) {
            return List.of();
        }
        int node = (int) SimRandom.scale(draw + 1, 0, nodes);
        return List.of(new Fault(
                SimRandom.scale(draw + 2, from, to) / Timeline.MILLI * Timeline.MILLI,
                Kind.FORGET,
                node,
                (node + 1) % nodes,
                (int) SimRandom.scale(draw + 3, 0, groups),
                SimRandom.scale(draw + 4, 300, 3_000) * Timeline.MILLI,
                SimRandom.scale(draw + 5, 0, 1 << 20)));
    }

    /** A resource that is only there to be registered. */
    private static final class Nothing implements PromotableResource {
        @Override
        public void start(StartContext context) {}

        @Override
        public void stop(StopContext context) {}

        @Override
        public void promote(StartContext context) {}

        @Override
        public void demote(StopContext context) {}

        @Override
        public Health monitor() {
            return WELL;
        }
    }
}
