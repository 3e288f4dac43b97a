package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.time.Duration;
import org.apache.commons.net.imap.IMAPSClient;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * Whether an IMAP server (RFC 9051) greets, lists what it can do, lets somebody in and opens a mailbox, which it does not change.
 *
 * <pre>
 * ImapCheck.to("127.0.0.1", 143).login("probe", secret).mailbox("INBOX").build()
 * </pre>
 *
 * <p>{@code expect} looks at the greeting and all later answers.
 *
 * @since 0.1.0
 */
public final class ImapCheck implements HealthCheck {
    private final Server server;
    private final @Nullable String mailbox;

    private ImapCheck(Server server, @Nullable String mailbox) {
        this.server = server;
        this.mailbox = mailbox;
    }

    /**
     * @throws ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link ImapCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private @Nullable String mailbox;

        private Builder(String host, int port) {
            super("imap", host, port);
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

        /** Opens a mailbox for reading after the login (EXAMINE). Once. */
        public Builder mailbox(String name) {
            Given.once("mailbox", mailbox, name);
            mailbox = Given.text("mailbox", name);
            return this;
        }

        @Override
        public ImapCheck build() {
            if (mailbox != null && login == null) {
                throw new ConfigurationException("mailbox", mailbox, "needs a login: add login(...)");
            }
            return new ImapCheck(server(), mailbox);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        Tls tls = server.tls();
        IMAPSClient client = client(tls);
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        StringBuilder said = new StringBuilder(client.getReplyString());
        if (!said.toString().startsWith("* OK") && !said.toString().startsWith("* PREAUTH")) {
            return CheckResult.no("refuses" + Expected.quoted(said));
        }
        if (tls != null && !tls.isImplicit() && !client.execTLS()) {
            return CheckResult.no("does not begin TLS" + Expected.quoted(client.getReplyString()));
        }
        if (!client.capability()) {
            return CheckResult.no("does not answer CAPABILITY" + Expected.quoted(client.getReplyString()));
        }
        said.append(client.getReplyString());
        Server.Login login = server.login();
        if (login != null) {
            if (!client.login(quoted(login.user()), quoted(login.password()))) {
                return CheckResult.no(
                        "does not let " + login.user() + " in" + Expected.quoted(client.getReplyString()));
            }
            said.append(client.getReplyString());
        }
        if (mailbox != null) {
            if (!client.examine(quoted(mailbox))) {
                return CheckResult.no("does not open " + mailbox + Expected.quoted(client.getReplyString()));
            }
            said.append(client.getReplyString());
        }
        CheckResult result = talk.compare(server.expected(), said);
        talk.part(client::logout);
        return result;
    }

    /** RFC 9051, 4.3. */
    private static String quoted(String text) {
        return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private IMAPSClient client(@Nullable Tls tls) {
        IMAPSClient client = new IMAPSClient(tls != null && tls.isImplicit(), tls == null ? null : tls.context()) {
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
