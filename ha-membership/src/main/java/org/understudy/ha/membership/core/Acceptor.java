package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.message.Message.Recover;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

/**
 * One durable vote on the cluster record. Pure.
 *
 * <p>Lamport's Synod acceptor for one rewritable register (Rystsov, <i>CASPaxos: Replicated State Machines without
 * logs</i>, 2018), with the rule that makes leases safe: a session that is live in this acceptor's own record may be
 * missing in a new one only with an explicit proof, or if this acceptor itself has not acknowledged a renewal of it for
 * L·(1+ρ) on its own clock.
 *
 * <p><b>Safety argument.</b> A holder's lease rests on a majority of acknowledgements, a session's removal on a majority
 * of acceptances. The two meet in one acceptor. If it acknowledged first it waited the lease out before it accepted; if
 * it accepted first it has acknowledged nothing since. It remembers acknowledgements only in memory, so after a restart it
 * counts silence from its own start; and it acknowledges only while the session stands in the record in memory,
 * in the one on disk <em>and</em> in every one whose write is under way: a crash leaves one of these behind, and whichever it
 * is, the acceptor that comes back from it must know the session whose renewal it acknowledged.
 *
 * <p>While the set of acceptors changes, a record needs a majority of each set it names, and so does a renewal for each set that an
 * acknowledgement names. An acceptor that is new to the set counts silence from its acceptance of the record that makes it a voter
 * for good: leases that rest on the old set alone were all sent before that one could be proposed. An acceptor that may have missed
 * a change starts counting anew as well.
 *
 * <p>What an acceptor does before its first vote after a start is {@link Recovery}'s.
 */
final class Acceptor {

    private static final int LIVES_MAX = 64;

    private final AcceptorId self;
    private final long silenceNanos;
    private final long startedNanos;
    private final Recovery recovery;
    private DurableState memory;
    private DurableState disk;
    private final SortedMap<Incarnation, Long> heard = new TreeMap<>();
    /** Accepted since {@link #disk} and not yet known to be on it: a crash may leave any of them there. */
    private final List<DurableState> underWay = new ArrayList<>();

    /**
     * @param state what the disk holds
     * @param nowNanos the start of this life
     * @param silenceNanos L·(1+ρ)
     * @param isDiskCurrent whether the disk is known to be as it was written last
     * @param peers every other node that can have a vote
     */
    Acceptor(
            AcceptorId self,
            DurableState state,
            long nowNanos,
            long silenceNanos,
            boolean isDiskCurrent,
            List<NodeId> peers) {
        this.self = self;
        this.recovery = new Recovery(self, state, isDiskCurrent, nowNanos, silenceNanos, peers);
        this.memory = state.withLife(recovery.life()).withRecovering(!recovery.isVoting());
        this.disk = state;
        this.startedNanos = nowNanos;
        this.silenceNanos = silenceNanos;
    }

    AcceptorId id() {
        return self;
    }

    /** What must be on disk before an answer given now may leave. */
    DurableState memory() {
        return memory;
    }

    /** The disk has caught up with an earlier {@link #memory()}. */
    void persisted(DurableState written) {
        disk = written;
        underWay.removeIf(state -> !state.acceptedBallot().isAbove(written.acceptedBallot()));
    }

    /** Whether this acceptor may vote: it may have forgotten something, see {@link Recovery}. */
    boolean isVoting() {
        return recovery.isVoting();
    }

    Recovery recovery() {
        return recovery;
    }

    /** This acceptor's signature under a vote. */
    Vote vote() {
        return new Vote(self, memory.life(), memory.lives());
    }

    /** Answers an acceptor that has started. Write {@link #memory()} before answering. */
    Recovered recovered(Recover question) {
        long known = memory.lives().getOrDefault(question.acceptor(), 0L);
        if (question.life() > known) {
            memory = memory.withLifeOf(question.acceptor(), question.life());
            if (memory.lives().size() > LIVES_MAX) {
                memory = memory.withLivesOf(
                        memory.accepted().map(record -> record.voters().all()).orElse(List.of(question.acceptor())));
            }
        }
        return new Recovered(
                self, question.life(), known, memory.promised(), memory.acceptedBallot(), memory.accepted());
    }

    /** Takes an answer to this acceptor's own question; true if what must be durable has changed. */
    boolean answered(Recovered answer) {
        boolean isEnough = recovery.answered(answer, memory);
        boolean isRenumbered = memory.life() != recovery.life();
        memory = memory.withLife(recovery.life()).withRecovering(!recovery.isVoting());
        if (isEnough) {
            memory = memory.withNoted(recovery.life());
        }
        return isEnough || isRenumbered;
    }

    /**
     * Takes over what the others showed, once nothing is waited for any more after a start with a disk that may have forgotten
     * something. Write {@link #memory()} before the first vote.
     *
     * @return whether this acceptor votes from now on and did not before
     */
    boolean catchUp(long now) {
        if (!recovery.canFinish(now)) {
            return false;
        }
        Ballot promised = Ballot.max(memory.promised(), recovery.promised());
        Optional<Recovered> newest =
                recovery.newest().filter(n -> n.acceptedBallot().isAbove(memory.acceptedBallot()));
        newest.filter(n -> n.accepted().orElseThrow().isAcceptor(self))
                .ifPresent(n -> take(now, n.acceptedBallot(), n.accepted().orElseThrow(), promised));
        memory = memory.withPromised(promised);
        finish();
        return true;
    }

    /** Takes an operator's word that this disk has forgotten nothing. Write {@link #memory()}. */
    void vouch() {
        finish();
    }

    private void finish() {
        recovery.finish();
        memory = memory.withRecovering(false);
    }

    /** Takes a record that an operator forces: no acceptor of this generation is asked. Write {@link #memory()} before using it. */
    void force(long now, Ballot ballot, ClusterRecord value) {
        finish();
        take(now, ballot, value, ballot);
    }

    /** Notes that this node gave a group back; durable with the next write. */
    void release(String group, long token) {
        memory = memory.withReleased(group, token);
    }

    /** Forgets releases of groups that are in the record no more: whatever is granted under those names later has a higher token. */
    void forgetReleases(Set<String> groupsLeft) {
        if (!groupsLeft.containsAll(memory.released().keySet())) {
            memory = memory.withReleasesOf(groupsLeft);
        }
    }

    /** Whether a message of this round has come again, or too late: its record stands here already, and more is promised since. */
    boolean isPast(Ballot round) {
        return round.equals(memory.acceptedBallot()) && memory.promised().isAbove(round);
    }

    /** Why a ballot cannot be promised; empty if it was promised. Write {@link #memory()} before answering. */
    Optional<String> prepare(Ballot ballot) {
        if (memory.promised().isAbove(ballot)) {
            return Optional.of("promised " + memory.promised());
        }
        memory = memory.withPromised(ballot);
        return Optional.empty();
    }

    /**
     * Why a record cannot be accepted; empty if it was. Write {@link #memory()} before answering.
     *
     * @param promised what is promised with it: the same ballot, or the one that follows
     */
    Optional<String> accept(long now, Ballot ballot, ClusterRecord value, Ballot promised) {
        if (memory.promised().isAbove(ballot)) {
            return Optional.of("promised " + memory.promised());
        }
        if (ballot.generation() != value.generation()) {
            return Optional.of("a record of generation " + value.generation() + " under a ballot of generation "
                    + ballot.generation() + ": an operator has forced a newer one");
        }
        if (!value.isAcceptor(self)) {
            return Optional.of("the record does not name disk " + self.disk() + " of " + self.node()
                    + "; a node with another disk must be admitted first");
        }
        for (Incarnation lost : lostSessions(value)) {
            if (!hasExplicitProof(value, lost) && !isSilent(now, lost)) {
                return Optional.of(lost + " is alive here");
            }
        }
        take(now, ballot, value, promised);
        return Optional.empty();
    }

    /** The same; it promises no more than the ballot itself. */
    Optional<String> accept(long now, Ballot ballot, ClusterRecord value) {
        return accept(now, ballot, value, ballot);
    }

    private void take(long now, Ballot ballot, ClusterRecord value, Ballot promised) {
        boolean goesOn = memory.accepted()
                .map(ClusterRecord::voters)
                .filter(before -> before.change() == value.voters().change() && before.isEstablished(self))
                .isPresent();
        memory = memory.withAccepted(ballot, value, Ballot.max(memory.promised(), promised));
        underWay.add(memory);
        heard.keySet().removeIf(session -> !value.isLive(session));
        for (Session session : value.sessions().values()) {
            if (goesOn) {
                heard.putIfAbsent(session.incarnation(), now);
            } else {
                heard.put(session.incarnation(), now);
            }
        }
    }

    /** Whether this acceptor waits at least as long as a holder relies on: nodes may be configured differently by mistake. */
    boolean waits(long nanos) {
        return silenceNanos >= nanos;
    }

    /** Whether this renewal counts here. */
    boolean renew(long now, Incarnation session) {
        boolean stands = standsIn(memory, session)
                && standsIn(disk, session)
                && underWay.stream().allMatch(state -> standsIn(state, session));
        if (isOfAnEndedGeneration()) {
            return false;
        }
        if (stands) {
            heard.put(session, now);
        }
        return stands;
    }

    /** Whether this acceptor has promised a ballot of a newer generation than its record's: then it speaks for the older one no more. */
    private boolean isOfAnEndedGeneration() {
        return memory.promised().generation()
                > memory.accepted().map(ClusterRecord::generation).orElse(0);
    }

    /** Whether this acceptor would agree now to the end of a session by silence. */
    boolean isSilent(long now, Incarnation session) {
        return now - heard.getOrDefault(session, startedNanos) >= silenceNanos;
    }

    /** Sessions of a record that have been silent here long enough. */
    List<Incarnation> silentSessions(long now, ClusterRecord record) {
        List<Incarnation> silent = new ArrayList<>();
        for (Session session : record.sessions().values()) {
            if (isSilent(now, session.incarnation())) {
                silent.add(session.incarnation());
            }
        }
        return silent;
    }

    /** When the next session of a record becomes silent if nothing is heard; {@link Long#MAX_VALUE} if all are already. */
    long nextSilenceNanos(long now, ClusterRecord record) {
        long next = Long.MAX_VALUE;
        for (Session session : record.sessions().values()) {
            long at = heard.getOrDefault(session.incarnation(), startedNanos) + silenceNanos;
            if (at > now) {
                next = Math.min(next, at);
            }
        }
        return next;
    }

    /** Whether a session stands in the record on disk as well as in memory. */
    private static boolean standsIn(DurableState state, Incarnation session) {
        return state.accepted().isPresent() && state.accepted().get().isLive(session);
    }

    private List<Incarnation> lostSessions(ClusterRecord value) {
        List<Incarnation> lost = new ArrayList<>();
        memory.accepted().ifPresent(record -> {
            for (Session session : record.sessions().values()) {
                if (!value.isLive(session.incarnation())) {
                    lost.add(session.incarnation());
                }
            }
        });
        return lost;
    }

    /**
     * EXPIRED is no proof to hand over: each acceptor measures silence for itself. An operator's word ends a holder, but it still
     * waits out the lease: a hasty word costs a second, not two owners.
     */
    private static boolean hasExplicitProof(ClusterRecord value, Incarnation session) {
        return value.endOf(session)
                .map(SessionEnd::proof)
                .filter(p -> p != ProofKind.EXPIRED && p != ProofKind.NEVER && p != ProofKind.OPERATOR)
                .isPresent();
    }
}
