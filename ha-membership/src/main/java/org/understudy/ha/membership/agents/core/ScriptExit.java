package org.understudy.ha.membership.agents.core;

import org.understudy.ha.api.spi.Severity;

/**
 * The exit statuses of an init script. Source: Linux Standard Base Core 5.0, section 22.2, "Init Script Actions". Those of {@code status}
 * and those of the other actions are two different tables.
 */
public final class ScriptExit {

    private ScriptExit() {}

    /**
     * What the status of {@code status} means.
     *
     * @param told what happened, one sentence
     */
    public static Finding finding(int status, String told) {
        return switch (status) {
            case 0 -> Finding.running();
            case 1 -> Finding.stopped("dead, and its pid file is still there; " + told);
            case 2 -> Finding.stopped("dead, and its lock file is still there; " + told);
            case 3 -> Finding.stopped(told);
            default -> Finding.unknown(Severity.SOFT, "the script does not know its state; " + told);
        };
    }

    /** How far a failure of an action reaches. A script is configured by files of its own host, so that none reaches others. */
    public static Severity severity(int status) {
        return switch (status) {
            case 2, 3, 4, 5, 6 -> Severity.HARD;
            default -> Severity.SOFT;
        };
    }

    /** What the status of any other action means, but 0. */
    public static String meaning(int status) {
        return switch (status) {
            case 2 -> "wrong arguments";
            case 3 -> "it does not know the action";
            case 4 -> "this user may not do it";
            case 5 -> "what it needs is not installed here";
            case 6 -> "it is not configured here";
            case 7 -> "not running";
            default -> "failed";
        };
    }
}
