package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.message.Message;

class OutboxTest {

    private final Outbox out = new Outbox(List.of(B, C));

    @Test
    void what_was_said_is_not_said_again_until_it_reads_otherwise_or_was_not_so_meanwhile() {
        assertThat(said("not heard from b")).hasSize(1);
        assertThat(said("not heard from b")).isEmpty();
        assertThat(said("not heard from b and c")).hasSize(1);
        assertThat(said("not heard from b")).hasSize(1);

        out.unsay("a", Reason.JOIN_WAITS);
        assertThat(said("not heard from b")).hasSize(1);
    }

    @Test
    void what_waits_for_the_disk_does_not_leave_with_what_does_not() {
        Message message = new Message.FormQuery("digest");
        out.begin();
        out.toOthers(message);
        out.toOthersAtOnce(message);
        out.then(new Effect.Left());

        assertThat(out.urgent()).containsExactly(new Effect.Send(B, message), new Effect.Send(C, message));
        assertThat(out.then())
                .containsExactly(new Effect.Send(B, message), new Effect.Send(C, message), new Effect.Left());
    }

    @Test
    void the_lists_of_a_step_do_not_change_with_the_next() {
        out.begin();
        out.then(new Effect.Left());
        List<Effect> last = out.then();
        out.begin();
        out.then(new Effect.Left());

        assertThat(last).hasSize(1);
    }

    private List<Notice> said(String detail) {
        out.begin();
        out.sayOnce("a", Reason.JOIN_WAITS, detail);
        return out.notices();
    }
}
