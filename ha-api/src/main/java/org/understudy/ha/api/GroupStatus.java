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
 * @param over why that grant is over; empty while it stands, and without one
 * @param atHolder what the holder said last of it under that token: {@link State#STARTING}, {@link State#RUNNING}, {@link State#STOPPING}
 *     or {@link State#BLOCKED}. It said so beside the record, so it is for people and may be late or missing; empty if this node heard nothing
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
        Troubles troubles,
        Optional<ProofKind> over,
        Optional<State> atHolder) {

    /** Of a group that runs on one node at a time, without troubles. */
    public GroupStatus(
            String group,
            State state,
            Optional<Incarnation> holder,
            Optional<FencingToken> token,
            Optional<ProofKind> proof,
            String reason) {
        this(
                group,
                state,
                holder,
                token,
                proof,
                reason,
                Role.WHOLE,
                0,
                Troubles.NONE,
                Optional.empty(),
                Optional.empty());
    }

    /** Whether anything of it is on this node. */
    public boolean isHere() {
        return state != State.UNOWNED && state != State.ELSEWHERE;
    }

    /** Whether somebody stands granted it, alive or not. */
    public boolean isHeld() {
        return holder.isPresent() && over.isEmpty();
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
