package org.understudy.ha.api;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a node has turned away since it started: everything from outside that is not what it should be. A snapshot.
 *
 * <p>Some of it is normal: a port scanner is a {@link Reason#STRANGER}, a node that was just restarted finds its
 * {@link Reason#NAME_IN_USE} for half a second. A number that keeps growing says that something is set up wrongly, broken, or hostile; the
 * log names the latest of each kind at most once in ten seconds.
 *
 * @param counts how often, for every reason
 */
public record Refusals(Map<Reason, Long> counts) {

    /** Why something was turned away. */
    public enum Reason {
        /** A connection that is no node's: no TLS, a certificate that is missing, foreign or expired, another protocol, or silence. */
        STRANGER,
        /** A connection or a datagram beyond the limits for those who have not said who they are. */
        TOO_MANY,
        /** A node, a frame or a last will that speaks another version of the protocol. */
        OTHER_VERSION,
        /** A node or a frame of another cluster. */
        OTHER_CLUSTER,
        /** A node that is not configured here, wants another node, or has not the certificate of the name it gives. */
        OTHER_NODE,
        /** A node whose name another live process uses. */
        NAME_IN_USE,
        /** A frame or packet over a node's own connection that is damaged or of an unknown kind. */
        MALFORMED,
        /** A frame that speaks for another node than its connection, or a JGroups member that is no configured node. */
        FORGED,
        /** A frame that arrived before, is older than one that did, or is of an earlier life of its sender. */
        REPLAYED,
        /** A frame or last will that found this node too busy to take it. */
        OVERRUN,
        /** A datagram that is no last will, or one that the guardian it names did not sign. */
        FALSE_WILL
    }

    public Refusals {
        Map<Reason, Long> all = new EnumMap<>(Reason.class);
        for (Reason reason : Reason.values()) {
            all.put(reason, counts.getOrDefault(reason, 0L));
        }
        counts = Collections.unmodifiableMap(all);
    }

    /** How often for this reason. */
    public long of(Reason reason) {
        return counts.getOrDefault(reason, 0L);
    }

    /** How often in all. */
    public long total() {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }
}
