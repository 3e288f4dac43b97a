package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.StandingAddresses.Look;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.AddressTable.Entry;
import org.understudy.ha.iptakeover.spi.LinkTable;

class StandingAddressesTest {
    private static final IpAddress FOUR = IpAddress.parse("192.0.2.50").orElseThrow();
    private static final IpAddress SIX = IpAddress.parse("2001:db8::50").orElseThrow();
    private static final IpAddress HOST = IpAddress.parse("192.0.2.2").orElseThrow();
    private static final AddressSet BOTH = new AddressSet(List.of(FOUR, SIX));
    private static final Entry FOUR_OURS = new Entry(FOUR, 32, 3, 213, 7, false, 3);
    private static final Entry SIX_OURS = new Entry(SIX, 128, 3, 213, 7, false, 3);
    private static final Entry OTHER = new Entry(HOST, 24, 3, 0, 0, false, AddressTable.FOREVER);

    private static final LinkTable.Link LINK =
            new LinkTable.Link("lan0", 3, Optional.of(MacAddress.ZERO), true, true, false, true, 0);

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

    @Test
    void the_stay_is_asked_right_before_the_call_that_brings_back_and_right_after_it() {
        Look look = new Look(List.of(FOUR), List.of(SIX), List.of());
        assertThat(restored(look, true, true)).containsExactly("renew " + SIX, "add " + FOUR);
        assertThat(restored(look, false, false))
                .as("a renewal brings nothing back")
                .containsExactly("renew " + SIX);
        assertThat(restored(look, true, false)).containsExactly("renew " + SIX, "add " + FOUR, "remove " + FOUR);
        assertThat(restored(new Look(List.of(HOST), List.of(), List.of()), true, false))
                .as("what stood already is somebody's")
                .containsExactly("add " + HOST, "remove nothing");
    }

    private static List<String> restored(Look look, boolean isHeldBefore, boolean isHeldAfter) {
        List<String> calls = new ArrayList<>();
        Iterator<Boolean> isHeld = List.of(isHeldBefore, isHeldAfter).iterator();
        new StandingAddresses(BOTH, LINK, 7, GateTiming.forLease(960_000_000), false, table(calls))
                .restore(look, isHeld::next);
        return calls;
    }

    /** Where adding failed, somebody else's of the same form may be why. */
    @Test
    void what_stands_once_all_was_removed_is_no_stop() {
        Entry putBack = new Entry(FOUR, 32, 3, 0, 0, false, AddressTable.FOREVER);
        Entry other = new Entry(FOUR, 24, 3, 0, 0, false, AddressTable.FOREVER);
        assertThatThrownBy(() -> added(true, putBack).refuseIfLeft())
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("`ip addr del 192.0.2.50/32 dev lan0`");
        assertThatThrownBy(() -> added(false, other).refuseIfLeft()).hasMessageContaining("192.0.2.50/24");
        added(false, putBack).refuseIfLeft();
        added(true, OTHER).refuseIfLeft();
    }

    private static StandingAddresses added(boolean isAdded, Entry... found) {
        AddressTable table = (AddressTable) Proxy.newProxyInstance(
                AddressTable.class.getClassLoader(), new Class<?>[] {AddressTable.class}, (proxy, method, args) -> {
                    if (method.getName().equals("addAll") && !isAdded) {
                        throw new PlatformException("RTM_NEWADDR", 17, "EEXIST");
                    }
                    return method.getReturnType() == List.class ? List.of(found) : null;
                });
        StandingAddresses made = new StandingAddresses(new AddressSet(List.of(FOUR)), LINK, 7, null, false, table);
        try {
            made.add(List.of());
        } catch (PlatformException e) {
            assertThat(isAdded).isFalse();
        }
        return made;
    }

    /** In which the host's own address stands. */
    private static AddressTable table(List<String> calls) {
        return (AddressTable) Proxy.newProxyInstance(
                AddressTable.class.getClassLoader(), new Class<?>[] {AddressTable.class}, (proxy, method, args) -> {
                    List<?> some = (List<?>) args[1];
                    String which = some.isEmpty() ? "nothing" : some.get(0).toString();
                    return switch (method.getName()) {
                        case "renewAll" -> {
                            calls.add("renew " + which);
                            yield List.of();
                        }
                        case "addMissing" -> {
                            calls.add("add " + which);
                            yield new AddressTable.Added(
                                    some.contains(HOST) ? List.of() : List.of(FOUR), Optional.empty());
                        }
                        case "removeAll" -> {
                            calls.add("remove " + which);
                            yield some;
                        }
                        default -> throw new AssertionError(method);
                    };
                });
    }

    private static Look look(Entry... entries) {
        return StandingAddresses.compare(List.of(entries), BOTH, 7, true);
    }
}
