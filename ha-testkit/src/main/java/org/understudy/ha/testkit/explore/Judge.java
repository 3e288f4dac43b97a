package org.understudy.ha.testkit.explore;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.testkit.explore.Local.Voted;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Looks at a state from outside. Checks, beside what {@link Choices} does, PROOF_COMMITTED: what a node takes for chosen is chosen;
 * PROOF_IS_TRUE: while a lease holds on its clock every chosen record has its session, or proves its end, and what a record says was given back is so
 * on its holder's disk; ONE_OWNER.
 *
 * <p>What is seen of one node depends on the node, on what is chosen and on the time, and is remembered for each of these.
 */
final class Judge {

    private static final int VOTES_BITS = 16;
    private static final int STEP_BITS = 4;

    private final Setup setup;
    private final Nodes nodes;
    private final List<Choices> choices = new ArrayList<>();
    private final LongIntMap choiceOf = new LongIntMap();
    private final Map<List<Voted>, Integer> voteLists = new HashMap<>();
    private final LongIntMap votesOf = new LongIntMap();
    private final List<View> views = new ArrayList<>();
    private final LongIntMap viewOf = new LongIntMap();

    Judge(Setup setup, Nodes nodes) {
        this.setup = setup;
        this.nodes = nodes;
    }

    /**
     * What is seen of one node.
     *
     * @param sights one bit for each
     * @param isActing whether it acts for the group
     */
    private record View(int sights, boolean isActing, Optional<Violation> violation) {}

    /** Judges a state, and counts what it shows. */
    Optional<Violation> judge(int[] state, long[] sights) {
        int count = setup.nodes.size();
        int choice = choice(state, count);
        Choices now = choices.get(choice);
        Optional<Violation> violation = now.violation;
        int seen = bits(now.sights);
        int acting = 0;
        for (int i = 0; i < count; i++) {
            View view = view(choice, state[1 + i], state[0]);
            seen |= view.sights;
            acting += view.isActing ? 1 : 0;
            violation = violation.isPresent() ? violation : view.violation;
        }
        for (int i = 0; i < sights.length; i++) {
            sights[i] += seen >>> i & 1;
        }
        if (violation.isEmpty() && isReleaseUntrue(now, state)) {
            violation = violated(
                    Checker.PROOF_IS_TRUE,
                    Setup.GROUP + " is granted because " + setup.nodes.get(setup.owner())
                            + " gave it back, and nothing of that is on its disk");
        }
        return violation.isEmpty() && acting > 1
                ? violated(Checker.ONE_OWNER, "two nodes act for " + Setup.GROUP)
                : violation;
    }

    /** Whether a chosen record says RELEASED of the first grant, and its holder has not written that down. */
    private boolean isReleaseUntrue(Choices now, int[] state) {
        return setup.owner() >= 0
                && now.newest()
                        .grant(Setup.GROUP)
                        .filter(grant -> grant.token() > 1 && grant.proof() == ProofKind.RELEASED)
                        .isPresent()
                && nodes.local(state[1 + setup.owner()]).disk().released().getOrDefault(Setup.GROUP, 0L) < 1;
    }

    private View view(int choice, int local, int step) {
        long key = LongIntMap.key(choice, local << STEP_BITS | step);
        int found = viewOf.get(key);
        if (found == LongIntMap.ABSENT) {
            found = views.size();
            views.add(look(choices.get(choice), nodes.local(local), step));
            viewOf.put(key, found);
        }
        return views.get(found);
    }

    private View look(Choices now, Local local, int step) {
        Set<Sight> seen = EnumSet.noneOf(Sight.class);
        Optional<Violation> violation = Optional.empty();
        if (local.learned().filter(known -> !now.holds(known)).isPresent()) {
            violation = violated(
                    Checker.PROOF_COMMITTED,
                    setup.nodes.get(local.node()) + " takes a record for chosen that is not: "
                            + Way.of(local.learned().get()));
        }
        boolean hasLease = holdsLease(local, step);
        if (hasLease) {
            seen.add(Sight.LEASE);
            Incarnation session = local.lease().orElseThrow().incarnation().orElseThrow();
            ClusterRecord newest = now.newest();
            if (violation.isEmpty() && !newest.isLive(session) && !Choices.hasProof(newest, session)) {
                violation = violated(
                        Checker.PROOF_IS_TRUE,
                        "the lease of " + session + " holds, and a record without its session is chosen");
            }
            if (now.held.stream().anyMatch(record -> !record.isLive(session))) {
                seen.add(Sight.REMOVAL_BEGUN_UNDER_LEASE);
            }
        }
        Local.Past past = local.past();
        see(seen, Sight.RESTART, past.life() > 0);
        see(seen, Sight.LOST_WRITE, past.hasLostWrite());
        see(seen, Sight.OLDER_DISK, past.hasGoneBack() && !past.hasRecovered());
        see(seen, Sight.RECOVERED, past.hasGoneBack() && past.hasRecovered());
        see(seen, Sight.PAUSED, step - local.step() > 1);
        see(
                seen,
                Sight.TAKEOVER,
                local.startedToken() > 1
                        && now.newest()
                                .grant(Setup.GROUP)
                                .filter(g -> g.token() == local.startedToken())
                                .isPresent());
        return new View(bits(seen), hasLease && local.startedToken() > 0, violation);
    }

    private static void see(Set<Sight> seen, Sight sight, boolean isSeen) {
        if (isSeen) {
            seen.add(sight);
        }
    }

    private static int bits(Set<Sight> sights) {
        int bits = 0;
        for (Sight sight : sights) {
            bits |= 1 << sight.ordinal();
        }
        return bits;
    }

    /** By the clock, whatever the machine knows of it: it may be paused or gone, and what the lease covers lives on until its end. */
    private boolean holdsLease(Local local, int step) {
        return local.lease()
                .filter(lease -> lease.isValid()
                        && setup.nanos(step)
                                < lease.confirmedNanos() + setup.timing().holderNanos())
                .isPresent();
    }

    private int choice(int[] state, int count) {
        long key = 0;
        for (int i = 0; i < count; i++) {
            key = key << VOTES_BITS | votes(state[1 + i]);
        }
        int found = choiceOf.get(key);
        if (found == LongIntMap.ABSENT) {
            List<Voted> votes = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                votes.addAll(nodes.local(state[1 + i]).votes());
            }
            found = choices.size();
            choices.add(new Choices(votes));
            choiceOf.put(key, found);
        }
        return found;
    }

    /** The number of the votes of a node; small, so that those of all fit into one key. */
    private int votes(int local) {
        int found = votesOf.get(local);
        if (found == LongIntMap.ABSENT) {
            found = voteLists.computeIfAbsent(nodes.local(local).votes(), votes -> voteLists.size());
            if (found >> VOTES_BITS != 0) {
                throw new IllegalStateException("too many different sets of votes for a key");
            }
            votesOf.put(local, found);
        }
        return found;
    }

    private static Optional<Violation> violated(Checker checker, String detail) {
        return Optional.of(new Violation(checker, 0, detail));
    }
}
