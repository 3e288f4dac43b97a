package org.understudy.ha.api;

/** Bytes that are not what they should be. Thrown by decoders only; adapters count it and drop the message. */
public final class MalformedMessageException extends HaException {
    private static final long serialVersionUID = 1L;
    private final int offset;

    public MalformedMessageException(int offset, String message) {
        super(Category.RETRY, "at byte " + offset + ": " + message);
        this.offset = offset;
    }

    public int offset() {
        return offset;
    }
}
