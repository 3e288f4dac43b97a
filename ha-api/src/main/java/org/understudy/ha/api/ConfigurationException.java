package org.understudy.ha.api;

import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A configuration that cannot work. Lists every problem found, not only the first, each with key, value and remedy. */
public final class ConfigurationException extends HaException {
    private static final long serialVersionUID = 1L;

    /**
     * One mistake.
     *
     * @param key the setting, as the builder method or property is called
     * @param value what was given, as text; secrets are never given here
     * @param remedy what is wrong with it and what to write instead
     */
    public record Problem(String key, String value, String remedy) implements java.io.Serializable {
        @Override
        public String toString() {
            return key + " = " + value + ": " + remedy;
        }
    }

    private final transient List<Problem> problems;

    public ConfigurationException(String key, @Nullable Object value, String remedy) {
        this(List.of(new Problem(key, String.valueOf(value), remedy)));
    }

    /**
     * @param problems at least one
     */
    public ConfigurationException(List<Problem> problems) {
        super(Category.OPERATOR, message(problems));
        this.problems = List.copyOf(problems);
    }

    public List<Problem> problems() {
        return problems;
    }

    private static String message(List<Problem> problems) {
        if (problems.size() == 1) {
            return problems.get(0).toString();
        }
        return problems.size() + " settings cannot work:"
                + problems.stream().map(p -> "\n  - " + p).collect(Collectors.joining());
    }
}
