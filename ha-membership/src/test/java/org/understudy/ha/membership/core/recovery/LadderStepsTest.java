package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.C1;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Recovery.Status;
import org.understudy.ha.api.Recovery.Step;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;

class LadderStepsTest {

    private static final List<Rung> RUNGS = List.of(new Rung(1, "suspend"), new Rung(2, "resume"));

    @Test
    void without_a_record_links_are_waited_for_and_nothing_above_is_climbed() {
        Status status = status(Optional.empty(), Optional.empty(), NodeState.JOINING, List.of(A));

        assertThat(status.waiting()).contains(new Step("links", false, "starting"));
        assertThat(status.steps()).extracting(Step::isClimbed).containsOnly(false);
        assertThat(status.steps()).extracting(Step::waitsFor).containsExactly("starting", "", "", "", "");
    }

    @Test
    void a_node_that_reaches_no_majority_names_who_is_missing() {
        Status status = status(Optional.of(Records.empty()), Optional.empty(), NodeState.IN_DOUBT, List.of(A));

        assertThat(status.waiting().orElseThrow().waitsFor()).contains("missing are [b, c]");
    }

    @Test
    void nothing_is_climbed_above_a_proof_that_is_missing() {
        ClusterRecord record = Records.withGroup(
                member(member(Records.empty(), A1, 20, 22, 22, ""), B1, 20, 22, 22, ""),
                "files",
                Records.granted(C1, 5, false));

        Status status = status(Optional.of(record), Optional.of(A1), NodeState.ACTIVE, List.of(A, B, C));

        assertThat(status.waiting().orElseThrow().rung()).isEqualTo("proofs");
        assertThat(status.waiting().orElseThrow().waitsFor()).startsWith("files: the session of c#1 is over");
        assertThat(status.isRunning()).isFalse();
    }

    @Test
    void a_rung_names_who_has_not_entered_and_why() {
        ClusterRecord record =
                member(member(Records.empty(), A1, 20, 21, 21, ""), B1, 20, 21, 20, "rung resume overran");

        Status status = status(Optional.of(record), Optional.of(A1), NodeState.ACTIVE, List.of(A, B, C));

        assertThat(status.steps().stream().filter(Step::isClimbed).map(Step::rung))
                .containsExactly("links", "session", "quorum", "proofs", "suspend");
        assertThat(status.waiting().orElseThrow())
                .isEqualTo(new Step("resume", false, "waits for b#1 (rung resume overran)"));
        assertThat(LadderSteps.troubles(record)).containsOnlyKeys(B1);
        assertThat(status.toString()).contains("+ suspend\n- resume: waits for b#1");
    }

    @Test
    void on_top_the_node_runs() {
        ClusterRecord record = member(member(Records.empty(), A1, 20, 22, 21, ""), B1, 20, 22, 21, "");

        assertThat(status(Optional.of(record), Optional.of(A1), NodeState.ACTIVE, List.of(A, B))
                        .isRunning())
                .isTrue();
    }

    private static Status status(
            Optional<ClusterRecord> record, Optional<Incarnation> self, NodeState state, List<NodeId> reachable) {
        return new Status(LadderSteps.of(
                new LadderSteps.Situation(record, self, state, "starting", reachable, self.isPresent())));
    }

    private static ClusterRecord member(
            ClusterRecord record, Incarnation who, long view, long phase, long entered, String trouble) {
        Standing standing = new Standing(new BarrierClaim(entered, 0, RUNGS, trouble), view, phase, 0);
        Session session = Records.session(who, new TreeMap<>())
                .withHoldings(new Holdings(new TreeMap<>(), new TreeMap<>(Map.of(Ladder.BARRIER, standing))));
        return Records.withSession(record, session);
    }
}
