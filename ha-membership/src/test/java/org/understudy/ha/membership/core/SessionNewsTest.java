package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.message.Message.Leave;
import org.understudy.ha.membership.core.message.Message.Offer;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Session;

class SessionNewsTest {

    private static final Optional<ClusterRecord> NOTHING = Optional.of(Records.empty());

    private final SessionNews news = new SessionNews();

    @Test
    void only_the_node_itself_is_believed_and_its_newest_offer() {
        assertThat(news.hear(B, offer(A1, 3), NOTHING)).isFalse();
        assertThat(news.hear(A, offer(A1, 3), NOTHING)).isTrue();
        assertThat(news.hear(A, offer(A1, 3), NOTHING)).isFalse();
        assertThat(news.hear(A, offer(A1, 2), NOTHING)).isFalse();
        assertThat(news.offers().get(A1).version()).isEqualTo(3);

        assertThat(news.hear(B, new Leave(A1))).isFalse();
        assertThat(news.hear(A, new Leave(A1))).isTrue();
        assertThat(news.hear(A, new Leave(A1))).isFalse();
        assertThat(news.leaves()).containsExactly(A1);
    }

    @Test
    void an_offer_older_than_the_one_in_the_record_is_past() {
        Optional<ClusterRecord> record = Optional.of(offered(A1, 5));

        assertThat(news.hear(A, offer(A1, 4), record)).isFalse();
        assertThat(news.hear(A, offer(A1, 5), record)).isTrue();
        assertThat(news.hear(A, offer(new Incarnation(A, 2), 1), record))
                .as("of a later session")
                .isTrue();
    }

    @Test
    void what_the_record_shows_is_forgotten() {
        news.hear(A, offer(A1, 5), NOTHING);
        news.learned(offered(A1, 4));
        assertThat(news.offers()).containsOnlyKeys(A1);

        news.learned(offered(A1, 5));
        assertThat(news.offers()).isEmpty();
    }

    @Test
    void of_a_session_that_is_over_everything_is_forgotten() {
        news.hear(A, offer(A1, 9), NOTHING);
        news.hear(A, new Leave(A1));
        news.note(offer(B1, 1));
        assertThat(news.leave(B1)).isTrue();
        assertThat(news.leave(B1)).isFalse();

        news.learned(offered(B1, 0));
        assertThat(news.offers()).containsOnlyKeys(B1);
        assertThat(news.leaves()).containsExactly(B1);
        assertThat(news.isLeaving(A1)).isFalse();
    }

    @Test
    void an_own_offer_replaces_the_one_before() {
        news.note(offer(B1, 2));
        news.note(offer(B1, 3));

        assertThat(news.offers().get(B1).version()).isEqualTo(3);
    }

    private static Offer offer(Incarnation who, long version) {
        return new Offer(who, version, new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), Claims.NONE);
    }

    private static ClusterRecord offered(Incarnation who, long version) {
        return Records.withSession(
                Records.empty(),
                new Session(who, 7, "disk-" + who.node(), HostIdentity.UNKNOWN, "key", version, new TreeMap<>()));
    }
}
