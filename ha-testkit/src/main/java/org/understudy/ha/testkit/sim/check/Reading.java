package org.understudy.ha.testkit.sim.check;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;

/**
 * What the rules in one record say, read as the documentation reads them: plainly, slowly, and with nothing of the planner's. Not thread-safe.
 */
final class Reading {

    private final ClusterRecord record;
    private final TreeMap<String, Integer> urgencies = new TreeMap<>();

    Reading(ClusterRecord record) {
        this.record = record;
    }

    ClusterRecord record() {
        return record;
    }

    Placement rules(String group) {
        return record.groups().get(group).rules().placement();
    }

    /** The groups that a rule names: that group, or its copies. */
    List<String> named(String called, String except) {
        return record.groups().keySet().stream()
                .filter(name -> !name.equals(except) && (name.equals(called) || name.startsWith(called + "#")))
                .toList();
    }

    private boolean isNamed(Collection<String> called, String group) {
        return called.stream().anyMatch(each -> group.equals(each) || group.startsWith(each + "#"));
    }

    boolean areApart(String one, String other) {
        return !one.equals(other)
                && (isNamed(rules(one).apart(), other) || isNamed(rules(other).apart(), one));
    }

    Optional<Grant> standing(String group) {
        return Optional.ofNullable(record.groups().get(group))
                .flatMap(GroupRecord::grant)
                .filter(Grant::stands);
    }

    long token(String group) {
        return standing(group).map(Grant::token).orElse(0L);
    }

    Optional<NodeId> holder(String group) {
        return standing(group).map(grant -> grant.holder().node());
    }

    boolean isLive(String group) {
        return standing(group).filter(grant -> record.isLive(grant.holder())).isPresent();
    }

    Optional<NodeId> target(String group) {
        return record.groups().get(group).moveTo();
    }

    /** Whether it is, or is about to come, there. */
    boolean isAt(String group, NodeId node) {
        return holder(group).filter(node::equals).isPresent()
                || target(group).filter(node::equals).isPresent();
    }

    /** Whether its holder is told to stop it. */
    boolean isToStop(String group) {
        Optional<NodeId> holder = holder(group);
        return holder.isPresent()
                && (!record.groups().get(group).held().isEmpty()
                        || target(group).filter(to -> !to.equals(holder.get())).isPresent()
                        || record.standby().contains(holder.get()) && !isMaintained(group, holder.get()));
    }

    boolean isMaintained(String group, NodeId node) {
        return record.maintenance().contains(Target.everything())
                || record.maintenance().contains(Target.group(group))
                || record.maintenance().contains(Target.group(Part.groupOf(group)))
                || record.maintenance().contains(Target.node(node));
    }

    int need(String group, String kind) {
        return rules(group).needs().getOrDefault(kind, 0);
    }

    long capacity(NodeId node, String kind) {
        Session session = record.sessions().get(node);
        return session == null ? 0 : session.capacity().getOrDefault(kind, 0);
    }

    /** What those take who are, or are about to come, there. */
    long load(NodeId node, String kind) {
        return record.groups().keySet().stream()
                .filter(group -> isAt(group, node))
                .mapToLong(group -> need(group, kind))
                .sum();
    }

    /** Its priority, or that of whoever waits for it; a promoted role waits for its copies. */
    int urgency(String group) {
        if (urgencies.isEmpty()) {
            record.groups()
                    .keySet()
                    .forEach(name -> urgencies.put(name, rules(name).priority()));
            boolean isNews = true;
            while (isNews) {
                isNews = false;
                for (String waiting : record.groups().keySet()) {
                    TreeSet<String> all = firsts(waiting);
                    if (Part.roleOf(waiting) == Role.PROMOTED) {
                        all.addAll(named(Part.groupOf(waiting), Part.groupOf(waiting)));
                    }
                    for (String first : all) {
                        if (urgencies.get(first) < urgencies.get(waiting)) {
                            urgencies.put(first, urgencies.get(waiting));
                            isNews = true;
                        }
                    }
                }
            }
        }
        return urgencies.get(group);
    }

    /** Whom it must be with or starts after. */
    private TreeSet<String> firsts(String group) {
        TreeSet<String> firsts = new TreeSet<>();
        rules(group).with().forEach(called -> firsts.addAll(named(called, group)));
        rules(group).after().forEach(called -> firsts.addAll(named(called, group)));
        return firsts;
    }

    /** Whether each waits for the other in the end. */
    boolean isCircle(String one, String other) {
        return waitsFor(one).contains(other) && waitsFor(other).contains(one);
    }

    private TreeSet<String> waitsFor(String group) {
        TreeSet<String> all = new TreeSet<>();
        List<String> open = new ArrayList<>(List.of(group));
        while (!open.isEmpty()) {
            for (String next : firsts(open.remove(0))) {
                if (all.add(next)) {
                    open.add(next);
                }
            }
        }
        return all;
    }

    /** Whether each of those that it must be with is, or is about to come, there; or is placed nowhere and waits for it as well. */
    boolean isTogether(String group, NodeId node) {
        return rules(group).with().stream().allMatch(called -> {
            List<String> members = named(called, group);
            boolean isThere = members.stream().anyMatch(member -> isAt(member, node));
            boolean isPlaced = members.stream().anyMatch(this::isPlaced);
            return isThere || !isPlaced && members.stream().anyMatch(member -> isCircle(group, member));
        });
    }

    /** As {@link #isTogether}; of those who must be with one another the first decides, and the others may follow later. */
    boolean isTogetherOrFollowed(String group, NodeId node) {
        return rules(group).with().stream().allMatch(called -> {
            List<String> members = named(called, group);
            return members.stream().anyMatch(member -> isAt(member, node) || isCircle(group, member));
        });
    }

    /** As {@link #isTogether}, counting only who lives and stays. */
    boolean isTogetherForGood(String group, NodeId node) {
        return isTogether(group, node)
                && rules(group).with().stream()
                        .allMatch(called -> named(called, group).stream()
                                .anyMatch(member -> isLive(member) && !isToStop(member)
                                        || holder(member).isEmpty() && isCircle(group, member)));
    }

    /** Whether it runs, and is not to stop without going anywhere. */
    private boolean isPlaced(String group) {
        Optional<NodeId> holder = holder(group);
        boolean isGoing = holder.isPresent()
                && target(group).filter(to -> !to.equals(holder.get())).isPresent();
        return holder.isPresent()
                && (isGoing || record.groups().get(group).held().isEmpty());
    }

    /** Whether one that a rule to start after names stands granted since before that token, and is not told to stop. */
    boolean isServed(String group, String called, long token) {
        return named(called, group).stream()
                .anyMatch(member -> holder(member).isPresent() && !isToStop(member) && token(member) < token);
    }

    Optional<Candidacy> offer(String group, NodeId node) {
        return Optional.ofNullable(record.sessions().get(node))
                .map(session -> session.candidacies().get(group));
    }

    /** Whether more runs there than there is room for, of something that it takes. */
    boolean isCrowded(String group, NodeId node) {
        return rules(group).needs().keySet().stream().anyMatch(kind -> load(node, kind) > capacity(node, kind));
    }
}
