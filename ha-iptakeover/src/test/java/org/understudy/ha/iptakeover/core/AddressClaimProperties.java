package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

@Tag("property")
class AddressClaimProperties {
    /** What the guardian takes for one claim is 512; what a last will has for all of them is about 1290. */
    private static final int LENGTH_MAX = 230;

    @Property(tries = 300)
    void no_address_is_left_out_and_the_name_is_short(
            @ForAll @Size(max = 300) List<Integer> scattered,
            @ForAll @Size(max = 300) List<Long> scatteredSix,
            @ForAll @Size(max = 300) List<@IntRange(max = 500) Integer> dense,
            @ForAll boolean anyPrefix) {
        List<IpAddress> all = new ArrayList<>();
        scattered.forEach(bits -> all.add(new Ipv4Address(bits)));
        dense.forEach(offset -> all.add(new Ipv4Address(0xc0000200 + offset)));
        scatteredSix.forEach(bits -> all.add(new Ipv6Address(anyPrefix ? bits * 31 : 0x20010db8L << 32, bits)));
        all.add(new Ipv4Address(0xc0000232));
        AddressSet set = new AddressSet(all);
        List<String> claims = set.claims();
        assertThat(claims).hasSize(set.size() <= AddressClaim.NAMED_MAX ? set.size() : 1);
        List<AddressClaim> read =
                claims.stream().map(c -> AddressClaim.parse(c).orElseThrow()).toList();
        assertThat(claims).allMatch(claim -> claim.length() <= LENGTH_MAX);
        assertThat(set.all()).allMatch(address -> read.stream().anyMatch(claim -> claim.covers(address)));
    }

    @Property
    void any_text_is_a_name_or_unknown(@ForAll String text, @ForAll boolean many) {
        AddressClaim.parse((many ? AddressClaim.MANY_PREFIX : AddressClaim.ONE_PREFIX) + text);
        AddressClaim.parse(text);
    }
}
