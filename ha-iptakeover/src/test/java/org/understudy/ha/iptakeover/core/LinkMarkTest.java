package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.iptakeover.packet.MacAddress;

class LinkMarkTest {
    private static final MacAddress OWN = new MacAddress(0x525400123456L);

    @Test
    void says_what_it_is_in_one_readable_line() {
        LinkMark made =
                new LinkMark(4711, Optional.empty(), Optional.of(new LinkMark.Announce("eth0", 0)), Optional.empty());
        assertThat(made.text()).isEqualTo("understudy tag 1267 announce=0@eth0");
        LinkMark lent = new LinkMark(
                -1,
                Optional.of(new LinkMark.Own(OWN, 0, 1, false, "uplink = floor 2")),
                Optional.of(new LinkMark.Announce("eth0", 1)),
                Optional.of(new LinkMark.Six(2, 3)));
        assertThat(lent.text())
                .isEqualTo(
                        "understudy tag ffffffff own=52:54:00:12:34:56 before=0,1,0 announce=1@eth0 six=2,3 was=uplink = floor 2");
        assertThat(LinkMark.parse(made.text())).contains(made);
        assertThat(LinkMark.parse(lent.text())).contains(lent);
    }

    @Test
    void a_note_from_before_there_was_ipv6_is_understood() {
        String text = "understudy tag 1267 own=52:54:00:12:34:56 before=0,1,0 announce=1@eth0 was=six=1,0";
        LinkMark mark = LinkMark.parse(text).orElseThrow();
        assertThat(mark.six()).isEmpty();
        assertThat(mark.own().orElseThrow().alias()).isEqualTo("six=1,0");
        assertThat(mark.text()).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "understudy",
                "understudy tag ",
                "understudy tag 123456789",
                "understudy tag 1267 x",
                "understudy tag 1267 was=uplink",
                "understudy tag 1267 own=52:54:00:12:34:5 before=0,0,0",
                "understudy tag 1267 own=::::::::::::::::: before=0,0,0",
                "understudy tag 1267 own=52:54:00:12:34:56",
                "understudy tag 1267 six=1",
                "understudy tag 1267 six=1,0 announce=0@lan0",
                " understudy tag 1267"
            })
    void anything_else_is_not_ours(String alias) {
        assertThat(LinkMark.parse(alias)).isEmpty();
    }

    @Test
    void a_changed_mark_is_still_suspicious() {
        assertThat(LinkMark.isLike("understudy tag 1267 own=broken")).isTrue();
        assertThat(LinkMark.isLike("uplink")).isFalse();
    }

    @Test
    void a_new_interface_carries_the_tag_in_its_name() {
        assertThat(LinkMark.nameUntilMarked(4711, new MacAddress(0x025e11000050L)))
                .isEqualTo("us00001267-0050");
        assertThat(LinkMark.tagInName("us00001267-0050")).contains(4711);
        assertThat(LinkMark.tagInName("usb0")).isEmpty();
        assertThat(LinkMark.tagInName("us00001267-005")).isEmpty();
    }
}
