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
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Refused;
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
