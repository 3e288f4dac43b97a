package org.understudy.ha.iptakeover.core;

import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;

/**
 * What another node sees of an address: it asks the segment by a probe, which teaches nobody anything, and collects who answers. So
 * "I configured it" becomes "they see it", and an address that two hosts answer for is found from outside.
 *
 * <p>Driver: send a probe, give {@link #hear} every sighting until the time for answers is over, then read the verdict. One
 * caller at a time. Not authenticated: a finding to show, never a reason to act for safety.
 */
public final class OutsideView {
    /** How many answer. */
    public enum Kind {
        NONE,
        ONE,
        SEVERAL
    }

    /**
     * @param macs who answered, in the order of their answers
     */
    public record Verdict(Kind kind, List<MacAddress> macs) {}

    /** How many hosts are told apart. */
    static final int MACS_MAX = 8;

    private final IpAddress address;
    private final MacAddress own;
    private final List<MacAddress> macs = new ArrayList<>();

    /**
     * @param own the hardware address that asks
     */
    public OutsideView(IpAddress address, MacAddress own) {
        this.address = address;
        this.own = own;
    }

    /** Takes what was heard on the segment. */
    public void hear(Sighting sighting) {
        if (answersUs(sighting)
                && sighting.sender().equals(address)
                && macs.size() < MACS_MAX
                && !macs.contains(sighting.senderMac())) {
            macs.add(sighting.senderMac());
        }
    }

    /** A probe for an IPv6 address is answered to everybody (RFC 4861, 7.2.4), and cannot be told from an announcement. */
    private boolean answersUs(Sighting sighting) {
        boolean isAnswer =
                sighting.form() == Sighting.Form.ANSWER && sighting.targetMac().equals(own);
        return isAnswer || address.isV6() && sighting.form() == Sighting.Form.ANNOUNCEMENT;
    }

    public Verdict verdict() {
        Kind kind = macs.isEmpty() ? Kind.NONE : macs.size() == 1 ? Kind.ONE : Kind.SEVERAL;
        return new Verdict(kind, List.copyOf(macs));
    }
}
