package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.refusal.RefusalCounts;
import org.understudy.ha.membership.security.TestCertificates;

@Timeout(60)
@Isolated
class JGroupsChannelTest {

    @Test
    void it_listens_on_its_own_port_and_nowhere_else_and_leaves_nothing_behind() throws IOException {
        TestCluster cluster = TestCluster.secure("a", "b");
        Set<String> before = OwnSockets.reachable();
        Set<String> socketsBefore = OwnSockets.inodes();

        JGroupsChannel a = cluster.channel("a");
        JGroupsChannel b = cluster.channel("b");
        Wiretap atA = new Wiretap();
        a.start(atA);
        b.start(new Wiretap());
        atA.awaitView("a", "b");
        Set<String> opened = new TreeSet<>(OwnSockets.reachable());
        opened.removeAll(before);
        b.close();
        a.close();

        assertThat(opened)
                .containsExactlyInAnyOrder(
                        "tcp:" + cluster.address("a").getPort(),
                        "tcp:" + cluster.address("b").getPort());
        // Of another test something may have ended meanwhile.
        assertThat(before).containsAll(OwnSockets.reachable());
        assertThat(socketsBefore).containsAll(OwnSockets.inodes());
        assertThat(threadsOf("a")).isEmpty();
        assertThat(threadsOf("b")).isEmpty();
    }

    @Test
    void every_thread_is_a_daemon_that_says_whose_it_is() {
        TestCluster cluster = TestCluster.secure("a", "b");
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        try (JGroupsChannel a = cluster.channel("a");
                JGroupsChannel b = cluster.channel("b")) {
            Wiretap atA = new Wiretap();
            a.start(atA);
            b.start(new Wiretap());
            atA.awaitView("a", "b");

            assertThat(Thread.getAllStackTraces().keySet())
                    .filteredOn(thread -> !before.contains(thread) && thread.isAlive())
                    .allSatisfy(thread -> {
                        assertThat(thread.getName()).matches("ha-[ab]-.*");
                        assertThat(thread.isDaemon()).isTrue();
                    });
        }
    }

    @Test
    void a_port_in_use_is_refused_with_the_remedy_and_nothing_stays_open() throws IOException {
        TestCluster cluster = TestCluster.secure("a", "b");
        try (ServerSocket taken = new ServerSocket()) {
            taken.bind(cluster.address("a"));
            Set<String> before = OwnSockets.reachable();
            JGroupsChannel a = cluster.channel("a");

            assertThatThrownBy(() -> a.start(new Wiretap()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining(String.valueOf(taken.getLocalPort()))
                    .hasMessageContaining("ss -ltnp");
            assertThat(before).containsAll(OwnSockets.reachable());
            assertThat(threadsOf("a")).isEmpty();
        }
    }

    @Test
    void an_address_of_another_host_is_refused() {
        TestCluster cluster = TestCluster.secure("a", "b").where("a", new InetSocketAddress("192.0.2.1", 7800));
        JGroupsChannel a = cluster.channel("a");

        assertThatThrownBy(() -> a.start(new Wiretap()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("is not an address of this host");
        assertThat(threadsOf("a")).isEmpty();
    }

    @Test
    void a_second_live_process_with_the_same_node_name_is_refused_and_the_first_goes_on() {
        TestCluster cluster = TestCluster.secure("a", "b");
        TestCluster double_ = cluster.where("a", TestCluster.secure("a").address("a"));
        try (JGroupsChannel a = cluster.channel("a");
                JGroupsChannel b = cluster.channel("b");
                JGroupsChannel second = double_.channel("a")) {
            Wiretap atA = new Wiretap();
            Wiretap atB = new Wiretap();
            a.start(atA);
            b.start(atB);
            atA.awaitView("a", "b");

            assertThatThrownBy(() -> second.start(new Wiretap()))
                    .isInstanceOf(LifecycleException.class)
                    .hasMessageContaining("node name a is used by another live process, says node b");

            a.send(NodeId.of("b"), "still here".getBytes());
            atB.awaitFrame("a:still here");
            assertThat(atA.view()).hasSize(2);
            assertThat(threadsOf("a")).isNotEmpty();
        }
    }

    @Test
    void settings_name_all_mistakes_at_once() {
        InetSocketAddress one = new InetSocketAddress("127.0.0.1", 7800);
        InetSocketAddress two = new InetSocketAddress("127.0.0.1", 7801);
        assertThatThrownBy(() -> new ChannelSettings(
                        "No Name",
                        NodeId.of("a"),
                        Map.of(
                                NodeId.of("b"), List.of(one, two),
                                NodeId.of("c"), List.of(new InetSocketAddress("0.0.0.0", 1)),
                                NodeId.of("d"), List.of(new InetSocketAddress("127.0.0.1", 0))),
                        new LinkSecurity.MutualTls(TestCertificates.demo("b")),
                        Thread::new))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("7 settings cannot work")
                .hasMessageContaining("redundant links are not supported by this version")
                .hasMessageContaining("is not the address of one node")
                .hasMessageContaining("has no port")
                .hasMessageContaining("is not among the nodes")
                .hasMessageContaining("belong to another node")
                .hasMessageContaining("belong to another cluster");
    }

    @Test
    void a_frame_that_is_too_large_is_counted_and_logged_once() {
        try (LogLines lines = new LogLines();
                JGroupsChannel a = TestCluster.insecure("a", "b").channel("a")) {
            a.send(NodeId.of("b"), new byte[JGroupsChannel.FRAME_MAX + 1]);
            a.send(NodeId.of("b"), new byte[JGroupsChannel.FRAME_MAX + 1]);

            assertThat(a.counters().framesRefused()).isEqualTo(2);
            assertThat(lines.warnings()).singleElement().asString().contains((JGroupsChannel.FRAME_MAX + 1) + " bytes");
        }
    }

    @Test
    void a_thread_that_cannot_be_made_costs_one_connection_and_not_the_acceptor() throws IOException {
        TestCluster cluster = TestCluster.secure("a", "b");
        AtomicInteger knocks = new AtomicInteger();
        ChannelSettings good = cluster.settings("a");
        ChannelSettings short_ =
                new ChannelSettings(good.cluster(), good.self(), good.nodes(), good.security(), task -> {
                    int knock = task instanceof IncomingLink ? knocks.incrementAndGet() : 0;
                    if (knock == 1) {
                        throw new OutOfMemoryError("unable to create native thread");
                    }
                    return knock == 2 ? null : new Thread(task);
                });
        Set<String> socketsBefore = OwnSockets.inodes();
        try (LogLines lines = new LogLines();
                JGroupsChannel a = new JGroupsChannel(short_, new RefusalCounts());
                JGroupsChannel b = cluster.channel("b")) {
            Wiretap atA = new Wiretap();
            a.start(atA);
            b.start(new Wiretap());
            atA.awaitView("a", "b");

            assertThat(knocks).hasValueGreaterThan(2);
            assertThat(a.counters().connectionsRefused()).isGreaterThanOrEqualTo(2);
            assertThat(lines.warnings())
                    .singleElement()
                    .asString()
                    .contains("no thread could be made for it", "unable to create native thread");
        }
        assertThat(socketsBefore).containsAll(OwnSockets.inodes());
    }

    private static List<String> threadsOf(String node) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("ha-" + node + "-"))
                .toList();
    }
}
