package org.understudy.ha.membership.enforcement.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Enforcer.Order;
import org.understudy.ha.api.spi.Enforcer.Terms;
import org.understudy.ha.membership.enforcement.core.ArmingBook.Act;
import org.understudy.ha.membership.enforcement.core.ArmingBook.Arm;
import org.understudy.ha.membership.enforcement.core.ArmingBook.Disarm;

class EnforcementProperties {
    private static final long LENGTH = 900;
    private static final long LATENESS = 20;
    private static final List<List<Integer>> RELIES = List.of(List.of(0));

    /**
     * Book and killer joined by pipes that lose nothing but stall as they like: whoever started under an acknowledged order is
     * stopped, or killed by the end of its lease plus the time between two looks of the killer.
     */
    @Property(tries = 3000)
    void nothing_outlives_its_lease_whatever_stalls(
            @ForAll @Size(max = 80) List<@IntRange(min = 0, max = 9) Integer> steps,
            @ForAll @LongRange(min = 1, max = 150) long pace) {
        ArmingBook book = new ArmingBook(
                List.of(new Offer("killer", Enforcement.PROCESS_KILL, List.of(Scope.PROCESS), List.of())),
                new Terms(LENGTH, 100, LATENESS));
        KillDeadline killer = new KillDeadline();
        Deque<Act> toKiller = new ArrayDeque<>();
        Deque<Long> toNode = new ArrayDeque<>();
        long now = 1000;
        long incarnation = 1;
        long confirmed = now;
        boolean isEntered = false;
        boolean isRunning = false;
        long holder = 0;
        long leaseOfHolder = 0;
        toKiller.addAll(book.confirmed(incarnation, now, now));
        for (int step : steps) {
            now += pace;
            switch (step) {
                case 0, 1, 2 -> {
                    confirmed = now - pace / 2;
                    toKiller.addAll(book.confirmed(incarnation, confirmed, now));
                }
                case 3 -> {
                    if (!isEntered) {
                        isEntered = true;
                        holder = incarnation;
                        toKiller.addAll(book.enter("files", incarnation, RELIES, now));
                    }
                }
                case 4 -> {
                    if (isEntered && !isRunning && now < confirmed + LENGTH && book.isArmed("files", now)) {
                        isRunning = true;
                    }
                }
                case 5 -> {
                    if (isEntered) {
                        isEntered = false;
                        isRunning = false;
                        toKiller.addAll(book.leave("files", now));
                    }
                }
                case 6 -> {
                    incarnation++;
                    confirmed = now;
                    toKiller.addAll(book.confirmed(incarnation, now, now));
                }
                case 7, 8 -> deliver(toKiller, killer, toNode, now);
                default -> {
                    while (!toNode.isEmpty()) {
                        book.armed(0, toNode.poll(), 0, now);
                    }
                }
            }
            if (isEntered && holder == incarnation) {
                leaseOfHolder = Math.max(leaseOfHolder, confirmed + LENGTH);
            }
            if (killer.act(now)) {
                return;
            }
            if (isRunning) {
                assertThat(now).as("runs under a lease that is over").isLessThan(leaseOfHolder);
            } else if (!isEntered) {
                leaseOfHolder = 0;
            }
        }
    }

    private static void deliver(Deque<Act> acts, KillDeadline killer, Deque<Long> answers, long now) {
        while (!acts.isEmpty()) {
            Act act = acts.poll();
            if (act instanceof Disarm disarm) {
                killer.disarm(disarm.incarnation());
            } else if (act instanceof Arm arm) {
                Order order = arm.order();
                if (killer.arm(order.incarnation(), order.deadlineNanos(), now).isArmed()) {
                    answers.add(order.number());
                }
            }
        }
    }

    /** Orders of one incarnation, read in any rhythm: the deadline in force is the largest one taken, and never moves back. */
    @Property
    void the_deadline_never_moves_back(@ForAll @Size(max = 40) List<@LongRange(min = 1, max = 1000) Long> orders) {
        KillDeadline killer = new KillDeadline();
        List<Long> taken = new ArrayList<>();
        long now = 0;
        for (long order : orders) {
            now++;
            if (killer.arm(1, order, now).isArmed()) {
                taken.add(order);
                long largest = taken.stream().mapToLong(Long::longValue).max().orElseThrow();
                assertThat(killer.deadline()).hasValue(largest);
            }
            if (killer.act(now)) {
                assertThat(taken).allMatch(deadline -> deadline <= 1000);
                return;
            }
        }
    }

    /**
     * The inequality of {@link ArmingBook}, in whole numbers: on the slowest clock the deadline, plus what is allowed for lateness and as
     * much again for the act, comes before any acceptor's wait on the fastest clock is over.
     */
    @Property
    void a_kill_that_is_late_and_slow_is_over_before_any_acceptor_stops_waiting(
            @ForAll @LongRange(min = 500, max = 60_000) long leaseMillis,
            @ForAll @IntRange(min = 1, max = 50) int perMille,
            @ForAll @LongRange(min = 2, max = 50) long guardMillis) {
        long lease = leaseMillis * 1_000_000;
        long guard = guardMillis * 1_000_000;
        Timing timing = new Timing(
                java.time.Duration.ofNanos(lease),
                java.time.Duration.ofNanos(lease / 10),
                perMille,
                java.time.Duration.ofNanos(guard));
        ArmingBook book = new ArmingBook(
                List.of(new Offer("killer", Enforcement.PROCESS_KILL, List.of(Scope.PROCESS), List.of())),
                new Terms(timing.holderNanos(), timing.renewEvery().toNanos(), guard));
        book.confirmed(1, 0, 1);
        Arm arm = (Arm) book.enter("files", 1, RELIES, 1).get(0);

        // Real time: the holder's clock runs slow by the drift, the acceptor's fast.
        double killed = arm.order().deadlineNanos() / (1 - perMille / 1000.0) + 2.0 * guard;
        double removed = timing.acceptorNanos() / (1 + perMille / 1000.0);
        assertThat(killed).isLessThan(removed + 1);
    }
}
