package org.understudy.ha.testkit.netns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DoublesTest {

    private static Sighting seen(String host, long asked, long answered) {
        return new Sighting("10.77.0.50", host, asked, answered);
    }

    private static Probe served(String server, long sent, long answered) {
        return new Probe("files", sent, answered, server);
    }

    @Test
    void a_clean_move_is_no_overlap_however_quick() {
        assertThat(Doubles.ofHosts(List.of(
                        seen("serv1", 0, 1),
                        seen("serv1", 5, 6),
                        seen("serv2", 5, 7),
                        seen("serv1", 10, 0),
                        seen("serv2", 10, 11))))
                .isZero();
    }

    @Test
    void a_question_answered_by_the_other_between_two_answers_of_the_first_is_an_overlap() {
        assertThat(Doubles.ofHosts(List.of(seen("serv1", 0, 1), seen("serv2", 3, 4), seen("serv1", 5, 6))))
                .isEqualTo(1);
    }

    @Test
    void a_long_overlap_counts_from_the_second_hosts_first_question_to_the_first_hosts_last_answer() {
        assertThat(Doubles.ofHosts(List.of(
                        seen("serv1", 0, 1),
                        seen("serv1", 10, 11),
                        seen("serv2", 10, 12),
                        seen("serv1", 20, 21),
                        seen("serv2", 20, 22),
                        seen("serv1", 30, 31),
                        seen("serv2", 30, 32),
                        seen("serv1", 40, 0),
                        seen("serv2", 40, 41))))
                .isEqualTo(21);
    }

    @Test
    void a_host_that_falls_silent_and_comes_back_held_nothing_in_between() {
        assertThat(Doubles.ofHosts(List.of(
                        seen("serv1", 0, 1),
                        seen("serv1", 10, 0),
                        seen("serv2", 12, 13),
                        seen("serv2", 15, 16),
                        seen("serv2", 20, 0),
                        seen("serv1", 25, 26))))
                .isZero();
    }

    @Test
    void different_addresses_never_overlap() {
        assertThat(Doubles.ofHosts(List.of(
                        new Sighting("a", "serv1", 0, 1),
                        new Sighting("b", "serv2", 2, 3),
                        new Sighting("a", "serv1", 4, 5))))
                .isZero();
    }

    @Test
    void services_that_answer_in_turns_under_two_tokens_overlap() {
        assertThat(Doubles.ofServers(List.of(
                        served("serv1 token 1", 0, 2),
                        served("serv2 token 2", 3, 5),
                        served("serv1 token 1", 6, 8),
                        served("serv2 token 2", 9, 11))))
                .isEqualTo(5);
    }

    @Test
    void a_late_answer_to_an_early_request_is_no_overlap() {
        assertThat(Doubles.ofServers(List.of(
                        served("serv1 token 1", 0, 9), served("serv2 token 2", 3, 5), served("serv2 token 2", 6, 7))))
                .isZero();
    }
}
