package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.ACCEPTORS;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.acceptor;
import static org.understudy.ha.membership.core.Records.ballot;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Session;

/** Of node a. */
class OwnSessionTest {

    private static final Timing TIMING = Timing.standard();
    private static final long NONCE = 7;
    private static final String WEB = "web";
    private static final Incarnation A2 = new Incarnation(A, 2);
    private static final TreeMap<String, Long> NOTHING = new TreeMap<>();

    private final OwnSession own = new OwnSession(A, TIMING, NONCE);

    @Test
    void a_session_is_its_own_only_if_it_answers_the_last_request() {
        assertThat(own.begin(admitted(A1, NONCE + 1), 0)).isEmpty();
        assertThat(own.begin(Records.empty(), 0)).isEmpty();
        assertThat(own.isThere()).isFalse();

        assertThat(own.begin(admitted(A1, NONCE), 0)).contains(A1);
        assertThat(own.incarnation()).contains(A1);
        assertThat(own.begin(admitted(A1, NONCE), 0)).as("it has one").isEmpty();
    }

    @Test
    void a_session_that_is_over_never_comes_back() {
        own.begin(admitted(A1, NONCE), 0);
        assertThat(own.missingIn(admitted(A1, NONCE))).isEmpty();
        assertThat(own.missingIn(admitted(A2, NONCE))).contains(A1);

        own.end();
        assertThat(own.missingIn(Records.empty())).isEmpty();
        assertThat(own.begin(admitted(A1, NONCE), 0)).isEmpty();
        assertThat(own.begin(admitted(A2, own.nonce()), 0)).contains(A2);
        assertThat(own.lives()).containsExactly(A1, A2);
    }

    @Test
    void a_grant_is_for_this_session_while_it_stands_above_what_was_given_back() {
        ClusterRecord record = granted(admitted(A1, NONCE), A1, 5);
        assertThat(own.grant(record, WEB, NOTHING)).as("no session").isEmpty();
        own.begin(record, 0);

        assertThat(own.grant(record, WEB, NOTHING)).isPresent();
        assertThat(own.grant(record, WEB, released(4))).isPresent();
        assertThat(own.grant(record, WEB, released(5))).isEmpty();
        assertThat(own.grant(record, "mail", NOTHING)).isEmpty();
        assertThat(own.grants(record, NOTHING)).containsOnlyKeys(WEB);
        assertThat(own.grants(record, released(5))).isEmpty();

        assertThat(own.grants(granted(record, B1, 6), NOTHING)).isEmpty();
        ClusterRecord over = Records.withGroup(
                record,
                WEB,
                record.groups()
                        .get(WEB)
                        .withGrant(record.grant(WEB).orElseThrow().endedBy(ProofKind.RELEASED)));
        assertThat(own.grant(over, WEB, NOTHING)).isEmpty();
    }

    @Test
    void what_was_granted_to_a_session_that_is_over_was_never_started_unless_it_was_given_back() {
        ClusterRecord record = granted(admitted(A1, NONCE), A1, 5);
        assertThat(own.neverStarted(record, NOTHING)).as("of a former process").isEmpty();
        own.begin(record, 0);
        assertThat(own.neverStarted(record, NOTHING)).as("it runs").isEmpty();

        own.end();
        assertThat(own.neverStarted(record, NOTHING)).containsOnlyKeys(WEB);
        assertThat(own.neverStarted(record, released(5))).isEmpty();

        own.begin(admitted(A2, own.nonce()), 0);
        assertThat(own.neverStarted(record, NOTHING)).containsOnlyKeys(WEB);
        assertThat(own.neverStarted(granted(record, A2, 6), NOTHING)).isEmpty();
        assertThat(own.neverStarted(granted(record, B1, 6), NOTHING)).isEmpty();
    }

    @Test
    void what_stands_for_any_session_of_this_process_is_its_own() {
        own.begin(admitted(A1, NONCE), 0);
        own.end();
        own.begin(admitted(A2, own.nonce()), 0);

        assertThat(own.standing(granted(Records.empty(), A1, 5))).containsOnlyKeys(WEB);
        assertThat(own.standing(granted(Records.empty(), A2, 5))).containsOnlyKeys(WEB);
        assertThat(own.standing(granted(Records.empty(), B1, 5))).isEmpty();
    }

    @Test
    void what_changes_of_the_lease_is_published_once() {
        assertThat(own.news(0)).isEmpty();
        own.begin(admitted(A1, NONCE), 0);
        assertThat(own.news(0)).as("nobody has answered yet").isEmpty();

        confirm(0);
        assertThat(own.news(1)).contains(new Effect.PublishLease(Optional.of(A1), true, 0));
        assertThat(own.news(1)).isEmpty();

        long end = own.keeper().endNanos();
        assertThat(own.news(end)).contains(new Effect.PublishLease(Optional.of(A1), false, 0));
        own.end();
        assertThat(own.news(end)).isEmpty();
    }

    @Test
    void the_lease_turns_when_it_is_obtained_and_when_it_is_about_to_end() {
        assertThat(own.hasTurned(0)).isFalse();
        own.begin(admitted(A1, NONCE), 0);
        assertThat(own.hasTurned(0)).isFalse();
        assertThat(own.isEnding(0)).isTrue();

        confirm(0);
        assertThat(own.isValid(1)).isTrue();
        assertThat(own.hasTurned(1)).isTrue();
        assertThat(own.hasTurned(1)).isFalse();

        long stepDown = TIMING.stepDownNanos();
        assertThat(own.hasTurned(stepDown - 1)).isFalse();
        assertThat(own.hasTurned(stepDown)).isTrue();
        assertThat(own.isEnding(stepDown)).isTrue();
        own.end();
        assertThat(own.isEnding(stepDown)).as("there is none").isFalse();
        assertThat(own.nextDeadlineNanos(stepDown)).isEqualTo(Long.MAX_VALUE);
    }

    private void confirm(long now) {
        LeaseKeeper keeper = own.keeper();
        Renew renewal = keeper.renewal(now, Ballot.NONE).orElseThrow();
        for (AcceptorId voter : List.of(acceptor(A), acceptor(Records.B))) {
            keeper.acknowledged(
                    new RenewAck(renewal.session(), renewal.sequence(), voter, ballot(1), List.of(ACCEPTORS)));
        }
    }

    private static ClusterRecord admitted(Incarnation who, long nonce) {
        return Records.withSession(
                Records.empty(), new Session(who, nonce, "disk-a", HostIdentity.UNKNOWN, "key", 1, new TreeMap<>()));
    }

    private static ClusterRecord granted(ClusterRecord record, Incarnation holder, long token) {
        return Records.withGroup(record, WEB, Records.granted(holder, token, true));
    }

    private static TreeMap<String, Long> released(long token) {
        return new TreeMap<>(Map.of(WEB, token));
    }
}
