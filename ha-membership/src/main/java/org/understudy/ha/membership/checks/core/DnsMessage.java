package org.understudy.ha.membership.checks.core;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;

/**
 * One question of DNS and its answer (RFC 1035, 4).
 *
 * @param id of the question, 16 bits
 * @param isResponse QR
 * @param isTruncated TC: ask again over TCP
 * @param code RCODE
 * @param question the name asked for, lower case, without the last dot
 * @param type of the question
 * @param answers the answer section
 */
public record DnsMessage(
        int id, boolean isResponse, boolean isTruncated, int code, String question, int type, List<Answer> answers) {
    /** Names of RCODE, by number. */
    public static final List<String> CODES =
            List.of("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET");

    private static final int HEADER_BYTES = 12;
    private static final int CLASS_IN = 1;
    private static final int NAME_BYTES_MAX = 255;
    private static final int LABEL_BYTES_MAX = 63;
    private static final int ANSWERS_MAX = 1000;
    private static final int RECURSION_DESIRED = 0x0100;

    /** What is asked for. */
    public enum Type {
        A(1),
        NS(2),
        CNAME(5),
        SOA(6),
        PTR(12),
        MX(15),
        TXT(16),
        AAAA(28);

        private final int number;

        Type(int number) {
            this.number = number;
        }

        public int number() {
            return number;
        }

        static Optional<Type> of(int number) {
            for (Type type : values()) {
                if (type.number == number) {
                    return Optional.of(type);
                }
            }
            return Optional.empty();
        }
    }

    /**
     * A record of the answer.
     *
     * @param text an address; a name; for SOA the primary's name and the serial; for MX preference and name; for TXT its strings one after the
     *     other; for other types {@code \#}, length and hexadecimal bytes (RFC 3597)
     */
    public record Answer(String name, int type, String text) {}

    public DnsMessage {
        answers = List.copyOf(answers);
    }

    /**
     * Why a name cannot be asked for; empty if it can. The root is {@code "."}.
     */
    public static String problem(String name) {
        if (name.equals(".")) {
            return "";
        }
        int length = 1;
        for (String label : bare(name).split("\\.", -1)) {
            if (label.isEmpty() || label.length() > LABEL_BYTES_MAX) {
                return "has an empty label, or one of more than 63 characters: write a name like www.example.org";
            }
            if (!label.chars().allMatch(c -> c > ' ' && c < 127 && c != '\\' && c != '"')) {
                return "has characters that a name in DNS cannot have: write its ASCII form (xn--…)";
            }
            length += label.length() + 1;
        }
        return length > NAME_BYTES_MAX ? "is longer than 255 bytes: no such name can exist" : "";
    }

    private static String bare(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    /** A question, recursion desired. The name must have no {@link #problem}. */
    public static byte[] query(int id, String name, Type type) {
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES + NAME_BYTES_MAX + 4);
        out.putShort((short) id).putShort((short) RECURSION_DESIRED);
        out.putShort((short) 1).putShort((short) 0).putShort((short) 0).putShort((short) 0);
        String bare = bare(name);
        if (!bare.isEmpty()) {
            for (String label : bare.split("\\.")) {
                out.put((byte) label.length()).put(label.getBytes(StandardCharsets.US_ASCII));
            }
        }
        out.put((byte) 0).putShort((short) type.number()).putShort((short) CLASS_IN);
        byte[] bytes = new byte[out.position()];
        out.flip().get(bytes);
        return bytes;
    }

    /**
     * Reads header, question and answers; the other sections are not looked at.
     *
     * @throws MalformedMessageException if they are not whole
     */
    public static DnsMessage parse(byte[] bytes) {
        Reader in = new Reader(bytes);
        int id = in.u16();
        int flags = in.u16();
        int questions = in.u16();
        int count = in.u16();
        in.u16();
        in.u16();
        boolean isResponse = (flags & 0x8000) != 0;
        boolean isTruncated = (flags & 0x0200) != 0;
        String question = "";
        int type = 0;
        if (questions > 1 || count > ANSWERS_MAX) {
            throw in.malformed("at most one question and " + ANSWERS_MAX + " answers", questions + ", " + count);
        }
        if (questions == 1) {
            question = in.name();
            type = in.u16();
            in.u16();
        }
        List<Answer> answers = new ArrayList<>();
        for (int i = 0; i < count && !isTruncated; i++) {
            answers.add(in.answer());
        }
        return new DnsMessage(id, isResponse, isTruncated, flags & 0xf, question, type, answers);
    }

    /** Whether it answers that question. */
    public boolean answers(int askedId, String name, Type asked) {
        // A server that cannot read the question may leave it out (RFC 1035, 4.1.1: format error).
        boolean isSame = question.equals(bare(name)) && type == asked.number() || question.isEmpty() && code != 0;
        return isResponse && id == askedId && isSame;
    }

    public String codeName() {
        return code < CODES.size() ? CODES.get(code) : "RCODE " + code;
    }

    private static final class Reader {
        private final byte[] bytes;
        private int at;

        Reader(byte[] bytes) {
            this.bytes = bytes;
        }

        MalformedMessageException malformed(String expected, String found) {
            return new MalformedMessageException(at, "expected " + expected + ", found " + found);
        }

        int u8() {
            if (at >= bytes.length) {
                throw malformed("another byte", "the end");
            }
            return bytes[at++] & 0xff;
        }

        int u16() {
            return u8() << 8 | u8();
        }

        long u32() {
            return (long) u16() << 16 | u16();
        }

        /** RFC 1035, 4.1.4: a pointer goes back, so following them ends. */
        String name() {
            StringBuilder name = new StringBuilder();
            int earliest = at;
            int resume = -1;
            int total = 1;
            while (true) {
                int length = u8();
                if (length == 0) {
                    break;
                }
                if ((length & 0xc0) == 0xc0) {
                    int target = (length & 0x3f) << 8 | u8();
                    if (target >= earliest) {
                        throw malformed("a pointer back, before " + earliest, Integer.toString(target));
                    }
                    resume = resume < 0 ? at : resume;
                    earliest = target;
                    at = target;
                } else if (length > LABEL_BYTES_MAX) {
                    throw malformed("a label of at most 63 bytes", Integer.toString(length));
                } else {
                    total += length + 1;
                    if (total > NAME_BYTES_MAX) {
                        throw malformed("a name of at most 255 bytes", "a longer one");
                    }
                    name.append(name.length() == 0 ? "" : ".");
                    for (int i = 0; i < length; i++) {
                        name.append((char) u8());
                    }
                }
            }
            at = resume < 0 ? at : resume;
            return name.toString().toLowerCase(Locale.ROOT);
        }

        Answer answer() {
            String owner = name();
            int type = u16();
            u16();
            u32();
            int length = u16();
            int end = at + length;
            if (end > bytes.length) {
                throw malformed(length + " bytes of data", (bytes.length - at) + " of them");
            }
            String text = Type.of(type).map(known -> data(known, end)).orElseGet(() -> unknown(length));
            if (at != end) {
                throw malformed("data that ends at " + end, "an end at " + at);
            }
            return new Answer(owner, type, text);
        }

        private String unknown(int length) {
            String hex = HexFormat.of().formatHex(bytes, at, at + length);
            at += length;
            return "\\# " + length + (length == 0 ? "" : " " + hex);
        }

        private String data(Type type, int end) {
            switch (type) {
                case A:
                    return u8() + "." + u8() + "." + u8() + "." + u8();
                case AAAA:
                    return ipv6();
                case MX:
                    return u16() + " " + name();
                case SOA:
                    String primary = name();
                    name();
                    long serial = u32();
                    for (int i = 0; i < 4; i++) {
                        u32();
                    }
                    return primary + " " + serial;
                case TXT:
                    StringBuilder text = new StringBuilder();
                    while (at < end) {
                        int length = u8();
                        for (int i = 0; i < length; i++) {
                            text.append((char) u8());
                        }
                    }
                    return text.toString();
                default:
                    return name();
            }
        }

        /** RFC 5952. */
        private String ipv6() {
            int[] groups = new int[8];
            for (int i = 0; i < 8; i++) {
                groups[i] = u16();
            }
            int start = -1;
            int length = 1;
            for (int i = 0; i < 8; i++) {
                int run = 0;
                while (i + run < 8 && groups[i + run] == 0) {
                    run++;
                }
                if (run > length) {
                    start = i;
                    length = run;
                }
            }
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 8; i++) {
                if (i == start) {
                    text.append("::");
                    i += length - 1;
                } else {
                    boolean isFirst = text.length() == 0 || text.charAt(text.length() - 1) == ':';
                    text.append(isFirst ? "" : ":").append(Integer.toHexString(groups[i]));
                }
            }
            return text.toString();
        }
    }
}
