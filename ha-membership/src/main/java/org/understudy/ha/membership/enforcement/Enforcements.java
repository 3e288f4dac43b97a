package org.understudy.ha.membership.enforcement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.HaException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.enforcement.core.ArmingBook;
import org.understudy.ha.membership.enforcement.core.CoverageRule;
import org.understudy.ha.membership.enforcement.core.Offer;
import org.understudy.ha.membership.enforcement.core.Subject;

/**
 * The enforcers of one node: starts them, orders what {@link ArmingBook} decides, and says what they cover.
 *
 * <p><b>Concurrency.</b> Any thread. One lock keeps the orders in their order; under it only the node's own enforcers are
 * called, which never block, and the couriers of the others.
 */
public final class Enforcements implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Enforcements.class);

    /** Told on any thread when an enforcer can be relied on again, or no longer. Must return at once. */
    public interface Listener {
        /**
         * @param isThere whether it can be relied on now
         * @param sentence what it means, and what to do
         */
        void changed(String enforcer, boolean isThere, String sentence);

        /** A group has to stop now, or an enforcer acts. */
        void ending(String group, String why);
    }

    private final LongSupplier clock;
    private final boolean mayKill;
    private final Listener listener;
    private final List<Enforcer> enforcers;
    private final List<Optional<Courier>> couriers = new ArrayList<>();
    private final List<Offer> offers = new ArrayList<>();
    private final ReentrantLock turn = new ReentrantLock();
    private final ArmingBook book;
    /** Guarded by {@link #turn}. */
    private final List<Boolean> present = new ArrayList<>();

    /** Guarded by {@link #turn}: what enforcers said before the book was opened. */
    private final List<Runnable> early = new ArrayList<>();

    private boolean isOpen;

    /**
     * Starts the enforcers; one that cannot be started is noted with its obstacle.
     *
     * @param own enforcers of the library: called by whoever brings the news
     * @param handed enforcers of the application: called on a thread each
     * @param clock the boot clock
     */
    public Enforcements(
            List<Enforcer> own,
            List<Enforcer> handed,
            Enforcer.Terms terms,
            boolean mayKill,
            LongSupplier clock,
            NamedThreads threads,
            Listener listener) {
        this.clock = clock;
        this.mayKill = mayKill;
        this.listener = listener;
        this.enforcers = new ArrayList<>(own);
        this.enforcers.addAll(handed);
        for (int i = 0; i < enforcers.size(); i++) {
            Enforcer enforcer = enforcers.get(i);
            offers.add(offer(enforcer, i, terms));
            couriers.add(i < own.size() ? Optional.empty() : Optional.of(new Courier(enforcer, threads)));
        }
        this.book = new ArmingBook(offers, terms);
        List<Runnable> waiting;
        turn.lock();
        try {
            isOpen = true;
            waiting = List.copyOf(early);
            early.clear();
            for (int i = 0; i < enforcers.size(); i++) {
                present.add(offers.get(i).obstacles().isEmpty());
            }
        } finally {
            turn.unlock();
        }
        waiting.forEach(Runnable::run);
    }

    private Offer offer(Enforcer enforcer, int i, Enforcer.Terms terms) {
        List<String> obstacles;
        try {
            enforcer.start(new Enforcer.Listener() {
                @Override
                public void armed(long number, long latenessNanos) {
                    heard(() -> book.armed(i, number, latenessNanos, clock.getAsLong()));
                }

                @Override
                public void ending(String why) {
                    Enforcements.this.ending(i, why);
                }

                @Override
                public void lost(String why) {
                    heard(() -> book.lost(i, why));
                }
            });
            obstacles = enforcer.obstacles(terms);
        } catch (HaException e) {
            obstacles = List.of(String.valueOf(e.getMessage()));
        }
        if (obstacles.isEmpty()) {
            LOG.info("{} by {} can be relied on", enforcer.kind(), enforcer.name());
        } else {
            LOG.warn("{} by {} is not there: {}", enforcer.kind(), enforcer.name(), String.join("; ", obstacles));
        }
        return new Offer(
                enforcer.name(),
                enforcer.kind(),
                Arrays.stream(Scope.values()).filter(enforcer::covers).toList(),
                obstacles);
    }

    /** What ends a group of these resources. */
    public Coverage coverage(String group, List<Subject> subjects) {
        long now = clock.getAsLong();
        List<Optional<String>> absences = new ArrayList<>();
        turn.lock();
        try {
            for (int i = 0; i < enforcers.size(); i++) {
                absences.add(book.absence(i, now));
            }
        } finally {
            turn.unlock();
        }
        return CoverageRule.of(group, subjects, offers, absences, mayKill);
    }

    /** One line for each enforcer: whether it can be relied on. */
    public List<String> describe() {
        long now = clock.getAsLong();
        List<String> lines = new ArrayList<>();
        turn.lock();
        try {
            for (int i = 0; i < enforcers.size(); i++) {
                Offer offer = offers.get(i);
                lines.add(offer.kind() + " by " + offer.name()
                        + book.absence(i, now)
                                .map(why -> " is not there: " + why)
                                .orElse(" is there"));
            }
        } finally {
            turn.unlock();
        }
        return lines;
    }

    /** A majority has acknowledged a renewal sent at that instant. */
    public void confirmed(Incarnation incarnation, long sentNanos) {
        heard(() -> perform(book.confirmed(incarnation.number(), sentNanos, clock.getAsLong())));
    }

    /** A group is about to start: what it relies on is armed with the newest confirmed renewal. */
    public void enter(String group, Incarnation holder, List<Subject> subjects) {
        List<List<Integer>> relies = new ArrayList<>();
        for (Subject subject : subjects) {
            if (CoverageRule.needs(subject)) {
                relies.add(CoverageRule.relies(subject, offers));
            }
        }
        heard(() -> perform(book.enter(group, holder.number(), relies, clock.getAsLong())));
    }

    /** Whether something acknowledged that it ends every resource of an entered group without us. */
    public boolean isArmed(String group) {
        turn.lock();
        try {
            return book.isArmed(group, clock.getAsLong());
        } finally {
            turn.unlock();
        }
    }

    /** Everything of the group is certainly stopped. Idempotent. */
    public void leave(String group) {
        heard(() -> perform(book.leave(group, clock.getAsLong())));
    }

    private void ending(int enforcer, String why) {
        List<String> groups;
        turn.lock();
        try {
            groups = isOpen ? book.reliant(enforcer) : List.of();
        } finally {
            turn.unlock();
        }
        groups.forEach(group -> listener.ending(group, why));
    }

    private void perform(List<ArmingBook.Act> acts) {
        for (ArmingBook.Act act : acts) {
            Enforcer enforcer = enforcers.get(act.enforcer());
            Optional<Courier> courier = couriers.get(act.enforcer());
            if (act instanceof ArmingBook.Arm arm) {
                courier.ifPresentOrElse(c -> c.arm(arm.order()), () -> enforcer.arm(arm.order()));
            } else if (act instanceof ArmingBook.Disarm disarm) {
                courier.ifPresentOrElse(
                        c -> c.disarm(disarm.incarnation()), () -> enforcer.disarm(disarm.incarnation()));
            }
        }
    }

    /** One piece of news; then whoever listens learns which enforcers came or went. */
    private void heard(Runnable news) {
        List<Runnable> changes = new ArrayList<>();
        turn.lock();
        try {
            if (!isOpen) {
                early.add(() -> heard(news));
                return;
            }
            news.run();
            long now = clock.getAsLong();
            for (int i = 0; i < enforcers.size(); i++) {
                Optional<String> absence = book.absence(i, now);
                if (present.get(i) != absence.isEmpty()) {
                    present.set(i, absence.isEmpty());
                    Offer offer = offers.get(i);
                    String sentence = absence.map(
                                    why -> offer.kind() + " by " + offer.name() + " is not there: " + why
                                            + "; what relies on it alone is not taken over after a pause or power cut of this host")
                            .orElse(offer.kind() + " by " + offer.name() + " is there again");
                    changes.add(() -> listener.changed(offer.name(), absence.isEmpty(), sentence));
                }
            }
        } finally {
            turn.unlock();
        }
        changes.forEach(Runnable::run);
    }

    /** Ends threads and frees what the enforcers hold. What is armed stays armed as far as its enforcer allows. */
    @Override
    public void close() {
        couriers.forEach(courier -> courier.ifPresent(Courier::close));
        enforcers.forEach(Enforcer::close);
    }

    @Override
    public String toString() {
        return "enforcers " + offers.stream().map(Offer::name).collect(Collectors.joining(", ", "[", "]"));
    }
}
