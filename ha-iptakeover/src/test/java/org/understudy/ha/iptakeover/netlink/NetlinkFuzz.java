package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/** What the kernel answers. Attributes nobody knows are passed over, so what is read need not be all that is there. */
public final class NetlinkFuzz {
    /** A refusal with the kernel's own words, as captured. */
    private static final String ACK = "480000000200000309000000a7c111fcefffffff5400000014000506090000000000"
            + "000023000100697076343a204164647265737320616c72656164792061737369676e65640000";

    private static final List<Consumer<NetlinkMessage>> READERS = List.of(
            NetlinkAck::decode,
            message -> {
                AddressMessage address = AddressMessage.decode(message.payload());
                address.local();
                address.priority();
                address.proto();
                address.label();
            },
            message -> {
                LinkMessage link = LinkMessage.decode(message.payload());
                link.name();
                link.mac();
                link.hasCarrier();
                link.forwardsV6();
            },
            message -> {
                RouteMessage route = RouteMessage.decode(message.payload());
                route.isOnLink(3);
                route.destination();
            },
            NfTables::decodeTable,
            NfTables::decodeKeys);

    private NetlinkFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(
                AddressMessage.floating(3, new Ipv4Address(0xc0000232), 213, 7, AddressMessage.FOREVER)
                        .toMessage(20, 5)
                        .encode(),
                AddressMessage.renewal(3, new Ipv6Address(0x20010db8L << 32, 0x50), 213, 7, 3)
                        .toMessage(20, 0x105)
                        .encode(),
                RouteMessage.dumpRequest(AddressMessage.FAMILY_IPV6, 3).encode(),
                HexFormat.of().parseHex(ACK),
                NfTables.newTable(NfTables.FAMILY_NETDEV, "understudy-192.0.2.50", 6, "understudy tag 1")
                        .encode(),
                NfTables.newElements(NfTables.FAMILY_NETDEV, "t", "held6", List.of(new byte[16], new byte[16]))
                        .get(0)
                        .encode(),
                NfTables.newElement(NfTables.FAMILY_NETDEV, "t", "open", new byte[4], 329)
                        .encode());
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        List<NetlinkMessage> messages;
        try {
            messages = NetlinkMessage.decodeAll(bytes, bytes.length);
        } catch (MalformedMessageException refused) {
            assertThat(refused.offset()).isBetween(0, bytes.length);
            return;
        }
        byte[] again = NetlinkMessage.encodeAll(messages);
        assertThat(NetlinkMessage.decodeAll(again, again.length)).isEqualTo(messages);
        for (NetlinkMessage message : messages) {
            for (Consumer<NetlinkMessage> reader : READERS) {
                try {
                    reader.accept(message);
                } catch (MalformedMessageException refused) {
                    assertThat(refused.offset()).isNotNegative();
                }
            }
        }
    }
}
