package org.understudy.ha.testkit.sim;

/** A bug planted around the machines, to show that a checker sees it. Production code knows nothing of these. */
public enum Sabotage {
    /** Nothing is planted. */
    NONE,
    /** A disk reports a write as durable and loses it in the next crash. */
    FORGETFUL_DISK,
    /** The lease counts from the acknowledgement, not from the sending of the renewal. */
    LEASE_FROM_ACKNOWLEDGEMENT,
    /** Sending a renewal prolongs the enforcement, whether or not a majority answers. */
    BLIND_RENEWAL,
    /** Effects that must wait for the disk do not. */
    EFFECTS_BEFORE_DURABLE,
    /** A last will counts for whatever incarnation of its node is alive. */
    WILL_OF_ANOTHER_LIFE,
    /** A group that was stopped is started again by its node under the old token. */
    START_AFTER_RELEASE,
    /** Some clocks run faster than the drift bound, so their acceptors wait out too short a silence. */
    CLOCKS_BEYOND_BOUND,
    /** A will lists as removed what the guardian could not remove. */
    LYING_GUARDIAN
}
