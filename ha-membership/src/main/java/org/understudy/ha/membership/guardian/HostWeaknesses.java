package org.understudy.ha.membership.guardian;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Notices what on this host would end the guardian together with its node. Reads {@code /proc} and the control groups. */
final class HostWeaknesses {
    /** First processes that go on when one of their children ends. Small container inits end with their child. */
    private static final Set<String> LASTING_INITS = Set.of("systemd", "init", "runit", "s6-svscan", "openrc-init");

    private final Path proc;

    HostWeaknesses(Path proc) {
        this.proc = proc;
    }

    /**
     * @param pid of the node's process
     * @param parent of that process, 0 if it has none here
     * @return one sentence each, with the remedy; empty if nothing was found
     */
    List<String> find(long pid, long parent) {
        List<String> found = new ArrayList<>();
        try {
            firstProcess(pid, parent).ifPresent(found::add);
            controlGroup(found);
        } catch (IOException e) {
            found.add("Whether something would end the guardian together with its node could not be found out (" + e
                    + "); make " + proc + " readable.");
        }
        return found;
    }

    private Optional<String> firstProcess(long pid, long parent) throws IOException {
        if (pid == 1) {
            return Optional.of(
                    "The node is the first process of its container, so the kernel ends the guardian together with"
                            + " it; run a lasting first process in the container (for example systemd, runit or s6) with the node"
                            + " below it, or share the host's process namespace (docker run --pid=host).");
        }
        String init = text(proc.resolve("1/comm")).orElse("").strip();
        if (parent == 1 && !init.isEmpty() && !LASTING_INITS.contains(init)) {
            return Optional.of(
                    "The node is a child of process 1, " + init + ", which probably ends when the node does and takes"
                            + " the guardian with it; use a first process that outlives its children (for example systemd, runit or"
                            + " s6).");
        }
        return Optional.empty();
    }

    private void controlGroup(List<String> found) throws IOException {
        String groups = text(proc.resolve("self/cgroup")).orElse("");
        String unified = "";
        String service = "";
        for (String line : groups.split("\n")) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3) {
                continue;
            }
            boolean isUnified = parts[0].equals("0");
            if (isUnified) {
                unified = parts[2];
            }
            if (isUnified || parts[1].equals("name=systemd")) {
                String unit = unit(parts[2]);
                service = service.isEmpty() && unit.endsWith(".service") ? unit : service;
            }
        }
        Optional<Path> mount = unifiedMount();
        if (mount.isPresent() && !unified.isEmpty()) {
            oomGroup(mount.get(), unified).ifPresent(found::add);
        }
        if (!service.isEmpty()) {
            found.add("The node runs in the systemd service " + service
                    + "; with KillMode=control-group, the default, systemd"
                    + " ends the guardian with the node when it stops or kills the service; set KillMode=mixed or"
                    + " KillMode=process in the unit.");
        }
    }

    private static Optional<String> oomGroup(Path mount, String group) throws IOException {
        Path root = mount.normalize();
        Path at = Path.of(root + group).normalize();
        while (at.startsWith(root)) {
            if (text(at.resolve("memory.oom.group")).orElse("0").strip().equals("1")) {
                return Optional.of(
                        "The control group " + at + " has memory.oom.group = 1, so the kernel ends the guardian with"
                                + " the node when memory runs out; write 0 to it, or set OOMPolicy=continue in the systemd unit.");
            }
            at = at.getParent();
            if (at == null) {
                break;
            }
        }
        return Optional.empty();
    }

    /** The innermost unit of a control group's path. */
    private static String unit(String group) {
        String unit = "";
        for (String name : group.split("/")) {
            if (name.endsWith(".service") || name.endsWith(".scope")) {
                unit = name;
            }
        }
        return unit;
    }

    /** Where cgroup v2 is mounted: mountinfo, field 5, of the line whose type behind the dash is cgroup2. */
    private Optional<Path> unifiedMount() throws IOException {
        for (String line : text(proc.resolve("self/mountinfo")).orElse("").split("\n")) {
            int dash = line.indexOf(" - ");
            String[] fields = line.split(" ");
            if (dash > 0 && line.startsWith("cgroup2 ", dash + 3) && fields.length > 4) {
                return Optional.of(Path.of(fields[4]));
            }
        }
        return Optional.empty();
    }

    private static Optional<String> text(Path file) throws IOException {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.UTF_8));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
