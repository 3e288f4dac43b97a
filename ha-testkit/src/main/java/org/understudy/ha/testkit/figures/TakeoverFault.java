package org.understudy.ha.testkit.figures;

/** What is done to the owner of the addresses. */
enum TakeoverFault {
    /** SIGKILL to the program that holds the addresses: our node, the daemon and its child. */
    KILL("kill -9", 1, 1_500),
    /** SIGSTOP to the same; SIGCONT when the run is over. */
    PAUSE("SIGSTOP", 1, 1_500),
    /** A planned move: our owner is asked, the daemon is told to end. */
    MOVE("planned move", 1, 200),
    /** The whole host goes dark, so nobody is left who could tell its clients. */
    POWEROFF("power cut", 5, 5_000),
    /** The LAN cable is pulled. */
    UNPLUG("cable pulled", 5, 200);

    private final String words;
    private final int share;
    private final int afterMillis;

    TakeoverFault(String words, int share, int afterMillis) {
        this.words = words;
        this.share = share;
        this.afterMillis = afterMillis;
    }

    String words() {
        return words;
    }

    /** How often it is played if the others are played so often. */
    int runs(int asked) {
        return Math.max(1, asked / share);
    }

    /** How often the peer is played, who waits out a second each time but for a planned move, and never lets go after two of the others. */
    int runsOfPeer(int asked) {
        return this == MOVE ? asked : Math.max(1, asked / 5);
    }

    /**
     * How long after the takeover a contender is watched on who has not yet let go of everything: the old host still answers, or idle clients
     * still believe in it.
     */
    int afterMillis() {
        return afterMillis;
    }

    /** Whether idle connections are kept: a planned end and a pulled cable are not their subject. */
    boolean hasIdleClients() {
        return this == KILL || this == PAUSE || this == POWEROFF;
    }
}
