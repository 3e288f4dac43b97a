package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.ACCEPTORS;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

class LeadingTest {

    private static final long RENEW = 100;
    private static final ClusterRecord OF_ALL = Records.empty();
    private static final ClusterRecord OF_OTHERS =
            ClusterRecord.first("test", List.of(acceptor(A), acceptor(C), new AcceptorId(B, "another-disk")));
    private static final Voters ALL = Voters.of(ACCEPTORS);

    private final Leading leading = new Leading(acceptor(B), 1, RENEW);

    @Test
    void it_leads_with_the_voters_of_the_record_it_learned_if_it_is_one_and_hears_enough_of_them() {
        assertThat(voters(disk(1, 1), Optional.of(OF_ALL), ballot(1), true)).contains(ALL);
        assertThat(voters(disk(1, 1), Optional.of(OF_ALL), ballot(1), false)).isEmpty();
        assertThat(voters(DurableState.EMPTY, Optional.of(OF_OTHERS), ballot(1), true))
                .isEmpty();
        assertThat(voters(DurableState.EMPTY, Optional.empty(), Ballot.NONE, true))
                .isEmpty();
    }

    @Test
    void a_record_that_it_only_accepted_counts_if_it_is_newer_than_what_it_learned() {
        assertThat(voters(disk(2, 2), Optional.empty(), Ballot.NONE, true)).contains(ALL);
        assertThat(voters(disk(2, 2), Optional.of(OF_OTHERS), ballot(1), true)).contains(ALL);
        assertThat(voters(disk(2, 2), Optional.of(OF_OTHERS), ballot(2), true)).isEmpty();
    }

    @Test
    void a_ballot_that_is_promised_and_not_known_to_be_chosen_is_settled_by_the_controller_first() {
        leading.look(50, disk(5, 7), ballot(5), false);
        leading.look(60, disk(5, 7), ballot(5), false);

        assertThat(leading.nextDeadlineNanos(50, true)).isEqualTo(450);
        assertThat(leading.mustSettle(449, true)).isFalse();
        assertThat(leading.mustSettle(450, true)).isTrue();
        assertThat(leading.nextDeadlineNanos(50, false)).isEqualTo(50 + 4 * 400);
        assertThat(leading.mustSettle(50 + 4 * 400 - 1, false)).isFalse();
        assertThat(leading.mustSettle(50 + 4 * 400, false)).isTrue();
        assertThat(leading.nextDeadlineNanos(50 + 4 * 400, false)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void the_later_a_peer_comes_the_longer_it_waits() {
        Leading last = new Leading(acceptor(C), 2, RENEW);
        last.look(0, disk(5, 7), ballot(5), false);

        assertThat(last.mustSettle(4 * 400, false)).isFalse();
        assertThat(last.mustSettle(5 * 400, false)).isTrue();
    }

    @Test
    void nothing_is_open_that_was_promised_with_the_newest_record_or_is_settled_by_a_round_of_its_own() {
        leading.look(0, disk(5, 6), ballot(5), false);
        assertThat(leading.mustSettle(10_000, true)).isFalse();
        leading.look(0, DurableState.EMPTY.withPromised(ballot(3)), Ballot.NONE, false);
        assertThat(leading.mustSettle(10_000, true)).as("an empty disk").isFalse();

        leading.look(0, disk(5, 7), ballot(5), false);
        leading.look(10, disk(5, 7), ballot(5), true);
        assertThat(leading.mustSettle(10_000, true)).isFalse();
        assertThat(leading.nextDeadlineNanos(10, true)).isEqualTo(Long.MAX_VALUE);
        leading.look(20, disk(5, 7), ballot(5), false);
        assertThat(leading.nextDeadlineNanos(20, true)).isEqualTo(420);
        leading.look(30, disk(5, 7), ballot(7), false);
        assertThat(leading.mustSettle(10_000, true)).as("learned meanwhile").isFalse();
    }

    private Optional<Voters> voters(
            DurableState memory, Optional<ClusterRecord> learned, Ballot newest, boolean isHeard) {
        return leading.voters(memory, learned, newest, voters -> isHeard);
    }

    private static DurableState disk(long accepted, long promised) {
        return DurableState.EMPTY.withAccepted(ballot(accepted), OF_ALL, ballot(promised));
    }
}
