package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;

class LinkMonitorTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "127.0.0.1",
                "224.0.0.1",
                "255.255.255.255",
                "192.0.2.1/24",
                "router",
                "240.0.0.1",
                "0.0.0.0",
                "::",
                "::1",
                "ff02::2",
                "::ffff:192.0.2.1",
                "fe80::1/64"
            })
    void what_is_no_router_is_refused(String gateway) {
        assertThatThrownBy(() -> LinkMonitor.on("eth0").gateway(gateway).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("gateway = " + gateway
                        + ": is not the address of a router: write IPv4 as four decimal numbers, for example 192.0.2.1, or"
                        + " IPv6 as hexadecimal groups, for example fe80::1; without a prefix length");
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "2001:db8::1", "fe80::1", "fd00::1"})
    void a_router_of_either_version_is_taken(String gateway) {
        assertThat(LinkMonitor.on("eth0").gateway(gateway).build()).hasToString("link eth0 with gateway " + gateway);
    }

    @Test
    void a_zone_is_refused_by_name() {
        assertThatThrownBy(() -> LinkMonitor.on("eth0").gateway("fe80::1%eth0").build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(
                        "gateway = fe80::1%eth0: has a zone: leave out the % and what follows it; the router is asked on"
                                + " the interface that is looked after");
    }

    @Test
    void all_mistakes_are_reported_at_once() {
        assertThatThrownBy(() -> LinkMonitor.on("a/b")
                        .gateway("x")
                        .gateway("y")
                        .lostAfter(0)
                        .backAfter(101)
                        .holdDown(Duration.ofSeconds(9), Duration.ofSeconds(3))
                        .gatewayVeto(Duration.ofSeconds(-1))
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly(
                                        "gateway",
                                        "on",
                                        "gateway",
                                        "lostAfter",
                                        "backAfter",
                                        "holdDown",
                                        "gatewayVeto"));
    }

    @Test
    void what_is_said_of_a_gateway_needs_one() {
        assertThatThrownBy(() -> LinkMonitor.on("eth0").gatewayLossMoves(false).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("gateway = (not set): name the gateway, or leave out what is said about it");
    }

    @Test
    void a_veto_that_would_never_be_said_is_refused() {
        assertThatThrownBy(() -> LinkMonitor.on("eth0")
                        .gateway("192.0.2.1")
                        .gatewayLossMoves(false)
                        .gatewayVeto(Duration.ofSeconds(3))
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("gatewayVeto = PT3S: means nothing with gatewayLossMoves(false), where a lost gateway only"
                        + " shows: leave out one of the two");
    }

    @Test
    void it_needs_no_end_and_runs_only_when_started() {
        LinkMonitor monitor = LinkMonitor.on("lan0").gateway("192.0.2.1").build();
        assertThat(monitor).hasToString("link lan0 with gateway 192.0.2.1");
        assertThat(monitor.monitor()).isEqualTo(Health.notRunning());
        assertThat(monitor.enforcements()).contains(Enforcement.KERNEL_OBJECT);
        assertThat(monitor.scope()).isEqualTo(Scope.PROCESS);
        assertThat(monitor.remains()).isEmpty();
    }

    @Test
    void a_missing_interface_is_a_sentence() {
        LinkMonitor monitor = LinkMonitor.on("nolink0").build();
        assertThat(monitor.eligibility().reason()).isEqualTo("there is no interface nolink0 on this host");
        assertThatThrownBy(monitor::check)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("link = nolink0: there is no interface nolink0 on this host");
    }
}
