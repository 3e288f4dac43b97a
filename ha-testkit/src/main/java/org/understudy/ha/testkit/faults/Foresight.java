package org.understudy.ha.testkit.faults;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.understudy.ha.api.Fault;
import org.understudy.ha.testkit.faults.ForesightChecker.Owner;
import org.understudy.ha.testkit.faults.Laboratory.Strike;

/**
 * Asks a node that is not struck what it expects of an episode's faults, before they are done, and has it judged afterwards. One
 * thread.
 */
final class Foresight {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int LOOK_MILLIS = 2;

    private int question;
    private boolean isAsked;
    private Map<String, Owner> owners = Map.of();
    private List<String> moves = List.of();

    /**
     * Asks and waits for the answer.
     *
     * @param targets what will be struck, so far as it is known
     * @return whether there was an answer, or nothing to ask
     */
    boolean ask(Laboratory laboratory, Plan plan, List<LabNode> targets) {
        owners = laboratory.owners();
        moves = plan.moves().stream()
                .map(m ->
                        laboratory.groups().get(m.group() % laboratory.groups().size()))
                .toList();
        List<String> words = questions(laboratory, plan, targets).stream()
                .map(Foretold::word)
                .distinct()
                .toList();
        isAsked = !words.isEmpty();
        if (!isAsked) {
            return true;
        }
        question++;
        Optional<LabNode> oracle = laboratory.nodes().stream()
                .filter(n -> !targets.contains(n) && n.state().equals("ACTIVE"))
                .findFirst();
        oracle.ifPresent(n -> n.command("outlook " + question + " " + String.join(" ", words)));
        long until = System.nanoTime() + PATIENCE_NANOS;
        while (oracle.isPresent() && oracle.get().answered() != question && System.nanoTime() - until < 0) {
            Laboratory.pause(LOOK_MILLIS);
        }
        isAsked = oracle.filter(n -> n.answered() == question).isPresent();
        return isAsked;
    }

    /** The first fault, the second, and both; while it is not known where the second will strike, at every node. */
    private static List<List<Fault>> questions(Laboratory laboratory, Plan plan, List<LabNode> targets) {
        List<List<Fault>> questions = new ArrayList<>();
        List<Fault> first = laboratory.faults(plan.steps().get(0), targets.get(0));
        questions.add(first);
        if (plan.steps().size() > 1) {
            Stream<LabNode> where = targets.size() > 1 ? Stream.of(targets.get(1)) : laboratory.nodes().stream();
            where.forEach(node -> {
                List<Fault> second = laboratory.faults(plan.steps().get(1), node);
                if (!first.isEmpty() && !second.isEmpty()) {
                    questions.add(Stream.concat(first.stream(), second.stream()).toList());
                }
            });
        }
        questions.removeIf(faults ->
                faults.isEmpty() || faults.size() > 2 || Set.copyOf(faults).size() < faults.size());
        return questions;
    }

    /** What was said of exactly the faults that were done, laid beside what happened; empty if nothing was said of them. */
    Optional<ForesightChecker.Result> judge(History history, List<Strike> strikes, long mendingNanos) {
        List<Fault> done =
                strikes.stream().flatMap(s -> s.faults().stream()).sorted().toList();
        boolean isNamed = strikes.stream().noneMatch(s -> s.faults().isEmpty());
        if (!isAsked || !isNamed) {
            return Optional.empty();
        }
        long struck = strikes.stream().mapToLong(Strike::nanos).max().orElseThrow();
        TreeSet<String> moved =
                strikes.stream().flatMap(s -> s.moved().stream()).collect(Collectors.toCollection(TreeSet::new));
        moved.addAll(moves);
        return history.all(History.Told.class).stream()
                .map(History.Told::foretold)
                .filter(f -> f.question() == question && f.faults().equals(done))
                .findFirst()
                .map(f -> ForesightChecker.check(
                        history, new ForesightChecker.Broken(f, struck, mendingNanos, owners, moved)));
    }
}
