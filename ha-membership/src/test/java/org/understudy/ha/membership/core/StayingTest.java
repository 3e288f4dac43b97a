package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.candidacy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.Staying.Footing;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

/** Group web on node a. */
class StayingTest {

    private static final String WEB = "web";
    private static final long PATIENCE = 300;

    private final LocalGroups groups = new LocalGroups(A, 100, PATIENCE);
    private final Staying staying = new Staying(A);
    private final Outbox out = new Outbox(List.of(B, C));
    private final ClusterRecord record = Records.withGroup(Records.empty(), WEB, Records.granted(A1, 5, true));
    private final Grant grant = record.grant(WEB).orElseThrow();
    private final LocalGroup web = web();

    @Test
    void nothing_stands_against_a_group_under_its_grant() {
        assertThat(obstacle(footing(record, true, false, false, false))).isEmpty();
        assertThat(staying.obstacle(0, web, Optional.empty(), footing(record, true, false, false, false), groups))
                .contains("the grant is over");
    }

    @Test
    void the_end_of_the_session_or_the_lease_or_an_operators_word_stands_against_it() {
        assertThat(obstacle(footing(record, false, false, false, false))).contains("this node's session is over");
        assertThat(obstacle(footing(record, true, true, false, false)).orElseThrow())
                .startsWith("the lease is ending");
        assertThat(obstacle(footing(record, true, false, true, false)).orElseThrow())
                .startsWith("an operator says");
        assertThat(obstacle(footing(record, true, false, false, true))).contains("this node is leaving");
    }

    @Test
    void a_wish_to_move_waits_for_the_successor_but_not_for_ever() {
        groups.start(0, web, grant, out);
        web.running(0);
        Footing footing = footing(movingTo(record, B), true, false, false, false);

        assertThat(staying.whyToStop(0, web, Optional.of(grant), footing, groups))
                .isEmpty();
        assertThat(staying.whyToStop(PATIENCE - 1, web, Optional.of(grant), footing, groups))
                .isEmpty();
        assertThat(staying.whyToStop(PATIENCE, web, Optional.of(grant), footing, groups))
                .contains("asked to move to b");
    }

    @Test
    void a_start_under_way_waits_for_no_successor() {
        groups.start(0, web, grant, out);

        assertThat(staying.whyToStop(
                        0, web, Optional.of(grant), footing(movingTo(record, B), true, false, false, false), groups))
                .contains("asked to move to b");
    }

    @Test
    void what_is_held_waits_for_no_successor() {
        groups.start(0, web, grant, out);
        web.running(0);
        GroupRecord moving = movingTo(record, B).groups().get(WEB);
        ClusterRecord held = Records.withGroup(record, WEB, moving.withHeld("it makes room for alarm"));

        assertThat(staying.whyToStop(0, web, Optional.of(grant), footing(held, true, false, false, false), groups))
                .contains("asked to move to b");
    }

    @Test
    void a_group_comes_here_under_the_token_of_its_holder_if_this_node_would_start_it() {
        Staying onB = new Staying(B);
        ClusterRecord coming = movingTo(record, B);

        assertThat(onB.comingToken(0, web, footing(coming, true, false, false, false)))
                .isEqualTo(5);
        assertThat(onB.comingToken(0, web, footing(record, true, false, false, false)))
                .isZero();
        assertThat(onB.comingToken(0, web, footing(coming, false, false, false, false)))
                .isZero();
        assertThat(onB.comingToken(0, web, footing(coming, true, false, true, false)))
                .isZero();
        assertThat(onB.comingToken(0, web, footing(coming, true, false, false, true)))
                .isZero();
        web.eligibility(0, false, "no licence");
        assertThat(onB.comingToken(0, web, footing(coming, true, false, false, false)))
                .isZero();
    }

    @Test
    void a_node_that_leaves_offers_to_run_nothing() {
        assertThat(staying.candidacy(0, web, false).orElseThrow().isEligible()).isTrue();
        assertThat(staying.candidacy(0, web, true).orElseThrow().isEligible()).isFalse();
        web.withdraw();
        assertThat(staying.candidacy(0, web, false)).isEmpty();
    }

    @Test
    void what_runs_here_stops_when_its_grant_is_another_one_or_something_stands_against_it() {
        groups.start(0, web, grant, out);
        Grant other = Records.granted(A1, 6, true).grant().orElseThrow();
        Footing footing = footing(record, true, false, false, false);

        assertThat(staying.whyToStop(0, web, Optional.of(grant), footing, groups))
                .isEmpty();
        assertThat(staying.whyToStop(0, web, Optional.of(other), footing, groups))
                .contains("the grant is over");
        assertThat(staying.whyToStop(0, web, Optional.empty(), footing, groups)).contains("the grant is over");
        assertThat(staying.whyToStop(0, web, Optional.of(grant), footing(record, false, false, false, true), groups))
                .contains("this node's session is over");
    }

    @Test
    void a_grant_that_will_not_be_started_is_declined_with_the_reason() {
        assertThat(declined(footing(record, true, false, false, false))).isEmpty();
        assertThat(declined(footing(record, true, true, false, false)))
                .as("the lease may be confirmed in a moment")
                .isEmpty();
        assertThat(declined(footing(record, true, false, false, true))).contains("this node is leaving");
        assertThat(declined(footing(movingTo(record, B), true, false, false, false)))
                .contains("asked to move to b");

        web.withdraw();
        assertThat(declined(footing(record, true, false, false, false))).contains("this node takes no part any more");
    }

    @Test
    void a_grant_from_an_offer_that_covered_more_is_declined() {
        Grant wider = Records.granted(A1, 5, true).grant().orElseThrow();
        groups.take(0, new Input.GroupOffered(WEB, candidacy(false)), Optional.empty(), out);

        assertThat(staying.whyToDecline(0, web, wider, footing(record, true, false, false, false), groups))
                .get()
                .asString()
                .contains("an offer of this node that has changed since");
    }

    private Optional<String> declined(Footing footing) {
        return staying.whyToDecline(0, web, grant, footing, groups);
    }

    private LocalGroup web() {
        groups.take(0, new Input.GroupOffered(WEB, candidacy(true)), Optional.empty(), out);
        return groups.all().get(WEB);
    }

    private Optional<String> obstacle(Footing footing) {
        return staying.obstacle(0, web, Optional.of(grant), footing, groups);
    }

    private static Footing footing(
            ClusterRecord record, boolean hasSession, boolean isLeaseEnding, boolean isForced, boolean isLeaving) {
        return new Footing(Optional.of(record), hasSession, isLeaseEnding, isForced, isLeaving);
    }

    private static ClusterRecord movingTo(ClusterRecord record, NodeId node) {
        return Records.withGroup(record, WEB, record.groups().get(WEB).withMoveTo(Optional.of(node)));
    }
}
