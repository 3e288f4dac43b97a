package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.iptakeover.packet.MacAddress;

class ServiceMacTest {

    /** Nodes of different versions must agree: this never changes. */
    @ParameterizedTest
    @CsvSource({"files/192.0.2.10, FILES", "a, A"})
    void a_name_gives_the_same_address_for_ever(String name, String which) {
        assertThat(ServiceMac.from(name)).hasToString(which.equals("A") ? "02:ca:97:81:12:ca" : "02:e6:37:0a:e2:b9");
    }

    @Test
    void reads_six_pairs_only() {
        assertThat(ServiceMac.parse("02:0A:0b:00:ff:50")).contains(new MacAddress(0x020a0b00ff50L));
        assertThat(ServiceMac.parse("02:0a:0b:00:ff")).isEmpty();
        assertThat(ServiceMac.parse("02-0a-0b-00-ff-50")).isEmpty();
        assertThat(ServiceMac.parse("020a0b00ff50")).isEmpty();
        assertThat(ServiceMac.parse("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "00:00:00:00:00:00, nobody's address",
        "01:00:5e:00:00:01, group bit",
        "ff:ff:ff:ff:ff:ff, group bit",
        "00:00:5e:00:01:33, VRRP",
        "00:00:5e:00:02:01, VRRP"
    })
    void what_cannot_be_a_services_address_is_refused_with_the_reason(String mac, String reason) {
        assertThat(ServiceMac.unusable(ServiceMac.parse(mac).orElseThrow())).contains(reason);
    }

    @ParameterizedTest
    @ValueSource(strings = {"02:00:00:00:00:01", "52:54:00:12:34:56", "00:00:5e:00:03:01"})
    void others_can(String mac) {
        assertThat(ServiceMac.unusable(ServiceMac.parse(mac).orElseThrow())).isEmpty();
    }
}
