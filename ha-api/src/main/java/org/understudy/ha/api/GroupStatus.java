package org.understudy.ha.api;

import java.util.Optional;

/**
 * What this node knows of one group, or of one part of a group that runs on several nodes.
 *
 * @param group the group's name
 * @param state see {@link State}
 * @param holder who was granted it last, whether or not the grant is over
 * @param token the token of that grant
 * @param proof why the grant before it was over
 * @param reason one sentence: why it is there, or what is missing
 * @param role which part of the group it is about
 * @param copy the number of the copy, from 1; 0 where the role is not {@link Role#COPY}
 * @param troubles what went wrong with it on this node
 */
public record GroupStatus(
        String group,
        State state,
        Optional<Incarnation> holder,
        Optional<FencingToken> token,
        Optional<ProofKind> proof,
        String reason,
        Role role,
        int copy,
        Troubles troubles) {

    /** Of a group that runs on one node at a time, without troubles. */
    public GroupStatus(
            String group,
            State state,
            Optional<Incarnation> holder,
            Optional<FencingToken> token,
            Optional<ProofKind> proof,
            String reason) {
        this(group, state, holder, token, proof, reason, Role.WHOLE, 0, Troubles.NONE);
    }

    /** Whether anything of it is on this node. */
    public boolean isHere() {
        return state != State.UNOWNED && state != State.ELSEWHERE;
    }

    /** The group's name, and for a part which one: {@code web copy 2}, {@code db promoted}. */
    public String title() {
        return switch (role) {
            case WHOLE -> group;
            case COPY -> group + " copy " + copy;
            case PROMOTED -> group + " promoted";
        };
    }

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
