package org.understudy.ha.membership.runtime;

import java.lang.ref.WeakReference;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.function.Supplier;

/**
 * Knows which threads the calls of a resource have made, so that those that outlive its stop can be named.
 *
 * <p>A thread that is made in a call is in the thread group of the lanes, and so are threads that it makes: that tells that a resource made it. Which
 * one is told by a mark that threads inherit from whoever makes them. So nothing is known of threads that inherit neither: virtual threads, those
 * of a factory that chooses another group or switches inheritance off, and all of them where the host gives the node a factory of its own.
 * A mark cannot be read on the thread that has inherited it: a thread is known to be somebody's only where nobody else was called, and nobody else made
 * one, between the first thread that he made and the look that found it. What came while several were called is said of none, and a call that never
 * returns is one that is under way.
 *
 * <p>Threads that the JDK makes once for everybody, those of the common pool and those that wait for delays, are made by whoever needs them first
 * and inherit the same. They are nobody's, and so is what is made on them. What such a thread keeps for ever is of a class of the JDK.
 *
 * <p><b>Concurrency.</b> Thread-safe. Looks at the threads of that group only: when the first thread is made since the last look, after the next call
 * that returns, and when a resource has stopped.
 */
public final class ThreadLedger {

    /** What this library makes on behalf of its own resources, and shares between them. */
    private static final String LIBRARY = "ha-";

    /** What waits for delays on behalf of everybody: until Java 24, and since; the pools of an application have one of their own. */
    private static final Set<String> DELAYS =
            Set.of("CompletableFutureDelayScheduler", "ForkJoinPool.commonPool-delayScheduler");

    /** One life of a resource, from its start to its stop. */
    static final class Maker {
        private volatile boolean hasMade;
        /** What threads inherit: one that outlives this library in its host must not hold it. */
        private final WeakReference<Maker> mark = new WeakReference<>(this);

        /** Whether any thread was made by it. */
        boolean hasMade() {
            return hasMade;
        }
    }

    private final Supplier<List<Thread>> living;
    /** Whoever made something on a thread that is nobody's. */
    private final Maker anybody = new Maker();

    private final InheritableThreadLocal<WeakReference<Maker>> making = new InheritableThreadLocal<>() {
        @Override
        protected WeakReference<Maker> childValue(WeakReference<Maker> mark) {
            Maker known = mark.get();
            Maker maker = known == null || isOfTheJdk(Thread.currentThread()) ? anybody : known;
            made(maker);
            return mark;
        }
    };
    /** How many calls of each are under way. Guarded by this, as what follows. */
    private final Map<Maker, Integer> called = new HashMap<>();
    /** Whoever may have made a thread since the last look; nobody for as long as nobody did. */
    private final Set<Maker> since = new HashSet<>();
    /** Whose each may be. */
    private final Map<Thread, Set<Maker>> seen = new IdentityHashMap<>();

    /** @param living the threads that calls have made and that have not ended */
    public ThreadLedger(Supplier<List<Thread>> living) {
        this.living = living;
    }

    /** A call begins on this thread. */
    void begin(Maker maker) {
        making.set(maker.mark);
        synchronized (this) {
            called.merge(maker, 1, Integer::sum);
            if (!since.isEmpty()) {
                since.add(maker);
            }
        }
    }

    /** It has returned. */
    void end(Maker maker) {
        making.remove();
        synchronized (this) {
            called.computeIfPresent(maker, (who, calls) -> calls == 1 ? null : calls - 1);
            if (!since.isEmpty()) {
                look();
            }
        }
    }

    private synchronized void made(Maker maker) {
        maker.hasMade = true;
        if (since.isEmpty()) {
            // What is there already is not of whoever makes one now.
            look();
            since.addAll(called.keySet());
        }
        since.add(maker);
    }

    private void look() {
        Set<Maker> may = Set.copyOf(since);
        since.clear();
        seen.keySet().removeIf(thread -> !thread.isAlive());
        for (Thread thread : living.get()) {
            if (!isOfTheJdk(thread)) {
                seen.putIfAbsent(thread, may);
            }
        }
    }

    private static boolean isOfTheJdk(Thread thread) {
        return thread instanceof ForkJoinWorkerThread worker && worker.getPool() == ForkJoinPool.commonPool()
                || DELAYS.contains(thread.getName());
    }

    /** The living threads that nobody but this life can have made. */
    synchronized List<Thread> leftBy(Maker maker) {
        look();
        return seen.entrySet().stream()
                .filter(entry -> entry.getValue().equals(Set.of(maker)))
                .map(Map.Entry::getKey)
                .filter(thread -> thread.isAlive() && !thread.getName().startsWith(LIBRARY))
                .sorted(Comparator.comparing(Thread::getName))
                .toList();
    }
}
