package org.understudy.ha.iptakeover.jna;

import java.util.concurrent.atomic.AtomicInteger;
import org.understudy.ha.api.LifecycleException;

/** An open file descriptor. Closing is idempotent; using a closed one throws instead of hitting a stranger's descriptor. */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = -1;

    private final AtomicInteger number;

    Fd(int number) {
        this.number = new AtomicInteger(number);
    }

    /** As the kernel numbers it in this process, for messages that name it. Only while it is open. */
    public int number() {
        int current = number.get();
        if (current == CLOSED) {
            throw new LifecycleException("this descriptor is closed: open a new one");
        }
        return current;
    }

    @Override
    public void close() {
        int open = number.getAndSet(CLOSED);
        if (open != CLOSED) {
            Libc.close(open);
        }
    }

    @Override
    public String toString() {
        return "fd " + number.get();
    }
}
