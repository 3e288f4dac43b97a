package org.understudy.ha.membership.core.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B1;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.history.Reasons.Why;

class ReasonsTest {

    @Test
    void what_the_record_says_itself_is_no_reason_and_nothing_stands_twice() {
        Reasons reasons = Reasons.of(List.of(
                new Notice("files", Reason.GRANT_OVER, "a#1 token 4 DIED: last will of a#1"),
                new Notice("files", Reason.GRANT_WAITS, "last will of a#1"),
                new Notice("files", Reason.GRANT_MADE, "to b#1 token 5 proof DIED"),
                new Notice("mail", Reason.GRANT_MADE, "to b#1 token 6 proof NEVER"),
                new Notice("web", Reason.MOVE_DECIDED, "to b: a is on standby")));

        assertThat(reasons.byPart()).containsOnlyKeys("files", "web");
        assertThat(reasons.about("files")).isEqualTo(new Why("last will of a#1", ""));
        assertThat(reasons.about("web").move()).isEqualTo("a is on standby");
        assertThat(reasons.about("mail")).isEqualTo(new Why("", ""));
    }

    @Test
    void why_a_grant_was_made_may_have_been_said_when_the_one_before_ended() {
        List<Decision> kept = new ArrayList<>();
        tell(kept, Kind.GRANTED, 3, "");
        tell(kept, Kind.ENDED, 3, "asked to move to b; decided by c");
        tell(kept, Kind.MOVE_DROPPED, 3, "not this");
        tell(kept, Kind.GRANTED, 4, "decided by c" + Reasons.ELSEWHERE);
        tell(kept, Kind.ENDED, 4, "last will of b#1");
        tell(kept, Kind.GRANTED, 5, "it prefers a");
        tell(kept, Kind.ENDED, 5, "too late for it");

        assertThat(Reasons.told(kept, "files", 3)).as("nothing was said").isEmpty();
        assertThat(Reasons.told(kept, "files", 4)).contains("asked to move to b; decided by c");
        assertThat(Reasons.told(kept, "files", 5)).contains("last will of b#1; it prefers a");
        assertThat(Reasons.told(kept, "files", 6)).as("not told yet").isEmpty();
        assertThat(Reasons.told(kept, "mail", 4)).isEmpty();
    }

    @Test
    void what_was_said_of_an_older_grant_is_none_of_its_reasons() {
        List<Decision> kept = new ArrayList<>();
        tell(kept, Kind.ENDED, 3, "long ago");
        tell(kept, Kind.GRANTED, 4, "");
        tell(kept, Kind.GRANTED, 5, "");

        assertThat(Reasons.told(kept, "files", 5)).isEmpty();
        assertThat(Reasons.told(kept, "files", 4)).contains("long ago");
    }

    @Test
    void an_end_of_another_holder_or_by_another_proof_is_that_of_a_grant_before_one_that_was_missed() {
        List<Decision> kept = new ArrayList<>();
        tell(kept, Kind.ENDED, 3, Optional.of(A1), ProofKind.RELEASED, "asked to move to b");
        tell(kept, Kind.GRANTED, 5, Optional.of(B1), ProofKind.RELEASED, "");
        assertThat(Reasons.told(kept, "files", 5)).as("b had it since").isEmpty();

        tell(kept, Kind.ENDED, 5, Optional.of(A1), ProofKind.RELEASED, "asked to move to b");
        tell(kept, Kind.GRANTED, 7, Optional.of(A1), ProofKind.DIED, "it prefers b");
        assertThat(Reasons.told(kept, "files", 7)).contains("it prefers b");

        tell(kept, Kind.ENDED, 7, Optional.of(A1), ProofKind.RELEASED, "asked to move to b");
        tell(kept, Kind.GRANTED, 9, Optional.empty(), ProofKind.RELEASED, "");
        assertThat(Reasons.told(kept, "files", 9)).as("nobody knows who had it").isEmpty();
    }

    private static void tell(List<Decision> kept, Kind kind, long token, String reason) {
        tell(kept, kind, token, Optional.of(A1), ProofKind.RELEASED, reason);
    }

    private static void tell(
            List<Decision> kept, Kind kind, long token, Optional<Incarnation> from, ProofKind proof, String reason) {
        Draft draft = new Draft(
                kind,
                "files",
                from,
                Optional.of(B1),
                Optional.of(new FencingToken(token)),
                Optional.of(proof),
                reason,
                token);
        kept.add(0, draft.at(kept.size() + 1, Instant.EPOCH, false));
    }
}
