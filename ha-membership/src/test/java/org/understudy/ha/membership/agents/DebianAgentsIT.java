package org.understudy.ha.membership.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.agents.core.OcfAction;

/** With the agents that Debian ships, in a directory of the test. */
@Timeout(240)
@Tag("servers")
class DebianAgentsIT {
    private static final Path AGENTS = OcfAgent.ROOT.resolve("resource.d/heartbeat");
    private static final Duration OFTEN = Duration.ofMillis(10);

    @TempDir
    Path directory;

    private Scratch scratch;
    private final Contexts context = new Contexts();

    @BeforeEach
    void look() {
        assumeTrue(
                Files.isExecutable(AGENTS.resolve("Dummy")),
                "NOT SHOWN: there are no resource agents here; apt-get install --no-install-recommends"
                        + " resource-agents");
        scratch = new Scratch(directory);
    }

    @AfterEach
    void endWhatRuns() {
        if (scratch != null) {
            scratch.close();
        }
    }

    private OcfAgent.Builder agent(String type) {
        return OcfAgent.builder("it", "ocf:heartbeat:" + type)
                .environment("HA_RSCTMP", directory.toString())
                .lookEvery(OFTEN);
    }

    @Test
    void dummy_starts_works_and_stops() throws Exception {
        Path state = directory.resolve("dummy.state");
        OcfAgent dummy = agent("Dummy").parameter("state", state.toString()).build();
        assertThat(dummy.probe()).isEqualTo(Presence.ABSENT);
        dummy.validate();
        dummy.start(context);
        dummy.start(context);
        assertThat(state).exists();
        assertThat(dummy.monitor()).isEqualTo(Health.healthy());
        assertThat(dummy.probe()).isEqualTo(Presence.HERE);
        dummy.reload();
        Files.delete(state);
        Scratch.monitorUntil(dummy, Health.State.NOT_RUNNING);
        dummy.start(context);
        dummy.stop(context);
        dummy.stop(context);
        assertThat(state).doesNotExist();
        assertThat(dummy.probe()).isEqualTo(Presence.ABSENT);
        assertThat(dummy.isPromotable()).isFalse();
        assertThat(dummy.startBudget()).isEqualTo(Duration.ofSeconds(20));
    }

    @Test
    void stateful_changes_its_roles_and_is_stopped_although_it_refuses_to_be_stopped_when_promoted() throws Exception {
        Path state = directory.resolve("stateful.state");
        OcfAgent stateful =
                agent("Stateful").parameter("state", state.toString()).build();
        assertThat(stateful.isPromotable()).isTrue();
        stateful.start(context);
        assertThat(state).hasContent("slave");
        assertThat(stateful.monitor()).isEqualTo(Health.healthy());
        stateful.promote(context);
        assertThat(state).hasContent("master");
        Scratch.monitorUntil(stateful, Health.State.HEALTHY);
        stateful.demote(context);
        assertThat(state).hasContent("slave");
        stateful.promote(context);
        stateful.stop(context);
        assertThat(state).doesNotExist();

        OcfAgent owner = agent("Stateful")
                .parameter("state", state.toString())
                .promoted()
                .build();
        owner.start(context);
        assertThat(state).hasContent("master");
        OcfAgent afterRestart = agent("Stateful")
                .parameter("state", state.toString())
                .promoted()
                .build();
        assertThat(afterRestart.probe()).isEqualTo(Presence.HERE);
        afterRestart.stop(context);
        assertThat(state).doesNotExist();
    }

    @Test
    void delay_overruns_a_budget_and_is_stopped_all_the_same() throws Exception {
        OcfAgent delay = agent("Delay")
                .parameter("startdelay", "600")
                .parameter("stopdelay", "0")
                .parameter("mondelay", "0")
                .budget(OcfAction.START, Duration.ofSeconds(5))
                .build();
        ResourceException e = catchThrowableOfType(ResourceException.class, () -> delay.start(context));
        assertThat(e.severity()).isEqualTo(Severity.SOFT);
        assertThat(e).hasMessageContaining("was killed after 5000 ms with ").hasMessageContaining("(sleep)");
        delay.stop(context);
    }

    @Test
    void anything_runs_a_daemon_that_outlives_the_call_and_its_death_is_seen() throws Exception {
        Path pid = directory.resolve("pids");
        OcfAgent sleeper = agent("anything")
                .parameter("binfile", "/usr/bin/sleep")
                .parameter("cmdline_options", "600")
                .parameter("pidfile", pid.toString())
                .build();
        assertThat(sleeper.probe()).isEqualTo(Presence.ABSENT);
        sleeper.start(context);
        assertThat(scratch.alive()).isEqualTo(1);
        assertThat(sleeper.monitor()).isEqualTo(Health.healthy());
        ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                .orElseThrow()
                .destroyForcibly();
        assertThat(Scratch.monitorUntil(sleeper, Health.State.FAILED).severity())
                .isEqualTo(Severity.SOFT);
        sleeper.stop(context);
        sleeper.start(context);
        assertThat(scratch.alive()).isEqualTo(1);
        sleeper.stop(context);
        Scratch.until("it is gone", () -> scratch.alive() == 0);
    }

    @Test
    void a_link_is_made_and_taken_away() throws Exception {
        Path target = Files.createFile(directory.resolve("target"));
        Path link = directory.resolve("link");
        OcfAgent symlink = agent("symlink")
                .parameter("target", target.toString())
                .parameter("link", link.toString())
                .build();
        symlink.start(context);
        assertThat(Files.readSymbolicLink(link)).isEqualTo(target);
        symlink.stop(context);
        assertThat(link).doesNotExist();
    }

    @Test
    void the_parameters_of_a_real_agent_are_checked() {
        assertThatThrownBy(() -> agent("Filesystem")
                        .parameter("device", "/dev/x")
                        .parameter("mountpoint", "/srv")
                        .parameter("fast_stop", "perhaps")
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("parameter mountpoint = /srv: the agent Filesystem does not know it")
                .hasMessageContaining("parameter fast_stop = perhaps: must be one of true")
                .hasMessageContaining("parameter directory = (none): this agent requires it")
                .hasMessageContaining("parameter fstype = (none)");
    }

    /** Those of every agent: whatever one cannot say without its parameters is refused in words, and nothing hangs. */
    @Test
    void the_metadata_of_the_agents_are_read() throws IOException {
        List<String> read = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        try (Stream<Path> agents = Files.list(AGENTS)) {
            for (Path program :
                    agents.filter(Files::isExecutable).sorted().limit(40).toList()) {
                try {
                    OcfAgent.builder("it", program).build();
                    read.add(program.toString());
                } catch (ConfigurationException e) {
                    if (e.getMessage().contains("this agent requires it")) {
                        read.add(program.toString());
                    } else {
                        refused.add(e.getMessage());
                    }
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(read).hasSizeGreaterThan(20);
    }
}
