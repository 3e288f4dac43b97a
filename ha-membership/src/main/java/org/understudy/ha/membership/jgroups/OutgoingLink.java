package org.understudy.ha.membership.jgroups;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.jgroups.Wire.Answer;
import org.understudy.ha.membership.jgroups.Wire.Greeting;
import org.understudy.ha.membership.jgroups.Wire.Verdict;

/**
 * The connection this node dialled to one peer, with its own queue and its own thread. A peer that is dead, stopped, or
 * swallows packets blocks this thread and nothing else; nobody who sends waits for it.
 *
 * <p>While there is no connection it is dialled again after each pause; what waits when an attempt fails is dropped.
 */
final class OutgoingLink implements Runnable {
    /** Below the failure detector's patience; a LAN answers within a millisecond. */
    static final int CONNECT_MILLIS = 200;
    /** A handshake of a JVM that has just started on a busy host takes some 300 ms. */
    static final int HANDSHAKE_MILLIS = 1000;

    /** How often a silent connection says that it is still here. */
    static final long STILL_HERE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final int BUFFER = 16 * 1024;
    private static final long PAUSE_MILLIS_MIN = 20;
    private static final long PAUSE_MILLIS_MAX = 250;
    private static final long ATTEMPT_NANOS = TimeUnit.MILLISECONDS.toNanos(CONNECT_MILLIS + 2L * HANDSHAKE_MILLIS);
    /** A peer that comes back needs a moment to dial us as well. */
    private static final int TICKS_OF_GRACE = 10;

    private static final byte[] NOTHING = {};
    private static final Logger LOG = LoggerFactory.getLogger(OutgoingLink.class);

    /** How the last attempt to connect went. */
    enum Outcome {
        NONE_YET,
        UP,
        UNREACHABLE,
        REFUSED,
        NAME_IN_USE
    }

    private final Links links;
    private final NodeId peer;
    private final InetSocketAddress from;
    private final InetSocketAddress to;
    private final Outbox outbox;
    private volatile @Nullable Socket plain;
    private volatile long attemptNanos;
    private volatile int ticksUp;
    private volatile @Nullable String abortedBecause;
    private volatile Outcome outcome = Outcome.NONE_YET;

    OutgoingLink(Links links, NodeId peer, InetSocketAddress from, InetSocketAddress to) {
        this.links = links;
        this.peer = peer;
        this.from = from;
        this.to = to;
        this.outbox = new Outbox(links.counters());
    }

    NodeId peer() {
        return peer;
    }

    Outbox outbox() {
        return outbox;
    }

    Outcome outcome() {
        return outcome;
    }

    /** Ends the connection or the attempt under way, whatever its thread is blocked in. */
    void abort(String why) {
        abortedBecause = why;
        Links.close(plain);
    }

    /**
     * Called by the housekeeper every 100 ms.
     *
     * @param isPeerSilent whether nothing has been heard of the peer for a second, on any connection
     */
    void tick(boolean isPeerSilent, long nowNanos) {
        if (outcome == Outcome.UP) {
            int ticks = ticksUp + 1;
            ticksUp = ticks;
            if (isPeerSilent && ticks > TICKS_OF_GRACE) {
                abort("nothing was heard of it for a second");
            }
        } else {
            // Against a peer that answers a handshake in small steps, each below the socket's time-out.
            if (nowNanos - attemptNanos > ATTEMPT_NANOS) {
                abort("it took too long to answer");
            }
        }
    }

    @Override
    public void run() {
        long pause = PAUSE_MILLIS_MIN;
        try {
            while (!outbox.isClosed()) {
                long started = System.nanoTime();
                boolean wasUp = connectAndServe();
                if (outbox.isClosed()) {
                    return;
                }
                boolean wasLong = System.nanoTime() - started > TimeUnit.SECONDS.toNanos(1);
                if (wasUp && wasLong) {
                    pause = PAUSE_MILLIS_MIN;
                } else {
                    outbox.pause(pause);
                    pause = Math.min(2 * pause, PAUSE_MILLIS_MAX);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Links.close(plain);
        }
    }

    private boolean connectAndServe() throws InterruptedException {
        attemptNanos = System.nanoTime();
        try (Socket socket = new Socket()) {
            abortedBecause = null;
            plain = socket;
            DataOutputStream out = connect(socket);
            if (out == null) {
                outbox.drain();
                return false;
            }
            ticksUp = 0;
            become(Outcome.UP, "");
            serve(out);
            return true;
        } catch (IOException | MalformedMessageException e) {
            boolean wasUp = outcome == Outcome.UP;
            String aborted = abortedBecause;
            if (wasUp) {
                become(Outcome.UNREACHABLE, aborted == null ? "the connection ended: " + e.getMessage() : aborted);
            } else {
                failed(e);
                outbox.drain();
            }
            return wasUp;
        }
    }

    /** Connects and greets; null if the peer will not have us. */
    private @Nullable DataOutputStream connect(Socket socket) throws IOException {
        socket.bind(new InetSocketAddress(from.getAddress(), 0));
        socket.setTcpNoDelay(true);
        socket.connect(to, CONNECT_MILLIS);
        socket.setSoTimeout(HANDSHAKE_MILLIS);
        Socket wrapped = links.layer().dialled(socket);
        if (!links.layer().isProved(wrapped, peer)) {
            links.counters().refusedConnection(Reason.OTHER_NODE);
            refused("the node that answers at " + to + " has no certificate of node " + peer
                    + ": check which node has which address and keys");
            return null;
        }
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(wrapped.getOutputStream(), BUFFER));
        Wire.write(out, new Greeting(links.cluster(), links.self().value(), peer.value(), links.life()));
        Answer answer = Wire.readAnswer(new DataInputStream(wrapped.getInputStream()));
        if (answer.verdict() == Verdict.WELCOME) {
            return out;
        }
        if (answer.verdict() == Verdict.NAME_IN_USE) {
            links.log()
                    .warn(
                            "name-in-use",
                            "Node " + peer + " at " + to
                                    + " refuses this process: another live process uses the node name " + links.self()
                                    + ". Stop one of the two, or give one its own name and keys.");
            become(Outcome.NAME_IN_USE, answer.verdict().explanation());
        } else {
            refused("it refuses this node: " + answer.verdict().explanation());
        }
        return null;
    }

    private void serve(DataOutputStream out) throws IOException, InterruptedException {
        while (true) {
            Outbox.Item item = outbox.poll(STILL_HERE_NANOS);
            if (item == null && outbox.isClosed()) {
                Wire.write(out, Wire.FAREWELL, NOTHING);
                out.flush();
                return;
            }
            if (item == null) {
                Wire.write(out, Wire.STILL_HERE, NOTHING);
            }
            for (; item != null; item = outbox.poll(0)) {
                write(out, item);
            }
            out.flush();
        }
    }

    private void write(DataOutputStream out, Outbox.Item item) throws IOException {
        try {
            Wire.write(out, item.kind(), item.content());
        } catch (IOException e) {
            links.counters().dropped(item.kind());
            throw e;
        }
        if (item.kind() == Wire.CONTROL) {
            links.counters().framesSent.increment();
        }
    }

    private void failed(Exception e) {
        if (isAbsence(e)) {
            become(Outcome.UNREACHABLE, e.toString());
        } else if (String.valueOf(e.getMessage()).contains("fatal alert")) {
            refused(e.getMessage() + " (the other node refuses this node's certificate: see its log)");
        } else {
            links.counters().refusedConnection(Reason.STRANGER);
            refused(e.getMessage());
        }
    }

    /** Whether this is what a node that is merely away looks like. */
    static boolean isAbsence(Exception e) {
        if (e instanceof SSLException) {
            return e.getCause() instanceof EOFException
                    || e.getCause() instanceof SocketException
                    || e.getCause() instanceof SocketTimeoutException;
        }
        return e instanceof IOException;
    }

    private void refused(String why) {
        links.log().warn("refused-by-" + peer, "Cannot connect to node " + peer + " at " + to + ": " + why);
        become(Outcome.REFUSED, why);
    }

    private void become(Outcome next, String why) {
        Outcome before = outcome;
        outcome = next;
        if (before != next) {
            if (next == Outcome.UP) {
                LOG.info("{}: connected to node {} at {}", links.self(), peer, to);
            } else if (next == Outcome.UNREACHABLE) {
                LOG.info("{}: node {} at {} is not reachable ({})", links.self(), peer, to, why);
            }
        }
        links.outcomeChanged();
    }
}
