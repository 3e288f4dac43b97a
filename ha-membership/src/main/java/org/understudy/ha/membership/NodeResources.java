package org.understudy.ha.membership;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Resources;
import org.understudy.ha.api.Role;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.runtime.Lane;
import org.understudy.ha.membership.runtime.NodeLanes;

/** The groups of a node: what is registered and how it is. Thread-safe. */
final class NodeResources implements Resources {

    private static final Comparator<GroupStatus> PART_ORDER =
            Comparator.comparing(GroupStatus::group).thenComparingInt(GroupStatus::copy);

    /** The node these groups belong to. */
    interface Host {
        /**
         * @throws LifecycleException if the node is closed
         */
        void checkOpen();

        /** Registers a group, all parts of it or none. */
        void addLanes(Group group, List<Part> parts);
    }

    private final NodeId self;
    private final Host host;
    private final NodeLanes lanes;
    private final GroupStatuses statuses;
    private final GroupChecks checks;
    private final Mismatches mismatches;
    private final NodeMoves moves;

    NodeResources(
            NodeId self,
            Host host,
            NodeLanes lanes,
            GroupStatuses statuses,
            GroupChecks checks,
            Mismatches mismatches,
            NodeMoves moves) {
        this.self = self;
        this.host = host;
        this.lanes = lanes;
        this.statuses = statuses;
        this.checks = checks;
        this.mismatches = mismatches;
        this.moves = moves;
    }

    @Override
    public void register(Group group) {
        host.checkOpen();
        host.addLanes(group, checks.parts(group));
        mismatches.registered(group);
    }

    @Override
    public Coverage coverage(String group) {
        return Stream.of(group, Part.promoted(group), Part.copy(group, 1))
                .flatMap(name -> lanes.find(name).stream())
                .findFirst()
                .map(Lane::coverage)
                .orElseThrow(() -> new LifecycleException(
                        "group " + group + " is not registered on node " + self + "; register it first"));
    }

    @Override
    public List<GroupStatus> status() {
        return statuses.all().values().stream()
                .filter(s -> !s.group().startsWith(Planner.ELECTION_PREFIX))
                .sorted(PART_ORDER)
                .map(statuses::withProgress)
                .toList();
    }

    @Override
    public GroupStatus status(String group) {
        List<GroupStatus> parts = parts(group);
        return parts.stream()
                .filter(part -> part.role() == Role.PROMOTED)
                .findFirst()
                .or(() -> parts.stream().filter(GroupStatus::isHere).findFirst())
                .or(() -> parts.stream()
                        .filter(part -> part.state() == GroupStatus.State.UNOWNED)
                        .findFirst())
                .orElse(parts.get(0));
    }

    @Override
    public List<GroupStatus> parts(String group) {
        SortedMap<String, GroupStatus> known = statuses.all();
        TreeMap<String, GroupStatus> all = new TreeMap<>(known);
        lanes.names().forEach(name -> all.computeIfAbsent(name, statuses::unknown));
        List<GroupStatus> parts = all.values().stream()
                .filter(status -> status.group().equals(group))
                .sorted(PART_ORDER)
                .map(statuses::withProgress)
                .toList();
        if (parts.isEmpty()) {
            throw new LifecycleException("node " + self + " knows no group " + group + "; known are "
                    + all.values().stream()
                            .map(GroupStatus::group)
                            .filter(name -> !name.startsWith(Planner.ELECTION_PREFIX))
                            .distinct()
                            .toList());
        }
        return parts;
    }

    @Override
    public CompletionStage<MoveResult> move(String group, NodeId to, Duration limit) {
        NodeMoves.check(group, to, limit);
        host.checkOpen();
        String name = isCopied(group) ? Part.promoted(group) : group;
        if (Part.roleOf(group) == Role.COPY || isCopied(group) && !isNamed(name)) {
            return CompletableFuture.completedFuture(new MoveResult(
                    MoveResult.Outcome.REFUSED,
                    "group " + Part.groupOf(group)
                            + " runs in several copies, and none of them is to be elsewhere; to empty a node put it on"
                            + " standby"));
        }
        return moves.ask(name, () -> soFar(name), to, limit);
    }

    /** How a move that is not decided yet stands; it is tried on, whoever waits for it. */
    private String soFar(String part) {
        Optional<GroupStatus> status = statuses.find(part).map(statuses::withProgress);
        String reason = status.map(GroupStatus::reason)
                .filter(said -> !said.isEmpty())
                .map(said -> Part.title(part) + ": " + said + "; ")
                .orElse("");
        String back = status.filter(GroupStatus::isHeld)
                .flatMap(GroupStatus::holder)
                .map(holder -> "; to give it up, move it to " + holder.node())
                .orElse("");
        return reason + "the move goes on" + back;
    }

    private boolean isCopied(String group) {
        return isNamed(Part.copy(group, 1));
    }

    /** Whether a part is known by this name, here or in the record. */
    private boolean isNamed(String name) {
        return lanes.contains(name) || statuses.find(name).isPresent();
    }
}
