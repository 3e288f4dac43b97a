package org.understudy.ha.testkit.sabotage;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.iptakeover.core.GateMachine;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Chosen;
import org.understudy.ha.membership.core.message.Message.FormAnswer;
import org.understudy.ha.membership.core.message.Message.FormQuery;
import org.understudy.ha.membership.core.message.Message.Join;
import org.understudy.ha.membership.core.message.Message.Prepare;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.message.Message.Renew;
import org.understudy.ha.membership.core.message.Message.RenewAck;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Operation;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Situations too rare for a swarm, played by hand against the real machines. Each is clean as long as one rule stands, and names the
 * checker that a whole world would have shown it to.
 */
final class Schedules {

    private static final long MILLI = 1_000_000L;

    private static final Map<String, Supplier<Optional<Violation>>> ALL = new TreeMap<>(Map.ofEntries(
            Map.entry("two-droppable-values", Schedules::twoDroppableValues),
            Map.entry("refused-removal", Schedules::refusedRemoval),
            Map.entry("dropped-token", Schedules::droppedToken),
            Map.entry("own-removal", Schedules::ownRemoval),
            Map.entry("own-removal-accepted", Schedules::ownRemovalAccepted),
            Map.entry("acknowledged-then-crashed", Schedules::acknowledgedThenCrashed),
            Map.entry("restarted-acceptor", () -> restartedAcceptor(true)),
            Map.entry("restored-acceptor", () -> restartedAcceptor(false)),
            Map.entry("ballot-before-disk", Schedules::ballotBeforeDisk),
            Map.entry("one-of-two-sets", Schedules::oneOfTwoSets),
            Map.entry("hasty-word", Schedules::hastyWord),
            Map.entry("rebuilt-elsewhere", () -> rebuiltElsewhere("disk-new")),
            Map.entry("copied-disk", () -> rebuiltElsewhere("disk-a")),
            Map.entry("first-grant", Schedules::firstGrant),
            Map.entry("re-imaged-majority", Schedules::reImagedMajority),
            Map.entry("forms-untold", Schedules::formsUntold),
            Map.entry("controller-dies-after-an-accept", Schedules::controllerDiesAfterAnAccept),
            Map.entry("duel-of-two-that-go-on", Schedules::duelOfTwoThatGoOn),
            Map.entry("next-ballot-of-a-minority", Schedules::nextBallotOfAMinority),
            Map.entry("voters-changed-by-another", Schedules::votersChangedByAnother),
            Map.entry("restarted-while-going-on", Schedules::restartedWhileGoingOn),
            Map.entry("late-news", Schedules::lateNews),
            Map.entry("stalled-refresher", Schedules::stalledRefresher)));

    private Schedules() {}

    static Set<String> names() {
        return ALL.keySet();
    }

    static Optional<Violation> play(String name) {
        Supplier<Optional<Violation>> schedule = ALL.get(name);
        if (schedule == null) {
            throw new IllegalArgumentException("no schedule '" + name + "'; there are " + ALL.keySet());
        }
        return schedule.get();
    }

    private static Optional<Violation> violated(Checker checker, String detail) {
        return Optional.of(new Violation(checker, 0, detail));
    }

    /**
     * Five acceptors. B shows v at ballot 9, D shows w at ballot 5, A and E show u, C is silent. At most B and C accepted v; w may have
     * been chosen by B, C and D.
     */
    private static Optional<Violation> twoDroppableValues() {
        ClusterRecord u = Solo.alive(Solo.record("abcde", 2), "de", "d", "e");
        ClusterRecord w = Solo.granted(u.withNumber(3), "d", 5, Optional.empty());
        ClusterRecord v = Solo.granted(u.withNumber(3), "e", 6, Optional.empty());
        Solo a = new Solo("abcde", "a", Solo.holding(3, u), false);
        a.stallDisk();
        Ballot ballot = a.prepared("b", "d", "e");
        a.receive("b", Solo.promise(ballot, "b", 9, v));
        a.receive("d", Solo.promise(ballot, "d", 5, w));
        a.receive("e", Solo.promise(ballot, "e", 3, u));
        a.flush();
        Optional<Grant> kept =
                a.said(Accept.class).flatMap(accept -> accept.value().grant(Solo.GROUP));
        boolean isRight = kept.filter(grant -> grant.token() == 5).isPresent();
        return isRight ? Optional.empty() : violated(Checker.ONE_CHAIN, "w may have been chosen; written: " + kept);
    }

    /** C alone accepted the end of B, which A and B still hear. Who carries that is refused for ever. */
    private static Optional<Violation> refusedRemoval() {
        ClusterRecord u = Solo.alive(Solo.record("abc", 2), "b", "b");
        ClusterRecord v = Solo.expired(u, "b");
        Solo a = new Solo("abc", "a", Solo.holding(3, u), false);
        a.stallDisk();
        Ballot ballot = a.prepared("b", "c");
        a.receive("b", Solo.promise(ballot, "b", 3, u));
        a.receive("c", Solo.promise(ballot, "c", 9, v));
        a.flush();
        boolean isKept = a.said(Accept.class)
                .filter(accept -> accept.value().isLive(Solo.first("b")))
                .isPresent();
        return isKept ? Optional.empty() : violated(Checker.RECOVERY, "a removal that two of three refuse is carried");
    }

    /** C shows token 7 in a value that can be dropped; the group is free in the base. */
    private static Optional<Violation> droppedToken() {
        ClusterRecord u =
                Solo.granted(Solo.alive(Solo.record("abc", 2), "b", "b"), "b", 6, Optional.of(ProofKind.RELEASED));
        ClusterRecord v = Solo.granted(u.withNumber(3), "c", 7, Optional.empty());
        Solo a = new Solo("abc", "a", Solo.holding(3, u), false);
        a.stallDisk();
        Ballot ballot = a.prepared("b", "c");
        a.receive("b", Solo.promise(ballot, "b", 3, u));
        a.receive("c", Solo.promise(ballot, "c", 9, v));
        a.flush();
        Optional<Grant> granted =
                a.said(Accept.class).flatMap(accept -> accept.value().grant(Solo.GROUP));
        boolean isHigher = granted.filter(grant -> grant.token() > 7).isPresent();
        return isHigher ? Optional.empty() : violated(Checker.TOKENS_GROW, "token 7 was issued before; now " + granted);
    }

    /** A runs the group under its lease and must carry a record that has ended A's own session. */
    private static Optional<Violation> ownRemoval() {
        ClusterRecord running =
                Solo.granted(Solo.alive(Solo.record("abc", 3), "a", "a", "b"), "a", 5, Optional.empty());
        ClusterRecord removed = Solo.expired(running, "a");
        Solo a = new Solo("abc", "a", Solo.holding(3, running), false);
        a.feed(new Input.GroupOffered(
                Solo.GROUP, running.sessions().get(NodeId.of("a")).candidacies().get(Solo.GROUP)));
        a.live(Solo.ballot(3), running, "b");
        if (a.ordered(Effect.StartGroup.class).isEmpty()) {
            throw new IllegalStateException("a did not start its group");
        }
        a.feed(new Input.StartEnded(Solo.GROUP, 5, Optional.empty(), ""));
        a.forget();
        a.receive("b", new Message.Leave(Solo.first("b")));
        Ballot ballot = a.prepared("b");
        a.receive("b", Solo.promise(ballot, "b", 9, removed));
        boolean isCarried = a.said(Accept.class)
                .filter(accept -> !accept.value().isLive(Solo.first("a")))
                .isPresent();
        return isCarried && a.ordered(Effect.StopGroup.class).isEmpty()
                ? violated(Checker.PROOF_IS_TRUE, "a proposes the end of its own session and acts on")
                : Optional.empty();
    }

    /** A's own proposal ends A's session; B acknowledged A's renewal a moment ago. */
    private static Optional<Violation> ownRemovalAccepted() {
        ClusterRecord before = Solo.alive(Solo.record("abc", 2), "a", "a");
        Solo b = new Solo("abc", "b", Solo.holding(3, before), false);
        b.receive("a", new Renew(Solo.first("a"), 1, 0, Solo.ballot(3)));
        if (b.said(RenewAck.class).isEmpty()) {
            throw new IllegalStateException("b acknowledged nothing");
        }
        b.receive("a", new Accept(new Ballot(9, "a/1"), Solo.expired(before, "a"), false));
        return b.said(Accepted.class).isEmpty()
                ? Optional.empty()
                : violated(Checker.SILENCE_WAITED_OUT, "b takes the proposer's word for the end of the proposer");
    }

    /** A's session is in B's memory and not on its disk when A renews it; B crashes and is asked to end it. */
    private static Optional<Violation> acknowledgedThenCrashed() {
        ClusterRecord before = Solo.record("abc", 2);
        ClusterRecord admitted = Solo.alive(before, "a", "a").withNumber(3);
        Solo b = new Solo("abc", "b", Solo.holding(3, before), false);
        b.stallDisk();
        b.receive("c", new Accept(Solo.ballot(4), admitted, false));
        b.receive("a", new Renew(Solo.first("a"), 1, 0, Solo.ballot(4)));
        boolean isAcknowledged = b.said(RenewAck.class).isPresent();
        b.crash(true);
        b.receive("c", new Accept(Solo.ballot(5), Solo.expired(admitted, "a"), false));
        return isAcknowledged && b.said(Accepted.class).isPresent()
                ? violated(Checker.SILENCE_WAITED_OUT, "b acknowledged a, forgot it and accepts its end at once")
                : Optional.empty();
    }

    /** B acknowledged A's renewal, restarts, and is asked to end A at once; perhaps it must ask the others first. */
    private static Optional<Violation> restartedAcceptor(boolean isDiskCurrent) {
        ClusterRecord known = Solo.alive(Solo.record("abc", 2), "a", "a");
        Solo b = new Solo("abc", "b", Solo.holding(3, known), false);
        b.receive("a", new Renew(Solo.first("a"), 1, 0, Solo.ballot(3)));
        if (b.said(RenewAck.class).isEmpty()) {
            throw new IllegalStateException("b acknowledged nothing");
        }
        b.crash(isDiskCurrent);
        b.pass(150, "a", "c");
        for (String other : List.of("a", "c")) {
            b.said(Message.Recover.class)
                    .ifPresent(question -> b.receive(
                            other,
                            new Message.Recovered(
                                    Solo.acceptor(other),
                                    question.life(),
                                    1,
                                    Solo.ballot(3),
                                    Solo.ballot(3),
                                    Optional.of(known))));
        }
        b.pass(50, "a", "c");
        b.receive("c", new Accept(Solo.ballot(9), Solo.expired(known, "a"), false));
        return b.said(Accepted.class).isEmpty()
                ? Optional.empty()
                : violated(Checker.SILENCE_WAITED_OUT, "b forgot at its restart that it had acknowledged a");
    }

    /** A proposes before its own promise is on its disk, dies, and comes back without it: the same ballot once more. */
    private static Optional<Violation> ballotBeforeDisk() {
        ClusterRecord known = Solo.record("abc", 2);
        Solo a = new Solo("abc", "a", Solo.holding(3, known), false);
        a.crash(true);
        a.stallDisk();
        Ballot first = a.prepared("b", "c");
        a.receive("b", Solo.promise(first, "b", 3, known));
        a.receive("c", Solo.promise(first, "c", 3, known));
        boolean isProposed = a.said(Accept.class).isPresent();
        a.crash(true);
        Ballot second = a.prepared("b", "c");
        return isProposed && second.equals(first)
                ? violated(Checker.ONE_RECORD_PER_BALLOT, first + " carried a record before, and is used again")
                : Optional.empty();
    }

    /** The set changes from A, B, C to C, D, E; A has the promises of A and B, a majority of the old set alone. */
    private static Optional<Violation> oneOfTwoSets() {
        ClusterRecord old = Solo.record("abc", 2);
        ClusterRecord joint =
                old.withVoters(old.voters().towards(Solo.record("cde", 2).acceptors(), 2));
        Solo a = new Solo("abcde", "a", Solo.holding(3, joint), false);
        Ballot ballot = a.prepared("b", "c", "d", "e");
        a.receive("b", Solo.promise(ballot, "b", 3, joint));
        return a.said(Accept.class).isEmpty()
                ? Optional.empty()
                : violated(Checker.PROOF_COMMITTED, "a record of two sets rests on the promises of one");
    }

    /**
     * B, the controller, dies right after A has accepted what B wrote, and so promised B's next ballot. A starts again; C asks for a ballot
     * between the two, then A takes over.
     */
    private static Optional<Violation> controllerDiesAfterAnAccept() {
        ClusterRecord before = Solo.record("abc", 2);
        Ballot written = new Ballot(9, "b/1");
        Solo a = new Solo("abc", "a", Solo.holding(3, before), false);
        a.feed(new Input.ViewChanged(List.of(NodeId.of("b"), NodeId.of("a"), NodeId.of("c"))));
        a.receive("b", new Accept(written, before.withNumber(3), true));
        if (a.said(Accepted.class).filter(Accepted::hasNext).isEmpty()) {
            throw new IllegalStateException("a did not accept");
        }
        a.crash(true);
        a.receive("c", new Prepare(new Ballot(9, "c/1"), false));
        if (a.said(Promise.class).isPresent()) {
            return violated(Checker.ACKNOWLEDGED_IS_DURABLE, "a forgot that it had promised " + written.following());
        }
        Ballot first = a.prepared("c");
        return first.isAbove(written.following())
                ? Optional.empty()
                : violated(Checker.RECOVERY, "a begins with " + first + ", which whoever heard b last refuses");
    }

    /**
     * A may go on, and so may C, which has been promised a higher ballot since by A as well, and has written something with B under the one
     * that follows.
     */
    private static Optional<Violation> duelOfTwoThatGoOn() {
        Solo a = goingOn("abc");
        Ballot promised = a.said(Accept.class).orElseThrow().promised();
        Ballot rival = new Ballot(promised.round() + 1, "c/1");
        a.receive("c", new Prepare(rival, false));
        ClusterRecord written = a.said(Promise.class)
                .flatMap(Promise::accepted)
                .map(base -> Solo.granted(base.withNumber(9), "c", 5, Optional.empty()))
                .orElseThrow(() -> new IllegalStateException("a did not promise"));
        a.forget();
        a.feed(standby(2, "c"));
        a.pass(50, "b", "c");
        if (a.said(Accept.class).isPresent()) {
            return violated(Checker.ONE_CHAIN, "a writes on although c was promised " + rival);
        }
        Ballot ballot = a.prepared("b", "c");
        a.receive("b", new Promise(ballot, Solo.vote("b"), rival.following(), Optional.of(written)));
        boolean isKept = a.said(Accept.class)
                .flatMap(accept -> accept.value().grant(Solo.GROUP))
                .isPresent();
        return isKept ? Optional.empty() : violated(Checker.ONE_CHAIN, "a forgets what c has written with b");
    }

    /** A's accept, and with it A's next ballot, reached nobody but A. B and C may write anything meanwhile. */
    private static Optional<Violation> nextBallotOfAMinority() {
        Solo a = accepting("abc");
        Ballot lonely = a.said(Accept.class).orElseThrow().ballot();
        a.forget();
        a.pass(1_500, "b", "c");
        Optional<Accept> more = a.said(Accept.class);
        if (more.isPresent()) {
            return violated(
                    Checker.ONE_CHAIN, "a builds " + more.get().ballot() + " on a record that only a has accepted");
        }
        return a.said(Prepare.class)
                        .filter(m -> m.ballot().isAbove(lonely.following()))
                        .isPresent()
                ? Optional.empty()
                : violated(Checker.RECOVERY, "a does not ask again");
    }

    /** A may go on. B, cut off from A, has replaced C's vote by D's meanwhile; D knows nothing of what A was promised. */
    private static Optional<Violation> votersChangedByAnother() {
        Solo a = goingOn("abcd");
        Accept before = a.said(Accept.class).orElseThrow();
        ClusterRecord changed = before.value()
                .withVoters(Solo.record("abd", 1).voters())
                .withNumber(before.value().number() + 3);
        a.receive("b", new Chosen(new Ballot(before.ballot().round() + 4, "b/1"), changed));
        a.forget();
        a.feed(standby(2, "d"));
        a.pass(50, "b", "d");
        return a.said(Accept.class).isEmpty()
                ? Optional.empty()
                : violated(Checker.ONE_CHAIN, "a writes on with promises of voters that are none any more");
    }

    /** A goes on, and dies before its own acceptance is on its disk. It comes back with something else to write. */
    private static Optional<Violation> restartedWhileGoingOn() {
        Solo a = goingOn("abc");
        Accept before = a.said(Accept.class).orElseThrow();
        a.forget();
        a.stallDisk();
        a.feed(standby(2, "c"));
        a.pass(50, "b", "c");
        Accept lost = a.said(Accept.class)
                .filter(accept -> accept.ballot().equals(before.promised()))
                .orElseThrow(() -> new IllegalStateException("a does not go on"));
        a.crash(true);
        a.receive("b", new Chosen(before.ballot(), before.value()));
        a.feed(standby(3, "a"));
        a.pass(50, "b", "c");
        Optional<Accept> more = a.said(Accept.class);
        return more.filter(accept -> !accept.value().equals(lost.value())).isEmpty()
                ? Optional.empty()
                : violated(
                        Checker.ONE_RECORD_PER_BALLOT,
                        more.get().ballot() + " carried a record before, and is used again");
    }

    /** A has written something with B, and both have promised A's next ballot. */
    private static Solo goingOn(String peers) {
        Solo a = accepting(peers);
        Accept accept = a.said(Accept.class).orElseThrow();
        a.receive("b", new Accepted(accept.ballot(), Solo.vote("b"), true));
        if (a.said(Chosen.class).isEmpty()) {
            throw new IllegalStateException("a got nothing chosen");
        }
        return a;
    }

    /** A has sent an accept that asks for its next ballot, and accepted it itself. A, B and C vote. */
    private static Solo accepting(String peers) {
        ClusterRecord known = Solo.record("abc", 2);
        Solo a = new Solo(peers, "a", Solo.holding(3, known), false);
        a.receive("b", new Chosen(Solo.ballot(3), known));
        a.feed(standby(1, "b"));
        Ballot ballot = a.prepared("b", "c");
        a.receive("b", Solo.promise(ballot, "b", 3, known));
        if (a.said(Accept.class).filter(Accept::hasNext).isEmpty()) {
            throw new IllegalStateException("a asks for no next ballot");
        }
        return a;
    }

    private static Input standby(long request, String node) {
        return new Input.OperationWanted(
                request, new Operation(Operation.Kind.STANDBY, NodeId.of(node), 0, "somebody", "to try"));
    }

    /** Somebody confirms that A is down while A's session stands. */
    private static Optional<Violation> hastyWord() {
        ClusterRecord held = Solo.granted(Solo.alive(Solo.record("abc", 3), "ab", "a", "b"), "a", 5, Optional.empty());
        Solo b = new Solo("abc", "b", Solo.holding(3, held), false);
        b.live(Solo.ballot(3), held, "c");
        b.forget();
        b.feed(new Input.OperationWanted(
                1, new Operation(Operation.Kind.CONFIRM_DOWN, NodeId.of("a"), 1, "somebody", "it looks dead")));
        b.asked(300, "c").ifPresent(ballot -> b.receive("c", Solo.promise(ballot, "c", 3, held)));
        boolean isEnded = b.said(Accept.class)
                .map(Accept::value)
                .filter(record -> !Optional.of(Solo.first("a"))
                        .equals(record.grant(Solo.GROUP).filter(Grant::stands).map(Grant::holder)))
                .isPresent();
        return isEnded
                ? violated(Checker.PROOF_IS_TRUE, "the operator's word ends a grant before the lease is waited out")
                : Optional.empty();
    }

    /**
     * A asks to be admitted from another host, while its former process may still run.
     *
     * @param disk of which it asks: a new one, or a copy of the one that A had
     */
    private static Optional<Violation> rebuiltElsewhere(String disk) {
        ClusterRecord held = Solo.granted(Solo.alive(Solo.record("abc", 3), "ab", "a", "b"), "a", 5, Optional.empty());
        Solo b = new Solo("abc", "b", Solo.holding(3, held), false);
        b.live(Solo.ballot(3), held, "a");
        b.forget();
        HostIdentity elsewhere = new HostIdentity("other-machine", "other-boot", "other-lock");
        b.receive("a", new Join(disk, elsewhere, 99, "", Solo.ballot(3), 1));
        b.asked(300, "a", "c").ifPresent(ballot -> b.receive("c", Solo.promise(ballot, "c", 3, held)));
        Optional<ClusterRecord> written = b.said(Accept.class).map(Accept::value);
        boolean isEnded = written.filter(record -> !record.isLive(Solo.first("a"))
                        || record.grant(Solo.GROUP).filter(Grant::stands).isEmpty())
                .isPresent();
        return isEnded
                ? violated(Checker.PROOF_IS_TRUE, "that a is asked for elsewhere is taken for the end of a")
                : Optional.empty();
    }

    /** A group that was never granted, and A, which may hold it, has not been there yet. */
    private static Optional<Violation> firstGrant() {
        ClusterRecord known = Solo.ungranted(Solo.alive(Solo.record("abc", 3), "ab", "b", "c"));
        Solo b = new Solo("abc", "b", Solo.holding(3, known), false);
        b.live(Solo.ballot(3), known, "c");
        b.asked(300, "c").ifPresent(ballot -> b.receive("c", Solo.promise(ballot, "c", 3, known)));
        Optional<Grant> granted =
                b.said(Accept.class).flatMap(accept -> accept.value().grant(Solo.GROUP));
        return granted.isEmpty()
                ? Optional.empty()
                : violated(Checker.PROOF_IS_TRUE, "a has not looked whether it holds the group: " + granted.get());
    }

    /** A and B come back with empty disks, C, which holds everything, cannot be reached. */
    private static Optional<Violation> reImagedMajority() {
        Solo a = new Solo("abc", "a", DurableState.EMPTY, true);
        a.pass(200, "b");
        String digest = a.said(FormQuery.class)
                .orElseThrow(() -> new IllegalStateException("a does not ask who may form"))
                .configDigest();
        for (int i = 0; i < 10; i++) {
            a.receive("b", new FormAnswer(digest, "disk-b", true, true));
            a.pass(100, "b");
        }
        a.said(Prepare.class)
                .ifPresent(prepare ->
                        a.receive("b", new Promise(prepare.ballot(), Solo.vote("b"), Ballot.NONE, Optional.empty())));
        return a.said(Accept.class).isEmpty()
                ? Optional.empty()
                : violated(Checker.ONE_CHAIN, "a second first record is proposed without a word from c");
    }

    /** B's disk is empty and B was not told to form; somebody forms and asks it for a promise. */
    private static Optional<Violation> formsUntold() {
        Solo b = new Solo("abc", "b", DurableState.EMPTY, false);
        b.receive("c", new Prepare(Solo.ballot(3), true));
        return b.said(Promise.class).isEmpty()
                ? Optional.empty()
                : violated(
                        Checker.ONE_CHAIN, "an emptied disk helps to form, and nothing shows what was chosen before");
    }

    /** A lives and has learned that B holds the group; the news that A held it before comes late. */
    private static Optional<Violation> lateNews() {
        ClusterRecord both = Solo.alive(Solo.record("abc", 3), "ab", "a", "b");
        ClusterRecord older = Solo.granted(both, "a", 5, Optional.empty());
        ClusterRecord newer = Solo.granted(both.withNumber(5), "b", 6, Optional.empty());
        Solo a = new Solo("abc", "a", Solo.holding(3, both), false);
        a.feed(new Input.GroupOffered(
                Solo.GROUP, new Candidacy(List.of(), false, true, "", Presence.ABSENT, true, List.of())));
        a.live(Solo.ballot(9), newer, "b");
        a.receive("c", new Chosen(Solo.ballot(7), older));
        return a.ordered(Effect.StartGroup.class).isEmpty()
                ? Optional.empty()
                : violated(Checker.ONE_OWNER, "a starts under token 5 what b holds under token 6");
    }

    /**
     * A refresher that keeps the gate open for a while and then stalls before each call for as long as the kernel still accepts it, for
     * each number of undisturbed calls before. The kernel counts from the call.
     */
    private static Optional<Violation> stalledRefresher() {
        GateTiming timing;
        try {
            timing = GateTiming.forLease(960 * MILLI);
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException("the division of a lease breaks its own bound", e);
        }
        for (int undisturbed = 0; undisturbed < 10; undisturbed++) {
            long open = worstOpening(timing, undisturbed);
            if (open > timing.lengthNanos()) {
                return violated(
                        Checker.ONE_OWNER,
                        "the address answers " + (open - timing.lengthNanos()) / MILLI + " ms after its lease is over");
            }
        }
        return Optional.empty();
    }

    private static long worstOpening(GateTiming timing, int undisturbed) {
        long timeout = timing.timeoutMillis() * MILLI;
        GateMachine machine = new GateMachine(timing);
        long now = 0;
        long armed = 0;
        long open = 0;
        int calls = 0;
        while (true) {
            GateMachine.Decision decision = machine.decide(0, true, now, 0);
            switch (decision.action()) {
                case LET_GO -> {
                    return open;
                }
                case WAIT -> now = Math.max(now + 1, decision.nextNanos());
                case ARM -> {
                    armed = now + timeout;
                    machine.done(decision.action(), true);
                }
                default -> {
                    boolean isOpening = decision.action() == GateMachine.Action.OPEN;
                    long standsUntil = isOpening ? armed : open;
                    now = calls++ < undisturbed ? now : Math.max(now, standsUntil - 1);
                    boolean isAccepted = now < standsUntil;
                    open = isAccepted ? now + timeout : open;
                    machine.done(decision.action(), isAccepted);
                }
            }
        }
    }
}
