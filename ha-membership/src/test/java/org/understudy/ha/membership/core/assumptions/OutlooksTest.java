package org.understudy.ha.membership.core.assumptions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.Fault.Kind;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.Outlook.GroupOutlook;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

class OutlooksTest {

    /** Ended by the kernel with the lease. */
    private static final String FILES = "files";
    /** Ended by nothing but its process. */
    private static final String LOCK = "lock";
    /** As the lock, and told to go on without a majority. */
    private static final String KEPT = "kept";

    private static final NodeId N1 = node(1);
    private static final NodeId N2 = node(2);
    private static final NodeId N3 = node(3);

    static NodeId node(int number) {
        return NodeId.of("n" + number);
    }

    static Candidacy candidacy(List<NodeId> preferred, boolean isExpirable, boolean keepsRunning) {
        List<String> remains = isExpirable ? List.of("address/10.0.0.50") : List.of();
        return new Candidacy(preferred, false, true, "", Presence.ABSENT, isExpirable, remains, 0, keepsRunning);
    }

    /** Nodes n1, n2 and so on, the last ones witnesses; every group on n1. */
    static ClusterRecord cluster(int owners, int witnesses, Map<String, Candidacy> groups) {
        List<AcceptorId> acceptors = new ArrayList<>();
        for (int i = 1; i <= owners + witnesses; i++) {
            acceptors.add(Records.acceptor(node(i)));
        }
        ClusterRecord record = ClusterRecord.first("test", acceptors);
        for (int i = 1; i <= owners + witnesses; i++) {
            record = Records.withSession(
                    record, new Incarnation(node(i), 1), new TreeMap<>(i <= owners ? groups : Map.of()));
        }
        long token = 1;
        for (Map.Entry<String, Candidacy> entry : groups.entrySet()) {
            Candidacy offer = entry.getValue();
            record = Records.withGroup(
                    record,
                    entry.getKey(),
                    Records.granted(
                            new Incarnation(N1, 1),
                            token++,
                            offer.isExpirable(),
                            offer.remains().toArray(String[]::new)));
        }
        return record;
    }

    static Map<String, Candidacy> everyKind(int owners) {
        List<NodeId> preferred = new ArrayList<>();
        for (int i = 1; i <= owners; i++) {
            preferred.add(node(i));
        }
        Map<String, Candidacy> groups = new TreeMap<>();
        groups.put(FILES, candidacy(preferred, true, false));
        groups.put(LOCK, candidacy(preferred, false, false));
        groups.put(KEPT, candidacy(preferred, false, true));
        return groups;
    }

    private static Assumptions assumptions(ClusterRecord record) {
        return new Assumptions(Outlooks.of(record, Timing.standard()), Outlooks.absent(record), List.of(), List.of());
    }

    private static GroupOutlook at(ClusterRecord record, String group, Fault... faults) {
        return assumptions(record).outlook(faults).orElseThrow().group(group).orElseThrow();
    }

    private final ClusterRecord three = cluster(3, 0, everyKind(3));

    @Test
    void a_cluster_too_large_for_every_pair_of_faults_is_told_of_every_fault_alone() {
        Map<String, Candidacy> many = new TreeMap<>();
        for (int group = 0; group < 100; group++) {
            many.put("group-" + group, candidacy(List.of(N1, N2), true, false));
        }
        ClusterRecord nine = cluster(9, 0, many);

        assertThat(Outlooks.areTooMany(three)).isFalse();
        assertThat(Outlooks.areTooMany(nine)).isTrue();
        assertThat(assumptions(nine).doubles()).isEmpty();
        assertThat(assumptions(nine).singles()).hasSizeGreaterThan(9 * 6);
    }

    @Test
    void a_killed_process_is_proved_dead_so_everything_moves() {
        Fault kill = Fault.of(Kind.PROCESS_KILLED, N1);

        GroupOutlook files = at(three, FILES, kill);
        assertThat(files.fate()).isEqualTo(Fate.MOVES);
        assertThat(files.mayRunOn()).containsExactly(N2);
        assertThat(files.proofs()).containsExactly(ProofKind.DIED, ProofKind.EXPIRED);
        assertThat(files.atLatest()).hasMillis(1010);
        GroupOutlook lock = at(three, LOCK, kill);
        assertThat(lock.fate()).isEqualTo(Fate.MOVES);
        assertThat(lock.proofs()).containsExactly(ProofKind.DIED);
        assertThat(lock.atLatest()).isZero();
    }

    @Test
    void a_program_beside_a_killed_process_is_not_proved_gone() {
        Candidacy agent = new Candidacy(
                List.of(N1, N2),
                false,
                true,
                "",
                Presence.ABSENT,
                false,
                List.of("program/ocf/heartbeat/nginx/web"),
                0,
                false);
        ClusterRecord record = cluster(3, 0, new TreeMap<>(Map.of("web", agent)));

        assertThat(at(record, "web", Fault.of(Kind.PROCESS_KILLED, N1)).fate()).isEqualTo(Fate.STOPS);
    }

    @Test
    void a_lost_node_is_waited_out_and_what_no_lease_ends_stops() {
        for (Kind kind : List.of(Kind.NODE_LOST, Kind.NODE_PAUSED, Kind.CUT_OFF)) {
            Fault fault = Fault.of(kind, N1);

            assertThat(at(three, FILES, fault).fate()).as(kind.name()).isEqualTo(Fate.MOVES);
            assertThat(at(three, FILES, fault).proofs()).contains(ProofKind.EXPIRED);
            assertThat(at(three, LOCK, fault).fate()).as(kind.name()).isEqualTo(Fate.STOPS);
        }
        assertThat(at(three, LOCK, Fault.of(Kind.NODE_LOST, N1)).why())
                .contains("an operator to confirm that it is down");
        assertThat(at(three, LOCK, Fault.of(Kind.CUT_OFF, N1)).why()).contains("cannot say so");
    }

    @Test
    void what_keeps_running_goes_on_where_it_is_cut_off_but_not_where_it_is_lost() {
        assertThat(at(three, KEPT, Fault.of(Kind.CUT_OFF, N1)).fate()).isEqualTo(Fate.GOES_ON);
        assertThat(at(three, KEPT, Fault.of(Kind.CUT_OFF, N1)).why()).contains("without a majority");
        assertThat(at(three, KEPT, Fault.of(Kind.NODE_LOST, N2), Fault.of(Kind.NODE_LOST, N3))
                        .fate())
                .isEqualTo(Fate.GOES_ON);
        assertThat(at(three, KEPT, Fault.of(Kind.NODE_LOST, N1)).fate()).isEqualTo(Fate.STOPS);
    }

    @Test
    void a_fault_elsewhere_changes_nothing() {
        for (Kind kind : Kind.values()) {
            if (kind != Kind.LINK_CUT) {
                assertThat(assumptions(three)
                                .outlook(Fault.of(kind, N2))
                                .orElseThrow()
                                .groups())
                        .as(kind.name())
                        .allMatch(g -> g.fate() == Fate.GOES_ON);
            }
        }
    }

    @Test
    void one_cut_link_stops_nothing_and_two_cut_off_the_node_between_them() {
        Fault first = Fault.linkCut(N1, N2);
        Fault second = Fault.linkCut(N1, N3);

        assertThat(assumptions(three).outlook(first).orElseThrow().groups()).allMatch(g -> g.fate() == Fate.GOES_ON);
        assertThat(at(three, FILES, first, second).fate()).isEqualTo(Fate.MOVES);
        assertThat(at(three, LOCK, first, second).fate()).isEqualTo(Fate.STOPS);
    }

    @Test
    void two_of_three_votes_lost_stop_everything() {
        Outlook outlook = assumptions(three)
                .outlook(Fault.of(Kind.NODE_LOST, N2), Fault.of(Kind.CUT_OFF, N3))
                .orElseThrow();

        assertThat(outlook.hasMajority()).isFalse();
        assertThat(outlook.group(FILES).orElseThrow().fate()).isEqualTo(Fate.STOPS);
        assertThat(outlook.group(FILES).orElseThrow().why()).contains("fewer than 2 of 3 votes");
    }

    @Test
    void of_five_votes_two_may_be_lost_one_after_the_other() {
        ClusterRecord five = cluster(5, 0, everyKind(5));
        GroupOutlook files = at(five, FILES, Fault.of(Kind.NODE_LOST, N1), Fault.of(Kind.NODE_LOST, N2));

        assertThat(files.fate()).isEqualTo(Fate.MOVES);
        assertThat(files.mayRunOn()).containsExactly(N3);
        assertThat(files.atLatest())
                .as("the second may come after the first takeover")
                .hasMillis(2020);
        GroupOutlook lock = at(five, LOCK, Fault.of(Kind.PROCESS_KILLED, N1), Fault.of(Kind.NODE_LOST, N2));
        assertThat(lock.fate()).as("it may be on its way to n2").isEqualTo(Fate.MAY_STOP);
    }

    @Test
    void a_guardian_is_missed_only_when_its_node_is_killed() {
        assertThat(at(three, LOCK, Fault.of(Kind.GUARDIAN_LOST, N1)).fate()).isEqualTo(Fate.GOES_ON);
        assertThat(at(three, LOCK, Fault.of(Kind.GUARDIAN_LOST, N1), Fault.of(Kind.PROCESS_KILLED, N1))
                        .fate()
                        .isRunning())
                .isFalse();
        assertThat(at(three, FILES, Fault.of(Kind.GUARDIAN_LOST, N1), Fault.of(Kind.PROCESS_KILLED, N1))
                        .fate())
                .isEqualTo(Fate.MOVES);
    }

    @Test
    void a_lost_disk_is_felt_now_or_later() {
        GroupOutlook files = at(three, FILES, Fault.of(Kind.DISK_LOST, N1));

        assertThat(files.fate()).isEqualTo(Fate.MOVES);
        assertThat(files.mayRunOn()).containsExactly(N1, N2);
        assertThat(at(three, LOCK, Fault.of(Kind.DISK_LOST, N1)).fate()).isEqualTo(Fate.MAY_STOP);
    }

    @Test
    void a_witness_votes_and_takes_nothing_over() {
        ClusterRecord pair = cluster(2, 1, everyKind(2));

        assertThat(at(pair, FILES, Fault.of(Kind.NODE_LOST, N1)).mayRunOn()).containsExactly(N2);
        assertThat(at(pair, FILES, Fault.of(Kind.NODE_LOST, N3)).fate()).isEqualTo(Fate.GOES_ON);
        ClusterRecord single = cluster(1, 2, everyKind(1));
        GroupOutlook alone = at(single, FILES, Fault.of(Kind.PROCESS_KILLED, N1));
        assertThat(alone.fate()).isEqualTo(Fate.STOPS);
        assertThat(alone.why()).contains("no node can start it");
    }

    @Test
    void two_votes_survive_nothing_that_takes_one_away() {
        ClusterRecord two = cluster(2, 0, everyKind(2));

        assertThat(at(two, FILES, Fault.of(Kind.PROCESS_KILLED, N2)).fate()).isEqualTo(Fate.STOPS);
        assertThat(at(two, FILES, Fault.linkCut(N1, N2)).fate()).isEqualTo(Fate.STOPS);
        assertThat(at(two, KEPT, Fault.linkCut(N1, N2)).fate()).isEqualTo(Fate.GOES_ON);
        assertThat(at(two, FILES, Fault.of(Kind.GUARDIAN_LOST, N1)).fate()).isEqualTo(Fate.GOES_ON);
    }

    @Test
    void who_is_absent_is_counted_as_lost_already() {
        ClusterRecord without = Records.withoutSession(three, new Incarnation(N3, 1), java.util.Optional.empty());

        assertThat(Outlooks.absent(without)).containsExactly(N3);
        assertThat(at(without, FILES, Fault.of(Kind.PROCESS_KILLED, N1)).fate()).isEqualTo(Fate.STOPS);
        assertThat(assumptions(without).outlook(Fault.of(Kind.NODE_LOST, N3))).isEmpty();
        assertThat(assumptions(without).toString()).startsWith("with n3 missing:");
    }

    @Test
    void the_text_says_what_stops_and_stays_short() {
        String text = assumptions(cluster(5, 0, everyKind(5))).toString();

        assertThat(text)
                .contains("what a single fault stops")
                .contains("n1 loses power")
                .contains("lock");
        assertThat(text.lines().count()).isLessThan(40);
        assertThat(text.lines()).allMatch(line -> line.length() < 600);
    }

    /** Files on n1 with these rules, and the batch on n2, which has that much memory. */
    private static ClusterRecord ruled(Placement rules, int capacity) {
        Map<String, Candidacy> groups = new TreeMap<>();
        List<String> remains = List.of("address/10.0.0.51");
        groups.put("batch", new Candidacy(List.of(N2), false, true, "", Presence.ABSENT, true, remains));
        groups.put(
                FILES,
                candidacy(List.of(N1, N2), true, false)
                        .withRules(Rules.of(rules).digest()));
        ClusterRecord record = cluster(2, 1, groups);
        TreeMap<NodeId, Session> sessions = new TreeMap<>(record.sessions());
        sessions.replaceAll((node, session) ->
                session.withCapacity(new TreeMap<>(Map.of("memory", node.equals(N2) ? capacity : 4))));
        record = record.withSessions(sessions, record.incarnations(), record.ends());
        record = Records.withGroup(
                record, "batch", Records.granted(new Incarnation(N2, 1), 9, true, "address/10.0.0.51"));
        return Records.withGroup(record, FILES, record.groups().get(FILES).withRules(Rules.of(rules)));
    }

    @Test
    void a_group_that_rules_leave_no_other_node_stops_and_the_rule_is_named() {
        GroupOutlook apart =
                at(ruled(Placement.rules().apart("batch").build(), 1), FILES, Fault.of(Kind.NODE_LOST, N1));
        assertThat(apart.fate()).isEqualTo(Fate.STOPS);
        assertThat(apart.why()).contains("placement rules leave it no node", "n2: it must be apart from batch");

        Placement needy = Placement.rules().needs("memory", 4).build();
        GroupOutlook little = at(ruled(needy, 3), FILES, Fault.of(Kind.PROCESS_KILLED, N1));
        assertThat(little.fate()).isEqualTo(Fate.STOPS);
        assertThat(little.why()).contains("n2 has 3 of its 3 memory left, and it needs 4");
        assertThat(at(ruled(needy, 4), FILES, Fault.of(Kind.PROCESS_KILLED, N1)).fate())
                .isEqualTo(Fate.MOVES);
    }

    @Test
    void where_an_application_chooses_every_node_that_can_start_it_is_named() {
        Placement chosen = Placement.rules().apart("batch").policy("by-moon").build();
        Placement ours = Placement.rules().apart("batch").policy("pack").build();

        GroupOutlook files = at(chosenFrom(chosen), FILES, Fault.of(Kind.NODE_LOST, N1));
        assertThat(files.fate()).isEqualTo(Fate.MOVES);
        assertThat(files.mayRunOn()).containsExactly(N2, N3, node(4));
        assertThat(at(chosenFrom(ours), FILES, Fault.of(Kind.NODE_LOST, N1)).mayRunOn())
                .hasSize(1);
        assertThat(at(ruled(chosen, 1), FILES, Fault.of(Kind.NODE_LOST, N1)).fate())
                .as("where others go decides as well, and they may go elsewhere")
                .isEqualTo(Fate.MAY_STOP);
    }

    /** Files on n1, the batch on n2, which is all that can run it, and two more nodes that can run the files. */
    private static ClusterRecord chosenFrom(Placement rules) {
        Map<String, Candidacy> groups = new TreeMap<>();
        groups.put("batch", new Candidacy(List.of(), false, true, "", Presence.ABSENT, true, List.of()));
        groups.put(
                FILES,
                candidacy(List.of(), true, false).withRules(Rules.of(rules).digest()));
        ClusterRecord record =
                Records.withGroup(cluster(4, 1, groups), "batch", Records.granted(new Incarnation(N2, 1), 9, true));
        return Records.withGroup(record, FILES, record.groups().get(FILES).withRules(Rules.of(rules)));
    }

    @Test
    void what_must_be_with_a_lost_group_is_said_to_follow_it() {
        ClusterRecord record = ruled(Placement.rules().with("batch").build(), 1);
        ClusterRecord together = Records.withGroup(
                record,
                FILES,
                Records.granted(new Incarnation(N2, 1), 10, true, "address/10.0.0.50")
                        .withRules(record.groups().get(FILES).rules()));

        GroupOutlook files = at(together, FILES, Fault.of(Kind.NODE_LOST, N2));

        assertThat(files.fate()).isEqualTo(Fate.MOVES);
        assertThat(files.mayRunOn()).containsExactly(N1);
    }

    @Test
    void two_faults_promise_no_more_than_each_with_its_rules() {
        ClusterRecord record = ruled(Placement.rules().apart("batch").build(), 1);

        GroupOutlook both = at(record, FILES, Fault.of(Kind.NODE_PAUSED, N1), Fault.of(Kind.GUARDIAN_LOST, N2));

        assertThat(both.fate().isRunning()).isFalse();
    }

    /** As many copies as nodes, each copy on another; the last nodes are not able to run one. */
    private static ClusterRecord copies(int copies, int nodes, int unable) {
        Rules apart = Rules.of(Placement.rules().apart("db").build());
        Map<String, Candidacy> groups = new TreeMap<>();
        for (int copy = 1; copy <= copies; copy++) {
            groups.put("db#" + copy, candidacy(List.of(N1, N2, N3), true, false).withRules(apart.digest()));
        }
        ClusterRecord record = cluster(nodes, 0, groups);
        TreeMap<NodeId, Session> sessions = new TreeMap<>(record.sessions());
        for (int n = 1; n <= nodes; n++) {
            int here = n;
            sessions.computeIfPresent(node(n), (id, session) -> {
                TreeMap<String, Candidacy> offers = new TreeMap<>(session.candidacies());
                offers.replaceAll((name, offer) -> here > nodes - unable
                        ? offer.withEligibility(false, "it has no disk")
                        : name.equals("db#" + here) || here > copies
                                ? offer
                                : offer.withEligibility(false, "copy " + here + " of it is on this node already"));
                return session.withOffer(session.offerVersion(), offers);
            });
        }
        record = record.withSessions(sessions, record.incarnations(), record.ends());
        for (int copy = 1; copy <= copies; copy++) {
            record = Records.withGroup(
                    record,
                    "db#" + copy,
                    Records.granted(new Incarnation(node(copy), 1), copy, true).withRules(apart));
        }
        return record;
    }

    @Test
    void that_fewer_nodes_run_fewer_copies_is_not_worth_a_line() {
        ClusterRecord record = copies(3, 3, 0);

        GroupOutlook lost = at(record, "db#1", Fault.of(Kind.NODE_LOST, N1));
        assertThat(lost.fate()).isEqualTo(Fate.STOPS);
        assertThat(lost.isSurplus()).isTrue();
        assertThat(assumptions(record).singles()).allMatch(Outlook::isSurvived);
        assertThat(assumptions(record).toString()).contains("what a single fault stops (21 of 21 stop nothing)\n");
        assertThat(assumptions(record).outlook(Fault.of(Kind.NODE_LOST, N1)).orElseThrow())
                .hasToString("n1 loses power: 2 copies of db go on; a copy of db finds no node, each that is left runs"
                        + " one already");
    }

    @Test
    void a_copy_that_a_node_left_could_run_but_may_not_is_worth_one() {
        ClusterRecord record = copies(3, 4, 1);

        GroupOutlook lost = at(record, "db#1", Fault.of(Kind.NODE_LOST, N1));
        assertThat(lost.fate()).isEqualTo(Fate.STOPS);
        assertThat(lost.isSurplus()).isFalse();
        assertThat(assumptions(record).toString()).contains("it has no disk");
        assertThat(at(copies(3, 4, 0), "db#1", Fault.of(Kind.NODE_LOST, N1)).fate())
                .isEqualTo(Fate.MOVES);
    }

    @Test
    void copies_that_stop_with_the_majority_are_worth_one() {
        Outlook both = assumptions(copies(3, 3, 0))
                .outlook(Fault.of(Kind.NODE_LOST, N1), Fault.of(Kind.NODE_LOST, N2))
                .orElseThrow();

        assertThat(both.isSurvived()).isFalse();
        assertThat(both.groups()).noneMatch(GroupOutlook::isSurplus);
        assertThat(both.whatStops()).contains("3 copies of db stop");
    }
}
