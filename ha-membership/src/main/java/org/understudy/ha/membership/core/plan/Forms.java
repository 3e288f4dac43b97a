package org.understudy.ha.membership.core.plan;

import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.understudy.ha.api.Role;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;

/**
 * A group runs whole or in copies, and never in both forms at once, although the record knows them by names that have nothing to do with one
 * another. A definition that is changed node by node is in both forms meanwhile. Pure.
 */
public final class Forms {

    /** In the order of names what is called after a group lies between these two. */
    private static final String FIRST = "!";

    private static final String END = "$";

    private Forms() {}

    /**
     * Why a part must not be granted: another form of its group stands granted, or somebody offers it. An offer alone does not keep the form
     * that was granted last from going on: what ran may be started anew, moved and taken over until its definition has changed everywhere.
     */
    static Optional<String> obstacle(ClusterRecord record, String name) {
        for (Map.Entry<String, GroupRecord> other :
                otherForm(record.groups(), name).entrySet()) {
            Optional<Grant> standing = other.getValue().grant().filter(Grant::stands);
            if (standing.isPresent()) {
                return Optional.of(sentence(
                        other.getKey(), "stands granted to " + standing.get().holder()));
            }
        }
        if (newestToken(sameForm(record.groups(), name)) > newestToken(otherForm(record.groups(), name))) {
            return Optional.empty();
        }
        for (Session session : record.sessions().values()) {
            SortedMap<String, ?> others = otherForm(session.candidacies(), name);
            if (!others.isEmpty()) {
                return Optional.of(sentence(
                        others.firstKey(),
                        "is offered by " + session.incarnation().node()));
            }
        }
        return Optional.empty();
    }

    private static String sentence(String other, String what) {
        String title = Part.roleOf(other) == Role.WHOLE ? other + " as a whole" : Part.title(other);
        return "a group runs whole or in copies, and " + title + " " + what + "; register it alike on every node";
    }

    private static long newestToken(SortedMap<String, GroupRecord> groups) {
        return groups.values().stream()
                .flatMap(group -> group.grant().stream())
                .mapToLong(Grant::token)
                .max()
                .orElse(0);
    }

    private static <V> SortedMap<String, V> sameForm(SortedMap<String, V> names, String name) {
        return Part.roleOf(name) == Role.WHOLE ? whole(names, name) : parts(names, Part.groupOf(name));
    }

    private static <V> SortedMap<String, V> otherForm(SortedMap<String, V> names, String name) {
        return Part.roleOf(name) == Role.WHOLE ? parts(names, name) : whole(names, Part.groupOf(name));
    }

    private static <V> SortedMap<String, V> parts(SortedMap<String, V> names, String group) {
        return names.subMap(group + FIRST, group + END);
    }

    private static <V> SortedMap<String, V> whole(SortedMap<String, V> names, String group) {
        return names.subMap(group, group + "\0");
    }

    /** Whether a part is left over from another definition of its group: nobody offers or holds it, and another part somebody does. */
    public static boolean isLeftOver(ClusterRecord record, String name) {
        String group = Part.groupOf(name);
        return !isAlive(record, name)
                && (isAlive(record, group)
                        || parts(record.groups(), group).keySet().stream().anyMatch(other -> isAlive(record, other)));
    }

    private static boolean isAlive(ClusterRecord record, String name) {
        GroupRecord group = record.groups().get(name);
        return group != null && group.grant().filter(Grant::stands).isPresent()
                || record.sessions().values().stream()
                        .anyMatch(session -> session.candidacies().containsKey(name));
    }
}
