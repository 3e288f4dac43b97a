package org.understudy.ha.membership.core.recovery;

import java.util.Optional;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/** The rungs that the record climbs by itself, and what each waits for. Pure. */
public final class CoreRungs {

    private CoreRungs() {}

    /** What PROOFS waits for: a grant that stands although its holder's session is over. Empty if nothing. */
    public static Optional<String> proofsWaitFor(ClusterRecord record) {
        return record.groups().entrySet().stream()
                .filter(entry -> entry.getValue()
                        .grant()
                        .filter(Grant::stands)
                        .filter(grant -> !record.isLive(grant.holder()))
                        .isPresent())
                .map(entry -> entry.getKey() + ": " + Planner.whyUnowned(record, entry.getKey()))
                .findFirst();
    }

    /** What GRANTS waits for: a group that nobody has and that somebody could be given now. Empty if nothing. */
    public static Optional<String> grantsWaitFor(ClusterRecord record) {
        return record.groups().keySet().stream()
                .filter(Planner.grantDue(record))
                .findFirst()
                .map(group -> group + " is about to be granted");
    }

    /** Whether nothing is left to wait for. */
    static boolean areClimbed(ClusterRecord record) {
        return proofsWaitFor(record).isEmpty() && grantsWaitFor(record).isEmpty();
    }
}
