package org.understudy.ha.testkit.sim.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.codec.RecordCodec;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.OperatorWord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

class OlderFormatTest {

    private static final NodeId A = NodeId.of("a");
    private static final NodeId B = NodeId.of("b");
    private static final List<AcceptorId> VOTERS = List.of(new AcceptorId(A, "d0"), new AcceptorId(B, "d1"));
    private static final Ballot BALLOT = new Ballot(7, "a/3");

    @Test
    void everything_that_version_1_could_say_is_read_as_it_was_written() {
        DurableState state = state(record("", HostIdentity.UNKNOWN), 0);

        assertThat(RecordCodec.decodeDurable(OlderFormat.encode(state, 1))).isEqualTo(state);
        assertThat(RecordCodec.decodeDurable(OlderFormat.encode(DurableState.EMPTY, 1)))
                .isEqualTo(DurableState.EMPTY);
    }

    @Test
    void what_version_1_did_not_know_is_lost_and_nothing_else() {
        DurableState written = state(record("disk-a", new HostIdentity("m", "b", "l")), 4);

        DurableState read = RecordCodec.decodeDurable(OlderFormat.encode(written, 1));

        assertThat(read).isEqualTo(state(record("", HostIdentity.UNKNOWN), 0));
    }

    @Test
    void everything_that_version_2_could_say_is_read_as_it_was_written() {
        ClusterRecord plain = record("disk-a", new HostIdentity("m", "b", "l"));
        ClusterRecord written = plain.withVoters(plain.voters().towards(VOTERS.subList(0, 1), 3))
                .withOperators(new TreeSet<>(List.of(B)), List.of(new OperatorWord(3, "what", "who", "why")));

        assertThat(RecordCodec.decodeDurable(OlderFormat.encode(state(written, 4), 2)))
                .isEqualTo(state(written, 4));
        assertThat(RecordCodec.decodeDurable(OlderFormat.encode(DurableState.EMPTY, 2)))
                .isEqualTo(DurableState.EMPTY);
    }

    @Test
    void what_version_2_did_not_know_is_lost_and_nothing_else() {
        ClusterRecord plain = record("disk-a", new HostIdentity("m", "b", "l"));
        Rules rules = Rules.of(Placement.rules().apart("mail").build());
        TreeMap<String, GroupRecord> groups = new TreeMap<>(plain.groups());
        groups.computeIfPresent("files", (name, group) -> group.withRules(rules).withHeld("mail is there"));
        ClusterRecord written = plain.withGroups(groups, plain.lastToken())
                .withMaintenance(new TreeSet<>(List.of(Target.group("files"))));

        assertThat(RecordCodec.decodeDurable(OlderFormat.encode(state(written, 4), 2)))
                .isEqualTo(state(plain, 4));
    }

    @Test
    void two_sets_of_acceptors_cannot_be_said() {
        ClusterRecord plain = record("", HostIdentity.UNKNOWN);
        ClusterRecord joint = plain.withVoters(plain.voters().towards(VOTERS.subList(0, 1), 3));

        assertThatThrownBy(() -> OlderFormat.encode(state(joint, 0), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("JOINT");
    }

    @Test
    void a_disk_comes_back_as_version_1_left_it() {
        SimDisk disk =
                new SimDisk(new org.understudy.ha.testkit.sim.clock.Timeline(1, true), 0, false, false, durable -> {});
        disk.open();
        assertThat(disk.open().isCurrent()).isTrue();

        disk.beWrittenByVersionOne();

        SimDisk.Opened opened = disk.open();
        assertThat(opened.state()).isEqualTo(DurableState.EMPTY);
        assertThat(opened.isCurrent())
                .as("version 1 left no note beside its disk")
                .isFalse();
    }

    private static DurableState state(ClusterRecord record, long life) {
        TreeMap<String, Long> released = new TreeMap<>();
        released.put("mail", 4L);
        TreeMap<AcceptorId, Long> lives = new TreeMap<>();
        if (life > 0) {
            lives.put(VOTERS.get(1), life);
        }
        return new DurableState(BALLOT, BALLOT, Optional.of(record), released, life, life, lives, false);
    }

    private static ClusterRecord record(String disk, HostIdentity host) {
        Incarnation one = new Incarnation(A, 1);
        Incarnation two = new Incarnation(B, 2);
        Candidacy candidacy =
                new Candidacy(List.of(B, A), true, false, "vetoed", Presence.ABSENT, true, List.of("address"));
        TreeMap<String, Candidacy> offers = new TreeMap<>();
        offers.put("files", candidacy);
        TreeMap<NodeId, Session> sessions = new TreeMap<>();
        sessions.put(A, new Session(one, 99, disk, host, "key", 3, offers));
        TreeMap<NodeId, Long> incarnations = new TreeMap<>();
        incarnations.put(A, 1L);
        incarnations.put(B, 2L);
        SessionEnd end = new SessionEnd(two, ProofKind.DIED, "key-b", List.of("address"), disk, host);
        TreeMap<String, GroupRecord> groups = new TreeMap<>();
        groups.put(
                "files",
                GroupRecord.NEW.withGrant(new Grant(
                        one, 5, ProofKind.EXPIRED, Optional.of(ProofKind.RELEASED), true, List.of("address"))));
        groups.put("mail", GroupRecord.NEW);
        return ClusterRecord.first("sim", VOTERS)
                .withSessions(sessions, incarnations, List.of(end))
                .withGroups(groups, 5)
                .withNumber(12);
    }
}
