package org.understudy.ha.iptakeover.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.Ipv4Address;

@Tag("property")
class NetlinkProperties {
    private static final byte[] ADDRESS = AddressMessage.floating(
                    3, new Ipv4Address(0xc0000232), 213, 7, AddressMessage.FOREVER)
            .toMessage(20, 5)
            .encode();
    private static final byte[] ACK = HexFormat.of()
            .parseHex("480000000200000309000000a7c111fcefffffff5400000014000506090000000000"
                    + "000023000100697076343a204164647265737320616c72656164792061737369676e65640000");
    private static final byte[] TABLE = NfTables.newTable(
                    NfTables.FAMILY_NETDEV, "understudy-192.0.2.50", 6, "understudy tag 1")
            .encode();
    private static final byte[] ELEMENT = NfTables.newElement(NfTables.FAMILY_NETDEV, "t", "open", new byte[4], 329)
            .encode();

    @Property
    void messages_come_back(
            @ForAll @IntRange(max = 0xffff) int type,
            @ForAll @IntRange(max = 0xffff) int flags,
            @ForAll int sequence,
            @ForAll @Size(max = 5) List<@Size(max = 40) byte[]> payloads) {
        List<NetlinkMessage> messages = payloads.stream()
                .map(p -> new NetlinkMessage(type, flags, sequence, 0, p))
                .toList();
        byte[] bytes = NetlinkMessage.encodeAll(messages);
        assertThat(bytes.length % 4).isZero();
        assertThat(NetlinkMessage.decodeAll(bytes, bytes.length)).isEqualTo(messages);
    }

    @Property
    void attributes_come_back(
            @ForAll @IntRange(max = 0x3fff) int type,
            @ForAll boolean nested,
            @ForAll @Size(max = 5) List<@Size(max = 40) byte[]> values) {
        List<NetlinkAttribute> attributes =
                values.stream().map(v -> new NetlinkAttribute(type, nested, v)).toList();
        assertThat(NetlinkAttribute.decodeAll(NetlinkAttribute.encodeAll(attributes), 0))
                .isEqualTo(attributes);
    }

    @Property
    void truncated_or_changed_bytes_are_read_or_refused(
            @ForAll @IntRange(max = 3) int which,
            @ForAll @IntRange(max = 200) int length,
            @ForAll @IntRange(max = 199) int at,
            @ForAll byte value) {
        byte[] original = List.of(ADDRESS, ACK, TABLE, ELEMENT).get(which);
        byte[] bytes = Arrays.copyOf(original, Math.min(length, original.length));
        if (at < bytes.length) {
            bytes[at] = value;
        }
        readOrRefuse(bytes);
    }

    @Property
    void any_bytes_are_read_or_refused(@ForAll @Size(max = 120) byte[] bytes) {
        readOrRefuse(bytes);
    }

    private static void readOrRefuse(byte[] bytes) {
        try {
            for (NetlinkMessage m : NetlinkMessage.decodeAll(bytes, bytes.length)) {
                for (Runnable read : List.<Runnable>of(
                        () -> NetlinkAck.decode(m),
                        () -> {
                            AddressMessage a = AddressMessage.decode(m.payload());
                            a.local();
                            a.priority();
                            a.proto();
                            a.label();
                        },
                        () -> {
                            LinkMessage l = LinkMessage.decode(m.payload());
                            l.mac();
                            l.hasCarrier();
                        },
                        () -> NfTables.decodeTable(m),
                        () -> NfTables.decodeKeys(m))) {
                    refusing(read);
                }
            }
        } catch (MalformedMessageException e) {
            assertThat(e.offset()).isNotNegative();
        }
    }

    private static void refusing(Runnable read) {
        try {
            read.run();
        } catch (MalformedMessageException e) {
            assertThat(e.offset()).isNotNegative();
        }
    }
}
