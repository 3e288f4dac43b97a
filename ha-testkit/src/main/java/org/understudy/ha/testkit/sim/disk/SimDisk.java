package org.understudy.ha.testkit.sim.disk;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * A disk as one node's state store sees it: one write at a time, each takes a while; what waits behind it is written together.
 * A crash loses what is not synced; the write under way may or may not survive. Like the product's store it never hands out
 * a damaged state.
 */
public final class SimDisk {

    /** How long a write takes on a calm disk. */
    public static final long FSYNC = Timeline.MILLI;

    private static final long MILLI = Timeline.MILLI;
    private static final long SLOW_MOST = 400 * MILLI;
    private static final int COPIES_KEPT = 24;

    /** Whoever waits for writes. */
    public interface Writer {
        /** This fact and all before it are durable. */
        void persisted(long number);

        /** A write failed: whether its fact is on the disk is unknown, and nothing may be written any more. */
        void writeFailed(String why);
    }

    /** What a start finds. */
    public record Opened(String identity, long bootCount, long writeCount, DurableState state, boolean isCurrent) {}

    private record Handed(long number, DurableState state) {}

    private final Timeline time;
    private final int owner;
    private final boolean isForgetful;
    private final boolean isSealed;
    private final Consumer<DurableState> onDurable;
    private final Deque<Handed> handed = new ArrayDeque<>();
    private final List<DurableState> copies = new ArrayList<>();
    private String identity;
    private int replacements;
    private DurableState durable = DurableState.EMPTY;
    private DurableState before = DurableState.EMPTY;
    private @Nullable StateFile file;
    private @Nullable DurableState writing;
    private long writingNumber;
    private @Nullable DurableState waiting;
    private long waitingNumber;
    private long bootCount;
    private long writeCount;
    private long draws;
    private long slowUntil;
    private long slowLeast;
    private long hungUntil;
    private long fullUntil;
    private boolean isDamaged;
    /** Whether this run of the kernel remembers what lies here: it is told of each write before and after it, but not of the count of a start. */
    private boolean isRemembered;

    private long epoch;

    /**
     * @param isForgetful whether each crash takes the newest write away although it was said to be durable
     * @param isSealed whether every state goes through the product's format, not only damaged ones
     * @param onDurable told of every state that was handed in and is now covered by the disk
     */
    public SimDisk(Timeline time, int owner, boolean isForgetful, boolean isSealed, Consumer<DurableState> onDurable) {
        this.time = time;
        this.owner = owner;
        this.isForgetful = isForgetful;
        this.isSealed = isSealed;
        this.onDurable = onDurable;
        this.identity = "d" + owner;
    }

    public String identity() {
        return identity;
    }

    /** What a start after a crash at this moment would surely still find. */
    public DurableState durable() {
        return durable;
    }

    /**
     * Opens it for a new life.
     *
     * @throws MalformedMessageException if it is damaged; nothing on it is changed
     */
    public Opened open() {
        StateFile found = file;
        if (found != null) {
            durable = found.read();
            file = null;
        }
        bootCount++;
        writeCount++;
        boolean isCurrent = isRemembered || bootCount == 1;
        isRemembered = isCurrent;
        return new Opened(identity, bootCount, writeCount, durable, isCurrent);
    }

    /** How often it was written, starts included. */
    public long writeCount() {
        return writeCount;
    }

    /** Whether what lies there is not what was written. */
    public boolean isDamaged() {
        return isDamaged;
    }

    public boolean isIdle() {
        return writing == null;
    }

    /** The newest number handed in and not durable yet. */
    public long newestNumber() {
        return waiting != null ? waitingNumber : writingNumber;
    }

    // ---- writing -------------------------------------------------------------------------------------------------

    public void write(DurableState state, long number, Writer writer) {
        handed.addLast(new Handed(number, state));
        if (writing == null) {
            begin(state, number, writer);
        } else {
            waiting = state;
            waitingNumber = number;
        }
    }

    private void begin(DurableState state, long number, Writer writer) {
        writing = state;
        writingNumber = number;
        long draw = SimRandom.hash(time.seed(), 'd', owner, draws++);
        long takes = time.now() < slowUntil
                ? SimRandom.scale(draw, slowLeast, SLOW_MOST)
                : time.isCalm() ? FSYNC : SimRandom.scale(draw, MILLI / 5, 3 * MILLI);
        endIn(takes, writer);
    }

    private void endIn(long takes, Writer writer) {
        long mine = epoch;
        time.in(takes, () -> {
            if (mine == epoch && time.now() < hungUntil) {
                endIn(hungUntil - time.now(), writer);
            } else if (mine == epoch) {
                complete(writer);
            }
        });
    }

    private void complete(Writer writer) {
        DurableState written = writing;
        if (written == null) {
            return;
        }
        if (time.now() < fullUntil) {
            writer.writeFailed("no space left on device");
            return;
        }
        long number = writingNumber;
        before = durable;
        settle(written);
        while (!handed.isEmpty() && handed.peekFirst().number <= number) {
            onDurable.accept(handed.removeFirst().state);
        }
        writing = null;
        DurableState next = waiting;
        waiting = null;
        if (next != null) {
            begin(next, waitingNumber, writer);
        }
        writer.persisted(number);
    }

    private void settle(DurableState written) {
        durable = written;
        writeCount++;
        isRemembered = true;
        file = isSealed ? StateFile.of(written) : null;
        copies.add(written);
        if (copies.size() > COPIES_KEPT) {
            copies.remove(0);
        }
    }

    // ---- what goes wrong -----------------------------------------------------------------------------------------

    /** Writes take that long at least, and up to 400 ms, until then; 0 ends it. */
    public void slowUntil(long real, long least) {
        slowUntil = real == 0 ? 0 : Math.max(slowUntil, real);
        slowLeast = least;
    }

    /** No write ends before then. */
    public void hangUntil(long real) {
        hungUntil = Math.max(hungUntil, real);
    }

    /** Writes that end before then fail; 0 ends it. */
    public void fullUntil(long real) {
        fullUntil = real == 0 ? 0 : Math.max(fullUntil, real);
    }

    /** The process or the host is gone: what was under way is there or not. */
    public void crash() {
        epoch++;
        long draw = SimRandom.hash(time.seed(), 'c', owner, draws++);
        DurableState underWay = writing;
        if (isForgetful) {
            durable = before;
            file = null;
        } else if (underWay != null && SimRandom.happens(draw, 500)) {
            settle(underWay);
            onDurable.accept(underWay);
        }
        before = durable;
        writing = null;
        waiting = null;
        handed.clear();
    }

    /** The kernel that remembered the newest write is gone. */
    public void forgetWrites() {
        isRemembered = false;
    }

    /** What lies here, and each copy of it, is as version 1 of the library wrote it; its host remembers no write. */
    public void beWrittenByVersionOne() {
        copies.replaceAll(copy -> StateFile.ofVersionOne(copy).read());
        file = StateFile.ofVersionOne(durable);
        durable = file.read();
        before = durable;
        isRemembered = false;
    }

    /** A bit changes while nobody looks. */
    public void flipBit(long luck) {
        isDamaged = true;
        file = StateFile.of(durable).withFlippedBit(luck);
    }

    /** A disk that lies about the order of its writes leaves half a file. */
    public void tear(long luck) {
        isDamaged = true;
        file = StateFile.of(durable).torn(luck);
    }

    /** A new, empty disk in place of this one. */
    public void replace() {
        replacements++;
        identity = "d" + owner + "." + replacements;
        durable = DurableState.EMPTY;
        before = DurableState.EMPTY;
        file = null;
        isDamaged = false;
        bootCount = 0;
        writeCount = 0;
        copies.clear();
    }

    /** An earlier state of this very disk comes back, with its identity; false if there is none that differs. */
    public boolean restoreOlder(long luck) {
        List<DurableState> older =
                copies.stream().filter(c -> !c.equals(durable)).toList();
        if (older.isEmpty()) {
            return false;
        }
        int which = (int) SimRandom.scale(luck, 0, older.size());
        int behind = older.size() - which;
        durable = older.get(which);
        before = durable;
        file = isSealed ? StateFile.of(durable) : null;
        writeCount = Math.max(1, writeCount - behind);
        bootCount = Math.max(1, bootCount - 1);
        isRemembered = false;
        return true;
    }

    /** A copy of this disk, in another host. */
    public Optional<Opened> copy() {
        return durable.isEmpty() || isDamaged
                ? Optional.empty()
                : Optional.of(new Opened(identity, bootCount + 1, writeCount + 1, durable, false));
    }
}
