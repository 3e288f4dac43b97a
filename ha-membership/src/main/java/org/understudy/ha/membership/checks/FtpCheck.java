package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPClient;
import org.apache.commons.net.ftp.FTPReply;
import org.apache.commons.net.ftp.FTPSClient;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * Whether an FTP server (RFC 959, 4217) greets, lets somebody in, and hands out a file.
 *
 * <pre>
 * FtpCheck.to("192.0.2.1", 21).anonymous().file("alive.txt").expect("^ok").build()
 * </pre>
 *
 * <p>Without a login only the greeting is looked at. Data connections are passive, and go to the server itself whatever it answers.
 *
 * @since 0.1.0
 */
public final class FtpCheck implements HealthCheck {
    private static final int CHUNK_BYTES = 4096;

    private final Server server;
    private final @Nullable String file;

    private FtpCheck(Server server, @Nullable String file) {
        this.server = server;
        this.file = file;
    }

    /**
     * @throws ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link FtpCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private @Nullable String file;

        private Builder(String host, int port) {
            super("ftp", host, port);
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

        /** Logs in as everybody may (RFC 1635). */
        public Builder anonymous() {
            setOpenLogin("anonymous", "understudy@");
            return this;
        }

        /** Encrypts, see {@link Tls}. Once. */
        public Builder tls(Tls value) {
            setTls(value);
            return this;
        }

        /**
         * Fetches a file after the login; {@code expect} then looks at what is in it. Not together with TLS: servers want its session
         * again for the data, which the JDK's TLS does not offer. Once.
         */
        public Builder file(String path) {
            Given.once("file", file, path);
            file = Given.text("file", path);
            return this;
        }

        @Override
        public FtpCheck build() {
            if (file != null && login == null) {
                throw new ConfigurationException("file", file, "needs a login: add anonymous() or login(...)");
            }
            if (file != null && tls != null) {
                throw new ConfigurationException(
                        "file",
                        file,
                        "cannot be fetched with TLS here: leave either out, the login is checked without it");
            }
            return new FtpCheck(server(), file);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        FTPClient client = client();
        client.setSocketFactory(talk.sockets());
        client.connect(server.address(), server.port());
        StringBuilder said = new StringBuilder(client.getReplyString());
        if (!FTPReply.isPositiveCompletion(client.getReplyCode())) {
            return CheckResult.no("refuses" + Expected.quoted(said));
        }
        Server.Login login = server.login();
        if (login != null) {
            if (!client.login(login.user(), login.password())) {
                return CheckResult.no(
                        "does not let " + login.user() + " in" + Expected.quoted(client.getReplyString()));
            }
            said.append(client.getReplyString());
        }
        if (file != null) {
            said.setLength(0);
            client.setFileType(FTP.BINARY_FILE_TYPE);
            client.enterLocalPassiveMode();
            InputStream in = client.retrieveFileStream(file);
            if (in == null) {
                return CheckResult.no("does not hand out " + file + Expected.quoted(client.getReplyString()));
            }
            said.append(contents(in));
            if (!client.completePendingCommand()) {
                return CheckResult.no("broke off in " + file + Expected.quoted(client.getReplyString()));
            }
        }
        CheckResult result = talk.compare(server.expected(), said);
        talk.part(client::quit);
        return result;
    }

    private static String contents(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        byte[] chunk = new byte[CHUNK_BYTES];
        try (in) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                text.append(new String(chunk, 0, count, StandardCharsets.ISO_8859_1));
            }
        }
        return text.toString();
    }

    private FTPClient client() {
        Tls tls = server.tls();
        if (tls == null) {
            return new FTPClient();
        }
        FTPSClient secure = new FTPSClient(tls.isImplicit(), tls.context()) {
            @Override
            protected void _connectAction_() throws IOException {
                _hostname_ = server.certificateName();
                super._connectAction_();
            }
        };
        secure.setEndpointCheckingEnabled(true);
        return secure;
    }

    @Override
    public String toString() {
        return server.name();
    }
}
