package org.understudy.ha.testkit.netns;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What a client saw of one address.
 *
 * @param gapNanos the longest time without an answer: between two successive answers, or from the begin of the recording to the
 *     first and from the last to its end. Counted from answer to answer, not from request to request, because that is how long
 *     the client had nothing in its hands
 * @param lost how many requests were never answered
 * @param servers who answered, each time it changed
 */
public record Outage(long gapNanos, int lost, List<String> servers) {
    public Outage {
        servers = List.copyOf(servers);
    }

    /** Evaluates a recording for one address. */
    public static Outage of(Observation observation, String address) {
        List<Probe> mine = observation.probes().stream()
                .filter(p -> p.address().equals(address))
                .toList();
        List<Probe> answered = mine.stream()
                .filter(Probe::isAnswered)
                .sorted(Comparator.comparingLong(Probe::answeredNanos))
                .toList();
        long gap = 0;
        long last = observation.beginNanos();
        List<String> servers = new ArrayList<>();
        for (Probe probe : answered) {
            gap = Math.max(gap, probe.answeredNanos() - last);
            last = Math.max(last, probe.answeredNanos());
            if (servers.isEmpty() || !servers.get(servers.size() - 1).equals(probe.server())) {
                servers.add(probe.server());
            }
        }
        gap = Math.max(gap, observation.endNanos() - last);
        return new Outage(gap, mine.size() - answered.size(), servers);
    }
}
