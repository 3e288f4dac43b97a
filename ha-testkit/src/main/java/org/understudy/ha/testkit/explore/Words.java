package org.understudy.ha.testkit.explore;

import java.util.Arrays;

/** Numbers written one after the other; the key of whatever they describe. */
final class Words {

    private int[] words = new int[64];
    private int size;

    void add(int word) {
        if (size == words.length) {
            words = Arrays.copyOf(words, 2 * size);
        }
        words[size++] = word;
    }

    void add(long number) {
        add((int) (number >>> 32));
        add((int) number);
    }

    /** What was written, to be compared. */
    Key key() {
        return new Key(Arrays.copyOf(words, size));
    }

    /** Equal if the numbers are. */
    static final class Key {
        private final int[] words;
        private final int hash;

        private Key(int[] words) {
            this.words = words;
            this.hash = Arrays.hashCode(words);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && Arrays.equals(words, key.words);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
