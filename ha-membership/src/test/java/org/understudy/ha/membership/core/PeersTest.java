package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.ACCEPTORS;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.ballot;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.message.Message.Join;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Voters;

/** Node b of a, b and c. */
class PeersTest {

    private static final long RENEW = Timing.standard().renewEvery().toNanos();
    private static final Voters VOTERS = Voters.of(ACCEPTORS);
    private static final Optional<ClusterRecord> NOTHING = Optional.of(Records.empty());

    private final LastWills wills = new LastWills();
    private final Peers peers = new Peers(
            new NodeSettings(
                    "test", B, List.of(A, B, C), "disk-b", Timing.standard(), true, "", HostIdentity.UNKNOWN, true, 70),
            0);

    @Test
    void a_node_is_heard_for_three_and_a_half_renewals() {
        assertThat(peers.hear(0, A)).isTrue();
        assertThat(peers.hear(RENEW, A)).isFalse();

        assertThat(peers.nextLossNanos(RENEW)).isEqualTo(RENEW + RENEW * 7 / 2 + 1);
        assertThat(peers.reachable(RENEW + RENEW * 7 / 2)).containsExactly(A, B);
        assertThat(peers.reachable(RENEW + RENEW * 7 / 2 + 1)).containsExactly(B);
        assertThat(peers.nextLossNanos(5 * RENEW)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void the_first_of_the_view_that_is_heard_proposes() {
        assertThat(isController()).isTrue();
        peers.hear(0, A);
        assertThat(isController()).isFalse();

        peers.see(List.of(B, A, C));
        assertThat(isController()).isTrue();
    }

    @Test
    void nobody_waits_for_a_node_whose_disk_does_not_vote_yet() {
        peers.hear(0, A);
        peers.votesNot(0, A);
        assertThat(isController()).isTrue();

        peers.votes(A);
        assertThat(isController()).isFalse();
    }

    @Test
    void nobody_waits_for_a_node_that_is_known_to_be_dead_though_its_messages_still_arrive() {
        ClusterRecord record = Records.withSession(Records.empty(), A1, new TreeMap<>());
        peers.hear(0, A);
        assertThat(peers.isController(0, Optional.of(VOTERS), Optional.of(record), wills))
                .isFalse();

        wills.take(new byte[] {1});
        wills.prove(record, new WillVerifier() {
            @Override
            public Optional<Incarnation> author(byte[] datagram) {
                return Optional.of(A1);
            }

            @Override
            public Optional<Will> verify(byte[] datagram, String publicKey) {
                return Optional.of(new Will(A1, List.of()));
            }
        });
        assertThat(peers.isController(0, Optional.of(VOTERS), Optional.of(record), wills))
                .isTrue();
    }

    @Test
    void a_node_on_another_disk_is_heard_but_its_vote_is_not() {
        peers.hear(0, A);
        assertThat(peers.hearsMajority(0, VOTERS, NOTHING)).isTrue();
        assertThat(peers.heardVotes(0, VOTERS, NOTHING)).containsExactly(A);

        peers.join(0, A, join("another-disk", Ballot.NONE));
        assertThat(peers.hearsMajority(0, VOTERS, NOTHING)).isFalse();
        assertThat(peers.heardVotes(0, VOTERS, NOTHING)).isEmpty();
        assertThat(isController()).isTrue();
        assertThat(peers.isHeard(0, A)).isTrue();
    }

    @Test
    void who_knows_no_record_is_not_admitted_yet() {
        assertThat(peers.join(0, A, join("disk-a", Ballot.NONE))).isFalse();
        assertThat(peers.joins()).isEmpty();

        assertThat(peers.join(0, A, join("disk-a", ballot(1)))).isTrue();
        assertThat(peers.join(RENEW, A, join("disk-a", ballot(1)))).isFalse();
        assertThat(peers.joins()).containsOnlyKeys(A);
    }

    @Test
    void a_wish_to_be_admitted_ends_with_the_session_or_when_it_is_not_repeated() {
        peers.join(0, A, join("disk-a", ballot(1)));
        peers.join(0, C, join("disk-c", ballot(1)));
        peers.learned(Records.withSession(Records.empty(), A1, new TreeMap<>()));
        assertThat(peers.joins()).containsOnlyKeys(C);

        peers.passTime(5 * RENEW);
        assertThat(peers.joins()).containsOnlyKeys(C);
        peers.passTime(5 * RENEW + 1);
        assertThat(peers.joins()).isEmpty();
    }

    @Test
    void who_is_missing_is_told_once_no_majority_was_heard_for_long() {
        Optional<Voters> voters = Optional.of(VOTERS);
        assertThat(peers.whoIsMissing(99 * RENEW, voters, NOTHING)).isEmpty();
        assertThat(peers.whoIsMissing(100 * RENEW, voters, NOTHING))
                .get()
                .asString()
                .startsWith("the votes of [a, c] are not heard");

        peers.hear(101 * RENEW, C);
        assertThat(peers.whoIsMissing(101 * RENEW, voters, NOTHING)).isEmpty();
        assertThat(peers.whoIsMissing(200 * RENEW, voters, NOTHING)).isEmpty();
        assertThat(peers.whoIsMissing(201 * RENEW, voters, NOTHING))
                .get()
                .asString()
                .startsWith("the votes of [a, c] are not heard");
        assertThat(peers.whoIsMissing(202 * RENEW, Optional.empty(), Optional.empty()))
                .isEmpty();
    }

    private boolean isController() {
        return peers.isController(0, Optional.of(VOTERS), NOTHING, wills);
    }

    private static Join join(String disk, Ballot learned) {
        return new Join(disk, HostIdentity.UNKNOWN, 7, "key", learned, 0);
    }
}
