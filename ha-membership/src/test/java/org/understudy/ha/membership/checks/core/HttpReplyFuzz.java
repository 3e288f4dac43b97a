package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.understudy.ha.api.MalformedMessageException;

/** {@link HttpReply}: the same outcome, malformed or read, however the bytes are cut into pieces, and a bounded body. */
public final class HttpReplyFuzz {
    private static final int BODY_MAX = 64;
    private static final String REFUSED = "refused";

    private HttpReplyFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(
                bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
                bytes(
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nT: 1\r\n\r\n"),
                bytes("HTTP/1.0 404 Not Found\n\nnothing here"),
                bytes("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    public static void fuzzerTestOneInput(byte[] input) {
        String whole = outcome(input, Math.max(1, input.length));
        assertThat(outcome(input, 1)).isEqualTo(whole);
        assertThat(outcome(input, 7)).isEqualTo(whole);
    }

    private static String outcome(byte[] input, int piece) {
        HttpReply reply = new HttpReply(BODY_MAX, true);
        try {
            boolean isEnough = false;
            for (int at = 0; at < input.length && !isEnough; at += piece) {
                byte[] next = Arrays.copyOfRange(input, at, Math.min(input.length, at + piece));
                isEnough = reply.feed(next, next.length);
            }
            if (!isEnough) {
                reply.end();
            }
        } catch (MalformedMessageException e) {
            assertThat(e.offset()).isBetween(0, input.length);
            return REFUSED;
        }
        assertThat(reply.status()).isBetween(200, 599);
        assertThat(reply.body().length()).isLessThanOrEqualTo(BODY_MAX);
        return reply.status() + " " + reply.body();
    }
}
