package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.linux.BoundedWait;
import org.understudy.ha.iptakeover.linux.LinuxCardEvents;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.LinkEvents;

/**
 * The one thread of a node that keeps the gates of all its stays open, and hears for them what the kernel tells of their cards: to wake a thread
 * for each of a hundred gates costs more than to move them on. Gates that are nearly due are moved with those that are. Looks after the gates follow on a second
 * thread, because they wait for whoever holds the kernel's lock of the network, and gates must not.
 *
 * <p>The first stay, or whoever {@linkplain #hold holds} them before, starts the threads and opens the socket; with the last of both they end. One stay that fails, or leaves, is none of the others' business: what it
 * throws ends its own place only. What may take long belongs to the stay's own thread.
 *
 * <p><b>Concurrency.</b> Any thread.
 */
final class GatePulse {
    private static final Logger LOG = LoggerFactory.getLogger(GatePulse.class);

    private static final long LEAVE_MILLIS_MAX = 500;
    /** What a stay that does not look is told at most; then that it missed some. */
    private static final int NEWS_MAX = 4096;

    /** What has a gate. */
    interface Stay {
        /**
         * Does what is due for the gate, on the thread of the pulse. Must not block, nor wait for the kernel's lock of the network.
         *
         * @return nanoseconds until the next time at the latest; {@link Long#MAX_VALUE} for never
         */
        long beat();

        /** How much sooner than it said the next beat may come. */
        long earlyNanos();

        /** Looks after the gate after a beat, on the thread of the looks, which may wait for the kernel's lock of the network and for the looks of others. */
        void look();

        /** There are no more beats, though nobody left. On one of the two threads; must not block. */
        void abandoned(String why);
    }

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Runner runner;
    /** Guarded by the lock: who wants the threads to go on though there may be no stay. */
    private int holders;

    /**
     * A place for a stay that has no gate yet: it hears from now on.
     *
     * @param index of its card
     * @param threads makes the threads, if this is the first; never asked under a lock
     * @throws PlatformException if a socket cannot be opened
     */
    Place join(int index, AddressSet addresses, int tag, ThreadFactory threads, String threadName) {
        Place joined = joinPresent(index, addresses, tag);
        if (joined != null) {
            return joined;
        }
        Runner made = new Runner(index, addresses, tag);
        made.start(threads, threadName);
        boolean isUsed = false;
        lock.lock();
        try {
            // Somebody else may have been faster.
            joined = joinPresent(index, addresses, tag);
            if (joined == null) {
                runner = made;
                joined = made.places.get(0);
                isUsed = true;
            }
            return joined;
        } finally {
            lock.unlock();
            if (!isUsed) {
                made.leave(made.places.get(0));
            }
        }
    }

    /**
     * Starts the threads if they are not, and keeps them until {@link #release()}. Without a stay they sleep.
     *
     * @throws PlatformException if a socket cannot be opened; nothing is held then
     */
    void hold(int index, AddressSet addresses, int tag, ThreadFactory threads, String threadName) {
        lock.lock();
        try {
            holders++;
            if (runner != null && !runner.isOver) {
                return;
            }
        } finally {
            lock.unlock();
        }
        boolean isHeld = false;
        try {
            join(index, addresses, tag, threads, threadName).close();
            isHeld = true;
        } finally {
            if (!isHeld) {
                release();
            }
        }
    }

    /** Takes back one {@link #hold}. */
    void release() {
        lock.lock();
        try {
            holders--;
            if (runner != null && runner.places.isEmpty()) {
                runner.events.wake();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Null if there is no thread. */
    private @Nullable Place joinPresent(int index, AddressSet addresses, int tag) {
        lock.lock();
        try {
            Runner present = runner;
            if (present == null || present.isOver) {
                return null;
            }
            Place place = new Place(present, index, addresses, tag);
            present.places.add(place);
            boolean isHeard = false;
            try {
                present.retune();
                isHeard = true;
            } finally {
                if (!isHeard) {
                    present.places.remove(place);
                }
            }
            return place;
        } finally {
            lock.unlock();
        }
    }

    /** One life of the threads. */
    private final class Runner {
        private final List<Place> places = new CopyOnWriteArrayList<>();
        private final LinuxCardEvents events;
        /** Given for looks that are due, and for the end. */
        private final Semaphore looks = new Semaphore(0);
        /** Written under {@link #lock} once it runs. */
        private volatile boolean isOver;
        /** Why there are no looks any more, though there are stays. */
        private volatile String blind = "";
        /** Of the beating thread: when looks were last asked for. */
        private long lookNanos;

        private Runner(int index, AddressSet addresses, int tag) {
            events = new LinuxCardEvents(List.of(index), addresses.all(), tag);
            places.add(new Place(this, index, addresses, tag));
        }

        private void start(ThreadFactory threads, String threadName) {
            boolean isStarted = false;
            try {
                Thread beating = threads.newThread(this::run);
                beating.setName(threadName);
                beating.setDaemon(true);
                beating.setContextClassLoader(GatePulse.class.getClassLoader());
                Thread looking = threads.newThread(this::lookAfter);
                looking.setName(threadName + "-looks");
                looking.setDaemon(true);
                looking.setContextClassLoader(GatePulse.class.getClassLoader());
                looking.start();
                beating.start();
                isStarted = true;
            } finally {
                if (!isStarted) {
                    isOver = true;
                    looks.release();
                    events.close();
                }
            }
        }

        /** Under the lock. The tag of the newest: nodes that come back have another, and their old stays have ended. */
        private void retune() {
            Collection<Integer> interfaces = new TreeSet<>();
            List<IpAddress> addresses = new ArrayList<>();
            int tag = 0;
            for (Place place : places) {
                interfaces.addAll(place.interfaces);
                addresses.addAll(place.addresses.all());
                tag = place.tag;
            }
            if (!interfaces.isEmpty()) {
                events.retune(interfaces, addresses, tag);
            }
        }

        private void run() {
            String why = "the thread that keeps gates open ended with an error";
            try {
                boolean goesOn = true;
                while (goesOn) {
                    goesOn = turn();
                }
                why = "";
            } catch (RuntimeException e) {
                why = "the thread that keeps gates open failed: " + e.getMessage();
                LOG.error("gates are not kept open any more", e);
            } finally {
                end(why);
            }
        }

        private boolean turn() {
            List<LinkEvents.Event> news = events.await(delayNanos());
            if (places.isEmpty() && isLeft()) {
                return false;
            }
            if (!blind.isEmpty()) {
                throw new IllegalStateException(blind);
            }
            boolean isLookDue = false;
            for (Place place : places) {
                place.tell(news);
                isLookDue |= place.beatIfDue(lookNanos);
            }
            if (isLookDue) {
                lookNanos = System.nanoTime();
                looks.release();
            }
            return true;
        }

        private void lookAfter() {
            String why = "the thread that looks after them ended with an error";
            try {
                while (!isOver) {
                    looks.acquireUninterruptibly();
                    // Once for all that is due.
                    looks.drainPermits();
                    places.forEach(Place::lookIfDue);
                }
                why = "";
            } finally {
                if (!why.isEmpty()) {
                    blind = why;
                    events.wake();
                }
            }
        }

        private long delayNanos() {
            long now = System.nanoTime();
            long delay = Long.MAX_VALUE;
            for (Place place : places) {
                delay = Math.min(delay, place.delayNanos(now));
            }
            return delay;
        }

        /** Whoever joins from now on makes another. */
        private boolean isLeft() {
            lock.lock();
            try {
                isOver = places.isEmpty() && (holders == 0 || runner != this);
                return isOver;
            } finally {
                lock.unlock();
            }
        }

        private void end(String why) {
            lock.lock();
            try {
                isOver = true;
                if (runner == this) {
                    runner = null;
                }
            } finally {
                lock.unlock();
            }
            looks.release();
            events.close();
            places.forEach(place -> place.abandon(why));
        }

        private void leave(Place place) {
            lock.lock();
            try {
                if (places.remove(place) && !isOver) {
                    if (places.isEmpty()) {
                        events.wake();
                    } else {
                        retune();
                    }
                }
            } catch (PlatformException e) {
                LOG.debug("what nobody waits for is still heard: {}", e.getMessage());
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * What one stay has of it, and what its own thread waits for: what the kernel tells of its interfaces and addresses. A reason to look again, not a record, as with
     * {@link LinkEvents}.
     */
    final class Place implements AutoCloseable {
        private final Runner runner;
        private final List<Integer> interfaces = new CopyOnWriteArrayList<>();
        private final AddressSet addresses;
        private final int tag;

        private final ReentrantLock box = new ReentrantLock();
        private final Condition stirred = box.newCondition();
        /** Guarded by {@link #box}, as the next. */
        private List<LinkEvents.Event> heard = new ArrayList<>();

        private boolean isWoken;

        /** Held during a beat. */
        private final ReentrantLock turn = new ReentrantLock();
        /** Held during a look. */
        private final ReentrantLock looking = new ReentrantLock();

        /** Set by beats; the looks come for all together. */
        private volatile boolean isLookDue;
        /** There was none since the stay began. */
        private boolean isUnseen;

        private volatile @Nullable Stay stay;
        private volatile boolean isIdle = true;
        private volatile long dueNanos;

        private Place(Runner runner, int index, AddressSet addresses, int tag) {
            this.runner = runner;
            this.interfaces.add(index);
            this.addresses = addresses;
            this.tag = tag;
        }

        /**
         * Hears another interface as well, from now on: what happened there before must be looked for.
         *
         * @throws PlatformException if the kernel refuses
         */
        void hearAlso(int interfaceIndex) {
            lock.lock();
            try {
                interfaces.add(interfaceIndex);
                // Over: whoever keeps a gate here is told then.
                if (!runner.isOver) {
                    runner.retune();
                }
            } finally {
                lock.unlock();
            }
        }

        /** From now on the gate is moved on, first at once. */
        void keep(Stay kept) {
            stay = kept;
            dueNanos = System.nanoTime();
            isUnseen = true;
            isIdle = false;
            runner.events.wake();
            lock.lock();
            try {
                if (!runner.isOver) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            abandon("the thread that keeps gates open has ended");
        }

        /**
         * No more beats.
         *
         * @return false if one hangs in the kernel; it is the last
         */
        boolean leave() {
            boolean isQuiet = await(turn);
            stay = null;
            if (isQuiet) {
                turn.unlock();
            } else {
                LOG.warn("{}: a call for their gate hangs in the kernel", addresses);
            }
            return isQuiet;
        }

        /** Takes it for half a second at most, whether or not this thread is interrupted. */
        private static boolean await(ReentrantLock taken) {
            return taken.tryLock()
                    || BoundedWait.millis(LEAVE_MILLIS_MAX, nanos -> taken.tryLock(nanos, TimeUnit.NANOSECONDS));
        }

        private long delayNanos(long now) {
            return isIdle || stay == null ? Long.MAX_VALUE : Math.max(0, dueNanos - now);
        }

        /**
         * Whether looks are due then: after the first beat, and after each second one.
         *
         * @param lookNanos when there were looks last
         */
        private boolean beatIfDue(long lookNanos) {
            Stay present = stay;
            if (present == null || isIdle || !turn.tryLock()) {
                return false;
            }
            try {
                if (stay != null && dueNanos - System.nanoTime() <= present.earlyNanos()) {
                    long delay = present.beat();
                    long now = System.nanoTime();
                    isIdle = delay == Long.MAX_VALUE;
                    dueNanos = now + delay;
                    isLookDue = true;
                    boolean isFirst = isUnseen;
                    isUnseen = false;
                    return isFirst || isIdle || now - lookNanos - delay >= delay / 2;
                }
            } catch (RuntimeException | LinkageError | AssertionError e) {
                LOG.error("the gate of {} is not kept open any more", addresses, e);
                abandon("its gate could not be kept open: " + e.getMessage());
            } finally {
                turn.unlock();
            }
            return false;
        }

        private void lookIfDue() {
            if (!isLookDue) {
                return;
            }
            looking.lock();
            try {
                isLookDue = false;
                Stay present = stay;
                if (present != null) {
                    present.look();
                }
            } catch (RuntimeException | LinkageError | AssertionError e) {
                // A stay that leaves closes what is looked at.
                if (stay != null) {
                    LOG.error("the gate of {} cannot be looked after any more", addresses, e);
                    abandon("its gate could not be looked after: " + e.getMessage());
                }
            } finally {
                looking.unlock();
            }
        }

        private void abandon(String why) {
            Stay present = stay;
            stay = null;
            if (present != null) {
                present.abandoned(why);
            }
        }

        private void tell(List<LinkEvents.Event> news) {
            if (news.isEmpty()) {
                return;
            }
            box.lock();
            try {
                for (LinkEvents.Event event : news) {
                    if (concerns(event)) {
                        heard.add(event);
                    }
                }
                if (heard.size() > NEWS_MAX) {
                    heard = new ArrayList<>(List.of(new LinkEvents.Missed()));
                }
                if (!heard.isEmpty()) {
                    stirred.signal();
                }
            } finally {
                box.unlock();
            }
        }

        private boolean concerns(LinkEvents.Event event) {
            if (event instanceof LinkEvents.AddressChanged changed) {
                return addresses.contains(changed.address()) && interfaces.contains(changed.interfaceIndex());
            }
            if (event instanceof LinkEvents.LinkChanged changed) {
                return interfaces.contains(changed.index());
            }
            return !(event instanceof LinkEvents.LinkRemoved removed) || interfaces.contains(removed.index());
        }

        /**
         * Waits until there is news, somebody {@linkplain #wake() wakes}, or the time has passed.
         *
         * @param nanos how long at most; {@link Long#MAX_VALUE} for ever
         * @return what was told, in order; {@link LinkEvents.Missed} where some of it was lost. Nothing is told of an address that was added or prolonged with the
         *     mark of this library and the tag
         */
        List<LinkEvents.Event> await(long nanos) {
            box.lock();
            try {
                long left = nanos;
                while (!isWoken && heard.isEmpty() && left > 0) {
                    left = stirred.awaitNanos(left);
                }
                isWoken = false;
                List<LinkEvents.Event> news = heard;
                heard = new ArrayList<>();
                return news;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return List.of();
            } finally {
                box.unlock();
            }
        }

        /** Ends the present wait, or the next one. Any thread, never blocks; without effect once closed. */
        void wake() {
            box.lock();
            try {
                isWoken = true;
                stirred.signal();
            } finally {
                box.unlock();
            }
        }

        /** Waits for a look that is under way, half a second at most: what it looks at is closed next. */
        @Override
        public void close() {
            stay = null;
            runner.leave(this);
            if (await(looking)) {
                looking.unlock();
            }
        }
    }
}
