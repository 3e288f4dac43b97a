package org.understudy.ha.api;

import java.util.Optional;

/**
 * What this node knows of one group.
 *
 * @param group its name
 * @param state see {@link State}
 * @param holder who was granted it last, whether or not the grant is over
 * @param token the token of that grant
 * @param proof why the grant before it was over
 * @param reason one sentence: why it is there, or what is missing
 */
public record GroupStatus(
        String group,
        State state,
        Optional<Incarnation> holder,
        Optional<FencingToken> token,
        Optional<ProofKind> proof,
        String reason) {

    /** Where the group stands, seen from this node. */
    public enum State {
        /** Nobody is granted it; {@code reason} says what is missing. */
        UNOWNED,
        /** Granted to another node. */
        ELSEWHERE,
        /** Granted to this node and starting. */
        STARTING,
        /** Usable on this node. */
        RUNNING,
        /** Stopping on this node. */
        STOPPING,
        /** Could not be stopped on this node: it runs nowhere else until this is resolved. */
        BLOCKED
    }
}
