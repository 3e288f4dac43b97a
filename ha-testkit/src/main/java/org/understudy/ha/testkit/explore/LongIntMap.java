package org.understudy.ha.testkit.explore;

import java.util.Arrays;

/** Numbers by numbers, without objects: open addressing. */
final class LongIntMap {

    static final int ABSENT = -1;

    private static final long MIX = 0x9E3779B97F4A7C15L;

    private long[] keys = new long[1024];
    private int[] values = new int[1024];
    private int size;

    LongIntMap() {
        Arrays.fill(values, ABSENT);
    }

    static long key(int high, int low) {
        return (long) high << 32 | low & 0xFFFFFFFFL;
    }

    int get(long key) {
        int at = slot(keys, values, key);
        return values[at];
    }

    void put(long key, int value) {
        int at = slot(keys, values, key);
        if (values[at] == ABSENT) {
            size++;
        }
        keys[at] = key;
        values[at] = value;
        if (size * 2 > keys.length) {
            grow();
        }
    }

    private void grow() {
        long[] more = new long[2 * keys.length];
        int[] moreValues = new int[more.length];
        Arrays.fill(moreValues, ABSENT);
        for (int i = 0; i < keys.length; i++) {
            if (values[i] != ABSENT) {
                int at = slot(more, moreValues, keys[i]);
                more[at] = keys[i];
                moreValues[at] = values[i];
            }
        }
        keys = more;
        values = moreValues;
    }

    private static int slot(long[] keys, int[] values, long key) {
        long mixed = key * MIX;
        int at = (int) (mixed ^ mixed >>> 32) & keys.length - 1;
        while (values[at] != ABSENT && keys[at] != key) {
            at = at + 1 & keys.length - 1;
        }
        return at;
    }
}
