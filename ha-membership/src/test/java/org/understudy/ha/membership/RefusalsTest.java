package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Refusals;
import org.understudy.ha.api.Refusals.Reason;
import org.understudy.ha.membership.codec.LastWill;
import org.understudy.ha.membership.codec.LastWillCodec;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.jgroups.LogLines;

/** Everything bad that can be sent to a real node: it counts each under its reason, says so seldom, and goes on. */
@Timeout(60)
@Isolated
class RefusalsTest {
    private static final int GREETING = 0x55535444;
    private static final byte CONTROL = 1;
    private static final byte PACKET = 2;
    /** What JGroups would deserialize. */
    private static final byte[] OBJECT_PACKET = {0, 0, 0, 0, 3, 0, 0, 0, 0};

    private static final NodeId SERV2 = NodeId.of("serv2");

    @TempDir
    private Path directory;

    private final LogLines lines = new LogLines();
    private ThreeNodesOnLoopback cluster;
    private HaNode node;

    @BeforeEach
    void a_node_waits_for_the_others() throws IOException {
        cluster = new ThreeNodesOnLoopback(directory);
        node = cluster.start("serv1");
        assertThat(node.refusals().total()).isZero();
    }

    @AfterEach
    void it_goes_on() {
        try {
            assertThat(node.state()).isIn(NodeState.JOINING, NodeState.ACTIVE);
        } finally {
            cluster.close();
            lines.close();
        }
    }

    @Test
    void nodes_that_work_together_refuse_nothing_of_one_another() throws Exception {
        List<HaNode> all = List.of(node, cluster.start("serv2"), cluster.start("witness"));
        ThreeNodesOnLoopback.await(() -> all.stream().allMatch(each -> each.state() == NodeState.ACTIVE));
        for (HaNode each : all) {
            Map<Reason, Long> counts = new EnumMap<>(each.refusals().counts());
            // A connection that a busy machine breaks off before it has said who it is.
            counts.remove(Reason.STRANGER);
            assertThat(counts.values()).as(counts.toString()).containsOnly(0L);
        }
    }

    @Test
    void strangers() throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            counted(Reason.STRANGER, 1);
        }
        connect().close();
        counted(Reason.STRANGER, 2);
    }

    @Test
    void greetings_of_another_version_cluster_or_node() throws Exception {
        refused(greeting(9, "test", "serv2", "serv1"), Reason.OTHER_VERSION);
        refused(greeting(1, "prod", "serv2", "serv1"), Reason.OTHER_CLUSTER);
        refused(greeting(1, "test", "serv7", "serv1"), Reason.OTHER_NODE);
        refused(greeting(1, "test", "serv2", "witness"), Reason.OTHER_NODE);
        refused(greeting(1, "test", "serv1", "serv1"), Reason.NAME_IN_USE);
    }

    @Test
    void frames_that_are_damaged_foreign_or_forged() throws Exception {
        byte[] good = frame("test", SERV2, 1L << 32);
        byte[] newer = good.clone();
        newer[4] = 99;
        try (Socket socket = welcomed()) {
            send(socket, CONTROL, "rubbish".getBytes(StandardCharsets.US_ASCII));
            counted(Reason.MALFORMED, 1);
            send(socket, CONTROL, Arrays.copyOf(good, good.length - 1));
            counted(Reason.MALFORMED, 2);
            send(socket, PACKET, OBJECT_PACKET);
            counted(Reason.MALFORMED, 3);
            send(socket, CONTROL, newer);
            counted(Reason.OTHER_VERSION, 1);
            send(socket, CONTROL, frame("prod", SERV2, 2));
            counted(Reason.OTHER_CLUSTER, 1);
            send(socket, CONTROL, frame("test", NodeId.of("witness"), 3));
            counted(Reason.FORGED, 1);
            new DataOutputStream(socket.getOutputStream()).writeInt(Integer.MAX_VALUE);
            counted(Reason.MALFORMED, 4);
            assertThat(socket.getInputStream().read()).as("closed").isNegative();
        }
    }

    @Test
    void frames_that_were_here_before() throws Exception {
        try (Socket socket = welcomed()) {
            send(socket, CONTROL, frame("test", SERV2, (1L << 32) + 7));
            send(socket, CONTROL, frame("test", SERV2, (1L << 32) + 7));
            counted(Reason.REPLAYED, 1);
            send(socket, CONTROL, frame("test", SERV2, (1L << 32) + 6));
            counted(Reason.REPLAYED, 2);
            send(socket, CONTROL, frame("test", SERV2, 2L << 32));
            send(socket, CONTROL, frame("test", SERV2, (1L << 32) + 8));
            counted(Reason.REPLAYED, 3);
        }
        assertThat(node.refusals().total()).isEqualTo(3);
    }

    @Test
    void datagrams_that_are_no_last_will_of_this_cluster() throws Exception {
        byte[] unsigned = LastWillCodec.join(
                LastWillCodec.encode(new LastWill("prod", SERV2, 1, List.of(), false)),
                new byte[LastWillCodec.SIGNATURE_LENGTH]);
        byte[] newer = unsigned.clone();
        newer[4] = 9;
        datagram(new byte[] {1, 2, 3});
        counted(Reason.FALSE_WILL, 1);
        datagram(Arrays.copyOf(unsigned, unsigned.length - 1));
        counted(Reason.FALSE_WILL, 2);
        datagram(new byte[LastWillCodec.DATAGRAM_MAX + 1]);
        counted(Reason.FALSE_WILL, 3);
        datagram(newer);
        counted(Reason.OTHER_VERSION, 1);
        datagram(unsigned);
        counted(Reason.OTHER_CLUSTER, 1);
    }

    @Test
    void a_flood_is_counted_to_the_last_and_told_once() throws Exception {
        try (Socket socket = welcomed()) {
            for (int i = 0; i < 2000; i++) {
                send(socket, CONTROL, new byte[] {(byte) i});
            }
            counted(Reason.MALFORMED, 2000);
        }
        assertThat(lines.warnings())
                .filteredOn(line -> line.contains("MALFORMED"))
                .hasSize(1);
    }

    private void refused(byte[] greeting, Reason reason) throws Exception {
        long before = node.refusals().of(reason);
        try (Socket socket = connect()) {
            socket.getOutputStream().write(greeting);
            assertThat(socket.getInputStream().read()).as("told why").isPositive();
            counted(reason, before + 1);
        }
    }

    private void counted(Reason reason, long count) throws InterruptedException {
        ThreeNodesOnLoopback.await(() -> node.refusals().of(reason) >= count);
        Refusals refusals = node.refusals();
        assertThat(refusals.of(reason)).isEqualTo(count);
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), cluster.port("serv1"));
        socket.setSoTimeout(20_000);
        return socket;
    }

    /** As serv2, which is not there. */
    private Socket welcomed() throws IOException {
        Socket socket = connect();
        socket.getOutputStream().write(greeting(1, "test", "serv2", "serv1"));
        assertThat(socket.getInputStream().readNBytes(17)[0]).as("welcome").isZero();
        return socket;
    }

    private static byte[] greeting(int version, String cluster, String from, String to) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(GREETING);
        out.writeByte(version);
        for (String text : List.of(cluster, from, to)) {
            out.writeByte(text.length());
            out.writeBytes(text);
        }
        out.writeLong(1);
        out.writeLong(2);
        return bytes.toByteArray();
    }

    private static byte[] frame(String cluster, NodeId sender, long sequence) {
        return MessageCodec.encode(cluster, sender, sequence, new Message.MoveRefused(1, "files", "no"));
    }

    private static void send(Socket socket, byte kind, byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(content.length + 1);
        out.writeByte(kind);
        out.write(content);
        socket.getOutputStream().write(bytes.toByteArray());
    }

    private void datagram(byte[] bytes) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(
                    new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), cluster.port("serv1")));
        }
    }
}
