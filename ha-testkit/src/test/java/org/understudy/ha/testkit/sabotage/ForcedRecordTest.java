package org.understudy.ha.testkit.sabotage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect.OperationDecided;
import org.understudy.ha.membership.core.Effect.PublishRecord;
import org.understudy.ha.membership.core.Effect.StartGroup;
import org.understudy.ha.membership.core.Effect.StopGroup;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

/** What an operator who goes on alone is told by a machine whose group does not end. */
class ForcedRecordTest {

    private final ClusterRecord held =
            Solo.granted(Solo.alive(Solo.record("abc", 3), "ab", "a", "b"), "a", 5, Optional.empty());
    private final Solo a = new Solo("abc", "a", Solo.holding(3, held), false);

    @Test
    void a_group_that_cannot_be_stopped_forbids_it_and_the_operator_hears_of_that() {
        ownTheGroup();
        a.pass(3_000);
        assertThat(a.ordered(StopGroup.class)).as("the lease is over").isPresent();

        a.feed(new Input.ForceWanted(7, "ann", "the others burnt"));
        a.pass(3_000);
        assertThat(a.ordered(OperationDecided.class)).as("it may still stop").isEmpty();
        a.pass(20_000);

        OperationDecided decided = a.ordered(OperationDecided.class).orElseThrow();
        assertThat(decided.request()).isEqualTo(7);
        assertThat(decided.isDone()).isFalse();
        assertThat(decided.why()).contains(Solo.GROUP).contains("ask again");
    }

    @Test
    void it_is_done_once_the_group_has_stopped() {
        ownTheGroup();
        a.pass(3_000);
        a.feed(new Input.ForceWanted(7, "ann", "the others burnt"));
        a.feed(new Input.StopEnded(Solo.GROUP, 5, true, ""));
        a.pass(3_000);

        assertThat(a.ordered(OperationDecided.class).orElseThrow().isDone()).isTrue();
    }

    @Test
    void a_majority_that_is_heard_forbids_it_at_once_also_on_an_owner() {
        ownTheGroup();
        a.pass(20, "b", "c");
        a.feed(new Input.ForceWanted(7, "ann", "the others burnt"));

        assertThat(a.ordered(OperationDecided.class).orElseThrow().isDone()).isFalse();
        assertThat(a.ordered(StopGroup.class)).isEmpty();
    }

    @Test
    void a_majority_that_is_heard_meanwhile_ends_the_word_for_good() {
        ownTheGroup();
        a.pass(3_000);
        a.feed(new Input.ForceWanted(7, "ann", "the others burnt"));
        a.pass(300, "b");
        assertThat(a.ordered(OperationDecided.class).orElseThrow().isDone()).isFalse();
        a.forget();

        a.feed(new Input.StopEnded(Solo.GROUP, 5, true, ""));
        a.pass(20_000);
        assertThat(a.ordered(OperationDecided.class))
                .as("the majority is lost now, and nobody has said that it never comes back")
                .isEmpty();
        assertThat(a.said(Message.Chosen.class)).isEmpty();
    }

    @Test
    void it_stops_what_goes_on_without_a_majority() {
        GroupRecord kept = GroupRecord.NEW.withGrant(
                new Grant(Solo.first("a"), 5, ProofKind.NEVER, Optional.empty(), false, List.of()));
        TreeMap<String, GroupRecord> groups = new TreeMap<>(held.groups());
        groups.put(Solo.GROUP, kept);
        ClusterRecord record = held.withGroups(groups, held.lastToken());
        Solo keeping = new Solo("abc", "a", Solo.holding(3, record), false);
        keeping.feed(new Input.GroupOffered(
                Solo.GROUP,
                new Candidacy(
                        List.of(NodeId.of("a"), NodeId.of("b")),
                        false,
                        true,
                        "",
                        Presence.ABSENT,
                        false,
                        List.of(),
                        0,
                        true)));
        keeping.live(Solo.ballot(4), record, "b");
        keeping.feed(new Input.StartEnded(Solo.GROUP, 5, Optional.empty(), ""));
        keeping.pass(3_000);
        assertThat(keeping.ordered(StopGroup.class)).as("it goes on").isEmpty();

        keeping.feed(new Input.ForceWanted(7, "ann", "the others burnt"));
        assertThat(keeping.ordered(StopGroup.class)).isPresent();
        keeping.feed(new Input.StopEnded(Solo.GROUP, 5, true, ""));
        keeping.pass(3_000);
        assertThat(keeping.ordered(OperationDecided.class).orElseThrow().isDone())
                .isTrue();
    }

    /** The nodes that were lost for good are back with their disks, and agree among themselves, while this one was down. */
    @Test
    void what_was_forced_is_not_undone_by_those_who_were_lost_for_good() {
        ownTheGroup();
        a.pass(3_000);
        a.feed(new Input.StopEnded(Solo.GROUP, 5, true, ""));
        a.feed(new Input.ForceWanted(7, "ann", "the others burnt"));
        a.pass(3_000);
        Message.Chosen forced = a.said(Message.Chosen.class).orElseThrow();
        int generation = forced.value().generation();
        assertThat(generation).isBetween(1, 64);

        a.crash(true);
        a.receive("b", new Message.Chosen(Solo.ballot(9), held.withNumber(9)));
        a.pass(3_000, "b", "c");

        Message.Chosen told = a.said(Message.Chosen.class).orElseThrow();
        assertThat(told.value().generation()).as("the others learn of it").isEqualTo(generation);
        assertThat(told.value().lastToken())
                .isGreaterThanOrEqualTo(forced.value().lastToken());
    }

    @Test
    void the_number_of_a_generation_is_drawn_above_those_before() {
        Set<Integer> numbers = new TreeSet<>();
        for (long random = 0; random < 1_000; random++) {
            numbers.add(Planner.nextGeneration(5, random));
        }
        assertThat(numbers).hasSize(64).allMatch(number -> number > 5 && number <= 69);
    }

    @Test
    void a_generation_that_tokens_have_no_room_for_is_refused() {
        ownTheGroup();
        a.receive("b", new Message.Prepare(Ballot.forced(ClusterRecord.GENERATION_MAX, NodeId.of("c")), false));
        a.pass(3_000);
        a.feed(new Input.StopEnded(Solo.GROUP, 5, true, ""));
        a.feed(new Input.ForceWanted(7, "ann", "the others burnt"));
        a.pass(3_000);

        OperationDecided decided = a.ordered(OperationDecided.class).orElseThrow();
        assertThat(decided.isDone()).isFalse();
        assertThat(decided.why()).contains("form a new cluster");
    }

    /** An older generation must not go on under the ballots of a newer one. */
    @Test
    void whoever_has_promised_a_newer_generation_accepts_and_acknowledges_nothing_of_an_older_one() {
        ownTheGroup();
        Ballot newer = Ballot.forced(20, NodeId.of("c"));
        a.receive("b", new Message.Prepare(newer, false));
        a.forget();
        a.receive("b", new Message.Renew(Solo.first("b"), 9, 1_010_000_000L, Solo.ballot(4)));
        assertThat(a.said(Message.RenewAck.class)).isEmpty();
        assertThat(a.said(Message.RenewRefused.class)).isPresent();

        a.receive("b", new Message.Accept(newer, held.withNumber(9), false));
        assertThat(a.said(Message.Refused.class).orElseThrow().why()).contains("generation");
        a.receive("b", new Message.Chosen(Solo.ballot(9), held.withNumber(9)));
        assertThat(a.ordered(PublishRecord.class))
                .as("nothing of it is learned")
                .isEmpty();
    }

    @Test
    void a_node_without_a_vote_goes_on_alone_only_where_no_vote_is_heard() {
        ClusterRecord others = Solo.alive(Solo.record("bc", 3), "bc", "b", "c");
        Solo voteless = new Solo("abc", "a", DurableState.EMPTY, false);
        voteless.receive("b", new Message.Chosen(Solo.ballot(4), others));
        voteless.pass(20, "b");
        voteless.feed(new Input.ForceWanted(7, "ann", "c burnt"));

        OperationDecided decided = voteless.ordered(OperationDecided.class).orElseThrow();
        assertThat(decided.isDone()).isFalse();
        assertThat(decided.why()).contains("[b]");
    }

    private void ownTheGroup() {
        Candidacy candidacy = new Candidacy(
                List.of(NodeId.of("a"), NodeId.of("b")), false, true, "", Presence.ABSENT, true, List.of());
        a.feed(new Input.GroupOffered(Solo.GROUP, candidacy));
        a.live(Solo.ballot(4), held, "b");
        assertThat(a.ordered(StartGroup.class)).isPresent();
        a.feed(new Input.StartEnded(Solo.GROUP, 5, Optional.empty(), ""));
        a.forget();
    }
}
