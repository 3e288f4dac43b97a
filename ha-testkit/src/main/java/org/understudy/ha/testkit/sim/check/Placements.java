package org.understudy.ha.testkit.sim.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Failback;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.testkit.sim.Violation.Checker;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * What became of placement rules: judged by the records that were chosen, one after the other, and by what began and ended when. Knows the rules
 * from {@link Reading}, and nothing of how the planner follows them. Checks APART_HOLDS, TOGETHER_HOLDS, ROOM_HOLDS, AFTER_HOLDS, PARTS_HOLD,
 * STANDBY_HOLDS, MAINTENANCE_HOLDS, RULES_AGREE and NO_NEEDLESS_MOVE.
 *
 * <p>A rule counts as it stands in the record that grants something. Rules that change meanwhile make nothing wrong that ran before; whatever they
 * break is to be mended by the time everything rests. A record is judged only beside the one it was made from, that is where both were chosen.
 */
public final class Placements {

    /** How long a move that was asked for may still be begun: it is said again for some time, and heard late. */
    private static final long ASKED = 20_000 * Timeline.MILLI;
    /** Clocks may be as much faster, in parts of a hundred. */
    private static final int DRIFT_PERCENT = 3;

    private static final int RECORDS_KEPT = 16;
    private static final String STANDBY = "this node is on standby";
    private static final String MOVE = "asked to move to ";
    private static final String FAILURE = "simulated failure";

    private final Court court;
    private final Map<String, SimGroup> groups = new HashMap<>();
    private final List<NodeId> ids;
    private final Ownership ownership;
    private final Consumer<String> count;
    private final TreeMap<Long, Reading> chosen = new TreeMap<>();
    /** By the token of each grant that was judged, the record that made it. */
    private final TreeMap<Long, Reading> granted = new TreeMap<>();

    private final TreeSet<Long> seen = new TreeSet<>();
    /** Tokens under which something has started completely. */
    private final TreeSet<Long> started = new TreeSet<>();

    private final Map<String, Long> asked = new HashMap<>();
    private final Map<String, Since> since = new HashMap<>();
    private int generation;

    private record Since(Incarnation who, long at) {}

    /**
     * @param count told of what happened, in words
     */
    public Placements(
            Court court, List<SimGroup> groups, List<NodeId> ids, Ownership ownership, Consumer<String> count) {
        this.court = court;
        this.ids = ids;
        this.ownership = ownership;
        this.count = count;
        groups.forEach(group -> this.groups.put(group.name(), group));
    }

    /** Whether any group has rules. */
    boolean hasRules() {
        return groups.values().stream().anyMatch(group -> !group.placement().equals(Placement.NONE));
    }

    // ---- what operators and nodes do -----------------------------------------------------------------------------

    /** An operator asks for a move. */
    public void asksMove(String group, NodeId to) {
        asked.put(group + " to " + to, court.now());
    }

    /** A group begins to act. */
    public void begins(SimGroup group, int node, long token) {
        if (group.role() == Role.PROMOTED) {
            court.looked(Checker.PARTS_HOLD);
            boolean hasCopy = groups.values().stream()
                    .anyMatch(other -> isCopy(other, group.family())
                            && ownership.actsByItself(other, node)
                            && started.contains(ownership.token(other, node)));
            if (!hasCopy) {
                court.violated(
                        Checker.PARTS_HOLD,
                        ids.get(node) + " promotes " + group.family() + " token " + token
                                + " where no copy of it runs");
            }
        }
        for (SimGroup other : groups.values()) {
            if (other != group && ownership.acts(other, node)) {
                checkBeside(group, other, node);
            }
        }
        checkRoom(node);
    }

    private static boolean isCopy(SimGroup group, String family) {
        return group.role() == Role.COPY && group.family().equals(family);
    }

    private void checkBeside(SimGroup one, SimGroup other, int node) {
        court.looked(Checker.PARTS_HOLD);
        if (one.role() == Role.COPY && isCopy(other, one.family())) {
            court.violated(
                    Checker.PARTS_HOLD,
                    "two copies act on " + ids.get(node) + ": " + one.name() + " and " + other.name());
        }
        Reading later = granted.get(Math.max(ownership.token(one, node), ownership.token(other, node)));
        court.looked(Checker.APART_HOLDS);
        if (later != null && later.areApart(one.name(), other.name())) {
            court.violated(
                    Checker.APART_HOLDS,
                    one.name() + " and " + other.name() + " must be apart and both act on " + ids.get(node));
        }
    }

    /** As the newest grant that acts there was made: what it needs must have been left. */
    private void checkRoom(int node) {
        long newest = 0;
        String last = "";
        List<String> acting = new ArrayList<>();
        for (SimGroup group : groups.values()) {
            if (ownership.acts(group, node)) {
                acting.add(group.name());
                last = ownership.token(group, node) > newest ? group.name() : last;
                newest = Math.max(newest, ownership.token(group, node));
            }
        }
        Reading made = granted.get(newest);
        if (made == null) {
            return;
        }
        court.looked(Checker.ROOM_HOLDS);
        for (String kind : made.rules(last).needs().keySet()) {
            long taken =
                    acting.stream().mapToLong(group -> made.need(group, kind)).sum();
            if (taken > made.capacity(ids.get(node), kind)) {
                court.violated(
                        Checker.ROOM_HOLDS,
                        acting + " act on " + ids.get(node) + " and take " + taken + " " + kind + " of "
                                + made.capacity(ids.get(node), kind));
            }
        }
    }

    /** A group has started completely. */
    public void started(SimGroup group, long token) {
        started.add(token);
    }

    /** A group has stopped. */
    public void ends(SimGroup group, int node) {
        SimGroup promoted = groups.get(Part.promoted(group.family()));
        boolean isLeftPromoted = group.role() == Role.COPY
                && promoted != null
                && ownership.actsByItself(promoted, node)
                && groups.values().stream()
                        .noneMatch(other -> isCopy(other, group.family()) && ownership.actsByItself(other, node));
        court.looked(Checker.PARTS_HOLD);
        if (isLeftPromoted) {
            court.violated(
                    Checker.PARTS_HOLD,
                    ids.get(node) + " stops the copy " + group.name() + " while it is promoted still");
        }
    }

    /** A node orders a start. */
    public void ordersStart(NodeId node, String group, long token, Optional<ClusterRecord> known) {
        court.looked(Checker.STANDBY_HOLDS);
        known.filter(record -> record.standby().contains(node))
                .filter(record -> !new Reading(record).isMaintained(group, node))
                .ifPresent(record -> court.violated(
                        Checker.STANDBY_HOLDS,
                        node + " starts " + group + " token " + token + " although it knows that it is on standby"));
    }

    /** A node orders a stop. */
    public void ordersStop(NodeId node, String group, long token, String why, Optional<ClusterRecord> known) {
        if (known.isEmpty() || !known.get().groups().containsKey(group)) {
            return;
        }
        Reading reading = new Reading(known.get());
        String held = known.get().groups().get(group).held();
        boolean isPlanned = why.equals(STANDBY) || why.startsWith(MOVE) || !held.isEmpty() && why.equals(held);
        boolean isFailure = why.equals(FAILURE) && started.contains(token);
        if (isPlanned || isFailure) {
            court.looked(Checker.MAINTENANCE_HOLDS);
            if (reading.isMaintained(group, node)) {
                court.violated(
                        Checker.MAINTENANCE_HOLDS,
                        node + " stops " + group + " token " + token + " in maintenance: " + why);
            }
        }
        if (isPlanned) {
            count.accept("planned stops");
            checkDependents(reading, node, group);
        }
    }

    private void checkDependents(Reading reading, NodeId node, String group) {
        for (String dependent : reading.record().groups().keySet()) {
            boolean isUnserved = reading.rules(dependent).after().stream()
                    .filter(called -> reading.named(called, dependent).contains(group))
                    .anyMatch(called -> !reading.isServed(dependent, called, reading.token(dependent)));
            if (!isUnserved
                    || reading.isCircle(group, dependent)
                    || reading.holder(dependent).isEmpty()) {
                continue;
            }
            court.looked(Checker.AFTER_HOLDS);
            SimGroup acting = groups.get(dependent);
            int at = ids.indexOf(reading.holder(dependent).get());
            if (!reading.isMaintained(dependent, ids.get(at))
                    && ownership.token(acting, at) == reading.token(dependent)
                    && ownership.acts(acting, at)) {
                court.violated(
                        Checker.AFTER_HOLDS,
                        node + " stops " + group + " while " + dependent + " still runs on " + ids.get(at)
                                + ", which runs only after it");
            }
        }
    }

    // ---- what is decided -----------------------------------------------------------------------------------------

    /** A record is chosen. */
    public void chosen(ClusterRecord record) {
        if (record.generation() != generation) {
            generation = record.generation();
            chosen.clear();
            since.clear();
        }
        if (!chosen.isEmpty() && record.number() <= chosen.lastKey()) {
            // A slow disk makes a majority of what others have gone on from.
            return;
        }
        Reading reading = new Reading(record);
        Optional<Reading> before = Optional.ofNullable(chosen.get(record.number() - 1));
        chosen.put(record.number(), reading);
        while (chosen.size() > RECORDS_KEPT) {
            chosen.pollFirstEntry();
        }
        record.groups().forEach((name, group) -> {
            Optional<Grant> grant = group.grant().filter(each -> seen.add(each.token()));
            before.ifPresent(earlier -> {
                grant.filter(Grant::stands).ifPresent(fresh -> judge(reading, name, fresh));
                judgeOrders(earlier, reading, name);
            });
        });
        count(reading);
    }

    private void judge(Reading reading, String name, Grant grant) {
        NodeId node = grant.holder().node();
        granted.put(grant.token(), reading);
        checkOperators(reading, name, node);
        checkAgreement(reading, name, grant);
        checkForms(reading, name, node);
        if (reading.record().groups().get(name).held().isEmpty()) {
            checkCompany(reading, name, node);
        }
        for (String kind : reading.rules(name).needs().keySet()) {
            court.looked(Checker.ROOM_HOLDS);
            if (reading.load(node, kind) > reading.capacity(node, kind)) {
                court.violated(
                        Checker.ROOM_HOLDS,
                        name + " is granted " + node + ", where " + reading.load(node, kind) + " " + kind + " of "
                                + reading.capacity(node, kind) + " is taken with it");
            }
        }
        for (String called : reading.rules(name).after()) {
            court.looked(Checker.AFTER_HOLDS);
            boolean runs = reading.named(called, name).stream()
                    .anyMatch(first -> reading.token(first) < grant.token() && started.contains(reading.token(first)));
            if (!runs) {
                court.violated(
                        Checker.AFTER_HOLDS, name + " is granted " + node + ", and " + called + " has not started");
            }
        }
    }

    private void checkOperators(Reading reading, String name, NodeId node) {
        court.looked(Checker.STANDBY_HOLDS);
        if (reading.record().standby().contains(node)) {
            court.violated(Checker.STANDBY_HOLDS, name + " is granted " + node + ", which is on standby");
        }
        court.looked(Checker.MAINTENANCE_HOLDS);
        if (reading.isMaintained(name, node)) {
            court.violated(Checker.MAINTENANCE_HOLDS, name + " is granted " + node + " in maintenance");
        }
    }

    private void checkAgreement(Reading reading, String name, Grant grant) {
        long digest = reading.record().groups().get(name).rules().digest();
        NodeId node = grant.holder().node();
        court.looked(Checker.RULES_AGREE);
        if (reading.offer(name, node).filter(offer -> offer.rules() != digest).isPresent()) {
            court.violated(Checker.RULES_AGREE, name + " is granted " + node + ", which registers it with other rules");
        }
        boolean isDisputed = reading.record().sessions().keySet().stream()
                .flatMap(each -> reading.offer(name, each).stream())
                .anyMatch(offer -> offer.rules() != digest);
        if (grant.proof() == ProofKind.NEVER && isDisputed) {
            court.violated(
                    Checker.RULES_AGREE, name + " is granted for the first time while nodes register it differently");
        }
    }

    private void checkForms(Reading reading, String name, NodeId node) {
        String family = Part.groupOf(name);
        for (String other : reading.record().groups().keySet()) {
            if (other.equals(name)
                    || !Part.groupOf(other).equals(family)
                    || reading.holder(other).isEmpty()) {
                continue;
            }
            court.looked(Checker.PARTS_HOLD);
            if ((Part.roleOf(name) == Role.WHOLE) != (Part.roleOf(other) == Role.WHOLE)) {
                court.violated(Checker.PARTS_HOLD, name + " is granted " + node + " beside " + other);
            }
            boolean areCopies = Part.roleOf(name) == Role.COPY && Part.roleOf(other) == Role.COPY;
            if (areCopies && reading.holder(other).get().equals(node)) {
                court.violated(Checker.PARTS_HOLD, name + " is granted " + node + ", where " + other + " is");
            }
        }
    }

    private void checkCompany(Reading reading, String name, NodeId node) {
        for (String other : reading.record().groups().keySet()) {
            if (reading.areApart(name, other)) {
                court.looked(Checker.APART_HOLDS);
                if (reading.isAt(other, node)) {
                    court.violated(
                            Checker.APART_HOLDS,
                            name + " is granted " + node + ", from which " + other + " must keep it");
                }
            }
        }
        if (!reading.rules(name).with().isEmpty()) {
            court.looked(Checker.TOGETHER_HOLDS);
            if (!reading.isTogetherOrFollowed(name, node)) {
                court.violated(
                        Checker.TOGETHER_HOLDS,
                        name + " is granted " + node + ", and must be with "
                                + reading.rules(name).with());
            }
        }
    }

    /** A group is told to move or to stop. */
    private void judgeOrders(Reading before, Reading after, String name) {
        GroupRecord earlier = before.record().groups().get(name);
        GroupRecord later = after.record().groups().get(name);
        if (earlier == null || after.holder(name).isEmpty() || after.token(name) != before.token(name)) {
            return;
        }
        NodeId here = after.holder(name).get();
        boolean isMoved = later.moveTo().filter(to -> !to.equals(here)).isPresent()
                && !later.moveTo().equals(earlier.moveTo());
        boolean isHeld = !later.held().isEmpty() && earlier.held().isEmpty();
        if (!isMoved && !isHeld) {
            return;
        }
        count.accept(isMoved ? "groups told to move" : "groups told to stop");
        court.looked(Checker.MAINTENANCE_HOLDS);
        if (after.isMaintained(name, here)) {
            court.violated(
                    Checker.MAINTENANCE_HOLDS, name + " is told to " + (isMoved ? "move" : "stop") + " in maintenance");
        }
        court.looked(Checker.NO_NEEDLESS_MOVE);
        // What leaves a node on standby is told where it goes.
        boolean isWhy = isMoved && after.record().standby().contains(here)
                || isBroken(before, name, here)
                || isBroken(after, name, here)
                || isMoved && isWanted(after, name, here, later.moveTo().get())
                || isHeld && isUnserved(after, name);
        if (!isWhy) {
            court.violated(
                    Checker.NO_NEEDLESS_MOVE,
                    name + " on " + here + " is told to "
                            + (isMoved ? "move to " + later.moveTo().get() : "stop: " + later.held())
                            + ", and no rule asks for it");
        }
    }

    /** Whether it cannot stay, or others need its place. */
    private static boolean isBroken(Reading reading, String name, NodeId here) {
        if (!reading.isTogether(name, here) || reading.isCrowded(name, here)) {
            return true;
        }
        for (String called : reading.rules(name).with()) {
            if (reading.named(called, name).stream()
                    .noneMatch(first ->
                            reading.holder(first).filter(here::equals).isPresent() && !reading.isToStop(first))) {
                return true;
            }
        }
        for (String other : reading.record().groups().keySet()) {
            boolean isNeeding = reading.holder(other).isEmpty() && reading.urgency(other) > reading.urgency(name);
            boolean isRival = reading.areApart(name, other)
                    || reading.rules(other).needs().keySet().stream()
                            .anyMatch(reading.rules(name).needs()::containsKey);
            boolean isApart = reading.areApart(name, other) && reading.isAt(other, here);
            boolean isLed = reading.isCircle(name, other)
                    && !reading.holder(other).filter(here::equals).isPresent();
            if (isApart || isNeeding && isRival || isLed) {
                return true;
            }
        }
        return false;
    }

    private static boolean isUnserved(Reading reading, String name) {
        return reading.rules(name).after().stream()
                .anyMatch(called -> !reading.isServed(name, called, reading.token(name)));
    }

    private boolean isWanted(Reading reading, String name, NodeId here, NodeId to) {
        Long at = asked.get(name + " to " + to);
        if (at != null && court.now() - at <= ASKED) {
            return true;
        }
        Failback failback = reading.rules(name).failback();
        List<NodeId> preferred =
                reading.offer(name, to).map(Candidacy::preferred).orElse(List.of());
        int rank = preferred.indexOf(to);
        boolean isHome = rank >= 0 && (!preferred.contains(here) || rank < preferred.indexOf(here));
        Since good = since.get(name + " on " + to);
        boolean isHomeLongEnough = failback.mode() == Failback.Mode.WHEN_STABLE
                && isHome
                && good != null
                && court.now() - good.at >= failback.stable().toNanos() / 100 * (100 - DRIFT_PERCENT);
        if (isHomeLongEnough) {
            count.accept("groups told to go home");
        }
        return isHomeLongEnough;
    }

    /** Since when each node may have been seen to be able to run each group, in its present session. */
    private void count(Reading reading) {
        for (String name : reading.record().groups().keySet()) {
            for (Session session : reading.record().sessions().values()) {
                NodeId node = session.incarnation().node();
                String key = name + " on " + node;
                Since known = since.get(key);
                boolean isNew = known == null || !known.who.equals(session.incarnation());
                if (isNew
                        && reading.offer(name, node)
                                .filter(Candidacy::isEligible)
                                .isPresent()) {
                    since.put(key, new Since(session.incarnation(), court.now()));
                }
            }
        }
        since.keySet()
                .removeIf(key ->
                        !reading.record().sessions().containsKey(NodeId.of(key.substring(key.lastIndexOf(' ') + 1))));
    }

    // ---- when everything rests -----------------------------------------------------------------------------------

    /** Everything works again, and has had its time: no rule is broken. */
    public void rests(ClusterRecord record) {
        Reading reading = new Reading(record);
        for (String name : record.groups().keySet()) {
            if (!reading.isLive(name)) {
                continue;
            }
            NodeId here = reading.holder(name).orElseThrow();
            for (String other : record.groups().keySet()) {
                if (reading.isLive(other)
                        && reading.areApart(name, other)
                        && reading.holder(other).filter(here::equals).isPresent()) {
                    court.violated(Checker.APART_HOLDS, name + " and " + other + " must be apart and rest on " + here);
                }
            }
            if (!reading.isTogether(name, here)) {
                court.violated(
                        Checker.TOGETHER_HOLDS,
                        name + " rests on " + here + " without "
                                + reading.rules(name).with());
            }
            if (reading.isCrowded(name, here)) {
                court.violated(
                        Checker.ROOM_HOLDS, name + " rests on " + here + ", which has not room for what is there");
            }
            if (isUnserved(reading, name)) {
                court.violated(
                        Checker.AFTER_HOLDS,
                        name + " rests on " + here + ", and not all of "
                                + reading.rules(name).after() + " run");
            }
        }
    }

    /** Whether no rule keeps a group that nobody holds from being granted a node that offers it, once those that are less urgent make room. */
    boolean couldRun(ClusterRecord record, String name, NodeId node) {
        Reading reading = new Reading(record);
        boolean isKept = record.standby().contains(node)
                || reading.isMaintained(name, node)
                || reading.offer(name, node)
                        .filter(offer -> offer.rules()
                                == record.groups().get(name).rules().digest())
                        .isEmpty()
                || !reading.isTogetherForGood(name, node)
                || isUnstarted(reading, name);
        if (isKept) {
            return false;
        }
        List<String> staying = record.groups().keySet().stream()
                .filter(other -> reading.isAt(other, node)
                        && (reading.urgency(other) >= reading.urgency(name) || !reading.isLive(other)))
                .toList();
        return staying.stream().noneMatch(other -> reading.areApart(name, other))
                && reading.rules(name).needs().entrySet().stream()
                        .allMatch(need -> staying.stream()
                                                .mapToLong(other -> reading.need(other, need.getKey()))
                                                .sum()
                                        + need.getValue()
                                <= reading.capacity(node, need.getKey()));
    }

    private boolean isUnstarted(Reading reading, String name) {
        return reading.rules(name).after().stream()
                .anyMatch(called -> reading.named(called, name).stream()
                        .noneMatch(first -> reading.isLive(first)
                                && !reading.isToStop(first)
                                && started.contains(reading.token(first))));
    }
}
