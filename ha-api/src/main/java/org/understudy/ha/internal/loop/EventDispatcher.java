package org.understudy.ha.internal.loop;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.HaNode;

/**
 * Delivers events to one listener on a thread of its own, in order. If the listener is slow a newer event of the same subject
 * replaces the older one, so the queue never holds more than one event for each subject.
 *
 * @param <E> events
 */
public final class EventDispatcher<E> implements HaNode.Subscription {

    private static final Logger LOG = LoggerFactory.getLogger(EventDispatcher.class);

    private final Consumer<E> listener;
    private final Thread thread;
    private final Map<String, E> pending = new LinkedHashMap<>();
    private boolean isClosed;
    private volatile boolean isDropped;

    public EventDispatcher(Consumer<E> listener, NamedThreads threads) {
        this.listener = listener;
        this.thread = threads.thread("events", this::run);
    }

    public void start() {
        thread.start();
    }

    /**
     * Queues an event.
     *
     * @param subject what it is about; replaces an undelivered event of the same subject and moves to the end
     */
    public synchronized void publish(String subject, E event) {
        if (!isClosed) {
            pending.remove(subject);
            pending.put(subject, event);
            notifyAll();
        }
    }

    /** Ends the subscription. An event being delivered is finished by the listener; nothing is delivered afterwards. */
    @Override
    public void close() {
        isDropped = true;
        synchronized (this) {
            isClosed = true;
            pending.clear();
            notifyAll();
        }
    }

    /** Delivers what is queued, then ends; bounded. */
    public void drainAndClose(long millis) {
        synchronized (this) {
            isClosed = true;
            notifyAll();
        }
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(millis);
            thread.interrupt();
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (true) {
                for (E event : take()) {
                    if (!isDropped) {
                        deliver(event);
                    }
                }
                synchronized (this) {
                    if (isClosed && pending.isEmpty()) {
                        return;
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized List<E> take() throws InterruptedException {
        while (pending.isEmpty() && !isClosed) {
            wait();
        }
        List<E> taken = new ArrayList<>(pending.values());
        pending.clear();
        return taken;
    }

    private void deliver(E event) {
        try {
            listener.accept(event);
        } catch (RuntimeException | Error e) {
            LOG.warn("the listener {} failed on {}; it goes on with the next event", listener, event, e);
        }
    }
}
