package org.understudy.ha.membership.core.assumptions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.Outlook.GroupOutlook;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;

/**
 * Says for every single and every double fault what becomes of every group, from a cluster record as it stands.
 *
 * <p>Two faults may come at once or one after the other, with the time between them that hurts most. So a group is promised to run only if
 * it does at the end of all three, and never more is promised than for each of the two alone.
 */
public final class Outlooks {

    private static final long SENTENCES_MAX = 300_000;

    private final ClusterRecord record;
    private final Timing timing;
    private final TreeSet<NodeId> absent = new TreeSet<>();
    private final Situation calm;
    private final Company company;
    private final Map<String, String> kinds = new TreeMap<>();
    /** What each fault alone does, by the proofs, and with the placement rules. */
    private final Map<Fault, Map<String, GroupOutlook>> provedAlone = new TreeMap<>();

    private final Map<Fault, Map<String, GroupOutlook>> alone = new TreeMap<>();
    private final Map<Fault, Map<String, List<Course>>> courses = new TreeMap<>();

    private Outlooks(ClusterRecord record, Timing timing) {
        this.record = record;
        this.timing = timing;
        this.absent.addAll(absent(record));
        record.groups().keySet().forEach(group -> kinds.put(group, kind(record, group)));
        this.calm = new Situation(record, absent, List.of());
        this.company = new Company(record, Duration.ofNanos(timing.acceptorNanos()));
    }

    /** Whether every two faults together with every group are too many to say something of each. */
    public static boolean areTooMany(ClusterRecord record) {
        long faults = faults(record).size();
        return faults * (faults - 1) / 2 * record.groups().size() > SENTENCES_MAX;
    }

    /** Whether there are placement rules, and too many groups and nodes to heed them. */
    public static boolean areRulesIgnored(ClusterRecord record) {
        return Company.isIgnored(record);
    }

    /** Every outlook: first single faults, then double ones unless they {@linkplain #areTooMany are too many}. */
    public static List<Outlook> of(ClusterRecord record, Timing timing) {
        Outlooks outlooks = new Outlooks(record, timing);
        List<Fault> faults = faults(record);
        List<Outlook> all = new ArrayList<>();
        for (Fault fault : faults) {
            all.add(outlooks.outlook(List.of(fault)));
        }
        int pairsOf = areTooMany(record) ? 0 : faults.size();
        for (int i = 0; i < pairsOf; i++) {
            for (int j = i + 1; j < pairsOf; j++) {
                all.add(outlooks.outlook(List.of(faults.get(i), faults.get(j))));
            }
        }
        return all;
    }

    /** Acceptors without a live session on their disk: they do not count as being there. */
    public static List<NodeId> absent(ClusterRecord record) {
        TreeSet<NodeId> absent = new TreeSet<>();
        for (AcceptorId acceptor : record.voters().all()) {
            Session session = record.sessions().get(acceptor.node());
            if (session == null || !session.disk().equals(acceptor.disk())) {
                absent.add(acceptor.node());
            }
        }
        return List.copyOf(absent);
    }

    private static List<Fault> faults(ClusterRecord record) {
        TreeSet<NodeId> present = new TreeSet<>(record.sessions().keySet());
        record.voters().all().forEach(acceptor -> present.add(acceptor.node()));
        present.removeAll(absent(record));
        List<NodeId> nodes = List.copyOf(present);
        TreeSet<Fault> faults = new TreeSet<>();
        for (int i = 0; i < nodes.size(); i++) {
            NodeId node = nodes.get(i);
            Optional<Session> session = Optional.ofNullable(record.sessions().get(node));
            for (Fault.Kind kind : Fault.Kind.values()) {
                boolean hasGuardian =
                        session.filter(s -> !s.willKey().isEmpty()).isPresent();
                if (kind != Fault.Kind.LINK_CUT && (kind != Fault.Kind.GUARDIAN_LOST || hasGuardian)) {
                    faults.add(Fault.of(kind, node));
                }
            }
            for (int j = i + 1; j < nodes.size(); j++) {
                faults.add(Fault.linkCut(node, nodes.get(j)));
            }
        }
        return List.copyOf(faults);
    }

    private Outlook outlook(List<Fault> faults) {
        Map<String, GroupOutlook> proved = new TreeMap<>();
        Map<String, GroupOutlook> groups = new TreeMap<>();
        List<Situation> ways = Situation.ways(faults).stream()
                .map(way -> new Situation(record, absent, way))
                .toList();
        Map<String, GroupOutlook> alike = new TreeMap<>();
        kinds.forEach((group, kind) -> {
            GroupOutlook one = named(group, alike.computeIfAbsent(kind, k -> groupOutlook(group, faults, ways)));
            GroupOutlook both = company.heeded(one, faults);
            proved.put(group, one);
            groups.put(group, faults.size() == 1 ? both : capped(both, faults, alone));
        });
        if (faults.size() == 1) {
            provedAlone.put(faults.get(0), proved);
            alone.put(faults.get(0), groups);
        }
        boolean hasMajority = ways.stream().noneMatch(way -> way.planners().isEmpty());
        return new Outlook(faults, hasMajority, withSurplus(groups, ways));
    }

    /** Tells copies that run nowhere because there are more of them than nodes left from those that run nowhere for another reason. */
    private List<GroupOutlook> withSurplus(Map<String, GroupOutlook> groups, List<Situation> ways) {
        Map<String, Long> running = new TreeMap<>();
        groups.forEach((name, one) -> {
            if (Part.roleOf(name) == Role.COPY && one.fate().isRunning()) {
                running.merge(Part.groupOf(name), 1L, Long::sum);
            }
        });
        return groups.values().stream()
                .map(one -> isSurplus(one, running, ways) ? one.asSurplus() : one)
                .toList();
    }

    private boolean isSurplus(GroupOutlook one, Map<String, Long> running, List<Situation> ways) {
        long others = running.getOrDefault(Part.groupOf(one.group()), 0L);
        return Part.roleOf(one.group()) == Role.COPY
                && !one.fate().isRunning()
                && others > 0
                && others >= left(one.group(), ways);
    }

    /** How many nodes that offer to run it can rely on a majority, however the faults are felt. */
    private long left(String group, List<Situation> ways) {
        return record.sessions().values().stream()
                .filter(session -> session.candidacies().containsKey(group))
                .map(session -> session.incarnation().node())
                .filter(node -> ways.stream().allMatch(way -> way.hasMajority(node)))
                .count();
    }

    /** Everything that decides about a group but its name: groups of one kind fare alike. */
    private static String kind(ClusterRecord record, String group) {
        StringBuilder kind = new StringBuilder();
        GroupRecord state = record.groups().get(group);
        kind.append(state.fatal()).append(state.moveTo());
        state.grant()
                .ifPresent(g -> kind.append(g.holder())
                        .append(g.over())
                        .append(g.isExpirable())
                        .append(outlasting(g.remains())));
        for (Session session : record.sessions().values()) {
            Candidacy offer = session.candidacies().get(group);
            if (offer != null) {
                kind.append(session.incarnation())
                        .append(offer.preferred())
                        .append(offer.isElection())
                        .append(offer.isEligible())
                        .append(offer.whyNot())
                        .append(offer.presence())
                        .append(offer.isExpirable())
                        .append(outlasting(offer.remains()))
                        .append(offer.priority())
                        .append(offer.keepsRunning());
            }
        }
        return kind.toString();
    }

    private static long outlasting(List<String> remains) {
        return remains.stream()
                .filter(thing -> thing.startsWith(Planner.EXTERNAL_PREFIX))
                .count();
    }

    private static GroupOutlook named(String group, GroupOutlook like) {
        return new GroupOutlook(
                group, like.fate(), like.holder(), like.mayRunOn(), like.proofs(), like.atLatest(), like.why());
    }

    /** Where a group ended, and in which situation. */
    private record End(Course course, Situation situation) {}

    private GroupOutlook groupOutlook(String group, List<Fault> faults, List<Situation> ways) {
        Course begin = Course.begin(record, group);
        Optional<NodeId> holder = begin.runsOn(calm, record.sessions());
        if (holder.isEmpty()) {
            String why = "it runs nowhere now: " + begin.whyNot(calm, votes());
            return new GroupOutlook(group, Fate.STOPS, holder, List.of(), List.of(), Duration.ZERO, why);
        }
        List<End> ends = ends(begin, ways);
        TreeSet<NodeId> where = new TreeSet<>();
        TreeSet<ProofKind> proofs = new TreeSet<>();
        Optional<String> why = Optional.empty();
        int leases = 0;
        int stopped = 0;
        for (End end : ends) {
            Optional<NodeId> there = end.course().runsOn(end.situation(), record.sessions());
            there.ifPresent(where::add);
            proofs.addAll(end.course().proofs());
            leases = Math.max(leases, end.course().leases());
            stopped += there.isEmpty() ? 1 : 0;
            if (there.isEmpty() && why.isEmpty()) {
                why = Optional.of(end.course().whyNot(end.situation(), votes()));
            }
        }
        boolean isMoved = !proofs.isEmpty();
        Fate fate =
                stopped == ends.size() ? Fate.STOPS : stopped > 0 ? Fate.MAY_STOP : isMoved ? Fate.MOVES : Fate.GOES_ON;
        mayBeKilled(group, faults, proofs);
        Duration wait = Duration.ofNanos(timing.acceptorNanos()).multipliedBy(leases);
        GroupOutlook both =
                new GroupOutlook(group, fate, holder, List.copyOf(where), List.copyOf(proofs), wait, why.orElse(""));
        return withReason(faults.size() == 1 ? both : capped(both, faults, provedAlone), ways);
    }

    /** A paused process that is killed at the end of its lease: its guardian may speak first. */
    private void mayBeKilled(String group, List<Fault> faults, TreeSet<ProofKind> proofs) {
        boolean isPaused = faults.stream()
                .filter(f -> f.kind() == Fault.Kind.NODE_PAUSED)
                .map(f -> record.sessions().get(f.nodes().get(0)))
                .anyMatch(s -> s != null && !s.willKey().isEmpty());
        if (isPaused
                && proofs.contains(ProofKind.EXPIRED)
                && record.grant(group).isPresent()) {
            proofs.add(ProofKind.DIED);
        }
    }

    private List<End> ends(Course begin, List<Situation> ways) {
        List<End> ends = new ArrayList<>();
        for (Situation last : ways) {
            begin.through(last).forEach(course -> ends.add(new End(course, last)));
            if (last.faults().size() == 2) {
                for (Fault first : last.faults()) {
                    for (Course between : after(begin, first)) {
                        if (!between.equals(begin)) {
                            between.through(last).forEach(course -> ends.add(new End(course, last)));
                        }
                    }
                }
            }
        }
        return ends;
    }

    private List<Course> after(Course begin, Fault fault) {
        return courses.computeIfAbsent(fault, f -> new TreeMap<>())
                .computeIfAbsent(begin.group(), g -> begin.through(new Situation(record, absent, List.of(fault))));
    }

    /** Never more than either fault alone: the other may come much later. */
    private static GroupOutlook capped(
            GroupOutlook both, List<Fault> faults, Map<Fault, Map<String, GroupOutlook>> alone) {
        GroupOutlook least = both;
        for (Fault fault : faults) {
            GroupOutlook one = alone.get(fault).get(both.group());
            if (least.fate().promisesMoreThan(one.fate())) {
                TreeSet<NodeId> where = new TreeSet<>(both.mayRunOn());
                where.addAll(one.mayRunOn());
                TreeSet<ProofKind> proofs = new TreeSet<>(both.proofs());
                proofs.addAll(one.proofs());
                Duration wait = one.atLatest().compareTo(both.atLatest()) > 0 ? one.atLatest() : both.atLatest();
                least = new GroupOutlook(
                        both.group(),
                        one.fate() == Fate.MOVES ? Fate.MOVES : Fate.MAY_STOP,
                        both.holder(),
                        List.copyOf(where),
                        List.copyOf(proofs),
                        wait,
                        one.why());
            }
        }
        return least;
    }

    /** What runs has a reason as well. */
    private GroupOutlook withReason(GroupOutlook outlook, List<Situation> ways) {
        if (!outlook.fate().isRunning()) {
            return outlook;
        }
        String why;
        if (outlook.fate() == Fate.MOVES) {
            why = "what it ran on is proved over by " + outlook.proofs();
        } else if (ways.stream()
                .allMatch(way -> way.hasMajority(outlook.holder().orElseThrow()))) {
            why = outlook.holder().orElseThrow() + " reaches a majority of the votes";
        } else {
            why =
                    "it goes on without a majority, as its group was told; nobody takes it over without a proof of its end";
        }
        return new GroupOutlook(
                outlook.group(),
                outlook.fate(),
                outlook.holder(),
                outlook.mayRunOn(),
                outlook.proofs(),
                outlook.atLatest(),
                why);
    }

    private int votes() {
        return record.acceptors().size();
    }
}
