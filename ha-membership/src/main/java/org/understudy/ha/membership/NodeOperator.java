package org.understudy.ha.membership;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Operator;
import org.understudy.ha.api.Target;
import org.understudy.ha.membership.core.Effect.ClearDecided;
import org.understudy.ha.membership.core.Effect.OperationDecided;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Operation.Kind;

/** Hands an operator's words to the machine and its decisions back. Thread-safe. */
final class NodeOperator implements Operator {

    private static final Logger LOG = LoggerFactory.getLogger(NodeOperator.class);
    private static final int TEXT_MAX = 500;

    private final NodeId self;
    private final Runnable checkOpen;
    private final Supplier<Optional<ClusterRecord>> record;
    private final Consumer<Input> machine;
    private final Executor callbacks;
    private final AtomicLong requests;
    private final Map<Long, CompletableFuture<Result>> waiting = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<Cleared>> clearing = new ConcurrentHashMap<>();
    private volatile @Nullable String endedBecause;

    /**
     * @param seed drawn at random for each life: what answers a request of an earlier one is taken for no answer to one of this
     * @param record the newest that is known; any thread
     */
    NodeOperator(
            NodeId self,
            long seed,
            Runnable checkOpen,
            Supplier<Optional<ClusterRecord>> record,
            Consumer<Input> machine,
            Executor callbacks) {
        this.self = self;
        this.record = record;
        this.requests = new AtomicLong(seed);
        this.checkOpen = checkOpen;
        this.machine = machine;
        this.callbacks = callbacks;
    }

    @Override
    public Switches switches() {
        return record.get()
                .map(known -> new Switches(
                        known.standby(),
                        known.maintenance().stream()
                                .map(target -> maintained(known, target))
                                .toList()))
                .orElse(Switches.NONE);
    }

    private static Maintained maintained(ClusterRecord known, Target target) {
        return known.words().stream()
                .filter(word -> word.what().equals(Planner.maintained(target)))
                .reduce((earlier, later) -> later)
                .map(word -> new Maintained(target, word.who(), word.why()))
                .orElse(new Maintained(target, "", ""));
    }

    @Override
    public CompletionStage<Result> standby(NodeId node) {
        return operate(Kind.STANDBY, node);
    }

    @Override
    public CompletionStage<Result> drain(NodeId node) {
        return operate(Kind.DRAIN, node);
    }

    @Override
    public CompletionStage<Result> maintenance(Target target, String who, String why) {
        checkWords(who, why);
        return operate(new Operation(Kind.MAINTAIN, self, 0, Optional.of(target), who, why));
    }

    @Override
    public CompletionStage<Result> endMaintenance(Target target) {
        return operate(new Operation(Kind.RESUME, self, 0, Optional.of(target), "", ""));
    }

    @Override
    public CompletionStage<Result> forgetGroup(String group, String who, String why) {
        checkWords(who, why);
        return operate(new Operation(Kind.FORGET, self, 0, Optional.of(Target.group(group)), who, why));
    }

    @Override
    public CompletionStage<Result> activate(NodeId node) {
        return operate(Kind.ACTIVATE, node);
    }

    @Override
    public CompletionStage<Result> confirmDown(Incarnation incarnation, String who, String why) {
        checkWords(who, why);
        LOG.warn("{} vouches that {} is down: {}", who, incarnation, why);
        return operate(new Operation(Kind.CONFIRM_DOWN, incarnation.node(), incarnation.number(), who, why));
    }

    @Override
    public CompletionStage<Result> admit(NodeId node) {
        return operate(Kind.ADMIT, node);
    }

    @Override
    public CompletionStage<Result> remove(NodeId node) {
        return operate(Kind.REMOVE, node);
    }

    @Override
    public CompletionStage<Cleared> clearFailures(String group, NodeId node) {
        checkOpen.run();
        if (group == null || node == null) {
            throw new ConfigurationException(
                    "clearFailures", group + " on " + node, "name a group, and the node on which it failed");
        }
        long request = requests.incrementAndGet();
        CompletableFuture<Cleared> result = new CompletableFuture<>();
        clearing.put(request, result);
        if (endedBecause == null) {
            machine.accept(new Input.ClearWanted(request, group, node));
        }
        if (endedBecause != null) {
            giveUpClearing(request);
        }
        return result;
    }

    void decided(ClearDecided decision) {
        cleared(decision.request(), new Cleared(decision.outcome(), decision.why()));
    }

    private void giveUpClearing(long request) {
        cleared(request, new Cleared(Cleared.Outcome.UNKNOWN, endedBecause + ", and it had not been answered before"));
    }

    private void cleared(long request, Cleared result) {
        CompletableFuture<Cleared> asked = clearing.remove(request);
        if (asked != null) {
            callbacks.execute(() -> asked.complete(result));
        }
    }

    @Override
    public CompletionStage<Result> vouchForDisk(String who, String why) {
        checkWords(who, why);
        LOG.warn("{} vouches for this node's disk: {}", who, why);
        return ask(request -> new Input.VouchWanted(request, who, why));
    }

    @Override
    public CompletionStage<Result> forceRecord(String who, String why) {
        checkWords(who, why);
        LOG.warn("{} says that the majority is lost for good and this node goes on alone: {}", who, why);
        return ask(request -> new Input.ForceWanted(request, who, why));
    }

    void decided(OperationDecided decision) {
        complete(decision.request(), new Result(decision.isDone(), decision.why()));
    }

    /**
     * Whoever still waits, and whoever asks later, is told that nobody will decide any more. The first reason stays.
     *
     * @param why this node decides nothing any more
     */
    void end(String why) {
        if (endedBecause == null) {
            endedBecause = why;
        }
        waiting.keySet().forEach(this::giveUp);
        clearing.keySet().forEach(this::giveUpClearing);
    }

    private void giveUp(long request) {
        complete(request, new Result(false, endedBecause + ", and this was not decided before; it may still happen"));
    }

    private CompletionStage<Result> operate(Kind kind, @Nullable NodeId node) {
        if (node == null) {
            throw new ConfigurationException("node", null, "name the node that this is about");
        }
        return operate(new Operation(kind, node, 0, "", ""));
    }

    private CompletionStage<Result> operate(Operation operation) {
        return ask(request -> new Input.OperationWanted(request, operation));
    }

    private CompletionStage<Result> ask(java.util.function.LongFunction<Input> input) {
        checkOpen.run();
        long request = requests.incrementAndGet();
        CompletableFuture<Result> result = new CompletableFuture<>();
        waiting.put(request, result);
        if (endedBecause == null) {
            machine.accept(input.apply(request));
        }
        if (endedBecause != null) {
            giveUp(request);
        }
        return result;
    }

    private void complete(long request, Result result) {
        CompletableFuture<Result> asked = waiting.remove(request);
        if (asked != null) {
            callbacks.execute(() -> asked.complete(result));
        }
    }

    private static void checkWords(String who, String why) {
        checkWord("who", who);
        checkWord("why", why);
    }

    private static void checkWord(String key, @Nullable String text) {
        if (text == null || text.isBlank() || text.length() > TEXT_MAX) {
            throw new ConfigurationException(
                    key, text, "say in 1 to " + TEXT_MAX + " characters who vouches and why: it is kept in the record");
        }
    }
}
