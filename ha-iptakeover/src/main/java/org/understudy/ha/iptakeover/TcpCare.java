package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.SoftState;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.Connections;
import org.understudy.ha.iptakeover.core.TickleSchedule;
import org.understudy.ha.iptakeover.linux.LinuxTcpSessions;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.TcpConnection;
import org.understudy.ha.iptakeover.spi.TcpSessions;

/**
 * The TCP connections of one stay of addresses: what the last owner left is tickled, what there is now is told to the next one, and
 * on the way out it is ended. Nothing of this is needed for safety, so nothing of it makes a start or a stop fail.
 */
final class TcpCare implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TcpCare.class);

    private static final long TELL_NANOS_MIN = TimeUnit.MILLISECONDS.toNanos(100);
    /** Where nothing is accepted for a while. */
    private static final long TELL_NANOS_QUIET = TimeUnit.MILLISECONDS.toNanos(400);
    /** Also if nothing was accepted: connections end, and nodes are started. */
    private static final long TELL_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(2);
    /** Where there was no connection, and those that this host itself makes are left. */
    private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** The share of time, one in so many, that looking may take. */
    private static final long SHARE = 100;
    /** A kilobyte a millisecond at most. */
    private static final long NANOS_PER_BYTE = 1_000;

    private static final long AFTER_FAILURE_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** What a stop may take longer for the sake of the clients: the next owner waits for it. */
    private static final Duration END_MAX = Duration.ofMillis(200);

    private final AddressSet addresses;
    private final StartContext context;
    private final TcpSessions sessions;
    private final CardLooks.Look<OptionalLong> accepted;
    /** Of the thread that monitors. */
    private Connections known = Connections.NONE;

    private long toldNanos = System.nanoTime();
    private long nextNanos = toldNanos;
    private long acceptedThen = -1;
    private long pauseNanos = TELL_NANOS_MIN;
    private boolean isBroken;
    /** What the last look took, by the clock. */
    private long lookNanos;
    /** Of the keeper. */
    private @Nullable TickleSchedule tickles;
    /** Of the keeper: whom the last owner served when it died. */
    private List<IpAddress> clients = List.of();

    TcpCare(AddressSet addresses, StartContext context, CardLooks.Look<OptionalLong> accepted) {
        this(addresses, context, new LinuxTcpSessions(), accepted);
    }

    TcpCare(AddressSet addresses, StartContext context, TcpSessions sessions, CardLooks.Look<OptionalLong> accepted) {
        this.addresses = addresses;
        this.context = context;
        this.sessions = sessions;
        this.accepted = accepted;
    }

    /** Loads what a start would have to load, so that it does not. */
    static void warmUp() {
        try (TcpSessions sessions = new LinuxTcpSessions()) {
            sessions.accepted();
            Connections none = Connections.NONE.next(sessions.established(List.of(Ipv4Address.ANY)));
            new TickleSchedule(Connections.decode(none.encode()), 0).due(0);
        } catch (RuntimeException e) {
            // Told when it matters.
            LOG.debug("no look at connections here: {}", e.toString());
        }
    }

    /** After the first announcement, on the keeper's thread: who has been reset in order already need not be told. */
    void takeOver(long announcedNanos) {
        if (context.proof() == ProofKind.RELEASED || context.proof() == ProofKind.NEVER) {
            return;
        }
        context.softState().heard().ifPresent(state -> {
            try {
                // Another node wrote it: whatever it says, nobody is spoken to in the name of another address.
                List<TcpConnection> ours = Connections.decode(state).list().stream()
                        .filter(one -> addresses.contains(one.local()) && !addresses.contains(one.remote()))
                        .toList();
                tickles = new TickleSchedule(Connections.NONE.next(ours), announcedNanos);
                clients = ours.stream().map(TcpConnection::remote).distinct().toList();
            } catch (RuntimeException e) {
                LOG.debug("{}: the list of connections cannot be read: {}", addresses, e.toString());
            }
        });
    }

    /** Whom the last owner served when it died, after {@link #takeOver}; on the keeper's thread. */
    List<IpAddress> clients() {
        return clients;
    }

    /** Tickles whom it is time for, on the keeper's thread; returns nanoseconds until the next ones. */
    long turn() {
        TickleSchedule schedule = tickles;
        if (schedule == null) {
            return Long.MAX_VALUE;
        }
        try {
            List<TcpConnection> due = schedule.due(System.nanoTime());
            if (!due.isEmpty()) {
                sessions.tickle(due);
            }
        } catch (RuntimeException e) {
            // The thread that keeps the gate open must not end over it.
            LOG.warn("{}: clients of the last owner are not told: {}", addresses, e.toString());
            tickles = null;
            return Long.MAX_VALUE;
        }
        return schedule.delayNanos(System.nanoTime());
    }

    /** Tells the other nodes which connections there are, if it is time. Takes a millisecond, more with very many connections. */
    void tell() {
        long begin = System.nanoTime();
        if (begin - nextNanos < 0) {
            return;
        }
        OptionalLong now = accepted.see(sessions::accepted);
        boolean isQuiet = now.isPresent() && now.getAsLong() == acceptedThen;
        pauseNanos = isQuiet ? Math.min(TELL_NANOS_QUIET, pauseNanos + pauseNanos / 4) : TELL_NANOS_MIN;
        long again = known.list().isEmpty() ? LOOK_AGAIN_NANOS : TELL_AGAIN_NANOS;
        if (isQuiet && begin - toldNanos < again) {
            nextNanos = begin + pauseNanos;
            return;
        }
        acceptedThen = now.orElse(-1);
        try {
            known = known.next(sessions.established(addresses.all()));
            isBroken = false;
        } catch (RuntimeException e) {
            // No health of the address: the group must not move over it.
            if (!isBroken) {
                LOG.info(
                        "{}: the next owner will not know the TCP connections of this one: {}",
                        addresses,
                        e.toString());
            }
            isBroken = true;
            nextNanos = begin + AFTER_FAILURE_NANOS;
            return;
        }
        byte[] state = known.encode();
        // Again even if it is the same: a node may have been started since.
        if (state.length <= SoftState.BYTES_MAX) {
            context.softState().tell(state);
        }
        toldNanos = begin;
        long end = System.nanoTime();
        // A look that waited for a processor has not taken what the clock says; two in a row seldom wait.
        long cost = Math.min(lookNanos, end - begin);
        lookNanos = end - begin;
        nextNanos = end + Math.max(pauseNanos, Math.max(SHARE * cost, NANOS_PER_BYTE * state.length));
    }

    /**
     * Ends every connection of the addresses: before the gate is shut, so that the clients are reset, or after it, so that at least
     * nobody here waits on. Takes {@link #END_MAX} at most, and one look at the kernel's table.
     */
    void end() {
        try {
            TcpSessions.Ended ended = sessions.destroy(addresses.all(), END_MAX);
            if (!ended.isComplete()) {
                LOG.warn(
                        "{}: {} TCP connections were ended in {} ms, and the others are left to find out by themselves:"
                                + " the stop does not wait for them",
                        addresses,
                        ended.count(),
                        END_MAX.toMillis());
            }
        } catch (RuntimeException e) {
            // Whatever it is: the address must go.
            LOG.info("{}: clients learn by themselves that it moved: {}", addresses, e.toString());
        }
    }

    @Override
    public void close() {
        sessions.close();
    }
}
