package org.understudy.ha.testkit.explore;

/** What may happen to one node, as a number: a kind and a detail. */
final class Action {

    /** The machine is told of the step of time in the detail. */
    static final int WAKE = 0;
    /** The oldest write becomes durable. */
    static final int WRITTEN = 1;
    /** An operator asks for the next thing. */
    static final int ASK = 2;
    /** A copy is taken of the disk. */
    static final int COPY = 3;
    /** The node crashes and starts again with that copy, at the step of time in the detail. */
    static final int GO_BACK = 4;
    /** The node crashes and starts again; this many of the unfinished writes, added to this number, are on the disk. */
    static final int CRASH = 5;

    private static final int DELIVER = 1 << 16;
    private static final int DETAIL = 4;

    private Action() {}

    static int of(int kind, int detail) {
        return kind | detail << DETAIL;
    }

    static int deliver(int message) {
        return DELIVER | message << (Integer.SIZE - Integer.numberOfLeadingZeros(DELIVER));
    }

    static boolean isDelivery(int action) {
        return (action & DELIVER) != 0;
    }

    static int message(int action) {
        return action >>> (Integer.SIZE - Integer.numberOfLeadingZeros(DELIVER));
    }

    static int kind(int action) {
        return action & ((1 << DETAIL) - 1);
    }

    static int detail(int action) {
        return action >>> DETAIL;
    }
}
