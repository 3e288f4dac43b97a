package org.understudy.ha.membership;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.internal.loop.EventDispatcher;
import org.understudy.ha.internal.loop.NamedThreads;

/** Whoever listens to a node, each on a thread of its own. Thread-safe; nothing waits for a listener but the end. */
final class NodeEvents {

    private static final long LAST_WORD_MILLIS = 500;

    private final NamedThreads threads;
    /** Guarded by itself, together with the snapshots it is told: a new listener misses nothing and hears nothing twice. */
    private final List<EventDispatcher<HaEvent>> listeners = new ArrayList<>();

    NodeEvents(NamedThreads threads) {
        this.threads = threads;
    }

    /**
     * @param soFar tells how everything is now, each event with its subject; what is published meanwhile comes after it
     */
    HaNode.Subscription add(HaNode.Listener listener, Consumer<BiConsumer<String, HaEvent>> soFar) {
        EventDispatcher<HaEvent> dispatcher = new EventDispatcher<>(listener::onEvent, threads);
        synchronized (listeners) {
            soFar.accept(dispatcher::publish);
            listeners.add(dispatcher);
        }
        dispatcher.start();
        return () -> {
            synchronized (listeners) {
                listeners.remove(dispatcher);
            }
            dispatcher.close();
        };
    }

    /** @param subject what it is about: it replaces an event of the same subject that a slow listener has not heard yet */
    void publish(String subject, HaEvent event) {
        synchronized (listeners) {
            listeners.forEach(dispatcher -> dispatcher.publish(subject, event));
        }
    }

    /** Each hears what is left, within a while. */
    void end() {
        takeAll().forEach(dispatcher -> dispatcher.drainAndClose(LAST_WORD_MILLIS));
    }

    /**
     * All hear what is left.
     *
     * @param until whoever has not heard it by then, on the JVM's clock, is left alone
     */
    void end(long until) {
        takeAll()
                .forEach(dispatcher -> dispatcher.drainAndClose(
                        Math.max(1, TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime()))));
    }

    private List<EventDispatcher<HaEvent>> takeAll() {
        List<EventDispatcher<HaEvent>> last;
        synchronized (listeners) {
            last = List.copyOf(listeners);
            listeners.clear();
        }
        return last;
    }
}
