package org.understudy.ha.membership.jgroups;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.understudy.ha.api.MalformedMessageException;

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
 * frame     int     length of what follows, 1 to 65 536 + 1
 *           byte    kind: 0 still here, 1 control frame, 2 JGroups packet, 3 farewell
 *           bytes   content
 * </pre>
 */
final class Wire {
    static final byte STILL_HERE = 0;
    static final byte CONTROL = 1;
    static final byte PACKET = 2;
    static final byte FAREWELL = 3;

    /** Largest content of a frame. */
    static final int CONTENT_MAX = 1024 * 1024;

    private static final int MAGIC = 0x55535444;
    private static final byte VERSION = 1;
    private static final int STRING_MAX = 64;
    /** Record types of RFC 8446 section 5.1, told apart only to explain them. */
    private static final int TLS_ALERT = 21;

    private static final int TLS_HANDSHAKE = 22;

    private Wire() {}

    /** Why a greeting is turned down, as the dialler is told. */
    enum Verdict {
        WELCOME("welcome"),
        OTHER_VERSION("it speaks another version of the protocol: run the same version of the library on all nodes"),
        OTHER_CLUSTER("it belongs to another cluster: check the cluster name and the addresses"),
        NOT_CONFIGURED("its configuration does not list this node"),
        NOT_ADDRESSED("it is another node: check which node has which address"),
        NOT_CERTIFIED("the certificate does not belong to the node that greets: check the keys directory"),
        NAME_IN_USE("another live process uses this node's name");

        private final String explanation;

        Verdict(String explanation) {
            this.explanation = explanation;
        }

        String explanation() {
            return explanation;
        }
    }

    /** Who dials whom. */
    record Greeting(String cluster, String from, String to, UUID life) {}

    /** How the other one answered. */
    record Answer(Verdict verdict, UUID life) {}

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
     * @throws MalformedMessageException if this is no greeting of ours
     */
    static Greeting readGreeting(DataInputStream in) throws IOException {
        int magic = in.readInt();
        if (magic != MAGIC) {
            throw new MalformedMessageException(
                    0, "no greeting of this library: magic 0x" + Integer.toHexString(magic));
        }
        byte version = in.readByte();
        if (version != VERSION) {
            throw new MalformedMessageException(4, "greeting of version " + version + ", this node speaks " + VERSION);
        }
        return new Greeting(readString(in), readString(in), readString(in), readLife(in));
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
     * The length of the next frame's content; the kind follows.
     *
     * @throws MalformedMessageException if it is out of bounds, before anything is allocated
     */
    static int readContentLength(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 1 || length > CONTENT_MAX + 1) {
            throw new MalformedMessageException(0, "frame length " + length + ", expected 1 to " + (CONTENT_MAX + 1));
        }
        return length - 1;
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
