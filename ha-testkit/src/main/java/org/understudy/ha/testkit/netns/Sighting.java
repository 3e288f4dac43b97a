package org.understudy.ha.testkit.netns;

/**
 * One question to one host whether it answers for an address, and what came of it.
 *
 * @param address the floating address
 * @param host the host that was asked
 * @param askedNanos when the question was sent
 * @param answeredNanos when the answer was noticed; 0 if none came
 */
public record Sighting(String address, String host, long askedNanos, long answeredNanos) {
    public boolean isAnswered() {
        return answeredNanos != 0;
    }
}
