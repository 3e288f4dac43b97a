package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.InvariantViolation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.membership.core.message.Message.Clear;
import org.understudy.ha.membership.core.message.Message.ClearAnswer;
import org.understudy.ha.membership.core.message.Message.Succeed;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.StopOrder;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Sentence;

/**
 * The groups of this node: what happens to each, and what is ordered for it. Whether one may be here at all is decided elsewhere: {@link Staying}.
 * Pure.
 *
 * <p>What is reported counts only for the token under which the group is active. Whatever was started, also what failed to start, is stopped before
 * anything else becomes of it; nothing that was ordered to stop waits for the disk.
 */
final class LocalGroups implements GroupsHere {

    private static final String LET_BE = "; in maintenance, so nothing is done about it";

    private final NodeId self;
    private final long leaseNanos;
    private final TreeMap<String, LocalGroup> groups = new TreeMap<>();
    private final Successions successions;
    /** Groups about which an input said something. */
    private final TreeSet<String> touched = new TreeSet<>();
    /** In which order the groups here stop while this node leaves; empty if that has to be looked up. */
    private Optional<StopOrder> stopOrder = Optional.empty();

    /**
     * @param leaseNanos length of a lease
     * @param patienceNanos how long a successor is waited for that says nothing
     */
    LocalGroups(NodeId self, long leaseNanos, long patienceNanos) {
        this.self = self;
        this.leaseNanos = leaseNanos;
        this.successions = new Successions(patienceNanos);
    }

    // ---- what happens to them ------------------------------------------------------------------------------------

    /** Takes what happened to one group, but for the end of its stop. */
    void take(long now, Input input, Optional<ClusterRecord> record, Outbox out) {
        if (input instanceof Input.GroupOffered o) {
            offered(now, o);
        } else if (input instanceof Input.CandidacyChanged o) {
            with(o.group(), g -> g.offer(now, o.candidacy()));
        } else if (input instanceof Input.GroupWithdrawn o) {
            with(o.group(), LocalGroup::withdraw);
        } else if (input instanceof Input.EligibilityChanged o) {
            with(o.group(), g -> g.eligibility(now, o.isEligible(), o.whyNot()));
        } else if (input instanceof Input.Probed o) {
            with(o.group(), g -> g.probed(o.presence(), o.detail()));
        } else if (input instanceof Input.StartEnded o) {
            with(o.group(), g -> startEnded(now, g, o, out));
        } else if (input instanceof Input.PrepareEnded o) {
            with(o.group(), g -> prepareEnded(now, g, o, record, out));
        } else if (input instanceof Input.GroupEnded o) {
            with(o.group(), g -> groupEnded(now, g, o, record, out));
        } else if (input instanceof Input.GroupMended o) {
            with(o.group(), g -> groupMended(now, g, o, out));
        } else if (input instanceof Input.GroupEnding o) {
            with(o.group(), g -> groupEnding(now, g, o, out));
        } else if (input instanceof Input.GroupResigned o) {
            with(o.group(), g -> groupResigned(g, o, out));
        } else {
            throw new InvariantViolation("no rule for input " + input);
        }
    }

    private void offered(long now, Input.GroupOffered o) {
        touched.add(o.group());
        stopOrder = Optional.empty();
        LocalGroup present = groups.get(o.group());
        if (present == null) {
            groups.put(o.group(), new LocalGroup(o.group(), o.candidacy(), o.placement()));
        } else {
            present.offer(now, o.candidacy(), o.placement());
        }
    }

    private void with(String name, Consumer<LocalGroup> action) {
        touched.add(name);
        LocalGroup group = groups.get(name);
        if (group != null) {
            action.accept(group);
        }
    }

    private void startEnded(long now, LocalGroup group, Input.StartEnded o, Outbox out) {
        if (group.token() != o.token() || group.phase() != LocalGroup.Phase.STARTING) {
            return;
        }
        if (o.failure().isEmpty()) {
            group.running(now);
            out.say(group.name(), Reason.GROUP_RUNNING, "token " + group.token());
        } else {
            Severity severity = o.failure().get();
            group.failed(now, o.resource(), severity, o.why());
            out.say(group.name(), Reason.GROUP_FAILED, o.why());
            stop(group, o.failure(), o.why(), out);
        }
    }

    private void prepareEnded(
            long now, LocalGroup group, Input.PrepareEnded o, Optional<ClusterRecord> record, Outbox out) {
        if (group.comingToken() != o.token() || !group.isIdle()) {
            return;
        }
        if (o.failure().isEmpty()) {
            group.ready(now);
            saySucceed(List.of(group), record, out);
        } else {
            // It runs where it is: that this node cannot take it over says nothing about any other.
            Severity severity = o.failure().get() == Severity.FATAL
                    ? Severity.HARD
                    : o.failure().get();
            group.failed(now, o.resource(), severity, o.why());
            out.say(group.name(), Reason.GROUP_FAILED, o.why());
            // Begun anew if it would be started again here; else this node is no candidate any more.
            unprepare(now, group, out);
        }
    }

    private void groupEnded(
            long now, LocalGroup group, Input.GroupEnded o, Optional<ClusterRecord> record, Outbox out) {
        if (!isActive(group, o.token())) {
            return;
        }
        if (o.failure().isPresent() && isMaintained(group.name(), record)) {
            group.letBe(now, o.resource(), o.failure().get(), Sentence.ending(o.why(), LET_BE));
            tellLetBe(now, group, out);
            return;
        }
        o.failure().ifPresent(severity -> {
            group.failed(now, o.resource(), severity, o.why());
            out.say(group.name(), Reason.GROUP_FAILED, o.why());
        });
        if (o.failure().isEmpty()) {
            group.withdraw();
        }
        stop(group, o.failure(), o.why(), out);
    }

    /** Tells what fails in maintenance, unless it was told, or is to wait. */
    void tellLetBe(long now, LocalGroup group, Outbox out) {
        group.takeLetBeNews(now).ifPresent(why -> out.say(group.name(), Reason.GROUP_FAILED, why));
    }

    private void groupMended(long now, LocalGroup group, Input.GroupMended o, Outbox out) {
        boolean isTold = group.isLetBeTold();
        if (isActive(group, o.token()) && group.wasLetBe(now) && isTold) {
            out.say(group.name(), Reason.FAILURES_CLEARED, "a look at it finds nothing wrong any more");
        }
    }

    private void groupEnding(long now, LocalGroup group, Input.GroupEnding o, Outbox out) {
        if (isActive(group, o.token())) {
            group.failed(now, "", Severity.SOFT, o.why());
            out.say(group.name(), Reason.GROUP_FAILED, o.why());
            stop(group, Optional.of(Severity.SOFT), o.why(), out);
        }
    }

    private void groupResigned(LocalGroup group, Input.GroupResigned o, Outbox out) {
        if (isActive(group, o.token())) {
            group.resign(Math.max(o.holdNanos(), leaseNanos));
            stop(group, Optional.empty(), "resigned", out);
        } else if (group.token() == o.token() && group.isResigning()) {
            group.resign(o.holdNanos());
        }
    }

    private static boolean isActive(LocalGroup group, long token) {
        return group.token() == token
                && (group.phase() == LocalGroup.Phase.RUNNING || group.phase() == LocalGroup.Phase.STARTING);
    }

    /** A stop returned. Returns the group if one was awaited; it is idle only if it certainly has stopped, and is to be given back then. */
    Optional<LocalGroup> stopEnded(long now, Input.StopEnded o, Outbox out) {
        touched.add(o.group());
        LocalGroup group = groups.get(o.group());
        boolean isExpected = group != null
                && group.token() == o.token()
                && (group.phase() == LocalGroup.Phase.STOPPING || group.phase() == LocalGroup.Phase.BLOCKED);
        if (!isExpected) {
            return Optional.empty();
        }
        if (o.isStopped()) {
            group.idle();
            group.hasStopped(now);
            out.say(group.name(), Reason.GROUP_STOPPED, group.why());
        } else if (group.phase() != LocalGroup.Phase.BLOCKED) {
            group.blocked(o.why());
            out.say(group.name(), Reason.GROUP_BLOCKED, o.why());
        }
        return Optional.of(group);
    }

    /** A successor speaks of groups that run here. */
    void heard(long now, NodeId from, Succeed message) {
        for (Succeed.Word word : message.words()) {
            LocalGroup group = groups.get(word.group());
            if (group != null && group.phase() == LocalGroup.Phase.RUNNING && group.token() == word.token()) {
                successions.heard(now, from, word);
                touched.add(word.group());
            }
        }
    }

    /** Groups that were taken out of the record begin with a first start, which asks everybody whether they are active. */
    void lookAnew(ClusterRecord before, ClusterRecord value) {
        for (LocalGroup group : groups.values()) {
            String name = group.name();
            if (before.grant(name).isPresent() && value.grant(name).isEmpty()) {
                touched.add(name);
                group.forgotten();
            }
        }
    }

    /** A group that was withdrawn and has stopped is none any more. */
    void removeWithdrawn(String name) {
        LocalGroup group = groups.get(name);
        if (group != null && group.isWithdrawn() && group.isIdle()) {
            groups.remove(name);
        }
    }

    /** Of all. */
    void removeWithdrawn() {
        groups.values().removeIf(g -> g.isWithdrawn() && g.isIdle());
    }

    /** Forgets what is counted here against a group, in every part of it; returns what to tell the node that asks for it. */
    ClearAnswer clear(NodeId from, Clear clear, Outbox out) {
        int found = 0;
        int cleared = 0;
        for (LocalGroup group : groups.values()) {
            if (Clearings.isOf(group.name(), clear.group())) {
                found++;
                cleared += group.clearFailures() ? 1 : 0;
                touch(group.name());
            }
        }
        if (cleared > 0) {
            out.say(clear.group(), Reason.FAILURES_CLEARED, "on " + self + ", asked for on " + from);
        }
        return new ClearAnswer(
                clear.request(),
                found > 0,
                found == 0
                        ? self + " has not registered group " + clear.group()
                        : cleared == 0 ? "nothing is counted against it on " + self : "forgotten on " + self);
    }

    // ---- what is ordered for them --------------------------------------------------------------------------------

    void start(long now, LocalGroup group, Grant grant, Outbox out) {
        group.starting(now, grant.token());
        // Nothing of this needs the disk, and a stop, which never waits, must not overtake a start that does.
        out.urgent(new Effect.StartGroup(group.name(), grant.holder(), grant.token(), grant.proof()));
        out.say(group.name(), Reason.GROUP_STARTING, "token " + grant.token() + " proof " + grant.proof());
    }

    void stop(LocalGroup group, Optional<Severity> failure, String why, Outbox out) {
        successions.forget(group.name());
        group.stopping(failure, why);
        out.urgent(new Effect.StopGroup(group.name(), group.token(), why));
        out.say(group.name(), Reason.GROUP_STOPPING, why);
    }

    void prepare(long now, LocalGroup group, long token, Incarnation successor, Outbox out) {
        group.coming(now, token);
        out.urgent(new Effect.PrepareGroup(group.name(), token, successor));
    }

    void unprepare(long now, LocalGroup group, Outbox out) {
        group.comesNoMore(now);
        out.urgent(new Effect.UnprepareGroup(group.name()));
    }

    /** Tells those who hold groups that are about to come here how far this node is. */
    void saySucceed(Optional<ClusterRecord> record, Outbox out) {
        saySucceed(groups.values().stream().filter(g -> g.comingToken() != 0).toList(), record, out);
    }

    private static void saySucceed(Collection<LocalGroup> coming, Optional<ClusterRecord> record, Outbox out) {
        TreeMap<NodeId, List<Succeed.Word>> words = new TreeMap<>();
        for (LocalGroup group : coming) {
            record.ifPresent(known -> known.grant(group.name())
                    .filter(grant -> grant.token() == group.comingToken())
                    .ifPresent(grant -> words.computeIfAbsent(grant.holder().node(), node -> new ArrayList<>())
                            .add(new Succeed.Word(group.name(), grant.token(), known.number(), group.isReady()))));
        }
        words.forEach((holder, all) -> {
            for (int i = 0; i < all.size(); i += Succeed.WORDS_MAX) {
                List<Succeed.Word> some = all.subList(i, Math.min(all.size(), i + Succeed.WORDS_MAX));
                out.urgent(new Effect.Send(holder, new Succeed(some)));
            }
        });
    }

    // ---- how they are --------------------------------------------------------------------------------------------

    @Nullable
    LocalGroup get(String name) {
        return groups.get(name);
    }

    @Override
    public boolean isThere(String name) {
        return groups.containsKey(name);
    }

    @Override
    public int count() {
        return groups.size();
    }

    /** Every group of this node, by name. */
    SortedMap<String, LocalGroup> all() {
        return Collections.unmodifiableSortedMap(groups);
    }

    Successions successions() {
        return successions;
    }

    /** Something has been said about a group: what follows from it is to be looked at. */
    void touch(String name) {
        touched.add(name);
    }

    /** Whether something has been said about any. */
    boolean isTouched() {
        return !touched.isEmpty();
    }

    /** About which something has been said, once. */
    SortedSet<String> takeTouched() {
        TreeSet<String> names = new TreeSet<>(touched);
        touched.clear();
        return names;
    }

    /** Groups that have not stopped here. */
    List<String> busy() {
        return groups.entrySet().stream()
                .filter(group -> !group.getValue().isIdle())
                .map(Map.Entry::getKey)
                .toList();
    }

    boolean areAllIdle() {
        return groups.values().stream().allMatch(LocalGroup::isIdle);
    }

    /** This node begins to leave: the groups here stop in their order. */
    void leave() {
        stopOrder = Optional.empty();
    }

    /**
     * While this node leaves: whether something that starts after a group has not stopped here yet. What could not be stopped is not waited for.
     */
    boolean isOutlasting(LocalGroup group) {
        if (group.isIdle()) {
            return false;
        }
        StopOrder order = stopOrder.orElseGet(() -> {
            TreeMap<String, SortedSet<String>> after = new TreeMap<>();
            groups.forEach(
                    (name, each) -> after.put(name, each.rules().placement().after()));
            return new StopOrder(after);
        });
        stopOrder = Optional.of(order);
        return order.before(group.name()).stream()
                .map(groups::get)
                .anyMatch(each -> each != null && !each.isIdle() && each.phase() != LocalGroup.Phase.BLOCKED);
    }

    /** Whether what becomes of a group here is an operator's business for now. */
    boolean isMaintained(String group, Optional<ClusterRecord> record) {
        return record.filter(r -> Planner.isMaintained(r, group, self)).isPresent();
    }

    @Override
    public Optional<GroupStatus.State> state(String name) {
        LocalGroup local = groups.get(name);
        return local == null || local.isIdle()
                ? Optional.empty()
                : Optional.of(GroupStatus.State.valueOf(local.phase().name()));
    }

    @Override
    public long token(String name) {
        LocalGroup local = groups.get(name);
        return local == null ? 0 : local.token();
    }

    @Override
    public String whyBlocked(String name) {
        LocalGroup local = groups.get(name);
        return local == null ? "" : local.whyBlocked();
    }

    @Override
    public String whyLetBe(String name) {
        LocalGroup local = groups.get(name);
        return local == null ? "" : local.whyLetBe();
    }

    @Override
    public Troubles troubles(String name, long now) {
        LocalGroup local = groups.get(name);
        return local == null ? Troubles.NONE : local.troubles(now);
    }
}
