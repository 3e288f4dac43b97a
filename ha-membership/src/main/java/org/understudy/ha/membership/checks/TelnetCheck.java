package org.understudy.ha.membership.checks;

import java.time.Duration;
import org.apache.commons.net.telnet.TelnetClient;

/**
 * Whether a Telnet server (RFC 854) shows a prompt. Options that the server wants are refused.
 *
 * <pre>
 * TelnetCheck.to("192.0.2.1", 23).expect("login: ").build()
 * </pre>
 *
 * @since 0.1.0
 */
public final class TelnetCheck implements HealthCheck {
    private final Server server;

    private TelnetCheck(Server server) {
        this.server = server;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds a {@link TelnetCheck}. Without {@code expect} any text will do. */
    public static final class Builder extends TalkBuilder<Builder> {
        private Builder(String host, int port) {
            super("telnet", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        @Override
        public TelnetCheck build() {
            return new TelnetCheck(server());
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), talk -> {
            TelnetClient client = new TelnetClient();
            client.setReaderThread(false);
            client.setSocketFactory(talk.sockets());
            client.connect(server.address(), server.port());
            return talk.listen(client.getInputStream(), server.expected());
        });
    }

    @Override
    public String toString() {
        return server.name();
    }
}
