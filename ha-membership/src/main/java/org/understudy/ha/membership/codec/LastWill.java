package org.understudy.ha.membership.codec;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.HostPort.Removal;

/**
 * What a guardian says after its node's process is gone. It proves the end of that process, and of the host's remains only
 * what it lists as gone.
 *
 * @param cluster the cluster's name
 * @param node the dead node
 * @param incarnation the newest life the process had; its lower ones ended with it
 * @param removals what became of the claims and of tagged objects found without one
 * @param truncated whether entries were left out for want of room; those count as not gone
 */
@NullMarked
public record LastWill(String cluster, NodeId node, long incarnation, List<Removal> removals, boolean truncated) {

    public LastWill {
        removals = List.copyOf(removals);
    }

    /**
     * Whether every one of these is certainly not on the host any more. False for anything not listed.
     *
     * @param remains as the resource names them, and as they were claimed
     */
    public boolean provesGone(Collection<String> remains) {
        List<String> gone = new ArrayList<>();
        List<String> standing = new ArrayList<>();
        for (Removal removal : removals) {
            (removal.isGone() ? gone : standing).add(removal.claim());
        }
        return gone.containsAll(remains) && remains.stream().noneMatch(standing::contains);
    }
}
