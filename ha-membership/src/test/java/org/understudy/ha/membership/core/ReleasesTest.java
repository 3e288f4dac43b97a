package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.message.Message.Release;
import org.understudy.ha.membership.core.record.ClusterRecord;

class ReleasesTest {

    private final Releases releases = new Releases();

    @Test
    void only_the_holder_is_believed_and_the_newest_token() {
        assertThat(releases.hear(B, release(A1, 5))).isFalse();
        assertThat(releases.hear(A, release(A1, 5))).isTrue();
        assertThat(releases.hear(A, release(A1, 5))).isFalse();
        assertThat(releases.hear(A, release(A1, 4))).isFalse();
        assertThat(releases.given().get("web").token()).isEqualTo(5);
        assertThat(releases.repeated()).isEmpty();
    }

    @Test
    void what_was_given_back_here_is_said_again_until_the_record_shows_it() {
        releases.give(release(A1, 5));
        releases.learned(granted(A1, 5));
        assertThat(releases.repeated()).containsExactly(release(A1, 5));
        assertThat(releases.given()).containsKey("web");

        releases.learned(granted(B1, 6));
        assertThat(releases.repeated()).isEmpty();
        assertThat(releases.given()).isEmpty();
    }

    @Test
    void what_an_earlier_life_gave_back_is_said_once_more_and_nothing_else_is() {
        ClusterRecord record = granted(A1, 5);

        assertThat(releases.repeatOld(record, A, released(4))).isEmpty();
        assertThat(releases.repeatOld(record, B, released(5))).isEmpty();
        assertThat(releases.repeatOld(Records.withSession(record, A1, new TreeMap<>()), A, released(5)))
                .isEmpty();
        assertThat(releases.repeatOld(record, A, released(5)))
                .singleElement()
                .satisfies(release -> assertThat(release.token()).isEqualTo(5));
        assertThat(releases.repeatOld(record, A, released(5))).isEmpty();
        assertThat(releases.given()).containsKey("web");
    }

    private static TreeMap<String, Long> released(long token) {
        return new TreeMap<>(Map.of("web", token));
    }

    private static Release release(Incarnation holder, long token) {
        return new Release(holder, "web", token, Optional.empty(), "asked to");
    }

    private static ClusterRecord granted(Incarnation holder, long token) {
        return Records.withGroup(Records.empty(), "web", Records.granted(holder, token, true));
    }
}
