package org.understudy.ha.membership.checks;

import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * How a check encrypts. The certificate must be valid and name the server; there is no way to leave that out. To check a server with a
 * certificate of its own making give a context that trusts it.
 *
 * <pre>
 * Tls.startTls().named("mail.example.org")
 * Tls.implicit().trusting(context)
 * </pre>
 *
 * <p>Immutable.
 *
 * @since 0.1.0
 */
public final class Tls {
    private final boolean isImplicit;
    private final @Nullable SSLContext context;
    private final @Nullable String serverName;

    private Tls(boolean isImplicit, @Nullable SSLContext context, @Nullable String serverName) {
        this.isImplicit = isImplicit;
        this.context = context;
        this.serverName = serverName;
    }

    /** From the first byte, as on ports of their own (RFC 8314). */
    public static Tls implicit() {
        return new Tls(true, null, null);
    }

    /** After the greeting, by the protocol's own command. A server that does not offer it fails the check. */
    public static Tls startTls() {
        return new Tls(false, null, null);
    }

    /** Whom to trust, and which certificate to show. Default: the JVM's. */
    public Tls trusting(SSLContext value) {
        return new Tls(isImplicit, value, serverName);
    }

    /**
     * The name that the certificate must have. Default: the host as given to the check.
     *
     * @throws ConfigurationException if it is no name
     */
    public Tls named(String value) {
        return new Tls(isImplicit, context, Given.text("named", value));
    }

    boolean isImplicit() {
        return isImplicit;
    }

    Optional<String> serverName() {
        return Optional.ofNullable(serverName);
    }

    SSLContext context() {
        if (context != null) {
            return context;
        }
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new ConfigurationException(
                    "tls",
                    "the JVM's default",
                    "cannot be used (" + e.getMessage()
                            + "): see javax.net.ssl.trustStore, or give a context with trusting(...)");
        }
    }
}
