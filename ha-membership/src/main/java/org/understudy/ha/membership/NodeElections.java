package org.understudy.ha.membership;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Elections;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.runtime.Lane;
import org.understudy.ha.membership.runtime.LeaderResource;

/** The elections of a node: each is a group of one resource, the leader's task. */
final class NodeElections implements Elections {

    private static final Logger LOG = LoggerFactory.getLogger(NodeElections.class);
    private static final Duration STOP_BUDGET = Duration.ofSeconds(5);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

    /** The node these elections belong to. */
    interface Host {
        void checkOpen();

        boolean isClosed();

        /** Whether this node's lease is valid now. */
        boolean isValid();

        NamedThreads threads();

        Lane addLane(Group group);

        /** Whether this lane still is the one of that group. */
        boolean isCurrent(String group, Lane lane);

        void submit(Input input);
    }

    private final Host host;

    NodeElections(Host host) {
        this.host = host;
    }

    @Override
    public Participation join(String name, LeaderTask task) {
        host.checkOpen();
        if (!name.matches("[a-z][a-z0-9.-]{0,63}")) {
            throw new ConfigurationException(
                    "election",
                    name,
                    "use 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter");
        }
        String group = Planner.ELECTION_PREFIX + name;
        ClassLoader loader = Optional.ofNullable(Thread.currentThread().getContextClassLoader())
                .orElse(NodeElections.class.getClassLoader());
        LeaderResource leader = new LeaderResource(
                name,
                task,
                host.threads(),
                loader,
                (token, failure) -> host.submit(new Input.GroupEnded(
                        group, token, failure.map(f -> Severity.HARD), failure.orElse("resigned"))));
        Group.Entry entry = new Group.Entry("task", leader, false);
        Lane lane = host.addLane(
                new Group(group, List.of(), List.of(entry), Duration.ofSeconds(5), STOP_BUDGET, LOOK_EVERY, false));
        return new NodeParticipation(name, group, leader, lane);
    }

    private final class NodeParticipation implements Participation {
        private final String name;
        private final String group;
        private final LeaderResource leader;
        private final Lane lane;
        private final AtomicBoolean isEnded = new AtomicBoolean();

        private NodeParticipation(String name, String group, LeaderResource leader, Lane lane) {
            this.name = name;
            this.group = group;
            this.leader = leader;
            this.lane = lane;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean isLeading() {
            return leader.isRunning() && host.isValid();
        }

        /** Only withdraws; the loop retires the lane once the task has certainly ended. */
        @Override
        public void close() {
            if (!isEnded.compareAndSet(false, true) || host.isClosed() || !host.isCurrent(group, lane)) {
                return;
            }
            host.submit(new Input.GroupWithdrawn(group));
            if (leader.isTask()) {
                return;
            }
            try {
                if (!lane.awaitRetired(STOP_BUDGET.toMillis())) {
                    LOG.warn("the task of election {} has not returned yet; nobody else leads until it has", name);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
