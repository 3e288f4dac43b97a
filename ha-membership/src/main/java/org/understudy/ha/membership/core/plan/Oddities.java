package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;

/** What looks like a mistake in how a group is registered, although it may be meant, or become true later. Pure. */
public final class Oddities {

    private Oddities() {}

    /** One sentence for each; those about all copies of a group are said of its first copy only. */
    public static List<String> of(ClusterRecord record, String name) {
        List<String> found = new ArrayList<>();
        GroupRecord group = record.groups().get(name);
        if (group == null) {
            return found;
        }
        TreeSet<String> nobodys = namedOnly(record, group.rules().placement());
        if (!nobodys.isEmpty()) {
            found.add("the placement rules of " + Part.title(name) + " name " + nobodys
                    + ", which nobody has registered: is it spelled right?");
        }
        if (isFirstCopy(name)) {
            differingCopies(record, Part.groupOf(name)).ifPresent(found::add);
        }
        return found;
    }

    /** Groups that rules name and the record does not know. */
    private static TreeSet<String> namedOnly(ClusterRecord record, Placement rules) {
        TreeSet<String> named = new TreeSet<>(rules.with());
        named.addAll(rules.apart());
        named.addAll(rules.after());
        named.addAll(rules.preferWith());
        named.addAll(rules.preferApart());
        named.removeIf(
                name -> record.groups().containsKey(name) || record.groups().containsKey(Part.copy(name, 1)));
        return named;
    }

    private static boolean isFirstCopy(String name) {
        return name.equals(Part.copy(Part.groupOf(name), 1));
    }

    /** That there are more copies now than nodes that register them. Said of the first copy; empty for any other part. */
    static Optional<String> copiesLeftOver(ClusterRecord record, String name) {
        String group = Part.groupOf(name);
        SortedMap<NodeId, Integer> byNode = isFirstCopy(name) ? copies(record, group) : new TreeMap<>();
        int most = byNode.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        return most <= byNode.size()
                ? Optional.empty()
                : Optional.of(group + " has " + most + " copies and " + byNode.size()
                        + " nodes that register it now: at most one copy runs on each");
    }

    private static Optional<String> differingCopies(ClusterRecord record, String group) {
        SortedMap<NodeId, Integer> byNode = copies(record, group);
        return byNode.values().stream().distinct().count() < 2
                ? Optional.empty()
                : Optional.of("the nodes register different numbers of copies of " + group + ": " + byNode
                        + "; register it alike everywhere");
    }

    /** How many copies each node offers that offers any. */
    private static SortedMap<NodeId, Integer> copies(ClusterRecord record, String group) {
        SortedMap<NodeId, Integer> byNode = new TreeMap<>();
        for (Session session : record.sessions().values()) {
            int copies = Part.copies(session.candidacies(), group).size();
            if (copies > 0) {
                byNode.put(session.incarnation().node(), copies);
            }
        }
        return byNode;
    }
}
