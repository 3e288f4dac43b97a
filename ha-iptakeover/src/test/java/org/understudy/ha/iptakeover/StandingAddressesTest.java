package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.iptakeover.StandingAddresses.Look;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.AddressTable.Entry;

class StandingAddressesTest {
    private static final IpAddress FOUR = IpAddress.parse("192.0.2.50").orElseThrow();
    private static final IpAddress SIX = IpAddress.parse("2001:db8::50").orElseThrow();
    private static final IpAddress HOST = IpAddress.parse("192.0.2.2").orElseThrow();
    private static final AddressSet BOTH = new AddressSet(List.of(FOUR, SIX));
    private static final Entry FOUR_OURS = new Entry(FOUR, 32, 3, 213, 7, false, 3);
    private static final Entry SIX_OURS = new Entry(SIX, 128, 3, 213, 7, false, 3);
    private static final Entry OTHER = new Entry(HOST, 24, 3, 0, 0, false, AddressTable.FOREVER);

    @Test
    void ours_stand() {
        assertThat(look(FOUR_OURS, SIX_OURS, OTHER)).isEqualTo(Look.COMPLETE);
        assertThat(Look.COMPLETE.isComplete()).isTrue();
    }

    @Test
    void what_is_not_there_is_absent() {
        Look look = look(FOUR_OURS, OTHER);
        assertThat(look).isEqualTo(new Look(List.of(SIX), List.of(), List.of()));
        assertThat(look.isComplete()).isFalse();
        assertThat(look.words("lan0")).isEqualTo("took 2001:db8::50 off lan0");
    }

    @Test
    void another_mark_another_tag_or_no_end_is_a_change() {
        for (Entry changed : List.of(
                new Entry(FOUR, 32, 3, 0, 7, false, 3),
                new Entry(FOUR, 32, 3, 213, 8, false, 3),
                new Entry(FOUR, 32, 3, 213, 7, false, AddressTable.FOREVER))) {
            Look look = look(changed, SIX_OURS);
            assertThat(look).isEqualTo(new Look(List.of(), List.of(FOUR), List.of()));
            assertThat(look.words("lan0")).isEqualTo("changed 192.0.2.50 on lan0");
        }
        assertThat(StandingAddresses.compare(
                        List.of(new Entry(FOUR, 32, 3, 213, 7, false, AddressTable.FOREVER), SIX_OURS), BOTH, 7, false))
                .as("where no gate ends it, none ends by itself")
                .isEqualTo(Look.COMPLETE);
    }

    @Test
    void another_form_is_named_and_only_version_four_has_room_beside_it() {
        Look look = look(new Entry(FOUR, 24, 3, 0, 0, false, 9), new Entry(SIX, 64, 3, 0, 0, false, 9));
        assertThat(look).isEqualTo(new Look(List.of(FOUR), List.of(), List.of("192.0.2.50/24", "2001:db8::50/64")));
    }

    private static Look look(Entry... entries) {
        return StandingAddresses.compare(List.of(entries), BOTH, 7, true);
    }
}
