package org.understudy.ha.membership.agents.core;

import java.util.regex.Pattern;
import org.understudy.ha.api.spi.Severity;

/**
 * What a resource script of Heartbeat version 1 says when it is asked for its status: the words count, not the exit status. Heartbeat took
 * {@code stopped} and {@code not … running} for stopped, else {@code running} and {@code OK} for running, and silence for stopped.
 * Here silence and contradictory words are no answer.
 */
public final class HeartbeatStatus {
    private static final Pattern STOPPED = Pattern.compile("(?i)\\bstopped\\b|\\bnot\\b[^\\n]*\\brunning\\b");
    private static final Pattern RUNNING = Pattern.compile("(?i:\\brunning\\b)|\\bOK\\b");

    private HeartbeatStatus() {}

    /**
     * @param output what it wrote on its standard output
     * @param told what happened, one sentence
     */
    public static Finding finding(String output, String told) {
        boolean isStopped = STOPPED.matcher(output).find();
        boolean isRunning =
                RUNNING.matcher(STOPPED.matcher(output).replaceAll(" ")).find();
        if (isStopped && isRunning) {
            return Finding.unknown(Severity.SOFT, "its status says both that it runs and that it does not; " + told);
        }
        if (isStopped) {
            return Finding.stopped(told);
        }
        return isRunning
                ? Finding.running()
                : Finding.unknown(Severity.SOFT, "its status says neither running nor stopped; " + told);
    }
}
