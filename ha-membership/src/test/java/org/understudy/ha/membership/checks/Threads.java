package org.understudy.ha.membership.checks;

import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** Waits for what comes soon. */
final class Threads {
    private static final long WAIT_NANOS = 20_000_000_000L;
    private static final Object NOBODY = new Object();

    private Threads() {}

    /** Threads that checks, and the clients below them, have. */
    static List<String> ofChecks() {
        Set<Thread> all = Thread.getAllStackTraces().keySet();
        return all.stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("ha-check") || name.startsWith("HttpClient"))
                .collect(Collectors.toList());
    }

    static void awaitNoneOfChecks() throws InterruptedException {
        await(() -> ofChecks().isEmpty(), "threads are left: " + ofChecks());
    }

    static void await(BooleanSupplier condition, String otherwise) throws InterruptedException {
        long end = System.nanoTime() + WAIT_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError(otherwise);
            }
            synchronized (NOBODY) {
                NOBODY.wait(5);
            }
        }
    }
}
