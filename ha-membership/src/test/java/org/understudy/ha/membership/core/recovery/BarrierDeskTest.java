package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.Standing;
import org.understudy.ha.membership.core.recovery.Told.BarrierDecided;
import org.understudy.ha.membership.core.recovery.Told.Outcome;

class BarrierDeskTest {

    private static final String BARRIER = "rebuild";

    private final BarrierDesk desk = new BarrierDesk();
    private final ClusterRecord open = both(20, 22, 21);

    @Test
    void whoever_missed_the_record_in_which_it_passed_passes_with_the_next_view() {
        enters();

        assertThat(outcome(desk.learned(both(30, 30, 22)))).isEqualTo(Outcome.PASSED);
    }

    @Test
    void whoever_missed_the_change_of_the_members_is_told_that_it_did_not_pass() {
        enters();

        assertThat(outcome(desk.learned(both(30, 30, 21)))).isEqualTo(Outcome.ABORTED);
    }

    @Test
    void a_member_whose_session_is_over_still_learns_what_the_record_shows() {
        enters();

        assertThat(outcome(desk.learned(member(Records.empty(), B1, 30, 30, 22))))
                .isEqualTo(Outcome.PASSED);
    }

    @Test
    void where_others_have_gone_on_without_it_nothing_is_said_but_that() {
        enters();

        assertThat(desk.learned(member(Records.empty(), B1, 30, 31, 30))).isEmpty();
        assertThat(outcome(desk.end("its session is over"))).isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void a_record_of_a_newer_generation_does_not_know() {
        Incarnation later = new Incarnation(B, ClusterRecord.floor(1) + 1);
        enters();

        assertThat(desk.learned(member(Records.empty().withGeneration(1), later, 20, 23, 22)))
                .isEmpty();
        assertThat(outcome(desk.end("its session is over"))).isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void an_entry_that_nobody_waits_for_any_more_is_answered_when_it_is_asked_for_again() {
        enters();
        assertThat(outcome(desk.giveUp(1))).isEqualTo(Outcome.UNKNOWN);
        assertThat(desk.learned(both(20, 23, 22))).isEmpty();

        List<Told> again = desk.enter(new Ask.Enter(2, BARRIER, 20), Optional.of(open), Optional.of(A1));

        assertThat(outcome(again)).isEqualTo(Outcome.PASSED);
        assertThat(desk.enter(new Ask.Enter(3, BARRIER, 20), Optional.of(both(20, 23, 22)), Optional.of(A1)))
                .as("the next entry is another")
                .isEmpty();
        assertThat(desk.claims().get(BARRIER).entered()).isEqualTo(23);
    }

    @Test
    void what_was_entered_is_said_until_the_next_entry_so_that_no_record_is_written_to_forget_it() {
        enters();
        desk.learned(both(20, 23, 22));

        assertThat(desk.claims().get(BARRIER).entered()).isEqualTo(22);
        desk.end("its session is over");
        assertThat(desk.claims().get(BARRIER).entered()).isZero();
    }

    private void enters() {
        desk.join(BARRIER);
        assertThat(desk.enter(new Ask.Enter(1, BARRIER, 20), Optional.of(open), Optional.of(A1)))
                .isEmpty();
    }

    private static Outcome outcome(List<Told> told) {
        assertThat(told).hasSize(1);
        return ((BarrierDecided) told.get(0)).outcome();
    }

    private static ClusterRecord both(long view, long phase, long passed) {
        return member(member(Records.empty(), A1, view, phase, passed), B1, view, phase, passed);
    }

    private static ClusterRecord member(ClusterRecord record, Incarnation who, long view, long phase, long passed) {
        Standing standing = new Standing(BarrierClaim.MEMBER, view, phase, passed);
        return Records.withSession(
                record,
                Records.session(who, new TreeMap<>())
                        .withHoldings(new Holdings(new TreeMap<>(), new TreeMap<>(Map.of(BARRIER, standing)))));
    }
}
