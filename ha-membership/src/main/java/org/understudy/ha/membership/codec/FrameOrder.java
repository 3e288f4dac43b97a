package org.understudy.ha.membership.codec;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;

/**
 * Tells new frames from those that were here before. A sequence number is the sender's life in its high half and a count in its low
 * half; within a life it grows, and a life that gave way to another is over. A count that overflows is a new life, which does no harm.
 *
 * <p>No message depends on it: each carries its own ballot, sequence or incarnation and may come twice. It makes visible that somebody
 * repeats what was said, or that two processes speak as one. Not thread-safe.
 */
public final class FrameOrder {
    private static final int LIVES_KEPT = 16;
    private static final int COUNT_BITS = 32;

    private final Map<NodeId, Sender> senders = new TreeMap<>();

    private static final class Sender {
        private long newest = -1;
        private final Deque<Long> over = new ArrayDeque<>();
    }

    /** Where a life's numbers begin: the first frame has the one above it. */
    public static long firstOf(long random) {
        return random >>> 1 >>> COUNT_BITS << COUNT_BITS;
    }

    /**
     * Takes notice of a frame.
     *
     * @return false if it, or a later one of its life, or a later life of its sender was here before
     */
    public boolean isNew(NodeId from, long sequence) {
        Sender sender = senders.computeIfAbsent(from, node -> new Sender());
        long life = life(sequence);
        boolean isSameLife = sender.newest >= 0 && life == life(sender.newest);
        if (sequence < 0 || isSameLife && sequence <= sender.newest || sender.over.contains(life)) {
            return false;
        }
        if (!isSameLife && sender.newest >= 0) {
            sender.over.addLast(life(sender.newest));
            if (sender.over.size() > LIVES_KEPT) {
                sender.over.removeFirst();
            }
        }
        sender.newest = sequence;
        return true;
    }

    private static long life(long sequence) {
        return sequence >>> COUNT_BITS;
    }
}
