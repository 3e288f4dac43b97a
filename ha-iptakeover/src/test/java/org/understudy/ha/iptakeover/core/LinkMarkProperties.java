package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;
import org.understudy.ha.iptakeover.packet.MacAddress;

@Tag("property")
class LinkMarkProperties {
    private static final long MAC_MAX = 0xffff_ffff_ffffL;

    @Property
    void every_note_comes_back(
            @ForAll int tag,
            @ForAll @LongRange(max = MAC_MAX) long mac,
            @ForAll @IntRange(max = 9) int arpIgnore,
            @ForAll @IntRange(max = 2) int filter,
            @ForAll boolean isIpv6Off,
            @ForAll boolean isLent,
            @ForAll boolean isAnnounced,
            @ForAll boolean carriesIpv6,
            @ForAll @IntRange(max = 2) int acceptRa,
            @ForAll @IntRange(max = 3) int addressMode,
            @ForAll @CharRange(from = '\u0021', to = '\u007e') @StringLength(min = 1, max = 15) String card,
            @ForAll @CharRange(from = '\u0001', to = '\u00ff') @StringLength(max = 135) String alias) {
        LinkMark mark = new LinkMark(
                tag,
                isLent
                        ? Optional.of(new LinkMark.Own(new MacAddress(mac), arpIgnore, filter, isIpv6Off, alias))
                        : Optional.empty(),
                isAnnounced ? Optional.of(new LinkMark.Announce(card, filter)) : Optional.empty(),
                carriesIpv6 ? Optional.of(new LinkMark.Six(acceptRa, addressMode)) : Optional.empty());

        assertThat(LinkMark.parse(mark.text())).contains(mark);
        assertThat(mark.text().length()).isLessThanOrEqualTo(255);
        assertThat(LinkMark.isLike(mark.text())).isTrue();
    }

    @Property
    void what_is_read_is_written_alike_or_refused(@ForAll @StringLength(max = 60) String end) {
        LinkMark.parse("understudy tag 1" + end)
                .ifPresent(mark -> assertThat(LinkMark.parse(mark.text())).contains(mark));
    }

    @Property
    void every_name_until_marked_tells_its_tag(@ForAll int tag, @ForAll @LongRange(max = MAC_MAX) long mac) {
        String name = LinkMark.nameUntilMarked(tag, new MacAddress(mac));
        assertThat(name).hasSize(15);
        assertThat(LinkMark.tagInName(name)).contains(tag);
    }

    @Property
    void every_derived_address_can_be_used_and_is_locally_administered(@ForAll String name) {
        MacAddress mac = ServiceMac.from(name);
        assertThat(ServiceMac.unusable(mac)).isEmpty();
        assertThat(mac.bits() >>> 40).isEqualTo(2);
        assertThat(ServiceMac.parse(mac.toString())).contains(mac);
    }
}
