package org.understudy.ha.membership.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.C1;
import static org.understudy.ha.membership.core.Records.ballot;
import static org.understudy.ha.membership.core.Records.candidacy;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.facts;
import static org.understudy.ha.membership.core.Records.granted;
import static org.understudy.ha.membership.core.Records.withGroup;
import static org.understudy.ha.membership.core.Records.withSession;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.History.Replay;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.codec.ReasonsCodec;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.history.Reasons.Why;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

@Timeout(30)
class HistoryKeeperTest {

    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final ClusterRecord BOTH =
            withSession(withSession(empty(), A1, new TreeMap<>()), B1, new TreeMap<>());
    private static final ClusterRecord HELD = withGroup(BOTH, "files", granted(A1, 4, false));
    private static final ClusterRecord MOVED = withGroup(BOTH, "files", granted(B1, 5, false));
    private static final ClusterRecord RELEASED = withGroup(
            BOTH,
            "files",
            GroupRecord.NEW.withGrant(new Grant(B1, 5, ProofKind.RELEASED, Optional.empty(), false, List.of())));

    @TempDir
    Path directory;

    private final BlockingQueue<Decision> told = new LinkedBlockingQueue<>();
    private final List<HistoryKeeper> opened = new ArrayList<>();
    private DeciderWords words = words(Duration.ofMillis(1));

    @AfterEach
    void close() {
        opened.forEach(HistoryKeeper::close);
    }

    @Test
    void newest_first_and_by_group() throws Exception {
        HistoryKeeper history = open();
        learn(history, 1, HELD);
        learn(history, 2, withGroup(HELD, "mail", granted(B1, 5, false)));
        heard(4);

        assertThat(history.newest(10))
                .extracting(d -> d.kind() + " " + d.subject())
                .containsExactly("GRANTED mail", "GRANTED files", "JOINED b", "JOINED a");
        assertThat(history.newest(10)).extracting(Decision::number).containsExactly(4L, 3L, 2L, 1L);
        assertThat(history.newest("files", 10)).hasSize(1);
        assertThat(history.newest(1)).hasSize(1);
        assertThat(history.newest("other", 10)).isEmpty();
    }

    @Test
    void what_another_node_decided_names_it() throws Exception {
        HistoryKeeper history = open();
        learn(history, 1, HELD.withNumber(4));
        heard(3);
        ClusterRecord wanted =
                withGroup(HELD, "files", HELD.groups().get("files").withMoveTo(Optional.of(B)));
        history.learned(new Ballot(2, "c/3"), wanted.withNumber(5), Optional.empty());

        assertThat(heard(1).get(0).sentence())
                .isEqualTo("files is asked to move from a#1 to b#1 (decided by c, whose history says why)");
    }

    @Test
    void what_another_node_decided_says_why_if_that_node_was_heard_and_keeps_it() throws Exception {
        hear(new Ballot(2, "c/3"), "asked to move to b");
        HistoryKeeper history = open();
        learn(history, 1, HELD.withNumber(4));
        heard(3);
        history.learned(new Ballot(2, "c/3"), RELEASED.withNumber(5), Optional.empty());

        Decision decision = heard(1).get(0);
        assertThat(decision.reason()).isEqualTo("asked to move to b; decided by c");
        assertThat(decision.isOwn()).isFalse();
        assertThat(history.reason("files", 5)).contains("asked to move to b; decided by c");
        assertThat(history.reason("files", 4)).isEmpty();
        history.close();
        assertThat(open().reason("files", 5)).contains("asked to move to b; decided by c");
    }

    @Test
    void a_reason_that_is_on_its_way_is_waited_for() throws Exception {
        words = words(Duration.ofSeconds(60));
        HistoryKeeper history = open();
        learn(history, 1, HELD.withNumber(4));
        heard(3);
        history.learned(new Ballot(2, "c/3"), RELEASED.withNumber(5), Optional.empty());
        hear(new Ballot(2, "b/3"), "not asked");
        hear(new Ballot(2, "c/3"), "asked to move to b");

        assertThat(heard(1).get(0).reason()).isEqualTo("asked to move to b; decided by c");
    }

    @Test
    void a_reason_that_never_comes_is_not_waited_for_long() throws Exception {
        HistoryKeeper history = open();
        learn(history, 1, HELD.withNumber(4));
        heard(3);
        history.learned(new Ballot(2, "c/3"), RELEASED.withNumber(5), Optional.empty());

        assertThat(heard(1).get(0).reason()).isEqualTo("decided by c, whose history says why");
        assertThat(words.isExpected(new Ballot(3, "c/3")))
                .as("it was waited for")
                .isFalse();
    }

    @Test
    void what_a_node_decided_itself_is_said_at_once_also_while_it_waits_for_a_reason() throws Exception {
        BlockingQueue<Message.Soft> sent = new LinkedBlockingQueue<>();
        words = new DeciderWords(List.of(B, C), sent::add, Duration.ofSeconds(60));
        HistoryKeeper history = open();
        learn(history, 1, HELD.withNumber(4));
        heard(3);
        ClusterRecord base = RELEASED.withNumber(5);
        history.learned(new Ballot(2, "c/3"), base, Optional.empty());
        Planning own = new Planning(ballot(3), base, facts(5), List.of(), List.of());
        history.learned(ballot(3), MOVED.withNumber(6), Optional.of(own));

        assertThat(sent.poll(20, TimeUnit.SECONDS)).isNotNull();
        assertThat(heard(1).get(0).reason()).isEqualTo("decided by c, whose history says why");
    }

    @Test
    void closing_waits_for_no_reason() throws Exception {
        words = words(Duration.ofSeconds(60));
        HistoryKeeper history = open();
        learn(history, 1, HELD.withNumber(4));
        heard(3);
        history.learned(new Ballot(2, "c/3"), RELEASED.withNumber(5), Optional.empty());
        history.close();

        assertThat(heard(1).get(0).reason()).isEqualTo("decided by c, whose history says why");
    }

    @Test
    void while_records_queue_up_no_reason_is_waited_for() throws Exception {
        words = words(Duration.ofSeconds(60));
        CountDownLatch isStuck = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        HistoryKeeper history = open(directory, decision -> {
            isStuck.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            told.add(decision);
        });
        learn(history, 1, HELD.withNumber(4));
        isStuck.await();
        for (int i = 1; i <= HistoryKeeper.WAITING_MAX; i++) {
            Grant grant = new Grant(B1, 4 + i, ProofKind.RELEASED, Optional.empty(), false, List.of());
            ClusterRecord next = withGroup(BOTH, "files", GroupRecord.NEW.withGrant(grant));
            history.learned(new Ballot(1 + i, "c/3"), next.withNumber(4 + i), Optional.empty());
        }
        goOn.countDown();

        assertThat(heard(3 + HistoryKeeper.WAITING_MAX / 2 - 1).subList(3, 3 + HistoryKeeper.WAITING_MAX / 2 - 1))
                .extracting(Decision::reason)
                .containsOnly("decided by c, whose history says why");
    }

    @Test
    void what_needs_no_reason_waits_for_none() throws Exception {
        words = words(Duration.ofSeconds(60));
        HistoryKeeper history = open();
        learn(history, 1, BOTH.withNumber(4));
        heard(2);
        history.learned(new Ballot(2, "c/3"), HELD.withNumber(5), Optional.empty());

        assertThat(heard(1).get(0).reason()).isEmpty();
    }

    @Test
    void who_decided_tells_the_others_and_who_learned_it_does_not() throws Exception {
        BlockingQueue<Message.Soft> sent = new LinkedBlockingQueue<>();
        words = new DeciderWords(List.of(B, C), sent::add);
        HistoryKeeper history = open();
        decideOnce(history, facts(5), Planner::plan);

        DeciderWords others = new DeciderWords(List.of(A), message -> {});
        Message.Soft word = Optional.ofNullable(sent.poll(20, TimeUnit.SECONDS)).orElseThrow();
        others.hear(A, word);
        assertThat(others.await(ballot(2), System.nanoTime(), () -> false)).isPresent();
        learn(history, 3, MOVED.withNumber(9));
        heard(1);
        assertThat(sent).isEmpty();
    }

    private static DeciderWords words(Duration patience) {
        return new DeciderWords(List.of(B, C), message -> {}, patience);
    }

    /** Said by whom the ballot names. */
    private void hear(Ballot ballot, String why) {
        Reasons reasons = new Reasons(new TreeMap<>(Map.of("files", new Why(why, ""))), true);
        byte[] state = ReasonsCodec.encode(new ReasonsCodec.Told(ballot, reasons));
        words.hear(NodeId.of(ballot.node()), new Message.Soft("!decider", 0, 1, state));
    }

    @Test
    void a_restart_keeps_it_and_tells_again_only_what_it_missed() throws Exception {
        HistoryKeeper first = open();
        learn(first, 1, HELD);
        heard(3);
        first.close();
        HistoryKeeper second = open();
        learn(second, 9, HELD.withNumber(9));
        learn(second, 10, MOVED.withNumber(10));

        assertThat(heard(1).get(0).sentence()).startsWith("files is granted to b#1");
        assertThat(second.newest(10)).extracting(Decision::number).containsExactly(4L, 3L, 2L, 1L);
    }

    @Test
    void what_was_decided_while_the_node_was_down_is_told_from_the_first_record_it_learns() throws Exception {
        HistoryKeeper first = open();
        learn(first, 1, HELD);
        heard(3);
        first.close();
        learn(open(), 9, MOVED.withNumber(9));

        assertThat(heard(1).get(0).token().orElseThrow().value()).isEqualTo(5);
    }

    @Test
    void what_came_back_while_the_node_was_down_is_told_again() throws Exception {
        ClusterRecord standby = BOTH.withOperators(new TreeSet<>(List.of(A)), List.of());
        HistoryKeeper first = open();
        learn(first, 1, standby);
        learn(first, 2, BOTH);
        heard(4);
        first.close();
        learn(open(), 9, standby.withNumber(9));

        assertThat(heard(1).get(0).kind()).isEqualTo(Kind.STANDBY);
    }

    @Test
    void a_damaged_tail_is_cut_and_told() throws Exception {
        HistoryKeeper first = open();
        learn(first, 1, HELD);
        heard(3);
        first.close();
        Path file = directory.resolve("history");
        byte[] whole = Files.readAllBytes(file);
        whole[whole.length - 1] ^= 1;
        Files.write(file, whole);
        HistoryKeeper second = open();

        Decision gap = heard(1).get(0);
        assertThat(gap.kind()).isEqualTo(Kind.GAP);
        assertThat(gap.sentence()).contains("damaged");
        learn(second, 2, HELD.withNumber(2));
        assertThat(heard(1).get(0).subject()).isEqualTo("files");
        second.close();
        assertThat(open().newest(10))
                .extracting(Decision::kind)
                .containsExactly(Kind.GRANTED, Kind.GAP, Kind.JOINED, Kind.JOINED);
        assertThat(told).isEmpty();
    }

    @Test
    void every_truncation_leaves_a_history_that_goes_on() throws Exception {
        HistoryKeeper first = open();
        learn(first, 1, HELD);
        heard(3);
        first.close();
        byte[] whole = Files.readAllBytes(directory.resolve("history"));
        for (int length = 0; length < whole.length; length++) {
            Files.write(directory.resolve("history"), Arrays.copyOf(whole, length));
            HistoryKeeper history = open();
            learn(history, 2, HELD.withNumber(2));
            history.close();
            told.clear();
            HistoryKeeper again = open();
            assertThat(again.newest("files", 5)).as("cut at %d", length).hasSize(1);
            assertThat(told).as("cut at %d", length).isEmpty();
            again.close();
        }
    }

    @Test
    void a_directory_that_cannot_be_written_costs_the_file_and_nothing_else() throws Exception {
        Path missing = directory.resolve("missing");
        HistoryKeeper history = open(missing, told::add);
        learn(history, 1, HELD);
        heard(3);
        assertThat(history.newest(10)).hasSize(3);
        assertThat(history.losses().unwritten()).isEqualTo(3);

        Files.createDirectory(missing);
        learn(history, 2, MOVED.withNumber(2));
        heard(1);
        history.close();
        assertThat(history.losses().unwritten()).isZero();
        assertThat(open(missing, told::add).newest(10)).hasSize(4);
    }

    @Test
    void a_full_disk_is_survived() throws Exception {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "no /dev/full here");
        Files.createSymbolicLink(directory.resolve("history"), full);
        HistoryKeeper history = open();
        learn(history, 1, HELD);
        heard(3);

        assertThat(history.losses().unwritten()).isEqualTo(3);
        assertThat(history.newest(10)).hasSize(3);
    }

    @Test
    void whoever_tells_never_waits_and_what_was_not_looked_at_is_told() throws Exception {
        CountDownLatch isStuck = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        HistoryKeeper history = open(directory, decision -> {
            isStuck.countDown();
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            told.add(decision);
        });
        learn(history, 1, BOTH);
        isStuck.await();
        for (int i = 0; i < HistoryKeeper.WAITING_MAX + 3; i++) {
            learn(history, 2 + i, BOTH.withNumber(2 + i));
        }
        assertThat(history.losses().unseen()).isEqualTo(3);
        goOn.countDown();
        heard(2);
        while (history.waiting() > 0) {
            Thread.onSpinWait();
        }
        learn(history, 1000, MOVED.withNumber(1000));

        List<Decision> rest = heard(2);
        assertThat(rest).extracting(Decision::kind).containsExactlyInAnyOrder(Kind.GAP, Kind.GRANTED);
        assertThat(rest.stream().filter(d -> d.kind() == Kind.GAP))
                .allSatisfy(gap -> assertThat(gap.sentence()).startsWith("3 records"));
    }

    @Test
    void a_history_that_ends_because_of_an_error_keeps_no_record_waiting() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        HistoryKeeper history = open(directory, decision -> {
            begun.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            throw new StackOverflowError("planned");
        });
        learn(history, 1, HELD);
        begun.await();
        for (int i = 2; i < 10; i++) {
            learn(history, i, MOVED.withNumber(i));
        }
        assertThat(history.waiting()).isPositive();
        go.countDown();
        while (history.waiting() > 0) {
            Thread.onSpinWait();
        }
        learn(history, 10, MOVED.withNumber(10));
        assertThat(history.waiting()).isZero();
        assertThat(history.losses().unseen()).isPositive();
    }

    @Test
    void the_files_stay_within_their_bound_and_the_newest_stay() throws Exception {
        try (FrameLog log = new FrameLog(directory, "log", 4000)) {
            for (int i = 0; i < 1000; i++) {
                log.append(new byte[100 + i % 7]);
                assertThat(size("log") + size("log.old")).isLessThanOrEqualTo(4000);
            }
            List<Integer> sizes = new ArrayList<>();
            log.read(payload -> sizes.add(payload.length));
            assertThat(sizes).hasSizeGreaterThan(15);
            assertThat(sizes.get(sizes.size() - 1)).isEqualTo(100 + 999 % 7);
        }
    }

    @Test
    void a_frame_that_is_too_large_is_refused_and_the_next_is_taken() throws Exception {
        try (FrameLog log = new FrameLog(directory, "log", 4000)) {
            log.append(new byte[10]);
            assertThatThrownBy(() -> log.append(new byte[2000])).isInstanceOf(IOException.class);
            log.append(new byte[20]);
            List<Integer> sizes = new ArrayList<>();
            log.read(payload -> sizes.add(payload.length));
            assertThat(sizes).containsExactly(10, 20);
        }
    }

    @Test
    void a_flipped_bit_costs_its_frame_and_those_behind_it_and_nothing_else() throws Exception {
        Path file = directory.resolve("log");
        try (FrameLog log = new FrameLog(directory, "log", 4000)) {
            for (int i = 1; i <= 4; i++) {
                log.append(new byte[i]);
            }
        }
        byte[] whole = Files.readAllBytes(file);
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] flipped = whole.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            Files.write(file, flipped);
            List<Integer> sizes = new ArrayList<>();
            try (FrameLog log = new FrameLog(directory, "log", 4000)) {
                assertThat(log.read(payload -> sizes.add(payload.length))).isPositive();
                log.append(new byte[9]);
                List<Integer> after = new ArrayList<>();
                assertThat(log.read(payload -> after.add(payload.length))).isZero();
                sizes.add(9);
                assertThat(after).as("bit %d", bit).isEqualTo(sizes);
            }
            int kept = sizes.size() - 1;
            assertThat(sizes.subList(0, kept)).isEqualTo(List.of(1, 2, 3, 4).subList(0, kept));
        }
    }

    @Test
    void a_file_of_another_format_is_begun_anew() throws Exception {
        Files.writeString(directory.resolve("history"), "something else entirely");
        HistoryKeeper history = open();
        assertThat(heard(1).get(0).kind()).isEqualTo(Kind.GAP);
        learn(history, 1, HELD);
        heard(3);
        history.close();
        assertThat(open().newest(10)).hasSize(4);
    }

    // ---- replay --------------------------------------------------------------------------------------------------

    @Test
    void a_decision_of_this_node_is_replayed_and_comes_out_the_same() throws Exception {
        HistoryKeeper history = open();
        Decision decision = decideOnce(history, facts(5), Planner::plan);

        assertThat(decision.isOwn()).isTrue();
        assertThat(history.replay(decision.number()).outcome()).isEqualTo(Replay.Outcome.SAME);
        history.close();
        assertThat(open().replay(decision.number()).outcome()).isEqualTo(Replay.Outcome.SAME);
    }

    @Test
    void a_planner_that_decides_otherwise_is_caught_with_what_it_decides() throws Exception {
        HistoryKeeper history = open();
        Decision decision = decideOnce(history, facts(5), (base, facts) -> {
            Plan plan = Planner.plan(base, facts);
            return new Plan(withGroup(plan.record(), "files", granted(B1, 6, false)), true, plan.notices());
        });

        Replay replay = history.replay(decision.number());
        assertThat(replay.outcome()).isEqualTo(Replay.Outcome.DIFFERENT);
        assertThat(replay.sentence()).contains("files is granted to a#1");
    }

    @Test
    void what_another_node_decided_is_not_replayed_here() throws Exception {
        HistoryKeeper history = open();
        learn(history, 1, HELD);
        heard(3);

        assertThat(history.replay(1).outcome()).isEqualTo(Replay.Outcome.NOT_KEPT);
        assertThat(history.replay(1).sentence()).contains("was not made on this node");
        assertThat(history.replay(99).sentence()).contains("no decision 99");
    }

    @Test
    void a_number_that_was_given_again_is_not_replayed_from_what_it_meant_before() throws Exception {
        HistoryKeeper first = open();
        Decision before = decideOnce(first, facts(5), Planner::plan);
        first.close();
        Path file = directory.resolve("history");
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length - 1));
        HistoryKeeper second = open();
        heard(1);
        learn(second, 8, HELD.withNumber(8));
        heard(1);

        assertThat(second.newest(9)).extracting(Decision::number).contains(before.number());
        assertThat(second.replay(before.number()).outcome()).isEqualTo(Replay.Outcome.NOT_KEPT);
    }

    @Test
    void inputs_that_were_damaged_are_not_kept() throws Exception {
        HistoryKeeper history = open();
        Decision decision = decideOnce(history, facts(5), Planner::plan);
        Path inputs = directory.resolve("history-inputs");
        Files.write(inputs, new byte[] {1}, StandardOpenOption.WRITE);

        assertThat(history.replay(decision.number()).outcome()).isEqualTo(Replay.Outcome.NOT_KEPT);
    }

    private interface AnyPlanner {
        Plan plan(ClusterRecord base, Facts facts);
    }

    private Decision decideOnce(HistoryKeeper history, Facts facts, AnyPlanner planner) throws InterruptedException {
        TreeMap<String, Candidacy> offer = new TreeMap<>(Map.of("files", candidacy(false)));
        ClusterRecord base = withGroup(
                withSession(withSession(withSession(empty(), A1, offer), B1, offer), C1, new TreeMap<>()),
                "files",
                GroupRecord.NEW);
        learn(history, 1, base);
        heard(3);
        Plan plan = planner.plan(base, facts);
        history.learned(
                ballot(2), plan.record(), Optional.of(new Planning(ballot(2), base, facts, plan.notices(), List.of())));
        return heard(1).get(0);
    }

    private HistoryKeeper open() {
        return open(directory, told::add);
    }

    private HistoryKeeper open(Path where, Consumer<Decision> listener) {
        HistoryKeeper history = new HistoryKeeper(
                where, new NamedThreads(Thread::new, A), Clock.fixed(NOW, ZoneOffset.UTC), words, listener);
        opened.add(history);
        history.start();
        return history;
    }

    private static void learn(HistoryKeeper history, long round, ClusterRecord record) {
        history.learned(ballot(round), record, Optional.empty());
    }

    private List<Decision> heard(int count) throws InterruptedException {
        List<Decision> heard = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            heard.add(Optional.ofNullable(told.poll(20, TimeUnit.SECONDS)).orElseThrow());
        }
        return heard;
    }

    private long size(String name) throws IOException {
        Path file = directory.resolve(name);
        return Files.exists(file) ? Files.size(file) : 0;
    }
}
