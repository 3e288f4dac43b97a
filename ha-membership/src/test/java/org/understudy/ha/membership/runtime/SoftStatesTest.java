package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.spi.SoftState;
import org.understudy.ha.membership.core.message.Message;

class SoftStatesTest {

    private final Set<String> registered = new TreeSet<>(Set.of("files"));
    private int asked;
    private final SoftStates states = new SoftStates(registered::contains, () -> asked++);
    private final AtomicBoolean isOwner = new AtomicBoolean(true);

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private SoftState state(long token) {
        return states.of("files", token, mine -> isOwner.get());
    }

    @Test
    void what_an_owner_tells_is_sent_and_heard_here_too() {
        assertThat(state(4).heard()).isEmpty();
        state(4).tell(bytes(1, 2));
        Message.Soft first = states.takeUnsent().get(0);
        state(4).tell(bytes(3));
        Message.Soft second = states.takeUnsent().get(0);
        assertThat(List.of(first, second)).extracting(Message.Soft::token).containsExactly(4L, 4L);
        assertThat(first.isBefore(second)).isTrue();
        assertThat(state(5).heard().orElseThrow()).containsExactly(3);
    }

    @Test
    void however_much_is_told_the_newest_of_each_group_waits_to_be_sent() {
        registered.add("mail");
        states.of("mail", 5, mine -> true).tell(bytes(9));
        for (int i = 0; i < 100; i++) {
            state(4).tell(bytes(i));
        }
        assertThat(asked).isEqualTo(101);
        assertThat(states.takeUnsent())
                .extracting(Message.Soft::group, soft -> (int) soft.state()[0])
                .containsExactlyInAnyOrder(tuple("mail", 9), tuple("files", 99));
        assertThat(states.takeUnsent()).isEmpty();
    }

    @Test
    void the_newest_wins_however_late_an_older_one_comes() {
        states.heard(new Message.Soft("files", 7, 2, bytes(72)));
        states.heard(new Message.Soft("files", 7, 1, bytes(71)));
        states.heard(new Message.Soft("files", 6, 99, bytes(69)));
        assertThat(state(8).heard().orElseThrow()).containsExactly(72);
        states.heard(new Message.Soft("files", 8, 1, bytes(81)));
        assertThat(state(8).heard().orElseThrow()).containsExactly(81);
    }

    @Test
    void nothing_is_kept_of_groups_that_are_not_here() {
        states.heard(new Message.Soft("mail", 7, 2, bytes(1)));
        registered.add("mail");
        assertThat(states.of("mail", 8, mine -> true).heard()).isEmpty();
        states.heard(new Message.Soft("files", 7, 2, bytes(1)));
        state(8).tell(bytes(2));
        states.forget("files");
        assertThat(state(8).heard()).isEmpty();
        assertThat(states.takeUnsent()).isEmpty();
    }

    @Test
    void who_is_not_the_owner_any_more_tells_nothing() {
        isOwner.set(false);
        state(4).tell(bytes(1));
        assertThat(states.takeUnsent()).isEmpty();
        assertThat(state(4).heard()).isEmpty();
    }

    @Test
    void what_is_too_large_is_refused() {
        assertThatThrownBy(() -> state(4).tell(new byte[SoftState.BYTES_MAX + 1]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("262144");
        states.heard(new Message.Soft("files", 4, 1, new byte[SoftState.BYTES_MAX + 1]));
        assertThat(state(4).heard()).isEmpty();
        state(4).tell(new byte[SoftState.BYTES_MAX]);
        assertThat(states.takeUnsent()).hasSize(1);
    }
}
