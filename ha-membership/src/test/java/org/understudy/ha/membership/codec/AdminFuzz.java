package org.understudy.ha.membership.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminRequest;
import org.understudy.ha.membership.core.admin.Value;

/** Requests and answers of the operator's tool: refused, or exactly what the codec would write. */
public final class AdminFuzz {
    private AdminFuzz() {}

    public static List<byte[]> seeds() {
        Value.Fields all = Value.Fields.NONE
                .and("text", "é")
                .and("whole", -5)
                .and("real", new Value.Real(0.25))
                .and("flag", true)
                .and("nothing", Optional.empty())
                .and("rows", new Value.Rows(List.of(Value.Fields.NONE.and("a", 1))));
        return List.of(
                AdminCodec.encode(AdminRequest.of("move").with("group", "files").with("to", "serv2")),
                AdminCodec.encode(new AdminAnswer(AdminAnswer.Outcome.UNKNOWN, "who knows", all)));
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        try {
            assertArrayEquals(bytes, AdminCodec.encode(AdminCodec.decodeRequest(bytes)));
        } catch (MalformedMessageException refused) {
            // An answer, perhaps.
        }
        AdminAnswer answer;
        try {
            answer = AdminCodec.decodeAnswer(bytes);
        } catch (MalformedMessageException refused) {
            return;
        }
        assertArrayEquals(bytes, AdminCodec.encode(answer));
    }
}
