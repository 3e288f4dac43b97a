package org.understudy.ha.membership.core.assumptions;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.Outlook.GroupOutlook;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.Policies;
import org.understudy.ha.membership.core.plan.Rehearsal;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;

/**
 * What placement rules make of an outlook. Whether an end is proved is a matter of each group alone; where it may run then depends on all of
 * them. So the whole record is played without the nodes that a fault takes away, and what comes of it is laid beside what the proofs allow. Never
 * promises that something runs which they do not. An application's policy is not asked: where one has a say, every node that can start a
 * group with rules is named, and none is said to stop for good. Pure.
 */
final class Company {

    /** More groups on more nodes than this take too long to be played fault by fault. */
    private static final int SIZE_MAX = 5_000;

    private static final String NOWHERE = "no node can start it now; ";

    private final ClusterRecord record;
    private final Duration lease;
    private final boolean isRuled;
    /** Whether an application's policy decides where some of the groups go, and so what is left for the others. */
    private final boolean isChosenElsewhere;

    private final Map<Loss, ClusterRecord> played = new LinkedHashMap<>();

    private record Loss(List<NodeId> nodes, boolean isTold) {}

    /**
     * @param lease how long somebody silent is waited for
     */
    Company(ClusterRecord record, Duration lease) {
        this.record = record;
        this.lease = lease;
        this.isRuled = hasRules(record) && !isTooLarge(record);
        this.isChosenElsewhere = record.groups().values().stream().anyMatch(group -> Policies.isForeign(group.rules()));
    }

    private static boolean hasRules(ClusterRecord record) {
        return record.groups().values().stream()
                .anyMatch(group -> !group.rules().isNone());
    }

    private static boolean isTooLarge(ClusterRecord record) {
        return (long) record.groups().size() * record.sessions().size() > SIZE_MAX;
    }

    /** Whether there are rules and too many groups and nodes to play them. */
    static boolean isIgnored(ClusterRecord record) {
        return hasRules(record) && isTooLarge(record);
    }

    /** What is said of a group, with the rules. */
    GroupOutlook heeded(GroupOutlook said, List<Fault> faults) {
        if (!isRuled || !said.fate().isRunning()) {
            return said;
        }
        TreeSet<NodeId> gone = new TreeSet<>();
        boolean isTold = true;
        boolean isSure = !isChosenElsewhere;
        for (Fault fault : faults) {
            switch (fault.kind()) {
                case PROCESS_KILLED -> gone.add(fault.nodes().get(0));
                case NODE_LOST, NODE_PAUSED, CUT_OFF -> {
                    gone.add(fault.nodes().get(0));
                    isTold = false;
                }
                case DISK_LOST -> {
                    gone.add(fault.nodes().get(0));
                    isTold = false;
                    isSure = false;
                }
                default -> {}
            }
        }
        Optional<Grant> calm = grant(after(List.of(), false), said.group());
        boolean isUnderWay = !calm.equals(grant(record, said.group()));
        return gone.isEmpty() || isUnderWay ? said : heeded(said, after(List.copyOf(gone), isTold), isSure);
    }

    private GroupOutlook heeded(GroupOutlook said, ClusterRecord after, boolean isSure) {
        Optional<Grant> before = grant(record, said.group());
        Optional<Grant> now = grant(after, said.group()).filter(grant -> after.isLive(grant.holder()));
        if (now.isEmpty()) {
            String why = after.grant(said.group()).filter(Grant::stands).isPresent()
                    ? said.why()
                    : "placement rules leave it no node: " + whyNowhere(after, said.group());
            return new GroupOutlook(
                    said.group(),
                    isSure ? Fate.STOPS : Fate.MAY_STOP,
                    said.holder(),
                    isSure ? List.of() : List.copyOf(unsure(said, after)),
                    List.of(),
                    Duration.ZERO,
                    why);
        }
        if (now.equals(before)) {
            return said;
        }
        NodeId there = now.get().holder().node();
        TreeSet<NodeId> where = new TreeSet<>(List.of(there));
        if (!isSure) {
            where.addAll(unsure(said, after));
        }
        boolean isStruck = said.fate() == Fate.MOVES;
        return new GroupOutlook(
                said.group(),
                Fate.MOVES,
                said.holder(),
                List.copyOf(where),
                isStruck ? said.proofs() : List.of(now.get().proof()),
                isStruck ? said.atLatest() : lease,
                isStruck
                        ? said.why()
                        : "placement rules move it or start it anew, because of what stops or moves beside it");
    }

    /** Where it may run besides. What an application would choose is left open as far as rules have a say in it. */
    private TreeSet<NodeId> unsure(GroupOutlook said, ClusterRecord after) {
        TreeSet<NodeId> where = new TreeSet<>(said.mayRunOn());
        if (isChosenElsewhere && !record.groups().get(said.group()).rules().isNone()) {
            after.sessions().forEach((node, session) -> {
                Candidacy offer = session.candidacies().get(said.group());
                if (offer != null && offer.isEligible() && !after.standby().contains(node)) {
                    where.add(node);
                }
            });
        }
        return where;
    }

    private static String whyNowhere(ClusterRecord after, String group) {
        String why = Planner.whyUnowned(after, group);
        return why.startsWith(NOWHERE) ? why.substring(NOWHERE.length()) : why;
    }

    private static Optional<Grant> grant(ClusterRecord record, String group) {
        return record.grant(group).filter(Grant::stands);
    }

    private ClusterRecord after(List<NodeId> gone, boolean isTold) {
        return played.computeIfAbsent(
                new Loss(new ArrayList<>(gone), isTold), loss -> Rehearsal.without(record, loss.nodes, loss.isTold));
    }
}
