package org.understudy.ha.membership.jgroups;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.jgroups.Wire.Answer;
import org.understudy.ha.membership.jgroups.Wire.Greeting;
import org.understudy.ha.membership.jgroups.Wire.Verdict;

/**
 * A connection somebody dialled to this node, with its own thread from the first byte on: who knocks and says nothing
 * occupies one place among the {@linkplain Links unfinished handshakes} for a second and delays nobody.
 */
final class IncomingLink implements Runnable {
    /** A live peer writes every 200 ms; one that is silent for so long is stopped or cut off, and dials anew later. */
    private static final int SILENCE_MILLIS = 5000;

    private static final long HANDSHAKE_NANOS = TimeUnit.MILLISECONDS.toNanos(OutgoingLink.HANDSHAKE_MILLIS);
    private static final int BUFFER = 16 * 1024;
    private static final Logger LOG = LoggerFactory.getLogger(IncomingLink.class);

    private final Links links;
    private final Socket plain;
    private final InetAddress address;
    private final long knockedNanos = System.nanoTime();
    private volatile @Nullable NodeId peer;
    private volatile @Nullable UUID life;

    IncomingLink(Links links, Socket plain) {
        this.links = links;
        this.plain = plain;
        this.address = plain.getInetAddress();
    }

    /** The life of the process at the other end; null before it is admitted. */
    @Nullable
    UUID life() {
        return life;
    }

    /** Where the connection comes from. */
    InetAddress address() {
        return address;
    }

    boolean isOverdue(long nowNanos) {
        return nowNanos - knockedNanos > HANDSHAKE_NANOS;
    }

    void close() {
        Links.close(plain);
    }

    @Override
    public void run() {
        DataInputStream in = null;
        try {
            in = admit();
        } catch (IOException | MalformedMessageException | ConfigurationException e) {
            stranger(e);
        } finally {
            links.handshakeEnded(this);
            if (in == null) {
                close();
            }
        }
        NodeId from = peer;
        if (in != null && from != null) {
            read(from, in);
        }
    }

    /** Shakes hands and checks the greeting; null if this connection is not wanted. */
    private @Nullable DataInputStream admit() throws IOException {
        plain.setTcpNoDelay(true);
        plain.setSoTimeout(OutgoingLink.HANDSHAKE_MILLIS);
        Socket wrapped = links.layer().accepted(plain);
        DataInputStream in = new DataInputStream(new BufferedInputStream(wrapped.getInputStream(), BUFFER));
        Optional<Greeting> greeting = Wire.readGreeting(in);
        Verdict verdict = greeting.map(said -> judge(said, wrapped)).orElse(Verdict.OTHER_VERSION);
        if (greeting.isPresent() && verdict == Verdict.WELCOME) {
            NodeId from = NodeId.of(greeting.get().from());
            peer = from;
            life = greeting.get().life();
            if (!links.admit(from, this)) {
                verdict = Verdict.NAME_IN_USE;
            }
        }
        Wire.write(new DataOutputStream(wrapped.getOutputStream()), new Answer(verdict, links.life()));
        if (verdict == Verdict.WELCOME) {
            plain.setSoTimeout(SILENCE_MILLIS);
            return in;
        }
        links.counters().refusedConnection(verdict.reason());
        links.log()
                .warn(
                        "greeting-" + verdict,
                        "Refused a connection from " + plain.getRemoteSocketAddress()
                                + greeting.map(said -> " that calls itself node " + printable(said.from())
                                                + " of cluster " + printable(said.cluster()))
                                        .orElse("")
                                + ": " + verdict.explanation());
        return null;
    }

    private Verdict judge(Greeting greeting, Socket wrapped) {
        if (!greeting.cluster().equals(links.cluster())) {
            return Verdict.OTHER_CLUSTER;
        }
        if (!greeting.to().equals(links.self().value())) {
            return Verdict.NOT_ADDRESSED;
        }
        if (greeting.from().equals(links.self().value())) {
            return Verdict.NAME_IN_USE;
        }
        if (!links.isConfigured(greeting.from())) {
            return Verdict.NOT_CONFIGURED;
        }
        return links.layer().isProved(wrapped, NodeId.of(greeting.from())) ? Verdict.WELCOME : Verdict.NOT_CERTIFIED;
    }

    private void read(NodeId from, DataInputStream in) {
        boolean isFarewell = false;
        String why = "farewell";
        try {
            while (!isFarewell) {
                Wire.Frame frame = Wire.readFrame(in);
                links.heard(from);
                isFarewell = frame.kind() == Wire.FAREWELL;
                links.received(from, frame.kind(), frame.content());
            }
        } catch (IOException e) {
            why = e.toString();
        } catch (MalformedMessageException e) {
            why = e.toString();
            links.counters().refused(Reason.MALFORMED);
            links.log().warn("malformed-" + from, "Closed the connection of node " + from + ": " + e.getMessage());
        } finally {
            close();
            LOG.debug("{}: connection from node {} ended: {}", links.self(), from, why);
            links.ended(from, this, isFarewell);
        }
    }

    private void stranger(Exception e) {
        boolean isProbe = OutgoingLink.isAbsence(e);
        if (isProbe || links.isClosing()) {
            LOG.debug(
                    "{}: {} connected and said nothing of use: {}",
                    links.self(),
                    plain.getRemoteSocketAddress(),
                    e.toString());
            links.counters().refusedConnection(Reason.STRANGER);
            return;
        }
        links.log()
                .warn(
                        "stranger-" + plain.getInetAddress(),
                        "Refused a connection from " + plain.getRemoteSocketAddress() + ", it is not a node of cluster "
                                + links.cluster() + ": " + printable(String.valueOf(e.getMessage())));
        links.counters().refusedConnection(Reason.STRANGER);
    }

    /** A stranger chose these characters, and they go to the log. */
    private static String printable(String text) {
        String safe = text.replaceAll("[^\\x20-\\x7e]", "?");
        return safe.substring(0, Math.min(safe.length(), 300));
    }
}
