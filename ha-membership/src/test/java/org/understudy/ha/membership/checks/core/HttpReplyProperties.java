package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;

class HttpReplyProperties {
    @Property
    void a_body_comes_back_whole_however_it_is_cut_into_chunks(
            @ForAll @Size(max = 20)
                    List<@CharRange(from = '\u0000', to = '\u00ff') @StringLength(min = 1, max = 40) String> parts) {
        StringBuilder text = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        parts.forEach(part -> text.append(Integer.toHexString(part.length()))
                .append("\r\n")
                .append(part)
                .append("\r\n"));
        text.append("0\r\n\r\n");
        byte[] bytes = text.toString().getBytes(StandardCharsets.ISO_8859_1);
        HttpReply reply = new HttpReply(10_000, true);
        assertThat(reply.feed(bytes, bytes.length)).isTrue();
        assertThat(reply.body()).isEqualTo(String.join("", parts));
    }

    @Property
    void any_bytes_have_the_same_outcome_in_any_pieces(@ForAll byte[] input) {
        HttpReplyFuzz.fuzzerTestOneInput(input);
    }

    @Property
    void answers_with_some_bytes_changed_have_the_same_outcome_in_any_pieces(@ForAll long seed) {
        Random random = new Random(seed);
        List<byte[]> seeds = HttpReplyFuzz.seeds();
        byte[] changed = seeds.get(random.nextInt(seeds.size())).clone();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            changed[random.nextInt(changed.length)] = (byte) random.nextInt(128);
        }
        HttpReplyFuzz.fuzzerTestOneInput(changed);
    }
}
