package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.RouteTable.Route;

class FloatingRouteTest {
    private static final IpAddress FOUR = ip("192.0.2.50");
    private static final IpAddress SIX = ip("2001:db8::50");

    @Test
    void a_route_has_the_first_address_of_its_version_as_its_source() {
        assertThat(resolved(
                        FloatingRoute.to("default").via("192.0.2.1").table(213).metric(50)))
                .isEqualTo(new Route(ip("0.0.0.0"), 0, Optional.of(ip("192.0.2.1")), FOUR, 213, 50));
        assertThat(resolved(FloatingRoute.to("default").via("2001:db8::1")))
                .isEqualTo(new Route(ip("::"), 0, Optional.of(ip("2001:db8::1")), SIX, 254, 0));
        assertThat(resolved(FloatingRoute.to("2001:db8:7::/48")))
                .isEqualTo(new Route(ip("2001:db8:7::"), 48, Optional.empty(), SIX, 254, 0));
        assertThat(resolved(FloatingRoute.to("198.51.100.9/32").table(100_000)))
                .hasToString("198.51.100.9/32 src 192.0.2.50 table 100000");
        assertThat(FloatingRoute.to("default").via("192.0.2.1").table(213).metric(50))
                .hasToString("default via 192.0.2.1 table 213 metric 50");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "198.51.100.0",
                "198.51.100.9/24",
                "198.51.100.0/33",
                "198.51.100.0/",
                "198.51.100.0/-1",
                "198.51.100.0/0x8",
                "2001:db8::1/64",
                "2001:db8::/129",
                "",
                "/",
                "anywhere",
            })
    void a_destination_that_is_no_network_is_refused(String destination) {
        assertThat(problems(FloatingRoute.to(destination)))
                .singleElement()
                .satisfies(p ->
                        assertThat(p.remedy()).contains("write default, or a network with zeros behind its prefix"));
    }

    @ParameterizedTest
    @CsvSource({
        "default,router,254,0,no address of a router",
        "default,0.0.0.0,254,0,no address of a router",
        "198.51.100.0/24,2001:db8::1,254,0,gateway of the other IP version",
        "default,192.0.2.1,0,0,has the table 0",
        "default,192.0.2.1,255,0,has the table 255",
        "default,192.0.2.1,-3,0,has the table -3",
        "default,192.0.2.1,254,-1,has the metric -1",
        "default,192.0.2.1,254,4294967296,has the metric 4294967296",
    })
    void what_is_wrong_is_named(String destination, String router, int table, long metric, String words) {
        FloatingRoute route =
                FloatingRoute.to(destination).via(router).table(table).metric(metric);
        assertThat(problems(route))
                .singleElement()
                .satisfies(p -> assertThat(p.remedy()).contains(words));
    }

    @Test
    void a_version_without_an_address_is_refused() {
        List<Problem> problems = new ArrayList<>();
        assertThat(FloatingRoute.to("198.51.100.0/24").resolve(List.of(SIX), problems))
                .isEmpty();
        assertThat(problems)
                .singleElement()
                .satisfies(p -> assertThat(p.remedy()).contains("has no floating address of its IP version"));
    }

    @Test
    void the_builder_reports_routes_rules_and_labels_with_everything_else() {
        FloatingAddressBuilder builder = FloatingAddress.builder()
                .networkInterface("lan0")
                .address("2001:db8::50")
                .label("eth0:vip")
                .route(FloatingRoute.to("nowhere"))
                .rule(255)
                .rule(7, 32_766);
        assertThatThrownBy(builder::build)
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(Problem::key)
                                .containsExactly("label", "label", "route", "rule", "rule"))
                .hasMessageContaining("is no label of lan0: write lan0: and a word")
                .hasMessageContaining("goes with an IPv4 address, and there is none");
        assertThatThrownBy(() -> FloatingAddress.builder().rule(213).rule(213, 7))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is given twice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"lan0", "lan0:1", "lan0:vip-number"})
    void a_label_begins_with_the_name_of_the_interface(String label) {
        assertThat(four().label(label).build().addresses()).containsExactly("192.0.2.50");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "vip", "lan", "lan01", "lan0:a-long-word", "lan0:with blank", "lan0:\u00e9"})
    void another_label_is_refused(String label) {
        assertThatThrownBy(() -> four().label(label).build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is no label of lan0");
    }

    @Test
    void rules_for_very_many_addresses_are_refused() {
        FloatingAddressBuilder builder =
                FloatingAddress.builder().networkInterface("lan0").rule(213);
        for (int i = 1; i <= 65; i++) {
            builder.address("10.1.0." + i);
        }
        assertThatThrownBy(builder::build)
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("65 of them: are more than one resource takes, 64");
    }

    private static FloatingAddressBuilder four() {
        return FloatingAddress.builder().networkInterface("lan0").address("192.0.2.50");
    }

    private static Route resolved(FloatingRoute route) {
        List<Problem> problems = new ArrayList<>();
        Optional<Route> resolved = route.resolve(List.of(FOUR, SIX), problems);
        assertThat(problems).isEmpty();
        return resolved.orElseThrow();
    }

    private static List<Problem> problems(FloatingRoute route) {
        List<Problem> problems = new ArrayList<>();
        assertThat(route.resolve(List.of(FOUR, SIX), problems)).isEmpty();
        return problems;
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
