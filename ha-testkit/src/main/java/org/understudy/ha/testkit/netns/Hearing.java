package org.understudy.ha.testkit.netns;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Judges whether the ears of observers worked, because no time with two owners means nothing if nobody could have heard
 * them. Ears fail silently: a filter in the kernel, a neighbour entry that is gone, a card without a carrier.
 */
public final class Hearing {

    private Hearing() {}

    /**
     * Whether every observer heard the old owner answer for the address before the fault, the new one after it, and both
     * hosts answer for their own addresses at the end, when everything is reachable again.
     *
     * @param observations of the same time, each with ears for both hosts
     * @param address the floating address, by its name
     * @param faultNanos just before something was broken
     * @param returnedNanos when every host was reachable again; the recording must go on for some 200 ms after it
     * @return a sentence for each thing that was not heard; empty if all was
     */
    public static List<String> complaints(
            Collection<Observation> observations,
            String address,
            Host before,
            Host after,
            long faultNanos,
            long returnedNanos) {
        return observations.stream()
                .flatMap(o -> Stream.of(
                        unheard(o, address, before.name(), o.beginNanos(), faultNanos, "before the fault"),
                        unheard(o, address, after.name(), faultNanos, o.endNanos(), "after the fault"),
                        unheard(o, before.lanAddress(), before.name(), returnedNanos, o.endNanos(), "at the end"),
                        unheard(o, after.lanAddress(), after.name(), returnedNanos, o.endNanos(), "at the end")))
                .flatMap(Optional::stream)
                .distinct()
                .toList();
    }

    private static Optional<String> unheard(
            Observation observation, String address, String host, long from, long to, String when) {
        boolean isHeard = observation.sightings().stream()
                .anyMatch(s -> s.isAnswered()
                        && s.address().equals(address)
                        && s.host().equals(host)
                        && s.askedNanos() - from >= 0
                        && to - s.answeredNanos() >= 0);
        return isHeard
                ? Optional.empty()
                : Optional.of("the ears did not hear " + host + " answer for '" + address + "' " + when);
    }
}
