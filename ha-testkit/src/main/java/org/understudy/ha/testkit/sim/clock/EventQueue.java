package org.understudy.ha.testkit.sim.clock;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What happens when: a binary heap ordered by time, then by the order in which events were added. */
final class EventQueue {

    private long[] times = new long[256];
    private long[] orders = new long[256];
    private @Nullable Runnable[] events = new Runnable[256];
    private int size;
    private long added;

    boolean isEmpty() {
        return size == 0;
    }

    long nextTime() {
        return times[0];
    }

    void add(long time, Runnable event) {
        if (size == times.length) {
            times = Arrays.copyOf(times, size * 2);
            orders = Arrays.copyOf(orders, size * 2);
            events = Arrays.copyOf(events, size * 2);
        }
        int at = size++;
        long order = added++;
        while (at > 0) {
            int parent = (at - 1) >>> 1;
            if (isBefore(times[parent], orders[parent], time, order)) {
                break;
            }
            move(parent, at);
            at = parent;
        }
        set(at, time, order, event);
    }

    Runnable remove() {
        Runnable first = events[0];
        if (first == null) {
            throw new IllegalStateException("the queue is empty");
        }
        size--;
        long time = times[size];
        long order = orders[size];
        Runnable last = events[size];
        events[size] = null;
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                break;
            }
            if (child + 1 < size && isBefore(times[child + 1], orders[child + 1], times[child], orders[child])) {
                child++;
            }
            if (isBefore(time, order, times[child], orders[child])) {
                break;
            }
            move(child, at);
            at = child;
        }
        if (size > 0) {
            set(at, time, order, last);
        }
        return first;
    }

    private static boolean isBefore(long time, long order, long otherTime, long otherOrder) {
        return time < otherTime || (time == otherTime && order < otherOrder);
    }

    private void move(int from, int to) {
        times[to] = times[from];
        orders[to] = orders[from];
        events[to] = events[from];
    }

    private void set(int at, long time, long order, @Nullable Runnable event) {
        times[at] = time;
        orders[at] = order;
        events[at] = event;
    }
}
