package org.understudy.ha.api;

/**
 * Why the last grant of a group is certainly over. A new grant carries exactly one.
 *
 * <p>Silence, a lost view, a failed ping, a time-out and quorum alone are never a proof.
 */
public enum ProofKind {
    /** The group was never granted before, and every peer and candidate found it absent. */
    NEVER,
    /** The holder stopped the group, made that durable and said so. */
    RELEASED,
    /** The holder's process is gone; its guardian said so in a signed last will that lists what it removed. */
    DIED,
    /** The holder's lease is over and an enforcement armed when it was granted covers every resource of the group. */
    EXPIRED,
    /** A fence device confirmed that incarnation off. Reserved: this version has no fence devices. */
    FENCED,
    /**
     * The node is back as a higher incarnation on the same disk: on the same run of its host's kernel, under a lock that died with the old
     * process, which proves what lives in a process; or on the same machine started again, which proves everything on it.
     */
    SUPERSEDED,
    /** An operator vouched for the holder's end; its lease was waited out all the same. */
    OPERATOR
}
