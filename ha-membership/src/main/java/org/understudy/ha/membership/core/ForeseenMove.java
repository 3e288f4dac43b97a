package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

/**
 * The one release that a controller can foresee: of the only group that the record asks to move. What is to be written then can be planned, and handed
 * out, before it is there. Pure.
 *
 * @param group that is to move
 * @param grant that is to be given back
 * @param to where it is to go
 * @param why what its holder will say
 */
record ForeseenMove(String group, Grant grant, NodeId to, String why) {

    /**
     * Empty if no group is asked to move, or several are: nobody knows which of them is given back first.
     *
     * @param isHeard whether a node was heard lately
     */
    static Optional<ForeseenMove> in(ClusterRecord record, Predicate<NodeId> isHeard) {
        ForeseenMove only = null;
        for (var entry : record.groups().entrySet()) {
            GroupRecord group = entry.getValue();
            Optional<NodeId> to = group.moveTo();
            if (to.isEmpty()) {
                continue;
            }
            if (only != null || !group.isGranted()) {
                return Optional.empty();
            }
            Grant grant = group.grant().orElseThrow();
            boolean isOnStandby = record.standby().contains(grant.holder().node());
            String why = isOnStandby ? LocalGroup.ON_STANDBY : LocalGroup.toMove(to.get());
            only = new ForeseenMove(entry.getKey(), grant, to.get(), why);
        }
        return Optional.ofNullable(only)
                .filter(move -> record.isLive(move.holder())
                        && isHeard.test(move.holder().node()))
                .filter(move -> !move.holder().node().equals(move.to()) && isHeard.test(move.to()));
    }

    private Incarnation holder() {
        return grant.holder();
    }

    /** What will be known once it is given back. */
    Facts after(Facts facts) {
        return facts.withRelease(group, new Given(grant.holder(), grant.token(), Optional.empty(), why));
    }

    /** Whether this is what the move was asked for, and nobody else is granted anything with it: whether they are still there is not looked at. */
    boolean isDoneIn(ClusterRecord base, Plan plan) {
        return plan.record()
                        .grant(group)
                        .filter(next -> next.stands() && next.holder().node().equals(to))
                        .isPresent()
                && List.copyOf(plan.record().gaining(Optional.of(base))).equals(List.of(to));
    }

    /** To be taken once it is given back. */
    AcceptOnRelease onRelease(Accept accept) {
        return new AcceptOnRelease(accept, grant.holder(), group, grant.token(), why, to);
    }
}
