package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.membership.checks.CheckResult.Answer;

/** What is compared, and how that ends. */
@Timeout(60)
class ContentTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private static CheckResult http(String answer, String expected) throws Exception {
        try (FakeServer server = FakeServer.tcp(TalkingChecksTest.http(answer))) {
            return HttpCheck.of("http://127.0.0.1:" + server.port() + "/")
                    .expect(expected)
                    .build()
                    .check(LONG);
        }
    }

    @Test
    void a_status_that_is_not_right() throws Exception {
        CheckResult result = http("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nUP", "UP");
        assertThat(result.answer()).isEqualTo(Answer.NO);
        assertThat(result.reason()).contains("answers 503, not 200 to 299");
    }

    @Test
    void a_body_that_is_not_right() throws Exception {
        CheckResult result = http("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nDOWN", "UP");
        assertThat(result.answer()).isEqualTo(Answer.NO);
        assertThat(result.reason()).contains("nothing that matches UP: DOWN");
    }

    @Test
    void a_redirect_is_not_followed() throws Exception {
        assertThat(http("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "x")
                        .reason())
                .contains("answers 302");
    }

    @Test
    void a_pattern_that_takes_for_ever_ends_at_the_deadline() throws Exception {
        String body = "a".repeat(60);
        try (FakeServer server =
                FakeServer.tcp(TalkingChecksTest.http("HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n" + body))) {
            CheckResult result = HttpCheck.of("http://127.0.0.1:" + server.port() + "/")
                    .expect("(a*)*\\1b")
                    .build()
                    .check(Duration.ofMillis(400));
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.UNKNOWN);
        }
    }

    @Test
    void a_pattern_that_goes_too_deep_is_told() throws Exception {
        String body = "ab".repeat(30_000);
        CheckResult result = http("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n" + body, "^(a|b)*$");
        assertThat(result.answer()).as(result.reason()).isIn(Answer.UNKNOWN, Answer.YES);
    }

    @Test
    void what_a_server_says_cannot_draw_in_the_log() throws Exception {
        CheckResult result = http("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\u001b[2J\r\nx\u0007!", "UP");
        assertThat(result.reason()).doesNotContainPattern("\\p{Cntrl}");
    }

    @Test
    void a_file_of_ftp_is_fetched_and_compared() throws Exception {
        try (ServerSocket data = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                FakeServer server = FakeServer.tcp(ftp(data, "alive\n"))) {
            FtpCheck.Builder check =
                    FtpCheck.to("127.0.0.1", server.port()).anonymous().file("alive.txt");
            CheckResult found = check.expect("^alive$|^alive\n").build().check(LONG);
            assertThat(found.answer()).as(found.reason()).isEqualTo(Answer.YES);
        }
        try (ServerSocket data = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                FakeServer server = FakeServer.tcp(ftp(data, "dead\n"))) {
            CheckResult found = FtpCheck.to("127.0.0.1", server.port())
                    .anonymous()
                    .file("alive.txt")
                    .expect("alive")
                    .build()
                    .check(LONG);
            assertThat(found.reason()).contains("nothing that matches alive: dead");
        }
    }

    @Test
    void a_file_of_ftp_without_an_end_fails() throws Exception {
        try (ServerSocket data = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                FakeServer server = FakeServer.tcp(ftp(data, "x".repeat(200_000)))) {
            CheckResult found = FtpCheck.to("127.0.0.1", server.port())
                    .anonymous()
                    .file("big")
                    .build()
                    .check(LONG);
            assertThat(found.answer()).isEqualTo(Answer.NO);
            assertThat(found.reason()).contains("does not stop talking");
        }
    }

    private static FakeServer.Script ftp(ServerSocket data, String contents) {
        int port = data.getLocalPort();
        FakeServer.Script talk = FakeServer.lines(
                "220 ready\r\n",
                Map.of(
                        "USER", "331 password?\r\n",
                        "PASS", "230 in\r\n",
                        "TYPE", "200 binary\r\n",
                        "PASV", "227 Entering Passive Mode (127,0,0,1," + port / 256 + "," + port % 256 + ")\r\n",
                        "RETR", "150 here\r\n226 done\r\n",
                        "QUIT", "221 bye\r\n"));
        Thread thread = new Thread(() -> {
            try (Socket socket = data.accept()) {
                FakeServer.say(socket, contents);
            } catch (IOException e) {
                // The test is over, or the client had enough.
                return;
            }
        });
        thread.setDaemon(true);
        thread.start();
        return talk;
    }

    @Test
    void a_refusal_of_a_login_is_told() throws Exception {
        try (FakeServer server = FakeServer.tcp(
                FakeServer.lines("+OK\r\n", Map.of("USER", "+OK\r\n", "PASS", "-ERR wrong password\r\n")))) {
            CheckResult result = Pop3Check.to("127.0.0.1", server.port())
                    .login("ada", "secret")
                    .build()
                    .check(LONG);
            assertThat(result.answer()).isEqualTo(Answer.NO);
            assertThat(result.reason())
                    .contains("does not let ada in: -ERR wrong password")
                    .doesNotContain("secret");
        }
    }

    @Test
    void a_connection_is_enough_if_nothing_is_expected() throws Exception {
        try (FakeServer server = FakeServer.tcp(FakeServer.hanging())) {
            assertThat(TcpCheck.to("127.0.0.1", server.port())
                            .build()
                            .check(LONG)
                            .isYes())
                    .isTrue();
        }
    }
}
