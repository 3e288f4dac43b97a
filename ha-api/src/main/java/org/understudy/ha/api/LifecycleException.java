package org.understudy.ha.api;

/** A call that this state of the node or of its environment does not allow; the message names the state and the remedy. */
public final class LifecycleException extends HaException {
    private static final long serialVersionUID = 1L;

    public LifecycleException(String message) {
        super(Category.OPERATOR, message);
    }

    public LifecycleException(String message, Throwable cause) {
        super(Category.OPERATOR, message, cause);
    }
}
