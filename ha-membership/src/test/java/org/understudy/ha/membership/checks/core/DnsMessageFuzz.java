package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.checks.core.DnsMessage.Type;

/** {@link DnsMessage}: refused as malformed, or a question that can be asked again and whose answers are bounded. */
public final class DnsMessageFuzz {
    private DnsMessageFuzz() {}

    public static List<byte[]> seeds() {
        return List.of(
                DnsMessage.query(1, ".", Type.SOA),
                DnsMessage.query(0x1234, "www.example.org", Type.AAAA),
                DnsMessageTest.answer(
                        "8180",
                        "0001",
                        "c00c 0001 0001 0000003c 0004 c0000201 c010 000f 0001 0000003c 0009 000a 046d61696c c010",
                        2),
                DnsMessageTest.answer(
                        "8180",
                        "0006",
                        "c010 0006 0001 0000003c 001b 026e73c010c010 0000000700000001000000020000000300000004"
                                + "c010 0010 0001 0000003c 0003 026162 c010 0021 0001 0000003c 0002 beef",
                        3));
    }

    public static void fuzzerTestOneInput(byte[] input) {
        DnsMessage read;
        try {
            read = DnsMessage.parse(input);
        } catch (MalformedMessageException e) {
            assertThat(e.offset()).isBetween(0, input.length);
            return;
        }
        assertThat(read.question().length()).isLessThan(256);
        assertThat(read.code()).isBetween(0, 15);
        assertThat(read.answers()).allSatisfy(answer -> {
            assertThat(answer.name().length()).isLessThan(256);
            assertThat(answer.text().length()).isLessThan(2 * 65_536 + 20);
        });
        if (DnsMessage.problem(read.question()).isEmpty() && !read.question().isEmpty()) {
            byte[] again = DnsMessage.query(read.id(), read.question(), Type.A);
            assertThat(DnsMessage.parse(again).question()).isEqualTo(read.question());
        }
    }
}
