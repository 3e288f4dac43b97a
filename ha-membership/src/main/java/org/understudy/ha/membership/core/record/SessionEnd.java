package org.understudy.ha.membership.core.record;

import java.util.List;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;

/**
 * The explicit proof that a session is over.
 *
 * @param proof {@link ProofKind#RELEASED} if it left, otherwise why
 * @param willKey the session's key: a last will may still come and prove more
 * @param gone what the last will says is not on the host any more
 * @param disk the disk it ran on, and
 * @param host where: its next life may come and prove more as well
 */
public record SessionEnd(
        Incarnation incarnation, ProofKind proof, String willKey, List<String> gone, String disk, HostIdentity host) {
    public SessionEnd {
        gone = List.copyOf(gone);
    }
}
