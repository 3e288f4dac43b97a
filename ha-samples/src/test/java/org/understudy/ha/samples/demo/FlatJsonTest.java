package org.understudy.ha.samples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.samples.events.EventJson;

class FlatJsonTest {

    @Test
    void texts_numbers_and_words_are_read_and_null_is_left_out() {
        assertThat(FlatJson.parse(" {\"a\":\"x\\n\\\"\\u0041\\\\\", \"b\" : -1.5e3,\"c\":true,\"d\":null} "))
                .containsExactly(Map.entry("a", "x\n\"A\\"), Map.entry("b", "-1.5e3"), Map.entry("c", "true"));
        assertThat(FlatJson.parse("{}")).isEmpty();
    }

    @Test
    void anything_else_is_refused_with_its_place() {
        for (String text : List.of(
                "",
                "{",
                "[]",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{\"a\":1}x",
                "{\"a\":\"\\x\"}",
                "{\"a\":{}}",
                "hello")) {
            assertThatThrownBy(() -> FlatJson.parse(text)).as(text).isInstanceOf(MalformedMessageException.class);
        }
    }

    @Test
    void a_group_event_survives_the_way_through_a_line() {
        HaEvent event = new HaEvent.GroupChanged(new GroupStatus(
                "files",
                GroupStatus.State.RUNNING,
                Optional.of(new Incarnation(NodeId.of("serv1"), 3)),
                Optional.of(new FencingToken(7)),
                Optional.of(ProofKind.DIED),
                "a \"quoted\" \\ reason\nof two lines"));
        assertThat(FlatJson.parse(EventJson.of(event)))
                .containsEntry("event", "group")
                .containsEntry("group", "files")
                .containsEntry("state", "RUNNING")
                .containsEntry("holder", "serv1#3")
                .containsEntry("token", "7")
                .containsEntry("proof", "DIED")
                .containsEntry("reason", "a \"quoted\" \\ reason of two lines")
                .containsKey("nanos");
    }

    @Test
    void absent_fields_are_absent() {
        HaEvent event = new HaEvent.GroupChanged(new GroupStatus(
                "files", GroupStatus.State.UNOWNED, Optional.empty(), Optional.empty(), Optional.empty(), ""));
        assertThat(FlatJson.parse(EventJson.of(event))).doesNotContainKeys("holder", "token", "proof");
        assertThat(FlatJson.parse(EventJson.of(new HaEvent.NodeChanged(NodeState.ACTIVE, "admitted"))))
                .containsEntry("event", "node")
                .containsEntry("state", "ACTIVE");
    }
}
