package org.understudy.ha.api;

/** Another writer was in the middle of an operation on a sink for as long as this call was ready to wait. Nothing was changed. */
public final class SinkBusyException extends HaException {
    private static final long serialVersionUID = 1L;

    public SinkBusyException(String message) {
        super(Category.RETRY, message);
    }
}
