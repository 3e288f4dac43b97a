package org.understudy.ha.membership.checks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.internal.process.ProgramCall;
import org.understudy.ha.internal.process.ProgramEnd;
import org.understudy.ha.internal.process.ProgramRun;

/**
 * Whether a program of yours ends with 0.
 *
 * <pre>
 * CommandCheck.of(Path.of("/usr/lib/nagios/plugins/check_load"), "-w", "5,4,3").unknownStatus(3).build()
 * </pre>
 *
 * <p>Run without a shell, with nothing on its standard input, in the directory of this process and with its environment and what is added to it. Of what
 * it writes, on either output, the beginning and the end are kept, some 2000 bytes as one line; the rest is read and dropped. <b>When time runs out, the caller is interrupted, or the program
 * ends</b>, everything that it started and that still runs is killed: its descendants, and on Linux also whatever has UNDERSTUDY_CALL of that run in its
 * environment. What runs as another user (sudo) may not be seen or killed.
 *
 * @since 0.1.0
 */
public final class CommandCheck implements HealthCheck {
    private static final int ARGUMENTS_MAX = 100;

    private final List<String> command;
    private final Map<String, String> environment;
    private final @Nullable Pattern expected;
    private final List<Integer> unknown;

    private CommandCheck(
            List<String> command, Map<String, String> environment, @Nullable Pattern expected, List<Integer> unknown) {
        this.command = command;
        this.environment = environment;
        this.expected = expected;
        this.unknown = unknown;
    }

    /**
     * @param program absolute; it is looked for at each check
     * @throws ConfigurationException if the path is relative, or an argument cannot be passed on
     */
    public static Builder of(Path program, String... arguments) {
        return new Builder(program, List.of(arguments));
    }

    /** Builds a {@link CommandCheck}. Not thread-safe. */
    public static final class Builder {
        private final List<String> command = new ArrayList<>();
        private final Map<String, String> environment = new LinkedHashMap<>();
        private @Nullable Pattern expected;
        private @Nullable List<Integer> unknown;

        private Builder(Path program, List<String> arguments) {
            if (!program.isAbsolute()) {
                throw new ConfigurationException(
                        "program", program, "give an absolute path: the directory may differ when it is run");
            }
            if (arguments.size() > ARGUMENTS_MAX || arguments.stream().anyMatch(a -> a.indexOf('\0') >= 0)) {
                throw new ConfigurationException(
                        "arguments", arguments.size() + " of them", "give at most " + ARGUMENTS_MAX + ", without NUL");
            }
            command.add(program.toString());
            command.addAll(arguments);
        }

        /** One more variable of its environment. */
        public Builder environment(String name, String value) {
            if (!name.matches("[A-Za-z_][A-Za-z0-9_]*") || value.indexOf('\0') >= 0) {
                throw new ConfigurationException(
                        "environment", name, "give a name of letters, digits and _, and a value without NUL");
            }
            environment.put(name, value);
            return this;
        }

        /** What its output must have in it as well, a regular expression. Once. */
        public Builder expect(String regex) {
            Given.once("expect", expected, regex);
            expected = Given.pattern("expect", regex);
            return this;
        }

        /** Exit statuses by which it says that it does not know, such as 3 of Nagios plug-ins. Default: none; once. */
        public Builder unknownStatus(int... statuses) {
            Given.once("unknownStatus", unknown, statuses.length);
            for (int status : statuses) {
                if (status < 1 || status > 255) {
                    throw new ConfigurationException("unknownStatus", status, "give 1 to 255");
                }
            }
            unknown = Arrays.stream(statuses).boxed().toList();
            return this;
        }

        public CommandCheck build() {
            return new CommandCheck(
                    List.copyOf(command),
                    new LinkedHashMap<>(environment),
                    expected,
                    unknown == null ? List.of() : unknown);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        return run(deadline, timeout).about(command.get(0));
    }

    private CheckResult run(Deadline deadline, Duration timeout) throws InterruptedException {
        if (!Files.isExecutable(Path.of(command.get(0)))) {
            return CheckResult.unknown("is no program that this user may run: put it there, and chmod a+x");
        }
        ProgramEnd end = ProgramRun.of(ProgramCall.beside(command, "it", environment), timeout);
        String said = Expected.quoted(end.output());
        int status = end.status();
        if (status == ProgramEnd.NOT_STARTED) {
            return CheckResult.unknown(end.told());
        }
        if (status == ProgramEnd.TIMED_OUT) {
            return CheckResult.late("did not end within " + deadline.budget() + " and was killed" + said);
        }
        if (unknown.contains(status)) {
            return CheckResult.unknown("does not know: it ended with " + status + said);
        }
        if (status != 0) {
            return CheckResult.no("ended with " + status + said);
        }
        return Expected.problem(expected, end.output(), deadline)
                .orElseGet(() -> CheckResult.yes("ended with 0" + said));
    }

    @Override
    public String toString() {
        return "command " + command.get(0);
    }
}
