package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostWeaknessesTest {
    @TempDir
    Path directory;

    private Path proc;
    private Path groups;

    @BeforeEach
    void a_host() throws IOException {
        proc = directory.resolve("proc");
        groups = directory.resolve("cgroup");
        write(proc.resolve("1/comm"), "systemd\n");
        write(proc.resolve("self/cgroup"), "0::/user.slice/session-1.scope\n");
        write(
                proc.resolve("self/mountinfo"),
                "24 1 0:20 / /proc rw - proc proc rw\n30 24 0:26 / " + groups
                        + " rw,nosuid shared:4 - cgroup2 cgroup2 rw\n");
    }

    @Test
    void a_login_shell_has_none() {
        assertThat(find(100, 50)).isEmpty();
    }

    @Test
    void the_first_process_of_a_container() {
        assertThat(find(1, 0)).singleElement().asString().contains("first process of its container");
    }

    @Test
    void a_child_of_an_init_that_ends_with_it() throws IOException {
        write(proc.resolve("1/comm"), "tini\n");
        assertThat(find(7, 1)).singleElement().asString().contains("child of process 1, tini");
    }

    @Test
    void a_control_group_killed_as_a_whole_also_through_a_parent() throws IOException {
        write(groups.resolve("user.slice/memory.oom.group"), "1\n");
        write(groups.resolve("user.slice/session-1.scope/memory.oom.group"), "0\n");
        assertThat(find(100, 50)).singleElement().asString().contains("user.slice has memory.oom.group = 1");
    }

    @Test
    void a_systemd_service() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/system.slice/app.service/inner\n");
        assertThat(find(100, 1))
                .singleElement()
                .asString()
                .contains("service app.service")
                .contains("KillMode=mixed");
    }

    @Test
    void a_scope_inside_a_service_is_no_service() throws IOException {
        write(proc.resolve("self/cgroup"), "0::/user.slice/user@1.service/app.slice/shell.scope\n");
        assertThat(find(100, 50)).isEmpty();
    }

    @Test
    void this_process_is_seen_alive_and_an_absent_one_is_not() throws IOException {
        assertThat(ProcessTasks.of(Path.of("/proc"), ProcessHandle.current().pid())
                        .orElseThrow()
                        .isAnyLive())
                .isTrue();
        assertThat(ProcessTasks.of(proc, 99)).isEqualTo(Optional.empty());
    }

    @Test
    void a_process_of_zombies_or_of_another_start_is_over() throws IOException {
        String fields = " 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 2 0 ";
        write(proc.resolve("99/stat"), "99 (a (b) c) S" + fields + "777 0");
        write(proc.resolve("99/task/99/stat"), "99 (a (b) c) Z" + fields + "777 0");
        write(proc.resolve("99/task/98/stat"), "98 (a (b) c) T" + fields + "778 0");
        ProcessTasks tasks = ProcessTasks.of(proc, 99).orElseThrow();
        assertThat(tasks.isAnyLive()).as("stopped").isTrue();
        write(proc.resolve("99/task/98/stat"), "98 (a (b) c) X" + fields + "778 0");
        assertThat(tasks.isAnyLive()).as("zombie and dead").isFalse();
        write(proc.resolve("99/task/98/stat"), "98 (a (b) c) R" + fields + "778 0");
        write(proc.resolve("99/stat"), "99 (other) S" + fields + "900 0");
        assertThat(tasks.isAnyLive()).as("number reused").isFalse();
    }

    private List<String> find(long pid, long parent) {
        return new HostWeaknesses(proc).find(pid, parent);
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
