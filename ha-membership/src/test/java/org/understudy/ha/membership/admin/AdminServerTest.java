package org.understudy.ha.membership.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals;
import org.understudy.ha.api.StorageException;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.codec.AdminCodec;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminAnswer.Outcome;
import org.understudy.ha.membership.core.admin.AdminRequest;
import org.understudy.ha.membership.refusal.RefusalCounts;

/** With real sockets. */
@Timeout(60)
class AdminServerTest {

    private static final String PYTHON = "/usr/bin/python3";
    /** The user of that name, on every Linux. */
    private static final String NOBODY = "65534";

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final AdminRequest HELLO = AdminRequest.of("hello").with("name", "ann");

    @TempDir
    Path directory;

    private final ScheduledExecutorService timers = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private final RefusalCounts refusals = new RefusalCounts();
    private final List<Thread> threads = new ArrayList<>();
    private Optional<AdminServer> server = Optional.empty();

    @AfterEach
    void close() throws Exception {
        if (server.isPresent()) {
            server.get().close();
        }
        timers.shutdownNow();
        callers.shutdownNow();
        for (Thread thread : threads) {
            thread.join(5000);
            assertThat(thread.isAlive()).as(thread.getName()).isFalse();
        }
    }

    @Test
    void a_request_is_answered() throws Exception {
        open(request ->
                AdminAnswer.of(Outcome.DONE, "hello " + request.word("name").orElse("")));

        AdminAnswer answer = AdminClient.ask(socket(), HELLO, LIMIT);
        assertThat(answer.outcome()).isEqualTo(Outcome.DONE);
        assertThat(answer.sentence()).isEqualTo("hello ann");
    }

    @Test
    void the_socket_is_its_owners_alone_and_gone_after_close() throws Exception {
        open(request -> AdminAnswer.of(Outcome.DONE, ""));

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
                .isEqualTo("rw-------");
        server.orElseThrow().close();
        assertThat(socket()).doesNotExist();
        assertThatThrownBy(() -> AdminClient.ask(socket(), HELLO, LIMIT)).isInstanceOf(IOException.class);
    }

    @Test
    void what_a_killed_node_left_behind_is_replaced_and_a_file_of_somebody_else_is_not() throws Exception {
        try (ServerSocketChannel leftover = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            leftover.bind(UnixDomainSocketAddress.of(socket()));
        }
        open(request -> AdminAnswer.of(Outcome.DONE, "new"));
        assertThat(AdminClient.ask(socket(), HELLO, LIMIT).sentence()).isEqualTo("new");
        server.orElseThrow().close();

        Files.writeString(socket(), "mine");
        assertThatThrownBy(() -> open(request -> AdminAnswer.of(Outcome.DONE, "")))
                .isInstanceOf(StorageException.class)
                .hasMessageContaining("no socket");
        assertThat(Files.readString(socket())).isEqualTo("mine");
    }

    @Test
    void another_user_is_turned_away_even_where_the_mode_lets_him_in() throws Exception {
        assumeTrue(isRoot(), "only root can become another user");
        assumeTrue(Files.isExecutable(Path.of(PYTHON)), "no " + PYTHON + " to be the other user's client");
        open(request -> AdminAnswer.of(Outcome.DONE, "let in"));
        for (Path path = socket(); path.startsWith(directory); path = path.getParent()) {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
        }

        assertThat(askAs("0")).contains("let in");
        assertThat(refusals.snapshot().total()).isZero();
        assertThat(askAs(NOBODY)).doesNotContain("let in");
        assertThat(refusals.snapshot().of(Refusals.Reason.STRANGER)).isEqualTo(1);
    }

    @Test
    void nonsense_is_refused_and_the_next_is_answered() throws Exception {
        open(request -> AdminAnswer.of(Outcome.DONE, "ok"));
        byte[] good = AdminCodec.encode(HELLO);
        List<byte[]> bad = List.of(
                "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8),
                frame(AdminFrames.MAGIC, Integer.MAX_VALUE, good),
                frame(AdminFrames.MAGIC, -1, good),
                frame(AdminFrames.MAGIC, AdminFrames.REQUEST_MAX + 1, good),
                frame(0, good.length, good));
        for (byte[] bytes : bad) {
            try (SocketChannel channel = connect()) {
                channel.write(ByteBuffer.wrap(bytes));
                assertThatThrownBy(() -> AdminFrames.read(channel, 1000)).isInstanceOf(IOException.class);
            }
        }
        await(() -> refusals.snapshot().of(Refusals.Reason.MALFORMED) == bad.size());
        assertThat(AdminClient.ask(socket(), HELLO, LIMIT).sentence()).isEqualTo("ok");
    }

    @Test
    void another_version_is_told_what_is_spoken_here() throws Exception {
        open(request -> AdminAnswer.of(Outcome.DONE, "ok"));
        byte[] other = AdminCodec.encode(HELLO);
        other[0] = 99;
        try (SocketChannel channel = connect()) {
            AdminFrames.write(channel, other);
            AdminAnswer answer = AdminCodec.decodeAnswer(AdminFrames.read(channel, 1000));
            assertThat(answer.outcome()).isEqualTo(Outcome.NOT_UNDERSTOOD);
            assertThat(answer.sentence()).contains("version 99").contains("speaks version 1");
        }
    }

    @Test
    void a_client_that_says_nothing_is_shut_out_and_holds_up_nobody() throws Exception {
        open(request -> AdminAnswer.of(Outcome.DONE, "ok"));
        try (SocketChannel silent = connect();
                SocketChannel slow = connect()) {
            slow.write(ByteBuffer.wrap(new byte[] {0x55, 0x4e}));
            assertThat(AdminClient.ask(socket(), HELLO, LIMIT).sentence()).isEqualTo("ok");
            assertThatThrownBy(() -> AdminFrames.read(silent, 1000)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> AdminFrames.read(slow, 1000)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void more_clients_than_there_is_room_for_are_turned_away() throws Exception {
        Semaphore answers = new Semaphore(0);
        CountDownLatch taken = new CountDownLatch(AdminServer.CLIENTS_MAX);
        open(request -> {
            taken.countDown();
            answers.acquireUninterruptibly();
            return AdminAnswer.of(Outcome.DONE, "ok");
        });
        List<Future<AdminAnswer>> waiting = new ArrayList<>();
        for (int i = 0; i < AdminServer.CLIENTS_MAX; i++) {
            waiting.add(callers.submit(() -> AdminClient.ask(socket(), HELLO, LIMIT)));
        }
        taken.await();

        assertThatThrownBy(() -> AdminClient.ask(socket(), HELLO, LIMIT)).isInstanceOf(IOException.class);
        assertThat(refusals.snapshot().of(Refusals.Reason.TOO_MANY)).isEqualTo(1);
        answers.release(AdminServer.CLIENTS_MAX);
        for (Future<AdminAnswer> each : waiting) {
            assertThat(each.get().sentence()).isEqualTo("ok");
        }
    }

    @Test
    void closing_interrupts_whoever_waits_and_its_client_hears_the_end() throws Exception {
        CountDownLatch waits = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        open(request -> {
            waits.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return AdminAnswer.of(Outcome.UNKNOWN, "interrupted");
        });
        Future<AdminAnswer> asked = callers.submit(() -> AdminClient.ask(socket(), HELLO, LIMIT));
        waits.await();
        server.orElseThrow().close();

        assertThatThrownBy(asked::get).hasCauseInstanceOf(IOException.class);
    }

    @Test
    void a_desk_that_fails_is_an_answer_of_its_own() throws Exception {
        open(request -> {
            throw new IllegalStateException("broken");
        });
        AdminAnswer answer = AdminClient.ask(socket(), HELLO, LIMIT);
        assertThat(answer.outcome()).isEqualTo(Outcome.UNKNOWN);
        assertThat(answer.sentence()).contains("broken");
    }

    @Test
    void a_client_waits_no_longer_than_it_said() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        open(request -> {
            try {
                never.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return AdminAnswer.of(Outcome.UNKNOWN, "");
        });
        assertThatThrownBy(() -> AdminClient.ask(socket(), HELLO, Duration.ofMillis(100)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no answer within 100 ms");
    }

    private void open(Function<AdminRequest, AdminAnswer> desk) {
        server = Optional.of(AdminServer.open(
                socket(),
                desk,
                new NamedThreads(
                        body -> {
                            Thread thread = new Thread(body);
                            threads.add(thread);
                            return thread;
                        },
                        NodeId.of("serv1")),
                timers,
                refusals));
    }

    private Path socket() {
        return directory.resolve("admin.sock");
    }

    private SocketChannel connect() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(socket()));
    }

    private static byte[] frame(int magic, int length, byte[] payload) {
        return ByteBuffer.allocate(8 + payload.length)
                .putInt(magic)
                .putInt(length)
                .put(payload)
                .array();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        CountDownLatch never = new CountDownLatch(1);
        while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
            assertThat(never.await(10, TimeUnit.MILLISECONDS)).isFalse();
        }
        assertThat(condition.getAsBoolean()).isTrue();
    }

    // ---- other users ---------------------------------------------------------------------------------------------

    private static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    /** The words of a client that another user runs. */
    private String askAs(String uid) throws Exception {
        Process process = new ProcessBuilder(
                        "setpriv",
                        "--reuid=" + uid,
                        "--clear-groups",
                        PYTHON,
                        "-c",
                        "import socket,sys,struct\n"
                                + "s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
                                + "try:\n"
                                + "  s.sendall(bytes.fromhex(sys.argv[2]))\n"
                                + "  print(s.recv(1000))\n"
                                + "except OSError as e: print('refused', e)\n",
                        socket().toString(),
                        HexFormat.of()
                                .formatHex(frame(
                                        AdminFrames.MAGIC, AdminCodec.encode(HELLO).length, AdminCodec.encode(HELLO))))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
