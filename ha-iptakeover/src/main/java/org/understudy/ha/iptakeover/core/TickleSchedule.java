package org.understudy.ha.iptakeover.core;

import java.util.List;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/**
 * When to tickle which connections after a takeover.
 *
 * <p>All of them at once would be answered at once, and the answers are answered with resets; behind one router they would also
 * overflow the queue in which the kernel keeps packets while it asks for the router's hardware address. So they go in bursts.
 *
 * <p>The first announcement of the address may have been lost, and then the answer of a client goes to the old host. So there are
 * several rounds, the last behind the last announcement of {@link AnnouncementSchedule}. Nearer than half a second they would be
 * useless: Linux answers such segments no more often ({@code net.ipv4.tcp_invalid_ratelimit}). Who has been reset
 * already is told again and does not mind.
 */
public final class TickleSchedule {
    /** Connections in one burst. */
    public static final int BURST = 64;

    private static final long MILLI = 1_000_000;

    /** Nanoseconds between bursts: 4096 connections take 64 ms. */
    static final long PAUSE_NANOS = MILLI;
    /** Where rounds begin, in nanoseconds. */
    static final List<Long> ROUNDS = List.of(0L, 1_000 * MILLI, 3_000 * MILLI, 6_000 * MILLI);

    private final List<TcpConnection> connections;
    private final long startNanos;
    private int round;
    private int position;
    private long nextNanos;

    /**
     * @param connections those of the last owner
     * @param startNanos when the address was first announced
     */
    public TickleSchedule(Connections connections, long startNanos) {
        this.connections = connections.list();
        this.startNanos = startNanos;
        this.nextNanos = startNanos;
        this.round = this.connections.isEmpty() ? ROUNDS.size() : 0;
    }

    /**
     * Whom to tickle now: at most {@link #BURST}, and they count as tickled. Who comes late gets one burst all the same, and a round
     * that is over before it began is left out.
     */
    public List<TcpConnection> due(long nowNanos) {
        if (delayNanos(nowNanos) > 0) {
            return List.of();
        }
        int end = Math.min(position + BURST, connections.size());
        List<TcpConnection> burst = connections.subList(position, end);
        position = end;
        nextNanos = nowNanos + PAUSE_NANOS;
        if (position == connections.size()) {
            position = 0;
            round++;
            while (round < ROUNDS.size() && nowNanos - startNanos >= ROUNDS.get(round)) {
                round++;
            }
            nextNanos = round == ROUNDS.size() ? nextNanos : startNanos + ROUNDS.get(round);
        }
        return burst;
    }

    /**
     * Nanoseconds until the next burst.
     *
     * @return {@link Long#MAX_VALUE} when all are tickled
     */
    public long delayNanos(long nowNanos) {
        return round == ROUNDS.size() ? Long.MAX_VALUE : Math.max(0, nextNanos - nowNanos);
    }
}
