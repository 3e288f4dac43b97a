package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.PollSet;
import org.understudy.ha.iptakeover.netlink.EventFilter;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.CardEvents;
import org.understudy.ha.iptakeover.spi.LinkEvents;

/** A filtered socket of the multicast groups of rtnetlink, and a descriptor to wake its reader by, in one {@code ppoll(2)}. */
public final class LinuxCardEvents implements CardEvents {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxCardEvents.class);

    private static final int WAKE = 0;
    private static final int NEWS = 1;
    /** After so many messages the waiting thread gets its turn. */
    private static final int MESSAGES_MAX = 4096;

    private final List<Integer> interfaces = new ArrayList<>();
    private final List<IpAddress> addresses;
    private final int tag;
    private final NetlinkSocket socket;
    private final Fd waking;
    /** Guards the wake-up descriptor against being written to when it is closed. */
    private final ReentrantLock lock = new ReentrantLock();

    private boolean isClosed;
    /** Of the waiting thread. */
    private PollSet set;

    private boolean isDeaf;

    /**
     * Hears what happens after this returns.
     *
     * @param tag of the addresses whose renewals are no news
     * @throws PlatformException if a socket cannot be opened
     */
    public LinuxCardEvents(int interfaceIndex, List<IpAddress> addresses, int tag) {
        this.interfaces.add(interfaceIndex);
        this.addresses = List.copyOf(addresses);
        this.tag = tag;
        NetlinkSocket opened = NetlinkSocket.listen(LinuxLinkEvents.GROUPS);
        Fd event = null;
        try {
            opened.attachFilter(filter());
            event = Libc.eventDescriptor();
        } finally {
            if (event == null) {
                opened.close();
            }
        }
        this.socket = opened;
        this.waking = event;
        this.set = new PollSet(List.of(event, opened.descriptor()));
    }

    @Override
    public void hearAlso(int interfaceIndex) {
        interfaces.add(interfaceIndex);
        socket.attachFilter(filter());
    }

    private byte[] filter() {
        return EventFilter.of(interfaces, addresses, AddressTable.PROTO, tag);
    }

    @Override
    public List<LinkEvents.Event> await(long nanos) {
        if (!set.await(nanos)) {
            return List.of();
        }
        if (set.isReadable(WAKE)) {
            Libc.clearEvent(waking);
        }
        return !isDeaf && set.isReadable(NEWS) ? hear() : List.of();
    }

    private List<LinkEvents.Event> hear() {
        List<LinkEvents.Event> heard = new ArrayList<>();
        try {
            while (heard.size() < MESSAGES_MAX && LinuxLinkEvents.hear(socket, heard)) {
                // Until nothing waits.
            }
        } catch (PlatformException e) {
            LOG.warn(
                    "nothing more is heard of changes of interface {}, only looks go on: {}",
                    interfaces,
                    e.getMessage());
            isDeaf = true;
            set = new PollSet(List.of(waking));
            heard.add(new LinkEvents.Missed());
        }
        return heard;
    }

    @Override
    public void wake() {
        lock.lock();
        try {
            if (!isClosed) {
                Libc.signalEvent(waking);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            isClosed = true;
            socket.close();
            waking.close();
        } finally {
            lock.unlock();
        }
    }
}
