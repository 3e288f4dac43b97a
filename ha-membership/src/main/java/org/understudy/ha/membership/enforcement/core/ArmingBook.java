package org.understudy.ha.membership.enforcement.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.spi.Enforcer.Order;
import org.understudy.ha.api.spi.Enforcer.Terms;

/**
 * The node's side of its enforcers: what to order of whom and when, and what may be relied on. Pure.
 *
 * <p><b>The deadline.</b> A lease ends on the holder's clock at sent + L·(1−ρ)/(1+ρ) − guard. The order says guard earlier: deadline =
 * sent + length − g, where sent is the sending of the newest renewal that a majority has <em>acknowledged</em>. An acceptor removes the
 * session at the earliest L of real time after the sending. A deadline on a clock that is slow by ρ comes at the latest
 * (L·(1−ρ)/(1+ρ) − 2·g) / (1−ρ) after it, so what remains for being late and for dying is at least L·ρ/(1+ρ) + 2·g. An enforcer that is late
 * by more than g is not relied on, and g + L·ρ/(1+ρ) stay for the act itself.
 *
 * <p><b>What counts.</b> An enforcer counts for a group once it has acknowledged an order given for the group's incarnation since it was
 * last disarmed. One that leaves an order unanswered for half a lease, or was late, does not count for new grants until it
 * answers again; one that is lost never does. An acknowledged deadline can only be earlier than the lease, never later.
 *
 * <p><b>Mildest first.</b> For each resource the mildest kind that is there is armed, and all enforcers of that kind. What was armed stays
 * armed while a group it can end is active.
 */
public final class ArmingBook {

    /** An order to one enforcer. */
    public sealed interface Act {
        int enforcer();
    }

    public record Arm(int enforcer, Order order) implements Act {}

    public record Disarm(int enforcer, long incarnation) implements Act {}

    private static final long NEVER = Long.MIN_VALUE;
    private static final int ORDERS_REMEMBERED = 64;
    private static final int LATE_FOR_LENGTHS = 10;

    private final List<Line> lines = new ArrayList<>();
    private final Terms terms;
    private final SortedMap<String, Member> members = new TreeMap<>();
    /** How many of the members are of each incarnation. */
    private final SortedMap<Long, Integer> lives = new TreeMap<>();
    /** What members rely on, each once: they are many and rely on few different things. */
    private final List<Relied> relied = new ArrayList<>();

    private long incarnation;
    private long confirmed = NEVER;
    private long number;

    public ArmingBook(List<Offer> offers, Terms terms) {
        this.terms = terms;
        for (Offer offer : offers) {
            lines.add(new Line(offer));
        }
    }

    /** A majority has acknowledged a renewal. */
    public List<Act> confirmed(long ofIncarnation, long sentNanos, long now) {
        confirmed = ofIncarnation == incarnation ? Math.max(confirmed, sentNanos) : sentNanos;
        incarnation = ofIncarnation;
        return acts(now);
    }

    /**
     * A group is about to start.
     *
     * @param relies for each of its resources that needs one the enforcers that can end it, {@link CoverageRule#relies}
     */
    public List<Act> enter(String group, long ofIncarnation, List<List<Integer>> relies, long now) {
        Member entered = new Member(ofIncarnation, relies);
        forget(members.put(group, entered));
        lives.merge(ofIncarnation, 1, Integer::sum);
        relies.forEach(able -> count(able, 1));
        return acts(now);
    }

    /** Everything of the group is certainly stopped. */
    public List<Act> leave(String group, long now) {
        Member left = members.remove(group);
        forget(left);
        return left == null ? List.of() : acts(now);
    }

    private void forget(@Nullable Member member) {
        if (member != null) {
            lives.computeIfPresent(member.incarnation, (life, count) -> count == 1 ? null : count - 1);
            member.relies.forEach(able -> count(able, -1));
        }
    }

    private void count(List<Integer> able, int more) {
        for (Relied each : relied) {
            if (each.able.equals(able)) {
                each.members += more;
                relied.removeIf(other -> other.members == 0);
                return;
            }
        }
        relied.add(new Relied(able, more));
    }

    /** Whether something that does not need us would end every resource of an entered group. */
    public boolean isArmed(String group, long now) {
        Member member = members.get(group);
        return member != null
                && member.relies.stream()
                        .allMatch(
                                able -> able.stream().anyMatch(i -> lines.get(i).isArmedFor(member.incarnation, now)));
    }

    /** The entered groups that an enforcer can end. */
    public List<String> reliant(int enforcer) {
        return members.entrySet().stream()
                .filter(e -> e.getValue().relies.stream().anyMatch(able -> able.contains(enforcer)))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** An enforcer has acknowledged. */
    public void armed(int enforcer, long orderNumber, long latenessNanos, long now) {
        Line line = lines.get(enforcer);
        line.answered(orderNumber);
        if (latenessNanos > terms.latenessNanos()) {
            line.lateUntil = now + LATE_FOR_LENGTHS * terms.lengthNanos();
            line.worstLateness = Math.max(line.worstLateness, latenessNanos);
        }
    }

    /** An enforcer is gone for good. */
    public void lost(int enforcer, String why) {
        lines.get(enforcer).lost = Optional.of(why);
    }

    /** Why an enforcer cannot be relied on for a new grant; empty if it can. */
    public Optional<String> absence(int enforcer, long now) {
        return lines.get(enforcer).absence(now);
    }

    private List<Act> acts(long now) {
        List<Act> acts = new ArrayList<>();
        boolean isOneLife = lives.isEmpty() || lives.size() == 1 && lives.firstKey() == incarnation;
        TreeSet<Integer> wanted = wanted(now);
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            if (wanted.contains(i)) {
                if (isOneLife && confirmed != NEVER) {
                    long deadline = confirmed + terms.lengthNanos() - terms.latenessNanos();
                    if (line.wants(deadline, now)) {
                        number++;
                        line.ordered(number, incarnation, deadline, now);
                        acts.add(new Arm(i, new Order(number, incarnation, confirmed, deadline)));
                    }
                }
            } else if (line.isOrdered()) {
                if (line.lost.isEmpty()) {
                    acts.add(new Disarm(i, line.incarnation));
                }
                line.disarmed();
            }
        }
        return acts;
    }

    private TreeSet<Integer> wanted(long now) {
        TreeSet<Integer> wanted = new TreeSet<>();
        for (Relied each : relied) {
            Optional<Enforcement> mildest = each.able.stream()
                    .filter(i -> absence(i, now).isEmpty())
                    .map(i -> lines.get(i).offer.kind())
                    .min(Enforcement::compareTo);
            for (int i : each.able) {
                Line line = lines.get(i);
                boolean isChosen = mildest.isEmpty() || line.offer.kind() == mildest.get();
                if (line.lost.isEmpty() && line.offer.obstacles().isEmpty() && (isChosen || line.isOrdered())) {
                    wanted.add(i);
                }
            }
        }
        return wanted;
    }

    /** Enforcers of which one is to end a resource, and how many resources. */
    private static final class Relied {
        private final List<Integer> able;
        private int members;

        private Relied(List<Integer> able, int members) {
            this.able = able;
            this.members = members;
        }
    }

    private record Member(long incarnation, List<List<Integer>> relies) {}

    private record Ordered(long deadline, long at) {}

    /** One enforcer. */
    private final class Line {
        private final Offer offer;
        private final TreeMap<Long, Ordered> unanswered = new TreeMap<>();
        private Optional<String> lost = Optional.empty();
        private long incarnation;
        private long newestDeadline = NEVER;
        private long armedUntil = NEVER;
        private long unansweredSince = NEVER;
        private long lateUntil = NEVER;
        private long worstLateness;

        private Line(Offer offer) {
            this.offer = offer;
        }

        /** A first order with a deadline in the past would be no protection and could be a kill. */
        private boolean wants(long deadline, long now) {
            return deadline > newestDeadline && (isOrdered() || deadline > now);
        }

        private void ordered(long orderNumber, long ofIncarnation, long deadline, long now) {
            incarnation = ofIncarnation;
            newestDeadline = deadline;
            unanswered.put(orderNumber, new Ordered(deadline, now));
            if (unansweredSince == NEVER) {
                unansweredSince = now;
            }
            while (unanswered.size() > ORDERS_REMEMBERED) {
                unanswered.pollFirstEntry();
            }
        }

        private void answered(long orderNumber) {
            SortedMap<Long, Ordered> inForce = unanswered.headMap(orderNumber + 1);
            if (inForce.isEmpty()) {
                return;
            }
            for (Ordered ordered : inForce.values()) {
                armedUntil = Math.max(armedUntil, ordered.deadline());
            }
            inForce.clear();
            Map.Entry<Long, Ordered> oldest = unanswered.firstEntry();
            unansweredSince = oldest == null ? NEVER : oldest.getValue().at();
        }

        private void disarmed() {
            unanswered.clear();
            newestDeadline = NEVER;
            armedUntil = NEVER;
            unansweredSince = NEVER;
        }

        private boolean isOrdered() {
            return newestDeadline != NEVER;
        }

        private boolean isArmedFor(long ofIncarnation, long now) {
            return ofIncarnation == incarnation
                    && armedUntil > now
                    && absence(now).isEmpty();
        }

        private Optional<String> absence(long now) {
            if (!offer.obstacles().isEmpty()) {
                return Optional.of(String.join("; ", offer.obstacles()));
            }
            if (lost.isPresent()) {
                return lost;
            }
            if (unansweredSince != NEVER && now - unansweredSince > terms.lengthNanos() / 2) {
                return Optional.of("it has not answered for " + terms.lengthNanos() / 2_000_000
                        + " ms or more; if its process is stopped, resume it or restart the node");
            }
            if (now < lateUntil) {
                return Optional.of("it was late by " + worstLateness / 1_000_000 + " ms, and "
                        + terms.latenessNanos() / 1_000_000
                        + " ms are allowed; give the host more room, or a longer guard");
            }
            return Optional.empty();
        }
    }
}
