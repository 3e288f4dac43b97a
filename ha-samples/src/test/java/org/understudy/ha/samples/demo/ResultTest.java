package org.understudy.ha.samples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ResultTest {
    private static final Result.Owner BEFORE = new Result.Owner("serv1", 7, "NEVER");
    private static final Result.Owner AFTER = new Result.Owner("serv2", 8, "DIED");

    private static Result result(long gap, long doubled, Optional<Result.Owner> after) {
        return new Result(Fault.KILL, 1, gap, 47_000_000, 41, 5_000_000, doubled, List.of(), BEFORE, after);
    }

    private static Result unheard(long doubled) {
        return new Result(
                Fault.KILL, 1, 1, 1, 0, 5_000_000, doubled, List.of("serv1 was not heard"), BEFORE, Optional.of(AFTER));
    }

    @Test
    void a_run_that_nobody_could_hear_is_bad_and_claims_no_zero() {
        assertThat(unheard(0).isGood()).isFalse();
        assertThat(unheard(0).toJson()).contains("\"double_ms\":null,");
        assertThat(unheard(5_000_000).toJson()).contains("\"double_ms\":5.0,");
    }

    @Test
    void the_object_has_the_fields_of_the_contract_in_their_order() {
        assertThat(result(43_210_000, 0, Optional.of(AFTER)).toJson())
                .isEqualTo(
                        "{\"fault\":\"kill\",\"run\":1,\"gap_ms\":43.2,\"lost\":41,\"double_ms\":0,\"proof\":\"DIED\","
                                + "\"token_before\":7,\"token_after\":8,\"owner_before\":\"serv1\",\"owner_after\":\"serv2\","
                                + "\"silent_ms\":5.0,\"gap6_ms\":47.0}");
    }

    @Test
    void nobody_is_null() {
        assertThat(result(1, 0, Optional.empty()).toJson())
                .contains("\"proof\":null", "\"token_after\":null", "\"owner_after\":null");
    }

    @Test
    void a_run_is_good_only_with_another_owner_a_higher_token_and_no_double() {
        assertThat(result(1, 0, Optional.of(AFTER)).isGood()).isTrue();
        assertThat(result(1, 1, Optional.of(AFTER)).isGood()).isFalse();
        assertThat(result(1, 0, Optional.empty()).isGood()).isFalse();
        assertThat(result(1, 0, Optional.of(new Result.Owner("serv1", 8, "DIED")))
                        .isGood())
                .isFalse();
        assertThat(result(1, 0, Optional.of(new Result.Owner("serv2", 7, "DIED")))
                        .isGood())
                .isFalse();
    }

    @Test
    void no_overlap_is_so_short_that_it_reads_as_none() {
        assertThat(Result.millis(0)).isEqualTo("0");
        assertThat(Result.millis(1)).isEqualTo("0.001");
        assertThat(Result.millis(950_000)).isEqualTo("0.950");
        assertThat(Result.millis(12_345_678)).isEqualTo("12.3");
    }

    @Test
    void medians_take_the_middle() {
        Optional<Result.Owner> after = Optional.of(AFTER);
        List<Result> odd = List.of(result(9, 0, after), result(1, 0, after), result(5, 0, after));
        assertThat(Result.median(odd, Result::gapNanos)).isEqualTo(5);
        List<Result> even = List.of(result(9, 0, after), result(1, 0, after), result(5, 0, after), result(7, 0, after));
        assertThat(Result.median(even, Result::gapNanos)).isEqualTo(6);
    }
}
