package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
                ""
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
    void a_property_is_set_once() {
        assertThatThrownBy(() -> FloatingAddress.builder().address("192.0.2.50").address("192.0.2.51"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("already set to 192.0.2.50");
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
    }
}
