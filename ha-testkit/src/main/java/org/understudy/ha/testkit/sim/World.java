package org.understudy.ha.testkit.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.WillVerifier;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.testkit.sim.Story.Setting;
import org.understudy.ha.testkit.sim.WorldOptions.Size;
import org.understudy.ha.testkit.sim.WorldOptions.Traits;
import org.understudy.ha.testkit.sim.check.BarrierPhases;
import org.understudy.ha.testkit.sim.check.Chain;
import org.understudy.ha.testkit.sim.check.Choice;
import org.understudy.ha.testkit.sim.check.Court;
import org.understudy.ha.testkit.sim.check.Ladders;
import org.understudy.ha.testkit.sim.check.Leases;
import org.understudy.ha.testkit.sim.check.Lemmas;
import org.understudy.ha.testkit.sim.check.NameOwners;
import org.understudy.ha.testkit.sim.check.Ownership;
import org.understudy.ha.testkit.sim.check.Placements;
import org.understudy.ha.testkit.sim.check.Punctuality;
import org.understudy.ha.testkit.sim.check.Recovery;
import org.understudy.ha.testkit.sim.check.SimGroup;
import org.understudy.ha.testkit.sim.check.Word;
import org.understudy.ha.testkit.sim.clock.SimClock;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.clock.Timeline;
import org.understudy.ha.testkit.sim.net.SimNetwork;

/**
 * A simulated cluster. Of standard size it has three nodes, serv1, serv2 and a witness, and four groups: {@code files} prefers
 * serv1, {@code mail} prefers serv2, {@code volume} cannot expire, {@code leader} is an election; larger worlds repeat these. Every
 * fourth seed draws groups with placement rules, copies and promoted roles instead, see {@link Arranged}. One
 * thread, one queue, no real clock; the seed decides everything.
 *
 * <p>A run has three parts: faults; then everything is healed and each group that can run must run within
 * {@link #RECOVERY} (longer where groups have rules) and must stay where it is for the rest.
 *
 * <p>Not thread-safe; one world is one run.
 */
public final class World {

    /** One millisecond in nanoseconds. */
    public static final long MILLI = Timeline.MILLI;
    /** How long recovery may take after everything is healed. */
    public static final long RECOVERY = 10_000 * MILLI;
    /** How much longer where groups have rules: they go home one after the other, each when it has been possible for long enough. */
    private static final long SETTLING = 5_000 * MILLI;
    /** How long everything must stay after that. */
    public static final long STAY = 5_000 * MILLI;

    /** When operators switch everything back after everything is healed: every node has joined by then. */
    private static final long HEAL_WORDS = 4_000 * MILLI;

    static final Timing TIMING = Timing.standard();
    static final String CLUSTER = "sim";
    private static final int TRACE_KEPT = 200;
    private static final int CLOCKS_BEYOND_BOUND_PPM = 300_000;

    private final WorldOptions options;
    private final Timeline time;
    private final List<NodeId> ids;
    private final int owners;
    private final List<SimGroup> groups;
    private final Size size;
    private final Traits traits;
    private final Registrations registrations;
    private final List<SimNode> nodes = new ArrayList<>();
    private final SimNetwork network;
    private final Court court;
    private final Ownership ownership;
    private final Chain chain;
    private final Placements placements;
    private final Choice choice;
    private final Word word;
    private final Leases leases;
    private final Lemmas lemmas;
    private final Punctuality punctuality;
    private final Recovery recovery;
    private final NameOwners names;
    private final BarrierPhases barriers;
    private final Ladders ladders;
    private final Chronicle chronicle;
    private final Operators operators = new Operators(this);
    private final SimWills wills = new SimWills();
    private final List<byte[]> oldWills = new ArrayList<>();
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private final Deque<String> trace = new ArrayDeque<>();
    private final Takeovers takeovers;
    private final List<Fault> faults;
    private long steps;
    private int failPerMille;

    /** Builds a world; nothing happens before {@link #run}. */
    public World(long seed, WorldOptions options) {
        this.options = options;
        this.time = new Timeline(seed, options.isCalm());
        this.traits = options.traits()
                .orElseGet(() -> options.only().isEmpty()
                        ? Swarm.traits(seed)
                        : Swarm.traits(seed).withoutRules());
        this.size = options.size().orElseGet(() -> traits.isArranged() ? Arranged.size(seed) : Swarm.size(seed));
        this.ids = Swarm.nodes(size);
        this.owners = size.owners();
        this.groups = Swarm.groups(seed, size, traits);
        this.registrations = new Registrations(groups, ids.size());
        this.court = new Court(time);
        this.ownership = new Ownership(court, groups, ids);
        this.chain = new Chain(court, groups, ids, ownership, traits.beginsOlder());
        this.placements = new Placements(court, groups, ids, ownership, this::count);
        this.choice = new Choice(court, placements::chosen);
        this.word = new Word(court);
        this.lemmas = new Lemmas(court, ids, TIMING);
        this.punctuality = new Punctuality(court, ids, TIMING);
        this.leases = new Leases(court, ids, TIMING.holderNanos());
        this.recovery = new Recovery(court, groups, ids, ownership, choice, placements);
        this.names = new NameOwners(court, ids, ownership);
        this.ladders = new Ladders(court);
        this.barriers = new BarrierPhases(court, SimApplication.BARRIER);
        this.chronicle = new Chronicle(time, options.isTelling());
        this.network = new SimNetwork(time, ids.size());
        this.takeovers = new Takeovers(this, groups.size());
        SimRandom random = new SimRandom(seed);
        for (int i = 0; i < ids.size(); i++) {
            nodes.add(new SimNode(this, i, ids.get(i), clock(random, i)));
        }
        this.faults = prepare(random);
    }

    private SimClock clock(SimRandom random, int node) {
        long offset = random.between(0, 1_000_000 * MILLI);
        long rate = random.between(-10_000, 10_001);
        boolean isExtreme = random.chance(300);
        if (options.isCalm()) {
            return new SimClock(offset, 0);
        }
        long ppm = isExtreme ? (rate < 0 ? -10_000 : 10_000) : rate;
        return new SimClock(
                offset, sabotage() == Sabotage.CLOCKS_BEYOND_BOUND && node > 0 ? CLOCKS_BEYOND_BOUND_PPM : ppm);
    }

    private List<Fault> prepare(SimRandom random) {
        int duplicates = random.chance(500) ? 0 : random.below(50);
        int stragglers = random.chance(500) ? 0 : random.below(20);
        network.weather(options.isCalm() ? 0 : duplicates, options.isCalm() ? 0 : stragglers);
        failPerMille = random.chance(700) || options.isCalm() ? 0 : random.below(80);
        for (SimNode node : nodes) {
            at(options.isCalm() ? 0 : random.between(0, 1_000 * MILLI), node::boot);
        }
        long heal = options.chaosNanos();
        List<Fault> all = options.script().orElseGet(() -> {
            long from = Math.min(1_500 * MILLI, heal / 2);
            List<Fault> drawn = Fault.plan(random, options, ids.size(), groups.size(), from, heal);
            if (traits.beginsOlder()) {
                drawn.addAll(Swarm.upgrades(seed(), ids.size(), from, heal));
                drawn.sort(Fault.IN_ORDER);
            }
            if (traits.isArranged() && options.only().isEmpty()) {
                drawn.addAll(Arranged.faults(seed(), ids.size(), groups.size(), from, heal));
                drawn.sort(Fault.IN_ORDER);
            }
            return drawn;
        });
        Nemesis nemesis = new Nemesis(this, network, operators);
        for (Fault fault : all) {
            at(fault.atNanos(), () -> {
                if (time.now() < heal) {
                    nemesis.strike(fault);
                }
            });
        }
        at(heal, this::heal);
        at(heal + HEAL_WORDS / 2, nemesis::vouch);
        if (!options.isBeyond()) {
            at(boundAt(), () -> recovery.bound(machines()));
            at(boundAt(), () -> ladders.bound(machines()));
            at(boundAt() + STAY, () -> recovery.stayed(machines()));
        }
        return all;
    }

    /** The faults of this run, drawn or scripted. */
    public List<Fault> faults() {
        return faults;
    }

    /** How large it is. */
    public Size size() {
        return size;
    }

    /** Everything that was drawn or asked for but the faults. */
    public Setting setting() {
        return new Setting(time.seed(), size(), traits, options.isCalm(), options.chaosNanos(), options.isBeyond());
    }

    /** What kind of world it is besides its size, drawn or asked for. */
    public Traits traits() {
        return traits;
    }

    /** Runs to the end or to the first violation. */
    public RunReport run() {
        long end = boundAt() + STAY;
        while (!court.isBroken() && time.advance(end)) {
            // Each event does its part.
        }
        court.violation().ifPresent(v -> trace(ids.get(0), () -> "VIOLATION " + v));
        counts.put("records chosen", (long) choice.chosen());
        counts.put("messages sent", network.sent());
        counts.put(
                "writes of disks",
                nodes.stream().mapToLong(node -> node.disk().writeCount()).sum());
        if (traits.isArranged()) {
            counts.merge("worlds with placement rules", 1L, Long::sum);
        }
        counts.merge("worlds of " + ids.size() + " nodes", 1L, Long::sum);
        if (traits.isWired()) {
            counts.merge("worlds that send real frames", 1L, Long::sum);
        }
        court.count(counts);
        return new RunReport(
                time.seed(),
                court.violation(),
                steps,
                Collections.unmodifiableSortedMap(counts),
                takeovers.gaps(),
                takeovers.starts(),
                takeovers.owners(),
                List.copyOf(trace),
                chronicle.lines());
    }

    /** When everything must have recovered. */
    private long boundAt() {
        return options.chaosNanos() + RECOVERY + (traits.isArranged() ? SETTLING : 0);
    }

    /** When everything is healed. */
    long healsAt() {
        return options.chaosNanos();
    }

    boolean isHealed() {
        return time.now() >= healsAt();
    }

    private void heal() {
        time.becomeCalm();
        trace(ids.get(0), () -> "EVERYTHING IS HEALED");
        tell("everything", () -> "is healed");
        network.heal();
        failPerMille = 0;
        registrations.agree();
        for (SimNode node : nodes) {
            node.heal();
        }
        in(HEAL_WORDS, () -> operators.healAll(nodes.get(0)));
        recovery.healed();
    }

    private List<Optional<NodeMachine>> machines() {
        return nodes.stream().map(SimNode::machine).toList();
    }

    // ---- wills ---------------------------------------------------------------------------------------------------

    void keepWill(byte[] will) {
        oldWills.add(will);
    }

    Optional<byte[]> oldWill(long luck) {
        return oldWills.isEmpty()
                ? Optional.empty()
                : Optional.of(oldWills.get((int) SimRandom.scale(luck, 0, oldWills.size())));
    }

    List<String> everythingThatRemains() {
        List<String> all = new ArrayList<>();
        groups.forEach(g -> all.addAll(g.remains()));
        return all;
    }

    /** Sends a will to everybody else. */
    void sendWill(SimNode from, byte[] will) {
        for (SimNode to : nodes) {
            if (to != from) {
                network.carry(from.index(), to.index(), () -> to.receiveWill(tampered(will)));
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
        return present == null ? will : SimWills.datagram(present, node.willKey(), everythingThatRemains());
    }

    // ---- for the parts -------------------------------------------------------------------------------------------

    long seed() {
        return time.seed();
    }

    long now() {
        return time.now();
    }

    Timeline time() {
        return time;
    }

    Sabotage sabotage() {
        return options.sabotage();
    }

    /** Whether more may be lost than a cluster is promised to survive. */
    boolean isBeyond() {
        return options.isBeyond();
    }

    /** Whether a node still runs the version before. */
    boolean hasOlder() {
        return traits.beginsOlder() && nodes.stream().anyMatch(SimNode::isOlder);
    }

    boolean failsStart(long draw) {
        return failPerMille > 0 && SimRandom.happens(draw, failPerMille);
    }

    List<NodeId> ids() {
        return ids;
    }

    int indexOf(NodeId id) {
        return ids.indexOf(id);
    }

    List<SimNode> nodes() {
        return nodes;
    }

    List<SimGroup> groups() {
        return groups;
    }

    boolean mayOwn(SimNode node) {
        return node.index() < owners;
    }

    /** With which rules a node registers a group when it starts; empty if it does not. */
    Optional<Placement> registration(SimNode node, SimGroup group) {
        return mayOwn(node) ? registrations.of(group, node.index()) : Optional.empty();
    }

    Registrations registrations() {
        return registrations;
    }

    SortedMap<String, Integer> capacity(int node) {
        return traits.isArranged() ? Arranged.capacity(seed(), node) : new TreeMap<>();
    }

    Court court() {
        return court;
    }

    Ownership ownership() {
        return ownership;
    }

    Chain chain() {
        return chain;
    }

    Placements placements() {
        return placements;
    }

    Choice choice() {
        return choice;
    }

    Word word() {
        return word;
    }

    Lemmas lemmas() {
        return lemmas;
    }

    Punctuality punctuality() {
        return punctuality;
    }

    Leases leases() {
        return leases;
    }

    NameOwners names() {
        return names;
    }

    BarrierPhases barriers() {
        return barriers;
    }

    Ladders ladders() {
        return ladders;
    }

    WillVerifier wills() {
        return wills;
    }

    void at(long when, Runnable event) {
        time.at(when, event);
    }

    void in(long delay, Runnable event) {
        time.in(delay, event);
    }

    void send(SimNode from, NodeId to, Message message) {
        SimNode target = nodes.get(ids.indexOf(to));
        Message arriving = traits.isWired() ? from.wire().carry(message) : message;
        boolean isOlder = from.isOlder();
        network.carry(from.index(), target.index(), () -> {
            if (isOlder == target.isOlder()) {
                target.receive(from.id(), arriving);
            } else {
                count("messages of another version refused");
            }
        });
    }

    void countStep() {
        steps++;
    }

    void count(String what) {
        counts.merge(what, 1L, Long::sum);
    }

    Takeovers takeovers() {
        return takeovers;
    }

    boolean isTracing() {
        return options.isTracing();
    }

    void trace(NodeId node, Supplier<String> event) {
        if (options.isTracing()) {
            trace.addLast(millis(now()) + " " + node + " " + event.get());
            if (trace.size() > TRACE_KEPT) {
                trace.removeFirst();
            }
        }
    }

    void tell(String who, Supplier<String> what) {
        if (options.isTelling()) {
            chronicle.add(who, what.get());
        }
    }

    void noticed(SimNode by, Notice notice) {
        trace(by.id(), () -> "   " + notice);
        if (options.isTelling()) {
            chronicle.add(notice);
        }
    }

    static String millis(long nanos) {
        return Timeline.millis(nanos);
    }

    static String brief(String text) {
        return text.length() <= 220 ? text : text.substring(0, 220) + "...";
    }
}
