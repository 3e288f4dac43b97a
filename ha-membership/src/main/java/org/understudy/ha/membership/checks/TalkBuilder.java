package org.understudy.ha.membership.checks;

import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * What the builders of checks over TCP have in common. Not thread-safe. A setting that cannot be is refused when it is given.
 *
 * <p><b>The host</b> is an address, or a name that is looked up once, when the builder is made: a resolver has no time-out, and a check must.
 *
 * @param <B> the builder itself
 * @since 0.1.0
 */
public abstract class TalkBuilder<B extends TalkBuilder<B>> {
    static final int BYTES_MAX = 64 * 1024;

    private final String kind;
    private final String host;
    private final InetAddress address;
    private final int port;
    private @Nullable Pattern expected;
    private @Nullable Integer bytesMax;
    Server.@Nullable Login login;

    @Nullable
    Tls tls;

    TalkBuilder(String kind, String host, int port) {
        this.kind = kind;
        this.host = host;
        this.address = Given.host("host", host);
        this.port = Given.port("port", port);
    }

    abstract B self();

    /**
     * What the server must say somewhere: a regular expression, in which a dot is any character and a byte is one character of ISO 8859-1. Default:
     * whatever its protocol calls a success; once.
     *
     * @throws ConfigurationException if it is none
     */
    public B expect(String regex) {
        Given.once("expect", expected, regex);
        expected = Given.pattern("expect", regex);
        return self();
    }

    /** How many bytes may come in one check; a server that sends more has failed it. Default 65536, at most 16 MiB; once. */
    public B bytesMax(int value) {
        Given.once("bytesMax", bytesMax, value);
        bytesMax = Given.bytes("bytesMax", value);
        return self();
    }

    /** Builds it; nothing is asked yet. */
    public abstract HealthCheck build();

    void setLogin(String user, String password) {
        Given.once("login", login, user);
        login = new Server.Login(Given.text("user", user), Given.secret("password", password), true);
    }

    void setOpenLogin(String user, String password) {
        Given.once("login", login, user);
        login = new Server.Login(user, password, false);
    }

    void setTls(Tls value) {
        Given.once("tls", tls, "another");
        tls = value;
    }

    boolean hasExpectation() {
        return expected != null;
    }

    /** A password goes over the network encrypted, or not at all. */
    Server server() {
        if (login != null && login.isSecret() && tls == null && !address.isLoopbackAddress()) {
            throw new ConfigurationException(
                    "login",
                    login,
                    "would go to " + host + " for everybody on the way to read: add tls(...), or leave the login out");
        }
        return new Server(kind, host, address, port, expected, bytesMax == null ? BYTES_MAX : bytesMax, login, tls);
    }
}
