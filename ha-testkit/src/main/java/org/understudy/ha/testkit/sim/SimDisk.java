package org.understudy.ha.testkit.sim;

import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.core.DurableState;

/**
 * A node's disk: one write at a time, each takes a while; what waits behind it is written together. A crash loses what is not
 * synced; the write under way may or may not survive.
 */
final class SimDisk {

    private final World world;
    private final int owner;
    private DurableState durable = DurableState.EMPTY;
    private DurableState before = DurableState.EMPTY;
    private @Nullable DurableState writing;
    private long writingNumber;
    private @Nullable DurableState waiting;
    private long waitingNumber;
    private long draws;
    private long slowUntil;
    private long epoch;

    SimDisk(World world, int owner) {
        this.world = world;
        this.owner = owner;
    }

    DurableState durable() {
        return durable;
    }

    boolean isIdle() {
        return writing == null;
    }

    /** The newest number handed in and not durable yet. */
    long newestNumber() {
        return waiting != null ? waitingNumber : writingNumber;
    }

    void slowUntil(long real) {
        slowUntil = Math.max(slowUntil, real);
    }

    void write(DurableState state, long number, SimNode node) {
        if (writing == null) {
            begin(state, number, node);
        } else {
            waiting = state;
            waitingNumber = number;
        }
    }

    private void begin(DurableState state, long number, SimNode node) {
        writing = state;
        writingNumber = number;
        long draw = SimRandom.hash(world.seed(), 'd', owner, draws++);
        long takes = world.now() < slowUntil
                ? SimRandom.scale(draw, 1 * World.MILLI, 400 * World.MILLI)
                : world.isCalm() ? World.FSYNC : SimRandom.scale(draw, World.MILLI / 5, 3 * World.MILLI);
        long mine = epoch;
        world.in(takes, () -> {
            if (mine == epoch) {
                complete(node);
            }
        });
    }

    private void complete(SimNode node) {
        DurableState written = writing;
        if (written == null) {
            return;
        }
        long number = writingNumber;
        before = durable;
        durable = written;
        writing = null;
        DurableState next = waiting;
        waiting = null;
        if (next != null) {
            begin(next, waitingNumber, node);
        }
        node.persisted(number);
    }

    void crash() {
        epoch++;
        long draw = SimRandom.hash(world.seed(), 'c', owner, draws++);
        DurableState underWay = writing;
        if (world.sabotage() == Sabotage.FORGETFUL_DISK) {
            durable = before;
        } else if (underWay != null && SimRandom.happens(draw, 500)) {
            durable = underWay;
        }
        before = durable;
        writing = null;
        waiting = null;
    }
}
