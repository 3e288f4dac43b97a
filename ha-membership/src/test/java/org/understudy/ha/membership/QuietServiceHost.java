package org.understudy.ha.membership;

import java.util.Optional;
import java.util.concurrent.Executor;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.record.ClusterRecord;

/** A node of which nothing goes wrong and nothing is known: what is asked of it is the test's. */
abstract class QuietServiceHost implements ServiceHost {

    static final Incarnation LIFE = new Incarnation(NodeId.of("here"), 1);

    @Override
    public void checkOpen() {
        // Open.
    }

    @Override
    public Optional<ClusterRecord> record() {
        return Optional.empty();
    }

    @Override
    public Optional<Incarnation> self() {
        return Optional.of(LIFE);
    }

    @Override
    public boolean isValid(Incarnation session) {
        return true;
    }

    @Override
    public boolean hearsMajority() {
        return true;
    }

    @Override
    public NamedThreads threads() {
        return new NamedThreads(Thread::new, LIFE.node());
    }

    @Override
    public Executor callbacks() {
        return Runnable::run;
    }
}
