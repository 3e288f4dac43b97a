package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Collection;
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
import org.understudy.ha.iptakeover.spi.LinkEvents;

/** A filtered socket of the multicast groups of rtnetlink, and a descriptor to wake its reader by, in one {@code ppoll(2)}. */
public final class LinuxCardEvents implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxCardEvents.class);

    private static final int WAKE = 0;
    private static final int NEWS = 1;
    /** After so many messages the waiting thread gets its turn. */
    private static final int MESSAGES_MAX = 4096;

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
     * @param interfaces their indexes, at least one
     * @param tag of the addresses whose renewals are no news
     * @throws PlatformException if a socket cannot be opened
     */
    public LinuxCardEvents(Collection<Integer> interfaces, List<IpAddress> addresses, int tag) {
        NetlinkSocket opened = NetlinkSocket.listen(LinuxLinkEvents.GROUPS);
        Fd event = null;
        try {
            opened.attachFilter(filter(interfaces, addresses, tag));
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

    /**
     * Hears these from now on, in place of those before: what happened to the new ones before must be looked for. Any thread.
     *
     * @throws PlatformException if the kernel refuses; then those before are still heard
     */
    public void retune(Collection<Integer> interfaces, List<IpAddress> addresses, int tag) {
        socket.attachFilter(filter(interfaces, addresses, tag));
    }

    private static byte[] filter(Collection<Integer> interfaces, List<IpAddress> addresses, int tag) {
        return EventFilter.of(List.copyOf(interfaces), addresses, AddressTable.PROTO, tag);
    }

    /**
     * Waits until there is news, somebody {@linkplain #wake() wakes}, or the time has passed. One thread, always the same.
     *
     * @param nanos how long at most; {@link Long#MAX_VALUE} for ever
     * @return what was told, in order; {@link LinkEvents.Missed} once if nothing can be heard any more
     */
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
            LOG.warn("nothing more is heard of changes of cards, only looks go on: {}", e.getMessage());
            isDeaf = true;
            set = new PollSet(List.of(waking));
            heard.add(new LinkEvents.Missed());
        }
        return heard;
    }

    /** Ends the present wait, or the next one. Any thread, never blocks; without effect once closed. */
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

    /** After the waiting thread has left. Idempotent. */
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
