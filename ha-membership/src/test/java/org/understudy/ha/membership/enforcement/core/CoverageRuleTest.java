package org.understudy.ha.membership.enforcement.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;

class CoverageRuleTest {
    private static final Offer TIMER =
            new Offer("kill timer", Enforcement.PROCESS_KILL, List.of(Scope.PROCESS), List.of());
    private static final Offer WATCHDOG =
            new Offer("watchdog", Enforcement.HARDWARE, List.of(Scope.PROCESS, Scope.NODE), List.of());
    private static final Offer PDU = new Offer("route table", Enforcement.HARDWARE, List.of(Scope.EXTERNAL), List.of());

    @Test
    void a_plain_resource_is_covered_by_the_end_of_the_process_only_with_consent() {
        assertThat(item(plain(Scope.PROCESS), List.of(), false))
                .returns(false, Coverage.Item::isCovered)
                .returns(Enforcement.COOPERATIVE, Coverage.Item::by)
                .satisfies(i -> assertThat(i.reason()).contains("KILL_AT_LEASE_END"));
        assertThat(item(plain(Scope.PROCESS), List.of(TIMER), true))
                .returns(true, Coverage.Item::isCovered)
                .returns(Enforcement.PROCESS_KILL, Coverage.Item::by);
    }

    @Test
    void the_kill_does_not_end_what_outlives_the_process() {
        assertThat(item(plain(Scope.NODE), List.of(TIMER), true))
                .returns(false, Coverage.Item::isCovered)
                .satisfies(i -> assertThat(i.reason()).contains("outlives this process"));
        assertThat(item(plain(Scope.NODE), List.of(TIMER, WATCHDOG), true))
                .returns(true, Coverage.Item::isCovered)
                .returns(Enforcement.HARDWARE, Coverage.Item::by);
    }

    @Test
    void a_resource_may_say_that_the_kill_ends_it_although_its_scope_does_not() {
        Subject tun = new Subject("tun", Scope.NODE, List.of(Enforcement.PROCESS_KILL), false);

        assertThat(item(tun, List.of(TIMER), true).isCovered()).isTrue();
        assertThat(item(tun, List.of(), true).isCovered())
                .as("saying so kills nobody")
                .isFalse();
    }

    @Test
    void what_outlives_the_host_is_ended_by_its_own_device_only() {
        assertThat(item(plain(Scope.EXTERNAL), List.of(TIMER, WATCHDOG), true).isCovered())
                .isFalse();
        assertThat(item(plain(Scope.EXTERNAL), List.of(PDU), true).isCovered()).isTrue();
    }

    @Test
    void a_kernel_object_and_what_may_overlap_need_nobody() {
        assertThat(item(new Subject("vip", Scope.NODE, List.of(Enforcement.KERNEL_OBJECT), false), List.of(), false))
                .returns(true, Coverage.Item::isCovered)
                .returns(Enforcement.KERNEL_OBJECT, Coverage.Item::by);
        assertThat(item(new Subject("web", Scope.PROCESS, List.of(), true), List.of(), false)
                        .isCovered())
                .isTrue();
    }

    @Test
    void an_absent_enforcer_covers_nothing_and_says_why() {
        Coverage coverage = CoverageRule.of(
                "files",
                List.of(plain(Scope.PROCESS)),
                List.of(TIMER),
                List.of(Optional.of("this process is number 1")),
                true);

        assertThat(coverage.isComplete()).isFalse();
        assertThat(coverage.gaps())
                .hasValueSatisfying(gaps -> assertThat(gaps)
                        .contains("app: ")
                        .contains("kill timer is not there: this process is number 1"));
    }

    @Test
    void the_mildest_kind_comes_first() {
        assertThat(CoverageRule.relies(plain(Scope.PROCESS), List.of(WATCHDOG, TIMER)))
                .containsExactly(1, 0);
    }

    private static Subject plain(Scope scope) {
        return new Subject("app", scope, List.of(Enforcement.COOPERATIVE), false);
    }

    private static Coverage.Item item(Subject subject, List<Offer> offers, boolean mayKill) {
        List<Optional<String>> absences =
                offers.stream().map(o -> Optional.<String>empty()).toList();
        return CoverageRule.of("files", List.of(subject), offers, absences, mayKill)
                .resources()
                .get(0);
    }
}
