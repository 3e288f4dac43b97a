package org.understudy.ha.iptakeover.linux;

/** What to tell somebody whose process lacks a capability (capabilities(7)). */
final class Capabilities {
    static final String NET_ADMIN_REMEDY = remedy("CAP_NET_ADMIN", "change addresses");
    static final String NET_RAW_REMEDY = remedy("CAP_NET_RAW", "send ARP");

    private Capabilities() {}

    private static String remedy(String capability, String what) {
        return "This process needs " + capability + " to " + what
                + ": run it as root, or give AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in its systemd unit, or"
                + " --cap-add NET_ADMIN --cap-add NET_RAW to its container";
    }
}
