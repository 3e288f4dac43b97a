package org.understudy.ha.testkit.sim.clock;

/**
 * Deterministic randomness: a stream for plans made up front, and {@link #hash} for single draws, which do not shift when an
 * unrelated draw is added or removed.
 *
 * <p>SplitMix64 (Steele, Lea, Flood: <i>Fast splittable pseudorandom number generators</i>, 2014).
 */
public final class SimRandom {

    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    public SimRandom(long seed) {
        this.state = mix(seed + GOLDEN);
    }

    /** One draw from what it is for. */
    public static long hash(long seed, long purpose, long who, long number) {
        return mix(mix(mix(mix(seed) + purpose * GOLDEN) + who * GOLDEN) + number * GOLDEN);
    }

    /** A uniform number from {@code low} to {@code high} - 1, taken from the bits of one draw. */
    public static long scale(long draw, long low, long high) {
        return high <= low ? low : low + Math.floorMod(mix(draw), high - low);
    }

    /** Whether something that happens {@code perMille} times in a thousand happens at this draw. */
    public static boolean happens(long draw, int perMille) {
        return Math.floorMod(mix(draw ^ GOLDEN), 1000L) < perMille;
    }

    public long next() {
        state += GOLDEN;
        return mix(state);
    }

    public int below(int bound) {
        return (int) Math.floorMod(next(), (long) bound);
    }

    public long between(long low, long high) {
        return scale(next(), low, high);
    }

    public boolean chance(int perMille) {
        return happens(next(), perMille);
    }

    private static long mix(long value) {
        long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
