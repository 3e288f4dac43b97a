package org.understudy.ha.membership.refusal;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;

/**
 * Warns of the same thing at most once in ten seconds, and says how often it was silent. Of more than 64 things in that time the others
 * are not told at all: whoever has many addresses must not fill a disk. Thread-safe.
 */
public final class QuietLog {
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int SUBJECTS_MAX = 64;
    private static final int LINE_LENGTH_MAX = 1000;

    private final ReentrantLock lock = new ReentrantLock();
    private final Logger log;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    public QuietLog(Logger log) {
        this.log = log;
    }

    /**
     * @param subject what is limited; one line for each in ten seconds
     * @param text one line; whoever is refused may have chosen a part of it, so it is cut, and only ASCII is kept
     */
    public void warn(String subject, String text) {
        int silent = admit(subject);
        String line = printable(text);
        if (silent == 0) {
            log.warn("{}", line);
        } else if (silent > 0) {
            log.warn("{} ({} more like this in the meantime)", line, silent);
        } else {
            log.debug("{}", line);
        }
    }

    private static String printable(String text) {
        String start = text.substring(0, Math.min(text.length(), LINE_LENGTH_MAX));
        return start.replaceAll("[^\\x20-\\x7e]", "?");
    }

    /** How many lines were held back since the last one; negative if this one is to be held back too. */
    private int admit(String subject) {
        lock.lock();
        try {
            return admitLocked(subject);
        } finally {
            lock.unlock();
        }
    }

    private int admitLocked(String subject) {
        long now = System.nanoTime();
        Entry entry = entries.get(subject);
        if (entry != null && now - entry.lastNanos < SILENCE_NANOS) {
            entry.silent++;
            return -1;
        }
        // In the order in which they were told: the first is the oldest.
        entries.remove(subject);
        Iterator<Entry> oldest = entries.values().iterator();
        if (entries.size() >= SUBJECTS_MAX && oldest.hasNext()) {
            if (now - oldest.next().lastNanos < SILENCE_NANOS) {
                return -1;
            }
            oldest.remove();
        }
        entries.put(subject, new Entry(now));
        return entry == null ? 0 : entry.silent;
    }

    private static final class Entry {
        private final long lastNanos;
        private int silent;

        Entry(long now) {
            lastNanos = now;
        }
    }
}
