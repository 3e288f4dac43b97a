package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.understudy.ha.iptakeover.core.RivalWatch.Reason;

class RivalMemoryTest {
    private static final long SECOND = 1_000_000_000;

    private final RivalMemory memory = new RivalMemory();

    @Test
    void a_stranger_is_shown_for_a_minute_after_he_was_last_seen() {
        assertThat(memory.present(0)).isEmpty();
        memory.saw(Reason.STRANGER, () -> "a stranger", 0);
        memory.saw(Reason.STRANGER, () -> "another stranger", 30 * SECOND);
        assertThat(memory.present(90 * SECOND - 1)).isEqualTo("a stranger");
        assertThat(memory.present(90 * SECOND)).isEmpty();
        memory.saw(Reason.STRANGER, () -> "another stranger", 90 * SECOND);
        assertThat(memory.present(90 * SECOND)).isEqualTo("another stranger");
    }

    @Test
    void the_gravest_is_shown_as_long_as_it_is_young() {
        memory.saw(Reason.STRANGER, () -> "a stranger", 0);
        memory.saw(Reason.BROKEN_PROMISE, () -> "a broken promise", SECOND);
        memory.saw(Reason.OWN_MAC_ELSEWHERE, () -> "a loop", 2 * SECOND);
        memory.saw(Reason.STRANGER, () -> "the same stranger", 30 * SECOND);
        assertThat(memory.present(60 * SECOND)).isEqualTo("a broken promise");
        assertThat(memory.present(61 * SECOND)).isEqualTo("a loop");
        assertThat(memory.present(62 * SECOND)).isEqualTo("a stranger");
    }

    @ParameterizedTest
    @EnumSource(
            value = Reason.class,
            mode = EnumSource.Mode.EXCLUDE,
            names = {"BROKEN_PROMISE", "OWN_MAC_ELSEWHERE", "STRANGER"})
    void what_tokens_settle_is_not_remembered(Reason reason) {
        memory.saw(
                reason,
                () -> {
                    throw new AssertionError("nobody shows it");
                },
                Long.MAX_VALUE - 1);
        assertThat(memory.present(Long.MAX_VALUE)).isEmpty();
    }
}
