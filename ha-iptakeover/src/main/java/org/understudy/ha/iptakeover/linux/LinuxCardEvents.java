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

    /** One that could not be opened anew is tried again so soon. */
    private static final long AGAIN_NANOS = 1_000_000_000;

    private final Fd waking;
    /** Guards the descriptors against being used when they are closed, and the socket against being retuned while it is replaced. */
    private final ReentrantLock lock = new ReentrantLock();

    private NetlinkSocket socket;
    private byte[] filter;
    private boolean isClosed;
    /** Of the waiting thread. */
    private PollSet set;

    private boolean isDeaf;
    private long triedNanos = System.nanoTime() - AGAIN_NANOS;

    /**
     * Hears what happens after this returns.
     *
     * @param interfaces their indexes, at least one
     * @param tag of the addresses whose renewals are no news
     * @throws PlatformException if a socket cannot be opened
     */
    public LinuxCardEvents(Collection<Integer> interfaces, List<IpAddress> addresses, int tag) {
        byte[] wanted = filter(interfaces, addresses, tag);
        NetlinkSocket opened = listen(wanted);
        Fd event = null;
        try {
            event = Libc.eventDescriptor();
        } finally {
            if (event == null) {
                opened.close();
            }
        }
        this.socket = opened;
        this.filter = wanted;
        this.waking = event;
        this.set = new PollSet(List.of(event, opened.descriptor()));
    }

    private static NetlinkSocket listen(byte[] filter) {
        NetlinkSocket opened = NetlinkSocket.listen(LinuxLinkEvents.GROUPS);
        boolean isTuned = false;
        try {
            opened.attachFilter(filter);
            isTuned = true;
            return opened;
        } finally {
            if (!isTuned) {
                opened.close();
            }
        }
    }

    /**
     * Hears these from now on, in place of those before: what happened to the new ones before must be looked for. Any thread.
     *
     * @throws PlatformException if the kernel refuses; then those before are still heard
     */
    public void retune(Collection<Integer> interfaces, List<IpAddress> addresses, int tag) {
        byte[] wanted = filter(interfaces, addresses, tag);
        lock.lock();
        try {
            socket.attachFilter(wanted);
            filter = wanted;
        } finally {
            lock.unlock();
        }
    }

    private static byte[] filter(Collection<Integer> interfaces, List<IpAddress> addresses, int tag) {
        return EventFilter.of(List.copyOf(interfaces), addresses, AddressTable.PROTO, tag);
    }

    /**
     * Waits until there is news, somebody {@linkplain #wake() wakes}, or the time has passed. One thread, always the same.
     *
     * @param nanos how long at most; {@link Long#MAX_VALUE} for ever
     * @return what was told, in order; {@link LinkEvents.Missed} if nothing can be heard any more, and again when a new socket hears
     */
    public List<LinkEvents.Event> await(long nanos) {
        if (isDeaf && System.nanoTime() - triedNanos >= AGAIN_NANOS && hearAgain()) {
            return List.of(new LinkEvents.Missed());
        }
        if (!set.await(isDeaf ? Math.min(nanos, AGAIN_NANOS) : nanos)) {
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
            // One that fails at once is not replaced at once for ever.
            if (System.nanoTime() - triedNanos >= AGAIN_NANOS && hearAgain()) {
                LOG.info("changes of cards are heard by a new socket: {}", e.getMessage());
            } else {
                LOG.warn("nothing is heard of changes of cards for now, only looks go on: {}", e.getMessage());
                isDeaf = true;
                set = new PollSet(List.of(waking));
            }
            heard.add(new LinkEvents.Missed());
        }
        return heard;
    }

    private boolean hearAgain() {
        triedNanos = System.nanoTime();
        lock.lock();
        try {
            if (!isClosed) {
                NetlinkSocket opened = listen(filter);
                socket.close();
                socket = opened;
                set = new PollSet(List.of(waking, opened.descriptor()));
                isDeaf = false;
            }
            return !isClosed;
        } catch (PlatformException e) {
            LOG.debug("changes of cards: {}", e.getMessage());
            return false;
        } finally {
            lock.unlock();
        }
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
