package org.understudy.ha.internal.loop;

import java.util.concurrent.ThreadFactory;
import org.understudy.ha.api.NodeId;

/** Makes daemon threads called {@code ha-<node>-<what>} with the host's factory. Thread-safe. */
public final class NamedThreads {

    private final ThreadFactory factory;
    private final NodeId node;

    public NamedThreads(ThreadFactory factory, NodeId node) {
        this.factory = factory;
        this.node = node;
    }

    /** A thread that is not started yet. */
    public Thread thread(String what, Runnable body) {
        Thread thread = factory.newThread(body);
        thread.setName(name(what));
        thread.setDaemon(true);
        return thread;
    }

    /** What a thread for this is called. */
    public String name(String what) {
        return "ha-" + node + "-" + what;
    }

    /** A factory whose threads all carry the same name. */
    public ThreadFactory named(String what) {
        return body -> thread(what, body);
    }
}
