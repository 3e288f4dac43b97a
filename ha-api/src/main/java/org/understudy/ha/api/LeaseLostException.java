package org.understudy.ha.api;

/** The lease is over: whatever it protected must not be touched any more under its token. */
public final class LeaseLostException extends HaException {
    private static final long serialVersionUID = 1L;

    public LeaseLostException(String message) {
        super(Category.RETRY, message);
    }
}
