package org.understudy.ha.membership.core.record;

import java.util.Optional;
import org.understudy.ha.api.NodeId;

/**
 * One group in the record.
 *
 * @param grant the newest grant; empty before the first
 * @param moveTo the node it is asked to move to; its holder stops it when it learns this
 * @param fatal why it must run nowhere; empty normally
 * @param rules by which a node is chosen for it, as first offered, or as all who offer it now agree
 * @param held why a rule keeps it from running now; its holder stops it when it learns this; empty normally
 */
public record GroupRecord(Optional<Grant> grant, Optional<NodeId> moveTo, String fatal, Rules rules, String held) {

    public static final GroupRecord NEW = new GroupRecord(Optional.empty(), Optional.empty(), "", Rules.NONE, "");

    public GroupRecord withGrant(Grant newGrant) {
        return new GroupRecord(Optional.of(newGrant), moveTo, fatal, rules, held);
    }

    public GroupRecord withMoveTo(Optional<NodeId> target) {
        return new GroupRecord(grant, target, fatal, rules, held);
    }

    public GroupRecord withFatal(String why) {
        return new GroupRecord(grant, moveTo, why, rules, held);
    }

    public GroupRecord withRules(Rules newRules) {
        return new GroupRecord(grant, moveTo, fatal, newRules, held);
    }

    public GroupRecord withHeld(String why) {
        return new GroupRecord(grant, moveTo, fatal, rules, why);
    }

    /** Whether it stands granted to somebody. */
    public boolean isGranted() {
        return grant.filter(Grant::stands).isPresent();
    }
}
