package org.understudy.ha.api;

import java.time.Duration;
import java.util.List;
import org.understudy.ha.api.spi.Severity;

/**
 * What went wrong with a group on this node and is not forgotten yet. {@link Operator#clearFailures} forgets the failures; nothing but a
 * restart of the node forgets the calls.
 *
 * @param failures by resource; counted until an hour has passed without one, without a hold, and without a veto of the resource
 * @param hold how long this node keeps away from the group since the last failure that made it do so; zero if it does not
 * @param holdReason why; empty if it does not
 * @param hanging looks into its resources that were abandoned and have not returned; the group is not started here while there are any
 * @param lateReturns calls that returned after nobody waited for them any more; what they returned was ignored
 * @param contradictions stops that returned, and the monitor said that the resource runs
 * @param leakedThreads threads that its resources made and that still run although they were to stop some seconds before: {@code resource: name of the
 *     thread}. Only those that no other resource in this process can have made. Not seen are virtual threads, threads of factories that choose a thread
 *     group or inherit nothing, and all threads where the node was given a factory
 */
public record Troubles(
        List<Failures> failures,
        Duration hold,
        String holdReason,
        int hanging,
        int lateReturns,
        int contradictions,
        List<String> leakedThreads) {

    /** Nothing went wrong. */
    public static final Troubles NONE = new Troubles(List.of(), Duration.ZERO, "", 0, 0, 0, List.of());

    public Troubles {
        failures = List.copyOf(failures);
        leakedThreads = List.copyOf(leakedThreads);
    }

    /**
     * What failed.
     *
     * @param resource its name in the group; empty if it was not one resource
     * @param count how often
     * @param severity of the last one
     * @param reason of the last one, one sentence
     */
    public record Failures(String resource, int count, Severity severity, String reason) {}
}
