package org.understudy.ha.membership.runtime;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.enforcement.Enforcements;
import org.understudy.ha.membership.enforcement.core.Subject;

/** The enforcers as the lanes see them. Thread-safe. */
public final class EnforcedCover implements Lane.Cover {

    private final Enforcements enforcements;
    private final Supplier<Optional<ClusterRecord>> record;
    private final NodeLanes lanes;

    /** @param record the newest that this node knows */
    public EnforcedCover(Enforcements enforcements, Supplier<Optional<ClusterRecord>> record, NodeLanes lanes) {
        this.enforcements = enforcements;
        this.record = record;
        this.lanes = lanes;
    }

    @Override
    public Coverage coverage(String group, List<Subject> subjects) {
        return enforcements.coverage(group, subjects);
    }

    @Override
    public void enter(String group, Incarnation holder, List<Subject> subjects) {
        enforcements.enter(group, holder, subjects);
    }

    /** Whether a grant relies on an enforcement stands in the record that made it. */
    @Override
    public Lane.Standing standing(String group, long token) {
        if (enforcements.isArmed(group)) {
            return Lane.Standing.MAY_ACT;
        }
        Optional<Grant> grant = record.get().flatMap(r -> r.grant(group)).filter(g -> g.token() == token);
        if (grant.filter(g -> !g.isExpirable()).isPresent()) {
            return Lane.Standing.MAY_ACT;
        }
        boolean isLost =
                lanes.find(group).filter(lane -> !lane.coverage().isComplete()).isPresent();
        return grant.isPresent() && isLost ? Lane.Standing.LOST : Lane.Standing.WAIT;
    }

    @Override
    public void leave(String group) {
        enforcements.leave(group);
    }
}
