package org.understudy.ha.testkit.faults;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.faults.History.Accepted;
import org.understudy.ha.testkit.faults.History.Acknowledged;
import org.understudy.ha.testkit.faults.History.Acted;
import org.understudy.ha.testkit.faults.History.Clashed;
import org.understudy.ha.testkit.faults.History.Died;
import org.understudy.ha.testkit.faults.History.Granted;
import org.understudy.ha.testkit.faults.History.Healed;
import org.understudy.ha.testkit.faults.History.Life;
import org.understudy.ha.testkit.faults.History.Opened;
import org.understudy.ha.testkit.faults.History.Recovered;
import org.understudy.ha.testkit.faults.History.Started;
import org.understudy.ha.testkit.faults.History.Stopped;
import org.understudy.ha.testkit.faults.History.Unreadable;
import org.understudy.ha.testkit.netns.Doubles;
import org.understudy.ha.testkit.netns.Probe;

/**
 * Judges a {@link History}: was there ever a second owner, a token that did not grow, an acknowledged write that got lost, a
 * start without a true proof, a cluster that did not find back? A pure function of its arguments.
 *
 * <p><b>What counts as owning.</b> Effects, judged from outside where that is possible: an address answers, a sink accepts, a
 * kernel lock is held, an action was taken under a lease. An effect is known to have happened at some instant between two
 * readings of a clock, so two owners are only found where no order of those instants separates them ({@link Doubles}).
 */
final class HistoryChecker {

    /** What was broken. */
    enum Rule {
        /** Two hosts or two grants acted for one group at once. */
        ONE_OWNER,
        /** A later owner acted under a token that is not higher, or two owners under the same. */
        TOKENS_GROW,
        /** The sink accepted a lower token after a higher one. */
        SINK_REFUSES_STALE,
        /** An acknowledged write is missing, was overwritten, or was acknowledged twice. */
        ACKNOWLEDGED_STAYS,
        /** A start had no proof, or its proof says what did not happen. */
        PROOF_IS_TRUE,
        /** After everything was mended it took too long, or for ever, until each group had its owner. */
        RECOVERS_IN_TIME,
        /** A node said beforehand what goes on and what stops, and it came otherwise; see {@link ForesightChecker}. */
        ASSUMPTIONS_HOLD,
        /** A report could not be read, or a host that should have been heard was not: then less was judged than happened. */
        HISTORY_IS_WHOLE
    }

    /** A rule that was broken, and how. */
    record Violation(Rule rule, String sentence) {}

    /**
     * @param expirable groups that another node may take over because a lease is over
     * @param forgotten groups of which the record keeps nothing once they are over, so that they begin with NEVER again
     * @param heard hosts of which the client must have heard at least one answer, for their own address or a floating one;
     *     without it silence proves nothing
     * @param recoveryNanos the longest time from the mending to full recovery
     */
    record Bounds(Set<String> expirable, Set<String> forgotten, Set<String> heard, long recoveryNanos) {
        Bounds {
            expirable = Set.copyOf(expirable);
            forgotten = Set.copyOf(forgotten);
            heard = Set.copyOf(heard);
        }
    }

    private static final long KNOWN_NANOS = 2_000_000_000L;

    private final History history;
    private final Bounds bounds;
    private final List<Violation> found = new ArrayList<>();

    private HistoryChecker(History history, Bounds bounds) {
        this.history = history;
        this.bounds = bounds;
    }

    /** Every violation; empty if the history is good. */
    static List<Violation> check(History history, Bounds bounds) {
        HistoryChecker checker = new HistoryChecker(history, bounds);
        checker.oneOwner();
        checker.tokensGrow();
        checker.sinkRefusesStale();
        checker.acknowledgedStays();
        checker.proofIsTrue();
        checker.recoversInTime();
        checker.historyIsWhole();
        return List.copyOf(checker.found);
    }

    /** Time in which two owners acted at once, over all groups: 0 in a good history. */
    static long doubledNanos(History history) {
        long total = Math.max(Doubles.ofHosts(history.sightings()), Doubles.ofServers(history.probes()));
        for (List<Acted> acts : byGroup(history).values()) {
            total += doubled(acts);
        }
        return total;
    }

    /** How many acknowledged writes are missing from the sink, were overwritten or were acknowledged twice. */
    static long lostAcknowledgements(History history) {
        return lost(history).size();
    }

    private void broken(Rule rule, String sentence) {
        found.add(new Violation(rule, sentence));
    }

    private void oneOwner() {
        long hosts = Doubles.ofHosts(history.sightings());
        if (hosts > 0) {
            broken(Rule.ONE_OWNER, "two hosts answered for one address for " + hosts + " ns");
        }
        long servers = Doubles.ofServers(history.probes());
        if (servers > 0) {
            broken(Rule.ONE_OWNER, "a client was served under two grants at once for " + servers + " ns");
        }
        byGroup(history).forEach((group, acts) -> {
            long nanos = doubled(acts);
            if (nanos > 0) {
                broken(Rule.ONE_OWNER, "two owners acted for '" + group + "' at once for " + nanos + " ns");
            }
        });
        for (Clashed clash : history.all(Clashed.class)) {
            broken(
                    Rule.ONE_OWNER,
                    "the kernel found the lock of '" + clash.group() + "' held when " + clash.life()
                            + " started it under token " + clash.token());
        }
    }

    private static Map<String, List<Acted>> byGroup(History history) {
        Map<String, List<Acted>> groups = new TreeMap<>();
        history.all(Acted.class)
                .forEach(a -> groups.computeIfAbsent(a.group(), g -> new ArrayList<>())
                        .add(a));
        return groups;
    }

    private static long doubled(List<Acted> acts) {
        List<Probe> probes = acts.stream()
                .map(a -> new Probe(a.group(), a.nanos(), a.untilNanos(), a.life() + " token " + a.token()))
                .toList();
        return Doubles.ofServers(probes);
    }

    /** A run of effects under one token. */
    private static final class Tenure {
        private final long token;
        private final Life life;
        private long firstFrom;
        private long firstTo;
        private long last;

        Tenure(Acted act) {
            token = act.token();
            life = act.life();
            firstFrom = act.nanos();
            firstTo = act.untilNanos();
            last = act.untilNanos();
        }

        void add(Acted act) {
            firstFrom = Math.min(firstFrom, act.nanos());
            firstTo = Math.min(firstTo, act.untilNanos());
            last = Math.max(last, act.nanos());
        }
    }

    private void tokensGrow() {
        byGroup(history).forEach((group, acts) -> {
            Map<String, Tenure> tenures = new LinkedHashMap<>();
            for (Acted act : acts) {
                Tenure known = tenures.get(act.token() + " " + act.life());
                if (known == null) {
                    tenures.put(act.token() + " " + act.life(), new Tenure(act));
                } else {
                    known.add(act);
                }
            }
            List<Tenure> all = List.copyOf(tenures.values());
            for (Tenure a : all) {
                for (Tenure b : all) {
                    if (a != b && a.token == b.token && a.life.toString().compareTo(b.life.toString()) < 0) {
                        broken(
                                Rule.TOKENS_GROW,
                                "both " + a.life + " and " + b.life + " acted for '" + group + "' under token "
                                        + a.token);
                    }
                    if (a.firstTo < b.firstFrom && b.token < a.token) {
                        broken(
                                Rule.TOKENS_GROW,
                                b.life + " began to act for '" + group + "' under token " + b.token + " after " + a.life
                                        + " had under token " + a.token);
                    }
                }
            }
        });
        Map<Long, String> groups = new HashMap<>();
        for (Started start : history.all(Started.class)) {
            String before = groups.putIfAbsent(start.token(), start.group());
            if (before != null && !before.equals(start.group())) {
                broken(
                        Rule.TOKENS_GROW,
                        "token " + start.token() + " was issued for '" + before + "' and for '" + start.group() + "'");
            }
        }
    }

    private void sinkRefusesStale() {
        Map<String, Long> highest = new HashMap<>();
        for (History.Fact fact : history.inOrder(History.Fact.class)) {
            if (fact instanceof Opened o) {
                staleAt(highest, o.group(), o.token(), o.life(), "let in");
            } else if (fact instanceof Accepted a) {
                staleAt(highest, a.group(), a.token(), a.life(), "served");
            }
        }
    }

    private void staleAt(Map<String, Long> highest, String group, long token, Life life, String what) {
        long before = highest.merge(group, token, Math::max);
        if (before > token) {
            broken(
                    Rule.SINK_REFUSES_STALE,
                    "the sink of '" + group + "' " + what + " " + life + " under token " + token
                            + " after it had seen token " + before);
        }
    }

    private void acknowledgedStays() {
        lost(history).forEach(sentence -> broken(Rule.ACKNOWLEDGED_STAYS, sentence));
    }

    /**
     * Each owner reads the value when it opens the sink and writes it plus one, plus two and so on. So no value is acknowledged
     * twice, none that was acknowledged is missing among those the sink accepted, and whoever opens the sink after an
     * acknowledgement is told at least that value.
     */
    private static List<String> lost(History history) {
        List<String> lost = new ArrayList<>();
        Map<String, Map<Long, Life>> acknowledged = new HashMap<>();
        Map<String, Set<Long>> accepted = new HashMap<>();
        history.all(Accepted.class)
                .forEach(a -> accepted.computeIfAbsent(a.group(), g -> new HashSet<>())
                        .add(a.value()));
        // The sink reports in order, so up to its newest report nothing of it is missing; what was acknowledged after
        // that is
        // carried over and judged in the next history.
        long sinkRead = Stream.concat(history.all(Accepted.class).stream(), history.all(Opened.class).stream())
                .mapToLong(History.Fact::nanos)
                .max()
                .orElse(Long.MIN_VALUE);
        for (Acknowledged ack : history.all(Acknowledged.class)) {
            Life before = acknowledged
                    .computeIfAbsent(ack.group(), g -> new HashMap<>())
                    .putIfAbsent(ack.value(), ack.life());
            if (before != null) {
                lost.add("value " + ack.value() + " of '" + ack.group() + "' was acknowledged to " + before + " and to "
                        + ack.life() + ": one of the two is overwritten");
            }
            boolean isReadSoFar = ack.untilNanos() <= sinkRead;
            if (isReadSoFar && !accepted.getOrDefault(ack.group(), Set.of()).contains(ack.value())) {
                lost.add("value " + ack.value() + " of '" + ack.group() + "' was acknowledged to " + ack.life()
                        + " and is not in the sink");
            }
        }
        List<Acknowledged> acks = history.all(Acknowledged.class).stream()
                .sorted(Comparator.comparingLong(Acknowledged::untilNanos))
                .toList();
        Map<String, Long> highest = new HashMap<>();
        int next = 0;
        for (Opened open : history.all(Opened.class)) {
            while (next < acks.size() && acks.get(next).untilNanos() < open.nanos()) {
                highest.merge(acks.get(next).group(), acks.get(next).value(), Math::max);
                next++;
            }
            long least = highest.getOrDefault(open.group(), 0L);
            if (open.value() < least) {
                lost.add("the sink of '" + open.group() + "' told " + open.life() + " the value " + open.value()
                        + " although " + least + " had been acknowledged before");
            }
        }
        return lost;
    }

    private void proofIsTrue() {
        Map<Life, Long> deaths = new HashMap<>();
        history.all(Died.class).forEach(d -> deaths.merge(d.life(), d.nanos(), Math::min));
        Map<String, List<Started>> starts = new TreeMap<>();
        for (Started start : history.all(Started.class)) {
            starts.computeIfAbsent(start.group(), g -> new ArrayList<>()).add(start);
        }
        Map<String, Optional<Long>> acts = firstActs();
        starts.forEach((group, all) -> {
            List<Started> byToken = all.stream()
                    .sorted(Comparator.comparingLong(Started::token).thenComparingLong(Started::nanos))
                    .toList();
            for (int i = 0; i < byToken.size(); i++) {
                Started start = byToken.get(i);
                Optional<Started> before = byToken.subList(0, i).stream()
                        .filter(s -> s.token() < start.token())
                        .reduce((a, b) -> b);
                long acted = acts.getOrDefault(group + " " + start.token(), Optional.empty())
                        .orElse(start.nanos());
                judge(start, before, acted, deaths);
            }
        });
    }

    private Map<String, Optional<Long>> firstActs() {
        Map<String, Optional<Long>> first = new HashMap<>();
        history.all(Acted.class)
                .forEach(a -> first.putIfAbsent(a.group() + " " + a.token(), Optional.of(a.untilNanos())));
        return first;
    }

    private void judge(Started start, Optional<Started> before, long actedNanos, Map<Life, Long> deaths) {
        List<ProofKind> proofs = proofs(start, before.map(Started::token).orElse(0L));
        String what = "'" + start.group() + "' under token " + start.token() + " on " + start.life();
        if (proofs.isEmpty()) {
            if (isLong(start)) {
                broken(Rule.PROOF_IS_TRUE, what + " was started and no node's log has the proof");
            }
            return;
        }
        if (before.isEmpty()) {
            return;
        }
        Started old = before.get();
        if (proofs.contains(ProofKind.NEVER) && !bounds.forgotten().contains(start.group())) {
            broken(Rule.PROOF_IS_TRUE, what + " was granted as NEVER, but token " + old.token() + " was before it");
            return;
        }
        boolean isDead = deaths.getOrDefault(old.life(), Long.MAX_VALUE) < actedNanos;
        boolean isStopped = history.all(Stopped.class).stream()
                .anyMatch(s -> s.group().equals(old.group())
                        && s.token() == old.token()
                        && s.life().equals(old.life())
                        && s.nanos() < actedNanos);
        // A forgotten group's last grant was over by a proof that is forgotten too.
        boolean isExpired = proofs.contains(ProofKind.EXPIRED) || proofs.contains(ProofKind.NEVER);
        if (proofs.contains(ProofKind.EXPIRED) && !bounds.expirable().contains(start.group())) {
            broken(Rule.PROOF_IS_TRUE, what + " was granted as EXPIRED, and nothing but its own process ends it");
            return;
        }
        boolean isSameLife = old.life().equals(start.life());
        boolean isWaitedOut = isExpired && bounds.expirable().contains(start.group());
        if (!isWaitedOut && !isDead && !isStopped && !isSameLife) {
            broken(
                    Rule.PROOF_IS_TRUE,
                    what + " was granted as " + proofs + ", but " + old.life() + " had neither stopped it under token "
                            + old.token() + " nor ended");
        }
        ProofKind last = proofs.get(proofs.size() - 1);
        if (proofs.size() == 1 && last == ProofKind.DIED && !isDead && !isStopped) {
            broken(Rule.PROOF_IS_TRUE, what + " was granted as DIED, but the process of " + old.life() + " lived");
        }
    }

    /** The proofs of every grant above the older token up to this one, so far as anybody's log has them. */
    private List<ProofKind> proofs(Started start, long olderToken) {
        TreeMap<Long, ProofKind> known = new TreeMap<>();
        history.all(Granted.class).stream()
                .filter(g -> g.group().equals(start.group()))
                .filter(g -> g.token() > olderToken && g.token() <= start.token())
                .forEach(g -> known.put(g.token(), g.proof()));
        start.proof().ifPresent(p -> known.put(start.token(), p));
        return known.containsKey(start.token()) ? List.copyOf(known.values()) : List.of();
    }

    /** Events carry the latest state only, so a grant that was over at once may have been in nobody's log. */
    private boolean isLong(Started start) {
        return history.all(Acted.class).stream()
                .anyMatch(a -> a.group().equals(start.group())
                        && a.token() == start.token()
                        && a.nanos() - start.nanos() > KNOWN_NANOS);
    }

    private void recoversInTime() {
        Collection<Recovered> recoveries = history.all(Recovered.class);
        for (Healed healed : history.all(Healed.class)) {
            Optional<Recovered> recovered =
                    recoveries.stream().filter(r -> r.nanos() >= healed.nanos()).findFirst();
            if (recovered.isEmpty()) {
                broken(Rule.RECOVERS_IN_TIME, "the cluster did not find back after everything was mended");
            } else if (recovered.get().nanos() - healed.nanos() > bounds.recoveryNanos()) {
                broken(
                        Rule.RECOVERS_IN_TIME,
                        "the cluster took "
                                + (recovered.get().nanos() - healed.nanos()) / 1_000_000 + " ms to find back, bound "
                                + bounds.recoveryNanos() / 1_000_000 + " ms");
            }
        }
    }

    private void historyIsWhole() {
        history.all(Unreadable.class).forEach(u -> broken(Rule.HISTORY_IS_WHOLE, u.sentence()));
        for (String host : new TreeSet<>(bounds.heard())) {
            boolean isHeard = history.sightings().stream()
                    .anyMatch(s -> s.isAnswered() && s.host().equals(host));
            if (!isHeard) {
                broken(Rule.HISTORY_IS_WHOLE, "the client heard nothing of " + host + ", not even for its own address");
            }
        }
    }
}
