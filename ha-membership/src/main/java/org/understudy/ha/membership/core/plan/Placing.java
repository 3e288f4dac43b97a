package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Sentence;

/**
 * Decides where groups go: in which order they are placed and on which node each, which of those that run must move or stop because a rule
 * says so, and which may go home. Pure and deterministic. Whether a group may be granted at all is the {@link Planner}'s, with its proofs.
 *
 * <p>Nothing is moved that no rule moves: what runs where it may stays there, and a node is looked for only for what runs nowhere or must
 * leave. What must leave and finds no other node is held: it stops, and waits. Of two that cannot both stay, the one of lower priority leaves,
 * of equals the one further along a chain of {@code with} and {@code after}, and else the one granted later.
 */
final class Placing {

    private static final int NONE = Board.NONE;
    private static final int SAID_MAX = 5;

    private final Board board;
    /** Whoever stays if both cannot, and is looked at first therefore: what leaves itself puts off nobody. What leaves takes along what follows it. */
    private final Comparator<Integer> stayingFirst;

    private final SortedMap<String, GroupRecord> groups;
    private final List<Notice> notices;
    private final SortedMap<String, SortedSet<NodeId>> steady;
    private final SortedMap<String, PlacementPolicy> policies;
    private final SortedMap<String, ? extends SortedSet<NodeId>> barred;
    /** What makes room for others, and why. */
    private final TreeMap<Integer, String> making = new TreeMap<>();
    /** What is told to stop in this plan and was not before. */
    private final TreeSet<Integer> newlyHeld = new TreeSet<>();

    /**
     * @param groups what it decides shows here
     * @param notices and here in words
     * @param barred where a group is not placed, whatever the rules say
     * @param steady nodes that could have run a group for as long as its failback asks
     */
    Placing(
            Board board,
            SortedMap<String, GroupRecord> groups,
            List<Notice> notices,
            SortedMap<String, SortedSet<NodeId>> steady,
            SortedMap<String, PlacementPolicy> policies,
            SortedMap<String, ? extends SortedSet<NodeId>> barred) {
        this.board = board;
        this.groups = groups;
        this.notices = notices;
        this.steady = steady;
        this.policies = policies;
        this.barred = barred;
        this.stayingFirst = Comparator.<Integer>comparingInt(board::priority)
                .reversed()
                .thenComparingInt(board::layer)
                .thenComparingInt(board::order)
                .thenComparingLong(this::token);
    }

    /** One that decides nothing, and is asked why. */
    Placing(Board board) {
        this(board, new TreeMap<>(), new ArrayList<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
    }

    // ---- what runs nowhere -----------------------------------------------------------------------------------------

    /** What stands granted to nobody and may be, the most urgent first, nothing before what it follows, and of equals what follows directly after. */
    List<Integer> waiting() {
        List<Integer> waiting = new ArrayList<>();
        for (int g = 0; g < board.size(); g++) {
            if (board.holder(g) == NONE && board.state(g).fatal().isEmpty()) {
                waiting.add(g);
            }
        }
        if (board.hasRules()) {
            waiting.sort(urgency());
        }
        board.lookUp(waiting.size());
        return waiting;
    }

    private Comparator<Integer> urgency() {
        return Comparator.<Integer>comparingInt(board::priority)
                .reversed()
                .thenComparingInt(board::stack)
                .thenComparingInt(board::depth)
                .thenComparing(Comparator.naturalOrder());
    }

    /** Why it may be started on no node now, whatever that node is; empty if it may. */
    Optional<String> obstacle(int g) {
        if (board.isMaintained(g)) {
            return Optional.of("an operator has it in maintenance");
        }
        if (board.state(g).grant().isEmpty()) {
            Optional<String> difference = differing(board, g);
            if (difference.isPresent()) {
                return difference;
            }
        }
        int first = board.notRunning(g);
        return board.contradiction(g)
                .or(() -> first == NONE ? Optional.empty() : Optional.of(board.waitsFor(g, first)));
    }

    /** Who offers a group with other rules than the record's, one sentence; empty if nobody does. */
    private static Optional<String> differing(Board board, int g) {
        List<String> others = new ArrayList<>();
        for (int n = 0; n < board.nodes(); n++) {
            if (board.isOfferedOtherwise(g, n)) {
                others.add(board.node(n).value());
            }
        }
        return others.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        "before its first start the nodes must agree: they register it with different placement rules, "
                                + Sentence.few(others) + " otherwise than it was first: register it alike everywhere");
    }

    /** Why no node can run it now, one sentence. */
    static String noCandidate(Board board, int g) {
        List<String> parts = new ArrayList<>();
        int more = 0;
        boolean isRegistered = false;
        for (int n = 0; n < board.nodes(); n++) {
            if (board.offer(g, n) != null) {
                isRegistered = true;
                if (parts.size() < SAID_MAX) {
                    board.whyNot(g, n).ifPresent(parts::add);
                } else {
                    more++;
                }
            }
        }
        if (!isRegistered) {
            parts.add("no node that is in the cluster now has registered it");
        }
        if (more > 0) {
            parts.add("and so on, " + more + " more");
        }
        return "no node can start it now" + (parts.isEmpty() ? "" : "; " + String.join("; ", parts));
    }

    /**
     * The node where it is to be started; {@link Board#NONE} if there is none: where it was asked to move to, else by what follows it, then
     * by what it would like to be with or apart from, then by its policy or the default order. For the promoted role its score comes first: the
     * highest position has what was acknowledged, whoever else would be left behind.
     */
    int choose(int g) {
        int target = board.target(g);
        if (target != NONE && isPossible(g, target)) {
            return target;
        }
        return best(g, NONE);
    }

    private boolean isPossible(int g, int n) {
        return board.isCandidate(g, n) && board.isReachable(n) && board.isAllowed(g, n) && !isBarred(g, n);
    }

    private boolean isBarred(int g, int n) {
        return !barred.isEmpty()
                && barred.containsKey(board.name(g))
                && barred.get(board.name(g)).contains(board.node(n));
    }

    /** The best node for it but that one. */
    private int best(int g, int not) {
        Order order = null;
        boolean isByScore = Part.roleOf(board.name(g)) == Role.PROMOTED;
        int best = NONE;
        int bestLeft = 0;
        int bestDislike = 0;
        Links own = board.links(g);
        for (int n = 0; n < board.nodes(); n++) {
            if (n == not || !isPossible(g, n)) {
                continue;
            }
            if (order == null) {
                order = new Order(g, not != NONE);
            }
            int left = own == null ? 0 : board.leftBehind(g, n);
            int dislike = own == null ? 0 : board.dislike(g, n);
            int byOrder = best == NONE ? NONE : order.compare(n, best);
            boolean isBetter = best == NONE
                    || (isByScore && byOrder != 0
                            ? byOrder < 0
                            : left < bestLeft
                                    || left == bestLeft && dislike < bestDislike
                                    || left == bestLeft && dislike == bestDislike && byOrder < 0);
            if (isBetter) {
                best = n;
                bestLeft = left;
                bestDislike = dislike;
            }
        }
        return best;
    }

    /**
     * The default order of nodes: the one that had it, if nodes are preferred, then those, then the highest score, then the one that had it,
     * then by name. A policy orders otherwise.
     */
    private final class Order implements Comparator<Integer> {
        private final int g;
        private final int last;
        private final boolean isPreferring;
        private final int[] rank;

        private Order(int g, boolean isLeaving) {
            this.g = g;
            this.last = isLeaving
                    ? NONE
                    : board.state(g)
                            .grant()
                            .map(grant -> board.nodeNumber(grant.holder().node()))
                            .orElse(NONE);
            this.rank = new int[board.nodes()];
            java.util.Arrays.fill(rank, Integer.MAX_VALUE);
            List<NodeId> preferred = preferred(g);
            this.isPreferring = !preferred.isEmpty();
            for (int i = preferred.size() - 1; i >= 0; i--) {
                int n = board.nodeNumber(preferred.get(i));
                if (n != NONE) {
                    rank[n] = i;
                }
            }
            if (isPreferring && last != NONE) {
                rank[last] = NONE;
            }
            policy().ifPresent(this::ask);
        }

        private Optional<PlacementPolicy> policy() {
            String called = board.state(g).rules().placement().policy();
            if (called.isEmpty()) {
                return Optional.empty();
            }
            PlacementPolicy policy = policies.get(called);
            if (policy == null) {
                say(
                        g,
                        Reason.POLICY_UNKNOWN,
                        "the node that decides has no policy " + called + ": the default order is used");
            }
            return Optional.ofNullable(policy);
        }

        private void ask(PlacementPolicy policy) {
            String called = board.state(g).rules().placement().policy();
            List<Integer> possible = new ArrayList<>();
            for (int n = 0; n < board.nodes(); n++) {
                if (isPossible(g, n)) {
                    possible.add(n);
                }
            }
            if (possible.isEmpty()) {
                return;
            }
            possible.sort(this);
            List<PlacementPolicy.Choice> choices = new ArrayList<>();
            for (int n : possible) {
                choices.add(new PlacementPolicy.Choice(board.node(n), board.runningOn(n), board.freeOf(n), score(n)));
            }
            Optional<NodeId> before =
                    board.state(g).grant().map(grant -> grant.holder().node());
            try {
                List<NodeId> ranked = List.copyOf(policy.rank(
                        board.name(g),
                        new PlacementPolicy.Snapshot(board.state(g).rules().placement(), before, choices)));
                for (int i = ranked.size() - 1; i >= 0; i--) {
                    int n = board.nodeNumber(ranked.get(i));
                    if (n != NONE) {
                        rank[n] = Integer.MIN_VALUE + i;
                    }
                }
            } catch (RuntimeException | Error e) {
                // It is an application's, and one that fails must not keep anything from being placed.
                say(
                        g,
                        Reason.POLICY_UNKNOWN,
                        "policy " + called + " failed, the default order is used: " + Policies.words(e));
            }
        }

        private long score(int n) {
            Candidacy offer = board.offer(g, n);
            return offer == null ? 0 : offer.priority();
        }

        @Override
        public int compare(Integer a, Integer b) {
            if (rank[a] != rank[b]) {
                return Integer.compare(rank[a], rank[b]);
            }
            int byScore = Long.compare(score(b), score(a));
            if (byScore != 0) {
                return byScore;
            }
            if ((a == last) != (b == last)) {
                return a == last ? -1 : 1;
            }
            return Integer.compare(a, b);
        }
    }

    /** What the nodes prefer; where they differ, the last by name counts. */
    private List<NodeId> preferred(int g) {
        for (int n = board.nodes() - 1; n >= 0; n--) {
            if (board.isCandidate(g, n) && board.isReachable(n)) {
                Candidacy offer = board.offer(g, n);
                if (offer != null) {
                    return offer.preferred();
                }
            }
        }
        return List.of();
    }

    // ---- making room -----------------------------------------------------------------------------------------------

    /** Who has to leave a node, how many stop for that which do not already, with whatever leaves with them, and the most urgent of those. */
    private record Room(int node, List<Integer> leaving, int fresh, int worst) {}

    /**
     * Looks for a node that those of lower priority could leave to it, and keeps that room for it.
     *
     * @param isFree whether what it needs beside room is to be had there
     * @return whether there is one
     */
    boolean makeRoom(int g, Predicate<Candidacy> isFree) {
        if (!board.hasRules() || board.links(g) == null) {
            return false;
        }
        Room best = null;
        Order order = null;
        for (int n = 0; n < board.nodes(); n++) {
            Candidacy offer = board.offer(g, n);
            boolean isTried = offer != null && isFree.test(offer) && board.isCandidate(g, n) && board.isReachable(n);
            Room room = isTried && board.missingAt(g, n) == NONE ? roomOn(g, n) : null;
            if (room == null) {
                continue;
            }
            if (order == null) {
                order = new Order(g, false);
            }
            if (best == null || isBetter(room, best, order)) {
                best = room;
            }
        }
        if (best == null) {
            return false;
        }
        for (int other : best.leaving) {
            // What is no less urgent leaves for a reason of its own, and in its own time.
            if (board.priority(other) < board.priority(g)) {
                making.put(other, "it makes room for " + board.title(g) + ", which has a higher priority");
            }
        }
        GroupRecord state = board.state(g);
        if (board.target(g) != NONE && board.target(g) != best.node) {
            changed(g, state.withMoveTo(Optional.empty()));
        }
        board.reserve(g, best.node);
        return true;
    }

    /** Who would leave a node to it by priority if it could run nowhere else; empty if nobody would, or if that would not be enough. */
    static Optional<String> wouldMakeRoom(Board board, int g, int n) {
        boolean isTried = board.links(g) != null
                && !board.isMaintained(g)
                && board.holder(g) != n
                && board.isCandidate(g, n)
                && board.isReachable(n)
                && board.missingAt(g, n) == NONE;
        Placing placing = new Placing(board);
        Room room = isTried ? placing.roomOn(g, n) : null;
        List<String> who = new ArrayList<>();
        for (int other : room == null ? List.<Integer>of() : room.leaving) {
            if (board.priority(other) < board.priority(g)) {
                who.add(board.title(other) + " with priority " + board.priority(other));
            }
        }
        return who.isEmpty()
                ? Optional.empty()
                : Optional.of("for its priority of " + board.priority(g) + " room is made by " + Sentence.few(who)
                        + " if it can run nowhere else");
    }

    private static boolean isBetter(Room room, Room best, Order order) {
        if (room.fresh != best.fresh) {
            return room.fresh < best.fresh;
        }
        return room.worst != best.worst ? room.worst < best.worst : order.compare(room.node, best.node) < 0;
    }

    /** Whom it could put off a node: whoever it must be apart from, and as many as take the room that it lacks. */
    private @Nullable Room roomOn(int g, int n) {
        Links own = board.links(g);
        List<Integer> leaving = new ArrayList<>();
        long[] lacks = new long[own.kinds.length];
        for (int i = 0; i < lacks.length; i++) {
            long kept = board.target(g) == n ? own.weights[i] : 0;
            lacks[i] = own.weights[i] - kept - board.free(n, own.kinds[i]);
        }
        for (int other : own.apart) {
            boolean isComing = board.target(other) == n && board.holder(other) != n;
            if (isComing || board.holder(other) == n && !yields(other, g)) {
                return null;
            }
            if (board.holder(other) == n) {
                leaving.add(other);
                relieve(lacks, own, other);
            }
        }
        List<Integer> others = new ArrayList<>();
        for (int other = 0; other < board.size() && isShort(lacks); other++) {
            if (board.holder(other) == n
                    && !leaving.contains(other)
                    && board.links(other) != null
                    && yields(other, g)) {
                others.add(other);
            }
        }
        // Those that leave anyway come first, then the least urgent.
        others.sort(Comparator.<Integer, Boolean>comparing(other -> !board.isToStop(other))
                .thenComparingInt(board::priority)
                .thenComparing(Comparator.comparingLong(this::token).reversed()));
        long[] atFirst = lacks.clone();
        for (int other : others) {
            if (isShort(lacks) && relieves(lacks, own, other)) {
                leaving.add(other);
                relieve(lacks, own, other);
            }
        }
        if (isShort(lacks)) {
            return null;
        }
        keepWhatNeedNotLeave(lacks, own, leaving, others);
        preferOne(atFirst, own, leaving, others);
        List<Integer> fresh =
                leaving.stream().filter(other -> !board.isToStop(other)).toList();
        int worst = fresh.stream().mapToInt(board::priority).max().orElse(Integer.MIN_VALUE);
        return new Room(n, leaving, stoppingWith(fresh), worst);
    }

    /** Of those that would leave for their room, whoever was counted before a larger one that is enough without it stays; the most urgent first. */
    private void keepWhatNeedNotLeave(long[] lacks, Links own, List<Integer> leaving, List<Integer> forRoom) {
        for (int i = forRoom.size() - 1; i >= 0; i--) {
            int other = forRoom.get(i);
            if (!leaving.contains(other) || board.isToStop(other)) {
                continue;
            }
            long[] without = lacks.clone();
            relieve(without, own, other, -1);
            if (!isShort(without)) {
                relieve(lacks, own, other, -1);
                leaving.remove(Integer.valueOf(other));
            }
        }
    }

    /** One that is enough alone leaves instead of several, if it is no more urgent than all of those and no more stop with it. */
    private void preferOne(long[] atFirst, Links own, List<Integer> leaving, List<Integer> forRoom) {
        long[] lacks = atFirst.clone();
        List<Integer> several = new ArrayList<>();
        for (int other : forRoom) {
            if (leaving.contains(other) && board.isToStop(other)) {
                relieve(lacks, own, other);
            } else if (leaving.contains(other)) {
                several.add(other);
            }
        }
        int worst = several.stream().mapToInt(board::priority).max().orElse(Integer.MIN_VALUE);
        int least = several.size() < 2 ? 0 : stoppingWith(several);
        for (int other : several.size() < 2 ? List.<Integer>of() : forRoom) {
            long[] alone = lacks.clone();
            relieve(alone, own, other);
            if (!board.isToStop(other)
                    && board.priority(other) <= worst
                    && !isShort(alone)
                    && stoppingWith(List.of(other)) <= least) {
                leaving.removeAll(several);
                leaving.add(other);
                return;
            }
        }
    }

    /** How many stop if these leave, that do not already. */
    private int stoppingWith(List<Integer> leaving) {
        return (int) board.leavingWith(leaving).stream()
                .filter(other -> !board.isToStop(other))
                .count();
    }

    private boolean yields(int other, int g) {
        return board.isLive(other)
                && (board.isToStop(other) || board.priority(other) < board.priority(g) && !board.isMaintained(other));
    }

    private static boolean isShort(long[] lacks) {
        for (long each : lacks) {
            if (each > 0) {
                return true;
            }
        }
        return false;
    }

    private boolean relieves(long[] lacks, Links own, int other) {
        long[] after = lacks.clone();
        relieve(after, own, other);
        for (int i = 0; i < lacks.length; i++) {
            if (lacks[i] > 0 && after[i] < lacks[i]) {
                return true;
            }
        }
        return false;
    }

    private void relieve(long[] lacks, Links own, int other) {
        relieve(lacks, own, other, 1);
    }

    private void relieve(long[] lacks, Links own, int other, int times) {
        Links leaving = board.links(other);
        for (int i = 0; i < lacks.length; i++) {
            for (int j = 0; leaving != null && j < leaving.kinds.length; j++) {
                lacks[i] -= leaving.kinds[j] == own.kinds[i] ? (long) times * leaving.weights[j] : 0;
            }
        }
    }

    // ---- what runs -------------------------------------------------------------------------------------------------

    /** A group was granted, or something else became of it. */
    void changed(int g, GroupRecord state) {
        groups.put(board.name(g), state);
        board.update(g, state);
    }

    /**
     * Looks at everything that runs, the most urgent first, before what runs nowhere is placed: whether a rule moves or stops it. What follows
     * somebody that may be placed yet waits for that.
     */
    void settleBefore() {
        settle(true);
    }

    /** Looks at everything that runs once what can be placed is: whether a rule moves or stops it, and whether it may go home. */
    void settle() {
        settle(false);
    }

    private void settle(boolean isBefore) {
        List<Integer> running = new ArrayList<>();
        for (int g = 0; g < board.size(); g++) {
            if (board.isLive(g)) {
                running.add(g);
            } else if (board.holder(g) == NONE && !board.state(g).held().isEmpty()) {
                changed(g, board.state(g).withHeld(""));
            }
        }
        running.removeIf(this::isNobodys);
        if (!isBefore) {
            running.sort(urgency());
            running.forEach(this::leaveStandby);
        }
        if (!board.hasRules()) {
            return;
        }
        running.removeIf(g -> board.links(g) == null);
        running.sort(stayingFirst);
        for (int g : running) {
            settle(g, isBefore);
        }
        if (!isBefore) {
            // What was to stop, as of this plan, for one that stays after all stays as well.
            running.stream()
                    .filter(newlyHeld::contains)
                    .sorted(Comparator.comparingInt(board::depth))
                    .forEach(g -> settle(g, false));
            running.forEach(this::goHome);
        }
    }

    /** What is in maintenance, or has no rules any more, is neither moved nor stopped. */
    private boolean isNobodys(int g) {
        GroupRecord state = board.state(g);
        boolean isMaintained = board.isMaintained(g);
        if (isMaintained && (!state.held().isEmpty() || state.moveTo().isPresent())) {
            changed(g, state.withHeld("").withMoveTo(Optional.empty()));
        } else if (!state.held().isEmpty() && board.links(g) == null) {
            changed(g, state.withHeld(""));
        }
        return isMaintained;
    }

    /** It is stopped in any case; who knows where it goes can be ready by then. */
    private void leaveStandby(int g) {
        int here = board.holder(g);
        int there = board.isOnStandby(here) && board.target(g) == NONE ? best(g, here) : NONE;
        if (there != NONE) {
            changed(g, board.state(g).withHeld("").withMoveTo(Optional.of(board.node(there))));
            say(g, Reason.MOVE_DECIDED, "to " + board.node(there) + ": " + board.node(here) + " is on standby");
        }
    }

    private void settle(int g, boolean isBefore) {
        int here = board.holder(g);
        int target = board.target(g);
        GroupRecord state = board.state(g);
        if (target != NONE && target != here) {
            // What it goes with may be placed yet.
            if (board.isCandidate(g, target) && (isBefore || board.isAllowedFirst(g, target))) {
                settleLeaving(g, state, isBefore);
                return;
            }
            state = state.withMoveTo(Optional.empty());
            changed(g, state);
        }
        int ended = board.ended(g);
        Optional<String> why = ended == NONE ? mustLeave(g, here, isBefore) : Optional.empty();
        if (ended != NONE) {
            hold(g, state, board.waitsFor(g, ended));
        } else if (why.isPresent()) {
            int there = best(g, here);
            if (there == NONE) {
                hold(g, state, why.get());
            } else {
                String now = Sentence.shortened(making.getOrDefault(g, ""));
                changed(g, state.withHeld(now).withMoveTo(Optional.of(board.node(there))));
                say(g, Reason.MOVE_DECIDED, "to " + board.node(there) + ": " + why.get());
            }
        } else if (!state.held().isEmpty() && !isBefore && !stopsWithItsCircle(g, here)) {
            changed(g, state.withHeld(""));
        }
    }

    /**
     * Whether one that it must be with, and that is to stop because it stops, still runs elsewhere. If it stayed the other would stay too, and
     * it had to leave again.
     */
    private boolean stopsWithItsCircle(int g, int here) {
        for (int[] each : board.links(g).with) {
            boolean isElsewhere = false;
            boolean isComing = false;
            for (int other : each) {
                isComing |= board.place(other) == here;
                isElsewhere |= board.isOneCircle(g, other) && board.holder(other) != here && board.isToStop(other);
            }
            if (isElsewhere && !isComing) {
                return true;
            }
        }
        for (int other : board.links(g).followers) {
            if (board.isOneCircle(g, other)
                    && board.holder(other) != here
                    && board.isToStop(other)
                    && board.place(other) != here) {
                return true;
            }
        }
        return false;
    }

    /** It goes on until it is ready where it goes, unless what it starts after does not run, or something more urgent waits for its room. */
    private void settleLeaving(int g, GroupRecord state, boolean isBefore) {
        int ended = board.endedBefore(g);
        Optional<String> why =
                ended == NONE ? Optional.ofNullable(making.get(g)) : Optional.of(board.waitsFor(g, ended));
        if (why.isPresent()) {
            hold(g, state, why.get());
        } else if (!state.held().isEmpty() && !isBefore) {
            changed(g, state.withHeld(""));
        }
    }

    private void hold(int g, GroupRecord state, String why) {
        String cut = Sentence.shortened(why);
        if (!state.held().equals(cut)) {
            if (state.held().isEmpty()) {
                say(g, Reason.GROUP_HELD, cut);
                newlyHeld.add(g);
            }
            changed(g, state.withHeld(cut));
        }
    }

    /** Which rule keeps it from staying where it runs. */
    private Optional<String> mustLeave(int g, int here, boolean isBefore) {
        Links own = board.links(g);
        if (board.isContradictory(g)) {
            return board.contradiction(g);
        }
        int missing = missing(g, here);
        if (missing != NONE && !(isBefore && board.mayBePlaced(g, missing))) {
            return Optional.of(board.missing(own, missing));
        }
        for (int other : own.apart) {
            boolean isHere = board.place(other) == here && board.holder(other) == here;
            if (isHere && !(isBefore && isOpen(other, here)) && !isEnding(other, here) && staysBeside(other, g)) {
                return Optional.of("it must be apart from " + board.title(other) + ", which stays here");
            }
        }
        for (int i = 0; i < own.kinds.length; i++) {
            if (isOver(g, here, own.kinds[i], isBefore)) {
                return Optional.of("this node has less " + board.kind(own.kinds[i]) + " than what runs here needs");
            }
        }
        return Optional.ofNullable(making.get(g));
    }

    /** Whether it may have to leave where it runs, and nobody can say yet: what it must be with may be placed. Then it puts off nobody. */
    private boolean isOpen(int g, int here) {
        return board.holder(g) == here
                && board.links(g) != null
                && (board.isContradictory(g) || missing(g, here) != NONE);
    }

    /** Which rule to be with somebody is broken where it runs; none that those in its circle mend if they come to it. */
    private int missing(int g, int here) {
        int missing = board.missingAt(g, here);
        return missing != NONE && board.isOfCircle(g, missing) && leads(g, here)
                ? board.missingBesideCircle(g, here)
                : missing;
    }

    /** Whether those in its circle come to it, and not it to them. */
    private boolean leads(int g, int here) {
        Links own = board.links(g);
        for (int[] each : own.with) {
            for (int other : each) {
                if (isAhead(other, g, here)) {
                    return false;
                }
            }
        }
        for (int other : own.followers) {
            if (isAhead(other, g, here)) {
                return false;
            }
        }
        return true;
    }

    private boolean isAhead(int other, int g, int here) {
        boolean isElsewhere = board.links(other).circle == board.links(g).circle
                && board.place(other) != NONE
                && board.place(other) != here;
        return isElsewhere && (board.place(other) != board.holder(other) || isFirst(other, g));
    }

    private long token(int g) {
        return board.state(g).grant().map(Grant::token).orElse(0L);
    }

    /** Whether the one stays if both cannot. */
    private boolean isFirst(int one, int other) {
        if (board.isMaintained(one) || board.isMaintained(other)) {
            return board.isMaintained(one);
        }
        return stayingFirst.compare(one, other) < 0;
    }

    /** As {@link #isFirst}, of two alone: if one would leave with the other anyway, that other stays. This puts not all in an order. */
    private boolean staysBeside(int one, int other) {
        boolean isEqual =
                board.priority(one) == board.priority(other) && !board.isMaintained(one) && !board.isMaintained(other);
        boolean isRest = isEqual && board.restsOn(other, one);
        return isEqual && isRest != board.restsOn(one, other) ? isRest : isFirst(one, other);
    }

    /** Whether it runs here and is to stop: then it puts off nobody. */
    private boolean isEnding(int g, int here) {
        return board.holder(g) == here && board.isToStop(g);
    }

    /** Whether a node cannot carry it beside those that stay there before it. */
    private boolean isOver(int g, int here, int kind, boolean isBefore) {
        if (board.free(here, kind) >= 0) {
            return false;
        }
        long before = 0;
        long all = 0;
        for (int other = 0; other < board.size(); other++) {
            // It is not told to stay because it leaves, nor because those leave with it that wait for it as much as it
            // for them.
            boolean isWithIt = other == g || board.holder(other) == here && board.isOneCircle(g, other);
            boolean isStaying =
                    board.place(other) == here && !isEnding(other, here) && !(isBefore && isOpen(other, here));
            if (isWithIt || isStaying) {
                long weight = weight(other, kind);
                all += weight;
                before += other == g || isFirst(other, g) ? weight : 0;
            }
        }
        long capacity = board.capacity(here, kind);
        return all > capacity && before > capacity;
    }

    private long weight(int g, int kind) {
        Links own = board.links(g);
        for (int i = 0; own != null && i < own.kinds.length; i++) {
            if (own.kinds[i] == kind) {
                return own.weights[i];
            }
        }
        return 0;
    }

    /** A planned move to a node that it prefers to where it is, if that could have run it for long enough and nobody is the worse for it. */
    private void goHome(int g) {
        GroupRecord state = board.state(g);
        SortedSet<NodeId> good = steady.getOrDefault(board.name(g), new TreeSet<>());
        boolean isAway = state.rules().placement().failback().mode() == Failback.Mode.WHEN_STABLE
                && state.moveTo().isEmpty()
                && state.held().isEmpty()
                && state.rules().placement().with().isEmpty();
        if (!isAway || good.isEmpty()) {
            return;
        }
        int here = board.holder(g);
        for (NodeId node : preferred(g)) {
            int n = board.nodeNumber(node);
            if (n == here) {
                return;
            }
            if (n != NONE
                    && good.contains(node)
                    && isPossible(g, n)
                    && board.leftBehind(g, n) <= board.leftBehind(g, here)) {
                changed(g, state.withMoveTo(Optional.of(node)));
                say(
                        g,
                        Reason.MOVE_DECIDED,
                        "to " + node + ": it goes home, " + node + " could have run it for long enough");
                return;
            }
        }
    }

    private void say(int g, Reason reason, String detail) {
        notices.add(new Notice(board.name(g), reason, detail));
    }
}
