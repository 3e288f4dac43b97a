package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.AddressMessage;
import org.understudy.ha.iptakeover.netlink.LinkMessage;
import org.understudy.ha.iptakeover.netlink.NetlinkAttribute;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.LinkEvents;

/** The multicast groups of rtnetlink (rtnetlink(7)), as {@code ip monitor link address} hears them. */
public final class LinuxLinkEvents implements LinkEvents {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxLinkEvents.class);

    /** {@code RTMGRP_LINK}, {@code RTMGRP_IPV4_IFADDR} and {@code RTMGRP_IPV6_IFADDR}, {@code linux/rtnetlink.h}. */
    static final int GROUPS = 1 | 0x10 | 0x100;

    /** {@code linux/if_addr.h}. */
    private static final int IFA_ADDRESS = 1;

    private static final int IFA_LOCAL = 2;

    private static final long END_MILLIS_MAX = 1000;

    private final Consumer<Event> listener;
    private final NetlinkSocket socket;
    private final Fd ending;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    /** Changes under the lock. */
    private volatile boolean isEnding;

    /**
     * Listens from now on: what happens after this returns is told.
     *
     * @param listener must not block for long: what comes meanwhile waits in the kernel, and then is dropped
     * @param threads makes the one thread, which becomes a daemon called {@code name}
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxLinkEvents(Consumer<Event> listener, ThreadFactory threads, String name) {
        this.listener = listener;
        this.socket = NetlinkSocket.listen(GROUPS);
        Fd wakeUp = null;
        try {
            wakeUp = Libc.eventDescriptor();
        } finally {
            if (wakeUp == null) {
                socket.close();
            }
        }
        this.ending = wakeUp;
        this.thread = threads.newThread(this::listen);
        thread.setName(name);
        thread.setDaemon(true);
        thread.start();
    }

    private void listen() {
        try {
            while (socket.awaitNews(ending)) {
                hear();
            }
        } catch (PlatformException e) {
            LOG.warn("nothing more is heard of changes of the network, only polling goes on: {}", e.getMessage());
        } finally {
            ended();
        }
    }

    private void hear() {
        List<Event> heard = new ArrayList<>();
        hear(socket, heard);
        heard.forEach(this::tell);
    }

    /**
     * Takes the next message, if there is one; what cannot be read, or was dropped, is {@link Missed}.
     *
     * @return false if nothing waits
     */
    static boolean hear(NetlinkSocket from, List<Event> heard) {
        try {
            List<NetlinkMessage> messages = from.news();
            for (NetlinkMessage message : messages) {
                event(message).ifPresent(heard::add);
            }
            return !messages.isEmpty();
        } catch (MalformedMessageException e) {
            LOG.warn("the kernel told something of the network that cannot be read: {}", e.getMessage());
        } catch (PlatformException e) {
            if (e.errno() != Libc.ENOBUFS) {
                throw e;
            }
        }
        heard.add(new Missed());
        return true;
    }

    private static Optional<Event> event(NetlinkMessage message) {
        if (LinkMessage.isAboutLink(message)) {
            LinkMessage link = LinkMessage.decode(message.payload());
            return Optional.of(
                    message.type() == LinkMessage.DELETE
                            ? new LinkRemoved(link.name(), link.index())
                            : new LinkChanged(
                                    link.name(),
                                    link.index(),
                                    link.isUp(),
                                    link.hasCarrier(),
                                    link.carrierLosses(),
                                    link.isMoved()));
        }
        if (message.type() == AddressMessage.NEW || message.type() == AddressMessage.DELETE) {
            AddressMessage address = AddressMessage.decode(message.payload());
            return local(address)
                    .map(local -> new AddressChanged(
                            address.interfaceIndex(),
                            local,
                            address.prefixLength(),
                            message.type() == AddressMessage.NEW));
        }
        return Optional.empty();
    }

    private static Optional<IpAddress> local(AddressMessage message) {
        return NetlinkAttribute.find(message.attributes(), IFA_LOCAL)
                .or(() -> NetlinkAttribute.find(message.attributes(), IFA_ADDRESS))
                .map(NetlinkAttribute::value)
                .filter(bytes -> bytes.length == Ipv4Address.BYTES || bytes.length == Ipv6Address.BYTES)
                .map(IpAddress::of);
    }

    private void tell(Event event) {
        if (isEnding) {
            return;
        }
        try {
            listener.accept(event);
        } catch (RuntimeException e) {
            LOG.error("a listener failed at {}", event, e);
        }
    }

    /** The last one to use the wake-up descriptor closes it. */
    private void ended() {
        lock.lock();
        try {
            socket.close();
            if (isEnding) {
                ending.close();
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (isEnding) {
                return;
            }
            isEnding = true;
            Libc.signalEvent(ending);
        } finally {
            lock.unlock();
        }
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(END_MILLIS_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!thread.isAlive()) {
            ending.close();
        }
    }
}
