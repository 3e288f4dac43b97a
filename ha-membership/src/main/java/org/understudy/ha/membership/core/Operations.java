package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Operate;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Operation;

/**
 * What operators ask for, here and elsewhere, until it shows in the record or is given up. Pure.
 *
 * <p>Who asks repeats it; everybody else lets go of what is not repeated. Each request made here is decided exactly once.
 *
 * <p>Of two orders that contradict one another the one counts that was heard of later. The other is over, as is what the record has shown: whoever
 * asked for it may not have learned that yet, so its repetitions are known by their number, and mean nothing, for as long as they may come. A
 * node that starts anew knows none.
 *
 * <p>That nothing is to do must come from the newest record: the one that this node knows may be one that another order has changed already. So what
 * shows of an order that another can take back, and has never shown otherwise, counts only once the record is known to have been the newest after
 * the order.
 */
final class Operations {

    private static final int ORDERS_MAX = 1_024;

    private final NodeId self;
    private final long forgetNanos;
    private final long giveUpNanos;
    private final TreeMap<Long, Own> own = new TreeMap<>();
    private final TreeMap<Request, Order> orders = new TreeMap<>();
    /** The number of the newest record that orders were held against. */
    private long newest;

    /**
     * @param forgetNanos how long an operation that is not repeated counts
     * @param giveUpNanos how long one that was asked for here is tried
     */
    Operations(NodeId self, long forgetNanos, long giveUpNanos) {
        this.self = self;
        this.forgetNanos = forgetNanos;
        this.giveUpNanos = giveUpNanos;
    }

    /** Asked for here. */
    void ask(long now, long request, Operation operation) {
        own.put(request, new Own(operation, now, false, isRemembered(operation) ? Sight.NONE : Sight.UNDONE));
        hear(now, self, request, operation);
    }

    /** Asked for somewhere, perhaps not for the first time; true if it is wanted and was not before. */
    boolean hear(long now, NodeId asker, long request, Operation operation) {
        Request number = new Request(asker, request);
        Order known = orders.get(number);
        if (known != null && known.operation().equals(operation)) {
            if (known.standing() == Standing.OVER) {
                return false;
            }
            orders.put(number, known.as(Standing.WANTED, now));
            return known.standing() == Standing.SILENT;
        }
        long blind = 0;
        for (Map.Entry<Request, Order> each : orders.entrySet()) {
            Order other = each.getValue();
            if (other.standing() != Standing.OVER && isAgainst(other.operation(), operation)) {
                each.setValue(other.over(now));
                blind = newest;
            }
        }
        orders.put(number, new Order(operation, now, now, Standing.WANTED, blind, false));
        while (orders.size() > ORDERS_MAX) {
            orders.remove(orders.entrySet().stream()
                    .min(Comparator.comparing((Map.Entry<Request, Order> each) ->
                                    each.getValue().standing())
                            .thenComparing(each -> each.getValue().since()))
                    .orElseThrow()
                    .getKey());
        }
        return true;
    }

    /** Whether one order takes back what the other asks for. */
    private static boolean isAgainst(Operation one, Operation other) {
        // The node of an order with a target is that where it was said.
        boolean isOfTheSame = one.target().equals(other.target())
                && (one.target().isPresent() || one.node().equals(other.node()));
        return isOfTheSame && isBack(one.kind(), other.kind());
    }

    private static boolean isBack(Operation.Kind one, Operation.Kind other) {
        return switch (one) {
            case STANDBY, DRAIN -> other == Operation.Kind.ACTIVATE;
            case ACTIVATE -> other == Operation.Kind.STANDBY || other == Operation.Kind.DRAIN;
            case MAINTAIN -> other == Operation.Kind.RESUME;
            case RESUME -> other == Operation.Kind.MAINTAIN;
            case ADMIT, REMOVE, CONFIRM_DOWN, FORGET -> false;
        };
    }

    /** What is asked for now, in a fixed order. */
    List<Operation> wanted() {
        TreeMap<String, Order> first = new TreeMap<>();
        for (Order order : orders.values()) {
            if (order.standing() == Standing.WANTED) {
                first.merge(order.operation().key(), order, (one, other) -> one.since() <= other.since() ? one : other);
            }
        }
        return first.values().stream().map(Order::operation).toList();
    }

    /** What to say again: not what somebody has taken back, nor what is to be done only if the record is an old one. */
    List<Operate> repeated(long now) {
        List<Operate> again = new ArrayList<>();
        own.forEach((request, asked) -> {
            boolean isThere =
                    asked.sight() == Sight.DONE && !isBlind(now, newest, orders.get(new Request(self, request)));
            if (!isTakenBack(request) && !isThere) {
                hear(now, self, request, asked.operation());
                again.add(new Operate(request, asked.operation()));
            }
        });
        return again;
    }

    private boolean isTakenBack(long request) {
        Order order = orders.get(new Request(self, request));
        return order != null && order.standing() == Standing.OVER;
    }

    /** Lets go of what nobody repeats, and in time of its number. */
    void passTime(long now) {
        orders.replaceAll((number, order) -> order.standing() == Standing.WANTED && now - order.at() > forgetNanos
                ? order.as(Standing.SILENT, order.at())
                : order);
        orders.values().removeIf(order -> now - order.at() > giveUpNanos + forgetNanos);
    }

    /**
     * Decides what is done in this record, cannot be done, or has been tried for too long.
     *
     * @param newestUntil until when it is certain that nothing was chosen after this record
     */
    List<Effect.OperationDecided> decide(long now, Optional<ClusterRecord> record, long newestUntil) {
        newest = record.map(ClusterRecord::number).orElse(0L);
        if (orders.isEmpty() && own.isEmpty()) {
            return List.of();
        }
        record.ifPresent(known -> {
            look(known);
            settle(now, known, newestUntil);
        });
        List<Effect.OperationDecided> decided = new ArrayList<>();
        for (Map.Entry<Long, Own> entry : new ArrayList<>(own.entrySet())) {
            Own asked = entry.getValue();
            Operation operation = asked.operation();
            Order order = orders.get(new Request(self, entry.getKey()));
            boolean isShown = record.filter(r -> Planner.isDone(r, operation)).isPresent();
            boolean isDone = isShown
                    && (asked.sight() == Sight.UNDONE || newestUntil > asked.since())
                    && !isBlind(now, newest, order);
            Optional<String> refusal =
                    isDone ? Optional.empty() : isShown ? whyNotYet(now, entry) : whyNot(now, entry, record);
            if (isDone || refusal.isPresent()) {
                own.remove(entry.getKey());
                orders.computeIfPresent(
                        new Request(self, entry.getKey()),
                        (number, present) -> isRemembered(present.operation()) ? present.over(now) : null);
                String done = record.map(r -> Planner.done(r, operation)).orElse("done");
                decided.add(new Effect.OperationDecided(entry.getKey(), isDone, refusal.orElse(done)));
            }
        }
        return decided;
    }

    private void look(ClusterRecord record) {
        own.replaceAll((request, asked) -> asked.seen(record));
        orders.replaceAll((number, order) ->
                order.standing() == Standing.OVER || order.wasUndone() || Planner.isDone(record, order.operation())
                        ? order
                        : order.undone());
    }

    /** What is done is over; of what must not happen later than it was asked for and cannot be done now, nothing is kept: who asks repeats it. */
    private void settle(long now, ClusterRecord record, long newestUntil) {
        orders.replaceAll((number, order) -> order.standing() != Standing.OVER
                        && isRemembered(order.operation())
                        && (order.wasUndone() || newestUntil > order.since())
                        && Planner.isDone(record, order.operation())
                        && !isBlind(now, record.number(), order)
                ? order.over(now)
                : order);
        orders.values()
                .removeIf(order -> !isRemembered(order.operation()) && Planner.isDone(record, order.operation())
                        || order.standing() != Standing.OVER
                                && order.operation().kind() == Operation.Kind.FORGET
                                && Planner.operationRefusal(record, order.operation())
                                        .isPresent());
    }

    /** Whether its repetitions could undo what somebody else has asked for since. Votes that come and go are proposed one by one in any case. */
    private static boolean isRemembered(Operation operation) {
        return switch (operation.kind()) {
            case STANDBY, DRAIN, ACTIVATE, MAINTAIN, RESUME -> true;
            case ADMIT, REMOVE, CONFIRM_DOWN, FORGET -> false;
        };
    }

    /** Whether what a record shows of an order may be undone by one that it took back when that was under way already. */
    private boolean isBlind(long now, long record, @Nullable Order order) {
        return order != null && record <= order.blind() && now - order.since() <= forgetNanos;
    }

    private Optional<String> whyNot(long now, Map.Entry<Long, Own> asked, Optional<ClusterRecord> record) {
        Operation operation = asked.getValue().operation();
        Optional<String> refusal = record.flatMap(r -> Planner.operationRefusal(r, operation));
        if (refusal.isPresent()) {
            return refusal;
        }
        if (isCalledOff(asked, record)) {
            return Optional.of("it was activated before everything had left it");
        }
        return takenBack(now, asked.getKey())
                .or(() -> givenUp(
                        now,
                        asked.getValue(),
                        record.map(r -> Planner.operationWaitsFor(r, operation))
                                .orElse("this node knows no cluster record")));
    }

    /** Why what this node's record shows is not called done, and is not waited for any longer either. */
    private Optional<String> whyNotYet(long now, Map.Entry<Long, Own> asked) {
        return takenBack(now, asked.getKey())
                .or(() -> givenUp(
                        now,
                        asked.getValue(),
                        "the record that this node knows shows it already, but no majority says that there is none newer; ask on a"
                                + " node that a majority answers"));
    }

    private Optional<String> takenBack(long now, long request) {
        return isTakenBack(request)
                        && now - orders.get(new Request(self, request)).at() > forgetNanos
                ? Optional.of("the opposite was asked for since")
                : Optional.empty();
    }

    private Optional<String> givenUp(long now, Own asked, String waitsFor) {
        return now - asked.since() > giveUpNanos
                ? Optional.of("not done within " + giveUpNanos / 1_000_000_000L + " s: " + waitsFor)
                : Optional.empty();
    }

    /** Whether a drain had put its node on standby, and somebody has ended that. */
    private boolean isCalledOff(Map.Entry<Long, Own> entry, Optional<ClusterRecord> record) {
        Own asked = entry.getValue();
        if (asked.operation().kind() != Operation.Kind.DRAIN || record.isEmpty()) {
            return false;
        }
        boolean isOnStandby = record.get().standby().contains(asked.operation().node());
        if (isOnStandby && !asked.isBegun()) {
            own.put(entry.getKey(), new Own(asked.operation(), asked.since(), true, asked.sight()));
        }
        return asked.isBegun() && !isOnStandby;
    }

    /** When something here changes by itself. What has changed already, and is not decided for another reason, is not waited for. */
    long nextDeadlineNanos(long now) {
        long next = Long.MAX_VALUE;
        for (Map.Entry<Long, Own> asked : own.entrySet()) {
            next = Math.min(next, asked.getValue().since() + giveUpNanos + 1);
            Order order = orders.get(new Request(self, asked.getKey()));
            if (order != null && (order.standing() == Standing.OVER || order.blind() > 0)) {
                long since = order.standing() == Standing.OVER ? order.at() : order.since();
                next = since + forgetNanos + 1 > now ? Math.min(next, since + forgetNanos + 1) : next;
            }
        }
        return next;
    }

    /**
     * Asked for here.
     *
     * @param isBegun whether a drain has put its node on standby
     */
    private record Own(Operation operation, long since, boolean isBegun, Sight sight) {
        private Own seen(ClusterRecord record) {
            if (sight == Sight.UNDONE) {
                return this;
            }
            return new Own(operation, since, isBegun, Planner.isDone(record, operation) ? Sight.DONE : Sight.UNDONE);
        }
    }

    /** What the records have shown of an order since it was asked for. */
    private enum Sight {
        NONE,
        /** That it is done, always. */
        DONE,
        /** That it is not, once at least. */
        UNDONE
    }

    /** What becomes of an order, the first to be forgotten first. */
    private enum Standing {
        /** Done, or taken back by a later one. */
        OVER,
        /** Nobody has said it lately. */
        SILENT,
        WANTED
    }

    /**
     * @param since when it was heard first
     * @param at when it was heard last, or was over
     * @param blind the number of the record that was known when it took another back, 0 if it did not: that one may be under way, and show next
     * @param wasUndone whether a record was seen since in which it was not done
     */
    private record Order(Operation operation, long since, long at, Standing standing, long blind, boolean wasUndone) {
        private Order as(Standing next, long when) {
            return new Order(operation, since, when, next, blind, wasUndone);
        }

        private Order undone() {
            return new Order(operation, since, at, standing, blind, true);
        }

        private Order over(long now) {
            return as(Standing.OVER, now);
        }
    }

    /** The number of a request, and the node that counts it. */
    private record Request(NodeId asker, long number) implements Comparable<Request> {
        private static final Comparator<Request> ORDER =
                Comparator.comparing(Request::asker).thenComparingLong(Request::number);

        @Override
        public int compareTo(Request other) {
            return ORDER.compare(this, other);
        }
    }
}
