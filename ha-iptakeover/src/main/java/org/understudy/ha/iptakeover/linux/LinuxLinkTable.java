package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.LinkLook;
import org.understudy.ha.iptakeover.netlink.LinkMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * The interfaces of the kernel over rtnetlink. One question and one answer per look: the carrier it shows is the present
 * one, while link events may be held back by the kernel for up to a second.
 */
public final class LinuxLinkTable implements LinkTable {
    private static final int NAME_LENGTH_MAX = 15;

    private final NetlinkSocket socket;
    /** Guards the look, which is that of the last name. */
    private final ReentrantLock lock = new ReentrantLock();

    private @Nullable LinkLook look;

    /**
     * @throws org.understudy.ha.api.PlatformException if no netlink socket can be opened
     */
    public LinuxLinkTable() {
        socket = NetlinkSocket.open(NetlinkSocket.ROUTE);
    }

    @Override
    public Optional<Link> byName(String name) {
        if (name.isEmpty() || name.length() > NAME_LENGTH_MAX) {
            return Optional.empty();
        }
        return ask(LinkMessage.request(name), name).map(LinuxLinkTable::link);
    }

    @Override
    public Optional<Link> byIndex(int index) {
        return ask(index).map(LinuxLinkTable::link);
    }

    /** The numbers of all interfaces. */
    List<Integer> indexes() {
        List<Integer> indexes = new ArrayList<>();
        for (NetlinkMessage m : socket.dump(LinkMessage.dumpRequest(), "RTM_GETLINK")) {
            indexes.add(LinkMessage.decode(m.payload()).index());
        }
        return indexes;
    }

    @Override
    public boolean isStill(int index, String name) {
        lock.lock();
        try {
            return look(name).index(socket.descriptor()) == index;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean isWell(String name) {
        lock.lock();
        try {
            return look(name).hasLink(socket.descriptor());
        } finally {
            lock.unlock();
        }
    }

    private LinkLook look(String name) {
        LinkLook last = look;
        if (last == null || !last.name().equals(name)) {
            last = new LinkLook(name);
            look = last;
        }
        return last;
    }

    @Override
    public boolean forwardsV6(int index) {
        return ask(index).map(LinkMessage::forwardsV6).orElse(false);
    }

    private Optional<LinkMessage> ask(int index) {
        return ask(LinkMessage.request(index), "interface " + index);
    }

    private Optional<LinkMessage> ask(NetlinkMessage request, String object) {
        NetlinkSocket.Answer answer = socket.ask(request);
        if (answer.ack().errno() == Libc.ENODEV) {
            return Optional.empty();
        }
        if (!answer.ack().isDone()) {
            throw NetlinkSocket.refused("RTM_GETLINK", answer.ack(), object);
        }
        return Optional.of(LinkMessage.decode(answer.messages().get(0).payload()));
    }

    private static Link link(LinkMessage found) {
        return new Link(
                found.name(),
                found.index(),
                found.mac(),
                found.isUp(),
                found.hasCarrier(),
                found.isLoopback(),
                found.speaksArp(),
                found.carrierLosses());
    }

    @Override
    public void close() {
        socket.close();
    }
}
