package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;

class CardLooksTest {
    private final CardLooks looks = new CardLooks();

    @Test
    void what_was_seen_is_believed_for_a_moment_only() {
        CardLooks.Look<Integer> look = new CardLooks.Look<>();
        AtomicInteger looked = new AtomicInteger();
        long begin = System.nanoTime();
        int seen = look.see(looked::incrementAndGet);
        while (seen == 1) {
            seen = look.see(looked::incrementAndGet);
        }
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(CardLooks.FRESH_NANOS);
        assertThat(looked).hasValue(2);
    }

    @Test
    void a_look_that_fails_is_none() {
        CardLooks.Look<Integer> look = new CardLooks.Look<>();
        assertThatThrownBy(() -> look.see(() -> {
                    throw new PlatformException("ioctl", 5, "no answer");
                }))
                .hasMessage("no answer");
        assertThat(look.see(() -> 7)).isEqualTo(7);
    }

    @Test
    void each_card_and_direction_has_its_own() {
        assertThat(looks.well("lan0")).isSameAs(looks.well("lan0")).isNotSameAs(looks.well("lan1"));
        assertThat(looks.first(3, Direction.IN, () -> 1)).isEqualTo(1);
        assertThat(looks.first(3, Direction.OUT, () -> 2)).isEqualTo(2);
        assertThat(looks.first(4, Direction.IN, () -> 3)).isEqualTo(3);
    }
}
