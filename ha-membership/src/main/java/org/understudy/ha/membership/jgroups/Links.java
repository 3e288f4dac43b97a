package org.understudy.ha.membership.jgroups;

import java.io.Closeable;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.refusal.QuietLog;

/**
 * All connections of one node: it listens on one address, dials every other node, and keeps doing so.
 *
 * <p>Between two nodes stand two connections, one dialled by each; a node sends only on the one it dialled. So there is no
 * rule which of two crossing connections wins, and no moment in which a frame belongs to neither.
 *
 * <h2>Who waits for whom</h2>
 *
 * <ul>
 *   <li>A sender puts an item into the peer's {@link Outbox} and returns.
 *   <li>Each peer has one thread that dials and writes, each incoming connection one that shakes hands and reads. None holds
 *       a lock of this class while it does.
 *   <li>The acceptor only accepts. Unfinished handshakes are bounded, in number and in time.
 *   <li>The housekeeper closes sockets; closing a plain socket does not block. It breaks a connection whose peer has been
 *       silent for a second: after a cut, TCP would repeat itself ever more slowly and a healed link would seem dead.
 * </ul>
 */
final class Links implements AutoCloseable {
    private static final int BACKLOG = 64;
    private static final long TICK_MILLIS = 100;
    /** A peer silent for one second is cut off or stopped: it writes every 200 ms. */
    private static final int SILENT_TICKS_MAX = 10;
    /** A process heard of within this time is alive, and its name is in use. */
    private static final int ALIVE_TICKS = 7;

    private static final long FAREWELL_MILLIS = 300;
    private static final Logger LOG = LoggerFactory.getLogger(Links.class);

    /** Where the connections deliver. Called from reading threads; must return at once. */
    interface Listener {
        void onControl(NodeId from, byte[] frame);

        void onPacket(NodeId from, byte[] packet);

        /** A peer's connection ended without farewell: its process died, or the path broke. */
        void onLost(NodeId peer);
    }

    private final ChannelSettings settings;
    private final NodeThreads threads;
    private final Counters counters;
    private final Listener listener;
    private final SocketLayer layer;
    private final QuietLog log = new QuietLog(LOG);
    private final UUID life = UUID.randomUUID();
    private final Map<NodeId, OutgoingLink> outgoing = new LinkedHashMap<>();
    private final HandshakePlaces places;
    private final Outbox toSelf;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<NodeId, IncomingLink> incoming = new LinkedHashMap<>();
    private final Set<IncomingLink> handshakes = new LinkedHashSet<>();
    private final Map<NodeId, Integer> silentTicks = new LinkedHashMap<>();
    private final Set<NodeId> heard = ConcurrentHashMap.newKeySet();
    private volatile boolean isClosing;
    private @Nullable ServerSocket server;

    Links(ChannelSettings settings, NodeThreads threads, Counters counters, Listener listener) {
        this.settings = settings;
        this.threads = threads;
        this.counters = counters;
        this.listener = listener;
        this.layer = SocketLayer.of(settings.security(), settings.nodes().keySet());
        this.toSelf = new Outbox(counters);
        InetSocketAddress own = settings.address(settings.self());
        List<InetAddress> peers = new ArrayList<>();
        for (NodeId node : settings.nodes().keySet()) {
            if (!node.equals(settings.self())) {
                peers.add(settings.address(node).getAddress());
                outgoing.put(node, new OutgoingLink(this, node, own, settings.address(node)));
            }
        }
        places = new HandshakePlaces(peers);
    }

    /**
     * Listens and begins to dial.
     *
     * @throws ConfigurationException if the own address cannot be bound; nothing is open then
     */
    void open() {
        server = listen(settings.address(settings.self()));
        threads.newThread(this::accept, "accept").start();
        threads.newThread(this::keepHouse, "links").start();
        threads.newThread(this::deliverToSelf, "self").start();
        outgoing.forEach((node, link) -> threads.newThread(link, "to-" + node).start());
    }

    /**
     * Waits until every peer has been tried once, and for a peer that says our name is in use a little longer: a process
     * that died a moment ago looks alive for half a second.
     *
     * @throws LifecycleException if another live process uses this node's name
     */
    void awaitFirstAttempts(long budgetMillis) throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(budgetMillis);
        lock.lock();
        try {
            while (left > 0
                    && !isClosing
                    && (isAny(OutgoingLink.Outcome.NONE_YET) || isAny(OutgoingLink.Outcome.NAME_IN_USE))) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        for (OutgoingLink link : outgoing.values()) {
            if (link.outcome() == OutgoingLink.Outcome.NAME_IN_USE) {
                throw new LifecycleException("node name " + settings.self()
                        + " is used by another live process, says node " + link.peer() + " at "
                        + settings.address(link.peer())
                        + ": stop that process, or give this one its own name and keys");
            }
        }
    }

    void send(NodeId to, byte kind, byte[] content) {
        Outbox.Item item = new Outbox.Item(kind, content);
        OutgoingLink link = outgoing.get(to);
        if (link != null) {
            link.outbox().offer(item);
        } else if (to.equals(settings.self())) {
            toSelf.offer(item);
        } else {
            counters.dropped(kind);
        }
    }

    /** Closes every socket. Bounded; threads end soon after. */
    @Override
    public void close() {
        isClosing = true;
        close(server);
        outgoing.values().forEach(link -> link.outbox().close());
        toSelf.close();
        awaitFarewells();
        outgoing.values().forEach(link -> link.abort("this node is closing"));
        lock.lock();
        try {
            handshakes.forEach(IncomingLink::close);
            incoming.values().forEach(IncomingLink::close);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    NodeId self() {
        return settings.self();
    }

    String cluster() {
        return settings.cluster();
    }

    UUID life() {
        return life;
    }

    SocketLayer layer() {
        return layer;
    }

    Counters counters() {
        return counters;
    }

    QuietLog log() {
        return log;
    }

    boolean isClosing() {
        return isClosing;
    }

    boolean isConfigured(String name) {
        return settings.nodes().keySet().stream().anyMatch(node -> node.value().equals(name));
    }

    void outcomeChanged() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes a connection the one that counts for its node, in the place of an earlier one.
     *
     * @return false if another process with that name is alive
     */
    boolean admit(NodeId node, IncomingLink link) {
        IncomingLink before;
        lock.lock();
        try {
            before = incoming.get(node);
            if (before != null
                    && !Objects.equals(before.life(), link.life())
                    && silentTicks.getOrDefault(node, 0) < ALIVE_TICKS) {
                return false;
            }
            if (isClosing) {
                link.close();
                return true;
            }
            incoming.put(node, link);
            silentTicks.put(node, 0);
        } finally {
            lock.unlock();
        }
        OutgoingLink back = outgoing.get(node);
        if (before != null) {
            before.close();
            if (back != null && !Objects.equals(before.life(), link.life())) {
                back.abort("its process was started anew");
            }
        }
        if (back != null) {
            back.outbox().nudge();
        }
        return true;
    }

    void heard(NodeId node) {
        heard.add(node);
    }

    void received(NodeId from, byte kind, byte[] content) {
        switch (kind) {
            case Wire.CONTROL -> {
                counters.framesReceived.increment();
                listener.onControl(from, content);
            }
            case Wire.PACKET -> listener.onPacket(from, content);
            default -> {
                // Still here or farewell: nothing to deliver.
            }
        }
    }

    void ended(NodeId node, IncomingLink link, boolean isFarewell) {
        lock.lock();
        try {
            if (!incoming.remove(node, link)) {
                return;
            }
        } finally {
            lock.unlock();
        }
        OutgoingLink back = outgoing.get(node);
        if (isClosing || back == null) {
            return;
        }
        // Either the process is gone, and then our connection to it is worthless, or the path broke: dialling tells.
        back.abort(isFarewell ? "it is closing" : "its own connection ended");
        if (!isFarewell) {
            listener.onLost(node);
        }
    }

    void handshakeEnded(IncomingLink link) {
        lock.lock();
        try {
            handshakes.remove(link);
        } finally {
            lock.unlock();
        }
    }

    static void close(@Nullable Closeable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (IOException e) {
                LOG.debug("closing {}", closeable, e);
            }
        }
    }

    private boolean isAny(OutgoingLink.Outcome outcome) {
        return outgoing.values().stream().anyMatch(link -> link.outcome() == outcome);
    }

    private void accept() {
        try {
            acceptUntilClosed();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void acceptUntilClosed() throws InterruptedException {
        ServerSocket listening = server;
        while (listening != null && !isClosing) {
            try {
                receive(listening.accept());
            } catch (IOException e) {
                if (!isClosing) {
                    log.warn("accept", "Cannot accept connections on " + listening + ": " + e.getMessage());
                    // Out of descriptors, most likely: trying again at once would only burn the processor.
                    toSelf.pause(TICK_MILLIS);
                }
            }
        }
    }

    private void receive(Socket socket) throws InterruptedException {
        IncomingLink link = new IncomingLink(this, socket);
        boolean isAdmitted;
        lock.lock();
        try {
            isAdmitted = !isClosing
                    && places.isFreeFor(
                            link.address(),
                            handshakes.stream().map(IncomingLink::address).toList());
            if (isAdmitted) {
                handshakes.add(link);
            }
        } finally {
            lock.unlock();
        }
        if (isAdmitted) {
            shakeHands(link, socket);
            return;
        }
        close(socket);
        if (!isClosing) {
            counters.refusedConnection(Reason.TOO_MANY);
            log.warn(
                    "flood",
                    "Too many connections that do not say who they are, the last one from "
                            + socket.getRemoteSocketAddress() + ": refusing more of them for now");
        }
    }

    /** Hands a connection to a thread of its own. A host that is short of threads for a moment must not lose its acceptor. */
    private void shakeHands(IncomingLink link, Socket socket) throws InterruptedException {
        try {
            threads.start(link, "from-" + socket.getPort());
        } catch (RuntimeException | Error e) {
            handshakeEnded(link);
            close(socket);
            counters.refusedConnection(Reason.TOO_MANY);
            log.warn(
                    "thread",
                    "Closed a connection from " + socket.getRemoteSocketAddress()
                            + " because no thread could be made for it (" + e
                            + "): raise the limit of threads (ulimit -u, TasksMax) or of memory");
            toSelf.pause(TICK_MILLIS);
        }
    }

    private void keepHouse() {
        try {
            while (awaitTick()) {
                List<IncomingLink> overdue = new ArrayList<>();
                Map<NodeId, Integer> silence = new LinkedHashMap<>();
                long now = System.nanoTime();
                lock.lock();
                try {
                    handshakes.stream().filter(link -> link.isOverdue(now)).forEach(overdue::add);
                    for (NodeId node : outgoing.keySet()) {
                        silentTicks.merge(node, 1, Integer::sum);
                        if (heard.remove(node)) {
                            silentTicks.put(node, 0);
                        }
                    }
                    silence.putAll(silentTicks);
                } finally {
                    lock.unlock();
                }
                overdue.forEach(IncomingLink::close);
                outgoing.forEach((node, link) -> link.tick(silence.getOrDefault(node, 0) >= SILENT_TICKS_MAX, now));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Ticks are counted instead of time, so that a node that was paused itself does not take the others for silent.
     *
     * @return false when closing
     */
    private boolean awaitTick() throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(TICK_MILLIS);
        lock.lock();
        try {
            while (left > 0 && !isClosing) {
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
        return !isClosing;
    }

    private void deliverToSelf() {
        try {
            while (!toSelf.isClosed()) {
                Outbox.Item item = toSelf.poll(TimeUnit.SECONDS.toNanos(1));
                if (item != null) {
                    counters.framesSent.increment();
                    received(settings.self(), item.kind(), item.content());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Gives the writing threads a moment to say farewell, so that peers need not verify what became of us. */
    private void awaitFarewells() {
        List<Thread> writing = threads.named("to-");
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FAREWELL_MILLIS);
        NodeThreads.join(writing, deadline);
    }

    private static ServerSocket listen(InetSocketAddress address) {
        ServerSocket socket = null;
        try {
            if (NetworkInterface.getByInetAddress(address.getAddress()) == null
                    && !address.getAddress().isLoopbackAddress()) {
                throw new ConfigurationException(
                        "links",
                        address,
                        "is not an address of this host: configure the address this node really has, or bring its network"
                                + " card up first");
            }
            socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(address, BACKLOG);
            return socket;
        } catch (BindException e) {
            close(socket);
            throw new ConfigurationException(
                    "links",
                    address,
                    "cannot be listened on (" + e.getMessage()
                            + "): stop the process that uses this port (ss -ltnp), or choose another one on every node");
        } catch (SocketException e) {
            close(socket);
            throw new ConfigurationException("links", address, "cannot be listened on: " + e.getMessage());
        } catch (IOException e) {
            close(socket);
            throw new LifecycleException("cannot listen on " + address + ": " + e.getMessage(), e);
        }
    }
}
