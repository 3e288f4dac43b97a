package org.understudy.ha.membership.runtime;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource.Call;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Score;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Sentence;

/**
 * The resources of one user's group on this node, and every call into them: one at a time, each with a budget. All parts of the group (its
 * copies and its promoted role) share it, so a promote can never overlap a demote or a stop, and at most one copy is here.
 *
 * <p><b>Concurrency.</b> Calls are made in the {@link #queue()}, everything else on any thread. A look that does not return although it was
 * interrupted is left behind on its thread, and the queue goes on without it; while such looks hang the group is not eligible here, so
 * there is hardly ever more than one. No other call is left behind.
 */
final class Instance {

    private static final Logger LOG = LoggerFactory.getLogger(Instance.class);
    private static final Duration LOOK_BUDGET = Duration.ofSeconds(2);
    private static final Duration RETIRE_BUDGET = Duration.ofSeconds(2);
    private static final Duration SHORTEST = Duration.ofMillis(1);
    /** Copies that look one after the other need one answer. */
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** So long a thread may go on after the stop of the resource that made it. */
    private static final long THREAD_NANOS_MAX = TimeUnit.SECONDS.toNanos(5);

    private static final int NAMED_MAX = 5;
    private static final int SENTENCE_MAX = 300;

    private final Group group;
    private final ClassLoader loader;
    private final Lane.Surroundings around;
    private final LaneQueue queue;
    private final Map<Group.Entry, Map<Call, Duration>> budgets = new IdentityHashMap<>();
    private final List<Lane> lanes = new CopyOnWriteArrayList<>();
    private final Object turn = new Object();
    /** Guarded by {@link #turn}. */
    private @Nullable UserCall current;

    /** Whose copy is here, or is about to be, or may still be. */
    private volatile @Nullable Lane here;

    /** Names of resources whose monitor has said once that they do not run. */
    private final Set<String> tellers = ConcurrentHashMap.newKeySet();
    /** Names of those whose monitor did not say so, or was not asked, before anything was started, or did not answer after a stop. */
    private final Set<String> unheard = ConcurrentHashMap.newKeySet();
    /** What failed last, by the call: it is logged once. */
    private final Map<String, String> said = new ConcurrentHashMap<>();

    /** In the queue: what was made ready, and neither started nor given back since. */
    private final Set<Group.Entry> unused = Collections.newSetFromMap(new IdentityHashMap<>());

    /** Looks that hang, and what makes ready or gives that back. */
    private final Set<UserCall> hanging = ConcurrentHashMap.newKeySet();

    /** Of what is started, or may be, by the resource. */
    private final Map<String, ThreadLedger.Maker> makers = new ConcurrentHashMap<>();
    /** Threads that outlived a stop, by the resource. */
    private final Map<String, List<WeakReference<Thread>>> leaks = new ConcurrentHashMap<>();

    private final AtomicBoolean isShutDown = new AtomicBoolean();
    private final AtomicInteger lateReturns = new AtomicInteger();
    private final AtomicInteger contradictions = new AtomicInteger();

    private Eligibility eligibility = Eligibility.eligible();
    private long eligibilityAt = System.nanoTime() - FRESH_NANOS;
    private Presence presence = Presence.UNKNOWN;
    private volatile String presenceDetail = "";
    private long presenceAt = System.nanoTime() - FRESH_NANOS;

    /**
     * @throws ConfigurationException if a resource names a budget that cannot be
     */
    Instance(Group group, ClassLoader loader, Lane.Surroundings around) {
        this.group = group;
        this.loader = loader;
        this.around = around;
        this.queue = new LaneQueue(around.pool(), around.threads().name("group-" + group.name()));
        List<Problem> problems = new ArrayList<>();
        for (Group.Entry entry : group.resources()) {
            budgets.put(entry, budgets(entry, problems));
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    private Map<Call, Duration> budgets(Group.Entry entry, List<Problem> problems) {
        Map<Call, Duration> found = new EnumMap<>(Call.class);
        for (Call call : Call.values()) {
            Optional<Duration> wanted;
            try {
                wanted = entry.resource().budget(call);
            } catch (RuntimeException | LinkageError e) {
                problems.add(
                        problem(entry, call, e.toString(), "budget() failed; let it say how long the call may take"));
                continue;
            }
            if (wanted == null) {
                problems.add(problem(entry, call, "null", "give a duration, or Optional.empty()"));
            } else if (wanted.isPresent()
                    && (wanted.get().compareTo(SHORTEST) < 0
                            || wanted.get().compareTo(org.understudy.ha.api.spi.ManagedResource.LONGEST) > 0)) {
                problems.add(problem(entry, call, wanted.get().toString(), "must be at least 1 ms and at most a day"));
            } else {
                found.put(call, wanted.orElseGet(() -> usual(call, found)));
            }
        }
        return found;
    }

    private Problem problem(Group.Entry entry, Call call, String value, String remedy) {
        return new Problem("group " + group.name() + " resource " + entry.name() + " budget of " + call, value, remedy);
    }

    /** @param before budgets of the calls that are declared before this one */
    private Duration usual(Call call, Map<Call, Duration> before) {
        return switch (call) {
            case PROBE, PREPARE, START, PROMOTE -> group.startBudget();
            case QUIESCE, DEMOTE, STOP, KILL -> group.stopBudget();
            case RETIRE -> RETIRE_BUDGET;
            case UNPREPARE -> before.getOrDefault(Call.RETIRE, RETIRE_BUDGET);
            default -> LOOK_BUDGET;
        };
    }

    Group group() {
        return group;
    }

    LaneQueue queue() {
        return queue;
    }

    void add(Lane lane) {
        lanes.add(lane);
    }

    /** Ends the queue once for all parts. Never blocks. */
    void shutdown(Lane lane) {
        if (isShutDown.compareAndSet(false, true)) {
            queue.closeNow(() -> retireAll(lane));
        }
    }

    /**
     * In the queue, of a part that does not start here after all, or has stopped: what was made ready for a start that did not come to it is given back,
     * unless a part is made ready here or something may still be active.
     */
    void giveBack(Lane lane) {
        if (lanes.stream().anyMatch(other -> other.isMadeReady() || other.isActive())) {
            return;
        }
        List<Group.Entry> last = new ArrayList<>(group.resources());
        last.retainAll(unused);
        Collections.reverse(last);
        for (Group.Entry entry : last) {
            call(lane, entry, Call.UNPREPARE, () -> {}, call -> entry.resource().unprepare());
        }
    }

    /** In the queue: its start is called now, and has what was made ready for it. */
    void usesReadiness(Group.Entry entry) {
        unused.remove(entry);
    }

    /** In the queue. The group is given up here: whatever was kept ready for a start is given back, unless something may still be active. */
    void retireAll(Lane lane) {
        if (lanes.stream().anyMatch(Lane::isActive)) {
            return;
        }
        for (Group.Entry entry : group.resources()) {
            call(lane, entry, Call.RETIRE, () -> {}, call -> entry.resource().retire());
        }
    }

    boolean isFirst(Lane lane) {
        return lanes.get(0) == lane;
    }

    Duration budget(Group.Entry entry, Call call) {
        return budgets.get(entry).get(call);
    }

    /** How long a look may keep the queue: until it is given up. */
    Duration lookBudget(Group.Entry entry, Call look) {
        return budget(entry, look).plusNanos(UserCall.GRACE_NANOS).plus(CallWatch.LATE_AT_MOST);
    }

    /** Of all looks but the probe, which is for the time before a start. */
    Duration longestLook() {
        return group.resources().stream()
                .flatMap(entry ->
                        Stream.of(Call.MONITOR, Call.ELIGIBILITY, Call.SCORE).map(look -> lookBudget(entry, look)))
                .max(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }

    /** Whether its monitor has a say in whether it is stopped. */
    boolean isAskedAfterStop(Group.Entry entry) {
        return tellers.contains(entry.name());
    }

    // ---- whose copy is here --------------------------------------------------------------------------------------

    /** In the queue. Returns false if another copy is here. */
    boolean take(Lane lane) {
        if (here != null && here != lane) {
            return false;
        }
        here = lane;
        return true;
    }

    /** In the queue: the copy has certainly stopped. */
    void leave(Lane lane) {
        if (here == lane) {
            here = null;
        }
    }

    /** The copy that is here; empty if there is none. */
    Optional<Lane> copy() {
        return Optional.ofNullable(here);
    }

    /** The promoted role of the group, if it has one. */
    Optional<Lane> promoted() {
        return any(Role.PROMOTED);
    }

    /** One of its copies, wherever that is: they are alike. */
    Optional<Lane> anyCopy() {
        return any(Role.COPY);
    }

    private Optional<Lane> any(Role role) {
        return lanes.stream().filter(lane -> lane.role() == role).findFirst();
    }

    /** What one part may do has changed with another: all look again. */
    void poke() {
        lanes.forEach(Lane::lookAgain);
    }

    // ---- looks ---------------------------------------------------------------------------------------------------

    /** In the queue. Whether these resources could be started here. */
    Eligibility eligible(Lane lane, List<Group.Entry> entries, Runnable onGivenUp) {
        Optional<Eligibility> stuck = whyStuck();
        if (stuck.isPresent()) {
            return stuck.get();
        }
        boolean isShared = lane.role() == Role.COPY;
        if (isShared && System.nanoTime() - eligibilityAt < FRESH_NANOS) {
            return eligibility;
        }
        Eligibility now = ask(lane, entries, onGivenUp);
        if (isShared) {
            eligibility = now;
            eligibilityAt = System.nanoTime();
        }
        return now;
    }

    private Eligibility ask(Lane lane, List<Group.Entry> entries, Runnable onGivenUp) {
        for (Group.Entry entry : entries) {
            Eligibility[] found = new Eligibility[1];
            Optional<Failure> failure = look(
                    lane,
                    entry,
                    Call.ELIGIBILITY,
                    onGivenUp,
                    () -> found[0] = entry.resource().eligibility());
            if (failure.isPresent()) {
                return Eligibility.veto(failure.get().why());
            }
            if (found[0] == null) {
                return Eligibility.veto(entry.name() + ": eligibility() gave null");
            }
            if (!found[0].isEligible()) {
                return Eligibility.veto(cut(entry.name() + ": " + found[0].reason()));
            }
        }
        return Eligibility.eligible();
    }

    /** A look into this group hangs, or what makes it ready or gives that back: it is not to be started on this node meanwhile. */
    Optional<Failure> stuck() {
        return hanging.stream().findFirst().map(Instance::stuck);
    }

    private static Failure stuck(UserCall call) {
        return new Failure(
                Severity.SOFT,
                call.resource(),
                call.word()
                        + " does not return although it was interrupted; until it does, or this process is"
                        + " started again, the group is not started here");
    }

    /** As {@link #stuck()}, said of its eligibility. */
    Optional<Eligibility> whyStuck() {
        return stuck().map(failure -> Eligibility.veto(failure.why()));
    }

    /** In the queue. The lowest score of these resources, or a veto. */
    Score score(Lane lane, List<Group.Entry> entries, Runnable onGivenUp) {
        long lowest = Long.MAX_VALUE;
        for (Group.Entry entry : entries) {
            if (entry.isWithPromoted() || !(entry.resource() instanceof PromotableResource promotable)) {
                continue;
            }
            Score[] found = new Score[1];
            Optional<Failure> failure = look(lane, entry, Call.SCORE, onGivenUp, () -> found[0] = promotable.score());
            if (failure.isPresent()) {
                return Score.veto(failure.get().why());
            }
            if (found[0] == null) {
                return Score.veto(entry.name() + ": score() gave null");
            }
            if (!found[0].isEligible()) {
                return Score.veto(cut(entry.name() + ": " + found[0].reason()));
            }
            lowest = Math.min(lowest, found[0].value());
        }
        return Score.of(lowest);
    }

    /** In the queue. Whether anything of it is active here although this library did not start it. */
    Presence probe(Lane lane, Runnable onGivenUp) {
        if (here != null) {
            return Presence.ABSENT;
        }
        if (!hanging.isEmpty()) {
            // Whoever else asked would hang there as well.
            return Presence.UNKNOWN;
        }
        if (System.nanoTime() - presenceAt < FRESH_NANOS) {
            return presence;
        }
        Presence worst = Presence.ABSENT;
        String why = "";
        for (Group.Entry entry : group.resources()) {
            Presence[] found = {Presence.UNKNOWN};
            String[] detail = {"its probe gave no answer"};
            look(lane, entry, Call.PROBE, onGivenUp, () -> {
                found[0] = entry.resource().probe();
                detail[0] = found[0] == Presence.ABSENT ? "" : entry.resource().probeDetail();
            });
            if (found[0] != Presence.ABSENT) {
                worst = found[0] == null ? Presence.UNKNOWN : found[0];
                why = cut(
                        detail[0] == null || detail[0].isEmpty()
                                ? entry.name() + " says " + worst
                                : entry.name() + ": " + detail[0]);
            }
        }
        if (!why.equals(presenceDetail)) {
            // Where another node has it that is as it should be; what keeps a group from its very first start is told
            // as its reason.
            LOG.debug("group {}: probe: {}, {}", group.name(), worst, why);
        }
        presence = worst;
        presenceDetail = why;
        presenceAt = System.nanoTime();
        return worst;
    }

    /** What was found by the last probe, in words; empty if nothing was. */
    String presenceDetail() {
        return presenceDetail;
    }

    /** In the queue: the next probe looks itself, however fresh the last answer is. */
    void forgetPresence() {
        presenceAt = System.nanoTime() - FRESH_NANOS;
    }

    /**
     * In the queue, before anything was started: which monitors can tell that nothing runs. One that hangs ends it: it and those after it are not
     * heard.
     */
    void askWhoTells(Lane lane, Runnable onGivenUp) {
        group.resources().forEach(entry -> unheard.add(entry.name()));
        for (Group.Entry entry : group.resources()) {
            Health[] found = new Health[1];
            look(
                    lane,
                    entry,
                    Call.MONITOR,
                    onGivenUp,
                    () -> found[0] = entry.resource().monitor());
            if (found[0] != null && found[0].isBad()) {
                tellers.add(entry.name());
                unheard.remove(entry.name());
            }
        }
    }

    /** In the queue. What the monitor of a started resource says. */
    Health monitor(Lane lane, Group.Entry entry, Runnable onGivenUp) {
        Health[] found = new Health[1];
        Optional<Failure> failure = look(
                lane,
                entry,
                Call.MONITOR,
                onGivenUp,
                () -> found[0] = entry.resource().monitor());
        Health health =
                failure.map(f -> Health.failed(Severity.SOFT, f.reason())).orElse(found[0]);
        return health == null ? Health.failed(Severity.SOFT, "monitor() gave null") : health;
    }

    /** In the queue, after a stop returned: whether its own monitor says that it runs, though it can say otherwise. */
    boolean isContradicted(Lane lane, Group.Entry entry, Runnable onGivenUp) {
        if (!tellers.contains(entry.name()) || !hanging.isEmpty()) {
            return false;
        }
        Health[] found = new Health[1];
        look(
                lane,
                entry,
                Call.MONITOR,
                onGivenUp,
                () -> found[0] = entry.resource().monitor());
        return found[0] != null && !found[0].isBad();
    }

    /** Its monitor is not asked any more whether a stop stopped it. */
    void trustsNoMore(Group.Entry entry) {
        tellers.remove(entry.name());
        unheard.add(entry.name());
    }

    /** Resources whose stops are believed, since their monitor is not asked; by name. */
    List<String> unheardMonitors() {
        return unheard.stream().sorted().toList();
    }

    void contradicted() {
        contradictions.incrementAndGet();
    }

    int hanging() {
        return hanging.size();
    }

    int lateReturns() {
        return lateReturns.get();
    }

    int contradictions() {
        return contradictions.get();
    }

    // ---- threads that resources make -------------------------------------------------------------------------------

    /** In the queue: if nothing of the group is here any more, the threads that it made should end. */
    void hasStopped() {
        if (lanes.stream().anyMatch(Lane::isBegun)) {
            return;
        }
        for (Group.Entry entry : group.resources()) {
            ThreadLedger.Maker maker = makers.remove(entry.name());
            if (maker != null && maker.hasMade()) {
                after(() -> around.pool().execute(() -> lookForThreads(entry.name(), maker)), THREAD_NANOS_MAX);
            }
        }
    }

    private void lookForThreads(String resource, ThreadLedger.Maker maker) {
        List<Thread> left = around.ledger().leftBy(maker);
        if (left.isEmpty()) {
            return;
        }
        boolean isFirst =
                leaks.put(resource, left.stream().map(WeakReference::new).toList()) == null;
        if (isFirst) {
            String sentence = resource + ": leaked threads: " + TimeUnit.NANOSECONDS.toSeconds(THREAD_NANOS_MAX)
                    + " s after its stop has returned, " + few(left)
                    + " that it made still run; let stop() end what start() makes";
            LOG.warn("group {}: {}", group.name(), sentence);
            around.tell().accept(new HaEvent.Alarm(group.name(), cut(sentence)));
        }
    }

    private static String few(List<Thread> threads) {
        String named = threads.stream()
                .limit(NAMED_MAX)
                .map(thread -> '"' + thread.getName() + '"')
                .collect(Collectors.joining(", "));
        return threads.size()
                + (threads.size() == 1 ? " thread, " : " threads, ")
                + named
                + (threads.size() > NAMED_MAX ? " and so on," : "");
    }

    /** Those that still run, with the resource's name before each. */
    List<String> leakedThreads() {
        List<String> names = new ArrayList<>();
        new TreeMap<>(leaks)
                .forEach((resource, threads) -> threads.stream()
                        .map(WeakReference::get)
                        .filter(thread -> thread != null && thread.isAlive())
                        .forEach(thread -> names.add(resource + ": " + thread.getName())));
        return names;
    }

    // ---- one call into user code -----------------------------------------------------------------------------------

    /** How a call failed. */
    record Failure(Severity severity, String resource, String reason) {
        Failure {
            reason = cut(reason);
        }

        /** With the resource's name before it. */
        String why() {
            return cut(resource + "." + reason);
        }
    }

    /** Sentences of resources travel in messages and in the record: they are kept short, and in one line. */
    static String cut(@Nullable String sentence) {
        String text = String.valueOf(sentence);
        String line = (text.length() <= SENTENCE_MAX ? text : text.substring(0, SENTENCE_MAX) + "…");
        return line.chars().anyMatch(Character::isISOControl) ? line.replaceAll("\\p{Cc}+", " ") : line;
    }

    /** A call into the user's code. */
    @FunctionalInterface
    interface Body {
        void run(UserCall call) throws ResourceException, InterruptedException;
    }

    /** One that needs to know nothing of the call. */
    @FunctionalInterface
    interface LookBody {
        void run() throws ResourceException, InterruptedException;
    }

    private Optional<Failure> look(Lane lane, Group.Entry entry, Call what, Runnable onGivenUp, LookBody body) {
        return call(lane, entry, what, onGivenUp, call -> body.run());
    }

    /**
     * In the queue.
     *
     * @param onGivenUp told on any thread if nobody waits for it any more; of a look before anybody else has the queue
     * @throws CancellationException if that was so, of a look: somebody else has the lane, and whoever made the look leaves everything
     *     alone
     */
    Optional<Failure> call(Lane lane, Group.Entry entry, Call what, Runnable onGivenUp, Body body) {
        Duration budget = budget(entry, what);
        switch (what) {
            case PREPARE -> unused.add(entry);
            case UNPREPARE, RETIRE -> unused.remove(entry);
            default -> {}
        }
        UserCall[] self = new UserCall[1];
        UserCall call = new UserCall(
                around.pool(),
                lane,
                entry.name(),
                what,
                queue.ticket(),
                budget,
                () -> hangs(self[0]),
                () -> givenUp(self[0], onGivenUp));
        self[0] = call;
        Optional<Failure> failure;
        Watching watching = watch(call);
        synchronized (turn) {
            current = call;
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        boolean isWaitedFor;
        ThreadLedger.Maker maker = makers.computeIfAbsent(entry.name(), name -> new ThreadLedger.Maker());
        around.ledger().begin(maker);
        try {
            thread.setContextClassLoader(loader);
            failure = run(entry, call, body);
        } finally {
            isWaitedFor = call.finish();
            around.ledger().end(maker);
            watching.end();
            thread.setContextClassLoader(before);
            if (!call.isLook() || isWaitedFor) {
                synchronized (turn) {
                    current = null;
                }
            }
        }
        if (isWaitedFor) {
            return failure;
        }
        boolean isIgnored = call.isLook() || call.isStart();
        if (isIgnored) {
            lateReturns.incrementAndGet();
        }
        LOG.warn("group {}: {} has returned at last{}", group.name(), call.name(), isIgnored ? "; it is ignored" : "");
        if (call.isLook()) {
            leaveBehind(call);
            hanging.remove(call);
            poke();
            throw new CancellationException(call.name() + " returned after nobody waited for it any more");
        }
        if (hanging.remove(call)) {
            poke();
        }
        return call.isStart() ? Optional.of(new Failure(Severity.SOFT, entry.name(), overdue(call))) : failure;
    }

    private Optional<Failure> run(Group.Entry entry, UserCall call, Body body) {
        try {
            body.run(call);
            if (!said.isEmpty()) {
                said.remove(call.name());
            }
            return Optional.empty();
        } catch (ResourceException e) {
            say(call, String.valueOf(e.getMessage()), null);
            return Optional.of(new Failure(e.severity(), entry.name(), call.word() + ": " + e.getMessage()));
        } catch (InterruptedException e) {
            return Optional.of(new Failure(
                    Severity.SOFT,
                    entry.name(),
                    call.word() + " was interrupted after at most " + Sentence.of(call.budget())));
        } catch (Exception e) {
            say(call, e.toString(), e);
            return Optional.of(new Failure(Severity.SOFT, entry.name(), call.word() + ": " + e));
        } catch (Throwable e) {
            say(call, e.toString(), e);
            return Optional.of(new Failure(Severity.HARD, entry.name(), call.word() + ": " + e));
        }
    }

    /** A look that fails fails often: the same is said once. */
    private void say(UserCall call, String what, @Nullable Throwable failure) {
        boolean isNew = !what.equals(said.put(call.name(), what));
        if (isNew || !call.isLook()) {
            LOG.warn("group {}: {} failed: {}", group.name(), call.name(), cut(what), failure);
        }
    }

    private static String overdue(UserCall call) {
        return call.word() + " had not returned after " + Sentence.of(call.budget());
    }

    private void hangs(UserCall call) {
        if (call.isLook() || call.isOfReadiness()) {
            hanging.add(call);
        }
    }

    private void givenUp(UserCall call, Runnable onGivenUp) {
        String sentence = call.name() + " has not returned after " + Sentence.of(call.budget())
                + " although it was interrupted: it must heed interrupts, or end by itself";
        try {
            LOG.warn("group {}: {}", group.name(), sentence);
            around.tell().accept(new HaEvent.Alarm(group.name(), sentence));
        } finally {
            if (call.isOfReadiness()) {
                // Nothing else has a turn here: nobody would look, and a grant that came meanwhile would be nobody's.
                Failure hung = stuck(call);
                lanes.forEach(lane -> lane.keepAway(hung));
            }
            onGivenUp.run();
            if (call.isLook()) {
                leaveBehind(call);
            }
        }
    }

    private void leaveBehind(UserCall call) {
        if (queue.abandon(call.ticket())) {
            synchronized (turn) {
                if (current == call) {
                    current = null;
                }
            }
        }
    }

    /** Interrupts what keeps a stop from its turn: a start, or a promotion. Any thread; never blocks. */
    void cancelStart(Lane lane) {
        synchronized (turn) {
            UserCall call = current;
            if (call != null && call.isStart() && call.lane() == lane) {
                call.cancel();
            }
        }
    }

    /** Whether resources make ready or give that back, whichever part that is for: nothing that any part was told since has begun. Any thread; never blocks. */
    boolean isAtReadiness() {
        synchronized (turn) {
            UserCall call = current;
            return call != null && call.isOfReadiness();
        }
    }

    /** The call that is under way, for a sentence. */
    String underWay() {
        synchronized (turn) {
            return current == null ? "a stop" : current.name();
        }
    }

    /** The call that is under way, since when and with which budget, for a sentence; empty if there is none. */
    Optional<String> waitsFor() {
        synchronized (turn) {
            return Optional.ofNullable(current)
                    .map(call -> call.name() + " has been under way for " + Sentence.of(call.age())
                            + " of its budget of " + Sentence.of(call.budget()));
        }
    }

    /** What ends a call that takes too long. */
    private record Watching(
            Optional<UserCall> watched, CallWatch watch, Optional<Future<?>> cancel, Optional<Future<?>> last) {
        void end() {
            watched.ifPresent(watch::end);
            cancel.ifPresent(f -> f.cancel(false));
            last.ifPresent(f -> f.cancel(false));
        }
    }

    private Watching watch(UserCall call) {
        if (call.isLook()) {
            around.watch().begin(call);
            return new Watching(Optional.of(call), around.watch(), Optional.empty(), Optional.empty());
        }
        long budget = call.budget().toNanos();
        return new Watching(
                Optional.empty(),
                around.watch(),
                after(call::cancel, budget),
                after(call::giveUp, budget + UserCall.GRACE_NANOS));
    }

    /** While a node closes there are no timers any more: what is left to stop then runs without a budget. */
    private Optional<Future<?>> after(Runnable action, long nanos) {
        try {
            return Optional.of(around.timers().schedule(action, nanos, TimeUnit.NANOSECONDS));
        } catch (RejectedExecutionException e) {
            return Optional.empty();
        }
    }
}
