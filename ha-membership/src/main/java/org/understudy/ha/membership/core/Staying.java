package org.understudy.ha.membership.core;

import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Rules;

/**
 * Whether a group may be on this node: what stands against it now, why it is to go in good order, and whether it is about to come. Pure.
 *
 * <p>What stands against it is followed at once. What is only wished waits: for whatever runs only while the group does, and for the node that
 * comes after.
 */
final class Staying {

    private final NodeId self;
    /** What rules in the record call the groups that others start after. */
    private final TreeSet<String> awaited = new TreeSet<>();
    /** Those of them that still have to run because others that run only while they do have not stopped yet. */
    private final TreeSet<String> needed = new TreeSet<>();

    Staying(NodeId self) {
        this.self = self;
    }

    /**
     * How the node stands.
     *
     * @param record the newest that it knows to be chosen
     * @param isLeaseEnding whether no majority has answered lately
     * @param isForced whether an operator has said that it is to go on alone
     */
    record Footing(
            Optional<ClusterRecord> record,
            boolean hasSession,
            boolean isLeaseEnding,
            boolean isForced,
            boolean isLeaving) {}

    void learned(ClusterRecord record) {
        awaited.clear();
        record.groups()
                .values()
                .forEach(g -> awaited.addAll(g.rules().placement().after()));
        needed.clear();
        if (!awaited.isEmpty()) {
            record.groups().keySet().stream()
                    .filter(this::isAwaited)
                    .filter(Planner.needed(record))
                    .forEach(needed::add);
        }
    }

    private boolean isAwaited(String name) {
        return awaited.contains(name) || awaited.contains(Rules.family(name));
    }

    /** What stands against a group here under this grant. */
    Optional<String> obstacle(long now, LocalGroup group, Optional<Grant> grant, Footing footing, LocalGroups all) {
        if (!footing.hasSession()) {
            return Optional.of("this node's session is over");
        }
        if (footing.isForced()) {
            return Optional.of("an operator says that the majority is lost for good, and this node is to go on alone");
        }
        if (footing.isLeaseEnding() && !group.keepsRunning(grant)) {
            return Optional.of("the lease is ending: no majority has answered lately");
        }
        if (footing.isLeaving() && !all.isOutlasting(group)) {
            return Optional.of("this node is leaving");
        }
        if (group.isAway(now)) {
            return Optional.of(LocalGroup.AWAY);
        }
        if (group.isWithdrawn()) {
            return Optional.of("this node takes no part any more");
        }
        return grant.isEmpty() ? Optional.of("the grant is over") : Optional.empty();
    }

    /** Why a group that runs here is to go now in good order. */
    private Optional<String> whyToGo(long now, LocalGroup group, Footing footing, LocalGroups all) {
        return needed.contains(group.name()) || awaitsSuccessor(now, group, footing, all)
                ? Optional.empty()
                : whyToLeave(group, footing, all);
    }

    /**
     * Why a group that starts or runs here is to stop now; empty if it may go on. Asked whenever something has changed: it is seen here for the
     * first time, too, that the group is to move.
     */
    Optional<String> whyToStop(long now, LocalGroup group, Optional<Grant> grant, Footing footing, LocalGroups all) {
        Optional<String> planned = whyToGo(now, group, footing, all);
        boolean isAnotherGrant = grant.filter(g -> g.token() == group.token()).isEmpty();
        return obstacle(now, group, grant, footing, all)
                .or(() -> planned)
                .or(() -> isAnotherGrant ? Optional.of("the grant is over") : Optional.empty());
    }

    /** Why it is to stop here in good order: what runs only while it does stops first. */
    private Optional<String> whyToLeave(LocalGroup group, Footing footing, LocalGroups all) {
        Optional<ClusterRecord> record = footing.record();
        if (isOnStandby(record) && !all.isMaintained(group.name(), record)) {
            return Optional.of(LocalGroup.ON_STANDBY);
        }
        Optional<GroupRecord> state = record.map(r -> r.groups().get(group.name()));
        return moveTarget(group, record)
                .map(LocalGroup::toMove)
                .or(() -> state.map(GroupRecord::held).filter(why -> !why.isEmpty()));
    }

    /** Why a grant that was not started will not be started, to be said rather than let everybody wait; empty if it will be, or may yet. */
    Optional<String> whyToDecline(long now, LocalGroup group, Grant grant, Footing footing, LocalGroups all) {
        if (!group.isOfferedAs(grant)) {
            return Optional.of("it was granted from an offer of this node that has changed since");
        }
        Optional<String> planned = whyToLeave(group, footing, all);
        boolean mustDecline = footing.isLeaving()
                || footing.isForced()
                || group.isAway(now)
                || group.isWithdrawn()
                || planned.isPresent();
        return mustDecline
                ? Optional.of(obstacle(now, group, Optional.of(grant), footing, all)
                        .or(() -> planned)
                        .orElse(""))
                : Optional.empty();
    }

    /** Whether it goes on here until the node that it is asked to move to is ready: unless it is told to stop whatever that node does. */
    private boolean awaitsSuccessor(long now, LocalGroup group, Footing footing, LocalGroups all) {
        return group.phase() == LocalGroup.Phase.RUNNING
                && !isHeld(group, footing.record())
                && moveTarget(group, footing.record())
                        .filter(to -> !all.successions()
                                .mayGo(
                                        now,
                                        group,
                                        to,
                                        footing.record().orElseThrow().number()))
                        .isPresent();
    }

    private static boolean isHeld(LocalGroup group, Optional<ClusterRecord> record) {
        return record.map(r -> r.groups().get(group.name()))
                .filter(state -> !state.held().isEmpty())
                .isPresent();
    }

    /** Where it is asked to move, if that is elsewhere. */
    private Optional<NodeId> moveTarget(LocalGroup group, Optional<ClusterRecord> record) {
        return record.map(r -> r.groups().get(group.name()))
                .flatMap(GroupRecord::moveTo)
                .filter(to -> !to.equals(self));
    }

    private boolean isOnStandby(Optional<ClusterRecord> record) {
        return record.filter(r -> r.standby().contains(self)).isPresent();
    }

    /** The token under which another node holds a group that the record asks to move here; 0 if there is none, or it would not be started. */
    long comingToken(long now, LocalGroup group, Footing footing) {
        boolean isWelcome = footing.hasSession()
                && !footing.isLeaving()
                && !footing.isForced()
                && !isOnStandby(footing.record())
                && candidacy(now, group, footing.isLeaving())
                        .filter(Candidacy::isEligible)
                        .isPresent();
        Optional<GroupRecord> state = footing.record().map(r -> r.groups().get(group.name()));
        return state.filter(g -> isWelcome && g.moveTo().filter(self::equals).isPresent())
                .flatMap(GroupRecord::grant)
                .filter(grant -> !grant.holder().node().equals(self))
                .map(Grant::token)
                .orElse(0L);
    }

    /** What this node offers for all of its groups now, by group. */
    TreeMap<String, Candidacy> candidacies(long now, LocalGroups all, boolean isLeaving) {
        TreeMap<String, Candidacy> present = new TreeMap<>();
        all.all()
                .forEach((name, group) ->
                        candidacy(now, group, isLeaving).ifPresent(candidacy -> present.put(name, candidacy)));
        return present;
    }

    /** What this node offers for a group now; empty if nothing any more. */
    Optional<Candidacy> candidacy(long now, LocalGroup group, boolean isLeaving) {
        if (group.isWithdrawn()) {
            return Optional.empty();
        }
        boolean isRunning = isAwaited(group.name()) && group.phase() == LocalGroup.Phase.RUNNING;
        Candidacy candidacy = group.candidacy(now).withRuns(isRunning ? group.token() : 0);
        return Optional.of(isLeaving ? candidacy.withEligibility(false, "this node is leaving") : candidacy);
    }
}
