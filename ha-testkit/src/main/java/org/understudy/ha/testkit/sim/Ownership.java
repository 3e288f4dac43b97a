package org.understudy.ha.testkit.sim;

import org.jspecify.annotations.Nullable;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Who acts for which group, as the outside sees it: not what a machine believes but what the fake host and kernel let through.
 * Checks ONE_OWNER and TOKENS_GROW.
 *
 * <p>An expirable group acts from its start until its stop, until its guardian removed it, or until the end of the lease last
 * published, whichever is first, whether or not its process runs. Any other group acts until its stop or its process's end.
 */
final class Ownership {

    private final World world;
    private final int nodes;
    private final @Nullable Claim[] claims;
    private final long[] highestToken;
    private final int[] starts;
    private final long[] lastStart;

    Ownership(World world, int groups, int nodes) {
        this.world = world;
        this.nodes = nodes;
        this.claims = new Claim[groups * nodes];
        this.highestToken = new long[groups];
        this.starts = new int[groups];
        this.lastStart = new long[groups];
    }

    void begin(SimGroup group, SimNode node, long token) {
        if (token <= highestToken[group.index()]) {
            world.violated(
                    Checker.TOKENS_GROW,
                    node.id() + " starts " + group.name() + " with token " + token + " after a start with "
                            + highestToken[group.index()]);
        }
        highestToken[group.index()] = Math.max(highestToken[group.index()], token);
        starts[group.index()]++;
        lastStart[group.index()] = world.now();
        claims[group.index() * nodes + node.index()] = new Claim(token);
        check(group, node);
    }

    void end(SimGroup group, SimNode node) {
        claims[group.index() * nodes + node.index()] = null;
    }

    /** The process is gone; what the kernel holds lives on until the lease ends. */
    void processDied(SimGroup group, SimNode node, long leaseEnd) {
        Claim claim = claims[group.index() * nodes + node.index()];
        if (claim != null && group.isExpirable() && !group.isElection()) {
            claim.endsAt = Math.min(claim.endsAt, leaseEnd);
        } else {
            end(group, node);
        }
    }

    /** A new lease end was published on this node: what had expired acts again. */
    void rearmed(SimNode node) {
        for (SimGroup group : world.groups()) {
            if (claims[group.index() * nodes + node.index()] != null) {
                check(group, node);
            }
        }
    }

    boolean acts(SimGroup group, SimNode node) {
        Claim claim = claims[group.index() * nodes + node.index()];
        if (claim == null) {
            return false;
        }
        return !group.isExpirable() || world.now() < Math.min(claim.endsAt, node.enforcedUntil());
    }

    long token(SimGroup group, SimNode node) {
        Claim claim = claims[group.index() * nodes + node.index()];
        return claim == null ? 0 : claim.token;
    }

    /** The node for which a group acts now, -1 for none. */
    int owner(SimGroup group) {
        for (SimNode node : world.nodes()) {
            if (acts(group, node)) {
                return node.index();
            }
        }
        return -1;
    }

    int starts(SimGroup group) {
        return starts[group.index()];
    }

    long lastStart(SimGroup group) {
        return lastStart[group.index()];
    }

    private void check(SimGroup group, SimNode node) {
        if (!acts(group, node)) {
            return;
        }
        for (SimNode other : world.nodes()) {
            if (other != node && acts(group, other)) {
                world.violated(
                        Checker.ONE_OWNER,
                        node.id() + " (token " + token(group, node) + ") and " + other.id() + " (token "
                                + token(group, other) + ") both act for " + group.name());
            }
        }
    }

    private static final class Claim {
        private final long token;
        private long endsAt = Long.MAX_VALUE;

        private Claim(long token) {
            this.token = token;
        }
    }
}
