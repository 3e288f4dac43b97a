package org.understudy.ha.testkit.netns;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.understudy.ha.api.PlatformException;

/**
 * Runs a whole program inside private namespaces (network, mounts, processes and, for an ordinary user, users), where it is
 * root over its own network and nothing it does reaches the host.
 *
 * <p>Shell twin: {@code unshare --user --map-root-user --net --mount --pid --fork --mount-proc --kill-child}; root leaves out
 * the first two. Inside, {@code /run} is a private tmpfs, as {@code ip netns} needs it. The first process there is a small
 * shell that reaps orphans and ends everything when the program ends or when the caller's process does, however it ends.
 *
 * <p>Where a private {@code /proc} is refused (containers that mask theirs) the process namespace is left out; processes in
 * network namespaces of the laboratory are then ended one by one.
 *
 * <p>{@code setns(2)} concerns one thread, so a running JVM cannot enter by itself: it is started inside.
 */
public final class Namespaces {
    private static final String MARK = "UNDERSTUDY_INSIDE_NAMESPACES";
    private static final long CLOSE_SECONDS = 5;

    private static final String FIRST_PROCESS = String.join(
            "\n",
            "mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns && ip link set lo up || exit 125",
            "scratch=$1; shift",
            "exec 3<&0",
            "\"$@\" 3<&- </dev/null &",
            "child=$!",
            "{ read -r _ <&3; kill -KILL $child; } 2>/dev/null &",
            "watch=$!",
            "wait $child; code=$?",
            "kill -KILL $watch 2>/dev/null",
            "for n in /run/netns/*; do",
            "  [ -e \"$n\" ] || continue",
            "  for p in $(ip netns pids \"${n##*/}\"); do kill -KILL $p; done",
            "done 2>/dev/null",
            "[ -n \"$scratch\" ] && rm -rf \"$scratch\"",
            "exit $code");

    private static final String TRIAL = String.join(
            "\n",
            "mount -t tmpfs -o mode=755 tmpfs /run",
            "mkdir -p /run/netns",
            "ip netns add trial",
            "ip netns exec trial true",
            "ip link add trial0 type veth peer name trial1 netns trial",
            "ip link add trialb type bridge");

    private final List<String> unshare;
    private final boolean hasProcessNamespace;

    private Namespaces(List<String> unshare, boolean hasProcessNamespace) {
        this.unshare = List.copyOf(unshare);
        this.hasProcessNamespace = hasProcessNamespace;
    }

    /** Whether this JVM was started by {@link #run}. */
    public static boolean isInside() {
        return System.getenv(MARK) != null;
    }

    /**
     * Finds out, by trying, how namespaces can be had here. Takes some 100 ms and leaves nothing behind.
     *
     * @throws PlatformException if they cannot be had, with each obstacle and its remedy
     */
    public static Namespaces available() {
        List<String> missing = new ArrayList<>();
        need(missing, "ip", "iproute2 (Debian, Ubuntu), iproute (Fedora, RHEL)");
        need(missing, "unshare", "util-linux (Debian, Ubuntu, Fedora, RHEL)");
        need(missing, "nsenter", "util-linux (Debian, Ubuntu, Fedora, RHEL)");
        need(missing, "mount", "mount (Debian, Ubuntu), util-linux (Fedora, RHEL)");
        if (!missing.isEmpty()) {
            throw new PlatformException("exec", 0, "the network laboratory needs " + String.join("; ", missing));
        }
        List<String> plain = List.of("--net", "--mount");
        List<String> user = List.of("--user", "--map-root-user", "--net", "--mount");
        List<List<String>> ways = isRoot() ? List.of(plain, user) : List.of(user);
        List<String> refusals = new ArrayList<>();
        for (List<String> way : ways) {
            for (boolean withProcesses : new boolean[] {true, false}) {
                List<String> command = new ArrayList<>(List.of("unshare"));
                command.addAll(way);
                if (withProcesses) {
                    command.addAll(List.of("--pid", "--fork", "--mount-proc", "--kill-child"));
                }
                List<String> trial = new ArrayList<>(command);
                trial.addAll(List.of("sh", "-e", "-c", TRIAL));
                Shell.Outcome outcome = Shell.attempt(trial);
                if (outcome.status() == 0) {
                    return new Namespaces(command, withProcesses);
                }
                refusals.add(String.join(" ", command) + ": " + outcome.output().replace('\n', ' '));
            }
        }
        throw new PlatformException("unshare", 0, explain(refusals));
    }

    /** Whether everything started inside ends with certainty, because it lives in a process namespace of its own. */
    public boolean hasProcessNamespace() {
        return hasProcessNamespace;
    }

    /**
     * Runs a program inside, waits for its end and returns its exit status. Its output goes where this process's goes; its
     * input is empty. When this process ends, in whatever way, so does everything inside.
     *
     * @param scratch a directory that is deleted when everything inside has ended
     * @param program the command, for example from {@link Jvm#command}
     * @throws InterruptedException if interrupted while waiting; everything inside has been ended then
     */
    public int run(Path scratch, List<String> program) throws InterruptedException {
        return run(scratch, ProcessBuilder.Redirect.INHERIT, ProcessBuilder.Redirect.INHERIT, program);
    }

    /** The same, with everything the program prints going to a file. */
    int run(Path scratch, Path output, List<String> program) throws InterruptedException {
        ProcessBuilder.Redirect file = ProcessBuilder.Redirect.appendTo(output.toFile());
        return run(scratch, file, file, program);
    }

    private int run(Path scratch, ProcessBuilder.Redirect output, ProcessBuilder.Redirect errors, List<String> program)
            throws InterruptedException {
        List<String> command = new ArrayList<>(unshare);
        command.addAll(List.of("sh", "-c", FIRST_PROCESS, "understudy", scratch.toString()));
        command.addAll(program);
        ProcessBuilder builder = Shell.command(command)
                .redirectInput(ProcessBuilder.Redirect.PIPE)
                .redirectOutput(output)
                .redirectError(errors);
        builder.environment().put(MARK, "1");
        Process process = Shell.start(builder);
        AtomicBoolean isEnded = new AtomicBoolean();
        Thread atExit = new Thread(
                () -> {
                    if (!isEnded.get()) {
                        end(process, scratch);
                    }
                },
                "ha-testkit-namespaces-end");
        Runtime.getRuntime().addShutdownHook(atExit);
        try {
            int status = process.waitFor();
            isEnded.set(true);
            return status;
        } finally {
            end(process, scratch);
            isEnded.set(true);
            try {
                Runtime.getRuntime().removeShutdownHook(atExit);
            } catch (IllegalStateException e) {
                // The JVM is ending already and runs the hook, which finds nothing left to do.
                isEnded.set(true);
            }
        }
    }

    private static void end(Process process, Path scratch) {
        boolean isInterrupted = Thread.interrupted();
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            process.destroyForcibly();
        }
        try {
            if (!process.waitFor(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            isInterrupted = true;
        }
        delete(scratch);
        if (isInterrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            System.err.println("could not delete " + directory + ": " + e.getMessage() + "; delete it by hand");
        }
    }

    private static boolean isRoot() {
        return Shell.attempt(List.of("id", "-u")).output().equals("0");
    }

    private static void need(List<String> missing, String tool, String packages) {
        String path = System.getenv().getOrDefault("PATH", "") + Shell.PATH_EXTENSION;
        for (String directory : path.split(":")) {
            if (!directory.isEmpty() && new File(directory, tool).canExecute()) {
                return;
            }
        }
        missing.add("the command '" + tool + "': install " + packages);
    }

    private static String explain(List<String> refusals) {
        StringBuilder text = new StringBuilder("this host gives no network namespaces to this user.\n");
        if (read("/proc/sys/user/max_user_namespaces").equals("0")) {
            text.append("- user.max_user_namespaces is 0: user namespaces are switched off."
                    + " Remedy: sysctl -w user.max_user_namespaces=10000, or run as root.\n");
        }
        if (read("/proc/sys/user/max_net_namespaces").equals("0")) {
            text.append("- user.max_net_namespaces is 0: network namespaces are switched off."
                    + " Remedy: sysctl -w user.max_net_namespaces=10000.\n");
        }
        if (read("/proc/sys/kernel/unprivileged_userns_clone").equals("0")) {
            text.append("- kernel.unprivileged_userns_clone is 0: only root may create user namespaces."
                    + " Remedy: sysctl -w kernel.unprivileged_userns_clone=1, or run as root.\n");
        }
        if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").equals("1")) {
            text.append(
                    "- kernel.apparmor_restrict_unprivileged_userns is 1 (Ubuntu 23.10 and later): user namespaces of"
                            + " ordinary users have no rights. Remedy: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0,"
                            + " or run as root.\n");
        }
        if (Files.exists(Path.of("/.dockerenv")) || Files.exists(Path.of("/run/.containerenv"))) {
            text.append(
                    "- this is a container: start it with --privileged, or with --cap-add SYS_ADMIN --cap-add NET_ADMIN"
                            + " --security-opt seccomp=unconfined --security-opt apparmor=unconfined.\n");
        }
        text.append("Tried:");
        for (String refusal : refusals) {
            text.append("\n  ").append(refusal);
        }
        return text.toString();
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file)).strip();
        } catch (IOException e) {
            // The setting does not exist on this kernel, so it is no obstacle.
            return "";
        }
    }
}
