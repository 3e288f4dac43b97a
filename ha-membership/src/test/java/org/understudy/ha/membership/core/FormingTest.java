package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.acceptor;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.FormAnswer;

class FormingTest {

    private final Forming forming = new Forming(acceptor(A), List.of(B, C), "alike", true, 100);

    @Test
    void every_peer_must_have_said_that_it_is_empty_and_told_to_form_and_configured_alike() {
        forming.answered(0, B, answer(B, true, true));
        assertThat(forming.look(0).waits()).containsExactly("c has not answered");

        forming.answered(0, C, new FormAnswer("otherwise", "disk-c", true, true));
        assertThat(forming.look(0).waits()).singleElement().asString().startsWith("c is configured differently");
        forming.answered(0, C, answer(C, false, true));
        assertThat(forming.look(0).waits()).singleElement().asString().startsWith("c belongs to a cluster already");
        forming.answered(0, C, answer(C, true, false));
        assertThat(forming.look(0).waits()).containsExactly("c was not told to form");

        forming.answered(0, C, answer(C, true, true));
        assertThat(forming.look(0).isReady()).isTrue();
        assertThat(forming.look(0).acceptors()).containsExactly(acceptor(A), acceptor(B), acceptor(C));
    }

    @Test
    void an_answer_counts_for_a_while() {
        forming.answered(0, B, answer(B, true, true));
        forming.answered(50, C, answer(C, true, true));

        assertThat(forming.look(100).isReady()).isTrue();
        assertThat(forming.look(101).waits()).containsExactly("b has not answered");
    }

    @Test
    void what_it_waits_for_is_said_when_it_changes() {
        assertThat(forming.news(forming.look(0))).contains("[b has not answered, c has not answered]");
        assertThat(forming.news(forming.look(0))).isEmpty();

        forming.answered(0, B, answer(B, true, true));
        assertThat(forming.news(forming.look(0))).contains("[c has not answered]");
        forming.answered(0, C, answer(C, true, true));
        assertThat(forming.news(forming.look(0))).isEmpty();
    }

    @Test
    void it_asks_and_answers_as_it_is_configured() {
        Forming untold = new Forming(acceptor(B), List.of(A, C), "alike", false, 100);

        assertThat(forming.question().configDigest()).isEqualTo("alike");
        assertThat(forming.answer(true)).isEqualTo(answer(A, true, true));
        assertThat(untold.answer(false)).isEqualTo(answer(B, false, false));
    }

    @Test
    void who_joins_is_told_what_it_waits_for_if_somebody_can_help() {
        Forming untold = new Forming(acceptor(A), List.of(B, C), "alike", false, 100);

        assertThat(forming.whatJoiningWaitsFor(true, List.of(B))).isEmpty();
        assertThat(untold.whatJoiningWaitsFor(true, List.of()))
                .get()
                .asString()
                .endsWith("waits for a cluster that admits it");
        assertThat(untold.whatJoiningWaitsFor(true, List.of(B)))
                .get()
                .asString()
                .endsWith("; not heard from [b]");
        assertThat(forming.whatJoiningWaitsFor(false, List.of(B, C)))
                .contains("waits for a majority; not heard from [b, c]");
        assertThat(forming.whatJoiningWaitsFor(false, List.of())).isEmpty();
    }

    private static FormAnswer answer(NodeId node, boolean isEmpty, boolean mayForm) {
        return new FormAnswer("alike", "disk-" + node, isEmpty, mayForm);
    }
}
