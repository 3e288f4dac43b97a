package org.understudy.ha.iptakeover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.opentest4j.TestAbortedException;
import org.understudy.ha.iptakeover.linux.HostTrials;

/** Runs a scenario in a JVM of its own inside fresh network and mount namespaces, and a user namespace if it is to be as for anybody. */
public final class Lab {
    private static final int SECONDS_MAX = 60;
    /** The exit status of a scenario that this host cannot show. */
    private static final int NOT_SHOWN = 77;

    private Lab() {}

    /**
     * Runs {@code Scenarios.main(arguments)}; the first is the name of the scenario.
     *
     * @return what it printed
     * @throws TestAbortedException if the scenario {@linkplain #fail ended} with one
     */
    public static String run(Class<?> scenarios, String... arguments) throws IOException, InterruptedException {
        return run("-Urnm", scenarios, arguments);
    }

    /** The same without a user namespace: what the capabilities of root are worth to the kernel itself. */
    public static String runAsRoot(Class<?> scenarios, String... arguments) throws IOException, InterruptedException {
        return run("-nm", scenarios, arguments);
    }

    /** Ends the JVM of a scenario over what it threw. */
    public static void fail(Throwable thrown) {
        if (thrown instanceof TestAbortedException) {
            System.out.println(thrown.getMessage());
            System.exit(NOT_SHOWN);
        }
        thrown.printStackTrace();
        System.exit(1);
    }

    private static String run(String namespaces, Class<?> scenarios, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("unshare", namespaces, "--fork", "--kill-child"));
        command.add(System.getProperty("java.home") + File.separator + "bin" + File.separator + "java");
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED"));
        // Under Maven java.class.path is one jar whose manifest names the rest; scenarios need the list itself.
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of("-cp", classPath, scenarios.getName()));
        command.addAll(List.of(arguments));
        File out = File.createTempFile("scenario", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(out)
                    .start();
            boolean ended = process.waitFor(SECONDS_MAX, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            String text = Files.readString(out.toPath(), StandardCharsets.UTF_8);
            if (ended && process.exitValue() == NOT_SHOWN) {
                throw new TestAbortedException(text.strip());
            }
            if (!ended || process.exitValue() != 0) {
                throw new AssertionError(
                        "scenario " + String.join(" ", arguments) + (ended ? " failed" : " hangs") + ":\n" + text);
            }
            System.out.println(text);
            return text;
        } finally {
            Files.deleteIfExists(out.toPath());
        }
    }

    /**
     * Fails where namespaces cannot be made, because a suite that skips itself proves nothing; with the system property {@code
     * understudy.netns.optional=true} the suite is skipped instead.
     */
    public static void requireNamespaces() throws IOException, InterruptedException {
        boolean work = namespacesWork();
        assumeTrue(
                work || !Boolean.getBoolean("understudy.netns.optional"),
                "no user namespaces on this machine and understudy.netns.optional=true");
        assertThat(work)
                .as("`unshare -Urnm true` must work; see sysctl kernel.apparmor_restrict_unprivileged_userns and"
                        + " user.max_user_namespaces, or run as root")
                .isTrue();
    }

    /**
     * Whether this is root of the host and the kernel compares deadlines for it. Fails for root where the kernel should and does not; as
     * {@link #requireNamespaces} it may be told that nothing is demanded.
     */
    public static boolean hasDeadline() {
        Optional<String> problem = HostTrials.deadline();
        assertThat(problem.isPresent()
                        && System.getProperty("user.name").equals("root")
                        && isInHostsUserNamespace()
                        && !Boolean.getBoolean("understudy.netns.optional"))
                .as("root of the host, and no absolute deadline: %s", problem)
                .isFalse();
        return problem.isEmpty();
    }

    private static boolean isInHostsUserNamespace() {
        try {
            return Files.readString(Path.of("/proc/self/uid_map")).strip().matches("0 +0 +4294967295");
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean namespacesWork() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("unshare", "-Urnm", "true").start();
        return process.waitFor() == 0;
    }
}
