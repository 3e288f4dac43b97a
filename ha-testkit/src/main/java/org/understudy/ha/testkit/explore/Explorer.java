package org.understudy.ha.testkit.explore;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.testkit.explore.Nodes.Result;
import org.understudy.ha.testkit.explore.Way.Event;
import org.understudy.ha.testkit.sim.Violation;

/**
 * Finds every state that can be reached within a bound, breadth first, so that what leads to a violation is as short as can be.
 *
 * <p>A state is the step of time, the number of each node's state, and the number of each node's set of messages under way. A message
 * stays under way: it may arrive late, again and again, or never, for each promise is judged in every state, so also in those in which
 * nothing more happens. (A question of {@link Setup#once} arrives once each time it is asked.)
 *
 * <p><b>What is left out, and why nothing is missed.</b> A message is dropped as soon as its receiver would do nothing at all with it and
 * it is an answer or an announcement. Receivers take those for one ballot, question, renewal or life only, or only if they are above all
 * they know, and none of these goes back while a machine lives: what changes nothing now never will. (Nothing is dropped on its way to a
 * node that may crash yet.) A node with {@value #WRITES_MAX} unfinished writes gets no message until one of them is done.
 */
public final class Explorer {

    private static final int WRITES_MAX = 2;
    private static final List<Class<? extends Message>> ANSWERS = List.of(
            Message.Promise.class,
            Message.Accepted.class,
            Message.Refused.class,
            Message.PreVoteAnswer.class,
            Message.Chosen.class,
            Message.RenewAck.class,
            Message.Recovered.class);

    private final Bound bound;
    private final Setup setup;
    private final int count;
    private final Nodes nodes;
    private final Judge judge;
    private final Inboxes inboxes = new Inboxes();
    private final LongIntMap pruned = new LongIntMap();
    private final StateTable table;
    private final long[] sights = new long[Sight.values().length];
    private final int[] state;
    private final int[] next;
    private long transitions;
    private int current;
    private Optional<Violation> violation = Optional.empty();
    private int violatedFrom;
    private @Nullable Event last;

    private Explorer(Bound bound) {
        this.bound = bound;
        this.setup = bound.setup();
        this.count = setup.nodes.size();
        MachineImage image = new MachineImage();
        this.nodes = new Nodes(setup, image);
        this.judge = new Judge(setup, nodes);
        this.state = new int[1 + 2 * count];
        this.next = new int[state.length];
        this.table = new StateTable(state.length);
    }

    /** Is told of each way that leads from a state. */
    private interface Visitor {
        /** {@code next} holds the state it leads to. The node is -1 for a step of time. */
        void visit(int node, int action, Optional<Violation> broken);
    }

    /**
     * Explores a bound.
     *
     * @param statesMax when to give up
     */
    public static Exploration explore(Bound bound, int statesMax) {
        long begin = System.nanoTime();
        Explorer explorer = new Explorer(bound);
        int depth = explorer.run(statesMax);
        return explorer.report(depth, (System.nanoTime() - begin) / 1e9, statesMax);
    }

    private int run(int statesMax) {
        begin();
        int depth = 0;
        int levelEnds = table.size();
        for (int i = 0; i < table.size() && violation.isEmpty() && table.size() < statesMax; i++) {
            if (i == levelEnds) {
                depth++;
                levelEnds = table.size();
            }
            current = i;
            table.get(i, state);
            expand(this::found);
        }
        return depth;
    }

    private void begin() {
        Arrays.fill(next, Inboxes.EMPTY);
        next[0] = 0;
        Result[] begun = new Result[count];
        for (int node = 0; node < count; node++) {
            begun[node] = nodes.begin(node);
            next[1 + node] = begun[node].local();
        }
        for (Result result : begun) {
            post(result);
        }
        current = -1;
        found(-1, 0, Optional.empty());
        transitions = 0;
    }

    private void found(int node, int action, Optional<Violation> broken) {
        transitions++;
        Optional<Violation> fault = broken;
        if (fault.isEmpty() && table.add(next, current)) {
            fault = judge.judge(next, sights);
        }
        if (fault.isPresent() && violation.isEmpty()) {
            violation = fault.map(v -> new Violation(v.checker(), next[0] * Setup.STEP_NANOS, v.detail()));
            last = new Event(state[0], node, action, node < 0 ? -1 : state[1 + node]);
            violatedFrom = current;
        }
    }

    // ---- what can happen -----------------------------------------------------------------------------------------

    private void expand(Visitor visitor) {
        if (state[0] < setup.stepsMax) {
            passTime(visitor);
        }
        int crashes = 0;
        for (int node = 0; node < count; node++) {
            crashes += nodes.local(state[1 + node]).past().life();
        }
        for (int node = 0; node < count; node++) {
            Local local = nodes.local(state[1 + node]);
            if (local.step() == state[0]) {
                happen(visitor, node, local);
            } else {
                act(visitor, node, Action.of(Action.WAKE, state[0]));
            }
            if (crashes < setup.crashesMax && setup.mayCrash(node)) {
                crash(visitor, node, local);
            }
        }
    }

    private void happen(Visitor visitor, int node, Local local) {
        if (!local.writes().isEmpty()) {
            act(visitor, node, Action.of(Action.WRITTEN, 0));
        }
        if (local.past().operations() < setup.operations(node).size()) {
            act(visitor, node, Action.of(Action.ASK, 0));
        }
        if (setup.mayGoBack(node) && local.copy().isEmpty()) {
            act(visitor, node, Action.of(Action.COPY, 0));
        }
        if (local.writes().size() < WRITES_MAX) {
            for (int message : inboxes.messages(state[1 + count + node])) {
                act(visitor, node, Action.deliver(message));
            }
        }
    }

    private void crash(Visitor visitor, int node, Local local) {
        if (setup.mayGoBack(node) && !local.past().hasGoneBack()) {
            if (local.copy().isPresent()) {
                act(visitor, node, Action.of(Action.GO_BACK, state[0]));
            }
            return;
        }
        if (!mayCrashAgain(node, local)) {
            return;
        }
        int unfinished = 0;
        for (Local.Write write : local.writes()) {
            unfinished += write.state().isPresent() ? 1 : 0;
        }
        for (int done = 0; done <= unfinished; done++) {
            act(visitor, node, Action.of(Action.CRASH + done, state[0]));
        }
    }

    /** A node whose disk went back may crash again only while it has not caught up. */
    private boolean mayCrashAgain(int node, Local local) {
        return setup.mayCrash(node)
                && local.past().life() < setup.crashesMax
                && !local.past().hasRecovered();
    }

    private void passTime(Visitor visitor) {
        System.arraycopy(state, 0, next, 0, state.length);
        next[0] = state[0] + 1;
        Optional<Violation> broken = Optional.empty();
        for (int node = 0; node < count; node++) {
            if (!setup.mayPause(node)) {
                Result result = nodes.after(next[1 + node], Action.of(Action.WAKE, next[0]));
                next[1 + node] = result.local();
                post(result);
                prune(node);
                broken = broken.or(result::violation);
            }
        }
        visitor.visit(-1, 0, broken);
    }

    private void act(Visitor visitor, int node, int action) {
        System.arraycopy(state, 0, next, 0, state.length);
        Result result = nodes.after(state[1 + node], action);
        next[1 + node] = result.local();
        if (Action.isDelivery(action)
                && setup.arrivesOnce(nodes.mail(Action.message(action)).message())) {
            next[1 + count + node] = inboxes.without(next[1 + count + node], Action.message(action));
        }
        post(result);
        prune(node);
        visitor.visit(node, action, result.violation());
    }

    private void post(Result result) {
        for (int message : result.sent()) {
            int to = nodes.mail(message).to();
            next[1 + count + to] = inboxes.with(next[1 + count + to], message);
            prune(to);
        }
    }

    /** Forgets answers and announcements that will never change anything any more. */
    private void prune(int node) {
        int local = next[1 + node];
        int inbox = next[1 + count + node];
        if (inbox == Inboxes.EMPTY || mayCrashAgain(node, nodes.local(local))) {
            return;
        }
        long key = LongIntMap.key(local, inbox);
        int left = pruned.get(key);
        if (left == LongIntMap.ABSENT) {
            left = inboxes.only(inbox, message -> matters(local, message));
            pruned.put(key, left);
        }
        next[1 + count + node] = left;
    }

    private boolean matters(int local, int message) {
        if (!ANSWERS.contains(nodes.mail(message).message().getClass())) {
            return true;
        }
        Result result = nodes.after(local, Action.deliver(message));
        return result.local() != local
                || result.sent().length > 0
                || result.violation().isPresent();
    }

    // ---- what it came to -----------------------------------------------------------------------------------------

    /** What happened, from the beginning to the violation. */
    private List<Event> path() {
        ArrayDeque<Integer> indexes = new ArrayDeque<>();
        for (int i = violatedFrom; i >= 0; i = table.from(i)) {
            indexes.addFirst(i);
        }
        List<Event> path = new ArrayList<>();
        int[] target = new int[state.length];
        while (indexes.size() > 1) {
            table.get(indexes.removeFirst(), state);
            table.get(indexes.getFirst(), target);
            int known = path.size();
            expand((node, action, broken) -> {
                if (path.size() == known && Arrays.equals(next, target)) {
                    path.add(new Event(state[0], node, action, node < 0 ? -1 : state[1 + node]));
                }
            });
        }
        Event end = last;
        if (end != null) {
            path.add(end);
        }
        return path;
    }

    private Exploration report(int depth, double seconds, int statesMax) {
        Map<String, Long> seen = new TreeMap<>();
        for (Sight sight : Sight.values()) {
            if (sights[sight.ordinal()] > 0) {
                seen.put(sight.name(), sights[sight.ordinal()]);
            }
        }
        List<String> missing = bound.wanted().stream()
                .map(Sight::name)
                .filter(name -> !seen.containsKey(name))
                .toList();
        List<String> way = violation.isPresent() ? new Way(setup, nodes).tell(path()) : List.of();
        return new Exploration(
                bound,
                table.size(),
                transitions,
                depth,
                nodes.count(),
                nodes.computed(),
                seconds,
                seen,
                violation.isPresent() ? List.of() : missing,
                violation.isEmpty() && table.size() >= statesMax,
                violation,
                way);
    }
}
