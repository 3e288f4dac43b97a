package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Sentence;

class FailureBookTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3600 * SECOND;

    private final FailureBook book = new FailureBook();

    @Test
    void soft_failures_are_tried_again_here_until_the_third_in_ten_minutes() {
        book.failed(0, "db", Severity.SOFT, "first");
        book.failed(599 * SECOND, "db", Severity.SOFT, "second");
        assertThat(book.isHeld(599 * SECOND)).isFalse();
        book.failed(601 * SECOND, "db", Severity.SOFT, "the first is too old to count");
        assertThat(book.isHeld(601 * SECOND)).isFalse();
        book.failed(602 * SECOND, "web", Severity.SOFT, "third");
        assertThat(book.isHeld(602 * SECOND)).isTrue();
        assertThat(book.holdWhy())
                .isEqualTo(
                        "failed 3 times here and is kept away for 5 s, or until its failures are cleared; last: third");
        assertThat(book.isHeld(607 * SECOND)).isFalse();
        assertThat(book.troubles(603 * SECOND))
                .isEqualTo(new Troubles(
                        List.of(
                                new Troubles.Failures("db", 3, Severity.SOFT, "the first is too old to count"),
                                new Troubles.Failures("web", 1, Severity.SOFT, "third")),
                        Duration.ofSeconds(5),
                        "failed 3 times here and is kept away for 5 s, or until its failures are cleared; last: third",
                        0,
                        0,
                        0,
                        List.of()));
    }

    @Test
    void a_hard_failure_says_how_long_the_node_keeps_away_as_well() {
        book.failed(0, "card", Severity.HARD, "no carrier");
        assertThat(book.holdWhy()).isEqualTo("no carrier; kept away for 5 s, or until its failures are cleared");
        book.failed(5 * SECOND, "card", Severity.HARD, "no carrier");
        assertThat(book.holdWhy()).isEqualTo("no carrier; kept away for 10 s, or until its failures are cleared");
    }

    @Test
    void however_long_the_reason_is_it_says_how_long_the_node_keeps_away() {
        book.failed(0, "card", Severity.HARD, "no carrier ".repeat(50));
        assertThat(book.holdWhy())
                .startsWith("no carrier no")
                .endsWith("…; kept away for 5 s, or until its failures are cleared");
        assertThat(Sentence.shortened(book.holdWhy())).isEqualTo(book.holdWhy());
    }

    @Test
    void each_repeat_doubles_the_hold_up_to_an_hour() {
        List<Long> hard = new ArrayList<>();
        long now = 0;
        for (int i = 0; i < 12; i++) {
            book.failed(now, "card", Severity.HARD, "no carrier");
            long seconds = book.troubles(now).hold().toSeconds();
            hard.add(seconds);
            assertThat(book.isHeld(now + seconds * SECOND - 1)).isTrue();
            assertThat(book.isHeld(now + seconds * SECOND)).isFalse();
            now += seconds * SECOND;
        }
        assertThat(hard).containsExactly(5L, 10L, 20L, 40L, 80L, 160L, 320L, 640L, 1280L, 2560L, 3600L, 3600L);

        FailureBook soft = new FailureBook();
        List<Long> holds = new ArrayList<>();
        for (int i = 0; i < 21; i++) {
            soft.failed(now, "db", Severity.SOFT, "planned");
            if (i % 3 == 2) {
                long seconds = soft.troubles(now).hold().toSeconds();
                holds.add(seconds);
                now += seconds * SECOND;
            }
        }
        assertThat(holds).containsExactly(5L, 10L, 20L, 40L, 80L, 160L, 320L);
    }

    @Test
    void what_kept_the_node_away_once_counts_whatever_comes_next() {
        book.failed(0, "card", Severity.HARD, "no carrier");
        for (int i = 0; i < 3; i++) {
            book.failed(5 * SECOND, "db", Severity.SOFT, "planned");
        }
        assertThat(book.troubles(5 * SECOND).hold()).isEqualTo(Duration.ofSeconds(10));
    }

    @Test
    void all_is_forgotten_an_hour_after_the_last_failure_and_its_hold() {
        book.failed(0, "card", Severity.HARD, "no carrier");
        assertThat(book.troubles(HOUR + 5 * SECOND)).isNotEqualTo(Troubles.NONE);
        assertThat(book.troubles(HOUR + 5 * SECOND + 1)).isEqualTo(Troubles.NONE);
        book.failed(3 * HOUR, "card", Severity.HARD, "no carrier");
        assertThat(book.troubles(3 * HOUR).hold()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void nothing_is_forgotten_while_the_resource_itself_still_vetoes() {
        book.failed(0, "card", Severity.HARD, "no carrier");
        book.vetoed(SECOND, true);
        assertThat(book.troubles(100 * HOUR).failures()).hasSize(1);
        book.vetoed(100 * HOUR, false);
        assertThat(book.troubles(101 * HOUR).failures()).hasSize(1);
        assertThat(book.troubles(101 * HOUR + 1)).isEqualTo(Troubles.NONE);
    }

    @Test
    void however_long_each_attempt_takes_the_third_that_fails_keeps_the_node_away() {
        long now = 0;
        for (int i = 0; i < 3; i++) {
            assertThat(book.isHeld(now)).isFalse();
            book.tries(now);
            now += 2 * HOUR;
            assertThat(book.troubles(now).failures()).as("while it is tried").hasSize(Math.min(i, 1));
            book.failed(now, "db", Severity.SOFT, "planned");
            book.hasTried(now + SECOND);
            now += SECOND;
        }
        assertThat(book.isHeld(now)).isTrue();
        assertThat(book.troubles(now + HOUR + 5 * SECOND).failures()).hasSize(1);
        assertThat(book.troubles(now + HOUR + 5 * SECOND + 1)).isEqualTo(Troubles.NONE);
    }

    @Test
    void what_passes_between_attempts_counts() {
        for (int i = 0; i < 9; i++) {
            long now = i * 400 * SECOND;
            book.tries(now);
            book.failed(now + 99 * SECOND, "db", Severity.SOFT, "planned");
            book.hasTried(now + 99 * SECOND);
            assertThat(book.isHeld(now + 99 * SECOND)).isFalse();
        }
    }

    @Test
    void nothing_is_forgotten_while_it_has_failed_and_was_let_be() {
        book.failed(0, "card", Severity.HARD, "no carrier");
        book.letBe(SECOND, true);
        assertThat(book.troubles(100 * HOUR).failures()).hasSize(1);
        book.failed(100 * HOUR, "card", Severity.HARD, "no carrier");
        assertThat(book.troubles(100 * HOUR).hold()).as("the second").isEqualTo(Duration.ofSeconds(10));
        book.letBe(200 * HOUR, false);
        assertThat(book.troubles(201 * HOUR).failures()).hasSize(1);
        assertThat(book.troubles(201 * HOUR + 1)).isEqualTo(Troubles.NONE);
    }

    @Test
    void an_operator_forgets_it_at_once_and_the_next_is_the_first_again() {
        for (int i = 0; i < 3; i++) {
            book.failed(i, "db", Severity.SOFT, "planned");
        }
        assertThat(book.clear()).isTrue();
        assertThat(book.isHeld(3)).isFalse();
        assertThat(book.troubles(3)).isEqualTo(Troubles.NONE);
        assertThat(book.clear()).isFalse();
        book.failed(4, "db", Severity.SOFT, "planned");
        assertThat(book.isHeld(4)).isFalse();
    }

    @Test
    void however_many_resources_are_named_the_book_stays_small() {
        for (int i = 0; i < 1000; i++) {
            book.failed(i, "resource " + i, Severity.SOFT, "planned");
        }
        assertThat(book.troubles(1000).failures()).hasSize(65);
        assertThat(book.troubles(1000).failures().get(0).count()).isEqualTo(936);
    }
}
