package org.understudy.ha.api.spi;

import java.util.Objects;

/** A resource could not do what it was asked. Checked, because each place that starts or stops one must decide. */
public final class ResourceException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Severity severity;

    public ResourceException(Severity severity, String message) {
        super(message);
        this.severity = Objects.requireNonNull(severity, "severity");
    }

    public ResourceException(Severity severity, String message, Throwable cause) {
        super(message, cause);
        this.severity = Objects.requireNonNull(severity, "severity");
    }

    public Severity severity() {
        return severity;
    }
}
