package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.AddressTable.Entry;

class LinuxAddressTableTest {
    private static final Ipv4Address VIP = new Ipv4Address(0xc0000232);

    @Test
    void a_kernel_that_keeps_the_mark_is_fine() {
        List<Entry> entries = List.of(new Entry(VIP, 24, 3, 0, 0), new Entry(VIP, 32, 3, 213, 4711));
        assertThatCode(() -> LinuxAddressTable.requireMarked(entries, 3, VIP, 4711))
                .doesNotThrowAnyException();
    }

    @Test
    void a_kernel_that_forgets_the_mark_is_named_by_its_version() {
        assertThatThrownBy(() -> LinuxAddressTable.requireMarked(List.of(new Entry(VIP, 32, 3, 0, 4711)), 3, VIP, 4711))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("IFA_PROTO 0, expected 213")
                .hasMessageContaining("needs Linux 5.18");
        assertThatThrownBy(() -> LinuxAddressTable.requireMarked(List.of(new Entry(VIP, 32, 3, 213, 0)), 3, VIP, 4711))
                .hasMessageContaining("IFA_RT_PRIORITY 0, expected 4711");
    }

    @Test
    void an_address_that_is_not_there_is_not_taken_for_an_old_kernel() {
        assertThatThrownBy(() -> LinuxAddressTable.requireMarked(List.of(new Entry(VIP, 32, 4, 213, 7)), 3, VIP, 7))
                .isInstanceOf(PlatformException.class)
                .hasMessageContaining("somebody removed 192.0.2.50 from interface 3 at once");
    }
}
