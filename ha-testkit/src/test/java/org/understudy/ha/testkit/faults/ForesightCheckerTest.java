package org.understudy.ha.testkit.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.testkit.faults.ForesightChecker.Broken;
import org.understudy.ha.testkit.faults.ForesightChecker.Owner;
import org.understudy.ha.testkit.faults.ForesightChecker.Result;
import org.understudy.ha.testkit.faults.ForesightChecker.Verdict;
import org.understudy.ha.testkit.faults.Foretold.Saying;
import org.understudy.ha.testkit.faults.History.Life;
import org.understudy.ha.testkit.netns.Probe;

class ForesightCheckerTest {
    private static final String GROUP = FaultNode.WRITER;
    private static final NodeId N1 = NodeId.of("n1");
    private static final NodeId N2 = NodeId.of("n2");
    private static final NodeId N3 = NodeId.of("n3");
    private static final Fault FAULT = Fault.of(Fault.Kind.NODE_LOST, N1);
    private static final long STRUCK = millis(1000);
    private static final long MENDING = millis(6000);

    private final History history = new History();

    private static long millis(long millis) {
        return TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** The group acts on a node every 100 ms. */
    private void acts(String node, long token, long fromMillis, long toMillis) {
        for (long at = fromMillis; at < toMillis; at += 100) {
            history.add(new History.Acted(millis(at), millis(at) + 1, GROUP, new Life(node, 1), token));
        }
    }

    private void granted(long token, ProofKind proof) {
        history.add(new History.Granted(millis(2000), GROUP, token, proof, "granted"));
    }

    private static Saying saying(String group, Fate fate, List<NodeId> where, ProofKind... proofs) {
        return new Saying(group, fate, Optional.of(N1), where, List.of(proofs), millis(1010));
    }

    private Result check(Fate fate, List<NodeId> where, ProofKind... proofs) {
        return check(saying(GROUP, fate, where, proofs), MENDING, Set.of(), FAULT);
    }

    private Result check(Saying saying, long mending, Set<String> moved, Fault... faults) {
        Foretold told = new Foretold(1, List.of(faults), List.of(saying));
        return ForesightChecker.check(
                history, new Broken(told, STRUCK, mending, Map.of(saying.group(), new Owner("n1", 7)), moved));
    }

    private static void assertHeld(Result result, Verdict verdict) {
        assertThat(result.violations()).isEmpty();
        assertThat(result.verdicts()).containsExactly(verdict);
    }

    private static void assertBroken(Result result, String sentence) {
        assertThat(result.verdicts()).containsExactly(Verdict.BROKEN);
        assertThat(result.violations()).singleElement().satisfies(v -> {
            assertThat(v.rule()).isEqualTo(HistoryChecker.Rule.ASSUMPTIONS_HOLD);
            assertThat(v.sentence()).contains("NODE_LOST:n1").contains(sentence);
        });
    }

    @Test
    void what_was_said_to_go_on_goes_on() {
        acts("n1", 7, 0, 6000);

        assertHeld(check(Fate.GOES_ON, List.of(N1)), Verdict.HELD);
    }

    @Test
    void what_was_said_to_go_on_and_stands_still_is_found() {
        acts("n1", 7, 0, 3000);

        assertBroken(check(Fate.GOES_ON, List.of(N1)), "nobody acted at the end");
    }

    @Test
    void what_was_said_to_stay_and_goes_on_elsewhere_is_counted() {
        acts("n1", 7, 0, 3000);
        acts("n2", 8, 3000, 6000);

        assertHeld(check(Fate.GOES_ON, List.of(N1)), Verdict.HELD_ELSEWHERE);
    }

    @Test
    void what_was_said_to_move_moves_by_a_proof_that_was_named() {
        acts("n1", 7, 0, 1000);
        acts("n2", 8, 2100, 6000);
        granted(8, ProofKind.EXPIRED);

        assertHeld(check(Fate.MOVES, List.of(N2), ProofKind.EXPIRED), Verdict.HELD);
        assertBroken(check(Fate.MOVES, List.of(N2), ProofKind.DIED), "taken over with proof EXPIRED");
        assertBroken(check(Fate.MOVES, List.of(N3), ProofKind.EXPIRED), "at the end n2 acted");
    }

    @Test
    void what_was_said_to_move_and_does_not_is_found_once_it_had_the_time() {
        acts("n1", 7, 0, 1000);

        assertBroken(check(Fate.MOVES, List.of(N2), ProofKind.EXPIRED), "nobody acted at the end");
        Saying saying = saying(GROUP, Fate.MOVES, List.of(N2), ProofKind.EXPIRED);
        assertHeld(check(saying, millis(4000), Set.of(), FAULT), Verdict.NOT_TOLD);
    }

    @Test
    void what_may_stay_or_move_may_do_either() {
        acts("n1", 7, 0, 6000);

        assertHeld(check(Fate.MOVES, List.of(N1, N2), ProofKind.EXPIRED), Verdict.HELD);
    }

    @Test
    void what_was_said_to_stop_stops() {
        acts("n1", 7, 0, 2000);

        assertHeld(check(Fate.STOPS, List.of()), Verdict.HELD);
    }

    @Test
    void what_was_said_to_stop_and_goes_on_is_found() {
        acts("n1", 7, 0, 6000);

        assertBroken(check(Fate.STOPS, List.of()), "n1 acted under token 7");
    }

    @Test
    void what_was_said_to_stop_and_is_taken_over_is_found_at_once() {
        acts("n2", 8, 1500, 1600);
        Saying saying = saying(GROUP, Fate.STOPS, List.of());

        assertBroken(check(saying, millis(1700), Set.of(), FAULT), "n2 took it over");
        Fault second = Fault.of(Fault.Kind.CUT_OFF, N2);
        assertHeld(check(saying, millis(1700), Set.of(), FAULT, second), Verdict.NOT_TOLD);
        assertHeld(check(saying, MENDING, Set.of(), FAULT, second), Verdict.HELD);
    }

    @Test
    void nothing_is_compared_where_nothing_is_promised_or_another_group_was_meant() {
        assertHeld(check(Fate.MAY_STOP, List.of(N1)), Verdict.NOT_TOLD);
        Saying moved = saying(GROUP, Fate.STOPS, List.of());
        acts("n2", 8, 1500, 6000);
        assertHeld(check(moved, MENDING, Set.of(GROUP), FAULT), Verdict.NOT_TOLD);
        Saying elsewhere = new Saying(GROUP, Fate.STOPS, Optional.of(N3), List.of(), List.of(), 0);
        assertHeld(check(elsewhere, MENDING, Set.of(), FAULT), Verdict.NOT_TOLD);
    }

    @Test
    void a_client_of_an_address_is_what_counts_for_it() {
        history.addProbes(List.of(new Probe(FaultNode.FILES, millis(5000), millis(5001), "n2/3 token 8")));
        Saying moves = saying(FaultNode.FILES, Fate.MOVES, List.of(N2), ProofKind.EXPIRED);

        assertHeld(check(moves, MENDING, Set.of(), FAULT), Verdict.HELD);
    }

    @Test
    void what_is_told_survives_its_line() {
        Foretold told = new Foretold(
                4,
                List.of(FAULT, Fault.linkCut(N2, N3)),
                List.of(
                        saying(GROUP, Fate.MOVES, List.of(N2, N3), ProofKind.DIED, ProofKind.EXPIRED),
                        new Saying(FaultNode.ELECTION, Fate.STOPS, Optional.empty(), List.of(), List.of(), 0)));

        assertThat(Foretold.parse(told.toString())).isEqualTo(told);
        assertThat(Lines.parse("P 10 " + told)).contains(new History.Told(10, told));
    }
}
