package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B1;
import static org.understudy.ha.membership.core.Records.candidacy;

import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Rules;

class SteadinessTest {

    private static final long SECOND = 1_000_000_000L;
    private static final Rules GOES_HOME = Rules.of(Placement.rules()
            .failback(Failback.whenStable(Duration.ofSeconds(60)))
            .build());

    private final Steadiness steadiness = new Steadiness();

    @Test
    void a_node_counts_once_it_could_have_run_it_for_long_enough() {
        steadiness.learn(10 * SECOND, record(A1, true));

        assertThat(steadiness.nextDeadlineNanos(10 * SECOND)).isEqualTo(70 * SECOND);
        assertThat(steadiness.steady(70 * SECOND - 1)).isEmpty();
        assertThat(steadiness.steady(70 * SECOND)).containsEntry("files", new TreeSet<>(List.of(A)));
        assertThat(steadiness.nextDeadlineNanos(70 * SECOND)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void a_record_in_between_changes_nothing_but_a_veto_or_a_new_life_begins_anew() {
        steadiness.learn(10 * SECOND, record(A1, true));
        steadiness.learn(30 * SECOND, record(A1, true));
        assertThat(steadiness.steady(70 * SECOND)).isNotEmpty();

        steadiness.learn(40 * SECOND, record(A1, false));
        steadiness.learn(41 * SECOND, record(A1, true));
        assertThat(steadiness.steady(70 * SECOND)).isEmpty();
        assertThat(steadiness.steady(101 * SECOND)).isNotEmpty();

        steadiness.learn(50 * SECOND, record(new Incarnation(A, 2), true));
        assertThat(steadiness.steady(101 * SECOND)).isEmpty();
        assertThat(steadiness.steady(110 * SECOND)).isNotEmpty();
    }

    @Test
    void a_node_that_has_it_and_fails_with_it_begins_anew_as_well() {
        steadiness.learn(10 * SECOND, record(A1, true));
        ClusterRecord home = Records.withGroup(
                record(A1, true), "files", Records.granted(A1, 6, true).withRules(GOES_HOME));

        steadiness.learn(71 * SECOND, home);
        steadiness.learn(72 * SECOND, record(A1, true));

        assertThat(steadiness.steady(100 * SECOND)).isEmpty();
        assertThat(steadiness.steady(132 * SECOND)).isNotEmpty();
    }

    @Test
    void a_node_on_standby_does_not_count() {
        ClusterRecord record = record(A1, true);

        steadiness.learn(10 * SECOND, record.withOperators(new TreeSet<>(List.of(A)), List.of()));

        assertThat(steadiness.steady(100 * SECOND)).isEmpty();
    }

    /** The group is on b and prefers a. */
    private static ClusterRecord record(Incarnation who, boolean isEligible) {
        ClusterRecord with =
                Records.withSession(Records.withSession(Records.empty(), who, offer(isEligible)), B1, offer(true));
        return Records.withGroup(with, "files", Records.granted(B1, 5, true).withRules(GOES_HOME));
    }

    private static TreeMap<String, Candidacy> offer(boolean isEligible) {
        TreeMap<String, Candidacy> offer = new TreeMap<>();
        offer.put(
                "files",
                candidacy(true)
                        .withEligibility(isEligible, isEligible ? "" : "no disk")
                        .withRules(GOES_HOME.digest()));
        return offer;
    }
}
