package org.understudy.ha.membership.core.assumptions;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.membership.core.assumptions.Situation.Vitals;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

/**
 * One group's way through one or more situations, each lasting until nothing changes any more. The decisions are the {@link Planner}'s.
 *
 * @param record with this group only, as it is then
 * @param takers who was granted it on the way, in order
 * @param proofs by which proof each
 * @param leases how many leases had to be waited out
 */
record Course(String group, ClusterRecord record, List<NodeId> takers, List<ProofKind> proofs, int leases) {

    /** How many plans in a row are made at most; each makes progress or is the last. */
    private static final int PLANS_MAX = 8;

    Course {
        takers = List.copyOf(takers);
        proofs = List.copyOf(proofs);
    }

    static Course begin(ClusterRecord record, String group) {
        TreeMap<String, GroupRecord> one = new TreeMap<>();
        one.put(group, record.groups().get(group).withRules(Rules.NONE).withHeld(""));
        return new Course(
                group, withoutRules(record, group).withGroups(one, record.lastToken()), List.of(), List.of(), 0);
    }

    /** What is looked at here is whether an end is proved; where rules let a group go then is told of the whole record at once. */
    private static ClusterRecord withoutRules(ClusterRecord record, String group) {
        if (record.groups().get(group).rules().isNone()) {
            return record;
        }
        TreeMap<NodeId, Session> sessions = new TreeMap<>(record.sessions());
        sessions.replaceAll((node, session) -> {
            TreeMap<String, Candidacy> candidacies = new TreeMap<>(session.candidacies());
            candidacies.computeIfPresent(group, (name, candidacy) -> candidacy.withRules(0));
            return session.withOffer(session.offerVersion(), candidacies);
        });
        return record.withSessions(sessions, record.incarnations(), record.ends());
    }

    /** What somebody who plans knows in a situation. */
    private record Knowledge(
            SortedMap<Incarnation, List<String>> wills, SortedSet<Incarnation> silent, SortedSet<NodeId> reachable) {
        Knowledge withoutWills() {
            return new Knowledge(new TreeMap<>(), silent, reachable);
        }

        Knowledge withoutSilence() {
            return new Knowledge(wills, new TreeSet<>(), reachable);
        }

        boolean concerns(Incarnation holder) {
            return wills.containsKey(holder) || silent.contains(holder);
        }
    }

    /** Every way it can go in a situation: whoever plans, and whether or not last wills arrive. */
    List<Course> through(Situation situation) {
        Optional<Grant> grant = grant();
        if (grant.isEmpty()) {
            return List.of(this);
        }
        List<Knowledge> known = new ArrayList<>();
        List<NodeId> planners = situation.planners();
        for (NodeId planner : situation.isSeenAlike() && !planners.isEmpty() ? planners.subList(0, 1) : planners) {
            Knowledge knowledge = knowledge(situation, planner);
            add(known, knowledge);
            // A last will is a datagram. Where the end of the lease is a proof too, it may be what counts.
            if (grant.get().isExpirable()) {
                add(known, knowledge.withoutWills());
            }
        }
        List<Course> courses = new ArrayList<>();
        for (Knowledge knowledge : known) {
            add(courses, knowledge.concerns(grant.get().holder()) ? planned(knowledge) : this);
        }
        return courses.isEmpty() ? List.of(this) : courses;
    }

    private static <T> void add(List<T> all, T next) {
        if (!all.contains(next)) {
            all.add(next);
        }
    }

    private Knowledge knowledge(Situation situation, NodeId planner) {
        TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
        TreeSet<Incarnation> silent = new TreeSet<>();
        TreeSet<NodeId> reachable = new TreeSet<>();
        List<AcceptorId> voting = situation.hearing(planner);
        for (Session session : record.sessions().values()) {
            NodeId node = session.incarnation().node();
            List<AcceptorId> deaf = new ArrayList<>(voting);
            deaf.removeAll(situation.hearing(node));
            if (situation.isUp(node) && situation.connects(planner, node)) {
                reachable.add(node);
            }
            if (record.voters().isQuorum(deaf)) {
                silent.add(session.incarnation());
            }
            if (situation.vitals(node) == Vitals.KILLED
                    && situation.connects(planner, node)
                    && !session.willKey().isEmpty()) {
                wills.put(session.incarnation(), removed());
            }
        }
        return new Knowledge(wills, silent, reachable);
    }

    private Course planned(Knowledge knowledge) {
        Course atOnce = until(knowledge.withoutSilence());
        Course waited = atOnce.until(knowledge);
        boolean isLater = waited.takers.size() > atOnce.takers.size();
        return new Course(group, waited.record, waited.takers, waited.proofs, leases + (isLater ? 1 : 0));
    }

    private Course until(Knowledge knowledge) {
        Facts facts = new Facts(
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeSet<>(),
                knowledge.wills(),
                knowledge.silent(),
                new TreeMap<>(),
                knowledge.reachable(),
                record.lastToken(),
                List.of(),
                false);
        ClusterRecord next = record;
        List<NodeId> who = new ArrayList<>(takers);
        List<ProofKind> why = new ArrayList<>(proofs);
        for (int i = 0; i < PLANS_MAX; i++) {
            Optional<Grant> before = next.grant(group);
            Plan plan = Planner.plan(next, facts);
            next = plan.record();
            Optional<Grant> after = next.grant(group);
            boolean isNew = after.filter(
                            g -> before.isEmpty() || g.token() > before.get().token())
                    .isPresent();
            if (isNew) {
                who.add(after.get().holder().node());
                why.add(after.get().proof());
            }
            if (!plan.isChange()) {
                break;
            }
        }
        return new Course(group, next, who, why, leases);
    }

    private List<String> removed() {
        return Planner.removedAtDeath(grant().map(Grant::remains).orElse(List.of()));
    }

    Optional<Grant> grant() {
        return record.grant(group).filter(Grant::stands);
    }

    /** Where it runs in a situation it has come to; empty if nowhere. */
    Optional<NodeId> runsOn(Situation situation, Map<NodeId, Session> lives) {
        Optional<Grant> grant = grant();
        if (grant.isEmpty()) {
            return Optional.empty();
        }
        NodeId holder = grant.get().holder().node();
        boolean isSession = record.isLive(grant.get().holder());
        boolean isRenewed = isSession && situation.hasMajority(holder);
        Optional<Candidacy> offer = Optional.ofNullable(lives.get(holder))
                .filter(s -> s.incarnation().equals(grant.get().holder()))
                .map(s -> s.candidacies().get(group));
        boolean isKept = situation.isUp(holder)
                && !grant.get().isExpirable()
                && offer.filter(Candidacy::keepsRunning).isPresent();
        return isRenewed || isKept ? Optional.of(holder) : Optional.empty();
    }

    /** Why it runs nowhere in that situation. */
    String whyNot(Situation situation, int votes) {
        Optional<Grant> grant = grant();
        if (situation.planners().isEmpty()) {
            String lost = votes == 1
                    ? "the only vote is lost"
                    : "fewer than " + (votes / 2 + 1) + " of " + votes + " votes reach one another";
            return lost + ": what runs stops at the end of its lease, and nobody starts anything";
        }
        if (grant.isEmpty()) {
            return Planner.whyUnowned(record, group);
        }
        NodeId holder = grant.get().holder().node();
        if (record.isLive(grant.get().holder()) && situation.isUp(holder) && !situation.isCutOff(holder)) {
            return holder + " does not reach a majority of the votes itself, and is not silent enough to be replaced";
        }
        boolean isExternal =
                grant.get().remains().stream().anyMatch(thing -> thing.startsWith(Planner.EXTERNAL_PREFIX));
        return switch (situation.vitals(holder)) {
            case UP ->
                holder + " stops it and cannot say so, and nothing else proves its end; it waits for the network";
            case PAUSED ->
                "nothing but its own process ends it, and the process of " + holder
                        + " is not proved gone; it waits until that process goes on or is killed";
            case ASIDE ->
                "nothing but its own process ends it, and " + holder
                        + " cannot make a word durable; end that process, or start it again";
            case KILLED, GONE ->
                isExternal
                        ? "something of it outlives the host, and nothing proves its end but an operator who confirms that it is down"
                        : "nothing but its own process ends it, and nobody says that it is gone; it waits for " + holder
                                + " to come back on the same machine and disk, or for an operator to confirm that it is down";
        };
    }
}
