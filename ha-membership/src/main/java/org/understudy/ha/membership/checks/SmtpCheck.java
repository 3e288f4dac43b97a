package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.time.Duration;
import org.apache.commons.net.smtp.AuthenticatingSMTPClient;
import org.apache.commons.net.smtp.AuthenticatingSMTPClient.AUTH_METHOD;
import org.apache.commons.net.smtp.SMTPReply;
import org.jspecify.annotations.Nullable;

/**
 * Whether an SMTP server (RFC 5321), or one for submission (RFC 6409), greets, answers EHLO and lets somebody in. No mail is sent.
 *
 * <pre>
 * SmtpCheck.to("192.0.2.1", 25).build()
 * SmtpCheck.to("192.0.2.1", 587).tls(Tls.startTls().named("mail.example.org")).login("probe", secret).build()
 * </pre>
 *
 * <p>{@code expect} looks at the greeting and at the last answer to EHLO, which lists what the server can do.
 *
 * @since 0.1.0
 */
public final class SmtpCheck implements HealthCheck {
    private final Server server;
    private final @Nullable String hello;

    private SmtpCheck(Server server, @Nullable String hello) {
        this.server = server;
        this.hello = hello;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link SmtpCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private @Nullable String hello;

        private Builder(String host, int port) {
            super("smtp", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /** Logs in (AUTH PLAIN, RFC 4954); needs {@link #tls} unless the host is this one. Once. */
        public Builder login(String user, String password) {
            setLogin(user, password);
            return this;
        }

        /** Encrypts, see {@link Tls}. Once. */
        public Builder tls(Tls value) {
            setTls(value);
            return this;
        }

        /** The name that this host gives itself. Default: its address, in brackets; once. */
        public Builder helloAs(String name) {
            Given.once("helloAs", hello, name);
            hello = Given.text("helloAs", name);
            return this;
        }

        @Override
        public SmtpCheck build() {
            return new SmtpCheck(server(), hello);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        Tls tls = server.tls();
        AuthenticatingSMTPClient client = client(tls);
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        String greeting = client.getReplyString();
        if (!SMTPReply.isPositiveCompletion(client.getReplyCode())) {
            return CheckResult.no("refuses" + Expected.quoted(greeting));
        }
        String name = hello == null ? literal(client.getLocalAddress()) : hello;
        if (!SMTPReply.isPositiveCompletion(client.ehlo(name))) {
            return CheckResult.no("does not answer EHLO" + Expected.quoted(client.getReplyString()));
        }
        if (tls != null && !tls.isImplicit()) {
            if (!client.execTLS()) {
                return CheckResult.no("does not begin TLS" + Expected.quoted(client.getReplyString()));
            }
            if (!SMTPReply.isPositiveCompletion(client.ehlo(name))) {
                return CheckResult.no("does not answer EHLO within TLS" + Expected.quoted(client.getReplyString()));
            }
        }
        String abilities = client.getReplyString();
        Server.Login login = server.login();
        if (login != null && !isLetIn(client, login)) {
            return CheckResult.no("does not let " + login.user() + " in" + Expected.quoted(client.getReplyString()));
        }
        CheckResult result = talk.compare(server.expected(), greeting + abilities);
        talk.part(client::quit);
        return result;
    }

    private static boolean isLetIn(AuthenticatingSMTPClient client, Server.Login login) throws IOException {
        try {
            return client.auth(AUTH_METHOD.PLAIN, login.user(), login.password());
        } catch (GeneralSecurityException e) {
            throw new IOException("AUTH PLAIN: " + e.getMessage(), e);
        }
    }

    private AuthenticatingSMTPClient client(@Nullable Tls tls) {
        AuthenticatingSMTPClient client =
                new AuthenticatingSMTPClient(tls != null && tls.isImplicit(), tls == null ? null : tls.context()) {
                    @Override
                    protected void _connectAction_() throws IOException {
                        _hostname_ = server.certificateName();
                        super._connectAction_();
                    }
                };
        client.setEndpointCheckingEnabled(true);
        return client;
    }

    /** RFC 5321, 4.1.3. */
    private static String literal(InetAddress address) {
        String text = address.getHostAddress();
        int zone = text.indexOf('%');
        String bare = zone < 0 ? text : text.substring(0, zone);
        return "[" + (address instanceof Inet6Address ? "IPv6:" : "") + bare + "]";
    }

    @Override
    public String toString() {
        return server.name();
    }
}
