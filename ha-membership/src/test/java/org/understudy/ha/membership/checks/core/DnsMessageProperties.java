package org.understudy.ha.membership.checks.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.understudy.ha.membership.checks.core.DnsMessage.Type;

class DnsMessageProperties {
    @Provide
    Arbitrary<String> names() {
        Arbitrary<String> label = Arbitraries.strings()
                .withCharRange('a', 'z')
                .withCharRange('0', '9')
                .withChars('-', '_')
                .ofMinLength(1)
                .ofMaxLength(30);
        return label.list().ofMinSize(1).ofMaxSize(6).map(labels -> String.join(".", labels));
    }

    @Property
    void every_question_is_read_back(@ForAll("names") String name, @ForAll Type type, @ForAll short id) {
        DnsMessage read = DnsMessage.parse(DnsMessage.query(id & 0xffff, name, type));
        assertThat(read.question()).isEqualTo(name);
        assertThat(read.type()).isEqualTo(type.number());
        assertThat(read.id()).isEqualTo(id & 0xffff);
        assertThat(read.isResponse()).isFalse();
    }

    @Property
    void any_bytes_are_refused_as_malformed_or_read(@ForAll byte[] input) {
        DnsMessageFuzz.fuzzerTestOneInput(input);
    }

    @Property
    void answers_with_some_bytes_changed_are_refused_as_malformed_or_read(@ForAll long seed) {
        Random random = new Random(seed);
        List<byte[]> seeds = DnsMessageFuzz.seeds();
        byte[] changed = seeds.get(random.nextInt(seeds.size())).clone();
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            changed[random.nextInt(changed.length)] = (byte) random.nextInt();
        }
        DnsMessageFuzz.fuzzerTestOneInput(changed);
    }
}
