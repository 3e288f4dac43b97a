package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.membership.checks.CheckResult.Answer;

/** Every check over UDP. */
@Timeout(60)
class DatagramChecksTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(300);

    record Protocol(String name, UnaryOperator<byte[]> works, IntFunction<HealthCheck> check) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Protocol> protocols() {
        return List.of(
                new Protocol(
                        "ntp",
                        request -> ntp(request, 0, 2, 0),
                        port -> NtpCheck.to("127.0.0.1", port)
                                .offsetMax(Duration.ofMinutes(1))
                                .build()),
                new Protocol(
                        "echo",
                        UnaryOperator.identity(),
                        port -> EchoCheck.to("127.0.0.1", port).overUdp().build()),
                new Protocol(
                        "daytime",
                        request -> "1982-02-22 17:37\r\n".getBytes(StandardCharsets.US_ASCII),
                        port -> DaytimeCheck.to("127.0.0.1", port).overUdp().build()),
                new Protocol(
                        "dns",
                        DatagramChecksTest::address,
                        port -> DnsCheck.to("127.0.0.1", port)
                                .ask("www.example.org", "A")
                                .expect("192\\.0\\.2\\.1")
                                .build()));
    }

    /** A server's answer (RFC 5905, 7.3) to that request, its clock ahead by so much. */
    static byte[] ntp(byte[] request, int leap, int stratum, long aheadMillis) {
        ByteBuffer answer = ByteBuffer.allocate(48);
        answer.put((byte) (leap << 6 | 4 << 3 | 4)).put((byte) stratum);
        answer.position(12);
        answer.put("LOCL".getBytes(StandardCharsets.US_ASCII));
        long sent = ByteBuffer.wrap(request).getLong(40);
        long now = sent + (aheadMillis << 32) / 1000;
        answer.putLong(16, now).putLong(24, sent).putLong(32, now).putLong(40, now);
        return answer.array();
    }

    /** 192.0.2.1 for whatever is asked. */
    static byte[] address(byte[] query) {
        byte[] record = {(byte) 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, (byte) 192, 0, 2, 1};
        byte[] answer = Arrays.copyOf(query, query.length + record.length);
        System.arraycopy(record, 0, answer, query.length, record.length);
        answer[2] = (byte) 0x81;
        answer[3] = (byte) 0x80;
        answer[7] = 1;
        return answer;
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_works(Protocol protocol) throws Exception {
        try (FakeServer.Datagrams server = FakeServer.udp(protocol.works())) {
            CheckResult result = protocol.check().apply(server.port()).check(LONG);
            assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
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
        try (FakeServer.Datagrams server = FakeServer.udp(request -> new byte[0])) {
            CheckResult result = protocol.check().apply(server.port()).check(SHORT);
            assertThat(result.isLate()).as(result.reason()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void a_server_that_talks_garbage(Protocol protocol) throws Exception {
        for (int length : new int[] {1, 48, 1000}) {
            byte[] garbage = new byte[length];
            new Random(length).nextBytes(garbage);
            for (int i = 0; i < length; i++) {
                // No digit, or the daytime server would be right.
                garbage[i] |= (byte) 0x80;
            }
            try (FakeServer.Datagrams server = FakeServer.udp(request -> garbage)) {
                CheckResult result = protocol.check().apply(server.port()).check(SHORT);
                assertThat(result.isYes()).as(result.reason()).isFalse();
                assertThat(result.reason()).doesNotContainPattern("\\p{Cntrl}");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("protocols")
    void an_interrupt_ends_it_at_once(Protocol protocol) throws Exception {
        AtomicReference<Thread> asking = new AtomicReference<>();
        UnaryOperator<byte[]> interrupting = request -> {
            asking.get().interrupt();
            return new byte[0];
        };
        try (FakeServer.Datagrams server = FakeServer.udp(interrupting)) {
            HealthCheck check = protocol.check().apply(server.port());
            AtomicReference<Object> outcome = new AtomicReference<>();
            Thread thread = new Thread(() -> {
                try {
                    outcome.set(check.check(Duration.ofHours(1)));
                } catch (InterruptedException e) {
                    outcome.set(e);
                }
            });
            asking.set(thread);
            thread.start();
            thread.join(20_000);
            assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
        }
    }

    @Test
    void a_time_server_that_is_not_synchronised_or_far_off_fails() throws Exception {
        assertThat(reason(request -> ntp(request, 3, 2, 0))).contains("not synchronised");
        assertThat(reason(request -> ntp(request, 0, 16, 0))).contains("not synchronised");
        assertThat(reason(request -> ntp(request, 0, 0, 0))).contains("refuses");
        assertThat(reason(request -> ntp(request, 0, 1, 90_000))).contains("apart, more than 1000 ms");
        assertThat(reason(request -> request)).contains("does not match the request");
        assertThat(reason(request -> {
                    byte[] symmetric = ntp(request, 0, 2, 0);
                    symmetric[0] = 4 << 3 | 1;
                    return symmetric;
                }))
                .contains("no answer of a time server");
        assertThat(reason(request -> ntp(new byte[48], 0, 1, 0))).contains("does not match the request");
    }

    private static String reason(UnaryOperator<byte[]> script) throws Exception {
        try (FakeServer.Datagrams server = FakeServer.udp(script)) {
            CheckResult result = NtpCheck.to("127.0.0.1", server.port())
                    .offsetMax(Duration.ofSeconds(1))
                    .build()
                    .check(LONG);
            assertThat(result.answer()).isEqualTo(Answer.NO);
            return result.reason();
        }
    }

    @Test
    void an_answer_of_dns_to_another_question_is_passed_over() throws Exception {
        UnaryOperator<byte[]> other = query -> {
            byte[] answer = address(query);
            answer[1]++;
            return answer;
        };
        try (FakeServer.Datagrams server = FakeServer.udp(other)) {
            assertThat(DnsCheck.to("127.0.0.1", server.port())
                            .ask("www.example.org", "A")
                            .build()
                            .check(SHORT)
                            .isLate())
                    .isTrue();
        }
    }

    @Test
    void what_a_name_server_says_is_compared() throws Exception {
        UnaryOperator<byte[]> none = query -> {
            byte[] answer = query.clone();
            answer[2] = (byte) 0x81;
            answer[3] = (byte) 0x83;
            return answer;
        };
        try (FakeServer.Datagrams server = FakeServer.udp(none)) {
            DnsCheck.Builder plain = DnsCheck.to("127.0.0.1", server.port()).ask("www.example.org", "A");
            assertThat(plain.build().check(LONG).reason()).contains("answers NXDOMAIN");
            assertThat(plain.expectCode("nxdomain").build().check(LONG).isYes()).isTrue();
        }
        try (FakeServer.Datagrams server = FakeServer.udp(DatagramChecksTest::address)) {
            CheckResult result = DnsCheck.to("127.0.0.1", server.port())
                    .ask("www.example.org", "A")
                    .expect("198\\.51")
                    .build()
                    .check(LONG);
            assertThat(result.answer()).isEqualTo(Answer.NO);
            assertThat(result.reason()).contains("192.0.2.1");
        }
    }

    @Test
    void an_answer_of_dns_that_is_cut_off_is_asked_for_over_tcp() throws Exception {
        UnaryOperator<byte[]> cut = query -> {
            byte[] answer = query.clone();
            answer[2] = (byte) 0x83;
            return answer;
        };
        try (FakeServer.Datagrams server = FakeServer.udp(cut)) {
            CheckResult result = DnsCheck.to("127.0.0.1", server.port())
                    .ask("www.example.org", "A")
                    .build()
                    .check(LONG);
            // Nobody listens on that port of TCP.
            assertThat(result.reason()).contains("cannot be reached");
        }
    }
}
