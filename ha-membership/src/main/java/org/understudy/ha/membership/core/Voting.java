package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Effect.OperationDecided;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.PreVote;
import org.understudy.ha.membership.core.message.Message.PreVoteAnswer;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Recover;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.message.Message.Refused;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.message.Message.RenewRefused;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * The vote of a node: who it is given to, and what of it no fact holds yet. Pure.
 *
 * <p>Nothing is promised or accepted while this disk may have forgotten something, and the first record only by a node that was told to form. What an
 * {@link Acceptor} answers states what it holds, so whatever changes that is noted for the fact of the step: the caller writes it before the answer
 * leaves.
 */
final class Voting {

    private static final int RECOVER_OFTEN = 10;

    private final Acceptor acceptor;
    private final boolean mayForm;
    /** Each start is a new life, so there is something to write at once. */
    private boolean isUnwritten = true;

    private int recoverBeacons;

    /** @param mayForm whether this node was told to form */
    Voting(Acceptor acceptor, boolean mayForm) {
        this.acceptor = acceptor;
        this.mayForm = mayForm;
    }

    // ---- what it holds -------------------------------------------------------------------------------------------

    AcceptorId id() {
        return acceptor.id();
    }

    /** What must be on disk before an answer given now may leave. */
    DurableState memory() {
        return acceptor.memory();
    }

    /** Whether {@link #memory()} is to be written; it counts as written from now on. */
    boolean takeUnwritten() {
        boolean was = isUnwritten;
        isUnwritten = false;
        return was;
    }

    /** The disk has caught up with an earlier {@link #memory()}. */
    void persisted(DurableState written) {
        acceptor.persisted(written);
    }

    /** Notes that this node gave a group back. */
    void release(String group, long token) {
        acceptor.release(group, token);
        isUnwritten = true;
    }

    /** Forgets releases of groups that are in the record no more, with the next write. */
    void forgetReleases(Set<String> groupsLeft) {
        acceptor.forgetReleases(groupsLeft);
    }

    // ---- rounds --------------------------------------------------------------------------------------------------

    /** The answer to a prepare; empty if it was answered when it came first: to refuse it now would look like a change of mind. */
    Optional<Message> prepare(Prepare m) {
        if (acceptor.isPast(m.ballot())) {
            return Optional.empty();
        }
        Optional<String> refusal = whyNoPromise(m).or(() -> acceptor.prepare(m.ballot()));
        if (refusal.isPresent()) {
            return refused(m.ballot(), refusal.get());
        }
        isUnwritten = true;
        DurableState s = memory();
        return Optional.of(new Promise(m.ballot(), acceptor.vote(), s.acceptedBallot(), s.accepted()));
    }

    /** The answer to an accept; empty as for {@link #prepare}. */
    Optional<Message> accept(long now, Accept m) {
        if (acceptor.isPast(m.ballot())) {
            return Optional.empty();
        }
        Optional<String> refusal =
                whyNoAcceptance(m.value()).or(() -> acceptor.accept(now, m.ballot(), m.value(), m.promised()));
        if (refusal.isPresent()) {
            return refused(m.ballot(), refusal.get());
        }
        isUnwritten = true;
        return Optional.of(new Accepted(m.ballot(), acceptor.vote(), m.hasNext()));
    }

    private Optional<Message> refused(Ballot ballot, String why) {
        return Optional.of(new Refused(ballot, id(), memory().promised(), why));
    }

    /**
     * The first record needs a node that was told to form. Any other promise of an empty disk is truthful: it never voted under its
     * identity, and counts only where a record names it.
     */
    private Optional<String> whyNoPromise(Prepare prepare) {
        boolean isFormed = prepare.isForming() && memory().isEmpty();
        return isFormed ? whyNotForm() : whyNoVote();
    }

    private Optional<String> whyNoAcceptance(ClusterRecord value) {
        boolean isFormed = memory().isEmpty() && value.number() == 1;
        return isFormed ? whyNotForm() : whyNoVote();
    }

    private Optional<String> whyNotForm() {
        return mayForm ? Optional.empty() : Optional.of("it was not told to form");
    }

    private Optional<String> whyNoVote() {
        return mayVote() ? Optional.empty() : Optional.of("its disk may be an older copy; it asks the others first");
    }

    /** Whether it would agree now that these sessions end by silence. */
    PreVoteAnswer preVote(long now, PreVote m) {
        boolean yes = mayVote();
        for (Incarnation session : m.sessions()) {
            yes &= acceptor.isSilent(now, session);
        }
        return new PreVoteAnswer(m.query(), id(), yes);
    }

    /**
     * A chosen record is also a late accept: without it this acceptor would not acknowledge sessions it has not seen. It may
     * have to wait until a session that the record has lost is silent here too.
     */
    void adopt(long now, Ballot ballot, ClusterRecord chosen) {
        isUnwritten |= ballot.isAbove(memory().acceptedBallot())
                && whyNoAcceptance(chosen).isEmpty()
                && acceptor.accept(now, ballot, chosen).isEmpty();
    }

    /** Whoever knows of a newer generation has no word in an older one any more, also where the newer one gives it no vote. */
    void leaveOlderGenerations(Ballot ballot) {
        if (!memory().isEmpty() && ballot.generation() > memory().promised().generation()) {
            acceptor.prepare(ballot);
            isUnwritten = true;
        }
    }

    /** Takes a record that an operator forces: no acceptor of this generation is asked. */
    void force(long now, Ballot ballot, ClusterRecord value) {
        acceptor.force(now, ballot, value);
        isUnwritten = true;
    }

    /** The newest record that is known here, chosen or not: one of the two there must be. */
    ClusterRecord newest(Optional<ClusterRecord> learned, Ballot learnedBallot) {
        boolean isAccepted = memory().acceptedBallot().isAbove(learnedBallot) || learned.isEmpty();
        return isAccepted ? memory().accepted().orElseThrow() : learned.get();
    }

    /**
     * Why a record is not believed that is of a generation before one that this node knows to be forced; empty if it is. Nodes that were said to be
     * lost for good are back; what was decided since must not be forgotten for them.
     *
     * @param learned the newest known to be chosen
     */
    Optional<String> whyPast(ClusterRecord value, Optional<ClusterRecord> learned) {
        int newest = Math.max(
                memory().promised().generation(),
                learned.map(ClusterRecord::generation).orElse(0));
        return value.generation() >= newest
                ? Optional.empty()
                : Optional.of("generation " + value.generation() + " of this cluster lives beside generation " + newest
                        + ", which an operator forced because the nodes of the other would never come back: stop "
                        + value.voters().all().stream()
                                .map(AcceptorId::node)
                                .filter(node -> !node.equals(id().node()))
                                .toList()
                        + " and start them with empty state directories");
    }

    /** Why this vote is not counted while a record is the newest; empty if it is. */
    Optional<String> whyNotCounted(ClusterRecord value) {
        return value.isAcceptor(id())
                ? Optional.empty()
                : Optional.of(
                        "the cluster record does not name this node's disk, so its vote is not counted. A new disk of a node that"
                                + " votes is admitted by itself as soon as a majority is there; any other node an operator admits. If a"
                                + " majority of the votes is lost for good, force the record first, on a node that has one");
    }

    // ---- renewals ------------------------------------------------------------------------------------------------

    /** Whether this acceptor waits at least as long as a holder relies on: nodes may be configured differently by mistake. */
    boolean waits(long nanos) {
        return acceptor.waits(nanos);
    }

    /**
     * The answer to a renewal. It states what is on disk already.
     *
     * @param learned the newest ballot that this node knows to be chosen
     */
    Message renew(long now, Renew m, Ballot learned) {
        boolean counts = waits(m.waitNanos()) && mayVote() && acceptor.renew(now, m.session());
        DurableState s = memory();
        return counts
                ? new RenewAck(
                        m.session(),
                        m.sequence(),
                        id(),
                        s.acceptedBallot(),
                        s.accepted().orElseThrow().voters().sets())
                : new RenewRefused(m.session(), m.sequence(), id(), s.promised(), learned);
    }

    /** Sessions of a record that have been silent here long enough. */
    List<Incarnation> silentSessions(long now, ClusterRecord record) {
        return acceptor.silentSessions(now, record);
    }

    /** When the next session of a record becomes silent if nothing is heard; {@link Long#MAX_VALUE} if all are already. */
    long nextSilenceNanos(long now, ClusterRecord record) {
        return acceptor.nextSilenceNanos(now, record);
    }

    // ---- after a start -------------------------------------------------------------------------------------------

    /** Whether this disk has forgotten nothing, as far as is known. */
    boolean mayVote() {
        return acceptor.isVoting();
    }

    Recovery recovery() {
        return acceptor.recovery();
    }

    /** Answers an acceptor that has started. */
    Recovered recovered(Recover m) {
        DurableState before = memory();
        Recovered answer = acceptor.recovered(m);
        isUnwritten |= before != memory();
        return answer;
    }

    /** Takes an answer to this acceptor's own question; true if that changed what it holds. */
    boolean answered(Recovered m) {
        boolean isNews = acceptor.answered(m);
        isUnwritten |= isNews;
        return isNews;
    }

    /** Takes over what the others showed, once nothing is waited for any more; true if it votes from now on and did not before. */
    boolean catchUp(long now) {
        boolean isDone = acceptor.catchUp(now);
        isUnwritten |= isDone;
        return isDone;
    }

    /** What to ask those who have not answered, often at first and then less and less often. Asked once in a renewal interval. */
    Optional<Recover> repeated() {
        if (recovery().isNoted() || memory().isEmpty() && mayVote()) {
            return Optional.empty();
        }
        recoverBeacons++;
        boolean isDue = recoverBeacons <= RECOVER_OFTEN || recoverBeacons % RECOVER_OFTEN == 0;
        return isDue ? Optional.of(recovery().question()) : Optional.empty();
    }

    /** Why a vote that this disk has is not given; empty if it is, or there is none. */
    Optional<String> whySilent() {
        return mayVote() || !recovery().isNamed(memory())
                ? Optional.empty()
                : Optional.of(
                        "this node's disk may be an older copy of itself, so its vote waits for a majority of the others; not heard"
                                + " from "
                                + recovery().missing(memory())
                                + "; start them, or if one of them is lost for good vouch for the disk of this node");
    }

    /**
     * Takes an operator's word that this disk has forgotten nothing.
     *
     * @param record the newest that this node knows
     */
    OperationDecided vouch(long request, Optional<ClusterRecord> record) {
        boolean wasVoting = mayVote();
        if (wasVoting && record.filter(r -> !r.isAcceptor(id())).isPresent()) {
            return new OperationDecided(
                    request, false, "this disk has no vote in the cluster record; an operator admits it");
        }
        acceptor.vouch();
        isUnwritten = true;
        return new OperationDecided(
                request, true, wasVoting ? "this disk votes already" : "this disk votes from now on");
    }
}
