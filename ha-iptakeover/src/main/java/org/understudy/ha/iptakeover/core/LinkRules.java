package org.understudy.ha.iptakeover.core;

/**
 * What a link is judged by.
 *
 * @param link its name, for reasons
 * @param gateway its address, for reasons; empty if none is asked
 * @param gatewayMoves whether losing the gateway moves what runs here
 * @param misses so many questions in a row without an answer, and the gateway is lost
 * @param answers so many in a row with one, and it is there
 * @param askNanos between two questions
 * @param holdNanos how long something must be back after its first loss
 * @param holdMaxNanos how long at most after repeated losses
 * @param vetoNanos how long a lost gateway keeps this node from being chosen
 */
public record LinkRules(
        String link,
        String gateway,
        boolean gatewayMoves,
        int misses,
        int answers,
        long askNanos,
        long holdNanos,
        long holdMaxNanos,
        long vetoNanos) {

    /**
     * @throws IllegalArgumentException if a number makes no sense
     */
    public LinkRules {
        if (misses < 1 || answers < 1 || askNanos < 1 || holdNanos < 0 || holdMaxNanos < holdNanos || vetoNanos < 0) {
            throw new IllegalArgumentException(
                    "counts are positive, times not negative, the longest hold is not the shortest");
        }
    }

    public boolean hasGateway() {
        return !gateway.isEmpty();
    }
}
