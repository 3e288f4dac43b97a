package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;

/**
 * The nf_tables requests of the address gate and of what mutes an interface ({@code linux/netfilter/nf_tables.h}).
 *
 * <p>Changes travel in a batch: {@link #batchBegin()}, the changes, {@link #batchEnd()}. The kernel applies all of them or none.
 * Every payload starts with {@code struct nfgenmsg}: family, version 0, resource id in network order.
 */
public final class NfTables {
    /** {@code NFT_TABLE_F_OWNER}: only the socket that made the table may change it; {@code flush ruleset} spares it. */
    public static final int TABLE_OWNER = 2;
    /** {@code NFT_TABLE_F_PERSIST}: an owned table outlives its socket (Linux 6.9 and later). */
    public static final int TABLE_PERSIST = 4;

    /** {@code NF_NETDEV_INGRESS}. */
    public static final int HOOK_INGRESS = 0;
    /** {@code NF_NETDEV_EGRESS}, Linux 5.16 and later. */
    public static final int HOOK_EGRESS = 1;

    /** {@code NF_INET_LOCAL_IN} of {@link #FAMILY_IPV4}. */
    public static final int HOOK_IPV4_IN = 1;
    /** {@code NF_INET_LOCAL_OUT} of {@link #FAMILY_IPV4}. */
    public static final int HOOK_IPV4_OUT = 3;
    /** {@code NF_INET_LOCAL_IN} of {@link #FAMILY_IPV6}. */
    public static final int HOOK_IPV6_IN = 1;
    /** {@code NF_INET_LOCAL_OUT} of {@link #FAMILY_IPV6}. */
    public static final int HOOK_IPV6_OUT = 3;
    /** {@code NF_ARP_IN} of {@link #FAMILY_ARP}. */
    public static final int HOOK_ARP_IN = 0;
    /** {@code NF_ARP_OUT} of {@link #FAMILY_ARP}: what the kernel itself sends, not packet sockets. */
    public static final int HOOK_ARP_OUT = 1;

    /** {@code NFPROTO_NETDEV}. */
    public static final int FAMILY_NETDEV = 5;
    /** {@code NFPROTO_IPV4}. */
    public static final int FAMILY_IPV4 = 2;
    /** {@code NFPROTO_IPV6}. */
    public static final int FAMILY_IPV6 = 10;
    /** {@code NFPROTO_ARP}. */
    public static final int FAMILY_ARP = 3;

    /** {@code NFT_META_IIF}, the index of the interface a packet came in by. */
    public static final int META_INDEX_IN = 4;
    /** {@code NFT_META_OIF}, the index of the interface a packet leaves by. */
    public static final int META_INDEX_OUT = 5;

    private static final int FAMILY_UNSPECIFIED = 0;
    private static final int SUBSYSTEM = 10;
    private static final int BATCH_BEGIN = 0x10;
    private static final int BATCH_END = 0x11;

    private static final int NEWTABLE = 0;
    private static final int GETTABLE = 1;
    private static final int DELTABLE = 2;
    private static final int NEWCHAIN = 3;
    private static final int DELCHAIN = 5;
    private static final int NEWRULE = 6;
    private static final int NEWSET = 9;
    private static final int NEWSETELEM = 12;
    private static final int GETSETELEM = 13;
    private static final int DELSETELEM = 14;

    private static final int TABLE_NAME = 1;
    private static final int TABLE_FLAGS = 2;
    private static final int TABLE_USERDATA = 6;
    /** {@code NFTNL_UDATA_TABLE_COMMENT} of libnftnl: what {@code nft list} shows as the comment. */
    private static final int USERDATA_COMMENT = 0;

    private static final int LIST_ELEMENT = 1;
    private static final int DATA_VALUE = 1;
    private static final int DATA_VERDICT = 2;

    private static final int SET_FLAG_CONSTANT = 2;
    private static final int SET_FLAG_TIMEOUT = 0x10;
    /** Types are only what {@code nft list} reads: "ipv4_addr", "ipv6_addr", "mark". */
    private static final int KEY_TYPE_IPV4 = 7;

    private static final int KEY_TYPE_IPV6 = 8;
    private static final int KEY_TYPE_MARK = 19;

    /** Elements in one message: its length has 16 bits, and an element of version 6 takes 28 bytes. */
    private static final int ELEMENTS_MAX = 2_000;

    private static final int REGISTER_VERDICT = 0;
    private static final int REGISTER_1 = 1;
    private static final int META_PROTOCOL = 1;
    private static final int META_TRANSPORT_PROTOCOL = 16;
    private static final int PAYLOAD_NETWORK_HEADER = 1;
    private static final int PAYLOAD_TRANSPORT_HEADER = 2;
    private static final int COMPARE_EQUAL = 0;
    private static final int COMPARE_UNEQUAL = 1;
    private static final int LOOKUP_INVERTED = 1;
    private static final int DROP = 0;

    /** {@code struct xt_bpf_info_v1}, {@code linux/netfilter/xt_bpf.h}. */
    private static final int MATCH_BPF_BYTES = 528;

    private static final int MATCH_BPF_REVISION = 1;
    /** {@code XT_BPF_MODE_FD_ELF}: the program is named by its descriptor. */
    private static final short MATCH_BPF_BY_DESCRIPTOR = 2;

    private static final int ARP_OPERATION = 6;
    private static final byte ARP_REQUEST = 1;
    private static final int IPV6_NEXT_HEADER = 6;
    private static final byte HOP_BY_HOP = 0;
    private static final byte ICMP_V6 = 58;
    /** In the ICMPv6 header of a solicitation and an advertisement (RFC 4861, 4.3). */
    private static final int NEIGHBOUR_TARGET = 8;

    private static final int NFGENMSG_BYTES = 4;

    private NfTables() {}

    public static NetlinkMessage batchBegin() {
        return batch(BATCH_BEGIN);
    }

    public static NetlinkMessage batchEnd() {
        return batch(BATCH_END);
    }

    private static NetlinkMessage batch(int type) {
        byte[] payload = ByteBuffer.allocate(NFGENMSG_BYTES)
                .put((byte) 0)
                .put((byte) 0)
                .putShort((short) SUBSYSTEM)
                .array();
        return new NetlinkMessage(type, NetlinkMessage.REQUEST, 0, 0, payload);
    }

    /**
     * {@code nft add table FAMILY NAME { comment "..." }}, refused if it exists.
     *
     * @param comment at most 200 ASCII characters
     */
    public static NetlinkMessage newTable(int family, String table, int flags, String comment) {
        return message(
                family,
                NEWTABLE,
                NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE,
                NetlinkAttribute.ofText(TABLE_NAME, table),
                NetlinkAttribute.ofNetworkInt(TABLE_FLAGS, flags),
                NetlinkAttribute.ofBytes(TABLE_USERDATA, comment(comment)));
    }

    /** {@code nft add table FAMILY NAME}: makes it if it is absent, and changes nothing if it is there. */
    public static NetlinkMessage ensureTable(int family, String table) {
        return message(family, NEWTABLE, NetlinkMessage.CREATE, NetlinkAttribute.ofText(TABLE_NAME, table));
    }

    private static byte[] comment(String text) {
        byte[] value = NetlinkAttribute.ofText(0, text).value();
        return ByteBuffer.allocate(2 + value.length)
                .put((byte) USERDATA_COMMENT)
                .put((byte) value.length)
                .put(value)
                .array();
    }

    /** {@code nft delete table FAMILY NAME} with everything in it. */
    public static NetlinkMessage deleteTable(int family, String table) {
        return message(family, DELTABLE, 0, NetlinkAttribute.ofText(TABLE_NAME, table));
    }

    /** {@code nft list tables}, of all families. */
    public static NetlinkMessage dumpTables() {
        return message(FAMILY_UNSPECIFIED, GETTABLE, NetlinkMessage.DUMP);
    }

    /** A base chain of type filter with policy accept on one interface, family {@code netdev}. */
    public static NetlinkMessage newChain(String table, String chain, int hook, int priority, String device) {
        return newChain(FAMILY_NETDEV, table, chain, hook, priority, NetlinkAttribute.ofText(3, device));
    }

    /** The same on all interfaces, in any other family. */
    public static NetlinkMessage newChain(int family, String table, String chain, int hook, int priority) {
        return newChain(family, table, chain, hook, priority, new NetlinkAttribute[0]);
    }

    private static NetlinkMessage newChain(
            int family, String table, String chain, int hook, int priority, NetlinkAttribute... device) {
        NetlinkAttribute[] where = new NetlinkAttribute[2 + device.length];
        where[0] = NetlinkAttribute.ofNetworkInt(1, hook);
        where[1] = NetlinkAttribute.ofNetworkInt(2, priority);
        System.arraycopy(device, 0, where, 2, device.length);
        return message(
                family,
                NEWCHAIN,
                NetlinkMessage.CREATE,
                NetlinkAttribute.ofText(1, table),
                NetlinkAttribute.ofText(3, chain),
                NetlinkAttribute.ofNested(4, where),
                NetlinkAttribute.ofText(7, "filter"));
    }

    /** {@code nft delete chain FAMILY TABLE CHAIN} with its rules. */
    public static NetlinkMessage deleteChain(int family, String table, String chain) {
        return message(family, DELCHAIN, 0, NetlinkAttribute.ofText(1, table), NetlinkAttribute.ofText(3, chain));
    }

    /**
     * A set of marks, four bytes each, whose elements expire.
     *
     * @param id a number unlike that of the other sets of the batch
     */
    public static NetlinkMessage newTimeoutSet(int family, String table, String set, int id) {
        return newSet(family, table, set, id, SET_FLAG_TIMEOUT, KEY_TYPE_MARK, 4);
    }

    /**
     * A set of addresses that is filled in the same batch, before the first rule that uses it, and never changed.
     *
     * @param size how many there will be
     */
    public static NetlinkMessage newAddressSet(int family, String table, String set, int id, boolean isV6, int size) {
        return newSet(
                family,
                table,
                set,
                id,
                SET_FLAG_CONSTANT,
                isV6 ? KEY_TYPE_IPV6 : KEY_TYPE_IPV4,
                isV6 ? 16 : 4,
                NetlinkAttribute.ofNested(9, NetlinkAttribute.ofNetworkInt(1, size)));
    }

    private static NetlinkMessage newSet(
            int family,
            String table,
            String set,
            int id,
            int flags,
            int keyType,
            int keyLength,
            NetlinkAttribute... description) {
        NetlinkAttribute[] all = new NetlinkAttribute[6 + description.length];
        all[0] = NetlinkAttribute.ofText(1, table);
        all[1] = NetlinkAttribute.ofText(2, set);
        all[2] = NetlinkAttribute.ofNetworkInt(3, flags);
        all[3] = NetlinkAttribute.ofNetworkInt(4, keyType);
        all[4] = NetlinkAttribute.ofNetworkInt(5, keyLength);
        all[5] = NetlinkAttribute.ofNetworkInt(10, id);
        System.arraycopy(description, 0, all, 6, description.length);
        return message(family, NEWSET, NetlinkMessage.CREATE, all);
    }

    /** {@code nft add element FAMILY TABLE SET { KEY, KEY, ... }}, in as many messages as it takes. */
    public static List<NetlinkMessage> newElements(int family, String table, String set, List<byte[]> keys) {
        List<NetlinkMessage> messages = new ArrayList<>();
        for (int from = 0; from < keys.size(); from += ELEMENTS_MAX) {
            NetlinkAttribute[] elements = keys.subList(from, Math.min(keys.size(), from + ELEMENTS_MAX)).stream()
                    .map(key -> NetlinkAttribute.ofNested(LIST_ELEMENT, key(key)))
                    .toArray(NetlinkAttribute[]::new);
            messages.add(message(
                    family,
                    NEWSETELEM,
                    NetlinkMessage.CREATE,
                    NetlinkAttribute.ofText(1, table),
                    NetlinkAttribute.ofText(2, set),
                    NetlinkAttribute.ofNested(3, elements)));
        }
        return messages;
    }

    private static NetlinkAttribute key(byte[] value) {
        return NetlinkAttribute.ofNested(1, NetlinkAttribute.ofBytes(DATA_VALUE, value));
    }

    /** {@code nft add element FAMILY TABLE SET { KEY timeout MILLIS }}; the time-out runs from the commit. */
    public static NetlinkMessage newElement(int family, String table, String set, byte[] key, long timeoutMillis) {
        return element(
                family,
                NEWSETELEM,
                NetlinkMessage.CREATE,
                table,
                set,
                key,
                NetlinkAttribute.ofNetworkLong(4, timeoutMillis));
    }

    /** {@code nft delete element FAMILY TABLE SET { KEY }}; refused with ENOENT if it is absent or has expired. */
    public static NetlinkMessage deleteElement(int family, String table, String set, byte[] key) {
        return element(family, DELSETELEM, 0, table, set, key);
    }

    private static NetlinkMessage element(
            int family, int type, int flags, String table, String set, byte[] key, NetlinkAttribute... more) {
        NetlinkAttribute[] element = new NetlinkAttribute[1 + more.length];
        element[0] = key(key);
        System.arraycopy(more, 0, element, 1, more.length);
        return message(
                family,
                type,
                flags,
                NetlinkAttribute.ofText(1, table),
                NetlinkAttribute.ofText(2, set),
                NetlinkAttribute.ofNested(3, NetlinkAttribute.ofNested(LIST_ELEMENT, element)));
    }

    /** {@code nft flush set FAMILY TABLE SET}: takes every element away; an empty set is fine. */
    public static NetlinkMessage flushSet(int family, String table, String set) {
        return message(family, DELSETELEM, 0, NetlinkAttribute.ofText(1, table), NetlinkAttribute.ofText(2, set));
    }

    /** {@code nft list set FAMILY TABLE SET}. */
    public static NetlinkMessage dumpElements(int family, String table, String set) {
        return message(
                family,
                GETSETELEM,
                NetlinkMessage.DUMP,
                NetlinkAttribute.ofText(1, table),
                NetlinkAttribute.ofText(2, set));
    }

    /** A rule that drops what meets every condition, at the end of a chain. */
    public static NetlinkMessage drop(int family, String table, String chain, Condition... conditions) {
        return rule(
                family,
                table,
                chain,
                conditions,
                expression(
                        "immediate",
                        NetlinkAttribute.ofNetworkInt(1, REGISTER_VERDICT),
                        NetlinkAttribute.ofNested(
                                2, NetlinkAttribute.ofNested(DATA_VERDICT, NetlinkAttribute.ofNetworkInt(1, DROP)))));
    }

    /** A rule that writes zeros into the network header of what meets every condition, and lets it go on; no checksum is put right. */
    public static NetlinkMessage clear(
            int family, String table, String chain, int offset, int length, Condition... conditions) {
        return rule(
                family,
                table,
                chain,
                conditions,
                immediate(new byte[length]),
                expression(
                        "payload",
                        NetlinkAttribute.ofNetworkInt(2, PAYLOAD_NETWORK_HEADER),
                        NetlinkAttribute.ofNetworkInt(3, offset),
                        NetlinkAttribute.ofNetworkInt(4, length),
                        NetlinkAttribute.ofNetworkInt(5, REGISTER_1)));
    }

    private static NetlinkMessage rule(
            int family, String table, String chain, Condition[] conditions, NetlinkAttribute... deeds) {
        List<NetlinkAttribute> expressions = new ArrayList<>();
        for (Condition condition : conditions) {
            expressions.addAll(condition.expressions());
        }
        expressions.addAll(List.of(deeds));
        return message(
                family,
                NEWRULE,
                NetlinkMessage.CREATE | NetlinkMessage.APPEND,
                NetlinkAttribute.ofText(1, table),
                NetlinkAttribute.ofText(2, chain),
                NetlinkAttribute.ofNested(4, expressions.toArray(new NetlinkAttribute[0])));
    }

    /** A part of a rule: the rest of it is not looked at unless this holds. */
    public record Condition(List<NetlinkAttribute> expressions) {
        public Condition {
            expressions = List.copyOf(expressions);
        }

        private static Condition of(NetlinkAttribute... expressions) {
            return new Condition(List.of(expressions));
        }
    }

    /**
     * A frame of this protocol; family {@code netdev}.
     *
     * @param etherType for example 0x0800
     */
    public static Condition protocol(int etherType) {
        return Condition.of(meta(META_PROTOCOL), compare(COMPARE_EQUAL, new byte[] {
            (byte) (etherType >>> 8), (byte) etherType
        }));
    }

    /**
     * A packet that does not pass by one interface.
     *
     * @param meta {@link #META_INDEX_IN} or {@link #META_INDEX_OUT}
     */
    public static Condition interfaceIsNot(int meta, int index) {
        return Condition.of(
                meta(meta),
                // The register holds it as the kernel does, in host order.
                compare(
                        COMPARE_UNEQUAL,
                        ByteBuffer.allocate(4)
                                .order(ByteOrder.nativeOrder())
                                .putInt(index)
                                .array()));
    }

    /** {@code arp operation request}. */
    public static Condition isArpRequest() {
        byte[] request = {0, ARP_REQUEST};
        return Condition.of(
                payload(PAYLOAD_NETWORK_HEADER, ARP_OPERATION, request.length), compare(COMPARE_EQUAL, request));
    }

    /** A packet that carries an address of the set at an offset of the network header. */
    public static Condition carriesOneOf(String set, int offset, boolean isV6) {
        return Condition.of(payload(PAYLOAD_NETWORK_HEADER, offset, isV6 ? 16 : 4), lookup(set, 0));
    }

    /**
     * A neighbour solicitation (135) or advertisement (136) about an address of the set, whatever extension headers are in front.
     */
    public static Condition isNeighbourMessageAbout(int icmpType, String set) {
        List<NetlinkAttribute> expressions = new ArrayList<>(isIcmpV6(icmpType).expressions());
        expressions.add(payload(PAYLOAD_TRANSPORT_HEADER, NEIGHBOUR_TARGET, 16));
        expressions.add(lookup(set, 0));
        return new Condition(expressions);
    }

    /** An IPv6 packet with hop-by-hop options (RFC 8200, 4.3), as every report and query of multicast listeners is (RFC 3810, 5). */
    public static Condition hasHopByHopOptions() {
        return Condition.of(
                payload(PAYLOAD_NETWORK_HEADER, IPV6_NEXT_HEADER, 1), compare(COMPARE_EQUAL, new byte[] {HOP_BY_HOP}));
    }

    /** An ICMPv6 message of this type, whatever extension headers are in front. */
    public static Condition isIcmpV6(int type) {
        return Condition.of(
                meta(META_TRANSPORT_PROTOCOL),
                compare(COMPARE_EQUAL, new byte[] {ICMP_V6}),
                payload(PAYLOAD_TRANSPORT_HEADER, 0, 1),
                compare(COMPARE_EQUAL, new byte[] {(byte) type}));
    }

    /** Any packet while the set does not hold this key: what the packet carries plays no part. */
    public static Condition isAbsent(String set, byte[] key) {
        return Condition.of(immediate(key), lookup(set, LOOKUP_INVERTED));
    }

    private static NetlinkAttribute immediate(byte[] value) {
        return expression(
                "immediate",
                NetlinkAttribute.ofNetworkInt(1, REGISTER_1),
                NetlinkAttribute.ofNested(2, NetlinkAttribute.ofBytes(DATA_VALUE, value)));
    }

    /**
     * A packet to which a BPF program of type {@code BPF_PROG_TYPE_SOCKET_FILTER} says anything but 0: the match {@code bpf} of xtables, through
     * {@code nft_compat}. In the families of IPv4 and IPv6 only. The rule keeps the program.
     *
     * @param descriptor of the program in the process that sends this
     */
    public static Condition programSays(int descriptor) {
        byte[] info = ByteBuffer.allocate(MATCH_BPF_BYTES)
                .order(ByteOrder.nativeOrder())
                .putShort(MATCH_BPF_BY_DESCRIPTOR)
                .putShort((short) 0)
                .putInt(descriptor)
                .array();
        return Condition.of(expression(
                "match",
                NetlinkAttribute.ofText(1, "bpf"),
                NetlinkAttribute.ofNetworkInt(2, MATCH_BPF_REVISION),
                NetlinkAttribute.ofBytes(3, info)));
    }

    private static NetlinkAttribute meta(int key) {
        return expression("meta", NetlinkAttribute.ofNetworkInt(1, REGISTER_1), NetlinkAttribute.ofNetworkInt(2, key));
    }

    private static NetlinkAttribute payload(int base, int offset, int length) {
        return expression(
                "payload",
                NetlinkAttribute.ofNetworkInt(1, REGISTER_1),
                NetlinkAttribute.ofNetworkInt(2, base),
                NetlinkAttribute.ofNetworkInt(3, offset),
                NetlinkAttribute.ofNetworkInt(4, length));
    }

    /** Of what register 1 holds. */
    private static NetlinkAttribute lookup(String set, int flags) {
        return expression(
                "lookup",
                NetlinkAttribute.ofText(1, set),
                NetlinkAttribute.ofNetworkInt(2, REGISTER_1),
                NetlinkAttribute.ofNetworkInt(5, flags));
    }

    private static NetlinkAttribute compare(int how, byte[] value) {
        return expression(
                "cmp",
                NetlinkAttribute.ofNetworkInt(1, REGISTER_1),
                NetlinkAttribute.ofNetworkInt(2, how),
                NetlinkAttribute.ofNested(3, NetlinkAttribute.ofBytes(DATA_VALUE, value)));
    }

    private static NetlinkAttribute expression(String name, NetlinkAttribute... data) {
        return NetlinkAttribute.ofNested(
                LIST_ELEMENT, NetlinkAttribute.ofText(1, name), NetlinkAttribute.ofNested(2, data));
    }

    private static NetlinkMessage message(int family, int type, int flags, NetlinkAttribute... attributes) {
        byte[] tail = NetlinkAttribute.encodeAll(List.of(attributes));
        byte[] payload = ByteBuffer.allocate(NFGENMSG_BYTES + tail.length)
                .put((byte) family)
                .put((byte) 0)
                .putShort((short) 0)
                .put(tail)
                .array();
        return new NetlinkMessage(SUBSYSTEM << 8 | type, NetlinkMessage.REQUEST | flags, 0, 0, payload);
    }

    /**
     * A table as a dump shows it.
     *
     * @param comment empty if it has none
     */
    public record Table(int family, String name, int flags, String comment) {}

    /**
     * Reads one message of a table dump.
     *
     * @return empty if the message is about something else
     * @throws MalformedMessageException if it is cut off
     */
    public static Optional<Table> decodeTable(NetlinkMessage message) {
        if (message.type() != (SUBSYSTEM << 8 | NEWTABLE)) {
            return Optional.empty();
        }
        List<NetlinkAttribute> attributes = attributes(message);
        return Optional.of(new Table(
                message.payload()[0],
                NetlinkAttribute.find(attributes, TABLE_NAME)
                        .map(NetlinkAttribute::asText)
                        .orElse(""),
                NetlinkAttribute.find(attributes, TABLE_FLAGS)
                        .map(NetlinkAttribute::asNetworkInt)
                        .orElse(0),
                NetlinkAttribute.find(attributes, TABLE_USERDATA)
                        .map(a -> commentOf(a.value()))
                        .orElse("")));
    }

    private static String commentOf(byte[] userdata) {
        int at = 0;
        while (at + 2 <= userdata.length) {
            int length = userdata[at + 1] & 0xff;
            if (at + 2 + length > userdata.length) {
                break;
            }
            if (userdata[at] == USERDATA_COMMENT) {
                byte[] value = new byte[length];
                System.arraycopy(userdata, at + 2, value, 0, length);
                return NetlinkAttribute.ofBytes(0, value).asText();
            }
            at += 2 + length;
        }
        return "";
    }

    /**
     * The keys in one message of an element dump; expired elements are not in it.
     *
     * @throws MalformedMessageException if it is cut off
     */
    public static List<byte[]> decodeKeys(NetlinkMessage message) {
        List<byte[]> keys = new ArrayList<>();
        if (message.type() != (SUBSYSTEM << 8 | NEWSETELEM)) {
            return keys;
        }
        NetlinkAttribute.find(attributes(message), 3).ifPresent(list -> {
            for (NetlinkAttribute element : list.nested()) {
                NetlinkAttribute.find(element.nested(), 1)
                        .flatMap(key -> NetlinkAttribute.find(key.nested(), DATA_VALUE))
                        .ifPresent(value -> keys.add(value.value()));
            }
        });
        return keys;
    }

    private static List<NetlinkAttribute> attributes(NetlinkMessage message) {
        byte[] payload = message.payload();
        if (payload.length < NFGENMSG_BYTES) {
            throw new MalformedMessageException(payload.length, "nfgenmsg has 4 bytes, not " + payload.length);
        }
        return NetlinkAttribute.decodeAll(payload, NFGENMSG_BYTES);
    }
}
