package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

class AddressClaimTest {

    @Test
    void a_few_addresses_are_named_one_by_one() {
        assertThat(new AddressSet(List.of(at("2001:db8::50"), at("192.0.2.10"))).claims())
                .containsExactly("address/192.0.2.10", "address/2001:db8::50");
        assertThat(new AddressSet(range("192.0.2.1", 16)).claims()).hasSize(16);
        AddressClaim one = AddressClaim.parse("address/2001:db8::50").orElseThrow();
        assertThat(one.only()).contains(at("2001:db8::50"));
        assertThat(one.covers(at("2001:db8::50"))).isTrue();
        assertThat(one.covers(at("2001:db8::51"))).isFalse();
    }

    @Test
    void many_share_one_name_with_their_ranges() {
        List<IpAddress> all = new ArrayList<>(range("192.0.2.10", 40));
        all.add(at("198.51.100.7"));
        all.addAll(range("2001:db8::50", 3));
        List<String> claims = new AddressSet(all).claims();
        assertThat(claims).hasSize(1);
        assertThat(claims.get(0))
                .matches(
                        "addresses/192\\.0\\.2\\.10-192\\.0\\.2\\.49,198\\.51\\.100\\.7,2001:db8::50-2001:db8::52/[0-9a-f]{16}");
        AddressClaim claim = AddressClaim.parse(claims.get(0)).orElseThrow();
        assertThat(claim.only()).isEmpty();
        assertThat(all).allMatch(claim::covers);
        assertThat(claim.covers(at("192.0.2.50"))).isFalse();
        assertThat(claim.covers(at("2001:db8::53"))).isFalse();
    }

    @Test
    void scattered_addresses_are_covered_by_the_widest_gaps_that_have_room() {
        List<IpAddress> odd = new ArrayList<>();
        List<IpAddress> even = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            odd.add(new Ipv4Address(0xc0000201 + 2 * i));
            even.add(new Ipv4Address(0xc0000202 + 2 * i));
        }
        odd.add(at("198.51.100.7"));
        even.add(at("198.51.100.7"));
        String first = new AddressSet(odd).claims().get(0);
        assertThat(first).startsWith("addresses/192.0.2.1-192.0.2.239,198.51.100.7/");
        // Equal names would be taken for one thing that two groups want.
        assertThat(new AddressSet(even).claims().get(0)).isNotEqualTo(first);
        assertThat(AddressClaim.parse(first).orElseThrow().covers(at("192.0.2.2")))
                .as("more than the set")
                .isTrue();
    }

    @Test
    void the_same_addresses_have_one_name_in_any_order() {
        List<IpAddress> all = range("192.0.2.10", 40);
        List<IpAddress> backwards = new ArrayList<>();
        all.forEach(address -> backwards.add(0, address));
        assertThat(new AddressSet(backwards).claims()).isEqualTo(new AddressSet(all).claims());
        assertThat(new AddressSet(backwards).name()).isEqualTo(new AddressSet(all).name());
        assertThat(new AddressSet(backwards).all()).isEqualTo(backwards);
    }

    @Test
    void a_set_has_a_name_of_letters_digits_dots_and_dashes_and_is_few_words() {
        assertThat(new AddressSet(List.of(at("192.0.2.10"))).name()).isEqualTo("192.0.2.10");
        assertThat(new AddressSet(List.of(at("2001:db8::50"))).name()).isEqualTo("2001-db8--50");
        assertThat(new AddressSet(List.of(at("2001:db8::50"), at("192.0.2.10"))).name())
                .matches("192\\.0\\.2\\.10-2-[0-9a-f]{16}");
        assertThat(new AddressSet(range("192.0.2.10", 40))).hasToString("192.0.2.10 and 39 more");
        assertThat(AddressSet.few(range("192.0.2.10", 5))).isEqualTo("192.0.2.10, 192.0.2.11, 192.0.2.12 and 2 more");
        assertThat(AddressSet.few(range("192.0.2.10", 3))).isEqualTo("192.0.2.10, 192.0.2.11, 192.0.2.12");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mount/x",
                "address/",
                "address/2001:DB8::50",
                "address/192.0.2.10/32",
                "addresses/0123456789abcdef",
                "addresses//0123456789abcdef",
                "addresses/192.0.2.10/0123456789abcde",
                "addresses/192.0.2.10/0123456789ABCDEF",
                "addresses/192.0.2.10-/0123456789abcdef",
                "addresses/192.0.2.11-192.0.2.10/0123456789abcdef",
                "addresses/192.0.2.10-2001:db8::50/0123456789abcdef",
                "addresses/192.0.2.10-192.0.2.10/0123456789abcdef",
                "addresses/192.0.2.10,/0123456789abcdef"
            })
    void other_names_are_unknown(String claim) {
        assertThat(AddressClaim.parse(claim)).isEmpty();
    }

    static List<IpAddress> range(String first, int count) {
        List<IpAddress> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            IpAddress start = at(first);
            all.add(
                    start instanceof Ipv6Address six
                            ? new Ipv6Address(six.high(), six.low() + i)
                            : new Ipv4Address(((Ipv4Address) start).bits() + i));
        }
        return all;
    }

    private static IpAddress at(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
