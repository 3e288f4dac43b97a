package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.RecordRoom;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.membership.jgroups.JGroupsChannel;
import org.understudy.ha.membership.spi.NodeStateStore;

/** A record into which no more names fit can still be sent and written, whatever then happens to what it names. */
class FullRecordTest {

    private static final String DISK = "d".repeat(32);
    private static final HostIdentity HOST = new HostIdentity("m".repeat(36), "b".repeat(36), "l".repeat(40));
    private static final String SAID = "€".repeat(500);

    private final TreeMap<NodeId, Admission> joins = new TreeMap<>();
    private final TreeMap<Incarnation, Offered> offers = new TreeMap<>();
    private final TreeSet<Incarnation> leaves = new TreeSet<>();

    @Test
    void nine_nodes_of_a_thousand_groups_fit_however_long_the_names() {
        Plan plan = offered(9, 1000, 0);

        assertThat(plan.notices().stream().anyMatch(notice -> notice.reason() == Reason.RECORD_FULL))
                .isFalse();
        assertThat(plan.record().groups().size()).isEqualTo(1000);
        plan.record()
                .sessions()
                .values()
                .forEach(session -> assertThat(session.offerVersion()).isEqualTo(1));
    }

    @Test
    void what_has_no_room_waits_outside_and_is_said() {
        Plan plan = offered(9, 1000, 8);
        int inside = plan.record().groups().size();

        assertThat(plan.notices().stream()
                        .filter(notice -> notice.reason() == Reason.RECORD_FULL)
                        .map(Notice::detail))
                .isNotEmpty()
                .allSatisfy(detail -> assertThat(detail).contains("more of").contains("register fewer groups"));
        assertThat(inside).isBetween(100, 999);
        assertThat(plan.record().sessions().values()).allSatisfy(session -> {
            assertThat(session.candidacies().size())
                    .as("all nodes have the same names inside")
                    .isEqualTo(inside);
            assertThat(session.offerVersion()).isEqualTo(1);
        });
        assertThat(RecordRoom.of(plan.record())).isLessThanOrEqualTo(RecordRoom.MAX);
        assertThat(Planner.plan(plan.record(), facts()).isChange())
                .as("what waits causes no round")
                .isFalse();
    }

    @Test
    void whoever_was_started_again_finds_the_room_it_had() {
        ClusterRecord full = offered(9, 1000, 8).record();
        int inside = full.groups().size();
        Session gone = full.sessions().get(name(4));

        leaves.add(gone.incarnation());
        joins.remove(name(4));
        Plan without = Planner.plan(full, facts());
        assertThat(without.record().sessions().containsKey(name(4))).isFalse();
        assertThat(without.record().groups().size()).as("its room stays free").isEqualTo(inside);

        leaves.clear();
        joins.put(name(4), new Admission(99, DISK, HOST, "k".repeat(64), 1));
        ClusterRecord back = Planner.plan(without.record(), facts()).record();
        Session again = back.sessions().get(name(4));
        offers.put(again.incarnation(), new Offered(1, candidacies(9, 1000, 8)));
        assertThat(Planner.plan(back, facts())
                        .record()
                        .sessions()
                        .get(name(4))
                        .candidacies()
                        .size())
                .isEqualTo(inside);
    }

    @Test
    void a_full_record_can_be_made_smaller_and_what_waits_comes_in() {
        ClusterRecord full = offered(9, 1000, 8).record();
        SortedMap<String, Candidacy> less = candidacies(9, 1000, 2);
        full.sessions().values().forEach(s -> offers.put(s.incarnation(), new Offered(2, less)));

        Plan smaller = Planner.plan(full, facts());

        Plan whole = Planner.plan(smaller.record(), facts());
        assertThat(whole.record().groups().size()).isGreaterThan(full.groups().size());
    }

    @Test
    void what_a_node_offers_anew_may_not_outgrow_the_record_either() {
        ClusterRecord small = offered(9, 1000, 0).record();
        SortedMap<String, Candidacy> larger = candidacies(9, 1000, 8);
        small.sessions().values().forEach(s -> offers.put(s.incarnation(), new Offered(2, larger)));

        Plan plan = Planner.plan(small, facts());

        assertThat(RecordRoom.of(plan.record())).isLessThanOrEqualTo(RecordRoom.MAX);
        assertThat(plan.notices().stream().anyMatch(notice -> notice.reason() == Reason.RECORD_FULL))
                .isTrue();
    }

    @Test
    void reasons_are_cut_wherever_they_come_from() {
        offered(1, 1, 0);
        Candidacy wordy = candidacies(1, 1, 0).get(group(0)).withEligibility(false, SAID);
        SortedMap<String, Candidacy> offer = new TreeMap<>();
        offer.put(group(0), wordy);
        offers.replaceAll((who, before) -> new Offered(7, offer));
        ClusterRecord admitted = offered(1, 1, 0).record();
        offers.replaceAll((who, before) -> new Offered(7, offer));

        Session session = Planner.plan(admitted, facts()).record().sessions().get(name(0));

        assertThat(session.candidacies().get(group(0)).whyNot()).isEqualTo(Sentence.shortened(SAID));
    }

    @Test
    void whatever_happens_to_a_full_record_it_can_be_sent_and_written() {
        ClusterRecord full = offered(9, 1000, 8).record();

        ClusterRecord worst = worst(full);

        byte[] frame = MessageCodec.encode(
                "c".repeat(32),
                name(0),
                1,
                new Message.Accept(new Ballot(Long.MAX_VALUE, "x".repeat(32)), worst, true));
        assertThat(frame.length).isGreaterThan(6_000_000).isLessThan(JGroupsChannel.FRAME_MAX - 64 * 1024);
        TreeMap<String, Long> released = new TreeMap<>();
        full.groups().keySet().forEach(group -> released.put(group, Long.MAX_VALUE));
        DurableState state =
                new DurableState(Ballot.NONE, Ballot.NONE, Optional.of(worst), released, 1, 1, new TreeMap<>(), false);
        assertThat(RecordCodec.encode(state).length).isLessThan(NodeStateStore.PAYLOAD_MAX);
    }

    @Test
    void long_sentences_are_cut_between_characters() {
        assertThat(Sentence.shortened("ü".repeat(100))).isEqualTo("ü".repeat(100));
        assertThat(Sentence.shortened("ü".repeat(101))).isEqualTo("ü".repeat(98) + "…");
        assertThat(Sentence.shortened("a" + "\uD83D\uDE00".repeat(80)))
                .isEqualTo("a" + "\uD83D\uDE00".repeat(49) + "…");
        assertThat(Sentence.shortened(Sentence.shortened(SAID))).isEqualTo(Sentence.shortened(SAID));
    }

    private Plan offered(int nodes, int groups, int addresses) {
        List<AcceptorId> acceptors = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            acceptors.add(new AcceptorId(name(i), DISK));
            joins.put(name(i), new Admission(i, DISK, HOST, "k".repeat(64), 0));
        }
        ClusterRecord admitted = Planner.plan(ClusterRecord.first("c".repeat(32), acceptors), facts())
                .record();
        SortedMap<String, Candidacy> candidacies = candidacies(nodes, groups, addresses);
        for (Session session : admitted.sessions().values()) {
            offers.put(session.incarnation(), new Offered(1, candidacies));
        }
        return Planner.plan(admitted, facts());
    }

    private static SortedMap<String, Candidacy> candidacies(int nodes, int groups, int addresses) {
        List<NodeId> preferred = new ArrayList<>();
        for (int i = 0; i < nodes; i++) {
            preferred.add(name(i));
        }
        SortedMap<String, Candidacy> all = new TreeMap<>();
        for (int g = 0; g < groups; g++) {
            List<String> remains = new ArrayList<>();
            for (int a = 0; a < addresses; a++) {
                remains.add("address/2001:db8:1111:2222:3333:" + g + ":" + a + "%enp130s0f1np1");
            }
            all.put(group(g), new Candidacy(preferred, false, true, "", Presence.ABSENT, true, remains));
        }
        return all;
    }

    private Facts facts() {
        return new Facts(
                joins,
                offers,
                new TreeMap<>(),
                leaves,
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(),
                new TreeSet<>(joins.keySet()),
                0,
                List.of(),
                true);
    }

    /** Everything that can grow without a new name has grown as far as it can. */
    private static ClusterRecord worst(ClusterRecord full) {
        TreeMap<NodeId, Session> sessions = new TreeMap<>();
        full.sessions().forEach((node, session) -> {
            TreeMap<String, Candidacy> candidacies = new TreeMap<>();
            session.candidacies()
                    .forEach((name, c) -> candidacies.put(name, c.withEligibility(false, Sentence.shortened(SAID))));
            sessions.put(node, session.withOffer(Long.MAX_VALUE, candidacies));
        });
        TreeMap<String, GroupRecord> groups = new TreeMap<>();
        full.groups().forEach((name, group) -> {
            List<String> remains =
                    full.sessions().get(name(0)).candidacies().get(name).remains();
            Incarnation holder = new Incarnation(name(0), Long.MAX_VALUE);
            Grant grant =
                    new Grant(holder, Long.MAX_VALUE, ProofKind.DIED, Optional.of(ProofKind.OPERATOR), true, remains);
            groups.put(
                    name,
                    new GroupRecord(
                            Optional.of(grant),
                            Optional.of(name(1)),
                            Sentence.shortened(SAID),
                            group.rules(),
                            Sentence.shortened(SAID)));
        });
        List<SessionEnd> ends = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            List<String> gone = List.of("g".repeat(LastWillCodec.DATAGRAM_MAX));
            ends.add(new SessionEnd(new Incarnation(name(i), 1), ProofKind.DIED, "k".repeat(64), gone, DISK, HOST));
        }
        List<OperatorWord> words = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            words.add(new OperatorWord(i, Sentence.shortened(SAID), SAID, SAID));
        }
        Voters voters = full.voters().towards(full.voters().set(), Long.MAX_VALUE);
        return full.withVoters(voters)
                .withSessions(sessions, full.incarnations(), ends)
                .withGroups(groups, Long.MAX_VALUE)
                .withOperators(new TreeSet<>(sessions.keySet()), words);
    }

    private static NodeId name(int i) {
        return NodeId.of("n".repeat(30) + (char) ('a' + i));
    }

    private static String group(int g) {
        return "g".repeat(58) + String.format("%06d", g);
    }
}
