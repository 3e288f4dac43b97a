package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.LinkChange;
import org.understudy.ha.iptakeover.netlink.LinkMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.RouteMessage;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.LinkControl;

/**
 * Interfaces over rtnetlink. What it cannot set, {@code disable_ipv6} and {@code accept_ra}, is written under {@code /proc/sys/net}, which
 * shows the namespace of who looks.
 */
public final class LinuxLinkControl implements LinkControl {
    private static final Path IPV6_SETTINGS = Path.of("/proc/sys/net/ipv6/conf");

    private final NetlinkSocket socket;

    /**
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxLinkControl() {
        socket = NetlinkSocket.open(NetlinkSocket.ROUTE);
    }

    @Override
    public List<Entry> list() {
        List<Entry> all = new ArrayList<>();
        for (NetlinkMessage m : socket.dump(LinkMessage.dumpRequest(), "RTM_GETLINK")) {
            if (m.type() == LinkMessage.NEW) {
                all.add(entry(LinkMessage.decode(m.payload())));
            }
        }
        return List.copyOf(all);
    }

    @Override
    public Optional<Entry> byIndex(int index) {
        NetlinkSocket.Answer answer = socket.ask(LinkMessage.request(index));
        if (answer.ack().errno() == Libc.ENODEV) {
            return Optional.empty();
        }
        if (!answer.ack().isDone()) {
            throw NetlinkSocket.refused("RTM_GETLINK", answer.ack(), "interface " + index);
        }
        return Optional.of(entry(LinkMessage.decode(answer.messages().get(0).payload())));
    }

    private static Entry entry(LinkMessage link) {
        return new Entry(
                link.name(),
                link.index(),
                link.kind(),
                link.parentIndex(),
                link.masterIndex(),
                link.mac(),
                link.permanentMac(),
                link.alias(),
                link.isUp(),
                link.hasCarrier(),
                link.isLoopback(),
                link.speaksArp(),
                link.ipv4Setting(LinkChange.ARP_IGNORE),
                link.ipv4Setting(LinkChange.REVERSE_PATH_FILTER),
                link.ipv4Setting(LinkChange.ARP_ANNOUNCE),
                link.isIpv6Off(),
                link.acceptRouterAdvertisements(),
                link.ipv6AddressMode());
    }

    @Override
    public void addPrivateMacvlan(int parentIndex, String name, MacAddress mac) {
        NetlinkAck ack = socket.change(LinkChange.newPrivateMacvlan(parentIndex, name, mac));
        if (ack.errno() == Libc.EOPNOTSUPP) {
            throw new PlatformException(
                    "RTM_NEWLINK",
                    ack.errno(),
                    "this kernel has no macvlan, which a virtual MAC needs: `modprobe macvlan` (CONFIG_MACVLAN)");
        }
        require("RTM_NEWLINK", ack, name + " with " + mac + " on interface " + parentIndex);
    }

    @Override
    public boolean remove(int index) {
        NetlinkAck ack = socket.change(LinkChange.remove(index));
        if (ack.errno() == Libc.ENODEV) {
            return false;
        }
        require("RTM_DELLINK", ack, "interface " + index);
        return true;
    }

    @Override
    public void setAlias(int index, String alias) {
        set(LinkChange.setAlias(index, alias), "the alias of interface " + index);
    }

    @Override
    public void rename(int index, String name) {
        set(LinkChange.rename(index, name), "the name " + name + " of interface " + index);
    }

    @Override
    public void setMac(int index, MacAddress mac) {
        set(LinkChange.setMac(index, mac), "the hardware address " + mac + " of interface " + index);
    }

    @Override
    public void setUp(int index, boolean isUp) {
        set(LinkChange.setUp(index, isUp), (isUp ? "up" : "down") + " of interface " + index);
    }

    @Override
    public void setUpSilent(int index) {
        set(LinkChange.setUpSilent(index), "up of interface " + index);
    }

    @Override
    public void removeWayToGroups(int index) {
        NetlinkAck ack = socket.change(RouteMessage.removeWayToGroups(index));
        if (ack.errno() != Libc.ESRCH && ack.errno() != Libc.ENODEV) {
            require("RTM_DELROUTE", ack, "ff00::/8 on interface " + index);
        }
    }

    @Override
    public void setArpIgnore(int index, int value) {
        setIpv4(index, LinkChange.ARP_IGNORE, value, "arp_ignore");
    }

    @Override
    public void setReversePathFilter(int index, int value) {
        setIpv4(index, LinkChange.REVERSE_PATH_FILTER, value, "rp_filter");
    }

    @Override
    public void setArpAnnounce(int index, int value) {
        setIpv4(index, LinkChange.ARP_ANNOUNCE, value, "arp_announce");
    }

    private void setIpv4(int index, int id, int value, String name) {
        set(LinkChange.setIpv4(index, id, value), name + "=" + value + " of interface " + index);
    }

    @Override
    public void setIpv6AddressMode(Entry link, int mode) {
        if (link.isIpv6Off().isPresent()) {
            set(LinkChange.setIpv6AddressMode(link.index(), mode), "addrgenmode " + mode + " of " + link.name());
        }
    }

    @Override
    public void setIpv6Off(Entry link, boolean isOff) {
        if (link.isIpv6Off().isEmpty() || link.isIpv6Off().get() == isOff) {
            return;
        }
        write(
                link,
                "disable_ipv6",
                isOff ? "1" : "0",
                "IPv6 on " + link.name() + " cannot be switched " + (isOff ? "off" : "on"),
                ", or set net.ipv6.conf.default.disable_ipv6=" + (isOff ? 1 : 0) + " on this host");
    }

    @Override
    public void setAcceptRouterAdvertisements(Entry link, int value) {
        if (link.isIpv6Off().isPresent() && link.acceptRouterAdvertisements() != value) {
            write(
                    link,
                    "accept_ra",
                    Integer.toString(value),
                    "whether " + link.name() + " listens to routers cannot be set",
                    "");
        }
    }

    private static void write(Entry link, String setting, String value, String problem, String alternative) {
        Path file = IPV6_SETTINGS.resolve(link.name()).resolve(setting);
        try {
            Files.writeString(file, value, StandardOpenOption.WRITE);
        } catch (IOException e) {
            throw new PlatformException(
                    "write",
                    0,
                    problem + " (" + e.getMessage() + "): let this process write under /proc/sys/net" + alternative,
                    e);
        }
    }

    /**
     * Whether this process may change interfaces at all.
     *
     * @throws PlatformException EPERM without CAP_NET_ADMIN
     */
    public static void tryOut() {
        try (LinuxLinkControl control = new LinuxLinkControl()) {
            // No such interface; permission is asked for first.
            control.remove(Integer.MAX_VALUE);
        }
    }

    private void set(NetlinkMessage request, String object) {
        require("RTM_SETLINK", socket.change(request), object);
    }

    private static void require(String call, NetlinkAck ack, String object) {
        if (!ack.isDone()) {
            throw NetlinkSocket.refused(call, ack, object);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
