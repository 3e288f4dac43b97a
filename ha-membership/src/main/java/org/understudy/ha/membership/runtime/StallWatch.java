package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Stall;
import org.understudy.ha.api.Stalls;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.core.StallGauge;

/**
 * Measures how late the parts of this node are, and says so. Decides nothing and changes no time-out.
 *
 * <p><b>Concurrency.</b> The loop measures everything but the pauses, for which a thread of this class does nothing but wait; the disk
 * thread only notes when it begins and ends. No thread ever waits for another one here, so that measuring delays nothing. {@link #stalls}
 * may be called from any thread.
 */
public final class StallWatch implements AutoCloseable {

    private static final int HEARTBEATS_KEPT = 64;
    private static final long CLOSE_MILLIS = 500;

    /** Told of what is worth a word, on the loop or on the thread of this class. Must return at once. */
    public interface Listener {
        void noticed(String what, Stall stall, boolean isMarginUsedUp, String sentence);
    }

    private final LongSupplier clock;
    private final Listener listener;
    private final long publishNanos;
    private final Thread thread;
    private final StallGauge pause;
    private volatile Stall pauses;
    private volatile boolean isClosed;

    private final StallGauge tick;
    private final StallGauge step;
    private final StallGauge write;
    private final StallGauge lease;
    private final SortedMap<NodeId, StallGauge> answers = new TreeMap<>();
    private final long[] sentAt = new long[HEARTBEATS_KEPT];
    private final long[] sequences = new long[HEARTBEATS_KEPT];
    private Optional<Incarnation> session = Optional.empty();
    private long confirmed;
    private long stepBegan;
    private long publishAt;
    private volatile Stalls published;

    private volatile long due = Long.MAX_VALUE;
    private volatile long writeBegan;
    private final AtomicLong longestWrite = new AtomicLong();

    public StallWatch(Timing timing, List<NodeId> peers, LongSupplier clock, NamedThreads threads, Listener listener) {
        this.clock = clock;
        this.listener = listener;
        this.publishNanos = timing.renewEvery().toNanos();
        long guard = timing.guard().toNanos();
        this.pause = new StallGauge(guard);
        this.tick = new StallGauge(guard);
        this.step = new StallGauge(guard);
        this.write = new StallGauge(2 * timing.renewEvery().toNanos());
        this.lease = new StallGauge(timing.stepDownNanos());
        long answerMargin = timing.stepDownNanos() - timing.renewEvery().toNanos();
        peers.forEach(peer -> answers.put(peer, new StallGauge(answerMargin)));
        long now = clock.getAsLong();
        this.pauses = pause.stall(now);
        this.published = measured(now);
        this.thread = threads.thread("stalls", this::watch);
    }

    public void start() {
        thread.start();
    }

    // ---- on the loop ---------------------------------------------------------------------------------------------

    /** A step may begin now. */
    public void begins(long now) {
        stepBegan = now;
    }

    /** What was due then is done now. */
    public void ticks(long dueNanos) {
        long now = clock.getAsLong();
        record("tick", tick, now, Math.max(0, now - dueNanos));
    }

    /**
     * A step has ended.
     *
     * @param dueNanos when the next one is due; {@link Long#MAX_VALUE} if there is none
     */
    public void stepped(long dueNanos) {
        long now = clock.getAsLong();
        due = dueNanos;
        record("step", step, now, now - stepBegan);
        long took = longestWrite.getAndSet(0);
        if (took > 0) {
            record("write", write, now, took);
        }
        recordGrowing("write", write, now, writeBegan);
        recordGrowing("lease", lease, now, confirmed);
        if (now >= publishAt) {
            publish(now);
        }
    }

    /** A heartbeat leaves. */
    public void sends(long sequence) {
        int at = (int) (sequence % HEARTBEATS_KEPT);
        if (sequences[at] != sequence) {
            sequences[at] = sequence;
            sentAt[at] = clock.getAsLong();
        }
    }

    /** A heartbeat was answered, yes or no, at that instant. */
    public void answered(NodeId by, long sequence, long atNanos) {
        int at = (int) (sequence % HEARTBEATS_KEPT);
        StallGauge gauge = answers.get(by);
        if (gauge != null && sequences[at] == sequence) {
            record("answer " + by, gauge, clock.getAsLong(), Math.max(0, atNanos - sentAt[at]));
        }
    }

    /** The newest state of the lease. */
    public void leased(PublishLease newest) {
        if (!newest.incarnation().equals(session)) {
            session = newest.incarnation();
            confirmed = 0;
        }
        if (newest.isValid() && newest.confirmedNanos() > confirmed) {
            long now = clock.getAsLong();
            if (confirmed != 0) {
                record("lease", lease, now, now - confirmed);
            }
            confirmed = newest.confirmedNanos();
        }
    }

    /** What still lasts is recorded as it grows, once it is worth it. */
    private void recordGrowing(String what, StallGauge gauge, long now, long began) {
        if (began != 0 && now - began > gauge.marginNanos() / 2) {
            record(what, gauge, now, now - began);
        }
    }

    private void record(String what, StallGauge gauge, long now, long nanos) {
        StallGauge.Word word = gauge.record(now, nanos);
        if (word != StallGauge.Word.NOTHING) {
            publish(now);
            tell(what, gauge.stall(now), word);
        }
    }

    private void publish(long now) {
        publishAt = now + publishNanos;
        published = measured(now);
    }

    private Stalls measured(long now) {
        TreeMap<NodeId, Stall> peers = new TreeMap<>();
        answers.forEach((peer, gauge) -> peers.put(peer, gauge.stall(now)));
        return new Stalls(pauses, tick.stall(now), step.stall(now), write.stall(now), lease.stall(now), peers);
    }

    // ---- on the disk thread --------------------------------------------------------------------------------------

    /** Does a write and notes how long it takes, also if it fails. */
    public void writing(Runnable work) {
        long began = clock.getAsLong();
        writeBegan = began;
        try {
            work.run();
        } finally {
            longestWrite.accumulateAndGet(clock.getAsLong() - began, Math::max);
            writeBegan = 0;
        }
    }

    // ---- on its own thread ---------------------------------------------------------------------------------------

    private void watch() {
        long every = Math.max(1, pause.marginNanos());
        long publishNext = 0;
        long now = clock.getAsLong();
        while (!isClosed) {
            long before = now;
            LockSupport.parkNanos(every);
            // Whoever interrupts this thread must not make it spin.
            boolean isCutShort = Thread.interrupted();
            now = clock.getAsLong();
            long late = now - before - every;
            if (isCutShort || late < 0) {
                continue;
            }
            StallGauge.Word word = pause.record(now, late);
            if (word != StallGauge.Word.NOTHING || now >= publishNext) {
                publishNext = now + publishNanos;
                pauses = pause.stall(now);
            }
            if (word != StallGauge.Word.NOTHING) {
                tell("pause", pauses, word);
            }
        }
    }

    /** Ends the thread; bounded, idempotent. */
    @Override
    public void close() {
        isClosed = true;
        due = Long.MAX_VALUE;
        thread.interrupt();
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- on any thread -------------------------------------------------------------------------------------------

    /** Everything measured, and what lasts now as it is now. */
    public Stalls stalls() {
        long now = clock.getAsLong();
        Stalls newest = published;
        long late = due == Long.MAX_VALUE ? 0 : now - due;
        long began = writeBegan;
        return new Stalls(
                pauses,
                grown(newest.tick(), late),
                newest.step(),
                grown(newest.write(), began == 0 ? 0 : now - began),
                newest.lease(),
                newest.answers());
    }

    private static Stall grown(Stall stall, long nanos) {
        Duration now = Duration.ofNanos(nanos);
        if (now.compareTo(stall.margin().dividedBy(2)) <= 0 || now.compareTo(stall.last()) <= 0) {
            return stall;
        }
        return new Stall(now, longer(now, stall.worstOfMinute()), longer(now, stall.worst()), stall.margin());
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }

    // ---- words ---------------------------------------------------------------------------------------------------

    private void tell(String what, Stall stall, StallGauge.Word word) {
        boolean isAll = word == StallGauge.Word.ALL;
        String sentence = happened(what, millis(stall.last()))
                + (isAll ? ", more than the " : ", more than half of the ") + millis(stall.margin())
                + " that the lease leaves for it" + (isAll ? ": " + consequence(what) : "") + "; " + remedy(what);
        listener.noticed(what, stall, isAll, sentence);
    }

    private static String happened(String what, String howLong) {
        return switch (what) {
            case "pause" -> "this process or its host stood still for " + howLong;
            case "tick" -> "this node's control thread was " + howLong + " late";
            case "step" -> "one step of this node's control thread took " + howLong;
            case "write" -> "a write of the state directory takes " + howLong;
            case "lease" -> "no majority has confirmed the lease for " + howLong;
            default -> peer(what) + " took " + howLong + " to answer a heartbeat";
        };
    }

    private static String consequence(String what) {
        return switch (what) {
            case "pause", "tick" -> "leases are in doubt until a majority answers again";
            case "step" -> "what was due meanwhile came late";
            case "write" -> "while the writes of a majority take that long no takeover is decided; heartbeats go on";
            case "lease" -> "what runs here is stopped";
            default -> "its answers do not keep the lease of this node";
        };
    }

    private String remedy(String what) {
        return switch (what) {
            case "write" -> "give the state directory a disk with less other work, or all nodes a longer lease";
            case "lease" -> "the worst stall of this node in the last minute was " + worst();
            case "pause", "tick", "step" ->
                "look at garbage collection, processors and memory of this host, or give all nodes a longer lease";
            default -> "look at that host and at the network to it, or give all nodes a longer lease";
        };
    }

    private String worst() {
        Stalls newest = published;
        return newest.all().entrySet().stream()
                .filter(entry -> !entry.getKey().equals("lease"))
                .max((a, b) -> Double.compare(a.getValue().share(), b.getValue().share()))
                .map(StallWatch::named)
                .orElse("");
    }

    private static String named(Map.Entry<String, Stall> entry) {
        Stall stall = entry.getValue();
        return '"' + entry.getKey() + "\", " + millis(stall.worstOfMinute()) + " of " + millis(stall.margin());
    }

    private static String peer(String what) {
        return what.substring(what.indexOf(' ') + 1);
    }

    private static String millis(Duration duration) {
        return duration.toMillis() + " ms";
    }
}
