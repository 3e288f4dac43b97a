package org.understudy.ha.tool;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.config.NodeConfig;
import org.understudy.ha.membership.admin.AdminClient;
import org.understudy.ha.membership.core.admin.AdminAnswer;
import org.understudy.ha.membership.core.admin.AdminRequest;
import org.understudy.ha.membership.core.admin.Value;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * Looks at a node of this host and gives it orders, over the socket that the node opens with {@code administration()}.
 *
 * <p>Exit status: {@value #DONE} done, or here is what was asked for; {@value #REFUSED} refused, the reason is on standard error;
 * {@value #USAGE} wrong usage; {@value #UNKNOWN} nobody answered, or nobody knows whether it was done.
 */
@Command(
        name = "understudy",
        mixinStandardHelpOptions = true,
        versionProvider = Understudy.Version.class,
        description = "Looks at a node of this host and gives it orders.",
        synopsisSubcommandLabel = "COMMAND",
        footer = {
            "",
            "The node is named by its state directory (--state, or UNDERSTUDY_STATE) or its socket (--socket, or",
            "UNDERSTUDY_SOCKET), and must have been started with administration().",
            "",
            "Exit status: 0 done; 1 refused; 2 wrong usage; 3 no answer, or nobody knows whether it was done."
        })
public final class Understudy implements Runnable {

    static final int DONE = 0;
    static final int REFUSED = 1;
    static final int USAGE = 2;
    static final int UNKNOWN = 3;

    private static final String JSON = "--json";
    private static final String SOCKET = "--socket";
    private static final String STATE = "--state";

    private static final List<String> GROUPS = List.of("part", "state", "holder", "there", "token", "reason");
    private static final List<String> OWNERS = List.of("part", "holder", "token", "proof", "state", "there", "reason");
    private static final List<String> EXPLAINED =
            List.of("node", "possible", "score", "number", "at", "reason", "sentence");
    private static final List<String> DECISIONS = List.of("number", "at", "sentence");
    private static final List<String> FORECAST = List.of("part", "now", "then", "reason");
    private static final List<String> METRICS = List.of("name", "tags", "value", "unit");

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = JSON, description = "as behind the command")
    private boolean isJson;

    @Option(names = SOCKET, paramLabel = "PATH", description = "as behind the command")
    private @Nullable Path socket;

    @Option(names = STATE, paramLabel = "DIR", description = "as behind the command")
    private @Nullable Path state;

    /** What every command takes. */
    abstract static class Common {
        @Option(names = SOCKET, paramLabel = "PATH", description = "the node's socket")
        private @Nullable Path socket;

        @Option(names = STATE, paramLabel = "DIR", description = "the node's state directory, instead of its socket")
        private @Nullable Path state;

        @Option(names = JSON, description = "print one JSON object instead of a table")
        private boolean isJson;

        @Spec(Spec.Target.MIXEE)
        private @Nullable CommandSpec spec;

        /** How long to wait for an answer at most. */
        abstract Duration limit();

        /** What stands before the command. */
        private Optional<Understudy> before() {
            CommandLine before = line().getParent();
            Object all = before == null ? null : before.getCommand();
            return all instanceof Understudy tool ? Optional.of(tool) : Optional.empty();
        }

        /** Whether it stands behind the command or before it. */
        private boolean isJson() {
            return isJson || before().filter(tool -> tool.isJson).isPresent();
        }

        private Path where() {
            Optional<Path> itsSocket =
                    Optional.ofNullable(socket).or(() -> before().flatMap(tool -> Optional.ofNullable(tool.socket)));
            Optional<Path> itsState =
                    Optional.ofNullable(state).or(() -> before().flatMap(tool -> Optional.ofNullable(tool.state)));
            if (itsSocket.isPresent() && itsState.isPresent()) {
                throw wrong("give --socket or --state, not both");
            }
            return itsSocket
                    .or(() -> itsState.map(Common::inside))
                    .or(() -> Optional.ofNullable(System.getenv("UNDERSTUDY_SOCKET"))
                            .map(Path::of))
                    .or(() -> Optional.ofNullable(System.getenv("UNDERSTUDY_STATE"))
                            .map(Path::of)
                            .map(Common::inside))
                    .orElseThrow(() -> wrong("name the node: --state DIR or --socket PATH"));
        }

        private static Path inside(Path directory) {
            return directory.resolve(NodeConfig.ADMINISTRATION_SOCKET);
        }

        final int checked(int seconds) {
            if (seconds < 1 || seconds > 600) {
                throw wrong("--wait takes 1 to 600 seconds, not " + seconds);
            }
            return seconds;
        }

        /** All that is wrong at once. */
        final void refuse(List<Optional<String>> mistakes) {
            List<String> all = mistakes.stream().flatMap(Optional::stream).toList();
            if (!all.isEmpty()) {
                throw wrong(String.join("\n", all));
            }
        }

        private CommandLine line() {
            return Optional.ofNullable(spec).orElseThrow().commandLine();
        }

        private CommandLine.ParameterException wrong(String why) {
            return new CommandLine.ParameterException(line(), why);
        }
    }

    /** For what only asks: a node that works answers at once. */
    static final class Asking extends Common {
        @Option(
                names = "--wait",
                paramLabel = "SECONDS",
                defaultValue = "5",
                description = "how long to wait for the answer, 1 to 600 (default: ${DEFAULT-VALUE})")
        private int seconds;

        @Override
        Duration limit() {
            return Duration.ofSeconds(checked(seconds));
        }
    }

    /** For orders, which wait for what becomes of them. */
    static final class Ordering extends Common {
        @Option(
                names = "--wait",
                paramLabel = "SECONDS",
                defaultValue = "30",
                description = "how long to wait for the outcome, 1 to 600 (default: ${DEFAULT-VALUE})")
        private int seconds;

        private int seconds() {
            return checked(seconds);
        }

        /** The node's own time is over before ours: then its word counts. */
        @Override
        Duration limit() {
            return Duration.ofSeconds(seconds() + 25L);
        }
    }

    /** Who says something on which a promise rests, and why. */
    static final class Word {
        @Option(
                names = "--who",
                paramLabel = "NAME",
                defaultValue = "${sys:user.name}",
                description = "you (default: ${DEFAULT-VALUE}); kept")
        private String who = "";

        @Option(names = "--why", paramLabel = "REASON", description = "your reason; kept, and never left out")
        private String why = "";

        private Optional<String> missing() {
            return why.isBlank() ? Optional.of("say why, with --why REASON: it is kept") : Optional.empty();
        }

        private AdminRequest in(AdminRequest request) {
            return request.with("who", who).with("why", why);
        }
    }

    /** For what cannot be taken back if it was wrong. */
    static final class Sure {
        @Option(names = "--yes", description = "you have read what it vouches for, and it is so")
        private boolean isSure;

        private Optional<String> missing(String what) {
            return isSure ? Optional.empty() : Optional.of(what + " If that is so, say it again with --yes.");
        }
    }

    /** The version of this tool, which is the library's. */
    static final class Version implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "understudy "
                        + Optional.ofNullable(Understudy.class.getPackage().getImplementationVersion())
                                .orElse("(not packaged)")
            };
        }
    }

    private Understudy() {}

    /** The command line, not run yet. */
    static CommandLine commandLine() {
        return new CommandLine(new Understudy())
                .setUsageHelpAutoWidth(false)
                .setUsageHelpWidth(110)
                .setAbbreviatedSubcommandsAllowed(false)
                .setParameterExceptionHandler(Understudy::wrongUsage)
                .setExecutionExceptionHandler((e, line, result) -> {
                    boolean isJson = result != null && result.originalArgs().contains(JSON);
                    return say(
                            line, isJson, AdminAnswer.of(AdminAnswer.Outcome.UNKNOWN, String.valueOf(e.getMessage())));
                });
    }

    /** Whoever asked for JSON gets it, whatever else was wrong. */
    private static int wrongUsage(CommandLine.ParameterException e, String[] arguments) {
        CommandLine line = e.getCommandLine();
        if (List.of(arguments).contains(JSON)) {
            return say(line, true, AdminAnswer.of(AdminAnswer.Outcome.NOT_UNDERSTOOD, String.valueOf(e.getMessage())));
        }
        PrintWriter err = line.getErr();
        err.println(Table.harmless(String.valueOf(e.getMessage())));
        if (e instanceof CommandLine.UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
            near(line, unmatched.getUnmatched()).ifPresentOrElse(err::println, () -> line.usage(err));
        } else if (!CommandLine.UnmatchedArgumentException.printSuggestions(e, err)) {
            line.usage(err);
        }
        return USAGE;
    }

    /** A command that was perhaps meant; empty if none is spelled much like it. */
    private static Optional<String> near(CommandLine line, List<String> unmatched) {
        String word = unmatched.isEmpty() ? "" : unmatched.get(0);
        return line.getSubcommands().keySet().stream()
                .filter(command -> distance(word, command) <= Math.max(1, word.length() / 3))
                .min(Comparator.comparingInt((String command) -> distance(word, command))
                        .thenComparing(Comparator.naturalOrder()))
                .map(command -> "Did you mean: " + command + "?");
    }

    /** How many letters have to be put in, left out or replaced to make one word of the other: Levenshtein's distance. */
    private static int distance(String one, String other) {
        int[] row = new int[other.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= one.length(); i++) {
            int corner = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = corner + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                corner = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[other.length()];
    }

    /** Says an answer without a table. */
    private static int say(CommandLine line, boolean isJson, AdminAnswer answer) {
        if (isJson) {
            line.getOut().println(Json.of(answer));
            line.getOut().flush();
        } else {
            line.getErr().println("understudy: " + Table.harmless(answer.sentence()));
        }
        return status(answer);
    }

    private static int status(AdminAnswer answer) {
        return switch (answer.outcome()) {
            case DONE -> DONE;
            case REFUSED -> REFUSED;
            case UNKNOWN -> UNKNOWN;
            case NOT_UNDERSTOOD -> USAGE;
        };
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                Optional.ofNullable(spec).orElseThrow().commandLine(), "name a command");
    }

    // ---- looking -------------------------------------------------------------------------------------------------

    @Command(description = "What the node is doing, and what it knows of each group.", mixinStandardHelpOptions = true)
    int status(@Mixin Asking common) {
        return ask(common, AdminRequest.of("status"), GROUPS);
    }

    @Command(
            description = {
                "Whether the node may be granted groups now: status 0 if it may, 1 if not, and why not.",
                "On standby, in maintenance and as a witness it may not, although it votes."
            },
            mixinStandardHelpOptions = true)
    int health(
            @Mixin Asking common,
            @Option(
                            names = "--for",
                            paramLabel = "QUESTION",
                            defaultValue = "owner",
                            description = {
                                "what the exit status tells (default: ${DEFAULT-VALUE}):",
                                "live, only a restart of the process helps if not;",
                                "ready, a majority answers it;",
                                "owner, it may be granted groups"
                            })
                    String question) {
        return ask(common, AdminRequest.of("health").with("for", question), List.of());
    }

    @Command(description = "Who owns what, and why.", mixinStandardHelpOptions = true)
    int owns(
            @Mixin Asking common,
            @Parameters(arity = "0..1", paramLabel = "GROUP", description = "one group only") @Nullable String group) {
        return ask(common, with(AdminRequest.of("owns"), "group", group), OWNERS);
    }

    @Command(
            aliases = "why-not",
            description = {
                "Why a group is where it is, or not on NODE.",
                "Also what ends it there, which nodes could run it, and what was decided about it last."
            },
            mixinStandardHelpOptions = true)
    int explain(
            @Mixin Asking common,
            @Parameters(index = "0", paramLabel = "GROUP", description = "the group") String group,
            @Parameters(index = "1", arity = "0..1", paramLabel = "NODE", description = "why it is not there") @Nullable
                    String node) {
        return ask(common, with(AdminRequest.of("explain").with("group", group), "node", node), EXPLAINED);
    }

    @Command(
            aliases = "what-if",
            description = "What would become of every group if all that happened at once. Nothing happens.",
            mixinStandardHelpOptions = true)
    int whatif(
            @Mixin Asking common,
            @Option(names = "--lost", paramLabel = "NODE", description = "the node's process ends") @Nullable
                    List<String> lost,
            @Option(names = "--standby", paramLabel = "NODE", description = "the node is put on standby") @Nullable
                    List<String> standby,
            @Option(names = "--maintenance", arity = "1..2", paramLabel = "TARGET", description = TARGET) @Nullable
                    List<String> maintenance) {
        List<String> targets = targets(maintenance == null ? List.of() : maintenance);
        common.refuse(
                targets.stream().map(target -> wrongTarget(List.of(target))).toList());
        AdminRequest request = AdminRequest.of("whatif");
        request = with(request, "lost", joined(lost, ","));
        request = with(request, "standby", joined(standby, ","));
        return ask(common, with(request, "maintenance", targets.isEmpty() ? null : joined(targets, ",")), FORECAST);
    }

    /** Each target in one text: a group or a node is two words, and may have been given as one. */
    private static List<String> targets(List<String> words) {
        List<String> targets = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            boolean isPair = words.get(i).matches("group|node") && i + 1 < words.size();
            targets.add(isPair ? words.get(i) + " " + words.get(++i) : words.get(i));
        }
        return targets;
    }

    @Command(description = "The decisions this node made or learned, newest first.", mixinStandardHelpOptions = true)
    int history(
            @Mixin Asking common,
            @Option(names = "--group", paramLabel = "GROUP", description = "about one group only") @Nullable
                    String group,
            @Option(
                            names = "--max",
                            paramLabel = "N",
                            defaultValue = "20",
                            description = "at most so many, up to 4096 (default: ${DEFAULT-VALUE})")
                    int max) {
        return ask(common, with(AdminRequest.of("history").with("max", "" + max), "group", group), DECISIONS);
    }

    @Command(
            description = {
                "Runs the planner again on what it was given for a decision of this node.",
                "Status 0 if it decides the same, 1 if not, 3 if its inputs are not kept."
            },
            mixinStandardHelpOptions = true)
    int replay(
            @Mixin Asking common,
            @Parameters(paramLabel = "NUMBER", description = "of the decision, as in history") long number) {
        return ask(common, AdminRequest.of("replay").with("number", "" + number), List.of());
    }

    @Command(
            description = "What the cluster survives and what it does not, and on what that rests.",
            mixinStandardHelpOptions = true)
    int assumptions(@Mixin Asking common) {
        return ask(common, AdminRequest.of("assumptions"), List.of());
    }

    @Command(description = "Every value that the node measures.", mixinStandardHelpOptions = true)
    int metrics(@Mixin Asking common) {
        return ask(common, AdminRequest.of("metrics"), METRICS);
    }

    // ---- orders --------------------------------------------------------------------------------------------------

    @Command(
            description = {
                "Asks for a group to be stopped where it runs and started on another node.",
                "Status 0 once it runs there; 1 if not, with what happened instead; 3 if --wait was not long enough."
            },
            mixinStandardHelpOptions = true)
    int move(
            @Mixin Ordering common,
            @Parameters(paramLabel = "GROUP", description = "the group") String group,
            @Parameters(paramLabel = "NODE", description = "where it is to run") String to) {
        return ask(
                common,
                AdminRequest.of("move").with("group", group).with("to", to).with("limit", "" + common.seconds()),
                List.of());
    }

    @Command(
            description = "Keeps a node from running groups until it is activated; it goes on voting.",
            mixinStandardHelpOptions = true)
    int standby(
            @Mixin Ordering common,
            @Parameters(arity = "0..1", paramLabel = "NODE", description = NODE) @Nullable String node) {
        return ask(common, with(AdminRequest.of("standby"), "node", node), List.of());
    }

    @Command(description = "Ends standby. Nothing moves back by itself.", mixinStandardHelpOptions = true)
    int activate(
            @Mixin Ordering common,
            @Parameters(arity = "0..1", paramLabel = "NODE", description = NODE) @Nullable String node) {
        return ask(common, with(AdminRequest.of("activate"), "node", node), List.of());
    }

    @Command(
            description = "Standby, and then waits until the node holds no group any more.",
            mixinStandardHelpOptions = true)
    int drain(
            @Mixin Ordering common,
            @Parameters(arity = "0..1", paramLabel = "NODE", description = NODE) @Nullable String node) {
        return ask(
                common, with(AdminRequest.of("drain").with("limit", "" + common.seconds()), "node", node), List.of());
    }

    @Command(
            description = {
                "Forgets the failures that keep a group away from a node.",
                "Also what kept the group from running anywhere."
            },
            mixinStandardHelpOptions = true)
    int clear(
            @Mixin Ordering common,
            @Parameters(paramLabel = "GROUP", description = "the group") String group,
            @Parameters(arity = "0..1", paramLabel = "NODE", description = "the node; every one if left out") @Nullable
                    String node) {
        return ask(common, with(AdminRequest.of("clear").with("group", group), "node", node), List.of());
    }

    @Command(
            description = {
                "Takes a group, a node or everything out of the cluster's hands.",
                "Nothing is started, stopped, moved or recovered there until it is given back with resume."
            },
            mixinStandardHelpOptions = true)
    int maintenance(
            @Mixin Ordering common,
            @Mixin Word word,
            @Parameters(arity = "1..2", paramLabel = "TARGET", description = TARGET) List<String> target) {
        common.refuse(List.of(word.missing(), wrongTarget(target)));
        return ask(common, word.in(AdminRequest.of("maintenance").with("target", String.join(" ", target))), List.of());
    }

    @Command(
            description = {
                "Takes a group out of the cluster record that nobody holds and no node offers any more.",
                "Whoever registers it later begins with its first start."
            },
            mixinStandardHelpOptions = true)
    int forget(
            @Mixin Ordering common,
            @Mixin Word word,
            @Parameters(paramLabel = "GROUP", description = "the group") String group) {
        common.refuse(List.of(word.missing()));
        return ask(common, word.in(AdminRequest.of("forget").with("group", group)), List.of());
    }

    @Command(
            name = "confirm-down",
            description = {
                "Vouches that a node's process, and everything it ran, has certainly ended.",
                "You have seen that its machine is off, or pulled its plug. A wrong word means two owners."
            },
            mixinStandardHelpOptions = true)
    int confirmDown(
            @Mixin Ordering common,
            @Mixin Word word,
            @Mixin Sure sure,
            @Parameters(paramLabel = "NODE#LIFE", description = "as HOLDER names it, serv1#3 for example")
                    String life) {
        common.refuse(List.of(
                word.missing(),
                sure.missing("This vouches that " + life
                        + " and everything it ran has certainly ended: its groups start elsewhere. If it"
                        + " has not, there are two owners.")));
        return ask(common, word.in(AdminRequest.of("confirmdown").with("incarnation", life)), List.of());
    }

    @Command(
            description = "Gives a node's disk a vote; the node must be a peer everywhere, and have joined.",
            mixinStandardHelpOptions = true)
    int admit(@Mixin Ordering common, @Parameters(paramLabel = "NODE", description = "the node") String node) {
        return ask(common, AdminRequest.of("admit").with("node", node), List.of());
    }

    @Command(description = "Takes a node's vote away. It may go on running groups.", mixinStandardHelpOptions = true)
    int remove(
            @Mixin Ordering common,
            @Mixin Sure sure,
            @Parameters(paramLabel = "NODE", description = "the node") String node) {
        common.refuse(List.of(sure.missing("This takes the vote of " + node
                + " away: with fewer votes fewer losses are survived. Admit it again to undo" + " it.")));
        return ask(common, AdminRequest.of("remove").with("node", node), List.of());
    }

    @Command(
            name = "vouch-for-disk",
            description = {
                "Vouches that this node's state directory is what it last was, not restored from an older copy.",
                "For a node whose vote waits for others that are gone. A wrong word can bring back what was decided since."
            },
            mixinStandardHelpOptions = true)
    int vouchForDisk(@Mixin Ordering common, @Mixin Word word, @Mixin Sure sure) {
        common.refuse(List.of(
                word.missing(),
                sure.missing(
                        "This vouches that the state directory of this node is its newest, and no older copy: if it is one, decisions"
                                + " taken since are undone, and two owners may follow.")));
        return ask(common, word.in(AdminRequest.of("vouch")), List.of());
    }

    @Command(
            name = "force-record",
            description = {
                "Goes on alone after the majority of votes is lost for good.",
                "Say it on one node only, the one that knows most; wipe the lost ones before they ever start again."
            },
            mixinStandardHelpOptions = true)
    int forceRecord(@Mixin Ordering common, @Mixin Word word, @Mixin Sure sure) {
        common.refuse(List.of(
                word.missing(),
                sure.missing(
                        "This vouches that the majority never comes back with its disks: this node alone votes from then on, what it"
                                + " never heard of is lost, and if the others live they are a second cluster.")));
        return ask(common, word.in(AdminRequest.of("force")), List.of());
    }

    @Command(description = "Ends maintenance of exactly this target.", mixinStandardHelpOptions = true)
    int resume(
            @Mixin Ordering common,
            @Parameters(arity = "1..2", paramLabel = "TARGET", description = TARGET) List<String> target) {
        return ask(common, AdminRequest.of("resume").with("target", String.join(" ", target)), List.of());
    }

    /** What the node would say, too: here it is said together with every other mistake. */
    private static Optional<String> wrongTarget(List<String> target) {
        boolean isRight = target.size() == 1
                ? target.get(0).equals("everything") || target.get(0).matches("(group|node) \\S+")
                : target.get(0).matches("group|node");
        boolean isName = target.size() == 1
                && target.get(0).matches("\\S+")
                && !target.get(0).matches("group|node");
        return isRight
                ? Optional.empty()
                : Optional.of("target '" + String.join(" ", target) + "': say everything, group NAME or node NAME"
                        + (isName ? "; is it group " + target.get(0) + "?" : ""));
    }

    private static final String TARGET = "everything, group NAME or node NAME";
    private static final String NODE = "the node; this one if left out";

    // ---- the tool itself -----------------------------------------------------------------------------------------

    @Command(
            description = {"Prints what makes bash complete these words.", "Say: source <(understudy completion)"},
            mixinStandardHelpOptions = true)
    int completion() {
        CommandLine line = Optional.ofNullable(spec).orElseThrow().commandLine();
        line.getOut().print(AutoComplete.bash("understudy", line));
        line.getOut().flush();
        return DONE;
    }

    private static @Nullable String joined(@Nullable List<String> words, String by) {
        return words == null ? null : String.join(by, words);
    }

    private static AdminRequest with(AdminRequest request, String name, @Nullable String value) {
        return value == null ? request : request.with(name, value);
    }

    private static int ask(Common common, AdminRequest request, List<String> columns) {
        Path socket = common.where();
        Duration limit = common.limit();
        PrintWriter err = common.line().getErr();
        AdminAnswer answer;
        try {
            answer = AdminClient.ask(socket, request, limit);
        } catch (IOException e) {
            String why = socket + " does not answer: " + e.getMessage()
                    + "; is the node running here, with administration(), and are you its user or root?";
            return say(common.line(), common.isJson(), AdminAnswer.of(AdminAnswer.Outcome.UNKNOWN, why));
        } catch (MalformedMessageException e) {
            String why = socket + " answers what this tool cannot read: " + e.getMessage();
            return say(common.line(), common.isJson(), AdminAnswer.of(AdminAnswer.Outcome.UNKNOWN, why));
        }
        PrintWriter out = common.line().getOut();
        if (common.isJson()) {
            out.println(Json.of(answer));
        } else {
            print(answer, columns, out, err);
        }
        out.flush();
        return status(answer);
    }

    private static void print(AdminAnswer answer, List<String> columns, PrintWriter out, PrintWriter err) {
        if (!answer.sentence().isEmpty()) {
            boolean isDone = answer.outcome() == AdminAnswer.Outcome.DONE;
            (isDone ? out : err).println((isDone ? "" : "understudy: ") + Table.harmless(answer.sentence()));
        } else if (answer.body() instanceof Value.Rows rows) {
            out.print(Table.of(rows, columns));
        } else if (answer.body() instanceof Value.Fields fields) {
            out.print(Table.of(fields));
            for (Value.Field field : fields.fields()) {
                if (field.value() instanceof Value.Rows rows && !columns.isEmpty() && isTable(rows)) {
                    out.println();
                    out.print(Table.of(rows, columns));
                }
            }
        }
    }

    private static boolean isTable(Value.Rows rows) {
        return rows.rows().stream().anyMatch(Value.Fields.class::isInstance);
    }
}
