package org.understudy.ha.testkit.explore;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Every state found so far, each once and in the order in which it was found, with the state it was first found from. */
final class StateTable {

    private static final int CHUNK_BITS = 16;
    private static final int CHUNK = 1 << CHUNK_BITS;
    private static final int FREE = -1;

    private final int width;
    private final List<int[]> chunks = new ArrayList<>();
    private int[] slots = new int[1 << 16];
    private int size;

    /**
     * @param width how many numbers a state is
     */
    StateTable(int width) {
        this.width = width;
        Arrays.fill(slots, FREE);
    }

    int size() {
        return size;
    }

    /** Adds a state; false if it was known. */
    boolean add(int[] state, int from) {
        int at = slot(slots, state);
        if (slots[at] != FREE) {
            return false;
        }
        if (size >> CHUNK_BITS == chunks.size()) {
            chunks.add(new int[CHUNK * (width + 1)]);
        }
        int offset = offset(size);
        int[] chunk = chunks.get(size >> CHUNK_BITS);
        System.arraycopy(state, 0, chunk, offset, width);
        chunk[offset + width] = from;
        slots[at] = size++;
        if (size * 2L > slots.length) {
            grow();
        }
        return true;
    }

    /** Reads a state. */
    void get(int index, int[] state) {
        System.arraycopy(chunks.get(index >> CHUNK_BITS), offset(index), state, 0, width);
    }

    /** The state from which a state was first found; -1 for the first. */
    int from(int index) {
        return chunks.get(index >> CHUNK_BITS)[offset(index) + width];
    }

    private int offset(int index) {
        return (index & CHUNK - 1) * (width + 1);
    }

    private void grow() {
        int[] more = new int[2 * slots.length];
        Arrays.fill(more, FREE);
        int[] state = new int[width];
        for (int i = 0; i < size; i++) {
            get(i, state);
            int at = hash(state) & more.length - 1;
            while (more[at] != FREE) {
                at = at + 1 & more.length - 1;
            }
            more[at] = i;
        }
        slots = more;
    }

    private int slot(int[] table, int[] state) {
        int at = hash(state) & table.length - 1;
        while (table[at] != FREE && !holds(table[at], state)) {
            at = at + 1 & table.length - 1;
        }
        return at;
    }

    private boolean holds(int index, int[] state) {
        int offset = offset(index);
        return Arrays.equals(chunks.get(index >> CHUNK_BITS), offset, offset + width, state, 0, width);
    }

    private static int hash(int[] state) {
        long hash = 17;
        for (int word : state) {
            hash = (hash ^ word) * 0x9E3779B97F4A7C15L;
            hash ^= hash >>> 29;
        }
        return (int) (hash ^ hash >>> 32);
    }
}
