package org.understudy.ha.membership.checks;

import java.net.InetAddress;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Whom a check talks to, and what about. */
record Server(
        String kind,
        String host,
        InetAddress address,
        int port,
        @Nullable Pattern expected,
        int bytesMax,
        @Nullable Login login,
        @Nullable Tls tls) {

    /** Who logs in; a password that everybody knows is no secret. */
    record Login(String user, String password, boolean isSecret) {
        @Override
        public String toString() {
            return user;
        }
    }

    /** As messages call it, for example {@code smtp 192.0.2.1:25}. */
    String name() {
        return kind + " " + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    String certificateName() {
        return tls == null ? host : tls.serverName().orElse(host);
    }
}
