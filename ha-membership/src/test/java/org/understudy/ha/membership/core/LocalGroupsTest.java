package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.candidacy;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.message.Message.Clear;
import org.understudy.ha.membership.core.message.Message.ClearAnswer;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

class LocalGroupsTest {

    private static final String WEB = "web";
    private static final long SECOND = 1_000_000_000L;
    private static final long HOUR = 3600 * SECOND;

    private final LocalGroups groups = new LocalGroups(A, 100, 300);
    private final Outbox out = new Outbox(List.of(B));

    @BeforeEach
    void it_is_offered() {
        offer(WEB, Placement.NONE);
    }

    @Test
    void what_failed_to_start_is_stopped_before_it_is_idle() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 5, Optional.of(Severity.SOFT), "no port"));

        assertThat(out.urgent()).containsExactly(new Effect.StopGroup(WEB, 5, "no port"));
        assertThat(groups.busy()).containsExactly(WEB);
        assertThat(stopEnded(5, true))
                .hasValueSatisfying(group -> assertThat(group.isIdle()).isTrue());
        assertThat(groups.areAllIdle()).isTrue();
    }

    @Test
    void a_start_or_a_preparation_that_fails_late_is_tried_no_more_than_one_that_fails_at_once() {
        long minutes = 301_000_000_000L;
        LocalGroup web = groups.all().get(WEB);
        groups.start(0, web, grant(5), out);
        take(minutes, new Input.StartEnded(WEB, 5, Optional.of(Severity.SOFT), "no port"));
        groups.stopEnded(2 * minutes, new Input.StopEnded(WEB, 5, true, ""), out);
        groups.prepare(2 * minutes, web, 6, A1, out);
        take(3 * minutes, new Input.PrepareEnded(WEB, 6, Optional.of(Severity.SOFT), "", "no port"));
        assertThat(web.candidacy(3 * minutes).isEligible()).isTrue();
        groups.start(3 * minutes, web, grant(7), out);
        take(4 * minutes, new Input.StartEnded(WEB, 7, Optional.of(Severity.SOFT), "no port"));
        assertThat(web.candidacy(4 * minutes).whyNot()).contains("failed 3 times here");
    }

    @Test
    void what_is_reported_under_another_token_counts_for_nothing() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 4, Optional.empty(), ""));
        take(new Input.GroupEnded(WEB, 4, Optional.of(Severity.SOFT), "broken"));
        take(new Input.GroupResigned(WEB, 4, 0));
        assertThat(out.urgent()).isEmpty();

        take(new Input.StartEnded(WEB, 5, Optional.empty(), ""));
        take(new Input.GroupEnded(WEB, 5, Optional.of(Severity.SOFT), "broken"));
        assertThat(stopEnded(4, true)).isEmpty();
        assertThat(groups.busy()).containsExactly(WEB);
    }

    @Test
    void what_could_not_be_stopped_is_blocked_until_it_certainly_has_stopped() {
        start(WEB, 5);
        take(new Input.GroupEnding(WEB, 5, "the memory is full"));

        assertThat(stopEnded(5, false))
                .hasValueSatisfying(group -> assertThat(group.isIdle()).isFalse());
        assertThat(groups.whyBlocked(WEB)).isEqualTo("it hangs");
        assertThat(stopEnded(5, true)).isPresent();
        assertThat(groups.whyBlocked(WEB)).isEmpty();
        assertThat(stopEnded(5, true)).isEmpty();
    }

    @Test
    void what_is_counted_against_a_group_is_forgotten_once_and_whoever_asks_is_told() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 5, Optional.of(Severity.SOFT), "no port"));
        groups.takeTouched();
        out.begin();

        assertThat(groups.clear(B, new Clear(7, WEB, A), out)).isEqualTo(new ClearAnswer(7, true, "forgotten on a"));
        assertThat(out.notices()).containsExactly(new Notice(WEB, Reason.FAILURES_CLEARED, "on a, asked for on b"));
        assertThat(groups.takeTouched()).containsExactly(WEB);
        assertThat(groups.clear(B, new Clear(8, WEB, A), out).why()).isEqualTo("nothing is counted against it on a");
        assertThat(groups.clear(B, new Clear(9, "mail", A), out))
                .isEqualTo(new ClearAnswer(9, false, "a has not registered group mail"));
        assertThat(out.notices()).hasSize(1);
    }

    @Test
    void while_the_node_leaves_a_group_outlasts_what_starts_after_it_unless_that_is_blocked() {
        offer("shop", Placement.rules().after(WEB).build());
        start(WEB, 5);
        start("shop", 6);
        groups.leave();
        assertThat(groups.isOutlasting(groups.all().get(WEB))).isTrue();
        assertThat(groups.isOutlasting(groups.all().get("shop"))).isFalse();

        take(new Input.GroupEnding("shop", 6, "asked to"));
        assertThat(groups.isOutlasting(groups.all().get(WEB))).isTrue();
        groups.stopEnded(0, new Input.StopEnded("shop", 6, false, "it hangs"), out);
        assertThat(groups.isOutlasting(groups.all().get(WEB))).isFalse();
    }

    @Test
    void what_was_withdrawn_is_forgotten_once_it_has_stopped() {
        start(WEB, 5);
        take(new Input.GroupWithdrawn(WEB));
        groups.removeWithdrawn(WEB);
        groups.removeWithdrawn();
        assertThat(groups.isThere(WEB)).isTrue();

        take(new Input.GroupEnding(WEB, 5, "asked to"));
        stopEnded(5, true);
        groups.removeWithdrawn(WEB);
        assertThat(groups.isThere(WEB)).isFalse();
    }

    @Test
    void nothing_that_is_said_of_a_withdrawn_group_brings_it_back() {
        start(WEB, 5);
        take(new Input.GroupWithdrawn(WEB));
        take(new Input.CandidacyChanged(WEB, candidacy(false)));
        offer(WEB, Placement.NONE);
        take(new Input.GroupEnding(WEB, 5, "asked to"));
        stopEnded(5, false);
        take(new Input.CandidacyChanged(WEB, candidacy(true)));
        offer(WEB, Placement.NONE);
        stopEnded(5, true);
        groups.removeWithdrawn(WEB);
        assertThat(groups.isThere(WEB)).isFalse();

        take(new Input.CandidacyChanged(WEB, candidacy(true)));
        assertThat(groups.isThere(WEB)).isFalse();
        offer(WEB, Placement.NONE);
        assertThat(groups.isThere(WEB)).isTrue();
    }

    @Test
    void what_is_offered_otherwise_keeps_its_rules() {
        Placement last = Placement.rules().after(WEB).build();
        offer("shop", last);
        take(new Input.CandidacyChanged("shop", candidacy(false)));
        LocalGroup shop = groups.all().get("shop");
        assertThat(shop.rules().placement()).isEqualTo(last);
        assertThat(shop.candidacy(0))
                .isEqualTo(candidacy(false).withRules(shop.rules().digest()));
    }

    @Test
    void what_failed_before_is_remembered_for_as_long_as_it_fails_in_maintenance() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 5, Optional.empty(), ""));
        LocalGroup web = groups.all().get(WEB);
        web.failed(0, "card", Severity.HARD, "no carrier");
        ClusterRecord record = Records.empty().withMaintenance(new TreeSet<>(Set.of(Target.group(WEB))));
        groups.take(1, new Input.GroupEnded(WEB, 5, Optional.of(Severity.SOFT), "broken"), Optional.of(record), out);

        assertThat(groups.troubles(WEB, 100 * HOUR).failures())
                .as("it, and what nothing is done about")
                .hasSize(2);
        assertThat(web.wasLetBe(100 * HOUR)).isTrue();
        assertThat(web.wasLetBe(100 * HOUR)).isFalse();
        assertThat(groups.troubles(WEB, 101 * HOUR).failures()).hasSize(1);
        assertThat(groups.troubles(WEB, 101 * HOUR + 1)).isEqualTo(Troubles.NONE);
    }

    @Test
    void of_what_comes_and_goes_in_maintenance_a_word_is_said_once_a_minute() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 5, Optional.empty(), ""));
        LocalGroup web = groups.all().get(WEB);
        out.begin();
        for (int i = 0; i < 50; i++) {
            failsInMaintenance(2 * i * SECOND, "card", "no carrier ".repeat(50));
            assertThat(groups.whyLetBe(WEB)).endsWith("…; in maintenance, so nothing is done about it");
            take((2 * i + 1) * SECOND, new Input.GroupMended(WEB, 5));
            assertThat(groups.whyLetBe(WEB)).isEmpty();
        }
        assertThat(out.notices())
                .extracting(Notice::reason)
                .containsExactly(
                        Reason.GROUP_FAILED, Reason.FAILURES_CLEARED, Reason.GROUP_FAILED, Reason.FAILURES_CLEARED);

        out.begin();
        failsInMaintenance(100 * SECOND, "disk", "full");
        failsInMaintenance(101 * SECOND, "card", "no carrier");
        assertThat(out.notices()).as("another one").hasSize(1);
        groups.tellLetBe(120 * SECOND - 1, web, out);
        assertThat(out.notices()).hasSize(1);
        for (int i = 0; i < 2; i++) {
            groups.tellLetBe(120 * SECOND, web, out);
            assertThat(out.notices()).as("what lasts is told at last").hasSize(2);
        }
        take(121 * SECOND, new Input.GroupMended(WEB, 5));
        assertThat(out.notices()).hasSize(3);
    }

    private void failsInMaintenance(long now, String resource, String why) {
        ClusterRecord record = Records.empty().withMaintenance(new TreeSet<>(Set.of(Target.group(WEB))));
        groups.take(
                now, new Input.GroupEnded(WEB, 5, Optional.of(Severity.SOFT), resource, why), Optional.of(record), out);
    }

    @Test
    void of_several_resignations_the_longest_counts() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 5, Optional.empty(), ""));
        take(new Input.GroupResigned(WEB, 5, 200));
        take(new Input.GroupResigned(WEB, 5, 4000));
        take(new Input.GroupResigned(WEB, 5, 300));
        take(new Input.GroupResigned(WEB, 4, 9000));
        stopEnded(5, true);
        LocalGroup web = groups.all().get(WEB);
        assertThat(web.isAway(3999)).isTrue();
        assertThat(web.isAway(4000)).isFalse();
        assertThat(out.urgent()).as("one stop").hasSize(1);
    }

    @Test
    void a_stop_ends_what_failed_in_maintenance() {
        start(WEB, 5);
        take(new Input.StartEnded(WEB, 5, Optional.empty(), ""));
        LocalGroup web = groups.all().get(WEB);
        web.failed(0, "card", Severity.HARD, "no carrier");
        ClusterRecord record = Records.empty().withMaintenance(new TreeSet<>(Set.of(Target.group(WEB))));
        groups.take(1, new Input.GroupEnded(WEB, 5, Optional.of(Severity.SOFT), "broken"), Optional.of(record), out);
        groups.stop(web, Optional.empty(), "asked to move", out);
        assertThat(groups.whyLetBe(WEB)).isEmpty();
        groups.stopEnded(100 * HOUR, new Input.StopEnded(WEB, 5, true, ""), out);

        assertThat(groups.troubles(WEB, 101 * HOUR).failures()).hasSize(1);
        assertThat(groups.troubles(WEB, 101 * HOUR + 1)).isEqualTo(Troubles.NONE);
    }

    @Test
    void what_was_said_about_a_group_is_to_be_looked_at_once() {
        assertThat(groups.takeTouched()).containsExactly(WEB);
        assertThat(groups.isTouched()).isFalse();

        take(new Input.GroupWithdrawn("unknown"));
        assertThat(groups.takeTouched()).containsExactly("unknown");
    }

    private void offer(String name, Placement placement) {
        take(new Input.GroupOffered(name, candidacy(true), placement));
    }

    private void start(String name, long token) {
        groups.start(0, groups.all().get(name), grant(token), out);
        out.begin();
    }

    private static Grant grant(long token) {
        return new Grant(A1, token, ProofKind.NEVER, Optional.empty(), true, List.of());
    }

    private void take(Input input) {
        take(0, input);
    }

    private void take(long now, Input input) {
        groups.take(now, input, Optional.empty(), out);
    }

    private Optional<LocalGroup> stopEnded(long token, boolean isStopped) {
        return groups.stopEnded(0, new Input.StopEnded(WEB, token, isStopped, "it hangs"), out);
    }
}
