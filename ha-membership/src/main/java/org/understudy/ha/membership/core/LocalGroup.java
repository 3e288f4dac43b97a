package org.understudy.ha.membership.core;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Sentence;

/**
 * One group on this node: what it is doing here, and whether this node offers to run it. Pure.
 *
 * <p>A soft failure is tried again here, under a new token, until it has happened {@value #SOFT_FAILURES_MAX} times in ten
 * minutes; a hard one keeps the group away for at least five seconds and while the resource itself vetoes.
 */
final class LocalGroup {

    static final int SOFT_FAILURES_MAX = 3;
    static final String AWAY = "this node resigned, others come first for a while";
    private static final long SECOND = 1_000_000_000L;
    private static final long SOFT_WINDOW_NANOS = 600 * SECOND;
    private static final long SOFT_HOLD_NANOS = 60 * SECOND;
    private static final long HARD_HOLD_NANOS = 5 * SECOND;

    /** What the group is doing here. */
    enum Phase {
        IDLE,
        STARTING,
        RUNNING,
        STOPPING,
        BLOCKED
    }

    private final String name;
    private final Deque<Long> softFailures = new ArrayDeque<>();
    private Candidacy reported;
    private Rules rules;
    private Phase phase = Phase.IDLE;
    private long token;
    private Optional<Severity> failure = Optional.empty();
    private String why = "";
    private long holdUntil = Long.MIN_VALUE;
    private String holdWhy = "";
    private long awayNanos;
    private long awayUntil = Long.MIN_VALUE;
    private boolean withdrawn;
    private boolean isLetBe;

    LocalGroup(String name, Candidacy candidacy, Placement placement) {
        this.name = name;
        this.rules = Rules.of(placement);
        this.reported = candidacy.withReasonCut().withRules(rules.digest());
    }

    String name() {
        return name;
    }

    Phase phase() {
        return phase;
    }

    long token() {
        return token;
    }

    /**
     * Whether the group goes on without a majority under a grant. Only under one that the end of the lease does not end: what this node
     * offers now may be less than what it offered when the grant was made.
     */
    boolean keepsRunning(Optional<Grant> grant) {
        return reported.keepsRunning() && grant.filter(g -> !g.isExpirable()).isPresent();
    }

    boolean isIdle() {
        return phase == Phase.IDLE;
    }

    boolean isWithdrawn() {
        return withdrawn;
    }

    void withdraw() {
        withdrawn = true;
    }

    /** Offered again, perhaps while it still stops after it was withdrawn. */
    void offer(Candidacy candidacy, Placement placement) {
        withdrawn = false;
        rules = Rules.of(placement);
        reported = candidacy.withReasonCut().withRules(rules.digest());
    }

    Rules rules() {
        return rules;
    }

    /** What this node offers now. */
    Candidacy candidacy(long now) {
        if (isAway(now)) {
            return reported.withEligibility(false, AWAY);
        }
        boolean held = now < holdUntil;
        return held ? reported.withEligibility(false, holdWhy) : reported;
    }

    /**
     * Given away: others come first, and a grant that was already under way is declined, until this long after the group has
     * stopped here.
     */
    void resign(long forNanos) {
        awayNanos = forNanos;
        awayUntil = Long.MAX_VALUE;
    }

    /**
     * Whether this node's present offer covers what a grant says of it: that the end of the lease ends everything, and what a dead process
     * leaves behind. A grant that was planned from an earlier offer must not be started under a weaker one.
     */
    boolean isOfferedAs(Grant grant) {
        boolean isCovered = !grant.isExpirable() || reported.isExpirable();
        return isCovered && grant.remains().containsAll(reported.remains());
    }

    boolean isAway(long now) {
        return now < awayUntil;
    }

    void eligibility(boolean isEligible, String whyNot) {
        reported = reported.withEligibility(isEligible, Sentence.shortened(whyNot));
    }

    void probed(Presence presence) {
        reported = reported.withPresence(presence);
    }

    void starting(long grantToken) {
        phase = Phase.STARTING;
        isLetBe = false;
        token = grantToken;
        failure = Optional.empty();
        why = "";
    }

    /** It has failed here and nothing was done about it. */
    void letBe() {
        isLetBe = true;
    }

    /** Whether it has, and takes note that something is done now. */
    boolean wasLetBe() {
        boolean was = isLetBe;
        isLetBe = false;
        return was;
    }

    void running() {
        phase = Phase.RUNNING;
    }

    void stopping(Optional<Severity> because, String reason) {
        phase = Phase.STOPPING;
        failure = because;
        why = reason;
    }

    void blocked() {
        phase = Phase.BLOCKED;
    }

    void idle() {
        phase = Phase.IDLE;
    }

    /** It has stopped here: what others come first for begins. */
    void countAway(long now) {
        if (awayUntil == Long.MAX_VALUE) {
            awayUntil = now + awayNanos;
        }
    }

    Optional<Severity> failure() {
        return failure;
    }

    String why() {
        return why;
    }

    /** Counts a failure against this node. */
    void failed(long now, Severity severity, String reason) {
        if (severity == Severity.SOFT) {
            softFailures.addLast(now);
            while (now - softFailures.peekFirst() > SOFT_WINDOW_NANOS) {
                softFailures.removeFirst();
            }
            if (softFailures.size() >= SOFT_FAILURES_MAX) {
                softFailures.clear();
                hold(now + SOFT_HOLD_NANOS, "failed " + SOFT_FAILURES_MAX + " times here, last: " + reason);
            }
        } else {
            hold(now + HARD_HOLD_NANOS, reason);
        }
    }

    private void hold(long until, String reason) {
        holdUntil = Math.max(holdUntil, until);
        holdWhy = Sentence.shortened(reason);
    }
}
