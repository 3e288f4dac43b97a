package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.time.Duration;
import org.apache.commons.net.pop3.POP3Reply;
import org.apache.commons.net.pop3.POP3SClient;
import org.jspecify.annotations.Nullable;

/**
 * Whether a POP3 server (RFC 1939) greets, and lets somebody in and counts his mail.
 *
 * <pre>
 * Pop3Check.to("192.0.2.1", 995).tls(Tls.implicit()).login("probe", secret).build()
 * </pre>
 *
 * <p>{@code expect} looks at the greeting and all later answers.
 *
 * @since 0.1.0
 */
public final class Pop3Check implements HealthCheck {
    private final Server server;

    private Pop3Check(Server server) {
        this.server = server;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds a {@link Pop3Check}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private Builder(String host, int port) {
            super("pop3", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Logs in; needs {@link #tls} unless the host is this one. Once. */
        public Builder login(String user, String password) {
            setLogin(user, password);
            return this;
        }

        /** Encrypts, see {@link Tls}. Once. */
        public Builder tls(Tls value) {
            setTls(value);
            return this;
        }

        @Override
        public Pop3Check build() {
            return new Pop3Check(server());
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        Tls tls = server.tls();
        POP3SClient client = client(tls);
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        StringBuilder said = new StringBuilder(client.getReplyString());
        if (!said.toString().startsWith("+OK")) {
            return CheckResult.no("refuses" + Expected.quoted(said));
        }
        if (tls != null && !tls.isImplicit() && !client.execTLS()) {
            return CheckResult.no("does not begin TLS" + Expected.quoted(client.getReplyString()));
        }
        Server.Login login = server.login();
        if (login != null) {
            if (!client.login(login.user(), login.password())) {
                return CheckResult.no(
                        "does not let " + login.user() + " in" + Expected.quoted(client.getReplyString()));
            }
            said.append(client.getReplyString());
            if (client.sendCommand("STAT") != POP3Reply.OK) {
                return CheckResult.no("does not count the mail" + Expected.quoted(client.getReplyString()));
            }
            said.append(client.getReplyString());
        }
        CheckResult result = talk.compare(server.expected(), said);
        talk.part(client::logout);
        return result;
    }

    private POP3SClient client(@Nullable Tls tls) {
        POP3SClient client = new POP3SClient(tls != null && tls.isImplicit(), tls == null ? null : tls.context()) {
            @Override
            protected void _connectAction_() throws IOException {
                _hostname_ = server.certificateName();
                super._connectAction_();
            }
        };
        client.setEndpointCheckingEnabled(true);
        return client;
    }

    @Override
    public String toString() {
        return server.name();
    }
}
