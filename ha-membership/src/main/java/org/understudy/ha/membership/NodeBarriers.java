package org.understudy.ha.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Barriers;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.internal.loop.EventDispatcher;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.CoreServices;
import org.understudy.ha.membership.core.recovery.Told;

/** The barriers of a node: what its callers ask goes to the machine in one order, and what the machine decides comes back to them. */
final class NodeBarriers implements Barriers {

    private static final long LAST_WORD_MILLIS = 500;

    private final ServiceHost host;
    private final Object lock = new Object();
    /** By name. Guarded by {@link #lock}, as is the order in which the machine is asked. */
    private final Map<String, NodeBarrier> own = new HashMap<>();

    private final Map<Long, Waiting> waiting = new HashMap<>();
    /** Guarded by itself, together with what each was told last. */
    private final List<Observer> observers = new ArrayList<>();

    private record Waiting(CompletableFuture<Result> future, Future<?> limit) {}

    NodeBarriers(ServiceHost host) {
        this.host = host;
    }

    @Override
    public Barrier join(String name) {
        ServiceHost.checkName("barrier", name);
        synchronized (lock) {
            host.checkOpen();
            if (own.containsKey(name)) {
                throw new LifecycleException(
                        "this node is a member of barrier " + name + " already; close that one first");
            }
            if (own.size() >= BARRIERS_MAX) {
                throw new LifecycleException("this node is a member of " + BARRIERS_MAX
                        + " barriers, which is the limit; leave some, or use one for several things");
            }
            NodeBarrier barrier = new NodeBarrier(name);
            own.put(name, barrier);
            host.ask(new Ask.Join(name));
            return barrier;
        }
    }

    /** Called by the loop; never blocks. */
    void decided(Told.BarrierDecided told) {
        Optional<View> now = told.now().map(NodeBarriers::view);
        Result result = new Result(Outcome.valueOf(told.outcome().name()), now, told.why());
        synchronized (lock) {
            told.requests().forEach(request -> complete(waiting.remove(request), result));
        }
    }

    private static View view(Told.View view) {
        return new View(view.number(), view.members());
    }

    private void complete(@Nullable Waiting answered, Result result) {
        if (answered != null) {
            answered.limit.cancel(false);
            host.callbacks().execute(() -> answered.future.complete(result));
        }
    }

    /** Nothing is decided here any more. */
    void end(String why) {
        synchronized (lock) {
            own.values().forEach(barrier -> barrier.isLeft = true);
            own.clear();
            waiting.values().forEach(each -> complete(each, new Result(Outcome.UNKNOWN, Optional.empty(), why)));
            waiting.clear();
        }
    }

    private Optional<View> viewOf(String name) {
        return host.record()
                .flatMap(record -> CoreServices.view(record, name))
                .filter(view -> host.self().filter(view.members()::contains).isPresent())
                .map(NodeBarriers::view);
    }

    /** The record, or this node's session, may have changed. Called by the loop; never blocks. */
    void refresh() {
        synchronized (observers) {
            observers.forEach(this::tell);
        }
    }

    private void tell(Observer observer) {
        Optional<View> now = observer.barrier.view();
        if (!observer.isTold || !now.equals(observer.last)) {
            observer.isTold = true;
            observer.last = now;
            observer.dispatcher.publish("view", now);
        }
    }

    /** The node has closed: tells every observer that it is in no view and lets it go. Bounded. */
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
        private final NodeBarrier barrier;
        private final EventDispatcher<Optional<View>> dispatcher;
        private boolean isTold;
        private Optional<View> last = Optional.empty();

        private Observer(NodeBarrier barrier, EventDispatcher<Optional<View>> dispatcher) {
            this.barrier = barrier;
            this.dispatcher = dispatcher;
        }
    }

    private final class NodeBarrier implements Barrier {
        private final String name;
        private volatile boolean isLeft;

        private NodeBarrier(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Optional<View> view() {
            return isLeft ? Optional.empty() : viewOf(name);
        }

        @Override
        public HaNode.Subscription observe(ViewListener listener) {
            if (listener == null) {
                throw new ConfigurationException("barrier " + name + " listener", null, "give who is to be told");
            }
            Observer observer = new Observer(this, new EventDispatcher<>(listener::onView, host.threads()));
            synchronized (observers) {
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

        @Override
        public CompletionStage<Result> enter(View view, Duration limit) {
            if (view == null) {
                throw new ConfigurationException(
                        "barrier " + name + " view",
                        null,
                        "give the view whose members are to enter, as view() gives it");
            }
            ServiceHost.checkLimit("barrier " + name + " limit", limit);
            CompletableFuture<Result> future = new CompletableFuture<>();
            synchronized (lock) {
                host.checkOpen();
                if (isLeft) {
                    throw new LifecycleException("this node has left barrier " + name + "; join it again");
                }
                long request = host.nextRequest();
                host.ask(new Ask.Enter(request, name, view.number()));
                Future<?> end = host.later(limit, () -> host.ask(new Ask.GiveUp(request)));
                waiting.put(request, new Waiting(future, end));
            }
            return future.minimalCompletionStage();
        }

        @Override
        public void close() {
            synchronized (lock) {
                if (!isLeft) {
                    isLeft = true;
                    own.remove(name);
                    host.ask(new Ask.Part(name));
                }
            }
            refresh();
        }

        @Override
        public String toString() {
            return "barrier " + name;
        }
    }
}
