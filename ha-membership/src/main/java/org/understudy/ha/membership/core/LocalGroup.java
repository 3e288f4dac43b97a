package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Troubles;
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
 * <p>After a failure it is tried again here, under a new token, or this node keeps away from it for a while, as {@link FailureBook} says; and
 * for as long as the resource itself vetoes.
 */
final class LocalGroup {

    /** So long at least lies between two words that the same resource fails and is let be. */
    private static final long LET_BE_APART_NANOS = 60_000_000_000L;

    static final String AWAY = "this node resigned, others come first for a while";

    /** Why a group stops that runs on a node on standby. */
    static final String ON_STANDBY = "this node is on standby";

    /** Why a group stops that the record asks to move. */
    static String toMove(NodeId to) {
        return "asked to move to " + to;
    }

    /** What the group is doing here. */
    enum Phase {
        IDLE,
        STARTING,
        RUNNING,
        STOPPING,
        BLOCKED
    }

    private final String name;
    private final FailureBook failures = new FailureBook();
    private Candidacy reported;
    private Rules rules;
    private Phase phase = Phase.IDLE;
    private long token;
    private Optional<Severity> failure = Optional.empty();
    private String why = "";
    private String whyBlocked = "";
    private long awayNanos;
    private long awayUntil = Long.MIN_VALUE;
    private boolean withdrawn;
    /** The token under which another node holds it, and is about to give it to this one; 0 if none is. */
    private long comingToken;

    private boolean isReady;
    /** What failed here while nothing was to be done about it; empty if nothing did. */
    private Optional<Troubles.Failures> letBe = Optional.empty();
    /** Of which resource that was told last; empty if that is over. */
    private Optional<String> letBeTold = Optional.empty();
    /** When that was told of a resource, as far as it was less than {@link #LET_BE_APART_NANOS} ago. */
    private final Map<String, Long> letBeToldAt = new TreeMap<>();

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

    /** Offered by other rules. What was withdrawn stays so. */
    void offer(long now, Candidacy candidacy, Placement placement) {
        rules = Rules.of(placement);
        offer(now, candidacy);
    }

    /** Offered otherwise, by the same rules. What was withdrawn stays so. */
    void offer(long now, Candidacy candidacy) {
        reported = candidacy.withReasonCut().withRules(rules.digest());
        failures.vetoed(now, !reported.isEligible());
    }

    Rules rules() {
        return rules;
    }

    /** What this node offers now. */
    Candidacy candidacy(long now) {
        if (isAway(now)) {
            return reported.withEligibility(false, AWAY);
        }
        return failures.isHeld(now) ? reported.withEligibility(false, failures.holdWhy()) : reported;
    }

    /**
     * Given away: others come first, and a grant that was already under way is declined, until this long after the group has
     * stopped here. Of several times before that the longest counts.
     */
    void resign(long forNanos) {
        awayNanos = isResigning() ? Math.max(awayNanos, forNanos) : forNanos;
        awayUntil = Long.MAX_VALUE;
    }

    /** Whether it was given away and has not stopped here yet. */
    boolean isResigning() {
        return awayUntil == Long.MAX_VALUE;
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

    void eligibility(long now, boolean isEligible, String whyNot) {
        reported = reported.withEligibility(isEligible, Sentence.shortened(whyNot));
        failures.vetoed(now, !isEligible);
    }

    void probed(Presence presence, String detail) {
        reported = reported.withPresence(presence, detail).withReasonCut();
    }

    /** Its last grant was taken out of the record: until this node has looked anew it does not know whether the group is active here. */
    void forgotten() {
        if (!reported.isElection()) {
            probed(Presence.UNKNOWN, "");
        }
    }

    /** Another node is about to give it to this one. */
    void coming(long now, long grantToken) {
        comingToken = grantToken;
        isReady = false;
        failures.tries(now);
    }

    /** Nobody is going to give it to this node; what was made ready has been used or is given back. */
    void comesNoMore(long now) {
        comingToken = 0;
        isReady = false;
        failures.hasTried(now);
    }

    /** The token under which another node holds it that is about to give it to this one; 0 if none is. */
    long comingToken() {
        return comingToken;
    }

    void ready(long now) {
        isReady = true;
        failures.hasTried(now);
    }

    /** Whether everything is ready for it to come. */
    boolean isReady() {
        return isReady;
    }

    void starting(long now, long grantToken) {
        comesNoMore(now);
        failures.tries(now);
        phase = Phase.STARTING;
        isLetBeNoMore(now);
        token = grantToken;
        failure = Optional.empty();
        why = "";
    }

    /** It has failed here and nothing is done about it. */
    void letBe(long now, String resource, Severity severity, String reason) {
        if (letBe.filter(known -> known.resource().equals(resource)).isEmpty()) {
            letBe = Optional.of(new Troubles.Failures(resource, 1, severity, Sentence.shortened(reason)));
        }
        failures.letBe(now, true);
    }

    /**
     * What fails here and is let be, if it is to be told now. Of the same resource it is told once a minute at most, however often it comes and goes: what
     * lasts is told then.
     */
    Optional<String> takeLetBeNews(long now) {
        Optional<String> resource = letBe.map(Troubles.Failures::resource);
        if (resource.isEmpty() || resource.equals(letBeTold)) {
            return Optional.empty();
        }
        letBeToldAt.values().removeIf(at -> now - at >= LET_BE_APART_NANOS);
        if (letBeToldAt.putIfAbsent(resource.get(), now) != null) {
            return Optional.empty();
        }
        letBeTold = resource;
        return Optional.of(whyLetBe());
    }

    /** Whether it was told that something fails and is let be, and not that it does so no more. */
    boolean isLetBeTold() {
        return letBeTold.isPresent();
    }

    private void isLetBeNoMore(long now) {
        letBeTold = Optional.empty();
        if (letBe.isPresent()) {
            letBe = Optional.empty();
            failures.letBe(now, false);
        }
    }

    /** Whether it has, and takes note that it has not any more, or that something is done now. */
    boolean wasLetBe(long now) {
        boolean was = letBe.isPresent();
        isLetBeNoMore(now);
        return was;
    }

    /** What failed here while nothing is done about it, and why nothing is; empty if nothing did. */
    String whyLetBe() {
        return letBe.map(Troubles.Failures::reason).orElse("");
    }

    void running(long now) {
        phase = Phase.RUNNING;
        failures.hasTried(now);
    }

    void stopping(Optional<Severity> because, String reason) {
        phase = Phase.STOPPING;
        letBe = Optional.empty();
        letBeTold = Optional.empty();
        failure = because;
        why = reason;
    }

    void blocked(String reason) {
        phase = Phase.BLOCKED;
        whyBlocked = reason;
    }

    /** Why it could not be stopped; empty if it could. */
    String whyBlocked() {
        return phase == Phase.BLOCKED ? whyBlocked : "";
    }

    void idle() {
        phase = Phase.IDLE;
    }

    /** It has stopped here: what others come first for begins, and an attempt to start it is over. */
    void hasStopped(long now) {
        failures.hasTried(now);
        failures.letBe(now, false);
        isLetBeNoMore(now);
        if (isResigning()) {
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
    void failed(long now, String resource, Severity severity, String reason) {
        failures.failed(now, resource, severity, reason);
    }

    /** An operator says that what failed is mended. Returns whether anything was counted. */
    boolean clearFailures() {
        return failures.clear();
    }

    /** What failed here and is not forgotten yet, and what fails here now and is let be. */
    Troubles troubles(long now) {
        Troubles counted = failures.troubles(now);
        return letBe.map(present -> with(counted, present)).orElse(counted);
    }

    private static Troubles with(Troubles counted, Troubles.Failures present) {
        List<Troubles.Failures> all = new ArrayList<>();
        int before = 0;
        for (Troubles.Failures each : counted.failures()) {
            if (each.resource().equals(present.resource())) {
                before = each.count();
            } else {
                all.add(each);
            }
        }
        all.add(new Troubles.Failures(present.resource(), before + 1, present.severity(), present.reason()));
        return new Troubles(
                all,
                counted.hold(),
                counted.holdReason(),
                counted.hanging(),
                counted.lateReturns(),
                counted.contradictions(),
                counted.leakedThreads());
    }
}
