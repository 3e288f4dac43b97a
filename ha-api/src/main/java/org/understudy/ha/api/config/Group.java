package org.understudy.ha.api.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.ManagedResource;

/**
 * The unit of failover: resources that start in order and stop in reverse, on one node at a time.
 *
 * @param name 1 to 64 lower-case letters, digits, hyphens or dots; the same on every candidate
 * @param preferred the nodes in order of preference; candidates that are not listed come after them, by name
 * @param resources in start order
 * @param startBudget how long one resource may take to start before the start counts as failed
 * @param stopBudget how long one resource may take to stop before the outcome counts as unknown
 * @param monitorEvery how often a running resource is looked at
 * @param isEnforcementRequired see {@link Builder#requireEnforcement()}
 * @param withoutQuorum what it does when no majority answers
 */
public record Group(
        String name,
        List<NodeId> preferred,
        List<Entry> resources,
        Duration startBudget,
        Duration stopBudget,
        Duration monitorEvery,
        boolean isEnforcementRequired,
        WithoutQuorum withoutQuorum) {

    /**
     * A resource of a group.
     *
     * @param name unique in the group
     * @param mayOverlap see {@link Builder#resourceBehindAddress}
     */
    public record Entry(String name, ManagedResource resource, boolean mayOverlap) {}

    public Group {
        preferred = List.copyOf(preferred);
        resources = List.copyOf(resources);
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
        private Duration monitorEvery = Duration.ofMillis(50);
        private boolean isEnforcementRequired;
        private WithoutQuorum withoutQuorum = WithoutQuorum.STOP;

        private Builder(String name) {
            this.name = name;
            if (!name.matches("[a-z][a-z0-9.-]{0,63}")) {
                problem(
                        "group",
                        name,
                        "use 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter");
            }
        }

        /** The nodes this group should run on, best first. Without it the candidate with the lowest name comes first. */
        public Builder prefer(String... nodes) {
            for (String node : nodes) {
                try {
                    preferred.add(NodeId.of(node));
                } catch (ConfigurationException e) {
                    problems.addAll(e.problems());
                }
            }
            return this;
        }

        /**
         * Adds a resource. If only our own code can end it, another node takes the group over after a crash only with a proof
         * that this process is gone; after a pause or a power cut it waits for ever rather than risk two owners. With
         * {@link ProcessPolicy#KILL_AT_LEASE_END} the end of this process is enforced, which covers every resource of scope
         * {@link org.understudy.ha.api.Scope#PROCESS}.
         */
        public Builder resource(String resourceName, ManagedResource resource) {
            return add(resourceName, resource, false);
        }

        /**
         * Adds a resource that does no harm when two run at once as long as clients reach only one of them: a listener behind
         * this group's address, for example. The address is what is enforced; this resource is then no reason to wait. If it
         * writes anything shared, use {@link #resource} instead, or let the sink compare tokens.
         */
        public Builder resourceBehindAddress(String resourceName, ManagedResource resource) {
            return add(resourceName, resource, true);
        }

        /** How long one resource may take to start; 30 s by default. */
        public Builder startBudget(Duration budget) {
            startBudget = budget;
            return this;
        }

        /** How long one resource may take to stop; 5 s by default. */
        public Builder stopBudget(Duration budget) {
            stopBudget = budget;
            return this;
        }

        /** How often running resources are looked at; 50 ms by default. */
        public Builder monitorEvery(Duration interval) {
            monitorEvery = interval;
            return this;
        }

        /**
         * Refuses to run the group where something but our own code does not end every resource at the end of the lease: the
         * registration fails with every reason, and if coverage is lost later this node offers to run the group no more (what runs
         * goes on, with an alarm). Without this word such a group runs, and {@code assumptions()} says what it does not survive.
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
         * @throws ConfigurationException naming every mistake
         */
        public Group build() {
            List<Problem> all = new ArrayList<>(problems);
            if (resources.isEmpty()) {
                all.add(new Problem("group " + name, "(no resource)", "add at least one resource"));
            }
            for (Duration budget : Arrays.asList(startBudget, stopBudget, monitorEvery)) {
                if (budget.isNegative() || budget.isZero()) {
                    all.add(new Problem("group " + name + " budget", budget.toString(), "must be positive"));
                }
            }
            if (isEnforcementRequired && withoutQuorum == WithoutQuorum.KEEP_RUNNING) {
                all.add(
                        new Problem(
                                "group " + name + " withoutQuorum",
                                withoutQuorum.toString(),
                                "contradicts requireEnforcement(): what is ended with its lease cannot go on; take one of them away"));
            }
            if (!all.isEmpty()) {
                throw new ConfigurationException(all);
            }
            return new Group(
                    name,
                    preferred,
                    resources,
                    startBudget,
                    stopBudget,
                    monitorEvery,
                    isEnforcementRequired,
                    withoutQuorum);
        }

        private Builder add(String resourceName, ManagedResource resource, boolean mayOverlap) {
            if (resources.stream().anyMatch(e -> e.name().equals(resourceName))) {
                problem("group " + name + " resource", resourceName, "is listed twice; names are unique in a group");
            }
            resources.add(new Entry(resourceName, resource, mayOverlap));
            return this;
        }

        private void problem(String key, String value, String remedy) {
            problems.add(new Problem(key, value, remedy));
        }
    }
}
