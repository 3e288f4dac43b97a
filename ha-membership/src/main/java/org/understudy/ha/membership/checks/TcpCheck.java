package org.understudy.ha.membership.checks;

import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * Whether somebody accepts TCP connections, and, if asked to, says what he should.
 *
 * <pre>
 * TcpCheck.to("127.0.0.1", 8080).build()
 * TcpCheck.to("127.0.0.1", 6379).send("PING\r\n").expect("^\\+PONG").build()
 * </pre>
 *
 * <p>The kernel accepts connections for a process that hangs. Where a server says something, let it.
 *
 * @since 0.1.0
 */
public final class TcpCheck implements HealthCheck {
    private static final int SENT_MAX = 4096;

    private final Server server;
    private final byte[] sent;
    private final boolean isTalking;

    private TcpCheck(Server server, byte[] sent, boolean isTalking) {
        this.server = server;
        this.sent = sent;
        this.isTalking = isTalking;
    }

    /**
     * @throws ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds a {@link TcpCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private byte @Nullable [] sent;

        private Builder(String host, int port) {
            super("tcp", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /** What to say first, as it stands, in ISO 8859-1; at most 4096 characters. The server must answer. Once. */
        public Builder send(String text) {
            Given.once("send", sent, text);
            if (text.isEmpty()
                    || text.length() > SENT_MAX
                    || !StandardCharsets.ISO_8859_1.newEncoder().canEncode(text)) {
                throw new ConfigurationException("send", text, "give 1 to " + SENT_MAX + " characters of ISO 8859-1");
            }
            sent = text.getBytes(StandardCharsets.ISO_8859_1);
            return this;
        }

        /** Encrypts from the first byte; {@link Tls#implicit()} only. Once. */
        public Builder tls(Tls value) {
            if (!value.isImplicit()) {
                throw new ConfigurationException(
                        "tls", "startTls", "is a command of mail and other protocols: use Tls.implicit() here");
            }
            setTls(value);
            return this;
        }

        @Override
        public TcpCheck build() {
            return new TcpCheck(server(), sent == null ? new byte[0] : sent, sent != null || hasExpectation());
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), talk -> {
            Socket socket = talk.connect(server);
            if (!isTalking) {
                return CheckResult.yes("accepts connections");
            }
            socket.getOutputStream().write(sent);
            socket.getOutputStream().flush();
            return talk.listen(socket.getInputStream(), server.expected());
        });
    }

    @Override
    public String toString() {
        return server.name();
    }
}
