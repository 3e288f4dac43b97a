package org.understudy.ha.membership.jgroups;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;

/** Warns of the same thing at most once in ten seconds, and says how often it was silent. Thread-safe, bounded. */
final class QuietLog {
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final int SUBJECTS_MAX = 64;

    private final ReentrantLock lock = new ReentrantLock();
    private final Logger log;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    QuietLog(Logger log) {
        this.log = log;
    }

    /**
     * @param subject what is limited; one line for each in ten seconds
     */
    void warn(String subject, String line) {
        int silent = admit(subject);
        if (silent == 0) {
            log.warn("{}", line);
        } else if (silent > 0) {
            log.warn("{} ({} more like this in the meantime)", line, silent);
        } else {
            log.debug("{}", line);
        }
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
        if (entry == null) {
            Iterator<Entry> oldest = entries.values().iterator();
            if (entries.size() >= SUBJECTS_MAX && oldest.hasNext()) {
                oldest.next();
                oldest.remove();
            }
            entries.put(subject, new Entry(now));
            return 0;
        }
        int silent = entry.silent;
        entry.silent = 0;
        entry.lastNanos = now;
        return silent;
    }

    private static final class Entry {
        private long lastNanos;
        private int silent;

        Entry(long now) {
            lastNanos = now;
        }
    }
}
