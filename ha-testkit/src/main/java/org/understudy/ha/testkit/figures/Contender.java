package org.understudy.ha.testkit.figures;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.testkit.netns.Host;

/** What keeps the addresses on one of two hosts and moves them to the other, whoever has them now. One thread uses it. */
interface Contender extends AutoCloseable {

    /** An instant of a move that only the contender itself can tell. */
    record Mark(String what, long nanos) {}

    /** As a heading. */
    String name();

    /** Starts whatever does not run on the hosts that are on. */
    void start();

    /** Whether it may be left in a state that only a new start of both hosts ends. Ours may not. */
    boolean mayNeedANewStart();

    /** What is still missing before the next fault may come, apart from who serves; empty if nothing is. */
    Optional<String> unready();

    /**
     * Breaks something, now.
     *
     * @param owner the host that has the addresses
     */
    void breakIt(TakeoverFault fault, Host owner, Host next);

    /** Repairs that; the cards are whole again already. */
    void mend(TakeoverFault fault, Host owner);

    /** What it told about itself since an instant, in no order. */
    List<Mark> marks(long sinceNanos);

    /** Last words of its programs, for a complaint. */
    String troubles();

    /** Ends its programs; the addresses may stay. */
    @Override
    void close();
}
