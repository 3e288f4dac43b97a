package org.understudy.ha.membership.agents;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ManagedResource.StopContext;

/** What a builder of any service collects: budgets, the environment, and what the service is in the cluster. */
final class Surroundings {
    static final Duration LONGEST = Duration.ofDays(1);
    private static final String NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

    private final String key;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<String, String> environment = new TreeMap<>();
    private Scope scope = Scope.NODE;

    Surroundings(String key) {
        this.key = key;
        environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        environment.put("LC_ALL", "C");
    }

    /** Of something that the user gives a name. */
    static Surroundings named(String kind, String name) {
        Surroundings around = new Surroundings(kind + " " + name);
        if (name == null || !name.matches(NAME)) {
            around.problem(
                    "",
                    name,
                    "use 1 to 64 letters, digits, dots, underscores or hyphens, starting with a letter or digit");
        }
        return around;
    }

    void problem(String what, Object value, String remedy) {
        problems.add(new Problem(what.isEmpty() ? key : key + " " + what, String.valueOf(value), remedy));
    }

    void problems(List<Problem> more) {
        problems.addAll(more);
    }

    String key() {
        return key;
    }

    boolean isSound() {
        return problems.isEmpty();
    }

    void check() {
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    void environment(String name, String value) {
        if (name == null || !name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
            problem("environment", name, "a name has letters, digits and underscores, and starts with no digit");
        } else if (value == null || value.indexOf('\0') >= 0) {
            problem("environment " + name, value, "give a value without a zero byte");
        } else {
            environment.put(name, value);
        }
    }

    void scope(Scope wanted) {
        if (wanted == null || wanted == Scope.PROCESS) {
            problem(
                    "scope",
                    wanted,
                    "a service outlives the process that had it started: NODE, or EXTERNAL for one that outlives its"
                            + " host");
        } else {
            scope = wanted;
        }
    }

    Duration duration(String what, Duration value) {
        if (value == null || value.compareTo(Duration.ofMillis(1)) < 0 || value.compareTo(LONGEST) > 0) {
            problem(what, value, "must be at least 1 ms and at most a day");
        }
        return value;
    }

    Map<String, String> environment() {
        return new TreeMap<>(environment);
    }

    Scope scope() {
        return scope;
    }

    /** What a program may want to know of the grant it acts under: sinks can refuse a lower token. */
    static Map<String, String> of(StartContext context) {
        Map<String, String> grant = new TreeMap<>();
        grant.put("UNDERSTUDY_GROUP", context.group());
        grant.put("UNDERSTUDY_NODE", context.holder().node().toString());
        grant.put("UNDERSTUDY_TOKEN", context.token().toString());
        return grant;
    }

    static Map<String, String> of(StopContext context) {
        Map<String, String> grant = new TreeMap<>();
        grant.put("UNDERSTUDY_GROUP", context.group());
        grant.put("UNDERSTUDY_TOKEN", context.token().toString());
        return grant;
    }
}
