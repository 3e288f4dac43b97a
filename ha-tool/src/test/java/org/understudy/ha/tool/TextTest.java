package org.understudy.ha.tool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.Value;

class TextTest {

    private static final Value.Rows ROWS = new Value.Rows(List.of(
            Value.Fields.NONE.and("group", "a").and("token", 4).and("reason", "moved"),
            Value.Fields.NONE
                    .and("group", "longer")
                    .and("token", Optional.empty())
                    .and("reason", "")));

    @Test
    void a_table_is_as_wide_as_it_must_be() {
        assertThat(Table.of(ROWS, List.of("group", "token", "reason")))
                .isEqualTo("GROUP   TOKEN  REASON\na       4      moved\nlonger  -      -\n");
    }

    @Test
    void what_a_node_quotes_cannot_move_the_cursor() {
        assertThat(Table.plain(new Value.Text("a\u001b[2Jb\u0007"))).isEqualTo("a?[2Jb?");
    }

    @Test
    void json_is_escaped_and_has_no_numbers_that_json_has_not() {
        Value body = Value.Fields.NONE
                .and("text", "\"\\\n\u001b\u2028\ud83d\ude00")
                .and("real", new Value.Real(Double.NaN))
                .and("flag", true)
                .and("none", Optional.empty())
                .and("rows", new Value.Rows(List.of(new Value.Whole(1), new Value.Real(0.5))));

        assertThat(Json.of(new AdminAnswer(AdminAnswer.Outcome.DONE, "it's", body)))
                .isEqualTo("{\"outcome\":\"DONE\",\"sentence\":\"it's\",\"body\":{\"text\":"
                        + "\"\\\"\\\\\\u000a\\u001b\\u2028\\ud83d\\ude00\",\"real\":null,\"flag\":true,\"none\":null,"
                        + "\"rows\":[1,0.5]}}");
    }
}
