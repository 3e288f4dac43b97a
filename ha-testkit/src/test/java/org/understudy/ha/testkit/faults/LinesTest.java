package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.faults.History.Life;

class LinesTest {
    private static final Life LIFE = new Life("n1", 3);

    @Test
    void each_report_becomes_its_fact() {
        assertThat(Lines.parse("S 10 writer n1/3 7 DIED"))
                .contains(new History.Started(10, "writer", LIFE, 7, Optional.of(ProofKind.DIED)));
        assertThat(Lines.parse("S 10 election:report n1/3 7 -"))
                .contains(new History.Started(10, "election:report", LIFE, 7, Optional.empty()));
        assertThat(Lines.parse("E 10 writer n1/3 7")).contains(new History.Stopped(10, "writer", LIFE, 7));
        assertThat(Lines.parse("C 10 11 writer n1/3 7")).contains(new History.Acted(10, 11, "writer", LIFE, 7));
        assertThat(Lines.parse("X 10 lock-1 n1/3 7")).contains(new History.Clashed(10, "lock-1", LIFE, 7));
        assertThat(Lines.parse("A 10 11 writer n1/3 7 99"))
                .contains(new History.Acknowledged(10, 11, "writer", LIFE, 7, 99));
        assertThat(Lines.parse("O 10 writer n1/3 7 99")).contains(new History.Opened(10, "writer", LIFE, 7, 99));
        assertThat(Lines.parse("W 10 writer n1/3 7 99")).contains(new History.Accepted(10, "writer", LIFE, 7, 99));
        assertThat(Lines.parse("R 10 writer n1/3 7 9")).contains(new History.Refused(10, "writer", LIFE, 7, 9));
        assertThat(Lines.parse("G 10 writer RUNNING n1#2 7 EXPIRED granted with proof EXPIRED"))
                .contains(new History.Granted(10, "writer", 7, ProofKind.EXPIRED, "granted with proof EXPIRED"));
        assertThat(Lines.parse("N 10 n1/3 ACTIVE has a lease"))
                .contains(new History.Said(10, LIFE, "ACTIVE", "has a lease"));
    }

    @Test
    void what_is_no_fact_is_passed_over() {
        assertThat(Lines.parse("G 10 writer UNOWNED - 0 - nobody yet")).isEmpty();
        assertThat(Lines.parse("some words of a library")).isEmpty();
        assertThat(Lines.parse("")).isEmpty();
    }

    @Test
    void a_broken_report_is_refused() {
        for (String line :
                List.of("S 10 writer", "C ten 11 writer n1/3 7", "W 10 writer n1 7 9", "S 1 w n1/3 7 MAYBE")) {
            assertThatThrownBy(() -> Lines.parse(line)).isInstanceOf(MalformedMessageException.class);
        }
    }
}
