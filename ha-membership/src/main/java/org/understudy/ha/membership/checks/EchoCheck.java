package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.commons.net.echo.EchoTCPClient;
import org.apache.commons.net.echo.EchoUDPClient;

/**
 * Whether an echo server (RFC 862) gives back what it is sent: some random characters, others each time.
 *
 * @since 0.1.0
 */
public final class EchoCheck implements HealthCheck {
    private static final int SENT_BYTES = 16;

    private final Server server;
    private final boolean isUdp;
    private final SecureRandom random = new SecureRandom();

    private EchoCheck(Server server, boolean isUdp) {
        this.server = server;
        this.isUdp = isUdp;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link EchoCheck}. Not thread-safe. */
    public static final class Builder {
        private final String host;
        private final int port;
        private boolean isUdp;

        private Builder(String host, int port) {
            Given.host("host", host);
            this.host = host;
            this.port = Given.port("port", port);
        }

        /** Over UDP instead of TCP. */
        public Builder overUdp() {
            isUdp = true;
            return this;
        }

        public EchoCheck build() {
            String kind = isUdp ? "echo/udp" : "echo";
            return new EchoCheck(
                    new Server(kind, host, Given.host("host", host), port, null, TalkBuilder.BYTES_MAX, null, null),
                    isUdp);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        byte[] sent = new byte[SENT_BYTES];
        random.nextBytes(sent);
        byte[] line = (HexFormat.of().formatHex(sent) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        return Talk.hold(server.name(), timeout, server.bytesMax(), talk -> {
            byte[] back = isUdp ? overUdp(talk, line) : overTcp(talk, line);
            return Arrays.equals(line, back)
                    ? CheckResult.yes("gives back what it was sent")
                    : CheckResult.no("gives back something else than it was sent");
        });
    }

    private byte[] overTcp(Talk talk, byte[] line) throws IOException {
        EchoTCPClient client = new EchoTCPClient();
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        client.getOutputStream().write(line);
        client.getOutputStream().flush();
        return client.getInputStream().readNBytes(line.length);
    }

    private byte[] overUdp(Talk talk, byte[] line) throws IOException {
        try (EchoUDPClient client = new EchoUDPClient()) {
            client.setDatagramSocketFactory(talk.datagramSockets(server.address(), server.port()));
            client.setDefaultTimeout(talk.left());
            client.open();
            client.send(line, line.length, server.address(), server.port());
            byte[] back = new byte[line.length + 1];
            return Arrays.copyOf(back, client.receive(back));
        }
    }

    @Override
    public String toString() {
        return server.name();
    }
}
