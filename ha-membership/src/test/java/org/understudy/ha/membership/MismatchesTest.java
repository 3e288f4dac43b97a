package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.runtime.NoticeLog;

/** Two nodes that prefer each itself for a group; the test is the loop. */
class MismatchesTest {

    private static final String DIFFERENT = "prefer different nodes for web";

    @TempDir
    Path directory;

    private final NoticeLog log = new NoticeLog(new NamedThreads(Thread::new, Records.A));
    private final List<String> told = new ArrayList<>();
    private ClusterRecord known = Records.empty();
    private Mismatches mismatches;

    @BeforeEach
    void begin() {
        NodeConfig config = HaNode.builder()
                .cluster("test")
                .node("a")
                .peer("a", "127.0.0.1:7800")
                .peer("b", "127.0.0.1:7801")
                .peer("c", "127.0.0.1:7802")
                .stateDirectory(directory)
                .insecure()
                .withoutGuardian()
                .validate();
        mismatches = new Mismatches(
                config, () -> Optional.of(known), (nanos, action) -> {}, log, (subject, event) -> told.add(subject));
        known = Records.withGroup(known, "web", GroupRecord.NEW);
        known = Records.withSession(known, Records.session(Records.A1, offer(Records.A, Records.B)));
        known = Records.withSession(known, Records.session(Records.B1, offer(Records.B, Records.A)));
    }

    @AfterEach
    void end() {
        log.close();
    }

    @Test
    void a_difference_is_told_once() {
        assertThat(mismatches.compare(known)).isTrue();
        assertThat(mismatches.compare(known)).isFalse();
        assertThat(mismatches.compare(known.withNumber(2))).isTrue();

        assertThat(told).containsExactly(DIFFERENT);
    }

    @Test
    void a_difference_that_a_node_took_with_it_is_told_anew_when_it_comes_back() {
        mismatches.compare(known);
        mismatches.compare(Records.withoutSession(known, Records.B1, Optional.of(ProofKind.RELEASED)));
        mismatches.compare(known);

        assertThat(told).containsExactly(DIFFERENT, DIFFERENT);
    }

    @Test
    void nothing_is_kept_of_a_group_that_is_forgotten_so_that_it_is_told_anew_when_it_comes_back() {
        mismatches.compare(known);
        mismatches.compare(known.withGroups(new TreeMap<>(), known.lastToken()));
        mismatches.compare(known);

        assertThat(told).containsExactly(DIFFERENT, DIFFERENT);
    }

    private static TreeMap<String, Candidacy> offer(NodeId first, NodeId second) {
        TreeMap<String, Candidacy> offer = new TreeMap<>();
        offer.put("web", new Candidacy(List.of(first, second), false, true, "", Presence.ABSENT, false, List.of()));
        return offer;
    }
}
