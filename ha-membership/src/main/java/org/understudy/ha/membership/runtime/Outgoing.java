package org.understudy.ha.membership.runtime;

import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.membership.codec.FrameOrder;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.core.message.Message;

/** What this node says to the others, in frames that it numbers. Loop's thread only. */
public final class Outgoing {

    private final String cluster;
    private final NodeId self;
    private final List<NodeId> others;
    private final GroupChannel channel;

    private long frames = FrameOrder.firstOf(new SecureRandom().nextLong());
    private @Nullable Message encodedMessage;
    private @Nullable NodeId encodedFor;
    private byte[] encodedFrame = new byte[0];

    /** @param others every other node that is configured */
    public Outgoing(String cluster, NodeId self, List<NodeId> others, GroupChannel channel) {
        this.cluster = cluster;
        this.self = self;
        this.others = others;
        this.channel = channel;
    }

    public void send(NodeId to, Message message) {
        channel.send(to, encode(to, message));
    }

    public void sendToOthers(Message message) {
        byte[] frame = MessageCodec.encode(cluster, self, ++frames, message);
        others.forEach(peer -> channel.send(peer, frame));
    }

    /** One frame for all who are told the same, and a new one when its first receiver is told again: it must not look replayed. */
    private byte[] encode(NodeId to, Message message) {
        if (message != encodedMessage || to.equals(encodedFor)) {
            encodedMessage = message;
            encodedFor = to;
            encodedFrame = MessageCodec.encode(cluster, self, ++frames, message);
        }
        return encodedFrame;
    }
}
