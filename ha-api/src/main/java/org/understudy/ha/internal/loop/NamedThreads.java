package org.understudy.ha.internal.loop;

import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Stream;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.NodeConfig;

/** Makes daemon threads called {@code ha-<node>-<what>} with the host's factory. Thread-safe. */
public final class NamedThreads {

    private final ThreadFactory factory;
    private final NodeId node;
    private final ThreadGroup around = Thread.currentThread().getThreadGroup();

    public NamedThreads(ThreadFactory factory, NodeId node) {
        this.factory = factory;
        this.node = node;
    }

    /** A thread that is not started yet. */
    public Thread thread(String what, Runnable body) {
        return thread(what, body, around);
    }

    /**
     * A group for threads that are told from all others by it; empty where the host's factory decides about groups.
     *
     * <p>Up to Java 18 a group stays in its parent for ever unless it is destroyed, and one that is destroyed breaks whoever has kept it, as the
     * thread factories of the JDK do. So one of that name in which nothing runs, left by an earlier life of the node, is used again.
     */
    public Optional<ThreadGroup> group(String what) {
        return factory == NodeConfig.PLAIN_THREADS
                ? Optional.of(leftOver(name(what)).orElseGet(() -> new ThreadGroup(around, name(what))))
                : Optional.empty();
    }

    private Optional<ThreadGroup> leftOver(String name) {
        ThreadGroup[] found = new ThreadGroup[around.activeGroupCount() + 8];
        int count = around.enumerate(found, false);
        return Stream.of(found)
                .limit(count)
                .filter(group -> group.getName().equals(name) && group.activeCount() == 0)
                .findFirst();
    }

    /** A thread that is not started yet, in that group where the host has no factory of its own. */
    public Thread thread(String what, Runnable body, ThreadGroup group) {
        Thread thread = factory == NodeConfig.PLAIN_THREADS ? new Thread(group, body) : factory.newThread(body);
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
