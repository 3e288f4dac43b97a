package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.understudy.ha.api.MalformedMessageException;

class HttpReplyTest {
    private static HttpReply reply(String text, int bodyMax) {
        HttpReply reply = new HttpReply(bodyMax, true);
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        if (!reply.feed(bytes, bytes.length)) {
            reply.end();
        }
        return reply;
    }

    @Test
    void a_body_of_a_known_length() {
        HttpReply reply = reply("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more", 100);
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.body()).isEqualTo("hello");
    }

    @Test
    void a_body_in_chunks() {
        String text =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n";
        assertThat(reply(text, 100).body()).isEqualTo("hello");
        assertThat(reply(text, 4).body()).isEqualTo("hell");
    }

    @Test
    void a_body_until_the_connection_ends() {
        assertThat(reply("HTTP/1.0 404 Not Found\n\nnothing here", 100).body()).isEqualTo("nothing here");
    }

    @Test
    void interim_answers_are_passed_over() {
        HttpReply reply = reply("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 100);
        assertThat(reply.status()).isEqualTo(204);
        assertThat(reply.body()).isEmpty();
    }

    @Test
    void without_a_wanted_body_the_head_is_enough() {
        HttpReply reply = new HttpReply(0, true);
        byte[] head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(reply.feed(head, head.length)).isTrue();
    }

    @Test
    void the_answer_to_head_has_no_body() {
        HttpReply reply = new HttpReply(100, false);
        byte[] head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(reply.feed(head, head.length)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                "HTTP/2 200\r\n\r\n",
                "HTTP/1.1 099 What\r\n\r\n",
                "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
                "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                "HTTP/1.1 100 Continue\r\n\r\n"
            })
    void what_is_no_answer_or_not_a_whole_one_is_refused(String text) {
        assertThatThrownBy(() -> reply(text, 100)).isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void a_head_that_does_not_end_is_refused() {
        assertThatThrownBy(() -> reply("HTTP/1.1 200 " + "x".repeat(HttpReply.LINE_MAX), 1))
                .isInstanceOf(MalformedMessageException.class);
        assertThatThrownBy(() -> reply("HTTP/1.1 200 OK\r\n" + "A: b\r\n".repeat(HttpReply.HEAD_MAX / 6), 1))
                .isInstanceOf(MalformedMessageException.class);
        assertThatThrownBy(() -> reply("HTTP/1.1 100 Continue\r\n\r\n".repeat(HttpReply.HEAD_MAX / 25 + 1), 1))
                .isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void a_body_of_many_small_chunks_is_read_whole() {
        String text =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + "1\r\nx\r\n".repeat(60_000) + "0\r\n\r\n";
        assertThat(reply(text, 65_536).body()).hasSize(60_000);
    }
}
