package org.understudy.ha.membership.core;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.record.ClusterRecord;

/** A will here reads "node incarnation key", and is signed with that key. */
class LastWillsTest {

    private static final WillVerifier VERIFIER = new WillVerifier() {
        @Override
        public Optional<Incarnation> author(byte[] datagram) {
            String[] words = new String(datagram, UTF_8).split(" ");
            return Optional.of(new Incarnation(NodeId.of(words[0]), Long.parseLong(words[1])));
        }

        @Override
        public Optional<Will> verify(byte[] datagram, String publicKey) {
            return author(datagram)
                    .filter(who -> new String(datagram, UTF_8).endsWith(" " + publicKey))
                    .map(who -> new Will(who, List.of("process")));
        }
    };

    private final LastWills wills = new LastWills();

    @Test
    void a_will_counts_for_the_session_whose_key_signed_it() {
        assertThat(wills.take(will(A1, "key-" + A1))).isTrue();

        assertThat(wills.prove(with(A1), VERIFIER)).containsExactly(new LastWills.Proven(A1, List.of("process"), true));
        assertThat(wills.isDead(A1)).isTrue();
        assertThat(wills.gone()).containsOnlyKeys(A1);
    }

    @Test
    void a_will_signed_with_another_key_counts_for_nobody() {
        wills.take(will(A1, "key-" + B1));

        assertThat(wills.prove(Records.withSession(with(A1), B1, new TreeMap<>()), VERIFIER))
                .isEmpty();
        assertThat(wills.isDead(A1)).isFalse();
    }

    @Test
    void a_will_of_a_former_life_says_nothing_about_the_present_one() {
        Incarnation present = new Incarnation(A, 2);
        wills.take(will(A1, "key-" + present));

        assertThat(wills.prove(with(present), VERIFIER)).isEmpty();
        assertThat(wills.isDead(present)).isFalse();
    }

    @Test
    void a_will_that_comes_before_the_record_waits_for_it() {
        wills.take(will(A1, "key-" + A1));
        assertThat(wills.prove(Records.empty(), VERIFIER)).isEmpty();

        assertThat(wills.prove(with(A1), VERIFIER)).hasSize(1);
    }

    @Test
    void a_will_of_a_session_that_has_ended_counts_until_the_record_forgets_its_end() {
        wills.take(will(A1, "key-" + A1));
        ClusterRecord ended = Records.withoutSession(with(A1), A1, Optional.of(ProofKind.EXPIRED));

        assertThat(wills.prove(ended, VERIFIER)).containsExactly(new LastWills.Proven(A1, List.of("process"), false));
        assertThat(wills.isDead(A1)).isTrue();

        wills.prove(Records.empty(), VERIFIER);
        assertThat(wills.isDead(A1)).isFalse();
    }

    @Test
    void what_has_come_before_is_no_news() {
        byte[] will = will(A1, "key-" + A1);
        wills.take(will);
        assertThat(wills.take(will.clone())).isFalse();

        wills.prove(with(A1), VERIFIER);
        assertThat(wills.take(will.clone())).isFalse();
    }

    @Test
    void of_many_that_nothing_proves_the_newest_are_kept() {
        wills.take(will(A1, "key-" + A1));
        for (int i = 0; i < 16; i++) {
            wills.take(will(B1, "forged-" + i));
        }

        assertThat(wills.prove(with(A1), VERIFIER)).isEmpty();
    }

    private static byte[] will(Incarnation who, String key) {
        return (who.node() + " " + who.number() + " " + key).getBytes(UTF_8);
    }

    private static ClusterRecord with(Incarnation who) {
        return Records.withSession(Records.empty(), who, new TreeMap<>());
    }
}
