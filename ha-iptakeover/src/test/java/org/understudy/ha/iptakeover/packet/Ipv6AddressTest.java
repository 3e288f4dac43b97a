package org.understudy.ha.iptakeover.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv6AddressTest {

    /** The first column is what RFC 5952 and RFC 4291 take for examples. */
    @ParameterizedTest
    @CsvSource({
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:0db8::0001, 2001:db8::1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:DB8::AbCd, 2001:db8::abcd",
        "::, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1::, 1::",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "::ffff:192.0.2.1, ::ffff:192.0.2.1",
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "0:0:1:0:0:0:0:0, 0:0:1::"
    })
    void every_form_is_read_and_the_canonical_one_is_written(String text, String canonical) {
        assertThat(Ipv6Address.parse(text).orElseThrow()).hasToString(canonical);
        assertThat(Ipv6Address.parse(canonical)).isEqualTo(Ipv6Address.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":::",
                "1",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1::2::3",
                "1:2:3:4::5:6:7:8",
                "12345::",
                "g::",
                ":1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:",
                "fe80::1%eth0",
                "[::1]",
                "2001:db8::/32",
                "::1.2.3",
                "::1.2.3.256",
                "1.2.3.4::",
                "1:2:3:4:5:6:7:1.2.3.4",
                "::１"
            })
    void anything_else_is_refused(String text) {
        assertThat(Ipv6Address.parse(text)).isEmpty();
    }

    @Property
    void what_is_written_is_read_again_and_means_the_same_to_the_jdk(@ForAll long high, @ForAll long low)
            throws UnknownHostException {
        for (Ipv6Address address : new Ipv6Address[] {
            new Ipv6Address(high, low), new Ipv6Address(high & 0xffffL << 48, low & 0xffff), new Ipv6Address(0, low)
        }) {
            assertThat(Ipv6Address.parse(address.toString())).contains(address);
            assertThat(Ipv6Address.of(address.toBytes())).isEqualTo(address).hasSameHashCodeAs(address);
            if (!address.isV4Mapped()) {
                InetAddress same = InetAddress.getByName(address.toString());
                assertThat(same).isInstanceOf(Inet6Address.class);
                assertThat(same.getAddress()).isEqualTo(address.toBytes());
                assertThat(same.isMulticastAddress()).isEqualTo(address.isMulticast());
                assertThat(same.isLinkLocalAddress()).isEqualTo(address.isLinkLocal());
                assertThat(same.isLoopbackAddress()).isEqualTo(address.isLoopback());
                assertThat(same.isAnyLocalAddress()).isEqualTo(address.isAny());
            }
        }
    }

    @Test
    void who_is_asked_for_an_address_is_computed_from_its_end() {
        Ipv6Address address = Ipv6Address.parse("2001:db8::1234:5678").orElseThrow();
        assertThat(address.solicitedNode()).hasToString("ff02::1:ff34:5678");
        assertThat(address.solicitedNode().multicastMac()).hasToString("33:33:ff:34:56:78");
        assertThat(Ipv6Address.ALL_NODES).hasToString("ff02::1");
        assertThat(Ipv6Address.ALL_NODES.multicastMac()).hasToString("33:33:00:00:00:01");
    }

    @ParameterizedTest
    @CsvSource({
        "2001:db8::1, 2001:db8::2, 64, true",
        "2001:db8::1, 2001:db8::2, 127, false",
        "2001:db8::2, 2001:db8::3, 127, true",
        "2001:db8:0:1::1, 2001:db8::1, 63, true",
        "2001:db8:0:1::1, 2001:db8::1, 64, false",
        "2001:db8::1, fe80::1, 0, true",
        "2001:db8::1, 2001:db8::1, 128, true"
    })
    void a_network_is_its_first_bits(String a, String b, int prefixLength, boolean isSame) {
        assertThat(Ipv6Address.parse(a)
                        .orElseThrow()
                        .isInNetworkOf(Ipv6Address.parse(b).orElseThrow(), prefixLength))
                .isEqualTo(isSame);
    }

    @ParameterizedTest
    @CsvSource({
        "2001:db8::, 64, true",
        "2001:db8::, 32, true",
        "2001:db8:0:1::, 63, false",
        "2001:db8:0:1::, 64, true",
        "2001:db8::1, 64, false",
        "2001:db8::4, 126, true",
        "2001:db8::4, 127, false",
        "2001:db8::4, 128, false",
        "::, 0, true"
    })
    void the_routers_of_a_subnet_have_its_first_address(String text, int prefixLength, boolean isTheirs) {
        assertThat(Ipv6Address.parse(text).orElseThrow().isRouterAnycastOf(prefixLength))
                .isEqualTo(isTheirs);
    }

    @Test
    void both_versions_are_read_by_one_name() {
        assertThat(IpAddress.parse("192.0.2.1")).isEqualTo(Ipv4Address.parse("192.0.2.1"));
        assertThat(IpAddress.parse("2001:db8::1")).isEqualTo(Ipv6Address.parse("2001:db8::1"));
        assertThat(IpAddress.parse("host")).isEqualTo(Optional.empty());
        assertThat(IpAddress.of(new byte[4])).isEqualTo(Ipv4Address.ANY);
        assertThat(IpAddress.of(new byte[16])).isEqualTo(Ipv6Address.ANY);
        assertThatThrownBy(() -> IpAddress.of(new byte[5])).isInstanceOf(IllegalArgumentException.class);
    }
}
