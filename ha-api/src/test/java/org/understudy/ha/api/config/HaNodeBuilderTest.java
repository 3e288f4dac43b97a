package org.understudy.ha.api.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;

class HaNodeBuilderTest {

    @Test
    void reports_every_mistake_at_once_with_key_value_and_remedy() {
        HaNodeBuilder builder = HaNodeBuilder.create()
                .cluster("Shop")
                .node("serv9")
                .peer("serv1", "10.1.0.1")
                .peer("serv2", "10.1.0.2:70000")
                .peer("serv3", "10.1.0.3:7400")
                .peer("serv3", "10.1.0.4:7400")
                .peer("serv4", "10.1.0.3:7400")
                .keys(Path.of("/nowhere/keys"))
                .timing(new Timing(Duration.ofMillis(10), Duration.ofMillis(5), 500, Duration.ZERO));

        ConfigurationException mistakes = catchThrowableOfType(ConfigurationException.class, builder::start);

        assertThat(mistakes.problems())
                .extracting(Problem::key)
                .containsExactly(
                        "cluster",
                        "peer serv1",
                        "peer serv2",
                        "peer",
                        "peer serv4",
                        "keys",
                        "timing.lease",
                        "timing.driftPerMille",
                        "stateDirectory",
                        "node");
        assertThat(mistakes.problems()).allSatisfy(p -> assertThat(p.remedy()).isNotBlank());
        assertThat(mistakes).hasMessageContaining("10 settings cannot work");
    }

    @Test
    void null_is_a_mistake_with_key_and_remedy_and_told_once() {
        HaNodeBuilder builder = HaNodeBuilder.create()
                .cluster(null)
                .node(null)
                .peer(null, "10.1.0.1:7400")
                .witness("serv2", null)
                .stateDirectory(null)
                .keys(null)
                .timing(null)
                .processPolicy(null)
                .enforcer(null)
                .threads(null);

        ConfigurationException mistakes = catchThrowableOfType(ConfigurationException.class, builder::start);

        assertThat(mistakes.problems())
                .extracting(Problem::key)
                .containsExactly(
                        "cluster",
                        "node",
                        "peer",
                        "peer serv2",
                        "stateDirectory",
                        "keys",
                        "timing",
                        "processPolicy",
                        "enforcer",
                        "threads");
        assertThat(mistakes.problems()).allSatisfy(p -> {
            assertThat(p.value()).isEqualTo("null");
            assertThat(p.remedy()).isNotBlank();
        });
    }

    @Test
    void times_of_any_length_are_compared_and_none_may_be_missing() {
        Duration endless = Duration.ofSeconds(Long.MAX_VALUE);
        Duration second = Duration.ofSeconds(1);

        assertThatThrownBy(() -> HaNodeBuilder.create()
                        .timing(new Timing(second, endless, 10, endless))
                        .validate())
                .hasMessageContaining("timing.renewEvery")
                .hasMessageContaining("timing.guard");
        assertThatThrownBy(() -> HaNodeBuilder.create()
                        .timing(new Timing(second, null, 10, second))
                        .validate())
                .hasMessageContaining("give lease, renewEvery and guard");
    }

    @Test
    void two_votes_are_refused_with_the_way_out() {
        assertThatThrownBy(() -> HaNodeBuilder.create()
                        .cluster("shop")
                        .node("serv1")
                        .peer("serv1", "10.1.0.1:7400")
                        .peer("serv2", "10.1.0.2:7400")
                        .stateDirectory(Path.of("state"))
                        .insecure()
                        .validate())
                .hasMessageContaining("add a witness");
    }

    @Test
    void setting_something_twice_is_a_mistake() {
        assertThatThrownBy(() -> valid().cluster("other").validate()).hasMessageContaining("set it once");
    }

    @Test
    void capacities_and_policies_are_checked_as_well() {
        HaNodeBuilder builder = HaNodeBuilder.create()
                .capacity(null, 1)
                .capacity("Memory", 0)
                .capacity("cpu", 4)
                .capacity("cpu", 8)
                .placementPolicy(null);

        ConfigurationException mistakes = catchThrowableOfType(ConfigurationException.class, builder::validate);

        assertThat(mistakes.problems())
                .extracting(Problem::key)
                .startsWith("capacity", "capacity", "capacity Memory", "capacity cpu", "placementPolicy");
    }

    @Test
    void a_good_configuration_has_the_documented_defaults() {
        NodeConfig config = valid().validate();
        assertThat(config.node()).isEqualTo(NodeId.of("serv1"));
        assertThat(config.timing()).isEqualTo(Timing.standard());
        assertThat(config.guardian()).isTrue();
        assertThat(config.mayForm()).isFalse();
        assertThat(config.processPolicy()).isEqualTo(ProcessPolicy.NEVER_HALT);
        assertThat(config.self().isWitness()).isFalse();
    }

    @Test
    void the_holder_s_lease_ends_before_the_acceptors_stop_waiting_whatever_the_drift() {
        Timing timing = Timing.standard();
        // Slowest allowed holder against the fastest allowed acceptor, both in real time.
        double holder = timing.holderNanos() / (1 - timing.driftPerMille() / 1000.0);
        double acceptor = timing.acceptorNanos() / (1 + timing.driftPerMille() / 1000.0);
        assertThat(holder).isLessThan(acceptor);
    }

    private static HaNodeBuilder valid() {
        return HaNodeBuilder.create()
                .cluster("shop")
                .node("serv1")
                .peer("serv1", "10.1.0.1:7400")
                .peer("serv2", "10.1.0.2:7400")
                .witness("witness", "10.1.0.3:7400")
                .stateDirectory(Path.of("state"))
                .insecure();
    }
}
