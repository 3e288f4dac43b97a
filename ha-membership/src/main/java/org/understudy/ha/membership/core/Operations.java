package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.understudy.ha.membership.core.message.Message.Operate;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Operation;

/**
 * What operators ask for, here and elsewhere, until it shows in the record or is given up. Pure.
 *
 * <p>Who asks repeats it; everybody else forgets what is not repeated. Each request made here is decided exactly once.
 */
final class Operations {

    private static final int OTHERS_MAX = 256;

    private final long forgetNanos;
    private final long giveUpNanos;
    private final TreeMap<Long, Own> own = new TreeMap<>();
    private final TreeMap<String, Heard> heard = new TreeMap<>();

    /**
     * @param forgetNanos how long an operation that is not repeated counts
     * @param giveUpNanos how long one that was asked for here is tried
     */
    Operations(long forgetNanos, long giveUpNanos) {
        this.forgetNanos = forgetNanos;
        this.giveUpNanos = giveUpNanos;
    }

    /** Asked for here. */
    void ask(long now, long request, Operation operation) {
        own.put(request, new Own(operation, now, false));
        hear(now, operation);
    }

    /** Asked for somewhere; true if it is new. */
    boolean hear(long now, Operation operation) {
        if (operation.kind() == Operation.Kind.ACTIVATE) {
            heard.remove(new Operation(Operation.Kind.DRAIN, operation.node(), 0, "", "").key());
        }
        Heard before = heard.put(operation.key(), new Heard(operation, now));
        while (heard.size() > OTHERS_MAX) {
            heard.pollFirstEntry();
        }
        return before == null;
    }

    /** What is asked for now, in a fixed order. */
    List<Operation> wanted() {
        return heard.values().stream().map(Heard::operation).toList();
    }

    /** What to say again. */
    List<Operate> repeated(long now) {
        List<Operate> again = new ArrayList<>();
        own.forEach((request, asked) -> {
            hear(now, asked.operation());
            again.add(new Operate(request, asked.operation()));
        });
        return again;
    }

    /** Forgets what nobody repeats. */
    void passTime(long now) {
        heard.values().removeIf(each -> now - each.at() > forgetNanos);
    }

    /** Decides what is done in this record, cannot be done, or has been tried for too long. */
    List<Effect.OperationDecided> decide(long now, Optional<ClusterRecord> record) {
        if (heard.isEmpty() && own.isEmpty()) {
            return List.of();
        }
        List<Effect.OperationDecided> decided = new ArrayList<>();
        for (Map.Entry<Long, Own> entry : new ArrayList<>(own.entrySet())) {
            Operation operation = entry.getValue().operation();
            boolean isDone = record.filter(r -> Planner.isDone(r, operation)).isPresent();
            Optional<String> refusal =
                    isDone ? Optional.empty() : record.flatMap(r -> Planner.operationRefusal(r, operation));
            if (!isDone && refusal.isEmpty() && isCalledOff(entry, record)) {
                refusal = Optional.of("it was activated before everything had left it");
            }
            if (refusal.isEmpty() && !isDone && now - entry.getValue().since() > giveUpNanos) {
                refusal = Optional.of("not done within " + giveUpNanos / 1_000_000_000L + " s: "
                        + record.map(r -> Planner.operationWaitsFor(r, operation))
                                .orElse("this node knows no cluster record"));
            }
            if (isDone || refusal.isPresent()) {
                own.remove(entry.getKey());
                String done = record.map(r -> Planner.done(r, operation)).orElse("done");
                decided.add(new Effect.OperationDecided(entry.getKey(), isDone, refusal.orElse(done)));
                heard.remove(operation.key());
            }
        }
        record.ifPresent(r -> heard.values().removeIf(each -> isOver(r, each.operation())));
        return decided;
    }

    /** Whether it is done; or, of what must not happen later than it was asked for, cannot be done now. Who asks repeats it. */
    private static boolean isOver(ClusterRecord record, Operation operation) {
        return Planner.isDone(record, operation)
                || operation.kind() == Operation.Kind.FORGET
                        && Planner.operationRefusal(record, operation).isPresent();
    }

    /** Whether a drain had put its node on standby, and somebody has ended that. */
    private boolean isCalledOff(Map.Entry<Long, Own> entry, Optional<ClusterRecord> record) {
        Own asked = entry.getValue();
        if (asked.operation().kind() != Operation.Kind.DRAIN || record.isEmpty()) {
            return false;
        }
        boolean isOnStandby = record.get().standby().contains(asked.operation().node());
        if (isOnStandby && !asked.isBegun()) {
            own.put(entry.getKey(), new Own(asked.operation(), asked.since(), true));
        }
        return asked.isBegun() && !isOnStandby;
    }

    /** When something here changes by itself. */
    long nextDeadlineNanos() {
        long next = Long.MAX_VALUE;
        for (Own asked : own.values()) {
            next = Math.min(next, asked.since() + giveUpNanos + 1);
        }
        return next;
    }

    /**
     * Asked for here.
     *
     * @param isBegun whether a drain has put its node on standby
     */
    private record Own(Operation operation, long since, boolean isBegun) {}

    private record Heard(Operation operation, long at) {}
}
