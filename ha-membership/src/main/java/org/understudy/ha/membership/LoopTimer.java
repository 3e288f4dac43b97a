package org.understudy.ha.membership;

/** Runs something later on the loop. Any thread; never blocks. */
@FunctionalInterface
interface LoopTimer {

    /** Never run if the node is closed by then. */
    void later(long nanos, Runnable action);
}
