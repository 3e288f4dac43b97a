package org.understudy.ha.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Resources.MoveResult;
import org.understudy.ha.api.Resources.MoveResult.Outcome;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.record.Sentence;

/** The moves that are asked for at a node: hands them to the machine and its decisions back. Thread-safe. */
final class NodeMoves {

    private static final Logger LOG = LoggerFactory.getLogger(NodeMoves.class);

    private final LongSupplier requests;
    private final Consumer<Input> machine;
    private final ScheduledExecutorService timers;
    private final Executor callbacks;
    private final Map<Long, CompletableFuture<MoveResult>> waiting = new ConcurrentHashMap<>();
    private volatile @Nullable String endedBecause;

    /**
     * @param requests gives numbers that no other request of this node has
     * @param callbacks completes what callers wait for; takes everything
     */
    NodeMoves(LongSupplier requests, Consumer<Input> machine, ScheduledExecutorService timers, Executor callbacks) {
        this.requests = requests;
        this.machine = machine;
        this.timers = timers;
        this.callbacks = callbacks;
    }

    /**
     * What a caller wants moved.
     *
     * @throws ConfigurationException if something of it cannot be used, with every reason
     */
    static void check(@Nullable String group, @Nullable NodeId to, @Nullable Duration limit) {
        List<Problem> problems = new ArrayList<>();
        if (group == null) {
            problems.add(new Problem("move group", "null", "name the group that is to move"));
        }
        if (to == null) {
            problems.add(new Problem("move to", "null", "name the node where the group is to go"));
        }
        try {
            ServiceHost.checkLimit("move limit", limit);
        } catch (ConfigurationException e) {
            problems.addAll(e.problems());
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    /**
     * Asks for a move.
     *
     * @param part what is to move
     * @param soFar how it stands and what can be done, asked if it is not decided at the limit
     * @param limit at most a day
     * @return completes in any case: at the limit, or when this node decides nothing any more, as unknown
     */
    CompletionStage<MoveResult> ask(String part, Supplier<String> soFar, NodeId to, Duration limit) {
        long request = requests.getAsLong();
        CompletableFuture<MoveResult> result = new CompletableFuture<>();
        waiting.put(request, result);
        String late = "not decided within " + Sentence.of(limit);
        Future<?> end = later(limit, () -> complete(request, Outcome.UNKNOWN, late + said(soFar)));
        result.whenComplete((moved, failure) -> end.cancel(false));
        if (endedBecause == null) {
            machine.accept(new Input.MoveWanted(request, part, to));
        }
        String ended = endedBecause;
        if (ended != null) {
            complete(request, Outcome.UNKNOWN, ended);
        }
        return result.minimalCompletionStage();
    }

    private static String said(Supplier<String> soFar) {
        try {
            return "; " + soFar.get();
        } catch (RuntimeException | Error e) {
            LOG.warn("how a move stands could not be told", e);
            return "";
        }
    }

    private Future<?> later(Duration limit, Runnable action) {
        try {
            return timers.schedule(action, limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The timers end after this.
            return CompletableFuture.completedFuture(null);
        }
    }

    void decided(Effect.MoveDecided decided) {
        complete(decided.request(), decided.isDone() ? Outcome.DONE : Outcome.REFUSED, decided.why());
    }

    /**
     * Whoever still waits, and whoever asks later, is told that nobody will decide any more. The first reason stays.
     *
     * @param why this node decides nothing any more
     */
    void end(String why) {
        if (endedBecause == null) {
            endedBecause = why + " before the move was decided; it may still happen";
        }
        waiting.keySet().forEach(request -> complete(request, Outcome.UNKNOWN, endedBecause));
    }

    private void complete(long request, Outcome outcome, String why) {
        CompletableFuture<MoveResult> asked = waiting.remove(request);
        if (asked != null) {
            callbacks.execute(() -> asked.complete(new MoveResult(outcome, why)));
        }
    }
}
