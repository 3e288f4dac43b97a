package org.understudy.ha.testkit.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.testkit.sim.Fault.Kind;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;

/** Worlds that begin with the version before and are upgraded one node after the other, among other faults. */
@Tag("simulated")
class MixedVersionsTest {

    private static final int VERSION_AT = 4;
    private static final Traits OLDER = new Traits(true, false, true);

    @Test
    void nothing_is_broken_while_one_node_after_the_other_is_upgraded() {
        TreeMap<String, Long> counts = new TreeMap<>();
        for (long seed = 1; seed <= 25; seed++) {
            World world = new World(seed, WorldOptions.standard().with(OLDER).healingAt(25_000 * World.MILLI));
            RunReport report = world.run();

            assertThat(report.violation()).as("seed %d", seed).isEmpty();
            assertThat(report.counts().get("nodes upgraded"))
                    .as("seed %d", seed)
                    .isEqualTo(world.size().nodes());
            report.counts().forEach((what, count) -> counts.merge(what, count, Long::sum));
        }
        assertThat(counts.get("messages of another version refused")).isPositive();
        assertThat(counts).containsKeys("starts by EXPIRED", "starts by RELEASED", "starts by DIED");
    }

    @Test
    void groups_run_again_under_higher_tokens_once_a_majority_is_upgraded() {
        List<Fault> upgrades = new ArrayList<>();
        for (int node = 0; node < 3; node++) {
            upgrades.add(
                    new Fault((4_000 + 3_000 * node) * World.MILLI, Kind.UPGRADE, node, 0, 0, 1_000 * World.MILLI, 0));
        }
        WorldOptions options = WorldOptions.standard()
                .with(OLDER)
                .healingAt(20_000 * World.MILLI)
                .scripted(upgrades);

        RunReport report = new World(1, options).run();

        assertThat(report.violation()).isEmpty();
        assertThat(report.owners()).containsKeys("files", "mail", "volume", "leader");
        List<RunReport.Start> files =
                report.starts().stream().filter(s -> s.group().equals("files")).toList();
        assertThat(files).extracting(RunReport.Start::token).isSorted();
        assertThat(files.get(files.size() - 1).atNanos())
                .as("the last to be upgraded is the third voice that the first two need to be sure of their disks")
                .isGreaterThan(10_000 * World.MILLI);
    }

    @Test
    void a_frame_of_another_version_is_refused() {
        byte[] frame =
                MessageCodec.encode("sim", NodeId.of("serv1"), 1, new Message.Prepare(new Ballot(3, "serv1/1"), false));
        frame[VERSION_AT]--;

        assertThatThrownBy(() -> MessageCodec.decode(frame))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining("frame of version " + frame[VERSION_AT]);
    }
}
