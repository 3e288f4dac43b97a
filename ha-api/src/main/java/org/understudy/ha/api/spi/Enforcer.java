package org.understudy.ha.api.spi;

import java.util.List;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;

/**
 * Ends, at an absolute instant and without this process, what a lease covers: a kernel timer or the guardian that kills the
 * process, a watchdog that resets the host, a fence device or power switch of your own.
 *
 * <p><b>Who arms.</b> The library, from one thread at a time and in the order of {@link Order#number}: first before a group that
 * relies on this enforcer starts, then with each renewal of the lease that a majority has confirmed, never blindly. It disarms
 * once every such group is certainly stopped. The group starts only after the first order was {@linkplain Listener#armed
 * acknowledged}.
 *
 * <p><b>The deadline is absolute</b>, on the boot clock ({@link HostPort#bootNanos()}, counts suspend). Whoever delivers an order late
 * can therefore only deliver an old deadline. A device that knows relative times only must look at
 * {@link Order#confirmedNanos} just before it is prolonged: with time-out T, freshness limit β and worst lateness the sum
 * 2·T + β + lateness must not exceed {@link Terms#lengthNanos}, or the enforcer names it as an {@linkplain #obstacles obstacle}.
 *
 * <p><b>Late and twice.</b> An order repeated, or with an earlier deadline than the one in force, changes nothing. An order whose deadline has
 * passed may act at once. An order of another incarnation than the one in force is not taken, and not acknowledged, until
 * the old one was disarmed. Once the deadline has passed nothing but an order of the same incarnation with a deadline still ahead,
 * or the disarming of that incarnation, takes the act back, and only as long as it has not begun.
 *
 * <p><b>Blocking.</b> {@link #start} may take seconds. {@link #arm} and {@link #disarm} of an enforcer given to the builder run on a
 * thread of its own and may block, but a later order replaces one that has not begun. No method may throw, save {@link #start}.
 *
 * @since 0.1.0
 */
public interface Enforcer extends AutoCloseable {

    /** A short name for logs and reasons, for example {@code watchdog /dev/watchdog}. */
    String name();

    /** What it does. Never {@link Enforcement#COOPERATIVE}. */
    Enforcement kind();

    /** Whether everything of that scope on this node is over when it has acted. */
    boolean covers(Scope scope);

    /**
     * Why it cannot keep its word here, every reason, each with the remedy; empty if it can. Asked once, after {@link #start}.
     */
    List<String> obstacles(Terms terms);

    /**
     * Opens what it needs. Nothing is armed yet.
     *
     * @throws org.understudy.ha.api.HaException if it cannot; nothing is left open then, and the node goes on without it
     */
    void start(Listener listener);

    /** Act at {@link Order#deadlineNanos}, unless a later order or {@link #disarm} comes first. */
    void arm(Order order);

    /** Everything the incarnation held is certainly stopped: do not act. */
    void disarm(long incarnation);

    /** Frees what {@link #start} opened. If it is armed it stays armed and acts, as far as it can. Idempotent. */
    @Override
    void close();

    /**
     * The times it has to keep.
     *
     * @param lengthNanos how long after the sending of a renewal the holder's lease ends
     * @param renewNanos how often it is renewed
     * @param latenessNanos how late it may act, at the worst; as much again and a little more is left for its act to be complete
     */
    record Terms(long lengthNanos, long renewNanos, long latenessNanos) {}

    /**
     * One order.
     *
     * @param number grows with each order of a node
     * @param incarnation whose lease this is
     * @param confirmedNanos when the newest renewal that a majority acknowledged was sent
     * @param deadlineNanos when to act
     */
    record Order(long number, long incarnation, long confirmedNanos, long deadlineNanos) {}

    /** What an enforcer says by itself. Any thread; returns at once. */
    interface Listener {
        /**
         * The order with this number is in force, or a later one is.
         *
         * @param latenessNanos the worst lateness it has seen of itself since the last acknowledgement; 0 if it cannot be late
         */
        void armed(long number, long latenessNanos);

        /**
         * It will act before this node would step down by itself, unless a newer order comes: the groups that rely on it are
         * stopped now.
         */
        void ending(String why);

        /** It can act no more, for good. */
        void lost(String why);
    }
}
