package org.understudy.ha.iptakeover.linux;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.NfTables;

/**
 * The right to change the guard of one card, among all threads and processes of a network namespace: whoever has made the empty nf_tables table
 * {@code understudy.guard.INDEX}, owned by its socket, has it. So only who may change a guard can take it ({@code CAP_NET_ADMIN}), and the kernel takes it back
 * when the process ends.
 *
 * <p><b>Concurrency.</b> Any thread; those of one object exclude each other too.
 */
final class CardLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CardLock.class);

    private static final long LOOK_AGAIN_NANOS = 500_000;
    private static final String PREFIX = "understudy.guard.";

    private final int index;
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable NetlinkSocket socket;

    /**
     * @param index of the card
     * @throws PlatformException if no netlink socket can be opened
     */
    CardLock(int index) {
        this.index = index;
        this.name = PREFIX + index;
        this.socket = NetlinkSocket.open(NetlinkSocket.NETFILTER);
    }

    /** {@link #under(int, Supplier)} without a result. */
    void under(int millis, Runnable work) {
        under(millis, () -> {
            work.run();
            return true;
        });
    }

    /**
     * Does something while nobody else changes the guard of the card.
     *
     * @throws PlatformException EBUSY if somebody keeps it for longer, EPERM if this process may not take it
     */
    <T> T under(int millis, Supplier<T> work) {
        take(millis);
        try {
            return work.get();
        } finally {
            giveBack();
        }
    }

    /** Without an exception, which would hide that of the work. */
    private void giveBack() {
        boolean isGivenBack = false;
        try {
            isGivenBack = socket().transact(List.of(NfTables.deleteTable(NfTables.FAMILY_NETDEV, name)))
                    .isDone();
        } catch (PlatformException e) {
            LOG.info("the table {} goes with its socket: {}", name, e.getMessage());
        }
        if (!isGivenBack) {
            close();
        }
    }

    /** Opened anew if the last one had to be closed. */
    private NetlinkSocket socket() {
        lock.lock();
        try {
            NetlinkSocket present = socket;
            if (present == null) {
                present = NetlinkSocket.open(NetlinkSocket.NETFILTER);
                socket = present;
            }
            return present;
        } finally {
            lock.unlock();
        }
    }

    private void take(int millis) {
        long start = System.nanoTime();
        boolean isInterrupted = false;
        try {
            while (!isTaken()) {
                if (System.nanoTime() - start > millis * 1_000_000L) {
                    throw refusal(millis);
                }
                LockSupport.parkNanos(LOOK_AGAIN_NANOS);
                // An interrupt would make every further wait return at once.
                isInterrupted |= Thread.interrupted();
            }
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private boolean isTaken() {
        String comment = "process " + ProcessHandle.current().pid();
        NetlinkAck ack = socket().transact(
                        List.of(NfTables.newTable(NfTables.FAMILY_NETDEV, name, NfTables.TABLE_OWNER, comment)));
        // EEXIST is another thread with this object, EPERM is another socket, or no permission at all.
        if (!ack.isDone() && ack.errno() != Libc.EEXIST && ack.errno() != Libc.EPERM) {
            throw NetlinkSocket.refused("NFT_MSG_NEWTABLE", ack, name);
        }
        return ack.isDone();
    }

    private PlatformException refusal(int millis) {
        Optional<NfTables.Table> kept = Optional.empty();
        for (NetlinkMessage one : socket().glance(NfTables.dumpTables(), "NFT_MSG_GETTABLE")) {
            kept = kept.or(
                    () -> NfTables.decodeTable(one).filter(table -> table.name().equals(name)));
        }
        return kept.map(table -> new PlatformException(
                        "NFT_MSG_NEWTABLE",
                        Libc.EBUSY,
                        (table.comment().isEmpty() ? "somebody" : table.comment() + " of this host")
                                + " has kept the guard of interface number " + index + " to itself for " + millis
                                + " ms: it may be stopped; end it or let it go on"))
                .orElseGet(() -> new PlatformException(
                        "NFT_MSG_NEWTABLE",
                        Libc.EPERM,
                        "the guard of interface number " + index + " may not be changed: "
                                + Libc.errnoName(Libc.EPERM)));
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (socket != null) {
                socket.close();
                socket = null;
            }
        } finally {
            lock.unlock();
        }
    }
}
