package org.understudy.ha.api;

import org.understudy.ha.api.config.HaNodeBuilder;
import org.understudy.ha.api.event.HaEvent;

/**
 * This process's part in a cluster: the façade an application uses.
 *
 * <pre>
 * try (HaNode node = HaNode.builder()
 *         .cluster("shop")
 *         .node("serv1")
 *         .peer("serv1", "10.1.0.1:7400")
 *         .peer("serv2", "10.1.0.2:7400")
 *         .witness("witness", "10.1.0.3:7400")
 *         .stateDirectory(Path.of("/var/lib/shop/ha"))
 *         .keys(Path.of("/etc/shop/ha/serv1"))
 *         .form()
 *         .start()) {
 *     node.listen(event -&gt; log.info("{}", event));
 *     node.resources().register(Group.named("files")
 *             .prefer("serv1", "serv2")
 *             .resource("service", service)
 *             .resource("address", FloatingAddress.of("10.0.0.50", "eth0"))
 *             .build());
 *     ...
 * }
 * </pre>
 *
 * <p>Every method may be called from any thread. Nothing here calls {@code System.exit}, installs a signal handler or
 * relies on a shutdown hook: to leave in order when the process is told to end, call {@link #close()} in a hook of your own; without it
 * the others take over as after a kill. After {@link #close()} every thread, socket and file is gone.
 *
 * @since 0.1.0
 */
public interface HaNode extends AutoCloseable {

    /** Starts a configuration. Found through {@link java.util.ServiceLoader}: {@code ha-membership} must be on the class path. */
    static HaNodeBuilder builder() {
        return HaNodeBuilder.create();
    }

    NodeId id();

    /** What this node is doing now. A snapshot; see {@link #listen} for changes. */
    NodeState state();

    /** Who can be reached. A hint: never a proof that somebody is dead. */
    Membership membership();

    /** Whether this node may rely on a majority. Separate from membership on purpose. */
    Quorum quorum();

    /** Groups of resources: registration, status, moves. */
    Resources resources();

    /** Leader election by name. */
    Elections elections();

    /** Names of the whole cluster, owned by live incarnations. */
    Names names();

    /** Barriers over the members that the cluster record names. */
    Barriers barriers();

    /** Recovery in order: what this node waits for, and users' steps in it. */
    Recovery recovery();

    /** What only a person may decide: standby, votes, a word for a node that is down, a lost majority. */
    Operator operator();

    /** Why groups are where they are, and where they would go. */
    Advisor advisor();

    /**
     * What the cluster survives and what it does not, for every single and every double fault, computed from the newest cluster record this
     * node knows, from its configuration and its host. Takes milliseconds, with nine nodes more than a second; compute it on a thread that
     * may wait. Written to the log at the start and on change, see also {@link HaEvent.AssumptionsChanged}.
     */
    Assumptions assumptions();

    /** What this node has turned away since it started, counted by reason. Never blocks; bind it to whatever shows your metrics. */
    Refusals refusals();

    /**
     * What this node measured of its own delays, against what its lease allows. Fresh to a tenth of a lease, except that a delay
     * which still lasts is included as it is now. Never blocks.
     */
    Stalls stalls();

    /** The decisions this node made or learned, and why; kept across restarts. */
    History history();

    /**
     * Health and measured values, for any registry. Never blocks. {@code org.understudy.ha.membership.micrometer.NodeMeters} binds them to one of
     * Micrometer's.
     */
    Metrics metrics();

    /**
     * Adds a listener. It is called on a thread of its own, never concurrently, first with the present state and then with
     * each change, in order; a slow listener gets the latest state of each subject, not every intermediate one, and delays
     * nobody.
     *
     * @return closing it ends the subscription
     */
    Subscription listen(Listener listener);

    /**
     * Leaves: stops every group and task, says so durably (so that others take over at once, with proof
     * {@link ProofKind#RELEASED}), and frees every thread, socket and file. What starts after others on this node stops before them, everything
     * else at once. Idempotent; bounded by the stop budgets, of groups that stop one after the other by their sum, plus about five seconds. What
     * could not be stopped in time stays blocked for the others until its lease is over.
     */
    @Override
    void close();

    /** Receives events; see {@link #listen}. */
    @FunctionalInterface
    interface Listener {
        void onEvent(HaEvent event);
    }

    /** A subscription that can be ended. Idempotent. */
    interface Subscription extends AutoCloseable {
        @Override
        void close();
    }
}
