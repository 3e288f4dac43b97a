package org.understudy.ha.internal.process;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The beginning and the end of whatever is written: the first words say what was tried, the last ones why it failed. */
final class HeadAndTail {
    /** Of both together, with the words between them. */
    static final int BYTES_MAX = 2000;

    private static final int HEAD_BYTES = 960;
    private static final int TAIL_BYTES = 1000;

    private final ByteArrayOutputStream head = new ByteArrayOutputStream();
    private final byte[] tail = new byte[TAIL_BYTES];
    /** After the head. */
    private long passed;

    void write(byte[] bytes, int length) {
        int first = Math.min(length, HEAD_BYTES - head.size());
        head.write(bytes, 0, first);
        for (int i = Math.max(first, length - TAIL_BYTES); i < length; i++) {
            tail[(int) ((passed + i - first) % TAIL_BYTES)] = bytes[i];
        }
        passed += length - first;
    }

    /** One line that can be printed. */
    String text() {
        int kept = (int) Math.min(passed, TAIL_BYTES);
        byte[] end = new byte[kept];
        for (int i = 0; i < kept; i++) {
            end[i] = tail[(int) ((passed - kept + i) % TAIL_BYTES)];
        }
        byte[] begin = head.toByteArray();
        if (passed > kept) {
            return line(begin) + " … " + (passed - kept) + " bytes … " + line(end);
        }
        byte[] all = Arrays.copyOf(begin, begin.length + kept);
        System.arraycopy(end, 0, all, begin.length, kept);
        return line(all);
    }

    private static String line(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8)
                .replaceAll("\\p{Cntrl}+", " ")
                .strip();
    }
}
