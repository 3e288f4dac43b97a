package org.understudy.ha.membership.agents.core;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A parameter that an agent knows.
 *
 * @param isRequired whether it must be given; an empty value is none
 * @param type {@code string}, {@code integer}, {@code boolean}, {@code select}; any other is taken for a string
 * @param options what {@code select} may be; empty for the others
 */
public record OcfParameter(String name, boolean isRequired, String type, List<String> options) {
    private static final List<String> TRUTHS = List.of("true", "false", "yes", "no", "on", "off", "1", "0");

    public OcfParameter {
        options = List.copyOf(options);
    }

    /** What is wrong with a value and what to give instead; empty if nothing is. */
    public Optional<String> objection(String value) {
        if (value.indexOf('\0') >= 0) {
            return Optional.of("no environment can carry a zero byte; leave it out");
        }
        return switch (type) {
            case "integer" ->
                value.strip().matches("[+-]?[0-9]+")
                        ? Optional.empty()
                        : Optional.of("must be a whole number without a unit");
            case "boolean" ->
                TRUTHS.contains(value.strip().toLowerCase(Locale.ROOT))
                        ? Optional.empty()
                        : Optional.of("must be one of " + String.join(", ", TRUTHS));
            case "select" ->
                options.isEmpty() || options.contains(value)
                        ? Optional.empty()
                        : Optional.of("must be one of " + String.join(", ", options));
            default -> Optional.empty();
        };
    }

    /** Whether its value should not be seen in a message. */
    public static boolean isSecret(String name) {
        return name.toLowerCase(Locale.ROOT).matches(".*(pass|pwd|secret|token|key|community|cred).*");
    }
}
