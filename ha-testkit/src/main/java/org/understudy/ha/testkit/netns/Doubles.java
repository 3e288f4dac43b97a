package org.understudy.ha.testkit.netns;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Finds the time in which two hosts answered for one address.
 *
 * <p>A <em>tenure</em> is a run of answers of one host for one address. The host certainly answered for the address from the
 * first answer of the run to the last question of it, and at some instant between each question and its answer. Two hosts
 * were doubled if one of them answered a question asked after the other had answered, and the other did so again afterwards;
 * that is, if their certain times overlap or a question and its answer of one lie wholly inside the certain time of the other.
 * The doubled time is then counted generously, from the later first question to the earlier last answer. A clean hand-over,
 * however quick, never counts: the old host's last question was asked before the new host's first answer.
 *
 * <p>Recordings of several observers may be merged: they share a clock.
 */
public final class Doubles {

    private Doubles() {}

    /**
     * Time in which two different hosts answered, as asked of each host directly. A question that stays without an answer
     * ends the host's tenure, so an address that comes back later is not counted as having been there in between.
     */
    public static long ofHosts(Collection<Sighting> sightings) {
        Map<String, Map<String, List<Sighting>>> byAddress = new TreeMap<>();
        sightings.stream()
                .sorted(Comparator.comparingLong(Sighting::askedNanos))
                .forEach(s -> byAddress
                        .computeIfAbsent(s.address(), a -> new TreeMap<>())
                        .computeIfAbsent(s.host(), h -> new ArrayList<>())
                        .add(s));
        long total = 0;
        for (Map<String, List<Sighting>> hosts : byAddress.values()) {
            Map<String, List<Tenure>> tenures = new LinkedHashMap<>();
            hosts.forEach((host, asked) -> tenures.put(host, tenures(asked)));
            total += overlaps(tenures);
        }
        return total;
    }

    /**
     * Time in which two different grants answered: the same, judged by what the services themselves said. A token stands for
     * one grant, so all answers under it are one tenure.
     */
    public static long ofServers(Collection<Probe> probes) {
        Map<String, Map<String, List<Sighting>>> byAddress = new TreeMap<>();
        probes.stream()
                .filter(Probe::isAnswered)
                .sorted(Comparator.comparingLong(Probe::sentNanos))
                .forEach(p -> byAddress
                        .computeIfAbsent(p.address(), a -> new TreeMap<>())
                        .computeIfAbsent(p.server(), s -> new ArrayList<>())
                        .add(new Sighting(p.address(), p.server(), p.sentNanos(), p.answeredNanos())));
        long total = 0;
        for (Map<String, List<Sighting>> servers : byAddress.values()) {
            Map<String, List<Tenure>> tenures = new LinkedHashMap<>();
            servers.forEach((server, answers) -> tenures.put(server, List.of(new Tenure(answers))));
            total += overlaps(tenures);
        }
        return total;
    }

    /** The larger of both views over all observations, for every address in them. */
    public static long of(Collection<Observation> observations) {
        long byHosts = ofHosts(
                observations.stream().flatMap(o -> o.sightings().stream()).toList());
        long byServers = ofServers(
                observations.stream().flatMap(o -> o.probes().stream()).toList());
        return Math.max(byHosts, byServers);
    }

    private static List<Tenure> tenures(List<Sighting> asked) {
        List<Tenure> found = new ArrayList<>();
        List<Sighting> run = new ArrayList<>();
        for (Sighting sighting : asked) {
            if (sighting.isAnswered()) {
                run.add(sighting);
            } else if (!run.isEmpty()) {
                found.add(new Tenure(run));
                run = new ArrayList<>();
            }
        }
        if (!run.isEmpty()) {
            found.add(new Tenure(run));
        }
        return found;
    }

    private static long overlaps(Map<String, List<Tenure>> tenures) {
        List<List<Tenure>> holders = List.copyOf(tenures.values());
        long total = 0;
        for (int one = 0; one < holders.size(); one++) {
            for (int other = one + 1; other < holders.size(); other++) {
                for (Tenure a : holders.get(one)) {
                    for (Tenure b : holders.get(other)) {
                        total += a.overlap(b);
                    }
                }
            }
        }
        return total;
    }

    /** A run of answers of one holder, in order of asking. */
    private record Tenure(List<Sighting> answers) {

        long overlap(Tenure other) {
            boolean isDouble =
                    Math.min(lastAsked(), other.lastAsked()) > Math.max(firstAnswered(), other.firstAnswered())
                            || hasInside(other)
                            || other.hasInside(this);
            if (!isDouble) {
                return 0;
            }
            return Math.min(lastAnswered(), other.lastAnswered()) - Math.max(firstAsked(), other.firstAsked());
        }

        /** Whether the other holder answered between two answers of this one. */
        private boolean hasInside(Tenure other) {
            return other.answers.stream()
                    .anyMatch(s -> s.askedNanos() > firstAnswered() && s.answeredNanos() < lastAsked());
        }

        private long firstAsked() {
            return answers.get(0).askedNanos();
        }

        private long lastAsked() {
            return answers.get(answers.size() - 1).askedNanos();
        }

        private long firstAnswered() {
            return instants().min(Long::compare).orElseThrow();
        }

        private long lastAnswered() {
            return instants().max(Long::compare).orElseThrow();
        }

        private Stream<Long> instants() {
            return answers.stream().map(Sighting::answeredNanos);
        }
    }
}
