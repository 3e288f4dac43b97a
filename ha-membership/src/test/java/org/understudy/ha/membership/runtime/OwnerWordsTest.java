package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.GroupStatus.State;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.codec.OwnerWordsCodec.OwnerWord;
import org.understudy.ha.membership.core.message.Message;

class OwnerWordsTest {

    private static final NodeId A = NodeId.of("a");
    private static final Incarnation A1 = new Incarnation(A, 1);
    private static final Set<String> KNOWN = Set.of("files", "mail");

    private final List<Message.Soft> sent = new ArrayList<>();
    private final OwnerWords owner = new OwnerWords(sent::add);
    private final OwnerWords other = new OwnerWords(message -> {});

    @Test
    void what_changes_is_said_and_nothing_twice() {
        owner.say(all(word("files", 3, State.STARTING), word("mail", 4, State.RUNNING)));
        owner.say(all(word("files", 3, State.RUNNING), word("mail", 4, State.RUNNING)));
        owner.say(all(word("files", 3, State.RUNNING), word("mail", 4, State.RUNNING)));
        assertThat(sent).hasSize(2);

        hearAll();
        assertThat(other.of("files", A1, 3)).contains(word("files", 3, State.RUNNING));
        assertThat(other.of("mail", A1, 4)).contains(word("mail", 4, State.RUNNING));
    }

    @Test
    void after_a_new_view_everything_is_said_again() {
        owner.say(all(word("files", 3, State.RUNNING)));
        owner.sayAllAgain();
        owner.say(all(word("files", 3, State.RUNNING)));

        assertThat(sent).hasSize(2);
    }

    @Test
    void a_word_counts_for_its_holder_and_token_only_and_a_late_one_of_before_not_at_all() {
        owner.say(all(word("files", 3, State.RUNNING)));
        owner.say(all(word("files", 5, State.STARTING)));
        other.hear(A, sent.get(1), KNOWN::contains);
        other.hear(A, sent.get(0), KNOWN::contains);

        assertThat(other.of("files", A1, 5)).isPresent();
        assertThat(other.of("files", A1, 3)).isEmpty();
        assertThat(other.of("files", new Incarnation(NodeId.of("b"), 1), 5)).isEmpty();
    }

    @Test
    void of_groups_that_are_not_in_the_record_nothing_is_kept() {
        owner.say(all(word("files", 3, State.RUNNING), word("gone", 4, State.RUNNING)));
        hearAll();
        assertThat(other.of("gone", A1, 4)).isEmpty();

        other.retain(Set.of("mail"));
        assertThat(other.of("files", A1, 3)).isEqualTo(Optional.empty());
    }

    @Test
    void many_are_said_in_several_messages_and_what_cannot_be_read_is_left_alone() {
        List<OwnerWord> many = new ArrayList<>();
        for (int i = 0; i < 450; i++) {
            many.add(word("g" + i, i + 1, State.RUNNING));
        }
        owner.say(all(many.toArray(OwnerWord[]::new)));
        assertThat(sent).hasSize(3).allMatch(OwnerWords::isMeant);

        other.hear(A, new Message.Soft("!owner", 0, 1, new byte[] {1, 0, 0, 0, 9}), KNOWN::contains);
        other.hear(A, new Message.Soft("!owner", 0, 1, new byte[] {7}), KNOWN::contains);
        assertThat(other.of("files", A1, 3)).isEmpty();
    }

    private void hearAll() {
        sent.forEach(message -> other.hear(A, message, KNOWN::contains));
    }

    private static SortedMap<String, OwnerWord> all(OwnerWord... words) {
        TreeMap<String, OwnerWord> all = new TreeMap<>();
        for (OwnerWord word : words) {
            all.put(word.group(), word);
        }
        return all;
    }

    private static OwnerWord word(String group, long token, State state) {
        return OwnerWords.word(group, token, state, "");
    }
}
