package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.codec.ReasonsCodec.Told;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.history.Reasons.Why;
import org.understudy.ha.membership.core.record.Ballot;

@Tag("property")
class ReasonsCodecProperties {

    @Property
    void what_fits_is_read_as_it_was_written(@ForAll("told") Told told) {
        Told fits = new Told(told.ballot(), told.reasons().within(Integer.MAX_VALUE));

        assertThat(ReasonsCodec.decode(ReasonsCodec.encode(fits))).isEqualTo(fits);
        assertThat(fits.reasons().byPart().keySet())
                .isEqualTo(told.reasons().byPart().keySet());
        assertThat(fits.reasons().isWhole()).isEqualTo(told.reasons().isWhole());
    }

    @Property
    void it_never_takes_more_bytes_than_it_may(@ForAll("told") Told told, @ForAll @IntRange(max = 4000) int most) {
        Told nothing = new Told(told.ballot(), Reasons.NONE);
        Reasons some = told.reasons().within(most);
        byte[] bytes = ReasonsCodec.encode(new Told(told.ballot(), some));

        assertThat(bytes.length - ReasonsCodec.encode(nothing).length).isLessThanOrEqualTo(most);
        assertThat(some.isWhole())
                .isEqualTo(told.reasons().isWhole()
                        && some.byPart().size() == told.reasons().byPart().size());
    }

    @Property(tries = 200)
    void every_truncation_and_every_byte_too_many_is_refused(@ForAll("told") Told told) {
        byte[] bytes =
                ReasonsCodec.encode(new Told(told.ballot(), told.reasons().within(2000)));

        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> ReasonsCodec.decode(cut)).isInstanceOf(MalformedMessageException.class);
        }
        byte[] more = Arrays.copyOf(bytes, bytes.length + 1);
        assertThatThrownBy(() -> ReasonsCodec.decode(more)).isInstanceOf(MalformedMessageException.class);
    }

    @Property
    void a_sentence_that_nobody_shortened_is_refused(@ForAll @IntRange(min = 1, max = 400) int length) {
        Told told = new Told(
                new Ballot(7, "serv1/3"),
                new Reasons(new TreeMap<>(Map.of("files", new Why("", "ü".repeat(length)))), true));
        byte[] bytes = ReasonsCodec.encode(told);

        if (2 * length > Reasons.SENTENCE_BYTES_MAX) {
            assertThatThrownBy(() -> ReasonsCodec.decode(bytes)).isInstanceOf(MalformedMessageException.class);
        } else {
            assertThat(ReasonsCodec.decode(bytes)).isEqualTo(told);
        }
    }

    @Provide
    Arbitrary<Told> told() {
        Arbitrary<String> texts = Arbitraries.oneOf(
                        Arbitraries.of("", "asked to move to serv2", "ünï", "🙂".repeat(200)),
                        Arbitraries.strings().ofMaxLength(500))
                .map(ReasonsCodecProperties::printable);
        Arbitrary<Why> whys = Combinators.combine(texts, texts).as(Why::new);
        Arbitrary<Reasons> reasons = Combinators.combine(
                        Arbitraries.maps(Arbitraries.strings().alpha().ofMaxLength(20), whys)
                                .ofMaxSize(8),
                        Arbitraries.of(true, false))
                .as((all, isWhole) -> new Reasons(new TreeMap<>(all), isWhole));
        return Combinators.combine(Arbitraries.longs(), Arbitraries.of("", "serv1/3"), reasons)
                .as((round, proposer, why) -> new Told(new Ballot(round, proposer), why));
    }

    /** Half a pair has no bytes in UTF-8. */
    private static String printable(String any) {
        return new String(any.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    }
}
