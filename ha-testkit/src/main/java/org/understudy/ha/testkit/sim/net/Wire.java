package org.understudy.ha.testkit.sim.net;

import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.core.message.Message;

/** What one node sends, as real frames: encoded and decoded again, so that the wire format takes part in the run. */
public final class Wire {

    private final String cluster;
    private final NodeId sender;
    private long frames;
    private @Nullable Message sent;
    private @Nullable Message arrived;

    public Wire(String cluster, NodeId sender) {
        this.cluster = cluster;
        this.sender = sender;
    }

    /**
     * What arrives for what was sent. A broadcast is encoded once, as the product does.
     *
     * @throws IllegalStateException if the frame says anything else than the message
     */
    public Message carry(Message message) {
        Message known = arrived;
        if (message == sent && known != null) {
            return known;
        }
        byte[] bytes = MessageCodec.encode(cluster, sender, ++frames, message);
        MessageCodec.Frame frame = MessageCodec.decode(bytes);
        boolean isSame = frame.message().equals(message)
                && frame.sender().equals(sender)
                && frame.cluster().equals(cluster)
                && frame.sequence() == frames;
        if (!isSame) {
            throw new IllegalStateException("the frame says " + frame + " for " + message);
        }
        sent = message;
        arrived = frame.message();
        return frame.message();
    }
}
