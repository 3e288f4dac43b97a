package org.understudy.ha.iptakeover.core;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;

/**
 * Finds out who has noticed a takeover. Each neighbour is asked for its own address in the name of the floating one: it learns the
 * new owner by answering, also where it ignores gratuitous ARP, and its answer, sent to the new owner, proves that it did. Who
 * stays silent is asked again with growing distances.
 *
 * <p>A neighbour whose hardware address is known is asked alone at first; from the third time on everybody hears the question,
 * because that hardware address may be an old one. An answer is not authenticated: it is a finding to show, never a reason to
 * act for safety.
 *
 * <p>Driver: send what {@link #due} returns at once, give {@link #hear} every sighting, ask again after {@link #delayNanos}. One
 * caller at a time.
 */
public final class Confirmation {
    /** What the neighbour is to us. */
    public enum Role {
        /** Stands for every client beyond it. */
        GATEWAY,
        PEER,
        CLIENT
    }

    /**
     * @param mac if it is known
     */
    public record Neighbour(IpAddress address, Role role, Optional<MacAddress> mac) {}

    /**
     * @param destination of the frame: the neighbour alone, or everybody who may be it
     */
    public record Question(Neighbour neighbour, MacAddress destination) {}

    /**
     * @param afterNanos since the first question
     */
    public record Confirmed(Neighbour neighbour, long afterNanos) {}

    /**
     * @param confirmed in the order of their answers
     * @param silent in the order they were given
     * @param isFinal false while the silent are still being asked
     */
    public record Outcome(List<Confirmed> confirmed, List<Neighbour> silent, boolean isFinal) {}

    /** How many neighbours are asked at most. */
    public static final int NEIGHBOURS_MAX = 64;

    private static final long MILLI = 1_000_000;

    /** Since the start, in nanoseconds. */
    static final List<Long> ROUNDS = List.of(
            0L,
            2 * MILLI,
            10 * MILLI,
            50 * MILLI,
            200 * MILLI,
            1_000 * MILLI,
            2_000 * MILLI,
            4_000 * MILLI,
            8_000 * MILLI);

    /** When the silent are given up. */
    static final long GIVE_UP_NANOS = 10_000 * MILLI;

    private static final int ROUNDS_ALONE = 2;

    private final IpAddress address;
    private final MacAddress own;
    private final long startNanos;
    private final Map<IpAddress, Neighbour> silent = new LinkedHashMap<>();
    private final List<Confirmed> confirmed = new ArrayList<>();
    private int nextRound;

    /**
     * @param address the floating one
     * @param own the hardware address under which this host answers for it
     * @param neighbours as {@link #choose} returns them
     * @param startNanos when the first question is due
     * @throws IllegalArgumentException for more than {@value #NEIGHBOURS_MAX} neighbours, or one of another IP version
     */
    public Confirmation(IpAddress address, MacAddress own, List<Neighbour> neighbours, long startNanos) {
        if (neighbours.size() > NEIGHBOURS_MAX) {
            throw new IllegalArgumentException(
                    "at most " + NEIGHBOURS_MAX + " neighbours are asked, not " + neighbours.size());
        }
        this.address = address;
        this.own = own;
        this.startNanos = startNanos;
        for (Neighbour neighbour : neighbours) {
            if (neighbour.address().isV6() != address.isV6()) {
                throw new IllegalArgumentException(
                        neighbour.address() + " cannot be asked in the name of " + address + ": another IP version");
            }
            silent.putIfAbsent(neighbour.address(), neighbour);
        }
    }

    /**
     * Whom to ask: of each role those that come first, gateways before peers before clients, each address once, and none that
     * cannot answer (the floating address itself, another IP version, a group, the loopback).
     *
     * @param limit of their number; the more there are, the more frames leave at once, and switches that inspect ARP count them
     * @throws IllegalArgumentException if the limit is not between 0 and {@value #NEIGHBOURS_MAX}
     */
    public static List<Neighbour> choose(IpAddress address, List<Neighbour> candidates, int limit) {
        if (limit < 0 || limit > NEIGHBOURS_MAX) {
            throw new IllegalArgumentException("a limit is between 0 and " + NEIGHBOURS_MAX + ", not " + limit);
        }
        Map<IpAddress, Neighbour> chosen = new LinkedHashMap<>();
        for (Role role : Role.values()) {
            for (Neighbour candidate : candidates) {
                if (candidate.role() == role && chosen.size() < limit && canAnswer(address, candidate.address())) {
                    chosen.putIfAbsent(candidate.address(), candidate);
                }
            }
        }
        return List.copyOf(chosen.values());
    }

    private static boolean canAnswer(IpAddress address, IpAddress candidate) {
        return candidate.isV6() == address.isV6()
                && !candidate.equals(address)
                && !candidate.isAny()
                && !candidate.isLoopback()
                && !candidate.isMulticast();
    }

    /** The questions to send now. Rounds that were missed meanwhile count as one. */
    public List<Question> due(long nowNanos) {
        boolean isDue = false;
        while (nextRound < ROUNDS.size() && nowNanos - startNanos >= ROUNDS.get(nextRound)) {
            nextRound++;
            isDue = true;
        }
        List<Question> questions = new ArrayList<>();
        if (isDue && !isOver(nowNanos)) {
            for (Neighbour neighbour : silent.values()) {
                questions.add(new Question(neighbour, destination(neighbour)));
            }
        }
        return questions;
    }

    private MacAddress destination(Neighbour neighbour) {
        if (nextRound <= ROUNDS_ALONE && neighbour.mac().isPresent()) {
            return neighbour.mac().get();
        }
        return neighbour.address() instanceof Ipv6Address v6
                ? v6.solicitedNode().multicastMac()
                : MacAddress.BROADCAST;
    }

    /**
     * Takes what was heard on the segment.
     *
     * @param nanos when
     * @return whether it is the first answer of a neighbour that was asked
     */
    public boolean hear(long nanos, Sighting sighting) {
        boolean isAnswerToUs = sighting.form() == Sighting.Form.ANSWER
                && sighting.target().equals(address)
                && sighting.targetMac().equals(own);
        if (!isAnswerToUs || nextRound == 0) {
            return false;
        }
        Neighbour neighbour = silent.remove(sighting.sender());
        if (neighbour == null) {
            return false;
        }
        confirmed.add(new Confirmed(neighbour, nanos - startNanos));
        return true;
    }

    /**
     * Nanoseconds until the next questions, or until the silent are given up.
     *
     * @return {@link Long#MAX_VALUE} when it is over
     */
    public long delayNanos(long nowNanos) {
        if (isOver(nowNanos)) {
            return Long.MAX_VALUE;
        }
        long next = nextRound < ROUNDS.size() ? ROUNDS.get(nextRound) : GIVE_UP_NANOS;
        return Math.max(0, startNanos + next - nowNanos);
    }

    /** Whether all have confirmed, or the rest is given up. */
    public boolean isOver(long nowNanos) {
        return silent.isEmpty() || nowNanos - startNanos >= GIVE_UP_NANOS;
    }

    /** What is known now. */
    public Outcome outcome(long nowNanos) {
        return new Outcome(List.copyOf(confirmed), List.copyOf(silent.values()), isOver(nowNanos));
    }
}
