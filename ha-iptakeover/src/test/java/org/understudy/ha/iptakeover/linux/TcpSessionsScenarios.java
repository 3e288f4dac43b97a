package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.understudy.ha.iptakeover.core.Connections;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.lab.TcpClient;
import org.understudy.ha.iptakeover.lab.TcpPeer;
import org.understudy.ha.iptakeover.netlink.SockDiagMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/** What happens in the namespaces; each method is one scenario, run by {@link TcpSessionsNetnsIT} in a JVM of its own. */
final class TcpSessionsScenarios implements AutoCloseable {
    private static final String V4 = "192.0.2.50";
    private static final String V6 = "2001:db8::50";
    private static final String RESET = "Connection reset";
    private static final int PORT = 7777;

    private final Segment segment = new Segment();

    private TcpSessionsScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (TcpSessionsScenarios scenarios = new TcpSessionsScenarios()) {
            TcpSessionsScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            System.exit(1);
        }
    }

    @Override
    public void close() {
        segment.close();
    }

    void planned_release_resets_ipv4_clients_and_frees_the_server() {
        release(V4, V4);
    }

    void planned_release_resets_ipv6_clients_and_frees_the_server() {
        release(V6, V6);
    }

    void planned_release_resets_ipv4_clients_of_a_dual_stack_listener() {
        release(V4, "::");
    }

    void planned_release_resets_ipv6_clients_of_a_dual_stack_listener() {
        release(V6, "::");
    }

    private void release(String vip, String listen) {
        LabHost a = host(2);
        hold(a, vip);
        LabJvm peer = a.jvm(TcpPeer.command());
        assertThat(peer.ask("listen " + listen + " " + PORT)).isEqualTo("ok");
        try (TcpClient idle = TcpClient.to(vip, PORT);
                TcpClient second = TcpClient.to(vip, PORT)) {
            String own = clientAddress(vip);
            assertThat(peer.ask("established " + vip))
                    .contains(connection(vip, own, idle))
                    .contains(connection(vip, own, second));
            long start = System.nanoTime();
            assertThat(peer.ask("destroy " + vip)).isEqualTo("2");
            assertThat(idle.next(5_000)).isEqualTo(RESET);
            System.out.println(listen + ": reset " + micros(start) + " us after the order");
            drop(a, vip);
            assertThat(second.next(5_000)).isEqualTo(RESET);
            until("both threads of the server are free", () -> peer.ask("ends").matches(".*abort.*,.*abort.*"));
            assertThat(peer.ask("established " + vip)).isEqualTo("[]");
            assertThat(peer.ask("destroy " + vip)).isEqualTo("0");
        }
    }

    void without_destroy_a_client_of_a_deleted_address_hangs() {
        LabHost a = host(2);
        hold(a, V4);
        LabJvm peer = a.jvm(TcpPeer.command());
        peer.ask("listen :: " + PORT);
        try (TcpClient client = TcpClient.to(V4, PORT)) {
            drop(a, V4);
            assertThat(client.next(1_000)).isEqualTo("nothing");
            // Now only the local half can be freed.
            assertThat(peer.ask("destroy " + V4)).isEqualTo("1");
            until("the server is free", () -> peer.ask("ends").contains("abort"));
            assertThat(client.next(500)).isEqualTo("nothing");
        }
    }

    void listeners_and_other_addresses_are_left_alone() {
        LabHost a = host(2);
        hold(a, V4);
        LabJvm peer = a.jvm(TcpPeer.command());
        peer.ask("listen :: " + PORT);
        peer.ask("listen " + V4 + " 7778");
        try (TcpClient other = TcpClient.to("192.0.2.2", PORT);
                TcpClient first = TcpClient.to(V4, PORT);
                TcpClient second = TcpClient.to(V4, 7778)) {
            second.finish();
            until("the server has read the end", () -> peer.ask("ends").contains("end"));
            assertThat(peer.ask("destroy " + V4)).isIn("1", "2");
            assertThat(first.next(5_000)).isEqualTo(RESET);
            assertThat(other.next(200)).isEqualTo("nothing");
            TcpClient.to(V4, PORT).close();
            TcpClient.to(V4, 7778).close();
            assertThat(peer.ask("established 192.0.2.2")).contains(":" + other.port());
        }
    }

    void several_addresses_of_both_versions_go_at_once() {
        LabHost a = host(2);
        hold(a, V4);
        hold(a, V6);
        LabJvm peer = a.jvm(TcpPeer.command());
        peer.ask("listen :: " + PORT);
        try (TcpClient first = TcpClient.to(V4, PORT);
                TcpClient second = TcpClient.to(V6, PORT)) {
            assertThat(peer.ask("established " + V6 + " " + V4))
                    .isEqualTo("[" + connection(V4, "192.0.2.1", first) + ", " + connection(V6, "2001:db8::1", second)
                            + "]");
            assertThat(peer.ask("destroy " + V6 + " " + V4)).isEqualTo("2");
            assertThat(first.next(5_000)).isEqualTo(RESET);
            assertThat(second.next(5_000)).isEqualTo(RESET);
        }
    }

    void a_connection_that_is_gone_is_fine_and_its_listener_survives() throws IOException {
        IpAddress local = IpAddress.parse("127.0.0.1").orElseThrow();
        try (ServerSocket server = new ServerSocket(PORT, 5, InetAddress.getByName("127.0.0.1"));
                Socket client = new Socket("127.0.0.1", PORT);
                Socket accepted = server.accept();
                NetlinkSocket diag = NetlinkSocket.open(4)) {
            SockDiagMessage old =
                    LinuxTcpSessions.dump(diag, List.of(local), SockDiagMessage.mask(SockDiagMessage.ESTABLISHED))
                            .stream()
                            .filter(m -> m.localPort() == PORT)
                            .findFirst()
                            .orElseThrow();
            assertThat(LinuxTcpSessions.destroy(diag, old)).isTrue();
            assertThatThrownBy(() -> accepted.getInputStream().read()).hasMessageContaining("abort");
            assertThatThrownBy(() -> client.getInputStream().read()).hasMessageContaining("reset");
            // The kernel would now take the listener for it, were it not for the cookie.
            assertThat(LinuxTcpSessions.destroy(diag, old)).isFalse();
            new Socket("127.0.0.1", PORT).close();
            server.accept().close();
        }
    }

    void takeover_of_ipv4_with_tickle_resets_an_idle_client() {
        takeover(V4, V4);
    }

    void takeover_of_ipv6_with_tickle_resets_an_idle_client() {
        takeover(V6, V6);
    }

    void takeover_with_dual_stack_listeners_resets_an_idle_ipv4_client() {
        takeover(V4, "::");
    }

    void takeover_with_dual_stack_listeners_resets_an_idle_ipv6_client() {
        takeover(V6, "::");
    }

    private void takeover(String vip, String listen) {
        LabHost a = host(2);
        LabHost b = host(3);
        hold(a, vip);
        LabJvm owner = a.jvm(TcpPeer.command());
        LabJvm heir = b.jvm(TcpPeer.command());
        assertThat(heir.ask("try-out")).isEqualTo("destroy: ; tickle: ");
        assertThat(owner.ask("listen " + listen + " " + PORT)).isEqualTo("ok");
        try (TcpClient idle = TcpClient.to(vip, PORT);
                TcpClient waiting = TcpClient.to(vip, PORT)) {
            String replicated = owner.ask("connections " + vip);
            // Nothing in the name of an address that is not here.
            assertThat(heir.ask("tickle " + replicated)).isEqualTo("0 of 2");
            Segment.run("ip", "link", "set", a.port(), "down");
            hold(b, vip);
            assertThat(heir.ask("listen " + listen + " " + PORT)).isEqualTo("ok");
            Segment.run("ip", "neigh", "replace", vip, "lladdr", b.mac(), "dev", "br0", "nud", "reachable");
            // The address has moved for everybody else, and the old clients know nothing.
            TcpClient.to(vip, PORT).close();
            assertThat(idle.next(1_000)).isEqualTo("nothing");
            assertThat(new LinuxTcpSessions().established(List.of(ip(clientAddress(vip)))))
                    .extracting(TcpConnection::localPort)
                    .contains(idle.port(), waiting.port());
            try (TcpClient living = TcpClient.to(vip, PORT)) {
                String alive = heir.ask("connections " + vip);
                long start = System.nanoTime();
                assertThat(heir.ask("tickle " + replicated)).isEqualTo("2 of 2");
                assertThat(idle.next(5_000)).isEqualTo(RESET);
                System.out.println(listen + ": reset " + micros(start) + " us after the order to tickle");
                assertThat(waiting.next(5_000)).isEqualTo(RESET);
                // Who lives here is tickled in vain.
                assertThat(heir.ask("tickle " + alive)).isEqualTo("1 of 1");
                assertThat(living.next(500)).isEqualTo("nothing");
            }
        }
    }

    void a_shut_gate_holds_tickles_back_and_an_open_one_lets_them_and_the_reset_through() {
        LabHost a = host(2);
        LabHost b = host(3);
        hold(a, V4);
        LabJvm owner = a.jvm(TcpPeer.command());
        LabJvm heir = b.jvm(TcpPeer.command());
        owner.ask("listen :: " + PORT);
        try (TcpClient client = TcpClient.to(V4, PORT)) {
            String replicated = owner.ask("connections " + V4);
            Segment.run("ip", "link", "set", a.port(), "down");
            assertThat(heir.ask("gate " + V4)).isEqualTo("shut");
            hold(b, V4);
            Segment.run("ip", "neigh", "replace", V4, "lladdr", b.mac(), "dev", "br0", "nud", "reachable");
            heir.ask("tickle " + replicated);
            assertThat(client.next(500)).isEqualTo("nothing");
            assertThat(heir.ask("open-gate")).isEqualTo("open");
            assertThat(heir.ask("tickle " + replicated)).isEqualTo("1 of 1");
            assertThat(client.next(5_000)).isEqualTo(RESET);
        }
    }

    void tickles_that_find_no_route_or_a_broadcast_address_are_counted_and_leave_the_rest_alone() {
        LabHost b = host(3);
        hold(b, V4);
        LabJvm heir = b.jvm(TcpPeer.command());
        List<TcpConnection> some = new ArrayList<>();
        for (String remote : List.of("198.51.100.7", "192.0.2.255", "192.0.2.1")) {
            some.add(new TcpConnection(ip(V4), PORT, ip(remote), 40_000));
        }
        some.add(new TcpConnection(ip("fe80::1"), PORT, ip("fe80::2"), 40_000));
        String hex = HexFormat.of().formatHex(Connections.NONE.next(some).encode());
        assertThat(heir.ask("tickle " + hex)).isEqualTo("1 of 4");
        String before = heir.ask("fds");
        for (int i = 0; i < 5; i++) {
            assertThat(heir.ask("tickle " + hex)).isEqualTo("1 of 4");
        }
        assertThat(heir.ask("fds")).isEqualTo(before);
    }

    void a_missing_capability_is_named() {
        LabHost a = host(2);
        hold(a, V4);
        LabJvm noAdmin = a.jvm(TcpPeer.command("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"));
        LabJvm noRaw = a.jvm(TcpPeer.command("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw"));
        noAdmin.ask("listen :: " + PORT);
        assertThat(noAdmin.ask("try-out"))
                .startsWith("destroy: This process needs CAP_NET_ADMIN")
                .contains("SOCK_DESTROY")
                .contains("EPERM")
                .endsWith("tickle: ");
        assertThat(noRaw.ask("try-out"))
                .startsWith("destroy: ; tickle: a raw socket was refused: EPERM")
                .contains("CAP_NET_RAW")
                .contains("AmbientCapabilities");
        try (TcpClient client = TcpClient.to(V4, PORT)) {
            String known = noAdmin.ask("connections " + V4);
            assertThat(noAdmin.ask("established " + V4)).contains(":" + client.port());
            assertThat(noAdmin.ask("destroy " + V4)).startsWith("failed").contains("CAP_NET_ADMIN");
            assertThat(noRaw.ask("tickle " + known)).startsWith("failed").contains("CAP_NET_RAW");
            assertThat(client.next(200)).isEqualTo("nothing");
        }
        assertThat(a.inside("ss", "-Htl")).contains(":" + PORT).hasLineCount(1);
    }

    void trying_out_works_without_loopback_and_leaves_nothing() {
        LabHost a = host(2);
        a.inside("ip", "link", "set", "lo", "down");
        LabJvm peer = a.jvm(TcpPeer.command());
        assertThat(peer.ask("try-out")).isEqualTo("destroy: ; tickle: ");
        String before = peer.ask("fds");
        for (int i = 0; i < 20; i++) {
            assertThat(peer.ask("try-out")).isEqualTo("destroy: ; tickle: ");
            assertThat(peer.ask("established " + V4)).isEqualTo("[]");
            assertThat(peer.ask("destroy " + V4)).isEqualTo("0");
        }
        assertThat(peer.ask("fds")).isEqualTo(before);
        assertThat(a.inside("ss", "-Hta")).isEmpty();
    }

    void five_hundred_connections_go_together() {
        LabHost a = host(2);
        hold(a, V4);
        LabJvm peer = a.jvm(TcpPeer.command());
        peer.ask("listen :: " + PORT);
        List<TcpClient> clients = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            clients.add(TcpClient.to(V4, PORT));
        }
        String bytes = peer.ask("connections " + V4);
        System.out.println("500 connections in " + bytes.length() / 2 + " bytes");
        assertThat(Connections.decode(HexFormat.of().parseHex(bytes)).list()).hasSize(500);
        Collections.reverse(clients);
        long start = System.nanoTime();
        assertThat(peer.ask("destroy " + V4)).isEqualTo("500");
        for (TcpClient client : clients) {
            assertThat(client.next(5_000)).isEqualTo(RESET);
            client.close();
        }
        System.out.println("500 clients reset " + micros(start) + " us after the order");
    }

    private LabHost host(int n) {
        return segment.host(n);
    }

    private static void hold(LabHost host, String vip) {
        host.inside("ip", "addr", "add", vip + prefix(vip), "dev", "lan0", "nodad");
    }

    private static void drop(LabHost host, String vip) {
        host.inside("ip", "addr", "del", vip + prefix(vip), "dev", "lan0");
    }

    private static String prefix(String address) {
        return address.contains(":") ? "/128" : "/32";
    }

    private static String clientAddress(String vip) {
        return vip.contains(":") ? "2001:db8::1" : "192.0.2.1";
    }

    private static String connection(String vip, String own, TcpClient client) {
        return new TcpConnection(ip(vip), PORT, ip(own), client.port()).toString();
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static long micros(long startNanos) {
        return (System.nanoTime() - startNanos) / 1000;
    }

    private static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 10_000_000_000L) {
                throw new AssertionError("not within 10 s: " + what);
            }
        }
    }
}
