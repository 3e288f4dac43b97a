package org.understudy.ha.membership.runtime;

import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.StopOrder;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * The lanes of a node, by the names of their parts.
 *
 * <p><b>Concurrency.</b> Lanes are added by any thread, those of a group all at once or none; they are retired on the loop. Everything else
 * may be called from any thread. Nothing blocks but {@link #add}, for a moment, and {@link #shutdown}.
 */
public final class NodeLanes {

    private static final int LANES_MAX = 1000;
    private static final String NOT_HERE = "it is not registered on this node any more";

    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
    /** Held while lanes are added. */
    private final Object registration = new Object();

    /**
     * Adds the lanes of all parts of a group, or discards them.
     *
     * @throws LifecycleException if there is no room for them, or the group is here already
     */
    public void add(String group, List<Lane> added) {
        synchronized (registration) {
            boolean isRoom = lanes.size() + added.size() <= LANES_MAX;
            if (isRoom && added.stream().noneMatch(lane -> lanes.containsKey(lane.name())) && !isKnown(group)) {
                added.forEach(lane -> lanes.put(lane.name(), lane));
            } else {
                added.forEach(Lane::discard);
                throw new LifecycleException(
                        isRoom
                                ? "group " + group + " is registered on this node already, or is still ending"
                                : "this node has " + LANES_MAX
                                        + " groups and elections, which is the limit; each copy and each promoted role counts"
                                        + " as one");
            }
        }
    }

    /** Whether any part of a group is registered here. */
    private boolean isKnown(String group) {
        return lanes.keySet().stream().anyMatch(name -> Part.groupOf(name).equals(group));
    }

    public Optional<Lane> find(String part) {
        return Optional.ofNullable(lanes.get(part));
    }

    public boolean contains(String part) {
        return lanes.containsKey(part);
    }

    public Set<String> names() {
        return Collections.unmodifiableSet(lanes.keySet());
    }

    public Collection<Lane> all() {
        return Collections.unmodifiableCollection(lanes.values());
    }

    public int size() {
        return lanes.size();
    }

    /** Tells each what a newer record knows of its part. */
    public void learned(Optional<ClusterRecord> before, ClusterRecord next) {
        lanes.forEach((name, lane) -> {
            if (next.grant(name).isPresent()) {
                lane.granted();
            } else if (before.flatMap(r -> r.grant(name)).isPresent()) {
                lane.forgotten();
            }
        });
    }

    /**
     * A lane whose group the machine has let go of will never be used again. A lane goes only after its group, so the machine has none without one;
     * were it otherwise, what has ended would only be found later, and what is ordered of it is answered all the same.
     *
     * @param offered how many the machine has
     * @param isOffered whether it has this one
     * @param retired told of each that has ended
     */
    public void retireEnded(int offered, Predicate<String> isOffered, Consumer<String> retired) {
        if (lanes.size() == offered) {
            return;
        }
        for (Map.Entry<String, Lane> entry : lanes.entrySet()) {
            if (entry.getValue().isOffered() && !isOffered.test(entry.getKey())) {
                // Before there is room for another one of this name: nothing that it says is said of that.
                entry.getValue().cancelLooks();
                lanes.remove(entry.getKey(), entry.getValue());
                entry.getValue().retire();
                retired.accept(entry.getKey());
            }
        }
    }

    // ---- what the machine orders -----------------------------------------------------------------------------------

    /**
     * Has a part started. Whatever has no lane fails to start, so that the machine does not wait for it.
     *
     * @param report to the machine
     */
    public void start(Effect.StartGroup order, Consumer<Input> report) {
        find(order.group())
                .ifPresentOrElse(
                        lane -> lane.start(order.holder(), order.token(), order.proof()),
                        () -> report.accept(new Input.StartEnded(
                                order.group(), order.token(), Optional.of(Severity.HARD), NOT_HERE)));
    }

    /**
     * Has a part stopped. A lane goes only after everything of it has certainly stopped: of what has none, nothing is active.
     *
     * @param report to the machine
     */
    public void stop(Effect.StopGroup order, Consumer<Input> report) {
        find(order.group())
                .ifPresentOrElse(
                        lane -> lane.stop(order.token(), order.why()),
                        () -> report.accept(new Input.StopEnded(order.group(), order.token(), true, "")));
    }

    /**
     * Has a part made ready. Whatever has no lane cannot be made ready, so that whoever holds it does not wait for that.
     *
     * @param report to the machine
     */
    public void prepare(Effect.PrepareGroup order, Consumer<Input> report) {
        find(order.group())
                .ifPresentOrElse(
                        lane -> lane.prepare(order.token(), order.successor()),
                        () -> report.accept(new Input.PrepareEnded(
                                order.group(), order.token(), Optional.of(Severity.HARD), "", NOT_HERE)));
    }

    // ---- when the node ends --------------------------------------------------------------------------------------

    /** Stops whatever was started. */
    public void stopAnything(String why) {
        lanes.values().forEach(lane -> lane.stopAnything(why));
    }

    /** Whether nothing is active here, or about to be. */
    public boolean isIdle() {
        return lanes.values().stream().noneMatch(Lane::isActive);
    }

    /** What is active here, or about to be. */
    public List<String> active() {
        return lanes.entrySet().stream()
                .filter(entry -> entry.getValue().isActive())
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    /** How long the groups may take to stop, those that start after others before these. */
    public long stopMillis() {
        TreeMap<String, SortedSet<String>> after = new TreeMap<>();
        TreeMap<String, Long> budgets = new TreeMap<>();
        lanes.forEach((name, lane) -> {
            after.put(name, lane.after());
            budgets.put(name, lane.stopBudget().toMillis());
        });
        return new StopOrder(after).longest(budgets);
    }

    /**
     * Ends all of them, whatever runs.
     *
     * @param millis how long the last call of each is waited for
     */
    public void shutdown(long millis) {
        lanes.values().forEach(Lane::shutdown);
        lanes.values().forEach(lane -> lane.awaitEnd(millis));
    }
}
