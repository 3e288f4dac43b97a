package org.understudy.ha.api;

/**
 * Root of everything this library throws at its host. Unchecked; the message says what, where, what was found, what was
 * expected and what to do.
 */
public abstract class HaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the host can do about it. */
    public enum Category {
        /** The same call may succeed later. */
        RETRY,
        /** Somebody newer acts: do not repeat the call, end the work that made it. Nothing is broken. */
        REPLACED,
        /** Somebody must change something first; the message says what. */
        OPERATOR,
        /** The node has stepped aside and will not come back by itself. */
        FATAL
    }

    private final Category category;

    protected HaException(Category category, String message, Throwable cause) {
        super(message, cause);
        this.category = category;
    }

    protected HaException(Category category, String message) {
        super(message);
        this.category = category;
    }

    public Category category() {
        return category;
    }
}
