package org.understudy.ha.api;

/**
 * A number that grows with every grant in a cluster and is never used twice.
 *
 * <p>Hand it to whatever the resource writes to; a sink that remembers the highest token it has seen refuses a lower one
 * and so is safe even from an owner that does not know yet that it has been replaced. The high 16 bits are the cluster
 * generation, which grows only when an operator forces a record; the low 48 bits count grants.
 *
 * @param value the number, positive
 */
public record FencingToken(long value) implements Comparable<FencingToken> {

    public FencingToken {
        if (value < 1) {
            throw new IllegalArgumentException("a fencing token is positive, not " + value);
        }
    }

    /** Whether this token is newer than {@code other}. */
    public boolean isNewerThan(FencingToken other) {
        return value > other.value;
    }

    @Override
    public int compareTo(FencingToken other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Long.toString(value);
    }
}
