package org.understudy.ha.iptakeover.linux;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.SegmentFilter;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.spi.SegmentEar;

/**
 * An ear of packet sockets (packet(7)), one for each IP version that is listened for. Each takes one protocol only, so other traffic does not
 * even reach its filter and what this host sends is not heard (the kernel shows that to sockets for all protocols alone); the filter passes what concerns the addresses, so nothing else wakes the thread.
 *
 * <p>Hears frames without a VLAN tag: give the VLAN's own interface. On a bridge, a bond or a team give that, not its port. After
 * the interface was down it goes on hearing; after it was deleted it hears nothing any more, which the ear cannot tell and {@link
 * org.understudy.ha.iptakeover.spi.LinkTable} can.
 *
 * <p>It stands behind the ingress hook of the interface: while the gate of an address is closed, what is sent to that address is not
 * heard either, announcements included.
 *
 * <p>Needs CAP_NET_RAW.
 */
public final class LinuxSegmentEar implements SegmentEar {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxSegmentEar.class);

    private static final int FRAME_BYTES_MAX = 1514;
    /** After so many frames of one socket the others and the end get their turn. */
    private static final int FRAMES_PER_TURN = 64;

    private static final long END_MILLIS_MAX = 1_000;
    private static final int WAKE = 0;

    private final int interfaceIndex;
    private final Listener listener;
    private final Thread thread;
    private final AtomicLong malformed = new AtomicLong();
    private final CountDownLatch ended = new CountDownLatch(1);

    /** Guards the descriptors: whoever uses one holds it, except the thread of the ear, which closes them. */
    private final ReentrantLock lock = new ReentrantLock();
    /** The wake-up, then the sockets. */
    private final List<Fd> descriptors = new ArrayList<>();
    /** By protocol; guarded by the lock. */
    private final Map<Integer, Fd> sockets = new TreeMap<>();

    private boolean isClosed;

    private volatile boolean isClosing;
    private volatile @Nullable String problem;

    /**
     * Listens from now on.
     *
     * @param interfaceIndex the interface, in the network namespace of this process
     * @param addresses to listen for, at least one; {@link SegmentFilter} says what happens with very many
     * @param threads makes the one thread, which is named and made a daemon
     * @param threadName its name
     * @throws PlatformException EPERM without CAP_NET_RAW, ENODEV if there is no such interface
     */
    public LinuxSegmentEar(
            int interfaceIndex,
            List<? extends IpAddress> addresses,
            Listener listener,
            ThreadFactory threads,
            String threadName) {
        NativeAccess.require();
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("an ear listens for at least one address");
        }
        this.interfaceIndex = interfaceIndex;
        this.listener = listener;
        boolean isOpen = false;
        try {
            descriptors.add(Libc.eventDescriptor());
            tune(Filters.of(addresses));
            thread = threads.newThread(this::run);
            thread.setName(threadName);
            thread.setDaemon(true);
            // Not that of whoever happens to be the first to listen on the card.
            thread.setContextClassLoader(LinuxSegmentEar.class.getClassLoader());
            thread.start();
            isOpen = true;
        } finally {
            if (!isOpen) {
                descriptors.forEach(Fd::close);
            }
        }
    }

    /**
     * Listens for these from now on, in place of those before. What is no longer needed stays open until the end. Any thread.
     *
     * @throws PlatformException as when it was made; some of the new ones may be heard then
     */
    public void retune(List<? extends IpAddress> addresses) {
        // Before the lock, which the thread of the ear takes in each turn.
        Filters filters = Filters.of(addresses);
        lock.lock();
        try {
            if (!isClosed) {
                int before = descriptors.size();
                tune(filters);
                if (descriptors.size() > before) {
                    Libc.signalEvent(descriptors.get(WAKE));
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** What each socket lets pass, and which is needed. */
    private record Filters(boolean hasV4, byte[] arp, boolean hasV6, byte[] discovery) {
        static Filters of(List<? extends IpAddress> addresses) {
            List<Ipv4Address> v4 = new ArrayList<>();
            List<Ipv6Address> v6 = new ArrayList<>();
            for (IpAddress address : addresses) {
                if (address instanceof Ipv4Address four) {
                    v4.add(four);
                } else if (address instanceof Ipv6Address six) {
                    v6.add(six);
                }
            }
            return new Filters(!v4.isEmpty(), SegmentFilter.arp(v4), !v6.isEmpty(), SegmentFilter.discovery(v6));
        }
    }

    private void tune(Filters filters) {
        tune(EthernetFrame.TYPE_ARP, filters.hasV4(), filters.arp());
        tune(Sighting.TYPE_IPV6, filters.hasV6(), filters.discovery());
    }

    private void tune(int protocol, boolean isNeeded, byte[] filter) {
        Fd open = sockets.get(protocol);
        if (open != null) {
            Libc.attachFilter(open, filter);
        } else if (isNeeded) {
            open(protocol, filter);
        }
    }

    private void open(int protocol, byte[] filter) {
        Fd fd;
        try {
            fd = Libc.socket(Libc.AF_PACKET, Libc.SOCK_RAW, 0);
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPERM || e.errno() == Libc.EACCES) {
                throw new PlatformException(
                        "socket",
                        e.errno(),
                        "a packet socket was refused: " + Libc.errnoName(e.errno()) + ". "
                                + Capabilities.NET_RAW_REMEDY,
                        e);
            }
            throw e;
        }
        boolean isHearing = false;
        try {
            Libc.attachFilter(fd, filter);
            // Last: from here on it hears, and nothing that the filter had not passed.
            Libc.bind(fd, linkAddress(protocol));
            isHearing = true;
        } finally {
            if (!isHearing) {
                fd.close();
            }
        }
        descriptors.add(fd);
        sockets.put(protocol, fd);
    }

    private void run() {
        try {
            listen();
        } catch (PlatformException e) {
            problem = e.getMessage();
            LOG.error("{}: nobody listens on interface {} any more: {}", thread.getName(), interfaceIndex, problem);
        } catch (RuntimeException e) {
            problem = "its listener failed: " + e;
            LOG.error("{}: nobody listens on interface {} any more", thread.getName(), interfaceIndex, e);
        } finally {
            if (!isClosing && problem == null) {
                problem = "its thread ended with an error";
            }
            lock.lock();
            try {
                isClosed = true;
                descriptors.forEach(Fd::close);
            } finally {
                lock.unlock();
                ended.countDown();
            }
        }
    }

    private void listen() {
        byte[] buffer = new byte[FRAME_BYTES_MAX];
        while (!isClosing) {
            List<Fd> open = open();
            boolean[] readable = Libc.awaitReadable(open, -1);
            if (readable[WAKE]) {
                Libc.clearEvent(open.get(WAKE));
            }
            for (int i = WAKE + 1; i < readable.length; i++) {
                if (readable[i]) {
                    drain(open.get(i), buffer);
                }
            }
        }
    }

    private List<Fd> open() {
        lock.lock();
        try {
            return List.copyOf(descriptors);
        } finally {
            lock.unlock();
        }
    }

    private void drain(Fd fd, byte[] buffer) {
        int length = receive(fd, buffer);
        for (int i = 0; i < FRAMES_PER_TURN && length >= 0 && !isClosing; i++) {
            long nanos = System.nanoTime();
            Optional<Sighting> sighting = read(buffer, length);
            if (sighting.isPresent()) {
                listener.sighted(nanos, sighting.get());
            }
            length = receive(fd, buffer);
        }
    }

    private static int receive(Fd fd, byte[] buffer) {
        try {
            return Libc.receive(fd, buffer, Libc.MSG_DONTWAIT);
        } catch (PlatformException e) {
            // Told once when the interface goes down; the socket hears again when it comes up.
            if (e.errno() == Libc.ENETDOWN) {
                return -1;
            }
            throw e;
        }
    }

    private Optional<Sighting> read(byte[] buffer, int length) {
        try {
            return Sighting.of(EthernetFrame.decode(buffer, length));
        } catch (MalformedMessageException e) {
            // Anybody on the segment can send nonsense; it says nothing.
            malformed.incrementAndGet();
            return Optional.empty();
        }
    }

    @Override
    public boolean send(EthernetFrame frame) {
        lock.lock();
        try {
            if (isClosed) {
                return false;
            }
            // With the type of the frame, which the gate looks at, on whatever socket.
            Libc.sendTo(descriptors.get(WAKE + 1), frame.encode(), linkAddress(frame.type()));
            return true;
        } catch (PlatformException e) {
            boolean dropped = e.errno() == Libc.ENOBUFS || e.errno() == Libc.EPERM;
            if (dropped || e.errno() == Libc.ENETDOWN || e.errno() == Libc.ENXIO || e.errno() == Libc.ENODEV) {
                return false;
            }
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** {@code struct sockaddr_ll}: family, protocol in network order, index; the rest is not looked at. */
    private byte[] linkAddress(int protocol) {
        boolean isLittle = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        return ByteBuffer.allocate(20)
                .order(ByteOrder.nativeOrder())
                .putShort((short) Libc.AF_PACKET)
                .putShort(isLittle ? Short.reverseBytes((short) protocol) : (short) protocol)
                .putInt(interfaceIndex)
                .putShort((short) 0)
                .put((byte) 0)
                .put((byte) MacAddress.BYTES)
                .array();
    }

    @Override
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    @Override
    public long malformed() {
        return malformed.get();
    }

    /** Whether it still hears the card: not once that was deleted, or moved to another network namespace, though one of the same number is there now. Any thread. */
    public boolean isOnCard() {
        lock.lock();
        try {
            return !isClosed && Libc.boundInterface(descriptors.get(WAKE + 1)) == interfaceIndex;
        } catch (PlatformException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Ends it without waiting for its thread, which may call the listener once more. */
    public void closeSoon() {
        isClosing = true;
        lock.lock();
        try {
            if (!isClosed) {
                Libc.signalEvent(descriptors.get(WAKE));
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closeSoon();
        if (Thread.currentThread() != thread) {
            awaitEnd();
        }
    }

    private void awaitEnd() {
        if (!BoundedWait.millis(END_MILLIS_MAX, nanos -> ended.await(nanos, TimeUnit.NANOSECONDS))) {
            LOG.warn("{}: its listener blocks; it ends when that returns", thread.getName());
        }
    }
}
