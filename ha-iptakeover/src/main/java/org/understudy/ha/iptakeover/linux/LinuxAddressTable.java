package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.AddressMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.RouteMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.AddressTable;

/** The address table of the kernel over rtnetlink (rtnetlink(7)). */
public final class LinuxAddressTable implements AddressTable {
    /** {@code LOOPBACK_IFINDEX}: the same in every network namespace. */
    private static final int LOOPBACK_INDEX = 1;
    /** 127.213.0.0/16, local anyway. */
    private static final int TRIAL_NETWORK = 127 << 24 | 213 << 16;
    /** 100::/64, which nobody uses because routers discard it (RFC 6666). */
    private static final long TRIAL_NETWORK_V6 = 0x100L << 48;

    private static final int TRIAL_SECONDS = 5;

    private final NetlinkSocket socket;
    private final String label;

    /**
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxAddressTable() {
        this("");
    }

    /**
     * @param label of the IPv4 addresses that it adds; empty for the name of the interface
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxAddressTable(String label) {
        this.label = label;
        NetlinkSocket opened = NetlinkSocket.open(NetlinkSocket.ROUTE);
        boolean isGood = false;
        try {
            opened.filterDumps();
            isGood = true;
        } finally {
            if (!isGood) {
                opened.close();
            }
        }
        socket = opened;
    }

    @Override
    public void addAll(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds) {
        List<NetlinkAck> acks = socket.changeAll(additions(interfaceIndex, addresses, tag, validSeconds));
        List<IpAddress> added = new ArrayList<>();
        PlatformException refused = null;
        for (int i = 0; i < acks.size(); i++) {
            if (acks.get(i).isDone()) {
                added.add(addresses.get(i));
            } else if (refused == null) {
                refused = refusal(acks.get(i), addresses.get(i), interfaceIndex);
            }
        }
        if (refused != null) {
            try {
                removeAll(interfaceIndex, added);
            } catch (PlatformException e) {
                refused.addSuppressed(e);
            }
            throw refused;
        }
    }

    @Override
    public Added addMissing(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds) {
        List<NetlinkAck> acks = socket.changeAll(additions(interfaceIndex, addresses, tag, validSeconds));
        List<IpAddress> added = new ArrayList<>();
        Optional<PlatformException> refused = Optional.empty();
        for (int i = 0; i < acks.size(); i++) {
            NetlinkAck ack = acks.get(i);
            if (ack.isDone()) {
                added.add(addresses.get(i));
            } else if (ack.errno() != Libc.EEXIST && refused.isEmpty()) {
                refused = Optional.of(refusal(ack, addresses.get(i), interfaceIndex));
            }
        }
        return new Added(added, refused);
    }

    private List<NetlinkMessage> additions(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds) {
        return AddressMessage.requests(
                addresses,
                AddressMessage.NEW,
                NetlinkMessage.REQUEST | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE,
                address -> AddressMessage.floating(interfaceIndex, address, PROTO, tag, validSeconds)
                        .withLabel(label));
    }

    private static PlatformException refusal(NetlinkAck ack, IpAddress address, int interfaceIndex) {
        String object = address + " on interface " + interfaceIndex;
        // Privileges lack with EPERM; this one means the interface, and root gets it too.
        return address.isV6() && ack.errno() == Libc.EACCES
                ? new PlatformException(
                        "RTM_NEWADDR",
                        ack.errno(),
                        "RTM_NEWADDR refused for " + object + ": EACCES, \"" + ack.text()
                                + "\": enable IPv6 there, `sysctl net.ipv6.conf.IF.disable_ipv6=0`")
                : NetlinkSocket.refused("RTM_NEWADDR", ack, object);
    }

    /**
     * Without its mark nobody could tell an address from somebody else's and clean up: an old kernel takes the request and
     * ignores what it does not know.
     *
     * @return what is wrong with the first, or null
     */
    static @Nullable PlatformException unmarked(
            List<Entry> entries, int interfaceIndex, List<IpAddress> addresses, int tag) {
        Map<IpAddress, Entry> standing = entries.stream()
                .filter(entry -> entry.interfaceIndex() == interfaceIndex && entry.isAlone())
                .collect(Collectors.toMap(Entry::address, entry -> entry, (a, b) -> a));
        for (IpAddress address : addresses) {
            Entry entry = standing.get(address);
            if (entry == null) {
                return new PlatformException(
                        "RTM_NEWADDR",
                        0,
                        "somebody removed " + address + " from interface " + interfaceIndex + " at once");
            }
            if (entry.proto() != PROTO || entry.tag() != tag) {
                return new PlatformException(
                        "RTM_NEWADDR",
                        0,
                        "the kernel did not keep the mark of " + address + ": IFA_PROTO " + entry.proto()
                                + ", expected " + PROTO
                                + "; IFA_RT_PRIORITY " + Integer.toUnsignedString(entry.tag()) + ", expected "
                                + Integer.toUnsignedString(tag) + ". A floating address needs Linux 5.18 or later");
            }
        }
        return null;
    }

    @Override
    public List<IpAddress> renewAll(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds) {
        List<NetlinkAck> acks = socket.changeAll(AddressMessage.requests(
                addresses,
                AddressMessage.NEW,
                NetlinkMessage.REQUEST | NetlinkMessage.REPLACE,
                address -> AddressMessage.renewal(interfaceIndex, address, PROTO, tag, validSeconds)));
        List<IpAddress> absent = new ArrayList<>();
        PlatformException refused = null;
        for (int i = 0; i < acks.size(); i++) {
            NetlinkAck ack = acks.get(i);
            IpAddress address = addresses.get(i);
            if (isAbsentForRenewal(ack.errno(), address)) {
                absent.add(address);
            } else if (!ack.isDone() && refused == null) {
                refused = NetlinkSocket.refused("RTM_NEWADDR", ack, address + " on interface " + interfaceIndex);
            }
        }
        if (refused != null) {
            throw refused;
        }
        return absent;
    }

    private static boolean isAbsentForRenewal(int errno, IpAddress address) {
        // EOPNOTSUPP: the same refusal to create on a kernel without multicast. EACCES: IPv6 was disabled on the
        // interface.
        return errno == Libc.EINVAL
                || errno == Libc.EOPNOTSUPP
                || errno == Libc.ENODEV
                || address.isV6() && errno == Libc.EACCES;
    }

    /**
     * Whether such addresses can be added, renewed and removed here, and keep their mark (Linux 5.18), with one of the loopback's network
     * for each version. Changes nothing that stays.
     *
     * @throws PlatformException saying what does not work; EPERM without CAP_NET_ADMIN
     */
    public static void tryOut(AddressSet like) {
        int host = ThreadLocalRandom.current().nextInt(1, 0xffff);
        List<IpAddress> trial = new ArrayList<>();
        if (like.hasV4()) {
            trial.add(new Ipv4Address(TRIAL_NETWORK | host));
        }
        if (like.hasV6()) {
            trial.add(new Ipv6Address(TRIAL_NETWORK_V6, host));
        }
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            table.addAll(LOOPBACK_INDEX, trial, 1, TRIAL_SECONDS);
            List<IpAddress> absent;
            try {
                PlatformException unmarked = unmarked(table.list(versions(trial)), LOOPBACK_INDEX, trial, 1);
                if (unmarked != null) {
                    throw unmarked;
                }
                absent = table.renewAll(LOOPBACK_INDEX, trial, 1, TRIAL_SECONDS);
            } finally {
                table.removeAll(LOOPBACK_INDEX, trial);
            }
            List<IpAddress> refused = table.renewAll(LOOPBACK_INDEX, trial, 1, TRIAL_SECONDS);
            table.removeAll(LOOPBACK_INDEX, trial);
            if (!absent.isEmpty() || refused.size() < trial.size()) {
                throw new PlatformException(
                        "RTM_NEWADDR",
                        0,
                        "this kernel "
                                + (absent.isEmpty()
                                        ? "creates an address where it should only renew one"
                                        : "cannot renew an address")
                                + ": no floating address here");
            }
            table.list(LOOPBACK_INDEX, like.all());
            table.addMissing(Integer.MAX_VALUE, like.all(), 1, TRIAL_SECONDS);
            // The whole path for all of them once, about an interface that cannot exist: it is compiled when it counts.
            table.renewAll(Integer.MAX_VALUE, like.all(), 1, TRIAL_SECONDS);
        }
    }

    /** What became of one. */
    record Removed(
            IpAddress address, boolean stood, @Nullable PlatformException failure) {}

    @Override
    public List<IpAddress> removeAll(int interfaceIndex, List<IpAddress> addresses) {
        List<IpAddress> stood = new ArrayList<>();
        PlatformException failure = null;
        for (Removed one : removeEach(interfaceIndex, addresses)) {
            if (one.stood()) {
                stood.add(one.address());
            }
            if (failure == null) {
                failure = one.failure();
            }
        }
        if (failure != null) {
            throw failure;
        }
        return stood;
    }

    List<Removed> removeEach(int interfaceIndex, List<IpAddress> addresses) {
        List<NetlinkAck> acks = socket.changeAll(AddressMessage.requests(
                addresses,
                AddressMessage.DELETE,
                NetlinkMessage.REQUEST,
                address -> AddressMessage.exactly(interfaceIndex, address)));
        List<Removed> all = new ArrayList<>();
        for (int i = 0; i < acks.size(); i++) {
            NetlinkAck ack = acks.get(i);
            IpAddress address = addresses.get(i);
            boolean isDone = ack.isDone() || isAbsent(ack.errno(), address);
            all.add(new Removed(
                    address,
                    ack.isDone(),
                    isDone
                            ? null
                            : NetlinkSocket.refused("RTM_DELADDR", ack, address + " on interface " + interfaceIndex)));
        }
        return all;
    }

    private static boolean isAbsent(int errno, IpAddress address) {
        // ENXIO: the interface has no IPv6 at all.
        return errno == Libc.EADDRNOTAVAIL || errno == Libc.ENODEV || address.isV6() && errno == Libc.ENXIO;
    }

    @Override
    public List<Entry> list() {
        return list(List.of(AddressMessage.FAMILY_IPV4, AddressMessage.FAMILY_IPV6));
    }

    private static List<Integer> versions(Collection<IpAddress> addresses) {
        return addresses.stream()
                .map(address -> address.isV6() ? AddressMessage.FAMILY_IPV6 : AddressMessage.FAMILY_IPV4)
                .distinct()
                .toList();
    }

    private List<Entry> list(List<Integer> families) {
        List<Entry> entries = new ArrayList<>();
        for (int family : families) {
            entries(socket.dump(AddressMessage.dumpRequest(family), "RTM_GETADDR"), family, entries);
        }
        return List.copyOf(entries);
    }

    private static void entries(List<NetlinkMessage> dump, int family, List<Entry> entries) {
        for (NetlinkMessage m : dump) {
            if (m.type() == AddressMessage.NEW) {
                AddressMessage found = AddressMessage.decode(m.payload());
                // A kernel without IPv6 answers with what it has.
                Optional<IpAddress> local = found.family() == family ? found.local() : Optional.empty();
                local.ifPresent(address -> entries.add(new Entry(
                        address,
                        found.prefixLength(),
                        found.interfaceIndex(),
                        found.proto(),
                        found.priority(),
                        found.isTentative(),
                        found.validSeconds())));
            }
        }
    }

    @Override
    public List<Entry> list(int interfaceIndex, Collection<IpAddress> addresses) {
        List<Entry> entries = new ArrayList<>();
        for (int family : versions(addresses)) {
            NetlinkMessage request = AddressMessage.dumpRequest(family, interfaceIndex);
            try {
                entries(socket.dump(request, "RTM_GETADDR"), family, entries);
            } catch (PlatformException e) {
                if (e.errno() != Libc.ENODEV) {
                    throw e;
                }
            }
        }
        return entries.stream()
                .filter(entry -> entry.interfaceIndex() == interfaceIndex)
                .toList();
    }

    @Override
    public List<Network> networksRouted(int interfaceIndex) {
        List<Network> networks = new ArrayList<>();
        for (int family : List.of(AddressMessage.FAMILY_IPV4, AddressMessage.FAMILY_IPV6)) {
            for (NetlinkMessage m : socket.dump(RouteMessage.dumpRequest(family, interfaceIndex), "RTM_GETROUTE")) {
                Optional.of(m)
                        .filter(message -> message.type() == RouteMessage.NEW)
                        .map(message -> RouteMessage.decode(message.payload()))
                        .filter(route -> route.family() == family && route.isOnLink(interfaceIndex))
                        .flatMap(route -> route.destination().map(to -> new Network(to, route.destinationLength())))
                        .filter(network -> !isOfTheLink(network.address()))
                        .ifPresent(networks::add);
            }
        }
        return networks;
    }

    /** Every interface has these. */
    private static boolean isOfTheLink(IpAddress address) {
        return address instanceof Ipv6Address six && (six.isLinkLocal() || six.isMulticast());
    }

    @Override
    public void close() {
        socket.close();
    }
}
