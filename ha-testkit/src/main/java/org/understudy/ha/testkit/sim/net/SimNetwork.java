package org.understudy.ha.testkit.sim.net;

import java.util.Arrays;
import org.understudy.ha.testkit.sim.clock.SimRandom;
import org.understudy.ha.testkit.sim.clock.Timeline;

/**
 * Carries messages badly: loses, delays, reorders, duplicates, holds back, cuts one way or both. What happens to a message
 * depends only on the seed, its ends and its number, so removing a fault does not change the luck of the rest.
 */
public final class SimNetwork {

    /** How long a message takes on a calm network, one way. */
    public static final long ONE_WAY = 150 * Timeline.MILLI / 1000;

    private static final long MILLI = Timeline.MILLI;

    private final Timeline time;
    private final int nodes;
    private final long[] sent;
    private final long[] cutUntil;
    private final long[] clogUntil;
    private final long[] slowInboundUntil;
    private final long[] slowOutboundUntil;
    private long slowUntil;
    private long shuffleUntil;
    private long duplicatesUntil;
    private long lossUntil;
    private int lossPerMille;
    private int duplicatePerMille;
    private int stragglerPerMille;

    public SimNetwork(Timeline time, int nodes) {
        this.time = time;
        this.nodes = nodes;
        this.sent = new long[nodes * nodes];
        this.cutUntil = new long[nodes * nodes];
        this.clogUntil = new long[nodes * nodes];
        this.slowInboundUntil = new long[nodes];
        this.slowOutboundUntil = new long[nodes];
    }

    /** The weather of this run. */
    public void weather(int duplicates, int stragglers) {
        duplicatePerMille = duplicates;
        stragglerPerMille = stragglers;
    }

    /** Every link works, and nothing is held back any more. */
    public void heal() {
        Arrays.fill(cutUntil, 0);
        Arrays.fill(clogUntil, 0);
        Arrays.fill(slowInboundUntil, 0);
        Arrays.fill(slowOutboundUntil, 0);
        slowUntil = 0;
        shuffleUntil = 0;
        duplicatesUntil = 0;
        lossUntil = 0;
        weather(0, 0);
    }

    /** Cuts a shape out of the network until a moment. */
    public void cut(Cuts shape, int node, int other, long luck, long until) {
        for (int from = 0; from < nodes; from++) {
            for (int to = 0; to < nodes; to++) {
                if (from != to && shape.isCut(from, to, nodes, node, other, luck)) {
                    cutUntil[from * nodes + to] = Math.max(cutUntil[from * nodes + to], until);
                }
            }
        }
    }

    /** A link holds everything it is given and releases it in a burst. */
    public void clog(int from, int to, long until) {
        clogUntil[from * nodes + to] = Math.max(clogUntil[from * nodes + to], until);
    }

    /** Messages take up to 250 ms. */
    public void slow(long until) {
        slowUntil = until;
    }

    /** Messages overtake one another by up to 40 ms. */
    public void shuffle(long until) {
        shuffleUntil = until;
    }

    /** Every second message comes again. */
    public void duplicate(long until) {
        duplicatesUntil = until;
    }

    /** Messages to one node take up to 900 ms. */
    public void slowInbound(int to, long until) {
        slowInboundUntil[to] = until;
    }

    /** Messages of one node take up to 900 ms. */
    public void slowOutbound(int from, long until) {
        slowOutboundUntil[from] = until;
    }

    public void lose(int perMille, long until) {
        lossPerMille = perMille;
        lossUntil = until;
    }

    /** Carries anything from one node to another, what guardians send too. */
    public void carry(int from, int to, Runnable arrival) {
        int link = from * nodes + to;
        long number = sent[link]++;
        long now = time.now();
        if (now < cutUntil[link]) {
            return;
        }
        long draw = SimRandom.hash(time.seed(), 'n', link, number);
        boolean isLost = now < lossUntil && SimRandom.happens(draw + 1, lossPerMille);
        long held = Math.max(0, clogUntil[link] - now);
        if (!isLost) {
            arrive(link, held + delay(from, to, draw), arrival);
        }
        int again = now < duplicatesUntil ? 500 : duplicatePerMille;
        if (again > 0 && SimRandom.happens(draw + 2, again)) {
            arrive(link, held + SimRandom.scale(draw + 3, 0, 300 * MILLI), arrival);
        }
    }

    /** How many messages were handed in so far. */
    public long sent() {
        return Arrays.stream(sent).sum();
    }

    private long delay(int from, int to, long draw) {
        boolean isSlow = time.now() < Math.max(slowInboundUntil[to], slowOutboundUntil[from]);
        if (time.isCalm() && !isSlow && isQuiet()) {
            return ONE_WAY;
        }
        if (stragglerPerMille > 0 && SimRandom.happens(draw + 4, stragglerPerMille)) {
            return SimRandom.scale(draw + 5, 0, 2_500 * MILLI);
        }
        if (isSlow) {
            return SimRandom.scale(draw + 6, 100 * MILLI, 900 * MILLI);
        }
        long most = time.now() < slowUntil ? 250 * MILLI : time.now() < shuffleUntil ? 40 * MILLI : MILLI / 2;
        return SimRandom.scale(draw + 6, MILLI / 20, most);
    }

    private boolean isQuiet() {
        return time.now() >= slowUntil && time.now() >= shuffleUntil;
    }

    private void arrive(int link, long delay, Runnable arrival) {
        time.in(delay, () -> {
            if (time.now() >= cutUntil[link]) {
                arrival.run();
            }
        });
    }
}
