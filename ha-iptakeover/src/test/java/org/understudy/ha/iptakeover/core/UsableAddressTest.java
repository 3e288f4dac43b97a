package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.iptakeover.packet.IpAddress;

class UsableAddressTest {

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.10", "10.0.0.1", "169.254.1.1", "2001:db8::50", "fd00::1", "64:ff9b::1"})
    void a_unicast_address_may_float(String text) {
        assertThat(UsableAddress.problem(IpAddress.parse(text).orElseThrow())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, is a loopback address",
        "224.0.0.5, is a multicast address",
        "255.255.255.255, is the broadcast address",
        "0.0.0.0, is not a host",
        "240.1.2.3, is reserved",
        "::1, is the loopback address",
        "::, is the unspecified address",
        "ff02::1, is a multicast address",
        "fe80::1, is link-local",
        "febf::1, is link-local",
        "::ffff:192.0.2.1, write 192.0.2.1"
    })
    void others_may_not_and_are_told_why(String text, String why) {
        assertThat(UsableAddress.problem(IpAddress.parse(text).orElseThrow())).contains(why);
    }

    @Test
    void what_cannot_be_read_is_told_how_to_write_it() {
        assertThat(UsableAddress.malformed("fe80::1%eth0")).startsWith("has a zone");
        assertThat(UsableAddress.malformed("2001:db8::50/64"))
                .startsWith("has a prefix length")
                .contains("/128");
        assertThat(UsableAddress.malformed("192.0.2.50/24")).startsWith("has a prefix length");
        assertThat(UsableAddress.malformed("[2001:db8::50]")).startsWith("is not an IPv6 address");
        assertThat(UsableAddress.malformed("192.0.2")).startsWith("is not an IP address");
    }
}
