package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;

import org.jgroups.BytesMessage;
import org.jgroups.EmptyMessage;
import org.jgroups.FragmentedMessage;
import org.jgroups.Message;
import org.jgroups.ObjectMessage;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.protocols.FRAG4;
import org.jgroups.protocols.FcHeader;
import org.jgroups.protocols.FragHeader;
import org.jgroups.util.ByteArrayDataOutputStream;
import org.jgroups.util.UUID;
import org.jgroups.util.Util;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.refusal.RefusalCounts;

class LinkTransportTest {
    private static final NodeId B = NodeId.of("b");
    private static final UUID SOURCE = new UUID(1, 2);
    private static final short FRAGMENTS = ClassConfigurator.getProtocolId(FRAG4.class);
    private final Counters counters = new Counters(new RefusalCounts());
    private final LinkTransport transport = new LinkTransport(
            TestCluster.insecure("a", "b").settings("a"),
            new Links(
                    TestCluster.insecure("a", "b").settings("a"),
                    new NodeThreads(Thread::new, NodeId.of("a")),
                    counters,
                    new NoListener()),
            counters);

    @Test
    void messages_that_carry_objects_are_dropped_before_anything_is_read_from_them() throws Exception {
        transport.packet(B, packet(new ObjectMessage(null, new java.util.ArrayList<String>())));
        assertThat(counters.snapshot().packetsDropped()).isEqualTo(1);

        transport.packet(B, packet(new BytesMessage(null, new byte[] {1})));
        assertThat(counters.snapshot().packetsDropped()).isEqualTo(1);
    }

    @Test
    void batches_and_scraps_are_dropped() {
        transport.packet(B, new byte[] {0, 0, 1, 0, 0});
        transport.packet(B, new byte[] {0, 0, 0});
        transport.packet(B, new byte[0]);

        assertThat(counters.snapshot().packetsDropped()).isEqualTo(3);
    }

    @Test
    void fragments_of_anything_but_bytes_are_dropped() throws Exception {
        Message object = new ObjectMessage(null, new java.util.ArrayList<String>()).setSrc(SOURCE);
        transport.packet(B, packet(new FragmentedMessage(object, 0, object.size())));
        FragHeader ofObject = new FragHeader(1, 0, 1).needsDeserialization(true);
        transport.packet(B, packet(new BytesMessage(null, new byte[9]).putHeader(FRAGMENTS, ofObject)));
        assertThat(counters.snapshot().packetsDropped()).isEqualTo(2);

        transport.packet(B, packet(new BytesMessage(null, new byte[9]).putHeader(FRAGMENTS, new FragHeader(1, 0, 2))));
        assertThat(counters.snapshot().packetsDropped()).isEqualTo(2);
    }

    @Test
    void headers_of_protocols_that_are_not_there_are_dropped() throws Exception {
        transport.packet(B, packet(new EmptyMessage().putHeader(FRAGMENTS, new FcHeader(FcHeader.CREDIT_REQUEST))));
        assertThat(counters.snapshot().packetsDropped()).isEqualTo(1);
    }

    @Test
    void a_payload_that_is_longer_than_its_packet_is_dropped() throws Exception {
        byte[] lying = packet(new BytesMessage(null, new byte[9]));
        lying[lying.length - 13] = 0x7f;
        transport.packet(B, lying);
        assertThat(counters.snapshot().packetsDropped()).isEqualTo(1);
    }

    private static byte[] packet(Message message) throws Exception {
        ByteArrayDataOutputStream out = new ByteArrayDataOutputStream(512);
        Util.writeMessage(message, out, true);
        return java.util.Arrays.copyOf(out.buffer(), out.position());
    }

    private static final class NoListener implements Links.Listener {
        @Override
        public void onControl(NodeId from, byte[] frame) {}

        @Override
        public void onPacket(NodeId from, byte[] packet) {}

        @Override
        public void onLost(NodeId peer) {}
    }
}
