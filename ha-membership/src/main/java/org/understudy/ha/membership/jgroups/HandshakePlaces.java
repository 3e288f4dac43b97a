package org.understudy.ha.membership.jgroups;

import java.net.InetAddress;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How many connections may be unfinished handshakes at the same time, and whose. Strangers share few places; the others are
 * kept for the addresses of the peers, and no single address gets all of either. This host's own address is a stranger's,
 * unless a peer lives there too. Immutable.
 */
final class HandshakePlaces {
    static final int ALL_MAX = 64;
    static final int STRANGERS_MAX = 16;
    static final int STRANGER_MAX = 4;
    /** A node has one handshake under way, and remains of earlier attempts, which end within a second. */
    static final int PEER_MAX = 8;

    private final Map<InetAddress, Integer> peersAt = new LinkedHashMap<>();

    /**
     * @param peers the address of each peer; several may live at one
     */
    HandshakePlaces(Collection<InetAddress> peers) {
        peers.forEach(peer -> peersAt.merge(peer, 1, Integer::sum));
    }

    /**
     * Whether one more handshake may begin.
     *
     * @param taken where the unfinished ones come from
     */
    boolean isFreeFor(InetAddress source, Collection<InetAddress> taken) {
        long ofSource = taken.stream().filter(source::equals).count();
        if (taken.size() >= ALL_MAX) {
            return false;
        }
        if (peersAt.containsKey(source)) {
            return ofSource < (long) PEER_MAX * peersAt.get(source);
        }
        long ofStrangers =
                taken.stream().filter(other -> !peersAt.containsKey(other)).count();
        return ofSource < STRANGER_MAX && ofStrangers < STRANGERS_MAX;
    }
}
