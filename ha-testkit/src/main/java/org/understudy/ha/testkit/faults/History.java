package org.understudy.ha.testkit.faults;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.netns.Probe;
import org.understudy.ha.testkit.netns.Sighting;

/**
 * What every node did and every client saw. All instants are of {@link System#nanoTime}, CLOCK_MONOTONIC, which every process
 * of one host shares, so that the records of all of them can be laid side by side.
 *
 * <p>Grows by {@link #add}; not thread-safe.
 */
final class History {
    /** Reports of different processes may be read so far apart: what is as young as this is kept for the next history. */
    private static final long REPORTS_LATE_NANOS = 10_000_000_000L;

    private final List<Fact> facts = new ArrayList<>();
    private final List<Sighting> sightings = new ArrayList<>();
    private final List<Probe> probes = new ArrayList<>();

    /** One life of one node's process, in the harness's own count; the incarnation is what the product makes of it. */
    record Life(String node, int number) {
        @Override
        public String toString() {
            return node + "/" + number;
        }

        static Life parse(String word) {
            int slash = word.indexOf('/');
            return new Life(word.substring(0, slash), Integer.parseInt(word.substring(slash + 1)));
        }
    }

    /** Something that happened. */
    sealed interface Fact {
        long nanos();
    }

    /** A resource was told to start. */
    record Started(long nanos, String group, Life life, long token, Optional<ProofKind> proof) implements Fact {}

    /** A resource's stop returned, or a leader's task did. */
    record Stopped(long nanos, String group, Life life, long token) implements Fact {}

    /**
     * The owner acted for the group at some instant between two readings of the clock: the effect itself, not what somebody
     * believes.
     */
    record Acted(long nanos, long untilNanos, String group, Life life, long token) implements Fact {}

    /** The kernel refused a lock to an owner, because another process held it. */
    record Clashed(long nanos, String group, Life life, long token) implements Fact {}

    /** The sink let somebody in, and told him the value it had. */
    record Opened(long nanos, String group, Life life, long token, long value) implements Fact {}

    /** The sink accepted a write; in the order of the sink. */
    record Accepted(long nanos, String group, Life life, long token, long value) implements Fact {}

    /** The sink refused a token below the highest it had seen. */
    record Refused(long nanos, String group, Life life, long token, long highest) implements Fact {}

    /** The owner heard that its write was accepted. */
    record Acknowledged(long nanos, long untilNanos, String group, Life life, long token, long value) implements Fact {}

    /** A node's record named the proof of a grant. */
    record Granted(long nanos, String group, long token, ProofKind proof, String reason) implements Fact {}

    /** What a node said of itself. */
    record Said(long nanos, Life life, String state, String reason) implements Fact {}

    /** A process was about to be ended by the harness, or was found ended. */
    record Died(long nanos, Life life) implements Fact {}

    /** The harness did something. */
    record Injected(long nanos, String sentence) implements Fact {}

    /** Everything was mended; from here on the cluster must find back by itself. */
    record Healed(long nanos) implements Fact {}

    /** Every group ran again on exactly one node and every node took part. */
    record Recovered(long nanos) implements Fact {}

    /** A report that could not be read: then the history is not whole. */
    record Unreadable(long nanos, String sentence) implements Fact {}

    /** What a node said beforehand about a fault. */
    record Told(long nanos, Foretold foretold) implements Fact {}

    void add(Fact fact) {
        facts.add(fact);
    }

    void addSightings(List<Sighting> more) {
        sightings.addAll(more);
    }

    void addProbes(List<Probe> more) {
        probes.addAll(more);
    }

    /** Every fact of one kind by time; of the same instant in order of adding. */
    <F extends Fact> List<F> all(Class<F> kind) {
        return facts.stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .sorted(Comparator.comparingLong(Fact::nanos))
                .toList();
    }

    /** Every fact of one kind in order of adding. */
    <F extends Fact> List<F> inOrder(Class<F> kind) {
        return facts.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /**
     * The beginning of the history that comes after this one: the newest that was known of each group, so that tokens, proofs
     * and acknowledgements are judged across both.
     */
    History carriedOver() {
        History next = new History();
        Map<String, Long> newest = new TreeMap<>();
        all(Started.class).forEach(s -> newest.merge(s.group(), s.token(), Math::max));
        inOrder(Fact.class).stream()
                .filter(f -> f instanceof Died
                        || (f instanceof Started s && s.token() >= newest.get(s.group()))
                        || (f instanceof Stopped p && p.token() >= newest.getOrDefault(p.group(), 0L))
                        || (f instanceof Granted g && g.token() >= newest.getOrDefault(g.group(), 0L)))
                .forEach(next::add);
        Map<String, Acted> acted = new TreeMap<>();
        all(Acted.class).forEach(a -> acted.merge(a.group(), a, (x, y) -> y.token() >= x.token() ? y : x));
        acted.values().forEach(next::add);
        Map<String, Long> accepted = new TreeMap<>();
        Map<String, Long> acknowledged = new TreeMap<>();
        all(Accepted.class).forEach(a -> accepted.merge(a.group(), a.nanos(), Math::max));
        all(Acknowledged.class).forEach(a -> acknowledged.merge(a.group(), a.value(), Math::max));
        inOrder(Fact.class).stream()
                .filter(f -> (f instanceof Accepted a
                                && (a.nanos() > accepted.get(a.group()) - REPORTS_LATE_NANOS
                                        || a.value() >= acknowledged.getOrDefault(a.group(), 0L)))
                        || (f instanceof Acknowledged k
                                && (k.value() == acknowledged.get(k.group())
                                        || k.nanos()
                                                > accepted.getOrDefault(k.group(), Long.MAX_VALUE)
                                                        - REPORTS_LATE_NANOS)))
                .forEach(next::add);
        return next;
    }

    List<Sighting> sightings() {
        return List.copyOf(sightings);
    }

    List<Probe> probes() {
        return List.copyOf(probes);
    }

    /** One line for each fact, by time, in microseconds since the first. */
    List<String> lines() {
        List<Fact> sorted = new ArrayList<>(facts);
        sorted.sort(Comparator.comparingLong(Fact::nanos));
        long zero = sorted.isEmpty() ? 0 : sorted.get(0).nanos();
        List<String> lines = new ArrayList<>();
        for (Fact fact : sorted) {
            lines.add((fact.nanos() - zero) / 1000 + " " + fact);
        }
        sightings.stream()
                .filter(Sighting::isAnswered)
                .forEach(s -> lines.add((s.askedNanos() - zero) / 1000 + " " + s));
        probes.stream().filter(Probe::isAnswered).forEach(p -> lines.add((p.sentNanos() - zero) / 1000 + " " + p));
        return lines;
    }
}
