package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.jgroups.Wire.Answer;

/** One bad peer never delays another. */
@Timeout(60)
class SlowPeersTest {
    private static final int FRAMES = 300;

    @Test
    void a_peer_that_welcomes_and_never_reads_a_peer_that_hangs_in_the_handshake_and_an_unroutable_one_delay_nobody()
            throws IOException {
        TestCluster cluster = TestCluster.insecure("a", "b", "full", "mute", "void");
        List<Socket> stuffing = new ArrayList<>();
        try (ServerSocket full = new ServerSocket();
                ServerSocket mute = new ServerSocket();
                ServerSocket nowhere = new ServerSocket();
                JGroupsChannel a = cluster.channel("a");
                JGroupsChannel b = cluster.channel("b")) {
            full.setReceiveBufferSize(4096);
            full.bind(cluster.address("full"));
            mute.bind(cluster.address("mute"), 50);
            // A full backlog swallows SYNs, which is what a dead route looks like to connect(2).
            nowhere.bind(cluster.address("void"), 1);
            for (int i = 0; i < 3; i++) {
                Socket socket = new Socket();
                stuffing.add(socket);
                try {
                    socket.connect(cluster.address("void"), 50);
                } catch (IOException backlogIsFull) {
                    break;
                }
            }
            Thread welcoming = new Thread(() -> welcomeAndNeverRead(full, stuffing), "test-welcoming");
            welcoming.setDaemon(true);
            welcoming.start();

            Wiretap atA = new Wiretap();
            Wiretap atB = new Wiretap();
            a.start(atA);
            b.start(atB);
            atA.awaitView("a", "b");
            byte[] large = new byte[1 << 20];
            long slowest = 0;
            for (int i = 0; i < FRAMES; i++) {
                long began = System.nanoTime();
                a.send(NodeId.of("full"), large);
                a.send(NodeId.of("mute"), large);
                a.send(NodeId.of("void"), large);
                String text = "number " + i;
                a.send(NodeId.of("b"), text.getBytes());
                atB.awaitFrame("a:" + text);
                slowest = Math.max(slowest, System.nanoTime() - began);
            }
            System.out.printf(
                    "slow peers: slowest of %d frames beside three bad peers %.1f ms%n", FRAMES, slowest / 1e6);

            assertThat(atA.view()).as("the healthy two still see each other").hasSize(2);
            assertThat(atB.view()).hasSize(2);
            assertThat(a.counters().framesDropped())
                    .as("the full, the mute and the void drop")
                    .isPositive();
        } finally {
            for (Socket socket : List.copyOf(stuffing)) {
                socket.close();
            }
        }
    }

    private static void welcomeAndNeverRead(ServerSocket server, List<Socket> open) {
        try {
            while (true) {
                Socket socket = server.accept();
                synchronized (open) {
                    open.add(socket);
                }
                Wire.readGreeting(new DataInputStream(socket.getInputStream()));
                Wire.write(
                        new DataOutputStream(socket.getOutputStream()),
                        new Answer(Wire.Verdict.WELCOME, UUID.randomUUID()));
            }
        } catch (IOException closed) {
            // the test is over
        }
    }
}
