package org.understudy.ha.api.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.PromotableResource;

/**
 * The unit of failover: resources that start in order and stop in reverse, on one node at a time unless it has {@link Copies}.
 *
 * @param name 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter; the same on every candidate. With
 *     {@code election:} before it, it is the group of a leader election, which nobody registers
 * @param preferred the nodes in order of preference, each once; candidates that are not listed come after them, by name
 * @param resources in start order, at least one; one is called at a time, so what is to start beside it belongs into another group
 * @param startBudget how long one resource may take to start before the start counts as failed; 1 ms to a day
 * @param stopBudget how long one resource may take to stop before the outcome counts as unknown; 1 ms to a day
 * @param monitorEvery how often a running resource is looked at; 1 ms to a day, or zero for {@link Builder#monitorEvery what is usual}
 * @param isEnforcementRequired see {@link Builder#requireEnforcement()}
 * @param withoutQuorum what it does when no majority answers
 * @param placement by which rules, beside the preferred nodes, a node is chosen for it
 * @param copies on how many nodes it runs
 */
public record Group(
        String name,
        List<NodeId> preferred,
        List<Entry> resources,
        Duration startBudget,
        Duration stopBudget,
        Duration monitorEvery,
        boolean isEnforcementRequired,
        WithoutQuorum withoutQuorum,
        Placement placement,
        Copies copies) {

    private static final String ELECTION_PREFIX = "election:";
    private static final Duration SHORTEST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final String NAME_REMEDY =
            "use 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter";

    /**
     * A resource of a group.
     *
     * @param name unique in the group; one line with something to see on it
     * @param mayOverlap see {@link Builder#resourceBehindAddress}
     * @param isWithPromoted see {@link Builder#resourceWithPromoted}
     */
    public record Entry(String name, ManagedResource resource, boolean mayOverlap, boolean isWithPromoted) {

        /** Not only with the promoted role. */
        public Entry(String name, ManagedResource resource, boolean mayOverlap) {
            this(name, resource, mayOverlap, false);
        }

        /**
         * @throws ConfigurationException naming every mistake
         */
        public Entry {
            List<Problem> problems = new ArrayList<>();
            String line = String.valueOf(name).replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?");
            if (name == null || name.matches("[\\p{Z}\\p{C}]*") || !name.equals(line)) {
                problems.add(new Problem(
                        "resource",
                        '"' + line + '"',
                        "give it a name to read in one line of a log, for example address"));
            }
            if (resource == null) {
                problems.add(new Problem("resource", name + " is null", "give the object that starts and stops it"));
            }
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
        }
    }

    /** On one node at a time. */
    public Group(
            String name,
            List<NodeId> preferred,
            List<Entry> resources,
            Duration startBudget,
            Duration stopBudget,
            Duration monitorEvery,
            boolean isEnforcementRequired,
            WithoutQuorum withoutQuorum) {
        this(
                name,
                preferred,
                resources,
                startBudget,
                stopBudget,
                monitorEvery,
                isEnforcementRequired,
                withoutQuorum,
                Placement.NONE,
                Copies.ONE);
    }

    /**
     * @throws ConfigurationException naming every mistake
     */
    public Group {
        List<Problem> problems = new ArrayList<>();
        String key = "group " + name;
        if (name == null || !name.matches("(" + ELECTION_PREFIX + ")?[a-z][a-z0-9.-]{0,63}")) {
            problems.add(new Problem("group", String.valueOf(name), NAME_REMEDY));
        }
        if (preferred == null) {
            problems.add(new Problem(key + " prefer", "null", "list nodes, or none"));
        } else {
            checkEach(problems, key + " prefer", preferred.stream(), "name each node once, best first");
        }
        if (resources == null || resources.isEmpty()) {
            problems.add(new Problem(key, "(no resource)", "add at least one resource"));
        } else {
            Stream<String> names = resources.stream().map(e -> e == null ? null : e.name());
            checkEach(problems, key + " resource", names, "names are unique in a group");
        }
        checkDuration(problems, key + " startBudget", startBudget);
        checkDuration(problems, key + " stopBudget", stopBudget);
        if (!Duration.ZERO.equals(monitorEvery)) {
            checkDuration(problems, key + " monitorEvery", monitorEvery);
        }
        checkPolicy(problems, key + " withoutQuorum", withoutQuorum, isEnforcementRequired);
        checkPlacement(problems, key + " placement", name, placement);
        checkCopies(problems, key, copies, resources);
        if (isEnforcementRequired && copies != null && !copies.isOne() && !copies.isPromotable()) {
            problems.add(
                    new Problem(
                            key + " requireEnforcement",
                            copies.count() + " copies",
                            "contradicts copies(n): of copies one too many does no harm, and nothing is enforced; take one of them away"));
        }
        if (copies != null
                && !copies.isOne()
                && placement != null
                && placement.apart().size() >= Placement.NAMES_MAX) {
            problems.add(new Problem(
                    key + " placement",
                    placement.apart().toString(),
                    "copies are apart from one another as well, so name at most " + (Placement.NAMES_MAX - 1)
                            + " groups"));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        preferred = List.copyOf(preferred);
        resources = List.copyOf(resources);
    }

    private static void checkPlacement(List<Problem> problems, String key, String name, Placement placement) {
        if (placement == null) {
            problems.add(new Problem(key, "null", "give rules, or leave it out"));
        } else if (name != null && placement.names(name)) {
            problems.add(new Problem(key, name, "names the group itself; name other groups only"));
        }
    }

    private static void checkEach(List<Problem> problems, String key, Stream<?> each, String remedy) {
        Set<Object> seen = new HashSet<>();
        each.forEach(one -> {
            if (one == null) {
                problems.add(new Problem(key, "null", "leave it out"));
            } else if (!seen.add(one)) {
                problems.add(new Problem(key, one.toString(), "is listed twice; " + remedy));
            }
        });
    }

    private static void checkDuration(List<Problem> problems, String key, Duration value) {
        if (value == null || value.compareTo(SHORTEST) < 0 || value.compareTo(LONGEST) > 0) {
            problems.add(new Problem(key, String.valueOf(value), "must be at least 1 ms and at most a day"));
        }
    }

    private static void checkPolicy(
            List<Problem> problems, String key, WithoutQuorum policy, boolean isEnforcementRequired) {
        if (policy == null) {
            problems.add(new Problem(key, "null", "choose STOP or KEEP_RUNNING"));
        } else if (isEnforcementRequired && policy == WithoutQuorum.KEEP_RUNNING) {
            problems.add(
                    new Problem(
                            key,
                            policy.toString(),
                            "contradicts requireEnforcement(): what is ended with its lease cannot go on; take one of them away"));
        }
    }

    private static void checkCopies(List<Problem> problems, String key, Copies copies, List<Entry> resources) {
        if (copies == null || copies.count() < 1 || copies.count() > Copies.MAX) {
            problems.add(new Problem(
                    key + " copies",
                    copies == null ? "null" : Integer.toString(copies.count()),
                    "say on how many nodes at once it is to run, 1 to " + Copies.MAX));
            return;
        }
        List<Entry> known = resources == null
                ? List.of()
                : resources.stream().filter(Objects::nonNull).toList();
        boolean hasRoles =
                known.stream().anyMatch(e -> !e.isWithPromoted() && e.resource() instanceof PromotableResource);
        if (copies.isPromotable() && !hasRoles) {
            problems.add(new Problem(
                    key + " promotable",
                    "(no resource that can be promoted)",
                    "add a PromotableResource, or leave promotable() out"));
        }
        for (Entry entry : known) {
            if (entry.isWithPromoted() && !copies.isPromotable()) {
                problems.add(new Problem(
                        key + " resourceWithPromoted",
                        entry.name(),
                        "the group has no promoted role; say copies(n) and promotable(), or resource(…)"));
            }
        }
    }

    public static Builder named(String name) {
        return new Builder(name);
    }

    /** Collects a group; {@link #build()} reports all mistakes at once. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final List<Problem> problems = new ArrayList<>();
        private final List<NodeId> preferred = new ArrayList<>();
        private final List<Entry> resources = new ArrayList<>();
        private Duration startBudget = Duration.ofSeconds(30);
        private Duration stopBudget = Duration.ofSeconds(5);
        private Duration monitorEvery = Duration.ZERO;
        private boolean hasResourceMistakes;
        private boolean isEnforcementRequired;
        private WithoutQuorum withoutQuorum = WithoutQuorum.STOP;
        private Placement placement = Placement.NONE;
        private int copies = 1;
        private boolean hasCopies;
        private boolean isPromotable;

        private Builder(String name) {
            this.name = name;
            if (name != null && name.startsWith(ELECTION_PREFIX)) {
                problems.add(new Problem("group", name, NAME_REMEDY));
            }
        }

        /**
         * The nodes this group should run on, best first. Candidates that are not named come after them, by name. The very first start waits for
         * every node named here to have registered the group, and for no other: without this word the group is started on the one with the lowest
         * name among those that have registered it by then, often whichever was first. Name every node that may run it.
         */
        public Builder prefer(String... nodes) {
            for (String node : Objects.requireNonNullElse(nodes, new String[] {null})) {
                collect(() -> preferred.add(NodeId.of(node)), "prefer");
            }
            return this;
        }

        /**
         * Adds a resource, which starts once the one before it has started. If only our own code can end it, another node takes the group over after a crash only with a proof
         * that this process is gone; after a pause or a power cut it waits for ever rather than risk two owners. With
         * {@link ProcessPolicy#KILL_AT_LEASE_END} the end of this process is enforced, which covers every resource of scope
         * {@link org.understudy.ha.api.Scope#PROCESS}.
         */
        public Builder resource(String resourceName, ManagedResource resource) {
            return add(resourceName, resource, false, false);
        }

        /**
         * Adds a resource that does no harm when two run at once as long as clients reach only one of them: a listener behind
         * this group's address, for example. The address is what is enforced; this resource is then no reason to wait. If it
         * writes anything shared, use {@link #resource} instead, or let the sink compare tokens. In a {@link #promotable()} group this
         * says nothing about the promoted role: two promoted always count as harm.
         */
        public Builder resourceBehindAddress(String resourceName, ManagedResource resource) {
            return add(resourceName, resource, true, false);
        }

        /**
         * Adds a resource of a {@link #promotable()} group that is only where the promoted one is: the address by which clients find the primary,
         * for example. It starts in its place of the order after what comes before it was promoted, and stops before that is demoted.
         */
        public Builder resourceWithPromoted(String resourceName, ManagedResource resource) {
            return add(resourceName, resource, false, true);
        }

        /** How long one resource may take to start; 30 s by default, 1 ms to a day. */
        public Builder startBudget(Duration budget) {
            startBudget = budget;
            return this;
        }

        /** How long one resource may take to stop; 5 s by default, 1 ms to a day. */
        public Builder stopBudget(Duration budget) {
            stopBudget = budget;
            return this;
        }

        /**
         * How often running resources are looked at, 1 ms to a day. By default, and with zero, every 50 ms, and on a node with more than fifty resources
         * that say nothing else a millisecond later for each: with a thousand once a second, so that looking costs next to nothing.
         */
        public Builder monitorEvery(Duration interval) {
            monitorEvery = interval;
            return this;
        }

        /**
         * Refuses to run the group where something but our own code does not end every resource at the end of the lease: the
         * registration fails with every reason, and if coverage is lost later this node offers to run the group no more (what runs
         * goes on, with an alarm). Without this word such a group runs, and {@code assumptions()} says what it does not survive. With
         * {@link #copies} it is refused, since nothing of a copy is enforced; of a {@link #promotable()} group it is the promoted role
         * that has to be ended.
         */
        public Builder requireEnforcement() {
            isEnforcementRequired = true;
            return this;
        }

        /**
         * What the group does on a node that no majority answers; {@link WithoutQuorum#STOP} by default. With
         * {@link WithoutQuorum#KEEP_RUNNING} no resource may be ended by the kernel with the lease (a floating address is): the
         * registration fails. The same on every node.
         */
        public Builder withoutQuorum(WithoutQuorum policy) {
            withoutQuorum = policy;
            return this;
        }

        /**
         * By which rules, beside {@link #prefer}, a node is chosen for the group; none by default. The same on every node. What differs is
         * named: before its first start the group waits until all agree, and later a node with other rules than most recently agreed on is no
         * candidate until all who register it have them.
         */
        public Builder placement(Placement rules) {
            placement = rules;
            return this;
        }

        /**
         * Runs the group on so many nodes at once, at most one copy on each, 1 to {@value Copies#MAX}: web servers, name servers, RADIUS
         * servers. The same on every node. Each copy is granted like a group of its own, and the copies of a lost node are started elsewhere where
         * there is a node without one. By saying so you say that a copy too many for a while does no harm: the end of a lease is enough to start it
         * elsewhere. So a resource whose effect must be on one node only, an address for example, or that outlives its host (scope EXTERNAL), is
         * refused when the group is registered.
         */
        public Builder copies(int count) {
            copies = count;
            hasCopies = true;
            return this;
        }

        /**
         * One of the {@link #copies} is promoted: all start unpromoted, and the one with the highest {@link PromotableResource#score()} is
         * promoted, under a grant of its own, with everything that is {@linkplain #resourceWithPromoted with the promoted one}. The others
         * take over when it is gone. Nothing is moved because another's score has become higher. {@link #prefer} says where copies run; the score
         * alone says which is promoted.
         */
        public Builder promotable() {
            isPromotable = true;
            return this;
        }

        /**
         * @throws ConfigurationException naming every mistake
         */
        public Group build() {
            List<Problem> all = new ArrayList<>(problems);
            if (isPromotable && !hasCopies) {
                all.add(new Problem(
                        "group " + name + " promotable",
                        "(no copies)",
                        "say copies(n) as well: on how many nodes it runs"));
            }
            try {
                Group group = new Group(
                        name,
                        preferred,
                        resources,
                        startBudget,
                        stopBudget,
                        monitorEvery,
                        isEnforcementRequired,
                        withoutQuorum,
                        placement,
                        new Copies(copies, isPromotable));
                if (all.isEmpty()) {
                    return group;
                }
            } catch (ConfigurationException e) {
                // A resource that was left out for its own mistake is not missing.
                e.problems().stream()
                        .filter(p -> !hasResourceMistakes || !p.key().equals("group " + name))
                        .forEach(all::add);
            }
            throw new ConfigurationException(all);
        }

        /** Whether it says already which nodes it prefers. */
        boolean isPreferring() {
            return !preferred.isEmpty();
        }

        @Override
        public String toString() {
            return "group " + name;
        }

        private Builder add(String resourceName, ManagedResource resource, boolean mayOverlap, boolean isWithPromoted) {
            hasResourceMistakes |= !collect(
                    () -> resources.add(new Entry(resourceName, resource, mayOverlap, isWithPromoted)), "resource");
            return this;
        }

        /** Whether there was nothing to collect. */
        private boolean collect(Runnable addition, String what) {
            try {
                addition.run();
                return true;
            } catch (ConfigurationException e) {
                e.problems()
                        .forEach(p -> problems.add(new Problem("group " + name + " " + what, p.value(), p.remedy())));
                return false;
            }
        }
    }
}
