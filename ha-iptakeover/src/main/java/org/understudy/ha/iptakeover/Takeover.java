package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Who has noticed that an address is here now: each neighbour was asked in the name of the address, and learned the new owner by answering. A
 * snapshot; not authenticated, so a finding to show and never a reason to act for safety.
 *
 * @param address that moved
 * @param confirmed in the order of their answers
 * @param silent who was asked and has not answered
 * @param isFinal false while the silent are still being asked, for ten seconds
 */
public record Takeover(String address, List<Confirmed> confirmed, List<String> silent, boolean isFinal) {

    /**
     * One neighbour's answer.
     *
     * @param neighbour its address
     * @param role {@code gateway}, {@code peer} or {@code client}
     * @param after since it was first asked, which is right after the first announcement
     */
    public record Confirmed(String neighbour, String role, Duration after) {}

    public Takeover {
        confirmed = List.copyOf(confirmed);
        silent = List.copyOf(silent);
    }

    /** One sentence. */
    @Override
    public String toString() {
        int asked = confirmed.size() + silent.size();
        String who = confirmed.stream()
                .map(c -> c.role() + " " + c.neighbour() + " after " + c.after().toNanos() / 1000 + " us")
                .collect(Collectors.joining(", "));
        return address + ": " + confirmed.size() + " of " + asked + " neighbours have confirmed it"
                + (who.isEmpty() ? "" : " (" + who + ")")
                + (silent.isEmpty()
                        ? ""
                        : (isFinal ? "; never answered: " : "; silent so far: ") + String.join(", ", silent));
    }
}
