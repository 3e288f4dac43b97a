package org.understudy.ha.membership.runtime;

import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Knows which threads the calls of a resource have made, so that those that outlive its stop can be named.
 *
 * <p>A thread that is made in a call is in the thread group of the lanes, and so are threads that it makes: that tells that a resource made it. Which
 * one is told by a mark that threads inherit from whoever makes them. So nothing is known of threads that inherit neither: virtual threads, those
 * of a factory that chooses another group or switches inheritance off, and all of them where the host gives the node a factory of its own.
 * Where several resources make threads at the same moment, each thread may be of any of them.
 *
 * <p><b>Concurrency.</b> Thread-safe. Looks at the threads of that group only, after a call in which one was made and when a resource has stopped.
 */
public final class ThreadLedger {

    /** What this library makes on behalf of its own resources, and shares between them. */
    private static final String LIBRARY = "ha-";

    /** One life of a resource, from its start to its stop. */
    static final class Maker {
        private volatile boolean hasMade;
        private volatile boolean isOver;

        /** Whether any thread was made by it. */
        boolean hasMade() {
            return hasMade;
        }

        /** Whoever it made should have ended. */
        void end() {
            isOver = true;
        }
    }

    private final Supplier<List<Thread>> living;
    private final Set<Maker> fresh = ConcurrentHashMap.newKeySet();
    private final InheritableThreadLocal<Maker> making = new InheritableThreadLocal<>() {
        @Override
        protected Maker childValue(Maker maker) {
            maker.hasMade = true;
            fresh.add(maker);
            return maker;
        }
    };
    /** Whose each may be. Guarded by this. */
    private final Map<Thread, Set<Maker>> seen = new IdentityHashMap<>();

    /** @param living the threads that calls have made and that have not ended */
    public ThreadLedger(Supplier<List<Thread>> living) {
        this.living = living;
    }

    /** A call begins on this thread. */
    void begin(Maker maker) {
        making.set(maker);
    }

    /** It has returned. */
    void end() {
        making.remove();
        if (!fresh.isEmpty()) {
            look();
        }
    }

    private synchronized void look() {
        Set<Maker> since = Set.copyOf(fresh);
        fresh.removeAll(since);
        seen.keySet().removeIf(thread -> !thread.isAlive());
        for (Thread thread : living.get()) {
            seen.putIfAbsent(thread, since);
        }
    }

    /** The living threads that only lives that are over can have made, this one among them. */
    synchronized List<Thread> leftBy(Maker maker) {
        look();
        return seen.entrySet().stream()
                .filter(entry -> entry.getValue().contains(maker)
                        && entry.getValue().stream().allMatch(each -> each.isOver))
                .map(Map.Entry::getKey)
                .filter(thread -> thread.isAlive() && !thread.getName().startsWith(LIBRARY))
                .sorted(Comparator.comparing(Thread::getName))
                .toList();
    }
}
