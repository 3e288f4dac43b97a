package org.understudy.ha.membership.agents.core;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.api.ConfigurationException.Problem;

/**
 * What an agent says of itself. Source: resource agent API 1.0 and 1.1, section "Metadata".
 *
 * @param minor of the API that it follows: 0, or 1
 */
public record OcfMetadata(String name, int minor, List<OcfParameter> parameters, List<OcfOperation> operations) {
    /** What an action may take whose agent does not say. */
    public static final Duration TIMEOUT = Duration.ofSeconds(20);
    /** How often an instance is looked at whose agent does not say. */
    public static final Duration INTERVAL = Duration.ofSeconds(10);

    public OcfMetadata {
        parameters = List.copyOf(parameters);
        operations = List.copyOf(operations);
    }

    public boolean knows(OcfAction action) {
        return operations.stream().anyMatch(o -> o.name().equals(action.word()));
    }

    /** Whether an instance has two roles. */
    public boolean isPromotable() {
        return knows(OcfAction.PROMOTE) && knows(OcfAction.DEMOTE);
    }

    /** What it advises for an action; the longest if it says several. */
    public Duration timeout(OcfAction action) {
        return operations.stream()
                .filter(o -> o.name().equals(action.word()))
                .flatMap(o -> o.timeout().stream())
                .max(Duration::compareTo)
                .filter(timeout -> !timeout.isZero())
                .orElse(TIMEOUT);
    }

    /** How often it wants an instance to be looked at. */
    public Duration interval(int depth, boolean isPromoted) {
        return monitor(depth, isPromoted)
                .flatMap(OcfOperation::interval)
                .filter(interval -> !interval.isZero())
                .orElse(INTERVAL);
    }

    /** How long such a look may take. */
    public Duration monitorTimeout(int depth, boolean isPromoted) {
        return monitor(depth, isPromoted)
                .flatMap(OcfOperation::timeout)
                .filter(timeout -> !timeout.isZero())
                .orElseGet(() -> timeout(OcfAction.MONITOR));
    }

    private Optional<OcfOperation> monitor(int depth, boolean isPromoted) {
        return operations.stream()
                .filter(o -> o.name().equals(OcfAction.MONITOR.word()) && o.depth() == depth && o.isFor(isPromoted))
                .findFirst();
    }

    /**
     * Every mistake in what is given to it.
     *
     * @param given without those that are empty, which an agent takes for none
     * @param key how the setting is called in messages
     */
    public List<Problem> problems(Map<String, String> given, String key) {
        List<Problem> problems = new ArrayList<>();
        given.forEach((name, value) -> {
            Optional<OcfParameter> known =
                    parameters.stream().filter(p -> p.name().equals(name)).findFirst();
            String shown = OcfParameter.isSecret(name) ? "(not shown)" : value;
            if (known.isEmpty()) {
                problems.add(new Problem(key + " parameter " + name, shown, unknown(name)));
            }
            known.flatMap(p -> p.objection(value))
                    .ifPresent(why -> problems.add(new Problem(key + " parameter " + name, shown, why)));
        });
        for (OcfParameter parameter : parameters) {
            if (parameter.isRequired()
                    && given.getOrDefault(parameter.name(), "").isEmpty()) {
                problems.add(new Problem(
                        key + " parameter " + parameter.name(), "(none)", "this agent requires it: give a value"));
            }
        }
        return problems;
    }

    private String unknown(String wanted) {
        List<String> names = parameters.stream().map(OcfParameter::name).toList();
        if (names.isEmpty()) {
            return "the agent " + name + " has no parameters; leave it out";
        }
        return names.stream()
                .filter(n -> n.equalsIgnoreCase(wanted))
                .findFirst()
                .map(n -> "the agent " + name + " writes it " + n)
                .orElseGet(() -> "the agent " + name + " does not know it; it knows " + String.join(", ", names));
    }
}
