package org.understudy.ha.membership;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.event.HaEvent;
import org.understudy.ha.membership.codec.OwnerWordsCodec.OwnerWord;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.plan.Forms;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.runtime.Lane;
import org.understudy.ha.membership.runtime.NodeLanes;
import org.understudy.ha.membership.runtime.OwnerWords;

/**
 * How the parts of all groups are, as this node sees them: from the record, from the machine, from its lanes and from what their owners say.
 *
 * <p><b>Concurrency.</b> Written on the loop, which looks again after a step if something has changed, but not after each of many; the
 * statuses are an immutable snapshot that any thread may read, and so may what is added to them when somebody asks.
 */
final class GroupStatuses {

    private static final long APART_BUSY_NANOS = 20_000_000L;
    private static final long APART_FOR_EACH_NANOS = 20_000L;

    /** The node whose view this is. */
    interface Host {
        /** The newest record this node knows. */
        Optional<ClusterRecord> record();

        NodeState state();

        /** Whether more waits for the loop already. */
        boolean isBusy();

        void publish(String subject, HaEvent event);

        /** There is a new snapshot. On the loop. */
        void refreshed();
    }

    private final NodeId self;
    private final Host host;
    private final NodeMachine machine;
    private final LongSupplier clock;
    private final NodeLanes lanes;
    private final OwnerWords ownerWords;
    private final Mismatches mismatches;
    private final LoopTimer timer;

    /** When the start or stop that is under way was ordered, by the name of the part. */
    private final Map<String, Long> orderedAt = new ConcurrentHashMap<>();

    /** Loop's thread only, as what follows up to the snapshot. */
    private final Map<String, String> stopReasons = new TreeMap<>();

    private boolean isDirty = true;
    private boolean isLookPlanned;
    private long refreshedAt = System.nanoTime();

    private volatile SortedMap<String, GroupStatus> statuses = new TreeMap<>();

    GroupStatuses(
            NodeId self,
            Host host,
            NodeMachine machine,
            LongSupplier clock,
            NodeLanes lanes,
            OwnerWords ownerWords,
            Mismatches mismatches,
            LoopTimer timer) {
        this.self = self;
        this.host = host;
        this.machine = machine;
        this.clock = clock;
        this.lanes = lanes;
        this.ownerWords = ownerWords;
        this.mismatches = mismatches;
        this.timer = timer;
    }

    // ---- any thread ----------------------------------------------------------------------------------------------

    /** By the names of the parts; never changed. */
    SortedMap<String, GroupStatus> all() {
        return statuses;
    }

    Optional<GroupStatus> find(String part) {
        return Optional.ofNullable(statuses.get(part));
    }

    /** Of a part of a group what only its owner knows, or only who registered it here. */
    List<String> whatElseIsKnown(String part) {
        List<String> more = new ArrayList<>(mismatches.here(Part.groupOf(part)));
        find(part).map(this::withProgress).ifPresent(status -> {
            switch (status.state()) {
                case STARTING, STOPPING, BLOCKED ->
                    more.add("on this node it is " + status.state() + ": " + status.reason());
                case ELSEWHERE ->
                    status.atHolder()
                            .filter(state -> state != GroupStatus.State.RUNNING)
                            .map(state -> status.reason())
                            .or(() -> preparing(status))
                            .or(() -> failingThere(part, status))
                            .ifPresent(more::add);
                default -> {}
            }
            status.troubles()
                    .failures()
                    .forEach(failed -> more.add("on this node it failed "
                            + (failed.count() == 1 ? "once: " : failed.count() + " times, last: ")
                            + failed.reason()));
        });
        lanes.find(part)
                .ifPresent(lane -> lane.unheardMonitors()
                        .forEach(resource -> more.add("on this node a stop of " + resource
                                + " is believed as it is: asked while it did not run, its monitor did not say so")));
        return more;
    }

    private Optional<String> failingThere(String part, GroupStatus status) {
        return status.holder()
                .flatMap(holder -> status.token().flatMap(token -> ownerWords.of(part, holder, token.value())))
                .filter(word ->
                        word.state() == GroupStatus.State.RUNNING && !word.why().isEmpty())
                .map(word -> "where it runs: " + word.why());
    }

    /** With what its start or stop, or making it ready, waits for now. Any thread. */
    GroupStatus withProgress(GroupStatus status) {
        return progress(status).map(progress -> withMore(status, progress)).orElse(status);
    }

    private Optional<String> progress(GroupStatus status) {
        String name = Part.nameOf(status);
        Long since = orderedAt.get(name);
        Optional<Lane> lane = lanes.find(name);
        return switch (status.state()) {
            case STARTING, STOPPING, BLOCKED ->
                since == null
                        ? Optional.empty()
                        : lane.map(here -> here.progress(Duration.ofNanos(System.nanoTime() - since)));
            case ELSEWHERE -> preparing(status);
            default -> Optional.empty();
        };
    }

    /** What making it ready here waits for, while another node runs it. */
    private Optional<String> preparing(GroupStatus status) {
        return lanes.find(Part.nameOf(status))
                .flatMap(lane -> status.holder().flatMap(holder -> lane.preparing(holder.node())));
    }

    private static GroupStatus withMore(GroupStatus status, String progress) {
        return new GroupStatus(
                status.group(),
                status.state(),
                status.holder(),
                status.token(),
                status.proof(),
                status.reason().isEmpty() ? progress : status.reason() + "; " + progress,
                status.role(),
                status.copy(),
                status.troubles(),
                status.over(),
                status.atHolder());
    }

    /** Of a part that this node has registered, and has not looked at. */
    GroupStatus unknown(String name) {
        return new GroupStatus(
                Part.groupOf(name),
                GroupStatus.State.UNOWNED,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "registered here; not in a cluster record that this node knows yet",
                Part.roleOf(name),
                Part.copyOf(name),
                Troubles.NONE,
                Optional.empty(),
                Optional.empty());
    }

    // ---- on the loop ---------------------------------------------------------------------------------------------

    /** Something has changed that they tell. */
    void changed() {
        isDirty = true;
    }

    /** A start or a stop of this part is about to be ordered. */
    void ordered(String part) {
        orderedAt.put(part, System.nanoTime());
    }

    void starts(String part) {
        stopReasons.remove(part);
        isDirty = true;
    }

    void stops(String part, String why) {
        stopReasons.put(part, why);
        isDirty = true;
    }

    /** The part is not registered here any more. */
    void forget(String part) {
        stopReasons.remove(part);
        orderedAt.remove(part);
        isDirty = true;
    }

    /** A step has ended. While more waits, one look serves for several steps: with many groups it is what takes longest. */
    void stepped() {
        if (isDirty) {
            long now = System.nanoTime();
            long apart = host.isBusy() ? APART_BUSY_NANOS : lanes.size() * APART_FOR_EACH_NANOS;
            if (now - refreshedAt >= apart) {
                isDirty = false;
                refreshedAt = now;
                refresh();
            } else {
                lookAgainIn(apart);
            }
        }
    }

    private void lookAgainIn(long nanos) {
        if (!isLookPlanned) {
            isLookPlanned = true;
            timer.later(nanos, () -> isLookPlanned = false);
        }
    }

    private void refresh() {
        TreeMap<String, GroupStatus> next = new TreeMap<>();
        List<String> names = new ArrayList<>(lanes.names());
        Optional<ClusterRecord> record = host.record();
        record.ifPresent(r -> r.groups().keySet().stream()
                .filter(name -> !Forms.isLeftOver(r, name))
                .forEach(names::add));
        Function<String, String> unowned =
                record.map(Planner::whyUnowned).orElse(name -> "this node knows no cluster record yet");
        for (String name : names) {
            next.computeIfAbsent(name, n -> status(n, record, unowned));
        }
        record.filter(mismatches::compare)
                .ifPresent(known -> ownerWords.retain(known.groups().keySet()));
        ownerWords.say(present(names));
        SortedMap<String, GroupStatus> before = statuses;
        statuses = next;
        next.forEach((name, status) -> {
            if (!status.equals(before.get(name))) {
                host.publish("group " + name, new HaEvent.GroupChanged(status));
            }
        });
        host.refreshed();
    }

    /** What this node says to the others of the groups that are here. */
    private SortedMap<String, OwnerWord> present(Collection<String> names) {
        TreeMap<String, OwnerWord> words = new TreeMap<>();
        for (String name : names) {
            Optional<GroupStatus.State> local = name.startsWith(Planner.ELECTION_PREFIX)
                    ? Optional.empty()
                    : machine.groups().state(name);
            local.ifPresent(now ->
                    words.put(name, OwnerWords.word(name, machine.groups().token(name), now, whatIsWrong(name))));
        }
        return words;
    }

    private String whatIsWrong(String name) {
        String blocked = machine.groups().whyBlocked(name);
        return blocked.isEmpty() ? machine.groups().whyLetBe(name) : blocked;
    }

    private boolean keepsRunning(String name) {
        return lanes.find(name).filter(Lane::keepsRunning).isPresent();
    }

    private GroupStatus status(String name, Optional<ClusterRecord> record, Function<String, String> unowned) {
        NodeState state = host.state();
        Optional<Grant> grant = record.flatMap(r -> r.grant(name));
        Optional<GroupStatus.State> local = machine.groups().state(name);
        boolean isGrantedToLive = record.isPresent()
                && grant.filter(Grant::stands)
                        .filter(g -> record.get().isLive(g.holder()))
                        .isPresent();
        GroupStatus.State where = local.orElse(
                isGrantedToLive && !grant.get().holder().node().equals(self)
                        ? GroupStatus.State.ELSEWHERE
                        : GroupStatus.State.UNOWNED);
        String reason = unowned.apply(name);
        if (local.filter(GroupStatus.State.STOPPING::equals).isPresent()) {
            reason = stopReasons.getOrDefault(name, "");
        } else if (local.filter(GroupStatus.State.BLOCKED::equals).isPresent()) {
            reason = "could not be stopped: " + machine.groups().whyBlocked(name);
        } else if (local.filter(GroupStatus.State.RUNNING::equals).isPresent() && state == NodeState.IN_DOUBT) {
            reason = keepsRunning(name) && grant.filter(g -> !g.isExpirable()).isPresent()
                    ? "goes on although no majority answers: withoutQuorum(KEEP_RUNNING)"
                    : "runs until the lease ends or a majority answers";
        } else if (local.isPresent()) {
            reason = grant.map(g -> "granted with proof " + g.proof()).orElse("");
        } else if (isGrantedToLive
                && where == GroupStatus.State.UNOWNED
                && !machine.incarnation().equals(grant.map(Grant::holder))) {
            reason = "granted to " + grant.get().holder() + ", which was this node before it was started again"
                    + (state == NodeState.ACTIVE ? "" : "; no majority answers to decide anew");
        } else if (isGrantedToLive && where == GroupStatus.State.UNOWNED) {
            reason = stopReasons.containsKey(name)
                    ? "stopped here: " + stopReasons.get(name)
                    : "granted to this node, which is about to start it";
        }
        Optional<OwnerWord> said = where == GroupStatus.State.ELSEWHERE
                ? grant.flatMap(g -> ownerWords.of(name, g.holder(), g.token()))
                : Optional.empty();
        reason += said.map(OwnerWords::words).orElse("");
        String failing = machine.groups().whyLetBe(name);
        reason += failing.isEmpty() ? "" : "; " + failing;
        boolean isLeaving =
                said.filter(word -> word.state() != GroupStatus.State.RUNNING).isPresent();
        reason += isLeaving ? "" : succession(name, record, where);
        if (local.isEmpty() && record.isPresent() && state == NodeState.IN_DOUBT) {
            reason += " (so it was when a majority answered last)";
        }
        Troubles counted = machine.groups().troubles(name, clock.getAsLong());
        return new GroupStatus(
                Part.groupOf(name),
                where,
                grant.map(Grant::holder),
                grant.map(g -> new FencingToken(g.token())),
                grant.map(Grant::proof),
                reason,
                Part.roleOf(name),
                Part.copyOf(name),
                lanes.find(name).map(lane -> lane.troubles(counted)).orElse(counted),
                grant.flatMap(Grant::over),
                local.or(() -> said.map(OwnerWord::state)));
    }

    /** That it is asked to move, while it runs; where it is to go says more about it. */
    private String succession(String name, Optional<ClusterRecord> record, GroupStatus.State where) {
        boolean isHere = where == GroupStatus.State.RUNNING;
        return record.filter(known -> isHere || where == GroupStatus.State.ELSEWHERE)
                .map(known -> known.groups().get(name))
                .flatMap(GroupRecord::moveTo)
                .filter(to -> !to.equals(self))
                .map(to -> "; asked to move to " + to + ", and runs " + (isHere ? "here" : "there")
                        + " until that has made ready for it")
                .orElse("");
    }
}
