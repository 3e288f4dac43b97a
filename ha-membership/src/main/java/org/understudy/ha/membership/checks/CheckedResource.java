package org.understudy.ha.membership.checks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

/**
 * A resource whose health is what its own {@code monitor} says and what checks find.
 *
 * <pre>
 * CheckedResource.of(new Shop())
 *         .check(HealthMonitor.of("web", HttpCheck.of("http://127.0.0.1:8080/health").build()).build())
 *         .upWithin(Duration.ofSeconds(20))
 *         .build()
 * </pre>
 *
 * <p>The checks run from the end of {@code start} to the beginning of {@code stop}. The first failed one, in the order in which they were given, makes the
 * resource failed, with its severity and reason; otherwise the first degraded one makes it degraded. The resource's own word goes first. Everything else a
 * {@link ManagedResource} is asked goes to the resource itself.
 *
 * <p>Changes are told to whoever listens to the node, as {@code HaEvent.Reported}.
 *
 * <p><b>Threads.</b> {@code monitor} only looks at what the checks have found, so a server that hangs holds nothing up. After {@code stop} the checks' threads are
 * gone, see {@link HealthMonitor#close()}.
 *
 * @since 0.1.0
 */
public final class CheckedResource implements ManagedResource {
    private static final Duration UP_MAX = Duration.ofHours(1);

    private final @Nullable ManagedResource resource;
    private final List<HealthMonitor> monitors;
    private final Duration upWithin;

    private volatile boolean isStarted;

    private CheckedResource(@Nullable ManagedResource resource, List<HealthMonitor> monitors, Duration upWithin) {
        this.resource = resource;
        this.monitors = monitors;
        this.upWithin = upWithin;
    }

    /** Puts checks behind a resource of yours. */
    public static Builder of(ManagedResource resource) {
        return new Builder(resource);
    }

    /** A resource that is nothing but its checks, for what is not started or stopped from here. Nothing has to end for it to be gone. */
    public static Builder ofChecks() {
        return new Builder(null);
    }

    /** Builds a {@link CheckedResource}. Not thread-safe. */
    public static final class Builder {
        private final @Nullable ManagedResource resource;
        private final List<HealthMonitor> monitors = new ArrayList<>();
        private @Nullable Duration upWithin;

        private Builder(@Nullable ManagedResource resource) {
            this.resource = resource;
        }

        /** One more check. The monitor is started and closed by the resource, and belongs to no other. One at least, with different names. */
        public Builder check(HealthMonitor monitor) {
            monitors.add(monitor);
            return this;
        }

        /**
         * {@code start} returns only when every check is up, and fails (SOFT) if that is not so in time. Where the resource names a budget for its
         * start, this comes on top; otherwise it must end within the group's. Default: it does not wait; more than zero and at most an hour; once.
         */
        public Builder upWithin(Duration value) {
            Given.once("upWithin", upWithin, value);
            upWithin = Given.time("upWithin", value, Duration.ofMillis(1), UP_MAX);
            return this;
        }

        /**
         * @throws ConfigurationException listing everything that is wrong
         */
        public CheckedResource build() {
            List<Problem> problems = new ArrayList<>();
            if (monitors.isEmpty()) {
                problems.add(
                        new Problem("check", "(not set)", "give one check at least, or use the resource without this"));
            }
            Set<String> names = new HashSet<>();
            for (HealthMonitor monitor : monitors) {
                if (!names.add(monitor.name())) {
                    problems.add(new Problem("check", monitor.name(), "is the name of two checks: call one otherwise"));
                }
            }
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            return new CheckedResource(resource, List.copyOf(monitors), upWithin == null ? Duration.ZERO : upWithin);
        }
    }

    @Override
    public void prepare(PrepareContext context) throws ResourceException, InterruptedException {
        if (resource != null) {
            resource.prepare(context);
        }
    }

    @Override
    public void unprepare() {
        if (resource != null) {
            resource.unprepare();
        }
    }

    @Override
    public void quiesce(StopContext context) throws ResourceException, InterruptedException {
        if (resource != null) {
            resource.quiesce(context);
        }
    }

    /** As the resource says; a start has the time on top in which its checks must be up, and what ends it the time in which they end. */
    @Override
    public Optional<Duration> budget(Call call) {
        if (resource == null) {
            return Optional.empty();
        }
        Optional<Duration> own = resource.budget(call);
        return switch (call) {
            case START -> own.map(budget -> longer(budget, upWithin));
            case STOP, KILL -> own.map(budget -> longer(budget, HealthMonitor.CLOSE_AT_MOST));
            default -> own;
        };
    }

    /** What is too long already is left as it is, for whoever checks it. */
    private static Duration longer(Duration budget, Duration more) {
        return budget.compareTo(LONGEST.minus(more)) <= 0
                ? budget.plus(more)
                : budget.compareTo(LONGEST) < 0 ? LONGEST : budget;
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        endChecks();
        if (resource != null) {
            resource.start(context);
        }
        boolean isUp = false;
        try {
            monitors.forEach(monitor -> monitor.start(context::report));
            awaitUp();
            isStarted = true;
            isUp = true;
        } finally {
            if (!isUp) {
                endChecks();
            }
        }
    }

    private void awaitUp() throws ResourceException, InterruptedException {
        if (upWithin.isZero()) {
            return;
        }
        long end = System.nanoTime() + upWithin.toNanos();
        for (HealthMonitor monitor : monitors) {
            CheckResult.Answer verdict = monitor.awaitUp(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
            if (verdict != CheckResult.Answer.YES) {
                throw new ResourceException(
                        Severity.SOFT,
                        monitor.name() + " was not up within " + upWithin.toMillis() + " ms after the start"
                                + monitor.last()
                                        .map(found -> ": " + found.reason())
                                        .orElse(", and no check has ended"));
            }
        }
    }

    @Override
    public void stop(StopContext context) throws ResourceException, InterruptedException {
        endChecks();
        if (resource != null) {
            resource.stop(context);
        }
    }

    private void endChecks() {
        isStarted = false;
        monitors.forEach(HealthMonitor::end);
        long until = System.nanoTime() + HealthMonitor.CLOSE_AT_MOST.toNanos();
        monitors.forEach(monitor -> monitor.awaitEnd(until));
    }

    @Override
    public Health monitor() {
        Health own = own();
        if (own.isBad()) {
            return own;
        }
        Health degraded = own.state() == Health.State.DEGRADED ? own : null;
        for (HealthMonitor monitor : monitors) {
            Health found = monitor.health();
            if (found.isBad()) {
                return found;
            }
            if (degraded == null && found.state() == Health.State.DEGRADED) {
                degraded = found;
            }
        }
        return degraded == null ? Health.healthy() : degraded;
    }

    private Health own() {
        if (!isStarted) {
            return Health.notRunning();
        }
        return resource == null ? Health.healthy() : resource.monitor();
    }

    @Override
    public Presence probe() {
        return resource == null ? Presence.ABSENT : resource.probe();
    }

    @Override
    public String probeDetail() {
        return resource == null ? "" : resource.probeDetail();
    }

    @Override
    public Eligibility eligibility() {
        return resource == null ? Eligibility.eligible() : resource.eligibility();
    }

    @Override
    public boolean kill() {
        endChecks();
        return resource == null || resource.kill();
    }

    @Override
    public Scope scope() {
        return resource == null ? Scope.PROCESS : resource.scope();
    }

    @Override
    public boolean endsWithItsThreads() {
        return resource == null || resource.endsWithItsThreads();
    }

    @Override
    public void retire() {
        if (resource != null) {
            resource.retire();
        }
    }

    @Override
    public Set<Enforcement> enforcements() {
        return resource == null ? Set.of(Enforcement.COOPERATIVE) : resource.enforcements();
    }

    @Override
    public List<String> remains() {
        return resource == null ? List.of() : resource.remains();
    }

    @Override
    public String toString() {
        return (resource == null ? "" : resource + " with ") + monitors;
    }
}
