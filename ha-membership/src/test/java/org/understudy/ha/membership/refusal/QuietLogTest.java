package org.understudy.ha.membership.refusal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;
import org.understudy.ha.membership.jgroups.LogLines;

@Isolated
class QuietLogTest {
    private final LogLines lines = new LogLines();
    private final QuietLog log = new QuietLog(LoggerFactory.getLogger(QuietLogTest.class));

    @AfterEach
    void close() {
        lines.close();
    }

    @Test
    void the_same_thing_is_told_once() {
        for (int i = 0; i < 1000; i++) {
            log.warn("one", "first " + i);
            log.warn("two", "second " + i);
        }
        assertThat(lines.warnings()).containsExactly("first 0", "second 0");
    }

    @Test
    void many_things_are_not_all_told() {
        for (int i = 0; i < 10_000; i++) {
            log.warn("stranger-" + i, "from " + i);
        }
        assertThat(lines.warnings()).hasSize(64);
    }

    @Test
    void what_a_stranger_chose_is_cut_and_cannot_forge_a_line() {
        log.warn("one", "name a\nb\u001b[2J" + "x".repeat(60_000));
        assertThat(lines.warnings())
                .singleElement()
                .asString()
                .startsWith("name a?b?[2Jxxx")
                .hasSize(1000);
    }
}
