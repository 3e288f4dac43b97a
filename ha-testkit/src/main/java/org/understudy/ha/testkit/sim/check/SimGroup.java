package org.understudy.ha.testkit.sim.check;

import java.util.List;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.record.Candidacy;

/**
 * A group of the simulated cluster.
 *
 * @param isExpirable whether the fake kernel ends it with the lease
 * @param remains what stays on the host when the process dies
 * @param keepsRunning whether it goes on without a majority
 */
public record SimGroup(
        int index,
        String name,
        List<NodeId> preferred,
        boolean isElection,
        boolean isExpirable,
        List<String> remains,
        boolean keepsRunning) {

    /** What a node that could run it offers. */
    public Candidacy candidacy() {
        return new Candidacy(preferred, isElection, true, "", Presence.ABSENT, isExpirable, remains, 0, keepsRunning);
    }

    /** Whether its node stops it when no majority answers. */
    public boolean endsWithoutMajority() {
        return isExpirable || !keepsRunning;
    }
}
