package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/** What another node says about its connections. What is taken is canonical: written again it is the same. */
public final class ConnectionsFuzz {

    private ConnectionsFuzz() {}

    public static List<byte[]> seeds() {
        Connections some = Connections.NONE.next(List.of(
                connection("192.0.2.50", 80, "198.51.100.7", 50123),
                connection("192.0.2.50", 80, "198.51.100.7", 50124),
                connection("192.0.2.50", 443, "198.51.100.8", 50123),
                connection("2001:db8::50", 443, "2001:db8:1::7", 50123)));
        Connections fewer = Connections.NONE.next(some.list().subList(1, 3));
        return List.of(
                some.encode(),
                Connections.NONE.encode(),
                some.changesTo(fewer).encode(),
                fewer.changesTo(some).encode());
    }

    private static TcpConnection connection(String local, int localPort, String remote, int remotePort) {
        return new TcpConnection(
                IpAddress.parse(local).orElseThrow(),
                localPort,
                IpAddress.parse(remote).orElseThrow(),
                remotePort);
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        try {
            Connections all = Connections.decode(bytes);
            assertThat(all.encode()).isEqualTo(bytes);
            assertThat(all.list().size()).isLessThanOrEqualTo(Connections.MAX);
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isBetween(0, bytes.length);
        }
        try {
            Connections.Changes changes = Connections.Changes.decode(bytes);
            assertThat(changes.encode()).isEqualTo(bytes);
            Connections.NONE.apply(changes);
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isBetween(0, bytes.length);
        }
    }
}
