package org.understudy.ha.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What goes on and what stops while one fault lasts, or two at once or one after the other.
 *
 * @param faults one or two, in order
 * @param hasMajority whether a majority of the votes still reaches one another: without it nothing is started or moved
 * @param groups every group, by name; an election is the group {@code election:NAME}. Of a group in copies each copy by itself, {@code
 *     NAME#NUMBER}, and the promoted role, {@code NAME!promoted}
 * @since 0.1.0
 */
public record Outlook(List<Fault> faults, boolean hasMajority, List<GroupOutlook> groups) {

    private static final int NAMES_MAX = 5;

    public Outlook {
        faults = faults.stream().sorted().toList();
        groups = List.copyOf(groups);
    }

    /** What becomes of a group. */
    public enum Fate {
        /** It runs nowhere while the fault lasts. */
        STOPS,
        /** Whether it runs depends on the order of events; nothing is promised. */
        MAY_STOP,
        /** It runs, perhaps on another node, after a wait that is bounded. */
        MOVES,
        /** It runs where it is. */
        GOES_ON;

        /** Whether it is promised to run. */
        public boolean isRunning() {
            return this == MOVES || this == GOES_ON;
        }

        /** Whether this promises more than another. To stop and perhaps to stop promise alike. */
        public boolean promisesMoreThan(Fate other) {
            return Math.max(ordinal(), 1) > Math.max(other.ordinal(), 1);
        }
    }

    /**
     * A group's part.
     *
     * @param holder where it runs as long as nothing happens; empty if nowhere
     * @param mayRunOn every node it may run on; empty only if it stops
     * @param proofs by which proofs another node may take it over; empty if nobody needs to, or may
     * @param atLatest how long another node waits for its proof at most; starting its resources comes on top
     * @param why one sentence
     * @param isSurplus whether it is a copy that runs nowhere because there are more copies than nodes left, each of which runs one: what the
     *     number of copies says already
     */
    public record GroupOutlook(
            String group,
            Fate fate,
            Optional<NodeId> holder,
            List<NodeId> mayRunOn,
            List<ProofKind> proofs,
            Duration atLatest,
            String why,
            boolean isSurplus) {
        public GroupOutlook {
            mayRunOn = List.copyOf(mayRunOn);
            proofs = List.copyOf(proofs);
        }

        /** Of what is no surplus copy. */
        public GroupOutlook(
                String group,
                Fate fate,
                Optional<NodeId> holder,
                List<NodeId> mayRunOn,
                List<ProofKind> proofs,
                Duration atLatest,
                String why) {
            this(group, fate, holder, mayRunOn, proofs, atLatest, why, false);
        }

        /** The same, of a surplus copy. */
        public GroupOutlook asSurplus() {
            return new GroupOutlook(group, fate, holder, mayRunOn, proofs, atLatest, why, true);
        }

        /** Whether it runs nowhere already, so that the fault does not stop it. */
        private boolean isDown() {
            return holder.isEmpty() && !fate.isRunning();
        }

        /** What to call it: the group, a copy of it, or its promoted copy. */
        public String title() {
            return PartNames.plain(group);
        }

        /** One sentence without the fault. */
        @Override
        public String toString() {
            return title()
                    + switch (fate) {
                        case GOES_ON -> " stays on " + words(mayRunOn);
                        case MOVES ->
                            (holder.filter(mayRunOn::contains).isPresent() ? " runs on " : " moves to ")
                                    + words(mayRunOn) + ", proved by " + words(proofs)
                                    + (atLatest.isZero()
                                            ? " at once"
                                            : " after at most " + atLatest.toMillis() + " ms");
                        case MAY_STOP -> " may stop: " + PartNames.plain(why);
                        case STOPS -> (isDown() ? ": " : " stops: ") + PartNames.plain(why);
                    };
        }
    }

    /** What is said of a group; of one with a promoted role, what is said of that. */
    public Optional<GroupOutlook> group(String name) {
        return named(name).or(() -> named(name + "!promoted"));
    }

    private Optional<GroupOutlook> named(String name) {
        return groups.stream().filter(g -> g.group().equals(name)).findFirst();
    }

    /** Whether no group stops, or may stop, that does not run nowhere already. {@linkplain GroupOutlook#isSurplus() Surplus} copies do not count. */
    public boolean isSurvived() {
        return groups.stream().allMatch(g -> g.fate().isRunning() || g.isDown() || g.isSurplus());
    }

    /** Whether any group runs as long as nothing happens. */
    boolean isAnythingRunning() {
        return !groups.stream().allMatch(GroupOutlook::isDown);
    }

    /** The faults alone, for example {@code serv1 is killed and serv2 is cut off}. */
    public String cause() {
        return faults.stream().map(Fault::toString).collect(Collectors.joining(" and "));
    }

    /**
     * What stops or may stop, with the reasons; groups that stop for the same reason together. Empty if nothing does. Of groups that run
     * nowhere already the fault stops none. Without {@linkplain GroupOutlook#isSurplus() surplus} copies.
     */
    public String whatStops() {
        List<String> parts = new ArrayList<>();
        for (Fate fate : List.of(Fate.STOPS, Fate.MAY_STOP)) {
            groups.stream()
                    .filter(g -> g.fate() == fate && !g.isDown() && !g.isSurplus())
                    .collect(Collectors.groupingBy(
                            g -> PartNames.plain(g.why()), java.util.LinkedHashMap::new, Collectors.toList()))
                    .forEach((why, same) -> parts.add(
                            names(same) + (fate == Fate.STOPS ? verb(same, " stop") : " may stop") + ": " + why));
        }
        if (!isAnythingRunning() && !hasMajority) {
            parts.add("everything stops: no majority of the votes is left");
        }
        return String.join("; ", parts);
    }

    /** One sentence: what happens, what goes on, what stops, and why. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        List<GroupOutlook> staying =
                groups.stream().filter(g -> g.fate() == Fate.GOES_ON).toList();
        if (!staying.isEmpty()) {
            parts.add(names(staying) + verb(staying, " go") + " on");
        }
        groups.stream()
                .filter(g -> g.fate() == Fate.MOVES)
                .limit(NAMES_MAX)
                .map(GroupOutlook::toString)
                .forEach(parts::add);
        long moving = groups.stream().filter(g -> g.fate() == Fate.MOVES).count();
        if (moving > NAMES_MAX) {
            parts.add((moving - NAMES_MAX) + " more move");
        }
        if (!whatStops().isEmpty()) {
            parts.add(whatStops());
        }
        if (parts.isEmpty() && hasMajority) {
            parts.add("a majority of the votes goes on");
        }
        List<GroupOutlook> surplus =
                groups.stream().filter(GroupOutlook::isSurplus).toList();
        if (!surplus.isEmpty()) {
            parts.add(names(surplus) + verb(surplus, " find") + " no node, each that is left runs one already");
        }
        List<GroupOutlook> down =
                groups.stream().filter(g -> g.isDown() && !g.isSurplus()).toList();
        if (!down.isEmpty()) {
            parts.add(names(down) + verb(down, " run") + " nowhere already");
        }
        return cause() + ": " + String.join("; ", parts);
    }

    private static String verb(List<GroupOutlook> groups, String plural) {
        boolean isOne = groups.size() == 1;
        return isOne ? plural + (plural.endsWith("o") ? "es" : "s") : plural;
    }

    private static String names(List<GroupOutlook> groups) {
        return PartNames.together(groups.stream().map(GroupOutlook::group).toList(), NAMES_MAX);
    }

    private static String words(List<?> each) {
        return each.stream().map(Object::toString).collect(Collectors.joining(" or "));
    }
}
