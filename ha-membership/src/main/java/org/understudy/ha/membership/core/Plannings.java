package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.membership.core.plan.Answers;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.plan.Policies;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * The policies that a node plans with, and what was planned in the rounds that it led last, with all that it was planned from: the driver may want to
 * keep it, and whoever replays it comes to the same. Nothing is decided by what is kept. Pure, as far as the policies are.
 */
final class Plannings {

    private static final int KEPT = 4;

    private final SortedMap<String, PlacementPolicy> policies;
    private final boolean hasForeign;
    private final TreeMap<Ballot, Planning> kept = new TreeMap<>();

    /** @param foreign an application's policies: they may answer otherwise the next time, so their answers are kept as well */
    Plannings(List<PlacementPolicy> foreign) {
        this.policies = Policies.with(foreign);
        this.hasForeign = !foreign.isEmpty();
    }

    /** Every policy that groups may name here. */
    SortedMap<String, PlacementPolicy> policies() {
        return policies;
    }

    /** Plans what a round writes on its base. */
    Plan plan(Ballot round, ClusterRecord base, Facts facts) {
        Answers answers = new Answers();
        Plan plan = Planner.plan(base, hasForeign ? facts.withPolicies(answers.noting(policies)) : facts);
        kept.put(round, new Planning(round, base, facts.copy(), plan.notices(), answers.all()));
        while (kept.size() > KEPT) {
            kept.pollFirstEntry();
        }
        return plan;
    }

    /** What the planner was given and said in the round with this ballot, if this node led it lately. */
    Optional<Planning> of(Ballot round) {
        return Optional.ofNullable(kept.get(round));
    }
}
