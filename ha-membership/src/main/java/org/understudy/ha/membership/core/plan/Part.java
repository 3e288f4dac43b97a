package org.understudy.ha.membership.core.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.api.config.Placement;

/**
 * What of a group is granted by itself: the whole of it, one of its copies, or the promoted role. Pure.
 *
 * <p>The cluster record knows only groups with one owner each. So {@code n} copies of {@code web} are the groups {@code web#1} to
 * {@code web#n} there, and the promoted role of {@code db} is the group {@code db!promoted}; neither character occurs in the name of a user's
 * group. Each copy prefers another node first, so that they spread by themselves.
 *
 * @param name in the record
 * @param copy its number, from 1; 0 for what is no copy
 * @param preferred the nodes in order of preference
 * @param priority among the candidates of a copy without preferred nodes
 * @param entries what it starts, in order
 * @param placement the group's rules, and for copies that they are apart from one another; the promoted role is where a copy is, and takes no room of its own
 */
public record Part(
        String name,
        Role role,
        int copy,
        List<NodeId> preferred,
        int priority,
        List<Group.Entry> entries,
        Placement placement) {

    private static final String COPY = "#";
    /** What follows that in the order of names. */
    private static final String END_OF_COPIES = "$";

    private static final String PROMOTED = "!promoted";

    public Part {
        preferred = List.copyOf(preferred);
        entries = List.copyOf(entries);
    }

    /**
     * The parts of a group, as one node offers them.
     *
     * @param owners every node that could run it, in an order that is the same everywhere
     */
    public static List<Part> of(Group group, List<NodeId> owners, NodeId self) {
        if (group.copies().isOne()) {
            return List.of(
                    new Part(group.name(), Role.WHOLE, 0, group.preferred(), 0, group.resources(), group.placement()));
        }
        List<Group.Entry> own =
                group.resources().stream().filter(e -> !e.isWithPromoted()).toList();
        Placement apart = group.placement().alsoApartFrom(group.name());
        List<Part> parts = new ArrayList<>();
        for (int copy = 1; copy <= group.copies().count(); copy++) {
            List<NodeId> preferred = rotated(group.preferred(), copy - 1);
            int place = rotated(owners, copy - 1).indexOf(self);
            parts.add(new Part(copy(group.name(), copy), Role.COPY, copy, preferred, -place, own, apart));
        }
        if (group.copies().isPromotable()) {
            List<Group.Entry> promoted =
                    group.resources().stream().filter(Part::isPromoted).toList();
            parts.add(new Part(promoted(group.name()), Role.PROMOTED, 0, List.of(), 0, promoted, Placement.NONE));
        }
        return parts;
    }

    private static boolean isPromoted(Group.Entry entry) {
        return entry.isWithPromoted() || entry.resource() instanceof org.understudy.ha.api.spi.PromotableResource;
    }

    private static List<NodeId> rotated(List<NodeId> nodes, int by) {
        List<NodeId> rotated = new ArrayList<>(nodes);
        Collections.rotate(rotated, -by);
        return rotated;
    }

    /** The name of a copy of a group in the record. */
    public static String copy(String group, int number) {
        return group + COPY + number;
    }

    /** Of what stands under names of the record, the copies of a group. */
    static <V> SortedMap<String, V> copies(SortedMap<String, V> names, String group) {
        return names.subMap(group + COPY, group + END_OF_COPIES);
    }

    /** How the record calls what a status is about. */
    public static String nameOf(GroupStatus status) {
        return switch (status.role()) {
            case WHOLE -> status.group();
            case COPY -> copy(status.group(), status.copy());
            case PROMOTED -> promoted(status.group());
        };
    }

    /** The name of the promoted role of a group in the record. */
    public static String promoted(String group) {
        return group + PROMOTED;
    }

    /** The group that a name in the record belongs to. */
    public static String groupOf(String name) {
        int end = name.endsWith(PROMOTED) ? name.length() - PROMOTED.length() : name.lastIndexOf(COPY);
        return end < 0 ? name : name.substring(0, end);
    }

    /** What a name in the record means. */
    public static Role roleOf(String name) {
        if (name.endsWith(PROMOTED)) {
            return Role.PROMOTED;
        }
        return name.contains(COPY) ? Role.COPY : Role.WHOLE;
    }

    /** The number of a copy by its name in the record; 0 for what is none. */
    public static int copyOf(String name) {
        String number = roleOf(name) == Role.COPY ? name.substring(name.lastIndexOf(COPY) + 1) : "";
        return number.matches("[0-9]{1,9}") ? Integer.parseInt(number) : 0;
    }

    /** What to call it to somebody who knows the group. */
    public static String title(String name) {
        return switch (roleOf(name)) {
            case WHOLE -> name;
            case COPY -> groupOf(name) + " copy " + copyOf(name);
            case PROMOTED -> groupOf(name) + " promoted";
        };
    }

    /** The name in the record of what somebody calls by its title, or by that name. */
    public static String named(String called) {
        return called.replaceFirst("^(\\S+) copy ([0-9]+)$", "$1" + COPY + "$2")
                .replaceFirst("^(\\S+) promoted$", "$1" + PROMOTED);
    }

    public String group() {
        return groupOf(name);
    }

    public String title() {
        return title(name);
    }
}
