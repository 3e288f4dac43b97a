package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Role;
import org.understudy.ha.testkit.sim.check.SimGroup;

/**
 * What the parts of one group have to do with one another in one process: at most one copy is here, and the promoted role only where one runs.
 */
final class SimInstance {

    private final List<SimLane> lanes = new ArrayList<>();
    private @Nullable SimLane here;
    private long score;

    void add(SimLane lane) {
        lanes.add(lane);
    }

    /** Returns false if another copy is here. */
    boolean take(SimLane lane) {
        if (here != null && here != lane) {
            return false;
        }
        here = lane;
        return true;
    }

    void leave(SimLane lane) {
        if (here == lane) {
            here = null;
        }
    }

    boolean isOther(SimLane lane) {
        return here != null && here != lane;
    }

    boolean isHere(SimLane lane) {
        return here == lane;
    }

    /** Whether a copy runs here. */
    boolean isUp() {
        return here != null && here.isUp();
    }

    Optional<SimLane> promoted() {
        return lanes.stream()
                .filter(lane -> lane.group().role() == Role.PROMOTED)
                .findFirst();
    }

    long score() {
        return score;
    }

    /** Its copy has another score from now on. */
    void scores(long value) {
        score = value;
        promoted().ifPresent(SimLane::look);
    }

    /** What one part may do has changed with another. */
    void poke() {
        lanes.forEach(SimLane::lookSoon);
    }

    static boolean isPart(SimGroup group) {
        return group.role() != Role.WHOLE;
    }
}
