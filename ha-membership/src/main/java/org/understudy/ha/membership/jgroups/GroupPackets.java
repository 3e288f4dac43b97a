package org.understudy.ha.membership.jgroups;

import java.io.IOException;
import java.util.Set;
import org.jgroups.Global;
import org.jgroups.Header;
import org.jgroups.Message;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.protocols.FailureDetection;
import org.jgroups.protocols.FragHeader;
import org.jgroups.protocols.MERGE3;
import org.jgroups.protocols.NakAckHeader;
import org.jgroups.protocols.PingHeader;
import org.jgroups.protocols.TP;
import org.jgroups.protocols.TpHeader;
import org.jgroups.protocols.UnicastHeader;
import org.jgroups.protocols.VERIFY_SUSPECT2;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.util.Bits;
import org.jgroups.util.ByteArrayDataInputStream;
import org.jgroups.util.Util;

/**
 * Which of JGroups' packets are let through to JGroups. It makes any header that a packet names, of protocols that are not in the
 * stack as well, allocates any length that a header or a payload announces, and puts fragments together to a message of any kind,
 * also of those that carry objects. So a packet is read here first.
 *
 * <pre>
 *  0  2  version
 *  2  1  flags; no batches, the bundler makes none
 *  3  2  kind of message: with bytes or without content; fragments of bytes are messages with bytes
 *  5  1  which addresses follow
 *  6  2  flags
 *  .  .  destination, source
 *  .  2  number of headers, then for each: protocol (2), class (2), content
 *  .  4  length of the payload, then the payload
 * </pre>
 */
final class GroupPackets {
    private static final int TYPE_OFFSET = Global.SHORT_SIZE + Global.BYTE_SIZE;
    private static final int CONTENT_OFFSET = TYPE_OFFSET + Global.SHORT_SIZE;
    private static final int HAS_DESTINATION = 1;
    private static final int HAS_SOURCE = 2;

    /** Those of the protocols that {@link JGroupsChannel} puts into the stack. */
    private static final Set<Class<? extends Header>> HEADERS = Set.of(
            TpHeader.class,
            PingHeader.class,
            MERGE3.MergeHeader.class,
            FailureDetection.HeartbeatHeader.class,
            VERIFY_SUSPECT2.VerifyHeader.class,
            NakAckHeader.class,
            UnicastHeader.class,
            FragHeader.class,
            GMS.GmsHeader.class);

    private GroupPackets() {}

    static boolean isAllowed(byte[] packet) {
        if (packet.length < CONTENT_OFFSET || (packet[Global.SHORT_SIZE] & TP.LIST) != 0) {
            return false;
        }
        short type = Bits.readShort(packet, TYPE_OFFSET);
        if (type != Message.BYTES_MSG && type != Message.EMPTY_MSG) {
            return false;
        }
        try {
            return isReadable(
                    new ByteArrayDataInputStream(packet, CONTENT_OFFSET, packet.length - CONTENT_OFFSET),
                    type != Message.EMPTY_MSG);
        } catch (IOException | ClassNotFoundException | RuntimeException e) {
            return false;
        }
    }

    private static boolean isReadable(ByteArrayDataInputStream in, boolean hasPayload)
            throws IOException, ClassNotFoundException {
        int addresses = in.readByte();
        in.readShort();
        for (int which : new int[] {HAS_DESTINATION, HAS_SOURCE}) {
            if ((addresses & which) != 0) {
                Util.readAddress(in);
            }
        }
        for (int left = in.readShort(); left > 0; left--) {
            in.readShort();
            Header header = ClassConfigurator.create(in.readShort());
            if (!HEADERS.contains(header.getClass())) {
                return false;
            }
            header.readFrom(in);
            if (header instanceof FragHeader fragment && fragment.needs_deserialization) {
                return false;
            }
        }
        return !hasPayload || in.readInt() <= in.available();
    }
}
