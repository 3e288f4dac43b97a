package org.understudy.ha.testkit.netns;

import java.util.List;
import org.understudy.ha.api.PlatformException;

/** A program running in a {@link Host}. Signals hit the program itself and nothing else. Safe from any thread. */
public final class HostProcess {
    private final Process process;

    HostProcess(Process process) {
        this.process = process;
    }

    /** The process, for its streams and its end. */
    public Process process() {
        return process;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL, now. Shell twin: {@code kill -9 PID}. */
    public void kill() {
        process.destroyForcibly();
    }

    /** SIGSTOP: every thread stands still until {@link #resume()}; the kernel goes on answering for it. */
    public void pause() {
        signal("STOP");
    }

    /** SIGCONT. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        Shell.Outcome outcome = Shell.attempt(List.of("sh", "-c", "kill -" + name + " " + pid()));
        if (outcome.status() != 0) {
            throw new PlatformException("kill", 0, "SIG" + name + " to process " + pid() + ": " + outcome.output());
        }
    }
}
