package org.understudy.ha.api.spi;

/** How far a failure reaches. */
public enum Severity {
    /** Try again here; after repeated failures move. */
    SOFT,
    /** Not on this node while the reason lasts. */
    HARD,
    /** Nowhere: starting it elsewhere would do harm or cannot help, for example a configuration that is wrong everywhere. */
    FATAL
}
