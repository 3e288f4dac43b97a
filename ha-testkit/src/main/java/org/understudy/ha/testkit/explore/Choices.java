package org.understudy.ha.testkit.explore;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.testkit.explore.Local.Known;
import org.understudy.ha.testkit.explore.Local.Voted;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Which records are chosen, counted from what disks hold or held; no machine is asked. A vote that was forgotten, because an older copy
 * of its disk came back, counts only with votes that were given without knowing of the new life.
 *
 * <p>Checks ONE_RECORD_PER_BALLOT, ONE_CHAIN and TOKENS_GROW: each chosen record follows from the one below it.
 */
final class Choices {

    final List<Known> chosen = new ArrayList<>();
    final List<ClusterRecord> held = new ArrayList<>();
    final Set<Sight> sights = EnumSet.noneOf(Sight.class);
    Optional<Violation> violation = Optional.empty();

    /**
     * @param votes of every acceptor, in any order
     */
    Choices(List<Voted> votes) {
        TreeMap<Ballot, List<Voted>> byBallot = new TreeMap<>();
        votes.forEach(v ->
                byBallot.computeIfAbsent(v.ballot(), b -> new ArrayList<>()).add(v));
        for (Map.Entry<Ballot, List<Voted>> entry : byBallot.entrySet()) {
            ClusterRecord value = entry.getValue().get(0).value();
            held.add(value);
            if (entry.getValue().stream().anyMatch(v -> !v.value().equals(value))) {
                violated(Checker.ONE_RECORD_PER_BALLOT, "two records were accepted under " + entry.getKey());
            }
            if (isChosen(value.voters(), entry.getValue(), 0, new ArrayList<>())) {
                follow(entry.getKey(), value);
                chosen.add(new Known(entry.getKey(), value));
            }
        }
        see(byBallot);
    }

    /** Whether some of these votes that all stand beside each other are enough. */
    private static boolean isChosen(Voters voters, List<Voted> votes, int next, List<Vote> counted) {
        TreeSet<AcceptorId> who = new TreeSet<>();
        counted.forEach(vote -> who.add(vote.acceptor()));
        if (voters.isQuorum(who)) {
            return true;
        }
        for (int i = next; i < votes.size(); i++) {
            Vote vote = votes.get(i).vote();
            if (counted.stream().noneMatch(other -> other.outdates(vote) || vote.outdates(other))) {
                List<Vote> more = new ArrayList<>(counted);
                more.add(vote);
                if (isChosen(voters, votes, i + 1, more)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void violated(Checker checker, String detail) {
        if (violation.isEmpty()) {
            violation = Optional.of(new Violation(checker, 0, detail));
        }
    }

    // ---- one chain -----------------------------------------------------------------------------------------------

    private void follow(Ballot ballot, ClusterRecord later) {
        if (chosen.isEmpty()) {
            return;
        }
        Known below = chosen.get(chosen.size() - 1);
        ClusterRecord earlier = below.value();
        String where = "record #" + later.number() + " is chosen at " + ballot + " above #" + earlier.number() + " at "
                + below.ballot() + ": ";
        fault(earlier, later).ifPresent(what -> violated(Checker.ONE_CHAIN, where + what));
        reuse(earlier, later).ifPresent(what -> violated(Checker.TOKENS_GROW, where + what));
    }

    private static Optional<String> fault(ClusterRecord earlier, ClusterRecord later) {
        if (later.number() < earlier.number() || (later.number() == earlier.number() && !later.equals(earlier))) {
            return Optional.of("it was not planned from that one");
        }
        if (!later.standby().containsAll(earlier.standby())) {
            return Optional.of("it has lost " + earlier.standby() + " on standby");
        }
        for (Session session : later.sessions().values()) {
            Incarnation who = session.incarnation();
            boolean wasIssued = earlier.incarnations().getOrDefault(who.node(), 0L) >= who.number();
            if (wasIssued && !earlier.isLive(who)) {
                return Optional.of("the session of " + who + " has come back");
            }
        }
        if (later.number() == earlier.number() + 1 && !isStep(earlier.voters(), later.voters())) {
            return Optional.of("its voters are " + later.voters() + " after " + earlier.voters());
        }
        for (Map.Entry<String, GroupRecord> entry : earlier.groups().entrySet()) {
            Optional<Grant> before = entry.getValue().grant();
            Optional<Grant> after = later.grant(entry.getKey());
            if (before.isPresent()
                    && (after.isEmpty() || after.get().token() < before.get().token())) {
                return Optional.of("the grant under token " + before.get().token() + " is forgotten");
            }
            if (before.isPresent()
                    && after.get().token() == before.get().token()
                    && wasChanged(before.get(), after.get())) {
                return Optional.of("the grant under token " + before.get().token() + " has changed");
            }
        }
        return Optional.empty();
    }

    private static boolean isStep(Voters earlier, Voters later) {
        boolean isBegun = earlier.isSettled()
                && later.phase() == Voters.Phase.JOINT
                && later.set().equals(earlier.set());
        return later.equals(earlier) || later.equals(earlier.step()) || isBegun;
    }

    private static boolean wasChanged(Grant before, Grant after) {
        boolean isSame = after.holder().equals(before.holder()) && after.proof() == before.proof();
        return !isSame || (before.over().isPresent() && !before.over().equals(after.over()));
    }

    private static Optional<String> reuse(ClusterRecord earlier, ClusterRecord later) {
        if (later.lastToken() < earlier.lastToken()) {
            return Optional.of("its last token is " + later.lastToken() + " after " + earlier.lastToken());
        }
        for (Map.Entry<NodeId, Long> issued : earlier.incarnations().entrySet()) {
            if (later.incarnations().getOrDefault(issued.getKey(), 0L) < issued.getValue()) {
                return Optional.of("incarnation " + issued.getValue() + " of " + issued.getKey() + " is forgotten");
            }
            Session before = earlier.sessions().get(issued.getKey());
            Session after = later.sessions().get(issued.getKey());
            boolean isReused = before != null
                    && after != null
                    && after.incarnation().equals(before.incarnation())
                    && after.joinNonce() != before.joinNonce();
            if (isReused) {
                return Optional.of(before.incarnation() + " is issued twice");
            }
        }
        return Optional.empty();
    }

    // ---- what it shows -------------------------------------------------------------------------------------------

    private void see(TreeMap<Ballot, List<Voted>> byBallot) {
        ClusterRecord first = chosen.get(0).value();
        TreeSet<Long> numbers = new TreeSet<>();
        chosen.forEach(known -> numbers.add(known.value().number()));
        see(Sight.CHOSEN, chosen.size() > 1);
        see(Sight.CHOSEN_TWICE, numbers.size() > 2);
        Ballot newest = chosen.get(chosen.size() - 1).ballot();
        ClusterRecord last = chosen.get(chosen.size() - 1).value();
        see(
                Sight.DROPPED,
                byBallot.headMap(newest).values().stream()
                        .anyMatch(votes ->
                                !last.standby().containsAll(votes.get(0).value().standby())));
        for (int i = 1; i < chosen.size(); i++) {
            see(
                    Sight.WENT_ON,
                    chosen.get(i).ballot().equals(chosen.get(i - 1).ballot().following()));
        }
        see(Sight.REMOVAL, first.sessions().values().stream().anyMatch(s -> !last.isLive(s.incarnation())));
        see(
                Sight.JOINT,
                chosen.stream().anyMatch(known -> !known.value().voters().isSettled()));
        see(
                Sight.SETTLED_AGAIN,
                last.voters().isSettled()
                        && !last.voters().set().equals(first.voters().set()));
    }

    private void see(Sight sight, boolean isSeen) {
        if (isSeen) {
            sights.add(sight);
        }
    }

    /** Whether a record is known to be chosen. */
    boolean holds(Known known) {
        for (Known each : chosen) {
            if (each.ballot().equals(known.ballot())) {
                return each.value().equals(known.value());
            }
        }
        return false;
    }

    ClusterRecord newest() {
        return chosen.get(chosen.size() - 1).value();
    }

    /** Whether a record proves by something else than silence that a session is over. */
    static boolean hasProof(ClusterRecord record, Incarnation session) {
        return record.endOf(session)
                .map(SessionEnd::proof)
                .filter(p -> p != ProofKind.EXPIRED && p != ProofKind.NEVER && p != ProofKind.OPERATOR)
                .isPresent();
    }
}
