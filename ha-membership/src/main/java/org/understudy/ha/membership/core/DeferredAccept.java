package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.function.Predicate;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.record.Ballot;

/**
 * The newest accept that came before its time: it waits here, as if it were still on its way, until its release is known. Pure.
 *
 * <p>Of the release only what the holder itself said is believed, or what is in the same write as the acceptance; so the record that proves the grant to be
 * over by it is chosen by nobody before that is so.
 */
final class DeferredAccept {

    /** What waits, and who proposes it. */
    record Waiting(NodeId from, AcceptOnRelease message) {
        Accept accept() {
            return message.accept();
        }
    }

    private Optional<Waiting> waiting = Optional.empty();

    /** One has come; an older one is over with it. */
    void hear(NodeId from, AcceptOnRelease message) {
        boolean isNewer = waiting.map(present ->
                        message.accept().ballot().isAbove(present.accept().ballot()))
                .orElse(true);
        if (isNewer) {
            waiting = Optional.of(new Waiting(from, message));
        }
    }

    /** This ballot is decided, or above it: whatever waits below is over. */
    void learned(Ballot newest) {
        waiting = waiting.filter(present -> present.accept().ballot().isAbove(newest));
    }

    /**
     * What waits no longer; it is given once. Where the node is not heard to which the record grants the group it is lost instead: whoever died meanwhile
     * is not to be granted what somebody who lives gave back.
     *
     * @param isHeard whether a node was heard lately
     */
    Optional<Waiting> due(Releases releases, Predicate<NodeId> isHeard) {
        Optional<Waiting> due = waiting.filter(present -> releases.isGiven(present.message()));
        if (due.isPresent()) {
            waiting = Optional.empty();
        }
        return due.filter(present -> isHeard.test(present.message().to()));
    }
}
