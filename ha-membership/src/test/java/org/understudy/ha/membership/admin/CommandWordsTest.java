package org.understudy.ha.membership.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminAnswer.Outcome;
import org.understudy.ha.membership.core.admin.Value.Fields;
import org.understudy.ha.membership.core.admin.Value.Rows;
import org.understudy.ha.membership.core.admin.Value.Text;

class CommandWordsTest {

    @Test
    void a_method_is_named_as_its_command_in_the_sentence_and_wherever_a_text_is() {
        AdminAnswer said = CommandWords.in(new AdminAnswer(
                Outcome.REFUSED,
                "if one is lost for good say forceRecord()",
                Fields.NONE
                        .and("why", "nothing proves its end but operator().confirmDown()")
                        .and("all", new Rows(List.of(new Text("say operator().vouchForDisk()"))))
                        .and("votes", 3)));

        assertThat(said)
                .isEqualTo(new AdminAnswer(
                        Outcome.REFUSED,
                        "if one is lost for good say force-record",
                        Fields.NONE
                                .and("why", "nothing proves its end but confirm-down")
                                .and("all", new Rows(List.of(new Text("say vouch-for-disk"))))
                                .and("votes", 3)));
    }

    @Test
    void what_names_no_method_stays_as_it_is() {
        AdminAnswer said = AdminAnswer.of(Outcome.DONE, "confirm-down of serv1#3, by ann: I ran stop() there");

        assertThat(CommandWords.in(said)).isEqualTo(said);
    }
}
