package org.understudy.ha.membership.agents;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.process.ProgramCall;
import org.understudy.ha.internal.process.ProgramEnd;
import org.understudy.ha.internal.process.ProgramFile;
import org.understudy.ha.internal.process.ProgramRun;
import org.understudy.ha.membership.agents.core.Finding;
import org.understudy.ha.membership.agents.core.Patience;
import org.understudy.ha.membership.agents.core.ScriptExit;
import org.understudy.ha.membership.agents.core.UnitState;
import org.understudy.ha.membership.core.plan.Planner;

/**
 * A unit of systemd, by {@code systemctl}.
 *
 * <pre>{@code
 * Group.named("db").resource("postgres", SystemdUnit.builder("postgresql.service").build()).build();
 * }</pre>
 *
 * <p><b>The unit must not be enabled</b> ({@code systemctl disable}): what is, systemd starts at every boot, on every host, and asks nobody. A
 * start of an enabled one raises an alarm. {@code Restart=} in the unit is all right: while systemd starts it again its health is degraded, and
 * failed once that takes longer than the budget of a start. A unit that depends on this process's own ({@code PartOf=}) is not.
 *
 * <p><b>Start</b> resets a failed unit first, so that its start limit does not forbid it, and returns when it is active. <b>Stop</b> returns when
 * the unit is inactive, or failed, and neither a main or control process nor a task of its control group is left, as far as systemd counts them;
 * a failed one is reset. <b>Kill</b> sends SIGKILL to all its processes. All else that systemd says, or its silence, is no answer.
 *
 * <p>At the end of a budget {@code systemctl} is killed; the job goes on in systemd, until the stop that follows replaces it. Looks are described
 * in {@link OcfAgent}, as is what follows from a crash of this process.
 *
 * <p><b>Threads.</b> Any; calls wait for one another.
 *
 * @since 0.1.0
 */
public final class SystemdUnit extends Service {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdUnit.class);
    private static final int STATE_BYTES_MAX = 64 * 1024;
    private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final List<String> command;
    private final Surroundings around;
    private final Duration startBudget;
    private final Duration stopBudget;
    private final Duration lookBudget;
    private final Duration every;
    private final Patience patience;

    private SystemdUnit(Builder builder) {
        super(builder.unit);
        this.command = List.copyOf(builder.command);
        this.around = builder.around;
        this.startBudget = builder.startBudget;
        this.stopBudget = builder.stopBudget;
        this.lookBudget = builder.lookBudget;
        this.every = builder.every;
        this.patience = new Patience(startBudget.toNanos());
    }

    /**
     * @param unit with its ending, for example {@code nginx.service} or {@code srv-data.mount}
     */
    public static Builder builder(String unit) {
        return new Builder(unit);
    }

    /** Collects the settings of a unit. Not thread-safe. */
    public static final class Builder {
        private static final String UNIT =
                "[A-Za-z0-9:_.@\\\\-]{1,240}\\.(service|socket|mount|automount|swap|target|path|timer|scope|slice|device)";

        private final String unit;
        private final Surroundings around;
        private List<String> command = List.of("/usr/bin/systemctl");
        private Duration startBudget = Duration.ofSeconds(100);
        private Duration stopBudget = Duration.ofSeconds(100);
        private Duration lookBudget = Duration.ofSeconds(10);
        private Duration every = Duration.ofSeconds(1);

        private Builder(String unit) {
            this.unit = unit;
            this.around = new Surroundings("unit " + unit);
            if (unit == null || !unit.matches(UNIT) || unit.startsWith("-")) {
                around.problem("", unit, "give it with its ending, for example nginx.service");
            }
        }

        /**
         * How systemctl is run: {@code /usr/bin/systemctl} by default; {@code systemctl --user}, or one behind {@code sudo -n}, for example. The
         * first word is an absolute path.
         */
        public Builder command(String... words) {
            command = Stream.of(words).map(String::valueOf).toList();
            return this;
        }

        /** How long a start may take: 100 s by default, which is longer than systemd's own limit; 1 ms to a day. */
        public Builder startBudget(Duration budget) {
            startBudget = around.duration("startBudget", budget);
            return this;
        }

        /** How long a stop may take: 100 s by default, which is longer than systemd waits before it kills; 1 ms to a day. */
        public Builder stopBudget(Duration budget) {
            stopBudget = around.duration("stopBudget", budget);
            return this;
        }

        /** How long systemd may take to tell the state: 10 s by default, 1 ms to a day. */
        public Builder lookBudget(Duration budget) {
            lookBudget = around.duration("lookBudget", budget);
            return this;
        }

        /** How often it is looked at: 1 s by default, 1 ms to a day. */
        public Builder lookEvery(Duration interval) {
            every = around.duration("lookEvery", interval);
            return this;
        }

        /** One more variable for systemctl, {@code XDG_RUNTIME_DIR} for {@code --user} for example. The unit does not get it. */
        public Builder environment(String variable, String value) {
            around.environment(variable, value);
            return this;
        }

        /**
         * Asks nobody: whether there is such a unit is seen when it is to start.
         *
         * @throws ConfigurationException naming every mistake
         */
        public SystemdUnit build() {
            String program = command.isEmpty() ? "" : command.get(0);
            if (!program.startsWith("/")) {
                around.problem("command", program, "give an absolute path: the directory may differ when it is run");
            } else {
                String obstacle = ProgramFile.obstacle(Path.of(program));
                if (!obstacle.isEmpty()) {
                    around.problem("command", program, obstacle);
                }
            }
            around.check();
            around.environment("SYSTEMD_PAGER", "");
            around.environment("SYSTEMD_COLORS", "0");
            return new SystemdUnit(this);
        }
    }

    /** What a group that it is alone in needs. */
    public Duration startBudget() {
        return startBudget;
    }

    /** What a group that it is alone in needs. */
    public Duration stopBudget() {
        return stopBudget.plus(lookBudget);
    }

    @Override
    String obstacle() {
        return ProgramFile.obstacle(Path.of(command.get(0)));
    }

    @Override
    String thing() {
        return Planner.PROGRAM_PREFIX + "systemd/" + name();
    }

    @Override
    void startService(StartContext context) throws ResourceException, InterruptedException {
        long begin = System.nanoTime();
        UnitState before = state();
        Optional<String> refused = before.obstacle(name());
        if (refused.isPresent()) {
            throw new ResourceException(Severity.HARD, refused.get());
        }
        if (before.isEnabled()) {
            context.alarm("the unit " + name()
                    + " is enabled, so that systemd starts it at every boot and asks nobody: systemctl disable "
                    + name());
        }
        if (before.isFailed()) {
            run("reset-failed", lookBudget);
        }
        ProgramEnd end = run("start", startBudget);
        if (end.status() != 0) {
            throw failure(ScriptExit.severity(end.status()), state().toString(), end);
        }
        UnitState now = state();
        while (now.finding().state() != Finding.State.RUNNING) {
            if (now.finding().state() != Finding.State.CHANGING || left(begin, startBudget) <= 0) {
                throw new ResourceException(Severity.SOFT, "the start is done, and " + now);
            }
            pause();
            now = state();
        }
        patience.reset();
    }

    @Override
    void stopService(StopContext context) throws ResourceException, InterruptedException {
        long begin = System.nanoTime();
        ProgramEnd end = run("stop", stopBudget);
        UnitState now = awaitEnd(begin);
        if (!now.isEnded()) {
            throw failure(Severity.SOFT, now.toString() + (now.hasProcesses() ? ", and it has processes" : ""), end);
        }
        if (now.isFailed()) {
            run("reset-failed", lookBudget);
        }
    }

    /** {@inheritDoc} SIGKILL to every process of the unit. */
    @Override
    public boolean kill() {
        boolean[] isGone = new boolean[1];
        try {
            alone(() -> {
                run("kill", lookBudget, "--signal=SIGKILL");
                isGone[0] = awaitEnd(System.nanoTime()).isEnded();
            });
        } catch (ResourceException e) {
            LOG.warn("{}: {}", this, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return isGone[0];
    }

    private UnitState awaitEnd(long begin) throws ResourceException, InterruptedException {
        UnitState now = state();
        while (now.finding().state() == Finding.State.CHANGING && left(begin, stopBudget) > 0) {
            pause();
            now = state();
        }
        return now;
    }

    private static long left(long begin, Duration budget) {
        return budget.toNanos() - (System.nanoTime() - begin);
    }

    private static void pause() throws InterruptedException {
        LockSupport.parkNanos(AGAIN_NANOS);
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** What the unit is now; that it cannot be found out is a failure. */
    private UnitState state() throws ResourceException, InterruptedException {
        ProgramEnd end = ProgramRun.of(lookCall(false), lookBudget);
        Optional<UnitState> state = end.status() == 0 ? UnitState.parse(end.answer()) : Optional.empty();
        if (state.isEmpty()) {
            throw failure(Severity.HARD, "systemd does not tell the state of the unit", end);
        }
        return state.get();
    }

    private ProgramEnd run(String verb, Duration budget, String... options)
            throws ResourceException, InterruptedException {
        ProgramEnd end = ProgramRun.of(call(verb, options), budget);
        if (end.status() < 0) {
            throw noEnd(end);
        }
        return end;
    }

    private ProgramCall call(String verb, String... options) {
        List<String> words = new ArrayList<>(command);
        words.add(verb);
        words.add("--no-ask-password");
        words.addAll(List.of(options));
        words.add("--");
        words.add(name());
        return ProgramCall.apart(words, "systemctl " + verb + " " + name(), around.environment());
    }

    @Override
    ProgramCall lookCall(boolean isProbe) {
        return call("show", "--property=" + UnitState.PROPERTIES).answering(STATE_BYTES_MAX);
    }

    @Override
    Duration lookBudget() {
        return lookBudget;
    }

    @Override
    Duration lookEvery() {
        return every;
    }

    @Override
    Finding finding(ProgramEnd end, boolean isProbe) {
        Optional<UnitState> state = end.status() == 0 ? UnitState.parse(end.answer()) : Optional.empty();
        if (state.isEmpty()) {
            return Finding.unknown(Severity.SOFT, "systemd does not tell the state of the unit; " + end.told());
        }
        // A failed unit without processes is broken where it was started, and nothing where it was not.
        return isProbe && state.get().isEnded()
                ? Finding.stopped(state.get().toString())
                : state.get().finding();
    }

    @Override
    Health judge(Finding finding, long nowNanos) {
        return patience.judge(finding, nowNanos).health(false);
    }

    @Override
    public String toString() {
        return "unit " + name();
    }
}
