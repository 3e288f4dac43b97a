package org.understudy.ha.membership.history;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Decision;
import org.understudy.ha.api.Decision.Kind;
import org.understudy.ha.api.History;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.codec.DecisionCodec;
import org.understudy.ha.membership.codec.PlanCodec;
import org.understudy.ha.membership.core.history.Draft;
import org.understudy.ha.membership.core.history.KeptPlan;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.history.RecordChanges;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Keeps the history of one node. Whoever learns a record says so here and goes on; a thread of its own compares it with the last one,
 * tells what was decided and writes it. What another node decided waits on that thread for that node's reasons, never long: see {@link
 * DeciderWords}.
 *
 * <p>Nothing that waits here is more than {@value #WAITING_MAX} records, of which {@value #PLANS_WAITING_MAX} with what the planner was
 * given. A record that finds no room is not lost: what it changed shows in the next one. That it was not looked at is counted.
 */
public final class HistoryKeeper implements History, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HistoryKeeper.class);
    /** A large record takes a megabyte or two of memory. */
    static final int WAITING_MAX = 32;

    static final int PLANS_WAITING_MAX = 8;
    private static final long CLOSE_MILLIS = 1000;

    /**
     * A chosen record, with the round that led to it if this node led it; or the end.
     *
     * @param nanos when it came
     */
    private record Learned(
            Optional<Ballot> ballot, Optional<ClusterRecord> record, Optional<Planning> planning, long nanos) {
        private static final Learned END = new Learned(Optional.empty(), Optional.empty(), Optional.empty(), 0);
    }

    private final Path directory;
    private final Clock clock;
    private final DeciderWords words;
    private final Consumer<Decision> told;
    private final Thread thread;
    private final FrameLog decisions;
    private final FrameLog plans;
    private final LinkedBlockingQueue<Learned> waiting = new LinkedBlockingQueue<>(WAITING_MAX);
    private final AtomicInteger plansWaiting = new AtomicInteger();
    private final ConcurrentLinkedDeque<Decision> atHand = new ConcurrentLinkedDeque<>();
    private final AtomicInteger countAtHand = new AtomicInteger();
    private final AtomicLong unseen = new AtomicLong();
    private final AtomicLong unwritten = new AtomicLong();
    private final AtomicLong inputs = new AtomicLong();
    private final AtomicReference<Optional<String>> trouble = new AtomicReference<>(Optional.empty());

    private volatile boolean isClosing;
    private volatile boolean isOver;

    /** The thread's own. */
    private Optional<ClusterRecord> last = Optional.empty();

    private long lastNumber;
    private long unseenTold;
    private final Deque<Decision> notWritten = new ArrayDeque<>();
    private long dropped;

    /**
     * @param directory the node's state directory
     * @param words what the nodes that decide tell one another of their reasons
     * @param told each decision, in order, on the history's thread
     */
    public HistoryKeeper(
            Path directory, NamedThreads threads, Clock clock, DeciderWords words, Consumer<Decision> told) {
        this.directory = directory;
        this.clock = clock;
        this.words = words;
        this.told = told;
        this.decisions = new FrameLog(directory, "history", BYTES_MAX);
        this.plans = new FrameLog(directory, "history-inputs", INPUT_BYTES_MAX);
        this.thread = threads.thread("history", this::run);
    }

    /** Reads what is kept and begins. Whatever is wrong with it, the node goes on. */
    public void start() {
        long damaged = 0;
        try {
            damaged = decisions.read(this::take);
        } catch (IOException e) {
            fails("cannot be read", e);
        }
        if (damaged > 0) {
            gap(damaged + " bytes of this history were damaged and are cut off; decisions may be missing here");
        }
        thread.start();
    }

    private boolean take(byte[] payload) {
        try {
            Decision decision = DecisionCodec.decode(payload);
            lastNumber = Math.max(lastNumber, decision.number());
            keepAtHand(decision);
        } catch (MalformedMessageException e) {
            LOG.debug("{}: a decision of another version is skipped: {}", directory, e.getMessage());
        }
        return true;
    }

    /** A record is known to be chosen. Any thread; never waits. */
    public void learned(Ballot ballot, ClusterRecord record, Optional<Planning> planning) {
        Optional<Planning> kept = planning;
        if (planning.isPresent() && plansWaiting.incrementAndGet() > PLANS_WAITING_MAX) {
            plansWaiting.decrementAndGet();
            inputs.incrementAndGet();
            kept = Optional.empty();
        }
        if (isOver || !waiting.offer(new Learned(Optional.of(ballot), Optional.of(record), kept, System.nanoTime()))) {
            kept.ifPresent(plan -> plansWaiting.decrementAndGet());
            unseen.incrementAndGet();
        } else if (kept.isPresent()) {
            // Others wait for what this node has to say of it.
            words.hurry();
        }
        if (isOver) {
            // It ended meanwhile: nobody would ever take it.
            waiting.clear();
        }
    }

    // ---- the thread ----------------------------------------------------------------------------------------------

    private void run() {
        try {
            for (Learned next = waiting.take(); next != Learned.END; next = waiting.take()) {
                look(next);
                next.planning().ifPresent(plan -> plansWaiting.decrementAndGet());
            }
            decisions.force();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            LOG.debug("{}: the end of the history may not be on the disk", directory, e);
        } catch (Throwable e) {
            LOG.error("history of {}: it ends here because of an error of its own; the node goes on", directory, e);
        } finally {
            isOver = true;
            waiting.clear();
            decisions.close();
            plans.close();
        }
    }

    private void look(Learned next) throws InterruptedException {
        ClusterRecord record = next.record().orElseThrow();
        long missed = unseen.get() - unseenTold;
        if (missed > 0) {
            unseenTold += missed;
            gap(missed
                    + " records came faster than this history could look at them: steps between may be missing here");
        }
        next.planning().ifPresent(own -> words.say(own, record));
        List<Draft> drafts = drafts(next, record);
        boolean isOwn = next.planning().isPresent() && last.isPresent();
        last = Optional.of(record);
        if (isOwn && !drafts.isEmpty()) {
            // Before anybody is told: whoever hears of a decision can replay it.
            keepPlan(lastNumber + 1, lastNumber + drafts.size(), next.planning().orElseThrow(), record);
        }
        for (Draft draft : drafts) {
            tell(draft, isOwn);
        }
    }

    private List<Draft> drafts(Learned next, ClusterRecord record) throws InterruptedException {
        if (last.isEmpty()) {
            return RecordChanges.all(record).stream()
                    .filter(draft -> !draft.isToldBy(atHand))
                    .toList();
        }
        ClusterRecord before = last.get();
        if (next.planning().isPresent()) {
            return RecordChanges.between(before, record, next.planning().get().notices());
        }
        Ballot ballot = next.ballot().orElseThrow();
        List<Draft> drafts = RecordChanges.between(before, record, ballot.node(), Optional.empty());
        if (drafts.stream().noneMatch(Draft::isUnexplained)) {
            return drafts;
        }
        return words.await(ballot, next.nanos(), this::mayWait)
                .map(heard -> RecordChanges.between(before, record, ballot.node(), Optional.of(heard)))
                .orElse(drafts);
    }

    /** Nothing of its own is to be said, and there is room for what comes meanwhile. */
    private boolean mayWait() {
        return !isClosing && plansWaiting.get() == 0 && waiting.size() < WAITING_MAX / 2;
    }

    private void gap(String sentence) {
        LOG.warn("history of {}: {}", directory, sentence);
        tell(
                Draft.plain(
                        Kind.GAP,
                        "history",
                        sentence,
                        last.map(ClusterRecord::number).orElse(0L)),
                false);
    }

    private void tell(Draft draft, boolean isOwn) {
        Decision decision = draft.at(++lastNumber, clock.instant(), isOwn);
        keepAtHand(decision);
        write(decision);
        told.accept(decision);
    }

    private void keepAtHand(Decision decision) {
        atHand.addFirst(decision);
        if (countAtHand.incrementAndGet() > AT_HAND_MAX) {
            atHand.pollLast();
            countAtHand.decrementAndGet();
        }
    }

    /** What could not be written is written once the disk takes something again, as far as it is at hand. */
    private void write(Decision decision) {
        notWritten.addLast(decision);
        unwritten.incrementAndGet();
        if (notWritten.size() > AT_HAND_MAX) {
            notWritten.removeFirst();
            dropped++;
        }
        try {
            while (!notWritten.isEmpty()) {
                decisions.append(DecisionCodec.encode(notWritten.getFirst()));
                notWritten.removeFirst();
                unwritten.decrementAndGet();
            }
            works();
        } catch (IOException e) {
            fails("cannot be written", e);
        }
    }

    private void works() {
        if (trouble.getAndSet(Optional.empty()).isPresent()) {
            LOG.info("history of {}: it is written again, {} decisions are missing in the file", directory, dropped);
        }
    }

    private void fails(String what, IOException e) {
        Optional<String> before = trouble.getAndSet(Optional.of(what + ": " + e));
        if (before.isEmpty()) {
            LOG.warn(
                    "history of {} {}: {}; the node goes on, its newest decisions are kept in memory until it is closed;"
                            + " free some space or mend the directory",
                    directory,
                    what,
                    e.toString());
        }
    }

    private void keepPlan(long first, long lastOne, Planning planning, ClusterRecord chosen) {
        try {
            plans.append(PlanCodec.encode(new KeptPlan(
                    first, lastOne, planning.ballot(), planning.base(), planning.facts(), planning.answers(), chosen)));
        } catch (IOException e) {
            inputs.incrementAndGet();
            LOG.debug("{}: what record {} was planned from is not kept", directory, chosen.number(), e);
        }
    }

    // ---- readers -------------------------------------------------------------------------------------------------

    @Override
    public List<Decision> newest(int max) {
        return atHand.stream().limit(Math.max(0, max)).toList();
    }

    @Override
    public List<Decision> newest(String group, int max) {
        return atHand.stream()
                .filter(d -> d.group()
                        .filter(name -> name.equals(group) || Part.groupOf(name).equals(group))
                        .isPresent())
                .limit(Math.max(0, max))
                .toList();
    }

    /**
     * Why a part was granted under this token: what the planner said when that was decided, and when the grant before ended; empty if it
     * said nothing, or that is not at hand. Any thread.
     */
    public Optional<String> reason(String part, long token) {
        return Reasons.told(atHand, part, token);
    }

    @Override
    public Losses losses() {
        return new Losses(unseen.get(), unwritten.get(), inputs.get());
    }

    /** How many records wait to be looked at. */
    public int waiting() {
        return waiting.size();
    }

    @Override
    public Replay replay(long number) {
        Optional<Decision> decision =
                atHand.stream().filter(d -> d.number() == number).findFirst();
        if (decision.isEmpty()) {
            return notKept("no decision " + number + " is at hand on this node");
        }
        if (!decision.get().isOwn()) {
            return notKept("decision " + number + " was not made on this node; replay it where it was made");
        }
        try {
            return newestPlan(number)
                    .filter(plan -> plan.chosen().number() == decision.get().record())
                    .map(KeptPlan::replay)
                    .orElseGet(
                            () -> notKept("what decision " + number + " was planned from is not kept here any more"));
        } catch (IOException | MalformedMessageException e) {
            return notKept("what is kept cannot be read: " + e.getMessage());
        }
    }

    /** The newest: where a damaged end was cut off, its numbers were given again. */
    private Optional<KeptPlan> newestPlan(long number) throws IOException {
        AtomicReference<Optional<byte[]>> found = new AtomicReference<>(Optional.empty());
        plans.read(payload -> {
            try {
                if (PlanCodec.holds(payload, number)) {
                    found.set(Optional.of(payload));
                }
            } catch (MalformedMessageException e) {
                LOG.trace("{}: a plan of another version", directory, e);
            }
            return true;
        });
        return found.get().map(PlanCodec::decode);
    }

    private static Replay notKept(String why) {
        return new Replay(Replay.Outcome.NOT_KEPT, why);
    }

    /** Writes what waits, makes it durable and ends; bounded. */
    @Override
    public void close() {
        isClosing = true;
        words.hurry();
        boolean wasInterrupted = Thread.interrupted();
        try {
            if (waiting.offer(Learned.END, CLOSE_MILLIS, TimeUnit.MILLISECONDS)) {
                thread.join(CLOSE_MILLIS);
            }
        } catch (InterruptedException e) {
            wasInterrupted = true;
        }
        thread.interrupt();
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
