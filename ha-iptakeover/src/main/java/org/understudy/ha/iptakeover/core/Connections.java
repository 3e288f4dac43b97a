package org.understudy.ha.iptakeover.core;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/**
 * The TCP connections of a floating address, as its next owner has to know them. Immutable; equal sets have equal bytes.
 *
 * <p><b>Bound.</b> At most {@link #MAX}. Where there are more, those that are known already stay and new ones are left out, in
 * their order, and {@link #dropped()} counts them: the kernel does not say how old a connection is, the ones that live long
 * are those that hang longest, and a choice that changed with each look would be sent anew each time.
 *
 * <p><b>Bytes.</b> Numbers in network order. A new layout gets a new version, which this code refuses.
 *
 * <pre>
 * 0  1  version, 1
 * 1  1  kind: 1 = all, 2 = changes
 * 2  4  how many were dropped
 * 6  n  all: a list
 *       changes: CRC-32C of the bytes that they start from, 4; a list of what is new; a list of what is gone
 *
 * a list                                      a group: connections to one local end
 * 0  2  number of groups                      0  1  length of an address, 4 or 16
 * 2  n  groups in order                       1  n  local address
 *                                             .  2  local port
 *                                             .  2  number of connections, at least 1
 *                                             .  n  remote address and remote port of each, in order
 * </pre>
 *
 * <p>{@link #MAX} connections to one port take 24 KiB over IPv4 and 72 KiB over IPv6.
 */
public final class Connections {
    /** The most that are kept. */
    public static final int MAX = 4096;
    /** None at all. */
    public static final Connections NONE = new Connections(List.of(), 0);

    private static final int VERSION = 1;
    private static final int KIND_ALL = 1;
    private static final int KIND_CHANGES = 2;
    private static final int HEADER_BYTES = 6;
    private static final int PORT_BYTES = 2;

    private final List<TcpConnection> list;
    private final int dropped;

    private Connections(List<TcpConnection> list, int dropped) {
        this.list = List.copyOf(list);
        this.dropped = dropped;
    }

    /**
     * What became of these, by a new look at the kernel.
     *
     * @param found all that there are now, in any order, each once or more often
     */
    public Connections next(Collection<TcpConnection> found) {
        TreeSet<TcpConnection> present = new TreeSet<>(found);
        TreeSet<TcpConnection> kept = new TreeSet<>();
        for (TcpConnection known : list) {
            if (present.contains(known)) {
                kept.add(known);
            }
        }
        for (TcpConnection one : present) {
            if (kept.size() == MAX) {
                break;
            }
            kept.add(one);
        }
        return new Connections(new ArrayList<>(kept), present.size() - kept.size());
    }

    /** In the order of {@link TcpConnection}. */
    public List<TcpConnection> list() {
        return list;
    }

    /** How many there were that are not in the list. */
    public int dropped() {
        return dropped;
    }

    /**
     * What one who has these must be told to have newer ones.
     *
     * @param base checksum of the older
     * @param added not in the older, in order
     * @param removed not in the newer, in order
     * @param dropped of the newer
     */
    public record Changes(int base, List<TcpConnection> added, List<TcpConnection> removed, int dropped) {
        public Changes {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
        }

        /** The bytes. */
        public byte[] encode() {
            ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + 4 + listBytes(added) + listBytes(removed));
            putHeader(out, KIND_CHANGES, dropped);
            out.putInt(base);
            putList(out, added);
            putList(out, removed);
            return out.array();
        }

        /**
         * Reads {@link #encode()}.
         *
         * @throws MalformedMessageException if it is anything else
         */
        public static Changes decode(byte[] bytes) {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            try {
                int dropped = takeHeader(in, KIND_CHANGES);
                Changes changes = new Changes(in.getInt(), takeList(in), takeList(in), dropped);
                requireEnd(in);
                return changes;
            } catch (BufferUnderflowException e) {
                throw cutOff(in);
            }
        }
    }

    /** The difference to newer ones. */
    public Changes changesTo(Connections newer) {
        return new Changes(checksum(), without(newer.list, list), without(list, newer.list), newer.dropped);
    }

    private int checksum() {
        CRC32C crc = new CRC32C();
        crc.update(encode());
        return (int) crc.getValue();
    }

    private static List<TcpConnection> without(List<TcpConnection> all, List<TcpConnection> some) {
        List<TcpConnection> rest = new ArrayList<>();
        for (TcpConnection one : all) {
            if (Collections.binarySearch(some, one) < 0) {
                rest.add(one);
            }
        }
        return rest;
    }

    /**
     * The newer ones.
     *
     * @return empty if these are not the ones that the changes were made for: ask for all of them
     */
    public Optional<Connections> apply(Changes changes) {
        TreeSet<TcpConnection> all = new TreeSet<>(list);
        boolean fits = changes.base == checksum() && all.containsAll(changes.removed);
        changes.removed.forEach(all::remove);
        for (TcpConnection one : changes.added) {
            fits &= all.add(one);
        }
        return fits && all.size() <= MAX
                ? Optional.of(new Connections(new ArrayList<>(all), changes.dropped))
                : Optional.empty();
    }

    /** The bytes. */
    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + listBytes(list));
        putHeader(out, KIND_ALL, dropped);
        putList(out, list);
        return out.array();
    }

    /**
     * Reads {@link #encode()}. Takes no more memory than a few times the bytes.
     *
     * @throws MalformedMessageException if it is anything else: cut off, longer, out of order, more than {@link #MAX}, of another version
     */
    public static Connections decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        try {
            int dropped = takeHeader(in, KIND_ALL);
            Connections connections = new Connections(takeList(in), dropped);
            requireEnd(in);
            return connections;
        } catch (BufferUnderflowException e) {
            throw cutOff(in);
        }
    }

    private static void putHeader(ByteBuffer out, int kind, int dropped) {
        out.put((byte) VERSION).put((byte) kind).putInt(dropped);
    }

    private static int takeHeader(ByteBuffer in, int kind) {
        int version = in.get();
        if (version != VERSION) {
            throw new MalformedMessageException(0, "connections of version " + version + ", this code reads 1");
        }
        int found = in.get();
        if (found != kind) {
            throw new MalformedMessageException(1, "connections of kind " + found + ", expected " + kind);
        }
        int dropped = in.getInt();
        if (dropped < 0) {
            throw new MalformedMessageException(2, "less than no connection dropped: " + dropped);
        }
        return dropped;
    }

    private static int listBytes(List<TcpConnection> list) {
        int bytes = 2;
        for (int i = 0; i < list.size(); i++) {
            int address = list.get(i).local().length() / Byte.SIZE;
            bytes += address + PORT_BYTES;
            if (startsGroup(list, i)) {
                bytes += 1 + address + PORT_BYTES + 2;
            }
        }
        return bytes;
    }

    private static boolean startsGroup(List<TcpConnection> list, int i) {
        return i == 0 || list.get(i).compareLocal(list.get(i - 1)) != 0;
    }

    private static void putList(ByteBuffer out, List<TcpConnection> list) {
        int groups = 0;
        int groupsAt = out.position();
        int countAt = 0;
        out.putShort((short) 0);
        for (int i = 0; i < list.size(); i++) {
            TcpConnection one = list.get(i);
            if (startsGroup(list, i)) {
                groups++;
                byte[] local = one.local().toBytes();
                out.put((byte) local.length).put(local).putShort((short) one.localPort());
                countAt = out.position();
                out.putShort((short) 0);
            }
            out.putShort(countAt, (short) (out.getShort(countAt) + 1));
            out.put(one.remote().toBytes()).putShort((short) one.remotePort());
        }
        out.putShort(groupsAt, (short) groups);
    }

    private static List<TcpConnection> takeList(ByteBuffer in) {
        List<TcpConnection> list = new ArrayList<>();
        int groups = in.getShort() & 0xffff;
        for (int group = 0; group < groups; group++) {
            int start = in.position();
            int addressBytes = in.get();
            if (addressBytes != Ipv4Address.BYTES && addressBytes != Ipv6Address.BYTES) {
                throw new MalformedMessageException(start, "an address of " + addressBytes + " bytes");
            }
            IpAddress local = takeAddress(in, addressBytes);
            int localPort = in.getShort() & 0xffff;
            int count = in.getShort() & 0xffff;
            if (count == 0 || list.size() + count > MAX) {
                throw new MalformedMessageException(
                        start, count + " connections of a local end behind " + list.size() + " of at most " + MAX);
            }
            for (int i = 0; i < count; i++) {
                take(in, list, local, localPort, i == 0);
            }
        }
        return list;
    }

    private static void take(
            ByteBuffer in, List<TcpConnection> list, IpAddress local, int localPort, boolean isFirstOfGroup) {
        int at = in.position();
        IpAddress remote = takeAddress(in, local.length() / Byte.SIZE);
        TcpConnection one = TcpConnection.of(local, localPort, remote, in.getShort() & 0xffff)
                .orElseThrow(() -> new MalformedMessageException(at, "there is no such connection"));
        if (!list.isEmpty()) {
            TcpConnection last = list.get(list.size() - 1);
            int order = isFirstOfGroup ? last.compareLocal(one) : last.compareTo(one);
            if (order >= 0) {
                throw new MalformedMessageException(at, one + " is out of order behind " + last);
            }
        }
        list.add(one);
    }

    private static IpAddress takeAddress(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return IpAddress.of(bytes);
    }

    private static void requireEnd(ByteBuffer in) {
        if (in.hasRemaining()) {
            throw new MalformedMessageException(
                    in.position(), in.remaining() + " bytes behind the end of the connections");
        }
    }

    private static MalformedMessageException cutOff(ByteBuffer in) {
        return new MalformedMessageException(in.position(), "connections cut off after " + in.limit() + " bytes");
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Connections that && dropped == that.dropped && list.equals(that.list);
    }

    @Override
    public int hashCode() {
        return list.hashCode();
    }

    @Override
    public String toString() {
        return list.size() + " connections" + (dropped == 0 ? "" : " and " + dropped + " dropped");
    }
}
