package org.understudy.ha.testkit.sim.net;

import org.understudy.ha.testkit.sim.clock.SimRandom;

/** Shapes in which a network falls apart, as which direction of which link is cut. Pure. */
public enum Cuts {
    /** No link of the node works. */
    ALONE {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return from == asked.node || to == asked.node;
        }
    },
    /** Nothing the node sends arrives. */
    MUTE {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return from == asked.node;
        }
    },
    /** Nothing reaches the node. */
    DEAF {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return to == asked.node;
        }
    },
    /** One pair cannot talk. */
    PAIR {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return (from == asked.node && to == asked.other) || (from == asked.other && to == asked.node);
        }
    },
    /** One direction of one pair. */
    ONE_WAY {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return from == asked.node && to == asked.other;
        }
    },
    /** Two sides, drawn; the node and the other end are not on the same one. */
    SPLIT {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return asked.side(from) != asked.side(to);
        }
    },
    /** Two sides which only the node still reaches, both of them. */
    BRIDGE {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            return from != asked.node && to != asked.node && asked.side(from) != asked.side(to);
        }
    },
    /** Everybody hears only the two neighbours: every node sees another majority. */
    RING {
        @Override
        boolean isCut(int from, int to, Asked asked) {
            int apart = Math.floorMod(from - to, asked.nodes);
            return apart != 1 && apart != asked.nodes - 1;
        }
    };

    abstract boolean isCut(int from, int to, Asked asked);

    /** Whether this shape cuts the direction from one node to another. */
    public boolean isCut(int from, int to, int nodes, int node, int other, long luck) {
        return isCut(from, to, new Asked(nodes, node, other, luck));
    }

    record Asked(int nodes, int node, int other, long luck) {
        boolean side(int who) {
            if (who == node) {
                return true;
            }
            return who != other && SimRandom.happens(luck + who, 500);
        }
    }
}
