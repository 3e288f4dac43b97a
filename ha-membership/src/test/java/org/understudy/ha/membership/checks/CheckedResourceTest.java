package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ManagedResource.Call;
import org.understudy.ha.api.spi.ManagedResource.PrepareContext;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ManagedResource.StopContext;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

@Timeout(60)
class CheckedResourceTest {
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());
    private final StartContext context = (StartContext) Proxy.newProxyInstance(
            CheckedResourceTest.class.getClassLoader(),
            new Class<?>[] {StartContext.class},
            (self, method, arguments) -> {
                if (method.getName().equals("report")) {
                    told.add((String) arguments[0]);
                }
                return null;
            });
    private final StopContext ending = (StopContext) Proxy.newProxyInstance(
            CheckedResourceTest.class.getClassLoader(),
            new Class<?>[] {StopContext.class},
            (self, method, arguments) -> null);

    private final AtomicReference<CheckResult> web = new AtomicReference<>(CheckResult.yes("web answers"));
    private final AtomicReference<CheckResult> mail = new AtomicReference<>(CheckResult.yes("mail answers"));
    private final Service service = new Service();

    private static final class Service implements ManagedResource {
        private final List<String> calls = new ArrayList<>();
        private final Map<Call, Duration> budgets = new EnumMap<>(Call.class);
        private Health own = Health.healthy();
        private boolean isRefusing;

        @Override
        public void start(StartContext context) throws ResourceException {
            calls.add("start");
            if (isRefusing) {
                throw new ResourceException(Severity.HARD, "no");
            }
        }

        @Override
        public void stop(StopContext context) {
            calls.add("stop with " + Threads.ofChecks().size() + " threads");
        }

        @Override
        public Optional<Duration> budget(Call call) {
            return Optional.ofNullable(budgets.get(call));
        }

        @Override
        public Health monitor() {
            return own;
        }

        @Override
        public void prepare(PrepareContext context) {
            calls.add("prepare");
        }

        @Override
        public void unprepare() {
            calls.add("unprepare");
        }

        @Override
        public void retire() {
            calls.add("retire");
        }

        @Override
        public Presence probe() {
            return Presence.UNKNOWN;
        }

        @Override
        public Eligibility eligibility() {
            return Eligibility.veto("no disk");
        }

        @Override
        public boolean kill() {
            calls.add("kill");
            return true;
        }

        @Override
        public Scope scope() {
            return Scope.NODE;
        }

        @Override
        public Set<Enforcement> enforcements() {
            return Set.of(Enforcement.KERNEL_OBJECT);
        }

        @Override
        public List<String> remains() {
            return List.of("address/192.0.2.1");
        }
    }

    @AfterEach
    void no_thread_is_left() throws InterruptedException {
        Threads.awaitNoneOfChecks();
    }

    private HealthMonitor.Builder monitor(String name, AtomicReference<CheckResult> result) {
        return HealthMonitor.of(name, timeout -> result.get()).every(Duration.ofMillis(10));
    }

    private CheckedResource resource() {
        return CheckedResource.of(service)
                .check(monitor("web", web).build())
                .check(monitor("mail", mail).whenDownDegraded().build())
                .build();
    }

    private static void await(CheckedResource resource, Health wanted) throws InterruptedException {
        Threads.await(() -> resource.monitor().equals(wanted), "it does not become " + wanted);
    }

    @Test
    void what_its_checks_take_comes_on_top_of_the_budgets_that_the_resource_names() {
        service.budgets.put(Call.START, Duration.ofSeconds(3));
        service.budgets.put(Call.STOP, Duration.ofMillis(200));
        service.budgets.put(Call.KILL, ManagedResource.LONGEST);
        CheckedResource checked = CheckedResource.of(service)
                .check(monitor("web", web).build())
                .upWithin(Duration.ofSeconds(2))
                .build();
        assertThat(checked.budget(Call.START)).contains(Duration.ofSeconds(5));
        assertThat(checked.budget(Call.STOP)).contains(Duration.ofMillis(1_200));
        assertThat(checked.budget(Call.KILL)).contains(ManagedResource.LONGEST);
        assertThat(checked.budget(Call.MONITOR)).isEmpty();
        service.budgets.put(Call.START, ManagedResource.LONGEST.plusSeconds(1));
        assertThat(checked.budget(Call.START))
                .as("what cannot be is not made to look as if it could")
                .contains(ManagedResource.LONGEST.plusSeconds(1));
    }

    @Test
    void its_health_is_the_worst_of_all() throws Exception {
        CheckedResource resource = resource();
        assertThat(resource.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        resource.start(context);
        Threads.await(() -> told.size() == 2, "nothing is told");
        assertThat(resource.monitor()).isEqualTo(Health.healthy());
        mail.set(CheckResult.no("mail is silent"));
        await(resource, Health.degraded("mail is silent"));
        web.set(CheckResult.no("web answers 503"));
        await(resource, Health.failed(Severity.SOFT, "web answers 503"));
        service.own = Health.failed(Severity.FATAL, "disk is gone");
        assertThat(resource.monitor()).isEqualTo(service.own);
        resource.stop(ending);
        assertThat(resource.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        assertThat(service.calls).containsExactly("start", "stop with 0 threads");
        assertThat(told).contains("mail is down: mail is silent", "web is down: web answers 503");
    }

    @Test
    void a_start_that_waits_returns_when_every_check_is_up() throws Exception {
        web.set(CheckResult.no("web answers 503"));
        CheckedResource resource = CheckedResource.of(service)
                .check(monitor("web", web).build())
                .upWithin(Duration.ofSeconds(20))
                .build();
        Thread late = new Thread(() -> {
            try {
                Threads.await(() -> !told.isEmpty(), "the check was not made");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            web.set(CheckResult.yes("web answers"));
        });
        late.start();
        resource.start(context);
        assertThat(web.get().isYes()).isTrue();
        resource.stop(ending);
        assertThat(told).containsExactly("web is down: web answers 503", "web is up: web answers");
    }

    @Test
    void a_start_that_waits_in_vain_fails_and_leaves_no_check() throws Exception {
        web.set(CheckResult.no("web answers 503"));
        CheckedResource resource = CheckedResource.of(service)
                .check(monitor("web", web).build())
                .upWithin(Duration.ofSeconds(2))
                .build();
        assertThatThrownBy(() -> resource.start(context))
                .isInstanceOf(ResourceException.class)
                .hasMessage("web was not up within 2000 ms after the start: web answers 503")
                .extracting(e -> ((ResourceException) e).severity())
                .isEqualTo(Severity.SOFT);
        assertThat(Threads.ofChecks()).isEmpty();
        assertThat(resource.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        resource.stop(ending);
    }

    @Test
    void a_resource_that_does_not_start_is_not_checked() throws Exception {
        service.isRefusing = true;
        CheckedResource resource = resource();
        assertThatThrownBy(() -> resource.start(context)).isInstanceOf(ResourceException.class);
        assertThat(Threads.ofChecks()).isEmpty();
        resource.stop(ending);
    }

    @Test
    void everything_else_is_the_resources_own() throws Exception {
        CheckedResource resource = resource();
        assertThat(resource.probe()).isEqualTo(Presence.UNKNOWN);
        assertThat(resource.eligibility()).isEqualTo(Eligibility.veto("no disk"));
        assertThat(resource.scope()).isEqualTo(Scope.NODE);
        assertThat(resource.enforcements()).containsExactly(Enforcement.KERNEL_OBJECT);
        assertThat(resource.remains()).containsExactly("address/192.0.2.1");
        resource.start(context);
        resource.start(context);
        assertThat(resource.kill()).isTrue();
        assertThat(Threads.ofChecks()).isEmpty();
        assertThat(service.calls).containsExactly("start", "start", "kill");
        service.calls.clear();
        resource.prepare((PrepareContext) Proxy.newProxyInstance(
                CheckedResourceTest.class.getClassLoader(),
                new Class<?>[] {PrepareContext.class},
                (self, method, arguments) -> null));
        resource.unprepare();
        resource.retire();
        assertThat(service.calls).containsExactly("prepare", "unprepare", "retire");
    }

    @Test
    void checks_alone_are_a_resource_too() throws Exception {
        CheckedResource resource =
                CheckedResource.ofChecks().check(monitor("web", web).build()).build();
        resource.start(context);
        web.set(CheckResult.no("web answers 503"));
        await(resource, Health.failed(Severity.SOFT, "web answers 503"));
        assertThat(resource.kill()).isTrue();
        assertThat(resource.scope()).isEqualTo(Scope.PROCESS);
    }

    /** A real server that hangs, asked every few milliseconds, must neither hold up monitor nor stop. */
    @Test
    void a_server_that_hangs_holds_nothing_up() throws Exception {
        try (FakeServer server = FakeServer.tcp(FakeServer.hanging())) {
            CheckedResource resource = CheckedResource.of(service)
                    .check(HealthMonitor.of(
                                    "web",
                                    HttpCheck.of("http://127.0.0.1:" + server.port() + "/")
                                            .build())
                            .every(Duration.ofMillis(20))
                            .timeout(Duration.ofHours(1))
                            .build())
                    .build();
            resource.start(context);
            server.awaitConnection();
            // Each of these returns, or the test ends by its limit.
            for (int i = 0; i < 1000; i++) {
                assertThat(resource.monitor()).isEqualTo(Health.healthy());
            }
            assertThat(server.accepted()).isEqualTo(1);
            resource.stop(ending);
            assertThat(Threads.ofChecks()).isEmpty();
            server.awaitNoConnection();
        }
    }
}
