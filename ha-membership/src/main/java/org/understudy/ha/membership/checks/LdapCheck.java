package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.time.Duration;
import java.util.Hashtable;
import javax.naming.AuthenticationException;
import javax.naming.Context;
import javax.naming.InterruptedNamingException;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;

/**
 * Whether a directory (LDAP, RFC 4511) lets somebody in and finds an entry.
 *
 * <pre>
 * LdapCheck.to("192.0.2.1", 389).base("dc=example,dc=org").filter("(objectClass=*)").build()
 * LdapCheck.to("ldap.example.org", 636).tls(Tls.implicit()).login("cn=probe,dc=example,dc=org", secret).build()
 * </pre>
 *
 * <p>Without a base the server is asked for its own description (RFC 4512, 5.1). {@code expect} looks at the attributes of the entry, one value a line, as
 * {@code name: value}. Referrals are not followed, and nothing that comes is made an object.
 *
 * <p><b>Threads.</b> The JDK's client has a thread for each connection, which ends with the check.
 *
 * @since 0.1.0
 */
public final class LdapCheck implements HealthCheck {
    private final Server server;
    private final String base;
    private final String filter;

    private LdapCheck(Server server, String base, String filter) {
        this.server = server;
        this.base = base;
        this.filter = filter;
    }

    /**
     * @throws ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link LdapCheck}. */
    public static final class Builder extends TalkBuilder<Builder> {
        private @Nullable String base;
        private @Nullable String filter;

        private Builder(String host, int port) {
            super("ldap", host, port);
        }

        @Override
        Builder self() {
            return this;
        }

        /** The entry to look for. Once. */
        public Builder base(String name) {
            Given.once("base", base, name);
            base = Given.text("base", name);
            return this;
        }

        /** What it must be like (RFC 4515). Default {@code (objectClass=*)}; once. */
        public Builder filter(String value) {
            Given.once("filter", filter, value);
            filter = Given.text("filter", value);
            return this;
        }

        /** Logs in with a name and a password (simple bind); needs {@link #tls} unless the host is this one. Once. */
        public Builder login(String name, String password) {
            setLogin(name, password);
            return this;
        }

        /** Encrypts from the first byte ({@code ldaps}); {@link Tls#implicit()} only. Once. */
        public Builder tls(Tls value) {
            if (!value.isImplicit()) {
                throw new ConfigurationException(
                        "tls",
                        "startTls",
                        "is not there for directories: use Tls.implicit() on the port of ldaps, 636 usually");
            }
            setTls(value);
            return this;
        }

        @Override
        public LdapCheck build() {
            return new LdapCheck(server(), base == null ? "" : base, filter == null ? "(objectClass=*)" : filter);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(server.name(), timeout, server.bytesMax(), this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        DirContext directory = null;
        try {
            directory = LdapSockets.with(() -> talk.connect(server), () -> new InitialDirContext(environment(talk)));
            return search(talk, directory);
        } catch (InterruptedNamingException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (AuthenticationException e) {
            return CheckResult.no(
                    "does not let " + server.login() + " in" + Expected.quoted(String.valueOf(e.getMessage())));
        } catch (NameNotFoundException e) {
            return CheckResult.no("has no entry " + base);
        } catch (NamingException e) {
            if (e.getRootCause() instanceof IOException io) {
                throw io;
            }
            return talk.deadline().isOver()
                    ? Talk.late(talk.deadline())
                    : CheckResult.no("fails" + Expected.quoted(String.valueOf(e.getMessage())));
        } finally {
            close(directory);
        }
    }

    private Hashtable<String, String> environment(Talk talk) {
        String host = server.address().getHostAddress();
        Hashtable<String, String> settings = new Hashtable<>();
        settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        settings.put(
                Context.PROVIDER_URL, "ldap://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port());
        settings.put(Context.REFERRAL, "ignore");
        settings.put("java.naming.ldap.version", "3");
        settings.put("java.naming.ldap.factory.socket", LdapSockets.class.getName());
        settings.put(
                "com.sun.jndi.ldap.read.timeout",
                Integer.toString(Math.max(1, talk.deadline().leftMillis())));
        Server.Login login = server.login();
        settings.put(Context.SECURITY_AUTHENTICATION, login == null ? "none" : "simple");
        if (login != null) {
            settings.put(Context.SECURITY_PRINCIPAL, login.user());
            settings.put(Context.SECURITY_CREDENTIALS, login.password());
        }
        return settings;
    }

    private CheckResult search(Talk talk, DirContext directory) throws NamingException {
        SearchControls controls = new SearchControls();
        controls.setSearchScope(SearchControls.OBJECT_SCOPE);
        controls.setCountLimit(1);
        NamingEnumeration<SearchResult> found = directory.search(base, filter, controls);
        if (!found.hasMore()) {
            return CheckResult.no("has no entry " + base + " with " + filter);
        }
        StringBuilder said = new StringBuilder();
        NamingEnumeration<? extends Attribute> attributes =
                found.next().getAttributes().getAll();
        while (attributes.hasMore()) {
            Attribute attribute = attributes.next();
            for (int i = 0; i < attribute.size(); i++) {
                if (attribute.get(i) instanceof String value) {
                    said.append(attribute.getID()).append(": ").append(value).append('\n');
                }
            }
        }
        return talk.compare(server.expected(), said);
    }

    private static void close(@Nullable DirContext directory) {
        if (directory != null) {
            try {
                directory.close();
            } catch (NamingException e) {
                // Its socket is closed with the talk.
                return;
            }
        }
    }

    @Override
    public String toString() {
        return server.name();
    }
}
