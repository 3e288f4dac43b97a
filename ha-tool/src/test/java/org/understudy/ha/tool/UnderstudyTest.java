package org.understudy.ha.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.BindException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import picocli.CommandLine;

/** The command against real nodes, over real sockets. */
@Timeout(120)
@TestMethodOrder(MethodOrderer.MethodName.class)
class UnderstudyTest {

    private static final List<String> NAMES = List.of("serv1", "serv2", "serv3");
    private static final Map<String, HaNode> NODES = new LinkedHashMap<>();

    @TempDir
    static Path directory;

    private record Said(int status, String out, String err) {}

    @BeforeAll
    static void start() throws Exception {
        List<Integer> ports = freePorts();
        for (String name : NAMES) {
            HaNodeBuilder builder = HaNode.builder()
                    .cluster("tool")
                    .node(name)
                    .stateDirectory(directory.resolve(name))
                    .insecure()
                    .withoutGuardian()
                    // A busy machine stands still for two seconds now and then.
                    .timing(Timing.withLease(Duration.ofSeconds(3)))
                    .administration()
                    .form();
            for (int i = 0; i < NAMES.size(); i++) {
                builder.peer(NAMES.get(i), "127.0.0.1:" + ports.get(i));
            }
            HaNode node = builder.start();
            NODES.put(name, node);
            node.resources()
                    .register(Group.named("files")
                            .prefer("serv1", "serv2", "serv3")
                            .resource("app", new Idle())
                            .build());
        }
        await(() -> holds("serv1"));
        await(() -> NODES.values().stream().allMatch(n -> n.state() == NodeState.ACTIVE));
    }

    /** One for each node, none of those that the kernel gives to whoever connects: ip(7), ip_local_port_range. */
    private static List<Integer> freePorts() throws IOException {
        List<Integer> ports = new ArrayList<>();
        for (int port = 31_000 + (int) (ProcessHandle.current().pid() % 1_000); ports.size() < NAMES.size(); port++) {
            try (ServerSocket streams = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                    DatagramSocket datagrams = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
                assertThat(streams.isBound() && datagrams.isBound()).isTrue();
                ports.add(port);
            } catch (BindException e) {
                // Somebody has it.
                continue;
            }
        }
        return ports;
    }

    @AfterAll
    static void stop() {
        NODES.values().forEach(HaNode::close);
    }

    @Test
    void status_owns_and_explain_say_who_has_what_and_why() {
        assertThat(run("status").out())
                .containsPattern("node +serv1")
                .containsPattern("state +ACTIVE")
                .containsPattern("standby +-")
                .containsPattern("maintenance +-")
                .containsPattern("guardian +no")
                .containsPattern("PART +STATE +HOLDER");
        bringHome();
        Said owns = run("owns");
        assertThat(owns.status()).isZero();
        assertThat(owns.out()).containsPattern("files +serv1#1 +[0-9]+ +(NEVER|RELEASED) +RUNNING");
        assertThat(run("explain", "files").out())
                .contains("coverage")
                .containsPattern("NODE +POSSIBLE +REASON")
                .containsPattern("NUMBER +AT +SENTENCE")
                .contains("files is granted to serv1#1");
        assertThat(run("explain", "files", "serv2").out()).contains("serv2");
        Said none = run("owns", "nothing");
        assertThat(none.status()).isEqualTo(1);
        assertThat(none.err()).contains("knows no group nothing");
    }

    @Test
    void a_move_is_done_and_one_that_cannot_be_is_refused() throws Exception {
        bringHome();
        Said moved = run("move", "files", "serv2");
        assertThat(moved.status()).as(moved.err()).isZero();
        assertThat(moved.out()).contains("granted to serv2").contains("and runs there");
        await(() -> holds("serv2"));

        Said refused = run("move", "files", "serv9");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err()).startsWith("understudy: ").contains("serv9").contains("[serv1, serv2, serv3]");
        Said unknown = run("move", "nothing", "serv2");
        assertThat(unknown.status()).isEqualTo(1);
        assertThat(unknown.err()).contains("files");
    }

    @Test
    void a_move_is_followed_until_the_group_runs_or_to_what_happened_instead() throws Exception {
        for (Map.Entry<String, HaNode> each : NODES.entrySet()) {
            boolean isBroken = each.getKey().equals("serv2");
            register(each.getValue(), "picky", new Idle() {
                @Override
                public void start(StartContext context) throws ResourceException {
                    if (isBroken) {
                        throw new ResourceException(Severity.HARD, "no such card");
                    }
                }
            });
        }
        await(() -> holds("serv1", "picky"));

        Said failed = run("move", "picky", "serv2");
        assertThat(failed.status()).as(failed.out()).isEqualTo(1);
        assertThat(failed.err())
                .contains("picky was granted to serv2 and did not start there")
                .contains("no such card");
        await(() -> holds("serv1", "picky") || holds("serv3", "picky"));
        assertThat(run("clear", "picky", "serv2").status()).isZero();
    }

    @Test
    void a_stop_that_hangs_says_since_when_and_what_it_waits_for_also_from_elsewhere() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        for (HaNode node : NODES.values()) {
            register(node, "sticky", new Idle() {
                @Override
                public void stop(StopContext context) {
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            });
        }
        await(() -> holds("serv1", "sticky"));
        CompletableFuture<Said> waiting =
                CompletableFuture.supplyAsync(() -> runOn("serv3", "move", "sticky", "serv2"));
        await(() -> run("owns", "sticky").out().contains("STOPPING"));

        assertThat(run("owns", "sticky").out())
                .contains("asked to move to serv2; for ")
                .contains("app.stop has been under way for")
                .contains("of its budget of 5 s");
        assertThat(run("explain", "sticky").out()).contains("on this node it is STOPPING");
        await(() -> runOn("serv2", "owns", "sticky").out().contains("it is being stopped there"));
        assertThat(runOn("serv2", "explain", "sticky").out()).contains("it is being stopped there");
        await(() -> runOn("serv3", "explain", "sticky", "serv2").out().contains("which has not left serv1 yet"));
        assertThat(runOn("serv3", "owns", "sticky").out()).doesNotContain("runs there until");
        Said drained = run("drain", "serv1", "--wait", "1");
        assertThat(drained.status()).isEqualTo(3);
        assertThat(drained.err())
                .contains("serv1 is on standby, and was not empty within 1 s: [")
                .contains("sticky (STOPPING: asked to move to serv2");
        CompletableFuture<Said> again = CompletableFuture.supplyAsync(() -> run("drain", "serv1"));
        // What comes before the order to drain calls nothing off.
        await(() -> run("activate", "serv1").status() == 0 && again.isDone());
        // Which of the two it hears depends on whether its own order was known to be carried out by then.
        assertThat(again.get().err())
                .containsAnyOf("activated before everything had left it", "the opposite was asked for since");
        assertThat(run("status").out()).containsPattern("standby +-");
        goOn.countDown();
        // With its drain the node's activation called the move off as well.
        assertThat(waiting.get(30, TimeUnit.SECONDS).status()).isLessThan(2);
    }

    @Test
    void a_group_that_is_made_ready_elsewhere_says_so_on_every_node_and_why_that_failed() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        for (HaNode node : NODES.values()) {
            register(node, "heavy", new Idle() {
                @Override
                public void prepare(PrepareContext context) throws ResourceException, InterruptedException {
                    goOn.await();
                    throw new ResourceException(Severity.HARD, "no GPU here");
                }
            });
        }
        await(() -> holds("serv1", "heavy"));
        CompletableFuture<Said> waiting = CompletableFuture.supplyAsync(() -> runOn("serv3", "move", "heavy", "serv2"));
        await(() -> runOn("serv2", "owns", "heavy").out().contains("app.prepare has been under way for"));

        assertThat(runOn("serv2", "owns", "heavy").out())
                .contains("of its budget of 30 s; it runs on serv1 until that has returned");
        assertThat(runOn("serv2", "explain", "heavy").out()).contains("it runs on serv1 until that has returned");
        assertThat(runOn("serv2", "metrics").out()).containsPattern("ha.group.preparing +group=heavy +1");
        await(() -> run("status").out().contains("asked to move to serv2, and runs here until that has made ready"));
        await(() -> runOn("serv3", "status").out().contains("asked to move to serv2, and runs there until"));

        goOn.countDown();
        Said refused = waiting.get(30, TimeUnit.SECONDS);
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err())
                .contains("serv2 could not take heavy over: app.prepare: no GPU here; kept away for 5 s, or until its"
                        + " failures are cleared; it stays on serv1");
        assertThat(runOn("serv2", "explain", "heavy").out())
                .contains("on this node it failed once: app.prepare: no GPU");
        assertThat(runOn("serv2", "metrics").out()).containsPattern("ha.group.preparing +group=heavy +0");
        assertThat(run("clear", "heavy", "serv2").status()).isZero();
    }

    @Test
    void a_move_that_takes_longer_says_what_it_waits_for_goes_on_and_can_be_given_up() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        for (HaNode node : NODES.values()) {
            register(node, "broad", new Idle() {
                @Override
                public void prepare(PrepareContext context) throws InterruptedException {
                    goOn.await();
                }
            });
        }
        await(() -> holds("serv1", "broad"));

        try {
            Said late = runOn("serv2", "move", "broad", "serv2", "--wait", "5");
            assertThat(late.status()).isEqualTo(3);
            assertThat(late.err())
                    .contains("not decided within 5 s; broad: ")
                    .contains("app.prepare has been under way for")
                    .contains("the move goes on; to give it up, move it to serv1");
            assertThat(run("owns", "broad").out()).contains("asked to move to serv2");

            Said givenUp = run("move", "broad", "serv1");
            assertThat(givenUp.status()).as(givenUp.err()).isZero();
            await(() -> !run("owns", "broad").out().contains("asked to move"));
            assertThat(holds("serv1", "broad")).isTrue();
        } finally {
            // Its node is drained by others.
            goOn.countDown();
        }
    }

    @Test
    void standby_and_maintenance_are_seen_and_a_node_that_may_own_nothing_says_so() throws Exception {
        assertThat(run("standby", "serv3").status()).isZero();
        assertThat(run("maintenance", "node", "serv2", "--who", "ann", "--why", "as after forceRecord()")
                        .status())
                .isZero();
        await(() -> run("status").out().contains("node serv2 is in maintenance (ann: as after forceRecord())"));
        assertThat(run("status").out()).containsPattern("standby +serv3");

        Said health = runOn("serv3", "health");
        assertThat(health.status()).isEqualTo(1);
        assertThat(health.out())
                .containsPattern("ready +yes")
                .containsPattern("owner +no")
                .contains("on standby");
        assertThat(runOn("serv3", "health", "--for", "ready").status()).isZero();
        assertThat(runOn("serv2", "health").out()).contains("in maintenance");
        assertThat(NODES.get("serv3").metrics().find("ha.node.owner", Map.of()))
                .hasValueSatisfying(metric -> assertThat(metric.value()).isZero());

        assertThat(run("activate", "serv3").status()).isZero();
        assertThat(run("resume", "node", "serv2").status()).isZero();
        await(() -> runOn("serv3", "health").status() == 0);
    }

    @Test
    void what_runs_nowhere_has_no_holder() throws Exception {
        for (HaNode node : NODES.values()) {
            register(node, "broken", new Idle() {
                @Override
                public void start(StartContext context) throws ResourceException {
                    throw new ResourceException(Severity.FATAL, "wrong licence");
                }
            });
        }
        await(() -> run("owns", "broken").out().contains("must not run anywhere"));

        assertThat(run("owns", "broken").out()).containsPattern("broken +- .*UNOWNED +- +must not run anywhere");
        assertThat(run("owns", "broken", "--json").out())
                .contains("\"holder\":null")
                .contains("\"last\":\"serv1#1\"")
                .contains("\"over\":\"RELEASED\"");
        assertThat(run("explain", "broken", "serv2").out()).contains("clear its failures");
    }

    @Test
    void what_a_person_vouches_for_is_said_before_it_is_done() {
        for (String[] words : List.of(
                new String[] {"confirm-down", "serv1#1", "--why", "unplugged"},
                new String[] {"remove", "serv3"},
                new String[] {"vouch-for-disk", "--why", "no copy"},
                new String[] {"force-record", "--why", "burnt down"})) {
            Said asked = run(words);
            assertThat(asked.status()).as(words[0]).isEqualTo(2);
            assertThat(asked.err()).contains("say it again with --yes");
        }
        assertThat(run("confirm-down", "serv1#1", "--yes").err()).contains("--why");
        assertThat(run("confirm-down", "serv1", "--yes", "--why", "x").status()).isEqualTo(2);
        assertThat(run("confirm-down", "serv9#1", "--yes", "--why", "x").err())
                .contains("those known are [serv1, serv2, serv3]");
        assertThat(run("remove", "serv9", "--yes").status()).isEqualTo(1);
        assertThat(run("admit", "serv2").status()).isZero();
        assertThat(run("vouch-for-disk", "--yes", "--why", "no copy").out()).contains("votes already");
        assertThat(run("force-record", "--yes", "--why", "burnt down").err())
                .contains("majority of the votes is heard");
        assertThat(run("forget", "files", "--why", "old").err()).contains("may still run somewhere");
        assertThat(run("forget", "flies", "--why", "old").err())
                .contains("those known are")
                .contains("files");
    }

    @Test
    void with_json_every_answer_is_json_also_to_wrong_usage() {
        assertThat(execute("status", "--json").out())
                .startsWith("{\"outcome\":\"NOT_UNDERSTOOD\",\"sentence\":\"name the node")
                .endsWith("\"body\":null}" + System.lineSeparator());
        assertThat(execute("status", "--json").status()).isEqualTo(2);
        assertThat(execute("sttaus", "--json").out()).startsWith("{\"outcome\":\"NOT_UNDERSTOOD\"");
        assertThat(execute("sttaus", "--json").err()).isEmpty();
        Said nobody =
                execute("status", "--json", "--state", directory.resolve("none").toString());
        assertThat(nobody.status()).isEqualTo(3);
        assertThat(nobody.out()).startsWith("{\"outcome\":\"UNKNOWN\"").contains("does not answer");
    }

    private static void register(HaNode node, String group, ManagedResource resource) {
        node.resources()
                .register(Group.named(group)
                        .prefer("serv1", "serv2", "serv3")
                        .resource("app", resource)
                        .build());
    }

    @Test
    void failures_are_forgotten_on_an_order() {
        Said cleared = run("clear", "files", "serv1");
        assertThat(cleared.status()).as(cleared.err()).isZero();
        Said everywhere = run("clear", "files");
        assertThat(everywhere.status()).as(everywhere.err()).isZero();
        assertThat(everywhere.out())
                .contains("on serv1; ")
                .contains("on serv2; ")
                .contains("on serv3");
        Said nothing = run("clear", "nothing");
        assertThat(nothing.status()).isEqualTo(1);
        assertThat(nothing.err()).contains("no node has registered a group nothing; those known are");
        Said nowhere = run("clear", "files", "serv9");
        assertThat(nowhere.status()).as("refused, and not waited for").isEqualTo(1);
        assertThat(nowhere.err()).contains("serv9 never was a node of this cluster; those known are");
        assertThat(run("history", "--group", "nothing").status()).isEqualTo(1);
        assertThat(run("explain", "files", "serv9").status()).isEqualTo(1);
        assertThat(run("standby", "serv9").err()).contains("[serv1, serv2, serv3]");
        assertThat(run("maintenance", "group", "flies", "--why", "x").err()).contains("those known are");
        assertThat(run("owns", "files", "--json").out()).contains("\"troubles\":{\"failures\":[]");
    }

    @Test
    void what_if_says_what_would_become_and_changes_nothing() {
        bringHome();
        Said lost = run("whatif", "--lost", "serv1");
        assertThat(lost.status()).as(lost.err()).isZero();
        assertThat(lost.out()).containsPattern("files +serv1 ");
        assertThat(holds("serv1")).isTrue();
        assertThat(run("whatif").status()).isEqualTo(2);
        assertThat(run("whatif", "--maintenance", "the moon").err())
                .contains("say everything, group NAME or node NAME");
        Said words =
                run("what-if", "--maintenance", "group", "files", "--maintenance", "node", "serv2", "--lost", "serv1");
        assertThat(words.status()).as(words.err()).isZero();
        assertThat(run("what-if", "--maintenance", "everything").status()).isZero();
        assertThat(run("what-if", "--maintenance", "group files").status()).isZero();
        for (String[] unknown :
                List.of(new String[] {"--lost", "serv9"}, new String[] {"--maintenance", "group", "flies"})) {
            List<String> all = new ArrayList<>(List.of("what-if"));
            all.addAll(List.of(unknown));
            Said refused = run(all.toArray(String[]::new));
            assertThat(refused.status()).as("as everywhere else").isEqualTo(1);
            assertThat(refused.err()).contains("those known are").doesNotContain("whatIf");
        }
    }

    @Test
    void maintenance_keeps_a_group_where_it_is_until_it_is_given_back() {
        bringHome();
        Said begun = run("maintenance", "group", "files", "--why", "new disk");
        assertThat(begun.status()).as(begun.err()).isZero();
        assertThat(run("history").out())
                .contains("group files is in maintenance")
                .contains("an operator asked for maintenance of group files, by ")
                .doesNotContain("vouched");
        assertThat(run("move", "files", "serv2", "--wait", "1").status()).isNotZero();
        Said drained = run("drain", "serv1", "--wait", "1");
        assertThat(drained.status()).isEqualTo(3);
        assertThat(drained.err())
                .contains("files (group files is in maintenance (")
                .contains(": new disk)");
        assertThat(run("activate", "serv1").status()).isZero();

        assertThat(run("resume", "group", "files").status()).isZero();
        assertThat(run("history").out()).contains("group files is not in maintenance any more");
        assertThat(run("maintenance", "group", "files").status()).isEqualTo(2);
    }

    @Test
    void draining_empties_a_node_and_activating_lets_it_run_again() throws Exception {
        bringHome();
        Said drained = run("drain", "serv1");
        assertThat(drained.status()).as(drained.err()).isZero();
        assertThat(holds("serv1")).isFalse();
        assertThat(run("history", "--max", "50").out()).contains("serv1 is put on standby");
        assertThat(run("move", "files", "serv1").status()).isEqualTo(1);

        assertThat(run("activate").status()).isZero();
        Said home = run("move", "files", "serv1");
        assertThat(home.status()).as(home.err()).isZero();
    }

    @Test
    void history_is_a_table_or_json_and_can_be_replayed() {
        bringHome();
        Said table = run("history", "--group", "files");
        assertThat(table.out()).startsWith("NUMBER  AT").contains("files is granted to serv1#1 with token");
        Said json = run("history", "--max", "1", "--json");
        assertThat(json.out())
                .startsWith("{\"outcome\":\"DONE\",\"sentence\":\"\",\"body\":[{\"number\":")
                .endsWith("}]}" + System.lineSeparator());
        List<Said> replays = new ArrayList<>();
        for (String name : NAMES) {
            NODES.get(name).history().newest(100).stream()
                    .filter(d -> d.isOwn())
                    .forEach(d -> replays.add(runOn(name, "replay", "" + d.number())));
        }
        assertThat(replays).isNotEmpty().allSatisfy(said -> {
            assertThat(said.status()).as(said.err()).isZero();
            assertThat(said.out()).contains("comes out again as it was decided");
        });
        assertThat(run("replay", "99999").status()).isEqualTo(3);
    }

    @Test
    void metrics_health_and_assumptions() throws Exception {
        assertThat(run("metrics").out()).containsPattern("ha\\.acceptors +- +3").containsPattern("ha\\.guardian +- +0");
        assertThat(run("metrics", "--json").out()).contains("{\"name\":\"ha.acceptors\",\"tags\":{},\"value\":3.0");
        // On a busy host a lease may be in doubt for a moment.
        await(() -> run("health").status() == 0);
        assertThat(run("health").out()).containsPattern("live +yes").containsPattern("owner +yes");
        assertThat(run("health", "--for", "ready").status()).isZero();
        assertThat(run("health", "--for", "luck").err()).contains("live, ready or owner");
        assertThat(run("assumptions").out()).contains("rests on");
    }

    @Test
    void wrong_usage_is_status_2_and_says_what_is_wrong() {
        assertThat(execute().status()).isEqualTo(2);
        assertThat(execute().err()).contains("name a command");
        assertThat(execute("sttaus").status()).isEqualTo(2);
        assertThat(execute("sttaus").err()).contains("Did you mean: status?");
        assertThat(execute("whatiff").err()).contains("Did you mean: whatif?");
        assertThat(execute("frobnicate").err()).doesNotContain("Did you mean").contains("Usage: understudy");
        assertThat(execute("history", "--grop", "x").err()).contains("--group");
        assertThat(execute("status").err()).contains("--state DIR or --socket PATH");
        assertThat(execute("status").status()).isEqualTo(2);
        assertThat(run("move", "files").status()).isEqualTo(2);
        assertThat(run("move", "files", "serv2", "--wait", "0").status()).isEqualTo(2);
        assertThat(run("status", "--socket", "x").status()).isEqualTo(2);
        assertThat(run("history", "--max", "0").err()).contains("from 1 to 4096");
        assertThat(run("history", "--max", "0").status()).isEqualTo(2);
        assertThat(run("move", "files", "No Node").status()).isEqualTo(2);
    }

    @Test
    void all_that_is_wrong_is_said_at_once() {
        assertThat(run("maintenance", "files").err())
                .contains("--why REASON")
                .contains("target 'files': say everything, group NAME or node NAME; is it group files?");
        assertThat(run("force-record").err()).contains("--why REASON").contains("say it again with --yes");
    }

    @Test
    void other_words_for_the_same_are_understood() throws Exception {
        bringHome();
        assertThat(run("why-not", "files", "serv2").out()).containsPattern("why +serv2 could run files");
        assertThat(run("what-if", "--lost", "serv1").out()).containsPattern("files +serv1 ");
        assertThat(execute(
                                "--json",
                                "health",
                                "--state",
                                directory.resolve("serv1").toString())
                        .out())
                .startsWith("{\"outcome\":\"DONE\"");
        assertThat(run("health").out()).contains("why no owner");
        await(() -> runOn("serv2", "status").out().contains("RUNNING"));
        assertThat(runOn("serv2", "status").out()).containsPattern("files +ELSEWHERE +serv1#1 +RUNNING");
        String state = directory.resolve("serv1").toString();
        assertThat(execute("--state", state, "owns").out()).contains("files");
        assertThat(execute("--socket", state + "/admin.sock", "owns", "files").status())
                .isZero();
        assertThat(execute("--state", state, "owns", "--socket", "x").err()).contains("not both");
    }

    @Test
    void nobody_there_is_status_3() {
        Said said = execute("status", "--state", directory.resolve("none").toString());
        assertThat(said.status()).isEqualTo(3);
        assertThat(said.err()).contains("does not answer").contains("administration()");
    }

    @Test
    void whoever_only_asks_waits_no_longer_than_it_says() throws Exception {
        Path socket = directory.resolve("hung.sock");
        try (ServerSocketChannel hung = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            hung.bind(UnixDomainSocketAddress.of(socket));
            Said said = execute("status", "--wait", "1", "--socket", socket.toString());
            assertThat(said.status()).isEqualTo(3);
            assertThat(said.err()).contains("no answer within 1000 ms");
            Said usual = execute("health", "--for", "live", "--socket", socket.toString());
            assertThat(usual.status()).isEqualTo(3);
            assertThat(usual.err()).contains("no answer within 5000 ms");
        }
        assertThat(execute("owns", "--help").out()).contains("1 to 600 (default: 5)");
        assertThat(execute("move", "--help").out()).contains("1 to 600 (default: 30)");
    }

    @Test
    void help_of_every_command_says_what_it_does() {
        Said help = execute("--help");
        assertThat(help.status()).isZero();
        assertThat(help.out()).contains("Exit status: 0 done; 1 refused; 2 wrong usage; 3 no answer");
        for (Map.Entry<String, CommandLine> each :
                Understudy.commandLine().getSubcommands().entrySet()) {
            String command = each.getKey();
            if (!each.getValue().getCommandName().equals(command)) {
                // An alias, told of beside the command that it means.
                assertThat(help.out()).contains(", " + command);
                continue;
            }
            Said one = execute(command, "--help");
            assertThat(one.status()).as(command).isZero();
            assertThat(one.out()).as(command).startsWith("Usage: understudy " + command);
            assertThat(help.out()).contains("  " + command);
        }
        assertThat(execute("--version").out()).startsWith("understudy ");
    }

    @Test
    void bash_completes_the_commands_and_their_options() throws Exception {
        Path bash = Path.of("/bin/bash");
        assumeTrue(Files.isExecutable(bash), "no bash on this host");
        Path script = directory.resolve("completion.bash");
        Files.writeString(script, execute("completion").out());

        assertThat(completed(bash, script, "dr")).containsExactly("drain");
        assertThat(completed(bash, script, "")).contains("status", "owns", "explain", "move", "history", "metrics");
        assertThat(completed(bash, script, "history", "--m")).containsExactly("--max");
    }

    /** Last, by its name: serv3 is gone afterwards. */
    @Test
    void z_when_a_node_closes_while_a_client_waits_the_client_hears_that_nobody_knows() throws Exception {
        CountDownLatch stops = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        for (HaNode node : NODES.values()) {
            node.resources()
                    .register(Group.named("slow")
                            .prefer("serv1", "serv2", "serv3")
                            .resource("app", new Idle() {
                                @Override
                                public void stop(StopContext context) {
                                    stops.countDown();
                                    try {
                                        goOn.await();
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                }
                            })
                            .build());
        }
        await(() -> holds("serv1", "slow"));
        CompletableFuture<Said> waiting = CompletableFuture.supplyAsync(() -> runOn("serv3", "move", "slow", "serv2"));
        stops.await();
        NODES.get("serv3").close();

        Said said = waiting.get(30, TimeUnit.SECONDS);
        goOn.countDown();
        assertThat(said.status()).as(said.out() + said.err()).isEqualTo(3);
        assertThat(directory.resolve("serv3").resolve("admin.sock")).doesNotExist();
    }

    /** After that: serv1 is alone afterwards. */
    @Test
    void zz_where_no_majority_answers_that_is_said_first() throws Exception {
        NODES.get("serv3").close();
        NODES.get("serv2").close();
        await(() -> !NODES.get("serv1").quorum().isQuorate());

        assertThat(run("explain", "files").out()).containsPattern("why +no majority answers this node, and ");
        assertThat(run("explain", "files", "serv2").out()).containsPattern("why +no majority answers this node, and ");
        Said moved = run("move", "files", "serv2");
        assertThat(moved.status()).isEqualTo(1);
        assertThat(moved.err()).startsWith("understudy: no majority answers serv1 (IN_DOUBT) and it can move nothing");
    }

    private static List<String> completed(Path bash, Path script, String... words) throws Exception {
        List<String> call = new ArrayList<>(List.of(
                bash.toString(),
                "--norc",
                "-c",
                "source \"$0\"; COMP_WORDS=(understudy \"$@\"); COMP_CWORD=$#;"
                        + " _complete_understudy; printf '%s\\n' \"${COMPREPLY[@]}\"",
                script.toString()));
        call.addAll(List.of(words));
        // A shell that nobody types into says that it has no use for some of it.
        Process process = new ProcessBuilder(call)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return Arrays.stream(said.split("\\s+")).filter(w -> !w.isEmpty()).toList();
    }

    private static void bringHome() {
        Said home = run("move", "files", "serv1");
        assertThat(home.status() == 0 || holds("serv1")).as(home.err()).isTrue();
        try {
            await(() -> holds("serv1"));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Said run(String... words) {
        return runOn("serv1", words);
    }

    private static Said runOn(String node, String... words) {
        List<String> all = new ArrayList<>(List.of(words));
        all.add("--state");
        all.add(directory.resolve(node).toString());
        return execute(all.toArray(String[]::new));
    }

    private static Said execute(String... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Understudy.commandLine();
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        int status = line.execute(words);
        return new Said(status, out.toString(), err.toString());
    }

    private static boolean holds(String name) {
        return holds(name, "files");
    }

    private static boolean holds(String name, String group) {
        return NODES.get(name).resources().status().stream()
                .anyMatch(s -> s.group().equals(group) && s.state() == GroupStatus.State.RUNNING);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        CountDownLatch never = new CountDownLatch(1);
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            assertThat(never.await(20, TimeUnit.MILLISECONDS)).isFalse();
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    private static class Idle implements ManagedResource {
        @Override
        public void start(StartContext context) throws ResourceException {}

        @Override
        public Health monitor() {
            return Health.healthy();
        }

        @Override
        public void stop(StopContext context) {}
    }
}
