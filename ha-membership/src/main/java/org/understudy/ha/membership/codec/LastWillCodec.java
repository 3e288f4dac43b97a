package org.understudy.ha.membership.codec;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.HostPort.Removal;

/**
 * Last wills ↔ datagrams. Big-endian; one datagram, never more than {@link #DATAGRAM_MAX} bytes.
 *
 * <pre>
 *  0      4   5    6                                                        end-64      end
 *  +------+---+----+---------+------+-------------+-------+---- ... --------+-----------+
 *  |"UDLW"| 1 |flag| cluster | node | incarnation | count | entries         | signature |
 *  +------+---+----+---------+------+-------------+-------+---- ... --------+-----------+
 *                   1+n       1+n    8             2
 *  entry: result 1 (0 removed, 1 absent, 2 failed) | claim 2+n | detail 1+n
 * </pre>
 *
 * Flag bit 0 is {@link LastWill#truncated()}, the others are zero. Text is UTF-8 behind its length. The signature (Ed25519,
 * RFC 8032) is over everything before it. Every will has exactly one encoding: what decodes, encodes to the same bytes.
 */
@NullMarked
public final class LastWillCodec {
    /** Fits every Ethernet path without fragments, with room for tunnels. */
    public static final int DATAGRAM_MAX = 1400;

    public static final int SIGNATURE_LENGTH = 64;

    private static final byte[] MAGIC = "UDLW".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION_AT = 4;
    private static final byte VERSION = 1;
    private static final int TRUNCATED = 1;
    private static final int CLUSTER_LENGTH_MAX = 128;
    private static final int DETAIL_LENGTH_MAX = 100;

    private LastWillCodec() {}

    /**
     * The bytes to be signed. Failures stand first; what does not fit is left out and the will says so.
     *
     * @throws IllegalArgumentException if the cluster's name has no or more than 128 bytes
     */
    public static byte[] encode(LastWill will) {
        byte[] cluster = will.cluster().getBytes(StandardCharsets.UTF_8);
        if (cluster.length < 1 || cluster.length > CLUSTER_LENGTH_MAX) {
            throw new IllegalArgumentException(
                    "a cluster's name has 1 to " + CLUSTER_LENGTH_MAX + " bytes, not " + cluster.length);
        }
        byte[] node = will.node().value().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(DATAGRAM_MAX - SIGNATURE_LENGTH);
        out.put(MAGIC).put(VERSION).put((byte) 0);
        out.put((byte) cluster.length).put(cluster);
        out.put((byte) node.length).put(node);
        out.putLong(will.incarnation());
        int countAt = out.position();
        out.putShort((short) 0);
        int count = 0;
        boolean truncated = will.truncated();
        for (Removal removal : failuresFirst(will.removals())) {
            byte[] claim = removal.claim().getBytes(StandardCharsets.UTF_8);
            byte[] detail = shortened(removal.detail()).getBytes(StandardCharsets.UTF_8);
            if (out.remaining() < 4 + claim.length + detail.length) {
                truncated = true;
                continue;
            }
            out.put(code(removal.result()));
            out.putShort((short) claim.length).put(claim);
            out.put((byte) detail.length).put(detail);
            count++;
        }
        out.putShort(countAt, (short) count);
        out.put(VERSION_AT + 1, (byte) (truncated ? TRUNCATED : 0));
        return Arrays.copyOf(out.array(), out.position());
    }

    /** The datagram: what was signed, and its signature. */
    public static byte[] join(byte[] signed, byte[] signature) {
        if (signature.length != SIGNATURE_LENGTH) {
            throw new IllegalArgumentException(
                    "a signature has " + SIGNATURE_LENGTH + " bytes, not " + signature.length);
        }
        byte[] datagram = Arrays.copyOf(signed, signed.length + SIGNATURE_LENGTH);
        System.arraycopy(signature, 0, datagram, signed.length, SIGNATURE_LENGTH);
        return datagram;
    }

    /** The part of a decoded datagram that was signed. */
    public static byte[] signedPart(byte[] datagram) {
        return Arrays.copyOf(datagram, datagram.length - SIGNATURE_LENGTH);
    }

    /** The signature of a decoded datagram. */
    public static byte[] signature(byte[] datagram) {
        return Arrays.copyOfRange(datagram, datagram.length - SIGNATURE_LENGTH, datagram.length);
    }

    /** Whether it begins like a last will, of any version. */
    public static boolean isLastWill(byte[] datagram) {
        return datagram.length > VERSION_AT && Arrays.equals(datagram, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    /** The version of something that {@link #isLastWill(byte[])}. */
    public static int version(byte[] datagram) {
        return Byte.toUnsignedInt(datagram[VERSION_AT]);
    }

    /** The version this codec writes and reads. */
    public static int supportedVersion() {
        return VERSION;
    }

    /**
     * Reads a datagram. Nothing in the result may be believed before the signature is checked.
     *
     * @throws MalformedMessageException unless these are exactly the bytes {@link #encode} would write, and a signature
     */
    public static LastWill decode(byte[] datagram) {
        if (datagram.length > DATAGRAM_MAX) {
            throw new MalformedMessageException(DATAGRAM_MAX, "longer than a last will may be");
        }
        if (!isLastWill(datagram)) {
            throw new MalformedMessageException(0, "not a last will");
        }
        if (version(datagram) != VERSION) {
            throw new MalformedMessageException(VERSION_AT, "version " + version(datagram) + ", expected " + VERSION);
        }
        if (datagram.length < VERSION_AT + 2 + SIGNATURE_LENGTH) {
            throw new MalformedMessageException(datagram.length, "ends early");
        }
        ByteBuffer in = ByteBuffer.wrap(datagram, 0, datagram.length - SIGNATURE_LENGTH);
        in.position(VERSION_AT + 1);
        int flags = in.get();
        if ((flags & ~TRUNCATED) != 0) {
            throw new MalformedMessageException(VERSION_AT + 1, "unknown flags " + flags);
        }
        String cluster = text(in, number(in, 1), 1, CLUSTER_LENGTH_MAX);
        int nodeAt = in.position();
        String name = text(in, number(in, 1), 1, CLUSTER_LENGTH_MAX);
        NodeId node;
        try {
            node = NodeId.of(name);
        } catch (ConfigurationException e) {
            throw new MalformedMessageException(nodeAt, "not a node name");
        }
        need(in, 8);
        long incarnation = in.getLong();
        int count = number(in, 2);
        List<Removal> removals = new ArrayList<>();
        boolean failuresOver = false;
        for (int i = 0; i < count; i++) {
            int at = in.position();
            Removal.Result result = result(at, number(in, 1));
            boolean failed = result == Removal.Result.FAILED;
            if (failed && failuresOver) {
                throw new MalformedMessageException(at, "a failure behind a success");
            }
            failuresOver |= !failed;
            String claim = text(in, number(in, 2), 0, DATAGRAM_MAX);
            removals.add(new Removal(claim, result, text(in, number(in, 1), 0, DETAIL_LENGTH_MAX)));
        }
        if (in.hasRemaining()) {
            throw new MalformedMessageException(in.position(), in.remaining() + " bytes too many");
        }
        return new LastWill(cluster, node, incarnation, removals, flags == TRUNCATED);
    }

    private static List<Removal> failuresFirst(List<Removal> removals) {
        List<Removal> sorted = new ArrayList<>(removals.size());
        for (Removal removal : removals) {
            if (!removal.isGone()) {
                sorted.add(removal);
            }
        }
        for (Removal removal : removals) {
            if (removal.isGone()) {
                sorted.add(removal);
            }
        }
        return sorted;
    }

    private static String shortened(String detail) {
        String text = detail;
        while (text.getBytes(StandardCharsets.UTF_8).length > DETAIL_LENGTH_MAX) {
            text = text.substring(0, text.offsetByCodePoints(text.length(), -1));
        }
        return text;
    }

    private static byte code(Removal.Result result) {
        return switch (result) {
            case REMOVED -> 0;
            case ABSENT -> 1;
            case FAILED -> 2;
        };
    }

    private static Removal.Result result(int at, int code) {
        return switch (code) {
            case 0 -> Removal.Result.REMOVED;
            case 1 -> Removal.Result.ABSENT;
            case 2 -> Removal.Result.FAILED;
            default -> throw new MalformedMessageException(at, "unknown result " + code);
        };
    }

    private static int number(ByteBuffer in, int bytes) {
        need(in, bytes);
        return bytes == 1 ? Byte.toUnsignedInt(in.get()) : Short.toUnsignedInt(in.getShort());
    }

    private static String text(ByteBuffer in, int length, int min, int max) {
        int at = in.position();
        if (length < min || length > max) {
            throw new MalformedMessageException(at, "a text of " + length + " bytes, expected " + min + " to " + max);
        }
        need(in, length);
        ByteBuffer bytes = in.slice(at, length);
        in.position(at + length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedMessageException(at, "not UTF-8");
        }
    }

    private static void need(ByteBuffer in, int bytes) {
        if (in.remaining() < bytes) {
            throw new MalformedMessageException(in.position(), "ends early: " + bytes + " bytes expected");
        }
    }
}
