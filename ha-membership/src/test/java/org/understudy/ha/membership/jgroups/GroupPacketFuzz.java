package org.understudy.ha.membership.jgroups;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jgroups.BytesMessage;
import org.jgroups.EmptyMessage;
import org.jgroups.Header;
import org.jgroups.Message;
import org.jgroups.Version;
import org.jgroups.View;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.protocols.FailureDetection;
import org.jgroups.protocols.FragHeader;
import org.jgroups.protocols.PingData;
import org.jgroups.protocols.PingHeader;
import org.jgroups.protocols.TpHeader;
import org.jgroups.protocols.UnicastHeader;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.util.ByteArrayDataOutputStream;
import org.jgroups.util.UUID;
import org.jgroups.util.Util;

/** JGroups' own packets: what {@link GroupPackets} lets through, JGroups reads without surprise. */
public final class GroupPacketFuzz {
    private static final UUID A = new UUID(1, 2);
    private static final UUID B = new UUID(3, 4);

    private GroupPacketFuzz() {}

    public static List<byte[]> seeds() {
        try {
            byte[] view = Util.streamableToByteBuffer(View.create(A, 7, A, B));
            byte[] found = Util.streamableToByteBuffer(new PingData(A, true));
            List<byte[]> seeds = new ArrayList<>();
            seeds.add(packet(new EmptyMessage(B), new FailureDetection.HeartbeatHeader()));
            seeds.add(packet(new BytesMessage(B, view), new GMS.GmsHeader(GMS.GmsHeader.VIEW)));
            seeds.add(packet(new BytesMessage(B, found), new PingHeader(PingHeader.GET_MBRS_RSP)));
            seeds.add(packet(new BytesMessage(B, new byte[9]), UnicastHeader.createDataHeader(3, (short) 1, true)));
            seeds.add(packet(new BytesMessage(B, new byte[9]), new FragHeader(1, 0, 2)));
            return seeds;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        GroupPackets.isAllowed(bytes);
    }

    /** As the transport sends it. */
    private static byte[] packet(Message message, Header header) throws IOException {
        message.setSrc(A)
                .putHeader(ClassConfigurator.getProtocolId(GMS.class), header)
                .putHeader(ClassConfigurator.getProtocolId(LinkTransport.class.getSuperclass()), new TpHeader("shop"));
        ByteArrayDataOutputStream out = new ByteArrayDataOutputStream(200);
        out.writeShort(Version.version);
        out.writeByte(0);
        out.writeShort(message.getType());
        message.writeTo(out);
        return Arrays.copyOf(out.buffer(), out.position());
    }
}
