package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.AddressMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.AddressTable;

/** The address table of the kernel over rtnetlink (rtnetlink(7)). */
public final class LinuxAddressTable implements AddressTable {
    private final NetlinkSocket socket;

    /**
     * @throws org.understudy.ha.api.PlatformException if no netlink socket can be opened
     */
    public LinuxAddressTable() {
        socket = NetlinkSocket.open(NetlinkSocket.ROUTE);
    }

    @Override
    public void add(int interfaceIndex, Ipv4Address address, int tag) {
        NetlinkAck ack = socket.change(AddressMessage.floating(interfaceIndex, address, PROTO, tag)
                .toMessage(AddressMessage.NEW, NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE));
        if (!ack.isDone()) {
            throw NetlinkSocket.refused("RTM_NEWADDR", ack, address + " on interface " + interfaceIndex);
        }
    }

    @Override
    public boolean remove(int interfaceIndex, Ipv4Address address) {
        NetlinkAck ack =
                socket.change(AddressMessage.exactly(interfaceIndex, address).toMessage(AddressMessage.DELETE, 0));
        if (ack.isDone()) {
            return true;
        }
        if (ack.errno() == Libc.EADDRNOTAVAIL || ack.errno() == Libc.ENODEV) {
            return false;
        }
        throw NetlinkSocket.refused("RTM_DELADDR", ack, address + " on interface " + interfaceIndex);
    }

    @Override
    public List<Entry> list() {
        List<Entry> entries = new ArrayList<>();
        for (NetlinkMessage m : socket.dump(AddressMessage.dumpRequest(), "RTM_GETADDR")) {
            if (m.type() != AddressMessage.NEW) {
                continue;
            }
            AddressMessage found = AddressMessage.decode(m.payload());
            Optional<Ipv4Address> local = found.local();
            if (found.family() == AddressMessage.FAMILY_IPV4 && local.isPresent()) {
                entries.add(new Entry(
                        local.get(), found.prefixLength(), found.interfaceIndex(), found.proto(), found.priority()));
            }
        }
        return List.copyOf(entries);
    }

    @Override
    public void close() {
        socket.close();
    }
}
