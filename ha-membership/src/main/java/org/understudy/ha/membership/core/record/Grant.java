package org.understudy.ha.membership.core.record;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.ProofKind;

/**
 * Who may run a group.
 *
 * @param proof why the grant before this one was over
 * @param over why this grant is over; empty while it stands
 * @param isExpirable whether an enforcement armed at grant time ends every resource at the end of the lease
 * @param remains what a last will must list as gone
 */
public record Grant(
        Incarnation holder,
        long token,
        ProofKind proof,
        Optional<ProofKind> over,
        boolean isExpirable,
        List<String> remains) {
    public Grant {
        remains = List.copyOf(remains);
    }

    public Grant endedBy(ProofKind why) {
        return new Grant(holder, token, proof, Optional.of(why), isExpirable, remains);
    }

    public boolean stands() {
        return over.isEmpty();
    }
}
