package org.understudy.ha.membership;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.recovery.Ask;

/** What names, barriers and the ladder need of their node. Any thread; nothing blocks. */
interface ServiceHost {

    Duration LIMIT_MAX = Duration.ofDays(1);

    /**
     * @throws org.understudy.ha.api.LifecycleException if the node is closed
     */
    void checkOpen();

    /** The newest record that this node knows to be chosen. */
    Optional<ClusterRecord> record();

    /** The session of this node, if it has one. */
    Optional<Incarnation> self();

    /** Whether this node's session is this one and its lease is valid now. */
    boolean isValid(Incarnation session);

    /** Whether a majority answers this node. */
    boolean hearsMajority();

    NamedThreads threads();

    /** Where what callers wait for is completed; takes everything, also once the node is closed. */
    Executor callbacks();

    /** A number that no other request of this node has. */
    long nextRequest();

    /** In the order of the calls. */
    void ask(Ask ask);

    /** Where users' actions run; takes them at once. */
    Executor actions();

    /**
     * Later, on a thread that must not be held up; never if the node is closed by then.
     *
     * @return to cancel it with
     */
    Future<?> later(Duration delay, Runnable task);

    /** How long a caller would wait. */
    static Duration checkLimit(String key, @Nullable Duration limit) {
        if (limit == null || limit.isNegative() || limit.isZero() || limit.compareTo(LIMIT_MAX) > 0) {
            throw new ConfigurationException(key, limit, "wait for more than nothing and at most " + LIMIT_MAX);
        }
        return limit;
    }

    /** What barriers and rungs are called. */
    static String checkName(String key, String name) {
        if (name == null || !name.matches("[a-z][a-z0-9.-]{0,63}")) {
            throw new ConfigurationException(
                    key, name, "use 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter");
        }
        return name;
    }
}
