package org.understudy.ha.iptakeover.core;

import java.util.List;
import org.understudy.ha.iptakeover.packet.TcpConnection;

/**
 * When to tickle which connections after a takeover.
 *
 * <p>All of them at once would be answered at once, and the answers are answered with resets; behind one router they would also
 * overflow the queue in which the kernel keeps packets while it asks for the router's hardware address. So they go in bursts.
 *
 * <p>A client that has not taken in the announcement yet sends its answer to the old host, and Linux answers such segments only twice a
 * second ({@code net.ipv4.tcp_invalid_ratelimit}). So the first round keeps a distance from the first announcement, which goes another
 * way through the kernel and may be overtaken. The announcement may also have been lost: there are several rounds, the last behind the
 * last announcement of {@link AnnouncementSchedule}, none nearer than half a second to another. Who has been reset already is told
 * again and does not mind.
 */
public final class TickleSchedule {
    /** Connections in one burst. */
    public static final int BURST = 64;

    private static final long MILLI = 1_000_000;

    /** Nanoseconds between bursts: 4096 connections take 64 ms. */
    static final long PAUSE_NANOS = MILLI;
    /** Where rounds begin, in nanoseconds after the first announcement. */
    static final List<Long> ROUNDS = List.of(3 * MILLI, 600 * MILLI, 1_200 * MILLI, 3_000 * MILLI, 6_000 * MILLI);

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
        this.nextNanos = startNanos + ROUNDS.get(0);
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
