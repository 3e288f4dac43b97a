package org.understudy.ha.api;

import java.time.Instant;
import java.util.Optional;

/**
 * One change of who may do what, as this node learned it from the cluster record.
 *
 * @param number its place in this node's history, from 1; grows by one with each, also across restarts
 * @param at when this node learned it, on its host's clock; for people only, nothing is decided by it
 * @param subject the group, node, name, barrier or cluster it is about, see {@link Kind#isAboutGroup()}
 * @param from who had it, or who left; empty if nobody, or nobody this node knew of
 * @param to who has it now, is to get it, or came
 * @param token the token of the grant it is about
 * @param proof why the grant before, or this one, is over; or why a session is
 * @param reason what the planner or an operator said, or what the record shows; of a group that another node decided about, what that node
 *     told of its planner and which it is, or only that, if its word did not arrive: its history says why. Empty if the sentence says all
 * @param record the number of the record that decided it
 * @param isOwn whether this node made the decision, as the controller; then it can be {@linkplain History#replay replayed}
 * @param sentence all of it, for people
 * @since 0.1.0
 */
public record Decision(
        long number,
        Instant at,
        Kind kind,
        String subject,
        Optional<Incarnation> from,
        Optional<Incarnation> to,
        Optional<FencingToken> token,
        Optional<ProofKind> proof,
        String reason,
        long record,
        boolean isOwn,
        String sentence) {

    /** The group it is about, if it is about one. */
    public Optional<String> group() {
        return kind.isAboutGroup() ? Optional.of(subject) : Optional.empty();
    }

    /** What was decided. Written by number: add at the end. */
    public enum Kind {
        /** A group was granted. */
        GRANTED(true),
        /** A grant is over and nobody is granted the group yet. */
        ENDED(true),
        /** A group is asked to move. */
        MOVE_WANTED(true),
        /** A move is not tried any more. */
        MOVE_DROPPED(true),
        /** A group must run nowhere until somebody mends it. */
        FORBIDDEN(true),
        /** A group may run again. */
        ALLOWED(true),
        /** A node was admitted with a new session. */
        JOINED(false),
        /** A session is over. */
        LEFT(false),
        /** Who votes changed. */
        VOTERS(false),
        /** A node was put on standby. */
        STANDBY(false),
        /** A node may run groups again. */
        ACTIVATED(false),
        /** An operator vouched for something. */
        VOUCHED(false),
        /** An operator forced a record: a new generation began. */
        FORCED(false),
        /** A rule keeps a group from running, or not any more; the reason is empty then. */
        HELD(true),
        /** An operator took something into his own hands. */
        MAINTAINED(false),
        /** An operator gave it back. */
        RESUMED(false),
        /** Something is missing here: the sentence says what and why. */
        GAP(false),
        /** An operator took a group out of the record. */
        FORGOTTEN(true),
        /** A node owns a name, alone or beside others. */
        NAMED(false),
        /** A node owns a name no more. */
        UNNAMED(false),
        /** The members of a barrier, or of the recovery ladder, are others now, or begin anew. */
        MEMBERS(false),
        /** All members of a barrier have entered its phase, or climbed a rung of the ladder. */
        PASSED(false);

        private final boolean isAboutGroup;

        Kind(boolean isAboutGroup) {
            this.isAboutGroup = isAboutGroup;
        }

        /** Whether {@link Decision#subject()} is a group. */
        public boolean isAboutGroup() {
            return isAboutGroup;
        }
    }
}
