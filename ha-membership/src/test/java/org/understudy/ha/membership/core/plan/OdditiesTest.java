package org.understudy.ha.membership.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OdditiesTest {

    private final Play play = new Play(List.of("a", "b", "c"));

    @Test
    void names_in_rules_that_nobody_has_registered() {
        play.register("web", List.of("a"), Play.placement(Map.of("apart", "bach,web2", "preferWith", "dns")));
        play.register("web2", List.of("a"), Play.placement(Map.of()));
        play.register("dns#1", List.of("a"), Play.placement(Map.of()));
        play.settle();

        assertThat(Oddities.of(play.record(), "web"))
                .containsExactly(
                        "the placement rules of web name [bach], which nobody has registered: is it spelled right?");
        assertThat(Oddities.of(play.record(), "web2")).isEmpty();
    }

    @Test
    void copies_that_differ_and_copies_that_have_no_node() {
        for (int copy = 1; copy <= 3; copy++) {
            play.register("web#" + copy, List.of(), Play.placement(Map.of("apart", "web")));
        }
        play.only("web#3", List.of("a", "b"));
        play.settle();
        assertThat(Oddities.of(play.record(), "web#1"))
                .containsExactly(
                        "the nodes register different numbers of copies of web: {a=3, b=3, c=2}; register it alike"
                                + " everywhere");
        assertThat(Oddities.of(play.record(), "web#2")).isEmpty();

        play.register("web#4", List.of(), Play.placement(Map.of("apart", "web")));
        play.only("web#3", List.of("a", "b", "c"));
        play.settle();
        assertThat(Oddities.of(play.record(), "web#1")).isEmpty();
        assertThat(Oddities.copiesLeftOver(play.record(), "web#2")).isEmpty();
        assertThat(Oddities.copiesLeftOver(play.record(), "web#1"))
                .contains("web has 4 copies and 3 nodes that register it now: at most one copy runs on each");
    }
}
