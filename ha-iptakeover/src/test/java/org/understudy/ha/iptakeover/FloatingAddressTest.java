package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.HostPort;

class FloatingAddressTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "224.0.0.5",
                "255.255.255.255",
                "0.0.0.0",
                "240.1.2.3",
                "192.0.2",
                "192.0.2.50/24",
                "host",
                "",
                "fe80::1",
                "ff02::1",
                "::1",
                "::",
                "::ffff:192.0.2.1",
                "2001:db8::50/128",
                "2001:db8::50%lan0",
                "2001:db8:::50",
                "[2001:db8::50]"
            })
    void an_address_that_cannot_float_is_refused(String address) {
        assertThatThrownBy(() -> FloatingAddress.of(address, "lan0"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("address = " + address);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a-name-longer-than-15", "with blank", "a/b", ".."})
    void an_impossible_interface_name_is_refused(String name) {
        assertThatThrownBy(() -> FloatingAddress.of("192.0.2.50", name))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("networkInterface = ");
    }

    @Test
    void all_mistakes_are_reported_at_once() {
        assertThatThrownBy(() -> FloatingAddress.builder().build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly("address", "networkInterface"));
    }

    @Test
    void every_wrong_address_is_reported_at_once() {
        FloatingAddressBuilder builder = FloatingAddress.builder()
                .address("192.0.2.50")
                .addresses(List.of("fe80::1", "2001:db8::50/64", "2001:db8::50%lan0", "nonsense", "::ffff:192.0.2.1"))
                .address("2001:db8::1")
                .address("2001:DB8:0::1");
        assertThatThrownBy(builder::build)
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::value)
                                .containsExactly(
                                        "fe80::1",
                                        "2001:db8::50/64",
                                        "2001:db8::50%lan0",
                                        "nonsense",
                                        "::ffff:192.0.2.1",
                                        "2001:DB8:0::1",
                                        "(not set)"))
                .hasMessageContaining("fe80::1: is link-local")
                .hasMessageContaining("2001:db8::50/64: has a prefix length")
                .hasMessageContaining("2001:db8::50%lan0: has a zone")
                .hasMessageContaining("write 192.0.2.1")
                .hasMessageContaining("2001:DB8:0::1: is given twice");
    }

    @Test
    void a_resource_takes_4096_addresses_and_no_more() {
        List<String> most = new ArrayList<>();
        for (int i = 0; i < 4096; i++) {
            most.add("10.1." + (i >> 8) + "." + (i & 255));
        }
        FloatingAddress all = FloatingAddress.builder()
                .addresses(most)
                .networkInterface("lan0")
                .build();
        assertThat(all.addresses()).isEqualTo(most);
        assertThat(all.remains()).hasSize(1).first().asString().startsWith("addresses/10.1.0.0-10.1.15.255/");
        assertThatThrownBy(() -> FloatingAddress.builder()
                        .addresses(most)
                        .address("10.2.0.1")
                        .networkInterface("lan0")
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("addresses = 4097 of them: are more than one resource takes, 4096");
        assertThatThrownBy(() -> FloatingAddress.builder()
                        .addresses(List.of())
                        .networkInterface("lan0")
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("give the floating address");
    }

    @Test
    void wrong_options_of_the_segment_are_told_together() {
        FloatingAddressBuilder builder = FloatingAddress.builder()
                .address("192.0.2.50")
                .networkInterface("lan0")
                .confirmWith("192.0.2.1")
                .confirmWith("192.0.2.1/24")
                .confirmWith("224.0.0.1")
                .confirmWith("::")
                .rivals(RivalPolicy.YIELD)
                .switchAgeing(Duration.ofSeconds(2));
        assertThatThrownBy(builder::build)
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(p -> p.key() + " = " + p.value())
                                .containsExactly(
                                        "confirmWith = 192.0.2.1/24",
                                        "confirmWith = 224.0.0.1",
                                        "confirmWith = ::",
                                        "switchAgeing = PT2S"));
        assertThatThrownBy(() -> builder.rivals(RivalPolicy.DEFEND)).hasMessageContaining("was already set to YIELD");
        assertThatThrownBy(() -> builder.switchAgeing(Duration.ofSeconds(9)))
                .hasMessageContaining("was already set to PT2S");
    }

    @Test
    void a_neighbour_that_nobody_would_ask_is_refused() {
        assertThatThrownBy(() -> FloatingAddress.builder()
                        .address("192.0.2.50")
                        .networkInterface("lan0")
                        .confirmWith("2001:db8::1")
                        .confirmWith("192.0.2.50")
                        .confirmWith("192.0.2.1")
                        .confirmWith("192.0.2.1")
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(
                        "confirmWith = 2001:db8::1: is of IPv6 and no address of this resource is, so nobody"
                                + " can ask it: give the neighbour's IPv4 address, or leave it out")
                .hasMessageContaining("confirmWith = 192.0.2.50: is one of the floating addresses")
                .hasMessageContaining("confirmWith = 192.0.2.1: is given twice");
        assertThatThrownBy(() -> FloatingAddress.builder()
                        .address("2001:db8::50")
                        .networkInterface("lan0")
                        .confirmWith("192.0.2.1")
                        .build())
                .hasMessageContaining("192.0.2.1: is of IPv4");
        FloatingAddressBuilder both = FloatingAddress.builder()
                .address("192.0.2.50")
                .address("2001:db8::50")
                .networkInterface("lan0")
                .confirmWith("fe80::1");
        for (int i = 1; i <= 8; i++) {
            both.confirmWith("192.0.2." + i);
        }
        assertThat(both.build().addresses()).hasSize(2);
        assertThatThrownBy(() -> both.confirmWith("192.0.2.9").build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .containsExactly(new ConfigurationException.Problem(
                                        "confirmWith",
                                        "9 of IPv4",
                                        "are more than are asked, 8: leave out the less important ones")));
    }

    @Test
    void what_needs_an_ear_is_refused_without_one() {
        FloatingAddressBuilder deaf = FloatingAddress.builder()
                .address("192.0.2.50")
                .networkInterface("lan0")
                .withoutListening();
        assertThat(deaf.build().address()).isEqualTo("192.0.2.50");
        assertThatThrownBy(() ->
                        deaf.confirmWith("192.0.2.1").rivals(RivalPolicy.DEFEND).build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly("confirmWith", "rivals"));
    }

    @Test
    void a_look_at_the_segment_takes_no_longer_than_a_minute() {
        FloatingAddress address = FloatingAddress.of("192.0.2.50", "lan0");
        for (Duration wrong :
                List.of(Duration.ofMillis(-1), Duration.ofSeconds(61), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertThatThrownBy(() -> address.answering(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most 60 s");
        }
        assertThat(address.takeovers()).isEmpty();
    }

    @Test
    void the_interface_is_set_once() {
        assertThatThrownBy(
                        () -> FloatingAddress.builder().networkInterface("lan0").networkInterface("lan1"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("already set to lan0");
    }

    @Test
    void several_addresses_are_one_resource() {
        FloatingAddress several = FloatingAddress.builder()
                .address("2001:DB8::50")
                .address("192.0.2.50")
                .networkInterface("lan0")
                .build();
        assertThat(several.address()).isEqualTo("2001:db8::50");
        assertThat(several.addresses()).containsExactly("2001:db8::50", "192.0.2.50");
        assertThat(several.remains()).containsExactly("address/192.0.2.50", "address/2001:db8::50");
        assertThat(several).hasToString("floating addresses 2001:db8::50 and 1 more on lan0");
    }

    @Test
    void tells_what_stays_on_the_host() {
        FloatingAddress address = FloatingAddress.of("192.0.2.50", "lan0");
        assertThat(address.remains()).containsExactly("address/192.0.2.50");
        assertThat(address.scope()).isEqualTo(Scope.NODE);
        assertThat(address.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        assertThat(address).hasToString("floating address 192.0.2.50 on lan0");
    }

    @Test
    void what_dies_with_its_process_leaves_nothing() {
        FloatingAddress address = FloatingAddress.builder()
                .address("192.0.2.50")
                .networkInterface("lan0")
                .diesWithProcess()
                .build();
        assertThat(address.remains()).isEmpty();
        assertThat(address.scope()).isEqualTo(Scope.PROCESS);
        assertThat(address.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        assertThat(address).hasToString("floating address 192.0.2.50 on lan0");
    }

    @Test
    void the_host_port_is_found_and_watches_processes() throws Exception {
        HostPort port = ServiceLoader.load(HostPort.class).findFirst().orElseThrow();
        assertThat(port.name()).isEqualTo("linux-jna");
        assertThat(port.unavailableBecause()).isEmpty();
        long before = port.bootNanos();
        assertThat(port.bootNanos()).isGreaterThanOrEqualTo(before);
        Process process = new ProcessBuilder("sleep", "600").start();
        try (HostPort.ProcessWatch watch = port.watch(process.pid())) {
            assertThat(watch.awaitEnd(0)).isFalse();
            process.destroyForcibly();
            assertThat(watch.awaitEnd(10_000)).isTrue();
        }
        assertThat(port.lastRites(List.of(1), List.of("address/192.0.2.50", "mount/x")))
                .extracting(HostPort.Removal::result)
                .containsExactly(HostPort.Removal.Result.ABSENT, HostPort.Removal.Result.FAILED);
        assertThat(port.lastRites(
                        List.of(1),
                        List.of("address/2001:db8::50", "addresses/203.0.113.1-203.0.113.99/0123456789abcdef")))
                .extracting(HostPort.Removal::result)
                .containsExactly(HostPort.Removal.Result.ABSENT, HostPort.Removal.Result.ABSENT);
    }

    @Test
    void a_deadline_is_not_required_and_refused_at_once() {
        assertThatThrownBy(() -> FloatingAddress.builder()
                        .address("192.0.2.50")
                        .networkInterface("lan0")
                        .absoluteDeadline()
                        .timeoutsOnly()
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("absoluteDeadline")
                .hasMessageContaining("leave out one of the two, or both");
    }

    @Test
    void what_stays_does_not_go_with_what_dies_with_the_process() {
        assertThatThrownBy(() -> FloatingAddress.builder()
                        .address("192.0.2.50")
                        .networkInterface("lan0")
                        .diesWithProcess()
                        .rule(213)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("diesWithProcess")
                .hasMessageContaining("leave out one of the two");
    }
}
