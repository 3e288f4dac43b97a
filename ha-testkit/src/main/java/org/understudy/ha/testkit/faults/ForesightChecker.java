package org.understudy.ha.testkit.faults;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.testkit.faults.Foretold.Saying;
import org.understudy.ha.testkit.faults.HistoryChecker.Rule;
import org.understudy.ha.testkit.faults.HistoryChecker.Violation;
import org.understudy.ha.testkit.netns.Probe;

/**
 * Lays what a node said beforehand beside what happened, group by group. A pure function of its arguments.
 *
 * <p><b>What is compared.</b> At the end of the time in which it was broken somebody acts for a group that was said to go on or to
 * move, on a node that was named, and the first new grant has a proof that was named; nobody acts for one that was said to stop, and
 * after a single fault nobody has begun to. A sentence with "at most" is judged only if it was broken for that long, with
 * {@link #START_NANOS} for what the machine and the resources need. Nothing is compared where nothing is promised, and for groups that the harness moves itself.
 */
final class ForesightChecker {
    /** What busy machines may need to decide, to start, to be asked by a client, and to stop. */
    static final long START_NANOS = TimeUnit.MILLISECONDS.toNanos(2500);
    /** How old the newest effect of what runs may be. */
    static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(1500);

    private static final long LEASE_NANOS = Timing.standard().acceptorNanos();

    /** How a group's owner was called, before. */
    record Owner(String node, long token) {}

    /**
     * What was done.
     *
     * @param struckNanos when the last fault was done
     * @param mendingNanos when the mending began
     * @param owners of the groups before the first fault, so far as they ran
     * @param moved groups that the harness moves on purpose
     */
    record Broken(
            Foretold foretold, long struckNanos, long mendingNanos, Map<String, Owner> owners, Set<String> moved) {
        Broken {
            owners = Map.copyOf(owners);
            moved = Set.copyOf(moved);
        }
    }

    /** The outcome for one group. */
    enum Verdict {
        HELD,
        /** It was said to stay, and went on elsewhere. */
        HELD_ELSEWHERE,
        BROKEN,
        /** Nothing was promised, or it was not broken for long enough to tell. */
        NOT_TOLD
    }

    /** Something done for a group. */
    private record Act(long nanos, String node, long token) {}

    private final History history;
    private final Broken broken;
    private final List<Violation> found = new ArrayList<>();
    private final List<Verdict> verdicts = new ArrayList<>();

    private ForesightChecker(History history, Broken broken) {
        this.history = history;
        this.broken = broken;
    }

    /** What was found, and how many groups were compared. */
    record Result(List<Violation> violations, List<Verdict> verdicts) {
        Result {
            violations = List.copyOf(violations);
            verdicts = List.copyOf(verdicts);
        }
    }

    static Result check(History history, Broken broken) {
        ForesightChecker checker = new ForesightChecker(history, broken);
        for (Saying saying : broken.foretold().sayings()) {
            checker.verdicts.add(checker.judge(saying));
        }
        return new Result(checker.found, checker.verdicts);
    }

    private Verdict judge(Saying saying) {
        Owner owner = broken.owners().get(saying.group());
        boolean isKnown = owner != null
                && saying.holder()
                        .map(NodeId::value)
                        .filter(owner.node()::equals)
                        .isPresent();
        if (!isKnown || broken.moved().contains(saying.group()) || saying.fate() == Fate.MAY_STOP) {
            return Verdict.NOT_TOLD;
        }
        List<Act> acts = acts(saying.group());
        return saying.fate() == Fate.STOPS ? stops(saying, owner, acts) : runs(saying, owner, acts);
    }

    private Verdict stops(Saying saying, Owner owner, List<Act> acts) {
        if (broken.foretold().faults().size() == 1) {
            Optional<Act> taken =
                    acts.stream().filter(a -> a.token() > owner.token()).findFirst();
            if (taken.isPresent()) {
                return broken(saying, "but " + taken.get().node() + " took it over");
            }
        }
        long still = broken.struckNanos() + LEASE_NANOS + START_NANOS;
        if (broken.mendingNanos() <= still) {
            return Verdict.NOT_TOLD;
        }
        Optional<Act> acting = acts.stream().filter(a -> a.nanos() > still).findFirst();
        return acting.map(a -> broken(
                        saying,
                        "but " + a.node() + " acted under token " + a.token() + " "
                                + (a.nanos() - broken.struckNanos()) / 1_000_000 + " ms later"))
                .orElse(Verdict.HELD);
    }

    private Verdict runs(Saying saying, Owner owner, List<Act> acts) {
        boolean mayStay = saying.where().stream().anyMatch(n -> n.value().equals(owner.node()));
        long wait = saying.fate() == Fate.GOES_ON ? FRESH_NANOS : saying.atLatestNanos() + START_NANOS;
        long due = broken.struckNanos() + wait;
        Optional<Act> last = acts.stream()
                .filter(a -> a.nanos() > broken.mendingNanos() - FRESH_NANOS)
                .filter(a -> a.token() > owner.token() || mayStay)
                .max(Comparator.comparingLong(Act::token));
        Optional<ProofKind> proof = firstProof(saying.group(), owner.token());
        if (last.isEmpty()) {
            return broken.mendingNanos() < due ? Verdict.NOT_TOLD : broken(saying, "but nobody acted at the end");
        }
        boolean isStaying = last.get().token() == owner.token();
        if (saying.fate() == Fate.GOES_ON) {
            return isStaying ? Verdict.HELD : Verdict.HELD_ELSEWHERE;
        }
        boolean isThere = saying.where().stream()
                .anyMatch(n -> n.value().equals(last.get().node()));
        if (!isThere) {
            return broken(saying, "but at the end " + last.get().node() + " acted");
        }
        if (!isStaying && proof.isPresent() && !saying.proofs().contains(proof.get())) {
            return broken(saying, "but it was taken over with proof " + proof.get());
        }
        return Verdict.HELD;
    }

    private Verdict broken(Saying saying, String what) {
        found.add(new Violation(
                Rule.ASSUMPTIONS_HOLD,
                "of " + Foretold.word(broken.foretold().faults()) + " it was said that '" + saying.group() + "' "
                        + saying.fate() + " " + saying.where() + " by " + saying.proofs() + ", " + what));
        return Verdict.BROKEN;
    }

    private List<Act> acts(String group) {
        List<Act> acts = new ArrayList<>();
        if (group.equals(FaultNode.FILES)) {
            for (Probe probe : history.probes()) {
                if (probe.isAnswered() && probe.sentNanos() > broken.struckNanos()) {
                    String[] words = probe.server().split(" ");
                    acts.add(new Act(
                            probe.sentNanos(),
                            History.Life.parse(words[words.length - 3]).node(),
                            Long.parseLong(words[words.length - 1])));
                }
            }
        }
        history.all(History.Acted.class).stream()
                .filter(a -> a.group().equals(group) && a.nanos() > broken.struckNanos())
                .forEach(a -> acts.add(new Act(a.nanos(), a.life().node(), a.token())));
        acts.removeIf(a -> a.nanos() >= broken.mendingNanos());
        return acts;
    }

    /** The proof of the next grant after a token, if it was made while it was broken. */
    private Optional<ProofKind> firstProof(String group, long after) {
        return history.all(History.Granted.class).stream()
                .filter(g -> g.group().equals(group) && g.token() > after && g.nanos() < broken.mendingNanos())
                .min(Comparator.comparingLong(History.Granted::token))
                .map(History.Granted::proof);
    }
}
