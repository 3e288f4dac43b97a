package org.understudy.ha.membership.agents.core;

import org.understudy.ha.api.spi.Severity;

/** How long something may be on its way to another state before that is a failure. Not thread-safe. */
public final class Patience {
    private final long limitNanos;
    private boolean isChanging;
    private long sinceNanos;

    /**
     * @param limitNanos how long
     */
    public Patience(long limitNanos) {
        this.limitNanos = limitNanos;
    }

    /** It is as it should be: a change that begins is a new one. */
    public void reset() {
        isChanging = false;
    }

    /** The same finding, or a failure if it has been changing for too long. */
    public Finding judge(Finding finding, long nowNanos) {
        if (finding.state() != Finding.State.CHANGING) {
            reset();
            return finding;
        }
        if (!isChanging) {
            isChanging = true;
            sinceNanos = nowNanos;
        }
        return nowNanos - sinceNanos < limitNanos
                ? finding
                : Finding.failed(
                        Severity.SOFT, finding.sentence() + ", for " + (nowNanos - sinceNanos) / 1_000_000 + " ms now");
    }
}
