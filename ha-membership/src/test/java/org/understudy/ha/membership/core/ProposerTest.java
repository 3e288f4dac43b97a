package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.numbered;
import static org.understudy.ha.membership.core.Records.vote;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.PreVoteAnswer;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Refused;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

class ProposerTest {

    private static final long ROUND = 200;
    private static final Voters ABC = Voters.of(List.of(acceptor(A), acceptor(B), acceptor(C)));

    private final Proposer proposer = new Proposer(A, 0, ROUND);

    /** Disks that take longer than a round has would otherwise end every round, and nobody would ever take over. */
    @Test
    void a_round_after_one_that_took_too_long_gets_twice_the_time_up_to_four_times() {
        assertThat(roundThatNobodyAnswers()).isEqualTo(ROUND);
        assertThat(roundThatNobodyAnswers()).isEqualTo(2 * ROUND);
        assertThat(roundThatNobodyAnswers()).isEqualTo(4 * ROUND);
        assertThat(roundThatNobodyAnswers()).isEqualTo(4 * ROUND);
    }

    /**
     * A removal that this node alone accepted, and that the others refuse, may have been chosen as far as the promises of two can tell. Who
     * goes on as soon as two have answered proposes it again and again; three show that it was not.
     */
    @Test
    void after_a_refusal_all_promises_are_waited_for_so_that_what_was_not_chosen_can_be_dropped() {
        ClusterRecord removal = numbered(empty(), 7);
        Ballot refusedAt = proposed(removal);
        proposer.onRefused(now, new Refused(refusedAt, acceptor(B), refusedAt, "is alive here"));
        assertThat(proposer.onRefused(now, new Refused(refusedAt, acceptor(C), refusedAt, "is alive here")))
                .isTrue();
        now = proposer.nextDeadlineNanos(now);

        Ballot next = prepared();
        promise(next, A, refusedAt, removal);
        assertThat(promise(next, B, BASE, empty())).isEmpty();
        assertThat(promise(next, C, BASE, empty())).hasSize(1);
        assertThat(built).isEqualTo(empty());
    }

    @Test
    void promises_that_do_not_come_are_not_waited_for_long() {
        Ballot refusedAt = proposed(numbered(empty(), 7));
        proposer.onRefused(now, new Refused(refusedAt, acceptor(B), refusedAt, "is alive here"));
        proposer.onRefused(now, new Refused(refusedAt, acceptor(C), refusedAt, "is alive here"));
        now = proposer.nextDeadlineNanos(now);

        Ballot next = prepared();
        promise(next, A, BASE, empty());
        assertThat(promise(next, B, BASE, empty())).isEmpty();
        long until = proposer.nextDeadlineNanos(now);
        assertThat(until).isLessThan(now + ROUND * 2);
        assertThat(proposer.gathered(until - 1, this::same)).isEmpty();
        assertThat(proposer.gathered(until, this::same)).hasSize(1);
    }

    // ---- promises that came with acceptances ----------------------------------------------------------------------

    @Test
    void what_a_majority_promised_with_its_acceptance_lets_the_next_round_begin_with_its_accept() {
        Accept first = chosenByTwo();

        assertThat(first.hasNext()).isTrue();
        assertThat(proposer.canGoOn(1)).isTrue();
        List<Message> said = proposer.goOn(now, base -> {
            built = base.record();
            baseBallot = base.ballot();
            return Optional.of(numbered(empty(), 9));
        });

        assertThat(said).containsExactly(new Accept(first.ballot().following(), numbered(empty(), 9), true));
        assertThat(built).isEqualTo(first.value());
        assertThat(baseBallot).isEqualTo(first.ballot());
    }

    @Test
    void rounds_go_on_one_after_the_other() {
        Accept first = chosenByTwo();
        Accept second = (Accept) proposer.goOn(now, this::same).get(0);
        accepted(second, A, true);
        accepted(second, C, true);
        proposer.learned(second.ballot());

        assertThat(proposer.canGoOn(1)).isTrue();
        Accept third = (Accept) proposer.goOn(now, this::same).get(0);
        assertThat(third.ballot()).isEqualTo(first.ballot().following().following());
    }

    @Test
    void a_record_that_was_not_chosen_is_nothing_to_go_on_from() {
        Accept first = proposedOn(BASE);
        accepted(first, A, true);
        assertThat(proposer.canGoOn(1)).isFalse();

        proposer.tick(proposer.nextDeadlineNanos(now));

        assertThat(proposer.canGoOn(1)).isFalse();
        accepted(first, B, true);
        assertThat(proposer.canGoOn(1)).as("too late: the round is over").isFalse();
    }

    @Test
    void acceptances_that_promise_nothing_more_are_no_standing_promises() {
        Accept first = proposedOn(BASE);
        accepted(first, A, true);
        accepted(first, B, false);
        proposer.learned(first.ballot());

        assertThat(proposer.canGoOn(1)).isFalse();
    }

    @Test
    void a_higher_ballot_seen_anywhere_ends_them() {
        Accept first = chosenByTwo();

        proposer.saw(first.ballot().following());
        assertThat(proposer.canGoOn(1)).as("its own").isTrue();
        proposer.saw(new Ballot(first.ballot().round() + 1, "b/1"));
        assertThat(proposer.canGoOn(1)).isFalse();
    }

    @Test
    void a_higher_ballot_that_somebody_knows_ends_them() {
        Accept first = chosenByTwo();

        proposer.heardOf(first.ballot());
        assertThat(proposer.canGoOn(1)).isTrue();
        proposer.heardOf(new Ballot(first.ballot().round() + 9, "b/1"));
        assertThat(proposer.canGoOn(1)).isFalse();
    }

    @Test
    void a_record_of_another_proposer_ends_them() {
        Accept first = chosenByTwo();

        proposer.learned(new Ballot(first.ballot().round(), "b/1"));

        assertThat(proposer.canGoOn(1)).isFalse();
    }

    @Test
    void they_are_of_one_life_of_the_proposers_disk() {
        chosenByTwo();

        assertThat(proposer.canGoOn(2)).isFalse();
    }

    @Test
    void a_round_that_asks_again_ends_them() {
        Accept first = chosenByTwo();

        Ballot asked = prepared();

        assertThat(asked.isAbove(first.ballot().following())).isTrue();
        assertThat(proposer.canGoOn(1)).isFalse();
    }

    @Test
    void a_vote_of_a_life_that_is_over_is_no_standing_promise() {
        Accept first = chosenByTwo();

        proposer.onAccepted(new Accepted(
                first.ballot(), new Vote(acceptor(C), 1, new TreeMap<>(Map.of(acceptor(B), 3L))), true));

        assertThat(proposer.canGoOn(1)).as("a and c").isTrue();
        proposer.onAccepted(new Accepted(
                first.ballot(),
                new Vote(acceptor(A), 1, new TreeMap<>(Map.of(acceptor(B), 3L, acceptor(C), 3L))),
                true));
        assertThat(proposer.canGoOn(1)).as("a alone").isFalse();
    }

    /** No ballot may carry two records, so its own promise must be durable before it proposes; its own acceptance is the sign of that. */
    @Test
    void the_proposers_own_promise_is_waited_for() {
        Accept first = proposedOn(BASE);
        accepted(first, B, true);
        accepted(first, C, true);
        proposer.learned(first.ballot());

        assertThat(proposer.canGoOn(1)).isTrue();
        assertThat(proposer.goOn(now, this::same)).isEmpty();
        Accepted own = new Accepted(first.ballot(), vote(A), true);
        assertThat(proposer.onAccepted(own)).isEmpty();
        assertThat(proposer.onPromised(now, own, this::same))
                .containsExactly(new Accept(first.ballot().following(), first.value(), true));
    }

    @Test
    void if_its_own_acceptor_refuses_it_asks_at_once() {
        Accept first = proposedOn(BASE);
        accepted(first, B, true);
        accepted(first, C, true);
        proposer.learned(first.ballot());
        assertThat(proposer.goOn(now, this::same)).isEmpty();

        assertThat(proposer.onRefused(now, new Refused(first.ballot(), acceptor(A), first.ballot(), "alive here")))
                .isTrue();

        assertThat(proposer.isIdle(now)).isTrue();
        assertThat(proposer.canGoOn(1)).isFalse();
    }

    @Test
    void a_round_that_went_on_and_is_refused_is_followed_at_once_by_one_that_asks() {
        chosenByTwo();
        Ballot next = ((Accept) proposer.goOn(now, this::same).get(0)).ballot();
        proposer.onRefused(now, new Refused(next, acceptor(B), next, "asks the others first"));
        assertThat(proposer.onRefused(now, new Refused(next, acceptor(C), next, "asks the others first")))
                .isTrue();

        assertThat(proposer.isIdle(now)).isTrue();
        assertThat(proposer.canGoOn(1)).isFalse();
        prepared();
        assertThat(proposer.phase()).isEqualTo(Proposer.Phase.PREPARING);
    }

    @Test
    void whoever_duels_waits_although_its_round_went_on() {
        chosenByTwo();
        Ballot next = ((Accept) proposer.goOn(now, this::same).get(0)).ballot();
        Ballot rival = new Ballot(next.round() + 1, "b/1");
        proposer.onRefused(now, new Refused(next, acceptor(B), rival, "promised"));
        proposer.onRefused(now, new Refused(next, acceptor(C), rival, "promised"));

        assertThat(proposer.isIdle(now)).isFalse();
    }

    @Test
    void a_pre_vote_does_not_end_them() {
        chosenByTwo();
        proposer.preVote(now, ABC, List.of(new Incarnation(C, 1)));
        proposer.onPreVote(now, new PreVoteAnswer(1, acceptor(A), true));
        proposer.onPreVote(now, new PreVoteAnswer(1, acceptor(B), true));

        assertThat(proposer.canGoOn(1)).isTrue();
        proposer.goOn(now, this::same);
        assertThat(proposer.agreed(now)).hasSize(1);
    }

    @Test
    void whoever_forms_or_carries_or_sees_a_rival_asks_for_nothing_more() {
        assertThat(proposedOn(new Ballot(1, "c")).hasNext()).as("carries").isFalse();
        proposer.learned(BASE);
        Ballot ballot = prepared();
        proposer.saw(new Ballot(ballot.round() + 3, "b/1"));
        promise(ballot, A, BASE, empty());
        Accept rivalled = (Accept) promise(ballot, B, BASE, empty()).get(0);
        assertThat(rivalled.hasNext()).as("rivalled").isFalse();

        Proposer forming = new Proposer(A, 0, ROUND);
        Ballot first =
                ((Prepare) forming.prepare(now, ABC, 1, Optional.of(empty())).get(0)).ballot();
        List<Message> said = List.of();
        for (NodeId each : List.of(A, B, C)) {
            said = forming.onPromise(now, new Promise(first, vote(each), Ballot.NONE, Optional.empty()), this::same);
        }
        assertThat(((Accept) said.get(0)).hasNext()).as("forms").isFalse();
    }

    // ---- what is handed out before its time ------------------------------------------------------------------------

    @Test
    void what_is_handed_out_is_the_accept_of_the_next_round() {
        Accept first = chosenByTwo();

        Optional<Accept> handed = proposer.handOut(1, base -> {
            built = base.record();
            baseBallot = base.ballot();
            return Optional.of(numbered(empty(), 9));
        });

        assertThat(handed).contains(new Accept(first.ballot().following(), numbered(empty(), 9), true));
        assertThat(built).isEqualTo(first.value());
        assertThat(baseBallot).isEqualTo(first.ballot());
        assertThat(proposer.isIdle(now)).isTrue();
    }

    /** One ballot, one record: somebody may have accepted it already. */
    @Test
    void a_ballot_that_was_handed_out_carries_nothing_else() {
        chosenByTwo();
        Ballot handed = handedOut();

        assertThat(proposer.canGoOn(1)).isFalse();
        assertThat(proposer.handOut(1, this::same)).isEmpty();
        assertThat(prepared().isAbove(handed.following())).isTrue();
        assertThat(proposer.canGoOnAsHandedOut(1)).isFalse();
    }

    @Test
    void the_round_of_what_was_handed_out_is_one_like_any_other() {
        chosenByTwo();
        Ballot handed = handedOut();
        assertThat(proposer.canGoOnAsHandedOut(1)).isTrue();

        proposer.goOnAsHandedOut(now);
        assertThat(proposer.isIdle(now)).isFalse();
        assertThat(proposer.onAccepted(new Accepted(handed, vote(A), true))).isEmpty();
        assertThat(proposer.onAccepted(new Accepted(handed, vote(C), true))).contains(numbered(empty(), 9));
        proposer.learned(handed);

        assertThat(proposer.canGoOn(1)).isTrue();
        assertThat(proposer.goOn(now, this::same)).hasSize(1);
    }

    @Test
    void acceptances_that_come_before_its_round_has_begun_are_not_counted_by_the_proposer() {
        chosenByTwo();
        Ballot handed = handedOut();

        assertThat(proposer.onAccepted(new Accepted(handed, vote(B), true))).isEmpty();
        proposer.goOnAsHandedOut(now);
        assertThat(proposer.onAccepted(new Accepted(handed, vote(A), true))).isEmpty();
        assertThat(proposer.onAccepted(new Accepted(handed, vote(C), true))).isPresent();
    }

    @Test
    void a_round_that_is_learned_from_others_is_over() {
        chosenByTwo();
        Ballot handed = handedOut();
        proposer.goOnAsHandedOut(now);

        proposer.learned(handed);

        assertThat(proposer.isIdle(now)).isTrue();
        assertThat(proposer.onAccepted(new Accepted(handed, vote(A), true))).isEmpty();
    }

    @Test
    void nothing_is_handed_out_before_the_proposers_own_promise_is_durable() {
        Accept first = proposedOn(BASE);
        accepted(first, B, true);
        accepted(first, C, true);
        proposer.learned(first.ballot());
        assertThat(proposer.handOut(1, this::same)).isEmpty();

        accepted(first, A, true);
        assertThat(proposer.handOut(1, this::same)).isPresent();
    }

    @Test
    void a_rival_ends_what_was_handed_out() {
        chosenByTwo();
        Ballot handed = handedOut();

        proposer.saw(new Ballot(handed.round() + 2, "b/1"));

        assertThat(proposer.canGoOnAsHandedOut(1)).isFalse();
    }

    @Test
    void nothing_is_handed_out_where_the_plan_says_otherwise() {
        chosenByTwo();

        assertThat(proposer.handOut(1, base -> Optional.empty())).isEmpty();
        assertThat(proposer.canGoOn(1)).isTrue();
    }

    private Ballot handedOut() {
        return proposer.handOut(1, base -> Optional.of(numbered(empty(), 9)))
                .orElseThrow()
                .ballot();
    }

    @Test
    void a_takeover_begins_above_what_a_dead_controller_may_have_been_promised() {
        proposer.learned(new Ballot(7, "b/1"));

        assertThat(prepared().isAbove(new Ballot(8, "b/1"))).isTrue();
    }

    /** A round on a base that is known to be chosen, accepted by a and b. */
    private Accept chosenByTwo() {
        Accept first = proposedOn(BASE);
        assertThat(accepted(first, A, true)).isEmpty();
        assertThat(accepted(first, B, true)).contains(first.value());
        proposer.learned(first.ballot());
        return first;
    }

    private Accept proposedOn(Ballot base) {
        proposer.learned(BASE);
        Ballot ballot = prepared();
        promise(ballot, A, base, empty());
        return (Accept) promise(ballot, B, base, empty()).get(0);
    }

    private Optional<ClusterRecord> accepted(Accept accept, NodeId by, boolean hasNext) {
        return proposer.onAccepted(new Accepted(accept.ballot(), vote(by), hasNext));
    }

    private Ballot baseBallot = Ballot.NONE;

    private static final Ballot BASE = new Ballot(1, "b");

    private ClusterRecord built = empty();

    /** A round as it is while nothing is refused: two promises are enough. */
    private Ballot proposed(ClusterRecord value) {
        Ballot ballot = prepared();
        promise(ballot, A, BASE, empty());
        Promise second = new Promise(ballot, vote(B), BASE, Optional.of(empty()));
        assertThat(proposer.onPromise(now, second, base -> Optional.of(value))).hasSize(1);
        return ballot;
    }

    private Ballot prepared() {
        return ((Prepare) proposer.prepare(now, ABC, 1, Optional.empty()).get(0)).ballot();
    }

    private List<Message> promise(Ballot ballot, NodeId from, Ballot accepted, ClusterRecord value) {
        return proposer.onPromise(now, new Promise(ballot, vote(from), accepted, Optional.of(value)), this::same);
    }

    private Optional<ClusterRecord> same(Proposer.RoundBase base) {
        built = base.record();
        return Optional.of(built);
    }

    private long now;

    /** How long it is waited for. */
    private long roundThatNobodyAnswers() {
        assertThat(proposer.isIdle(now)).isTrue();
        proposer.prepare(now, ABC, 1, Optional.empty());
        long began = now;
        now = proposer.nextDeadlineNanos(now);
        long took = now - began;
        assertThat(proposer.tick(now - 1)).isFalse();
        assertThat(proposer.tick(now)).isTrue();
        now = proposer.nextDeadlineNanos(now);
        return took;
    }
}
