package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.acceptor;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Effect.OperationDecided;
import org.understudy.ha.membership.core.Forcing.Forced;
import org.understudy.ha.membership.core.Forcing.Votes;
import org.understudy.ha.membership.core.Input.ForceWanted;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

class ForcingTest {

    private static final ForceWanted WORD = new ForceWanted(1, "ann", "the others burnt");
    private static final Votes ALONE = new Votes(false, true, List.of());
    private static final Votes MAJORITY = new Votes(true, true, List.of(B));
    private static final Votes NONE_BESIDE_ANOTHER = new Votes(false, false, List.of(B));

    private final Forcing forcing = new Forcing(100, 1000);

    @Test
    void a_word_is_followed_once_every_lease_is_waited_out_and_nothing_runs_here() {
        assertThat(forcing.want(0, WORD, Optional.of(ALONE))).isEmpty();
        assertThat(forcing.isUnderWay()).isTrue();

        assertThat(forcing.due(99, true)).isEmpty();
        assertThat(forcing.due(100, false)).isEmpty();
        assertThat(forcing.due(100, true)).contains(WORD);
        assertThat(forcing.isUnderWay()).isFalse();
        assertThat(forcing.due(101, true)).isEmpty();
    }

    @Test
    void a_majority_that_is_heard_meanwhile_ends_it() {
        forcing.want(0, WORD, Optional.of(ALONE));
        assertThat(forcing.end(ALONE)).isEmpty();

        assertThat(why(forcing.end(MAJORITY))).startsWith("a majority of the votes is heard");
        assertThat(forcing.isUnderWay()).isFalse();
        assertThat(forcing.due(100, true)).isEmpty();
        assertThat(forcing.end(MAJORITY)).isEmpty();
    }

    @Test
    void it_ends_if_what_runs_here_does_not_stop() {
        forcing.want(0, WORD, Optional.of(ALONE));

        assertThat(forcing.giveUp(1100, List.of("web"))).isEmpty();
        assertThat(forcing.giveUp(1101, List.of())).isEmpty();
        assertThat(why(forcing.giveUp(1101, List.of("web")))).contains("[web]");
        assertThat(forcing.isUnderWay()).isFalse();
    }

    @Test
    void a_word_that_cannot_count_is_refused() {
        assertThat(why(forcing.want(0, WORD, Optional.empty()))).contains("knows no cluster record");
        assertThat(why(forcing.want(0, WORD, Optional.of(MAJORITY)))).contains("nothing has to be forced");
        assertThat(why(forcing.want(0, WORD, Optional.of(NONE_BESIDE_ANOTHER)))).contains("say it on [b]");
        assertThat(forcing.isUnderWay()).isFalse();

        forcing.want(0, WORD, Optional.of(ALONE));
        assertThat(why(forcing.want(0, new ForceWanted(2, "bob", "the same"), Optional.of(ALONE))))
                .contains("already");
        assertThat(forcing.due(100, true)).contains(WORD);
    }

    @Test
    void a_node_without_a_vote_may_go_on_if_no_other_vote_is_heard() {
        assertThat(forcing.want(0, WORD, Optional.of(new Votes(false, false, List.of()))))
                .isEmpty();
        assertThat(why(forcing.end(NONE_BESIDE_ANOTHER))).contains("say it on [b]");
    }

    @Test
    void this_disk_votes_alone_from_then_on_in_a_generation_above_every_one_that_was_seen() {
        ClusterRecord base = Records.withGroup(Records.empty(), "web", Records.granted(B1, 5, false));
        TreeSet<Incarnation> lives = new TreeSet<>(List.of(B1));

        Forced forced = Forcing.force(WORD, base, 3, 0, acceptor(B), lives).orElseThrow();

        assertThat(forced.record().generation()).isEqualTo(4);
        assertThat(forced.ballot()).isEqualTo(Ballot.forced(4, B));
        assertThat(forced.record().voters()).isEqualTo(Voters.of(List.of(acceptor(B))));
        assertThat(forced.record().grant("web").orElseThrow().stands())
                .as("it was this process's, which runs nothing now")
                .isFalse();
        assertThat(forced.record().words())
                .singleElement()
                .satisfies(word -> assertThat(word.who()).isEqualTo("ann"));
    }

    @Test
    void nothing_is_forced_once_tokens_have_no_room_for_another_generation() {
        int last = ClusterRecord.GENERATION_MAX;

        assertThat(Forcing.force(WORD, Records.empty(), last, 0, acceptor(B), new TreeSet<>()))
                .isEmpty();
        assertThat(why(Optional.of(Forcing.noRoom(WORD, Records.empty(), last))))
                .startsWith("generation " + last + " is one of the last");
    }

    private static String why(Optional<OperationDecided> decided) {
        assertThat(decided.orElseThrow().isDone()).isFalse();
        return decided.orElseThrow().why();
    }
}
