package org.understudy.ha.membership.checks;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.checks.core.DnsMessage;
import org.understudy.ha.membership.checks.core.StrangersText;

/**
 * Whether a name server (RFC 1035) answers a question as it should.
 *
 * <pre>
 * DnsCheck.to("192.0.2.53", 53).ask("www.example.org", "A").expect("192\\.0\\.2\\.").build()
 * DnsCheck.to("192.0.2.53", 53).ask("example.org", "SOA").build()
 * </pre>
 *
 * <p>Asks over UDP, and over TCP if the answer does not fit. What comes over UDP and is no answer to the question is passed over. Without
 * further word a success with one answer at least will do. {@code expect} looks at the answers, one a line: name, type, data.
 *
 * @since 0.1.0
 */
public final class DnsCheck implements HealthCheck {
    private static final int DATAGRAM_BYTES_MAX = 4096;

    private final Server server;
    private final String question;
    private final DnsMessage.Type type;
    private final int code;
    private final boolean isTcp;
    private final SecureRandom random = new SecureRandom();

    private DnsCheck(Server server, String question, DnsMessage.Type type, int code, boolean isTcp) {
        this.server = server;
        this.question = question;
        this.type = type;
        this.code = code;
        this.isTcp = isTcp;
    }

    /**
     * @throws ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds a {@link DnsCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private @Nullable String question;
        private DnsMessage.@Nullable Type type;
        private @Nullable Integer code;
        private boolean isTcp;

        private Builder(String host, int port) {
            super("dns", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * The question. Required; once.
         *
         * @param name in ASCII; {@code "."} is the root
         * @param recordType A, AAAA, CNAME, MX, NS, PTR, SOA or TXT
         */
        public Builder ask(String name, String recordType) {
            Given.once("ask", question, name);
            String wrong = DnsMessage.problem(name);
            if (!wrong.isEmpty()) {
                throw new ConfigurationException("ask", name, wrong);
            }
            type = Arrays.stream(DnsMessage.Type.values())
                    .filter(t -> t.name().equals(recordType.toUpperCase(Locale.ROOT)))
                    .findFirst()
                    .orElseThrow(() -> new ConfigurationException(
                            "ask",
                            recordType,
                            "is no type that can be asked for: use one of "
                                    + Arrays.toString(DnsMessage.Type.values())));
            question = name;
            return this;
        }

        /** The code of the answer, for example NXDOMAIN. Default NOERROR, with one answer at least; once. */
        public Builder expectCode(String name) {
            Given.once("expectCode", code, name);
            int number = DnsMessage.CODES.indexOf(name.toUpperCase(Locale.ROOT));
            if (number < 0) {
                throw new ConfigurationException(
                        "expectCode", name, "is no code of DNS: use one of " + DnsMessage.CODES);
            }
            code = number;
            return this;
        }

        /** Asks over TCP only. */
        public Builder overTcp() {
            isTcp = true;
            return this;
        }

        @Override
        public DnsCheck build() {
            if (question == null || type == null) {
                throw new ConfigurationException(
                        "ask", "(not set)", "give a name and a type that the server must know");
            }
            return new DnsCheck(server(), question, type, code == null ? -1 : code, isTcp);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        int id = random.nextInt(0x10000);
        byte[] query = DnsMessage.query(id, question, type);
        Optional<DnsMessage> answer = isTcp ? Optional.empty() : overUdp(talk, id, query);
        if (answer.isEmpty() || answer.get().isTruncated()) {
            try {
                answer = Optional.of(overTcp(talk, query));
            } catch (MalformedMessageException e) {
                return CheckResult.no("said something that is no message of DNS (" + e.getMessage() + ")");
            }
        }
        DnsMessage found = answer.get();
        if (!found.answers(id, question, type)) {
            return CheckResult.no("answers another question than " + question + " " + type);
        }
        return judge(talk, found);
    }

    private CheckResult judge(Talk talk, DnsMessage found) {
        if (found.code() != Math.max(0, code)) {
            return CheckResult.no("answers " + found.codeName() + " to " + question + " " + type);
        }
        if (code < 0 && found.answers().isEmpty()) {
            return CheckResult.no("has no " + type + " for " + question);
        }
        String said = found.answers().stream().map(DnsCheck::line).collect(Collectors.joining("\n"));
        return talk.compare(server.expected(), said);
    }

    private static String line(DnsMessage.Answer answer) {
        String type = Arrays.stream(DnsMessage.Type.values())
                .filter(t -> t.number() == answer.type())
                .map(Enum::name)
                .findFirst()
                .orElse("TYPE" + answer.type());
        return StrangersText.oneLine(answer.name()) + " " + type + " " + answer.text();
    }

    private Optional<DnsMessage> overUdp(Talk talk, int id, byte[] query) throws IOException {
        DatagramSocket socket = talk.datagrams(server.address(), server.port());
        socket.send(new DatagramPacket(query, query.length));
        DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM_BYTES_MAX], DATAGRAM_BYTES_MAX);
        while (true) {
            packet.setLength(DATAGRAM_BYTES_MAX);
            socket.setSoTimeout(talk.deadline().nextMillis());
            socket.receive(packet);
            try {
                DnsMessage found = DnsMessage.parse(Arrays.copyOf(packet.getData(), packet.getLength()));
                if (found.answers(id, question, type)) {
                    return Optional.of(found);
                }
            } catch (MalformedMessageException e) {
                // Anybody can send a datagram.
                continue;
            }
        }
    }

    /** RFC 7766: two bytes of length before each message. */
    private DnsMessage overTcp(Talk talk, byte[] query) throws IOException {
        Socket socket = talk.connect(server.address(), server.port());
        OutputStream out = socket.getOutputStream();
        out.write(ByteBuffer.allocate(query.length + 2)
                .putShort((short) query.length)
                .put(query)
                .array());
        out.flush();
        DataInputStream in = new DataInputStream(socket.getInputStream());
        int length = in.readUnsignedShort();
        byte[] message = in.readNBytes(length);
        if (message.length < length) {
            throw new EOFException();
        }
        return DnsMessage.parse(message);
    }

    @Override
    public String toString() {
        return server.name();
    }
}
