package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.TcpConnection;

class ConnectionsTest {
    private static final String BYTES = "01" + "01" + "00000000" + "0002" //
            + "04" + "c0000232" + "01bb" + "0002" + "c6336407" + "c3cb" + "c6336408" + "0001" //
            + "10" + "20010db8000000000000000000000050" + "01bb" + "0001" + "20010db8000100000000000000000007" + "c3cb";

    @Test
    void the_bytes_are_as_drawn() {
        Connections some = Connections.NONE.next(List.of(
                connection("2001:db8::50", 443, "2001:db8:1::7", 50123),
                connection("192.0.2.50", 443, "198.51.100.8", 1),
                connection("192.0.2.50", 443, "198.51.100.7", 50123),
                connection("192.0.2.50", 443, "198.51.100.8", 1)));
        assertThat(HexFormat.of().formatHex(some.encode())).isEqualTo(BYTES);
        assertThat(Connections.decode(HexFormat.of().parseHex(BYTES))).isEqualTo(some);
        assertThat(some).hasToString("3 connections");
    }

    @Test
    void none_are_eight_bytes() {
        assertThat(HexFormat.of().formatHex(Connections.NONE.encode())).isEqualTo("0101000000000000");
        assertThat(Connections.decode(Connections.NONE.encode())).isEqualTo(Connections.NONE);
    }

    @Test
    void beyond_the_bound_the_known_ones_stay_and_the_rest_is_counted() {
        List<TcpConnection> first = clients(1000, Connections.MAX);
        Connections full = Connections.NONE.next(first);
        assertThat(full.dropped()).isZero();
        List<TcpConnection> more = clients(0, 3000 + Connections.MAX);
        Collections.reverse(more);
        Connections next = full.next(more);
        assertThat(next.list()).isEqualTo(first);
        assertThat(next.dropped()).isEqualTo(3000);
        assertThat(next.next(more)).isEqualTo(next);
        assertThat(Connections.decode(next.encode())).isEqualTo(next);
        assertThat(full.apply(full.changesTo(next))).contains(next);
        assertThat(next).hasToString("4096 connections and 3000 dropped");

        Connections room = next.next(more.subList(3000, more.size()));
        assertThat(room.dropped()).isZero();
        assertThat(room.list()).hasSize(Connections.MAX);
        assertThat(room.list().get(0)).isEqualTo(clients(0, 1).get(0));
    }

    @Test
    void the_most_there_can_be_to_one_port_are_small() {
        assertThat(Connections.NONE.next(clients(0, Connections.MAX)).encode()).hasSizeLessThan(24 * 1024 + 32);
    }

    @Test
    void changes_for_others_do_not_fit() {
        Connections a = Connections.NONE.next(clients(0, 3));
        Connections b = Connections.NONE.next(clients(0, 4));
        Connections c = Connections.NONE.next(clients(0, 5));
        assertThat(b.apply(b.changesTo(c))).contains(c);
        assertThat(a.apply(b.changesTo(c))).isEmpty();
        assertThat(c.apply(b.changesTo(c))).isEmpty();
    }

    @Test
    void what_is_not_canonical_is_refused() {
        refused("02" + BYTES.substring(2), "version 2");
        refused("0102" + BYTES.substring(4), "kind 2");
        refused(BYTES.replaceFirst("00000000", "80000000"), "less than no");
        refused(BYTES + "00", "1 bytes behind the end");
        refused(BYTES.replace("c6336408" + "0001", "c6336407" + "c3cb"), "out of order");
        refused(BYTES.replace("c6336408" + "0001", "e0000001" + "0001"), "no such connection");
        refused(BYTES.replace("c6336408" + "0001", "c6336408" + "0000"), "no such connection");
        refused("0101000000000001" + "05" + "c0000232", "an address of 5 bytes");
        refused("0101000000000001" + "04" + "c0000232" + "01bb" + "0000", "0 connections of a local end");
        refused("0101000000000001" + "04" + "c0000232" + "01bb" + "1001", "4097 connections");
        // One local end in two groups.
        String group = "04" + "c0000232" + "01bb" + "0001" + "c6336407";
        refused("0101000000000002" + group + "c3cb" + group + "c3cc", "out of order");
    }

    private static void refused(String hex, String why) {
        assertThatThrownBy(() -> Connections.decode(HexFormat.of().parseHex(hex)))
                .isInstanceOf(MalformedMessageException.class)
                .hasMessageContaining(why);
    }

    private static List<TcpConnection> clients(int from, int count) {
        List<TcpConnection> clients = new ArrayList<>();
        for (int i = from; i < from + count; i++) {
            clients.add(connection("192.0.2.50", 443, "198.51.100." + (1 + i / 10_000), 10_000 + i % 10_000));
        }
        return clients;
    }

    private static TcpConnection connection(String local, int localPort, String remote, int remotePort) {
        return new TcpConnection(
                IpAddress.parse(local).orElseThrow(),
                localPort,
                IpAddress.parse(remote).orElseThrow(),
                remotePort);
    }
}
