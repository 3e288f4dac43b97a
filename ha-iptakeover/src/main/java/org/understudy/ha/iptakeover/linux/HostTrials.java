package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;
import org.understudy.ha.iptakeover.packet.Ipv4Address;

/**
 * What this host can do, tried out one by one: the effective capabilities alone do not say it, since those of a user namespace may not count
 * for the network namespace this process is in. Each trial changes nothing that stays, and takes about a millisecond.
 *
 * <p>Each answers with the problem, one sentence with the remedy, or empty if there is none.
 */
public final class HostTrials {
    /** {@code NFPROTO_IPV6}, {@code linux/netfilter.h}. */
    private static final int FAMILY_IPV6 = 10;

    private static final Path IPV6_SWITCH = Path.of("/proc/sys/net/ipv6/conf/all/disable_ipv6");

    private static final AddressSet VERSION_4 = new AddressSet(List.of(Ipv4Address.ANY));

    private HostTrials() {}

    /** The right to change addresses, without what else adding one may fail at. */
    public static Optional<String> netAdmin() {
        return addresses()
                .filter(e -> e.errno() == Libc.EPERM || e.errno() == Libc.EACCES)
                .map(PlatformException::getMessage);
    }

    /** Whether an address is kept with its mark, its lifetime and its tag; also fails without {@link #netAdmin()}. */
    public static Optional<String> addressMark() {
        return addresses().map(PlatformException::getMessage);
    }

    private static Optional<PlatformException> addresses() {
        try {
            LinuxAddressTable.tryOut(VERSION_4);
            return Optional.empty();
        } catch (PlatformException e) {
            return Optional.of(e);
        }
    }

    /** The right to send and hear ARP. */
    public static Optional<String> netRaw() {
        try {
            new RawSocketAnnouncer(Integer.MAX_VALUE).close();
            return Optional.empty();
        } catch (PlatformException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** A device that ends with the process that made it; also fails without {@link #netAdmin()}. Takes some ten milliseconds. */
    public static Optional<String> tun() {
        try {
            ProcessDevice.tryOut();
            return Optional.empty();
        } catch (PlatformException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Every family of nf_tables that gates use. */
    public static Optional<String> tableFamilies() {
        List<String> missing = new ArrayList<>();
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            tryFamily(socket, missing, "netdev", NfTables.FAMILY_NETDEV);
            tryFamily(socket, missing, "ip", NfTables.FAMILY_IPV4);
            tryFamily(socket, missing, "ip6", FAMILY_IPV6);
            tryFamily(socket, missing, "arp", NfTables.FAMILY_ARP);
        } catch (PlatformException e) {
            return Optional.of(e.getMessage());
        }
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("this kernel has no nf_tables tables of family " + String.join(", ", missing)
                        + ": load or build CONFIG_NF_TABLES with _NETDEV, _IPV4, _IPV6 and _ARP");
    }

    private static void tryFamily(NetlinkSocket socket, List<String> missing, String name, int family) {
        String table = trialName();
        NetlinkAck ack = socket.transact(
                List.of(NfTables.newTable(family, table, 0, table), NfTables.deleteTable(family, table)));
        if (ack.errno() == Libc.EPERM || ack.errno() == Libc.EACCES) {
            throw NetlinkSocket.refused("NFT_MSG_NEWTABLE", ack, table);
        }
        if (!ack.isDone()) {
            missing.add(name + " (" + Libc.errnoName(ack.errno()) + ")");
        }
    }

    /** The hook that also holds back frames of packet sockets. */
    public static Optional<String> egress() {
        String table = trialName();
        try (NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER)) {
            List<NetlinkMessage> changes = List.of(
                    NfTables.newTable(NfTables.FAMILY_NETDEV, table, 0, table),
                    NfTables.newChain(table, "out", NfTables.HOOK_EGRESS, 0, "lo"),
                    NfTables.deleteTable(NfTables.FAMILY_NETDEV, table));
            NetlinkAck ack = socket.transact(changes);
            if (ack.isDone()) {
                return Optional.empty();
            }
            return Optional.of(
                    ack.errno() == Libc.EPERM || ack.errno() == Libc.EACCES
                            ? NetlinkSocket.refused("NFT_MSG_NEWCHAIN", ack, table)
                                    .getMessage()
                            : "this kernel has no egress hook (" + Libc.errnoName(ack.errno())
                                    + "): it needs Linux 5.16 or later with CONFIG_NETFILTER_EGRESS");
        } catch (PlatformException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Whether a gate as a whole works: every rule, set and time-out. */
    public static Optional<String> gate() {
        try {
            NftGate.tryOut(VERSION_4);
            return Optional.empty();
        } catch (PlatformException e) {
            return Optional.of(e.getMessage());
        }
    }

    /** Whether the kernel compares an absolute deadline on a card. */
    public static Optional<String> deadline() {
        try {
            CardGuard.tryOut(VERSION_4);
            return Optional.empty();
        } catch (PlatformException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static String trialName() {
        return "understudy-trial-" + ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    }

    /** Whether the kernel has IPv6 and this network namespace has not switched it off. */
    public static Optional<String> ipv6() {
        try {
            Libc.socket(Libc.AF_INET6, Libc.SOCK_DGRAM, 0).close();
        } catch (PlatformException e) {
            return Optional.of("this kernel has no IPv6 (" + e.getMessage() + "): load the module ipv6");
        }
        try {
            return Files.readString(IPV6_SWITCH).strip().equals("1")
                    ? Optional.of("IPv6 is switched off: `sysctl -w net.ipv6.conf.all.disable_ipv6=0`")
                    : Optional.empty();
        } catch (IOException e) {
            // Without /proc/sys nobody has switched it off by it either.
            return Optional.empty();
        }
    }
}
