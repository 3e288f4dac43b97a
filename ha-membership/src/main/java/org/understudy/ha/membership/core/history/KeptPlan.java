package org.understudy.ha.membership.core.history;

import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.History.Replay;
import org.understudy.ha.membership.core.plan.Answers;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What the planner was given for a record that was chosen, and that record.
 *
 * @param first number of the first decision that the record made, and
 * @param last of the last one
 * @param answers of an application's policies: they are code and not kept, and may have been late
 */
public record KeptPlan(
        long first,
        long last,
        Ballot ballot,
        ClusterRecord base,
        Facts facts,
        List<Answers.Answer> answers,
        ClusterRecord chosen) {
    public KeptPlan {
        answers = List.copyOf(answers);
    }

    /** Plans once more. */
    public Replay replay() {
        Plan again = Planner.plan(base, facts.withPolicies(Answers.again(answers)));
        if (again.record().equals(chosen)) {
            return new Replay(
                    Replay.Outcome.SAME,
                    "record " + chosen.number() + " of ballot " + ballot + " comes out again as it was decided");
        }
        List<Draft> decided = RecordChanges.between(base, again.record(), again.notices());
        return new Replay(
                Replay.Outcome.DIFFERENT,
                "record " + chosen.number() + " of ballot " + ballot + " comes out otherwise"
                        + (decided.isEmpty()
                                ? ", with no decision of these kinds"
                                : decided.stream()
                                        .map(d -> d.at(first, Instant.EPOCH, true))
                                        .map(Decision::sentence)
                                        .collect(Collectors.joining("; ", ": ", ""))));
    }
}
