package org.understudy.ha.testkit.sim.check;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Who acts for which group, as the outside sees it: not what a machine believes but what the fake host and kernel let through.
 * Checks ONE_OWNER and TOKENS_GROW.
 *
 * <p>An expirable group acts from its start until its stop, until its guardian removed it, or until the end of the lease last
 * published, whichever is first, whether or not its process runs. Any other group acts until its stop or its process's end.
 */
public final class Ownership {

    private final Court court;
    private final List<SimGroup> groups;
    private final List<NodeId> ids;
    private final int nodes;
    private final @Nullable Claim[] claims;
    private final long[] enforcedUntil;
    private final long[] highestToken;
    private final int[] starts;
    private final long[] lastStart;

    public Ownership(Court court, List<SimGroup> groups, List<NodeId> ids) {
        this.court = court;
        this.groups = groups;
        this.ids = ids;
        this.nodes = ids.size();
        this.claims = new Claim[groups.size() * nodes];
        this.enforcedUntil = new long[nodes];
        this.highestToken = new long[groups.size()];
        this.starts = new int[groups.size()];
        this.lastStart = new long[groups.size()];
    }

    /** A group acts on a node from now on. */
    public void begin(SimGroup group, int node, long token) {
        court.looked(Checker.TOKENS_GROW);
        if (token <= highestToken[group.index()]) {
            court.violated(
                    Checker.TOKENS_GROW,
                    ids.get(node) + " starts " + group.name() + " with token " + token + " after a start with "
                            + highestToken[group.index()]);
        }
        highestToken[group.index()] = Math.max(highestToken[group.index()], token);
        starts[group.index()]++;
        lastStart[group.index()] = court.now();
        claims[group.index() * nodes + node] = new Claim(token);
        check(group, node);
    }

    public void end(SimGroup group, int node) {
        claims[group.index() * nodes + node] = null;
    }

    /** The process is gone; what the kernel holds lives on until the lease ends. */
    public void processDied(SimGroup group, int node) {
        Claim claim = claims[group.index() * nodes + node];
        if (claim != null && group.outlivesItsProcess()) {
            claim.endsAt = Math.min(claim.endsAt, enforcedUntil[node]);
            claim.isOrphan = true;
        } else {
            end(group, node);
        }
    }

    /** A node starts a new life: what the kernel holds of the life before ends by itself, everything else is gone. */
    public void reset(int node) {
        enforcedUntil[node] = 0;
        for (SimGroup group : groups) {
            Claim claim = claims[group.index() * nodes + node];
            if (claim != null && !claim.isOrphan) {
                end(group, node);
            }
        }
    }

    /** A lease was published on this node; its end in real time is when the fake kernel mutes what it covers. */
    public void enforce(int node, long until) {
        enforcedUntil[node] = Math.max(enforcedUntil[node], until);
        for (SimGroup group : groups) {
            if (claims[group.index() * nodes + node] != null) {
                check(group, node);
            }
        }
    }

    public long enforcedUntil(int node) {
        return enforcedUntil[node];
    }

    public boolean acts(SimGroup group, int node) {
        Claim claim = claims[group.index() * nodes + node];
        if (claim == null) {
            return false;
        }
        long end = claim.isOrphan ? claim.endsAt : Math.min(claim.endsAt, enforcedUntil[node]);
        return !group.isExpirable() || court.now() < end;
    }

    /** Whether a group acts here for the present process, not only for one that is gone. */
    public boolean actsByItself(SimGroup group, int node) {
        Claim claim = claims[group.index() * nodes + node];
        return claim != null && !claim.isOrphan && acts(group, node);
    }

    /** Whether a group was started here and nothing has ended it yet but, perhaps, the lease. */
    public boolean isClaimed(SimGroup group, int node) {
        return claims[group.index() * nodes + node] != null;
    }

    /** Whether this node acts for anything. */
    public boolean actsAtAll(int node) {
        for (SimGroup group : groups) {
            if (acts(group, node)) {
                return true;
            }
        }
        return false;
    }

    public long token(SimGroup group, int node) {
        Claim claim = claims[group.index() * nodes + node];
        return claim == null ? 0 : claim.token;
    }

    /** The node for which a group acts now, -1 for none. */
    public int owner(SimGroup group) {
        for (int node = 0; node < nodes; node++) {
            if (acts(group, node)) {
                return node;
            }
        }
        return -1;
    }

    public int starts(SimGroup group) {
        return starts[group.index()];
    }

    public long lastStart(SimGroup group) {
        return lastStart[group.index()];
    }

    private void check(SimGroup group, int node) {
        court.looked(Checker.ONE_OWNER);
        if (!acts(group, node)) {
            return;
        }
        for (int other = 0; other < nodes; other++) {
            if (other != node && acts(group, other)) {
                court.violated(
                        Checker.ONE_OWNER,
                        ids.get(node) + " (token " + token(group, node) + ") and " + ids.get(other) + " (token "
                                + token(group, other) + ") both act for " + group.name());
            }
        }
    }

    private static final class Claim {
        private final long token;
        private long endsAt = Long.MAX_VALUE;
        private boolean isOrphan;

        private Claim(long token) {
            this.token = token;
        }
    }
}
