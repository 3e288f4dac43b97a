package org.understudy.ha.testkit.sim;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.testkit.sim.clock.Timeline;

/** What happened, told for people: who owned what, which nodes were in doubt, and the reasons the machines gave. */
final class Chronicle {

    private static final long SAID_LATELY = 1_000 * Timeline.MILLI;
    private static final int LINES_MAX = 400;
    private static final Set<Reason> TOLD = EnumSet.of(
            Reason.CLUSTER_FORMED,
            Reason.GRANT_OVER,
            Reason.GRANT_WAITS,
            Reason.GROUP_FAILED,
            Reason.GROUP_BLOCKED,
            Reason.WILL_ACCEPTED,
            Reason.LEASE_DOUBTED,
            Reason.VOTE_NOT_COUNTED);

    private final Timeline time;
    private final boolean isOn;
    private final List<String> lines = new ArrayList<>();
    private final Map<String, Long> saidAt = new LinkedHashMap<>();

    Chronicle(Timeline time, boolean isOn) {
        this.time = time;
        this.isOn = isOn;
    }

    void add(String who, String what) {
        if (isOn && lines.size() < LINES_MAX) {
            lines.add(String.format("%9s  %-8s %s", Timeline.millis(time.now()), who, what));
        }
    }

    /** Several nodes see the same reason at about the same time: it is told once. */
    void add(Notice notice) {
        if (!TOLD.contains(notice.reason())) {
            return;
        }
        String text = notice.reason() + (notice.detail().isEmpty() ? "" : ": " + notice.detail());
        Long last = saidAt.put(notice.subject() + text, time.now());
        if (last == null || time.now() - last > SAID_LATELY) {
            add(notice.subject(), text);
        }
    }

    List<String> lines() {
        return List.copyOf(lines);
    }
}
