package org.understudy.ha.membership.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.HostPort.Removal;

@Tag("property")
class LastWillCodecProperties {
    private static final byte[] SIGNATURE = new byte[LastWillCodec.SIGNATURE_LENGTH];

    @Property(tries = 500)
    void what_is_encoded_is_decoded_and_encodes_the_same(@ForAll("wills") LastWill will) {
        byte[] datagram = datagram(will);
        LastWill decoded = LastWillCodec.decode(datagram);

        assertThat(datagram.length).isLessThanOrEqualTo(LastWillCodec.DATAGRAM_MAX);
        assertThat(datagram(decoded)).isEqualTo(datagram);
        assertThat(decoded.cluster()).isEqualTo(will.cluster());
        assertThat(decoded.incarnation()).isEqualTo(will.incarnation());
        assertThat(will.removals()).containsAll(decoded.removals());
        assertThat(decoded.truncated())
                .isEqualTo(will.truncated()
                        || decoded.removals().size() < will.removals().size());
    }

    @Property(tries = 100)
    void every_truncation_is_refused(@ForAll("wills") LastWill will) {
        byte[] datagram = datagram(will);
        for (int length = 0; length < datagram.length; length++) {
            byte[] cut = Arrays.copyOf(datagram, length);
            assertThatThrownBy(() -> LastWillCodec.decode(cut)).isInstanceOf(MalformedMessageException.class);
        }
    }

    @Property(tries = 2000)
    void any_bytes_behind_a_true_beginning_are_refused_or_are_canonical(@ForAll byte[] bytes) {
        byte[] datagram = Arrays.copyOf(new byte[] {'U', 'D', 'L', 'W', 1}, 5 + bytes.length);
        System.arraycopy(bytes, 0, datagram, 5, bytes.length);
        try {
            LastWill will = LastWillCodec.decode(datagram);
            assertThat(LastWillCodec.encode(will)).isEqualTo(LastWillCodec.signedPart(datagram));
        } catch (MalformedMessageException e) {
            assertThat(e.offset()).isBetween(0, datagram.length);
        }
    }

    @Provide
    Arbitrary<LastWill> wills() {
        Arbitrary<Removal> removals = Combinators.combine(
                        Arbitraries.strings().ofMaxLength(60).filter(LastWillCodecProperties::isText),
                        Arbitraries.of(Removal.Result.class),
                        Arbitraries.strings().ofMaxLength(20).filter(LastWillCodecProperties::isText))
                .as(Removal::new);
        return Combinators.combine(
                        Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(20),
                        Arbitraries.of("serv1", "a", "witness-2").map(NodeId::of),
                        Arbitraries.longs().between(1, Long.MAX_VALUE),
                        removals.list().ofMaxSize(40),
                        Arbitraries.of(true, false))
                .as(LastWill::new);
    }

    /** Lone surrogates have no UTF-8. */
    private static boolean isText(String text) {
        return java.nio.charset.StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static byte[] datagram(LastWill will) {
        return LastWillCodec.join(LastWillCodec.encode(will), SIGNATURE);
    }

    @Property(tries = 50)
    void failures_are_listed_before_anything_is_left_out(@ForAll("wills") LastWill will) {
        List<Removal> listed = LastWillCodec.decode(datagram(will)).removals();
        boolean successSeen = false;
        for (Removal removal : listed) {
            assertThat(successSeen && !removal.isGone()).isFalse();
            successSeen |= removal.isGone();
        }
    }
}
