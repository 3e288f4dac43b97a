package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.C1;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.session;
import static org.understudy.ha.membership.core.Records.withSession;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Operation.Kind;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.membership.core.record.Voters.Phase;

class VoterChangeTest {

    private static final NodeId D = NodeId.of("d");
    private static final Session D1 = session(new Incarnation(D, 1), new TreeMap<>());
    private static final ClusterRecord ABC = withSession(
            withSession(withSession(empty(), A1, new TreeMap<>()), B1, new TreeMap<>()), C1, new TreeMap<>());

    private final List<Operation> operations = new ArrayList<>();
    private final TreeSet<NodeId> reachable = new TreeSet<>(List.of(A, B, C, D));
    private boolean isBaseChosen = true;

    @Test
    void an_acceptor_is_added_through_a_joint_record_and_a_final_one() {
        operations.add(new Operation(Kind.ADMIT, D, 0, "", ""));
        ClusterRecord joint = plan(withSession(ABC, D1)).record();
        ClusterRecord last = plan(joint).record();
        ClusterRecord settled = plan(last).record();

        assertThat(joint.voters().phase()).isEqualTo(Phase.JOINT);
        assertThat(joint.voters().sets()).containsExactly(set(A, B, C), set(A, B, C, D));
        assertThat(last.voters().phase()).isEqualTo(Phase.FINAL);
        assertThat(last.voters().sets()).containsExactly(set(A, B, C, D), set(A, B, C));
        assertThat(settled.voters().sets()).containsExactly(set(A, B, C, D));
        assertThat(plan(settled).isChange()).isFalse();
        assertThat(Planner.isDone(settled, operations.get(0))).isTrue();
    }

    @Test
    void no_step_is_taken_on_a_record_that_may_not_be_chosen() {
        operations.add(new Operation(Kind.ADMIT, D, 0, "", ""));
        isBaseChosen = false;
        ClusterRecord base = withSession(ABC, D1);

        assertThat(plan(base).isChange()).isFalse();
        ClusterRecord joint = base.withVoters(base.voters().towards(set(A, B, C, D), base.number() + 1));
        assertThat(plan(joint).record().voters()).isEqualTo(joint.voters());
    }

    @Test
    void a_node_that_comes_back_with_another_disk_takes_its_own_place_without_a_word() {
        Session anew = new Session(C1, 9, "new-disk", HostIdentity.UNKNOWN, "", 0, new TreeMap<>());

        Voters voters = plan(withSession(ABC, anew)).record().voters();

        assertThat(voters.phase()).isEqualTo(Phase.JOINT);
        assertThat(voters.other()).contains(new AcceptorId(C, "new-disk")).doesNotContain(acceptor(C));
    }

    @Test
    void a_change_that_could_not_be_finished_is_not_begun() {
        operations.add(new Operation(Kind.REMOVE, A, 0, "", ""));
        reachable.remove(C);

        assertThat(plan(ABC).isChange()).as("of b and c only b is heard").isFalse();
    }

    @Test
    void a_node_on_another_disk_does_not_speak_for_its_vote() {
        operations.add(new Operation(Kind.REMOVE, A, 0, "", ""));
        TreeMap<NodeId, Facts.Admission> joins = new TreeMap<>();
        joins.put(C, new Facts.Admission(9, "new-disk", HostIdentity.UNKNOWN, "", 0));

        assertThat(Planner.plan(ABC, facts(joins)).isChange()).isFalse();
    }

    @Test
    void the_last_vote_cannot_be_removed_and_a_stranger_not_be_admitted() {
        ClusterRecord alone = ABC.withVoters(Voters.of(set(A)));

        assertThat(Planner.operationRefusal(alone, new Operation(Kind.REMOVE, A, 0, "", "")))
                .isPresent();
        assertThat(Planner.operationRefusal(ABC, new Operation(Kind.ADMIT, D, 0, "", "")))
                .isPresent();
    }

    @Test
    void being_chosen_takes_a_majority_of_every_set() {
        Voters joint = Voters.of(set(A, B, C)).towards(set(C, D, NodeId.of("e")), 5);

        assertThat(joint.isQuorum(set(A, B))).isFalse();
        assertThat(joint.isQuorum(set(A, C, D))).isTrue();
    }

    private Plan plan(ClusterRecord base) {
        return Planner.plan(base, facts(new TreeMap<>()));
    }

    private Facts facts(TreeMap<NodeId, Facts.Admission> joins) {
        return new Facts(
                joins,
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                reachable,
                0,
                operations,
                isBaseChosen);
    }

    private static List<AcceptorId> set(NodeId... nodes) {
        return java.util.Arrays.stream(nodes)
                .map(node -> node.equals(D) ? new AcceptorId(D, D1.disk()) : acceptor(node))
                .toList();
    }
}
