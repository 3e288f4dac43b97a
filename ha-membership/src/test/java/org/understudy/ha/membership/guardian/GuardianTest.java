package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.membership.Signals;
import org.understudy.ha.membership.codec.LastWill;
import org.understudy.ha.membership.guardian.LastWills.Verdict;

/** Whole processes on the loopback. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuardianTest {
    private static final Logger LOG = LoggerFactory.getLogger(GuardianTest.class);
    private static final int NO_WILL_MILLIS = 700;
    /** Less than a guardian may be silent for. */
    private static final long STALL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private static final int TRIES_MAX = 20;

    @TempDir
    Path directory;

    @Test
    void kill_9_yields_a_valid_will_that_lists_every_claim() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 6 100");
            small.tell("claim ipv4 192.0.2.1/24 dev lan0");
            small.tell("live 7 101");
            small.tell("claim stuck ipv4 192.0.2.2/24 dev lan0");
            small.node.destroyForcibly();

            byte[] datagram = small.will();
            LastWills.Opened opened = LastWills.open(datagram, small.publicKey);

            assertThat(opened.verdict()).isEqualTo(Verdict.VALID);
            LastWill will = opened.will().orElseThrow();
            assertThat(will.cluster()).isEqualTo("test");
            assertThat(will.node()).isEqualTo(NodeId.of("small"));
            assertThat(will.incarnation()).isEqualTo(7);
            assertThat(will.truncated()).isFalse();
            assertThat(will.removals())
                    .containsExactly(
                            new Removal(
                                    "stuck ipv4 192.0.2.2/24 dev lan0",
                                    Removal.Result.FAILED,
                                    "operation not permitted"),
                            new Removal("ipv4 192.0.2.1/24 dev lan0", Removal.Result.REMOVED, ""),
                            new Removal("tagged 100", Removal.Result.REMOVED, ""),
                            new Removal("tagged 101", Removal.Result.REMOVED, ""));
            assertThat(will.provesGone(List.of("ipv4 192.0.2.1/24 dev lan0"))).isTrue();
            assertThat(will.provesGone(List.of("stuck ipv4 192.0.2.2/24 dev lan0")))
                    .isFalse();

            assertThat(small.will()).as("it is repeated").isEqualTo(datagram);
            SmallNodeProcess.awaitEnd(small.guardian);
        }
    }

    @Test
    void what_ends_with_its_process_is_proved_too_and_is_no_thing_that_was_removed() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 7 101");
            small.tell("claim " + HostClaims.WHOLE_PROCESS);
            small.node.destroyForcibly();

            LastWill will = LastWills.open(small.will(), small.publicKey).will().orElseThrow();

            assertThat(will.removals()).containsExactly(new Removal("tagged 101", Removal.Result.REMOVED, ""));
            SmallNodeProcess.awaitEnd(small.guardian);
        }
    }

    @Test
    void a_guardian_that_has_not_heard_that_it_must_wait_for_the_process_is_ended() throws Exception {
        try (Guardian guardian = Guardian.start(settings(9), Optional.empty())) {
            guardian.claim(HostClaims.WHOLE_PROCESS);
            assertThat(guardian.isAlive()).isTrue();

            Signals.send("STOP", guardian.pid());
            guardian.claim(HostClaims.WHOLE_PROCESS);
            assertThat(guardian.isAlive()).isFalse();
        }
    }

    /** As on a node that takes over hundreds of groups: some word or other is not acknowledged yet at any time. */
    @Test
    void a_guardian_that_has_heard_it_is_not_ended_for_words_of_others() throws Exception {
        undisturbed(this::claimsBesideLives);
    }

    private void claimsBesideLives() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        try (Guardian guardian = Guardian.start(settings(9), NodeMark.create(Optional.empty()), new OneBehind(0))) {
            Thread other = new Thread(() -> {
                while (!isOver.get()) {
                    guardian.live(1, 100, Runnable::run);
                    LockSupport.parkNanos(1_000_000);
                }
            });
            other.start();
            try {
                guardian.claim(HostClaims.WHOLE_PROCESS);
                assertThat(guardian.isAlive()).isTrue();
            } finally {
                isOver.set(true);
                other.join();
            }
        }
    }

    /** The last of them waits for longer than a guardian may be silent. */
    @Test
    void a_guardian_that_reads_slowly_is_not_ended_because_many_write() throws Exception {
        undisturbed(this::manyClaims);
    }

    private void manyClaims() throws Exception {
        try (Guardian guardian =
                Guardian.start(settings(9), NodeMark.create(Optional.empty()), new OneBehind(20_000_000))) {
            String claim = "x".repeat(500);
            List<Thread> writers = IntStream.range(0, 24)
                    .mapToObj(i -> new Thread(() -> guardian.claim(claim + i)))
                    .toList();
            writers.forEach(Thread::start);
            for (Thread writer : writers) {
                writer.join();
            }
            assertThat(guardian.isAlive()).isTrue();
        }
    }

    @Test
    void without_a_host_port_the_death_is_proved_and_nothing_is_proved_removed() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, false)) {
            small.tell("live 1 100");
            small.tell("claim ipv4 192.0.2.1/24 dev lan0");
            small.node.destroyForcibly();

            LastWill will = LastWills.open(small.will(), small.publicKey).will().orElseThrow();

            assertThat(will.removals())
                    .containsExactly(new Removal("ipv4 192.0.2.1/24 dev lan0", Removal.Result.FAILED, "no host port"));
            SmallNodeProcess.awaitEnd(small.guardian);
        }
    }

    @Test
    void a_stopped_node_is_not_dead() throws Exception {
        for (boolean withHostPort : new boolean[] {true, false}) {
            try (SmallNodeProcess small = new SmallNodeProcess(directory, withHostPort)) {
                small.tell("live 1 100");
                Signals.send("STOP", small.node.pid());

                assertThat(small.will(NO_WILL_MILLIS)).isEmpty();
                assertThat(small.guardian.isAlive()).isTrue();

                small.node.destroyForcibly();
                assertThat(LastWills.open(small.will(), small.publicKey).verdict())
                        .isEqualTo(Verdict.VALID);
                SmallNodeProcess.awaitEnd(small.guardian);
            }
        }
    }

    @Test
    void a_stopped_node_is_killed_at_its_deadline_and_the_will_follows() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            small.tell("claim ipv4 192.0.2.1/24 dev lan0");
            long armed = System.nanoTime();
            small.tell("arm 1 4000");
            Signals.send("STOP", small.node.pid());

            LastWill will = LastWills.open(small.will(), small.publicKey).will().orElseThrow();
            long millis = (System.nanoTime() - armed) / 1_000_000;

            LOG.info("the will came {} ms after the deadline of a stopped node", millis - 4000);
            assertThat(will.provesGone(List.of("ipv4 192.0.2.1/24 dev lan0"))).isTrue();
            assertThat(small.node.waitFor()).as("SIGKILL").isEqualTo(128 + 9);
            assertThat(millis).as("not before").isGreaterThanOrEqualTo(3990);
            SmallNodeProcess.awaitEnd(small.guardian);
        }
    }

    @Test
    void a_confirmed_renewal_moves_the_deadline_and_disarming_ends_it() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            small.tell("arm 1 3000");
            small.tell("arm 1 6000");
            assertThat(small.will(3500)).isEmpty();
            assertThat(small.node.isAlive()).isTrue();

            small.tell("disarm 1");
            assertThat(small.will(3500)).isEmpty();
            assertThat(small.node.isAlive()).isTrue();

            small.tell("arm 2 200");
            assertThat(small.node.waitFor()).isEqualTo(128 + 9);
        }
    }

    @Test
    void a_guardian_that_was_stopped_with_its_node_reads_the_newest_renewal_first() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            small.tell("arm 1 3000");
            Signals.send("STOP", small.guardian.pid());
            small.send("arm 1 60000");
            assertThat(small.will(3500)).isEmpty();
            Signals.send("CONT", small.guardian.pid());

            assertThat(small.answer()).as("it is in force").startsWith("done");
            assertThat(small.node.isAlive()).isTrue();
            small.tell("disarm 1");
        }
    }

    @Test
    void a_guardian_without_a_host_port_says_that_it_cannot_kill() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, false)) {
            small.send("obstacles");
            assertThat(small.answer()).contains("no host port").contains("ha-iptakeover");
        }
    }

    @Test
    void a_lost_guardian_is_a_lost_killer() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("arm 1 60000");
            small.guardian.destroyForcibly();

            assertThat(List.of(small.answer(), small.answer())).containsExactlyInAnyOrder("lost", "killer lost");
        }
    }

    @Test
    void an_orderly_end_sends_nothing_and_leaves_nothing() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            small.tell("claim ipv4 192.0.2.1/24 dev lan0");
            small.tell("close");

            SmallNodeProcess.awaitEnd(small.guardian);
            assertThat(small.will(NO_WILL_MILLIS)).isEmpty();
            small.node.destroyForcibly();
            assertThat(small.will(NO_WILL_MILLIS)).isEmpty();
        }
    }

    @Test
    void the_end_of_the_pipe_alone_is_not_a_death() throws Exception {
        try (DatagramSocket wills = new DatagramSocket(0, InetAddress.getByName("127.0.0.1"))) {
            Process process = GuardianCommand.of(settings(wills.getLocalPort()), NodeMark.create(Optional.empty()))
                    .start();
            try {
                process.getOutputStream()
                        .write(GuardianWire.hello(new GuardianWire.Addresses(
                                        settings(wills.getLocalPort()).locals(),
                                        settings(wills.getLocalPort()).peers()))
                                .bytes());
                process.getOutputStream()
                        .write(new GuardianWire.Frame(
                                        GuardianWire.LIVE,
                                        ByteBuffer.allocate(12)
                                                .putLong(1)
                                                .putInt(2)
                                                .array())
                                .bytes());
                process.getOutputStream().close();
                DataInputStream in = new DataInputStream(process.getInputStream());
                byte type = GuardianWire.ACKNOWLEDGED;
                while (type != GuardianWire.READY) {
                    type = GuardianWire.read(in).type();
                }

                wills.setSoTimeout(NO_WILL_MILLIS);
                assertThatThrownBy(() -> wills.receive(new java.net.DatagramPacket(new byte[10], 10)))
                        .isInstanceOf(java.net.SocketTimeoutException.class);
                assertThat(process.isAlive()).isTrue();
            } finally {
                process.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void a_signal_to_both_leaves_the_guardian_time_to_see_its_nodes_end() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            Signals.send("TERM", small.guardian.pid());
            Signals.send("INT", small.guardian.pid());
            assertThat(small.will(NO_WILL_MILLIS)).isEmpty();
            small.node.destroyForcibly();

            assertThat(LastWills.open(small.will(), small.publicKey).verdict()).isEqualTo(Verdict.VALID);
            SmallNodeProcess.awaitEnd(small.guardian);
        }
    }

    @Test
    void a_lost_guardian_is_noticed_and_its_node_goes_on() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, false)) {
            small.tell("live 1 100");
            small.guardian.destroyForcibly();

            assertThat(small.answer()).isEqualTo("lost");
            small.tell("claim anything");
            assertThat(small.node.isAlive()).isTrue();
        }
    }

    @Test
    void a_guardian_that_does_not_read_is_given_up_without_blocking() throws Exception {
        try (Guardian guardian = Guardian.start(settings(9), Optional.empty())) {
            java.util.concurrent.CountDownLatch lost = new java.util.concurrent.CountDownLatch(1);
            guardian.onLost(lost::countDown);
            Signals.send("STOP", guardian.pid());
            for (int i = 0; i < 2 * GuardianWire.WINDOW; i += 40) {
                guardian.claim("a claim of some length, number " + i);
            }

            assertThat(lost.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(guardian.isAlive()).isFalse();
        }
    }

    /** The loop of a node says so, and must not wait for those who came before. */
    @Test
    void a_life_is_announced_in_its_turn_and_nobody_waits_for_that() throws Exception {
        undisturbed(this::lifeBehindClaims);
    }

    private void lifeBehindClaims() throws Exception {
        OneBehind slow = new OneBehind(20_000_000);
        try (Guardian guardian = Guardian.start(settings(9), NodeMark.create(Optional.empty()), slow)) {
            String claim = "x".repeat(500);
            List<Thread> writers = IntStream.range(0, 60)
                    .mapToObj(i -> new Thread(() -> guardian.claim(claim + i)))
                    .toList();
            writers.forEach(Thread::start);
            while (!writers.stream().allMatch(w -> waits(w) || w.getState() == Thread.State.TERMINATED)) {
                Thread.onSpinWait();
            }

            guardian.live(1, 100, task -> new Thread(task).start());
            assertThat(writers).as("who came before still waits").anyMatch(GuardianTest::waits);

            guardian.claim("after");
            assertThat(writers).as("nobody is overtaken").noneMatch(GuardianTest::waits);
            assertThat(guardian.isAlive()).isTrue();
        }
        assertThat(slow.read)
                .filteredOn(word -> word.type() == GuardianWire.LIVE || word.length() < 100)
                .extracting(GuardianWire.Frame::type)
                .containsSubsequence(GuardianWire.LIVE, GuardianWire.CLAIM, GuardianWire.CLOSE);
    }

    @Test
    void many_claims_pass_through_a_small_pipe() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            for (int i = 0; i < 300; i++) {
                small.tell("claim ipv4 192.0.2." + i + "/24 dev lan0");
            }
            small.node.destroyForcibly();

            LastWill will = LastWills.open(small.will(), small.publicKey).will().orElseThrow();
            assertThat(will.truncated()).isTrue();
            assertThat(will.provesGone(List.of("ipv4 192.0.2.0/24 dev lan0"))).isTrue();
            assertThat(will.provesGone(List.of("ipv4 192.0.2.299/24 dev lan0"))).isFalse();
        }
    }

    @Test
    void the_next_life_waits_for_the_old_guardian_and_names_it_if_it_stays() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            Signals.send("STOP", small.guardian.pid());
            small.node.destroyForcibly().waitFor();

            Process next = SmallNodeProcess.start(directory, 9, true);
            try {
                assertThat(SmallNodeProcess.answer(next.inputReader()))
                        .startsWith("refused ")
                        .contains("process " + small.guardian.pid())
                        .contains("guardian.lock");
            } finally {
                next.destroyForcibly();
            }

            Signals.send("CONT", small.guardian.pid());
            try (SmallNodeProcess after = new SmallNodeProcess(directory, true)) {
                SmallNodeProcess.awaitEnd(small.guardian);
                assertThat(LastWills.open(small.will(), small.publicKey).verdict())
                        .isEqualTo(Verdict.VALID);
                after.tell("live 2 100");
            }
        }
    }

    @Test
    void a_guardian_that_cannot_start_says_why_and_that_the_node_can_go_on() {
        GuardianSettings elsewhere = new GuardianSettings(
                "test",
                NodeId.of("small"),
                List.of(),
                List.of(InetAddress.getLoopbackAddress()),
                directory.resolve("missing/guardian.lock"),
                Thread::new);

        assertThatThrownBy(() -> Guardian.start(elsewhere, Optional.empty()))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("missing/guardian.lock")
                .hasMessageContaining("Without it the node works");
    }

    @Test
    void nothing_is_left_after_close() throws Exception {
        Guardian guardian = Guardian.start(settings(9), Optional.empty());
        ProcessHandle process = ProcessHandle.of(guardian.pid()).orElseThrow();
        guardian.close();
        guardian.close();

        assertThat(process.isAlive()).isFalse();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().startsWith("ha-here-"));
        try (FileChannel lock = FileChannel.open(directory.resolve("guardian.lock"), StandardOpenOption.WRITE)) {
            assertThat(lock.tryLock()).isNotNull();
        }
    }

    @Test
    void it_is_small() throws Exception {
        try (SmallNodeProcess small = new SmallNodeProcess(directory, true)) {
            small.tell("live 1 100");
            long pid = small.guardian.pid();
            long rssAnon = SmallNodeProcess.kibibytes(pid, "status", "RssAnon");
            LOG.info(
                    "guardian: RssAnon {} KiB, PSS {} KiB, RSS {} KiB, threads {}",
                    rssAnon,
                    SmallNodeProcess.kibibytes(pid, "smaps_rollup", "Pss"),
                    SmallNodeProcess.kibibytes(pid, "status", "VmRSS"),
                    SmallNodeProcess.kibibytes(pid, "status", "Threads"));
            assertThat(rssAnon).isLessThan(40 * 1024);
        }
    }

    @Test
    void settings_that_cannot_work_are_all_listed() {
        assertThatThrownBy(() -> new GuardianSettings(
                        "",
                        NodeId.of("here"),
                        List.of(InetSocketAddress.createUnresolved("nowhere", 1)),
                        List.of(),
                        directory,
                        Thread::new))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("cluster")
                .hasMessageContaining("peers")
                .hasMessageContaining("locals");
    }

    /** What can fail. */
    private interface Attempt {
        void run() throws Exception;
    }

    /** Once more where it has failed and this process stood still meanwhile: a guardian that is not run is silent as well. */
    private static void undisturbed(Attempt attempt) throws Exception {
        for (int tries = 1; ; tries++) {
            AtomicBoolean isOver = new AtomicBoolean();
            AtomicLong longest = new AtomicLong();
            Thread watch = new Thread(() -> {
                for (long last = System.nanoTime(); !isOver.get(); ) {
                    LockSupport.parkNanos(1_000_000);
                    long now = System.nanoTime();
                    longest.accumulateAndGet(now - last, Math::max);
                    last = now;
                }
            });
            watch.start();
            try {
                attempt.run();
                return;
            } catch (AssertionError e) {
                if (longest.get() < STALL_NANOS || tries == TRIES_MAX) {
                    throw e;
                }
            } finally {
                isOver.set(true);
                watch.join();
            }
        }
    }

    private static boolean waits(Thread thread) {
        return thread.getState() == Thread.State.TIMED_WAITING;
    }

    private GuardianSettings settings(int port) throws IOException {
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        return new GuardianSettings(
                "test",
                NodeId.of("here"),
                List.of(new InetSocketAddress(loopback, port)),
                List.of(loopback),
                directory.resolve("guardian.lock"),
                Thread::new);
    }

    /** A guardian that acknowledges each word when the next one comes. */
    private static final class OneBehind extends Process {
        private final Pipe words = Pipe.open();
        private final Pipe answers = Pipe.open();
        private final OutputStream toIt = Channels.newOutputStream(words.sink());
        private final InputStream fromIt = Channels.newInputStream(answers.source());
        private final Thread thread = new Thread(this::serve);
        private final List<GuardianWire.Frame> read = new CopyOnWriteArrayList<>();
        private final long nanos;

        /** @param nanos how long it takes to read a word */
        private OneBehind(long nanos) throws IOException {
            this.nanos = nanos;
            thread.start();
        }

        private void serve() {
            try (DataInputStream in = new DataInputStream(Channels.newInputStream(words.source()));
                    OutputStream out = Channels.newOutputStream(answers.sink())) {
                GuardianWire.Frame last = GuardianWire.read(in);
                out.write(new GuardianWire.Frame(GuardianWire.READY, new byte[0]).bytes());
                while (last.type() != GuardianWire.CLOSE) {
                    GuardianWire.Frame next = GuardianWire.read(in);
                    read.add(next);
                    LockSupport.parkNanos(nanos);
                    byte[] length = ByteBuffer.allocate(Integer.BYTES)
                            .putInt(last.length())
                            .array();
                    out.write(new GuardianWire.Frame(GuardianWire.ACKNOWLEDGED, length).bytes());
                    last = next;
                }
            } catch (IOException e) {
                LOG.debug("destroyed", e);
            }
        }

        @Override
        public long pid() {
            return ProcessHandle.current().pid();
        }

        @Override
        public OutputStream getOutputStream() {
            return toIt;
        }

        @Override
        public InputStream getInputStream() {
            return fromIt;
        }

        @Override
        public InputStream getErrorStream() {
            return InputStream.nullInputStream();
        }

        @Override
        public int waitFor() throws InterruptedException {
            thread.join();
            return 0;
        }

        @Override
        public int exitValue() {
            if (thread.isAlive()) {
                throw new IllegalThreadStateException("it runs");
            }
            return 0;
        }

        @Override
        public void destroy() {
            // Closes what it reads from and writes to.
            thread.interrupt();
        }
    }
}
