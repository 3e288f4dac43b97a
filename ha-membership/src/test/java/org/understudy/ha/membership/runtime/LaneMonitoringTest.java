package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Input;

/** What a lane believes of what its resources say of themselves: before a start, while they run, and after a stop. */
class LaneMonitoringTest extends LaneFixture {

    @Test
    void nothing_where_something_is_due_is_a_failure_or_a_veto() throws Exception {
        Good nothing = new Good() {
            @Override
            public Presence probe() {
                return null;
            }

            @Override
            public Eligibility eligibility() {
                return null;
            }

            @Override
            public Health monitor() {
                return null;
            }
        };
        Lane lane = lanes(group(nothing)).get(0);
        lane.offer(() -> {});
        Input.GroupOffered offer = next(Input.GroupOffered.class);
        assertThat(offer.candidacy().presence()).isEqualTo(Presence.UNKNOWN);
        assertThat(offer.candidacy().whyNot()).isEqualTo("r0: eligibility() gave null");
        running(lane, 1);
        assertThat(next(Input.GroupEnded.class).why()).isEqualTo("r0: monitor() gave null");

        for (Good silent : List.of(
                new Good() {
                    @Override
                    public Scope scope() {
                        return null;
                    }
                },
                new Good() {
                    @Override
                    public Set<Enforcement> enforcements() {
                        return null;
                    }
                },
                new Good() {
                    @Override
                    public List<String> remains() {
                        return null;
                    }
                })) {
            lanes(group(silent)).get(0).offer(() -> {});
            assertThat(next(Input.GroupOffered.class).candidacy().whyNot())
                    .startsWith("a resource does not say what it is");
        }
    }

    @Test
    void what_the_record_has_forgotten_is_looked_at_as_before_its_first_start() throws Exception {
        AtomicReference<Presence> found = new AtomicReference<>(Presence.ABSENT);
        Lane lane = lane(group(new Good() {
            @Override
            public Presence probe() {
                return found.get();
            }

            @Override
            public String probeDetail() {
                return "its port answers";
            }
        }));
        lane.offer(lane::markOffered);
        assertThat(next(Input.GroupOffered.class).candidacy().presence()).isEqualTo(Presence.ABSENT);
        running(lane, 1);
        lane.granted();
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        found.set(Presence.HERE);

        lane.forgotten();

        Input.Probed first = next(Input.Probed.class);
        assertThat(first.presence()).isEqualTo(Presence.HERE);
        assertThat(first.detail()).isEqualTo("r0: its port answers");
        found.set(Presence.ABSENT);
        for (Input.Probed probed = next(Input.Probed.class); probed.presence() != Presence.ABSENT; ) {
            probed = next(Input.Probed.class);
        }
    }

    @Test
    void words_of_a_probe_that_vary_are_told_again_with_another_answer_or_later() throws Exception {
        AtomicReference<Presence> found = new AtomicReference<>(Presence.UNKNOWN);
        AtomicInteger asked = new AtomicInteger();
        Lane lane = lanes(group(new Good() {
                    @Override
                    public Presence probe() {
                        return found.get();
                    }

                    @Override
                    public String probeDetail() {
                        return "asked " + asked.incrementAndGet();
                    }
                }))
                .get(0);
        lane.offer(lane::markOffered);
        assertThat(next(Input.GroupOffered.class).candidacy().whyNot()).isEqualTo("r0: asked 1");
        lane.coverageChanged();
        for (int i = 0; i < 2; i++) {
            assertThat(next(Input.Probed.class).detail()).isEqualTo("r0: asked 1");
        }
        found.set(Presence.HERE);
        Input.Probed other = next(Input.Probed.class);
        while (other.presence() != Presence.HERE) {
            other = next(Input.Probed.class);
        }
        assertThat(other.detail()).isNotEqualTo("r0: asked 1");
        lane.forgotten();
        String again = other.detail();
        while (next(Input.Probed.class).detail().equals(again)) {
            assertThat(asked).as("a new look says what it finds").hasValueLessThan(20);
        }
    }

    @Test
    void what_fails_and_is_let_be_is_looked_at_until_nothing_is_wrong_any_more() throws Exception {
        Told told = new Told("web");
        Lane lane = lane(group(told));
        running(lane, 5);
        told.health = Health.failed(Severity.SOFT, "does not answer");
        assertThat(next(Input.GroupEnded.class).why()).isEqualTo("r0: does not answer");
        told.health = Health.healthy();
        assertThat(inputs.poll(60, TimeUnit.SECONDS)).isEqualTo(new Input.GroupMended(lane.name(), 5));

        told.health = Health.failed(Severity.SOFT, "does not answer again");
        assertThat(inputs.poll(60, TimeUnit.SECONDS).toString()).contains("does not answer again");
        lane.watchAgain(5);
        assertThat(next(Input.GroupEnded.class).why())
                .as("something is to be done about it")
                .isEqualTo("r0: does not answer again");
        lane.stop(5, "does not answer");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(told.told).as("it did not run").doesNotContain("quiesce web");
    }

    @Test
    void a_monitor_that_says_it_runs_after_a_stop_is_believed_if_it_can_say_otherwise() throws Exception {
        AtomicInteger stops = new AtomicInteger();
        boolean[] runs = new boolean[1];
        Good liar = new Good() {
            @Override
            public void start(StartContext context) {
                runs[0] = true;
            }

            @Override
            public void stop(StopContext context) {
                // Says that it is stopped, and stops nothing before it was killed.
                stops.incrementAndGet();
            }

            @Override
            public boolean kill() {
                return stops.get() > 2;
            }

            @Override
            public Health monitor() {
                return runs[0] ? Health.healthy() : Health.notRunning();
            }
        };
        Lane lane = lane(group(liar));
        running(lane, 1);
        lane.stop(1, "asked to move");
        Input.StopEnded ended = next(Input.StopEnded.class);
        assertThat(ended.isStopped()).isFalse();
        assertThat(ended.why()).contains("r0: stop says that it is stopped, and its monitor that it runs");
        assertThat(lane.troubles(Troubles.NONE).contradictions()).isEqualTo(2);
        assertThat(lane.unheardMonitors()).isEmpty();
        assertThat(events).anyMatch(event -> event instanceof HaEvent.Alarm);
        assertThat(next(Input.StopEnded.class).isStopped())
                .as("tried again, and killed at last")
                .isTrue();
    }

    @Test
    void a_monitor_that_has_never_said_anything_else_is_no_reason_to_doubt_a_stop() throws Exception {
        Lane lane = lane(group(new Good()));
        running(lane, 1);
        lane.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(lane.troubles(Troubles.NONE)).isEqualTo(Troubles.NONE);
        assertThat(lane.unheardMonitors()).as("but it is named").containsExactly("r0");
    }
}
