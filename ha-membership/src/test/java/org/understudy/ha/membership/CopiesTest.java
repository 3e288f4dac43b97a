package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.understudy.ha.membership.ThreeNodesOnLoopback.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.GroupStatus.State;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Operator.Cleared;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Score;
import org.understudy.ha.api.spi.Severity;

/** Whole nodes with groups that run on several of them at once. */
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT)
class CopiesTest {

    @TempDir
    Path directory;

    /** Copies that were promoted and not demoted since, on all nodes. */
    private final AtomicInteger promoted = new AtomicInteger();

    private final List<String> broken = new CopyOnWriteArrayList<>();

    // ---- concurrent ----------------------------------------------------------------------------------------------

    @Test
    void copies_run_on_several_nodes_at_once_and_at_most_one_on_each() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            Web web1 = new Web();
            Web web2 = new Web();
            serv1.resources().register(web(web1, 3));
            serv2.resources().register(web(web2, 3));

            await(() -> web1.runs.get() == 1 && web2.runs.get() == 1);
            await(() -> states(serv1, "web").equals(List.of(State.RUNNING, State.ELSEWHERE, State.UNOWNED)));
            List<GroupStatus> parts = serv1.resources().parts("web");
            assertThat(parts).extracting(GroupStatus::title).containsExactly("web copy 1", "web copy 2", "web copy 3");
            assertThat(parts).extracting(GroupStatus::role).containsOnly(Role.COPY);
            await(() -> serv1.resources().parts("web").get(2).reason().contains("on this node already"));
            assertThat(serv1.resources().status("web").copy()).isEqualTo(1);
            assertThat(serv2.resources().status("web").copy()).isEqualTo(2);
            assertThat(serv1.resources().coverage("web").isComplete())
                    .as("one copy too many for a while does no harm")
                    .isTrue();
            MoveResult move = serv1.resources()
                    .move("web", NodeId.of("serv2"), Duration.ofSeconds(5))
                    .toCompletableFuture()
                    .join();
            assertThat(move.outcome()).isEqualTo(MoveResult.Outcome.REFUSED);

            serv1.close();
            assertThat(web1.runs).hasValue(0);
            await(() -> serv2.resources().parts("web").stream()
                    .allMatch(part -> part.state() == (part.copy() == 2 ? State.RUNNING : State.UNOWNED)));
            assertThat(web1.most).hasValue(1);
            assertThat(web2.most).hasValue(1);
        }
    }

    /** Each node in turn is drained, closed, started again and activated; who serves is counted where it starts and stops, at every instant. */
    @Test
    void a_rolling_restart_leaves_no_instant_without_a_copy() throws Exception {
        Serving serving = new Serving();
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory, "serv3")) {
            List<String> names = List.of("serv1", "serv2", "serv3");
            Map<String, HaNode> nodes = new TreeMap<>();
            for (String name : names) {
                nodes.put(name, cluster.start(name));
            }
            nodes.values().forEach(node -> node.resources().register(serving.group()));
            await(() -> serving.now() == 2);
            serving.isToGoOn = true;

            for (String name : names) {
                HaNode node = nodes.get(name);
                await(() -> node.operator()
                        .drain(node.id())
                        .toCompletableFuture()
                        .join()
                        .isDone());
                assertThat(serving.on(name))
                        .as("copies on %s, which is drained", name)
                        .isZero();
                node.close();
                cluster.forget(node);
                HaNode again = cluster.start(name);
                nodes.put(name, again);
                again.resources().register(serving.group());
                await(() -> again.state() == NodeState.ACTIVE
                        && again.operator()
                                .activate(again.id())
                                .toCompletableFuture()
                                .join()
                                .isDone());
                await(() -> serving.now() == 2);
            }
            serving.isToGoOn = false;
        }
        assertThat(serving.most).hasValue(2);
        assertThat(serving.gaps).isEmpty();
        assertThat(serving.starts.get())
                .as("each node that had a copy gave it to another")
                .isGreaterThan(2);
    }

    /** A service of which at least one copy must run at every instant. */
    private static final class Serving {
        private final Map<String, Integer> running = new TreeMap<>();
        private final AtomicInteger starts = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();
        private final List<String> gaps = new CopyOnWriteArrayList<>();
        private volatile boolean isToGoOn;

        private Group group() {
            return Group.named("web")
                    .copies(2)
                    .resource("server", new Server(this))
                    .build();
        }

        private synchronized int now() {
            return running.values().stream().mapToInt(Integer::intValue).sum();
        }

        private synchronized int on(String node) {
            return running.getOrDefault(node, 0);
        }

        private synchronized void started(String node) {
            starts.incrementAndGet();
            running.merge(node, 1, Integer::sum);
            most.accumulateAndGet(now(), Math::max);
        }

        private synchronized void stopped(String node) {
            running.merge(node, -1, Integer::sum);
            if (now() == 0 && isToGoOn) {
                gaps.add("the last copy stopped on " + node);
            }
        }
    }

    private static final class Server implements ManagedResource {
        private final Serving serving;
        private Optional<String> here = Optional.empty();

        private Server(Serving serving) {
            this.serving = serving;
        }

        @Override
        public void start(StartContext context) {
            here = Optional.of(context.holder().node().value());
            serving.started(here.get());
        }

        @Override
        public void stop(StopContext context) {
            here.ifPresent(serving::stopped);
            here = Optional.empty();
        }

        @Override
        public Health monitor() {
            return here.isPresent() ? Health.healthy() : Health.notRunning();
        }
    }

    @Test
    void what_can_be_on_one_node_only_is_refused_in_copies() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            Web address = new Web() {
                @Override
                public List<String> remains() {
                    return List.of("address/192.0.2.10");
                }
            };
            assertThatThrownBy(() -> serv1.resources().register(web(address, 2)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("address/192.0.2.10")
                    .hasMessageContaining("group of its own");
            Web route = new Web() {
                @Override
                public Scope scope() {
                    return Scope.EXTERNAL;
                }
            };
            assertThatThrownBy(() -> serv1.resources().register(web(route, 2)))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("outlives its host")
                    .hasMessageContaining("group of its own");
            assertThat(serv1.resources().status()).isEmpty();
            serv1.resources().register(web(new Web(), 2));
            assertThatThrownBy(() -> serv1.resources().register(web(new Web(), 1)))
                    .hasMessageContaining("registered on this node already");
        }
    }

    private static Group web(Web resource, int copies) {
        return Group.named("web")
                .prefer("serv1", "serv2")
                .copies(copies)
                .resource("server", resource)
                .build();
    }

    // ---- promotable ----------------------------------------------------------------------------------------------

    @Test
    void who_is_promoted_goes_on_although_another_has_become_better() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            Web address1 = new Web();
            Web address2 = new Web();
            Couple couple = new Couple(cluster, new Database(100), new Database(200), address1, address2);
            HaNode owner = couple.owner();
            HaNode other = couple.other();
            Database ownerDb = couple.ownerDb();
            Database otherDb = couple.otherDb();
            await(() -> isRunning(couple.serv1, "db", 1) || isRunning(couple.serv1, "db", 2));
            otherDb.score = Score.of(1_000);
            await(() -> otherDb.asked > 8);
            assertThat(isPromoted(owner)).isTrue();
            assertThat(address1.runs.get() + address2.runs.get()).isEqualTo(1);
            assertThat(owner.resources().status("db").title()).isEqualTo("db promoted");
            assertThat(owner.advisor().explain("db").holder().orElseThrow().node())
                    .isEqualTo(owner.id());
            assertThat(owner.advisor().explain("db").sentence())
                    .contains("db promoted", "db copy 1", "db copy 2")
                    .doesNotContain("db!", "db#");
            await(() -> scores(owner).containsAll(List.of(ownerDb.score.value(), 1_000L)));
            assertThat(owner.resources()
                            .move("db#1", other.id(), Duration.ofSeconds(5))
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .reason())
                    .contains("group db runs in several copies");
            await(() -> owner.history().newest("db", 9).size() > 2);
            assertThat(owner.metrics().values().stream()
                            .filter(value -> value.name().equals("ha.group.running"))
                            .map(value -> value.tags().get("group")))
                    .containsExactly("db!promoted", "db#1", "db#2");
            assertThat(owner.resources().status().stream().map(GroupStatus::title))
                    .containsExactly("db promoted", "db copy 1", "db copy 2");

            await(() -> isMoved(owner, other));
            await(() -> isPromoted(other));
            assertThat(ownerDb.isUp).as("it is demoted, and runs on").isTrue();
            assertThat(ownerDb.told).endsWith("demote");
            assertThat(ownerDb.tokens.get(1))
                    .as("the promotion has a token of its own")
                    .isNotEqualTo(ownerDb.tokens.get(0));
            assertNeverTwo();
        }
    }

    @Test
    void a_copy_that_fails_is_demoted_before_it_stops_and_the_other_is_promoted() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            Web address1 = new Web();
            Web address2 = new Web();
            Couple couple = new Couple(cluster, new Database(200), new Database(100), address1, address2);
            HaNode owner = couple.owner();
            HaNode other = couple.other();
            Database ownerDb = couple.ownerDb();
            await(() -> other.resources().status("db").reason().contains("granted to"));

            ownerDb.health = Health.failed(Severity.SOFT, "does not answer");
            await(() -> isPromoted(other));
            assertThat(ownerDb.told).containsSubsequence("start", "promote", "demote", "stop");
            ownerDb.health = Health.healthy();
            await(() -> ownerDb.isUp);
            assertThat(isPromoted(other)).isTrue();
            Troubles troubles = copyOf(owner).troubles();
            // It may have been started again, and failed again, before the other was promoted.
            assertThat(troubles.failures())
                    .singleElement()
                    .satisfies(failures -> assertThat(failures)
                            .isEqualTo(new Troubles.Failures(
                                    "db", failures.count(), Severity.SOFT, "db: does not answer")));

            Cleared cleared = other.operator()
                    .clearFailures("db", owner.id())
                    .toCompletableFuture()
                    .get(60, TimeUnit.SECONDS);
            assertThat(cleared.outcome()).isEqualTo(Cleared.Outcome.DONE);
            await(() -> copyOf(owner).troubles().equals(Troubles.NONE));
            assertNeverTwo();
        }
    }

    @Test
    void what_cannot_be_demoted_is_stopped_before_another_is_promoted() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            Couple couple = new Couple(cluster, new Database(200), new Database(100), new Web(), new Web());
            HaNode owner = couple.owner();
            HaNode other = couple.other();
            Database ownerDb = couple.ownerDb();
            ownerDb.canDemote = false;
            await(() -> isMoved(owner, other));
            await(() -> isPromoted(other));
            assertThat(ownerDb.told).containsSubsequence("promote", "demote", "demote", "stop");
            await(() -> ownerDb.told.lastIndexOf("start") > ownerDb.told.indexOf("stop"));
            assertNeverTwo();
        }
    }

    @Test
    void nobody_who_vetoes_is_promoted() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            Database db1 = new Database(1);
            Database db2 = new Database(1);
            db1.score = Score.veto("40 GB behind");
            db2.score = null;
            serv1.resources().register(db(db1, new Web()));
            serv2.resources().register(db(db2, new Web()));
            await(() -> db1.isUp && db2.isUp);
            await(() -> serv1.resources().status("db").reason().contains("serv1: db: 40 GB behind")
                    && serv1.resources().status("db").reason().contains("serv2: db: score() gave null"));
            assertThat(promoted).hasValue(0);
            db2.score = Score.of(-5);
            await(() -> isPromoted(serv2));
            assertNeverTwo();
        }
    }

    @Test
    void a_group_that_has_no_copies_any_more_is_one_whole_again() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            Couple couple = new Couple(cluster, new Database(1), new Database(1), new Web(), new Web());
            for (HaNode node : List.of(couple.serv1, couple.serv2)) {
                node.close();
                cluster.forget(node);
            }

            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            for (HaNode node : List.of(serv1, serv2)) {
                node.resources()
                        .register(Group.named("db")
                                .prefer("serv1", "serv2")
                                .resource("db", new Web())
                                .build());
            }
            await(() -> serv1.resources().status("db").state() == State.RUNNING);
            assertThat(serv1.resources().parts("db"))
                    .extracting(GroupStatus::title)
                    .containsExactly("db");
            await(() -> isMoved(serv1, serv2));
            assertNeverTwo();
        }
    }

    // ---- failures ------------------------------------------------------------------------------------------------

    @Test
    void what_must_run_nowhere_runs_again_when_an_operator_has_mended_it() throws Exception {
        try (ThreeNodesOnLoopback cluster = new ThreeNodesOnLoopback(directory)) {
            HaNode serv1 = cluster.start("serv1");
            HaNode serv2 = cluster.start("serv2");
            cluster.start("witness");
            Web web1 = new Web();
            web1.failure = Optional.of(new ResourceException(Severity.FATAL, "the licence has run out"));
            serv1.resources()
                    .register(Group.named("app")
                            .prefer("serv1", "serv2")
                            .resource("app", web1)
                            .build());
            serv2.resources()
                    .register(Group.named("app")
                            .prefer("serv1", "serv2")
                            .resource("app", new Web())
                            .build());
            await(() -> isKnown(serv2, "app")
                    && serv2.resources().status("app").reason().contains("must not run anywhere"));
            assertThat(clear(serv2, "nap", "serv1").outcome()).isEqualTo(Cleared.Outcome.REFUSED);
            assertThat(clear(serv2, "app", "witness").reason()).contains("has not registered");
            web1.failure = Optional.empty();
            assertThat(clear(serv2, "app", "serv1").outcome()).isEqualTo(Cleared.Outcome.DONE);
            await(() -> serv1.resources().status("app").state() == State.RUNNING
                    || serv2.resources().status("app").state() == State.RUNNING);
        }
    }

    private static Cleared clear(HaNode asked, String group, String node) throws Exception {
        return asked.operator()
                .clearFailures(group, NodeId.of(node))
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    // ---- what the tests share ------------------------------------------------------------------------------------

    private void assertNeverTwo() {
        assertThat(broken).isEmpty();
    }

    private Group db(Database database, Web address) {
        return Group.named("db")
                .prefer("serv1", "serv2")
                .copies(2)
                .promotable()
                .resource("db", database)
                .resourceWithPromoted("address", address)
                .stopBudget(Duration.ofSeconds(2))
                .build();
    }

    private static boolean isKnown(HaNode node, String group) {
        return node.resources().status().stream()
                .anyMatch(status -> status.group().equals(group));
    }

    /** Two nodes beside a witness, each with a copy of db that is up, one of them promoted: whoever was up first may have been alone. */
    private final class Couple {
        private final HaNode serv1;
        private final HaNode serv2;
        private final Database db1;
        private final Database db2;
        private final boolean isFirstPromoted;

        private Couple(ThreeNodesOnLoopback cluster, Database db1, Database db2, Web with1, Web with2)
                throws Exception {
            this.db1 = db1;
            this.db2 = db2;
            serv1 = cluster.start("serv1");
            serv2 = cluster.start("serv2");
            cluster.start("witness");
            serv1.resources().register(db(db1, with1));
            serv2.resources().register(db(db2, with2));
            await(() -> db1.isUp && db2.isUp && (isPromoted(serv1) || isPromoted(serv2)));
            isFirstPromoted = isPromoted(serv1);
        }

        private HaNode owner() {
            return isFirstPromoted ? serv1 : serv2;
        }

        private HaNode other() {
            return isFirstPromoted ? serv2 : serv1;
        }

        private Database ownerDb() {
            return isFirstPromoted ? db1 : db2;
        }

        private Database otherDb() {
            return isFirstPromoted ? db2 : db1;
        }
    }

    /** Refused until the cluster knows that it could run there. */
    private static boolean isMoved(HaNode from, HaNode to) {
        try {
            return from.resources()
                            .move("db", to.id(), Duration.ofSeconds(20))
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS)
                            .outcome()
                    == MoveResult.Outcome.DONE;
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static boolean isPromoted(HaNode node) {
        return isRunning(node, "db", 0);
    }

    private static boolean isRunning(HaNode node, String group, int copy) {
        return node.resources().status().stream()
                .anyMatch(status ->
                        status.group().equals(group) && status.copy() == copy && status.state() == State.RUNNING);
    }

    /** What explain says of how the copies score, as far as that has reached this node. */
    private static List<Long> scores(HaNode node) {
        return node.advisor().explain("db").candidates().stream()
                .flatMap(each -> each.score().stream().boxed())
                .toList();
    }

    private static GroupStatus copyOf(HaNode node) {
        return node.resources().parts("db").stream()
                .filter(part -> part.role() == Role.COPY
                        && part.holder().filter(h -> h.node().equals(node.id())).isPresent())
                .findFirst()
                .orElseThrow();
    }

    private static List<State> states(HaNode node, String group) {
        return node.resources().status().stream()
                .filter(status -> status.group().equals(group))
                .map(GroupStatus::state)
                .toList();
    }

    /** Counts how often it runs here. */
    private static class Web implements ManagedResource {
        final AtomicInteger runs = new AtomicInteger();
        final AtomicInteger most = new AtomicInteger();
        private boolean isRunning;
        volatile Optional<ResourceException> failure = Optional.empty();

        @Override
        public void start(StartContext context) throws ResourceException {
            if (failure.isPresent()) {
                throw failure.get();
            }
            isRunning = true;
            most.accumulateAndGet(runs.incrementAndGet(), Math::max);
        }

        @Override
        public void stop(StopContext context) {
            if (isRunning) {
                runs.decrementAndGet();
            }
            isRunning = false;
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }
    }

    /** Notices when two are promoted, or when a call overlaps another. */
    private final class Database implements PromotableResource {
        private final AtomicInteger inside = new AtomicInteger();
        final List<String> told = new CopyOnWriteArrayList<>();
        final List<Long> tokens = new CopyOnWriteArrayList<>();
        volatile Score score;
        volatile Health health = Health.healthy();
        volatile boolean canDemote = true;
        volatile boolean isUp;
        volatile int asked;
        private boolean isPromoted;

        private Database(long score) {
            this.score = Score.of(score);
        }

        private void call(String what, Runnable body) {
            if (inside.incrementAndGet() != 1) {
                broken.add(what + " overlaps another call");
            }
            if (!told.isEmpty()
                    && told.get(told.size() - 1).equals(what)
                    && !what.equals("demote")
                    && !what.equals("stop")) {
                broken.add(what + " twice");
            }
            told.add(what);
            body.run();
            inside.decrementAndGet();
        }

        private void unpromoted() {
            if (isPromoted) {
                isPromoted = false;
                promoted.decrementAndGet();
            }
        }

        @Override
        public void start(StartContext context) {
            call("start", () -> {
                tokens.add(context.token().value());
                isUp = true;
            });
        }

        @Override
        public void promote(StartContext context) {
            call("promote", () -> {
                tokens.add(context.token().value());
                isPromoted = true;
                if (!isUp) {
                    broken.add("promoted and not started");
                }
                if (promoted.incrementAndGet() != 1) {
                    broken.add("two are promoted");
                }
            });
        }

        @Override
        public void demote(StopContext context) throws ResourceException {
            call("demote", () -> {
                if (canDemote) {
                    unpromoted();
                }
            });
            if (!canDemote) {
                throw new ResourceException(Severity.SOFT, "planned");
            }
        }

        @Override
        public void stop(StopContext context) {
            call("stop", () -> {
                if (isPromoted && canDemote) {
                    broken.add("stopped before it was demoted");
                }
                unpromoted();
                isUp = false;
                canDemote = true;
            });
        }

        @Override
        public Score score() {
            asked++;
            return score;
        }

        @Override
        public Health monitor() {
            return health;
        }
    }
}
