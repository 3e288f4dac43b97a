package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.faults.History.Accepted;
import org.understudy.ha.testkit.faults.History.Acknowledged;
import org.understudy.ha.testkit.faults.History.Acted;
import org.understudy.ha.testkit.faults.History.Clashed;
import org.understudy.ha.testkit.faults.History.Died;
import org.understudy.ha.testkit.faults.History.Granted;
import org.understudy.ha.testkit.faults.History.Healed;
import org.understudy.ha.testkit.faults.History.Life;
import org.understudy.ha.testkit.faults.History.Opened;
import org.understudy.ha.testkit.faults.History.Recovered;
import org.understudy.ha.testkit.faults.History.Started;
import org.understudy.ha.testkit.faults.History.Stopped;
import org.understudy.ha.testkit.faults.HistoryChecker.Rule;
import org.understudy.ha.testkit.netns.Probe;
import org.understudy.ha.testkit.netns.Sighting;

class HistoryCheckerTest {
    private static final Life A = new Life("n1", 1);
    private static final Life B = new Life("n2", 1);
    private static final HistoryChecker.Bounds BOUNDS =
            new HistoryChecker.Bounds(Set.of("writer"), Set.of("election:report"), Set.of(), 1000);

    private final History history = new History();

    private List<Rule> broken() {
        return HistoryChecker.check(history, BOUNDS).stream()
                .map(HistoryChecker.Violation::rule)
                .distinct()
                .toList();
    }

    private void acted(Life life, long token, long... instants) {
        for (long at : instants) {
            history.add(new Acted(at, at + 1, "writer", life, token));
        }
    }

    private void started(long at, String group, Life life, long token, ProofKind proof) {
        history.add(new Started(at, group, life, token, Optional.of(proof)));
    }

    @Test
    void a_clean_takeover_after_a_proved_death_is_good() {
        started(10, "lock-1", A, 1, ProofKind.NEVER);
        history.add(new Died(100, A));
        started(110, "lock-1", B, 2, ProofKind.DIED);
        history.add(new Acted(20, 21, "lock-1", A, 1));
        history.add(new Acted(120, 121, "lock-1", B, 2));
        history.add(new Healed(200));
        history.add(new Recovered(300));
        assertThat(broken()).isEmpty();
        assertThat(HistoryChecker.doubledNanos(history)).isZero();
    }

    @Test
    void two_owners_that_act_in_turns_are_found() {
        acted(A, 1, 10, 30, 50);
        acted(B, 2, 20, 40, 60);
        assertThat(broken()).containsExactly(Rule.ONE_OWNER);
        assertThat(HistoryChecker.doubledNanos(history)).isPositive();
    }

    @Test
    void one_act_of_a_new_owner_between_two_of_the_old_one_is_enough() {
        acted(A, 1, 10, 50);
        acted(B, 2, 30);
        assertThat(broken()).containsExactly(Rule.ONE_OWNER);
    }

    @Test
    void an_act_that_spans_a_pause_is_no_second_owner() {
        acted(A, 1, 10, 20);
        history.add(new Acted(30, 5000, "writer", A, 1));
        acted(B, 2, 100, 200, 300);
        assertThat(broken()).isEmpty();
    }

    @Test
    void two_hosts_that_answer_for_one_address_are_found() {
        history.addSightings(List.of(
                new Sighting("files", "n1", 10, 11),
                new Sighting("files", "n2", 12, 13),
                new Sighting("files", "n1", 14, 15),
                new Sighting("files", "n2", 16, 17)));
        assertThat(broken()).containsExactly(Rule.ONE_OWNER);
    }

    @Test
    void a_client_served_under_two_grants_at_once_is_found() {
        history.addProbes(List.of(
                new Probe("files", 10, 11, "n1/1 token 1"),
                new Probe("files", 12, 13, "n2/1 token 2"),
                new Probe("files", 14, 15, "n1/1 token 1"),
                new Probe("files", 16, 17, "n2/1 token 2")));
        assertThat(broken()).containsExactly(Rule.ONE_OWNER);
    }

    @Test
    void a_lock_that_the_kernel_refused_is_found() {
        history.add(new Clashed(10, "lock-1", B, 2));
        assertThat(broken()).containsExactly(Rule.ONE_OWNER);
    }

    @Test
    void a_later_owner_with_a_lower_token_is_found() {
        acted(A, 5, 10, 20);
        acted(B, 4, 30, 40);
        assertThat(broken()).containsExactly(Rule.TOKENS_GROW);
    }

    @Test
    void one_token_for_two_owners_is_found() {
        acted(A, 5, 10, 20);
        acted(B, 5, 30, 40);
        assertThat(broken()).containsExactly(Rule.TOKENS_GROW);
    }

    @Test
    void one_token_for_two_lives_of_a_node_is_found() {
        acted(A, 5, 10, 20);
        acted(new Life("n1", 2), 5, 30, 40);
        assertThat(broken()).containsExactly(Rule.TOKENS_GROW);
    }

    @Test
    void one_token_for_two_groups_is_found() {
        started(10, "writer", A, 5, ProofKind.NEVER);
        started(20, "lock-1", B, 5, ProofKind.NEVER);
        assertThat(broken()).containsExactly(Rule.TOKENS_GROW);
    }

    @Test
    void a_sink_that_serves_a_lower_token_after_a_higher_one_is_found() {
        history.add(new Accepted(10, "writer", B, 6, 1));
        history.add(new Accepted(20, "writer", A, 5, 2));
        assertThat(broken()).containsExactly(Rule.SINK_REFUSES_STALE);
    }

    @Test
    void a_sink_that_lets_a_lower_token_in_is_found() {
        history.add(new Opened(10, "writer", B, 6, 0));
        history.add(new Opened(20, "writer", A, 5, 0));
        assertThat(broken()).containsExactly(Rule.SINK_REFUSES_STALE);
    }

    @Test
    void an_acknowledged_write_that_the_sink_does_not_have_is_lost() {
        history.add(new Acknowledged(10, 11, "writer", A, 5, 1));
        assertThat(broken()).as("the sink may not have been read so far").isEmpty();
        history.add(new Accepted(20, "writer", A, 5, 2));
        assertThat(broken()).containsExactly(Rule.ACKNOWLEDGED_STAYS);
        assertThat(HistoryChecker.lostAcknowledgements(history)).isEqualTo(1);
    }

    @Test
    void a_value_that_was_acknowledged_to_two_owners_is_lost_once() {
        history.add(new Accepted(10, "writer", A, 5, 1));
        history.add(new Acknowledged(10, 11, "writer", A, 5, 1));
        history.add(new Accepted(20, "writer", B, 6, 1));
        history.add(new Acknowledged(20, 21, "writer", B, 6, 1));
        assertThat(broken()).containsExactly(Rule.ACKNOWLEDGED_STAYS);
    }

    @Test
    void an_opening_that_is_told_less_than_was_acknowledged_is_found() {
        history.add(new Accepted(10, "writer", A, 5, 7));
        history.add(new Acknowledged(10, 11, "writer", A, 5, 7));
        history.add(new Opened(20, "writer", B, 6, 6));
        assertThat(broken()).containsExactly(Rule.ACKNOWLEDGED_STAYS);
    }

    @Test
    void writes_that_were_accepted_and_never_acknowledged_are_no_loss() {
        history.add(new Accepted(10, "writer", A, 5, 1));
        history.add(new Opened(20, "writer", B, 6, 1));
        history.add(new Accepted(30, "writer", B, 6, 2));
        history.add(new Acknowledged(29, 31, "writer", B, 6, 2));
        assertThat(broken()).isEmpty();
    }

    @Test
    void a_start_whose_proof_is_in_nobodys_log_is_found() {
        history.add(new Started(0, "writer", A, 1, Optional.empty()));
        acted(A, 1, 10, 3_000_000_000L);
        assertThat(broken()).containsExactly(Rule.PROOF_IS_TRUE);
    }

    @Test
    void a_proof_in_another_nodes_log_is_enough() {
        history.add(new Started(0, "writer", A, 1, Optional.empty()));
        history.add(new Granted(5, "writer", 1, ProofKind.NEVER, ""));
        acted(A, 1, 10, 3_000_000_000L);
        assertThat(broken()).isEmpty();
    }

    @Test
    void a_first_grant_that_was_not_the_first_is_found() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        started(20, "writer", B, 2, ProofKind.NEVER);
        assertThat(broken()).containsExactly(Rule.PROOF_IS_TRUE);
    }

    @Test
    void an_election_that_was_forgotten_begins_again_but_not_while_its_leader_may_lead() {
        HistoryChecker.Bounds strict = new HistoryChecker.Bounds(Set.of(), Set.of("election:report"), Set.of(), 1000);
        started(10, "election:report", A, 1, ProofKind.NEVER);
        started(20, "election:report", B, 2, ProofKind.NEVER);
        assertThat(HistoryChecker.check(history, strict))
                .extracting(HistoryChecker.Violation::rule)
                .containsExactly(Rule.PROOF_IS_TRUE);
        history.add(new Died(15, A));
        assertThat(HistoryChecker.check(history, strict)).isEmpty();
    }

    @Test
    void a_release_without_a_stop_is_found() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        started(20, "writer", B, 2, ProofKind.RELEASED);
        assertThat(broken()).containsExactly(Rule.PROOF_IS_TRUE);
    }

    @Test
    void a_release_before_its_stop_is_found() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        started(20, "writer", B, 2, ProofKind.RELEASED);
        acted(B, 2, 21);
        history.add(new Stopped(30, "writer", A, 1));
        assertThat(broken()).containsExactly(Rule.PROOF_IS_TRUE);
    }

    @Test
    void a_release_after_its_stop_is_good() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        history.add(new Stopped(15, "writer", A, 1));
        started(20, "writer", B, 2, ProofKind.RELEASED);
        assertThat(broken()).isEmpty();
    }

    @Test
    void a_death_of_a_process_that_lived_is_found() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        started(20, "writer", B, 2, ProofKind.DIED);
        history.add(new Died(30, A));
        assertThat(broken()).containsExactly(Rule.PROOF_IS_TRUE);
    }

    @Test
    void a_lease_that_ended_proves_nothing_about_what_only_its_process_ends() {
        started(10, "lock-1", A, 1, ProofKind.NEVER);
        started(20, "lock-1", B, 2, ProofKind.EXPIRED);
        assertThat(broken()).containsExactly(Rule.PROOF_IS_TRUE);
    }

    @Test
    void a_lease_that_ended_is_a_proof_where_something_else_ends_the_effect() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        started(20, "writer", B, 2, ProofKind.EXPIRED);
        assertThat(broken()).isEmpty();
    }

    @Test
    void the_proofs_of_grants_in_between_count_too() {
        started(10, "writer", A, 1, ProofKind.NEVER);
        history.add(new Granted(15, "writer", 2, ProofKind.EXPIRED, ""));
        started(20, "writer", B, 3, ProofKind.RELEASED);
        assertThat(broken()).isEmpty();
    }

    @Test
    void a_cluster_that_never_finds_back_is_found() {
        history.add(new Healed(10));
        assertThat(broken()).containsExactly(Rule.RECOVERS_IN_TIME);
    }

    @Test
    void a_cluster_that_finds_back_too_late_is_found() {
        history.add(new Healed(10));
        history.add(new Recovered(2000));
        assertThat(broken()).containsExactly(Rule.RECOVERS_IN_TIME);
    }

    @Test
    void a_report_that_could_not_be_read_is_found() {
        history.add(new History.Unreadable(10, "nonsense"));
        assertThat(broken()).containsExactly(Rule.HISTORY_IS_WHOLE);
    }

    @Test
    void a_host_that_nobody_heard_is_found() {
        HistoryChecker.Bounds deaf = new HistoryChecker.Bounds(Set.of(), Set.of(), Set.of("n1", "n2"), 1000);
        history.addSightings(List.of(new Sighting("10.77.0.1", "n1", 10, 11), new Sighting("10.77.0.2", "n2", 10, 0)));
        assertThat(HistoryChecker.check(history, deaf)).singleElement().satisfies(v -> {
            assertThat(v.rule()).isEqualTo(Rule.HISTORY_IS_WHOLE);
            assertThat(v.sentence()).contains("n2");
        });
    }

    @Test
    void an_acknowledgement_that_is_read_later_than_its_write_finds_it_in_the_next_history() {
        history.add(new Accepted(10, "writer", A, 5, 1));
        history.add(new Acknowledged(9, 11, "writer", A, 5, 1));
        history.add(new Accepted(20, "writer", A, 5, 2));
        history.add(new Accepted(30, "writer", A, 5, 3));
        History next = history.carriedOver();
        next.add(new Acknowledged(19, 21, "writer", A, 5, 2));
        next.add(new Acknowledged(29, 31, "writer", A, 5, 3));
        assertThat(HistoryChecker.check(next, BOUNDS)).isEmpty();
        next.add(new Acknowledged(39, 41, "writer", A, 5, 4));
        next.add(new Accepted(50, "writer", A, 5, 5));
        assertThat(HistoryChecker.check(next, BOUNDS))
                .extracting(HistoryChecker.Violation::rule)
                .containsExactly(Rule.ACKNOWLEDGED_STAYS);
    }

    @Test
    void what_is_carried_over_still_convicts_in_the_next_history() {
        started(10, "writer", A, 4, ProofKind.NEVER);
        started(11, "writer", A, 5, ProofKind.RELEASED);
        acted(A, 5, 20, 30);
        history.add(new Accepted(20, "writer", A, 5, 7));
        history.add(new Acknowledged(20, 21, "writer", A, 5, 7));
        History next = history.carriedOver();
        assertThat(HistoryChecker.check(next, BOUNDS)).isEmpty();
        next.add(new Acted(100, 101, "writer", B, 3));
        next.add(new Accepted(100, "writer", B, 3, 7));
        next.add(new Acknowledged(99, 101, "writer", B, 3, 7));
        next.add(new Started(90, "writer", B, 6, Optional.of(ProofKind.NEVER)));
        assertThat(HistoryChecker.check(next, BOUNDS))
                .extracting(HistoryChecker.Violation::rule)
                .containsExactlyInAnyOrder(
                        Rule.TOKENS_GROW, Rule.SINK_REFUSES_STALE, Rule.ACKNOWLEDGED_STAYS, Rule.PROOF_IS_TRUE);
    }
}
