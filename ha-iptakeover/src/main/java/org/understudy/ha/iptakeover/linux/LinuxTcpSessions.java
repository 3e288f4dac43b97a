package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Fd;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.jna.NativeAccess;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.SockDiagMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.TcpConnection;
import org.understudy.ha.iptakeover.packet.TcpSegment;
import org.understudy.ha.iptakeover.spi.TcpSessions;

/**
 * TCP connections over sock_diag(7), tickles over raw sockets (raw(7), ipv6(7)).
 *
 * <p><b>Which raw socket.</b> {@code IPPROTO_RAW} of either version: the IP header is ours, so the source can be the floating address
 * and both versions go alike; the kernel routes the packet, asks for the neighbour's hardware address, and lets it pass the
 * firewall and the gate like any other; and such a socket receives nothing, while one of {@code IPPROTO_TCP} would be given a
 * copy of every segment of this host. It is bound to the floating address, so that routing by source applies, and so that a host
 * without the address cannot speak in its name.
 */
public final class LinuxTcpSessions implements TcpSessions {
    private static final String COUNTERS = "/proc/net/snmp";
    private static final String TCP = "\nTcp: ";
    private static final int DECIMAL = 10;
    private static final int COUNTERS_BYTES_MAX = 8 * 1024;

    /** {@code NETLINK_SOCK_DIAG}. */
    private static final int SOCK_DIAG = 4;

    private static final int IPPROTO_RAW = 255;
    /** {@code SO_BINDTOIFINDEX}, Linux 5.0 and later. */
    private static final int BIND_TO_INTERFACE = 62;

    private static final int LOOPBACK_INDEX = 1;
    /** For more addresses than these one look at all connections of the host is cheaper. */
    private static final int ASKED_ALONE_MAX = 8;
    /** A listener that is still open refills what was ended; it cannot keep this busy for ever. */
    private static final int ROUNDS_MAX = 3;
    /**
     * What took longer is looked at again, for what was accepted meanwhile. Otherwise the clients wait longer for another look than those few are
     * worth, whom the next owner resets as soon as they say something.
     */
    private static final long AGAIN_NANOS = 5_000_000L;

    /** FIN-WAIT-2 is not among them: the remote end has got everything, the end included. */
    private static final int WAITING = SockDiagMessage.mask(
            SockDiagMessage.ESTABLISHED,
            SockDiagMessage.FIN_WAIT_1,
            SockDiagMessage.CLOSE_WAIT,
            SockDiagMessage.LAST_ACK,
            SockDiagMessage.CLOSING);

    /** Neither LISTEN nor TIME-WAIT. */
    private static final int LIVING = WAITING
            | SockDiagMessage.mask(SockDiagMessage.SYN_SENT, SockDiagMessage.SYN_RECEIVED, SockDiagMessage.FIN_WAIT_2);

    private volatile boolean answers;

    /** Guards the file of counters. */
    private final ReentrantLock lock = new ReentrantLock();

    private final byte[] buffer = new byte[COUNTERS_BYTES_MAX];
    private @Nullable RandomAccessFile counters;

    @Override
    public List<TcpConnection> established(Collection<IpAddress> local) {
        TreeSet<TcpConnection> found = new TreeSet<>();
        try (NetlinkSocket socket = open()) {
            for (SockDiagMessage one : dump(socket, local, WAITING)) {
                one.connection().ifPresent(found::add);
            }
        }
        return List.copyOf(found);
    }

    @Override
    public OptionalLong accepted() {
        lock.lock();
        try {
            RandomAccessFile open = counters;
            if (open == null) {
                open = new RandomAccessFile(COUNTERS, "r");
                counters = open;
            }
            // The kernel writes it anew for each read from the beginning.
            open.seek(0);
            int length = open.read(buffer);
            return length < 0
                    ? OptionalLong.empty()
                    : accepted(new String(buffer, 0, length, StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return OptionalLong.empty();
        } finally {
            lock.unlock();
        }
    }

    /** Two lines for each protocol: names, and below them numbers (proc_net(5)). */
    static OptionalLong accepted(String text) {
        int names = text.indexOf(TCP);
        int numbers = names < 0 ? -1 : text.indexOf(TCP, names + TCP.length());
        int name = names < 0 ? -1 : text.indexOf(" PassiveOpens", names);
        if (name < 0 || numbers < name) {
            return OptionalLong.empty();
        }
        int at = numbers + TCP.length() - 1;
        for (int blank = text.indexOf(' ', names); blank < name; blank = text.indexOf(' ', blank + 1)) {
            at = at < 0 ? -1 : text.indexOf(' ', at + 1);
        }
        int end = at < 0 ? -1 : text.indexOf(' ', at + 1);
        try {
            return end < 0 ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text, at + 1, end, DECIMAL));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public Ended destroy(Collection<IpAddress> local, Duration within) {
        long start = System.nanoTime();
        long most = within.toNanos();
        int ended = 0;
        try (NetlinkSocket socket = open()) {
            boolean go = true;
            for (int round = 0; go && round < ROUNDS_MAX; round++) {
                long begun = System.nanoTime();
                boolean isAnyEnded = false;
                for (SockDiagMessage one : dump(socket, local, LIVING)) {
                    if (System.nanoTime() - start > most) {
                        return new Ended(ended, false);
                    }
                    if (destroy(socket, one)) {
                        ended++;
                        isAnyEnded = true;
                    }
                }
                go = isAnyEnded && System.nanoTime() - begun > AGAIN_NANOS;
            }
        }
        return new Ended(ended, true);
    }

    /**
     * Opens the socket, and makes sure once that somebody answers there: without tcp_diag the kernel answers a dump with nothing
     * instead of refusing it.
     */
    private NetlinkSocket open() {
        NetlinkSocket socket = openSocket();
        boolean isGood = false;
        try {
            if (!answers) {
                try (Fd listener = listenOnLoopback()) {
                    find(socket, listener);
                }
                answers = true;
            }
            isGood = true;
            return socket;
        } finally {
            if (!isGood) {
                socket.close();
            }
        }
    }

    private static NetlinkSocket openSocket() {
        try {
            return NetlinkSocket.open(SOCK_DIAG);
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPROTONOSUPPORT) {
                throw withoutDiag(e.errno());
            }
            throw e;
        }
    }

    private static PlatformException withoutDiag(int errno) {
        return new PlatformException(
                "SOCK_DIAG_BY_FAMILY",
                errno,
                "the kernel does not tell which TCP connections there are: " + Libc.errnoName(errno)
                        + ". It needs CONFIG_INET_DIAG and CONFIG_INET_TCP_DIAG; where they are modules, `modprobe"
                        + " tcp_diag`");
    }

    /** A socket of our own that the kernel must know. Only this host could reach it, and nobody does: it has no time. */
    private static Fd listenOnLoopback() {
        Fd fd = Libc.socket(Libc.AF_INET, Libc.SOCK_STREAM, 0);
        boolean isGood = false;
        try {
            Libc.setOption(fd, Libc.SOL_SOCKET, BIND_TO_INTERFACE, LOOPBACK_INDEX);
            Libc.listen(fd);
            isGood = true;
            return fd;
        } finally {
            if (!isGood) {
                fd.close();
            }
        }
    }

    private static SockDiagMessage find(NetlinkSocket socket, Fd listener) {
        NetlinkSocket.Answer answer =
                socket.ask(SockDiagMessage.listenerRequest(Libc.localPort(listener), LOOPBACK_INDEX));
        if (answer.ack().errno() == Libc.ENOENT) {
            throw withoutDiag(Libc.ENOENT);
        }
        if (!answer.ack().isDone()) {
            throw NetlinkSocket.refused("SOCK_DIAG_BY_FAMILY", answer.ack(), "a socket of our own");
        }
        return decode(answer.messages().get(0));
    }

    /** An IPv4 connection may belong to a socket of either family, an IPv6 connection to one only. */
    static List<SockDiagMessage> dump(NetlinkSocket socket, Collection<IpAddress> local, int states) {
        List<SockDiagMessage> found = new ArrayList<>();
        Set<IpAddress> asked = new HashSet<>(local);
        if (asked.size() > ASKED_ALONE_MAX) {
            for (int family : List.of(SockDiagMessage.FAMILY_IPV4, SockDiagMessage.FAMILY_IPV6)) {
                dump(socket, SockDiagMessage.dumpRequest(family, states), states, asked, found);
            }
            return found;
        }
        for (IpAddress address : asked) {
            Set<IpAddress> alone = Set.of(address);
            if (!address.isV6()) {
                NetlinkMessage four = SockDiagMessage.dumpRequest(SockDiagMessage.FAMILY_IPV4, states, address);
                dump(socket, four, states, alone, found);
            }
            NetlinkMessage six = SockDiagMessage.dumpRequest(SockDiagMessage.FAMILY_IPV6, states, address);
            dump(socket, six, states, alone, found);
        }
        return found;
    }

    private static void dump(
            NetlinkSocket socket,
            NetlinkMessage request,
            int states,
            Set<IpAddress> asked,
            List<SockDiagMessage> found) {
        for (NetlinkMessage m : socket.dump(request, "SOCK_DIAG_BY_FAMILY")) {
            if (m.type() == SockDiagMessage.BY_FAMILY) {
                SockDiagMessage one = decode(m);
                Optional<TcpConnection> connection = one.connection();
                boolean isAsked = connection.isPresent()
                        && asked.contains(connection.get().local());
                if (isAsked && !one.isStub() && (states & 1 << one.state()) != 0) {
                    found.add(one);
                }
            }
        }
    }

    private static SockDiagMessage decode(NetlinkMessage message) {
        try {
            return SockDiagMessage.decode(message.payload());
        } catch (MalformedMessageException e) {
            throw new PlatformException(
                    "SOCK_DIAG_BY_FAMILY", 0, "the kernel describes a socket in an unknown way: " + e.getMessage(), e);
        }
    }

    /**
     * Destroys one socket.
     *
     * @return false if it is gone already
     */
    static boolean destroy(NetlinkSocket socket, SockDiagMessage one) {
        NetlinkAck ack = socket.change(one.destroyRequest());
        if (ack.errno() == Libc.ENOENT || ack.errno() == Libc.ESTALE) {
            return false;
        }
        if (ack.errno() == Libc.EOPNOTSUPP) {
            throw new PlatformException(
                    "SOCK_DESTROY",
                    ack.errno(),
                    "this kernel cannot end TCP connections: " + Libc.errnoName(ack.errno())
                            + ". It was built without CONFIG_INET_DIAG_DESTROY; clients of an address that moves learn"
                            + " of it from the next owner only");
        }
        if (!ack.isDone()) {
            throw NetlinkSocket.refused("SOCK_DESTROY", ack, "a TCP connection");
        }
        return true;
    }

    @Override
    public int tickle(List<TcpConnection> connections) {
        if (connections.size() > TICKLES_MAX) {
            throw new IllegalArgumentException(
                    "at most " + TICKLES_MAX + " tickles at once, not " + connections.size() + ": pace them");
        }
        int sent = 0;
        int next = 0;
        while (next < connections.size()) {
            int start = next;
            IpAddress local = connections.get(start).local();
            while (next < connections.size() && connections.get(next).local().equals(local)) {
                next++;
            }
            sent += tickle(local, connections.subList(start, next));
        }
        return sent;
    }

    private static int tickle(IpAddress local, List<TcpConnection> connections) {
        int sent = 0;
        try (Fd fd = openRaw(local.isV6())) {
            if (bindTo(fd, local)) {
                for (TcpConnection one : connections) {
                    sent += send(fd, one) ? 1 : 0;
                }
            }
        }
        return sent;
    }

    private static Fd openRaw(boolean isV6) {
        NativeAccess.require();
        try {
            return Libc.socket(isV6 ? Libc.AF_INET6 : Libc.AF_INET, Libc.SOCK_RAW, IPPROTO_RAW);
        } catch (PlatformException e) {
            if (e.errno() == Libc.EPERM || e.errno() == Libc.EACCES) {
                throw new PlatformException(
                        "socket",
                        e.errno(),
                        "a raw socket was refused: " + Libc.errnoName(e.errno()) + ". " + Capabilities.NET_RAW_REMEDY
                                + ". Clients of a host that died hang without its tickles",
                        e);
            }
            throw e;
        }
    }

    /** False if the address is not on this host. */
    private static boolean bindTo(Fd fd, IpAddress local) {
        try {
            Libc.bind(fd, socketAddress(local));
            return true;
        } catch (PlatformException e) {
            // EINVAL: a link-local address without its interface.
            if (e.errno() == Libc.EADDRNOTAVAIL || e.errno() == Libc.EINVAL) {
                return false;
            }
            throw e;
        }
    }

    private static boolean send(Fd fd, TcpConnection connection) {
        if (connection.isLinkLocal()) {
            return false;
        }
        try {
            Libc.sendToAtOnce(fd, TcpSegment.tickle(connection), socketAddress(connection.remote()));
            return true;
        } catch (PlatformException e) {
            switch (e.errno()) {
                // A rule of this host, a broadcast address, no room, the interface, the route.
                case Libc.EPERM:
                case Libc.EACCES:
                case Libc.EAGAIN:
                case Libc.ENOBUFS:
                case Libc.ENETDOWN:
                case Libc.ENETUNREACH:
                case Libc.EHOSTUNREACH:
                case Libc.EADDRNOTAVAIL:
                    return false;
                default:
                    throw e;
            }
        }
    }

    /**
     * {@code struct sockaddr_in} (family, port, address, padding) or {@code sockaddr_in6} (family, port, flow, address, scope). The
     * port means nothing to a raw socket and is 0.
     */
    private static byte[] socketAddress(IpAddress address) {
        ByteBuffer out = ByteBuffer.allocate(address.isV6() ? 28 : 16).order(ByteOrder.nativeOrder());
        out.putShort((short) (address.isV6() ? Libc.AF_INET6 : Libc.AF_INET)).putShort((short) 0);
        if (address.isV6()) {
            out.putInt(0);
        }
        return out.put(address.toBytes()).array();
    }

    /**
     * What this host lacks, each empty if nothing.
     *
     * @param destroyProblem why connections are not ended when an address leaves in order
     * @param tickleProblem why clients of a host that died are not told
     */
    public record Trial(String destroyProblem, String tickleProblem) {}

    /**
     * Whether connections can be found, ended and tickled here. Finds and destroys a socket of its own that listens on the loopback
     * interface for a moment; sends nothing and changes nothing else. Also loads what a takeover will need.
     */
    public static Trial tryOut() {
        return new Trial(destroyProblem(), tickleProblem());
    }

    private static String destroyProblem() {
        try (NetlinkSocket socket = openSocket();
                Fd listener = listenOnLoopback()) {
            return destroy(socket, find(socket, listener))
                    ? ""
                    : "SOCK_DESTROY does not find a socket of our own: this kernel cannot end TCP connections";
        } catch (PlatformException e) {
            return e.getMessage();
        }
    }

    private static String tickleProblem() {
        Ipv4Address trial = new Ipv4Address(127 << 24 | 1);
        TcpSegment.tickle(new TcpConnection(trial, 1, trial, 1));
        try {
            openRaw(false).close();
        } catch (PlatformException e) {
            return e.getMessage();
        }
        try {
            openRaw(true).close();
        } catch (PlatformException e) {
            // Without IPv6 there is nothing to tickle either.
            return e.errno() == Libc.EAFNOSUPPORT ? "" : e.getMessage();
        }
        return "";
    }

    @Override
    public void close() {
        lock.lock();
        try {
            RandomAccessFile open = counters;
            counters = null;
            if (open != null) {
                open.close();
            }
        } catch (IOException e) {
            throw new PlatformException("close", 0, COUNTERS + ": " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }
}
