package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
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
