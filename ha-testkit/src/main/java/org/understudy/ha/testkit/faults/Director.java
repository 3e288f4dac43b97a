package org.understudy.ha.testkit.faults;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.testkit.faults.Laboratory.Strike;
import org.understudy.ha.testkit.netns.Forwarder;
import org.understudy.ha.testkit.netns.Probe;

/** Plays one plan after the other in one laboratory, and has each history judged. One thread. */
final class Director {
    private static final long HOLD_MILLIS_MAX = 5000;
    private static final long CHASE_MILLIS_MAX = 5000;
    private static final long SETTLE_MILLIS_MAX = 90_000;
    private static final long LOOK_MILLIS = 2;
    private static final long LATE_MILLIS = 2000;
    private static final long CALM_MILLIS = 250;
    private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(2500);
    /** What a cluster may need after everything was mended, with JVMs that start on few and busy cores. */
    private static final long RECOVERY_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

    private final Arguments arguments;
    private final Path scratch;
    private final PrintStream out;
    private final Tally tally = new Tally();
    private final List<String> failures = new ArrayList<>();
    private final Foresight foresight = new Foresight();
    private int laboratories;
    private History history = new History();

    Director(Arguments arguments, Path scratch, PrintStream out) {
        this.arguments = arguments;
        this.scratch = scratch;
        this.out = out;
    }

    Tally tally() {
        return tally;
    }

    /** What failed, each with the words that replay it. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Plays until enough faults were injected. */
    void play() {
        int episode = arguments.episode() == 0 ? 1 : arguments.episode();
        boolean isOver = false;
        while (!isOver) {
            history = new History();
            Path place = scratch.resolve("lab" + ++laboratories);
            Forwarder.Counts counts;
            try (Laboratory laboratory = Laboratory.build(arguments.nodes(), arguments.seed() + laboratories, place)) {
                boolean isWell = settle(laboratory);
                if (!isWell) {
                    fail(episode, "the cluster did not form", laboratory, List.of());
                    return;
                }
                while (isWell && !isOver) {
                    Plan plan = Plan.draw(
                            arguments.seed(),
                            episode,
                            arguments.nodes(),
                            laboratory.groups().size());
                    isWell = play(laboratory, plan);
                    episode++;
                    isOver = arguments.episode() != 0 || tally.injected() >= arguments.count();
                }
                counts = laboratory.counts();
            }
            out.printf(
                    "the forwarder passed %d frames, dropped %d, doubled %d, delayed %d%n",
                    counts.passed(), counts.dropped(), counts.duplicated(), counts.delayed());
        }
    }

    /** @return whether the laboratory is fit for the next one */
    private boolean play(Laboratory laboratory, Plan plan) {
        long begin = System.nanoTime();
        plan.moves().forEach(laboratory::move);
        if (!plan.moves().isEmpty()) {
            Laboratory.pause(CALM_MILLIS);
        }
        List<LabNode> targets = targets(laboratory, plan);
        boolean isForetold = foresight.ask(laboratory, plan, targets);
        List<Strike> strikes = strike(laboratory, plan, targets);
        laboratory.mayBlock(strikes.size() > 1 || first(strikes).mayOrphan());
        hold(laboratory, strikes);
        long mending = System.nanoTime();
        laboratory.mend();
        long mended = System.nanoTime();
        boolean isWell = settle(laboratory);
        long settled = System.nanoTime();
        if (isWell) {
            laboratory.note(new History.Recovered(settled));
            tally.recovered(settled - mended);
        }
        tally.blocked(laboratory.takeBlocked());
        Laboratory.pause(CALM_MILLIS);
        laboratory.collect(history);
        count(plan, strikes, mended);
        List<HistoryChecker.Violation> found = judged(laboratory, strikes, mending);
        if (!found.isEmpty()) {
            // Each process reports through a pipe of its own, so at the end of a history the cause of something may
            // come later
            // than the thing itself. More reports can only complete a history, never excuse what no report excuses.
            Laboratory.pause(LATE_MILLIS);
            laboratory.collect(history);
            found = judged(laboratory, strikes, mending);
        }
        tally.foretold(
                isForetold,
                foresight
                        .judge(history, strikes, mending)
                        .map(ForesightChecker.Result::verdicts)
                        .orElse(List.of()));
        tally.judged(found, HistoryChecker.doubledNanos(history), HistoryChecker.lostAcknowledgements(history));
        out.printf(
                "%s: %s, %d ms, recovered in %d ms, %d faults so far%n",
                plan,
                found.isEmpty() ? "good" : "REJECTED",
                (settled - begin) / 1_000_000,
                (settled - mended) / 1_000_000,
                tally.injected());
        if (!found.isEmpty()) {
            fail(plan.episode(), plan.toString(), laboratory, found);
        }
        history = history.carriedOver();
        return isWell;
    }

    private List<HistoryChecker.Violation> judged(Laboratory laboratory, List<Strike> strikes, long mending) {
        List<HistoryChecker.Violation> found = new ArrayList<>(HistoryChecker.check(history, bounds(laboratory)));
        foresight.judge(history, strikes, mending).ifPresent(result -> found.addAll(result.violations()));
        return found;
    }

    private static HistoryChecker.Bounds bounds(Laboratory laboratory) {
        return new HistoryChecker.Bounds(
                Set.of(FaultNode.FILES, FaultNode.WRITER, FaultNode.ELECTION),
                Set.of(FaultNode.ELECTION),
                laboratory.nodes().stream().map(LabNode::name).collect(Collectors.toSet()),
                RECOVERY_NANOS_MAX);
    }

    private static FaultKind first(List<Strike> strikes) {
        return strikes.get(0).step().kind();
    }

    /** Which nodes will be struck; where the second strikes is not known before a chase. */
    private static List<LabNode> targets(Laboratory laboratory, Plan plan) {
        Plan.Step first = plan.steps().get(0);
        LabNode target = laboratory.target(first);
        if (plan.shape() != Plan.Shape.TWO_AT_ONCE) {
            return List.of(target);
        }
        Plan.Step second = plan.steps().get(1);
        LabNode other = laboratory.target(second);
        if (other == target && first.kind().isAtProcess() && second.kind().isAtProcess()) {
            int next = (laboratory.nodes().indexOf(other) + second.other())
                    % laboratory.nodes().size();
            other = laboratory.nodes().get(next);
        }
        return List.of(target, other);
    }

    private static List<Strike> strike(Laboratory laboratory, Plan plan, List<LabNode> targets) {
        List<Strike> strikes = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            strikes.add(laboratory.strike(plan.steps().get(i), targets.get(i)));
        }
        if (plan.shape() == Plan.Shape.CHASE) {
            Plan.Step second = plan.steps().get(1);
            takeover(laboratory, strikes.get(0)).ifPresent(taker -> strikes.add(laboratory.strike(second, taker)));
        }
        return strikes;
    }

    /** Waits for the first node that begins to take over what the struck one owned. */
    private static Optional<LabNode> takeover(Laboratory laboratory, Strike strike) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CHASE_MILLIS_MAX);
        while (System.nanoTime() - until < 0 && !strike.tokens().isEmpty()) {
            for (Map.Entry<String, Long> owned : strike.tokens().entrySet()) {
                for (LabNode node : laboratory.nodes()) {
                    if (node.takesOver(owned.getKey(), owned.getValue())) {
                        return Optional.of(node);
                    }
                }
            }
            Laboratory.pause(LOOK_MILLIS);
        }
        return Optional.empty();
    }

    /** Leaves it broken for as long as planned, and until what was struck is taken over or plainly will not be. */
    private static void hold(Laboratory laboratory, List<Strike> strikes) {
        long longest = strikes.stream()
                .mapToLong(
                        s -> s.nanos() + TimeUnit.MILLISECONDS.toNanos(s.step().millis()))
                .max()
                .orElseThrow();
        long begin = strikes.get(0).nanos();
        while (true) {
            long now = System.nanoTime();
            for (Strike strike : strikes) {
                boolean isShort = strike.step().kind() == FaultKind.PAUSE_SHORT;
                if (isShort
                        && now - strike.nanos()
                                > TimeUnit.MILLISECONDS.toNanos(strike.step().millis())) {
                    strike.nodes().forEach(LabNode::resume);
                }
            }
            boolean isTaken = strikes.stream()
                    .flatMap(s -> s.tokens().entrySet().stream())
                    .filter(e -> !Laboratory.isBound(e.getKey()))
                    .allMatch(e -> laboratory.isTakenOver(e.getKey(), e.getValue()));
            boolean isTooLong = now - begin > TimeUnit.MILLISECONDS.toNanos(HOLD_MILLIS_MAX);
            boolean isStill = strikes.stream().noneMatch(s -> s.step().kind().isMoving());
            if (now - longest > 0 && (isTaken || isTooLong || isStill)) {
                return;
            }
            Laboratory.pause(LOOK_MILLIS);
        }
    }

    private boolean settle(Laboratory laboratory) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SETTLE_MILLIS_MAX);
        while (laboratory.missing().isPresent()) {
            if (System.nanoTime() - until > 0) {
                out.println("not settled: " + laboratory.missing().orElse("it came about just now"));
                return false;
            }
            laboratory.restartFallen();
            Laboratory.pause(20);
        }
        return true;
    }

    private void count(Plan plan, List<Strike> strikes, long mended) {
        boolean isDouble = strikes.size() > 1;
        for (Strike strike : strikes) {
            tally.injected(
                    strike.step().kind().word(),
                    strike.count(),
                    !strike.tokens().isEmpty());
        }
        Strike first = strikes.get(0);
        String name = isDouble
                ? plan.shape() == Plan.Shape.CHASE ? "two, the second in a takeover" : "two at once"
                : first.step().kind().word();
        for (Strike strike : plan.shape() == Plan.Shape.TWO_AT_ONCE ? strikes : List.of(first)) {
            strike.tokens()
                    .forEach((group, token) -> takeover(group, token, strike.nanos(), mended)
                            .ifPresent(nanos -> {
                                tally.tookOver(name, nanos - strike.nanos(), proof(group, token));
                                if (nanos - strike.nanos() > SLOW_NANOS) {
                                    slow(plan, group, nanos - strike.nanos());
                                }
                            }));
        }
        long acks = history.all(History.Acknowledged.class).stream()
                .filter(a -> a.nanos() >= first.nanos())
                .count();
        long answers = history.probes().stream().filter(Probe::isAnswered).count();
        tally.operations(acks, answers);
    }

    /** A takeover far above the median is kept for whoever wants to know why. */
    private void slow(Plan plan, String group, long nanos) {
        out.printf("slow: '%s' had a new owner only after %s ms%n", group, Tally.millis(nanos));
        write("slow", plan.episode(), List.of(plan + ": '" + group + "' after " + Tally.millis(nanos) + " ms"));
    }

    /** When the first effect under a higher token was seen, if it was before the mending. */
    private Optional<Long> takeover(String group, long above, long from, long mended) {
        if (group.equals(FaultNode.FILES)) {
            return history.probes().stream()
                    .filter(p -> p.isAnswered() && p.sentNanos() > from && p.answeredNanos() < mended)
                    .filter(p -> Long.parseLong(p.server().substring(p.server().lastIndexOf(' ') + 1)) > above)
                    .map(Probe::answeredNanos)
                    .min(Long::compare);
        }
        return history.all(History.Acted.class).stream()
                .filter(a -> a.group().equals(group) && a.token() > above)
                .filter(a -> a.nanos() > from && a.untilNanos() < mended)
                .map(History.Acted::untilNanos)
                .min(Long::compare);
    }

    /** The proof of the next grant after a token. */
    private Optional<ProofKind> proof(String group, long after) {
        return history.all(History.Granted.class).stream()
                .filter(g -> g.group().equals(group) && g.token() > after)
                .min((a, b) -> Long.compare(a.token(), b.token()))
                .map(History.Granted::proof);
    }

    private void fail(int episode, String what, Laboratory laboratory, List<HistoryChecker.Violation> found) {
        List<String> head = new ArrayList<>(List.of(what));
        found.forEach(v -> head.add(v.rule() + ": " + v.sentence()));
        laboratory.nodes().forEach(node -> head.add(node.tail()));
        Path file = write("rejected", episode, head);
        for (LabNode node : laboratory.nodes()) {
            keep(node.log(), file.resolveSibling(file.getFileName() + "." + node.name() + ".log"));
        }
        found.forEach(v -> out.println("  " + v.rule() + ": " + v.sentence()));
        failures.add(what + ": "
                + found.stream().map(v -> v.rule() + ": " + v.sentence()).toList() + "\n  history: "
                + file.toAbsolutePath() + "\n  replay: ./check faults --nodes " + arguments.nodes() + " --seed "
                + arguments.seed() + " --episode " + episode);
    }

    private Path write(String why, int episode, List<String> head) {
        Path file = arguments
                .histories()
                .resolve(why + "-seed-" + arguments.seed() + "-nodes-" + arguments.nodes() + "-episode-" + episode
                        + ".history");
        List<String> lines = new ArrayList<>(head);
        lines.addAll(history.lines());
        try {
            Files.createDirectories(arguments.histories());
            return Files.write(file, lines);
        } catch (IOException e) {
            throw new StorageException(file, "cannot be written: " + e.getMessage(), e);
        }
    }

    private static void keep(Path log, Path to) {
        try {
            Files.copy(log, to, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new StorageException(to, "cannot be written: " + e.getMessage(), e);
        }
    }
}
