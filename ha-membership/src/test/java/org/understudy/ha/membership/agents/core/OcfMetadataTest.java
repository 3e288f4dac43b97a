package org.understudy.ha.membership.agents.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class OcfMetadataTest {
    private final OcfMetadata metadata = new OcfMetadata(
            "Store",
            1,
            List.of(
                    new OcfParameter("device", true, "string", List.of()),
                    new OcfParameter("force", false, "boolean", List.of()),
                    new OcfParameter("port", false, "integer", List.of()),
                    new OcfParameter("mode", false, "select", List.of("fast", "safe")),
                    new OcfParameter("password", false, "integer", List.of())),
            List.of(
                    operation("start", 60, 0, 0, ""),
                    operation("start", 90, 0, 0, ""),
                    operation("monitor", 20, 10, 0, "Promoted"),
                    operation("monitor", 25, 11, 0, "Slave"),
                    operation("monitor", 40, 30, 10, "")));

    private static OcfOperation operation(String name, long timeout, long interval, int depth, String role) {
        return new OcfOperation(
                name, Optional.of(Duration.ofSeconds(timeout)), Optional.of(Duration.ofSeconds(interval)), depth, role);
    }

    @Test
    void what_fits_has_no_problem() {
        assertThat(metadata.problems(
                        new TreeMap<>(Map.of("device", "/dev/x", "force", "Yes", "port", "-1", "mode", "safe")),
                        "agent a"))
                .isEmpty();
    }

    @Test
    void every_mistake_is_found_with_its_remedy() {
        assertThat(metadata.problems(
                        new TreeMap<>(Map.of(
                                "Device",
                                "/dev/x",
                                "force",
                                "maybe",
                                "port",
                                "80s",
                                "mode",
                                "slow",
                                "nothing",
                                "1",
                                "password",
                                "geheim")),
                        "agent a"))
                .map(Object::toString)
                .containsExactly(
                        "agent a parameter Device = /dev/x: the agent Store writes it device",
                        "agent a parameter force = maybe: must be one of true, false, yes, no, on, off, 1, 0",
                        "agent a parameter mode = slow: must be one of fast, safe",
                        "agent a parameter nothing = 1: the agent Store does not know it; it knows device, force,"
                                + " port, mode, password",
                        "agent a parameter password = (not shown): must be a whole number without a unit",
                        "agent a parameter port = 80s: must be a whole number without a unit",
                        "agent a parameter device = (none): this agent requires it: give a value");
    }

    @Test
    void the_agent_advises_budgets_and_intervals_by_depth_and_role() {
        assertThat(metadata.timeout(OcfAction.START)).isEqualTo(Duration.ofSeconds(90));
        assertThat(metadata.timeout(OcfAction.STOP)).isEqualTo(OcfMetadata.TIMEOUT);
        assertThat(metadata.interval(0, true)).isEqualTo(Duration.ofSeconds(10));
        assertThat(metadata.interval(0, false)).isEqualTo(Duration.ofSeconds(11));
        assertThat(metadata.monitorTimeout(0, false)).isEqualTo(Duration.ofSeconds(25));
        assertThat(metadata.monitorTimeout(10, true)).isEqualTo(Duration.ofSeconds(40));
        assertThat(metadata.interval(20, false)).isEqualTo(OcfMetadata.INTERVAL);
        assertThat(metadata.monitorTimeout(20, false)).isEqualTo(Duration.ofSeconds(40));
    }

    @Test
    void only_what_knows_both_is_promotable() {
        assertThat(metadata.isPromotable()).isFalse();
        assertThat(new OcfMetadata(
                                "a",
                                0,
                                List.of(),
                                List.of(operation("promote", 1, 0, 0, ""), operation("demote", 1, 0, 0, "")))
                        .isPromotable())
                .isTrue();
    }
}
