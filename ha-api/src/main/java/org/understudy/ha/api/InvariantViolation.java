package org.understudy.ha.api;

/** A rule that must always hold did not. The node steps aside: it releases what it owns and stops voting. */
public final class InvariantViolation extends HaException {
    private static final long serialVersionUID = 1L;

    public InvariantViolation(String message) {
        super(Category.FATAL, message);
    }
}
