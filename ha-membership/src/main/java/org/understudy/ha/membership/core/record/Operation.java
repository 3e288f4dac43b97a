package org.understudy.ha.membership.core.record;

import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;

/**
 * What an operator asks of the whole cluster. Repeating one that is done changes nothing.
 *
 * @param node whom it is about; for what has a target the node where it was said
 * @param incarnation for {@link Kind#CONFIRM_DOWN} the incarnation that is vouched for, otherwise 0
 * @param target for {@link Kind#MAINTAIN}, {@link Kind#RESUME} and {@link Kind#FORGET} what it is about, otherwise empty
 * @param who asks; kept where a promise rests on it
 * @param why their reason
 */
public record Operation(Kind kind, NodeId node, long incarnation, Optional<Target> target, String who, String why) {

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
        CONFIRM_DOWN,
        /** As STANDBY, and done when nothing runs on the node any more. */
        DRAIN,
        /** Nothing is started, stopped, moved or recovered there until it is told otherwise. */
        MAINTAIN,
        /** Decisions are taken there again. */
        RESUME,
        /** A group that nobody holds or offers is taken out of the record. */
        FORGET
    }

    /**
     * @throws IllegalArgumentException if an incarnation is vouched for that cannot be, or is named where nothing is vouched for; and as
     *     much for a target
     */
    public Operation {
        if (kind == Kind.CONFIRM_DOWN ? incarnation < 1 : incarnation != 0) {
            throw new IllegalArgumentException(kind + " of incarnation " + incarnation
                    + ": an incarnation, from 1, belongs to CONFIRM_DOWN and to nothing else");
        }
        if (target.isPresent() != (kind == Kind.MAINTAIN || kind == Kind.RESUME || kind == Kind.FORGET)) {
            throw new IllegalArgumentException(
                    kind + " of " + target + ": a target belongs to MAINTAIN, RESUME and FORGET, and to nothing else");
        }
        if (kind == Kind.FORGET && target.orElseThrow().kind() != Target.Kind.GROUP) {
            throw new IllegalArgumentException(
                    kind + " of " + target.orElseThrow() + ": only a group can be forgotten");
        }
    }

    /** About a node, or one of its lives. */
    public Operation(Kind kind, NodeId node, long incarnation, String who, String why) {
        this(kind, node, incarnation, Optional.empty(), who, why);
    }

    /** The incarnation that {@link Kind#CONFIRM_DOWN} vouches for. */
    public Incarnation vouchedFor() {
        return new Incarnation(node, incarnation);
    }

    /** One operation of a kind about a node or target at a time. */
    public String key() {
        return kind + "/" + target.map(Target::toString).orElse(node.value()) + "/" + incarnation;
    }
}
