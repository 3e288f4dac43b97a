package org.understudy.ha.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Barriers;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Recovery;
import org.understudy.ha.internal.loop.EventDispatcher;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.LadderSteps;
import org.understudy.ha.membership.core.recovery.Told;

/** The ladder of a node: runs users' actions when the machine says so, each with its budget, and shows how far the node is. */
final class NodeRecovery implements Recovery {

    private static final Logger LOG = LoggerFactory.getLogger(NodeRecovery.class);
    private static final Duration BUDGET_MIN = Duration.ofMillis(1);
    private static final Duration BUDGET_MAX = Duration.ofDays(1);
    private static final long LAST_WORD_MILLIS = 500;
    private static final long END_MILLIS = 2000;

    private final ServiceHost host;
    private final Function<Boolean, LadderSteps.Situation> situation;
    private final BiConsumer<String, String> alarm;
    private final Object lock = new Object();
    /** By name. Guarded by {@link #lock}, as is the order in which the machine is asked. */
    private final Map<String, NodeRung> own = new HashMap<>();

    private final List<Observer> observers = new ArrayList<>();
    private @Nullable Call running;
    private Map<Incarnation, String> troubles = new TreeMap<>();

    /**
     * @param situation of this node, which has hung rungs or not
     * @param alarm takes a subject and a sentence
     */
    NodeRecovery(
            ServiceHost host, Function<Boolean, LadderSteps.Situation> situation, BiConsumer<String, String> alarm) {
        this.host = host;
        this.situation = situation;
        this.alarm = alarm;
    }

    // ---- hanging -------------------------------------------------------------------------------------------------

    @Override
    public Rung rung(String name, int order, Duration budget, Action action) {
        List<Problem> problems = new ArrayList<>();
        try {
            ServiceHost.checkName("rung", name);
        } catch (ConfigurationException e) {
            problems.addAll(e.problems());
        }
        if (name != null && LadderSteps.CORE.contains(name)) {
            problems.add(new Problem("rung", name, "is one of the core's, which are " + LadderSteps.CORE));
        }
        if (budget == null || budget.compareTo(BUDGET_MIN) < 0 || budget.compareTo(BUDGET_MAX) > 0) {
            problems.add(new Problem(
                    "rung " + name + " budget", String.valueOf(budget), "must be at least 1 ms and at most a day"));
        }
        if (action == null) {
            problems.add(new Problem("rung " + name + " action", "null", "give what is to be done on it"));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        ClassLoader loader = Optional.ofNullable(Thread.currentThread().getContextClassLoader())
                .orElse(NodeRecovery.class.getClassLoader());
        NodeRung rung =
                new NodeRung(new org.understudy.ha.membership.core.record.Rung(order, name), budget, action, loader);
        synchronized (lock) {
            host.checkOpen();
            if (own.containsKey(name)) {
                throw new LifecycleException("this node has hung a rung " + name + " already; close that one first");
            }
            if (own.size() >= RUNGS_MAX) {
                throw new LifecycleException(
                        "this node has hung " + RUNGS_MAX + " rungs, which is the limit; do more on one of them");
            }
            own.put(name, rung);
            host.ask(new Ask.Hang(rung.rung));
        }
        refresh();
        return rung;
    }

    private final class NodeRung implements Rung {
        private final org.understudy.ha.membership.core.record.Rung rung;
        private final Duration budget;
        private final Action action;
        private final ClassLoader loader;

        private NodeRung(
                org.understudy.ha.membership.core.record.Rung rung,
                Duration budget,
                Action action,
                ClassLoader loader) {
            this.rung = rung;
            this.budget = budget;
            this.action = action;
            this.loader = loader;
        }

        @Override
        public String name() {
            return rung.name();
        }

        @Override
        public void close() {
            synchronized (lock) {
                if (own.remove(rung.name(), this)) {
                    host.ask(new Ask.Unhang(rung));
                }
            }
            refresh();
        }

        @Override
        public String toString() {
            return "rung " + rung.name() + ", order " + rung.order();
        }
    }

    // ---- climbing ------------------------------------------------------------------------------------------------

    /** Called by the loop; never blocks. */
    void climb(Told.Climb told, Incarnation self) {
        synchronized (lock) {
            NodeRung rung = own.get(told.rung().name());
            if (rung == null || !rung.rung.equals(told.rung())) {
                // Taken down while the machine decided; it hears of that next.
                host.ask(new Ask.Climbed(told.view(), told.phase(), Optional.empty(), true));
                return;
            }
            Call call = new Call(told, rung, self);
            try {
                host.actions().execute(call::run);
                running = call;
                call.limit = host.later(rung.budget, call::overrun);
            } catch (RejectedExecutionException e) {
                LOG.trace("the node is closed", e);
            }
        }
    }

    /** Called by the loop; never blocks. */
    void descend(Told.Descend told) {
        synchronized (lock) {
            Call call = running;
            if (call != null && call.told.view() == told.view() && call.told.phase() == told.phase()) {
                call.cancel();
            }
        }
    }

    /** One call of an action. */
    private final class Call implements Climb {
        private final Told.Climb told;
        private final NodeRung rung;
        private final Incarnation self;
        private final long end;
        private final CountDownLatch returned = new CountDownLatch(1);
        /** An interrupt is made under this lock only, for it may last: it closes the channel on which its target waits. */
        private final Object turn = new Object();
        /** An interrupt was asked for and has not been made yet. */
        private final AtomicBoolean isAsked = new AtomicBoolean();
        /** The thread while the action runs on it. Guarded by {@link #turn}, so that no interrupt hits what comes after it. */
        private @Nullable Thread thread;

        private @Nullable Future<?> limit;
        private volatile boolean isCancelled;

        private Call(Told.Climb told, NodeRung rung, Incarnation self) {
            this.told = told;
            this.rung = rung;
            this.self = self;
            this.end = System.nanoTime() + rung.budget.toNanos();
        }

        private void run() {
            Thread current = Thread.currentThread();
            ClassLoader before = current.getContextClassLoader();
            synchronized (turn) {
                thread = current;
            }
            // Only what has returned is climbed.
            Optional<String> failure = Optional.of("rung " + rung.name() + " was given up before it began");
            try {
                current.setContextClassLoader(rung.loader);
                if (!isCancelled) {
                    rung.action.climb(this);
                    failure = Optional.empty();
                }
            } catch (Throwable e) {
                failure = Optional.of("rung " + rung.name() + " failed: " + said(e));
                if (!isCancelled) {
                    LOG.warn("{}", failure.get(), e);
                }
            } finally {
                current.setContextClassLoader(before);
                ended(failure);
            }
        }

        private static String said(Throwable e) {
            try {
                return String.valueOf(e);
            } catch (Exception | Error broken) {
                return e.getClass().getName() + ", which does not say what it is";
            }
        }

        private void ended(Optional<String> failure) {
            synchronized (turn) {
                thread = null;
            }
            synchronized (lock) {
                running = running == this ? null : running;
                if (limit != null) {
                    limit.cancel(false);
                }
                host.ask(new Ask.Climbed(told.view(), told.phase(), failure, true));
            }
            returned.countDown();
        }

        private void overrun() {
            String sentence = "rung " + rung.name() + " overran its budget of " + Sentence.of(rung.budget)
                    + " and is waited for until it returns";
            synchronized (lock) {
                if (running != this) {
                    return;
                }
                host.ask(new Ask.Climbed(told.view(), told.phase(), Optional.of(sentence), false));
                cancel();
            }
            LOG.warn("{}", sentence);
        }

        /** Never blocks. */
        private void cancel() {
            isCancelled = true;
            if (isAsked.compareAndSet(false, true)) {
                try {
                    host.actions().execute(this::interrupt);
                } catch (RejectedExecutionException e) {
                    LOG.trace("the node is closed", e);
                }
            }
        }

        private void interrupt() {
            try {
                synchronized (turn) {
                    if (thread != null) {
                        thread.interrupt();
                    }
                }
            } finally {
                isAsked.set(false);
            }
        }

        @Override
        public String rung() {
            return rung.rung.name();
        }

        @Override
        public Barriers.View view() {
            return new Barriers.View(told.view(), told.members());
        }

        @Override
        public boolean isCurrent() {
            return !isCancelled && end - System.nanoTime() > 0 && host.isValid(self);
        }

        @Override
        public Duration remaining() {
            return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
        }
    }

    // ---- looking -------------------------------------------------------------------------------------------------

    @Override
    public Status status() {
        boolean hasRungs;
        synchronized (lock) {
            hasRungs = !own.isEmpty();
        }
        return new Status(LadderSteps.of(situation.apply(hasRungs)));
    }

    @Override
    public HaNode.Subscription observe(Listener listener) {
        if (listener == null) {
            throw new ConfigurationException("recovery listener", null, "give who is to be told");
        }
        Observer observer = new Observer(new EventDispatcher<>(listener::onStatus, host.threads()));
        synchronized (observers) {
            host.checkOpen();
            observers.add(observer);
            tell(observer, status());
        }
        observer.dispatcher.start();
        return () -> {
            synchronized (observers) {
                observers.remove(observer);
            }
            observer.dispatcher.close();
        };
    }

    /** Something that a status is made of has changed. Any thread; never blocks. */
    void refresh() {
        synchronized (observers) {
            Map<Incarnation, String> now =
                    host.record().map(LadderSteps::troubles).orElse(Map.of());
            now.forEach((member, trouble) -> {
                if (!trouble.equals(troubles.get(member))) {
                    alarm.accept("ladder " + member, member + " holds the ladder: " + trouble);
                }
            });
            troubles = now;
            if (!observers.isEmpty()) {
                Status status = status();
                observers.forEach(observer -> tell(observer, status));
            }
        }
    }

    private static void tell(Observer observer, Status status) {
        if (!status.equals(observer.last)) {
            observer.last = status;
            observer.dispatcher.publish("status", status);
        }
    }

    /** Nothing is climbed here any more; what runs is interrupted. */
    void end() {
        synchronized (lock) {
            own.clear();
            if (running != null) {
                running.cancel();
            }
        }
    }

    /** Waits for what runs, for a moment. */
    void awaitEnd() {
        Call call;
        synchronized (lock) {
            call = running;
        }
        try {
            if (call != null && !call.returned.await(END_MILLIS, TimeUnit.MILLISECONDS)) {
                LOG.warn("rung {} ignores the interrupt and goes on although its node is closed", call.rung());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The node has closed: tells every observer so and lets it go. Bounded. */
    void close() {
        List<Observer> last;
        synchronized (observers) {
            Status status = status();
            observers.forEach(observer -> tell(observer, status));
            last = List.copyOf(observers);
            observers.clear();
        }
        last.forEach(observer -> observer.dispatcher.drainAndClose(LAST_WORD_MILLIS));
    }

    private static final class Observer {
        private final EventDispatcher<Status> dispatcher;
        private @Nullable Status last;

        private Observer(EventDispatcher<Status> dispatcher) {
            this.dispatcher = dispatcher;
        }
    }
}
