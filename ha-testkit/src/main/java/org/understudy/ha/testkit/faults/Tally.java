package org.understudy.ha.testkit.faults;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.ProofKind;

/** The figures of a run. Not thread-safe. */
final class Tally {

    /** Of fewer faults a share means nothing: five that all hit owners can lead to one takeover. */
    private static final int SHARES_FROM = 20;

    private final Map<String, Row> rows = new TreeMap<>();
    private final Map<HistoryChecker.Rule, Integer> violations = new EnumMap<>(HistoryChecker.Rule.class);
    private final List<Long> recoveries = new ArrayList<>();
    private final Map<ForesightChecker.Verdict, Integer> verdicts = new EnumMap<>(ForesightChecker.Verdict.class);
    private int unanswered;
    private int episodes;
    private int failed;
    private int blocked;
    private long doubledNanos;
    private long lostAcknowledgements;
    private long acknowledged;
    private long answers;

    /** One kind of fault. */
    private static final class Row {
        private int injected;
        private int atOwner;
        private final List<Long> takeovers = new ArrayList<>();
        private final Map<String, Integer> proofs = new TreeMap<>();

        long medianNanos() {
            return median(takeovers);
        }

        long worstNanos() {
            return takeovers.isEmpty() ? 0 : Collections.max(takeovers);
        }
    }

    void injected(String kind, int count, boolean isAtOwner) {
        Row row = row(kind);
        row.injected += count;
        row.atOwner += isAtOwner ? count : 0;
    }

    void tookOver(String kind, long nanos, Optional<ProofKind> proof) {
        Row row = row(kind);
        row.takeovers.add(nanos);
        row.proofs.merge(proof.map(Enum::name).orElse("?"), 1, Integer::sum);
    }

    /** Groups that only a process can end, whose owner's end nobody could prove. */
    void blocked(int groups) {
        blocked += groups;
    }

    void recovered(long nanos) {
        recoveries.add(nanos);
    }

    void judged(List<HistoryChecker.Violation> found, long doubled, long lost) {
        episodes++;
        failed += found.isEmpty() ? 0 : 1;
        found.forEach(v -> violations.merge(v.rule(), 1, Integer::sum));
        doubledNanos += doubled;
        lostAcknowledgements += lost;
    }

    /**
     * What came of the sentences of {@code assumptions()}, one verdict for each group.
     *
     * @param isAnswered whether a node answered, or there was nothing to ask
     */
    void foretold(boolean isAnswered, List<ForesightChecker.Verdict> found) {
        unanswered += isAnswered ? 0 : 1;
        found.forEach(v -> verdicts.merge(v, 1, Integer::sum));
    }

    private int verdicts(ForesightChecker.Verdict verdict) {
        return verdicts.getOrDefault(verdict, 0);
    }

    private int compared() {
        return verdicts(ForesightChecker.Verdict.HELD)
                + verdicts(ForesightChecker.Verdict.HELD_ELSEWHERE)
                + verdicts(ForesightChecker.Verdict.BROKEN);
    }

    void operations(long acks, long served) {
        acknowledged += acks;
        answers += served;
    }

    int injected() {
        return rows.values().stream().mapToInt(row -> row.injected).sum();
    }

    int atOwner() {
        return rows.values().stream().mapToInt(row -> row.atOwner).sum();
    }

    int takeovers() {
        return rows.values().stream().mapToInt(row -> row.takeovers.size()).sum();
    }

    int episodes() {
        return episodes;
    }

    int failed() {
        return failed;
    }

    /**
     * Why this run proves less than it says, however clean: too few faults that hit an owner, too few takeovers, clients that
     * did nothing.
     */
    List<String> vacuous() {
        List<String> sentences = new ArrayList<>();
        boolean isSlice = injected() < SHARES_FROM;
        if (isSlice && (atOwner() == 0 || takeovers() == 0)) {
            sentences.add(
                    atOwner() + " faults hit an owner and " + takeovers() + " takeovers followed (wanted one of each)");
        }
        if (!isSlice && atOwner() * 3 < injected()) {
            sentences.add("only " + atOwner() + " of " + injected() + " faults hit an owner (wanted a third)");
        }
        if (!isSlice && takeovers() * 4 < injected()) {
            sentences.add("only " + takeovers() + " takeovers after " + injected() + " faults (wanted a quarter)");
        }
        if (acknowledged < 20L * episodes || answers < 20L * episodes) {
            sentences.add("only " + acknowledged + " acknowledged writes and " + answers + " answers in " + episodes
                    + " episodes (wanted 20 each)");
        }
        if (unanswered * 4 > episodes) {
            sentences.add("in " + unanswered + " of " + episodes
                    + " episodes no node said beforehand what to expect (wanted at most a quarter)");
        }
        if (episodes >= 20 && compared() < episodes) {
            sentences.add("only " + compared() + " sentences of assumptions() were compared in " + episodes
                    + " episodes (wanted one each)");
        }
        if (episodes >= 100) {
            for (FaultKind kind : FaultKind.values()) {
                if (!rows.containsKey(kind.word()) || row(kind.word()).atOwner == 0) {
                    sentences.add("the fault " + kind.word() + " never hit an owner in " + episodes + " episodes");
                }
            }
        }
        return sentences;
    }

    /** The table for people. */
    String table() {
        StringBuilder text = new StringBuilder(String.format(
                "%-16s %8s %8s %9s %9s %9s  %s%n",
                "fault", "injected", "at owner", "takeovers", "median ms", "worst ms", "proofs"));
        rows.forEach((kind, row) -> text.append(String.format(
                Locale.ROOT,
                "%-16s %8d %8d %9d %9s %9s  %s%n",
                kind,
                row.injected,
                row.atOwner,
                row.takeovers.size(),
                row.takeovers.isEmpty() ? "-" : millis(row.medianNanos()),
                row.takeovers.isEmpty() ? "-" : millis(row.worstNanos()),
                row.proofs)));
        text.append(String.format(
                Locale.ROOT,
                "%d faults in %d episodes, %d at an owner, %d takeovers; %d acknowledged writes, %d answers to clients%n",
                injected(),
                episodes,
                atOwner(),
                takeovers(),
                acknowledged,
                answers));
        text.append(String.format(
                Locale.ROOT,
                "from mended to every group served again: median %s ms, worst %s ms%n",
                millis(median(recoveries)),
                millis(recoveries.isEmpty() ? 0 : Collections.max(recoveries))));
        text.append(blocked == 0 ? "" : "blocked for want of a proof, as they must be: " + blocked + " groups\n");
        text.append(String.format(
                Locale.ROOT,
                "said by assumptions() before the fault: %d sentences compared, %d held, %d more elsewhere than they were said to"
                        + " stay, %d broken; %d promised nothing or could not be told%n",
                compared(),
                verdicts(ForesightChecker.Verdict.HELD),
                verdicts(ForesightChecker.Verdict.HELD_ELSEWHERE),
                verdicts(ForesightChecker.Verdict.BROKEN),
                verdicts(ForesightChecker.Verdict.NOT_TOLD)));
        text.append(String.format(
                Locale.ROOT,
                "double ownership %s ms, acknowledged writes lost %d, violations %s%n",
                millis(doubledNanos),
                lostAcknowledgements,
                violations));
        return text.toString();
    }

    /** One JSON object. */
    String json(long seed, int nodes, int passed, int failures) {
        StringBuilder text = new StringBuilder("{\"row\":\"faults\",\"seed\":" + seed + ",\"nodes\":" + nodes
                + ",\"injected\":" + injected() + ",\"at_owner\":" + atOwner() + ",\"takeovers\":" + takeovers()
                + ",\"episodes\":" + episodes + ",\"acknowledged\":" + acknowledged + ",\"answers\":" + answers
                + ",\"double_ms\":" + millis(doubledNanos) + ",\"lost\":" + lostAcknowledgements
                + ",\"sentences\":" + compared() + ",\"sentences_broken\":"
                + verdicts(ForesightChecker.Verdict.BROKEN) + ",\"blocked\":" + blocked + ",\"recovery_median_ms\":"
                + millis(median(recoveries)) + ",\"kinds\":[");
        String comma = "";
        for (Map.Entry<String, Row> entry : rows.entrySet()) {
            Row row = entry.getValue();
            text.append(comma)
                    .append("{\"fault\":\"" + entry.getKey() + "\",\"injected\":" + row.injected + ",\"at_owner\":"
                            + row.atOwner + ",\"takeovers\":" + row.takeovers.size() + ",\"median_ms\":"
                            + (row.takeovers.isEmpty() ? "null" : millis(row.medianNanos())) + ",\"worst_ms\":"
                            + (row.takeovers.isEmpty() ? "null" : millis(row.worstNanos())) + "}");
            comma = ",";
        }
        return text.append("],\"passed\":" + passed + ",\"failed\":" + failures + "}")
                .toString();
    }

    private Row row(String kind) {
        return rows.computeIfAbsent(kind, k -> new Row());
    }

    static long median(List<Long> values) {
        if (values.isEmpty()) {
            return 0;
        }
        long[] sorted = values.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Milliseconds with one decimal; 0 only for 0. */
    static String millis(long nanos) {
        return nanos == 0
                ? "0"
                : String.format(Locale.ROOT, nanos < 1_000_000 ? "%.3f" : "%.1f", Math.max(nanos, 1000) / 1e6);
    }
}
