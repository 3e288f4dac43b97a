package org.understudy.ha.membership.agents.core;

import org.understudy.ha.api.spi.Severity;

/**
 * The exit statuses of the resource agent API 1.1, section "Exit status codes", with how far a failure reaches. What the API does not
 * define is a failure like any other: something is wrong here, and nothing follows for other nodes.
 */
public enum OcfExit {
    SUCCESS(0, Severity.SOFT, "success"),
    GENERIC(1, Severity.SOFT, "failed"),
    ARGS(2, Severity.HARD, "its parameters do not fit this node"),
    UNIMPLEMENTED(3, Severity.HARD, "it does not know the action"),
    PERM(4, Severity.HARD, "this user may not do it"),
    INSTALLED(5, Severity.HARD, "what it needs is not installed here"),
    CONFIGURED(6, Severity.FATAL, "its parameters are wrong on every node"),
    NOT_RUNNING(7, Severity.SOFT, "not running"),
    RUNNING_PROMOTED(8, Severity.SOFT, "running as promoted"),
    FAILED_PROMOTED(9, Severity.SOFT, "failed as promoted"),
    DEGRADED(190, Severity.SOFT, "running, but degraded"),
    DEGRADED_PROMOTED(191, Severity.SOFT, "running as promoted, but degraded"),
    OTHER(-1, Severity.SOFT, "a status that no agent should have");

    private final int status;
    private final Severity severity;
    private final String meaning;

    OcfExit(int status, Severity severity, String meaning) {
        this.status = status;
        this.severity = severity;
        this.meaning = meaning;
    }

    /** Of any status, also one that does not exist. */
    public static OcfExit of(int status) {
        for (OcfExit exit : values()) {
            if (exit != OTHER && exit.status == status) {
                return exit;
            }
        }
        return OTHER;
    }

    /** How far it reaches where it is a failure. */
    public Severity severity() {
        return severity;
    }

    public String meaning() {
        return meaning;
    }

    /** Whether it says that the action was carried out. Where nothing ran before a stop, nothing runs after it. */
    public boolean isDone(OcfAction action) {
        return switch (this) {
            case SUCCESS -> true;
            case NOT_RUNNING -> action == OcfAction.STOP;
            case RUNNING_PROMOTED, DEGRADED_PROMOTED -> action == OcfAction.PROMOTE;
            case DEGRADED -> action == OcfAction.START;
            default -> false;
        };
    }

    /**
     * What it means as the status of a monitor.
     *
     * @param told what happened, one sentence
     */
    public Finding finding(String told) {
        return switch (this) {
            case SUCCESS -> Finding.running();
            case RUNNING_PROMOTED -> Finding.promoted();
            case DEGRADED -> Finding.running().degraded(told);
            case DEGRADED_PROMOTED -> Finding.promoted().degraded(told);
            case NOT_RUNNING -> Finding.stopped(told);
            case GENERIC -> Finding.failed(severity, told);
            case FAILED_PROMOTED -> Finding.failedPromoted(told);
            case ARGS, UNIMPLEMENTED, PERM, INSTALLED, CONFIGURED, OTHER ->
                Finding.unknown(severity, meaning + ": " + told);
        };
    }
}
