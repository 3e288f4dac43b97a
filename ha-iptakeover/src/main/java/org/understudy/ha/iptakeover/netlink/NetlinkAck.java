package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.understudy.ha.api.MalformedMessageException;

/**
 * The kernel's verdict on one request, {@code struct nlmsgerr}.
 *
 * <pre>
 *  0  4  minus the error number, 0 = done
 *  4 16  the header of the request; its payload follows unless NLM_F_CAPPED
 *  .  n  with NLM_F_ACK_TLVS: attributes, 1 = text (extended acknowledgement)
 * </pre>
 *
 * @param errno positive error number, 0 for success
 * @param sequence the request it answers
 * @param text the kernel's own words, empty if it had none
 */
public record NetlinkAck(int errno, int sequence, String text) {
    private static final int CAPPED = 0x100;
    private static final int WITH_ATTRIBUTES = 0x200;
    private static final int ATTRIBUTE_TEXT = 1;

    /** Whether the request was carried out. */
    public boolean isDone() {
        return errno == 0;
    }

    /**
     * Reads a message of type {@link NetlinkMessage#ERROR}.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static NetlinkAck decode(NetlinkMessage message) {
        byte[] payload = message.payload();
        if (payload.length < 4 + NetlinkMessage.HEADER_BYTES) {
            throw new MalformedMessageException(payload.length, "nlmsgerr has 20 bytes, not " + payload.length);
        }
        ByteBuffer in = ByteBuffer.wrap(payload).order(ByteOrder.nativeOrder());
        int errno = -in.getInt();
        String text = "";
        if ((message.flags() & WITH_ATTRIBUTES) != 0) {
            int requestLength = in.getInt(4);
            int skipped = (message.flags() & CAPPED) != 0 ? NetlinkMessage.HEADER_BYTES : requestLength;
            if (skipped < NetlinkMessage.HEADER_BYTES || skipped > payload.length - 4) {
                throw new MalformedMessageException(4, "repeated request of " + requestLength + " bytes is cut off");
            }
            text = NetlinkAttribute.find(
                            NetlinkAttribute.decodeAll(payload, 4 + NetlinkMessage.align(skipped)), ATTRIBUTE_TEXT)
                    .map(NetlinkAttribute::asText)
                    .orElse("");
        }
        return new NetlinkAck(errno, message.sequence(), text);
    }
}
