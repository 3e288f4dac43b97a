package org.understudy.ha.membership.core.recovery;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Session;

/**
 * Names, barriers and the ladder of one node: what it claims in its offers, and what follows from the records that it knows to be chosen.
 * Pure; a part of {@link org.understudy.ha.membership.core.NodeMachine}.
 */
public final class CoreServices {

    private final NameDesk names = new NameDesk();
    private final BarrierDesk barriers = new BarrierDesk();
    private final Ladder ladder;
    private List<Told> told = new ArrayList<>();
    private boolean isEnded;
    /** What was claimed when it was last asked for; null when that may have changed. */
    private @Nullable Claims claims = Claims.NONE;

    private @Nullable ClusterRecord lookedAt;
    private boolean isCoreClimbed;

    /**
     * @param holdNanos how long the ladder waits after a failure
     */
    public CoreServices(long holdNanos) {
        ladder = new Ladder(holdNanos);
    }

    /** Takes what the application asks. */
    public void ask(long now, Ask ask, Optional<ClusterRecord> record, Optional<Incarnation> self) {
        claims = null;
        if (ask instanceof Ask.Register o) {
            register(o);
        } else if (ask instanceof Ask.Change o) {
            told.addAll(names.change(o));
        } else if (ask instanceof Ask.Withdraw o) {
            told.addAll(names.withdraw(o));
        } else if (ask instanceof Ask.Join o) {
            barriers.join(o.barrier());
        } else if (ask instanceof Ask.Enter o) {
            told.addAll(barriers.enter(o, record, self));
        } else if (ask instanceof Ask.Part o) {
            told.addAll(barriers.part(o.barrier()));
        } else if (ask instanceof Ask.GiveUp o) {
            told.addAll(names.giveUp(o.request()));
            told.addAll(barriers.giveUp(o.request()));
        } else if (ask instanceof Ask.Hang o) {
            ladder.hang(o.rung());
        } else if (ask instanceof Ask.Unhang o) {
            ladder.unhang(o.rung());
        } else if (ask instanceof Ask.Climbed o) {
            ladder.climbed(now, o);
        }
    }

    private void register(Ask.Register ask) {
        if (isEnded) {
            told.add(new Told.NameUnknown(ask.request(), ask.name(), "this node is leaving"));
            told.add(new Told.NameOver(ask.request(), ask.name(), "this node is leaving"));
        } else {
            names.register(ask.request(), ask.name(), ask.claim());
        }
    }

    /** What the next offer must say. */
    public Claims claims() {
        Claims present = claims;
        if (present == null) {
            TreeMap<String, BarrierClaim> members = barriers.claims();
            ladder.claim().ifPresent(claim -> members.put(Ladder.BARRIER, claim));
            present = isEnded ? Claims.NONE : new Claims(names.claims(), members);
            claims = present;
        }
        return present;
    }

    /** Whether an offer is due although it would claim the same as the one before. */
    public boolean hasUnsaid() {
        return names.hasUnsaid();
    }

    /** An offer with this version says what {@link #claims()} gives now. */
    public void offered(long version) {
        names.offered(version);
    }

    /**
     * A record is known to be chosen.
     *
     * @param self the present incarnation
     */
    public void learned(ClusterRecord record, Optional<Incarnation> self) {
        claims = null;
        told.addAll(barriers.learned(record));
        Optional<Session> session =
                self.filter(record::isLive).map(me -> record.sessions().get(me.node()));
        session.ifPresent(present -> told.addAll(names.learned(record, present)));
    }

    /** The session is over: nothing is owned any more. */
    public void sessionOver(String why) {
        claims = null;
        told.addAll(names.end(why));
        told.addAll(barriers.end(why));
        told.addAll(ladder.end(why));
    }

    /** This node leaves, and claims nothing from now on. */
    public void leave() {
        sessionOver("this node is leaving");
        isEnded = true;
        claims = null;
    }

    /** Does what can be done now. */
    public void look(long now, boolean isQuorate, Optional<ClusterRecord> record, Optional<Incarnation> self) {
        if (ladder.claim().isEmpty() && !ladder.isBusy()) {
            return;
        }
        ClusterRecord newest = record.orElse(null);
        if (newest != lookedAt) {
            lookedAt = newest;
            isCoreClimbed = record.filter(
                            known -> CoreRungs.proofsWaitFor(known).isEmpty())
                    .isPresent();
        }
        told.addAll(ladder.look(now, isQuorate && !isEnded, isCoreClimbed, record, self));
        claims = null;
    }

    /** Who is a member of a barrier in a record; empty if nobody is. */
    public static Optional<Told.View> view(ClusterRecord record, String barrier) {
        return BarrierDesk.view(record, barrier);
    }

    /** What is to be told, in order; each once. */
    public List<Told> told() {
        if (told.isEmpty()) {
            return List.of();
        }
        List<Told> all = told;
        told = new ArrayList<>();
        return all;
    }

    public long nextDeadlineNanos(long now) {
        return ladder.nextDeadlineNanos(now);
    }
}
