package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.TcpConnection;

@Tag("property")
class ConnectionsProperties {

    /** Few different ends, so that sets overlap and groups have more than one member. */
    @Provide
    Arbitrary<List<TcpConnection>> dumps() {
        Arbitrary<Integer> host = Arbitraries.integers().between(1, 4);
        Arbitrary<Integer> port = Arbitraries.of(1, 80, 443, 40_000, 65_535);
        return Combinators.combine(Arbitraries.of(true, false), host, port, host, port)
                .as((isV6, local, localPort, remote, remotePort) ->
                        new TcpConnection(address(isV6, 0, local), localPort, address(isV6, 1, remote), remotePort))
                .list()
                .ofMaxSize(40);
    }

    private static IpAddress address(boolean isV6, int network, int host) {
        return isV6
                ? new Ipv6Address(0x2001_0db8_0000_0000L | network, (long) host << 62 | host)
                : new Ipv4Address(0xc000_0200 | network << 30 | host);
    }

    @Property
    void they_come_back_whole_and_in_one_order(@ForAll("dumps") List<TcpConnection> dump) {
        Connections all = Connections.NONE.next(dump);
        assertThat(all.list()).isSorted().containsExactlyInAnyOrderElementsOf(new LinkedHashSet<>(dump));
        assertThat(Connections.decode(all.encode())).isEqualTo(all);
        List<TcpConnection> turned = new ArrayList<>(dump);
        Collections.reverse(turned);
        assertThat(Connections.NONE.next(turned).encode()).isEqualTo(all.encode());
    }

    @Property
    void the_difference_makes_the_newer_of_the_older(
            @ForAll("dumps") List<TcpConnection> before, @ForAll("dumps") List<TcpConnection> after) {
        Connections older = Connections.NONE.next(before);
        Connections newer = older.next(after);
        Connections.Changes changes = older.changesTo(newer);
        assertThat(changes.added()).noneMatch(older.list()::contains);
        assertThat(changes.removed()).noneMatch(newer.list()::contains);
        assertThat(Connections.Changes.decode(changes.encode())).isEqualTo(changes);
        assertThat(older.apply(changes)).contains(newer);
    }

    @Property
    void every_truncation_is_refused(
            @ForAll("dumps") List<TcpConnection> before,
            @ForAll("dumps") List<TcpConnection> after,
            @ForAll @IntRange(max = 2000) int length) {
        Connections older = Connections.NONE.next(before);
        Connections newer = Connections.NONE.next(after);
        byte[] all = newer.encode();
        byte[] changes = older.changesTo(newer).encode();
        assertThatThrownBy(() -> Connections.decode(Arrays.copyOf(all, length % all.length)))
                .isInstanceOf(MalformedMessageException.class);
        assertThatThrownBy(() -> Connections.Changes.decode(Arrays.copyOf(changes, length % changes.length)))
                .isInstanceOf(MalformedMessageException.class);
    }

    @Property
    void changed_bytes_are_canonical_or_refused(
            @ForAll @IntRange(max = 100) int which, @ForAll @IntRange(max = 199) int at, @ForAll byte value) {
        List<byte[]> seeds = ConnectionsFuzz.seeds();
        byte[] bytes = seeds.get(which % seeds.size()).clone();
        bytes[at % bytes.length] = value;
        ConnectionsFuzz.fuzzerTestOneInput(bytes);
    }

    @Property
    void any_bytes_are_canonical_or_refused(@ForAll @Size(max = 80) byte[] bytes) {
        ConnectionsFuzz.fuzzerTestOneInput(bytes);
    }
}
