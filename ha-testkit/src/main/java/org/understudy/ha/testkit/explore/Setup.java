package org.understudy.ha.testkit.explore;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Session;

/**
 * What a {@link Bound} bounds. Nodes are numbered; node 0 is called {@code a}. A builder: each method returns this.
 *
 * <p>Time goes in steps of one renewal interval and is the same everywhere: clocks that differ in rate are the simulator's business. A
 * machine is told of a step only when it is woken, so a node that is not woken is a paused one.
 */
final class Setup {

    static final long STEP_NANOS = Duration.ofMillis(100).toNanos();
    static final Ballot FIRST = new Ballot(1, "z/1");
    static final String GROUP = "g";

    private static final long EPOCH_NANOS = Duration.ofSeconds(1_000).toNanos();
    private static final long NONCE = 7;

    final List<NodeId> nodes = new ArrayList<>();
    private int leaseSteps = 1_000;
    private List<Integer> voters = List.of();
    private List<Integer> sessions = List.of();
    private List<Integer> live = List.of();
    private int owner = -1;
    private boolean stopsAtOnce;
    private final int[] ballots;
    private final int[] firstRenewal;
    private final int[] lastRenewal;
    private final List<List<Operation>> operations = new ArrayList<>();
    private final boolean[] hasSlowDisk;
    private final boolean[] mayPause;
    private final boolean[] mayCrash;
    private final boolean[] mayGoBack;
    int stepsMax;
    int crashesMax;
    private final List<Class<? extends Message>> carried = new ArrayList<>();
    private List<Class<? extends Message>> once = List.of();

    Setup(int count) {
        for (int i = 0; i < count; i++) {
            nodes.add(NodeId.of(String.valueOf((char) ('a' + i))));
            operations.add(List.of());
        }
        ballots = new int[count];
        firstRenewal = new int[count];
        lastRenewal = new int[count];
        hasSlowDisk = new boolean[count];
        mayPause = new boolean[count];
        mayCrash = new boolean[count];
        mayGoBack = new boolean[count];
        voters = new ArrayList<>();
        for (int i = 0; i < Math.min(3, count); i++) {
            voters.add(i);
        }
    }

    /** How many steps of time, and after how many of them in silence an acceptor lets a session go. */
    Setup steps(int most, int lease) {
        stepsMax = most;
        leaseSteps = lease;
        return this;
    }

    /** These have a session in the first record; those in {@code alive} run it, the others are never heard of it. */
    Setup sessions(List<Integer> named, List<Integer> alive) {
        sessions = named;
        live = alive;
        return this;
    }

    /** This node holds a group that others could run too. */
    Setup owner(int node) {
        owner = node;
        return this;
    }

    /** What a group is ordered to stop has stopped at once. */
    Setup stopsAtOnce() {
        stopsAtOnce = true;
        return this;
    }

    /**
     * How many ballots a node may begin, those that nobody was asked to promise among them; it believes itself the controller if any. What it
     * would say under further ones is lost.
     */
    Setup ballots(int node, int most) {
        ballots[node] = most;
        return this;
    }

    /** Which renewals of a node are sent, counted from 1; others are lost. */
    Setup renewals(int node, int first, int last) {
        firstRenewal[node] = first;
        lastRenewal[node] = last;
        return this;
    }

    /** What an operator may ask at a node, one after the other, whenever. */
    Setup operations(int node, Operation... asked) {
        operations.set(node, List.of(asked));
        return this;
    }

    /** These nodes' writes take any time to be durable; the others' none. */
    Setup slowDisks(int... who) {
        Arrays.stream(who).forEach(node -> hasSlowDisk[node] = true);
        return this;
    }

    /** These nodes may miss steps of time; the others are woken at each. */
    Setup pauses(int... who) {
        Arrays.stream(who).forEach(node -> mayPause[node] = true);
        return this;
    }

    /** So many crashes in all, of these nodes, each followed by a restart; any number of unfinished writes is lost. */
    Setup crashes(int most, int... who) {
        crashesMax = most;
        Arrays.stream(who).forEach(node -> mayCrash[node] = true);
        return this;
    }

    /** A copy of this node's disk is taken at any time; a crash at any later time brings it back, and then nobody vouches for it. */
    Setup goesBack(int node) {
        mayGoBack[node] = true;
        return crashes(1, node);
    }

    /** Messages of this kind arrive at most once each time they are sent. */
    Setup once(Class<? extends Message> kind) {
        once = List.of(kind);
        return this;
    }

    /** All other kinds of messages are lost. */
    @SafeVarargs
    final Setup carries(Class<? extends Message>... kinds) {
        for (Class<? extends Message> kind : kinds) {
            carried.add(kind);
        }
        return this;
    }

    /** An operator's switch: something for a record to say that another does not. */
    static Operation standby(String node) {
        return new Operation(Operation.Kind.STANDBY, NodeId.of(node), 0, "somebody", "to try");
    }

    static Operation admit(int node) {
        return new Operation(
                Operation.Kind.ADMIT, NodeId.of(String.valueOf((char) ('a' + node))), 0, "somebody", "to try");
    }

    // ---- read by the explorer ------------------------------------------------------------------------------------

    int ballots(int node) {
        return ballots[node];
    }

    boolean isRenewed(int node, long sequence) {
        return firstRenewal[node] <= sequence && sequence <= lastRenewal[node];
    }

    List<Operation> operations(int node) {
        return operations.get(node);
    }

    boolean hasSlowDisk(int node) {
        return hasSlowDisk[node];
    }

    boolean mayPause(int node) {
        return mayPause[node];
    }

    boolean mayCrash(int node) {
        return mayCrash[node];
    }

    boolean mayGoBack(int node) {
        return mayGoBack[node];
    }

    boolean arrivesOnce(Message message) {
        return once.contains(message.getClass());
    }

    boolean carries(Message message) {
        return carried.contains(message.getClass());
    }

    boolean hasStopsAtOnce() {
        return stopsAtOnce;
    }

    /** Who holds the group in the first record; negative for nobody. */
    int owner() {
        return owner;
    }

    boolean isOffered(int node) {
        return owner >= 0 && live.contains(node);
    }

    /** Whether the node runs a session; otherwise it does not want one and only votes. */
    boolean isAlive(int node) {
        return live.contains(node);
    }

    boolean isVoter(int node) {
        return voters.contains(node);
    }

    long nanos(int step) {
        return EPOCH_NANOS + step * STEP_NANOS;
    }

    /** The guard is a step: timers between two steps are not late. */
    Timing timing() {
        return new Timing(
                Duration.ofNanos(leaseSteps * STEP_NANOS),
                Duration.ofNanos(STEP_NANOS),
                0,
                Duration.ofNanos(STEP_NANOS));
    }

    /** By what a life's requests are told from others'; only the first life of a node that is alive knows the session in the record. */
    long nonce(int node, int life) {
        return live.contains(node) && life == 0 ? NONCE : NONCE + 1_000 * (life + 1);
    }

    String disk(int node) {
        return "disk-" + nodes.get(node);
    }

    AcceptorId acceptor(int node) {
        return new AcceptorId(nodes.get(node), disk(node));
    }

    Candidacy candidacy() {
        return new Candidacy(List.of(), false, true, "", Presence.ABSENT, true, List.of());
    }

    /** What everybody has accepted and knows to be chosen when it begins. */
    ClusterRecord first() {
        ClusterRecord record =
                ClusterRecord.first("bound", voters.stream().map(this::acceptor).toList());
        TreeMap<NodeId, Session> living = new TreeMap<>();
        TreeMap<NodeId, Long> issued = new TreeMap<>();
        for (int node : sessions) {
            SortedMap<String, Candidacy> offer = new TreeMap<>();
            if (isOffered(node)) {
                offer.put(GROUP, candidacy());
            }
            Incarnation incarnation = new Incarnation(nodes.get(node), 1);
            int version = offer.isEmpty() ? 0 : 1;
            living.put(
                    nodes.get(node),
                    new Session(incarnation, NONCE, disk(node), HostIdentity.UNKNOWN, "", version, offer));
            issued.put(nodes.get(node), 1L);
        }
        record = record.withSessions(living, issued, List.of());
        if (owner < 0) {
            return record;
        }
        Grant grant =
                new Grant(new Incarnation(nodes.get(owner), 1), 1, ProofKind.NEVER, Optional.empty(), true, List.of());
        TreeMap<String, GroupRecord> groups = new TreeMap<>();
        groups.put(GROUP, GroupRecord.NEW.withGrant(grant));
        return record.withGroups(groups, 1);
    }
}
