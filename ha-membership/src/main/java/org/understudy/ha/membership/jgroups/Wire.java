package org.understudy.ha.membership.jgroups;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.Refusals.Reason;

/**
 * What stands on a connection. Numbers are big-endian. The node that dialled sends, the other one only answers the greeting.
 *
 * <pre>
 * greeting  int     magic "USTD"
 *           byte    version, 1
 *           string  cluster       (a string is one length byte and that many ASCII bytes, at most 64)
 *           string  sender
 *           string  addressee
 *           16 byte the sender's life, a random number drawn when the channel is made
 * answer    byte    0 welcome, otherwise why not
 *           16 byte the addressee's life
 * then, from the dialler, any number of
 * frame     int     length of what follows, 1 to 8 388 608 + 1; 1 048 576 + 1 for kinds other than 1
 *           byte    kind: 0 still here, 1 control frame, 2 JGroups packet, 3 farewell
 *           bytes   content
 * </pre>
 */
final class Wire {
    static final byte STILL_HERE = 0;
    static final byte CONTROL = 1;
    static final byte PACKET = 2;
    static final byte FAREWELL = 3;

    /** Largest content of a control frame: it carries the whole cluster record. */
    static final int CONTENT_MAX = 8 * 1024 * 1024;
    /** Largest JGroups packet. */
    static final int PACKET_MAX = 1024 * 1024;

    private static final int MAGIC = 0x55535444;
    private static final byte VERSION = 1;
    private static final int STRING_MAX = 64;
    /** Record types of RFC 8446 section 5.1, told apart only to explain them. */
    private static final int TLS_ALERT = 21;

    private static final int TLS_HANDSHAKE = 22;

    private Wire() {}

    /** Why a greeting is turned down, as the dialler is told. */
    enum Verdict {
        WELCOME(Reason.STRANGER, "welcome"),
        OTHER_VERSION(
                Reason.OTHER_VERSION,
                "it speaks another version of the protocol: run the same version of the library on all nodes"),
        OTHER_CLUSTER(Reason.OTHER_CLUSTER, "it belongs to another cluster: check the cluster name and the addresses"),
        NOT_CONFIGURED(Reason.OTHER_NODE, "its configuration does not list this node"),
        NOT_ADDRESSED(Reason.OTHER_NODE, "it is another node: check which node has which address"),
        NOT_CERTIFIED(
                Reason.OTHER_NODE, "the certificate does not belong to the node that greets: check the keys directory"),
        NAME_IN_USE(Reason.NAME_IN_USE, "another live process uses this node's name");

        private final Reason reason;
        private final String explanation;

        Verdict(Reason reason, String explanation) {
            this.reason = reason;
            this.explanation = explanation;
        }

        /** As what it is counted; without a meaning for {@link #WELCOME}. */
        Reason reason() {
            return reason;
        }

        String explanation() {
            return explanation;
        }
    }

    /** Who dials whom. */
    record Greeting(String cluster, String from, String to, UUID life) {}

    /** How the other one answered. */
    record Answer(Verdict verdict, UUID life) {}

    /** What the dialler sends once it is welcome. */
    record Frame(byte kind, byte[] content) {}

    static void write(DataOutputStream out, Greeting greeting) throws IOException {
        out.writeInt(MAGIC);
        out.writeByte(VERSION);
        writeString(out, greeting.cluster());
        writeString(out, greeting.from());
        writeString(out, greeting.to());
        writeLife(out, greeting.life());
        out.flush();
    }

    /**
     * @return empty for a greeting of another version, of which nothing more can be read
     * @throws MalformedMessageException if this is no greeting of ours
     */
    static Optional<Greeting> readGreeting(DataInputStream in) throws IOException {
        int magic = in.readInt();
        if (magic != MAGIC) {
            throw new MalformedMessageException(
                    0, "no greeting of this library: magic 0x" + Integer.toHexString(magic));
        }
        byte version = in.readByte();
        if (version != VERSION) {
            return Optional.empty();
        }
        return Optional.of(new Greeting(readString(in), readString(in), readString(in), readLife(in)));
    }

    static void write(DataOutputStream out, Answer answer) throws IOException {
        out.writeByte(answer.verdict().ordinal());
        writeLife(out, answer.life());
        out.flush();
    }

    static Answer readAnswer(DataInputStream in) throws IOException {
        int verdict = in.readUnsignedByte();
        if (verdict >= Verdict.values().length) {
            String hint = verdict == TLS_ALERT ? " (it speaks TLS, and this node runs insecure)" : "";
            throw new MalformedMessageException(0, "unknown answer " + verdict + hint);
        }
        return new Answer(Verdict.values()[verdict], readLife(in));
    }

    static void write(DataOutputStream out, byte kind, byte[] content) throws IOException {
        out.writeInt(content.length + 1);
        out.writeByte(kind);
        out.write(content);
    }

    /**
     * Reads the next frame. What its length announces is allocated as it arrives, not before.
     *
     * @throws EOFException at the end of the stream, also in the middle of a frame
     * @throws MalformedMessageException if the length is out of bounds or the kind unknown
     */
    static Frame readFrame(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 1 || length > CONTENT_MAX + 1) {
            throw new MalformedMessageException(0, "frame length " + length + ", expected 1 to " + (CONTENT_MAX + 1));
        }
        byte kind = in.readByte();
        if (kind < STILL_HERE || kind > FAREWELL) {
            throw new MalformedMessageException(4, "frame of unknown kind " + kind);
        }
        if (kind != CONTROL && length > PACKET_MAX + 1) {
            throw new MalformedMessageException(
                    0, "frame length " + length + " of kind " + kind + ", at most " + (PACKET_MAX + 1));
        }
        byte[] content = in.readNBytes(length - 1);
        if (content.length < length - 1) {
            throw new EOFException("a frame of " + length + " bytes ends after " + (content.length + 1));
        }
        return new Frame(kind, content);
    }

    private static void writeString(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        out.writeByte(bytes.length);
        out.write(bytes);
    }

    private static String readString(DataInputStream in) throws IOException {
        int length = in.readUnsignedByte();
        if (length > STRING_MAX) {
            throw new MalformedMessageException(5, "name of " + length + " bytes, at most " + STRING_MAX);
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        for (byte each : bytes) {
            if (each < 0) {
                throw new MalformedMessageException(5, "a name that is not ASCII");
            }
        }
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static void writeLife(DataOutputStream out, UUID life) throws IOException {
        out.writeLong(life.getMostSignificantBits());
        out.writeLong(life.getLeastSignificantBits());
    }

    private static UUID readLife(DataInputStream in) throws IOException {
        return new UUID(in.readLong(), in.readLong());
    }
}
