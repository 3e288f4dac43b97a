package org.understudy.ha.membership.runtime;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Score;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.Candidacy;

/**
 * What a lane looks at while nothing of its part is started here, and what it offers by that: whether anything is active already, whether it
 * could be started, and how well it would be promoted.
 *
 * <p><b>Concurrency.</b> Resources are asked in the lane; what comes from elsewhere may come on any thread and never blocks.
 */
final class LaneOffers {

    private static final Duration LOOK_EVERY = Duration.ofMillis(500);
    /** A score that has changed is a write of the record: so long at least lies between two. */
    private static final long SCORE_APART_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** So are words of a probe that have changed while its answer has not. */
    private static final long WORDS_APART_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Lane lane;
    private final Part part;
    private final boolean isElection;
    private final Instance instance;
    private final PartCandidacy candidacy;
    private final Consumer<Input> report;
    private final Consumer<Runnable> submit;
    private final RenewedLook looking;

    private volatile boolean wasEverGranted;
    private volatile Presence presence = Presence.ABSENT;
    private volatile Eligibility eligibility = Eligibility.eligible();
    /** Held while something is said of the eligibility: what is said last is what is known last. */
    private final Object saying = new Object();
    /** Guarded by {@link #saying}. */
    private boolean isEnded;

    private volatile boolean isCoverageNews;

    /** In the lane, as what follows: what was told last of a probe. */
    private Presence presenceTold = Presence.UNKNOWN;

    private String wordsTold = "";
    private long wordsToldAt = System.nanoTime();

    private volatile long rank;
    private volatile long rankTold;
    private volatile long rankToldAt = System.nanoTime() - SCORE_APART_NANOS;

    /**
     * @param lane whose they are
     * @param report to the loop
     * @param submit into the lane
     */
    LaneOffers(
            Lane lane,
            Part part,
            boolean isElection,
            Instance instance,
            PartCandidacy candidacy,
            Rounds rounds,
            Consumer<Input> report,
            Consumer<Runnable> submit) {
        this.lane = lane;
        this.part = part;
        this.isElection = isElection;
        this.instance = instance;
        this.candidacy = candidacy;
        this.report = report;
        this.submit = submit;
        this.looking = new RenewedLook(() -> rounds.every(LOOK_EVERY, this::lookSoon));
    }

    /** As {@link Lane#offer}. */
    void offer(Runnable offered) {
        submit.accept(() -> {
            if (!isElection && instance.isFirst(lane)) {
                presence = Presence.UNKNOWN;
                Runnable anyway = () -> submit.accept(() -> offerNow(offered));
                instance.askWhoTells(lane, anyway);
                presence = instance.probe(lane, anyway);
            } else if (!isElection) {
                presence = instance.probe(lane, () -> submit.accept(() -> offerNow(offered)));
            }
            offerNow(offered);
        });
    }

    /** In the lane. */
    private void offerNow(Runnable offered) {
        Eligibility now = instance.whyStuck().orElseGet(() -> eligible(() -> submit.accept(() -> offerNow(offered))));
        Candidacy first = announced(true, now);
        synchronized (saying) {
            eligibility = now;
            say(new Input.GroupOffered(part.name(), first, part.placement()));
        }
        offered.run();
    }

    /** Holding {@link #saying}. Nothing once the lane has ended: another one may have come under the same name. */
    private void say(Input input) {
        if (!isEnded) {
            report.accept(input);
        }
    }

    /**
     * Says that it cannot be started here meanwhile: a call hangs, and nobody else has a turn to look. Nothing if it has returned by now. Any
     * thread.
     */
    void keepAway() {
        synchronized (saying) {
            Optional<Eligibility> stuck = instance.whyStuck();
            if (stuck.isPresent() && !lane.isBegun()) {
                eligibility = stuck.get();
                say(new Input.EligibilityChanged(part.name(), false, eligibility.reason()));
            }
        }
    }

    /** What ends the group without us may have changed: says it anew. Any thread. */
    void coverageChanged() {
        isCoverageNews = true;
        submit.accept(this::offerAgain);
    }

    /** As {@link #coverageChanged}, in the lane and at once. */
    void offerCoverage() {
        isCoverageNews = true;
        offerAgain();
    }

    /** In the lane. Where the lease is enough, what else ends the group changes nothing about its candidacy. */
    private void offerAgain() {
        if (isCoverageNews && !candidacy.isLeaseEnough()) {
            isCoverageNews = false;
            Candidacy now = announced(true, eligibility);
            synchronized (saying) {
                say(new Input.CandidacyChanged(part.name(), now));
            }
        }
    }

    /** Asks the resources, and so holds nothing meanwhile. */
    private Candidacy announced(boolean isNews, Eligibility now) {
        Candidacy announced = candidacy.announce(isNews, presence, now, rank);
        return presence == Presence.ABSENT || isElection
                ? announced
                : announced.withPresence(announced.presence(), words());
    }

    /** What the last probe found, in words; while it finds the same, words that vary are those that were told last. */
    private String words() {
        String found = instance.presenceDetail();
        long now = System.nanoTime();
        boolean isSame = presence == presenceTold && !wordsTold.isEmpty();
        if (!isSame || now - wordsToldAt >= WORDS_APART_NANOS) {
            presenceTold = presence;
            wordsToldAt = found.equals(wordsTold) ? wordsToldAt : now;
            wordsTold = found;
        }
        return wordsTold;
    }

    /** As {@link Lane#granted}. */
    void granted() {
        wasEverGranted = true;
    }

    /** As {@link Lane#forgotten}. */
    void forgotten() {
        if (!isElection) {
            wasEverGranted = false;
            presence = Presence.UNKNOWN;
            submit.accept(() -> {
                instance.forgetPresence();
                wordsTold = "";
                look();
            });
        }
    }

    // ---- looks, in the lane --------------------------------------------------------------------------------------

    /** Skipped, not queued, while the lane is busy. */
    private void lookSoon() {
        if (!lane.isBegun()) {
            instance.queue().tryRun(Lane.quietly(this::look));
        }
    }

    /** Looks no more by itself, and says nothing more. */
    void cancel() {
        looking.end();
        synchronized (saying) {
            isEnded = true;
        }
    }

    void look() {
        if (lane.isBegun() || !lane.isOffered()) {
            return;
        }
        Eligibility now = eligible(() -> {
            looking.renew();
            submit.accept(this::look);
        });
        found(now);
        if (presence != Presence.ABSENT
                && !wasEverGranted
                && instance.whyStuck().isEmpty()) {
            presence = instance.probe(lane, () -> {
                looking.renew();
                submit.accept(this::look);
            });
            String words = words();
            synchronized (saying) {
                say(new Input.Probed(part.name(), presence, words));
            }
        }
    }

    private void found(Eligibility now) {
        boolean isRankDue = part.role() == Role.PROMOTED
                && now.isEligible()
                && (!now.equals(eligibility) || rankChangedSince(System.nanoTime()));
        if (isRankDue) {
            rankToldAt = System.nanoTime();
            rankTold = rank;
            Candidacy better = announced(false, now);
            synchronized (saying) {
                eligibility = now;
                say(new Input.CandidacyChanged(part.name(), better));
            }
            return;
        }
        synchronized (saying) {
            boolean isChanged = !now.equals(eligibility);
            eligibility = now;
            if (isChanged) {
                say(new Input.EligibilityChanged(part.name(), now.isEligible(), now.reason()));
            }
        }
    }

    private boolean rankChangedSince(long now) {
        return rank != rankTold && now - rankToldAt >= SCORE_APART_NANOS;
    }

    private Eligibility eligible(Runnable onGivenUp) {
        Optional<Lane> copy = instance.copy();
        return switch (part.role()) {
            case WHOLE -> instance.eligible(lane, part.entries(), onGivenUp);
            case COPY ->
                copy.filter(other -> other != lane)
                        .map(other -> Eligibility.veto("copy " + other.copy() + " of it is on this node already"))
                        .orElseGet(() -> instance.eligible(lane, part.entries(), onGivenUp));
            case PROMOTED ->
                copy.filter(Lane::isUp).isEmpty()
                        ? Eligibility.veto("no copy of it runs on this node")
                        : promotable(onGivenUp);
        };
    }

    private Eligibility promotable(Runnable onGivenUp) {
        List<Group.Entry> with = part.entries().stream()
                .filter(entry -> !PartRoles.hasRole(entry))
                .toList();
        Eligibility eligible = instance.eligible(lane, with, onGivenUp);
        if (!eligible.isEligible()) {
            return eligible;
        }
        Score score = instance.score(lane, part.entries(), onGivenUp);
        rank = score.value();
        return score.isEligible() ? eligible : Eligibility.veto(score.reason());
    }
}
