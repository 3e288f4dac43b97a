package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Elections;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Outlook;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;

/** A node alone with an enforcer of the test's own. */
@Timeout(90)
@Execution(ExecutionMode.CONCURRENT)
class EnforcedGroupTest {
    @TempDir
    Path directory;

    private final BlockingQueue<String> happened = new LinkedBlockingQueue<>();
    private final Switch device = new Switch();

    @Test
    void a_group_that_demands_enforcement_is_refused_with_every_reason() throws Exception {
        try (HaNode node = builder().start()) {
            assertThatThrownBy(() -> node.resources()
                            .register(Group.named("files")
                                    .resource("app", new Recorder(Scope.PROCESS))
                                    .resource("disk", new Recorder(Scope.NODE))
                                    .requireEnforcement()
                                    .build()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("app")
                    .hasMessageContaining("KILL_AT_LEASE_END")
                    .hasMessageContaining("disk")
                    .hasMessageContaining("outlives this process");
            assertThat(node.resources().status()).isEmpty();
        }
    }

    @Test
    void a_group_that_goes_on_without_a_majority_is_ended_by_no_enforcer() throws Exception {
        device.acknowledges = true;
        try (HaNode node = builder().enforcer(device).start()) {
            assertThatThrownBy(() -> node.resources()
                            .register(Group.named("files")
                                    .resource("address", new Recorder(Scope.NODE) {
                                        @Override
                                        public Set<Enforcement> enforcements() {
                                            return Set.of(Enforcement.KERNEL_OBJECT);
                                        }
                                    })
                                    .withoutQuorum(WithoutQuorum.KEEP_RUNNING)
                                    .build()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("address");
            node.resources()
                    .register(Group.named("kept")
                            .resource("app", new Recorder(Scope.PROCESS))
                            .withoutQuorum(WithoutQuorum.KEEP_RUNNING)
                            .build());
            assertThat(next("start")).isEqualTo("start");
            assertThat(device.orders).isEmpty();
            assertThat(node.resources().coverage("kept").gaps().orElseThrow()).contains("KEEP_RUNNING");
        }
    }

    @Test
    void what_the_cluster_survives_is_told_again_when_a_group_is_registered() throws Exception {
        BlockingQueue<Assumptions> told = new LinkedBlockingQueue<>();
        try (HaNode node = builder().start()) {
            while (node.assumptions().outlooks().isEmpty()) {
                // Until the cluster has formed there is nothing to say.
                Thread.onSpinWait();
            }
            node.listen(event -> {
                if (event instanceof HaEvent.AssumptionsChanged changed) {
                    told.add(changed.assumptions());
                }
            });
            node.resources()
                    .register(Group.named("files")
                            .resource("app", new Recorder(Scope.PROCESS))
                            .build());
            Assumptions newest =
                    Optional.ofNullable(told.poll(60, TimeUnit.SECONDS)).orElseThrow();
            while (newest.weaknesses().stream().noneMatch(w -> w.contains("group files"))) {
                newest = Optional.ofNullable(told.poll(60, TimeUnit.SECONDS)).orElseThrow();
            }
            assertThat(newest.outlook(Fault.of(Fault.Kind.PROCESS_KILLED, node.id()))
                            .orElseThrow()
                            .group("files")
                            .orElseThrow()
                            .fate())
                    .isEqualTo(Outlook.Fate.STOPS);
        }
    }

    @Test
    void to_go_on_without_a_majority_contradicts_enforcement() {
        assertThatThrownBy(() -> Group.named("files")
                        .resource("app", new Recorder(Scope.PROCESS))
                        .requireEnforcement()
                        .withoutQuorum(WithoutQuorum.KEEP_RUNNING)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("requireEnforcement");
    }

    @Test
    void nothing_starts_before_the_enforcer_has_acknowledged_and_it_is_disarmed_after_the_stop() throws Exception {
        HaNode node = builder().enforcer(device).start();
        try {
            node.resources()
                    .register(Group.named("files")
                            .resource("app", new Recorder(Scope.PROCESS))
                            .requireEnforcement()
                            .build());
            assertThat(device.orders.poll(60, TimeUnit.SECONDS)).isNotNull();
            Enforcer.Order next = device.orders.poll(60, TimeUnit.SECONDS);
            assertThat(next).as("renewed while it waits").isNotNull();
            assertThat(happened).doesNotContain("start");

            device.acknowledges = true;
            assertThat(next("start", "disarm")).isEqualTo("start");
            assertThat(node.resources().coverage("files").toString()).isEqualTo("app: HARDWARE, ended by the switch");
        } finally {
            node.close();
        }
        assertThat(next("stop", "disarm")).isEqualTo("stop");
        assertThat(next("disarm", "close")).isEqualTo("disarm");
        assertThat(next("close")).isEqualTo("close");
    }

    @Test
    void a_lost_enforcer_is_an_alarm_and_the_group_that_demands_it_is_offered_no_more() throws Exception {
        device.acknowledges = true;
        try (HaNode node = builder().enforcer(device).start()) {
            node.listen(event -> {
                if (event instanceof HaEvent.Alarm alarm && alarm.sentence().contains("the switch")) {
                    happened.add("alarm " + alarm.sentence());
                }
            });
            node.resources()
                    .register(Group.named("files")
                            .resource("app", new Recorder(Scope.PROCESS))
                            .requireEnforcement()
                            .build());
            next("start");

            Optional.ofNullable(device.listener).orElseThrow().lost("its cable was cut");

            assertThat(next("alarm")).contains("HARDWARE by the switch is not there: its cable was cut");
            assertThat(node.resources().coverage("files").gaps())
                    .hasValueSatisfying(gaps -> assertThat(gaps).contains("its cable was cut"));
            assertThatThrownBy(() -> node.resources()
                            .register(Group.named("mail")
                                    .resource("app", new Recorder(Scope.PROCESS))
                                    .requireEnforcement()
                                    .build()))
                    .hasMessageContaining("its cable was cut");
        }
    }

    @Test
    void news_of_an_enforcer_brings_no_closed_participation_back() throws Exception {
        device.acknowledges = true;
        CountDownLatch isTold = new CountDownLatch(1);
        CountDownLatch mayReturn = new CountDownLatch(1);
        Elections.Candidate afterEnd = Elections.Candidate.standard().withSuccession(Elections.Succession.AFTER_END);
        try (HaNode node = builder().enforcer(device).start()) {
            node.listen(event -> {
                if (event instanceof HaEvent.Alarm alarm && alarm.sentence().contains("the switch")) {
                    happened.add("alarm");
                }
            });
            Elections.Participation first = node.elections().join("report", afterEnd, lease -> {
                happened.add("lead");
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    isTold.countDown();
                    mayReturn.await();
                }
            });
            next("lead");
            Thread closing = new Thread(first::close);
            closing.start();
            isTold.await();

            Optional.ofNullable(device.listener).orElseThrow().lost("its cable was cut");
            next("alarm");
            mayReturn.countDown();
            closing.join();

            node.elections().join("other", afterEnd, lease -> {
                happened.add("another is led");
                new CountDownLatch(1).await();
            });
            next("another is led");
            assertThat(node.elections().leader("report").leader())
                    .as("whoever offered it was to lead it by now as well")
                    .isEmpty();
            node.elections().join("report", afterEnd, lease -> {
                happened.add("lead anew");
                new CountDownLatch(1).await();
            });
            next("lead anew");
        } finally {
            mayReturn.countDown();
        }
    }

    @Test
    void an_enforcer_that_is_about_to_act_has_its_groups_stopped_first() throws Exception {
        device.acknowledges = true;
        try (HaNode node = builder().enforcer(device).start()) {
            node.resources()
                    .register(Group.named("files")
                            .resource("app", new Recorder(Scope.PROCESS))
                            .build());
            next("start");

            Optional.ofNullable(device.listener).orElseThrow().ending("it will cut the power");

            assertThat(next("stop", "disarm")).isEqualTo("stop");
            assertThat(next("disarm")).isEqualTo("disarm");
            assertThat(next("start")).as("the node goes on").isEqualTo("start");
        }
    }

    @Test
    void what_a_resource_keeps_ready_is_given_back_after_the_last_stop_and_where_it_never_started() throws Exception {
        Recorder spare = new Recorder(Scope.PROCESS) {
            @Override
            public Eligibility eligibility() {
                return Eligibility.veto("it is a spare");
            }

            @Override
            public void retire() {
                happened.add("retire the spare");
                throw new IllegalStateException("the node closes all the same");
            }
        };
        try (HaNode node = builder().start()) {
            Group files = Group.named("files")
                    .resource("app", new Recorder(Scope.PROCESS))
                    .build();
            node.resources().register(files);
            node.resources()
                    .register(Group.named("spare").resource("app", spare).build());
            next("start");
            assertThatThrownBy(() -> node.resources().register(files)).isInstanceOf(LifecycleException.class);
            assertThat(happened).as("another registration has it").isEmpty();
        }
        List<String> ends = new ArrayList<>(happened);
        assertThat(ends).containsExactlyInAnyOrder("stop", "retire", "retire the spare");
        assertThat(ends.indexOf("retire")).isGreaterThan(ends.indexOf("stop"));
    }

    private String next(String... beginnings) throws InterruptedException {
        while (true) {
            String one = happened.poll(60, TimeUnit.SECONDS);
            assertThat(one).as("waiting for %s", List.of(beginnings)).isNotNull();
            for (String beginning : beginnings) {
                if (one.startsWith(beginning)) {
                    return one;
                }
            }
        }
    }

    private HaNodeBuilder builder() throws IOException {
        int port = FreePorts.choose(1).get(0);
        return HaNode.builder()
                .cluster("test")
                .node("solo")
                .peer("solo", "127.0.0.1:" + port)
                .stateDirectory(directory)
                .withoutGuardian()
                .timing(ThreeNodesOnLoopback.PATIENT)
                .insecure()
                .form();
    }

    private class Recorder implements ManagedResource {
        private final Scope scope;

        private Recorder(Scope scope) {
            this.scope = scope;
        }

        @Override
        public void start(StartContext context) {
            happened.add("start");
        }

        @Override
        public void stop(StopContext context) {
            happened.add("stop");
        }

        @Override
        public Health monitor() {
            return Health.healthy();
        }

        @Override
        public void retire() {
            happened.add("retire");
        }

        @Override
        public Scope scope() {
            return scope;
        }
    }

    private final class Switch implements Enforcer {
        private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
        private volatile boolean acknowledges;
        private volatile @Nullable Listener listener;

        @Override
        public String name() {
            return "the switch";
        }

        @Override
        public Enforcement kind() {
            return Enforcement.HARDWARE;
        }

        @Override
        public boolean covers(Scope scope) {
            return scope == Scope.PROCESS;
        }

        @Override
        public List<String> obstacles(Terms terms) {
            return List.of();
        }

        @Override
        public void start(Listener toTell) {
            listener = toTell;
        }

        @Override
        public void arm(Order order) {
            orders.add(order);
            if (acknowledges) {
                Optional.ofNullable(listener).orElseThrow().armed(order.number(), 0);
            }
        }

        @Override
        public void disarm(long incarnation) {
            happened.add("disarm");
        }

        @Override
        public void close() {
            happened.add("close");
        }
    }
}
