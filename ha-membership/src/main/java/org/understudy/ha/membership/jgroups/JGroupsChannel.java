package org.understudy.ha.membership.jgroups;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jgroups.Address;
import org.jgroups.JChannel;
import org.jgroups.Message;
import org.jgroups.View;
import org.jgroups.protocols.FD_ALL3;
import org.jgroups.protocols.FRAG4;
import org.jgroups.protocols.MERGE3;
import org.jgroups.protocols.NoBundler;
import org.jgroups.protocols.TCPPING;
import org.jgroups.protocols.UNICAST4;
import org.jgroups.protocols.VERIFY_SUSPECT2;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.util.ExtendedUUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.membership.refusal.QuietLog;
import org.understudy.ha.membership.refusal.RefusalCounts;

/**
 * The group channel of a real node: views by JGroups, frames over mutually authenticated TCP connections.
 *
 * <p><b>Frames</b> travel on the same connections as JGroups' packets, but beside its protocols: they need no view, no cached
 * address, no credit and no pool thread, so they flow as soon as a connection stands, also before two views have merged. They
 * overtake JGroups' packets in the queue. A frame's sender is the node the connection's certificate names. Each peer has its
 * own bounded queue and its own thread; a peer that is dead, stopped or unreachable delays nobody.
 *
 * <p><b>Views</b> come from JGroups' group membership and are hints. A process that dies is out of the view after about
 * 0.2 s (its connections end, and it does not answer), a stopped or cut off one after about 0.8 s, and one that comes back is
 * merged within about 1 s.
 *
 * <p>One instance is started once and closed once. {@link #send} may be called from any thread at any time; before
 * {@code start} and after {@code close} frames are dropped.
 */
public final class JGroupsChannel implements GroupChannel {
    /** Largest frame in bytes; a larger one is dropped, counted and logged once. */
    public static final int FRAME_MAX = Wire.CONTENT_MAX;

    private static final String NODE_KEY = "node";
    private static final long FIRST_ATTEMPTS_MILLIS = 2000;
    private static final long LEAVE_MILLIS = 1000;
    private static final long CLOSE_MILLIS = 2000;
    private static final Logger LOG = LoggerFactory.getLogger(JGroupsChannel.class);

    private enum Phase {
        NEW,
        STARTED,
        CLOSED
    }

    private final ChannelSettings settings;
    private final Counters counters;
    private final QuietLog quiet = new QuietLog(LOG);
    private final NodeThreads threads;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.NEW);
    private final AtomicBoolean hasLoggedTooLarge = new AtomicBoolean();
    private volatile @Nullable Links links;
    private volatile @Nullable LinkTransport transport;
    private volatile @Nullable JChannel channel;
    private volatile @Nullable View view;

    /**
     * Opens nothing yet.
     *
     * @param refusals where it counts what it turns away
     */
    public JGroupsChannel(ChannelSettings settings, RefusalCounts refusals) {
        this.settings = settings;
        this.counters = new Counters(refusals);
        this.threads = new NodeThreads(settings.threads(), settings.self());
    }

    /**
     * {@inheritDoc}
     *
     * @throws ConfigurationException if the own address is in use or not on this host
     * @throws LifecycleException if another live process uses this node's name, if this channel was started before, or if
     *     JGroups cannot start
     */
    @Override
    public void start(Receiver receiver) {
        if (!phase.compareAndSet(Phase.NEW, Phase.STARTED)) {
            throw new LifecycleException("this channel of node " + settings.self() + " is " + phase.get()
                    + " and cannot be started again: make a new one");
        }
        boolean isUp = false;
        try {
            Links opened = new Links(settings, threads, counters, new Delivery(receiver));
            links = opened;
            opened.open();
            opened.awaitFirstAttempts(FIRST_ATTEMPTS_MILLIS);
            connect(opened, receiver);
            if (phase.get() == Phase.CLOSED) {
                throw new LifecycleException("the channel of node " + settings.self() + " was closed while it started");
            }
            isUp = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LifecycleException("interrupted while node " + settings.self() + " was connecting", e);
        } finally {
            if (!isUp) {
                phase.set(Phase.CLOSED);
                release();
            }
        }
    }

    @Override
    public void send(NodeId to, byte[] frame) {
        Links open = links;
        if (frame.length > FRAME_MAX || !settings.nodes().containsKey(to)) {
            counters.framesRefused.increment();
            if (hasLoggedTooLarge.compareAndSet(false, true)) {
                LOG.error(
                        "Dropped a frame of {} bytes for node {}: the limit is {} bytes, and the node must be one of {}."
                                + " Further ones are only counted.",
                        frame.length,
                        to,
                        FRAME_MAX,
                        settings.nodes().keySet());
            }
        } else if (open == null) {
            counters.framesDropped.increment();
        } else {
            open.send(to, Wire.CONTROL, frame);
        }
    }

    @Override
    public void close() {
        if (phase.getAndSet(Phase.CLOSED) != Phase.CLOSED) {
            release();
        }
    }

    /** May run twice, if the channel is closed while it starts. */
    private void release() {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
        JChannel leaving = channel;
        if (leaving != null) {
            // JGroups waits for the coordinator's consent and for its pool, with limits of its own that add up.
            Thread leaver = threads.newThread(leaving::close, "leave");
            leaver.start();
            NodeThreads.join(List.of(leaver), System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LEAVE_MILLIS));
        }
        Links open = links;
        if (open != null) {
            open.close();
        }
        List<Thread> left = threads.awaitEnd(deadline);
        if (!left.isEmpty()) {
            LOG.warn("{}: threads that have not ended with the channel: {}", settings.self(), left);
        }
    }

    /** What happened so far. Safe from any thread. */
    public ChannelCounters counters() {
        return counters.snapshot();
    }

    private void connect(Links opened, Receiver receiver) {
        LinkTransport lowest = new LinkTransport(settings, opened, counters);
        transport = lowest;
        try {
            JChannel made = new JChannel(
                    prepared(lowest),
                    discovery(),
                    new MERGE3().setMinInterval(150).setMaxInterval(450),
                    new FD_ALL3().setTimeout(600).setInterval(100),
                    new VERIFY_SUSPECT2().setTimeout(100),
                    new MembersAcks(),
                    new UNICAST4(),
                    membership(),
                    new FRAG4());
            channel = made;
            made.setName(settings.self().value());
            made.addAddressGenerator(this::address);
            made.setReceiver(new ViewListener(receiver));
            made.connect(settings.cluster());
        } catch (HaException e) {
            throw e;
        } catch (Exception e) {
            throw new LifecycleException(
                    "JGroups cannot start on node " + settings.self() + " of cluster " + settings.cluster() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    private LinkTransport prepared(LinkTransport lowest) {
        lowest.setBindAddr(settings.address(settings.self()).getAddress());
        lowest.setBindPort(settings.address(settings.self()).getPort());
        lowest.useVirtualThreads(false);
        lowest.setThreadFactory(threads);
        lowest.setBundler(new NoBundler());
        lowest.logDiscardMsgs(false);
        return lowest;
    }

    private TCPPING discovery() {
        TCPPING discovery = new TCPPING();
        discovery.setInitialHosts(
                settings.nodes().keySet().stream().map(settings::address).toList());
        discovery.setPortRange(0);
        return discovery;
    }

    private static GMS membership() {
        GMS membership = new GMS();
        membership.setJoinTimeout(500);
        membership.setMaxJoinAttempts(3);
        membership.setLeaveTimeout(300);
        membership.setViewAckCollectionTimeout(300);
        membership.setMergeTimeout(1000);
        membership.printLocalAddress(false);
        membership.setLogCollectMessages(false);
        membership.logViewWarnings(false);
        return membership;
    }

    /** Carries the node's name, so that a view tells its members' names without a look into any cache. */
    private Address address() {
        return ExtendedUUID.randomUUID(settings.self().value())
                .put(NODE_KEY, settings.self().value().getBytes(StandardCharsets.US_ASCII));
    }

    /** The configured node behind a member, or nothing. */
    private Optional<NodeId> node(Address member) {
        if (member instanceof ExtendedUUID) {
            byte[] name = ((ExtendedUUID) member).get(NODE_KEY);
            if (name != null) {
                String text = new String(name, StandardCharsets.US_ASCII);
                return settings.nodes().keySet().stream()
                        .filter(node -> node.value().equals(text))
                        .findFirst();
            }
        }
        return Optional.empty();
    }

    /** What comes in from the connections. */
    private final class Delivery implements Links.Listener {
        private final Receiver receiver;

        Delivery(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void onControl(NodeId from, byte[] frame) {
            guarded(() -> receiver.onFrame(from, frame));
        }

        @Override
        public void onPacket(NodeId from, byte[] packet) {
            LinkTransport lowest = transport;
            if (lowest != null) {
                lowest.packet(from, packet);
            }
        }

        @Override
        public void onLost(NodeId peer) {
            LinkTransport lowest = transport;
            View current = view;
            if (lowest == null || current == null) {
                return;
            }
            List<Address> members = new ArrayList<>();
            for (Address member : current.getMembers()) {
                if (node(member).filter(peer::equals).isPresent()) {
                    members.add(member);
                }
            }
            lowest.suspect(members);
        }
    }

    /** What comes up from JGroups. */
    private final class ViewListener implements org.jgroups.Receiver {
        private final Receiver receiver;

        ViewListener(Receiver receiver) {
            this.receiver = receiver;
        }

        @Override
        public void viewAccepted(View next) {
            view = next;
            Set<NodeId> members = new LinkedHashSet<>();
            for (Address member : next.getMembers()) {
                Optional<NodeId> node = node(member);
                if (node.isPresent()) {
                    members.add(node.get());
                } else {
                    counters.foreignMembers.increment();
                    counters.refused(Reason.FORGED);
                    quiet.warn("foreign", "Ignored a member of the JGroups view that is no configured node: " + member);
                }
            }
            LOG.debug("{}: view {}", settings.self(), members);
            guarded(() -> receiver.onView(List.copyOf(members)));
        }

        /** This library sends no JGroups messages; whoever does is not one of ours. */
        @Override
        public void receive(Message message) {
            counters.packetsDropped.increment();
            counters.refused(Reason.MALFORMED);
        }
    }

    /** A receiver that fails must not end the thread that reads for a peer. */
    private void guarded(Runnable delivery) {
        try {
            delivery.run();
        } catch (RuntimeException e) {
            LOG.error("{}: the receiver failed; what was delivered is lost", settings.self(), e);
        }
    }
}
