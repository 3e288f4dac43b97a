package org.understudy.ha.api;

import java.nio.file.Path;

/**
 * The node's own disk cannot be trusted or used. Nothing was changed on it; the message says what to do.
 */
public final class StorageException extends HaException {
    private static final long serialVersionUID = 1L;
    private final transient Path path;

    public StorageException(Path path, String message) {
        super(Category.OPERATOR, path + ": " + message);
        this.path = path;
    }

    public StorageException(Path path, String message, Throwable cause) {
        super(Category.OPERATOR, path + ": " + message, cause);
        this.path = path;
    }

    public Path path() {
        return path;
    }
}
