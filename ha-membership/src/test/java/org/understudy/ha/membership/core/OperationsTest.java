package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.membership.core.message.Message.Operate;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Operation;

class OperationsTest {

    private static final long SECOND = 1_000_000_000L;
    private static final Operation STANDBY = new Operation(Operation.Kind.STANDBY, A, 0, "ann", "to mend it");
    private static final Operation DRAIN = new Operation(Operation.Kind.DRAIN, A, 0, "ann", "to mend it");
    private static final Operation ACTIVATE = new Operation(Operation.Kind.ACTIVATE, A, 0, "bob", "not now");

    private final ClusterRecord active = record(1);
    private final Operations operations = new Operations(B, SECOND, 10 * SECOND);

    @Test
    void an_order_asked_for_here_is_repeated_and_decided_once() {
        operations.ask(0, 1, STANDBY);
        assertThat(operations.wanted()).containsExactly(STANDBY);
        assertThat(operations.repeated(0)).containsExactly(new Operate(1, STANDBY));
        assertThat(decide(0, Optional.of(active))).isEmpty();

        assertThat(decide(1, Optional.of(record(2, A)))).containsExactly(new Effect.OperationDecided(1, true, "done"));
        assertThat(decide(2, Optional.of(record(2, A)))).isEmpty();
        assertThat(operations.wanted()).isEmpty();
    }

    @Test
    void what_nobody_repeats_counts_no_more_until_it_is_said_again() {
        assertThat(operations.hear(0, A, 7, STANDBY)).isTrue();
        assertThat(operations.hear(1, A, 7, STANDBY)).isFalse();
        operations.passTime(SECOND + 2);
        assertThat(operations.wanted()).isEmpty();

        assertThat(operations.hear(2 * SECOND, A, 7, STANDBY)).isTrue();
        assertThat(operations.wanted()).containsExactly(STANDBY);
    }

    @Test
    void a_repetition_of_what_was_taken_back_is_no_new_order() {
        operations.hear(0, A, 7, DRAIN);
        operations.hear(1, B, 1, ACTIVATE);
        assertThat(operations.wanted()).containsExactly(ACTIVATE);
        decide(2, Optional.of(record(2)));
        assertThat(operations.wanted()).isEmpty();

        assertThat(operations.hear(3, A, 7, DRAIN)).isFalse();
        assertThat(operations.wanted()).isEmpty();
        assertThat(operations.hear(3, A, 8, DRAIN)).isTrue();
        assertThat(operations.wanted()).containsExactly(DRAIN);
    }

    @Test
    void a_repetition_of_what_the_record_has_shown_is_no_new_order() {
        operations.hear(0, A, 7, ACTIVATE);
        decide(1, Optional.of(active));
        operations.hear(2, B, 9, STANDBY);

        assertThat(operations.hear(3, A, 7, ACTIVATE)).isFalse();
        assertThat(operations.wanted()).containsExactly(STANDBY);
    }

    @Test
    void what_was_taken_back_while_nobody_repeated_it_stays_so() {
        operations.hear(0, A, 7, STANDBY);
        operations.passTime(2 * SECOND);
        operations.hear(2 * SECOND, B, 1, ACTIVATE);

        assertThat(operations.hear(3 * SECOND, A, 7, STANDBY)).isFalse();
        assertThat(operations.wanted()).containsExactly(ACTIVATE);
    }

    @Test
    void an_old_record_does_not_tell_that_nothing_is_to_do() {
        operations.ask(5, 1, ACTIVATE);
        assertThat(operations.decide(6, Optional.of(active), LeaseKeeper.NEVER)).isEmpty();
        assertThat(operations.decide(7, Optional.of(active), 5)).isEmpty();
        assertThat(operations.repeated(8)).isEmpty();
        assertThat(operations.decide(9, Optional.of(record(2, A)), LeaseKeeper.NEVER))
                .isEmpty();
        assertThat(operations.wanted()).containsExactly(ACTIVATE);

        assertThat(operations.repeated(9)).containsExactly(new Operate(1, ACTIVATE));
        assertThat(operations.decide(10, Optional.of(record(3)), LeaseKeeper.NEVER))
                .containsExactly(new Effect.OperationDecided(1, true, "done"));
    }

    @Test
    void a_record_that_was_the_newest_after_the_order_tells_that_nothing_is_to_do() {
        operations.ask(5, 1, ACTIVATE);

        assertThat(operations.decide(7, Optional.of(active), 6))
                .containsExactly(new Effect.OperationDecided(1, true, "done"));
    }

    @Test
    void what_an_old_record_shows_is_given_up_in_time_and_the_reason_says_so() {
        operations.ask(5, 1, ACTIVATE);
        assertThat(operations.decide(10 * SECOND + 6, Optional.of(active), 4))
                .singleElement()
                .satisfies(decided -> {
                    assertThat(decided.isDone()).isFalse();
                    assertThat(decided.why()).contains("shows it already", "no majority");
                });
        assertThat(operations.decide(10 * SECOND + 7, Optional.of(active), 4)).isEmpty();
    }

    @Test
    void whoever_would_follow_an_order_does_not_drop_it_for_an_old_record_either() {
        operations.hear(5, A, 7, ACTIVATE);
        operations.decide(6, Optional.of(active), 4);
        operations.decide(7, Optional.of(record(2, A)), 4);
        operations.hear(8, A, 7, ACTIVATE);
        assertThat(operations.wanted()).containsExactly(ACTIVATE);

        operations.decide(9, Optional.of(record(3)), 4);
        assertThat(operations.wanted()).isEmpty();
    }

    @Test
    void an_order_is_not_called_done_by_the_record_into_which_the_one_it_took_back_may_be_on_its_way() {
        decide(0, Optional.of(active));
        operations.hear(0, A, 7, STANDBY);
        operations.ask(1, 1, ACTIVATE);
        assertThat(decide(2, Optional.of(active))).isEmpty();

        assertThat(decide(3, Optional.of(record(2, A)))).isEmpty();
        assertThat(operations.wanted()).containsExactly(ACTIVATE);
        assertThat(decide(4, Optional.of(record(3)))).containsExactly(new Effect.OperationDecided(1, true, "done"));
    }

    @Test
    void an_order_that_took_back_what_never_came_is_done_when_that_can_come_no_more() {
        decide(0, Optional.of(active));
        operations.hear(0, A, 7, STANDBY);
        operations.ask(1, 1, ACTIVATE);

        assertThat(operations.nextDeadlineNanos(SECOND)).isEqualTo(SECOND + 2);
        assertThat(decide(SECOND + 2, Optional.of(active)))
                .containsExactly(new Effect.OperationDecided(1, true, "done"));
    }

    @Test
    void whoever_asked_for_what_was_taken_back_says_it_no_more_and_hears_of_it() {
        operations.ask(0, 1, STANDBY);
        operations.hear(1, A, 7, ACTIVATE);

        assertThat(operations.repeated(2)).isEmpty();
        assertThat(decide(SECOND + 1, Optional.of(active))).isEmpty();
        assertThat(operations.nextDeadlineNanos(SECOND)).isEqualTo(SECOND + 2);
        assertThat(decide(SECOND + 2, Optional.of(active)))
                .containsExactly(new Effect.OperationDecided(1, false, "the opposite was asked for since"));
    }

    @Test
    void numbers_are_kept_no_longer_than_they_may_be_repeated() {
        operations.hear(0, A, 7, STANDBY);
        operations.hear(1, B, 1, ACTIVATE);
        operations.passTime(11 * SECOND + 2);

        assertThat(operations.hear(12 * SECOND, A, 7, STANDBY)).isTrue();
    }

    @Test
    void what_was_to_change_by_itself_and_has_is_no_deadline_any_more() {
        decide(0, Optional.of(record(1, A)));
        operations.hear(0, A, 7, DRAIN);
        operations.ask(1, 1, ACTIVATE);
        for (long now = 1; now < 10 * SECOND; now += SECOND / 4) {
            operations.repeated(now);
            decide(now, Optional.of(record(1, A)));
            assertThat(operations.nextDeadlineNanos(now)).isGreaterThan(now);
        }
    }

    @Test
    void the_end_of_one_maintenance_takes_back_no_other() {
        Operation one = maintenance(Operation.Kind.MAINTAIN, "one");
        Operation other = maintenance(Operation.Kind.RESUME, "other");
        operations.ask(0, 1, one);
        operations.ask(1, 2, other);
        assertThat(operations.wanted()).containsExactlyInAnyOrder(one, other);

        operations.ask(2, 3, maintenance(Operation.Kind.RESUME, "one"));
        assertThat(operations.wanted()).doesNotContain(one);
    }

    private static Operation maintenance(Operation.Kind kind, String group) {
        return new Operation(kind, B, 0, Optional.of(Target.group(group)), "ann", "to mend it");
    }

    @Test
    void the_oldest_numbers_are_forgotten_if_there_are_too_many() {
        operations.hear(0, A, 0, DRAIN);
        operations.hear(1, B, 0, ACTIVATE);
        for (int i = 1; i < 1_024; i++) {
            operations.hear(1 + i, A, i, new Operation(Operation.Kind.STANDBY, NodeId.of("n" + i), 0, "ann", "all"));
        }

        assertThat(operations.wanted()).hasSize(1_024).contains(ACTIVATE);
        assertThat(operations.hear(2_000, A, 0, DRAIN)).isTrue();
    }

    /** By a record of which it is certain that it is the newest. */
    private List<Effect.OperationDecided> decide(long now, Optional<ClusterRecord> record) {
        return operations.decide(now, record, now);
    }

    private static ClusterRecord record(long number, NodeId... onStandby) {
        ClusterRecord both =
                Records.withSession(Records.withSession(Records.empty(), A1, new TreeMap<>()), B1, new TreeMap<>());
        return both.withNumber(number).withOperators(new TreeSet<>(List.of(onStandby)), List.of());
    }
}
