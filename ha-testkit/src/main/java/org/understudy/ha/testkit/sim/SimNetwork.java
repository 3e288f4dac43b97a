package org.understudy.ha.testkit.sim;

import org.understudy.ha.membership.core.message.Message;

/**
 * Carries messages badly: loses, delays, reorders, duplicates, cuts one way or both. What happens to a message depends only on
 * the seed, its ends and its number, so removing a fault does not change the luck of the rest.
 */
final class SimNetwork {

    private final World world;
    private final int nodes;
    private final long[] sent;
    private final long[] cutUntil;
    private long slowUntil;
    private final long[] slowInboundUntil;
    private long lossUntil;
    private int lossPerMille;
    private int duplicatePerMille;
    private int stragglerPerMille;

    SimNetwork(World world, int nodes) {
        this.world = world;
        this.nodes = nodes;
        this.sent = new long[nodes * nodes];
        this.cutUntil = new long[nodes * nodes];
        this.slowInboundUntil = new long[nodes];
    }

    /** The weather of this run. */
    void weather(int duplicates, int stragglers) {
        duplicatePerMille = duplicates;
        stragglerPerMille = stragglers;
    }

    void heal() {
        java.util.Arrays.fill(cutUntil, 0);
        java.util.Arrays.fill(slowInboundUntil, 0);
        slowUntil = 0;
        lossUntil = 0;
        weather(0, 0);
    }

    void cut(int from, int to, long until) {
        cutUntil[from * nodes + to] = Math.max(cutUntil[from * nodes + to], until);
    }

    void slow(long until) {
        slowUntil = until;
    }

    void slowInbound(int to, long until) {
        slowInboundUntil[to] = until;
    }

    void lose(int perMille, long until) {
        lossPerMille = perMille;
        lossUntil = until;
    }

    boolean isCut(int from, int to) {
        return world.now() < cutUntil[from * nodes + to];
    }

    void send(SimNode from, SimNode to, Message message) {
        carry(from.index(), to.index(), () -> to.receive(from.id(), message));
    }

    /** Carries anything, also what guardians send. */
    void carry(int from, int to, Runnable arrival) {
        int link = from * nodes + to;
        long number = sent[link]++;
        if (world.now() < cutUntil[link]) {
            return;
        }
        long draw = SimRandom.hash(world.seed(), 'n', link, number);
        boolean isLost = world.now() < lossUntil && SimRandom.happens(draw + 1, lossPerMille);
        if (!isLost) {
            arrive(link, delay(to, draw), arrival);
        }
        if (duplicatePerMille > 0 && SimRandom.happens(draw + 2, duplicatePerMille)) {
            arrive(link, SimRandom.scale(draw + 3, 0, 300 * World.MILLI), arrival);
        }
    }

    private long delay(int to, long draw) {
        if (world.isCalm()) {
            return World.ONE_WAY;
        }
        if (stragglerPerMille > 0 && SimRandom.happens(draw + 4, stragglerPerMille)) {
            return SimRandom.scale(draw + 5, 0, 2_500 * World.MILLI);
        }
        if (world.now() < slowInboundUntil[to]) {
            return SimRandom.scale(draw + 6, 100 * World.MILLI, 900 * World.MILLI);
        }
        long most = world.now() < slowUntil ? 250 * World.MILLI : World.MILLI / 2;
        return SimRandom.scale(draw + 6, World.MILLI / 20, most);
    }

    private void arrive(int link, long delay, Runnable arrival) {
        world.in(delay, () -> {
            if (world.now() >= cutUntil[link]) {
                arrival.run();
            }
        });
    }
}
