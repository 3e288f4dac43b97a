package org.understudy.ha.membership.core.assumptions;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class NewsTest {

    private static final long HOUR = Duration.ofHours(1).toNanos();
    private static final String WELL = """
            what a single fault stops (7 of 8 stop nothing):
              - a is killed: lock stops: nobody says that it is gone
            rests on:
              - clocks""";
    private static final String WORSE = """
            with c missing:
            what a single fault stops (5 of 8 stop nothing):
              - a is killed: lock stops: nobody says that it is gone
              - b is killed: everything stops
              - and 3 more, see outlooks()
            rests on:
              - clocks""";

    private final News news = new News();

    @Test
    void the_whole_is_said_once_and_then_what_changes() {
        assertThat(news.of(0, WELL)).contains(WELL);
        assertThat(news.of(1, WELL)).isEmpty();
        assertThat(news.of(2, WORSE))
                .contains("  - with c missing:\n  - what a single fault stops: b is killed: everything stops");
        assertThat(news.of(3, WELL))
                .contains("  - no more: with c missing:\n"
                        + "  - no more: what a single fault stops: b is killed: everything stops");
    }

    @Test
    void a_change_that_comes_again_is_not_said_again_within_an_hour() {
        news.of(0, WELL);
        news.of(1, WORSE);
        news.of(2, WELL);

        assertThat(news.of(3, WORSE)).isEmpty();
        assertThat(news.of(4, WELL)).isEmpty();
        assertThat(news.of(HOUR + 5, WORSE)).isPresent();
    }

    @Test
    void what_was_said_last_is_false_for_an_hour_at_most() {
        news.of(0, WELL);
        news.of(1, WORSE);
        assertThat(news.of(2, WELL).orElseThrow()).contains("no more: with c missing:");
        assertThat(news.again()).isEmpty();

        assertThat(news.of(3, WORSE)).isEmpty();
        assertThat(news.again()).contains(1 + HOUR + 1);
        assertThat(news.of(1 + HOUR, WORSE)).isEmpty();
        assertThat(news.of(1 + HOUR + 1, WORSE))
                .contains("  - with c missing:\n  - what a single fault stops: b is killed: everything stops");
        assertThat(news.again()).isEmpty();
    }

    @Test
    void what_was_held_back_and_holds_no_more_is_never_said() {
        news.of(0, WELL);
        news.of(1, WORSE);
        news.of(2, WELL);
        news.of(3, WORSE);

        assertThat(news.of(4, WELL)).isEmpty();
        assertThat(news.again()).isEmpty();
        assertThat(news.of(HOUR + 5, WELL)).isEmpty();
    }

    @Test
    void other_numbers_in_a_heading_are_no_news() {
        news.of(0, WELL);

        assertThat(news.of(1, WELL.replace("7 of 8", "6 of 9"))).isEmpty();
    }
}
