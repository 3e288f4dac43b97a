package org.understudy.ha.testkit.sim.check;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Release;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * What acceptors have said. Checks ACKNOWLEDGED_IS_DURABLE: every promise, acceptance, acknowledgement and release that leaves is
 * covered by the disk at that moment, and nothing an acceptor says later, after whatever restart, goes back behind it.
 */
public final class Word {

    private final Court court;
    private final Map<AcceptorId, Said> said = new TreeMap<>();

    public Word(Court court) {
        this.court = court;
    }

    /** A message leaves a node whose disk holds this. */
    public void leaves(AcceptorId who, Message message, DurableState disk) {
        if (message instanceof Promise promise) {
            promises(who, promise, disk);
        } else if (message instanceof Accepted accepted) {
            accepts(who, accepted, disk);
        } else if (message instanceof RenewAck ack) {
            court.looked(Checker.ACKNOWLEDGED_IS_DURABLE);
            if (disk.accepted().isEmpty() || !disk.accepted().get().isLive(ack.session())) {
                violated(who + " acknowledges a renewal of " + ack.session() + ", which its disk does not know");
            }
        } else if (message instanceof Release release) {
            releases(who, release, disk);
        }
    }

    private void promises(AcceptorId who, Promise promise, DurableState disk) {
        court.looked(Checker.ACKNOWLEDGED_IS_DURABLE);
        Said before = said.computeIfAbsent(who, w -> new Said());
        if (promise.ballot().isAbove(disk.promised())
                || promise.acceptedBallot().isAbove(disk.acceptedBallot())) {
            violated(who + " promises " + promise.ballot() + " with " + promise.acceptedBallot()
                    + " accepted; its disk holds " + disk.promised() + " and " + disk.acceptedBallot());
        }
        if (before.promised.isAbove(promise.ballot()) || before.accepted.isAbove(promise.acceptedBallot())) {
            violated(who + " promises " + promise.ballot() + " with " + promise.acceptedBallot()
                    + " accepted, after it had promised " + before.promised + " and accepted " + before.accepted);
        }
        before.promised = Ballot.max(before.promised, promise.ballot());
    }

    /** An acceptance promises a ballot as well. */
    private void accepts(AcceptorId who, Accepted accepted, DurableState disk) {
        court.looked(Checker.ACKNOWLEDGED_IS_DURABLE);
        Said before = said.computeIfAbsent(who, w -> new Said());
        Ballot ballot = accepted.ballot();
        Ballot promised = accepted.promised();
        if (ballot.isAbove(disk.acceptedBallot())) {
            violated(who + " says it accepted " + ballot + "; its disk holds " + disk.acceptedBallot());
        }
        if (promised.isAbove(disk.promised())) {
            violated(who + " promises " + promised + " with its acceptance; its disk holds " + disk.promised());
        }
        // One answer that goes to several is said once; one that is made again, or kept until more is promised, is not
        // the same.
        boolean isSaid = before.answer == accepted && before.promised.equals(promised);
        if (!isSaid && before.promised.isAbove(ballot)) {
            violated(who + " accepts " + ballot + " after it had promised " + before.promised);
        }
        before.promised = Ballot.max(before.promised, promised);
        before.accepted = Ballot.max(before.accepted, ballot);
        before.answer = accepted;
    }

    private void releases(AcceptorId who, Release release, DurableState disk) {
        court.looked(Checker.ACKNOWLEDGED_IS_DURABLE);
        boolean isForgotten = disk.accepted()
                .filter(r -> r.groups().containsKey(release.group()))
                .isEmpty();
        long kept = Optional.ofNullable(disk.released().get(release.group())).orElse(0L);
        if (!isForgotten && kept < release.token()) {
            violated(who + " says it gave back token " + release.token() + " of " + release.group()
                    + "; its disk knows of " + kept);
        }
    }

    /** The disk was replaced by an older copy: what it said in between counts only where others heard it. */
    public void wentBack(AcceptorId who) {
        said.remove(who);
    }

    /** A new life begins on this disk. */
    public void boots(AcceptorId who, DurableState disk) {
        Said before = said.get(who);
        if (before == null) {
            return;
        }
        court.looked(Checker.ACKNOWLEDGED_IS_DURABLE);
        if (before.promised.isAbove(disk.promised()) || before.accepted.isAbove(disk.acceptedBallot())) {
            violated(who + " comes back with " + disk.promised() + " promised and " + disk.acceptedBallot()
                    + " accepted; it had said " + before.promised + " and " + before.accepted);
        }
    }

    private void violated(String detail) {
        court.violated(Checker.ACKNOWLEDGED_IS_DURABLE, detail);
    }

    private static final class Said {
        private Ballot promised = Ballot.NONE;
        private Ballot accepted = Ballot.NONE;
        private @Nullable Accepted answer;
    }
}
