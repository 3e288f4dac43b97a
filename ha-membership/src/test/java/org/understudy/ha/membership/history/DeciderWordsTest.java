package org.understudy.ha.membership.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.facts;
import static org.understudy.ha.membership.core.Records.granted;
import static org.understudy.ha.membership.core.Records.withGroup;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.history.Reasons.Why;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.runtime.OwnerWords;
import org.understudy.ha.membership.runtime.SoftStates;

class DeciderWordsTest {

    private static final NodeId STRANGER = NodeId.of("stranger");
    private static final ClusterRecord HELD = withGroup(empty(), "files", granted(A1, 4, false));
    private static final ClusterRecord MOVED = withGroup(HELD, "files", granted(B1, 5, false));

    private final List<Message.Soft> sent = new ArrayList<>();
    private final DeciderWords decider = new DeciderWords(List.of(B, C), sent::add);
    private final DeciderWords other = new DeciderWords(List.of(A, C), message -> {});

    @Test
    void why_a_record_is_as_it_is_is_known_by_its_ballot() throws Exception {
        decider.say(planning(ballot(7), over("files", "asked to move to b")), MOVED);
        other.hear(A, sent.get(0));

        assertThat(sent).hasSize(1);
        assertThat(of(ballot(7)))
                .map(Reasons::byPart)
                .hasValueSatisfying(by -> assertThat(by)
                        .containsExactlyEntriesOf(new TreeMap<>(Map.of("files", new Why("asked to move to b", "")))));
        assertThat(of(ballot(7))).map(Reasons::isWhole).contains(true);
        assertThat(of(ballot(8))).isEmpty();
        assertThat(of(new Ballot(7, "a/2"))).as("another life of it").isEmpty();
    }

    @Test
    void of_what_only_goes_on_waiting_nothing_is_said_and_without_a_decision_nothing_at_all() throws Exception {
        Notice waits = new Notice("mail", Reason.GRANT_WAITS, "no node can start it now");
        decider.say(planning(ballot(6), waits), HELD.withNumber(HELD.number() + 1));
        assertThat(sent).isEmpty();

        decider.say(planning(ballot(7), waits, over("files", "asked")), MOVED);
        other.hear(A, sent.get(0));
        assertThat(heard(7).byPart()).containsOnlyKeys("files");
    }

    @Test
    void a_decision_without_a_reason_is_said_to_have_none() throws Exception {
        decider.say(planning(ballot(7)), MOVED);
        other.hear(A, sent.get(0));

        assertThat(heard(7)).isEqualTo(Reasons.NONE);
    }

    @Test
    void a_record_that_was_only_carried_on_for_another_node_is_said_to_have_no_reason() throws Exception {
        decider.say(planning(ballot(7)), HELD);
        other.hear(A, sent.get(0));

        assertThat(heard(7)).isEqualTo(Reasons.NONE);
    }

    @Test
    void of_a_record_before_one_that_was_spoken_of_nothing_comes_any_more() {
        decider.say(planning(ballot(7)), MOVED);
        other.hear(A, sent.get(0));

        assertThat(other.isExpected(ballot(6))).isFalse();
        assertThat(other.isExpected(ballot(8))).isTrue();
    }

    @Test
    void a_message_is_bounded_and_says_that_it_is_not_all() throws Exception {
        ClusterRecord all = HELD;
        List<Notice> notices = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            all = withGroup(all, "g" + i, granted(B1, 10 + i, false));
            notices.add(over("g" + i, "ä long story. ".repeat(100)));
        }
        decider.say(planning(ballot(7), notices.toArray(Notice[]::new)), all);
        other.hear(A, sent.get(0));

        assertThat(sent).hasSize(1);
        assertThat(sent.get(0).state().length).isBetween(DeciderWords.BYTES_MAX / 2, DeciderWords.BYTES_MAX);
        assertThat(heard(7).isWhole()).isFalse();
        assertThat(heard(7).byPart())
                .hasSizeBetween(100, 400)
                .allSatisfy((part, why) -> assertThat(why.grant())
                        .startsWith("ä long story. ä")
                        .endsWith("…")
                        .satisfies(said -> assertThat(said.getBytes(StandardCharsets.UTF_8))
                                .hasSizeLessThanOrEqualTo(Reasons.SENTENCE_BYTES_MAX)));
    }

    @Test
    void of_each_node_the_newest_few_are_kept() throws Exception {
        DeciderWords third = new DeciderWords(List.of(A, B), sent::add);
        third.say(planning(new Ballot(1, "c/1"), over("files", "from c")), MOVED);
        other.hear(C, sent.remove(0));
        for (int round = 1; round <= DeciderWords.KEPT + 2; round++) {
            decider.say(planning(ballot(round), over("files", "number " + round)), MOVED);
        }
        sent.forEach(message -> other.hear(A, message));

        assertThat(of(ballot(2))).isEmpty();
        for (int round = 3; round <= DeciderWords.KEPT + 2; round++) {
            assertThat(heard(round).byPart().get("files").grant()).isEqualTo("number " + round);
        }
        assertThat(of(new Ballot(1, "c/1"))).as("of another node").isPresent();
    }

    @Test
    void who_was_waited_for_in_vain_is_not_waited_for_again_before_it_says_something() throws Exception {
        DeciderWords hasty = new DeciderWords(List.of(A, C), message -> {}, Duration.ofMillis(1));
        decider.say(planning(ballot(7), over("files", "asked")), MOVED);
        assertThat(hasty.isExpected(ballot(8))).isTrue();
        assertThat(hasty.await(ballot(8), System.nanoTime(), () -> false)).isEmpty();
        assertThat(hasty.isExpected(ballot(8))).isTrue();

        assertThat(hasty.await(ballot(8), System.nanoTime(), () -> true)).isEmpty();
        assertThat(hasty.isExpected(ballot(9))).isFalse();
        assertThat(hasty.isExpected(new Ballot(9, "c/1"))).as("another node").isTrue();
        hasty.hear(A, sent.get(0));
        assertThat(hasty.isExpected(ballot(9))).isTrue();
    }

    @Test
    void nothing_is_expected_of_itself_and_of_strangers() {
        assertThat(other.isExpected(new Ballot(7, "b/1"))).isFalse();
        assertThat(other.isExpected(new Ballot(7, STRANGER + "/1"))).isFalse();
    }

    @Test
    void nobody_speaks_for_another_and_strangers_say_nothing() throws Exception {
        decider.say(planning(ballot(7), over("files", "asked")), MOVED);
        decider.say(planning(new Ballot(8, STRANGER + "/1"), over("files", "asked")), MOVED);
        other.hear(C, sent.get(0));
        other.hear(STRANGER, sent.get(1));

        assertThat(of(ballot(7))).isEmpty();
        assertThat(of(new Ballot(8, STRANGER + "/1"))).isEmpty();
    }

    @Test
    void what_cannot_be_read_or_is_too_large_is_left_alone() throws Exception {
        decider.say(planning(ballot(7), over("files", "asked")), MOVED);
        Message.Soft good = sent.get(0);
        byte[] other7 = good.state();
        other7[0] = 9;
        other.hear(A, with(good, other7));
        other.hear(A, with(good, new byte[0]));
        other.hear(A, with(good, new byte[DeciderWords.BYTES_MAX + 1]));
        assertThat(of(ballot(7))).isEmpty();

        other.hear(A, good);
        assertThat(of(ballot(7))).isPresent();
    }

    @Test
    void who_knows_these_words_not_takes_them_for_soft_state_of_a_group_that_is_not_its() throws Exception {
        decider.say(planning(ballot(7), over("files", "asked")), MOVED);
        SoftStates old = new SoftStates(List.of("files")::contains, () -> {});
        old.heard(sent.get(0));

        assertThat(OwnerWords.isMeant(sent.get(0))).isFalse();
        assertThat(other.hear(A, sent.get(0))).isTrue();
        assertThat(other.hear(A, new Message.Soft("files", 0, 1, sent.get(0).state())))
                .as("a soft state")
                .isFalse();
        assertThat(old.of(sent.get(0).group(), 0, token -> true).heard()).isEmpty();
        assertThat(old.takeUnsent()).isEmpty();
    }

    private Optional<Reasons> of(Ballot ballot) throws InterruptedException {
        return other.await(ballot, System.nanoTime(), () -> false);
    }

    private Reasons heard(long round) throws InterruptedException {
        return of(ballot(round)).orElseThrow();
    }

    private static Message.Soft with(Message.Soft message, byte[] state) {
        return new Message.Soft(message.group(), message.token(), message.number(), state);
    }

    private static Ballot ballot(long round) {
        return new Ballot(round, "a/1");
    }

    private static Notice over(String part, String why) {
        return new Notice(part, Reason.GRANT_OVER, "a#1 token 4 RELEASED: " + why);
    }

    private static Planning planning(Ballot ballot, Notice... notices) {
        return new Planning(ballot, HELD, facts(0), List.of(notices), List.of());
    }
}
