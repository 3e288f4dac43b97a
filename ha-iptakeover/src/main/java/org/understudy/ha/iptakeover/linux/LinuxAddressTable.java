package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.AddressMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.spi.AddressTable;

/** The address table of the kernel over rtnetlink (rtnetlink(7)). */
public final class LinuxAddressTable implements AddressTable {
    /** {@code LOOPBACK_IFINDEX}: the same in every network namespace. */
    private static final int LOOPBACK_INDEX = 1;
    /** 127.213.0.0/16, local anyway. */
    private static final int TRIAL_NETWORK = 127 << 24 | 213 << 16;

    private static final int TRIAL_SECONDS = 5;

    private final NetlinkSocket socket;

    /**
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxAddressTable() {
        socket = NetlinkSocket.open(NetlinkSocket.ROUTE);
    }

    @Override
    public void add(int interfaceIndex, Ipv4Address address, int tag, int validSeconds) {
        NetlinkAck ack = socket.change(AddressMessage.floating(interfaceIndex, address, PROTO, tag, validSeconds)
                .toMessage(AddressMessage.NEW, NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE));
        if (!ack.isDone()) {
            throw NetlinkSocket.refused("RTM_NEWADDR", ack, address + " on interface " + interfaceIndex);
        }
        try {
            requireMarked(list(), interfaceIndex, address, tag);
        } catch (PlatformException e) {
            remove(interfaceIndex, address);
            throw e;
        }
    }

    /**
     * Without its mark nobody could tell the address from somebody else's and clean up: an old kernel takes the request and
     * ignores what it does not know.
     */
    static void requireMarked(List<Entry> entries, int interfaceIndex, Ipv4Address address, int tag) {
        for (Entry entry : entries) {
            if (entry.interfaceIndex() == interfaceIndex
                    && entry.address().equals(address)
                    && entry.prefixLength() == 32) {
                if (entry.proto() == PROTO && entry.tag() == tag) {
                    return;
                }
                throw new PlatformException(
                        "RTM_NEWADDR",
                        0,
                        "the kernel did not keep the mark of " + address + ": IFA_PROTO " + entry.proto()
                                + ", expected " + PROTO
                                + "; IFA_RT_PRIORITY " + Integer.toUnsignedString(entry.tag()) + ", expected "
                                + Integer.toUnsignedString(tag) + ". A floating address needs Linux 5.18 or later");
            }
        }
        throw new PlatformException(
                "RTM_NEWADDR", 0, "somebody removed " + address + " from interface " + interfaceIndex + " at once");
    }

    @Override
    public boolean renew(int interfaceIndex, Ipv4Address address, int tag, int validSeconds) {
        NetlinkAck ack = socket.change(AddressMessage.renewal(interfaceIndex, address, PROTO, tag, validSeconds)
                .toMessage(AddressMessage.NEW, NetlinkMessage.REPLACE));
        if (ack.isDone()) {
            return true;
        }
        // EOPNOTSUPP: the same refusal to create on a kernel without multicast.
        if (ack.errno() == Libc.EINVAL || ack.errno() == Libc.EOPNOTSUPP || ack.errno() == Libc.ENODEV) {
            return false;
        }
        throw NetlinkSocket.refused("RTM_NEWADDR", ack, address + " on interface " + interfaceIndex);
    }

    /**
     * Whether addresses can be added, renewed and removed here, with one of the loopback's network. Changes nothing that stays.
     *
     * @throws PlatformException saying what does not work; EPERM without CAP_NET_ADMIN
     */
    public static void tryOut() {
        int host = ThreadLocalRandom.current().nextInt(1, 0xffff);
        Ipv4Address trial = new Ipv4Address(TRIAL_NETWORK | host);
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            table.add(LOOPBACK_INDEX, trial, 1, TRIAL_SECONDS);
            boolean renewed;
            try {
                renewed = table.renew(LOOPBACK_INDEX, trial, 1, TRIAL_SECONDS);
            } finally {
                table.remove(LOOPBACK_INDEX, trial);
            }
            boolean created = table.renew(LOOPBACK_INDEX, trial, 1, TRIAL_SECONDS);
            if (created) {
                table.remove(LOOPBACK_INDEX, trial);
            }
            if (!renewed || created) {
                throw new PlatformException(
                        "RTM_NEWADDR",
                        0,
                        "this kernel "
                                + (created
                                        ? "creates an address where it should only renew one"
                                        : "cannot renew an address")
                                + ": no floating address here");
            }
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
