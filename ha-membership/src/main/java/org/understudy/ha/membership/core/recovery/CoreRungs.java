package org.understudy.ha.membership.core.recovery;

import java.util.Optional;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/**
 * What the record itself may have to wait for before anything is recovered. Pure.
 *
 * <p>There is no rung for grants: the record that ends a grant makes the next one, so nothing lies between the proofs and them.
 */
final class CoreRungs {

    private CoreRungs() {}

    /** A grant that stands although its holder's session is over. Empty if there is none. */
    static Optional<String> proofsWaitFor(ClusterRecord record) {
        return record.groups().entrySet().stream()
                .filter(entry -> entry.getValue()
                        .grant()
                        .filter(Grant::stands)
                        .filter(grant -> !record.isLive(grant.holder()))
                        .isPresent())
                .map(entry -> entry.getKey() + ": " + Planner.whyUnowned(record, entry.getKey()))
                .findFirst();
    }
}
