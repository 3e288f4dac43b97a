package org.understudy.ha.membership.guardian;

import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.codec.LastWillCodec;
import org.understudy.ha.membership.refusal.RefusalCounts;

/**
 * Receives last wills on one UDP address and hands on their bytes, unverified. Make one for each link.
 *
 * <p>A datagram that is too long or does not begin like a last will is dropped at once, and so is anything beyond
 * {@value #PER_SECOND_MAX} a second: dropping a will costs only speed, and each is sent several times.
 */
public final class LastWillListener implements AutoCloseable {
    /** How many datagrams are handed on in a second at most. */
    public static final int PER_SECOND_MAX = 200;

    private static final Logger LOG = LoggerFactory.getLogger(LastWillListener.class);
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long ERROR_PAUSE_NANOS = 50_000_000L;
    private static final long CLOSE_MILLIS_MAX = 1000;

    private final DatagramSocket socket;
    private final Consumer<byte[]> receiver;
    private final Thread thread;
    private final AtomicLong dropped = new AtomicLong();
    private final RefusalCounts refusals;

    /**
     * Binds and begins to listen.
     *
     * @param bind an address of this host; port 0 takes any free one, see {@link #address()}
     * @param receiver called on the listener's thread with the bytes of one datagram each; enqueues and returns
     * @param node this node, for the thread's name
     * @param threads makes the one thread
     * @param refusals where it counts what it drops
     * @throws LifecycleException if the address cannot be bound
     */
    public LastWillListener(
            InetSocketAddress bind,
            Consumer<byte[]> receiver,
            NodeId node,
            ThreadFactory threads,
            RefusalCounts refusals) {
        this.receiver = receiver;
        this.refusals = refusals;
        this.socket = bound(bind);
        this.thread = threads.newThread(this::listen);
        thread.setName("ha-" + node + "-wills-" + socket.getLocalPort());
        thread.setDaemon(true);
        thread.start();
    }

    private static DatagramSocket bound(InetSocketAddress bind) {
        try {
            return new DatagramSocket(bind);
        } catch (BindException e) {
            throw new LifecycleException(
                    "last wills cannot be received on UDP " + bind + ": " + e.getMessage()
                            + "; if the port is in use, stop the other program (ss -lunp names it) or choose another port"
                            + " on all nodes; if the address is not this host's, correct it",
                    e);
        } catch (IOException e) {
            throw new LifecycleException(
                    "last wills cannot be received on UDP " + bind + ": " + e.getMessage()
                            + "; use a numeric address of this host",
                    e);
        }
    }

    /** Where it listens. */
    public InetSocketAddress address() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    /** How many datagrams were dropped unread: too long, of another kind, or too many. */
    public long dropped() {
        return dropped.get();
    }

    private void listen() {
        byte[] buffer = new byte[LastWillCodec.DATAGRAM_MAX + 1];
        DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        long second = System.nanoTime();
        int inThisSecond = 0;
        while (true) {
            packet.setLength(buffer.length);
            try {
                socket.receive(packet);
            } catch (IOException e) {
                if (socket.isClosed()) {
                    return;
                }
                LOG.warn("a datagram could not be received on {}: {}", address(), e.toString());
                dropped.incrementAndGet();
                LockSupport.parkNanos(ERROR_PAUSE_NANOS);
                continue;
            }
            long now = System.nanoTime();
            if (now - second >= SECOND_NANOS) {
                second = now;
                inThisSecond = 0;
            }
            byte[] datagram = Arrays.copyOf(buffer, packet.getLength());
            boolean isOther = datagram.length > LastWillCodec.DATAGRAM_MAX || !LastWillCodec.isLastWill(datagram);
            if (isOther || inThisSecond >= PER_SECOND_MAX) {
                dropped.incrementAndGet();
                refusals.count(isOther ? Reason.FALSE_WILL : Reason.TOO_MANY);
                continue;
            }
            inThisSecond++;
            hand(datagram);
        }
    }

    private void hand(byte[] datagram) {
        try {
            receiver.accept(datagram);
        } catch (RuntimeException e) {
            LOG.error("the receiver of last wills failed; the listener goes on", e);
        }
    }

    /** Stops listening and ends the thread. */
    @Override
    public void close() {
        socket.close();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(CLOSE_MILLIS_MAX);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.warn(
                    "the receiver of last wills has not returned for {} ms; its thread is left behind",
                    CLOSE_MILLIS_MAX);
        }
    }
}
