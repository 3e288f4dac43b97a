package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.membership.checks.core.HttpReply;

/**
 * Whether a web server (HTTP/1.1, RFC 9112) answers with the right status and body.
 *
 * <pre>
 * HttpCheck.of("http://127.0.0.1:8080/health").expect("\"status\":\"UP\"").build()
 * HttpCheck.of("https://shop.example.org/").at("127.0.0.1", 8443).status(200).trusting(context).build()
 * </pre>
 *
 * <p>Each check makes a connection of its own, follows no redirect, uses no proxy, cookie or password of this JVM. Over HTTPS the certificate must be valid
 * and name the host of the URI. The body is read only if something is expected in it, and only its beginning.
 *
 * <p>The host is looked up once, when the check is built, because a resolver has no time-out.
 *
 * @since 0.1.0
 */
public final class HttpCheck implements HealthCheck {
    private static final int STATUS_MIN = 200;
    private static final int STATUS_MAX = 599;
    private static final int HEADERS_MAX = 50;
    private static final int SENT_MAX = 4096;
    private static final int CHUNK_BYTES = 8192;
    private static final List<String> OURS =
            List.of("host", "connection", "content-length", "transfer-encoding", "accept-encoding");

    private final URI uri;
    private final InetAddress address;
    private final int port;
    private final @Nullable Tls tls;
    private final String method;
    private final byte[] request;
    private final int statusMin;
    private final int statusMax;
    private final @Nullable Pattern expected;
    private final int bytesMax;

    private HttpCheck(Builder from) {
        this.uri = from.uri;
        this.address = from.address == null ? Given.host("uri", host(from.uri)) : from.address;
        this.port = from.port;
        this.method = from.method == null ? "GET" : from.method;
        this.request = from.request(method);
        this.statusMin = from.statusMin == 0 ? 200 : from.statusMin;
        this.statusMax = from.statusMax == 0 ? 299 : from.statusMax;
        this.expected = from.expected;
        this.bytesMax = from.bytesMax == null ? TalkBuilder.BYTES_MAX : from.bytesMax;
        SSLContext context = from.context;
        Tls plain = from.isSecure ? Tls.implicit() : null;
        this.tls = plain == null || context == null ? plain : plain.trusting(context);
    }

    /**
     * @param uri with scheme {@code http} or {@code https} and a host, without user and fragment
     * @throws ConfigurationException if it is no such URI
     */
    public static Builder of(String uri) {
        return new Builder(uri);
    }

    /** Builds an {@link HttpCheck}. Not thread-safe. A setting that cannot be is refused when it is given. */
    public static final class Builder {
        private final URI uri;
        private final boolean isSecure;
        private @Nullable InetAddress address;
        private int port;
        private final Map<String, String> headers = new LinkedHashMap<>();
        private @Nullable String method;
        private byte @Nullable [] sent;
        private int statusMin;
        private int statusMax;
        private @Nullable Pattern expected;
        private @Nullable Integer bytesMax;
        private @Nullable SSLContext context;

        private Builder(String text) {
            try {
                uri = URI.create(text);
            } catch (IllegalArgumentException e) {
                throw new ConfigurationException("uri", text, "is no URI: " + e.getMessage());
            }
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            isSecure = scheme.equals("https");
            boolean isWeb = isSecure || scheme.equals("http");
            boolean isAscii = text.chars().allMatch(c -> c > ' ' && c < 127);
            boolean hasMore = uri.getUserInfo() != null || uri.getFragment() != null || uri.getPort() == 0;
            if (!isWeb || !isAscii || uri.getHost() == null || hasMore) {
                throw new ConfigurationException(
                        "uri",
                        text,
                        "cannot be asked: write http or https, a host, a port if it is not the usual one, and a path, in ASCII, for"
                                + " example http://127.0.0.1:8080/health");
            }
            port = uri.getPort() >= 0 ? uri.getPort() : isSecure ? 443 : 80;
            Given.port("uri", port);
        }

        /**
         * Connects there instead of to the host of the URI, which is still the one that is asked for: for servers that have several names, and for
         * names that lead elsewhere. Once.
         *
         * @throws ConfigurationException if the host is not known, or the port is none
         */
        public Builder at(String host, int otherPort) {
            Given.once("at", address, host);
            address = Given.host("at", host);
            port = Given.port("at", otherPort);
            return this;
        }

        /** GET, HEAD or OPTIONS. Default GET; once. */
        public Builder method(String value) {
            Given.once("method", method, value);
            if (!List.of("GET", "HEAD", "OPTIONS").contains(value)) {
                throw new ConfigurationException(
                        "method",
                        value,
                        "might change something on the server: use GET, HEAD or OPTIONS, or post(...)");
            }
            method = value;
            return this;
        }

        /**
         * Sends a POST with that body, in UTF-8, at most 4096 bytes. It is sent again and again and must change nothing. Once, without {@link #method}.
         */
        public Builder post(String body) {
            Given.once("method", method, "POST");
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            if (bytes.length > SENT_MAX) {
                throw new ConfigurationException("post", bytes.length + " bytes", "give at most " + SENT_MAX);
            }
            method = "POST";
            sent = bytes;
            return this;
        }

        /** One more header field of the request, for example {@code Authorization}. Its value is not shown in messages. */
        public Builder header(String name, String value) {
            if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}") || headers.size() >= HEADERS_MAX) {
                throw new ConfigurationException(
                        "header", name, "is no name of a header field, or one more than " + HEADERS_MAX + " of them");
            }
            if (OURS.contains(name.toLowerCase(Locale.ROOT))) {
                throw new ConfigurationException(
                        "header",
                        name,
                        "is set by the check: for another host put its name into the URI and use at(...)");
            }
            headers.put(name, Given.secret("header " + name, value));
            return this;
        }

        /** The one status that is right. Default: 200 to 299; once. */
        public Builder status(int value) {
            return statusBetween(value, value);
        }

        /** The statuses that are right, both ends included. Default: 200 to 299; once. */
        public Builder statusBetween(int min, int max) {
            Given.once("status", statusMin == 0 ? null : statusMin, min);
            if (min < STATUS_MIN || max > STATUS_MAX || min > max) {
                throw new ConfigurationException(
                        "status",
                        min + " to " + max,
                        "give " + STATUS_MIN + " to " + STATUS_MAX + ", the lower one first");
            }
            statusMin = min;
            statusMax = max;
            return this;
        }

        /** What the body must have in it: a regular expression, in which a byte is one character of ISO 8859-1. Once. */
        public Builder expect(String regex) {
            Given.once("expect", expected, regex);
            expected = Given.pattern("expect", regex);
            return this;
        }

        /** How much of the body is read; the pattern must be found there. Default 65536, at most 16 MiB; once. */
        public Builder bytesMax(int value) {
            Given.once("bytesMax", bytesMax, value);
            bytesMax = Given.bytes("bytesMax", value);
            return this;
        }

        /** Whom to trust, and which certificate to show. Default: the JVM's; once. */
        public Builder trusting(SSLContext value) {
            Given.once("trusting", context, "another");
            if (!isSecure) {
                throw new ConfigurationException("trusting", uri, "has nobody to trust: write https");
            }
            context = value;
            return this;
        }

        /**
         * @throws ConfigurationException if the host is not known, or nothing can be expected in no body
         */
        public HttpCheck build() {
            if (expected != null && "HEAD".equals(method)) {
                throw new ConfigurationException(
                        "expect", expected, "needs a body, which HEAD does not bring: use GET");
            }
            return new HttpCheck(this);
        }

        private byte[] request(String verb) {
            String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
            String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
            StringBuilder head = new StringBuilder();
            head.append(verb).append(' ').append(path).append(query).append(" HTTP/1.1\r\n");
            head.append("Host: ").append(uri.getRawAuthority()).append("\r\n");
            head.append("Connection: close\r\nAccept-Encoding: identity\r\n");
            headers.forEach((name, value) ->
                    head.append(name).append(": ").append(value).append("\r\n"));
            if (sent != null) {
                head.append("Content-Length: ").append(sent.length).append("\r\n");
            }
            byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
            byte[] all = Arrays.copyOf(start, start.length + (sent == null ? 0 : sent.length));
            if (sent != null) {
                System.arraycopy(sent, 0, all, start.length, sent.length);
            }
            return all;
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        // A body may come in chunks as small as a byte.
        int allowed = HttpReply.HEAD_MAX + 7 * bytesMax;
        return Talk.hold(toString(), timeout, allowed, this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        Socket plain = talk.connect(address, port);
        Socket socket = tls == null ? plain : Talk.secure(plain, tls, host(uri));
        socket.getOutputStream().write(request);
        socket.getOutputStream().flush();
        HttpReply reply = new HttpReply(expected == null ? 0 : bytesMax, !method.equals("HEAD"));
        InputStream in = socket.getInputStream();
        byte[] chunk = new byte[CHUNK_BYTES];
        boolean isEnough = false;
        while (!isEnough) {
            int count = in.read(chunk);
            if (count < 0) {
                reply.end();
                isEnough = true;
            } else {
                isEnough = reply.feed(chunk, count);
            }
        }
        if (reply.status() < statusMin || reply.status() > statusMax) {
            return CheckResult.no("answers " + reply.status() + ", not " + statusMin
                    + (statusMin == statusMax ? "" : " to " + statusMax));
        }
        return Expected.problem(expected, reply.body(), talk.deadline())
                .orElseGet(() -> CheckResult.yes("answers " + reply.status()));
    }

    private static String host(URI uri) {
        String host = uri.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    @Override
    public String toString() {
        return method + " " + uri;
    }
}
