package org.understudy.ha.iptakeover.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/**
 * A TCP socket of this host as the kernel describes it (sock_diag(7), {@code linux/inet_diag.h}), and the requests that find and
 * destroy it.
 *
 * <pre>
 * struct inet_diag_req_v2              struct inet_diag_msg
 * 0  1  family 2 | 10                   0  1  family 2 | 10
 * 1  1  protocol, 6 = TCP               1  1  state
 * 2  1  wanted attributes, none         2  1  timer, 3 = TIME-WAIT
 * 3  1  0                               3  1  retransmissions
 * 4  4  states, one bit each            4 48  id
 * 8 48  id, or zero in a dump          52 20  queues, user, inode
 *                                      72  n  attributes
 * struct inet_diag_sockid
 *  0  2  local port, network order
 *  2  2  remote port, network order
 *  4 16  local address; of IPv4 the first four bytes
 * 20 16  remote address
 * 36  4  interface the socket is bound to, 0 = none
 * 40  8  cookie, two words; all ones = any
 * </pre>
 *
 * <p><b>The cookie</b> makes an id mean one socket for ever. Without it the kernel, not finding the connection any more, takes the
 * socket that listens on the port for it, and a request to destroy the one ends the other.
 *
 * @param state {@link #ESTABLISHED} and so on
 * @param timer {@link #TIMER_TIME_WAIT} for what is left of a closed connection
 * @param id the 48 bytes verbatim, so that it can be named back to the kernel
 */
public record SockDiagMessage(int family, int state, int timer, byte[] id) {
    /** {@code SOCK_DIAG_BY_FAMILY}. */
    public static final int BY_FAMILY = 20;
    /** {@code SOCK_DESTROY}, Linux 4.5 and later. */
    public static final int DESTROY = 21;

    /** {@code AF_INET}. */
    public static final int FAMILY_IPV4 = 2;
    /** {@code AF_INET6}; also the family of the IPv4 connections of a dual-stack socket. */
    public static final int FAMILY_IPV6 = 10;

    /** {@code TCP_ESTABLISHED} in {@code net/tcp_states.h}, and so the rest. */
    public static final int ESTABLISHED = 1;

    public static final int SYN_SENT = 2;
    public static final int SYN_RECEIVED = 3;
    public static final int FIN_WAIT_1 = 4;
    public static final int FIN_WAIT_2 = 5;
    public static final int CLOSE_WAIT = 8;
    public static final int LAST_ACK = 9;
    public static final int LISTEN = 10;
    public static final int CLOSING = 11;

    /** The timer of a connection of which the kernel keeps only a stub, in state TIME-WAIT or FIN-WAIT-2. */
    public static final int TIMER_TIME_WAIT = 3;

    private static final int PROTOCOL_TCP = 6;
    private static final int ID_BYTES = 48;
    private static final int ID_AT = 4;
    private static final int MESSAGE_BYTES = 72;
    private static final int REQUEST_BYTES = 56;
    private static final int LOCAL_AT = 4;
    private static final int REMOTE_AT = 20;
    private static final int INTERFACE_AT = 36;
    private static final int COOKIE_AT = 40;

    private static final int ATTRIBUTE_BYTECODE = 1;
    private static final int LOCAL_CONDITION = 7;

    public SockDiagMessage {
        id = id.clone();
    }

    @Override
    public byte[] id() {
        return id.clone();
    }

    /** The bits of states, for a request. */
    public static int mask(int... states) {
        int mask = 0;
        for (int state : states) {
            mask |= 1 << state;
        }
        return mask;
    }

    /**
     * Every socket with a local address. {@code ss -t src ADDRESS}. The kernel chooses by a program of one condition: local address
     * equals, any port; yes goes on behind the end, which means take it, no goes four bytes further, which means leave it.
     * With {@link #FAMILY_IPV6} an IPv4 address stands for its mapped form.
     */
    public static NetlinkMessage dumpRequest(int family, int states, IpAddress local) {
        byte[] address = local.toBytes();
        int programBytes = 12 + address.length;
        byte[] program = ByteBuffer.allocate(programBytes)
                .order(ByteOrder.nativeOrder())
                .put((byte) LOCAL_CONDITION)
                .put((byte) programBytes)
                .putShort((short) (programBytes + 4))
                .put((byte) (local.isV6() ? FAMILY_IPV6 : FAMILY_IPV4))
                .put((byte) local.length())
                .putShort((short) 0)
                .putInt(-1)
                .put(address)
                .array();
        byte[] attribute = NetlinkAttribute.encodeAll(List.of(NetlinkAttribute.ofBytes(ATTRIBUTE_BYTECODE, program)));
        byte[] payload = ByteBuffer.allocate(REQUEST_BYTES + attribute.length)
                .put(request(family, states, new byte[ID_BYTES]))
                .put(attribute)
                .array();
        return new NetlinkMessage(BY_FAMILY, NetlinkMessage.REQUEST | NetlinkMessage.DUMP, 0, 0, payload);
    }

    /** Every socket of a family in some states. {@code ss -t}. */
    public static NetlinkMessage dumpRequest(int family, int states) {
        return new NetlinkMessage(
                BY_FAMILY,
                NetlinkMessage.REQUEST | NetlinkMessage.DUMP,
                0,
                0,
                request(family, states, new byte[ID_BYTES]));
    }

    /** The one IPv4 socket that listens on a port of every address and is bound to an interface. */
    public static NetlinkMessage listenerRequest(int port, int interfaceIndex) {
        byte[] id = ByteBuffer.allocate(ID_BYTES)
                .putShort((short) port)
                .putLong(COOKIE_AT, -1)
                .order(ByteOrder.nativeOrder())
                .putInt(INTERFACE_AT, interfaceIndex)
                .array();
        return new NetlinkMessage(BY_FAMILY, NetlinkMessage.REQUEST, 0, 0, request(FAMILY_IPV4, -1, id));
    }

    /**
     * Destroys this very socket. {@code ss -K}. The remote end is reset, a local call fails with ECONNABORTED. Answered with ENOENT
     * (by older kernels ESTALE) if it is gone, EPERM without CAP_NET_ADMIN, EOPNOTSUPP without CONFIG_INET_DIAG_DESTROY.
     */
    public NetlinkMessage destroyRequest() {
        return new NetlinkMessage(DESTROY, 0, 0, 0, request(family, -1, id));
    }

    private static byte[] request(int family, int states, byte[] id) {
        return ByteBuffer.allocate(REQUEST_BYTES)
                .order(ByteOrder.nativeOrder())
                .put((byte) family)
                .put((byte) PROTOCOL_TCP)
                .putShort((short) 0)
                .putInt(states)
                .put(id)
                .array();
    }

    /**
     * Reads the payload of a message of type {@link #BY_FAMILY}. Attributes behind it are passed over.
     *
     * @throws MalformedMessageException if it is cut off or not about IPv4 or IPv6
     */
    public static SockDiagMessage decode(byte[] payload) {
        if (payload.length < MESSAGE_BYTES) {
            throw new MalformedMessageException(payload.length, "inet_diag_msg has 72 bytes, not " + payload.length);
        }
        if (payload[0] != FAMILY_IPV4 && payload[0] != FAMILY_IPV6) {
            throw new MalformedMessageException(0, "a socket of family " + payload[0] + ", neither IPv4 nor IPv6");
        }
        return new SockDiagMessage(
                payload[0], payload[1] & 0xff, payload[2] & 0xff, Arrays.copyOfRange(payload, ID_AT, ID_AT + ID_BYTES));
    }

    /** Whether the kernel keeps only a stub, which nobody waits for. */
    public boolean isStub() {
        return timer == TIMER_TIME_WAIT;
    }

    /** The port it is bound to, 0 for none. */
    public int localPort() {
        return ByteBuffer.wrap(id).getShort(0) & 0xffff;
    }

    /**
     * The two ends as on the wire: an IPv4-mapped address as IPv4.
     *
     * @return empty if there is no remote end, as with a socket that listens
     */
    public Optional<TcpConnection> connection() {
        return TcpConnection.of(
                address(LOCAL_AT),
                localPort(),
                address(REMOTE_AT),
                ByteBuffer.wrap(id).getShort(2) & 0xffff);
    }

    private IpAddress address(int at) {
        ByteBuffer in = ByteBuffer.wrap(id);
        if (family == FAMILY_IPV4) {
            return new Ipv4Address(in.getInt(at));
        }
        Ipv6Address address = new Ipv6Address(in.getLong(at), in.getLong(at + 8));
        return address.isV4Mapped() ? new Ipv4Address((int) address.low()) : address;
    }

    /** What tells it from every other socket since boot. */
    public long cookie() {
        ByteBuffer in = ByteBuffer.wrap(id).order(ByteOrder.nativeOrder());
        return in.getInt(COOKIE_AT) & 0xffff_ffffL | (long) in.getInt(COOKIE_AT + 4) << 32;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SockDiagMessage that
                && family == that.family
                && state == that.state
                && timer == that.timer
                && Arrays.equals(id, that.id);
    }

    @Override
    public int hashCode() {
        return 31 * state + Arrays.hashCode(id);
    }
}
