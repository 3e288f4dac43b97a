package org.understudy.ha.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Elections;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.WithoutQuorum;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.loop.EventDispatcher;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.runtime.Lane;
import org.understudy.ha.membership.runtime.LeaderResource;

/** The elections of a node: each is a group of one resource, the leader's task. */
final class NodeElections implements Elections {

    private static final Logger LOG = LoggerFactory.getLogger(NodeElections.class);
    private static final Duration START_BUDGET = Duration.ofSeconds(5);
    private static final Duration STOP_BUDGET = Duration.ofSeconds(5);
    private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
    private static final Duration HOLD_MAX = Duration.ofDays(1);
    private static final Duration GIVE_UP_HOLD = Duration.ofSeconds(1);
    private static final long LAST_WORD_MILLIS = 500;

    /** The node these elections belong to. */
    interface Host {
        void checkOpen();

        NodeId id();

        boolean isClosed();

        /** Whether closing this node is done: nothing runs here any more. */
        boolean isGone();

        /** Whether this node's lease is valid now. */
        boolean isValid();

        /** Whether a majority answers this node. */
        boolean hearsMajority();

        NamedThreads threads();

        Lane addLane(Group group);

        /** Whether this lane still is the one of that group. */
        boolean isCurrent(String group, Lane lane);

        /** What this node last published of a group. */
        Optional<GroupStatus> status(String group);

        /** The newest grant of a group in the record this node knows. */
        Optional<Grant> grant(String group);

        void submit(Input input);

        /** Runs something on the loop, after all that was submitted before. */
        void afterwards(Runnable action);
    }

    private final Host host;
    /** Guarded by itself, together with what each observer was told last. */
    private final List<Observer> observers = new ArrayList<>();
    /** By group. Guarded by itself, so that of two who join at once the second is told what is the matter. */
    private final Map<String, NodeParticipation> participations = new HashMap<>();

    NodeElections(Host host) {
        this.host = host;
    }

    @Override
    public Participation join(String name, Candidate candidate, LeaderTask task) {
        host.checkOpen();
        String group = group(name);
        if (candidate == null) {
            throw new ConfigurationException(
                    "election " + name + " candidate", null, "leave it out for Candidate.standard()");
        }
        if (task == null) {
            throw new ConfigurationException(
                    "election " + name + " task", null, "give what is to run while this node leads");
        }
        ClassLoader loader = Optional.ofNullable(Thread.currentThread().getContextClassLoader())
                .orElse(NodeElections.class.getClassLoader());
        LeaderResource leader = new LeaderResource(
                name,
                task,
                candidate,
                host.threads(),
                loader,
                (token, end, why) -> host.submit(input(group, token, end, why)));
        Group.Entry entry = new Group.Entry("task", leader, false);
        synchronized (participations) {
            participations.values().removeIf(other -> !host.isCurrent(other.group, other.lane));
            refuseTwice(participations.get(group));
            Lane lane = host.addLane(new Group(
                    group,
                    List.of(),
                    List.of(entry),
                    START_BUDGET,
                    STOP_BUDGET,
                    LOOK_EVERY,
                    false,
                    WithoutQuorum.STOP));
            NodeParticipation participation = new NodeParticipation(name, group, leader, lane);
            participations.put(group, participation);
            return participation;
        }
    }

    private static void refuseTwice(@Nullable NodeParticipation other) {
        if (other != null) {
            throw new LifecycleException(
                    other.isEnded.get()
                            ? "the task of an earlier participation in " + other.name
                                    + " has not returned yet; join again when it has"
                            : "this node takes part in " + other.name + " already; close that participation first");
        }
    }

    private static Input input(String group, long token, LeaderResource.End end, String why) {
        if (end == LeaderResource.End.GAVE_UP) {
            return new Input.GroupResigned(group, token, GIVE_UP_HOLD.toNanos());
        }
        boolean isFailure = end == LeaderResource.End.FAILED;
        return new Input.GroupEnded(group, token, isFailure ? Optional.of(Severity.HARD) : Optional.empty(), why);
    }

    private static String group(String name) {
        if (name == null || !name.matches("[a-z][a-z0-9.-]{0,63}")) {
            throw new ConfigurationException(
                    "election",
                    name,
                    "use 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter");
        }
        return Planner.ELECTION_PREFIX + name;
    }

    // ---- who leads -------------------------------------------------------------------------------------------------

    @Override
    public LeaderStatus leader(String name) {
        String group = group(name);
        if (host.isGone()) {
            return new LeaderStatus(name, Optional.empty(), false, "this node is closed");
        }
        boolean isCurrent = host.hearsMajority();
        Optional<GroupStatus> status = host.status(group);
        if (status.isEmpty()) {
            return new LeaderStatus(name, Optional.empty(), isCurrent, "this node knows of no candidate");
        }
        GroupStatus known = status.get();
        Optional<Grant> grant = host.grant(group).filter(Grant::stands);
        boolean isEnding = known.state() == GroupStatus.State.STOPPING || known.state() == GroupStatus.State.BLOCKED;
        if (grant.isEmpty() || known.state() == GroupStatus.State.UNOWNED) {
            String reason = isEnding
                    ? "a task on this node has not returned yet, but its lease is over and another may lead"
                    : known.reason();
            return new LeaderStatus(name, Optional.empty(), isCurrent, reason);
        }
        Leader leader =
                new Leader(grant.get().holder(), new FencingToken(grant.get().token()));
        return new LeaderStatus(
                name, Optional.of(leader), isCurrent, isEnding ? ending(known, grant.get()) : known.reason());
    }

    /** What keeps the next leader waiting for a task that was told to end. */
    private String ending(GroupStatus known, Grant grant) {
        if (!grant.holder().node().equals(host.id())) {
            return "granted with proof " + grant.proof() + "; the task of an earlier lead on " + host.id()
                    + " has not returned yet";
        }
        String told = known.state() == GroupStatus.State.BLOCKED
                ? "its task ignores the interrupt"
                : "its task was told to end (" + known.reason() + ")";
        return told + ", and nobody else leads until it has returned, or, if its node is not heard any more, until "
                + (grant.isExpirable() ? "its lease is over" : "its process is proved to have ended");
    }

    @Override
    public HaNode.Subscription observe(String name, LeaderListener listener) {
        group(name);
        if (listener == null) {
            throw new ConfigurationException("election " + name + " listener", null, "give who is to be told");
        }
        Observer observer = new Observer(name, new EventDispatcher<>(listener::onLeader, host.threads()));
        synchronized (observers) {
            // Whoever is added once close() has begun would never be let go.
            host.checkOpen();
            observers.add(observer);
            tell(observer);
        }
        observer.dispatcher.start();
        return () -> {
            synchronized (observers) {
                observers.remove(observer);
            }
            observer.dispatcher.close();
        };
    }

    /** Something that a status is made of has changed. Called by the loop; never blocks. */
    void refresh() {
        synchronized (observers) {
            observers.forEach(this::tell);
        }
    }

    private void tell(Observer observer) {
        LeaderStatus now = leader(observer.name);
        if (!now.equals(observer.last)) {
            observer.last = now;
            observer.dispatcher.publish(observer.name, now);
        }
    }

    /** The node has closed: tells every observer so and lets it go. Bounded. */
    void close() {
        List<Observer> last;
        synchronized (observers) {
            observers.forEach(this::tell);
            last = List.copyOf(observers);
            observers.clear();
        }
        last.forEach(observer -> observer.dispatcher.drainAndClose(LAST_WORD_MILLIS));
    }

    private static final class Observer {
        private final String name;
        private final EventDispatcher<LeaderStatus> dispatcher;
        private @Nullable LeaderStatus last;

        private Observer(String name, EventDispatcher<LeaderStatus> dispatcher) {
            this.name = name;
            this.dispatcher = dispatcher;
        }
    }

    // ---- being a candidate -----------------------------------------------------------------------------------------

    private final class NodeParticipation implements Participation {
        private final String name;
        private final String group;
        private final LeaderResource leader;
        private final Lane lane;
        private final AtomicBoolean isEnded = new AtomicBoolean();
        /** For how long the resignation that waits holds, in nanoseconds; 0 if none waits. */
        private final AtomicLong resigning = new AtomicLong();

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

        @Override
        public boolean resign(Duration hold) {
            if (hold == null || hold.isNegative() || hold.isZero() || hold.compareTo(HOLD_MAX) > 0) {
                throw new IllegalArgumentException(
                        "others come first after a resignation for more than nothing and at most " + HOLD_MAX + ", not "
                                + hold + "; to take no part any more, close the participation");
            }
            long token = leader.token();
            if (token == 0 || isEnded.get() || host.isClosed()) {
                return false;
            }
            // However often a task resigns before it is told to end, none waits beside one that holds as long.
            long nanos = hold.toNanos();
            if (resigning.getAndAccumulate(nanos, Math::max) < nanos) {
                host.submit(new Input.GroupResigned(group, token, nanos));
                host.afterwards(() -> resigning.compareAndSet(nanos, 0));
            }
            return true;
        }

        /** Only withdraws; the loop retires the lane once the task has certainly ended. */
        @Override
        public void close() {
            if (!isEnded.compareAndSet(false, true) || host.isClosed() || !host.isCurrent(group, lane)) {
                return;
            }
            // Withdrawn before it was offered, it would stay offered for ever.
            lane.afterOffer(() -> host.submit(new Input.GroupWithdrawn(group)));
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
