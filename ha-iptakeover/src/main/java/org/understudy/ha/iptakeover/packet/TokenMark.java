package org.understudy.ha.iptakeover.packet;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.InvariantViolation;

/**
 * The owner's fencing token in the frames that claim an address, so that two owners who can hear each other on the segment, and
 * nowhere else, know which of them is the newer one.
 *
 * <p>An ARP packet has 28 bytes and the shortest Ethernet frame room for 46: the mark is what would be padding. Neighbours do not
 * look at it. In an IPv6 neighbour advertisement the same bytes stand in an option of their own; a receiver passes over options
 * it does not know (RFC 4861, 4.6).
 *
 * <pre>
 *  0  4  "UsT1"
 *  4  8  token, network order
 * 12  6  the first bytes of HMAC-SHA-256 (RFC 2104) over: those 12 bytes, the sender's hardware address (6), the IP version (1),
 *        the address (4 or 16), the cluster's id (UTF-8)
 *
 *  as an option: 0  1  253, for experiments (RFC 4727, 5.1.3)     1  1  3, its length in units of eight bytes
 *                2 18  the mark                                  20  4  zero
 * </pre>
 *
 * <p><b>What it proves.</b> Somebody who has the key said that this hardware address owns this address in this cluster under this
 * token. A recorded frame can be sent again, but says nothing new: the owner was right about its token when it was recorded. So
 * a key must not outlive the count of tokens: a cluster that is formed anew gets a new key or another id. Guessing succeeds once in
 * 2<sup>48</sup> frames. The key is for these marks only.
 *
 * <p><b>What its absence proves.</b> Nothing. Switches, virtual cards and kernels that answer by themselves leave it out, and a frame
 * may be cut or changed on its way.
 *
 * <p>Immutable. Making one computes a first mark, because the platform takes tens of milliseconds to load its cryptography.
 */
public final class TokenMark {
    /** Length of the mark behind an ARP packet. */
    public static final int BYTES = 18;

    /** Length of the mark as an option of neighbour discovery. */
    public static final int OPTION_BYTES = 24;

    /** Type of that option, one of the two for experiments (RFC 4727, 5.1.3). */
    public static final int OPTION_TYPE = 253;

    /** Shortest key. */
    public static final int KEY_BYTES_MIN = 16;

    private static final String ALGORITHM = "HmacSHA256";
    private static final int MAGIC = 0x5573_5431;
    private static final int CODE_AT = 12;
    private static final int OPTION_HEADER_BYTES = 2;
    private static final int OPTION_UNIT = 8;
    private static final int VERSION_4 = 4;
    private static final int VERSION_6 = 6;

    private final SecretKeySpec key;
    private final byte[] clusterId;

    /**
     * @param key shared by the nodes of the cluster and nobody else, at least {@value #KEY_BYTES_MIN} bytes from a random source
     * @param clusterId whatever tells this cluster from another one with the same key
     * @throws ConfigurationException if the key is too short or all zero, or the id empty
     */
    public TokenMark(byte[] key, String clusterId) {
        List<Problem> problems = new ArrayList<>();
        if (key.length < KEY_BYTES_MIN) {
            problems.add(new Problem(
                    "markKey",
                    "***",
                    "has " + key.length + " bytes: give at least " + KEY_BYTES_MIN
                            + " from a random source, the same on every node"));
        }
        if (Arrays.equals(key, new byte[key.length])) {
            problems.add(new Problem("markKey", "***", "is all zero: fill it from a random source"));
        }
        if (clusterId.isEmpty()) {
            problems.add(new Problem("clusterId", "\"\"", "is empty: give the name of the cluster"));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        this.key = new SecretKeySpec(key, ALGORITHM);
        this.clusterId = clusterId.getBytes(StandardCharsets.UTF_8);
        encode(new FencingToken(1), MacAddress.ZERO, Ipv4Address.ANY);
    }

    /** The {@value #BYTES} bytes. */
    public byte[] encode(FencingToken token, MacAddress sender, IpAddress address) {
        byte[] mark =
                ByteBuffer.allocate(BYTES).putInt(MAGIC).putLong(token.value()).array();
        System.arraycopy(code(mark, sender, address), 0, mark, CODE_AT, BYTES - CODE_AT);
        return mark;
    }

    /**
     * Reads what stands behind an ARP packet. Takes any bytes.
     *
     * @param behind the rest of the frame; more than {@value #BYTES} bytes are passed over
     * @return empty if there is no mark, if it is damaged or made with another key, or for another sender, address or cluster
     */
    public Optional<FencingToken> decode(byte[] behind, MacAddress sender, IpAddress address) {
        if (behind.length < BYTES) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(behind);
        int magic = in.getInt();
        long token = in.getLong();
        if (magic != MAGIC || token < 1) {
            return Optional.empty();
        }
        byte[] found = Arrays.copyOfRange(behind, CODE_AT, BYTES);
        byte[] expected = Arrays.copyOf(code(behind, sender, address), BYTES - CODE_AT);
        // Takes the same time wherever the two differ.
        return MessageDigest.isEqual(found, expected) ? Optional.of(new FencingToken(token)) : Optional.empty();
    }

    /** The {@value #OPTION_BYTES} bytes of the option. */
    public byte[] encodeOption(FencingToken token, MacAddress sender, IpAddress address) {
        return ByteBuffer.allocate(OPTION_BYTES)
                .put((byte) OPTION_TYPE)
                .put((byte) (OPTION_BYTES / OPTION_UNIT))
                .put(encode(token, sender, address))
                .array();
    }

    /**
     * Reads one option with its type and length. Takes any bytes.
     *
     * @return empty as for {@link #decode}, and if it is another option
     */
    public Optional<FencingToken> decodeOption(byte[] option, MacAddress sender, IpAddress address) {
        boolean isOurs = option.length == OPTION_BYTES
                && (option[0] & 0xff) == OPTION_TYPE
                && option[1] == OPTION_BYTES / OPTION_UNIT;
        if (!isOurs) {
            return Optional.empty();
        }
        for (int i = OPTION_HEADER_BYTES + BYTES; i < OPTION_BYTES; i++) {
            if (option[i] != 0) {
                return Optional.empty();
            }
        }
        return decode(Arrays.copyOfRange(option, OPTION_HEADER_BYTES, OPTION_HEADER_BYTES + BYTES), sender, address);
    }

    /** The token in a sighting's claim, empty as for {@link #decode}. */
    public Optional<FencingToken> token(Sighting sighting) {
        return sighting.sender().isV6()
                ? decodeOption(sighting.mark(), sighting.senderMac(), sighting.sender())
                : decode(sighting.mark(), sighting.senderMac(), sighting.sender());
    }

    /** A packet of the owner with its mark, in a frame of 60 bytes, the shortest there is. */
    public EthernetFrame frame(ArpPacket packet, FencingToken token, MacAddress destination) {
        byte[] payload = Arrays.copyOf(packet.encode(), ArpPacket.BYTES + BYTES);
        System.arraycopy(encode(token, packet.senderMac(), packet.senderAddress()), 0, payload, ArpPacket.BYTES, BYTES);
        return new EthernetFrame(destination, packet.senderMac(), EthernetFrame.TYPE_ARP, payload);
    }

    private byte[] code(byte[] mark, MacAddress sender, IpAddress address) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(mark, 0, CODE_AT);
            mac.update(sender.toBytes());
            mac.update((byte) (address.isV6() ? VERSION_6 : VERSION_4));
            mac.update(address.toBytes());
            return mac.doFinal(clusterId);
        } catch (GeneralSecurityException e) {
            throw new InvariantViolation("every Java platform has " + ALGORITHM + ", but: " + e.getMessage());
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "token mark of cluster " + new String(clusterId, StandardCharsets.UTF_8);
    }
}
