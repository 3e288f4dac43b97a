package org.understudy.ha.membership.core.record;

import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;

/**
 * What an operator asks of the whole cluster. Repeating one that is done changes nothing.
 *
 * @param node whom it is about
 * @param incarnation for {@link Kind#CONFIRM_DOWN} the incarnation that is vouched for, otherwise 0
 * @param who asks; kept where a promise rests on it
 * @param why their reason
 */
public record Operation(Kind kind, NodeId node, long incarnation, String who, String why) {

    /** What is asked. Written by number: add at the end. */
    public enum Kind {
        /** The node's disk becomes an acceptor. */
        ADMIT,
        /** The node's disk is an acceptor no more. */
        REMOVE,
        /** The node runs no groups until it is told otherwise. */
        STANDBY,
        /** The node may run groups again. */
        ACTIVATE,
        /** That incarnation's process, and everything it ran, has certainly ended. */
        CONFIRM_DOWN
    }

    /**
     * @throws IllegalArgumentException if an incarnation is vouched for that cannot be, or is named where nothing is vouched for
     */
    public Operation {
        if (kind == Kind.CONFIRM_DOWN ? incarnation < 1 : incarnation != 0) {
            throw new IllegalArgumentException(kind + " of incarnation " + incarnation
                    + ": an incarnation, from 1, belongs to CONFIRM_DOWN and to nothing else");
        }
    }

    /** The incarnation that {@link Kind#CONFIRM_DOWN} vouches for. */
    public Incarnation vouchedFor() {
        return new Incarnation(node, incarnation);
    }

    /** One operation of a kind about a node at a time. */
    public String key() {
        return kind + "/" + node + "/" + incarnation;
    }
}
