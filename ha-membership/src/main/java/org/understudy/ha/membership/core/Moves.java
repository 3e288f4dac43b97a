package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Move;
import org.understudy.ha.membership.core.message.Message.MoveRefused;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;

/**
 * Where groups are asked to go, here and elsewhere, until the record shows it or it is not repeated any more. Pure.
 *
 * <p>Who asks repeats it; everybody else forgets what is not repeated. Each move that was asked for here is decided exactly once: done, refused, or
 * not tried any more.
 */
final class Moves {

    private final long forgetNanos;
    private final TreeMap<Long, Move> own = new TreeMap<>();
    private final TreeMap<String, NodeId> wanted = new TreeMap<>();
    private final TreeMap<String, Long> wantedAt = new TreeMap<>();

    /** @param forgetNanos how long a move that is not repeated counts */
    Moves(long forgetNanos) {
        this.forgetNanos = forgetNanos;
    }

    /** Asked for here; what becomes of it shows when it is heard. */
    void ask(Move move) {
        own.put(move.request(), move);
    }

    /**
     * One that was asked for here is held against the record: decided, or wanted from now on.
     *
     * @param isSure whether a majority answers this node, so that what it knows is so
     */
    Optional<Effect.MoveDecided> hearOwn(long now, ClusterRecord record, Move move, boolean isSure) {
        Optional<String> refusal = Planner.moveRefusal(record, move.group(), move.to());
        if (refusal.isPresent()) {
            own.remove(move.request());
            return Optional.of(new Effect.MoveDecided(move.request(), false, refusal.get()));
        }
        if (isThere(record, move)) {
            own.remove(move.request());
            return Optional.of(new Effect.MoveDecided(
                    move.request(),
                    isSure,
                    isSure
                            ? Part.title(move.group()) + " is there already"
                            : "no majority answers this node, so nothing can be moved; the newest that it knows is that "
                                    + Part.title(move.group()) + " is granted to " + move.to()));
        }
        want(now, move);
        return Optional.empty();
    }

    /** One that was asked for elsewhere is wanted from now on, or refused: why. */
    Optional<String> hear(long now, ClusterRecord record, Move move) {
        Optional<String> refusal = Planner.moveRefusal(record, move.group(), move.to());
        if (refusal.isEmpty()) {
            want(now, move);
        }
        return refusal;
    }

    private void want(long now, Move move) {
        wanted.put(move.group(), move.to());
        wantedAt.put(move.group(), now);
    }

    /** Somebody who would have to follow it refuses it: if that is what was asked for, and not what a former life of this node did. */
    Optional<Effect.MoveDecided> refused(MoveRefused refusal) {
        Move move = own.get(refusal.request());
        if (move == null || !move.group().equals(refusal.group())) {
            return Optional.empty();
        }
        own.remove(refusal.request());
        return Optional.of(new Effect.MoveDecided(refusal.request(), false, refusal.why()));
    }

    /** Forgets what nobody repeats. Returns whether there was any. */
    boolean passTime(long now) {
        boolean isForgotten = wantedAt.entrySet().removeIf(e -> now - e.getValue() > forgetNanos);
        if (isForgotten) {
            wanted.keySet().retainAll(wantedAt.keySet());
        }
        return isForgotten;
    }

    /** What a record has taken up is not wanted any more. */
    void learned(ClusterRecord record) {
        for (Map.Entry<String, NodeId> move : new ArrayList<>(wanted.entrySet())) {
            GroupRecord group = record.groups().get(move.getKey());
            boolean isTaken = group != null
                    && (group.moveTo().filter(move.getValue()::equals).isPresent() || isHolder(group, move.getValue()));
            if (isTaken) {
                wanted.remove(move.getKey());
                wantedAt.remove(move.getKey());
            }
        }
    }

    /** Decides what was asked for here and is done, or not tried any more. */
    List<Effect.MoveDecided> decide(ClusterRecord before, ClusterRecord value) {
        List<Effect.MoveDecided> decided = new ArrayList<>();
        for (Move move : new ArrayList<>(own.values())) {
            boolean isThere = isThere(value, move);
            boolean isUnderWay = wanted.containsKey(move.group()) || isUnderWay(value, move);
            if (isThere || !isUnderWay) {
                own.remove(move.request());
                String why = isThere
                        ? Part.title(move.group()) + " is granted to " + move.to()
                        : whyNotMoved(move, before, value);
                decided.add(new Effect.MoveDecided(move.request(), isThere, why));
            }
        }
        return decided;
    }

    private static String whyNotMoved(Move move, ClusterRecord before, ClusterRecord value) {
        boolean wasUnderWay = isUnderWay(before, move);
        return value.grant(move.group())
                .filter(grant -> wasUnderWay && grant.stands())
                .map(grant -> grant.holder().node())
                .filter(node ->
                        before.standby().contains(node) && !value.standby().contains(node))
                .map(node -> node + " was activated again, so " + Part.title(move.group())
                        + " stays there; ask again to move it")
                .orElseGet(() -> Planner.notTakenOver(value, move.group(), move.to()));
    }

    private static boolean isThere(ClusterRecord record, Move move) {
        return Optional.ofNullable(record.groups().get(move.group()))
                .filter(group -> isHolder(group, move.to()))
                .flatMap(GroupRecord::grant)
                .filter(Grant::stands)
                .isPresent();
    }

    /** Whether it is granted to that node, and the record does not ask it to go elsewhere: then it is about to leave, and a move back has not begun. */
    private static boolean isHolder(GroupRecord group, NodeId node) {
        return group.grant().filter(g -> g.holder().node().equals(node)).isPresent()
                && group.moveTo().filter(to -> !to.equals(node)).isEmpty();
    }

    private static boolean isUnderWay(ClusterRecord record, Move move) {
        return Optional.ofNullable(record.groups().get(move.group()))
                .flatMap(GroupRecord::moveTo)
                .filter(move.to()::equals)
                .isPresent();
    }

    /** What to say again: not what somebody, here or elsewhere, has asked otherwise since. */
    List<Move> repeated() {
        return own.values().stream()
                .filter(move -> move.to().equals(wanted.get(move.group())))
                .toList();
    }

    /** Where groups are asked to go, by group, as far as the record does not show it. */
    SortedMap<String, NodeId> wanted() {
        return Collections.unmodifiableSortedMap(wanted);
    }
}
