package org.understudy.ha.iptakeover.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a scenario in a JVM of its own inside fresh user, network and mount namespaces, as root or as anybody. */
public final class Lab {
    private static final int SECONDS_MAX = 60;

    private Lab() {}

    /**
     * Runs {@code Scenarios.main(arguments)}; the first is the name of the scenario.
     *
     * @return what it printed
     */
    public static String run(Class<?> scenarios, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("unshare", "-Urnm", "--fork", "--kill-child"));
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

    private static boolean namespacesWork() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("unshare", "-Urnm", "true").start();
        return process.waitFor() == 0;
    }
}
