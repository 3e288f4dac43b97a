package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.checks.core.DnsMessage.Type;

class DnsMessageTest {
    private static final String QUESTION = "03777777076578616d706c65036f726700";

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    static byte[] answer(String flags, String type, String records, int count) {
        return hex("1234 " + flags + " 0001 " + String.format("%04x", count) + " 0000 0000 " + QUESTION + type + "0001"
                + records);
    }

    @Test
    void a_question_is_written_as_the_rfc_draws_it() {
        assertThat(DnsMessage.query(0x1234, "www.Example.org.", Type.A))
                .isEqualTo(hex("1234 0100 0001 0000 0000 0000 " + QUESTION + " 0001 0001"));
        assertThat(DnsMessage.query(1, ".", Type.SOA)).isEqualTo(hex("0001 0100 0001 0000 0000 0000 00 0006 0001"));
    }

    @Test
    void addresses_are_read() {
        DnsMessage found = DnsMessage.parse(answer("8180", "0001", "c00c 0001 0001 0000003c 0004 c0000201", 1));
        assertThat(found.answers(0x1234, "WWW.example.org", Type.A)).isTrue();
        assertThat(found.answers(0x1235, "www.example.org", Type.A)).isFalse();
        assertThat(found.answers(0x1234, "www.example.org", Type.AAAA)).isFalse();
        assertThat(found.answers(0x1234, "example.org", Type.A)).isFalse();
        assertThat(found.answers()).containsExactly(new DnsMessage.Answer("www.example.org", 1, "192.0.2.1"));
    }

    @Test
    void other_records_are_read() {
        String records = "c00c 001c 0001 0000003c 0010 20010db8000000000000000000000050"
                + "c010 0006 0001 0000003c 001b 026e73c010 c010 00000007 00000001 00000002 00000003 00000004"
                + "c010 000f 0001 0000003c 0009 000a 046d61696c c010"
                + "c010 0010 0001 0000003c 0006 026162 026364"
                + "c010 0021 0001 0000003c 0002 beef"
                + "c00c 0005 0001 0000003c 0002 c010";
        DnsMessage found = DnsMessage.parse(answer("8180", "0001", records, 6));
        assertThat(found.answers())
                .extracting(DnsMessage.Answer::text)
                .containsExactly(
                        "2001:db8::50", "ns.example.org 7", "10 mail.example.org", "abcd", "\\# 2 beef", "example.org");
    }

    @Test
    void a_refusal_may_leave_the_question_out() {
        DnsMessage found = DnsMessage.parse(hex("1234 8181 0000 0000 0000 0000"));
        assertThat(found.codeName()).isEqualTo("FORMERR");
        assertThat(found.answers(0x1234, "www.example.org", Type.A)).isTrue();
        assertThat(DnsMessage.parse(hex("1234 8180 0000 0000 0000 0000")).answers(0x1234, "x", Type.A))
                .isFalse();
    }

    @Test
    void a_pointer_that_does_not_go_back_is_refused() {
        assertThatThrownBy(() -> DnsMessage.parse(hex("1234 8180 0001 0000 0000 0000 c00c 0001 0001")))
                .isInstanceOf(MalformedMessageException.class);
        assertThatThrownBy(() -> DnsMessage.parse(hex("1234 8180 0001 0000 0000 0000 c020 0001 0001")))
                .isInstanceOf(MalformedMessageException.class);
    }

    @Test
    void data_that_is_longer_or_shorter_than_it_says_is_refused() {
        for (String length : new String[] {"0003", "0005", "ffff"}) {
            byte[] message = answer("8180", "0001", "c00c 0001 0001 0000003c " + length + " c000020100", 1);
            assertThatThrownBy(() -> DnsMessage.parse(message)).isInstanceOf(MalformedMessageException.class);
        }
    }

    @Test
    void names_that_cannot_be_are_told() {
        assertThat(DnsMessage.problem("www.example.org")).isEmpty();
        assertThat(DnsMessage.problem(".")).isEmpty();
        assertThat(DnsMessage.problem("")).contains("label");
        assertThat(DnsMessage.problem("a..b")).contains("label");
        assertThat(DnsMessage.problem("x".repeat(64))).contains("63");
        assertThat(DnsMessage.problem("bücher.example")).contains("xn--");
        assertThat(DnsMessage.problem(("x".repeat(63) + ".").repeat(4))).contains("255");
    }
}
