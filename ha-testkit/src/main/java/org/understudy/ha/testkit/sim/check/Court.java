package org.understudy.ha.testkit.sim.check;

import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.clock.Timeline;

/** Where checkers report: keeps the first violation, and how often each checker looked. */
public final class Court {

    private final Timeline time;
    private final long[] looks = new long[Checker.values().length];
    private @Nullable Violation violation;

    public Court(Timeline time) {
        this.time = time;
    }

    long now() {
        return time.now();
    }

    /** A checker had something to judge. */
    public void looked(Checker checker) {
        looks[checker.ordinal()]++;
    }

    public void violated(Checker checker, String detail) {
        if (violation == null) {
            violation = new Violation(checker, time.now(), detail);
        }
    }

    /** The first violation, if there is one. */
    public Optional<Violation> violation() {
        return Optional.ofNullable(violation);
    }

    public boolean isBroken() {
        return violation != null;
    }

    /** Adds how often each checker looked. */
    public void count(Map<String, Long> counts) {
        for (Checker checker : Checker.values()) {
            counts.put("looks of " + checker, looks[checker.ordinal()]);
        }
    }
}
