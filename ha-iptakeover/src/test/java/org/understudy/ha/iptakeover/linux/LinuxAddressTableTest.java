package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressTable.Entry;

class LinuxAddressTableTest {
    private static final IpAddress VIP = IpAddress.parse("192.0.2.50").orElseThrow();
    private static final IpAddress VIP6 = IpAddress.parse("2001:db8::50").orElseThrow();

    @Test
    void a_kernel_that_keeps_the_mark_is_fine() {
        List<Entry> entries = List.of(
                new Entry(VIP, 24, 3, 0, 0, false, 3),
                new Entry(VIP, 32, 3, 213, 4711, false, 3),
                new Entry(VIP6, 128, 3, 213, 4711, false, 3));
        assertThat(LinuxAddressTable.unmarked(entries, 3, List.of(VIP, VIP6), 4711))
                .isNull();
    }

    @Test
    void a_kernel_that_forgets_the_mark_is_named_by_its_version() {
        assertThat(LinuxAddressTable.unmarked(List.of(new Entry(VIP, 32, 3, 0, 4711, false, 3)), 3, List.of(VIP), 4711))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("IFA_PROTO 0, expected 213")
                .hasMessageContaining("needs Linux 5.18");
        assertThat(LinuxAddressTable.unmarked(
                        List.of(new Entry(VIP6, 128, 3, 213, 0, false, 3)), 3, List.of(VIP6), 4711))
                .hasMessageContaining("mark of 2001:db8::50")
                .hasMessageContaining("IFA_RT_PRIORITY 0, expected 4711");
    }

    @Test
    void an_address_that_is_not_there_is_not_taken_for_an_old_kernel() {
        List<Entry> entries =
                List.of(new Entry(VIP, 32, 4, 213, 7, false, 3), new Entry(VIP6, 128, 3, 213, 7, false, 3));
        assertThat(LinuxAddressTable.unmarked(entries, 3, List.of(VIP6, VIP), 7))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("somebody removed 192.0.2.50 from interface 3 at once");
    }
}
