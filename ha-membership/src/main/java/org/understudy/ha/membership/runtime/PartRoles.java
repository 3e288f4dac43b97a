package org.understudy.ha.membership.runtime;

import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.spi.PromotableResource;
import org.understudy.ha.membership.core.plan.Part;

/** Of which resources of a group the promoted role is another thing than their running. */
final class PartRoles {

    private PartRoles() {}

    /** Whether it runs in every copy and is promoted in one; what is only with the promoted one just runs there. */
    static boolean hasRole(Group.Entry entry) {
        return !entry.isWithPromoted() && entry.resource() instanceof PromotableResource;
    }

    /** Whether of this entry it is the promoted role that the part is about, and not its running. */
    static boolean isPromoted(Part part, Group.Entry entry) {
        return part.role() == Role.PROMOTED && hasRole(entry);
    }
}
