package org.understudy.ha.membership;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.Names;
import org.understudy.ha.internal.loop.EventDispatcher;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.recovery.Ask;
import org.understudy.ha.membership.core.recovery.Told;

/** The names of a node: what its callers ask goes to the machine in one order, and what the machine tells comes back to them. */
final class NodeNames implements Names {

    private static final long LAST_WORD_MILLIS = 500;

    private final ServiceHost host;
    private final Object lock = new Object();
    /** By name, those that are not over. Guarded by {@link #lock}, as is the order in which the machine is asked. */
    private final Map<String, NodeRegistration> own = new HashMap<>();

    private final Map<Long, Waiting> waiting = new HashMap<>();
    /** Guarded by itself, together with what each was told last. */
    private final List<Observer> observers = new ArrayList<>();

    /**
     * @param before the value that stays if this is refused
     */
    private record Waiting(
            NodeRegistration registration, CompletableFuture<Result> future, String before, Future<?> limit) {}

    NodeNames(ServiceHost host) {
        this.host = host;
    }

    // ---- owning --------------------------------------------------------------------------------------------------

    @Override
    public Registration register(String name, String value, Sharing sharing, Duration limit) {
        List<Problem> problems = new ArrayList<>();
        checkName(problems, name);
        checkValue(problems, name, value);
        if (sharing == null) {
            problems.add(new Problem("name " + name + " sharing", "null", "choose EXCLUSIVE or SHARED"));
        }
        try {
            ServiceHost.checkLimit("name " + name + " limit", limit);
        } catch (ConfigurationException e) {
            problems.addAll(e.problems());
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        synchronized (lock) {
            host.checkOpen();
            if (own.containsKey(name)) {
                throw new LifecycleException("this node has registered the name " + name
                        + " already; close that registration first, or change it");
            }
            if (own.size() >= NAMES_MAX) {
                throw new LifecycleException("this node has " + NAMES_MAX
                        + " names, which is the limit; withdraw some, or put several things into one value");
            }
            checkBytes(size(name) + size(value));
            long request = host.nextRequest();
            NodeRegistration registration = new NodeRegistration(name, value, request);
            own.put(name, registration);
            NameClaim claim = new NameClaim(value, sharing == Sharing.EXCLUSIVE);
            ask(request, registration, registration.result, new Ask.Register(request, name, claim), value, limit);
            return registration;
        }
    }

    private void ask(
            long request,
            NodeRegistration registration,
            CompletableFuture<Result> future,
            Ask ask,
            String before,
            Duration limit) {
        host.ask(ask);
        Future<?> end = host.later(limit, () -> host.ask(new Ask.GiveUp(request)));
        waiting.put(request, new Waiting(registration, future, before, end));
    }

    private void checkBytes(long more) {
        long bytes = more;
        for (NodeRegistration registration : own.values()) {
            bytes += size(registration.name) + size(registration.value);
        }
        if (bytes > NODE_BYTES_MAX) {
            throw new LifecycleException("the names and values of this node would need " + bytes + " bytes, more than "
                    + NODE_BYTES_MAX + "; withdraw some, or keep the values elsewhere and name where");
        }
    }

    private static void checkName(List<Problem> problems, @Nullable String name) {
        boolean isGood = name != null
                && !name.isEmpty()
                && size(name) <= NAME_BYTES_MAX
                && name.charAt(0) != '!'
                && name.codePoints()
                        .noneMatch(
                                c -> Character.isISOControl(c) || Character.isWhitespace(c) || !Character.isDefined(c))
                && isText(name);
        if (!isGood) {
            problems.add(new Problem(
                    "name",
                    String.valueOf(name),
                    "use 1 to " + NAME_BYTES_MAX
                            + " bytes of printable characters without spaces, not beginning with '!'"));
        }
    }

    private static void checkValue(List<Problem> problems, @Nullable String name, @Nullable String value) {
        if (value == null || size(value) > VALUE_BYTES_MAX || !isText(value)) {
            problems.add(new Problem(
                    "name " + name + " value",
                    value == null ? "null" : value.length() > 40 ? value.substring(0, 40) + "…" : value,
                    "use at most " + VALUE_BYTES_MAX + " bytes of text; an empty value will do"));
        }
    }

    /** What is half of a character cannot be written and read again. */
    private static boolean isText(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static int size(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    // ---- what the machine tells ----------------------------------------------------------------------------------

    /** Called by the loop; never blocks. */
    void held(Told.NameHeld told) {
        synchronized (lock) {
            Waiting answered = waiting.remove(told.request());
            if (answered != null) {
                answered.registration.owner = told.owner();
                complete(answered, new Result(Result.Outcome.HELD, told.owner() + " owns it"));
            }
        }
    }

    /** Called by the loop. */
    void refused(Told.NameRefused told) {
        answer(told.request(), Result.Outcome.REFUSED, told.why());
    }

    /** Called by the loop. */
    void unknown(Told.NameUnknown told) {
        answer(told.request(), Result.Outcome.UNKNOWN, told.why());
    }

    private void answer(long request, Result.Outcome outcome, String why) {
        synchronized (lock) {
            Waiting answered = waiting.remove(request);
            if (answered != null) {
                if (outcome == Result.Outcome.REFUSED) {
                    answered.registration.value = answered.before;
                }
                complete(answered, new Result(outcome, why));
            }
        }
    }

    /** Called by the loop. */
    void over(Told.NameOver told) {
        synchronized (lock) {
            NodeRegistration registration = own.get(told.name());
            if (registration != null && registration.request == told.registration()) {
                own.remove(told.name());
                registration.end(told.why());
            }
        }
    }

    /** Nothing is decided here any more. */
    void end(String why) {
        synchronized (lock) {
            own.values().forEach(registration -> registration.end(why));
            own.clear();
            waiting.values().forEach(each -> complete(each, new Result(Result.Outcome.UNKNOWN, why)));
            waiting.clear();
        }
    }

    private void complete(Waiting answered, Result result) {
        answered.limit.cancel(false);
        complete(answered.future, result);
    }

    private <T> void complete(CompletableFuture<T> future, T value) {
        host.callbacks().execute(() -> future.complete(value));
    }

    private final class NodeRegistration implements Registration {
        private final String name;
        private final long request;
        private final CompletableFuture<Result> result = new CompletableFuture<>();
        private final CompletableFuture<String> over = new CompletableFuture<>();
        /** Guarded by {@link #lock}. */
        private String value;

        private volatile @Nullable Incarnation owner;
        private volatile boolean isOver;

        private NodeRegistration(String name, String value, long request) {
            this.name = name;
            this.value = value;
            this.request = request;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public CompletionStage<Result> result() {
            return result.minimalCompletionStage();
        }

        @Override
        public boolean isHeld() {
            Incarnation present = owner;
            return present != null && !isOver && host.isValid(present);
        }

        @Override
        public CompletionStage<String> over() {
            return over.minimalCompletionStage();
        }

        @Override
        public CompletionStage<Result> change(String newValue, Duration limit) {
            List<Problem> problems = new ArrayList<>();
            checkValue(problems, name, newValue);
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            ServiceHost.checkLimit("name " + name + " limit", limit);
            CompletableFuture<Result> future = new CompletableFuture<>();
            synchronized (lock) {
                host.checkOpen();
                if (isOver) {
                    complete(future, new Result(Result.Outcome.REFUSED, "it is not this node's any more"));
                    return future.minimalCompletionStage();
                }
                checkBytes(Math.max(0, size(newValue) - size(value)));
                String before = value;
                value = newValue;
                long change = host.nextRequest();
                ask(change, this, future, new Ask.Change(change, request, name, newValue), before, limit);
            }
            return future.minimalCompletionStage();
        }

        @Override
        public void close() {
            synchronized (lock) {
                if (!isOver) {
                    own.remove(name);
                    end("it was withdrawn");
                    host.ask(new Ask.Withdraw(request, name));
                }
            }
        }

        private void end(String why) {
            isOver = true;
            complete(over, why);
        }

        @Override
        public String toString() {
            return "name " + name + (isHeld() ? ", held" : "");
        }
    }

    // ---- looking -------------------------------------------------------------------------------------------------

    @Override
    public NameStatus lookup(String name) {
        List<Problem> problems = new ArrayList<>();
        checkName(problems, name);
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        List<NameStatus> found = new ArrayList<>();
        host.record()
                .ifPresent(record -> statuses(record, name, host.hearsMajority()).values().stream()
                        .filter(status -> status.name().equals(name))
                        .forEach(found::add));
        return found.isEmpty() ? new NameStatus(name, List.of(), host.hearsMajority()) : found.get(0);
    }

    @Override
    public List<NameStatus> list(String prefix) {
        checkPrefix(prefix);
        return host.record()
                .map(record -> List.copyOf(
                        statuses(record, prefix, host.hearsMajority()).values()))
                .orElse(List.of());
    }

    private static void checkPrefix(@Nullable String prefix) {
        if (prefix == null) {
            throw new ConfigurationException("name prefix", null, "give how the names begin; empty for all");
        }
    }

    private static SortedMap<String, NameStatus> statuses(ClusterRecord record, String prefix, boolean isCurrent) {
        TreeMap<String, List<Owner>> owners = new TreeMap<>();
        for (Session session : record.sessions().values()) {
            for (Map.Entry<String, NameClaim> entry :
                    session.holdings().names().tailMap(prefix).entrySet()) {
                if (!entry.getKey().startsWith(prefix)) {
                    break;
                }
                NameClaim claim = entry.getValue();
                owners.computeIfAbsent(entry.getKey(), name -> new ArrayList<>())
                        .add(new Owner(
                                session.incarnation(),
                                claim.value(),
                                claim.isExclusive() ? Sharing.EXCLUSIVE : Sharing.SHARED));
            }
        }
        TreeMap<String, NameStatus> all = new TreeMap<>();
        owners.forEach((name, each) -> all.put(name, new NameStatus(name, each, isCurrent)));
        return all;
    }

    @Override
    public HaNode.Subscription observe(String prefix, Listener listener) {
        checkPrefix(prefix);
        if (listener == null) {
            throw new ConfigurationException("name listener", null, "give who is to be told");
        }
        Observer observer = new Observer(prefix, new EventDispatcher<>(listener::onName, host.threads()));
        synchronized (observers) {
            host.checkOpen();
            observers.add(observer);
            tell(observer, host.hearsMajority());
        }
        observer.dispatcher.start();
        return () -> {
            synchronized (observers) {
                observers.remove(observer);
            }
            observer.dispatcher.close();
        };
    }

    /** The record, or whether it is current, may have changed. Called by the loop; never blocks. */
    void refresh() {
        synchronized (observers) {
            if (!observers.isEmpty()) {
                boolean isCurrent = host.hearsMajority();
                observers.forEach(observer -> tell(observer, isCurrent));
            }
        }
    }

    private void tell(Observer observer, boolean isCurrent) {
        SortedMap<String, NameStatus> now = host.record()
                .map(record -> statuses(record, observer.prefix, isCurrent))
                .orElse(new TreeMap<>());
        TreeSet<String> names = new TreeSet<>(observer.last.keySet());
        names.addAll(now.keySet());
        for (String name : names) {
            NameStatus status = now.getOrDefault(name, new NameStatus(name, List.of(), isCurrent));
            if (!status.equals(observer.last.get(name))) {
                observer.dispatcher.publish(name, status);
            }
        }
        observer.last = now;
    }

    /** The node has closed: tells every observer so and lets it go. Bounded. */
    void close() {
        List<Observer> last;
        synchronized (observers) {
            observers.forEach(observer -> tell(observer, false));
            last = List.copyOf(observers);
            observers.clear();
        }
        last.forEach(observer -> observer.dispatcher.drainAndClose(LAST_WORD_MILLIS));
    }

    private static final class Observer {
        private final String prefix;
        private final EventDispatcher<NameStatus> dispatcher;
        private SortedMap<String, NameStatus> last = new TreeMap<>();

        private Observer(String prefix, EventDispatcher<NameStatus> dispatcher) {
            this.prefix = prefix;
            this.dispatcher = dispatcher;
        }
    }
}
