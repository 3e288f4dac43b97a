package org.understudy.ha.testkit.sabotage;

import java.util.Optional;
import org.understudy.ha.testkit.sim.Violation;

final class Schedules {
    private Schedules() {}

    static Optional<Violation> play(String name) {
        throw new IllegalArgumentException("no schedule " + name);
    }
}
