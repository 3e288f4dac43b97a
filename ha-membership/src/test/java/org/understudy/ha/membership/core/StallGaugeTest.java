package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Stall;
import org.understudy.ha.membership.core.StallGauge.Word;

class StallGaugeTest {

    private static final long MILLI = 1_000_000L;
    private static final long SECOND = 1000 * MILLI;
    private static final long BEGIN = 12_345 * SECOND;

    private final StallGauge gauge = new StallGauge(20 * MILLI);

    @Test
    void keeps_the_newest_the_worst_of_a_minute_and_the_worst_ever() {
        gauge.record(BEGIN, 9 * MILLI);
        gauge.record(BEGIN + 30 * SECOND, 4 * MILLI);
        gauge.record(BEGIN + 31 * SECOND, 2 * MILLI);

        assertThat(gauge.stall(BEGIN + 31 * SECOND)).isEqualTo(stall(2, 9, 9));
        assertThat(gauge.stall(BEGIN + 65 * SECOND)).isEqualTo(stall(2, 4, 9));
        assertThat(gauge.stall(BEGIN + 300 * SECOND)).isEqualTo(stall(2, 0, 9));
    }

    @Test
    void a_slot_of_a_minute_ago_is_used_again() {
        gauge.record(BEGIN, 9 * MILLI);
        gauge.record(BEGIN + 60 * SECOND, 3 * MILLI);

        assertThat(gauge.stall(BEGIN + 60 * SECOND)).isEqualTo(stall(3, 3, 9));
    }

    @Test
    void says_half_once_and_all_once_until_a_minute_was_quiet() {
        assertThat(gauge.record(BEGIN, 10 * MILLI)).isEqualTo(Word.NOTHING);
        assertThat(gauge.record(BEGIN, 11 * MILLI)).isEqualTo(Word.HALF);
        assertThat(gauge.record(BEGIN + SECOND, 19 * MILLI)).isEqualTo(Word.NOTHING);
        assertThat(gauge.record(BEGIN + 2 * SECOND, 21 * MILLI)).isEqualTo(Word.ALL);
        assertThat(gauge.record(BEGIN + 50 * SECOND, 500 * MILLI)).isEqualTo(Word.NOTHING);
        assertThat(gauge.record(BEGIN + 100 * SECOND, 12 * MILLI)).isEqualTo(Word.NOTHING);
        assertThat(gauge.record(BEGIN + 161 * SECOND, 12 * MILLI)).isEqualTo(Word.HALF);
        assertThat(gauge.record(BEGIN + 162 * SECOND, 21 * MILLI)).isEqualTo(Word.ALL);
    }

    @Test
    void all_at_once_is_not_said_as_half_first() {
        assertThat(gauge.record(BEGIN, 21 * MILLI)).isEqualTo(Word.ALL);
        assertThat(gauge.record(BEGIN + SECOND, 11 * MILLI)).isEqualTo(Word.NOTHING);
    }

    @Test
    void however_much_stalls_a_minute_has_two_words_at_most() {
        int words = 0;
        for (int i = 0; i < 6000; i++) {
            words += gauge.record(BEGIN + i * 10 * MILLI, (i % 50) * MILLI) == Word.NOTHING ? 0 : 1;
        }

        assertThat(words).isEqualTo(2);
    }

    @Test
    void the_share_of_the_margin_is_that_of_the_last_minute() {
        gauge.record(BEGIN, 30 * MILLI);
        gauge.record(BEGIN + 90 * SECOND, 5 * MILLI);

        assertThat(gauge.stall(BEGIN + 90 * SECOND).share()).isEqualTo(0.25);
    }

    private static Stall stall(long last, long worstOfMinute, long worst) {
        return new Stall(
                Duration.ofMillis(last),
                Duration.ofMillis(worstOfMinute),
                Duration.ofMillis(worst),
                Duration.ofMillis(20));
    }
}
