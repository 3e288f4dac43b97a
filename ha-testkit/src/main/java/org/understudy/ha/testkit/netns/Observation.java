package org.understudy.ha.testkit.netns;

import java.util.List;

/**
 * What one observer recorded between {@code begin} and {@code end}.
 *
 * @param beginNanos when the recording began
 * @param endNanos when it ended
 * @param probes in order of sending
 * @param sightings in order of asking
 */
public record Observation(long beginNanos, long endNanos, List<Probe> probes, List<Sighting> sightings) {
    public Observation {
        probes = List.copyOf(probes);
        sightings = List.copyOf(sightings);
    }
}
