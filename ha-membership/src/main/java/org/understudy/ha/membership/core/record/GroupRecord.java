package org.understudy.ha.membership.core.record;

import java.util.Optional;
import org.understudy.ha.api.NodeId;

/**
 * One group in the record.
 *
 * @param grant the newest grant; empty before the first
 * @param moveTo the node it is asked to move to; its holder stops it when it learns this
 * @param fatal why it must run nowhere; empty normally
 */
public record GroupRecord(Optional<Grant> grant, Optional<NodeId> moveTo, String fatal) {

    public static final GroupRecord NEW = new GroupRecord(Optional.empty(), Optional.empty(), "");

    public GroupRecord withGrant(Grant newGrant) {
        return new GroupRecord(Optional.of(newGrant), moveTo, fatal);
    }

    public GroupRecord withMoveTo(Optional<NodeId> target) {
        return new GroupRecord(grant, target, fatal);
    }

    public GroupRecord withFatal(String why) {
        return new GroupRecord(grant, moveTo, why);
    }
}
