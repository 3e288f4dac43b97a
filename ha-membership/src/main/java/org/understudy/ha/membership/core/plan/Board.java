package org.understudy.ha.membership.core.plan;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.Target;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

/**
 * Who is where, what is left of each node, and what the rules say of a group on a node. Numbers stand for names, so that a thousand groups on
 * a hundred nodes are looked through in milliseconds. Pure; says nothing of proofs.
 *
 * <p>A group takes its room from its grant until that is over, and where it is asked to go as well.
 */
final class Board {

    /** No group, node or rule. */
    static final int NONE = -1;

    private static final String AND = ", and ";

    private static final int[] NOBODY = {};
    private static final Candidacy[] NOT_LOOKED = {};
    /** Of so many groups in a hundred the offers are looked up one by one; of more, all at once. */
    private static final int FEW_PERCENT = 12;

    private final SortedMap<NodeId, Session> sessions;
    private final SortedSet<NodeId> standby;
    private final SortedSet<Target> maintenance;
    private final boolean isMaintained;
    private final Set<NodeId> reachable;
    private final Predicate<Session> isOut;

    private final String[] names;
    private final GroupRecord[] states;
    private final Links[] links;
    private final boolean hasRules;
    private final NodeId[] nodes;
    private final @Nullable Session[] living;
    private final boolean[] isOpen;
    private final boolean[] isReachable;
    private final int[] holder;
    private final int[] target;
    private final int[] running;
    private final Candidacy[][] rows;

    private String[] kinds = {};
    private long[][] capacity = {};
    private long[][] load = {};

    /**
     * @param isOut sessions that are granted nothing although they stand
     * @param reachable nodes that are granted something
     */
    Board(
            SortedMap<NodeId, Session> sessions,
            SortedMap<String, GroupRecord> groups,
            SortedSet<NodeId> standby,
            SortedSet<Target> maintenance,
            Predicate<Session> isOut,
            Set<NodeId> reachable) {
        this.sessions = sessions;
        this.standby = standby;
        this.maintenance = maintenance;
        this.isMaintained = !maintenance.isEmpty();
        this.reachable = reachable;
        this.isOut = isOut;
        int size = groups.size();
        this.names = groups.keySet().toArray(new String[0]);
        this.states = groups.values().toArray(new GroupRecord[0]);
        this.links = new Links[size];
        this.holder = new int[size];
        this.target = new int[size];
        this.rows = new Candidacy[size][];
        boolean isRuled = false;
        TreeSet<NodeId> known = new TreeSet<>(sessions.keySet());
        for (int g = 0; g < size; g++) {
            rows[g] = NOT_LOOKED;
            isRuled |= !states[g].rules().isNone();
            states[g]
                    .grant()
                    .filter(Grant::stands)
                    .ifPresent(grant -> known.add(grant.holder().node()));
            states[g].moveTo().ifPresent(known::add);
        }
        this.hasRules = isRuled;
        this.nodes = known.toArray(new NodeId[0]);
        this.living = new Session[nodes.length];
        this.isOpen = new boolean[nodes.length];
        this.isReachable = new boolean[nodes.length];
        this.running = new int[nodes.length];
        for (int n = 0; n < nodes.length; n++) {
            NodeId node = nodes[n];
            Session session = sessions.get(node);
            living[n] = session;
            isOpen[n] = session != null && !standby.contains(node) && !isOut.test(session);
            isReachable[n] = reachable.contains(node);
        }
        if (hasRules) {
            tie();
        }
        for (int g = 0; g < size; g++) {
            holder[g] = holderOf(states[g]);
            target[g] = targetOf(states[g]);
            take(g, holder[g], 1);
            if (target[g] != holder[g]) {
                take(g, target[g], 1);
            }
        }
        if (hasRules) {
            contradict();
        }
    }

    /** The board of a record in which everybody can be reached. */
    static Board of(ClusterRecord record) {
        return new Board(
                record.sessions(),
                record.groups(),
                record.standby(),
                record.maintenance(),
                session -> false,
                record.sessions().keySet());
    }

    // ---- what ties groups ----------------------------------------------------------------------------------------

    private void tie() {
        Map<String, int[]> families = Links.families(names);
        TreeSet<String> named = new TreeSet<>();
        for (int g = 0; g < names.length; g++) {
            if (!states[g].rules().isNone()) {
                links[g] = new Links(states[g].rules());
                named.addAll(states[g].rules().placement().needs().keySet());
            }
        }
        kinds = named.toArray(new String[0]);
        measure();
        for (int g = 0; g < names.length; g++) {
            Links own = links[g];
            if (own != null && !own.rules.isNone()) {
                tie(g, own, families);
            }
        }
        restPromoted(families);
        findCircles();
        rankAll();
    }

    private void contradict() {
        Contradictions contradictions = new Contradictions(links, g -> holder[g] != NONE && isMaintained(g));
        for (int g = 0; g < names.length; g++) {
            if (links[g] != null) {
                links[g].contradiction = contradictions.of(g).orElse(null);
            }
        }
    }

    /** A promoted role is where a copy is: whoever waits for it waits for its copies. */
    private void restPromoted(Map<String, int[]> families) {
        families.forEach((family, copies) -> {
            int promoted = number(Part.promoted(family));
            if (promoted != NONE) {
                linksOf(promoted).rests = new int[][] {copies};
            }
            for (int i = 0; promoted != NONE && i < copies.length; i++) {
                linksOf(copies[i]).dependents = Links.add(linksOf(copies[i]).dependents, promoted);
            }
        });
    }

    private void measure() {
        capacity = new long[nodes.length][kinds.length];
        load = new long[nodes.length][kinds.length];
        for (int n = 0; n < nodes.length; n++) {
            Session session = living[n];
            for (int k = 0; session != null && k < kinds.length; k++) {
                capacity[n][k] = session.capacity().getOrDefault(kinds[k], 0);
            }
        }
    }

    private void tie(int g, Links own, Map<String, int[]> families) {
        var said = own.rules.placement();
        own.with = members(g, said.with(), families);
        own.after = members(g, said.after(), families);
        for (int[] each : own.with) {
            for (int other : each) {
                linksOf(other).followers = Links.add(linksOf(other).followers, g);
            }
        }
        for (int[] each : own.after) {
            for (int other : each) {
                linksOf(other).dependents = Links.add(linksOf(other).dependents, g);
            }
        }
        for (int[] each : members(g, said.apart(), families)) {
            for (int other : each) {
                own.apart = Links.add(own.apart, other);
                linksOf(other).apart = Links.add(linksOf(other).apart, g);
            }
        }
        for (int[] each : members(g, said.preferWith(), families)) {
            for (int other : each) {
                own.near = Links.add(own.near, other);
            }
        }
        for (int[] each : members(g, said.preferApart(), families)) {
            for (int other : each) {
                own.far = Links.add(own.far, other);
                linksOf(other).far = Links.add(linksOf(other).far, g);
            }
        }
        int size = said.needs().size();
        own.kinds = new int[size];
        own.weights = new int[size];
        int i = 0;
        for (Map.Entry<String, Integer> need : said.needs().entrySet()) {
            own.kinds[i] = Arrays.binarySearch(kinds, need.getKey());
            own.weights[i++] = need.getValue();
        }
    }

    private Links linksOf(int g) {
        if (links[g] == null) {
            links[g] = new Links(Rules.NONE);
        }
        return links[g];
    }

    private int[][] members(int g, Collection<String> called, Map<String, int[]> families) {
        int[][] all = new int[called.size()][];
        int i = 0;
        for (String name : called) {
            int[] found = Links.named(number(name), families.getOrDefault(name, NOBODY));
            all[i++] = Arrays.stream(found).filter(other -> other != g).toArray();
        }
        return all;
    }

    private void findCircles() {
        int[][] firsts = new int[names.length][];
        int[][] befores = new int[names.length][];
        boolean isTied = false;
        for (int g = 0; g < names.length; g++) {
            Links own = links[g];
            befores[g] = own == null ? NOBODY : flat(own.after);
            firsts[g] = own == null ? NOBODY : join(flat(own.with), befores[g]);
            isTied |= firsts[g].length > 0;
        }
        if (!isTied) {
            return;
        }
        int[] circle = Circles.of(firsts);
        int[] afterCircle = Circles.of(befores);
        for (int g = 0; g < names.length; g++) {
            if (links[g] != null) {
                links[g].circle = circle[g];
                links[g].afterCircle = afterCircle[g];
            }
        }
    }

    private static int[] flat(int[][] all) {
        return all.length == 0
                ? NOBODY
                : Arrays.stream(all).flatMapToInt(Arrays::stream).toArray();
    }

    private static int[] join(int[] a, int[] b) {
        if (a.length == 0 || b.length == 0) {
            return a.length == 0 ? b : a;
        }
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    /** Whoever is waited for is as urgent as whoever waits, and comes before it. */
    private void rankAll() {
        int[] layers = new int[names.length];
        boolean isNews = true;
        for (int round = 0; isNews && round <= names.length; round++) {
            isNews = false;
            for (int g = 0; g < names.length; g++) {
                Links own = links[g];
                if (own != null) {
                    isNews |= raise(own, own.followers);
                    isNews |= raise(own, own.dependents);
                    isNews |= stack(own);
                    isNews |= deepen(own, own.with);
                    isNews |= deepen(own, own.after);
                    isNews |= rise(own, own.with, layers);
                    isNews |= rise(own, own.after, layers);
                    isNews |= rise(own, own.rests, layers);
                    isNews |= order(own);
                }
            }
        }
    }

    /** As {@link #deepen}, but the whole of a circle rises with each of it. */
    private boolean rise(Links own, int[][] rules, int[] layers) {
        if (rules.length == 0 && own.circle == NONE) {
            return false;
        }
        int layer = own.circle == NONE ? own.layer : Math.max(own.layer, layers[own.circle]);
        for (int[] each : rules) {
            for (int other : each) {
                boolean isCircle = own.circle != NONE && links[other].circle == own.circle;
                layer = isCircle ? layer : Math.max(layer, links[other].layer + 1);
            }
        }
        if (own.circle != NONE) {
            layers[own.circle] = layer;
        }
        boolean isNews = layer != own.layer;
        own.layer = layer;
        return isNews;
    }

    private boolean order(Links own) {
        int before = own.order;
        for (int[] each : own.after) {
            for (int other : each) {
                boolean isCircle = own.afterCircle != NONE && links[other].afterCircle == own.afterCircle;
                own.order = isCircle ? own.order : Math.max(own.order, links[other].order + 1);
            }
        }
        return own.order != before;
    }

    private boolean raise(Links own, int[] waiting) {
        int before = own.priority;
        for (int other : waiting) {
            own.priority = Math.max(own.priority, links[other].priority);
        }
        return own.priority != before;
    }

    private boolean stack(Links own) {
        int before = own.stack;
        for (int[] each : own.with) {
            for (int other : each) {
                boolean isCircle = own.circle != NONE && links[other].circle == own.circle;
                own.stack = isCircle ? own.stack : Math.max(own.stack, stack(other));
            }
        }
        return own.stack != before;
    }

    private boolean deepen(Links own, int[][] first) {
        int before = own.depth;
        for (int[] each : first) {
            for (int other : each) {
                boolean isCircle = own.circle != NONE && links[other].circle == own.circle;
                own.depth = isCircle ? own.depth : Math.max(own.depth, links[other].depth + 1);
            }
        }
        return own.depth != before;
    }

    // ---- what is where -------------------------------------------------------------------------------------------

    private int holderOf(GroupRecord state) {
        return state.grant()
                .filter(Grant::stands)
                .map(grant -> nodeNumber(grant.holder().node()))
                .orElse(NONE);
    }

    private int targetOf(GroupRecord state) {
        return state.moveTo().map(this::nodeNumber).orElse(NONE);
    }

    /** What has become of a group. */
    void update(int g, GroupRecord state) {
        take(g, holder[g], -1);
        if (target[g] != holder[g]) {
            take(g, target[g], -1);
        }
        states[g] = state;
        holder[g] = holderOf(state);
        target[g] = targetOf(state);
        take(g, holder[g], 1);
        if (target[g] != holder[g]) {
            take(g, target[g], 1);
        }
    }

    private void take(int g, int n, int times) {
        if (n == NONE) {
            return;
        }
        running[n] += times;
        Links own = links[g];
        for (int i = 0; own != null && i < own.kinds.length; i++) {
            load[n][own.kinds[i]] += (long) times * own.weights[i];
        }
    }

    /** Keeps a node free for a group that waits until others have made room. */
    void reserve(int g, int n) {
        if (target[g] != n) {
            take(g, n, 1);
            target[g] = n;
        }
    }

    boolean hasRules() {
        return hasRules;
    }

    int size() {
        return names.length;
    }

    int nodes() {
        return nodes.length;
    }

    String name(int g) {
        return names[g];
    }

    /** What to call it to somebody who knows the group. */
    String title(int g) {
        return Part.title(names[g]);
    }

    NodeId node(int n) {
        return nodes[n];
    }

    /** The number of a group; {@link #NONE} if there is no such group. */
    int number(String group) {
        return Math.max(NONE, Arrays.binarySearch(names, group));
    }

    int nodeNumber(NodeId node) {
        return Math.max(NONE, Arrays.binarySearch(nodes, node));
    }

    GroupRecord state(int g) {
        return states[g];
    }

    @Nullable
    Links links(int g) {
        return links[g];
    }

    @Nullable
    Session session(int n) {
        return living[n];
    }

    int holder(int g) {
        return holder[g];
    }

    int target(int g) {
        return target[g];
    }

    int runningOn(int n) {
        return running[n];
    }

    /** The urgency of a group; 0 unless it or what waits for it says otherwise. */
    int priority(int g) {
        return links[g] == null ? 0 : links[g].priority;
    }

    /** What a group, and all that follow it, are ordered by: the number of the last of those that it follows and that follow nobody. */
    int stack(int g) {
        return links[g] == null || links[g].stack == NONE ? g : links[g].stack;
    }

    int depth(int g) {
        return links[g] == null ? 0 : links[g].depth;
    }

    /** Of two of one priority, the one of the lower layer stays if both cannot, and of one layer the one that starts first. */
    int layer(int g) {
        return links[g] == null ? 0 : links[g].layer;
    }

    int order(int g) {
        return links[g] == null ? 0 : links[g].order;
    }

    /** Where it will be; {@link #NONE} if it runs nowhere, or is about to stop without going anywhere. */
    int place(int g) {
        if (holder[g] == NONE) {
            return NONE;
        }
        if (target[g] != NONE && target[g] != holder[g]) {
            return target[g];
        }
        return states[g].held().isEmpty() ? holder[g] : NONE;
    }

    /** Whether it is, or is about to come, there. */
    private boolean occupies(int g, int n) {
        return holder[g] == n || target[g] == n;
    }

    /** Whether somebody who stands granted it is there to hear what is decided about it. */
    boolean isLive(int g) {
        Session session = holder[g] == NONE ? null : living[holder[g]];
        return session != null
                && session.incarnation().equals(states[g].grant().orElseThrow().holder());
    }

    /** Whether it was told to stop where it is: to go elsewhere, because a rule says so, or because its node is on standby. */
    boolean isToStop(int g) {
        return holder[g] != NONE
                && (!states[g].held().isEmpty()
                        || target[g] != NONE && target[g] != holder[g]
                        || isOnStandby(holder[g]) && !isMaintained(g));
    }

    /** Whether it goes on where it is until it can be started where it goes. */
    private boolean isGoing(int g) {
        return states[g].held().isEmpty() && target[g] != NONE && target[g] != holder[g];
    }

    boolean isOnStandby(int node) {
        return standby.contains(nodes[node]);
    }

    /** Whether decisions about it are an operator's for now. */
    boolean isMaintained(int g) {
        if (!isMaintained || names[g].startsWith(Planner.ELECTION_PREFIX)) {
            return false;
        }
        return Planner.isMaintained(maintenance, names[g])
                || holder[g] != NONE && maintenance.contains(Target.node(nodes[holder[g]]));
    }

    // ---- who could run what --------------------------------------------------------------------------------------

    /** Looks up at once who offers what, if that is cheaper than group by group. */
    void lookUp(int waiting) {
        if (waiting * 100L < (long) names.length * FEW_PERCENT) {
            return;
        }
        for (int g = 0; g < names.length; g++) {
            rows[g] = new Candidacy[nodes.length];
        }
        for (int n = 0; n < nodes.length; n++) {
            Session session = living[n];
            int g = 0;
            // Both are in the order of their names.
            for (Map.Entry<String, Candidacy> entry : session == null
                    ? new TreeMap<String, Candidacy>().entrySet()
                    : session.candidacies().entrySet()) {
                int order = -1;
                while (g < names.length && (order = names[g].compareTo(entry.getKey())) < 0) {
                    g++;
                }
                if (order == 0) {
                    rows[g][n] = entry.getValue();
                }
            }
        }
    }

    private Candidacy[] row(int g) {
        if (rows[g] == NOT_LOOKED) {
            Candidacy[] row = new Candidacy[nodes.length];
            for (int n = 0; n < nodes.length; n++) {
                Session session = living[n];
                row[n] = session == null ? null : session.candidacies().get(names[g]);
            }
            rows[g] = row;
        }
        return rows[g];
    }

    /** What a node offers of a group. */
    @Nullable
    Candidacy offer(int g, int n) {
        return row(g)[n];
    }

    /** Whether the node offers to run it now, by the rules of the record, and may be granted something. */
    boolean isCandidate(int g, int n) {
        Candidacy offer = row(g)[n];
        return offer != null && offer.isEligible() && isOpen[n] && isByTheRules(g, offer) && !isLeftAlone(g, n);
    }

    /** Whether the node is an operator's for now. Elections go on. */
    private boolean isLeftAlone(int g, int n) {
        return isMaintained
                && maintenance.contains(Target.node(nodes[n]))
                && !names[g].startsWith(Planner.ELECTION_PREFIX);
    }

    /** Whether the node offers it with other rules than the record's. */
    boolean isOfferedOtherwise(int g, int n) {
        Candidacy offer = row(g)[n];
        return offer != null && !isByTheRules(g, offer);
    }

    private boolean isByTheRules(int g, Candidacy offer) {
        return offer.rules() == states[g].rules().digest();
    }

    boolean isReachable(int n) {
        return isReachable[n];
    }

    /** Whether no rule keeps it from running there, as things stand. */
    boolean isAllowed(int g, int n) {
        return links[g] == null
                || !isContradictory(g) && apartAt(g, n) == NONE && missingAt(g, n) == NONE && shortAt(g, n) == NONE;
    }

    /** Whether the rules let it run on no node, whatever else runs where. */
    boolean isContradictory(int g) {
        return links[g] != null && links[g].contradiction != null;
    }

    /** As {@link #isAllowed}, for one that goes first: those in its circle follow it there. */
    boolean isAllowedFirst(int g, int n) {
        if (links[g] == null) {
            return true;
        }
        return !isContradictory(g)
                && apartAt(g, n) == NONE
                && missingBesideCircle(g, n) == NONE
                && shortAt(g, n) == NONE
                && (links[g].circle == NONE || leftBehind(g, n, links[g].circle) == 0);
    }

    boolean isOneCircle(int g, int other) {
        return links[g].circle != NONE && links[other] != null && links[other].circle == links[g].circle;
    }

    /** Whether a rule that {@link #missingAt} found is only about those who wait for it as much as it for them. */
    boolean isOfCircle(int g, int rule) {
        Links own = links[g];
        if (own.circle == NONE || rule >= own.with.length) {
            return own.circle != NONE;
        }
        boolean isOfCircle = false;
        for (int other : own.with[rule]) {
            boolean isIn = links[other].circle == own.circle;
            if (!isIn && place(other) != NONE) {
                return false;
            }
            isOfCircle |= isIn;
        }
        return isOfCircle;
    }

    /** The group that it must be apart from and that is there. */
    int apartAt(int g, int n) {
        for (int other : links[g].apart) {
            if (occupies(other, n)) {
                return other;
            }
        }
        return NONE;
    }

    /** The place in {@link Links#kinds} of a capacity of which that node has not enough left for it. */
    int shortAt(int g, int n) {
        Links own = links[g];
        for (int i = 0; i < own.kinds.length; i++) {
            int k = own.kinds[i];
            long others = load[n][k] - (occupies(g, n) ? own.weights[i] : 0);
            if (others + own.weights[i] > capacity[n][k]) {
                return i;
            }
        }
        return NONE;
    }

    long capacity(int n, int kind) {
        return capacity[n][kind];
    }

    /** How much of a capacity is left on a node; negative if more runs there than it has room for. */
    long free(int n, int kind) {
        return capacity[n][kind] - load[n][kind];
    }

    String kind(int kind) {
        return kinds[kind];
    }

    int kinds() {
        return kinds.length;
    }

    /** Whether one of those that a rule found by {@link #missingAt} is about stands granted to nobody. */
    boolean mayBePlaced(int g, int rule) {
        Links own = links[g];
        int[] about = rule < own.with.length ? own.with[rule] : NOBODY;
        for (int other : about) {
            if (holder[other] == NONE) {
                return true;
            }
        }
        return false;
    }

    /**
     * Which rule to be with somebody is broken there: the place in {@link Links#with}, or beyond those, of one in the same circle that
     * follows it. In a circle whoever is placed first decides for the others.
     */
    int missingAt(int g, int n) {
        int missing = missingWith(g, n, true);
        return missing == NONE ? missingFollower(g, n) : missing;
    }

    /** As {@link #missingAt}, of the rules that are not only about those in its circle. */
    int missingBesideCircle(int g, int n) {
        return missingWith(g, n, false);
    }

    private int missingWith(int g, int n, boolean isOfCircleMeant) {
        Links own = links[g];
        for (int r = 0; r < own.with.length; r++) {
            boolean isThere = false;
            boolean isPlaced = false;
            boolean isCircle = false;
            for (int other : own.with[r]) {
                int place = place(other);
                isThere |= place == n;
                isPlaced |= place != NONE;
                isCircle |= own.circle != NONE && links[other].circle == own.circle;
            }
            if (!isThere && (isPlaced || !isCircle) && (isOfCircleMeant || !isOfCircle(g, r))) {
                return r;
            }
        }
        return NONE;
    }

    private int missingFollower(int g, int n) {
        Links own = links[g];
        for (int f = 0; own.circle != NONE && f < own.followers.length; f++) {
            int other = own.followers[f];
            int place = place(other);
            if (links[other].circle == own.circle && place != NONE && place != n && isWithOnly(other, g, place)) {
                return own.with.length + f;
            }
        }
        return NONE;
    }

    /** Whether a group that must be with another has nobody but that one to satisfy it where it is. */
    private boolean isWithOnly(int g, int other, int here) {
        for (int[] each : links[g].with) {
            boolean isNamed = false;
            boolean isThere = false;
            for (int member : each) {
                isNamed |= member == other;
                isThere |= member != other && place(member) == here;
            }
            if (isNamed && !isThere) {
                return true;
            }
        }
        return false;
    }

    /** The place in {@link Links#after} of a group that does not run yet, so that this one is not started. */
    int notRunning(int g) {
        Links own = links[g];
        for (int r = 0; own != null && r < own.after.length; r++) {
            boolean runs = false;
            for (int other : own.after[r]) {
                runs |= runs(other);
            }
            if (!runs) {
                return r;
            }
        }
        return NONE;
    }

    /** The place in {@link Links#after} of a group that has stopped, is about to, or was started again since, so that this one is stopped. */
    int ended(int g) {
        return ended(g, false);
    }

    /** As {@link #ended}, for one that goes elsewhere itself: what does so too runs until this one has stopped. */
    int endedBefore(int g) {
        return ended(g, true);
    }

    private int ended(int g, boolean isLeaving) {
        Links own = links[g];
        if (own == null || own.after.length == 0) {
            return NONE;
        }
        long token = states[g].grant().orElseThrow().token();
        for (int r = 0; r < own.after.length; r++) {
            boolean stands = false;
            for (int other : own.after[r]) {
                boolean isStaying = !isToStop(other) || isLeaving && isGoing(other);
                stands |= holder[other] != NONE
                        && isStaying
                        && states[other].grant().orElseThrow().token() < token;
            }
            if (!stands) {
                return r;
            }
        }
        return NONE;
    }

    /** Whether one that runs only while this one does, and is to stop with it, has not stopped yet. Whoever is not there to stop it is not waited for. */
    boolean isNeeded(int g) {
        Links own = g == NONE ? null : links[g];
        for (int i = 0; own != null && i < own.dependents.length; i++) {
            int other = own.dependents[i];
            boolean isCircle = own.afterCircle != NONE && links[other].afterCircle == own.afterCircle;
            if (isLive(other) && !isCircle && !isMaintained(other) && ended(other) != NONE) {
                return true;
            }
        }
        return false;
    }

    /** Whether it would leave if the other did. */
    boolean restsOn(int g, int other) {
        return links[g] != null
                && links[other] != null
                && leavingWith(List.of(other)).get(g);
    }

    /** These, and whatever runs only while one of them does, or while one of those does. */
    BitSet leavingWith(Collection<Integer> leaving) {
        BitSet all = new BitSet(names.length);
        ArrayDeque<Integer> next = new ArrayDeque<>(leaving);
        leaving.forEach(all::set);
        while (!next.isEmpty()) {
            Links own = links[next.remove()];
            for (int other : own == null ? NOBODY : join(own.followers, own.dependents)) {
                if (holder[other] != NONE && !all.get(other) && !isMaintained(other) && leavesWith(other, all)) {
                    all.set(other);
                    next.add(other);
                }
            }
        }
        return all;
    }

    /** Whether all that one of its rules leaves it to be with here, or to start after, leave. */
    private boolean leavesWith(int g, BitSet leaving) {
        Links own = links[g];
        for (int[] each : own.after) {
            if (isLast(each, leaving, first -> holder[first] != NONE)) {
                return true;
            }
        }
        for (int[] each : own.with) {
            if (isLast(each, leaving, first -> holder[first] == holder[g] && !isApart(own, first))) {
                return true;
            }
        }
        return Part.roleOf(names[g]) == Role.PROMOTED
                && leaving.stream()
                        .anyMatch(copy -> holder[copy] == holder[g]
                                && Part.roleOf(names[copy]) == Role.COPY
                                && Part.groupOf(names[copy]).equals(Part.groupOf(names[g])));
    }

    /** Whether some of these are meant, and all of those leave. */
    private static boolean isLast(int[] each, BitSet leaving, IntPredicate isMeant) {
        boolean isAny = false;
        for (int first : each) {
            if (isMeant.test(first)) {
                if (!leaving.get(first)) {
                    return false;
                }
                isAny = true;
            }
        }
        return isAny;
    }

    private static boolean isApart(Links own, int other) {
        return Arrays.stream(own.apart).anyMatch(each -> each == other);
    }

    private boolean runs(int g) {
        if (holder[g] == NONE || isToStop(g)) {
            return false;
        }
        Session session = living[holder[g]];
        Candidacy offer =
                session == null || !isLive(g) ? null : session.candidacies().get(names[g]);
        return offer != null && offer.runs() == states[g].grant().orElseThrow().token();
    }

    /** How many that must follow it could not, or would find no room, there. */
    int leftBehind(int g, int n) {
        return leftBehind(g, n, NONE);
    }

    private int leftBehind(int g, int n, int circle) {
        Links own = links[g];
        if (own == null || own.followers.length == 0) {
            return 0;
        }
        int left = 0;
        long[] wanted = new long[kinds.length];
        count(wanted, own, occupies(g, n) ? 0 : 1);
        for (int other : own.followers) {
            Links follower = links[other];
            if (circle != NONE && follower.circle != circle) {
                continue;
            }
            boolean fits = isCandidate(other, n) && (apartAt(other, n) == NONE || occupies(other, n));
            boolean isThere = occupies(other, n);
            for (int i = 0; fits && !isThere && i < follower.kinds.length; i++) {
                int k = follower.kinds[i];
                fits = wanted[k] + follower.weights[i] <= free(n, k);
            }
            if (fits && !isThere) {
                count(wanted, follower, 1);
            }
            left += fits ? 0 : 1;
        }
        return left;
    }

    private static void count(long[] wanted, Links own, int times) {
        for (int i = 0; i < own.kinds.length; i++) {
            wanted[own.kinds[i]] += (long) times * own.weights[i];
        }
    }

    /** How little it would like to be there: fewer is better. */
    int dislike(int g, int n) {
        Links own = links[g];
        int dislike = 0;
        for (int other : own.far) {
            dislike += place(other) == n ? 1 : 0;
        }
        for (int other : own.near) {
            dislike -= place(other) == n ? 1 : 0;
        }
        return dislike;
    }

    // ---- in words ------------------------------------------------------------------------------------------------

    /** Everything that keeps it from running on a node, one sentence without an end; empty if it could. */
    Optional<String> whyNot(int g, int n) {
        NodeId node = nodes[n];
        Session session = living[n];
        if (session == null) {
            return Optional.of(node + " is not in the cluster now");
        }
        Candidacy offer = row(g)[n];
        if (offer == null) {
            return Optional.of(node + " has not registered it");
        }
        List<String> all = new ArrayList<>();
        if (!isByTheRules(g, offer)) {
            all.add(node + " registered it with other placement rules than it was first: register it alike everywhere");
        }
        if (standby.contains(node)) {
            all.add(node + " is on standby");
        }
        if (!offer.isEligible()) {
            all.add(node + ": " + offer.whyNot());
        }
        if (isLeftAlone(g, n)) {
            all.add(node + " is in maintenance");
        }
        if (isOut.test(session)) {
            all.add(node + " is leaving, or its process has ended");
        }
        if (!isReachable[n]) {
            all.add(node + " is not heard now");
        }
        all.addAll(rulesAgainst(g, n));
        return joined(all);
    }

    /** What {@link #whyNot} says, for somebody who reads the node's name beside it. */
    static String withoutNode(NodeId node, String why) {
        String named = node + ": ";
        String rest = why.startsWith(named) ? why.substring(named.length()) : why;
        return rest.replace(AND + named, AND);
    }

    /** Which rules keep it from running on a node, one sentence without an end; empty if none does. */
    Optional<String> ruleAgainst(int g, int n) {
        return joined(rulesAgainst(g, n));
    }

    private static Optional<String> joined(List<String> all) {
        return all.isEmpty() ? Optional.empty() : Optional.of(String.join(AND, all));
    }

    private List<String> rulesAgainst(int g, int n) {
        List<String> all = new ArrayList<>();
        Links own = links[g];
        if (own == null) {
            return all;
        }
        if (isContradictory(g)) {
            return List.of(contradiction(g).orElseThrow());
        }
        int apart = apartAt(g, n);
        if (apart != NONE && !isSaidByVeto(g, apart, n)) {
            all.add(nodes[n] + ": it must be apart from " + title(apart) + ", which "
                    + (holder[apart] == n ? "is there" : "is about to come there"));
        }
        int beside = missingBesideCircle(g, n);
        int missing = beside == NONE ? missingAt(g, n) : beside;
        if (missing != NONE) {
            all.add(nodes[n] + ": " + missing(own, missing));
        }
        int little = shortAt(g, n);
        if (little != NONE) {
            int k = own.kinds[little];
            long left = free(n, k) + (occupies(g, n) ? own.weights[little] : 0);
            all.add(nodes[n] + " has " + Math.max(0, left) + " of its " + capacity[n][k] + " " + kinds[k]
                    + " left, and it needs " + own.weights[little]);
        }
        return all;
    }

    /** Whether it is another copy of the same group, and the node itself says already that it is there. */
    private boolean isSaidByVeto(int g, int apart, int n) {
        Candidacy offer = row(g)[n];
        return offer != null
                && !offer.isEligible()
                && holder[apart] == n
                && Part.groupOf(names[apart]).equals(Part.groupOf(names[g]));
    }

    /** Which rules let it run on no node, whatever else runs where; empty if they do not. */
    Optional<String> contradiction(int g) {
        Contradictions.Pair pair = links[g] == null ? null : links[g].contradiction;
        if (pair == null) {
            return Optional.empty();
        }
        String one = title(pair.one()) + way(pair.toOne());
        String other = title(pair.other()) + way(pair.toOther());
        String with = pair.one() == g
                ? other + ", which must be apart from it"
                : pair.other() == g
                        ? one + ", which must be apart from it"
                        : one + " and with " + other + ", which must be apart";
        return Optional.of("it can run nowhere: it must be with " + with + "; take one of these rules away");
    }

    private String way(List<Integer> by) {
        return by.isEmpty()
                ? ""
                : " (by way of "
                        + String.join(", ", by.stream().map(this::title).toList()) + ")";
    }

    /** The rule to be with somebody that {@link #missingAt} found. */
    String missing(Links own, int rule) {
        if (rule >= own.with.length) {
            int other = own.followers[rule - own.with.length];
            return "it must be with " + title(other) + ", which is on " + nodes[place(other)];
        }
        String called = List.copyOf(own.rules.placement().with()).get(rule);
        if (own.with[rule].length == 0) {
            return "it must be with " + called + ", which nobody has registered";
        }
        List<String> places = new ArrayList<>();
        for (int other : own.with[rule]) {
            if (place(other) != NONE) {
                places.add(nodes[place(other)].value());
            }
        }
        return "it must be with " + called
                + (places.isEmpty() ? ", which runs nowhere" : ", which is on " + String.join(", ", places));
    }

    /** The rule to start after somebody that {@link #notRunning} or {@link #ended} found. */
    String waitsFor(int g, int rule) {
        Links own = links[g];
        String called = List.copyOf(own.rules.placement().after()).get(rule);
        if (own.after[rule].length == 0) {
            return "it starts after " + called + ", which nobody has registered";
        }
        if (own.afterCircle != NONE
                && Arrays.stream(own.after[rule]).allMatch(other -> links[other].afterCircle == own.afterCircle)) {
            return "it starts after itself: " + circle(g) + "; take one of these rules away";
        }
        for (int other : own.after[rule]) {
            if (isToStop(other)) {
                return "it runs only while " + title(other) + " does, which "
                        + (isGoing(other)
                                ? "moves to " + nodes[target[other]] + " once that has made ready"
                                : "is about to stop");
            }
        }
        return "it starts after " + called + ", which does not run";
    }

    /** The groups that start after one another in a circle. */
    private String circle(int g) {
        List<String> path = new ArrayList<>();
        int at = g;
        for (int i = 0; i <= names.length; i++) {
            path.add(title(at));
            int next = NONE;
            for (int[] each : links[at].after) {
                for (int other : each) {
                    boolean isIn = links[other].afterCircle == links[g].afterCircle;
                    boolean isEnd = other == g;
                    next = isIn && (next == NONE || isEnd || path.contains(title(next))) ? other : next;
                }
            }
            at = next;
            if (at == NONE || path.contains(title(at))) {
                break;
            }
        }
        return String.join(" after ", path) + " after " + title(at == NONE ? g : at);
    }

    /** Nodes with a session, in the order of their names. */
    List<Integer> present() {
        List<Integer> present = new ArrayList<>();
        for (int n = 0; n < nodes.length; n++) {
            if (living[n] != null) {
                present.add(n);
            }
        }
        return present;
    }

    /** What is left on a node of each capacity that it declares, and of what groups need beside those. */
    SortedMap<String, Integer> freeOf(int n) {
        Session session = living[n];
        TreeMap<String, Integer> free = session == null ? new TreeMap<>() : new TreeMap<>(session.capacity());
        for (int k = 0; k < kinds.length; k++) {
            free.put(kinds[k], (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, free(n, k))));
        }
        return free;
    }

    SortedMap<NodeId, Session> sessions() {
        return sessions;
    }

    Set<NodeId> reachable() {
        return reachable;
    }
}
