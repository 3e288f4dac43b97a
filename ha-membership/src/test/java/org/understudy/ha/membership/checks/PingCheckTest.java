package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.understudy.ha.membership.checks.CheckResult.Answer;

@Timeout(60)
class PingCheckTest {
    private static final String HEAD =
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
    private static final Duration LONG = Duration.ofSeconds(20);

    @TempDir
    Path scratch;

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        Threads.awaitNoneOfChecks();
    }

    @Test
    void this_host_answers_itself() throws Exception {
        CheckResult result = PingCheck.to("127.0.0.1").build().check(LONG);
        assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
        assertThat(result.reason()).isEqualTo("ping 127.0.0.1 answers");
    }

    /** To 255.255.255.255 (RFC 919, 7) the kernel itself refuses to send what only one host could answer: nothing leaves this host. */
    @Test
    void silence_is_late_where_icmp_is_allowed_and_unknown_where_it_is_not() throws Exception {
        InetAddress nobody = InetAddress.getByName("255.255.255.255");
        Path may = Files.writeString(scratch.resolve("may"), "Name:\tjava\nCapEff:\t0000000000002000\n");
        Path mayNot = Files.writeString(scratch.resolve("may-not"), "CapEff:\t000001ffffffdfff\n");
        CheckResult late = new PingCheck("255.255.255.255", nobody, Executors.defaultThreadFactory(), may)
                .check(Duration.ofMillis(300));
        assertThat(late.isYes()).isFalse();
        CheckResult unknown = new PingCheck("255.255.255.255", nobody, Executors.defaultThreadFactory(), mayNot)
                .check(Duration.ofMillis(300));
        assertThat(unknown.answer()).isEqualTo(Answer.UNKNOWN);
        assertThat(late.answer()).isEqualTo(Answer.UNKNOWN);
    }

    private GatewayCheck gateway(String table, String interfaceName) throws Exception {
        Files.createDirectories(scratch.resolve("net"));
        Files.writeString(scratch.resolve("net/route"), HEAD + table);
        Files.writeString(scratch.resolve("status"), "CapEff:\t000001ffffffffff\n");
        return new GatewayCheck(interfaceName, Executors.defaultThreadFactory(), scratch);
    }

    @Test
    void the_preferred_gateway_is_asked() throws Exception {
        String table = "lo\t00000000\t010000F0\t0003\t0\t0\t9\t00000000\t0\t0\t0\n"
                + "lo\t00000000\t0100007F\t0003\t0\t0\t5\t00000000\t0\t0\t0\n";
        CheckResult result = gateway(table, null).check(LONG);
        assertThat(result.answer()).as(result.reason()).isEqualTo(Answer.YES);
        assertThat(result.reason()).isEqualTo("gateway 127.0.0.1 answers");
    }

    @Test
    void without_a_default_route_there_is_no_gateway() throws Exception {
        CheckResult none = gateway("", null).check(LONG);
        assertThat(none.answer()).isEqualTo(Answer.NO);
        assertThat(none.reason()).contains("no default route");
        CheckResult elsewhere = gateway("lo\t00000000\t0100007F\t0003\t0\t0\t5\t00000000\t0\t0\t0\n", "eth9")
                .check(LONG);
        assertThat(elsewhere.reason()).contains("no default route on eth9");
    }

    @Test
    void a_table_that_cannot_be_read_says_nothing() throws Exception {
        CheckResult result =
                new GatewayCheck(null, Executors.defaultThreadFactory(), scratch.resolve("missing")).check(LONG);
        assertThat(result.answer()).isEqualTo(Answer.UNKNOWN);
        assertThat(result.isLate()).isFalse();
    }
}
