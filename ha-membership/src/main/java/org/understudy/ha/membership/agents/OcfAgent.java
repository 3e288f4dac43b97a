package org.understudy.ha.membership.agents;

import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Score;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.process.ProgramCall;
import org.understudy.ha.internal.process.ProgramEnd;
import org.understudy.ha.internal.process.ProgramFile;
import org.understudy.ha.internal.process.ProgramRun;
import org.understudy.ha.membership.agents.core.Finding;
import org.understudy.ha.membership.agents.core.OcfAction;
import org.understudy.ha.membership.agents.core.OcfExit;
import org.understudy.ha.membership.agents.core.OcfMetadata;
import org.understudy.ha.membership.agents.core.RoleMachine;
import org.understudy.ha.membership.core.plan.Planner;

/**
 * A resource agent of the Open Cluster Framework, API 1.0 or 1.1, as Pacemaker runs them: those of the {@code resource-agents} package, for
 * example.
 *
 * <pre>{@code
 * OcfAgent site = OcfAgent.builder("site", "ocf:heartbeat:nginx")
 *         .parameter("configfile", "/etc/nginx/site.conf")
 *         .build();                                          // runs meta-data, and checks the parameters against it
 * Group.named("site")
 *         .resource("site", site)
 *         .startBudget(site.startBudget())                   // what the agent advises; the group's own default is shorter
 *         .stopBudget(site.stopBudget())
 *         .build();
 * }</pre>
 *
 * <p><b>How it is run.</b> Without a shell, in {@code /}, in a session of its own, with nothing on its standard input, no open file of this
 * process, and this environment only: {@code PATH}, {@code LC_ALL=C}, what {@link Builder#environment} adds, {@code OCF_ROOT},
 * {@code OCF_RA_VERSION_MAJOR}, {@code OCF_RA_VERSION_MINOR}, {@code OCF_RESOURCE_INSTANCE}, {@code OCF_RESOURCE_TYPE},
 * {@code OCF_RESOURCE_PROVIDER}, {@code OCF_CHECK_LEVEL} for a monitor, {@code OCF_RESKEY_…} for each parameter,
 * {@code OCF_RESKEY_CRM_meta_timeout} and {@code …_interval} in milliseconds as Pacemaker gives them (an interval of 0 is a probe), and
 * {@code UNDERSTUDY_GROUP}, {@code UNDERSTUDY_TOKEN} and, when it starts, {@code UNDERSTUDY_NODE}; an agent with two roles also
 * {@code HA_SBIN_DIR} and {@code UNDERSTUDY_PROMOTION_SCORE}, see {@link #score()}. Each call has a budget; at its end, or if the
 * caller is interrupted, the agent and everything that call started is killed. What it starts and leaves at its own end goes on if the action
 * was one that starts something, and is killed otherwise. Once an action is over nobody reads what a daemon still writes to its outputs.
 *
 * <p><b>Exit statuses</b> are those of the API: 2, 3, 4 and 5 are {@link Severity#HARD}, 6 is {@link Severity#FATAL}, all other failures and
 * whatever the API does not know {@link Severity#SOFT}. 190 and 191 are {@link Health.State#DEGRADED}. A stop counts only if a monitor after
 * it says 7, not running, as well.
 *
 * <p><b>Looks.</b> {@link #monitor()} runs the agent as often as it advises, 10 s if it does not, and tells the last result meanwhile; a failed
 * look counts at once. A slow one goes on while the group's thread does something else.
 *
 * <p><b>After a crash of this process</b> the service goes on running ({@link Scope#NODE}), and nobody can say for it that it ended: another
 * node takes the group over when this host was started again, or on an operator's word. Where it does no harm if two run, use
 * {@code Group.resourceBehindAddress}.
 *
 * <p><b>Threads.</b> Any; calls wait for one another.
 *
 * @since 0.1.0
 */
public final class OcfAgent extends Service implements PromotableResource {
    /** Where agents are if nobody says otherwise. */
    public static final Path ROOT = Path.of("/usr/lib/ocf");

    private static final int METADATA_BYTES_MAX = 1 << 20;
    private static final Duration METADATA_BUDGET = Duration.ofSeconds(20);
    private static final String TIMEOUT = "OCF_RESKEY_CRM_meta_timeout";
    private static final String INTERVAL = "OCF_RESKEY_CRM_meta_interval";

    private final Path agent;
    private final Map<String, String> environment;
    private final OcfMetadata metadata;
    private final Map<OcfAction, Duration> budgets;
    private final Duration every;
    private final int checkLevel;
    private final boolean isStartedPromoted;
    private final Scope scope;
    private final RoleMachine role;
    private final PromotionScore score;
    private volatile boolean isPromotionExpected;
    /** A look has ended since its start: whoever gives scores has given one. */
    private volatile boolean isLookedAt;

    private OcfAgent(Builder builder, OcfMetadata metadata) {
        super(builder.name);
        this.agent = builder.agent;
        this.environment = builder.ownEnvironment(metadata.minor());
        this.metadata = metadata;
        this.budgets = new EnumMap<>(OcfAction.class);
        for (OcfAction action : OcfAction.values()) {
            budgets.put(action, metadata.timeout(action));
        }
        budgets.put(OcfAction.MONITOR, metadata.monitorTimeout(builder.checkLevel, builder.isStartedPromoted));
        budgets.putAll(builder.budgets);
        this.every = Optional.ofNullable(builder.every)
                .orElseGet(() -> metadata.interval(builder.checkLevel, builder.isStartedPromoted));
        this.checkLevel = builder.checkLevel;
        this.isStartedPromoted = builder.isStartedPromoted;
        this.scope = builder.around.scope();
        this.role = new RoleMachine(metadata.isPromotable());
        this.score = new PromotionScore(name());
    }

    /**
     * An agent by its name in Pacemaker.
     *
     * @param name of this instance, the same on every node: 1 to 64 letters, digits, dots, underscores or hyphens. Agents make file names of it
     * @param agent for example {@code ocf:heartbeat:Filesystem}, which is {@code /usr/lib/ocf/resource.d/heartbeat/Filesystem}
     */
    public static Builder builder(String name, String agent) {
        return new Builder(name, agent);
    }

    /**
     * An agent by its file.
     *
     * @param name see {@link #builder(String, String)}
     * @param agent absolute
     */
    public static Builder builder(String name, Path agent) {
        return new Builder(name, agent);
    }

    /** Collects the settings of an agent. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final Surroundings around;
        private final Map<String, String> parameters = new TreeMap<>();
        private final Map<OcfAction, Duration> budgets = new EnumMap<>(OcfAction.class);
        private final String spec;
        private Path root = ROOT;
        private Path agent = ROOT;
        private boolean isByName;
        private Duration every;
        private int checkLevel;
        private boolean isStartedPromoted;

        private Builder(String name, String spec) {
            this.name = name;
            this.around = Surroundings.named("agent", name);
            this.spec = String.valueOf(spec);
            this.isByName = true;
        }

        private Builder(String name, Path agent) {
            this(name, String.valueOf(agent));
            this.isByName = false;
            this.agent = agent;
            if (agent == null || !agent.isAbsolute() || agent.getNameCount() < 2) {
                around.problem("program", agent, "give an absolute path: the directory may differ when it is run");
            }
        }

        /** Where agents and what they share are: the {@code OCF_ROOT}. {@code /usr/lib/ocf} by default. */
        public Builder root(Path directory) {
            if (directory == null || !directory.isAbsolute()) {
                around.problem("root", directory, "give an absolute path");
            } else {
                root = directory;
            }
            return this;
        }

        /** One parameter of the agent. An empty value is none. */
        public Builder parameter(String parameter, String value) {
            if (parameter == null || value == null) {
                around.problem("parameter " + parameter, value, "give both a name and a value");
            } else if (!value.isEmpty()) {
                parameters.put(parameter, value);
            }
            return this;
        }

        /** How deeply a monitor looks, {@code OCF_CHECK_LEVEL}: 0 by default; 10 and 20 cost more. A probe is always 0. */
        public Builder checkLevel(int level) {
            if (level < 0) {
                around.problem("checkLevel", level, "use 0, 10 or 20, or what the agent knows");
            }
            checkLevel = level;
            return this;
        }

        /** How long an action may take; what the agent advises by default, 20 s if it does not. 1 ms to a day. */
        public Builder budget(OcfAction action, Duration budget) {
            budgets.put(action, around.duration("budget of " + action.word(), budget));
            return this;
        }

        /** How often it is looked at; what the agent advises by default, 10 s if it does not. 1 ms to a day. */
        public Builder lookEvery(Duration interval) {
            every = around.duration("lookEvery", interval);
            return this;
        }

        /**
         * Started means promoted: a start promotes as well, and a stop demotes first. For an agent with two roles of which only the owner of
         * the group runs an instance.
         */
        public Builder promoted() {
            isStartedPromoted = true;
            return this;
        }

        /** One more variable of its environment, or another value for {@code PATH} or {@code LC_ALL}. */
        public Builder environment(String variable, String value) {
            around.environment(variable, value);
            return this;
        }

        /** {@link Scope#NODE} by default; {@link Scope#EXTERNAL} for what outlives its host, a route in a cloud for example. */
        public Builder scope(Scope wanted) {
            around.scope(wanted);
            return this;
        }

        /**
         * Runs {@code meta-data}, 20 s at most, and checks everything against it.
         *
         * @throws ConfigurationException naming every mistake: no such agent, unknown parameters, missing ones, values of the wrong type
         * @throws PlatformException if interrupted meanwhile
         */
        public OcfAgent build() {
            locate();
            around.check();
            OcfMetadata metadata = metadata();
            around.problems(metadata.problems(parameters, around.key()));
            for (OcfAction needed : List.of(OcfAction.START, OcfAction.STOP, OcfAction.MONITOR)) {
                if (!metadata.knows(needed)) {
                    around.problem(
                            "program", agent, "its metadata list no action " + needed.word() + ": repair the agent");
                }
            }
            if (isStartedPromoted && !metadata.isPromotable()) {
                around.problem("promoted", agent, "its metadata list no promote and demote; leave promoted() out");
            }
            around.check();
            return new OcfAgent(this, metadata);
        }

        private void locate() {
            if (isByName) {
                String[] parts = spec.split(":", -1);
                if (parts.length != 3
                        || !parts[0].equals("ocf")
                        || !spec.matches("[A-Za-z0-9:._-]+")
                        || spec.contains("..")) {
                    around.problem("program", spec, "write ocf:PROVIDER:TYPE, for example ocf:heartbeat:Filesystem");
                    return;
                }
                agent = root.resolve("resource.d").resolve(parts[1]).resolve(parts[2]);
            }
            String obstacle = around.isSound() ? ProgramFile.obstacle(agent) : "";
            if (!obstacle.isEmpty()) {
                around.problem("program", spec, obstacle);
            }
        }

        private OcfMetadata metadata() {
            ProgramEnd end;
            try {
                end = ProgramRun.of(
                        ProgramCall.apart(
                                        List.of(agent.toString(), OcfAction.META_DATA.word()),
                                        agent + " meta-data",
                                        ownEnvironment(0))
                                .answering(METADATA_BYTES_MAX),
                        METADATA_BUDGET);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new PlatformException(
                        "exec", 0, "interrupted while " + agent + " told its metadata; build it again", e);
            }
            if (end.status() != 0 || !end.isAnswerWhole()) {
                String why = end.status() == 0
                        ? agent + " meta-data wrote more than " + METADATA_BYTES_MAX + " bytes"
                        : end.told();
                throw new ConfigurationException(
                        around.key() + " program", spec, why + "; give a resource agent of the Open Cluster Framework");
            }
            return MetadataReader.read(end.answer(), around.key() + " program", spec);
        }

        private Map<String, String> ownEnvironment(int minor) {
            Map<String, String> own = around.environment();
            own.put("OCF_ROOT", root.toString());
            own.put("OCF_RA_VERSION_MAJOR", "1");
            own.put("OCF_RA_VERSION_MINOR", Integer.toString(minor));
            own.put("OCF_RESOURCE_INSTANCE", name);
            own.put("OCF_RESOURCE_TYPE", agent.getFileName().toString());
            own.put("OCF_RESOURCE_PROVIDER", agent.getParent().getFileName().toString());
            parameters.forEach((parameter, value) -> own.put("OCF_RESKEY_" + parameter, value));
            return own;
        }
    }

    /** What a group that it is alone in needs: the budget of start, and of promote where a start promotes. */
    public Duration startBudget() {
        Duration start = budgets.get(OcfAction.START);
        return isStartedPromoted ? start.plus(budgets.get(OcfAction.PROMOTE)) : start;
    }

    /** What a group that it is alone in needs: the budgets of stop and of the look after it, and where it has two roles of finding out and demoting. */
    public Duration stopBudget() {
        Duration stop = budgets.get(OcfAction.STOP).plus(budgets.get(OcfAction.MONITOR));
        return metadata.isPromotable()
                ? stop.plus(budgets.get(OcfAction.MONITOR)).plus(budgets.get(OcfAction.DEMOTE))
                : stop;
    }

    /** Whether a start promotes as well: {@link Builder#promoted()}. */
    public boolean isStartedPromoted() {
        return isStartedPromoted;
    }

    /** {@inheritDoc} What the agent advises for the action, and what a stop needs with the looks around it. */
    @Override
    public Optional<Duration> budget(Call call) {
        return switch (call) {
            case START -> Optional.of(startBudget());
            case STOP -> Optional.of(stopBudget());
            case PROMOTE -> known(OcfAction.PROMOTE);
            case DEMOTE -> known(OcfAction.DEMOTE);
            case PROBE -> known(OcfAction.MONITOR);
            default -> Optional.empty();
        };
    }

    private Optional<Duration> known(OcfAction action) {
        return metadata.knows(action) ? Optional.of(budgets.get(action)) : Optional.empty();
    }

    /** Whether it has two roles. */
    public boolean isPromotable() {
        return metadata.isPromotable();
    }

    @Override
    public Scope scope() {
        return scope;
    }

    @Override
    String obstacle() {
        return ProgramFile.obstacle(agent);
    }

    @Override
    String thing() {
        return Planner.PROGRAM_PREFIX + "ocf/" + environment.get("OCF_RESOURCE_PROVIDER") + "/" + agent.getFileName()
                + "/" + name();
    }

    // ---- start and stop ------------------------------------------------------------------------------------------

    @Override
    void startService(StartContext context) throws ResourceException, InterruptedException {
        Map<String, String> grant = Surroundings.of(context);
        isLookedAt = false;
        OcfExit exit = act(OcfAction.START, grant);
        if (exit == OcfExit.DEGRADED) {
            context.alarm(name() + ": start says that it runs, but degraded");
        }
        if (isStartedPromoted) {
            act(OcfAction.PROMOTE, grant);
        }
        isPromotionExpected = isStartedPromoted;
    }

    @Override
    void stopService(StopContext context) throws ResourceException, InterruptedException {
        Map<String, String> grant = Surroundings.of(context);
        role.stopping();
        Finding seen = Finding.unknown(Severity.SOFT, "nobody looked");
        for (RoleMachine.Step step = role.next(); step != RoleMachine.Step.DONE; step = role.next()) {
            switch (step) {
                case LOOK -> {
                    seen = lookNow(true);
                    role.found(seen);
                }
                case DEMOTE -> demoteFirst(grant);
                case STOP -> stopOnce(grant);
                default ->
                    throw new ResourceException(
                            Severity.SOFT,
                            "stop says that it is done, and monitor does not say that it is not running: "
                                    + seen.sentence());
            }
        }
        isPromotionExpected = false;
    }

    /** A demote that fails is no reason not to stop: a stop may use force. */
    private void demoteFirst(Map<String, String> grant) throws InterruptedException {
        try {
            act(OcfAction.DEMOTE, grant);
        } catch (ResourceException e) {
            warn("goes on with stop: " + e.getMessage());
        }
    }

    /** A stop that finds the instance promoted is not the last word. */
    private void stopOnce(Map<String, String> grant) throws ResourceException, InterruptedException {
        try {
            act(OcfAction.STOP, grant);
        } catch (ResourceException e) {
            if (role.next() != RoleMachine.Step.DEMOTE) {
                throw e;
            }
            demoteFirst(grant);
        }
    }

    // ---- roles, and what else an agent may know ----------------------------------------------------------------

    @Override
    public void promote(StartContext context) throws ResourceException, InterruptedException {
        alone(() -> {
            act(OcfAction.PROMOTE, Surroundings.of(context));
            isPromotionExpected = true;
            expectHealth();
        });
    }

    @Override
    public void demote(StopContext context) throws ResourceException, InterruptedException {
        alone(() -> {
            act(OcfAction.DEMOTE, Surroundings.of(context));
            isPromotionExpected = false;
            expectHealth();
        });
    }

    /**
     * {@inheritDoc} What the agent has told {@code crm_master} or {@code crm_attribute --promotion} last; 0 if it tells them nothing. As under
     * Pacemaker a negative one, or one that was deleted, keeps it from being promoted.
     */
    @Override
    public Score score() {
        return isLookedAt ? score.score() : Score.veto("nobody has looked at it since its start");
    }

    @Override
    public void unprepare() {
        // Nothing is made ready, and the score stays.
    }

    @Override
    public void retire() {
        score.close();
    }

    /** Tells it what is about to happen, or has happened, to instances of its kind. */
    public void inform(OcfNotification notification) throws ResourceException, InterruptedException {
        alone(() -> act(OcfAction.NOTIFY, notification.environment()));
    }

    /** Lets the service read its configuration anew without a stop. */
    public void reload() throws ResourceException, InterruptedException {
        alone(() -> act(OcfAction.RELOAD, Map.of()));
    }

    /**
     * Lets the agent check its parameters on this node. Not done by itself: what they name may be there only after what comes before it in the
     * group was started.
     *
     * @throws ResourceException with its objection, and a severity that says whether it holds for this node or for all
     */
    public void validate() throws ResourceException, InterruptedException {
        alone(() -> act(OcfAction.VALIDATE_ALL, Map.of("OCF_CHECK_LEVEL", "10")));
    }

    private OcfExit act(OcfAction action, Map<String, String> more) throws ResourceException, InterruptedException {
        if (!metadata.knows(action)) {
            throw new ResourceException(
                    Severity.HARD,
                    "the agent " + agent + " does not list the action " + action.word()
                            + ": it cannot be done with it");
        }
        boolean isChange = action == OcfAction.START
                || action == OcfAction.STOP
                || action == OcfAction.PROMOTE
                || action == OcfAction.DEMOTE;
        if (isChange) {
            role.began();
        }
        ProgramCall call = call(action, more);
        if (isChange && action != OcfAction.STOP || action == OcfAction.RELOAD) {
            call = call.leaving();
        }
        ProgramEnd end = ProgramRun.of(call, budgets.get(action));
        if (end.status() < 0) {
            throw noEnd(end);
        }
        OcfExit exit = OcfExit.of(end.status());
        if (isChange) {
            role.ended(action, exit);
        }
        if (!exit.isDone(action)) {
            throw failure(exit.severity(), exit.meaning(), end);
        }
        if (!end.left().isEmpty()) {
            warn(end.told());
        }
        return exit;
    }

    private ProgramCall call(OcfAction action, Map<String, String> more) {
        Map<String, String> all = new TreeMap<>(environment);
        if (metadata.isPromotable()) {
            all.putAll(score.environment(environment));
        }
        all.put(TIMEOUT, Long.toString(budgets.get(action).toMillis()));
        all.put(INTERVAL, "0");
        all.putAll(more);
        return ProgramCall.apart(List.of(agent.toString(), action.word()), name() + " " + action.word(), all);
    }

    // ---- looks ---------------------------------------------------------------------------------------------------

    @Override
    ProgramCall lookCall(boolean isProbe) {
        Map<String, String> more = new TreeMap<>();
        more.put("OCF_CHECK_LEVEL", isProbe ? "0" : Integer.toString(checkLevel));
        more.put(INTERVAL, isProbe ? "0" : Long.toString(Math.max(1, every.toMillis())));
        return call(OcfAction.MONITOR, more);
    }

    @Override
    Duration lookBudget() {
        return budgets.get(OcfAction.MONITOR);
    }

    @Override
    Duration lookEvery() {
        return every;
    }

    @Override
    Finding finding(ProgramEnd end, boolean isProbe) {
        return OcfExit.of(end.status()).finding(end.told());
    }

    @Override
    Health judge(Finding finding, long nowNanos) {
        role.found(finding);
        isLookedAt = true;
        return finding.health(isPromotionExpected);
    }

    @Override
    public String toString() {
        return "agent " + name() + " (" + agent + ")";
    }
}
