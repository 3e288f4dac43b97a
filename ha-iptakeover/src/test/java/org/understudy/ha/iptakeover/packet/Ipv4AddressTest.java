package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv4AddressTest {

    @Test
    void reads_and_writes_the_dotted_form() {
        Ipv4Address address = Ipv4Address.parse("192.0.2.10").orElseThrow();
        assertThat(address.bits()).isEqualTo(0xc000020a);
        assertThat(address).hasToString("192.0.2.10");
        assertThat(address.toBytes()).containsExactly(192, 0, 2, 10);
        assertThat(Ipv4Address.of(address.toBytes())).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "1",
                "1.2.3",
                "1.2.3.4.5",
                "1.2.3.256",
                "01.2.3.4",
                "1.2.3.4/24",
                " 1.2.3.4",
                "1.2.3.4 ",
                "1..3.4",
                "0x1.2.3.4",
                "1.2.3.-4",
                "1.2.3.",
                ".1.2.3",
                "::1",
                "host",
                "1.2.3.4444",
                "１.2.3.4"
            })
    void refuses_every_other_form(String text) {
        assertThat(Ipv4Address.parse(text)).isEmpty();
    }

    @Test
    void knows_what_cannot_be_a_host() {
        assertThat(at("127.0.0.1").isLoopback()).isTrue();
        assertThat(at("224.0.0.1").isMulticast()).isTrue();
        assertThat(at("239.255.255.255").isMulticast()).isTrue();
        assertThat(at("240.0.0.1").isReserved()).isTrue();
        assertThat(at("255.255.255.255").isReserved()).isFalse();
        assertThat(at("255.255.255.255").isLimitedBroadcast()).isTrue();
        assertThat(at("0.1.2.3").isThisNetwork()).isTrue();
    }

    @Test
    void knows_the_ends_of_a_subnet() {
        Ipv4Address host = at("192.0.2.9");
        assertThat(at("192.0.2.255").isBroadcastOf(host, 24)).isTrue();
        assertThat(at("192.0.2.0").isNetworkOf(host, 24)).isTrue();
        assertThat(at("192.0.2.254").isBroadcastOf(host, 24)).isFalse();
        assertThat(at("192.0.2.9").isBroadcastOf(host, 31)).isFalse();
        assertThat(at("192.0.2.9").isNetworkOf(host, 32)).isFalse();
        assertThat(at("255.255.255.255").isBroadcastOf(host, 0)).isTrue();
    }

    @Test
    void a_network_is_its_first_bits() {
        assertThat(at("192.0.2.9").isInNetworkOf(at("192.0.2.200"), 24)).isTrue();
        assertThat(at("192.0.2.9").isInNetworkOf(at("192.0.3.9"), 24)).isFalse();
        assertThat(at("192.0.2.9").isInNetworkOf(at("192.0.2.8"), 32)).isFalse();
        assertThat(at("192.0.2.9").isInNetworkOf(at("10.0.0.1"), 0)).isTrue();
        assertThat(at("192.0.2.9").isInNetworkOf(Ipv6Address.ANY, 0)).isFalse();
    }

    @Test
    void a_hardware_address_has_its_usual_form() {
        MacAddress mac = MacAddress.of(new byte[] {2, 0, 0, 0, (byte) 0xab, (byte) 0xff});
        assertThat(mac).hasToString("02:00:00:00:ab:ff");
        assertThat(MacAddress.of(mac.toBytes())).isEqualTo(mac);
        assertThat(mac.isGroup()).isFalse();
        assertThat(MacAddress.BROADCAST.isGroup()).isTrue();
        assertThatThrownBy(() -> new MacAddress(1L << 48)).isInstanceOf(IllegalArgumentException.class);
    }

    private static Ipv4Address at(String text) {
        return Ipv4Address.parse(text).orElseThrow();
    }
}
