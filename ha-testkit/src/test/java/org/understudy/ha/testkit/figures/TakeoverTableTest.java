package org.understudy.ha.testkit.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TakeoverTableTest {
    private static final long MILLI = 1_000_000;

    private static Optional<Spread> of(long... millis) {
        Spread spread = new Spread();
        for (long one : millis) {
            spread.add(one * MILLI);
        }
        return Optional.of(spread);
    }

    private static Optional<Spread> hangs() {
        Spread spread = new Spread();
        spread.addAtLeast(5_000 * MILLI);
        return Optional.of(spread);
    }

    private static TakeoverTable table(
            String what, OptionalLong wanted, Optional<Spread> ours, Optional<Spread> theirs) {
        TakeoverTable table = new TakeoverTable();
        table.add("kill -9", what, wanted, ours, theirs);
        return table;
    }

    @Test
    void both_stand_beside_each_other_and_a_missed_target_is_marked() {
        List<String> lines = table("gap", OptionalLong.of(10 * MILLI), of(20, 30, 40), hangs())
                .text();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(0)).contains("Understudy").contains("keepalived");
        assertThat(lines.get(2).replaceAll(" +", " "))
                .isEqualTo("kill -9: gap 30.0 40.0 3 >5000.0 >5000.0 1 wanted at most 10.0: missed");
    }

    @Test
    void a_target_that_is_kept_is_told_without_a_mark_and_without_one_there_is_no_word() {
        assertThat(table("gap", OptionalLong.of(30 * MILLI), of(20, 30, 40), hangs())
                        .text()
                        .get(2))
                .endsWith("wanted at most 30.0");
        assertThat(table("gap", OptionalLong.empty(), of(20), hangs()).text().get(2))
                .doesNotContain("wanted");
    }

    @Test
    void one_missed_target_is_enough() {
        TakeoverTable table = table("gap", OptionalLong.of(30 * MILLI), of(30), hangs());
        assertThat(table.isAnyMissed()).isFalse();
        table.add("SIGSTOP", "gap", OptionalLong.of(29 * MILLI), of(30), hangs());
        table.add("SIGSTOP", "doubles", OptionalLong.empty(), of(0), hangs());
        assertThat(table.isAnyMissed()).isTrue();
    }

    @Test
    void whoever_hangs_misses_every_target() {
        assertThat(table("reset", OptionalLong.of(50_000 * MILLI), hangs(), of(1))
                        .text()
                        .get(2))
                .contains("missed");
    }

    @Test
    void who_did_not_take_part_is_a_dash_and_null() {
        TakeoverTable table = table("gap", OptionalLong.of(MILLI), of(1), Optional.of(new Spread()));
        assertThat(table.text().get(2).replaceAll(" +", " "))
                .isEqualTo("kill -9: gap 1.0 1.0 1 - - - wanted at most 1.0");
        assertThat(table.json().get(0)).endsWith("\"keepalived\":null}");
    }

    @Test
    void the_object_of_a_figure_has_the_fields_of_the_contract_in_their_order() {
        assertThat(table("gap", OptionalLong.of(10 * MILLI), of(20, 30, 40), hangs())
                        .json())
                .containsExactly(
                        "{\"figure\":\"takeover\",\"fault\":\"kill -9\",\"what\":\"gap\",\"unit\":\"ms\",\"wanted\":10.0,\"missed\":true,"
                                + "\"understudy\":{\"runs\":3,\"median\":30.000,\"median_at_least\":false,\"worst\":40.000,"
                                + "\"worst_at_least\":false},"
                                + "\"keepalived\":{\"runs\":1,\"median\":5000.000,\"median_at_least\":true,\"worst\":5000.000,"
                                + "\"worst_at_least\":true}}");
    }

    @Test
    void the_timeline_is_in_the_order_of_a_move_and_leaves_out_what_few_runs_had() {
        Timeline line = Timeline.of(List.of(
                Map.of("announced v4", 9 * MILLI, "old addresses-stop", 2 * MILLI, "something else", MILLI),
                Map.of("announced v4", 7 * MILLI, "old addresses-stop", 4 * MILLI, "new addresses-started", MILLI),
                Map.of("announced v4", 8 * MILLI, "old addresses-stop", 3 * MILLI)));
        assertThat(line.text()).hasSize(2);
        assertThat(line.text().get(0)).contains("stop is called").endsWith(" 3.0");
        assertThat(line.text().get(1)).contains("gratuitous ARP").endsWith(" 8.0");
        assertThat(line.json().get(1)).contains("\"median\":8.000,\"worst\":9.000");
    }
}
