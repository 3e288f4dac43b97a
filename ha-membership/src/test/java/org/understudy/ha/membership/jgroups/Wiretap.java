package org.understudy.ha.membership.jgroups;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.GroupChannel;

/** A receiver that remembers, and waits for what a test expects. */
public final class Wiretap implements GroupChannel.Receiver {
    private static final long PATIENCE_SECONDS = 20;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<String> frames = new ArrayList<>();
    private List<NodeId> view = List.of();

    @Override
    public void onFrame(NodeId from, byte[] frame) {
        change(() -> frames.add(from + ":"
                + (frame.length > 100 ? frame.length + " bytes" : new String(frame, StandardCharsets.UTF_8))));
    }

    @Override
    public void onView(List<NodeId> members) {
        change(() -> view = members);
    }

    public void awaitFrame(String expected) {
        await("frame " + expected, tap -> tap.frames.contains(expected));
    }

    /** Waits a little for anything to happen. */
    void awaitChange(long millis) {
        lock.lock();
        try {
            long left = changed.awaitNanos(TimeUnit.MILLISECONDS.toNanos(millis));
            assert left <= TimeUnit.MILLISECONDS.toNanos(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    void forget(String frame) {
        change(() -> frames.remove(frame));
    }

    public List<NodeId> awaitView(String... members) {
        List<NodeId> expected =
                List.of(members).stream().map(NodeId::of).sorted().toList();
        await("view " + expected, tap -> tap.view.stream().sorted().toList().equals(expected));
        return view();
    }

    public List<NodeId> view() {
        lock.lock();
        try {
            return view;
        } finally {
            lock.unlock();
        }
    }

    public List<String> frames() {
        lock.lock();
        try {
            return List.copyOf(frames);
        } finally {
            lock.unlock();
        }
    }

    private void change(Runnable change) {
        lock.lock();
        try {
            change.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void await(String what, Predicate<Wiretap> condition) {
        long left = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        lock.lock();
        try {
            while (!condition.test(this)) {
                if (left <= 0) {
                    throw new AssertionError("no " + what + "; view " + view + ", frames " + frames);
                }
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting for " + what, e);
        } finally {
            lock.unlock();
        }
    }
}
