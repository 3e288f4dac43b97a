package org.understudy.ha.membership.guardian;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.HostPort;

/**
 * A node's half of its guardian: starts the process and tells it what the node is about to leave on the host.
 *
 * <p>The guardian dies with its node's end and with nothing else. If it ends earlier it is lost, once and for all: this
 * object never starts another one, since that one would not know what was claimed, and would have another key than the one
 * bound in the session. A lost guardian costs speed, and a kill that was left to it alone.
 *
 * <p>Any thread; calls normally take some microseconds. Where many have something to say they say it in the order in which they came, and
 * no call but {@link #start} and {@link #close} lasts longer than some 200 ms in which the guardian reads nothing. {@link #live} waits for nobody.
 */
public final class Guardian implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Guardian.class);
    private static final long START_SECONDS_MAX = 15;
    private static final long FULL_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long END_MILLIS_MAX = 1000;
    private static final int LAST_WORDS_MAX = 5;
    private static final int LAST_WORD_LENGTH_MAX = 400;

    private enum State {
        ALIVE,
        LOST,
        CLOSED
    }

    private final GuardianSettings settings;
    private final Process process;
    private final OutputStream toGuardian;
    private final Thread listener;
    private final Thread logger;
    private final CompletableFuture<byte[]> ready = new CompletableFuture<>();
    private volatile String killObstacle = "it has not said yet whether it can";
    private volatile Enforcer.@Nullable Listener armed;
    private final AtomicReference<State> state = new AtomicReference<>(State.ALIVE);
    private final List<String> weaknesses;

    /** Guards everything below, and the order on the pipe. */
    private final ReentrantLock turn = new ReentrantLock();

    private final Condition readOn = turn.newCondition();
    private final List<Runnable> whenLost = new ArrayList<>();
    private final Deque<String> lastWords = new ArrayDeque<>();
    /** Bytes, of all words. */
    private long written;

    private int unread;
    /** When it last said that it has read something. */
    private long readAt = System.nanoTime();
    /** Counts those who came to write, and those of them who have written. */
    private long came;

    private long served;
    private boolean isEnded;
    private @Nullable String whyLost;

    private Guardian(GuardianSettings settings, Process process, NodeMark mark) {
        this.settings = settings;
        this.process = process;
        this.toGuardian = process.getOutputStream();
        this.weaknesses = List.copyOf(new HostWeaknesses(Path.of("/proc"))
                .find(
                        ProcessHandle.current().pid(),
                        ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L)));
        this.listener = thread("guardian", () -> mark.holdWhile(this::listen));
        this.logger = thread("guardian-log", this::log);
    }

    /**
     * Starts a guardian and waits until it watches this process, usually a few hundred milliseconds. First it waits up to 3 s
     * for the end of the guardian of this node's last life.
     *
     * @param host by which it learns early that this process is ending; empty if there is none
     * @throws LifecycleException if that one still runs, with its process id: the node must not go on
     * @throws PlatformException if there can be no guardian here. The node can go on without: its death is then waited out
     */
    public static Guardian start(GuardianSettings settings, Optional<HostPort> host) {
        NodeMark mark = NodeMark.create(host);
        try {
            return start(settings, mark);
        } finally {
            mark.forgetFile();
        }
    }

    private static Guardian start(GuardianSettings settings, NodeMark mark) {
        Process process;
        try {
            process = GuardianCommand.of(settings, mark).start();
        } catch (IOException e) {
            throw GuardianCommand.cannotStart(e.getMessage());
        }
        return start(settings, mark, process);
    }

    /** With a process that runs already. */
    static Guardian start(GuardianSettings settings, NodeMark mark, Process process) {
        Guardian guardian = new Guardian(settings, process, mark);
        boolean started = false;
        try {
            guardian.listener.start();
            guardian.logger.start();
            mark.awaitHeld();
            guardian.write(GuardianWire.hello(new GuardianWire.Addresses(settings.locals(), settings.peers())));
            guardian.ready.get(START_SECONDS_MAX, TimeUnit.SECONDS);
            started = true;
            LOG.info("guardian of {} is process {}", settings.node(), guardian.pid());
            guardian.weaknesses.forEach(LOG::warn);
            return guardian;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LifecycleException refused) {
                throw refused;
            }
            throw GuardianCommand.cannotStart(e.getCause().getMessage());
        } catch (TimeoutException e) {
            throw GuardianCommand.cannotStart("it has not answered for " + START_SECONDS_MAX + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw GuardianCommand.cannotStart("the start was interrupted");
        } finally {
            if (!started) {
                guardian.close();
            }
        }
    }

    /** The X.509 encoded Ed25519 key to be bound in the session. The private key exists in the guardian only. */
    public byte[] publicKey() {
        return ready.join().clone();
    }

    /** The guardian's process. */
    public long pid() {
        return process.pid();
    }

    /**
     * Announces the present life. Earlier tags stay to be removed; the will speaks of the newest life.
     *
     * <p>Takes its turn and returns, whether or not the guardian reads: where it has to wait for its turn, somebody else does. Every
     * {@link #claim} that comes after it is written after it. Until it is heard a will speaks of an earlier life, and so proves nothing of this one.
     *
     * @param incarnation positive
     * @param tag carried by everything this life creates on the host
     * @param later waits if need be; takes what it is given at once
     */
    public void live(long incarnation, int tag, Executor later) {
        GuardianWire.Frame frame = new GuardianWire.Frame(
                GuardianWire.LIVE,
                ByteBuffer.allocate(12).putLong(incarnation).putInt(tag).array());
        turn.lock();
        try {
            if (state.get() != State.ALIVE) {
                return;
            }
            long mine = came++;
            if (mine == served && !isFull(frame.length())) {
                served++;
                put(frame);
            } else {
                later.execute(() -> writeNow(frame, mine));
            }
        } catch (RejectedExecutionException e) {
            // Whoever came later would wait for its turn.
            lose("it cannot be told of a life any more");
        } catch (IOException e) {
            lose("its pipe is closed");
        } finally {
            turn.unlock();
        }
    }

    /**
     * Announces what is about to stand on the host. When it returns the claim survives this process, unless the guardian
     * {@linkplain #isAlive() is lost}. A claim of more than 512 bytes is not passed on, and so counts as not gone.
     *
     * @see org.understudy.ha.api.spi.HostClaims#claim(String)
     */
    public void claim(String claim) {
        byte[] text = claim.getBytes(StandardCharsets.UTF_8);
        if (text.length > GuardianWire.CLAIM_LENGTH_MAX) {
            LOG.warn(
                    "a claim of {} bytes is too long to be told to the guardian; its resource is waited out",
                    text.length);
            return;
        }
        write(new GuardianWire.Frame(GuardianWire.CLAIM, text));
        if (claim.equals(HostClaims.WHOLE_PROCESS)) {
            awaitHeard();
        }
    }

    /**
     * Without this word the guardian may speak early, so it must have heard it, and not only be about to, before anything rests on it. One
     * that does not answer is ended.
     */
    private void awaitHeard() {
        turn.lock();
        try {
            boolean isInterrupted = false;
            long since = System.nanoTime();
            long left = FULL_NANOS_MAX;
            // Words of others come after it all the time: that some are not heard yet says nothing of this one.
            long mine = written;
            while (!isHeard(mine) && !isEnded && state.get() == State.ALIVE && left > 0) {
                try {
                    readOn.awaitNanos(left);
                } catch (InterruptedException e) {
                    isInterrupted = true;
                }
                left = patienceNanos(since);
            }
            if (!isHeard(mine) && !isEnded) {
                lose("it has not acknowledged for " + TimeUnit.NANOSECONDS.toMillis(FULL_NANOS_MAX) + " ms");
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        } finally {
            turn.unlock();
        }
    }

    /** Holding the lock. Words are acknowledged in the order in which they were written. */
    private boolean isHeard(long mark) {
        return written - unread >= mark;
    }

    /** The guardian as the one who kills this process; to be armed with the host's consent only. Closing it closes nothing. */
    public Enforcer killer() {
        return new Killer();
    }

    /** Whether a will would be sent if this process died now. */
    public boolean isAlive() {
        return state.get() == State.ALIVE && process.isAlive();
    }

    /** What on this host would end the guardian together with the node, found at start: one sentence each, with the remedy. */
    public List<String> weaknesses() {
        return weaknesses;
    }

    /**
     * Runs something once, on the guardian's thread, when the guardian is lost; at once and on the calling thread if it is lost
     * already. Never after {@link #close()}.
     */
    public void onLost(Runnable action) {
        turn.lock();
        try {
            if (!isEnded) {
                whenLost.add(action);
                return;
            }
        } finally {
            turn.unlock();
        }
        if (state.get() == State.LOST) {
            action.run();
        }
    }

    /** Ends the guardian in order: no will, no process, no thread left. Bounded, idempotent. */
    @Override
    public void close() {
        if (state.getAndSet(State.CLOSED) == State.ALIVE) {
            writeNow(new GuardianWire.Frame(GuardianWire.CLOSE, new byte[0]));
        }
        boolean interrupted = !awaitEnd();
        if (process.isAlive()) {
            process.destroyForcibly();
            interrupted |= !awaitEnd();
        }
        for (Thread thread : List.of(listener, logger)) {
            interrupted |= !join(thread);
        }
        try {
            toGuardian.close();
            process.getInputStream().close();
            process.getErrorStream().close();
        } catch (IOException e) {
            LOG.debug("a pipe of the ended guardian could not be closed: {}", e.toString());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean awaitEnd() {
        try {
            process.waitFor(END_MILLIS_MAX, TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private static boolean join(Thread thread) {
        if (thread == Thread.currentThread()) {
            return true;
        }
        try {
            thread.join(END_MILLIS_MAX);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    private void write(GuardianWire.Frame frame) {
        if (state.get() == State.ALIVE) {
            writeNow(frame);
        }
    }

    private void writeNow(GuardianWire.Frame frame) {
        long mine;
        turn.lock();
        try {
            mine = came++;
        } finally {
            turn.unlock();
        }
        writeNow(frame, mine);
    }

    /** @param mine its turn */
    private void writeNow(GuardianWire.Frame frame, long mine) {
        turn.lock();
        try {
            if (!awaitRoom(frame.length(), mine)) {
                lose("it has not read its pipe for " + TimeUnit.NANOSECONDS.toMillis(FULL_NANOS_MAX) + " ms");
                return;
            }
            put(frame);
        } catch (IOException e) {
            lose("its pipe is closed");
        } finally {
            turn.unlock();
        }
    }

    /** Holding the lock. */
    private void put(GuardianWire.Frame frame) throws IOException {
        written += frame.length();
        unread += frame.length();
        toGuardian.write(frame.bytes());
        toGuardian.flush();
    }

    /**
     * Waits until it is this caller's turn and there is room. An interrupt is kept for the caller; it does not make the claim incomplete.
     */
    private boolean awaitRoom(int length, long mine) {
        long since = System.nanoTime();
        long left = FULL_NANOS_MAX;
        boolean interrupted = false;
        while ((mine != served || isFull(length)) && !isEnded && left > 0) {
            try {
                readOn.awaitNanos(left);
            } catch (InterruptedException e) {
                interrupted = true;
            }
            left = patienceNanos(since);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        boolean isMine = mine == served && !isFull(length);
        if (isMine) {
            served++;
            readOn.signalAll();
        }
        return isMine;
    }

    private boolean isFull(int length) {
        return unread + length > GuardianWire.WINDOW;
    }

    /** Holding the lock. How much longer whoever waits since then waits: that it reads the words of others is a sign of life as well. */
    private long patienceNanos(long since) {
        long now = System.nanoTime();
        return FULL_NANOS_MAX - Math.min(now - since, now - readAt);
    }

    /**
     * From doubt to certainty: a guardian that does not keep up is ended, before anybody goes on without it. It is said by the thread that
     * hears of its end: the log may be slow, and whoever comes here may be the node's loop.
     */
    private void lose(String why) {
        turn.lock();
        try {
            if (state.get() == State.ALIVE) {
                process.destroyForcibly();
            }
            if (state.compareAndSet(State.ALIVE, State.LOST)) {
                whyLost = why;
            }
        } finally {
            turn.unlock();
        }
    }

    private void listen() {
        try {
            DataInputStream in = new DataInputStream(process.getInputStream());
            while (true) {
                heard(GuardianWire.read(in));
            }
        } catch (EOFException e) {
            ended("it has ended");
        } catch (IOException e) {
            ended("it cannot be heard: " + e.getMessage());
        }
    }

    private void heard(GuardianWire.Frame frame) throws IOException {
        switch (frame.type()) {
            case GuardianWire.KILLER -> killObstacle = new String(frame.payload(), StandardCharsets.UTF_8);
            case GuardianWire.ARMED -> {
                ByteBuffer order = ByteBuffer.wrap(frame.payload());
                Enforcer.Listener listener = armed;
                if (listener != null) {
                    listener.armed(order.getLong(), order.getLong());
                }
            }
            case GuardianWire.READY -> ready.complete(frame.payload());
            case GuardianWire.REFUSED ->
                ready.completeExceptionally(new LifecycleException(
                        "the guardian refuses: " + new String(frame.payload(), StandardCharsets.UTF_8)));
            case GuardianWire.ACKNOWLEDGED -> {
                turn.lock();
                try {
                    unread -= ByteBuffer.wrap(frame.payload()).getInt();
                    readAt = System.nanoTime();
                    readOn.signalAll();
                } finally {
                    turn.unlock();
                }
            }
            default -> throw new ProtocolException("unknown frame " + frame.type());
        }
    }

    private void ended(String why) {
        if (!ready.isDone()) {
            join(logger);
        }
        List<Runnable> actions;
        @Nullable String cause;
        turn.lock();
        try {
            ready.completeExceptionally(
                    new IOException(why + (lastWords.isEmpty() ? "" : ", saying: " + String.join(" | ", lastWords))));
            if (ready.isCompletedExceptionally()) {
                state.compareAndSet(State.ALIVE, State.CLOSED);
            }
            lose(why);
            isEnded = true;
            readOn.signalAll();
            actions = List.copyOf(whenLost);
            whenLost.clear();
            cause = whyLost;
        } finally {
            turn.unlock();
        }
        if (cause != null) {
            LOG.warn(
                    "guardian of {} (process {}) is lost, {}; a death of this node will be waited out instead of proved",
                    settings.node(),
                    pid(),
                    cause);
        }
        if (state.get() == State.LOST) {
            actions.forEach(Runnable::run);
        }
    }

    /** What the guardian, or its Java, has to say goes to the node's log. */
    private void log() {
        try (BufferedReader words =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = words.readLine(); line != null; line = words.readLine()) {
                String word = line.length() > LAST_WORD_LENGTH_MAX ? line.substring(0, LAST_WORD_LENGTH_MAX) : line;
                LOG.warn("guardian of {}: {}", settings.node(), word);
                turn.lock();
                try {
                    lastWords.add(word);
                    if (lastWords.size() > LAST_WORDS_MAX) {
                        lastWords.remove();
                    }
                } finally {
                    turn.unlock();
                }
            }
        } catch (IOException e) {
            LOG.debug("the guardian's words ended: {}", e.toString());
        }
    }

    /** Never waits for the guardian: a deadline that finds no room is not prolonged, which the next renewal does. */
    private boolean offer(GuardianWire.Frame frame) {
        turn.lock();
        try {
            if (state.get() != State.ALIVE || isFull(frame.length())) {
                return false;
            }
            put(frame);
            return true;
        } catch (IOException e) {
            lose("its pipe is closed");
            return false;
        } finally {
            turn.unlock();
        }
    }

    /** See {@link #killer()}. */
    private final class Killer implements Enforcer {
        @Override
        public String name() {
            return "the guardian, process " + pid();
        }

        @Override
        public Enforcement kind() {
            return Enforcement.PROCESS_KILL;
        }

        @Override
        public boolean covers(Scope scope) {
            return scope == Scope.PROCESS;
        }

        @Override
        public List<String> obstacles(Terms terms) {
            String obstacle = killObstacle;
            return obstacle.isEmpty() ? List.of() : List.of(obstacle);
        }

        @Override
        public void start(Listener listener) {
            armed = listener;
            onLost(() -> listener.lost("the guardian process has ended"));
        }

        @Override
        public void arm(Order order) {
            offer(new GuardianWire.Frame(
                    GuardianWire.ARM,
                    ByteBuffer.allocate(24)
                            .putLong(order.number())
                            .putLong(order.incarnation())
                            .putLong(order.deadlineNanos())
                            .array()));
        }

        /** A guardian that cannot be told would kill a node that has stopped everything: it is ended instead. */
        @Override
        public void disarm(long incarnation) {
            boolean isTold = offer(new GuardianWire.Frame(
                    GuardianWire.DISARM,
                    ByteBuffer.allocate(8).putLong(incarnation).array()));
            if (!isTold) {
                lose("it does not read that it is disarmed");
            }
        }

        @Override
        public void close() {
            armed = null;
        }
    }

    private Thread thread(String what, Runnable work) {
        Thread thread = settings.threads().newThread(work);
        thread.setName("ha-" + settings.node() + "-" + what);
        thread.setDaemon(true);
        return thread;
    }
}
