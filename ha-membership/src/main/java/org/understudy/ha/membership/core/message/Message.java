package org.understudy.ha.membership.core.message;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.membership.core.record.Rules;

/** A message between two nodes' machines. */
public sealed interface Message {

    /** Dispatch without a missing case: Java 17 has no pattern switch. */
    <R> R accept(Visitor<R> visitor);

    /** Is your disk empty, and may you form? Sent by a node that may form itself. */
    record FormQuery(String configDigest) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** Answer to {@link FormQuery}. */
    record FormAnswer(String configDigest, String disk, boolean isEmpty, boolean mayForm) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * Phase one of a write round: promise not to accept below this ballot.
     *
     * @param isForming whether this is the first record of a cluster: an empty disk promises nothing else
     */
    record Prepare(Ballot ballot, boolean isForming) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** The promise, with what the acceptor accepted last. Durable before it is sent. */
    record Promise(Ballot ballot, Vote vote, Ballot acceptedBallot, Optional<ClusterRecord> accepted)
            implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * Phase two: accept this record under this ballot.
     *
     * @param hasNext whether the acceptor is to promise the ballot that follows with it: the next round's phase one in the same message
     */
    record Accept(Ballot ballot, ClusterRecord value, boolean hasNext) implements Message {

        /** The ballot below which an acceptor accepts nothing after this. */
        public Ballot promised() {
            return hasNext ? ballot.following() : ballot;
        }

        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * Phase two before its time: take this accept from me once you know that the holder gave the group back, and nothing of it failed. Until then it is as
     * if it were still on its way.
     *
     * @param accept with a record in which the grant is over by that release
     * @param holder who holds the group
     * @param token of the grant
     * @param why what the holder will say; a release for another reason is another one
     * @param to who is granted the group in that record; where that node is not heard it is lost
     */
    record AcceptOnRelease(Accept accept, Incarnation holder, String group, long token, String why, NodeId to)
            implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * The acceptance. Durable before it is sent.
     *
     * @param hasNext whether it is the promise of the ballot that follows as well, and that ballot's promise is as durable
     */
    record Accepted(Ballot ballot, Vote vote, boolean hasNext) implements Message {

        /** The ballot that is promised with it. */
        public Ballot promised() {
            return hasNext ? ballot.following() : ballot;
        }

        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * A prepare or accept was refused.
     *
     * @param promised the ballot this acceptor has promised
     * @param why one sentence
     */
    record Refused(Ballot ballot, AcceptorId acceptor, Ballot promised, String why) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** Would you accept the end of these sessions? Binds nobody. */
    record PreVote(long query, List<Incarnation> sessions) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** Answer to {@link PreVote}. */
    record PreVoteAnswer(long query, AcceptorId acceptor, boolean isYes) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** This record was accepted by a majority. */
    record Chosen(Ballot ballot, ClusterRecord value) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * My session is alive.
     *
     * @param sequence grows with each renewal of this incarnation
     * @param waitNanos how long the sender relies on an acceptor to wait after this, L·(1+ρ) as the sender is configured
     * @param learned the newest record the sender knows to be chosen
     */
    record Renew(Incarnation session, long sequence, long waitNanos, Ballot learned) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * The renewal counts: the session stands in the acceptor's record in memory and on disk.
     *
     * @param accepted the ballot of that record
     * @param sets every set of acceptors that record names
     */
    record RenewAck(
            Incarnation session, long sequence, AcceptorId acceptor, Ballot accepted, List<List<AcceptorId>> sets)
            implements Message {
        public RenewAck {
            sets = sets.stream().map(List::copyOf).toList();
        }

        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** The renewal does not count here; {@code accepted} and {@code learned} tell how far the acceptor is. */
    record RenewRefused(Incarnation session, long sequence, AcceptorId acceptor, Ballot promised, Ballot learned)
            implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * Admit me.
     *
     * @param nonce tells this request from every other of this node
     * @param over every incarnation of this node up to this number has ended, as far as it ran on this disk and host: this process
     *     holds the lock that those held, or is one of them and has stopped everything. The highest number in the record that
     *     this very process has learned, so that an old request says nothing about a later session; 0 says nothing
     */
    record Join(String disk, HostIdentity host, long nonce, String willKey, Ballot learned, long over)
            implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * What I could run, and what I claim beside. The whole offer each time; a higher version replaces a lower one.
     *
     * @param rules of those groups of which the record has other rules, or none
     * @param capacity how much of what this node has
     * @param claims the names that it would own, and the barriers of which it is a member
     */
    record Offer(
            Incarnation session,
            long version,
            SortedMap<String, Candidacy> candidacies,
            SortedMap<String, Rules> rules,
            SortedMap<String, Integer> capacity,
            Claims claims)
            implements Message {
        public Offer {
            candidacies = Collections.unmodifiableSortedMap(new TreeMap<>(candidacies));
            rules = Collections.unmodifiableSortedMap(new TreeMap<>(rules));
            capacity = Collections.unmodifiableSortedMap(new TreeMap<>(capacity));
        }

        /** Of groups without rules, by a node without capacities that claims nothing. */
        public Offer(Incarnation session, long version, SortedMap<String, Candidacy> candidacies) {
            this(session, version, candidacies, new TreeMap<>(), new TreeMap<>(), Claims.NONE);
        }

        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * I have stopped the group and will not start it again under this token. Final, and on my disk already.
     *
     * @param failure how far the failure reaches that made me stop; empty if nothing failed
     */
    record Release(Incarnation holder, String group, long token, Optional<Severity> failure, String why)
            implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** I own nothing any more and end my session. */
    record Leave(Incarnation session) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** Please move a group. */
    record Move(long request, String group, NodeId to) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * Groups that you hold and that are to move to me, for which I make ready; said again at every interval while the record asks for the moves.
     *
     * @param words at most {@link #WORDS_MAX}
     */
    record Succeed(List<Word> words) implements Message {
        public static final int WORDS_MAX = 256;

        public Succeed {
            words = List.copyOf(words);
        }

        /**
         * About one of them.
         *
         * @param token under which you hold it
         * @param record the number of the newest record in which I see that it is to move to me: what I said of an earlier wish says nothing of
         *     a later one
         * @param isReady whether I have made ready, so that you can stop it
         */
        public record Word(String group, long token, long record, boolean isReady) {}

        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** A move that will not be tried, and why. A move that is tried shows in the record. */
    record MoveRefused(long request, String group, String why) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * This acceptor has started and may have forgotten something: what do you know of it? See
     * {@link org.understudy.ha.membership.core.Recovery}.
     *
     * @param life the number it would like to live under
     * @param isVoting whether it votes meanwhile
     */
    record Recover(AcceptorId acceptor, long life, boolean isVoting) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * Answer to {@link Recover}. That life is on the sender's disk before it is sent.
     *
     * @param from who answers
     * @param life the life asked with
     * @param known the highest life of the asker that was known here before
     */
    record Recovered(
            AcceptorId from,
            long life,
            long known,
            Ballot promised,
            Ballot acceptedBallot,
            Optional<ClusterRecord> accepted)
            implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** An operator asks for something. Whether it is done shows in the record. */
    record Operate(long request, Operation operation) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** Forget the failures of a group on a node; and, all of you, that it must run nowhere. */
    record Clear(long request, String group, NodeId node) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /** Answer of that node to {@link Clear}. */
    record ClearAnswer(long request, boolean isDone, String why) implements Message {
        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }
    }

    /**
     * What the owner of a group tells the others beside the record; binds nobody and is not kept on any disk.
     *
     * @param token of the grant under which it was said
     * @param number grows within one owner's process
     */
    record Soft(String group, long token, long number, byte[] state) implements Message {

        public Soft {
            state = state.clone();
        }

        @Override
        public byte[] state() {
            return state.clone();
        }

        /** Whether another one replaces it. */
        public boolean isBefore(Soft other) {
            return token < other.token || (token == other.token && number < other.number);
        }

        @Override
        public <R> R accept(Visitor<R> v) {
            return v.visit(this);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Soft that
                    && group.equals(that.group)
                    && token == that.token
                    && number == that.number
                    && Arrays.equals(state, that.state);
        }

        @Override
        public int hashCode() {
            return Objects.hash(group, token, number, Arrays.hashCode(state));
        }

        @Override
        public String toString() {
            return "Soft[group=" + group + ", token=" + token + ", number=" + number + ", " + state.length + " bytes]";
        }
    }

    /** One method for each message. */
    interface Visitor<R> {
        R visit(FormQuery m);

        R visit(FormAnswer m);

        R visit(Prepare m);

        R visit(Promise m);

        R visit(Accept m);

        R visit(AcceptOnRelease m);

        R visit(Accepted m);

        R visit(Refused m);

        R visit(PreVote m);

        R visit(PreVoteAnswer m);

        R visit(Chosen m);

        R visit(Renew m);

        R visit(RenewAck m);

        R visit(RenewRefused m);

        R visit(Join m);

        R visit(Offer m);

        R visit(Release m);

        R visit(Leave m);

        R visit(Move m);

        R visit(MoveRefused m);

        R visit(Succeed m);

        R visit(Recover m);

        R visit(Recovered m);

        R visit(Operate m);

        R visit(Soft m);

        R visit(Clear m);

        R visit(ClearAnswer m);
    }
}
