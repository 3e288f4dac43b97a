package org.understudy.ha.membership.core.admin;

/**
 * What came of a request.
 *
 * @param sentence one sentence; empty if the body says all
 */
public record AdminAnswer(Outcome outcome, String sentence, Value body) {

    /** What came of it. Written by number: add at the end. */
    public enum Outcome {
        /** Done, or here is what was asked for. */
        DONE,
        /** Not done, and it will not be; the sentence says why. */
        REFUSED,
        /** Nobody knows whether it was done; the sentence says how to find out. */
        UNKNOWN,
        /** The node does not understand the request. */
        NOT_UNDERSTOOD
    }

    /** Without a body. */
    public static AdminAnswer of(Outcome outcome, String sentence) {
        return new AdminAnswer(outcome, sentence, new Value.Nothing());
    }

    /** What was asked for. */
    public static AdminAnswer of(Value body) {
        return new AdminAnswer(Outcome.DONE, "", body);
    }
}
