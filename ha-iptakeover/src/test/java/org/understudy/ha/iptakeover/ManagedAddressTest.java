package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.lab.TestStart;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Answer;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Fencing;

@Timeout(60)
class ManagedAddressTest {
    private final FakeAuthority authority = new FakeAuthority();
    private final TestStart context = TestStart.released();
    private final ManagedAddress address = ManagedAddress.builder()
            .address("192.0.2.50")
            .authority(authority)
            .checkEvery(Duration.ofMillis(10))
            .build();
    private final ManagedAddress unasked = ManagedAddress.of("192.0.2.50", authority);

    @AfterEach
    void end_the_lease() {
        context.end();
    }

    @Test
    void is_assigned_and_released_under_the_token_of_the_grant() throws Exception {
        assertThat(unasked.monitor()).isEqualTo(Health.notRunning());
        unasked.start(context);
        assertThat(unasked.monitor()).isEqualTo(Health.healthy());
        assertThat(unasked.probe()).isEqualTo(Presence.HERE);
        unasked.stop(context);
        unasked.stop(context);
        assertThat(authority.calls).containsExactly("assign serv1 7", "release serv1 7");
        assertThat(unasked.monitor()).isEqualTo(Health.notRunning());
    }

    @Test
    void somebody_who_took_it_fails_the_monitor_and_leaves_no_thread() throws Exception {
        address.start(context);
        authority.give("serv9");
        while (!address.monitor().isBad()) {
            new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
        }
        assertThat(address.monitor())
                .isEqualTo(Health.failed(Severity.SOFT, "fake says that this host does not have 192.0.2.50: serv9"));
        address.stop(context);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("ha-serv1-address-192.0.2.50");
    }

    @Test
    void an_authority_that_does_not_say_degrades() throws Exception {
        address.start(context);
        synchronized (authority) {
            for (int i = 0; i < 100_000; i++) {
                authority.answers.add(Answer.unknown("no route"));
            }
        }
        while (address.monitor().state() != Health.State.DEGRADED) {
            new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
        }
        assertThat(address.monitor().reason()).isEqualTo("fake does not say who has 192.0.2.50: no route");
        synchronized (authority) {
            authority.answers.clear();
        }
        address.stop(context);
    }

    @Test
    void a_refusal_is_not_for_this_node() {
        authority.answers.add(Answer.no("a higher token was here"));
        assertThatThrownBy(() -> unasked.start(context))
                .isInstanceOfSatisfying(
                        ResourceException.class, e -> assertThat(e.severity()).isEqualTo(Severity.HARD))
                .hasMessage("managed address 192.0.2.50 cannot start: fake refused it: a higher token was here");
    }

    @Test
    void an_unknown_outcome_is_looked_up() throws Exception {
        authority.answers.addAll(List.of(Answer.unknown("timed out"), Answer.yes("")));
        unasked.start(context);
        assertThat(unasked.monitor()).isEqualTo(Health.healthy());
        assertThat(authority.calls).containsExactly("assign serv1 7", "owner serv1 7");
    }

    @Test
    void after_an_assignment_that_may_still_come_only_a_release_is_an_end() throws Exception {
        authority.answers.addAll(List.of(Answer.unknown("timed out"), Answer.no("serv2")));
        assertThatThrownBy(() -> unasked.start(context))
                .isInstanceOfSatisfying(
                        ResourceException.class, e -> assertThat(e.severity()).isEqualTo(Severity.SOFT))
                .hasMessageContaining("it is not known whether fake assigned it: timed out");
        authority.answers.add(Answer.unknown("timed out again"));
        assertThatThrownBy(() -> unasked.stop(context))
                .isInstanceOf(ResourceException.class)
                .hasMessage("managed address 192.0.2.50 may still be assigned to this host: fake did not answer for"
                        + " certain: timed out again");
        unasked.stop(context);
        assertThat(unasked.monitor()).isEqualTo(Health.notRunning());
        assertThat(authority.calls)
                .containsExactly("assign serv1 7", "owner serv1 7", "release serv1 7", "release serv1 7");
    }

    @Test
    void a_release_without_an_answer_is_certain_once_somebody_else_has_it() throws Exception {
        unasked.start(context);
        authority.answers.addAll(List.of(Answer.unknown("timed out"), Answer.no("serv2")));
        unasked.stop(context);
        assertThat(unasked.monitor()).isEqualTo(Health.notRunning());
    }

    @Test
    void a_release_that_is_refused_is_no_stop() throws Exception {
        unasked.start(context);
        authority.answers.addAll(List.of(Answer.no("locked"), Answer.yes("")));
        assertThatThrownBy(() -> unasked.stop(context))
                .isInstanceOf(ResourceException.class)
                .hasMessageEndingWith("fake did not release it: locked");
    }

    @Test
    void a_later_start_that_is_refused_does_not_make_the_earlier_doubt_certain() throws Exception {
        authority.answers.addAll(List.of(Answer.unknown("timed out"), Answer.unknown("timed out")));
        assertThatThrownBy(() -> unasked.start(context)).isInstanceOf(ResourceException.class);
        authority.answers.add(Answer.no("not now"));
        assertThatThrownBy(() -> unasked.start(context)).isInstanceOf(ResourceException.class);
        authority.answers.add(Answer.unknown("timed out"));
        assertThatThrownBy(() -> unasked.stop(context)).isInstanceOf(ResourceException.class);
    }

    @Test
    void what_the_authority_does_with_tokens_decides_the_scope() {
        assertThat(unasked.scope()).isEqualTo(Scope.PROCESS);
        assertThat(unasked.enforcements()).contains(Enforcement.KERNEL_OBJECT);
        authority.fencing = Fencing.NONE;
        assertThat(unasked.scope()).isEqualTo(Scope.EXTERNAL);
        assertThat(unasked.enforcements()).containsExactly(Enforcement.COOPERATIVE);
        assertThat(unasked.remains()).isEmpty();
    }

    @Test
    void an_obstacle_keeps_the_group_away() {
        assertThat(unasked.probe()).isEqualTo(Presence.ABSENT);
        assertThat(unasked.eligibility().isEligible()).isTrue();
        authority.obstacle = "no credentials";
        assertThat(unasked.eligibility().reason()).isEqualTo("no credentials");
        assertThat(unasked.probe()).isEqualTo(Presence.UNKNOWN);
        assertThatThrownBy(unasked::check)
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("authority = fake: no credentials");
    }

    @Test
    void all_mistakes_are_reported_at_once() {
        assertThatThrownBy(() -> ManagedAddress.builder()
                        .address("224.0.0.1")
                        .hint("instance", "i-0abc")
                        .hint("A", "1")
                        .hint("A", "2")
                        .callBudget(Duration.ZERO)
                        .checkEvery(Duration.ofDays(1))
                        .build())
                .isInstanceOfSatisfying(
                        ConfigurationException.class,
                        e -> assertThat(e.problems())
                                .extracting(ConfigurationException.Problem::key)
                                .containsExactly("hint", "hint A", "address", "authority", "callBudget", "checkEvery"));
    }
}
