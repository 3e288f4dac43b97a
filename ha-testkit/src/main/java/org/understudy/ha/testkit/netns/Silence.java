package org.understudy.ha.testkit.netns;

import java.util.Collection;

/** Finds when a host fell silent for an address. */
public final class Silence {

    private Silence() {}

    /**
     * Time from an instant to the last answer that was heard of a host.
     *
     * @param address the name of the floating address
     * @param since as {@link System#nanoTime()} of any process of this machine
     * @return 0 if none was heard after that
     */
    public static long nanos(Collection<Observation> observations, String address, String host, long since) {
        return observations.stream()
                .flatMap(observation -> observation.sightings().stream())
                .filter(s -> s.address().equals(address) && s.host().equals(host) && s.isAnswered())
                .mapToLong(s -> s.answeredNanos() - since)
                .filter(nanos -> nanos > 0)
                .max()
                .orElse(0);
    }
}
