package org.understudy.ha.membership.core.record;

import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/**
 * Who votes on the cluster record: one set of acceptors, or two while the set changes.
 *
 * <p>A change goes SETTLED(old) → JOINT(old, new) → FINAL(new, old) → SETTLED(new). A record is chosen by a majority of
 * <em>every</em> set it names, so a record that names two needs both majorities. Each step is taken only on a record that is known
 * to be chosen; the reason is in {@code docs/design/safety.md}.
 *
 * @param change number of the record with which the newest change began; 0 before the first
 * @param set who votes; while JOINT the old set
 * @param other while JOINT the new set, while FINAL the old one, otherwise empty
 */
public record Voters(Phase phase, long change, List<AcceptorId> set, List<AcceptorId> other) {

    /** How far a change of the set is. */
    public enum Phase {
        /** One set; no change is under way. */
        SETTLED,
        /** Both sets decide. */
        JOINT,
        /** The new set has taken over; the old one still has to agree that it has. */
        FINAL
    }

    /**
     * @throws IllegalArgumentException if a set names an acceptor twice: it would count twice for a majority
     */
    public Voters {
        set = List.copyOf(set);
        other = List.copyOf(other);
        if (new TreeSet<>(set).size() < set.size() || new TreeSet<>(other).size() < other.size()) {
            throw new IllegalArgumentException("a vote is named twice: " + set + ", " + other);
        }
    }

    /** One set. */
    public static Voters of(Collection<AcceptorId> set) {
        return new Voters(Phase.SETTLED, 0, List.copyOf(new TreeSet<>(set)), List.of());
    }

    /**
     * Begins a change.
     *
     * @param number of the record that begins it
     */
    public Voters towards(Collection<AcceptorId> next, long number) {
        return new Voters(Phase.JOINT, number, set, List.copyOf(new TreeSet<>(next)));
    }

    /** The next step of a change under way; the same when settled. */
    public Voters step() {
        return switch (phase) {
            case SETTLED -> this;
            case JOINT -> new Voters(Phase.FINAL, change, other, set);
            case FINAL -> new Voters(Phase.SETTLED, change, set, List.of());
        };
    }

    public boolean isSettled() {
        return phase == Phase.SETTLED;
    }

    /** Every set of which a majority is needed. */
    public List<List<AcceptorId>> sets() {
        return isSettled() ? List.of(set) : List.of(set, other);
    }

    /** Everybody in any set, in order. */
    public List<AcceptorId> all() {
        TreeSet<AcceptorId> all = new TreeSet<>(set);
        all.addAll(other);
        return List.copyOf(all);
    }

    /** Whether this acceptor is in any set. */
    public boolean names(AcceptorId id) {
        return set.contains(id) || other.contains(id);
    }

    /** Whether this acceptor was a voter before a change began, or is one after the change took over. */
    public boolean isEstablished(AcceptorId id) {
        return set.contains(id);
    }

    /** Whether these acceptors hold a majority of every set. */
    public boolean isQuorum(Collection<AcceptorId> who) {
        return sets().stream().allMatch(each -> isMajority(each, who));
    }

    /** Whether {@code who} holds more than half of {@code set}. */
    public static boolean isMajority(Collection<AcceptorId> set, Collection<AcceptorId> who) {
        int count = 0;
        for (AcceptorId each : set) {
            count += who.contains(each) ? 1 : 0;
        }
        return count > set.size() / 2;
    }

    @Override
    public String toString() {
        return isSettled() ? set.toString() : phase + " " + set + " and " + other;
    }
}
