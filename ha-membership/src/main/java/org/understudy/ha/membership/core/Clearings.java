package org.understudy.ha.membership.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Operator.Cleared.Outcome;
import org.understudy.ha.membership.core.message.Message.Clear;
import org.understudy.ha.membership.core.message.Message.ClearAnswer;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Failures that operators want forgotten: what was asked for here until the node in question has answered and the record holds nothing
 * against the group any more, and what was heard that the record still shows. Pure.
 *
 * <p>Who asks repeats it; everybody else forgets what is not repeated. Each request made here is decided exactly once.
 */
final class Clearings {

    private static final int HEARD_MAX = 256;

    private final long forgetNanos;
    private final long giveUpNanos;
    private final TreeMap<Long, Own> own = new TreeMap<>();
    /** When a group's failure was last asked to be forgotten, by the group's name. */
    private final TreeMap<String, Long> heard = new TreeMap<>();

    Clearings(long forgetNanos, long giveUpNanos) {
        this.forgetNanos = forgetNanos;
        this.giveUpNanos = giveUpNanos;
    }

    void ask(long now, Clear clear) {
        own.put(clear.request(), new Own(clear, now, Optional.empty()));
        hear(now, clear.group());
    }

    /** Returns whether it is new. */
    boolean hear(long now, String group) {
        boolean isNew = heard.put(group, now) == null;
        while (heard.size() > HEARD_MAX) {
            heard.pollFirstEntry();
        }
        return isNew;
    }

    void answered(ClearAnswer answer) {
        own.computeIfPresent(
                answer.request(), (request, asked) -> new Own(asked.clear(), asked.since(), Optional.of(answer)));
    }

    /** Groups that may run somewhere again, if the record says that they must not. */
    SortedSet<String> wanted() {
        return new TreeSet<>(heard.keySet());
    }

    /** What to say again. */
    List<Clear> repeated(long now) {
        List<Clear> again = new ArrayList<>();
        own.values().forEach(asked -> {
            hear(now, asked.clear().group());
            again.add(asked.clear());
        });
        return again;
    }

    void passTime(long now) {
        heard.values().removeIf(at -> now - at > forgetNanos);
    }

    /** Decides what is done, was refused, or has been tried for too long. */
    List<Effect.ClearDecided> decide(long now, Optional<ClusterRecord> record) {
        List<Effect.ClearDecided> decided = new ArrayList<>();
        for (Own asked : List.copyOf(own.values())) {
            Optional<Effect.ClearDecided> decision = decision(now, asked, record);
            decision.ifPresent(d -> {
                own.remove(d.request());
                decided.add(d);
            });
        }
        record.ifPresent(r -> heard.keySet().removeIf(group -> !isFatal(r, group) && isOwnedByNobody(group)));
        return decided;
    }

    private boolean isOwnedByNobody(String group) {
        return own.values().stream().noneMatch(asked -> asked.clear().group().equals(group));
    }

    private Optional<Effect.ClearDecided> decision(long now, Own asked, Optional<ClusterRecord> record) {
        long request = asked.clear().request();
        String group = asked.clear().group();
        boolean isFatal = record.filter(r -> isFatal(r, group)).isPresent();
        if (record.isPresent() && record.get().groups().keySet().stream().noneMatch(k -> isOf(k, group))) {
            return Optional.of(
                    new Effect.ClearDecided(request, Outcome.REFUSED, Planner.noSuchGroup(record.get(), group)));
        }
        Optional<String> unknown =
                record.flatMap(known -> Planner.unknown(known, asked.clear().node()));
        if (unknown.isPresent()) {
            return Optional.of(new Effect.ClearDecided(request, Outcome.REFUSED, unknown.get()));
        }
        if (asked.answer().filter(a -> !a.isDone()).isPresent()) {
            return Optional.of(new Effect.ClearDecided(
                    request, Outcome.REFUSED, asked.answer().get().why()));
        }
        if (asked.answer().isPresent() && record.isPresent() && !isFatal) {
            return Optional.of(new Effect.ClearDecided(
                    request, Outcome.DONE, asked.answer().get().why()));
        }
        if (now - asked.since() <= giveUpNanos) {
            return Optional.empty();
        }
        String missing = asked.answer().isEmpty()
                ? asked.clear().node() + " has not answered within " + giveUpNanos / 1_000_000_000L + " s"
                : "the group still must not run anywhere: it failed so again, or no majority has taken it up; look at its status";
        return Optional.of(new Effect.ClearDecided(request, Outcome.UNKNOWN, missing + ", and ask again"));
    }

    private static boolean isFatal(ClusterRecord record, String group) {
        return record.groups().entrySet().stream()
                .anyMatch(e -> isOf(e.getKey(), group) && !e.getValue().fatal().isEmpty());
    }

    /** Whether a name in the record is that of a group, or of a part of it. */
    static boolean isOf(String name, String group) {
        return Part.groupOf(name).equals(group);
    }

    /** When something here changes by itself. */
    long nextDeadlineNanos() {
        long next = Long.MAX_VALUE;
        for (Own asked : own.values()) {
            next = Math.min(next, asked.since() + giveUpNanos + 1);
        }
        return next;
    }

    private record Own(Clear clear, long since, Optional<ClearAnswer> answer) {}
}
