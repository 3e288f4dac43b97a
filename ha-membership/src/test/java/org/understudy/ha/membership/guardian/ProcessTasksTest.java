package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.membership.Signals;

@Timeout(30)
class ProcessTasksTest {
    private static final Path PROC = Path.of("/proc");

    /** Its parent does not take notice of its end, so that it stays to be looked at. */
    @Test
    void a_process_is_past_its_end_when_it_is_killed_and_neither_while_it_runs_nor_while_it_is_stopped()
            throws Exception {
        Process parent = new ProcessBuilder("sh", "-c", "sleep 600 & echo $!; exec sleep 600").start();
        try {
            long child = Long.parseLong(parent.inputReader().readLine());
            ProcessTasks tasks = ProcessTasks.of(PROC, child).orElseThrow();
            assertThat(tasks.showsLife()).isTrue();
            assertThat(tasks.areAllPastTheirEnd()).isFalse();
            Signals.send("STOP", child);
            assertThat(tasks.areAllPastTheirEnd()).isFalse();

            Signals.send("KILL", child);

            while (!tasks.areAllPastTheirEnd()) {
                LockSupport.parkNanos(100_000);
            }
            assertThat(tasks.showsLife()).isFalse();
            parent.destroyForcibly().waitFor();
            while (ProcessHandle.of(child).isPresent()) {
                LockSupport.parkNanos(100_000);
            }
            assertThat(tasks.areAllPastTheirEnd())
                    .as("of what is gone whoever watches it knows")
                    .isFalse();
        } finally {
            parent.destroyForcibly();
        }
    }

    @Test
    void a_process_of_many_threads_that_runs_is_not() throws Exception {
        ProcessTasks self = ProcessTasks.of(PROC, ProcessHandle.current().pid()).orElseThrow();

        assertThat(self.showsLife()).isTrue();
        assertThat(self.areAllPastTheirEnd()).isFalse();
    }
}
