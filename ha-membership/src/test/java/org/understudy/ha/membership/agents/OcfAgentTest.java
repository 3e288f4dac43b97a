package org.understudy.ha.membership.agents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Score;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.agents.core.OcfAction;

/** With an agent that does what the test wants: badly, mostly. */
@Timeout(90)
class OcfAgentTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(400);

    @TempDir
    Path directory;

    private Scratch scratch;
    private final Contexts context = new Contexts();

    @BeforeEach
    void open() {
        scratch = new Scratch(directory);
    }

    @AfterEach
    void endWhatRuns() {
        scratch.close();
    }

    /** State "0" or "8" in a file as long as it runs; each action may be replaced. Writes its calls down. */
    private OcfAgent.Builder agent(Map<String, String> replaced) throws IOException {
        StringBuilder actions = new StringBuilder();
        StringBuilder cases = new StringBuilder();
        Map<String, String> usual = Map.of(
                "start", "echo 0 >$STATE",
                "stop", "[ \"$(cat $STATE 2>/dev/null)\" = 8 ] && exit 8; rm -f $STATE",
                "monitor", "[ -f $STATE ] || exit 7; exit $(cat $STATE)",
                "promote", "echo 8 >$STATE",
                "demote", "echo 0 >$STATE",
                "notify", "env | grep notify | sort >$DIR/notify",
                "reload", "exit 0",
                "validate-all", "exit 0");
        usual.forEach((action, body) -> {
            actions.append("<action name=\"").append(action).append("\" timeout=\"20s\" interval=\"10ms\"/>");
            cases.append(action)
                    .append(") ")
                    .append(replaced.getOrDefault(action, body))
                    .append(";;\n");
        });
        String metadata = "<resource-agent name=\"Planted\"><version>1.1</version><parameters>"
                + "<parameter name=\"size\"><content type=\"integer\"/></parameter>"
                + "<parameter name=\"password\"><content type=\"string\"/></parameter></parameters><actions>"
                + replaced.getOrDefault("actions", actions.toString()) + "</actions></resource-agent>";
        Path program = scratch.program(
                "Planted",
                "#!/bin/sh\nDIR=" + directory + "; STATE=$DIR/state\n[ $1 = meta-data ] || echo $1 >>$DIR/calls\n"
                        + "case $1 in\n" + cases + "meta-data) echo '" + metadata + "';;\n*) exit 3;;\nesac\n");
        return OcfAgent.builder("planted", program);
    }

    private ResourceException refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(ResourceException.class, call);
    }

    // ---- what is right ---------------------------------------------------------------------------------------------

    @Test
    void it_starts_works_and_stops_and_every_call_may_be_repeated() throws Exception {
        OcfAgent agent = agent(Map.of()).build();
        assertThat(agent.probe()).isEqualTo(Presence.ABSENT);
        agent.start(context);
        agent.start(context);
        assertThat(agent.monitor()).isEqualTo(Health.healthy());
        agent.stop(context);
        agent.stop(context);
        assertThat(agent.probe()).isEqualTo(Presence.ABSENT);
        assertThat(Scratch.monitorUntil(agent, Health.State.NOT_RUNNING).reason())
                .contains("ended with 7");
    }

    @Test
    void it_is_told_what_the_api_says_and_nothing_else() throws Exception {
        OcfAgent agent = agent(Map.of("start", "env | sort >$DIR/env; echo 0 >$STATE"))
                .parameter("size", "5")
                .parameter("password", "two words $HOME")
                .environment("EXTRA", "1")
                .build();
        agent.start(context);
        assertThat(scratch.lines("env").stream()
                        .filter(line -> !line.startsWith("UNDERSTUDY_CALL="))
                        .map(line -> line.replaceAll("=/[^:]*/understudy-agent-[0-9]+-[0-9]+", "=SCORES")))
                .containsExactlyInAnyOrder(
                        "HA_SBIN_DIR=SCORES",
                        "UNDERSTUDY_PROMOTION_SCORE=SCORES/score",
                        "EXTRA=1",
                        "LC_ALL=C",
                        "OCF_RA_VERSION_MAJOR=1",
                        "OCF_RA_VERSION_MINOR=1",
                        "OCF_RESKEY_CRM_meta_interval=0",
                        "OCF_RESKEY_CRM_meta_timeout=20000",
                        "OCF_RESKEY_password=two words $HOME",
                        "OCF_RESKEY_size=5",
                        "OCF_RESOURCE_INSTANCE=planted",
                        "OCF_RESOURCE_PROVIDER=" + directory.getFileName(),
                        "OCF_RESOURCE_TYPE=Planted",
                        "OCF_ROOT=/usr/lib/ocf",
                        "PATH=SCORES:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        "PWD=/",
                        "UNDERSTUDY_GROUP=files",
                        "UNDERSTUDY_NODE=serv1",
                        "UNDERSTUDY_TOKEN=42");
    }

    @Test
    void its_promotion_score_is_what_it_tells_the_programs_of_pacemaker() throws Exception {
        OcfAgent agent = agent(Map.of("monitor", "[ -f $STATE ] || exit 7; [ -f $DIR/tell ] && . $DIR/tell; exit 0"))
                .lookEvery(Duration.ofMillis(1))
                .build();
        agent.start(context);
        assertThat(agent.score().reason()).contains("nobody has looked at it since its start");
        Scratch.monitorUntil(agent, Health.State.HEALTHY);
        Scratch.until(
                "it was looked at",
                () -> agent.monitor() != null && agent.score().isEligible());
        assertThat(agent.score()).isEqualTo(Score.of(0));

        scratch.write("tell", "crm_master -l reboot -v 10; crm_master -Q -l reboot -G >$DIR/found");
        untilScore(agent, Score.of(10));
        Scratch.until("it has asked", () -> scratch.lines("found").equals(List.of("10")));
        scratch.write("tell", "${HA_SBIN_DIR}/crm_attribute -p planted -v INFINITY -l reboot");
        untilScore(agent, Score.of(1_000_000));
        scratch.write("tell", "crm_attribute --promotion --update=-7 -N $(uname -n)");
        untilScore(agent, Score.veto("the agent gives it the promotion score -7, so it must not be promoted"));
        scratch.write("tell", "crm_master -D");
        untilScore(agent, Score.veto("the agent has taken its promotion score back"));
        scratch.write(
                "tell",
                "crm_master -v 5 -N elsewhere 2>$DIR/refused; crm_attribute -n mine -v 5 2>>$DIR/refused;"
                        + " crm_master -v many 2>>$DIR/refused; crm_master -v 3");
        untilScore(agent, Score.of(3));
        assertThat(scratch.lines("refused").subList(0, 3))
                .containsExactly(
                        "crm_master: each node gives its own instance a score; this is not elsewhere",
                        "crm_attribute: only the promotion score is kept here, and no other attribute",
                        "crm_master: 'many' is no score");

        scratch.write("tell", "echo $HA_SBIN_DIR >$DIR/where");
        Scratch.until(
                "it says where",
                () -> agent.monitor() != null && !scratch.lines("where").isEmpty());
        agent.stop(context);
        agent.retire();
        assertThat(Path.of(scratch.lines("where").get(0))).doesNotExist();
    }

    private static void untilScore(OcfAgent agent, Score score) throws InterruptedException {
        Scratch.until(
                "its score is " + score,
                () -> agent.monitor() != null && agent.score().equals(score));
    }

    @Test
    void a_probe_is_told_from_a_look_by_its_interval_and_looks_as_lightly_as_it_can() throws Exception {
        OcfAgent agent = agent(Map.of(
                        "monitor",
                        "echo $OCF_CHECK_LEVEL $OCF_RESKEY_CRM_meta_interval >>$DIR/looks; [ -f $STATE ] || exit 7"))
                .checkLevel(10)
                .lookEvery(Duration.ofSeconds(3))
                .build();
        agent.probe();
        agent.start(context);
        Scratch.until("somebody looked", () -> {
            agent.monitor();
            return scratch.lines("looks").size() == 2;
        });
        agent.stop(context);
        assertThat(scratch.lines("looks")).containsExactly("0 0", "10 3000", "0 0");
    }

    @Test
    void it_is_looked_at_no_more_often_than_it_was_told() throws Exception {
        OcfAgent agent = agent(Map.of()).lookEvery(LONG).build();
        agent.start(context);
        Scratch.until(
                "somebody looked",
                () -> agent.monitor().state() == Health.State.HEALTHY
                        && scratch.lines("calls").contains("monitor"));
        for (int i = 0; i < 50; i++) {
            agent.monitor();
        }
        assertThat(scratch.lines("calls").stream().filter("monitor"::equals)).hasSize(1);
    }

    @Test
    void a_slow_look_does_not_keep_the_caller_and_its_result_comes_later() throws Exception {
        OcfAgent agent = agent(Map.of("monitor", "until [ -e $DIR/go ]; do sleep 0.01; done; exit 1"))
                .build();
        agent.start(context);
        assertThat(agent.monitor()).isEqualTo(Health.healthy());
        assertThat(agent.monitor()).isEqualTo(Health.healthy());
        scratch.write("go", "");
        assertThat(Scratch.monitorUntil(agent, Health.State.FAILED).severity()).isEqualTo(Severity.SOFT);
    }

    @Test
    void a_look_that_is_under_way_is_over_when_it_stops() throws Exception {
        OcfAgent agent = agent(Map.of(
                        "monitor", "[ -f $STATE ] || exit 7; " + new Scratch(directory).child("") + " sleep 600"))
                .build();
        agent.start(context);
        Scratch.until(
                "a look is under way", () -> agent.monitor().state() == Health.State.HEALTHY && scratch.alive() == 1);
        agent.stop(context);
        Scratch.until("it is gone", () -> scratch.alive() == 0);
        assertThat(agent.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
    }

    @Test
    void degraded_is_degraded_and_moves_nothing() throws Exception {
        OcfAgent agent =
                agent(Map.of("monitor", "echo one disk left; exit 190")).build();
        agent.start(context);
        Health health = Scratch.monitorUntil(agent, Health.State.DEGRADED);
        assertThat(health.isBad()).isFalse();
        assertThat(health.reason()).contains("one disk left");
    }

    @Test
    void a_daemon_that_it_started_goes_on() throws Exception {
        OcfAgent agent = agent(Map.of(
                        "start",
                        scratch.child("setsid") + "\n" + scratch.untilChildren(1) + "; echo 0 >$STATE",
                        "stop",
                        "kill -9 $(cat $DIR/pids); rm -f $STATE"))
                .build();
        agent.start(context);
        assertThat(scratch.alive()).isEqualTo(1);
        agent.stop(context);
        Scratch.until("it is gone", () -> scratch.alive() == 0);
    }

    // ---- two roles -------------------------------------------------------------------------------------------------

    @Test
    void a_start_lands_unpromoted_and_the_roles_change_on_request() throws Exception {
        OcfAgent agent = agent(Map.of()).lookEvery(Duration.ofMillis(1)).build();
        assertThat(agent.isPromotable()).isTrue();
        agent.start(context);
        agent.promote(context);
        agent.promote(context);
        looked(agent, Health.State.HEALTHY);
        agent.demote(context);
        looked(agent, Health.State.HEALTHY);
        agent.promote(context);
        agent.stop(context);
        assertThat(scratch.lines("calls").stream().filter(c -> !c.equals("monitor")))
                .containsExactly("start", "promote", "promote", "demote", "promote", "demote", "stop");
    }

    @Test
    void a_role_that_it_should_not_have_is_a_failure() throws Exception {
        OcfAgent agent = agent(Map.of()).build();
        agent.start(context);
        scratch.write("state", "8");
        assertThat(Scratch.monitorUntil(agent, Health.State.FAILED).reason()).contains("nobody promoted it");
        agent.stop(context);

        OcfAgent owner = agent(Map.of()).promoted().build();
        owner.start(context);
        scratch.write("state", "0");
        assertThat(Scratch.monitorUntil(owner, Health.State.FAILED).reason()).contains("not as promoted");
    }

    @Test
    void what_was_promoted_before_this_process_began_is_demoted_before_it_is_stopped() throws Exception {
        scratch.write("state", "8");
        OcfAgent agent = agent(Map.of()).build();
        assertThat(agent.probe()).isEqualTo(Presence.HERE);
        agent.stop(context);
        assertThat(scratch.lines("calls")).containsExactly("monitor", "monitor", "demote", "stop", "monitor");
    }

    @Test
    void where_started_means_promoted_a_start_promotes() throws Exception {
        OcfAgent agent = agent(Map.of()).promoted().build();
        agent.start(context);
        looked(agent, Health.State.HEALTHY);
        assertThat(agent.startBudget()).isEqualTo(Duration.ofSeconds(40));
        agent.stop(context);
        assertThat(scratch.lines("calls").stream().filter(c -> !c.equals("monitor")))
                .containsExactly("start", "promote", "demote", "stop");
    }

    @Test
    void a_start_that_finds_it_promoted_fails_and_a_stop_puts_it_right() throws Exception {
        OcfAgent agent = agent(Map.of("start", "[ -f $STATE ] && exit $(cat $STATE); echo 0 >$STATE"))
                .build();
        scratch.write("state", "8");
        assertThat(refused(() -> agent.start(context)).severity()).isEqualTo(Severity.SOFT);
        agent.stop(context);
        assertThat(scratch.lines("calls")).containsExactly("start", "demote", "stop", "monitor");
    }

    @Test
    void a_notification_is_given_as_pacemaker_gives_it() throws Exception {
        OcfAgent agent = agent(Map.of()).build();
        agent.inform(new OcfNotification(true, OcfAction.PROMOTE, Map.of("promote_uname", "serv2")));
        assertThat(scratch.lines("notify"))
                .containsExactly(
                        "OCF_RESKEY_CRM_meta_notify_operation=promote",
                        "OCF_RESKEY_CRM_meta_notify_promote_uname=serv2",
                        "OCF_RESKEY_CRM_meta_notify_type=pre");
        assertThatThrownBy(() -> new OcfNotification(true, OcfAction.MONITOR, Map.of()))
                .isInstanceOf(ConfigurationException.class);
        assertThatThrownBy(() -> new OcfNotification(true, OcfAction.START, Map.of("x y", "z")))
                .isInstanceOf(ConfigurationException.class);
    }

    @Test
    void what_an_agent_does_not_list_is_not_tried() throws Exception {
        String least = "<action name=\"start\"/><action name=\"stop\"/><action name=\"monitor\"/>";
        OcfAgent agent = agent(Map.of("actions", least)).build();
        assertThat(agent.isPromotable()).isFalse();
        for (org.assertj.core.api.ThrowableAssert.ThrowingCallable call :
                List.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                        () -> agent.promote(context), () -> agent.demote(context), agent::reload, agent::validate)) {
            ResourceException e = refused(call);
            assertThat(e.severity()).isEqualTo(Severity.HARD);
            assertThat(e).hasMessageContaining("does not list the action");
        }
        assertThat(scratch.lines("calls")).isEmpty();
        assertThatThrownBy(() -> agent(Map.of("actions", least)).promoted().build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("leave promoted() out");
        assertThatThrownBy(() ->
                        agent(Map.of("actions", "<action name=\"start\"/>")).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("no action stop")
                .hasMessageContaining("no action monitor");
    }

    // ---- what is wrong ---------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        "1, SOFT",
        "2, HARD",
        "3, HARD",
        "4, HARD",
        "5, HARD",
        "6, FATAL",
        "7, SOFT",
        "8, SOFT",
        "9, SOFT",
        "42, SOFT",
        "126, SOFT",
        "191, SOFT",
        "255, SOFT"
    })
    void every_status_of_a_start_has_its_severity(int status, Severity severity) throws Exception {
        OcfAgent agent = agent(Map.of("start", "echo words; exit " + status)).build();
        ResourceException e = refused(() -> agent.start(context));
        assertThat(e.severity()).isEqualTo(severity);
        assertThat(e).hasMessageContaining("planted start ended with " + status + ", it said: words");
    }

    @Test
    void a_signal_is_a_failure() throws Exception {
        OcfAgent agent = agent(Map.of("start", "kill -9 $$")).build();
        assertThat(refused(() -> agent.start(context))).hasMessageContaining("ended with 137");
    }

    @Test
    void one_that_hangs_is_killed_with_everything_it_started() throws Exception {
        OcfAgent agent = agent(Map.of(
                        "start",
                        scratch.child("") + "\n" + scratch.child("setsid") + "\n" + scratch.untilChildren(2)
                                + "; sleep 600"))
                .budget(OcfAction.START, Duration.ofSeconds(5))
                .build();
        ResourceException e = refused(() -> agent.start(context));
        assertThat(e.severity()).isEqualTo(Severity.SOFT);
        assertThat(e).hasMessageContaining("no answer; planted start was killed after 5000 ms with 3 processes, ");
        Scratch.until("all are gone", () -> scratch.alive() == 0);
    }

    @Test
    void an_interrupt_kills_it() throws Exception {
        OcfAgent agent =
                agent(Map.of("start", "echo $$ >>$DIR/pids; exec sleep 600")).build();
        CountDownLatch interrupted = new CountDownLatch(1);
        Thread caller = new Thread(() -> {
            try {
                agent.start(context);
            } catch (InterruptedException e) {
                interrupted.countDown();
            } catch (ResourceException e) {
                throw new AssertionError(e);
            }
        });
        caller.start();
        Scratch.until("it runs", () -> scratch.alive() == 1);
        caller.interrupt();
        assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
        Scratch.until("it is gone", () -> scratch.alive() == 0);
    }

    @Test
    void a_look_that_hangs_is_no_answer_and_ends_in_its_budget() throws Exception {
        OcfAgent agent = agent(Map.of("monitor", "echo $$ >>$DIR/pids; exec sleep 600"))
                .budget(OcfAction.MONITOR, SHORT)
                .build();
        assertThat(agent.probe()).isEqualTo(Presence.UNKNOWN);
        agent.start(context);
        assertThat(Scratch.monitorUntil(agent, Health.State.FAILED).reason()).contains("was killed after 400 ms");
        Scratch.until("it is gone", () -> scratch.alive() == 0);
    }

    @Test
    void one_that_lies_about_its_stop_has_not_stopped() throws Exception {
        OcfAgent agent = agent(Map.of("stop", "exit 0")).build();
        agent.start(context);
        ResourceException e = refused(() -> agent.stop(context));
        assertThat(e)
                .hasMessageContaining("stop says that it is done, and monitor does not say that it is not running");
        assertThat(agent.kill()).isFalse();
        scratch.remove("state");
        agent.stop(context);
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit 1", "exit 5", "exit 190", "exit 99", "sleep 600"})
    void a_stop_after_which_nobody_can_say_is_in_doubt(String look) throws Exception {
        OcfAgent agent =
                agent(Map.of("monitor", look)).budget(OcfAction.MONITOR, SHORT).build();
        agent.start(context);
        assertThat(refused(() -> agent.stop(context)).severity()).isEqualTo(Severity.SOFT);
    }

    @Test
    void one_that_fails_to_stop_has_not_stopped_whatever_is_seen() throws Exception {
        OcfAgent agent = agent(Map.of("stop", "rm -f $STATE; exit 1")).build();
        agent.start(context);
        assertThat(refused(() -> agent.stop(context))).hasMessageContaining("stop ended with 1");
    }

    @Test
    void one_that_floods_its_output_is_read_and_cut() throws Exception {
        OcfAgent agent = agent(
                        Map.of("start", "echo first; head -c 20000000 /dev/zero | tr '\\0' x; echo last; exit 1"))
                .build();
        assertThat(refused(() -> agent.start(context)).getMessage())
                .contains("it said: first xxx")
                .endsWith("xlast")
                .hasSizeLessThan(3000);
    }

    @Test
    void one_that_floods_for_ever_is_killed() throws Exception {
        OcfAgent agent = agent(Map.of("start", "exec yes"))
                .budget(OcfAction.START, SHORT)
                .build();
        assertThat(refused(() -> agent.start(context))).hasMessageContaining("was killed after 400 ms");
    }

    @Test
    void what_a_stop_leaves_behind_is_killed_and_a_look_decides() throws Exception {
        OcfAgent agent = agent(
                        Map.of("stop", scratch.child("setsid") + "\n" + scratch.untilChildren(1) + "; rm -f $STATE"))
                .build();
        agent.start(context);
        agent.stop(context);
        Scratch.until("it is gone", () -> scratch.alive() == 0);
    }

    @Test
    void what_a_look_leaves_behind_is_killed_and_named() throws Exception {
        OcfAgent agent = agent(Map.of("monitor", scratch.child("setsid") + "\n" + scratch.untilChildren(1)))
                .build();
        agent.start(context);
        assertThat(Scratch.monitorUntil(agent, Health.State.DEGRADED).reason())
                .containsPattern("left 1 process, [0-9]+ \\(sleep\\) running, killed");
        Scratch.until("it is gone", () -> scratch.alive() == 0);
    }

    @Test
    void a_failed_start_names_what_it_left() throws Exception {
        OcfAgent agent = agent(Map.of("start", scratch.child("setsid") + "\n" + scratch.untilChildren(1) + "; exit 1"))
                .build();
        assertThat(refused(() -> agent.start(context)).getMessage())
                .containsPattern("left 1 process, [0-9]+ \\(sleep\\) running");
        assertThat(scratch.alive()).isEqualTo(1);
    }

    @Test
    void one_that_was_taken_away_can_do_nothing_and_keeps_its_group_off_this_node() throws Exception {
        OcfAgent agent = agent(Map.of()).build();
        assertThat(agent.eligibility().isEligible()).isTrue();
        agent.start(context);
        Path program = directory.resolve("Planted");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(agent.eligibility().reason()).endsWith("chmod a+x " + program);
        assertThat(agent.probe()).isEqualTo(Presence.UNKNOWN);
        assertThat(refused(() -> agent.stop(context)).severity()).isEqualTo(Severity.HARD);
        assertThat(Scratch.monitorUntil(agent, Health.State.FAILED).severity()).isNotEqualTo(Severity.FATAL);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        agent.stop(context);
    }

    // ---- what cannot be built --------------------------------------------------------------------------------------

    @Test
    void every_mistake_in_the_settings_is_named() throws Exception {
        assertThatThrownBy(() -> agent(Map.of())
                        .parameter("sise", "5")
                        .parameter("size", "big")
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(
                        "agent planted parameter sise = 5: the agent Planted does not know it; it knows size, password")
                .hasMessageContaining("agent planted parameter size = big: must be a whole number without a unit");
        assertThatThrownBy(() -> agent(Map.of())
                        .budget(OcfAction.START, Duration.ZERO)
                        .checkLevel(-1)
                        .environment("A=B", "x")
                        .scope(Scope.PROCESS)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("budget of start")
                .hasMessageContaining("checkLevel")
                .hasMessageContaining("environment")
                .hasMessageContaining("scope = PROCESS");
    }

    @Test
    void what_is_no_agent_is_refused_with_the_remedy() throws Exception {
        assertThatThrownBy(() -> OcfAgent.builder("a", "ocf:heartbeat:None")
                        .root(directory)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("resource.d/heartbeat/None does not exist");
        assertThatThrownBy(() -> OcfAgent.builder("a", "heartbeat:Dummy").build())
                .hasMessageContaining("write ocf:PROVIDER:TYPE");
        assertThatThrownBy(() -> OcfAgent.builder("a", "ocf:..:sh").build())
                .hasMessageContaining("write ocf:PROVIDER:TYPE");
        assertThatThrownBy(() -> OcfAgent.builder("a b", Path.of("x")).build())
                .hasMessageContaining("1 to 64 letters")
                .hasMessageContaining("absolute path");
        Path broken = scratch.program("broken", "#!/nowhere/sh\n");
        assertThatThrownBy(() -> OcfAgent.builder("a", broken).build())
                .hasMessageContaining("which cannot be executed");
        assertThatThrownBy(() -> OcfAgent.builder("a", scratch.program("mute", "#!/bin/sh\nexit 0\n"))
                        .build())
                .hasMessageContaining("its metadata cannot be read");
        assertThatThrownBy(() -> OcfAgent.builder("a", scratch.program("failing", "#!/bin/sh\necho no; exit 3\n"))
                        .build())
                .hasMessageContaining("meta-data ended with 3, it said: no");
        assertThatThrownBy(
                        () -> OcfAgent.builder("a", scratch.program("flood", "#!/bin/sh\nhead -c 2000000 /dev/zero\n"))
                                .build())
                .hasMessageContaining("more than 1048576 bytes");
    }

    @Test
    void what_it_is_in_the_cluster_is_said_by_its_name() throws Exception {
        OcfAgent agent = agent(Map.of()).build();
        assertThat(agent.scope()).isEqualTo(Scope.NODE);
        assertThat(agent.remains()).containsExactly("program/ocf/" + directory.getFileName() + "/Planted/planted");
        assertThat(agent(Map.of()).scope(Scope.EXTERNAL).build().scope()).isEqualTo(Scope.EXTERNAL);
    }

    /** A look that began from now on has said so. */
    private void looked(OcfAgent agent, Health.State state) throws InterruptedException {
        long before = scratch.lines("calls").stream().filter("monitor"::equals).count();
        Scratch.until("two more looks", () -> {
            agent.monitor();
            return scratch.lines("calls").stream().filter("monitor"::equals).count() >= before + 2;
        });
        assertThat(agent.monitor().state()).isEqualTo(state);
    }
}
