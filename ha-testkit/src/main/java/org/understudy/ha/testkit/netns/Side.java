package org.understudy.ha.testkit.netns;

/** The half of the network a host hangs on; a split cuts between the two. */
public enum Side {
    A,
    B
}
