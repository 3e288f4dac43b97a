package org.understudy.ha.iptakeover;

import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;
import org.understudy.ha.iptakeover.linux.CardGuard;

/**
 * Looks at what all stays on a card have in common: they come in bursts, and what was seen within {@value #FRESH_NANOS} ns is not looked at again. That is
 * a tenth of the time between two looks of one stay, so a pulled cable is seen as soon as before.
 *
 * <p><b>Concurrency.</b> Any thread; who looks holds up those who want to.
 */
final class CardLooks implements CardGuard.Heads {
    static final long FRESH_NANOS = 5_000_000;
    /** A host has not so many, and what is known of those that are gone need not be kept. */
    private static final int CARDS_MAX = 256;

    /** One question. */
    static final class Look<T> {
        private final ReentrantLock lock = new ReentrantLock();
        private @Nullable T last;
        private long lastNanos;

        /** What was seen a moment ago, or what the look sees now. One that fails is none. */
        T see(Supplier<T> look) {
            lock.lock();
            try {
                T known = last;
                if (known == null || System.nanoTime() - lastNanos >= FRESH_NANOS) {
                    lastNanos = System.nanoTime();
                    last = null;
                    known = look.get();
                    last = known;
                }
                return known;
            } finally {
                lock.unlock();
            }
        }
    }

    private final Map<String, Look<Boolean>> well = new ConcurrentHashMap<>();
    private final Map<Integer, Map<Direction, Look<Integer>>> heads = new ConcurrentHashMap<>();
    private final Look<OptionalLong> accepted = new Look<>();

    /** Whether a card is up and has a carrier. */
    Look<Boolean> well(String card) {
        return of(well, card, Look::new);
    }

    /** How many TCP connections this host has accepted. */
    Look<OptionalLong> accepted() {
        return accepted;
    }

    @Override
    public int first(int index, Direction direction, Supplier<Integer> look) {
        return of(heads, index, CardLooks::eachDirection).get(direction).see(look);
    }

    private static Map<Direction, Look<Integer>> eachDirection() {
        Map<Direction, Look<Integer>> each = new EnumMap<>(Direction.class);
        for (Direction direction : Direction.values()) {
            each.put(direction, new Look<>());
        }
        return each;
    }

    private static <K, V> V of(Map<K, V> all, K key, Supplier<V> make) {
        if (all.size() >= CARDS_MAX && !all.containsKey(key)) {
            all.clear();
        }
        return all.computeIfAbsent(key, one -> make.get());
    }
}
