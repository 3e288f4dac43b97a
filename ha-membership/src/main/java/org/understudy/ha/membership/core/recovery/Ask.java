package org.understudy.ha.membership.core.recovery;

import java.util.Optional;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Rung;

/** What the application asks of the core services. A request is a number that this process has not used before. */
public sealed interface Ask {

    /** Would own this name from now on, in this incarnation or, if there is none yet, the next one. Not while it claims it already. */
    record Register(long request, String name, NameClaim claim) implements Ask {}

    /** Gives a name another value that was registered with that request. */
    record Change(long request, long registration, String name, String value) implements Ask {}

    /** Owns a name no more that was registered with that request. */
    record Withdraw(long registration, String name) implements Ask {}

    /** Is a member of this barrier from now on, in every incarnation. */
    record Join(String barrier) implements Ask {}

    /** Enters the open phase of this view of a barrier. */
    record Enter(long request, String barrier, long view) implements Ask {}

    /** Is a member no more. */
    record Part(String barrier) implements Ask {}

    /** Waits no more for the answer to this request. */
    record GiveUp(long request) implements Ask {}

    /** Climbs this rung from now on. */
    record Hang(Rung rung) implements Ask {}

    /** Climbs it no more. */
    record Unhang(Rung rung) implements Ask {}

    /**
     * What became of the user's action on a rung.
     *
     * @param failure one sentence; empty if it did what it should
     * @param isReturned whether it runs no more; one that has overrun its limit may be reported twice
     */
    record Climbed(long view, long phase, Optional<String> failure, boolean isReturned) implements Ask {}
}
