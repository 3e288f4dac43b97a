package org.understudy.ha.membership.jgroups;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jgroups.Address;
import org.jgroups.Event;
import org.jgroups.PhysicalAddress;
import org.jgroups.protocols.TP;
import org.jgroups.stack.IpAddress;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Refusals.Reason;

/**
 * The lowest protocol of the JGroups stack: JGroups' packets go out through {@link Links} and come in from there. It opens no
 * socket.
 *
 * <p>It takes the place of JGroups' own TCP transport, in which a multicast is written to one member after the other, a
 * handshake has no time limit while it holds the destination's lock, and closing a connection on a view change waits for a
 * full window: one stopped member then makes healthy members suspect each other.
 */
final class LinkTransport extends TP {
    private final Links links;
    private final Counters counters;
    private final IpAddress own;
    private final Map<PhysicalAddress, NodeId> nodes = new HashMap<>();
    private final Map<NodeId, IpAddress> addresses = new HashMap<>();
    private volatile boolean isConnected;

    LinkTransport(ChannelSettings settings, Links links, Counters counters) {
        this.links = links;
        this.counters = counters;
        for (NodeId node : settings.nodes().keySet()) {
            InetSocketAddress address = settings.address(node);
            IpAddress physical = new IpAddress(address.getAddress(), address.getPort());
            nodes.put(physical, node);
            addresses.put(node, physical);
        }
        this.own = addresses.get(settings.self());
    }

    @Override
    public boolean supportsMulticasting() {
        return false;
    }

    @Override
    protected PhysicalAddress getPhysicalAddress() {
        return own;
    }

    /** Queues, never blocks, never throws: also the multicasts of JGroups come through here, member by member. */
    @Override
    public void sendUnicast(PhysicalAddress destination, byte[] data, int offset, int length) {
        NodeId node = nodes.get(destination);
        if (node == null || length > Wire.PACKET_MAX) {
            counters.packetsDropped.increment();
            return;
        }
        links.send(node, Wire.PACKET, Arrays.copyOfRange(data, offset, offset + length));
    }

    @Override
    protected void handleConnect() throws Exception {
        super.handleConnect();
        isConnected = true;
    }

    @Override
    protected void handleDisconnect() {
        isConnected = false;
        super.handleDisconnect();
    }

    /** A packet arrived over the connection of that node. */
    void packet(NodeId from, byte[] packet) {
        if (!GroupPackets.isAllowed(packet)) {
            counters.packetsDropped.increment();
            counters.refused(Reason.MALFORMED);
            return;
        }
        if (!isConnected) {
            return;
        }
        receive(addresses.get(from), packet, 0, packet.length);
    }

    /** That node's connection ended without a farewell: let the failure detector verify its members now. */
    void suspect(List<Address> members) {
        if (isConnected && !members.isEmpty()) {
            thread_pool.execute(() -> up_prot.up(new Event(Event.SUSPECT, members)));
        }
    }
}
