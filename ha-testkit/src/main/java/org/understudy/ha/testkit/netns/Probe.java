package org.understudy.ha.testkit.netns;

/**
 * One request of a client. Instants are of {@link System#nanoTime}, which every process of one host shares.
 *
 * @param address the floating address asked, by its name
 * @param sentNanos when the connection was opened
 * @param answeredNanos when the whole answer was there; 0 if it never came
 * @param server who answered, in its own words, for example {@code serv1#1 token 7}; empty if nobody did
 */
public record Probe(String address, long sentNanos, long answeredNanos, String server) {
    public boolean isAnswered() {
        return answeredNanos != 0;
    }
}
