package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.membership.checks.core.DefaultRoutes.Route;

/** The tables are those of a kernel 6.18 (x86-64) with {@code ip route add default via 192.0.2.1 dev eth0 metric 5} and so on. */
class DefaultRoutesTest {
    private static final String HEAD =
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";

    @Test
    void reads_gateways_of_ipv4() {
        String table = HEAD
                + "p0\t00000000\t00000000\t0001\t0\t0\t1\t00000000\t0\t0\t0        \n"
                + "eth0\t00000000\t010200C0\t0003\t0\t0\t5\t00000000\t0\t0\t0      \n"
                + "*\t00000000\t00000000\t0201\t0\t0\t9\t00000000\t0\t0\t0         \n"
                + "eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0      \n";
        List<Route> routes = DefaultRoutes.ipv4(table, true);
        assertThat(routes).hasSize(1);
        assertThat(routes.get(0).interfaceName()).isEqualTo("eth0");
        assertThat(routes.get(0).metric()).isEqualTo(5);
        assertThat(routes.get(0).gateway()).containsExactly(192, 0, 2, 1);
    }

    @Test
    void the_bytes_stand_the_other_way_round_on_the_other_kind_of_machine() {
        String table = HEAD + "eth0\t00000000\tC0000201\t0003\t0\t0\t0\t00000000\t0\t0\t0\n";
        assertThat(DefaultRoutes.ipv4(table, false).get(0).gateway()).containsExactly(192, 0, 2, 1);
    }

    @Test
    void reads_gateways_of_ipv6() {
        String any = "0".repeat(32);
        String table = "fe800000000000000000000000000000 40 " + any + " 00 " + any
                + " 00000100 00000001 00000000 00000001     eth0\n"
                + any + " 00 " + any
                + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
                + any + " 00 " + any + " 00 " + any + " ffffffff 00000001 00000000 00200200       lo\n";
        List<Route> routes = DefaultRoutes.ipv6(table);
        assertThat(routes).hasSize(1);
        assertThat(routes.get(0).interfaceName()).isEqualTo("eth0");
        assertThat(routes.get(0).metric()).isEqualTo(1024);
        assertThat(routes.get(0).gateway()).hasSize(16).startsWith(0xfe, 0x80).endsWith(0, 1);
    }

    @Test
    void passes_over_what_it_cannot_read() {
        assertThat(DefaultRoutes.ipv4("eth0\t00000000\tzz\n\n\t\t\nx y z 1 2 3 4 5 6 7 8\n", true))
                .isEmpty();
        assertThat(DefaultRoutes.ipv4(
                        "eth0\t00000000\t010200C0\t0003\t0\t0\t99999999999999999999\t00000000\t0\n", true))
                .isEmpty();
        assertThat(DefaultRoutes.ipv6("fe80 00\n")).isEmpty();
    }
}
