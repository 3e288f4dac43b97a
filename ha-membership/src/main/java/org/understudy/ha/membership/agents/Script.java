package org.understudy.ha.membership.agents;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.process.ProgramCall;
import org.understudy.ha.internal.process.ProgramEnd;
import org.understudy.ha.internal.process.ProgramFile;
import org.understudy.ha.internal.process.ProgramRun;
import org.understudy.ha.membership.agents.core.Finding;
import org.understudy.ha.membership.agents.core.HeartbeatStatus;
import org.understudy.ha.membership.agents.core.ScriptExit;
import org.understudy.ha.membership.core.plan.Planner;

/**
 * A script that starts and stops a service: an init script, or a resource script of Heartbeat version 1.
 *
 * <table>
 * <caption>How they are called, and what their status means</caption>
 * <tr><th></th><th>init script</th><th>Heartbeat version 1</th></tr>
 * <tr><td>call</td><td>{@code SCRIPT start}</td><td>{@code SCRIPT ARGUMENT… start}</td></tr>
 * <tr><td>running</td><td>{@code status} ends with 0</td><td>it says {@code running} or {@code OK}</td></tr>
 * <tr><td>stopped</td><td>it ends with 1, 2 or 3</td><td>it says {@code stopped} or {@code not running}</td></tr>
 * <tr><td>no answer</td><td>any other status</td><td>silence, other words, or both of them</td></tr>
 * </table>
 *
 * <p>Any other status of {@code start} and {@code stop} than 0 is a failure: {@link Severity#HARD} for 2 to 6 of an init script (wrong arguments,
 * unknown action, not permitted, not installed, not configured: all of them this host's), {@link Severity#SOFT} for everything else. A stop counts
 * only if the status after it is stopped as well: many a script says 0 whatever happened. A {@code stop} of what does not run must end with
 * 0; the base specification of Linux demands it.
 *
 * <p>It is run as {@link OcfAgent} describes, with {@code PATH}, {@code LC_ALL=C}, what {@link Builder#environment} adds and the three
 * {@code UNDERSTUDY_…} variables only. {@link OcfAgent} also tells what {@link #monitor()} does, and what follows from a crash of this process.
 *
 * <p><b>Threads.</b> Any; calls wait for one another.
 *
 * @since 0.1.0
 */
public final class Script extends Service {
    private static final int STATUS_BYTES_MAX = 64 * 1024;

    private final Path script;
    private final List<String> arguments;
    private final boolean isHeartbeat;
    private final Map<String, String> environment;
    private final Duration startBudget;
    private final Duration stopBudget;
    private final Duration statusBudget;
    private final Duration every;
    private final Scope scope;

    private Script(Builder builder) {
        super(builder.name);
        this.script = builder.script;
        this.arguments = List.copyOf(builder.arguments);
        this.isHeartbeat = builder.isHeartbeat;
        this.environment = builder.around.environment();
        this.startBudget = builder.startBudget;
        this.stopBudget = builder.stopBudget;
        this.statusBudget = builder.statusBudget;
        this.every = builder.every;
        this.scope = builder.around.scope();
    }

    /**
     * An init script, called as the Linux Standard Base says.
     *
     * @param name the same on every node: 1 to 64 letters, digits, dots, underscores or hyphens
     * @param script absolute, for example {@code /etc/init.d/postgresql}
     */
    public static Builder lsb(String name, Path script) {
        return new Builder(name, script, List.of(), false);
    }

    /**
     * A resource script of Heartbeat version 1, as a line of {@code haresources} names it: {@code NAME::ARGUMENT::ARGUMENT}.
     *
     * @param name the same on every node: 1 to 64 letters, digits, dots, underscores or hyphens
     * @param script absolute, for example {@code /etc/ha.d/resource.d/datadisk}
     * @param arguments come before the action
     */
    public static Builder heartbeat(String name, Path script, String... arguments) {
        return new Builder(name, script, Arrays.asList(arguments), true);
    }

    /** Collects the settings of a script. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final Path script;
        private final List<String> arguments;
        private final boolean isHeartbeat;
        private final Surroundings around;
        private Duration startBudget = Duration.ofSeconds(60);
        private Duration stopBudget = Duration.ofSeconds(60);
        private Duration statusBudget = Duration.ofSeconds(20);
        private Duration every = Duration.ofSeconds(10);

        private Builder(String name, Path script, List<String> arguments, boolean isHeartbeat) {
            this.name = name;
            this.script = script;
            this.arguments = arguments;
            this.isHeartbeat = isHeartbeat;
            this.around = Surroundings.named("script", name);
        }

        /** How long a start may take: 60 s by default, 1 ms to a day. */
        public Builder startBudget(Duration budget) {
            startBudget = around.duration("startBudget", budget);
            return this;
        }

        /** How long a stop may take: 60 s by default, 1 ms to a day. */
        public Builder stopBudget(Duration budget) {
            stopBudget = around.duration("stopBudget", budget);
            return this;
        }

        /** How long a status may take: 20 s by default, 1 ms to a day. */
        public Builder statusBudget(Duration budget) {
            statusBudget = around.duration("statusBudget", budget);
            return this;
        }

        /** How often it is looked at: 10 s by default, 1 ms to a day. */
        public Builder lookEvery(Duration interval) {
            every = around.duration("lookEvery", interval);
            return this;
        }

        /** One more variable of its environment, or another value for {@code PATH} or {@code LC_ALL}. */
        public Builder environment(String variable, String value) {
            around.environment(variable, value);
            return this;
        }

        /** {@link Scope#NODE} by default; {@link Scope#EXTERNAL} for what outlives its host. */
        public Builder scope(Scope wanted) {
            around.scope(wanted);
            return this;
        }

        /**
         * @throws ConfigurationException naming every mistake
         */
        public Script build() {
            if (script == null || !script.isAbsolute()) {
                around.problem("program", script, "give an absolute path: the directory may differ when it is run");
            } else {
                String obstacle = ProgramFile.obstacle(script);
                if (!obstacle.isEmpty()) {
                    around.problem("program", script, obstacle);
                }
            }
            for (String argument : arguments) {
                if (argument == null || argument.indexOf('\0') >= 0) {
                    around.problem("argument", argument, "must be there, without a zero byte");
                }
            }
            around.check();
            return new Script(this);
        }
    }

    /** What a group that it is alone in needs. */
    public Duration startBudget() {
        return startBudget;
    }

    /** What a group that it is alone in needs: the budget of stop, and that of the status after it. */
    public Duration stopBudget() {
        return stopBudget.plus(statusBudget);
    }

    @Override
    public Scope scope() {
        return scope;
    }

    @Override
    String obstacle() {
        return ProgramFile.obstacle(script);
    }

    @Override
    String thing() {
        return Planner.PROGRAM_PREFIX + "script/" + script.getFileName() + "/" + name();
    }

    @Override
    void startService(StartContext context) throws ResourceException, InterruptedException {
        act("start", startBudget, Surroundings.of(context));
    }

    @Override
    void stopService(StopContext context) throws ResourceException, InterruptedException {
        act("stop", stopBudget, Surroundings.of(context));
        Finding seen = lookNow(false);
        if (!seen.isStopped()) {
            throw new ResourceException(
                    Severity.SOFT,
                    "stop says that it is done, and status does not say that it is stopped: " + seen.sentence());
        }
    }

    private void act(String action, Duration budget, Map<String, String> grant)
            throws ResourceException, InterruptedException {
        ProgramCall call = call(action, grant);
        ProgramEnd end = ProgramRun.of(action.equals("start") ? call.leaving() : call, budget);
        if (end.status() < 0) {
            throw noEnd(end);
        }
        if (end.status() != 0) {
            throw isHeartbeat
                    ? failure(Severity.SOFT, "failed", end)
                    : failure(ScriptExit.severity(end.status()), ScriptExit.meaning(end.status()), end);
        }
        if (!end.left().isEmpty()) {
            warn(end.told());
        }
    }

    private ProgramCall call(String action, Map<String, String> more) {
        List<String> command = new ArrayList<>();
        command.add(script.toString());
        command.addAll(arguments);
        command.add(action);
        Map<String, String> all = new TreeMap<>(environment);
        all.putAll(more);
        return ProgramCall.apart(command, name() + " " + action, all);
    }

    @Override
    ProgramCall lookCall(boolean isProbe) {
        return call("status", Map.of()).answering(STATUS_BYTES_MAX);
    }

    @Override
    Duration lookBudget() {
        return statusBudget;
    }

    @Override
    Duration lookEvery() {
        return every;
    }

    @Override
    Finding finding(ProgramEnd end, boolean isProbe) {
        return isHeartbeat
                ? HeartbeatStatus.finding(end.answer(), end.told())
                : ScriptExit.finding(end.status(), end.told());
    }

    @Override
    Health judge(Finding finding, long nowNanos) {
        return finding.health(false);
    }

    @Override
    public String toString() {
        return "script " + name() + " (" + script + ")";
    }
}
