package org.understudy.ha.testkit.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.WillVerifier;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * A simulated cluster of three nodes, serv1, serv2 and a witness, with four groups: {@code files} prefers serv1, {@code mail}
 * prefers serv2, {@code volume} cannot expire, {@code leader} is an election. One thread, one queue, no real clock; the seed
 * decides everything.
 *
 * <p>A run has three parts: faults; then everything is healed and each group that can run must run within
 * {@link #RECOVERY} and must stay where it is for the rest.
 *
 * <p>Not thread-safe; one world is one run.
 */
public final class World {

    /** One millisecond in nanoseconds. */
    public static final long MILLI = 1_000_000L;
    /** How long recovery may take after everything is healed. */
    public static final long RECOVERY = 10_000 * MILLI;

    static final long ONE_WAY = 150 * MILLI / 1000;
    static final long FSYNC = MILLI;
    private static final long STAY = 5_000 * MILLI;
    private static final int TRACE_KEPT = 200;
    private static final int STARTS_AFTER_HEAL_MAX = 4;

    private final long seed;
    private final WorldOptions options;
    private final EventQueue queue = new EventQueue();
    private final List<NodeId> ids = List.of(NodeId.of("serv1"), NodeId.of("serv2"), NodeId.of("witness"));
    private final List<SimGroup> groups;
    private final List<SimNode> nodes = new ArrayList<>();
    private final SimNetwork network;
    private final Ownership ownership;
    private final Chain chain = new Chain(this);
    private final SimWills wills = new SimWills();
    private final List<byte[]> oldWills = new ArrayList<>();
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private final Deque<String> trace = new ArrayDeque<>();
    private final List<Long> gaps = new ArrayList<>();
    private final long[] ownerLostAt;
    private final int[] startsAtHeal;
    private long now;
    private long steps;
    private int failPerMille;
    private boolean isHealed;
    private @Nullable Violation violation;

    /** Builds a world; nothing happens before {@link #run}. */
    public World(long seed, WorldOptions options) {
        this.seed = seed;
        this.options = options;
        NodeId serv1 = ids.get(0);
        NodeId serv2 = ids.get(1);
        this.groups = List.of(
                new SimGroup(0, "files", List.of(serv1, serv2), false, true, List.of("address files")),
                new SimGroup(1, "mail", List.of(serv2, serv1), false, true, List.of("address mail")),
                new SimGroup(2, "volume", List.of(serv1, serv2), false, false, List.of()),
                new SimGroup(3, "leader", List.of(), true, true, List.of()));
        this.network = new SimNetwork(this, ids.size());
        this.ownership = new Ownership(this, groups.size(), ids.size());
        this.ownerLostAt = new long[groups.size()];
        this.startsAtHeal = new int[groups.size()];
        SimRandom random = new SimRandom(seed);
        for (int i = 0; i < ids.size(); i++) {
            nodes.add(new SimNode(this, i, ids.get(i), clock(random, i)));
        }
        prepare(random);
    }

    private SimClock clock(SimRandom random, int node) {
        long offset = random.between(0, 1_000_000 * MILLI);
        long rate = random.between(-10_000, 10_001);
        if (options.isCalm()) {
            return new SimClock(offset, 0);
        }
        boolean isExtreme = random.chance(300);
        long ppm = isExtreme ? (rate < 0 ? -10_000 : 10_000) : rate;
        return new SimClock(offset, sabotage() == Sabotage.CLOCKS_BEYOND_BOUND && node > 0 ? 300_000 : ppm);
    }

    private void prepare(SimRandom random) {
        int duplicates = random.chance(500) ? 0 : random.below(50);
        int stragglers = random.chance(500) ? 0 : random.below(20);
        network.weather(options.isCalm() ? 0 : duplicates, options.isCalm() ? 0 : stragglers);
        failPerMille = random.chance(700) || options.isCalm() ? 0 : random.below(80);
        for (SimNode node : nodes) {
            at(options.isCalm() ? 0 : random.between(0, 1_000 * MILLI), node::boot);
        }
        List<Fault> drawn = Fault.plan(random, options.only(), ids.size(), 1_500 * MILLI, options.chaosNanos());
        for (Fault fault : options.script().orElse(drawn)) {
            at(fault.atNanos(), () -> strike(fault));
        }
        at(options.chaosNanos(), this::heal);
        at(options.chaosNanos() + RECOVERY, () -> checkRecovered("recovered"));
        at(options.chaosNanos() + RECOVERY + STAY, () -> checkRecovered("stayed"));
    }

    /** Runs to the end or to the first violation. */
    public RunReport run() {
        long end = options.chaosNanos() + RECOVERY + STAY;
        while (violation == null && !queue.isEmpty() && queue.nextTime() <= end) {
            now = queue.nextTime();
            queue.remove().run();
        }
        counts.put("records chosen", (long) chain.length());
        return new RunReport(
                seed,
                Optional.ofNullable(violation),
                steps,
                Collections.unmodifiableSortedMap(counts),
                List.copyOf(gaps),
                List.copyOf(trace));
    }

    // ---- faults --------------------------------------------------------------------------------------------------

    private void strike(Fault fault) {
        SimNode node = nodes.get(fault.node());
        SimNode other = nodes.get(fault.other());
        boolean isOwner = groups.stream().anyMatch(g -> ownership.acts(g, node));
        count("fault " + fault.kind());
        trace(node.id(), () -> "FAULT " + fault);
        if (isOwner && node.isUp()) {
            count("fault " + fault.kind() + " at an owner");
            for (SimGroup group : groups) {
                if (group.isExpirable() && ownership.acts(group, node)) {
                    ownerLostAt[group.index()] = now;
                }
            }
        }
        switch (fault.kind()) {
            case CRASH -> {
                node.crash(true, fault.salt());
                in(fault.lengthNanos(), node::boot);
            }
            case CRASH_UNSEEN -> {
                node.crash(false, fault.salt());
                in(fault.lengthNanos(), node::boot);
            }
            case POWER_OFF -> {
                node.powerOff();
                in(fault.lengthNanos(), node::boot);
            }
            case BLACKOUT -> {
                for (SimNode each : nodes) {
                    each.powerOff();
                    in(fault.lengthNanos() + each.index() * (fault.salt() & 0xFF) * MILLI, each::boot);
                }
            }
            case PAUSE -> node.pause(fault.lengthNanos());
            case ISOLATE -> {
                for (SimNode peer : nodes) {
                    cut(node, peer, fault);
                    cut(peer, node, fault);
                }
            }
            case MUTE -> {
                for (SimNode peer : nodes) {
                    cut(node, peer, fault);
                }
            }
            case CUT_PAIR -> {
                cut(node, other, fault);
                cut(other, node, fault);
            }
            case CUT_ONE_WAY -> cut(node, other, fault);
            case SLOW_DISK -> node.disk().slowUntil(now + fault.lengthNanos());
            case SLOW_NETWORK -> network.slow(now + fault.lengthNanos());
            case SLOW_INBOUND -> network.slowInbound(fault.node(), now + fault.lengthNanos());
            case LOSS -> network.lose((int) SimRandom.scale(fault.salt(), 50, 500), now + fault.lengthNanos());
            case MOVE -> {
                SimGroup group = groups.get((int) SimRandom.scale(fault.salt(), 0, groups.size()));
                NodeId target = ids.get((int) SimRandom.scale(fault.salt() + 1, 0, 2));
                node.input(new Input.MoveWanted(now, group.name(), target));
            }
            case LEAVE -> node.leave();
            case FORGED_WILL -> forgeWill(node, fault.salt());
            case LATE_WILL -> {
                if (!oldWills.isEmpty()) {
                    byte[] will = oldWills.get((int) SimRandom.scale(fault.salt(), 0, oldWills.size()));
                    sendWill(node, will);
                }
            }
            case ODD_VIEW -> {
                List<NodeId> view = new ArrayList<>(ids);
                Collections.rotate(view, (int) SimRandom.scale(fault.salt(), 0, 3));
                if (SimRandom.happens(fault.salt() + 1, 500)) {
                    view.removeIf(id -> !id.equals(node.id()) && SimRandom.happens(fault.salt() + 2, 500));
                }
                node.input(new Input.ViewChanged(view));
            }
            case DOUBT -> node.input(new Input.ClockDoubted("simulated"));
            case GROUP_FAILS -> {
                SimGroup group = groups.get((int) SimRandom.scale(fault.salt(), 0, groups.size()));
                node.failGroup(group, SimRandom.happens(fault.salt() + 1, 500) ? Severity.SOFT : Severity.HARD);
            }
            case VETO -> {
                SimGroup group = groups.get((int) SimRandom.scale(fault.salt(), 0, groups.size()));
                node.input(new Input.EligibilityChanged(group.name(), false, "simulated veto"));
                in(fault.lengthNanos(), () -> node.input(new Input.EligibilityChanged(group.name(), true, "")));
            }
        }
    }

    private void cut(SimNode from, SimNode to, Fault fault) {
        network.cut(from.index(), to.index(), now + fault.lengthNanos());
    }

    private void forgeWill(SimNode victim, long salt) {
        Incarnation who = victim.guarded();
        if (who == null) {
            return;
        }
        List<String> everything = new ArrayList<>();
        groups.forEach(g -> everything.addAll(g.remains()));
        // A guardian signs only at death, so nobody has the right key and the right incarnation of a living node.
        boolean isWrongKey = who.number() == 1 || SimRandom.happens(salt, 500);
        byte[] will = isWrongKey
                ? SimWills.datagram(who, "forged", everything)
                : SimWills.datagram(new Incarnation(who.node(), who.number() - 1), victim.willKey(), everything);
        sendWill(victim, will);
    }

    void keepWill(byte[] will) {
        oldWills.add(will);
    }

    /** Sends a will to everybody else. */
    void sendWill(SimNode from, byte[] will) {
        for (SimNode to : nodes) {
            if (to != from) {
                network.carry(from.index(), to.index(), () -> to.input(new Input.WillArrived(tampered(will))));
            }
        }
    }

    private byte[] tampered(byte[] will) {
        if (sabotage() != Sabotage.WILL_OF_ANOTHER_LIFE) {
            return will;
        }
        NodeId author = wills.author(will).orElseThrow().node();
        SimNode node = nodes.get(ids.indexOf(author));
        Incarnation present = node.guarded();
        List<String> gone = new ArrayList<>();
        groups.forEach(g -> gone.addAll(g.remains()));
        return present == null ? will : SimWills.datagram(present, node.willKey(), gone);
    }

    private void heal() {
        isHealed = true;
        trace(ids.get(0), () -> "EVERYTHING IS HEALED");
        network.heal();
        failPerMille = 0;
        for (SimNode node : nodes) {
            node.disk().slowUntil(0);
            node.resume();
            node.boot();
            node.input(new Input.ViewChanged(ids));
        }
        for (SimGroup group : groups) {
            startsAtHeal[group.index()] = ownership.starts(group);
        }
    }

    private void checkRecovered(String what) {
        for (SimGroup group : groups) {
            if (ownership.owner(group) < 0 && !isExcused(group)) {
                violated(Checker.RECOVERY, group.name() + " runs nowhere, should have " + what + why(group));
            }
            int startsSince = ownership.starts(group) - startsAtHeal[group.index()];
            boolean isLate = ownership.lastStart(group) > options.chaosNanos() + RECOVERY;
            if (isLate || startsSince > STARTS_AFTER_HEAL_MAX) {
                violated(
                        Checker.RECOVERY,
                        group.name() + " does not settle: " + startsSince
                                + " starts since everything was healed, last at " + millis(ownership.lastStart(group))
                                + " ms");
            }
        }
    }

    private String why(SimGroup group) {
        StringBuilder why = new StringBuilder();
        for (SimNode node : nodes) {
            NodeMachine machine = node.machine();
            why.append("; ").append(node.id()).append(' ');
            if (machine == null) {
                why.append("down");
            } else {
                why.append(machine.state())
                        .append(' ')
                        .append(machine.incarnation())
                        .append(' ');
                machine.learned()
                        .ifPresent(r -> why.append('#')
                                .append(r.number())
                                .append(' ')
                                .append(r.groups().get(group.name())));
            }
        }
        return why.toString();
    }

    /** A group may rightly run nowhere: nothing proves its last holder gone, or every node has reason not to start it. */
    private boolean isExcused(SimGroup group) {
        Optional<ClusterRecord> newest = Optional.empty();
        for (SimNode node : nodes) {
            NodeMachine machine = node.machine();
            if (machine != null && machine.learned().isPresent()) {
                ClusterRecord known = machine.learned().get();
                newest = newest.filter(r -> r.number() >= known.number()).or(() -> Optional.of(known));
            }
        }
        if (newest.isEmpty() || newest.get().sessions().size() < ids.size()) {
            return false;
        }
        ClusterRecord record = newest.get();
        Optional<GroupRecord> state = Optional.ofNullable(record.groups().get(group.name()));
        Optional<Grant> standing = state.flatMap(GroupRecord::grant).filter(Grant::stands);
        if (standing.isPresent()) {
            boolean isUnproved =
                    !group.isExpirable() && !record.isLive(standing.get().holder());
            if (isUnproved) {
                count("groups that wait for a proof");
            }
            return isUnproved;
        }
        boolean isEligible = false;
        for (Session session : record.sessions().values()) {
            isEligible |= session.candidacies().containsKey(group.name())
                    && session.candidacies().get(group.name()).isEligible();
        }
        if (!isEligible) {
            count("groups held after failures");
        }
        return !isEligible;
    }

    // ---- for the parts -------------------------------------------------------------------------------------------

    long seed() {
        return seed;
    }

    long now() {
        return now;
    }

    Sabotage sabotage() {
        return options.sabotage();
    }

    /** Whether delays are constant: asked for, or after everything was healed. */
    boolean isCalm() {
        return options.isCalm() || isHealed;
    }

    boolean failsStart(long draw) {
        return failPerMille > 0 && SimRandom.happens(draw, failPerMille);
    }

    List<NodeId> ids() {
        return ids;
    }

    List<SimNode> nodes() {
        return nodes;
    }

    List<SimGroup> groups() {
        return groups;
    }

    Ownership ownership() {
        return ownership;
    }

    Chain chain() {
        return chain;
    }

    WillVerifier wills() {
        return wills;
    }

    void at(long time, Runnable event) {
        queue.add(time, event);
    }

    void in(long delay, Runnable event) {
        queue.add(now + delay, event);
    }

    void send(SimNode from, NodeId to, Message message) {
        network.send(from, nodes.get(ids.indexOf(to)), message);
    }

    void countStep() {
        steps++;
    }

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    /** A group acts from now on; notes how long nobody acted after a fault at its owner. */
    void began(SimGroup group) {
        if (ownerLostAt[group.index()] > 0) {
            gaps.add(now - ownerLostAt[group.index()]);
            ownerLostAt[group.index()] = 0;
        }
    }

    void violated(Checker checker, String detail) {
        if (violation == null) {
            violation = new Violation(checker, now, detail);
            trace(ids.get(0), () -> "VIOLATION " + violation);
        }
    }

    boolean isTracing() {
        return options.isTracing();
    }

    void trace(NodeId node, Supplier<String> event) {
        if (options.isTracing()) {
            trace.addLast(millis(now) + " " + node + " " + event.get());
            if (trace.size() > TRACE_KEPT) {
                trace.removeFirst();
            }
        }
    }

    static String millis(long nanos) {
        return nanos / MILLI + "." + (nanos % MILLI) / 100_000;
    }

    static String brief(String text) {
        return text.length() <= 220 ? text : text.substring(0, 220) + "...";
    }
}
