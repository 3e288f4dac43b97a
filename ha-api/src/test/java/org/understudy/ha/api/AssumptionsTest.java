package org.understudy.ha.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.understudy.ha.api.Elections.Candidate;
import org.understudy.ha.api.Elections.LeaderTask;
import org.understudy.ha.api.Fault.Kind;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.Outlook.GroupOutlook;

class AssumptionsTest {

    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");
    private static final Fault LOST = Fault.of(Kind.NODE_LOST, A);
    private static final Fault KILLED = Fault.of(Kind.PROCESS_KILLED, B);
    private static final Fault PAUSED = Fault.of(Kind.NODE_PAUSED, B);

    private static final GroupOutlook STAYING = group("files", Fate.GOES_ON, Optional.of(A), "a reaches a majority");
    private static final GroupOutlook STOPPED = group("lock", Fate.STOPS, Optional.of(A), "no node can start it");
    private static final GroupOutlook DOWN =
            group("idle", Fate.STOPS, Optional.empty(), "it runs nowhere now: no node offers it");
    private static final GroupOutlook DOWN_TOO =
            group("rest", Fate.STOPS, Optional.empty(), "it runs nowhere now: no node offers it");

    @Test
    void an_outlook_is_found_for_one_fault_or_two_different_ones_in_any_order() {
        Outlook one = outlook(List.of(LOST), true, STAYING);
        Outlook both = outlook(List.of(LOST, KILLED), true, STAYING);
        Assumptions assumptions = assumptions(one, both);

        assertThat(assumptions.outlook(LOST)).contains(one);
        assertThat(assumptions.outlook(KILLED, LOST)).contains(both);
        assertThat(assumptions.outlook(Fault.of(Kind.NODE_LOST, NodeId.of("stranger"))))
                .isEmpty();
    }

    @Test
    void no_fault_the_same_twice_and_three_are_refused() {
        Assumptions assumptions = assumptions(outlook(List.of(LOST), true, STAYING));

        for (Fault[] wrong : new Fault[][] {
            {}, {LOST, LOST}, {LOST, KILLED, PAUSED}, {LOST, LOST, KILLED}, {null}, {LOST, null}, null
        }) {
            assertRefused(() -> assumptions.outlook(wrong), "name one fault, or two different ones");
        }
    }

    @Test
    void a_cut_link_has_two_ends() {
        assertThat(Fault.linkCut(B, A)).isEqualTo(Fault.linkCut(A, B)).hasToString("the link between a and b is cut");
        assertRefused(() -> Fault.linkCut(A, A), "name two different nodes");
        assertRefused(() -> Fault.linkCut(A, null), "name two different nodes");
        assertRefused(() -> new Fault(Kind.LINK_CUT, null), "name two different nodes");
        assertRefused(() -> new Fault(null, List.of(A)), "say what happens");
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LINK_CUT")
    void every_other_fault_strikes_one_node(Kind kind) {
        assertThat(Fault.of(kind, A).nodes()).containsExactly(A);
        assertRefused(() -> new Fault(kind, List.of(A, B)), "name one node");
        assertRefused(() -> Fault.of(kind, null), "name one node");
    }

    @Test
    void a_fault_stops_no_group_that_runs_nowhere_already() {
        Outlook outlook = outlook(List.of(LOST), true, STAYING, DOWN, DOWN_TOO);

        assertThat(outlook.isSurvived()).isTrue();
        assertThat(outlook.whatStops()).isEmpty();
        assertThat(outlook).hasToString("a loses power: files goes on; idle, rest run nowhere already");
        assertThat(assumptions(outlook).toString()).startsWith("""
                        what runs nowhere already:
                          - idle: it runs nowhere now: no node offers it
                          - rest: it runs nowhere now: no node offers it
                        what a single fault stops (1 of 1 stop nothing)
                        """);
    }

    @Test
    void what_does_stop_is_told_beside_what_runs_nowhere_already() {
        Outlook outlook = outlook(List.of(LOST), true, DOWN, STOPPED);

        assertThat(outlook.isSurvived()).isFalse();
        assertThat(outlook).hasToString("a loses power: lock stops: no node can start it; idle runs nowhere already");
        assertThat(assumptions(outlook).toString())
                .contains("what a single fault stops (0 of 1 stop nothing):\n  - a loses power: lock stops: no node");
    }

    @Test
    void a_lost_majority_is_told_where_nothing_runs() {
        Outlook outlook = outlook(List.of(LOST), false, DOWN);

        assertThat(assumptions(outlook).toString())
                .contains(
                        "(0 of 1 stop nothing):\n  - a loses power: everything stops: no majority of the votes is left");
        assertThat(outlook).asString().contains("no majority of the votes is left");
    }

    @Test
    void a_text_cut_short_says_where_the_rest_is() {
        List<String> many =
                IntStream.range(0, 15).mapToObj(i -> "sentence " + i).toList();

        String text = new Assumptions(List.of(), List.of(), many, many).toString();

        assertThat(text.lines().filter(line -> line.contains(" more, see ")))
                .containsExactly("  - and 3 more, see weaknesses()", "  - and 3 more, see restsOn()");
    }

    @Test
    void what_an_election_is_given_is_there() {
        assertRefused(() -> Candidate.standard().withSuccession(null), "choose AFTER_LEASE or AFTER_END");
        assertRefused(() -> LeaderTask.between(null, () -> {}), "what begins the work");
        assertRefused(() -> LeaderTask.between(lease -> {}, null), "what ends it");
        assertRefused(() -> NodeId.of(null), "is not a node name");
    }

    private static Assumptions assumptions(Outlook... outlooks) {
        return new Assumptions(List.of(outlooks), List.of(), List.of(), List.of());
    }

    private static Outlook outlook(List<Fault> faults, boolean hasMajority, GroupOutlook... groups) {
        return new Outlook(faults, hasMajority, List.of(groups));
    }

    private static GroupOutlook group(String name, Fate fate, Optional<NodeId> holder, String why) {
        return new GroupOutlook(
                name, fate, holder, fate.isRunning() ? List.of(A) : List.of(), List.of(), Duration.ZERO, why);
    }

    private static void assertRefused(ThrowingCallable call, String remedy) {
        assertThatThrownBy(call).isInstanceOf(ConfigurationException.class).hasMessageContaining(remedy);
    }

    @Test
    void copies_and_promoted_ones_are_called_as_people_call_them() {
        GroupOutlook one = group("db#1", Fate.STOPS, Optional.of(A), "it must be apart from db#2, which is there");
        GroupOutlook two = group("db#2", Fate.STOPS, Optional.of(A), "it must be apart from db#1, which is there");
        GroupOutlook promoted = group("db!promoted", Fate.GOES_ON, Optional.of(A), "a reaches a majority");
        Outlook outlook = outlook(List.of(LOST), true, one, two, promoted);

        assertThat(outlook.group("db")).contains(promoted);
        assertThat(outlook.toString())
                .contains("the promoted copy of db goes on")
                .contains("2 copies of db stop: it must be apart from a copy of db, which is there")
                .doesNotContain("#", "!");
        assertThat(one.toString()).startsWith("a copy of db stops");
    }
}
