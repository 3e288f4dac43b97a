package org.understudy.ha.membership.jgroups;

/**
 * What a channel has done since it was made. A snapshot.
 *
 * @param framesSent written to a connection
 * @param framesReceived handed to the receiver
 * @param framesDropped never written: peer not reachable, too many waiting, or the connection broke with them in the queue
 * @param framesRefused given to {@code send} but too large, or for a node that is not configured
 * @param packetsDropped JGroups packets not written, for the same reasons, or received in a form that is not allowed
 * @param connectionsRefused accepted or dialled: of strangers, of wrong certificates, of another cluster or version, of a duplicate name
 * @param foreignMembers members of a JGroups view whose name is not configured
 */
public record ChannelCounters(
        long framesSent,
        long framesReceived,
        long framesDropped,
        long framesRefused,
        long packetsDropped,
        long connectionsRefused,
        long foreignMembers) {}
