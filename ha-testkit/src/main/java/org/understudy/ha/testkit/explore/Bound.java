package org.understudy.ha.testkit.explore;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Chosen;
import org.understudy.ha.membership.core.message.Message.PreVote;
import org.understudy.ha.membership.core.message.Message.PreVoteAnswer;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Recover;
import org.understudy.ha.membership.core.message.Message.Recovered;
import org.understudy.ha.membership.core.message.Message.Refused;
import org.understudy.ha.membership.core.message.Message.Release;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;

/**
 * A small world of which every state is visited. In each of them every message may be late, lost and repeated, and arrive in any order.
 */
public enum Bound {
    /** Three acceptors, two proposers, three ballots, two switches, one step of time. */
    TWO_PROPOSERS(
            Size.SMALL,
            () -> proposers()
                    .steps(1, 1_000)
                    .ballots(0, 2)
                    .ballots(1, 1)
                    .carries(Prepare.class, Promise.class, Accept.class, Accepted.class, Refused.class, Chosen.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED),

    /** The same with two ballots each. */
    FOUR_BALLOTS(
            Size.LARGE,
            () -> proposers()
                    .steps(1, 1_000)
                    .ballots(0, 2)
                    .ballots(1, 2)
                    .carries(Prepare.class, Promise.class, Accept.class, Accepted.class, Refused.class, Chosen.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED),

    /**
     * The first proposer has two changes to write, and goes on to the second with the promises that came with the first; the other writes
     * something else.
     */
    GOING_ON(
            Size.SMALL,
            () -> proposers()
                    .operations(0, Setup.standby("b"), Setup.standby("a"))
                    .ballots(0, 2)
                    .ballots(1, 1)
                    .carries(Prepare.class, Promise.class, Accept.class, Accepted.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.WENT_ON),

    /** The same with a ballot more; the proposer that goes on is slow to write, and crashes once. */
    GOING_ON_ACROSS_RESTART(
            Size.LARGE,
            () -> GOING_ON.setup().ballots(0, 3).crashes(1, 0).slowDisks(0),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.WENT_ON,
            Sight.LOST_WRITE),

    /** Two ballots; the third acceptor crashes once and starts again, with any of its unfinished writes lost. */
    RESTART_OF_AN_ACCEPTOR(
            Size.SMALL,
            () -> proposers()
                    .ballots(0, 1)
                    .ballots(1, 1)
                    .crashes(1, 2)
                    .slowDisks(2)
                    .carries(Prepare.class, Promise.class, Accept.class, Accepted.class, Chosen.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED,
            Sight.LOST_WRITE),

    /** Three ballots; the first proposer crashes once and starts again, with any of its unfinished writes lost. */
    RESTART_OF_A_PROPOSER(
            Size.LARGE,
            () -> proposers()
                    .ballots(0, 2)
                    .ballots(1, 1)
                    .crashes(1, 0)
                    .slowDisks(0)
                    .carries(Prepare.class, Promise.class, Accept.class, Accepted.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED,
            Sight.LOST_WRITE),

    /** Two ballots; the third acceptor's disk goes back once to a copy taken at any time, and it asks the others, each once. */
    OLDER_DISK(
            Size.SMALL,
            () -> proposers()
                    .steps(0, 0)
                    .sessions(List.of(), List.of())
                    .ballots(0, 1)
                    .ballots(1, 1)
                    .goesBack(2)
                    .once(Recover.class)
                    .carries(
                            Prepare.class, Promise.class, Accept.class, Accepted.class, Recover.class, Recovered.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED,
            Sight.OLDER_DISK,
            Sight.RECOVERED),

    /** The same; until it has caught up it may crash and start once more, on a kernel that remembers its newest write. */
    OLDER_DISK_RESTARTED(
            Size.LARGE,
            () -> OLDER_DISK.setup().crashes(2, 2),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED,
            Sight.OLDER_DISK,
            Sight.RECOVERED),

    /** A holder, which may pause, renews while another node ends its session by silence. */
    REMOVAL_AGAINST_RENEWAL(
            Size.SMALL,
            () -> holder().steps(3, 3).renewals(0, 1, 2),
            Sight.LEASE,
            Sight.PAUSED,
            Sight.REMOVAL,
            Sight.REMOVAL_BEGUN_UNDER_LEASE),

    /** The same with another step of time and another renewal. */
    LONGER_RENEWAL(
            Size.LARGE,
            () -> holder().steps(4, 3).renewals(0, 1, 3),
            Sight.LEASE,
            Sight.PAUSED,
            Sight.REMOVAL,
            Sight.REMOVAL_BEGUN_UNDER_LEASE),

    /** The same as the first of these; the third acceptor is slow to write, and crashes once. */
    RENEWAL_ACROSS_RESTART(
            Size.LARGE,
            () -> holder().steps(3, 3).renewals(0, 1, 2).crashes(1, 2).slowDisks(2),
            Sight.LEASE,
            Sight.PAUSED,
            Sight.REMOVAL,
            Sight.REMOVAL_BEGUN_UNDER_LEASE,
            Sight.LOST_WRITE),

    /** Two sessions: the holder of a group is removed, the group is granted to the other node and started there. */
    TAKEOVER(
            Size.LARGE,
            () -> new Setup(3)
                    .steps(3, 3)
                    .sessions(List.of(0, 1), List.of(0, 1))
                    .owner(0)
                    .ballots(1, 1)
                    .renewals(0, 1, 2)
                    .renewals(1, 4, 4)
                    .pauses(0)
                    .carries(
                            Renew.class,
                            RenewAck.class,
                            PreVote.class,
                            PreVoteAnswer.class,
                            Prepare.class,
                            Promise.class,
                            Accept.class,
                            Accepted.class),
            Sight.LEASE,
            Sight.REMOVAL,
            Sight.REMOVAL_BEGUN_UNDER_LEASE,
            Sight.TAKEOVER),

    /** A group is moved by the third node, which hands out beforehand what the release makes true. */
    HANDED_OUT(
            Size.SMALL,
            () -> moved().ballots(2, 2)
                    .carries(
                            Renew.class,
                            RenewAck.class,
                            Prepare.class,
                            Promise.class,
                            Accept.class,
                            AcceptOnRelease.class,
                            Accepted.class,
                            Chosen.class,
                            Release.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.WENT_ON,
            Sight.TAKEOVER),

    /** The same; the node that hands out writes something else besides, before the release or after it. */
    HANDED_OUT_AND_OVERTAKEN(
            Size.LARGE,
            () -> HANDED_OUT
                    .setup()
                    .renewals(1, 0, 0)
                    .operations(2, Setup.standby("a"), Setup.standby("c"))
                    .ballots(2, 3),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.WENT_ON),

    /** A fourth acceptor is admitted through a joint set, in three rounds, while another proposer writes something else. */
    JOINT_SET(
            Size.LARGE,
            () -> new Setup(4)
                    .sessions(List.of(0, 1, 2, 3), List.of(0, 1, 2, 3))
                    .operations(0, Setup.admit(3))
                    .operations(1, Setup.standby("c"))
                    .ballots(0, 3)
                    .ballots(1, 1)
                    .carries(Prepare.class, Promise.class, Accept.class, Accepted.class),
            Sight.CHOSEN,
            Sight.CHOSEN_TWICE,
            Sight.DROPPED,
            Sight.JOINT,
            Sight.SETTLED_AGAIN);

    private final Size size;
    private final Supplier<Setup> setup;
    private final List<Sight> wanted;

    Bound(Size size, Supplier<Setup> setup, Sight... wanted) {
        this.size = size;
        this.setup = setup;
        this.wanted = List.of(wanted);
    }

    /** Whether each build explores it, or only {@code ./check explore}. */
    private enum Size {
        SMALL,
        LARGE
    }

    /** Two nodes that want to write different things, and a third that only votes. */
    private static Setup proposers() {
        return new Setup(3)
                .sessions(List.of(0, 1, 2), List.of(0, 1, 2))
                .operations(0, Setup.standby("b"))
                .operations(1, Setup.standby("c"));
    }

    /** A node with a session, one that may end it, and one that only votes. */
    private static Setup holder() {
        return new Setup(3)
                .sessions(List.of(0), List.of(0))
                .ballots(1, 1)
                .pauses(0)
                .carries(
                        Renew.class,
                        RenewAck.class,
                        PreVote.class,
                        PreVoteAnswer.class,
                        Prepare.class,
                        Promise.class,
                        Accept.class,
                        Accepted.class,
                        Chosen.class);
    }

    /** A node that runs a group, one that may, and one that votes, and puts the first on standby. */
    private static Setup moved() {
        return new Setup(3)
                .steps(0, 1_000)
                .sessions(List.of(0, 1), List.of(0, 1))
                .owner(0)
                .stopsAtOnce()
                .renewals(0, 1, 1)
                .renewals(1, 1, 1)
                .operations(2, Setup.standby("a"));
    }

    Setup setup() {
        return setup.get();
    }

    /** What must show in some state, or the space proves nothing. */
    List<Sight> wanted() {
        return wanted;
    }

    /** Whether each build explores it. */
    public boolean isSmall() {
        return size == Size.SMALL;
    }

    /** How it is called on a command line. */
    public String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The bound of that title.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Bound of(String title) {
        return Arrays.stream(values())
                .filter(bound -> bound.title().equals(title))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no bound '" + title + "'; there are "
                        + Arrays.stream(values()).map(Bound::title).toList()));
    }
}
