package org.understudy.ha.membership.core.plan;

import java.util.List;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What the record should become.
 *
 * @param isChange whether {@code record} differs from what the plan was made from
 * @param notices each decision with its reason, and each thing that waits
 */
public record Plan(ClusterRecord record, boolean isChange, List<Notice> notices) {
    public Plan {
        notices = List.copyOf(notices);
    }
}
