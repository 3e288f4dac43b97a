package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StopOrderTest {

    @Test
    void what_starts_after_another_stops_before_it() {
        StopOrder order = order(Map.of("web", List.of("app", "net"), "app", List.of("net"), "net", List.of()));
        assertThat(order.before("web")).isEmpty();
        assertThat(order.before("app")).containsExactly("web");
        assertThat(order.before("net")).containsExactly("app", "web");
        assertThat(order.before("nobody")).isEmpty();
    }

    @Test
    void a_name_means_the_copies_too() {
        assertThat(order(Map.of("web", List.of("net"), "net#1", List.of(), "net#2", List.of()))
                        .before("net#2"))
                .containsExactly("web");
        StopOrder inBothForms = order(Map.of("web", List.of("net"), "net", List.of(), "net#1", List.of()));
        assertThat(inBothForms.before("net#1"))
                .as("what is left of one form says nothing of the other")
                .containsExactly("web");
        assertThat(inBothForms.before("net")).containsExactly("web");
    }

    @Test
    void those_in_a_circle_do_not_wait_for_one_another() {
        StopOrder order = order(Map.of("a", List.of("b"), "b", List.of("a"), "c", List.of("a", "c", "gone")));
        assertThat(order.before("a")).containsExactly("c");
        assertThat(order.before("b")).isEmpty();
        assertThat(order.before("c")).isEmpty();
    }

    @Test
    void a_chain_takes_as_long_as_all_of_it_and_the_rest_as_long_as_the_longest() {
        StopOrder order =
                order(Map.of("web", List.of("app"), "app", List.of("net"), "net", List.of(), "mail", List.of()));
        assertThat(order.longest(Map.of("web", 1L, "app", 2L, "net", 4L, "mail", 6L)))
                .isEqualTo(7);
        assertThat(order.longest(Map.of("web", 1L, "app", 2L, "net", 4L, "mail", 8L)))
                .isEqualTo(8);
        assertThat(order.longest(Map.of())).isZero();
    }

    private static StopOrder order(Map<String, List<String>> after) {
        return new StopOrder(new TreeMap<>(after));
    }
}
