package org.understudy.ha.membership.core.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.candidacy;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.granted;
import static org.understudy.ha.membership.core.Records.withGroup;
import static org.understudy.ha.membership.core.Records.withSession;
import static org.understudy.ha.membership.core.Records.withoutSession;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Standing;
import org.understudy.ha.membership.core.record.Voters;

class RecordChangesTest {

    private static final ClusterRecord BOTH = withSession(
            withSession(empty(), A1, new TreeMap<>(Map.of("files", candidacy(false)))),
            B1,
            new TreeMap<>(Map.of("files", candidacy(false))));

    @Test
    void nothing_changed_and_nothing_is_told() {
        ClusterRecord record = withGroup(BOTH, "files", granted(A1, 4, false));

        assertThat(RecordChanges.between(record, record.withNumber(9), List.of()))
                .isEmpty();
    }

    @Test
    void a_takeover_is_one_decision_with_both_ends_and_the_proof() {
        ClusterRecord before = withGroup(BOTH, "files", granted(A1, 4, false));
        ClusterRecord after = withGroup(
                withoutSession(before, A1, Optional.of(ProofKind.DIED)),
                "files",
                GroupRecord.NEW.withGrant(new Grant(B1, 5, ProofKind.DIED, Optional.empty(), false, List.of())));

        List<Draft> drafts = RecordChanges.between(before, after.withNumber(8), List.of());

        assertThat(drafts).extracting(Draft::kind).containsExactly(Kind.LEFT, Kind.GRANTED);
        Draft grant = drafts.get(1);
        assertThat(grant.from()).contains(A1);
        assertThat(grant.to()).contains(B1);
        assertThat(grant.proof()).contains(ProofKind.DIED);
        assertThat(grant.record()).isEqualTo(8);
        assertThat(sentences(drafts))
                .containsExactly(
                        "a#1 is over: the process of a#1 is gone, its guardian said so",
                        "files is granted to b#1 with token 5: the process of a#1 is gone, its guardian said so");
    }

    @Test
    void a_grant_that_is_over_and_not_given_again_says_so() {
        ClusterRecord before = withGroup(BOTH, "files", granted(A1, 4, false));
        ClusterRecord after = withGroup(
                BOTH,
                "files",
                before.groups()
                        .get("files")
                        .withGrant(before.grant("files").orElseThrow().endedBy(ProofKind.RELEASED)));

        assertThat(sentences(RecordChanges.between(before, after, List.of())))
                .containsExactly("files is granted to nobody, token 4 of a#1 is over: a#1 stopped it and said so");
    }

    @Test
    void what_the_planner_said_about_a_group_stands_behind_it() {
        ClusterRecord after = withGroup(BOTH, "files", granted(A1, 4, false));

        assertThat(sentences(RecordChanges.between(
                        BOTH,
                        after,
                        List.of(new Notice(
                                "files", Reason.GRANT_MADE, "to a#1 token 4 proof NEVER: the only candidate")))))
                .containsExactly("files is granted to a#1 with token 4: it never ran anywhere, every probe says so"
                        + " (the only candidate)");
    }

    @Test
    void a_move_is_told_when_it_is_asked_for_and_when_it_is_dropped_but_not_when_it_was_done() {
        ClusterRecord held = withGroup(BOTH, "files", granted(A1, 4, false));
        ClusterRecord wanted =
                withGroup(held, "files", held.groups().get("files").withMoveTo(Optional.of(B)));
        ClusterRecord done = withGroup(
                held,
                "files",
                GroupRecord.NEW.withGrant(new Grant(B1, 5, ProofKind.RELEASED, Optional.empty(), false, List.of())));

        assertThat(sentences(RecordChanges.between(held, wanted, List.of())))
                .containsExactly("files is asked to move from a#1 to b#1");
        assertThat(sentences(RecordChanges.between(wanted, held, List.of())))
                .containsExactly("files stays with a#1: its move is not tried any more");
        assertThat(RecordChanges.between(wanted, done, List.of()))
                .extracting(Draft::kind)
                .containsExactly(Kind.GRANTED);
    }

    @Test
    void a_rule_that_took_the_grant_away_is_told_once_and_not_as_over_while_it_keeps_the_group_back() {
        String rule = "it starts after web, which does not run";
        ClusterRecord runs = withGroup(BOTH, "files", granted(A1, 4, false));
        ClusterRecord held = withGroup(runs, "files", runs.groups().get("files").withHeld(rule));
        ClusterRecord waits = withGroup(
                runs,
                "files",
                GroupRecord.NEW.withGrant(
                        new Grant(A1, 4, ProofKind.NEVER, Optional.of(ProofKind.RELEASED), false, List.of())));

        assertThat(sentences(RecordChanges.between(runs, held, List.of())))
                .containsExactly("files is kept from running by a rule (" + rule + ")");
        assertThat(sentences(RecordChanges.between(held, runs, List.of())))
                .containsExactly("files is kept back by no rule any more");
        assertThat(sentences(RecordChanges.between(
                        held,
                        waits,
                        List.of(
                                new Notice("files", Reason.GRANT_OVER, "a#1 token 4 RELEASED: " + rule),
                                new Notice("files", Reason.GRANT_WAITS, rule)))))
                .containsExactly("files is granted to nobody, token 4 of a#1 is over: a#1 stopped it and said so ("
                        + rule + ")");
    }

    @Test
    void a_reason_that_was_said_among_others_is_not_said_again() {
        ClusterRecord held = withGroup(BOTH, "files", granted(A1, 4, false));
        ClusterRecord over = withGroup(
                BOTH,
                "files",
                granted(A1, 4, false)
                        .withGrant(held.grant("files").orElseThrow().endedBy(ProofKind.RELEASED)));

        assertThat(sentences(RecordChanges.between(
                        held,
                        over,
                        List.of(
                                new Notice("files", Reason.GRANT_WAITS, "first"),
                                new Notice("files", Reason.GRANT_WAITS, "second"),
                                new Notice("files", Reason.GRANT_WAITS, "third"),
                                new Notice("files", Reason.GRANT_WAITS, "second")))))
                .singleElement()
                .asString()
                .endsWith("(first; second; third)");
    }

    @Test
    void operators_votes_and_generations_are_told() {
        ClusterRecord after = empty().withOperators(
                        new TreeSet<>(List.of(A)), List.of(new OperatorWord(3, "b#1 is off", "ann", "saw it")))
                .withVoters(Voters.of(List.of(empty().acceptors().get(0))))
                .withGeneration(1);

        assertThat(RecordChanges.between(empty(), after, List.of()))
                .extracting(Draft::kind)
                .containsExactly(Kind.FORCED, Kind.VOTERS, Kind.STANDBY, Kind.VOUCHED);
        assertThat(RecordChanges.between(after, after.withOperators(new TreeSet<>(), after.words()), List.of()))
                .extracting(Draft::kind)
                .containsExactly(Kind.ACTIVATED);
        assertThat(sentences(RecordChanges.between(empty(), after, List.of())))
                .contains("an operator vouched (b#1 is off, by ann: saw it)");
    }

    @Test
    void a_group_that_must_run_nowhere_says_why() {
        ClusterRecord held = withGroup(BOTH, "files", granted(A1, 4, false));
        ClusterRecord fatal =
                withGroup(held, "files", held.groups().get("files").withFatal("wrong licence"));

        assertThat(sentences(RecordChanges.between(held, fatal, List.of())))
                .containsExactly("files may run nowhere until it is mended (wrong licence)");
        assertThat(sentences(RecordChanges.between(fatal, held, List.of()))).containsExactly("files may run again");
    }

    @Test
    void whoever_knows_nothing_is_told_who_is_there_and_who_owns_what_and_no_old_words() {
        ClusterRecord record = withGroup(
                BOTH.withOperators(new TreeSet<>(), List.of(new OperatorWord(3, "what", "who", "why"))),
                "files",
                granted(A1, 4, false));

        assertThat(RecordChanges.all(record.withNumber(40)))
                .extracting(Draft::kind)
                .containsExactly(Kind.JOINED, Kind.JOINED, Kind.GRANTED);
    }

    @ParameterizedTest
    @CsvSource({
        "DIED, 'the process of its last owner is gone, its guardian said so'",
        "EXPIRED, 'the lease of its last owner is over and what it held has ended with it'",
        "SUPERSEDED, 'its last owner has ended, its node came back in a new life'",
        "RELEASED, its last owner stopped it and said so",
        "OPERATOR, an operator vouched that its last owner has ended"
    })
    void whoever_knows_nothing_calls_the_owner_before_its_last_one(ProofKind proof, String why) {
        ClusterRecord record = withGroup(
                BOTH, "files", GroupRecord.NEW.withGrant(new Grant(B1, 5, proof, Optional.empty(), false, List.of())));

        assertThat(sentences(RecordChanges.all(record))).contains("files is granted to b#1 with token 5: " + why);
    }

    @Test
    void a_new_life_of_a_node_is_an_end_and_a_beginning() {
        ClusterRecord after = withSession(BOTH, new Incarnation(A, 2), new TreeMap<>());

        assertThat(sentences(RecordChanges.between(BOTH, after, List.of())))
                .containsExactly("a#1 is over: no proof is known any more", "a is admitted as a#2");
    }

    @Test
    void what_another_node_decided_says_which_because_the_record_does_not_say_why() {
        ClusterRecord held = withGroup(BOTH, "files", granted(A1, 4, false)).withNumber(8);
        ClusterRecord wanted = withGroup(
                        held, "files", held.groups().get("files").withMoveTo(Optional.of(B)))
                .withNumber(9);

        assertThat(sentences(RecordChanges.between(held, wanted, "c", Optional.empty())))
                .containsExactly("files is asked to move from a#1 to b#1 (decided by c, whose history says why)");
        assertThat(sentences(RecordChanges.between(held, wanted.withNumber(10), "c", Optional.empty())))
                .as("c decided the last of several")
                .containsExactly("files is asked to move from a#1 to b#1");
        assertThat(sentences(RecordChanges.between(
                        held,
                        wanted,
                        List.of(new Notice("files", Reason.MOVE_DECIDED, "to b: it must be with db, which is on b")))))
                .containsExactly("files is asked to move from a#1 to b#1 (it must be with db, which is on b)");
    }

    @Test
    void what_another_node_was_heard_to_say_stands_with_its_name_behind_the_sentences_of_its_record() {
        ClusterRecord held = withGroup(BOTH, "files", granted(A1, 4, false)).withNumber(8);
        ClusterRecord wanted = withGroup(
                        held, "files", held.groups().get("files").withMoveTo(Optional.of(B)))
                .withNumber(9);
        ClusterRecord over = withGroup(
                        held,
                        "files",
                        GroupRecord.NEW.withGrant(
                                held.grant("files").orElseThrow().endedBy(ProofKind.DIED)))
                .withNumber(9);
        Optional<Reasons> heard = Optional.of(Reasons.of(List.of(
                new Notice("files", Reason.MOVE_DECIDED, "to b: a is on standby"),
                new Notice("mail", Reason.GRANT_OVER, "b#1 token 3 DIED: last will of b#1"))));
        Optional<Reasons> ofOthers = Optional.of(
                Reasons.of(List.of(new Notice("mail", Reason.GRANT_OVER, "b#1 token 3 DIED: last will of b#1"))));
        Optional<Reasons> cut = Optional.of(new Reasons(ofOthers.get().byPart(), false));

        assertThat(sentences(RecordChanges.between(held, wanted, "c", heard)))
                .containsExactly("files is asked to move from a#1 to b#1 (a is on standby; decided by c)");
        assertThat(sentences(RecordChanges.between(held, wanted.withNumber(10), "c", heard)))
                .as("what it says may be meant of a record before")
                .containsExactly("files is asked to move from a#1 to b#1");
        assertThat(sentences(RecordChanges.between(held, over, "c", ofOthers)))
                .as("its history says no more")
                .containsExactly(
                        "files is granted to nobody, token 4 of a#1 is over: the process of a#1 is gone, its guardian said so");
        assertThat(sentences(RecordChanges.between(held, over, "c", cut)))
                .as("its history may say more")
                .allSatisfy(sentence -> assertThat(sentence).endsWith("(decided by c, whose history says why)"));
    }

    @Test
    void names_are_told_with_their_owner_and_as_gone_with_its_session() {
        Holdings both = new Holdings(
                new TreeMap<>(Map.of("queue", new NameClaim("x", true), "cache", new NameClaim("y", false))),
                new TreeMap<>());
        ClusterRecord after = withSession(BOTH, BOTH.sessions().get(A).withHoldings(both));

        assertThat(sentences(RecordChanges.between(BOTH, after, List.of())))
                .containsExactly("a#1 owns the name cache, queue");
        assertThat(sentences(RecordChanges.between(after, BOTH, List.of())))
                .containsExactly("a#1 owns no more the name cache, queue");
        assertThat(sentences(RecordChanges.between(after, withoutSession(after, A1, Optional.empty()), List.of())))
                .contains("a#1 owns no more the name cache, queue");
    }

    @Test
    void barriers_are_told_when_their_members_change_and_when_a_phase_passes() {
        ClusterRecord begun = withBarrier(BOTH, "rebuild", new Standing(BarrierClaim.MEMBER, 7, 7, 0));
        ClusterRecord passed = withBarrier(BOTH, "rebuild", new Standing(BarrierClaim.MEMBER, 7, 8, 7));

        assertThat(sentences(RecordChanges.between(BOTH, begun, List.of())))
                .containsExactly("barrier rebuild begins anew, its members are [a#1, b#1]");
        assertThat(sentences(RecordChanges.between(begun, passed, List.of())))
                .containsExactly("all members of barrier rebuild have passed its phase 7");
        assertThat(sentences(RecordChanges.between(passed, BOTH, List.of())))
                .containsExactly("barrier rebuild begins anew, its members are nobody");
        assertThat(sentences(RecordChanges.between(
                        BOTH, withBarrier(BOTH, "!ladder", new Standing(BarrierClaim.MEMBER, 7, 7, 0)), List.of())))
                .containsExactly("the recovery ladder begins anew, its members are [a#1, b#1]");
    }

    private static ClusterRecord withBarrier(ClusterRecord record, String barrier, Standing standing) {
        ClusterRecord with = record;
        for (Session session : record.sessions().values()) {
            with = withSession(
                    with,
                    session.withHoldings(new Holdings(new TreeMap<>(), new TreeMap<>(Map.of(barrier, standing)))));
        }
        return with;
    }

    @Test
    void a_group_that_was_taken_out_says_who_did_it_and_an_election_goes_without_a_word() {
        ClusterRecord before = withGroup(withGroup(BOTH, "db#1", GroupRecord.NEW), "election:boss", GroupRecord.NEW);
        ClusterRecord after = BOTH.withOperators(
                new TreeSet<>(),
                List.of(new OperatorWord(3, "group db is taken out of the record", "ann", "not used any more")));

        List<Draft> drafts = RecordChanges.between(before, after, List.of());

        assertThat(drafts).extracting(Draft::kind).containsExactly(Kind.VOUCHED, Kind.FORGOTTEN);
        assertThat(sentences(drafts).get(0))
                .isEqualTo("an operator took group db out of the record, by ann: not used any more");
        assertThat(sentences(drafts).get(1))
                .isEqualTo(
                        "db copy 1 is taken out of the record: whoever registers it again begins with its first start"
                                + " (by ann: not used any more)");
    }

    private static List<String> sentences(List<Draft> drafts) {
        return drafts.stream()
                .map(d -> d.at(1, Instant.EPOCH, false).sentence())
                .toList();
    }
}
