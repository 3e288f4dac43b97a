package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.spi.Severity;

/** What cannot be is refused where it is given, with a remedy. */
class SettingsTest {
    private static final HealthCheck FINE = timeout -> CheckResult.yes("fine");

    record Mistake(String about, String said, ThrowingCallable made) {
        @Override
        public String toString() {
            return about + " " + said;
        }
    }

    static List<Mistake> mistakes() {
        return List.of(
                new Mistake("port", "1 to 65535", () -> TcpCheck.to("127.0.0.1", 0)),
                new Mistake("port", "1 to 65535", () -> NtpCheck.to("127.0.0.1", 65_536)),
                new Mistake("host", "resolver", () -> SmtpCheck.to("no-such-host.invalid", 25)),
                new Mistake("host", "line break", () -> SmtpCheck.to("a\r\nb", 25)),
                new Mistake(
                        "expect",
                        "set it once",
                        () -> TcpCheck.to("127.0.0.1", 1).expect("a").expect("b")),
                new Mistake(
                        "expect",
                        "regular expression",
                        () -> TcpCheck.to("127.0.0.1", 1).expect("(")),
                new Mistake(
                        "bytesMax",
                        "out of bounds",
                        () -> TcpCheck.to("127.0.0.1", 1).bytesMax(0)),
                new Mistake(
                        "send", "ISO 8859-1", () -> TcpCheck.to("127.0.0.1", 1).send("\u20ac")),
                new Mistake("tls", "implicit", () -> TcpCheck.to("127.0.0.1", 1).tls(Tls.startTls())),
                new Mistake(
                        "tls", "implicit", () -> LdapCheck.to("127.0.0.1", 1).tls(Tls.startTls())),
                new Mistake("named", "line break", () -> Tls.implicit().named("a\nb")),
                new Mistake(
                        "user",
                        "line break",
                        () -> SmtpCheck.to("127.0.0.1", 25).login("a\r\nVRFY root", "p")),
                new Mistake(
                        "password",
                        "line break",
                        () -> Pop3Check.to("127.0.0.1", 1).login("a", "x\r\nDELE 1")),
                new Mistake(
                        "helloAs",
                        "line break",
                        () -> SmtpCheck.to("127.0.0.1", 25).helloAs("x\r\nVRFY root")),
                new Mistake(
                        "group",
                        "line break",
                        () -> NntpCheck.to("127.0.0.1", 1).group("a\nb")),
                new Mistake(
                        "mailbox",
                        "needs a login",
                        () -> ImapCheck.to("127.0.0.1", 1).mailbox("INBOX").build()),
                new Mistake(
                        "login",
                        "tls",
                        () -> ImapCheck.to("192.0.2.1", 143).login("a", "b").build()),
                new Mistake(
                        "file",
                        "needs a login",
                        () -> FtpCheck.to("127.0.0.1", 21).file("x").build()),
                new Mistake(
                        "file",
                        "TLS",
                        () -> FtpCheck.to("127.0.0.1", 21)
                                .anonymous()
                                .file("x")
                                .tls(Tls.startTls())
                                .build()),
                new Mistake(
                        "ask", "(not set)", () -> DnsCheck.to("127.0.0.1", 53).build()),
                new Mistake("ask", "label", () -> DnsCheck.to("127.0.0.1", 53).ask("a..b", "A")),
                new Mistake("ask", "AAAA", () -> DnsCheck.to("127.0.0.1", 53).ask("a", "HINFO")),
                new Mistake(
                        "expectCode",
                        "NXDOMAIN",
                        () -> DnsCheck.to("127.0.0.1", 53).expectCode("NO")),
                new Mistake(
                        "offsetMax",
                        "out of bounds",
                        () -> NtpCheck.to("127.0.0.1", 1).offsetMax(Duration.ZERO)),
                new Mistake("uri", "http", () -> HttpCheck.of("ftp://127.0.0.1/")),
                new Mistake("uri", "http", () -> HttpCheck.of("http://u:p@127.0.0.1/")),
                new Mistake("uri", "no URI", () -> HttpCheck.of("http://a b/")),
                new Mistake("uri", "ASCII", () -> HttpCheck.of("http://127.0.0.1/\u00fc")),
                new Mistake("uri", "65535", () -> HttpCheck.of("http://127.0.0.1:70000/")),
                new Mistake(
                        "uri",
                        "resolver",
                        () -> HttpCheck.of("http://no-such-host.invalid/").build()),
                new Mistake(
                        "status",
                        "200 to 599",
                        () -> HttpCheck.of("http://127.0.0.1/").statusBetween(300, 200)),
                new Mistake(
                        "method",
                        "post",
                        () -> HttpCheck.of("http://127.0.0.1/").method("DELETE")),
                new Mistake(
                        "header", "at(", () -> HttpCheck.of("http://127.0.0.1/").header("Host", "x")),
                new Mistake(
                        "header X",
                        "line break",
                        () -> HttpCheck.of("http://127.0.0.1/").header("X", "a\r\nY: b")),
                new Mistake(
                        "header",
                        "no name",
                        () -> HttpCheck.of("http://127.0.0.1/").header("X:", "a")),
                new Mistake(
                        "expect",
                        "HEAD",
                        () -> HttpCheck.of("http://127.0.0.1/")
                                .method("HEAD")
                                .expect("x")
                                .build()),
                new Mistake(
                        "trusting",
                        "https",
                        () -> HttpCheck.of("http://127.0.0.1/").trusting(javax.net.ssl.SSLContext.getDefault())),
                new Mistake("program", "absolute", () -> CommandCheck.of(Path.of("check"))),
                new Mistake("arguments", "NUL", () -> CommandCheck.of(Path.of("/bin/true"), "a\0b")),
                new Mistake(
                        "unknownStatus",
                        "255",
                        () -> CommandCheck.of(Path.of("/bin/true")).unknownStatus(0)),
                new Mistake(
                        "environment",
                        "letters",
                        () -> CommandCheck.of(Path.of("/bin/true")).environment("A=B", "c")),
                new Mistake("host", "resolver", () -> PingCheck.to("no-such-host.invalid")),
                new Mistake(
                        "every", "PT0.01S", () -> HealthMonitor.of("x", FINE).every(Duration.ofMillis(1))),
                new Mistake(
                        "timeout",
                        "out of bounds",
                        () -> HealthMonitor.of("x", FINE).timeout(Duration.ofDays(2))),
                new Mistake(
                        "fall", "1 to 1000", () -> HealthMonitor.of("x", FINE).fall(0)),
                new Mistake(
                        "damping",
                        "out of bounds",
                        () -> HealthMonitor.of("x", FINE).damping(Duration.ofSeconds(2), Duration.ofSeconds(1))),
                new Mistake(
                        "whenDown",
                        "contradicts",
                        () -> HealthMonitor.of("x", FINE)
                                .whenDown(Severity.HARD)
                                .whenDownDegraded()
                                .build()),
                new Mistake(
                        "check",
                        "one check at least",
                        () -> CheckedResource.ofChecks().build()),
                new Mistake(
                        "check",
                        "two checks",
                        () -> CheckedResource.ofChecks()
                                .check(HealthMonitor.of("x", FINE).build())
                                .check(HealthMonitor.of("x", FINE).build())
                                .build()));
    }

    @ParameterizedTest
    @MethodSource("mistakes")
    void a_mistake_is_refused_with_a_remedy(Mistake mistake) {
        ConfigurationException refused = catchThrowableOfType(ConfigurationException.class, mistake.made());
        assertThat(refused).isNotNull();
        assertThat(refused.problems()).hasSize(1);
        assertThat(refused.problems().get(0).key()).isEqualTo(mistake.about());
        assertThat(refused.getMessage()).contains(mistake.said()).doesNotContain("DELE 1", "Y: b");
    }

    @Test
    void a_password_is_in_no_text() {
        SmtpCheck check = SmtpCheck.to("127.0.0.1", 25).login("ada", "secret").build();
        assertThat(check.toString()).isEqualTo("smtp 127.0.0.1:25");
        assertThat(new Server.Login("ada", "secret", true).toString()).isEqualTo("ada");
    }

    @Test
    void a_time_out_is_more_than_zero_and_at_most_a_day() {
        HealthCheck check = TcpCheck.to("127.0.0.1", 1).build();
        for (Duration timeout : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofDays(2))) {
            assertThatThrownBy(() -> check.check(timeout)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
