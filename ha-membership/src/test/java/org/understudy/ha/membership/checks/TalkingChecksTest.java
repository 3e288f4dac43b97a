package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.membership.checks.CheckResult.Answer;

/** Every check over TCP, against a server that works and against all that do not. */
@Timeout(60)
class TalkingChecksTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(300);
    /** What is read is bounded, and the kernel's buffers of both sides are. */
    private static final long FLOOD_MAX = 32 * 1024 * 1024;

    /**
     * @param greeting what a server of that kind says first; a flood and a drip come after it
     */
    record Protocol(String name, String greeting, FakeServer.Script works, IntFunction<HealthCheck> check) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Protocol> protocols() {
        return List.of(
                new Protocol(
                        "tcp",
                        "",
                        FakeServer.lines("", answers("PING", "+PONG\r\n")),
                        port -> TcpCheck.to("127.0.0.1", port)
                                .send("PING\r\n")
                                .expect("^\\+PONG")
                                .build()),
                new Protocol(
                        "telnet",
                        "\u00ff\u00fd\u0018",
                        FakeServer.lines("\u00ff\u00fd\u0018host login: ", answers("", "")),
                        port -> TelnetCheck.to("127.0.0.1", port)
                                .expect("login: ")
                                .build()),
                new Protocol(
                        "ftp",
                        "220 ",
                        FakeServer.lines(
                                "220-a\r\n220 ready\r\n",
                                answers("USER", "331 password?\r\n", "PASS", "230 in\r\n", "QUIT", "221 bye\r\n")),
                        port -> FtpCheck.to("127.0.0.1", port).anonymous().build()),
                new Protocol(
                        "smtp",
                        "220 ",
                        FakeServer.lines(
                                "220 mail ESMTP\r\n",
                                answers(
                                        "EHLO",
                                        "250-mail\r\n250 AUTH PLAIN\r\n",
                                        "AUTH PLAIN$",
                                        "334 \r\n",
                                        "AHUAC2VJCMV0$",
                                        "235 in\r\n",
                                        "QUIT",
                                        "221 bye\r\n")),
                        port -> SmtpCheck.to("127.0.0.1", port)
                                .login("u", "secret")
                                .expect("AUTH PLAIN")
                                .build()),
                new Protocol(
                        "imap",
                        "* OK ",
                        FakeServer.lines(
                                "* OK ready\r\n",
                                answers(
                                        "\\S+ CAPABILITY",
                                        "* CAPABILITY IMAP4rev1\r\n%t OK done\r\n",
                                        "\\S+ LOGIN \"U\" \"P\\\\\\\\\\\\\"Q\"",
                                        "%t OK in\r\n",
                                        "\\S+ EXAMINE \"INBOX\"",
                                        "* 0 EXISTS\r\n%t OK [READ-ONLY] done\r\n",
                                        "\\S+ LOGOUT",
                                        "* BYE\r\n%t OK bye\r\n",
                                        "\\S+",
                                        "%t BAD what?\r\n")),
                        port -> ImapCheck.to("127.0.0.1", port)
                                .login("u", "p\\\"q")
                                .mailbox("INBOX")
                                .expect("IMAP4")
                                .build()),
                new Protocol(
                        "pop3",
                        "+OK ",
                        FakeServer.lines(
                                "+OK ready\r\n",
                                answers(
                                        "USER U$",
                                        "+OK\r\n",
                                        "PASS P$",
                                        "+OK\r\n",
                                        "STAT",
                                        "+OK 0 0\r\n",
                                        "QUIT",
                                        "+OK bye\r\n",
                                        "",
                                        "-ERR\r\n")),
                        port -> Pop3Check.to("127.0.0.1", port).login("u", "p").build()),
                new Protocol(
                        "nntp",
                        "200 ",
                        FakeServer.lines(
                                "200 ready\r\n",
                                answers("GROUP LOCAL.TEST$", "211 0 0 0 local.test\r\n", "QUIT", "205 bye\r\n")),
                        port -> NntpCheck.to("127.0.0.1", port)
                                .group("local.test")
                                .build()),
                new Protocol(
                        "echo",
                        "",
                        (socket, server) -> socket.getInputStream().transferTo(socket.getOutputStream()),
                        port -> EchoCheck.to("127.0.0.1", port).build()),
                new Protocol(
                        "daytime",
                        "",
                        (socket, server) -> FakeServer.say(socket, "Sunday, February 22, 1982 17:37:43-PST\r\n"),
                        port -> DaytimeCheck.to("127.0.0.1", port)
                                .expect("1982")
                                .build()),
                new Protocol(
                        "dns",
                        "",
                        TalkingChecksTest::dns,
                        port -> DnsCheck.to("127.0.0.1", port)
                                .overTcp()
                                .ask("www.example.org", "A")
                                .expect("^www.example.org A 192\\.0\\.2\\.1$")
                                .build()),
                new Protocol(
                        "ldap",
                        "",
                        TalkingChecksTest::ldap,
                        port -> LdapCheck.to("127.0.0.1", port)
                                .base("dc=example")
                                .expect("dc: example")
                                .build()),
                new Protocol(
                        "http",
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
                        http("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nUP"),
                        port -> HttpCheck.of("http://127.0.0.1:" + port + "/health")
                                .expect("UP")
                                .build()));
    }

    private static Map<String, String> answers(String... pairs) {
        Map<String, String> answers = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            answers.put(pairs[i], pairs[i + 1]);
        }
        return answers;
    }

    static FakeServer.Script http(String answer) {
        return (socket, server) -> {
            StringBuilder request = new StringBuilder();
            while (request.indexOf("\r\n\r\n") < 0) {
                int next = socket.getInputStream().read();
                if (next < 0) {
                    return;
                }
                request.append((char) next);
            }
            FakeServer.say(socket, answer);
            FakeServer.hanging().talk(socket, server);
        };
    }

    private static void dns(Socket socket, FakeServer server) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] query = in.readNBytes(in.readUnsignedShort());
        byte[] answer = DatagramChecksTest.address(query);
        socket.getOutputStream().write(new byte[] {(byte) (answer.length >> 8), (byte) answer.length});
        socket.getOutputStream().write(answer);
    }

    /** Answers bind and search as RFC 4511 draws it: every message is a SEQUENCE of a short length with a message id of one byte. */
    static void ldap(Socket socket, FakeServer server) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        while (true) {
            in.readUnsignedByte();
            byte[] message = in.readNBytes(in.readUnsignedByte());
            byte id = message[2];
            if (message[3] == 0x60) {
                socket.getOutputStream().write(new byte[] {0x30, 12, 2, 1, id, 0x61, 7, 0x0a, 1, 0, 4, 0, 4, 0});
            } else if (message[3] == 0x63) {
                FakeServer.say(
                        socket,
                        "\u0030\u0026\u0002\u0001" + (char) id
                                + "\u0064\u0021\u0004\ndc=example\u0030\u0013\u0030\u0011"
                                + "\u0004\u0002dc\u0031\u000b\u0004\u0007example\u0004\u0000");
                socket.getOutputStream().write(new byte[] {0x30, 12, 2, 1, id, 0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0});
            }
        }
    }

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        Threads.awaitNoneOfChecks();
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_works(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(protocol.works())) {
            HealthCheck check = protocol.check().apply(server.port());
            CheckResult result = check.check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
            assertThat(result.reason()).contains(Integer.toString(server.port()));
            assertThat(check.check(LONG).isYes()).isTrue();
            assertThat(server.accepted()).isEqualTo(2);
            server.awaitNoConnection();
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void nobody_listens(Protocol protocol) throws Exception {
        CheckResult result = protocol.check().apply(FakeServer.silentPort()).check(LONG);
        assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
        assertThat(result.reason()).contains("cannot be reached");
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_hangs(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(FakeServer.hanging())) {
            CheckResult result = protocol.check().apply(server.port()).check(SHORT);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.UNKNOWN);
            assertThat(result.isLate()).as(result.reason()).isTrue();
            assertThat(result.reason()).contains("300 ms");
            server.awaitNoConnection();
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_hangs_after_its_greeting(Protocol protocol) throws Exception {
        FakeServer.Script script = (socket, server) -> {
            FakeServer.say(socket, protocol.greeting());
            FakeServer.hanging().talk(socket, server);
        };
        try (FakeServer server = FakeServer.tcp(script)) {
            CheckResult result = protocol.check().apply(server.port()).check(SHORT);
            assertThat(result.isLate()).as(result.reason()).isTrue();
            server.awaitNoConnection();
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_resets(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(FakeServer.resetting())) {
            CheckResult result = protocol.check().apply(server.port()).check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_closes_at_once(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(FakeServer.closing())) {
            CheckResult result = protocol.check().apply(server.port()).check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_talks_garbage(Protocol protocol) throws Exception {
        for (long seed = 1; seed <= 3; seed++) {
            try (FakeServer server = FakeServer.tcp(FakeServer.garbage(seed))) {
                CheckResult result = protocol.check().apply(server.port()).check(Duration.ofSeconds(2));
                assertThat(result.isYes()).as(result.reason()).isFalse();
                assertThat(result.reason()).doesNotContainPattern("\\p{Cntrl}").hasSizeLessThan(600);
                server.awaitNoConnection();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_does_not_stop(Protocol protocol) throws Exception {
        for (String greeting : List.of("", protocol.greeting())) {
            try (FakeServer server = FakeServer.tcp(FakeServer.flooding(greeting))) {
                CheckResult result = protocol.check().apply(server.port()).check(Duration.ofSeconds(2));
                assertThat(result.isYes()).as(result.reason()).isFalse();
                server.awaitNoConnection();
                assertThat(server.sent()).isLessThan(FLOOD_MAX);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_drips_for_ever(Protocol protocol) throws Exception {
        for (String greeting : List.of("", protocol.greeting())) {
            try (FakeServer server = FakeServer.tcp(FakeServer.dripping(greeting))) {
                CheckResult result = protocol.check().apply(server.port()).check(SHORT);
                assertThat(result.isYes()).as(result.reason()).isFalse();
                server.awaitNoConnection();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void an_interrupt_ends_it_at_once_and_leaves_nothing(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(FakeServer.hanging())) {
            HealthCheck check = protocol.check().apply(server.port());
            AtomicReference<Object> outcome = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    outcome.set(check.check(Duration.ofHours(1)));
                } catch (InterruptedException e) {
                    outcome.set(e);
                }
            });
            thread.start();
            server.awaitConnection();
            thread.interrupt();
            thread.join(20_000);
            assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
            server.awaitNoConnection();
        }
    }
}
