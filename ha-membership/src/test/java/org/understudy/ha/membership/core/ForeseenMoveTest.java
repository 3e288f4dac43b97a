package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.empty;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

/** A group of a that is to move to b. */
class ForeseenMoveTest {

    private static final Grant OLD = grant(A, 4);
    private static final ForeseenMove MOVE = new ForeseenMove("web", OLD, B, LocalGroup.toMove(B));

    private final ClusterRecord base = groups(new TreeMap<>(Map.of("web", GroupRecord.NEW.withGrant(OLD))));

    @Test
    void it_is_done_where_its_target_is_granted_it() {
        assertThat(MOVE.isDoneIn(base, plan(grant(B, 5), Optional.empty()))).isTrue();
    }

    @Test
    void it_is_not_done_where_another_is() {
        assertThat(MOVE.isDoneIn(base, plan(grant(C, 5), Optional.empty()))).isFalse();
        assertThat(MOVE.isDoneIn(base, plan(OLD.endedBy(ProofKind.RELEASED), Optional.empty())))
                .as("nobody is")
                .isFalse();
    }

    /** Nobody would look whether that node is still there. */
    @Test
    void it_is_not_foreseen_where_a_third_node_gains_something_as_well() {
        assertThat(MOVE.isDoneIn(base, plan(grant(B, 5), Optional.of(grant(C, 6)))))
                .isFalse();
        assertThat(MOVE.isDoneIn(base, plan(grant(B, 5), Optional.of(grant(B, 6)))))
                .as("more of the target's")
                .isTrue();
    }

    private Plan plan(Grant web, Optional<Grant> mail) {
        TreeMap<String, GroupRecord> groups = new TreeMap<>();
        groups.put("web", GroupRecord.NEW.withGrant(web));
        mail.ifPresent(grant -> groups.put("mail", GroupRecord.NEW.withGrant(grant)));
        return new Plan(groups(groups), true, List.of());
    }

    private static ClusterRecord groups(TreeMap<String, GroupRecord> groups) {
        return empty().withGroups(groups, 6);
    }

    private static Grant grant(NodeId node, long token) {
        return new Grant(new Incarnation(node, 1), token, ProofKind.RELEASED, Optional.empty(), true, List.of());
    }
}
