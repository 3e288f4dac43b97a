package org.understudy.ha.membership.core.plan;

import java.util.List;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What the planner was given in one round, and what it said.
 *
 * @param ballot of the round; what it led to may never have been chosen
 * @param base the record it planned from
 * @param answers what an application's policies answered
 */
public record Planning(
        Ballot ballot, ClusterRecord base, Facts facts, List<Notice> notices, List<Answers.Answer> answers) {
    public Planning {
        answers = List.copyOf(answers);
        notices = List.copyOf(notices);
    }
}
