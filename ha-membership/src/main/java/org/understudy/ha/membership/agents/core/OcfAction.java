package org.understudy.ha.membership.agents.core;

/** The actions of the resource agent API 1.1, section "API actions", that are called. */
public enum OcfAction {
    START("start"),
    STOP("stop"),
    MONITOR("monitor"),
    META_DATA("meta-data"),
    VALIDATE_ALL("validate-all"),
    PROMOTE("promote"),
    DEMOTE("demote"),
    NOTIFY("notify"),
    RELOAD("reload");

    private final String word;

    OcfAction(String word) {
        this.word = word;
    }

    /** The only argument of the agent. */
    public String word() {
        return word;
    }
}
