package org.understudy.ha.api.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;

/**
 * The rules by which a node is chosen for a group, beside its preferred nodes. The same on every node that registers the group: before
 * its first start it waits until they are, and later a node with other rules than the record's is no candidate.
 *
 * <p>A rule may name a group that nobody has registered yet: {@code with} and {@code after} then wait for it, the others mean nothing. Where
 * groups run as copies, a rule that names them all ({@code web}) is about every copy; {@code web#2} is about one, {@code db!promoted} about
 * the promoted one.
 *
 * @param needs how much of each capacity of a node it takes while it is there; see {@link HaNodeBuilder#capacity}
 * @param with groups on whose node it must run; where none of them runs, it does not
 * @param preferWith groups on whose node it runs if it can
 * @param apart groups on whose node it must not run
 * @param preferApart groups on whose node it runs only if it must
 * @param after groups that must run before it is started, on whatever node, and that stop only once it has; see {@link Builder#after}
 * @param priority who goes first where there is not room for all: the highest; 0 by default
 * @param failback what becomes of it when its first node is back
 * @param policy name of the {@link org.understudy.ha.api.spi.PlacementPolicy} that orders the nodes; empty for the default order
 * @since 0.1.0
 */
public record Placement(
        SortedMap<String, Integer> needs,
        SortedSet<String> with,
        SortedSet<String> preferWith,
        SortedSet<String> apart,
        SortedSet<String> preferApart,
        SortedSet<String> after,
        int priority,
        Failback failback,
        String policy) {

    /** No rules. */
    public static final Placement NONE = new Placement(
            new TreeMap<>(),
            new TreeSet<>(),
            new TreeSet<>(),
            new TreeSet<>(),
            new TreeSet<>(),
            new TreeSet<>(),
            0,
            Failback.manual(),
            "");

    /** Most names that one kind of rule may hold. */
    public static final int NAMES_MAX = 32;
    /** The largest weight, capacity and priority; priorities may be as far below zero. */
    public static final int WEIGHT_MAX = 1_000_000_000;

    private static final String CAPACITY = "[a-z][a-z0-9.-]{0,31}";
    private static final String GROUP = "[a-z][a-z0-9.-]{0,63}([#!][a-z0-9]{1,16})?";
    private static final String POLICY = "([a-z][a-z0-9.-]{0,63})?";
    private static final String CAPACITY_REMEDY =
            "use 1 to 32 lower-case letters, digits, hyphens or dots, starting with a letter";

    /**
     * @throws ConfigurationException naming every mistake
     */
    public Placement {
        List<Problem> problems = new ArrayList<>();
        checkWeights(problems, "placement needs", needs);
        checkNames(problems, "with", with);
        checkNames(problems, "preferWith", preferWith);
        checkNames(problems, "apart", apart);
        checkNames(problems, "preferApart", preferApart);
        checkNames(problems, "after", after);
        checkContradiction(problems, with, apart);
        if (priority < -WEIGHT_MAX || priority > WEIGHT_MAX) {
            problems.add(new Problem(
                    "placement priority",
                    String.valueOf(priority),
                    "must be from -" + WEIGHT_MAX + " to " + WEIGHT_MAX));
        }
        if (failback == null) {
            problems.add(new Problem("placement failback", "null", "use manual(), never() or whenStable(duration)"));
        }
        if (policy == null || !policy.matches(POLICY)) {
            problems.add(new Problem("placement policy", String.valueOf(policy), "name a policy, or none"));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        needs = Collections.unmodifiableSortedMap(new TreeMap<>(needs));
        with = copy(with);
        preferWith = copy(preferWith);
        apart = copy(apart);
        preferApart = copy(preferApart);
        after = copy(after);
    }

    /** These rules, and apart from that group too. */
    public Placement alsoApartFrom(String group) {
        TreeSet<String> all = new TreeSet<>(apart);
        all.add(group);
        return new Placement(needs, with, preferWith, all, preferApart, after, priority, failback, policy);
    }

    private static SortedSet<String> copy(SortedSet<String> names) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }

    /** What is wrong with capacities or weights, added to what is wrong already. */
    static void checkWeights(List<Problem> problems, String key, SortedMap<String, Integer> weights) {
        if (weights == null || weights.size() > NAMES_MAX) {
            problems.add(new Problem(key, String.valueOf(weights), "give at most " + NAMES_MAX + " weights"));
            return;
        }
        weights.forEach((name, weight) -> {
            if (!name.matches(CAPACITY)) {
                problems.add(new Problem(key, name, CAPACITY_REMEDY));
            }
            if (weight == null || weight < 1 || weight > WEIGHT_MAX) {
                problems.add(new Problem(key + ' ' + name, String.valueOf(weight), "must be from 1 to " + WEIGHT_MAX));
            }
        });
    }

    private static void checkNames(List<Problem> problems, String rule, SortedSet<String> names) {
        String key = "placement " + rule;
        if (names == null || names.size() > NAMES_MAX) {
            problems.add(new Problem(key, String.valueOf(names), "name at most " + NAMES_MAX + " groups"));
            return;
        }
        names.stream()
                .filter(name -> !name.matches(GROUP))
                .forEach(name -> problems.add(new Problem(key, name, "is not the name of a group")));
    }

    private static void checkContradiction(List<Problem> problems, SortedSet<String> with, SortedSet<String> apart) {
        if (with != null && apart != null) {
            with.stream()
                    .filter(apart::contains)
                    .forEach(name -> problems.add(new Problem(
                            "placement with",
                            name,
                            "must be apart from it as well, so it could run nowhere; take one of the two away")));
        }
    }

    /** Whether any rule names this group. */
    public boolean names(String group) {
        return with.contains(group)
                || preferWith.contains(group)
                || apart.contains(group)
                || preferApart.contains(group)
                || after.contains(group);
    }

    /** Begins rules. */
    public static Builder rules() {
        return new Builder();
    }

    /** Collects rules; {@link #build()} reports all mistakes at once. Not thread-safe. */
    public static final class Builder {
        private final List<Problem> problems = new ArrayList<>();
        private final TreeMap<String, Integer> needs = new TreeMap<>();
        private final TreeSet<String> with = new TreeSet<>();
        private final TreeSet<String> preferWith = new TreeSet<>();
        private final TreeSet<String> apart = new TreeSet<>();
        private final TreeSet<String> preferApart = new TreeSet<>();
        private final TreeSet<String> after = new TreeSet<>();
        private int priority;
        private Failback failback = Failback.manual();
        private String policy = "";

        private Builder() {}

        /**
         * It takes this much of a capacity. A node that does not have that much left, or does not say that it has any, does not get it.
         *
         * @param weight 1 to {@value Placement#WEIGHT_MAX}, in whatever unit the nodes' capacities are
         */
        public Builder needs(String capacity, int weight) {
            if (capacity == null) {
                problems.add(new Problem("placement needs", "null", CAPACITY_REMEDY));
            } else if (needs.putIfAbsent(capacity, weight) != null) {
                problems.add(new Problem("placement needs", capacity, "was given before; give it once"));
            }
            return this;
        }

        /** Runs only where these groups run, and follows them. */
        public Builder with(String... groups) {
            return add("with", with, groups);
        }

        /** Is placed where these groups run if it can be. */
        public Builder preferWith(String... groups) {
            return add("preferWith", preferWith, groups);
        }

        /** Never runs where one of these groups runs. It is enough that one of two says so of the other. */
        public Builder apart(String... groups) {
            return add("apart", apart, groups);
        }

        /** Is placed where none of these groups runs if it can be. */
        public Builder preferApart(String... groups) {
            return add("preferApart", preferApart, groups);
        }

        /**
         * Is started only while these groups run, on whatever node, and stopped when one of them is not any more. What is stopped on
         * purpose (a move, standby) waits for it to have stopped first; what fails does not wait.
         *
         * <p>It is stopped when the move of one of them is decided and started once that runs elsewhere, so it is away for as long as the new
         * node {@linkplain org.understudy.ha.api.spi.ManagedResource#prepare makes that ready}, although that one itself goes on meanwhile.
         */
        public Builder after(String... groups) {
            return add("after", after, groups);
        }

        /** Where there is not room for all, the highest goes first; 0 by default. */
        public Builder priority(int value) {
            priority = value;
            return this;
        }

        /** What becomes of it when its first node is back; {@link Failback#manual()} by default. */
        public Builder failback(Failback value) {
            failback = value;
            return this;
        }

        /** The policy that orders the nodes that could run it, instead of the default order. Nodes that do not have it use the default order. */
        public Builder policy(String name) {
            policy = name;
            return this;
        }

        /**
         * @throws ConfigurationException naming every mistake
         */
        public Placement build() {
            List<Problem> all = new ArrayList<>(problems);
            try {
                Placement placement =
                        new Placement(needs, with, preferWith, apart, preferApart, after, priority, failback, policy);
                if (all.isEmpty()) {
                    return placement;
                }
            } catch (ConfigurationException e) {
                all.addAll(e.problems());
            }
            throw new ConfigurationException(all);
        }

        private Builder add(String rule, TreeSet<String> names, String... groups) {
            for (String group : Objects.requireNonNullElse(groups, new String[] {null})) {
                if (group == null) {
                    problems.add(new Problem("placement " + rule, "null", "name a group, or leave it out"));
                } else {
                    names.add(group);
                }
            }
            return this;
        }
    }
}
