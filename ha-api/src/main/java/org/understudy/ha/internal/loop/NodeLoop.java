package org.understudy.ha.internal.loop;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.internal.machine.Machine;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Step;

/**
 * Drives one machine on one thread: time before any input, effects held back until their facts are durable, and a second
 * thread that does nothing but write facts. See {@link org.understudy.ha.internal.machine} for the duties.
 *
 * <p>Any thread may {@link #offer} and {@link #submit}. Everything else happens on the loop's own thread, except
 * {@link Edge#persist}, which happens on the disk thread.
 *
 * @param <I> inputs
 * @param <E> effects
 * @param <D> facts
 */
public final class NodeLoop<I, E, D> {

    /** Droppable inputs waiting beyond this are dropped. */
    public static final int MAILBOX_MAX = 4096;

    /** The world around the machine. */
    public interface Edge<I, E, D> {
        /** The boot clock. */
        long nowNanos();

        /** An input that says nothing but that time has passed. */
        I tick();

        /** The input for "this fact and all before it are durable". */
        I persisted(long number);

        /** Performs an effect; must not block. */
        void perform(E effect);

        /** Makes a fact durable before it returns. On the disk thread; may block. */
        void persist(D fact);

        void notice(Notice notice);

        /** Called after each step and each action, so that snapshots can be published. */
        void stepped();

        /** The loop has ended because of a failure; called once, on the loop's thread. The node must step aside. */
        void failed(Throwable cause);
    }

    private record Write<D>(long number, D fact) {}

    private record Held<E>(long number, List<E> effects) {}

    private final Machine<I, E, D> machine;
    private final Edge<I, E, D> edge;
    private final LinkedBlockingQueue<Runnable> mailbox = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<Write<D>> writes = new LinkedBlockingQueue<>();
    private final Deque<Held<E>> held = new ArrayDeque<>();
    private final Thread loopThread;
    private final Thread diskThread;
    private long newestWrite;
    private long durable;
    private volatile boolean isClosing;

    public NodeLoop(Machine<I, E, D> machine, Edge<I, E, D> edge, NamedThreads threads) {
        this.machine = machine;
        this.edge = edge;
        this.loopThread = threads.thread("loop", this::run);
        this.diskThread = threads.thread("disk", this::write);
    }

    public void start() {
        diskThread.start();
        loopThread.start();
    }

    /** Queues an input that may be lost; false if the mailbox is full. */
    public boolean offer(I input) {
        if (mailbox.size() >= MAILBOX_MAX) {
            return false;
        }
        return mailbox.offer(() -> step(input));
    }

    /** Queues an input that must not be lost, for example a completion. */
    public void submit(I input) {
        mailbox.add(() -> step(input));
    }

    /** Runs something on the loop's thread, between two inputs. */
    public void execute(Runnable action) {
        mailbox.add(() -> {
            action.run();
            edge.stepped();
        });
    }

    /** Whether more waits already. */
    public boolean isBusy() {
        return !mailbox.isEmpty();
    }

    /** How many inputs and actions wait. */
    public int waiting() {
        return mailbox.size();
    }

    /** Ends both threads; bounded, idempotent. Inputs still queued are dropped. */
    public void close() {
        isClosing = true;
        if (Thread.currentThread() != loopThread) {
            loopThread.interrupt();
            join(loopThread);
        }
        diskThread.interrupt();
        join(diskThread);
    }

    private void run() {
        try {
            while (!isClosing) {
                long wait = Math.max(0, machine.nextDeadlineNanos() - edge.nowNanos());
                Runnable next = mailbox.poll(Math.min(wait, TimeUnit.SECONDS.toNanos(1)), TimeUnit.NANOSECONDS);
                if (isClosing) {
                    return;
                }
                if (edge.nowNanos() >= machine.nextDeadlineNanos()) {
                    step(edge.tick());
                }
                if (next != null) {
                    next.run();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            boolean wasClosing = isClosing;
            isClosing = true;
            diskThread.interrupt();
            // Whatever an interrupt breaks while the node closes is no reason to step aside any more.
            if (!wasClosing) {
                edge.failed(e);
            }
        }
    }

    private void step(I input) {
        Step<E, D> step = machine.handle(edge.nowNanos(), input);
        step.urgent().forEach(edge::perform);
        Optional<D> fact = step.persist();
        if (fact.isPresent()) {
            newestWrite = step.persistNumber();
            writes.add(new Write<>(newestWrite, fact.get()));
        }
        if (newestWrite > durable) {
            if (!step.then().isEmpty()) {
                held.addLast(new Held<>(newestWrite, step.then()));
            }
        } else {
            step.then().forEach(edge::perform);
        }
        step.notices().forEach(edge::notice);
        edge.stepped();
    }

    private void durable(long number) {
        durable = Math.max(durable, number);
        while (!held.isEmpty() && held.peekFirst().number() <= durable) {
            held.removeFirst().effects().forEach(edge::perform);
        }
        step(edge.persisted(number));
    }

    /** Each fact is the whole state, so only the newest of those waiting need be written. */
    private void write() {
        try {
            while (!isClosing) {
                Write<D> next = writes.take();
                for (Write<D> newer = writes.poll(); newer != null; newer = writes.poll()) {
                    next = newer;
                }
                long number = next.number();
                edge.persist(next.fact());
                mailbox.add(() -> durable(number));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error e) {
            if (!isClosing) {
                mailbox.add(() -> {
                    throw new IllegalStateException("this node's state could not be written", e);
                });
            }
        }
    }

    private static void join(Thread thread) {
        boolean wasInterrupted = Thread.interrupted();
        try {
            thread.join(2000);
        } catch (InterruptedException e) {
            wasInterrupted = true;
        }
        if (wasInterrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
