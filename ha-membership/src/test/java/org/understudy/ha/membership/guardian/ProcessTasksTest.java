package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ProcessTasksTest {
    private static final Path PROC = Path.of("/proc");

    @Test
    void a_process_is_past_its_end_when_it_is_killed_and_neither_while_it_runs_nor_while_it_is_stopped()
            throws Exception {
        Process process = new ProcessBuilder("sleep", "600").start();
        try {
            ProcessTasks tasks = ProcessTasks.of(PROC, process.pid()).orElseThrow();
            assertThat(tasks.showsLife()).isTrue();
            assertThat(tasks.areAllPastTheirEnd()).isFalse();
            SmallNodeProcess.signal("STOP", process.pid());
            assertThat(tasks.areAllPastTheirEnd()).isFalse();

            SmallNodeProcess.signal("KILL", process.pid());

            while (!tasks.areAllPastTheirEnd()) {
                LockSupport.parkNanos(100_000);
            }
            process.waitFor();
            assertThat(tasks.areAllPastTheirEnd()).isTrue();
            assertThat(tasks.showsLife()).isFalse();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void a_process_of_many_threads_that_runs_is_not() throws Exception {
        ProcessTasks self = ProcessTasks.of(PROC, ProcessHandle.current().pid()).orElseThrow();

        assertThat(self.showsLife()).isTrue();
        assertThat(self.areAllPastTheirEnd()).isFalse();
    }
}
