package org.understudy.ha.membership.core;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Sentence;

/**
 * The failures of one group on this node, and how long the node keeps away from it because of them. Pure.
 *
 * <p>A soft failure is tried again here until it has happened {@value #SOFT_FAILURES_MAX} times in ten minutes: then, and after a hard one,
 * the node keeps away for five seconds, and each time twice as long as the last, up to an hour. So what all nodes miss for a moment costs
 * seconds, though it uses up the attempts of all of them at once. All is forgotten when an hour has passed since the last failure, the last
 * hold and the last veto of the resource itself, and while it has failed and was let be nothing is: what is still broken is never forgotten.
 *
 * <p>The time in which it is tried counts for neither: however long each attempt may take, three that fail are three.
 */
final class FailureBook {

    static final int SOFT_FAILURES_MAX = 3;
    /** Resources that a group names; others are counted together. */
    private static final int RESOURCES_MAX = 64;

    private static final int DOUBLINGS_MAX = 20;
    private static final long SECOND = 1_000_000_000L;
    private static final long SOFT_WINDOW_NANOS = 600 * SECOND;
    private static final long HOLD_NANOS = 5 * SECOND;
    private static final long HOLD_NANOS_MAX = 3600 * SECOND;
    private static final long FORGET_NANOS = 3600 * SECOND;

    private final Deque<Long> softFailures = new ArrayDeque<>();
    private final TreeMap<String, Troubles.Failures> byResource = new TreeMap<>();
    private int holds;
    private long holdUntil = Long.MIN_VALUE;
    private long holdNanos;
    private String holdWhy = "";
    /** By the time that counts: the last failure, or the end of its hold, or the last veto, or the end of being let be. */
    private long quietSince;

    private boolean isVetoed;
    private boolean isLetBe;
    private boolean isTrying;
    private long tryingSince;
    /** How long all attempts that are over have taken. */
    private long triedNanos;

    /** It is tried from now on, to start it or to make it ready. */
    void tries(long now) {
        if (!isTrying) {
            isTrying = true;
            tryingSince = now;
        }
    }

    /** It is tried no more, whatever has come of it. */
    void hasTried(long now) {
        if (isTrying) {
            isTrying = false;
            triedNanos += now - tryingSince;
        }
    }

    /** The time that counts. */
    private long counted(long now) {
        return (isTrying ? tryingSince : now) - triedNanos;
    }

    /** Counts one. */
    void failed(long now, String resource, Severity severity, String reason) {
        forgetIfQuiet(now);
        String why = Sentence.shortened(reason);
        quietSince = byResource.isEmpty() ? counted(now) : Math.max(quietSince, counted(now));
        String key = byResource.containsKey(resource) || byResource.size() < RESOURCES_MAX ? resource : "";
        Troubles.Failures before = byResource.get(key);
        byResource.put(key, new Troubles.Failures(key, before == null ? 1 : before.count() + 1, severity, why));
        if (severity != Severity.SOFT) {
            long nanos = grown(holds++);
            hold(now, nanos, Sentence.ending(reason, "; kept away for " + untilCleared(nanos)));
            return;
        }
        softFailures.addLast(counted(now));
        while (counted(now) - softFailures.peekFirst() > SOFT_WINDOW_NANOS) {
            softFailures.removeFirst();
        }
        if (softFailures.size() >= SOFT_FAILURES_MAX) {
            softFailures.clear();
            long nanos = grown(holds++);
            hold(
                    now,
                    nanos,
                    "failed " + SOFT_FAILURES_MAX + " times here and is kept away for " + untilCleared(nanos)
                            + "; last: " + reason);
        }
    }

    /** Whether the resource itself says now that it could not start here. */
    void vetoed(long now, boolean isVeto) {
        if (isVetoed && !isVeto) {
            quietSince = Math.max(quietSince, counted(now));
        }
        isVetoed = isVeto;
    }

    /**
     * Whether it has failed where it runs and nothing is done about that, as in maintenance: nobody asks whether it still fails, so it does until
     * somebody looks.
     */
    void letBe(long now, boolean isSo) {
        forgetIfQuiet(now);
        if (isLetBe && !isSo) {
            quietSince = Math.max(quietSince, counted(now));
        }
        isLetBe = isSo;
    }

    boolean isHeld(long now) {
        return now < holdUntil;
    }

    String holdWhy() {
        return holdWhy;
    }

    /** Returns whether there was anything. */
    boolean clear() {
        boolean wasAnything = !byResource.isEmpty();
        softFailures.clear();
        byResource.clear();
        holds = 0;
        holdUntil = Long.MIN_VALUE;
        return wasAnything;
    }

    /** What is not forgotten yet. */
    Troubles troubles(long now) {
        forgetIfQuiet(now);
        if (byResource.isEmpty()) {
            return Troubles.NONE;
        }
        List<Troubles.Failures> failures = new ArrayList<>();
        for (Map.Entry<String, Troubles.Failures> entry : byResource.entrySet()) {
            failures.add(entry.getValue());
        }
        boolean isHeld = isHeld(now);
        return new Troubles(
                failures,
                isHeld ? Duration.ofNanos(holdNanos) : Duration.ZERO,
                isHeld ? holdWhy : "",
                0,
                0,
                0,
                List.of());
    }

    private void forgetIfQuiet(long now) {
        if (!byResource.isEmpty() && !isVetoed && !isLetBe && counted(now) - quietSince > FORGET_NANOS) {
            clear();
        }
    }

    private static long grown(int repeats) {
        return Math.min(HOLD_NANOS_MAX, HOLD_NANOS << Math.min(repeats, DOUBLINGS_MAX));
    }

    private static String untilCleared(long nanos) {
        return Sentence.of(Duration.ofNanos(nanos)) + ", or until its failures are cleared";
    }

    private void hold(long now, long nanos, String reason) {
        if (now + nanos > holdUntil) {
            holdUntil = now + nanos;
            holdNanos = nanos;
        }
        quietSince = Math.max(quietSince, counted(now) + nanos);
        holdWhy = Sentence.shortened(reason);
    }
}
