package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.PreVote;
import org.understudy.ha.membership.core.message.Message.PreVoteAnswer;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Refused;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Voters;

/**
 * Drives one write round at a time: pre-vote (only when sessions are to end by silence), prepare, accept. Pure.
 *
 * <p>It gives messages for <em>all</em> acceptors including this node's own; the caller delivers that one at home, and the
 * answer only when it is durable. A record is proposed only after this node's own promise of the ballot is durable, so no
 * ballot ever carries two records: a life that forgot a ballot has proposed nothing under it. (Asking for promises again under
 * the same ballot does no harm: whoever promised it accepted nothing below it since.)
 *
 * <p>Whoever got its last record chosen, and was promised the next ballot with the acceptances, <em>goes on</em>: the round begins
 * with its accept ({@link StandingPromises}). Such a round is one like any other whose promises came early. That they are dropped on
 * any sign of somebody else spares rounds that would be refused; what is safe about them is that they are a majority's, this node's own
 * among them, of this very ballot, and show the record that is built on.
 */
final class Proposer {

    /** What the round is doing. */
    enum Phase {
        IDLE,
        PRE_VOTING,
        PREPARING,
        ACCEPTING
    }

    private static final int PATIENCE_DOUBLED_MAX = 2;
    /** What was handed out is said again after such a part of a round. */
    private static final int AGAIN_PARTS = 8;

    private final NodeId self;
    private final long roundNanos;
    private final long backOffNanos;
    private Phase phase = Phase.IDLE;
    private Ballot highestSeen = Ballot.NONE;
    private Ballot ballot = Ballot.NONE;
    private Voters voters = Voters.of(List.of());
    private boolean isForming;
    private Optional<ClusterRecord> fallback = Optional.empty();
    private long deadline;
    private long idleUntil;
    private int failures;
    private boolean isObjected;
    private Ballot refusedAt = Ballot.NONE;
    private long gathersUntil;
    private long query;
    private List<Incarnation> asked = List.of();
    private int votesLost;
    private long agreedAt;
    private final TreeSet<Incarnation> agreed = new TreeSet<>();
    private final TreeMap<AcceptorId, Boolean> votes = new TreeMap<>();
    private final TreeMap<AcceptorId, Promise> promises = new TreeMap<>();
    private final TreeMap<AcceptorId, Vote> acceptances = new TreeMap<>();
    private final TreeSet<AcceptorId> refusals = new TreeSet<>();
    private Optional<ClusterRecord> value = Optional.empty();
    private final StandingPromises standing = new StandingPromises();
    private Ballot chosen = Ballot.NONE;
    private boolean isGoingOn;
    private boolean isRivalled;
    private long againAt = Long.MAX_VALUE;

    /**
     * @param rank position among the peers; spaces duelling proposers
     * @param roundNanos how long a phase may take at first
     */
    Proposer(NodeId self, int rank, long roundNanos) {
        this.self = self;
        this.roundNanos = roundNanos;
        this.backOffNanos = roundNanos / 20 * (rank + 1);
    }

    boolean isIdle(long now) {
        return phase == Phase.IDLE && now >= idleUntil;
    }

    Phase phase() {
        return phase;
    }

    Ballot ballot() {
        return ballot;
    }

    /** Sessions that a majority agreed lately to end by silence. */
    TreeSet<Incarnation> agreed(long now) {
        if (now - agreedAt > patienceNanos()) {
            agreed.clear();
        }
        return agreed;
    }

    /** The highest ballot seen anywhere. */
    Ballot highestSeen() {
        return highestSeen;
    }

    /**
     * A record is known to be chosen: what was refused below it is settled. Whoever got it chosen may have been promised the ballot that
     * follows, so the next one of this proposer is above that.
     */
    void learned(Ballot newest) {
        chosen = newest;
        saw(newest.following());
        if (newest.isAbove(refusedAt)) {
            refusedAt = Ballot.NONE;
        }
        if (phase == Phase.ACCEPTING && newest.equals(ballot)) {
            succeed();
        }
        if (!newest.equals(standing.round())) {
            standing.drop();
        }
    }

    /** Somebody knows of this ballot: what is promised below it will hardly be accepted any more. */
    void heardOf(Ballot other) {
        if (other.isAbove(standing.round().following())) {
            standing.drop();
        }
    }

    /** Takes note of a ballot somewhere, so that the next one is above it. */
    void saw(Ballot other) {
        highestSeen = Ballot.max(highestSeen, other);
    }

    /**
     * Asks, without binding anybody, whether these sessions may end. After a vote that did not pass it asks for one of them at a
     * time, in turn: a session that somebody still hears must not keep the others alive.
     */
    List<Message> preVote(long now, Voters known, List<Incarnation> silent) {
        begin(now, Phase.PRE_VOTING, known);
        asked = votesLost == 0 ? List.copyOf(silent) : List.of(silent.get(votesLost % silent.size()));
        query++;
        return List.of(new PreVote(query, asked));
    }

    /**
     * Starts a round.
     *
     * @param known the voters of the newest record known here
     * @param ownLife the life of this node's acceptor, part of the ballot
     * @param first what to build on if no record can have been chosen; then this is the first record of a cluster, and every acceptor
     *     must promise, with an empty disk
     */
    List<Message> prepare(long now, Voters known, long ownLife, Optional<ClusterRecord> first) {
        TreeSet<Incarnation> kept = new TreeSet<>(agreed(now));
        begin(now, Phase.PREPARING, known);
        agreed.addAll(kept);
        standing.drop();
        ballot = highestSeen.next(self, ownLife);
        saw(ballot);
        isForming = first.isPresent();
        fallback = first;
        gathersUntil = !refusedAt.isNone() ? now + patienceNanos() / 2 : now;
        return List.of(new Prepare(ballot, isForming));
    }

    /**
     * Whether the next round may begin with its accept: this proposer got the newest record chosen that is known here, a majority of each set
     * promised the following ballot when it accepted that, and nothing higher was seen.
     *
     * @param ownLife the present life of this node's acceptor
     */
    boolean canGoOn(long ownLife) {
        return standing.handedOut().isEmpty()
                && hasStanding(ownLife, standing.round().following());
    }

    /** Whether the promises stand of the ballot that follows, and no higher one than this was seen. */
    private boolean hasStanding(long ownLife, Ballot highest) {
        Ballot next = standing.round().following();
        return !standing.round().isNone()
                && standing.round().equals(chosen)
                && next.equals(standing.round().next(self, ownLife))
                && !highestSeen.isAbove(highest)
                && standing.isQuorum();
    }

    /**
     * The accept of the next round, to be handed out before the release is there that its record tells of: empty if it cannot be. From then on the next
     * ballot carries that record or none.
     *
     * @param change as for {@link #onPromise}
     */
    Optional<Accept> handOut(long ownLife, Function<RoundBase, Optional<ClusterRecord>> change) {
        boolean hasOwn =
                standing.all().stream().anyMatch(promise -> isOwn(promise.vote().acceptor()));
        if (phase != Phase.IDLE || !hasOwn || !canGoOn(ownLife)) {
            return Optional.empty();
        }
        ClusterRecord base = standing.value().orElseThrow();
        Ballot next = standing.round().following();
        Optional<ClusterRecord> record = change.apply(new RoundBase(base, standing.round(), base.lastToken()));
        record.ifPresent(value -> {
            standing.handOut(value);
            saw(next.following());
        });
        return record.map(value -> new Accept(next, value, true));
    }

    /** Whether the next round can go on with what was handed out. */
    boolean canGoOnAsHandedOut(long ownLife) {
        return standing.handedOut().isPresent()
                && hasStanding(ownLife, standing.round().following().following());
    }

    /**
     * Starts the round whose accept was handed out and is due now everywhere, so that nothing is left to send; if that was lost somewhere, {@link #again}
     * says it once more.
     *
     * @return the ballot of the round
     */
    Ballot goOnAsHandedOut(long now) {
        ClusterRecord record = standing.handedOut().orElseThrow();
        Ballot next = standing.round().following();
        begin(now, Phase.ACCEPTING, record.voters());
        ballot = next;
        isGoingOn = true;
        isObjected = false;
        value = Optional.of(record);
        standing.expect(ballot, record);
        saw(ballot.following());
        againAt = now + roundNanos / AGAIN_PARTS;
        return ballot;
    }

    /** The accept that was handed out, once, if too few have taken it for a while. */
    List<Message> again(long now) {
        if (phase != Phase.ACCEPTING || now < againAt) {
            return List.of();
        }
        againAt = Long.MAX_VALUE;
        return List.of(new Accept(ballot, value.orElseThrow(), true));
    }

    /**
     * Starts a round whose promises stand: see {@link #canGoOn}. If this node's own is not durable yet, the accept follows as soon as it is.
     *
     * @param change as for {@link #onPromise}
     */
    List<Message> goOn(long now, Function<RoundBase, Optional<ClusterRecord>> change) {
        TreeSet<Incarnation> kept = new TreeSet<>(agreed(now));
        begin(now, Phase.PREPARING, standing.value().orElseThrow().voters());
        agreed.addAll(kept);
        ballot = standing.round().following();
        gathersUntil = now;
        isGoingOn = true;
        standing.all().forEach(promise -> promises.put(promise.vote().acceptor(), promise));
        return build(now, change);
    }

    /**
     * Counts a pre-vote; when it has passed the phase becomes idle and {@link #agreed} is set. A "no" may only mean that the
     * other's last renewal came a moment later than ours, so the question is soon asked again, less and less often.
     */
    void onPreVote(long now, PreVoteAnswer answer) {
        if (phase != Phase.PRE_VOTING || answer.query() != query || !voters.names(answer.acceptor())) {
            return;
        }
        votes.put(answer.acceptor(), answer.isYes());
        TreeSet<AcceptorId> yes = new TreeSet<>(votes.keySet());
        yes.removeIf(acceptor -> !votes.get(acceptor));
        if (voters.isQuorum(yes)) {
            agreed.addAll(asked);
            agreedAt = now;
            votesLost = 0;
            phase = Phase.IDLE;
        } else if (!answer.isYes()) {
            deadline = Math.min(deadline, now + Math.min(roundNanos / 2, roundNanos / 50 << Math.min(votesLost, 6)));
        }
    }

    /**
     * Counts a promise. With enough of them asks {@code change} for the record to write.
     *
     * @param change base to new record; empty gives the round up
     */
    List<Message> onPromise(long now, Promise promise, Function<RoundBase, Optional<ClusterRecord>> change) {
        if (phase != Phase.PREPARING || !promise.ballot().equals(ballot) || !isCounted(promise.vote())) {
            return List.of();
        }
        promises.put(promise.vote().acceptor(), promise);
        return build(now, change);
    }

    /**
     * Goes on with the promises there are, when those that are missing have been waited for long enough.
     *
     * @param change as for {@link #onPromise}
     */
    List<Message> gathered(long now, Function<RoundBase, Optional<ClusterRecord>> change) {
        return !refusedAt.isNone() && phase == Phase.PREPARING && now >= gathersUntil && now < deadline
                ? build(now, change)
                : List.of();
    }

    private List<Message> build(long now, Function<RoundBase, Optional<ClusterRecord>> change) {
        boolean hasOwn = promises.keySet().stream().anyMatch(this::isOwn);
        Optional<BaseSelection.Base> found = BaseSelection.choose(promises.values());
        // Who votes is what the base says, which may be newer than what was known here; nothing chosen after it escapes
        // its majorities.
        Voters deciding =
                isForming ? voters : found.map(base -> base.value().voters()).orElse(voters);
        boolean isWorthWaiting = now < gathersUntil && !promises.keySet().containsAll(deciding.all());
        if (!hasOwn || !hasEnough(deciding) || isWorthWaiting) {
            return List.of();
        }
        Optional<ClusterRecord> base = found.map(BaseSelection.Base::value).or(() -> fallback);
        Ballot baseBallot = found.map(BaseSelection.Base::ballot).orElse(Ballot.NONE);
        long floor = 0;
        for (Promise p : promises.values()) {
            floor = Math.max(floor, p.accepted().map(ClusterRecord::lastToken).orElse(0L));
        }
        long tokenFloor = floor;
        value = base.flatMap(b -> change.apply(new RoundBase(b, baseBallot, tokenFloor)));
        if (value.isEmpty()) {
            abandon(now);
            return List.of();
        }
        phase = Phase.ACCEPTING;
        deadline = now + patienceNanos();
        refusals.clear();
        isObjected = false;
        standing.drop();
        if (isSteady(baseBallot)) {
            standing.expect(ballot, value.get());
            saw(ballot.following());
        }
        return List.of(new Accept(ballot, value.get(), !standing.round().isNone()));
    }

    /** Whether the next ballot is worth asking for: nothing is in doubt, and nobody else proposes. */
    private boolean isSteady(Ballot baseBallot) {
        return !isForming && refusedAt.isNone() && baseBallot.equals(chosen) && !highestSeen.isAbove(ballot);
    }

    /**
     * Counts an acceptance that is also the promise for which a round waits that goes on.
     *
     * @param change as for {@link #onPromise}
     */
    List<Message> onPromised(long now, Accepted accepted, Function<RoundBase, Optional<ClusterRecord>> change) {
        return standing.promise(accepted)
                .map(promise -> onPromise(now, promise, change))
                .orElse(List.of());
    }

    /** Counts an acceptance; the record once a majority has accepted it. Of those that come later only its own is still a promise. */
    Optional<ClusterRecord> onAccepted(Accepted accepted) {
        boolean isOfRound = phase == Phase.ACCEPTING && accepted.ballot().equals(ballot);
        Optional<Promise> promise = standing.promise(accepted)
                .filter(p -> isOfRound || isOwn(accepted.vote().acceptor()));
        if ((promise.isEmpty() && !isOfRound) || !isCounted(accepted.vote())) {
            return Optional.empty();
        }
        promise.ifPresent(standing::count);
        if (!isOfRound) {
            return Optional.empty();
        }
        acceptances.put(accepted.vote().acceptor(), accepted.vote());
        if (!value.orElseThrow().voters().isQuorum(acceptances.keySet())) {
            return Optional.empty();
        }
        succeed();
        return value;
    }

    private void succeed() {
        phase = Phase.IDLE;
        failures = 0;
        refusedAt = Ballot.NONE;
        agreed.clear();
    }

    /** Counts a refusal; true if the round cannot succeed any more and was given up. */
    boolean onRefused(long now, Refused refused) {
        saw(refused.promised());
        if (refused.ballot().equals(standing.round()) && isOwn(refused.acceptor())) {
            // Without this node's own promise nothing goes on.
            standing.drop();
            if (isGoingOn && phase == Phase.PREPARING) {
                stop();
                return true;
            }
        }
        if ((phase != Phase.PREPARING && phase != Phase.ACCEPTING)
                || !refused.ballot().equals(ballot)) {
            return false;
        }
        refusals.add(refused.acceptor());
        // Who promised another may be anybody's rival; who did not objects to what was proposed.
        isObjected |= phase == Phase.ACCEPTING && !refused.promised().isAbove(ballot);
        isRivalled |= refused.promised().isAbove(ballot);
        boolean isPreparing = phase == Phase.PREPARING;
        Voters needed = isPreparing ? voters : value.orElseThrow().voters();
        List<AcceptorId> left = new ArrayList<>(needed.all());
        left.removeAll(refusals);
        boolean isLost = isPreparing && isForming ? left.size() < needed.all().size() : !needed.isQuorum(left);
        if (isLost) {
            // A value that some accepted and the others refuse would be built upon for ever, as long as the promises
            // that come first
            // leave open whether it was chosen: the next rounds wait for all of them.
            if (isObjected) {
                refusedAt = ballot;
            }
            if (isGoingOn && !isRivalled) {
                // It asked nobody before it, and duels with nobody: the round that asks follows at once.
                stop();
            } else {
                abandon(now);
            }
        }
        return isLost;
    }

    private boolean isOwn(AcceptorId acceptor) {
        return acceptor.node().equals(self);
    }

    private boolean hasEnough(Voters needed) {
        return isForming ? promises.keySet().containsAll(needed.all()) : needed.isQuorum(promises.keySet());
    }

    /** Drops the votes of lives that this voter knows to be over; false if its own is known to be. */
    private boolean isCounted(Vote vote) {
        List<Vote> given = new ArrayList<>(acceptances.values());
        promises.values().forEach(promise -> given.add(promise.vote()));
        promises.values().removeIf(promise -> vote.outdates(promise.vote()));
        acceptances.values().removeIf(vote::outdates);
        standing.all().forEach(promise -> given.add(promise.vote()));
        standing.outdate(vote);
        return given.stream().noneMatch(other -> other.outdates(vote));
    }

    /** Gives up what takes too long; true if it did. A pre-vote that nobody decides ends without agreement. */
    boolean tick(long now) {
        if (phase == Phase.IDLE || now < deadline) {
            return false;
        }
        if (phase == Phase.PRE_VOTING) {
            phase = Phase.IDLE;
            votesLost++;
        } else {
            abandon(now);
        }
        return true;
    }

    /** Gives the round up; the next waits a little longer each time, spaced by rank. */
    void abandon(long now) {
        stop();
        failures = Math.min(failures + 1, 5);
        idleUntil = now + backOffNanos * (1L << (failures - 1));
    }

    private void stop() {
        phase = Phase.IDLE;
        agreed.clear();
        standing.drop();
    }

    /** After a round that took too long the next gets twice the time: disks may be slower than they should be. */
    private long patienceNanos() {
        return roundNanos << Math.min(failures, PATIENCE_DOUBLED_MAX);
    }

    /** When this proposer wants a tick. */
    long nextDeadlineNanos(long now) {
        if (phase == Phase.PREPARING && now < gathersUntil) {
            return Math.min(gathersUntil, deadline);
        }
        if (phase != Phase.IDLE) {
            return Math.min(deadline, againAt);
        }
        return now < idleUntil ? idleUntil : Long.MAX_VALUE;
    }

    private void begin(long now, Phase next, Voters known) {
        phase = next;
        voters = known;
        isForming = false;
        isGoingOn = false;
        isRivalled = false;
        againAt = Long.MAX_VALUE;
        deadline = now + patienceNanos();
        votes.clear();
        promises.clear();
        acceptances.clear();
        refusals.clear();
        agreed.clear();
        asked = new ArrayList<>();
        value = Optional.empty();
        fallback = Optional.empty();
    }

    /**
     * What a round builds on.
     *
     * @param ballot under which the record was accepted; {@link Ballot#NONE} for the first record of a cluster
     * @param tokenFloor the highest token in any record shown, chosen or not
     */
    record RoundBase(ClusterRecord record, Ballot ballot, long tokenFloor) {}
}
