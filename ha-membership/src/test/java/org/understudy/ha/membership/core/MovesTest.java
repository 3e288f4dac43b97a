package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.candidacy;

import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.message.Message.Move;
import org.understudy.ha.membership.core.message.Message.MoveRefused;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;

class MovesTest {

    private static final long SECOND = 1_000_000_000L;
    private static final Move TO_B = new Move(1, "web", B);
    private static final Move TO_A = new Move(2, "web", A);

    private final ClusterRecord onA = onA();
    private final Moves moves = new Moves(20 * SECOND);

    @Test
    void a_move_asked_for_here_is_decided_once_when_the_record_shows_it() {
        moves.ask(TO_B);
        assertThat(moves.hearOwn(0, onA, TO_B, true)).isEmpty();
        assertThat(moves.wanted()).containsEntry("web", B);
        assertThat(moves.repeated()).containsExactly(TO_B);
        assertThat(moves.decide(onA, onA)).isEmpty();

        ClusterRecord onB = Records.withGroup(onA, "web", Records.granted(B1, 2, true));
        moves.learned(onB);
        assertThat(moves.wanted()).isEmpty();
        assertThat(moves.decide(onA, onB)).containsExactly(new Effect.MoveDecided(1, true, "web is granted to b"));
        assertThat(moves.decide(onA, onB)).isEmpty();
    }

    @Test
    void a_move_that_the_record_has_taken_up_is_not_said_again_and_waits_for_its_end() {
        moves.ask(TO_B);
        moves.hearOwn(0, onA, TO_B, true);
        ClusterRecord moving =
                Records.withGroup(onA, "web", Records.granted(A1, 1, true).withMoveTo(Optional.of(B)));
        moves.learned(moving);

        assertThat(moves.repeated()).isEmpty();
        assertThat(moves.decide(onA, moving)).isEmpty();
        assertThat(moves.decide(moving, onA))
                .singleElement()
                .satisfies(decided -> assertThat(decided.isDone()).isFalse());
    }

    @Test
    void a_move_back_is_wanted_until_the_record_asks_for_the_other_no_more() {
        ClusterRecord moving =
                Records.withGroup(onA, "web", Records.granted(A1, 1, true).withMoveTo(Optional.of(B)));
        moves.ask(TO_A);
        assertThat(moves.hearOwn(0, moving, TO_A, true)).isEmpty();

        moves.learned(moving);
        assertThat(moves.wanted()).containsEntry("web", A);
        assertThat(moves.decide(moving, moving)).isEmpty();
        assertThat(moves.repeated()).containsExactly(TO_A);

        moves.learned(onA);
        assertThat(moves.wanted()).isEmpty();
        assertThat(moves.decide(moving, onA)).containsExactly(new Effect.MoveDecided(2, true, "web is granted to a"));
    }

    @Test
    void only_the_newest_of_several_moves_of_a_group_is_said_again() {
        moves.ask(TO_B);
        moves.hearOwn(0, onA, TO_B, true);
        moves.learned(Records.withGroup(onA, "web", Records.granted(A1, 1, true).withMoveTo(Optional.of(B))));
        moves.ask(TO_A);
        moves.hear(0, Records.withGroup(onA, "web", Records.granted(A1, 1, true).withMoveTo(Optional.of(B))), TO_A);

        assertThat(moves.repeated()).containsExactly(TO_A);
    }

    @Test
    void what_nobody_repeats_is_forgotten_and_decided() {
        moves.ask(TO_B);
        moves.hearOwn(0, onA, TO_B, true);

        assertThat(moves.passTime(20 * SECOND)).isFalse();
        assertThat(moves.passTime(20 * SECOND + 1)).isTrue();
        assertThat(moves.wanted()).isEmpty();
        assertThat(moves.decide(onA, onA)).hasSize(1);
    }

    @Test
    void a_move_to_where_it_is_is_done_only_for_a_node_that_a_majority_answers() {
        moves.ask(TO_A);
        assertThat(moves.hearOwn(0, onA, TO_A, true)).contains(new Effect.MoveDecided(2, true, "web is there already"));

        moves.ask(TO_A);
        assertThat(moves.hearOwn(0, onA, TO_A, false).orElseThrow().isDone()).isFalse();
        assertThat(moves.decide(onA, onA)).isEmpty();
    }

    @Test
    void what_cannot_be_is_refused_and_nothing_is_wanted() {
        Move nowhere = new Move(3, "mail", B);
        moves.ask(nowhere);

        assertThat(moves.hearOwn(0, onA, nowhere, true).orElseThrow().isDone()).isFalse();
        assertThat(moves.hear(0, onA, nowhere)).isPresent();
        assertThat(moves.wanted()).isEmpty();
    }

    @Test
    void a_refusal_decides_what_was_asked_for_here_and_nothing_else() {
        moves.ask(TO_B);

        assertThat(moves.refused(new MoveRefused(9, "web", "no"))).isEmpty();
        assertThat(moves.refused(new MoveRefused(1, "db", "no"))).isEmpty();
        assertThat(moves.refused(new MoveRefused(1, "web", "no"))).contains(new Effect.MoveDecided(1, false, "no"));
        assertThat(moves.refused(new MoveRefused(1, "web", "no"))).isEmpty();
    }

    private static ClusterRecord onA() {
        TreeMap<String, Candidacy> offer = new TreeMap<>();
        offer.put("web", candidacy(true));
        ClusterRecord both = Records.withSession(Records.withSession(Records.empty(), A1, offer), B1, offer);
        return Records.withGroup(both, "web", Records.granted(A1, 1, true));
    }
}
