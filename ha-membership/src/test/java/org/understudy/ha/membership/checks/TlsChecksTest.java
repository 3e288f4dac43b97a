package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.membership.checks.CheckResult.Answer;

/** Every check that encrypts, from the first byte or later, and certificates that are not right. */
@Timeout(60)
class TlsChecksTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(400);

    @TempDir
    static Path scratch;

    private static TestTls right;
    private static TestTls other;

    @BeforeAll
    static void keys() throws Exception {
        right = TestTls.named(scratch, "dns:localhost", "ip:127.0.0.1");
        other = TestTls.named(scratch, "dns:other.example.org");
    }

    /** Its server behind TLS; {@code command} begins it if it does not begin at once. */
    record Protocol(
            String name,
            String greeting,
            String command,
            String ready,
            FakeServer.Script works,
            BiFunction<Integer, Tls, HealthCheck> check) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static final Map<String, String> SMTP = Map.of("EHLO", "250 mail\r\n", "QUIT", "221 bye\r\n");
    private static final Map<String, String> IMAP =
            Map.of("\\S+ CAPABILITY", "* CAPABILITY IMAP4rev1\r\n%t OK done\r\n", "\\S+ LOGOUT", "%t OK bye\r\n");
    private static final Map<String, String> POP3 = Map.of("QUIT", "+OK bye\r\n");
    private static final Map<String, String> FTP = Map.of("QUIT", "221 bye\r\n");

    static List<Protocol> implicit() {
        return List.of(
                new Protocol(
                        "tcp",
                        "",
                        "",
                        "",
                        FakeServer.lines("hello\r\n", Map.of()),
                        (port, tls) -> TcpCheck.to("127.0.0.1", port)
                                .tls(tls)
                                .expect("hello")
                                .build()),
                new Protocol(
                        "http",
                        "",
                        "",
                        "",
                        TalkingChecksTest.http("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nUP"),
                        (port, tls) -> HttpCheck.of(
                                        "https://" + tls.serverName().orElse("127.0.0.1") + "/")
                                .at("127.0.0.1", port)
                                .trusting(tls.context())
                                .expect("UP")
                                .build()),
                new Protocol(
                        "smtp",
                        "",
                        "",
                        "",
                        FakeServer.lines("220 mail\r\n", SMTP),
                        (port, tls) -> SmtpCheck.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "imap",
                        "",
                        "",
                        "",
                        FakeServer.lines("* OK ready\r\n", IMAP),
                        (port, tls) -> ImapCheck.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "pop3",
                        "",
                        "",
                        "",
                        FakeServer.lines("+OK ready\r\n", POP3),
                        (port, tls) -> Pop3Check.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "ftp",
                        "",
                        "",
                        "",
                        FakeServer.lines("220 ready\r\n", FTP),
                        (port, tls) -> FtpCheck.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "ldap",
                        "",
                        "",
                        "",
                        TalkingChecksTest::ldap,
                        (port, tls) -> LdapCheck.to("127.0.0.1", port)
                                .base("dc=example")
                                .tls(tls)
                                .build()));
    }

    static List<Protocol> started() {
        return List.of(
                new Protocol(
                        "smtp",
                        "220 mail\r\n",
                        "STARTTLS",
                        "220 go\r\n",
                        FakeServer.lines("", SMTP),
                        (port, tls) -> SmtpCheck.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "imap",
                        "* OK ready\r\n",
                        "\\S+ STARTTLS",
                        "%t OK go\r\n",
                        FakeServer.lines("", IMAP),
                        (port, tls) -> ImapCheck.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "pop3",
                        "+OK ready\r\n",
                        "STLS",
                        "+OK go\r\n",
                        FakeServer.lines("", POP3),
                        (port, tls) -> Pop3Check.to("127.0.0.1", port).tls(tls).build()),
                new Protocol(
                        "ftp",
                        "220 ready\r\n",
                        "AUTH TLS",
                        "234 go\r\n",
                        FakeServer.lines("", FTP),
                        (port, tls) -> FtpCheck.to("127.0.0.1", port).tls(tls).build()));
    }

    /** Speaks plainly until the command comes, and encrypts from there. */
    private static FakeServer.Script starting(Protocol protocol, SSLContext context) {
        return (socket, server) -> {
            FakeServer.say(socket, protocol.greeting());
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1), 1);
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.matches(protocol.command() + ".*")) {
                    FakeServer.say(socket, protocol.ready().replace("%t", line.split(" ")[0]));
                    SSLSocket secure =
                            (SSLSocket) context.getSocketFactory().createSocket(socket, null, socket.getPort(), true);
                    secure.setUseClientMode(false);
                    protocol.works().talk(secure, server);
                    return;
                }
                FakeServer.say(socket, line.startsWith("EHLO") ? "250 STARTTLS\r\n" : "500 what?\r\n");
            }
        };
    }

    private static Tls trusting(Tls tls, TestTls keys) {
        return tls.trusting(keys.client());
    }

    @ParameterizedTest
    @MethodSource("implicit")
    void a_server_that_works(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tls(right.server(), protocol.works())) {
            CheckResult result = protocol.check()
                    .apply(server.port(), trusting(Tls.implicit(), right))
                    .check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
            server.awaitNoConnection();
        }
    }

    @ParameterizedTest
    @MethodSource("started")
    void a_server_that_begins_later(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(starting(protocol, right.server()))) {
            CheckResult result = protocol.check()
                    .apply(server.port(), trusting(Tls.startTls(), right))
                    .check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
            server.awaitNoConnection();
        }
    }

    @ParameterizedTest
    @MethodSource("implicit")
    void a_certificate_of_somebody_else(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tls(other.server(), protocol.works())) {
            Tls tls = trusting(Tls.implicit(), other);
            CheckResult result = protocol.check().apply(server.port(), tls).check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
            assertThat(result.reason()).contains("TLS");
            CheckResult named = protocol.check()
                    .apply(server.port(), tls.named("other.example.org"))
                    .check(LONG);
            assertThat(named.answer()).as(named.reason()).isEqualTo(Answer.YES);
        }
    }

    @ParameterizedTest
    @MethodSource("started")
    void a_certificate_of_somebody_else_that_comes_later(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tcp(starting(protocol, other.server()))) {
            Tls tls = trusting(Tls.startTls(), other);
            CheckResult result = protocol.check().apply(server.port(), tls).check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
            assertThat(result.reason()).contains("TLS");
            CheckResult named = protocol.check()
                    .apply(server.port(), tls.named("other.example.org"))
                    .check(LONG);
            assertThat(named.answer()).as(named.reason()).isEqualTo(Answer.YES);
        }
    }

    @ParameterizedTest
    @MethodSource("implicit")
    void a_certificate_that_nobody_trusts(Protocol protocol) throws Exception {
        try (FakeServer server = FakeServer.tls(right.server(), protocol.works())) {
            CheckResult result =
                    protocol.check().apply(server.port(), Tls.implicit()).check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
            assertThat(result.reason()).contains("TLS");
        }
    }

    @ParameterizedTest
    @MethodSource("started")
    void a_server_that_does_not_encrypt_is_not_talked_to_plainly(Protocol protocol) throws Exception {
        FakeServer.Script plain = (socket, server) -> FakeServer.lines(
                        protocol.greeting(),
                        Map.of("EHLO", "250 mail\r\n", "\\S+ STARTTLS", "%t BAD what?\r\n", "STLS", "-ERR\r\n"))
                .talk(socket, server);
        try (FakeServer server = FakeServer.tcp(plain)) {
            CheckResult result = protocol.check()
                    .apply(server.port(), trusting(Tls.startTls(), right))
                    .check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.NO);
        }
    }

    @ParameterizedTest
    @MethodSource("implicit")
    void a_handshake_that_hangs_drips_or_is_none(Protocol protocol) throws Exception {
        for (FakeServer.Script script : List.of(
                FakeServer.hanging(),
                FakeServer.dripping("\u0016\u0003\u0003\u0040\u0000"),
                FakeServer.flooding("220 "))) {
            try (FakeServer server = FakeServer.tcp(script)) {
                CheckResult result = protocol.check()
                        .apply(server.port(), trusting(Tls.implicit(), right))
                        .check(SHORT);
                assertThat(result.isYes()).as(result.reason()).isFalse();
                server.awaitNoConnection();
            }
        }
    }

    @Test
    void a_virtual_host_is_asked_for_by_its_name() throws Exception {
        FakeServer.Script named = (socket, server) -> {
            String request = read(socket);
            boolean isAsked = request.contains("\r\nHost: other.example.org\r\n")
                    && request.startsWith("GET /a?b=c HTTP/1.1\r\n");
            FakeServer.say(socket, "HTTP/1.1 " + (isAsked ? 200 : 404) + " x\r\n\r\n");
        };
        try (FakeServer server = FakeServer.tls(other.server(), named)) {
            CheckResult result = HttpCheck.of("https://other.example.org/a?b=c")
                    .at("127.0.0.1", server.port())
                    .trusting(other.client())
                    .build()
                    .check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
        }
    }

    private static String read(Socket socket) throws IOException {
        StringBuilder request = new StringBuilder();
        while (request.indexOf("\r\n\r\n") < 0) {
            request.append((char) socket.getInputStream().read());
        }
        return request.toString();
    }
}
