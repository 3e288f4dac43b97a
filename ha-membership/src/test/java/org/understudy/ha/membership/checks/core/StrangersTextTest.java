package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StrangersTextTest {
    @Test
    void a_reply_of_several_lines_becomes_one() {
        assertThat(StrangersText.oneLine("250-mail\r\n250 NOOP\r\n")).isEqualTo("250-mail 250 NOOP");
    }

    @Test
    void what_would_draw_on_a_terminal_or_turn_the_line_around_is_left_out() {
        assertThat(StrangersText.oneLine("\u001b[31mred\u202etxt\u0000\u2028end"))
                .isEqualTo("[31mred txt end");
    }

    @Test
    void a_long_one_is_cut() {
        assertThat(StrangersText.oneLine("x".repeat(5000))).hasSize(201).endsWith("…");
    }
}
