package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.linux.BoundedWait;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.spi.SegmentEar;

/**
 * One ear for each card, for all stays of a node there: the first opens it, or whoever {@linkplain #hold holds} it before, and the last of both closes it. A listener that fails loses its own ear, and the others go on; where
 * the ear itself fails all of them are deaf, and whoever comes next opens another.
 *
 * <p><b>Concurrency.</b> Any thread. The listeners of a card are called on one thread.
 */
final class CardEars {
    private static final Logger LOG = LoggerFactory.getLogger(CardEars.class);

    private static final long END_MILLIS_MAX = 1_000;

    private final ReentrantLock lock = new ReentrantLock();
    /** Guarded by the lock. */
    private final Map<Integer, Card> cards = new HashMap<>();
    /** By card, guarded by the lock: who wants it open though there may be no stay. */
    private final Map<Integer, Integer> holders = new HashMap<>();

    /**
     * Listens on a card from now on.
     *
     * @param threads makes the thread, if this is the first; never asked under a lock
     * @throws PlatformException as {@link LinuxSegmentEar}
     */
    SegmentEar listen(
            int index, AddressSet addresses, SegmentEar.Listener listener, ThreadFactory threads, String threadName) {
        Ear joined = joinPresent(index, addresses, listener);
        if (joined != null) {
            return joined;
        }
        Card made = new Card(index);
        // Held, of a card that is gone.
        Card deaf = null;
        Ear first = new Ear(made, addresses, listener);
        made.listening.add(first);
        made.ear = new LinuxSegmentEar(index, addresses.all(), made::sighted, threads, threadName);
        boolean isUsed = false;
        lock.lock();
        try {
            // Somebody else may have been faster.
            joined = joinPresent(index, addresses, listener);
            if (joined == null) {
                deaf = cards.put(index, made);
                joined = first;
                isUsed = true;
            }
            return joined;
        } finally {
            lock.unlock();
            if (!isUsed) {
                first.isClosed = true;
                made.ear().close();
            }
            if (deaf != null && deaf.listening.isEmpty()) {
                deaf.ear().closeSoon();
            }
        }
    }

    /**
     * Opens the ear of a card if it is not, and keeps it until {@link #release}. Without a stay it lets nothing pass, so its thread sleeps.
     *
     * @throws PlatformException as {@link #listen}; nothing is held then
     */
    void hold(int index, AddressSet addresses, ThreadFactory threads, String threadName) {
        lock.lock();
        try {
            holders.merge(index, 1, Integer::sum);
            Card card = cards.get(index);
            if (card != null && card.isHearing()) {
                return;
            }
        } finally {
            lock.unlock();
        }
        boolean isHeld = false;
        try {
            listen(index, addresses, (nanos, sighting) -> {}, threads, threadName)
                    .close();
            isHeld = true;
        } finally {
            if (!isHeld) {
                release(index, true);
            }
        }
    }

    /**
     * Takes back one {@link #hold}.
     *
     * @param isAwaited whether an ear that is closed then has ended when this returns, some 10 ms later
     */
    void release(int index, boolean isAwaited) {
        LinuxSegmentEar last = null;
        lock.lock();
        try {
            holders.computeIfPresent(index, (card, count) -> count == 1 ? null : count - 1);
            Card card = cards.get(index);
            if (card != null && card.listening.isEmpty() && !holders.containsKey(index)) {
                last = card.ear();
                cards.remove(index);
            }
        } finally {
            lock.unlock();
        }
        if (last != null && isAwaited) {
            last.close();
        } else if (last != null) {
            last.closeSoon();
        }
    }

    /** Null if there is none that hears. */
    private @Nullable Ear joinPresent(int index, AddressSet addresses, SegmentEar.Listener listener) {
        lock.lock();
        try {
            Card card = cards.get(index);
            if (card == null || !card.isHearing()) {
                return null;
            }
            Ear one = new Ear(card, addresses, listener);
            card.listening.add(one);
            boolean isHeard = false;
            try {
                card.retune();
                isHeard = true;
            } finally {
                if (!isHeard) {
                    card.listening.remove(one);
                }
            }
            return one;
        } finally {
            lock.unlock();
        }
    }

    private final class Card {
        private final int index;
        private final List<Ear> listening = new CopyOnWriteArrayList<>();
        private volatile @Nullable LinuxSegmentEar ear;

        private Card(int index) {
            this.index = index;
        }

        private LinuxSegmentEar ear() {
            LinuxSegmentEar present = ear;
            if (present == null) {
                throw new IllegalStateException("nobody has it before it listens");
            }
            return present;
        }

        private boolean isHearing() {
            return ear().problem().isEmpty() && ear().isOnCard();
        }

        private void sighted(long nanos, Sighting sighting) {
            for (Ear one : listening) {
                one.sighted(nanos, sighting);
            }
        }

        /** Under the lock. */
        private void retune() {
            List<IpAddress> all = new ArrayList<>();
            listening.forEach(one -> all.addAll(one.addresses.all()));
            ear().retune(all);
        }

        private void leave(Ear one) {
            LinuxSegmentEar last = null;
            lock.lock();
            try {
                if (!listening.remove(one)) {
                    return;
                }
                if (listening.isEmpty() && (cards.get(index) != this || !holders.containsKey(index))) {
                    last = ear();
                    cards.remove(index, this);
                } else {
                    retune();
                }
            } catch (PlatformException e) {
                LOG.debug("what nobody listens for is still heard on interface {}: {}", index, e.getMessage());
            } finally {
                lock.unlock();
            }
            if (last != null) {
                last.close();
            }
        }
    }

    /** What one stay has of it. */
    private static final class Ear implements SegmentEar {
        private final Card card;
        private final AddressSet addresses;
        private final Listener listener;
        /** Held while the listener is called. */
        private final ReentrantLock turn = new ReentrantLock();

        private volatile boolean isClosed;
        private volatile @Nullable String failure;

        private Ear(Card card, AddressSet addresses, Listener listener) {
            this.card = card;
            this.addresses = addresses;
            this.listener = listener;
        }

        private void sighted(long nanos, Sighting sighting) {
            if (!addresses.contains(sighting.sender()) && !addresses.contains(sighting.target())) {
                return;
            }
            turn.lock();
            try {
                if (!isClosed && failure == null) {
                    listener.sighted(nanos, sighting);
                }
            } catch (RuntimeException | LinkageError | AssertionError e) {
                failure = "its listener failed: " + e;
                LOG.error("{}: nobody listens for them any more", addresses, e);
            } finally {
                turn.unlock();
            }
        }

        @Override
        public boolean send(EthernetFrame frame) {
            return !isClosed && card.ear().send(frame);
        }

        @Override
        public Optional<String> problem() {
            String own = failure;
            return own == null ? card.ear().problem() : Optional.of(own);
        }

        @Override
        public long malformed() {
            return card.ear().malformed();
        }

        @Override
        public void close() {
            isClosed = true;
            // The listener itself may close it.
            if (!turn.isHeldByCurrentThread()) {
                awaitListener();
            }
            card.leave(this);
        }

        private void awaitListener() {
            if (BoundedWait.millis(END_MILLIS_MAX, nanos -> turn.tryLock(nanos, TimeUnit.NANOSECONDS))) {
                turn.unlock();
            } else {
                LOG.warn("{}: their listener blocks; it ends when that returns", addresses);
            }
        }
    }
}
