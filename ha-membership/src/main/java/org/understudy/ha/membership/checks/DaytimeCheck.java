package org.understudy.ha.membership.checks;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import org.apache.commons.net.daytime.DaytimeTCPClient;
import org.apache.commons.net.daytime.DaytimeUDPClient;

/**
 * Whether a daytime server (RFC 867) says something; what it says has no fixed form.
 *
 * @since 0.1.0
 */
public final class DaytimeCheck implements HealthCheck {
    private final Server server;
    private final boolean isUdp;

    private DaytimeCheck(Server server, boolean isUdp) {
        this.server = server;
        this.isUdp = isUdp;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds a {@link DaytimeCheck}. Without {@code expect} a digit somewhere will do. */
    public static final class Builder extends TalkBuilder<Builder> {
        private boolean isUdp;

        private Builder(String host, int port) {
            super("daytime", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Over UDP instead of TCP. */
        public Builder overUdp() {
            isUdp = true;
            return this;
        }

        @Override
        public DaytimeCheck build() {
            if (!hasExpectation()) {
                expect("\\d");
            }
            return new DaytimeCheck(server(), isUdp);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), talk -> {
            String said = isUdp ? overUdp(talk) : overTcp(talk);
            if (said.isEmpty()) {
                throw new EOFException();
            }
            return talk.compare(server.expected(), said);
        });
    }

    private String overTcp(Talk talk) throws IOException {
        DaytimeTCPClient client = new DaytimeTCPClient();
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        return client.getTime();
    }

    private String overUdp(Talk talk) throws IOException {
        try (DaytimeUDPClient client = new DaytimeUDPClient()) {
            client.setDatagramSocketFactory(talk.datagramSockets(server.address(), server.port()));
            client.setDefaultTimeout(talk.left());
            client.open();
            return client.getTime(server.address(), server.port());
        }
    }

    @Override
    public String toString() {
        return server.name();
    }
}
