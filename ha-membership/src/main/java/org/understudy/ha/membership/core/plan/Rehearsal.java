package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.understudy.ha.api.Advisor.Change;
import org.understudy.ha.api.Advisor.Forecast;
import org.understudy.ha.api.Advisor.Outcome;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.plan.Facts.Given;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Sentence;
import org.understudy.ha.membership.core.record.Session;

/**
 * Plays changes on a copy of the record until it settles: the planner decides, and nodes do what it tells them. Pure. Everybody is taken to
 * hear everybody; what faults of the network do to votes and leases is told by the assumptions.
 */
public final class Rehearsal {

    private static final int ROUNDS_MAX = 200;

    private final SortedMap<String, PlacementPolicy> policies;
    private final TreeMap<Incarnation, List<String>> wills = new TreeMap<>();
    private final TreeSet<Incarnation> silent = new TreeSet<>();
    private final TreeSet<NodeId> reachable;
    private ClusterRecord record;

    private Rehearsal(ClusterRecord record, SortedMap<String, PlacementPolicy> policies) {
        this.record = record;
        this.policies = policies;
        this.reachable = new TreeSet<>(record.sessions().keySet());
    }

    /**
     * What becomes of every group.
     *
     * @throws LifecycleException if a change names a node that is not in the cluster now, or a group that the record does not know
     * @throws ConfigurationException if a new group has the name of one that is there
     */
    public static Forecast of(ClusterRecord record, SortedMap<String, PlacementPolicy> policies, List<Change> changes) {
        Rehearsal rehearsal = new Rehearsal(record, policies);
        changes.forEach(rehearsal::apply);
        rehearsal.settle();
        return rehearsal.forecast(record);
    }

    /**
     * The record that everything comes to rest in when these nodes are gone: no longer heard, and their leases over.
     *
     * @param isTold whether last wills tell of them as well
     */
    public static ClusterRecord without(ClusterRecord record, Collection<NodeId> gone, boolean isTold) {
        Rehearsal rehearsal = new Rehearsal(record, Policies.with(List.of()));
        for (NodeId node : gone) {
            Session session = record.sessions().get(node);
            if (session != null) {
                rehearsal.lose(session, isTold);
            }
        }
        rehearsal.settle();
        return rehearsal.record;
    }

    private void apply(Change change) {
        if (change instanceof Change.NodeLost lost) {
            lose(session(lost.node()), true);
        } else if (change instanceof Change.Standby standby) {
            session(standby.node());
            TreeSet<NodeId> nodes = new TreeSet<>(record.standby());
            nodes.add(standby.node());
            record = record.withOperators(nodes, record.words());
        } else if (change instanceof Change.Maintenance maintenance) {
            maintain(maintenance.target());
        } else if (change instanceof Change.NewGroup group) {
            add(group);
        }
    }

    private Session session(NodeId node) {
        Session session = record.sessions().get(node);
        if (session == null) {
            throw new LifecycleException(Planner.unknown(record, node)
                    .orElseGet(() -> node + " is not in the cluster now; there are "
                            + record.sessions().keySet()));
        }
        return session;
    }

    private void lose(Session session, boolean isTold) {
        Incarnation who = session.incarnation();
        reachable.remove(who.node());
        silent.add(who);
        if (isTold && !session.willKey().isEmpty()) {
            List<String> gone = new ArrayList<>();
            record.groups()
                    .values()
                    .forEach(group -> group.grant()
                            .filter(g -> g.stands() && g.holder().equals(who))
                            .ifPresent(g -> gone.addAll(Planner.removedAtDeath(g.remains()))));
            wills.put(who, gone);
        }
    }

    private void maintain(Target target) {
        if (target.kind() == Target.Kind.NODE) {
            session(NodeId.of(target.name()));
        } else if (target.kind() == Target.Kind.GROUP && !Planner.isKnown(record, target.name())) {
            throw new LifecycleException(Planner.noSuchGroup(record, target.name()));
        }
        TreeSet<Target> targets = new TreeSet<>(record.maintenance());
        targets.add(target);
        record = record.withMaintenance(targets);
    }

    private void add(Change.NewGroup group) {
        if (record.groups().containsKey(group.name())) {
            throw new ConfigurationException("whatIf group", group.name(), "is there already; give it another name");
        }
        Rules rules = Rules.of(group.placement());
        Candidacy candidacy = new Candidacy(group.preferred(), false, true, "", Presence.ABSENT, true, List.of())
                .withRules(rules.digest());
        TreeMap<NodeId, Session> sessions = new TreeMap<>(record.sessions());
        sessions.replaceAll((node, session) -> {
            TreeMap<String, Candidacy> offers = new TreeMap<>(session.candidacies());
            // A node that offers nothing may be a witness.
            if (!offers.isEmpty() || group.preferred().contains(node)) {
                offers.put(group.name(), candidacy);
            }
            return session.withOffer(session.offerVersion(), offers);
        });
        TreeMap<String, GroupRecord> groups = new TreeMap<>(record.groups());
        groups.put(group.name(), GroupRecord.NEW.withRules(rules));
        record = record.withSessions(sessions, record.incarnations(), record.ends())
                .withGroups(groups, record.lastToken());
    }

    private void settle() {
        TreeMap<String, Given> releases = new TreeMap<>();
        for (int i = 0; i < ROUNDS_MAX; i++) {
            Plan plan = Planner.plan(record, facts(releases));
            ClusterRecord next = withRunning(plan.record());
            releases = stopped(next);
            if (next.equals(record) && releases.isEmpty()) {
                return;
            }
            record = next;
        }
    }

    private Facts facts(SortedMap<String, Given> releases) {
        return new Facts(
                new TreeMap<>(),
                new TreeMap<>(),
                releases,
                new TreeSet<>(),
                wills,
                silent,
                new TreeMap<>(),
                reachable,
                record.lastToken(),
                List.of(),
                new TreeSet<>(),
                false,
                new TreeMap<>(),
                policies);
    }

    /** What a node starts runs at once. */
    private ClusterRecord withRunning(ClusterRecord planned) {
        TreeSet<String> awaited = new TreeSet<>();
        planned.groups()
                .values()
                .forEach(g -> awaited.addAll(g.rules().placement().after()));
        if (awaited.isEmpty()) {
            return planned;
        }
        TreeMap<NodeId, Session> sessions = new TreeMap<>(planned.sessions());
        planned.groups().forEach((name, group) -> {
            Optional<Grant> grant = group.grant().filter(g -> g.stands() && planned.isLive(g.holder()));
            if (grant.isPresent() && (awaited.contains(name) || awaited.contains(Rules.family(name)))) {
                NodeId holder = grant.get().holder().node();
                Session session = sessions.get(holder);
                TreeMap<String, Candidacy> offers = new TreeMap<>(session.candidacies());
                offers.computeIfPresent(
                        name, (n, offer) -> offer.withRuns(grant.get().token()));
                sessions.put(holder, session.withOffer(session.offerVersion(), offers));
            }
        });
        return planned.withSessions(sessions, planned.incarnations(), planned.ends());
    }

    /** What a node stops because the record says so has stopped. */
    private TreeMap<String, Given> stopped(ClusterRecord planned) {
        TreeMap<String, Given> releases = new TreeMap<>();
        Board board = Board.of(planned);
        Predicate<String> needed = Planner.needed(planned);
        for (int g = 0; g < board.size(); g++) {
            Optional<Grant> grant = board.state(g)
                    .grant()
                    .filter(each -> each.stands() && planned.isLive(each.holder()))
                    .filter(each -> reachable.contains(each.holder().node()));
            if (grant.isPresent() && board.isToStop(g) && !board.isMaintained(g) && !needed.test(board.name(g))) {
                releases.put(
                        board.name(g),
                        new Given(grant.get().holder(), grant.get().token(), Optional.empty(), "stopped"));
            }
        }
        return releases;
    }

    private Forecast forecast(ClusterRecord before) {
        Map<String, NodeId> was = Advice.places(before);
        Map<String, NodeId> is = Advice.places(record);
        List<Outcome> outcomes = new ArrayList<>();
        List<String> moved = new ArrayList<>();
        List<String> down = new ArrayList<>();
        int same = 0;
        for (String group : record.groups().keySet()) {
            Optional<NodeId> from = Optional.ofNullable(was.get(group));
            Optional<NodeId> to = Optional.ofNullable(is.get(group));
            String why = to.isEmpty()
                    ? Planner.whyUnowned(record, group)
                    : from.equals(to)
                            ? ""
                            : "granted with proof "
                                    + record.grant(group).orElseThrow().proof();
            outcomes.add(new Outcome(group, from, to, why));
            if (to.isEmpty() && (from.isPresent() || !before.groups().containsKey(group))) {
                down.add(Part.title(group));
            } else if (!from.equals(to)) {
                moved.add(Part.title(group) + " to " + to.orElseThrow());
            } else {
                same++;
            }
        }
        List<String> parts = new ArrayList<>();
        if (!moved.isEmpty()) {
            parts.add(moved.size() + " would start elsewhere " + Sentence.few(moved));
        }
        if (!down.isEmpty()) {
            parts.add(down.size() + " would run nowhere " + Sentence.few(down));
        }
        parts.add(same + " would be as they are");
        long groups =
                record.groups().keySet().stream().map(Part::groupOf).distinct().count();
        String in = groups == outcomes.size() ? "" : "in " + outcomes.size() + " parts ";
        return new Forecast("of " + groups + " groups " + in + String.join(", ", parts), outcomes);
    }
}
