package org.understudy.ha.membership.jgroups;

import java.util.List;
import org.jgroups.Address;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.protocols.NAKACK4;

/**
 * NAKACK4 that ignores messages and acknowledgements of non-members in silence. Such ones are normal while a member that was cut off
 * comes back; the original warns of each, and a warning of ours is something an operator must act on.
 */
final class MembersAcks extends NAKACK4 {
    MembersAcks() {
        // Headers carry the protocol's number, which JGroups looks up by class.
        setId(ClassConfigurator.getProtocolId(NAKACK4.class));
        logDiscardMessages(false);
    }

    @Override
    protected void handleAck(Address sender, long ack) {
        List<Address> current = members;
        if (current != null && current.contains(sender)) {
            super.handleAck(sender, ack);
        }
    }
}
