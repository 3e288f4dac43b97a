package org.understudy.ha.api;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What ends a group on this node when its lease is over and this process does not run, resource by resource. Only a group all of
 * whose resources are covered may be taken over with proof {@link ProofKind#EXPIRED}.
 *
 * @param group its name
 * @param resources in start order
 */
public record Coverage(String group, List<Item> resources) {
    public Coverage {
        resources = List.copyOf(resources);
    }

    /**
     * One resource.
     *
     * @param resource its name
     * @param isCovered whether its effect surely ends with the lease
     * @param by what ends it; {@link Enforcement#COOPERATIVE} if only our own code does
     * @param reason one sentence: what ends it, or what is missing and what to do
     */
    public record Item(String resource, boolean isCovered, Enforcement by, String reason) {}

    /** Whether every resource is covered. */
    public boolean isComplete() {
        return resources.stream().allMatch(Item::isCovered);
    }

    /** Every reason why it is not complete; empty if it is. */
    public Optional<String> gaps() {
        String gaps = resources.stream()
                .filter(item -> !item.isCovered())
                .map(item -> item.resource() + ": " + item.reason())
                .collect(Collectors.joining("; "));
        return gaps.isEmpty() ? Optional.empty() : Optional.of(gaps);
    }

    /** One line. */
    @Override
    public String toString() {
        return resources.stream()
                .map(item -> item.resource() + (item.isCovered() ? ": " + item.by() : ": NOT COVERED") + ", "
                        + item.reason())
                .collect(Collectors.joining("; "));
    }
}
