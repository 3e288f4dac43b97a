package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Machine;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.message.Message.Accepted;
import org.understudy.ha.membership.core.message.Message.Chosen;
import org.understudy.ha.membership.core.message.Message.Clear;
import org.understudy.ha.membership.core.message.Message.ClearAnswer;
import org.understudy.ha.membership.core.message.Message.FormAnswer;
import org.understudy.ha.membership.core.message.Message.FormQuery;
import org.understudy.ha.membership.core.message.Message.Join;
import org.understudy.ha.membership.core.message.Message.Leave;
import org.understudy.ha.membership.core.message.Message.Move;
import org.understudy.ha.membership.core.message.Message.MoveRefused;
import org.understudy.ha.membership.core.message.Message.Offer;
import org.understudy.ha.membership.core.message.Message.Operate;
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
import org.understudy.ha.membership.core.message.Message.RenewRefused;
import org.understudy.ha.membership.core.message.Message.Soft;
import org.understudy.ha.membership.core.message.Message.Succeed;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.Voters;
import org.understudy.ha.membership.core.recovery.CoreServices;

/**
 * The whole of one node: votes, proposes, keeps its session, runs its groups. Pure; driven as
 * {@link org.understudy.ha.internal.machine} says, in production and in the simulator alike.
 *
 * <p><b>Who proposes.</b> Anybody may; normally only the <em>controller</em> does: the first member of the view that was heard
 * lately. That matters for liveness alone.
 *
 * <p><b>When a group runs.</b> Only under a grant in a record this node <em>knows</em> to be chosen, for its present incarnation,
 * with a token above every one it gave back, and only while its lease holds. A node that gave a group back said so on its
 * own disk first and never starts it again under that token.
 */
public final class NodeMachine implements Machine<Input, Effect, DurableState> {

    /** So long a move waits for a successor that says nothing: a lost one is found to be lost, and nothing was stopped for it. */
    private static final int LEASES_FOR_A_SUCCESSOR = 3;

    private static final int SELF_DELIVERIES_MAX = 64;
    private static final int HOME_ROUNDS_MAX = 8;
    /** How long something that an operator asks for is tried, and a majority missed before a word is said of that, in renewals. */
    static final long GIVE_UP_INTERVALS = 100;

    private static final long LOOK_APART_NANOS = 1_000_000;

    private final NodeSettings settings;
    private final WillVerifier verifier;
    private final NodeId self;
    private final List<NodeId> others;
    private final long renewNanos;
    private final long guardNanos;
    private final Outbox out;
    private final HomeDelivery home = new HomeDelivery();

    private final Voting voting;
    private final Proposer proposer;
    private final Leading leading;
    private final Learner learner = new Learner();
    private final DeferredAccept deferred = new DeferredAccept();
    private final HandOuts handOuts = new HandOuts();
    private final Plannings plannings;
    private final Steadiness steadiness = new Steadiness();
    private final Peers peers;
    private final Forming forming;
    private final Forcing forcing;
    private final SessionNews sessions = new SessionNews();
    private final Releases releases = new Releases();
    private final LastWills wills = new LastWills();
    private final Moves moves;
    private final Operations operations;
    private final Clearings clearings;
    private final CoreServices services;
    private final OwnSession own;
    private final OwnOffer offer;
    private final LocalGroups groups;
    private final Staying staying;

    private Ballot learnedBallot = Ballot.NONE;
    private Optional<ClusterRecord> learned = Optional.empty();
    private final TreeMap<NodeId, Long> chosenSentAt = new TreeMap<>();
    private NodeState state = NodeState.JOINING;
    private boolean leaving;
    private boolean left;
    private boolean planDirty = true;
    private boolean localDirty = true;
    private long nextPlan;
    private long nextBeacon;
    private long armedDeadline = Long.MAX_VALUE;

    public NodeMachine(NodeSettings settings, DurableState disk, long now, WillVerifier verifier) {
        this.settings = settings;
        this.verifier = verifier;
        this.self = settings.self();
        this.others = settings.peers().stream().filter(p -> !p.equals(self)).toList();
        this.out = new Outbox(others);
        this.renewNanos = settings.timing().renewEvery().toNanos();
        this.guardNanos = settings.timing().guard().toNanos();
        this.voting = new Voting(
                new Acceptor(
                        new AcceptorId(self, settings.disk()),
                        disk,
                        now,
                        settings.timing().acceptorNanos(),
                        settings.isDiskCurrent(),
                        others),
                settings.mayForm());
        long leaseNanos = settings.timing().leaseNanos();
        this.groups = new LocalGroups(self, leaseNanos, leaseNanos * LEASES_FOR_A_SUCCESSOR);
        this.offer = new OwnOffer(now, settings.capacity(), renewNanos);
        this.staying = new Staying(self);
        this.operations = new Operations(self, 10 * renewNanos, GIVE_UP_INTERVALS * renewNanos);
        this.services = new CoreServices(settings.timing().leaseNanos());
        this.clearings = new Clearings(10 * renewNanos, GIVE_UP_INTERVALS * renewNanos);
        this.peers = new Peers(settings, now);
        this.forming = new Forming(voting.id(), others, settings.configDigest(), settings.mayForm(), 10 * renewNanos);
        this.forcing = new Forcing(settings.timing().acceptorNanos(), GIVE_UP_INTERVALS * renewNanos);
        this.moves = new Moves(20 * renewNanos);
        this.proposer = new Proposer(self, settings.rank(), 2 * renewNanos);
        this.proposer.saw(disk.promised());
        this.plannings = new Plannings(settings.policies());
        this.leading = new Leading(voting.id(), settings.rank(), renewNanos);
        this.own = new OwnSession(self, settings.timing(), settings.nonceSeed());
        this.nextBeacon = now;
        this.nextPlan = now;
    }

    // ---- driving -------------------------------------------------------------------------------------------------

    @Override
    public Step<Effect, DurableState> handle(long now, Input input) {
        out.begin();
        home.begin();
        noticeLateness(now);
        passTime(now);
        catchUp(now);
        dispatch(now, input);
        for (int i = 0; i < HOME_ROUNDS_MAX && (i == 0 || !home.isEmpty()); i++) {
            deliverAtHome(now);
            reconcile(now);
        }
        Optional<DurableState> fact = Optional.empty();
        long number = 0;
        if (voting.takeUnwritten()) {
            fact = Optional.of(voting.memory());
            number = home.write(voting.memory());
        } else {
            home.writeNothing();
        }
        publishLease(now);
        armedDeadline = computeDeadline(now);
        return new Step<>(fact, number, out.urgent(), out.then(), out.notices());
    }

    @Override
    public long nextDeadlineNanos() {
        // That an offer goes out late is no sign of a pause.
        return offer.isDue() ? Math.min(armedDeadline, offer.nextNanos()) : armedDeadline;
    }

    /** A tick far too late means this node was paused or starved: it must not trust its lease before a fresh round trip. */
    private void noticeLateness(long now) {
        if (armedDeadline != Long.MAX_VALUE && now > armedDeadline + guardNanos) {
            doubt(now, "a tick came " + (now - armedDeadline) / 1_000_000 + " ms late");
        }
    }

    private void doubt(long now, String why) {
        LeaseKeeper k = own.keeper();
        if (k != null) {
            if (!k.isDoubted()) {
                out.say(self.value(), Reason.LEASE_DOUBTED, why);
            }
            // A second doubt counts from now: the answer to a renewal sent between the two clears neither.
            k.doubt(now);
            publishLease(now);
        }
    }

    private long computeDeadline(long now) {
        if (!home.isEmpty()) {
            return now;
        }
        long next = Math.min(nextBeacon, proposer.nextDeadlineNanos(now));
        next = Math.min(
                next,
                Math.min(operations.nextDeadlineNanos(now), voting.recovery().nextDeadlineNanos()));
        next = Math.min(next, services.nextDeadlineNanos(now));
        next = Math.min(next, clearings.nextDeadlineNanos());
        next = Math.min(next, own.nextDeadlineNanos(now));
        nextPlan = nextPlanNanos(now);
        return Math.min(next, nextPlan);
    }

    /** When the passing of time alone gives the controller, or whoever may have to step in for it, something to decide. */
    private long nextPlanNanos(long now) {
        Optional<ClusterRecord> known = known();
        if (known.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long next = Math.min(voting.nextSilenceNanos(now, known.get()), steadiness.nextDeadlineNanos(now));
        next = Math.min(next, peers.nextLossNanos(now));
        return Math.min(next, leading.nextDeadlineNanos(now, isController(now)));
    }

    private Optional<ClusterRecord> known() {
        return learned.isPresent() ? learned : voting.memory().accepted();
    }

    // ---- time ----------------------------------------------------------------------------------------------------

    private void passTime(long now) {
        boolean isVote = proposer.phase() == Proposer.Phase.PRE_VOTING;
        if (proposer.tick(now)) {
            planDirty = true;
            if (!isVote) {
                out.say(self.value(), Reason.ROUND_ABANDONED, "no majority answered in time");
            }
        }
        if (own.isEnding(now) && state == NodeState.ACTIVE) {
            become(NodeState.IN_DOUBT, "no majority has answered lately: the lease is ending");
            out.say(self.value(), Reason.LEASE_ENDING, "");
        }
        operations.passTime(now);
        clearings.passTime(now);
        decideOperations(now);
        peers.passTime(now);
        if (moves.passTime(now)) {
            learned.ifPresent(value -> moves.decide(value, value).forEach(out::then));
        }
        send(now, proposer.gathered(now, base -> change(now, base)));
        send(now, proposer.again(now));
    }

    private void publishLease(long now) {
        own.news(now).ifPresent(out::urgent);
    }

    private void become(NodeState next, String why) {
        if (state != next) {
            state = next;
            out.then(new Effect.PublishState(next, why));
        }
    }

    // ---- inputs --------------------------------------------------------------------------------------------------

    private void dispatch(long now, Input input) {
        if (input instanceof Input.Tick) {
            return;
        }
        if (input instanceof Input.Received received) {
            if (!received.from().equals(self)) {
                planDirty |= peers.hear(now, received.from());
                take(now, received.from(), received.message());
            }
        } else if (input instanceof Input.Persisted persisted) {
            home.persisted(persisted.number()).ifPresent(voting::persisted);
        } else if (input instanceof Input.ViewChanged changed) {
            peers.see(changed.members());
            planDirty = true;
        } else if (input instanceof Input.ClockDoubted doubted) {
            doubt(now, doubted.why());
        } else if (input instanceof Input.WillArrived will) {
            if (wills.take(will.datagram())) {
                learned.ifPresent(this::proveWills);
            }
        } else if (input instanceof Input.MoveWanted wanted) {
            Move move = new Move(wanted.request(), wanted.group(), wanted.to());
            moves.ask(move);
            out.toOthers(move);
            takeMove(now, self, move);
        } else if (input instanceof Input.OperationWanted wanted) {
            operations.ask(now, wanted.request(), wanted.operation());
            operations.repeated(now).forEach(out::toOthers);
            planDirty = true;
        } else if (input instanceof Input.ClearWanted wanted) {
            Clear clear = new Clear(wanted.request(), wanted.group(), wanted.node());
            clearings.ask(now, clear);
            out.toOthers(clear);
            takeClear(now, self, clear);
            decideOperations(now);
        } else if (input instanceof Input.VouchWanted wanted) {
            vouch(wanted);
        } else if (input instanceof Input.ForceWanted wanted) {
            wantForce(now, wanted);
        } else if (input instanceof Input.Asked asked) {
            services.ask(now, asked.ask(), learned, incarnation());
            tell();
        } else if (input instanceof Input.LeaveWanted) {
            leaving = true;
            localDirty = true;
            groups.leave();
            services.leave();
            tell();
        } else if (input instanceof Input.StopEnded ended) {
            groups.stopEnded(now, ended, out).ifPresent(group -> {
                // Others may have waited for it.
                localDirty |= leaving;
                if (group.isIdle()) {
                    giveBack(now, group.name(), group.token(), group.failure(), group.why());
                }
            });
        } else {
            groups.take(now, input, learned, out);
        }
    }

    /** Messages of this node to itself: the acceptor's answers only once they are durable. */
    private void deliverAtHome(long now) {
        for (int i = 0; i < SELF_DELIVERIES_MAX && !home.isEmpty(); i++) {
            take(now, self, home.next());
        }
    }

    // ---- messages ------------------------------------------------------------------------------------------------

    private void take(long now, NodeId from, Message message) {
        if (message.accept(new Taking(now, from))) {
            planDirty = true;
        }
    }

    /** What follows at once from a message: true if the controller may have something new to plan with. */
    private final class Taking implements Message.Visitor<Boolean> {
        private final long now;
        private final NodeId from;

        private Taking(long now, NodeId from) {
            this.now = now;
            this.from = from;
        }

        @Override
        public Boolean visit(FormQuery m) {
            out.then(new Effect.Send(from, forming.answer(voting.memory().isEmpty())));
            return false;
        }

        @Override
        public Boolean visit(FormAnswer m) {
            forming.answered(now, from, m);
            return false;
        }

        @Override
        public Boolean visit(Prepare m) {
            proposer.saw(m.ballot());
            voting.prepare(m).ifPresent(answer -> answer(from, answer));
            return false;
        }

        @Override
        public Boolean visit(Promise m) {
            send(now, proposer.onPromise(now, m, base -> change(now, base)));
            return false;
        }

        @Override
        public Boolean visit(Accept m) {
            proposer.saw(m.promised());
            Optional<ClusterRecord> before = voting.memory().accepted();
            voting.accept(now, m).ifPresent(answer -> {
                answer(from, answer);
                if (answer instanceof Accepted) {
                    tellWhoGains(before, m.value(), from, answer);
                }
            });
            return false;
        }

        /** Whether this node proposed under a ballot, so that it is the one to tell the others what it finds out about it. */
        private boolean isOwnNews(Ballot ballot) {
            return ballot.isAbove(learnedBallot) && ballot.node().equals(self.value());
        }

        /** Whoever has been waiting for a grant, and votes itself, finds out from the acceptances that it is chosen. */
        private void tellWhoGains(
                Optional<ClusterRecord> before, ClusterRecord value, NodeId proposes, Message accepted) {
            for (NodeId gaining : value.gaining(before)) {
                boolean mayLearn = value.voters().all().stream()
                        .anyMatch(acceptor -> acceptor.node().equals(gaining));
                if (mayLearn && !gaining.equals(proposes)) {
                    answer(gaining, accepted);
                }
            }
        }

        @Override
        public Boolean visit(AcceptOnRelease m) {
            proposer.saw(m.accept().promised());
            deferred.hear(from, m);
            takeDeferred(now);
            return false;
        }

        @Override
        public Boolean visit(Accepted m) {
            proposer.onAccepted(m).ifPresent(value -> {
                out.toOthers(new Chosen(m.ballot(), value));
                learn(now, m.ballot(), value);
            });
            if (m.ballot().isAbove(learnedBallot) && m.vote().acceptor().node().equals(from)) {
                learner.onAccepted(m, voting.memory()).ifPresent(value -> {
                    if (isOwnNews(m.ballot())) {
                        out.toOthers(new Chosen(m.ballot(), value));
                    }
                    learn(now, m.ballot(), value);
                });
            }
            send(now, proposer.onPromised(now, m, base -> change(now, base)));
            // Only now can something be handed out: see Proposer.handOut.
            return from.equals(self)
                    && m.ballot().equals(learnedBallot)
                    && foreseeable(now).isPresent();
        }

        @Override
        public Boolean visit(Refused m) {
            boolean isOver = proposer.onRefused(now, m);
            if (isOver) {
                out.say(from.value(), Reason.ROUND_REFUSED, m.why());
            }
            return isOver;
        }

        @Override
        public Boolean visit(PreVote m) {
            answer(from, voting.preVote(now, m));
            return false;
        }

        @Override
        public Boolean visit(PreVoteAnswer m) {
            proposer.onPreVote(now, m);
            return proposer.phase() == Proposer.Phase.IDLE;
        }

        @Override
        public Boolean visit(Chosen m) {
            boolean isOwnNews = isOwnNews(m.ballot()) && !from.equals(self);
            learn(now, m.ballot(), m.value());
            if (isOwnNews && m.ballot().equals(learnedBallot)) {
                out.toOthers(m);
            }
            return false;
        }

        @Override
        public Boolean visit(Renew m) {
            proposer.heardOf(m.learned());
            if (!voting.waits(m.waitNanos())) {
                out.sayOnce(
                        from.value(),
                        Reason.TIMING_DIFFERS,
                        "it is configured with a longer lease than " + self
                                + ": its renewals do not count here; give all nodes the same timing");
            }
            Message ack = voting.renew(now, m, learnedBallot);
            if (from.equals(self)) {
                home.deliver(ack);
            } else {
                out.urgent(new Effect.Send(from, ack));
                tellIfBehind(now, from, m.learned());
            }
            return false;
        }

        @Override
        public Boolean visit(RenewAck m) {
            peers.votes(from);
            proposer.heardOf(m.accepted());
            LeaseKeeper k = own.keeper();
            if (k != null && k.acknowledged(m)) {
                publishLease(now);
                if (k.isValid(now) && !k.mustStepDown(now) && state != NodeState.ACTIVE) {
                    become(NodeState.ACTIVE, "a majority answers " + k.session());
                    out.say(self.value(), Reason.LEASE_OBTAINED, k.session().toString());
                }
            }
            return false;
        }

        @Override
        public Boolean visit(RenewRefused m) {
            proposer.saw(m.promised());
            if (!from.equals(self)) {
                tellIfBehind(now, from, m.learned());
            }
            return false;
        }

        @Override
        public Boolean visit(Join m) {
            proposer.heardOf(m.learned());
            // Who knows no record is told it first, and asks again.
            tellIfBehind(now, from, m.learned());
            return peers.join(now, from, m);
        }

        @Override
        public Boolean visit(Offer m) {
            return sessions.hear(from, m, learned);
        }

        @Override
        public Boolean visit(Release m) {
            boolean isNews = releases.hear(from, m);
            takeDeferred(now);
            return isNews;
        }

        @Override
        public Boolean visit(Leave m) {
            return sessions.hear(from, m);
        }

        @Override
        public Boolean visit(Move m) {
            takeMove(now, from, m);
            return false;
        }

        @Override
        public Boolean visit(Succeed m) {
            groups.heard(now, from, m);
            return false;
        }

        @Override
        public Boolean visit(MoveRefused m) {
            moves.refused(m).ifPresent(out::then);
            return false;
        }

        @Override
        public Boolean visit(Recover m) {
            if (!m.acceptor().node().equals(from)) {
                return false;
            }
            if (!m.isVoting()) {
                peers.votesNot(now, from);
            }
            answer(from, voting.recovered(m));
            return !m.isVoting();
        }

        @Override
        public Boolean visit(Recovered m) {
            if (m.from().node().equals(from) && voting.answered(m)) {
                if (!voting.recovery().isNoted()) {
                    out.toOthers(voting.recovery().question());
                }
                proposer.saw(voting.recovery().promised());
            }
            return false;
        }

        @Override
        public Boolean visit(Operate m) {
            return operations.hear(now, from, m.request(), m.operation());
        }

        @Override
        public Boolean visit(Clear m) {
            takeClear(now, from, m);
            return false;
        }

        @Override
        public Boolean visit(ClearAnswer m) {
            clearings.answered(m);
            decideOperations(now);
            return false;
        }

        /** For resources: nothing follows from it here. */
        @Override
        public Boolean visit(Soft m) {
            return false;
        }
    }

    /** Answers a prepare, accept or pre-vote: never before what it says is durable. */
    private void answer(NodeId to, Message message) {
        if (to.equals(self)) {
            home.answer(message);
        } else {
            out.then(new Effect.Send(to, message));
        }
    }

    /**
     * Sends what the proposer says, to this node as well, and at once: nothing of it states what this disk may not hold yet. A
     * prepare leaves only if this node promised it itself; the accept that follows waits for that promise to be durable.
     */
    private void send(long now, List<Message> messages) {
        for (Message message : messages) {
            if (message instanceof Prepare prepare) {
                take(now, self, prepare);
                if (voting.memory().promised().equals(prepare.ballot())) {
                    out.toOthersAtOnce(prepare);
                }
            } else {
                home.deliver(message);
                out.toOthersAtOnce(message);
            }
        }
    }

    private void tellIfBehind(long now, NodeId peer, Ballot theirs) {
        if (learned.isPresent()
                && learnedBallot.isAbove(theirs)
                && now - chosenSentAt.getOrDefault(peer, now - renewNanos) >= renewNanos / 2) {
            chosenSentAt.put(peer, now);
            out.then(new Effect.Send(peer, new Chosen(learnedBallot, learned.get())));
        }
    }

    /** That a group may run again concerns everybody; what was counted, the node where it failed. */
    private void takeClear(long now, NodeId from, Clear clear) {
        planDirty |= clearings.hear(now, clear.group());
        if (!clear.node().equals(self)) {
            return;
        }
        ClearAnswer answer = groups.clear(from, clear, out);
        if (from.equals(self)) {
            clearings.answered(answer);
        } else {
            out.then(new Effect.Send(from, answer));
        }
    }

    private void decideOperations(long now) {
        clearings.decide(now, learned).forEach(out::then);
        long newestUntil = Optional.ofNullable(own.keeper())
                .map(k -> k.newestUntilNanos(learnedBallot))
                .orElse(LeaseKeeper.NEVER);
        for (Effect.OperationDecided decided : operations.decide(now, learned, newestUntil)) {
            out.then(decided);
            if (decided.isDone()) {
                out.say(self.value(), Reason.OPERATION_DONE, "request " + decided.request());
            }
        }
    }

    // ---- recovery ------------------------------------------------------------------------------------------------

    private void catchUp(long now) {
        if (voting.catchUp(now)) {
            planDirty = true;
            out.say(
                    self.value(),
                    Reason.RECOVERY_DONE,
                    "life " + voting.recovery().life() + " votes");
        }
    }

    private void askToRecover() {
        voting.repeated().ifPresent(question -> {
            out.toOthers(question);
            voting.whySilent().ifPresent(why -> out.sayOnce(self.value(), Reason.RECOVERY_WAITS, why));
        });
    }

    private void vouch(Input.VouchWanted wanted) {
        boolean wasVoting = voting.mayVote();
        Effect.OperationDecided decided = voting.vouch(wanted.request(), known());
        planDirty |= decided.isDone();
        if (!wasVoting) {
            out.say(self.value(), Reason.RECOVERY_DONE, wanted.who() + " vouches for the disk: " + wanted.why());
        }
        out.then(decided);
    }

    // ---- forcing -------------------------------------------------------------------------------------------------

    private void wantForce(long now, Input.ForceWanted wanted) {
        Optional<Forcing.Votes> votes = known().map(record -> votes(now));
        Optional<Effect.OperationDecided> refusal = forcing.want(now, wanted, votes);
        refusal.ifPresent(out::then);
        localDirty |= refusal.isEmpty();
    }

    /** Of the newest record known here. */
    private Forcing.Votes votes(long now) {
        ClusterRecord record = voting.newest(learned, learnedBallot);
        return new Forcing.Votes(
                hearsMajority(now, record.voters()),
                record.isAcceptor(voting.id()),
                peers.heardVotes(now, record.voters(), learned));
    }

    private void forceIfDue(long now) {
        if (!forcing.isUnderWay()) {
            return;
        }
        forcing.end(votes(now)).ifPresent(refusal -> {
            localDirty = true;
            out.then(refusal);
        });
        List<String> busy = groups.busy();
        forcing.giveUp(now, busy).ifPresent(out::then);
        forcing.due(now, busy.isEmpty()).ifPresent(wanted -> force(now, wanted));
    }

    private void force(long now, Input.ForceWanted wanted) {
        ClusterRecord base = voting.newest(learned, learnedBallot);
        int seen = Math.max(
                proposer.highestSeen().generation(), voting.memory().promised().generation());
        Optional<Forcing.Forced> made = Forcing.force(wanted, base, seen, own.nonce(), voting.id(), own.lives());
        if (made.isEmpty()) {
            out.then(Forcing.noRoom(wanted, base, seen));
            return;
        }
        own.standing(base).forEach((name, grant) -> voting.release(name, grant.token()));
        Forcing.Forced forced = made.get();
        proposer.abandon(now);
        proposer.saw(forced.ballot());
        voting.force(now, forced.ballot(), forced.record());
        out.say(
                settings.cluster(),
                Reason.RECORD_FORCED,
                forced.generation() + " by " + wanted.who() + ": " + wanted.why());
        Chosen chosen = new Chosen(forced.ballot(), forced.record());
        answer(self, chosen);
        out.toOthers(chosen);
        out.then(new Effect.OperationDecided(
                wanted.request(), true, "this node alone votes now, in " + forced.generation() + "; admit the others"));
    }

    // ---- learning ------------------------------------------------------------------------------------------------

    private void learn(long now, Ballot ballot, ClusterRecord value) {
        proposer.saw(ballot);
        if (!ballot.isAbove(learnedBallot)) {
            return;
        }
        Optional<String> past = voting.whyPast(value, learned);
        if (past.isPresent()) {
            out.sayOnce(settings.cluster(), Reason.RECORD_FORCED, past.get());
            return;
        }
        if (learned.isEmpty()) {
            // Only who knows a record can ask to be admitted.
            nextBeacon = now;
        }
        proposer.learned(ballot);
        learner.learned(ballot);
        deferred.learned(ballot);
        sayWhatWasHandedOut(ballot);
        handOuts.learned(ballot);
        voting.leaveOlderGenerations(ballot);
        learnedBallot = ballot;
        Optional<ClusterRecord> before = learned;
        before.ifPresent(known -> groups.lookAnew(known, value));
        learned = Optional.of(value);
        staying.learned(value);
        steadiness.learn(now, value);
        groups.successions().learned(value);
        planDirty = true;
        localDirty = true;
        // What a majority has on disk does not wait for this one: whoever sees a group start sees why.
        out.urgent(new Effect.PublishRecord(ballot, value));
        services.learned(value, incarnation());
        tell();
        voting.adopt(now, ballot, value);
        voting.whyNotCounted(value).ifPresent(why -> out.sayOnce(self.value(), Reason.VOTE_NOT_COUNTED, why));
        forgetSettled(value);
        moves.decide(before.orElse(value), value).forEach(out::then);
        decideOperations(now);
        repeatOldReleases(value);
        voting.forgetReleases(value.groups().keySet());
        proveWills(value);
    }

    private void repeatOldReleases(ClusterRecord value) {
        List<Release> old = releases.repeatOld(value, self, voting.memory().released());
        old.forEach(out::toOthers);
        planDirty |= !old.isEmpty();
    }

    private void forgetSettled(ClusterRecord value) {
        sessions.learned(value);
        peers.learned(value);
        releases.learned(value);
        moves.learned(value);
    }

    // ---- last wills ----------------------------------------------------------------------------------------------

    private void proveWills(ClusterRecord record) {
        for (LastWills.Proven will : wills.prove(record, verifier)) {
            if (will.isLive()) {
                peers.lose(will.incarnation().node());
            }
            planDirty = true;
            out.say(will.incarnation().toString(), Reason.WILL_ACCEPTED, "gone: " + will.gone());
        }
    }

    // ---- moves ---------------------------------------------------------------------------------------------------

    private void takeMove(long now, NodeId from, Move move) {
        if (learned.isEmpty()) {
            return;
        }
        if (from.equals(self)) {
            boolean isSure = own.isValid(now);
            Optional<Effect.MoveDecided> decided = moves.hearOwn(now, learned.get(), move, isSure);
            decided.ifPresent(out::then);
            planDirty |= decided.isEmpty();
        } else {
            Optional<String> refusal = moves.hear(now, learned.get(), move);
            planDirty |= refusal.isEmpty();
            refusal.filter(why -> isController(now))
                    .ifPresent(
                            why -> out.then(new Effect.Send(from, new MoveRefused(move.request(), move.group(), why))));
        }
    }

    // ---- local groups --------------------------------------------------------------------------------------------

    /** Final: on this node's disk before it is said. An offer that would ask for the group again must not come before the newer one. */
    private void giveBack(long now, String name, long token, Optional<Severity> failure, String why) {
        if (isOfferStale(now, name)) {
            offerAgain(now);
        }
        voting.release(name, token);
        learned.flatMap(r -> r.grant(name))
                .filter(Grant::stands)
                .filter(g -> g.token() == token && g.holder().node().equals(self))
                .ifPresent(g -> {
                    Release release = new Release(g.holder(), name, token, failure, why);
                    releases.give(release);
                    out.toOthers(release);
                    planDirty = true;
                    takeDeferred(now);
                });
    }

    /** Takes the accept that came before its time, if that is now. */
    private void takeDeferred(long now) {
        deferred.due(releases, node -> isThere(now, node)).ifPresent(due -> take(now, due.from(), due.accept()));
    }

    // ---- what follows from all that --------------------------------------------------------------------------------

    private void reconcile(long now) {
        if (own.hasTurned(now) || localDirty || isLookDue(now)) {
            localDirty = false;
            groups.takeTouched();
            reconcileSession();
            reconcileGroups(now);
            offer.look(own.isThere(), staying.candidacies(now, groups, leaving), groups.all(), learned);
            reconcileLeave();
        } else if (groups.isTouched()) {
            groups.takeTouched().forEach(name -> reconcileTouched(now, name));
            reconcileLeave();
        }
        services.look(now, state == NodeState.ACTIVE, learned, incarnation());
        tell();
        if (own.isThere() && (services.hasUnsaid() || offer.isStale(services.claims()))) {
            offer.due();
        }
        if (offer.isDue() && now >= offer.nextNanos()) {
            offerAgain(now);
        }
        renew(now);
        beacon(now);
        control(now);
    }

    /** Whether time alone may have changed something about a group: the more there are, the less often all are looked at for that. */
    private boolean isLookDue(long now) {
        long apart = Math.max(renewNanos, groups.all().size() * LOOK_APART_NANOS);
        return now >= nextBeacon && Math.floorDiv(nextBeacon, apart) != Math.floorDiv(now + renewNanos, apart);
    }

    private void reconcileSession() {
        if (learned.isEmpty()) {
            return;
        }
        Optional<Incarnation> over = own.missingIn(learned.get());
        if (over.isPresent()) {
            loseSession("the session of " + over.get() + " is over");
        } else if (!left && groups.areAllIdle()) {
            own.begin(learned.get(), nextBeacon - renewNanos).ifPresent(who -> {
                out.urgent(new Effect.LiveAs(who));
                out.say(self.value(), Reason.SESSION_ADMITTED, who.toString());
            });
        }
    }

    private void loseSession(String why) {
        own.end();
        localDirty = true;
        offer.sessionOver();
        services.sessionOver(why);
        tell();
        out.say(self.value(), Reason.SESSION_ENDED, why);
        if (!leaving) {
            become(NodeState.IN_DOUBT, why);
        }
    }

    private void reconcileGroup(long now, LocalGroup group) {
        Optional<Grant> grant = grantHere(group.name());
        Staying.Footing footing = footing(now);
        if (group.isIdle()) {
            grant.ifPresent(given -> startOrDecline(now, group, given, footing));
            if (group.isIdle()) {
                makeReady(now, group, footing);
            }
        } else if (group.phase() == LocalGroup.Phase.STARTING || group.phase() == LocalGroup.Phase.RUNNING) {
            Optional<String> why = staying.whyToStop(now, group, grant, footing, groups);
            if (why.isPresent()) {
                groups.stop(group, Optional.empty(), why.get(), out);
            } else if (!groups.isMaintained(group.name(), learned) && group.wasLetBe(now)) {
                out.then(new Effect.WatchGroup(group.name(), group.token()));
            } else {
                groups.tellLetBe(now, group, out);
            }
        }
    }

    private void startOrDecline(long now, LocalGroup group, Grant grant, Staying.Footing footing) {
        Optional<String> why = staying.whyToDecline(now, group, grant, footing, groups);
        if (why.isPresent()) {
            giveBack(now, group.name(), grant.token(), Optional.empty(), why.get());
        } else if (staying.obstacle(now, group, Optional.of(grant), footing, groups)
                        .isEmpty()
                && own.isValid(now)) {
            groups.start(now, group, grant, out);
        }
    }

    /** What an input about one group can change: nothing about any other, so that a node with a thousand does not look at all. */
    private void reconcileTouched(long now, String name) {
        LocalGroup group = groups.get(name);
        if (group != null) {
            reconcileGroup(now, group);
            groups.removeWithdrawn(name);
        }
        if (!groups.isThere(name)) {
            grantHere(name)
                    .ifPresent(grant -> giveBack(now, name, grant.token(), Optional.empty(), "not registered here"));
        }
        if (own.isThere() && isOfferStale(now, name)) {
            offer.due();
        }
    }

    /** Whether this node offers a group otherwise than it last said. */
    private boolean isOfferStale(long now, String name) {
        Optional<Candidacy> present =
                Optional.ofNullable(groups.get(name)).flatMap(g -> staying.candidacy(now, g, leaving));
        return offer.isStale(name, present, groups.get(name), learned);
    }

    private void reconcileGroups(long now) {
        groups.all().values().forEach(group -> reconcileGroup(now, group));
        groups.removeWithdrawn();
        grantsHere().forEach((name, grant) -> {
            if (!groups.isThere(name)) {
                giveBack(now, name, grant.token(), Optional.empty(), "not registered here");
            }
        });
        giveBackWhatWasNeverStarted(now);
    }

    private void giveBackWhatWasNeverStarted(long now) {
        SortedMap<String, Grant> past = learned.map(
                        record -> own.neverStarted(record, voting.memory().released()))
                .orElseGet(TreeMap::new);
        past.forEach((name, grant) -> {
            LocalGroup local = groups.get(name);
            if (local == null || local.isIdle()) {
                giveBack(now, name, grant.token(), Optional.empty(), "never started: that session was over before");
            }
        });
    }

    /** A grant that stands for this incarnation, in the record known to be chosen, and was not given back. */
    private Optional<Grant> grantHere(String name) {
        return learned.flatMap(record -> own.grant(record, name, voting.memory().released()));
    }

    private SortedMap<String, Grant> grantsHere() {
        return learned.map(record -> own.grants(record, voting.memory().released()))
                .orElseGet(TreeMap::new);
    }

    private Staying.Footing footing(long now) {
        return new Staying.Footing(learned, own.isThere(), own.isEnding(now), forcing.isUnderWay(), leaving);
    }

    /** Makes ready what is about to come to this node, or gives back what was made ready. */
    private void makeReady(long now, LocalGroup group, Staying.Footing footing) {
        long token = staying.comingToken(now, group, footing);
        if (token == group.comingToken()) {
            return;
        }
        if (token != 0) {
            groups.prepare(now, group, token, own.incarnation().orElseThrow(), out);
        } else if (grantHere(group.name()).isEmpty()) {
            groups.unprepare(now, group, out);
        }
    }

    /** Nothing of it needs this disk, and that a name is over must not wait for it. */
    private void tell() {
        services.told().forEach(told -> out.urgent(new Effect.Tell(told)));
    }

    private void offerAgain(long now) {
        Optional<Incarnation> who = own.incarnation();
        if (who.isEmpty()) {
            offer.notDue();
            return;
        }
        offer.renew(staying.candidacies(now, groups, leaving), groups.all(), learned, services.claims());
        services.offered(offer.version());
        sayOffer(now, who.get());
    }

    private void sayOffer(long now, Incarnation who) {
        Offer said = offer.say(now, who);
        out.toOthers(said);
        sessions.note(said);
        planDirty = true;
    }

    private boolean mustSayOffer(long now, Session session) {
        offer.whyOutside(session).ifPresent(why -> out.sayOnce(self.value(), Reason.RECORD_FULL, why));
        return offer.mustSayAgain(now, session);
    }

    private void reconcileLeave() {
        if (!leaving || left || !groups.areAllIdle()) {
            return;
        }
        Optional<Incarnation> who = own.incarnation();
        if (who.isEmpty()) {
            left = true;
            out.then(new Effect.Left());
        } else if (grantsHere().isEmpty() && sessions.leave(who.get())) {
            out.toOthers(new Leave(who.get()));
            planDirty = true;
        }
    }

    private void renew(long now) {
        LeaseKeeper k = own.keeper();
        if (k != null) {
            k.renewal(now, learnedBallot).ifPresent(renewal -> {
                out.toOthersAtOnce(renewal);
                home.deliver(renewal);
            });
        }
    }

    /** Says again, once in a renewal interval, whatever has not shown in the record yet. */
    private void beacon(long now) {
        if (now < nextBeacon) {
            return;
        }
        nextBeacon = now + renewNanos;
        learned.ifPresent(record -> voting.adopt(now, learnedBallot, record));
        Optional<Incarnation> who = own.incarnation();
        if (who.isEmpty() && !leaving && groups.areAllIdle()) {
            join(now);
        }
        askToRecover();
        sayWhoIsMissing(now);
        forceIfDue(now);
        operations.repeated(now).forEach(out::toOthers);
        groups.saySucceed(learned, out);
        clearings.repeated(now).forEach(clear -> {
            out.toOthers(clear);
            takeClear(now, self, clear);
        });
        releases.repeated().forEach(out::toOthers);
        if (who.isPresent() && learned.isPresent()) {
            Session session = learned.get().sessions().get(self);
            if (session != null && !offer.isDue() && mustSayOffer(now, session)) {
                sayOffer(now, who.get());
            }
            if (sessions.isLeaving(who.get())) {
                out.toOthers(new Leave(who.get()));
            }
        }
        moves.repeated().forEach(out::toOthers);
    }

    /** After a while without a majority, and once: who is missing, and what can be done. */
    private void sayWhoIsMissing(long now) {
        Optional<Voters> voters =
                known().map(r -> voting.newest(learned, learnedBallot).voters());
        Optional<String> missing = peers.whoIsMissing(now, voters, learned);
        if (missing.isPresent()) {
            out.sayOnce(self.value(), Reason.MAJORITY_MISSING, missing.get());
        } else {
            out.unsay(self.value(), Reason.MAJORITY_MISSING);
        }
    }

    private void join(long now) {
        if (voting.memory().isEmpty() && learned.isEmpty() && settings.mayForm()) {
            out.toOthers(forming.question());
            formIfAllEmpty(now);
        }
        if (learned.isEmpty()) {
            List<NodeId> silent =
                    others.stream().filter(peer -> !peers.isHeard(now, peer)).toList();
            forming.whatJoiningWaitsFor(voting.memory().isEmpty(), silent)
                    .ifPresent(why -> out.sayOnce(self.value(), Reason.JOIN_WAITS, why));
        }
        long over = learned.map(r -> r.incarnations().getOrDefault(self, 0L)).orElse(0L);
        out.toOthers(new Join(settings.disk(), settings.host(), own.nonce(), settings.willKey(), learnedBallot, over));
        if (learned.isPresent()) {
            peers.join(
                    now, self, new Admission(own.nonce(), settings.disk(), settings.host(), settings.willKey(), over));
            planDirty = true;
        }
    }

    private void formIfAllEmpty(long now) {
        Forming.Standing standing = forming.look(now);
        if (standing.isReady() && settings.rank() == 0 && proposer.isIdle(now)) {
            List<AcceptorId> acceptors = standing.acceptors();
            out.say(settings.cluster(), Reason.CLUSTER_FORMED, "proposing the first record to " + settings.peers());
            send(
                    now,
                    proposer.prepare(
                            now,
                            Voters.of(acceptors),
                            voting.recovery().life(),
                            Optional.of(ClusterRecord.first(settings.cluster(), acceptors))));
        } else {
            forming.news(standing).ifPresent(news -> out.say(settings.cluster(), Reason.FORMING_WAITS, news));
        }
    }

    // ---- proposing -----------------------------------------------------------------------------------------------

    private boolean isController(long now) {
        return peers.isController(now, known().map(ClusterRecord::voters), learned, wills);
    }

    private void control(long now) {
        leading.look(now, voting.memory(), learnedBallot, proposer.phase() != Proposer.Phase.IDLE);
        planDirty |= now >= nextPlan;
        if (!planDirty || !proposer.isIdle(now)) {
            return;
        }
        Optional<Voters> voters =
                leading.voters(voting.memory(), learned, learnedBallot, some -> hearsMajority(now, some));
        if (voters.isEmpty() || !voting.mayVote()) {
            return;
        }
        planDirty = false;
        boolean isController = isController(now);
        if (leading.mustSettle(now, isController) || isController && learned.isEmpty()) {
            send(now, proposer.prepare(now, voters.get(), voting.recovery().life(), Optional.empty()));
        } else if (isController) {
            plan(now, learned.get(), voters.get());
        }
    }

    /** Begins a round if there is something to write, and asks about those who are silent if there is not. */
    private void plan(long now, ClusterRecord record, Voters voters) {
        if (!proposer.agreed(now).isEmpty()) {
            propose(now, voters);
            return;
        }
        if (proposer.canGoOnAsHandedOut(voting.recovery().life())
                && handOuts.isDue(releases, node -> isThere(now, node))) {
            sayWhatWasHandedOut(proposer.goOnAsHandedOut(now));
            return;
        }
        Plan plan = Planner.plan(record, facts(now, 0, learnedBallot));
        if (handOuts.takeInVain(node -> isThere(now, node)) || plan.isChange()) {
            propose(now, voters);
            return;
        }
        for (Notice notice : plan.notices()) {
            out.sayOnce(notice.subject(), notice.reason(), notice.detail());
        }
        List<Incarnation> silent = voting.silentSessions(now, record);
        incarnation().ifPresent(silent::remove);
        if (!silent.isEmpty()) {
            send(now, proposer.preVote(now, voters, silent));
        } else {
            handOut(now);
        }
    }

    /** What a move will write once its group is given back is planned and sent before that: nothing of it takes time then but the disks. */
    private void handOut(long now) {
        foreseeable(now)
                .ifPresent(move -> proposer.handOut(voting.recovery().life(), base -> foresee(now, base, move))
                        .ifPresent(accept -> {
                            AcceptOnRelease handed = handOuts.handOut(move, accept);
                            home.deliver(handed);
                            out.toOthers(handed);
                        }));
    }

    /** Whether a node is heard, and no last will tells of it: its messages may arrive after that. */
    private boolean isThere(long now, NodeId node) {
        return node.equals(self)
                || peers.isHeard(now, node)
                        && learned.map(record -> record.sessions().get(node))
                                .map(Session::incarnation)
                                .filter(wills::isDead)
                                .isEmpty();
    }

    private Optional<ForeseenMove> foreseeable(long now) {
        return learned.flatMap(record -> handOuts.next(record, node -> isThere(now, node)));
    }

    private Optional<ClusterRecord> foresee(long now, Proposer.RoundBase base, ForeseenMove move) {
        handOuts.tries(move);
        Plan plan = plannings.plan(
                base.ballot().following(), base.record(), move.after(facts(now, base.tokenFloor(), base.ballot())));
        return Optional.of(plan)
                .filter(done -> move.isDoneIn(base.record(), done))
                .map(Plan::record);
    }

    /** What was decided before its time is said when it is so. */
    private void sayWhatWasHandedOut(Ballot ballot) {
        if (handOuts.takeUnsaid(ballot)) {
            plannings.of(ballot).ifPresent(planning -> say(planning.notices()));
        }
    }

    /** Begins a round: with its accept if the promises stand that came with the last one. */
    private void propose(long now, Voters voters) {
        long life = voting.recovery().life();
        send(
                now,
                proposer.canGoOn(life)
                        ? proposer.goOn(now, base -> change(now, base))
                        : proposer.prepare(now, voters, life, Optional.empty()));
    }

    private boolean hearsMajority(long now, Voters voters) {
        return peers.hearsMajority(now, voters, learned);
    }

    private Facts facts(long now, long tokenFloor, Ballot base) {
        return new Facts(
                peers.joins(),
                sessions.offers(),
                releases.given(),
                sessions.leaves(),
                wills.gone(),
                new TreeSet<>(proposer.agreed(now)),
                moves.wanted(),
                peers.reachable(now),
                tokenFloor,
                operations.wanted(),
                clearings.wanted(),
                learned.isPresent() && base.equals(learnedBallot),
                steadiness.steady(now),
                plannings.policies());
    }

    /** What this round writes on its base. */
    private Optional<ClusterRecord> change(long now, Proposer.RoundBase base) {
        Optional<Incarnation> dropped = own.missingIn(base.record());
        if (dropped.isPresent()) {
            // Carrying a base that has dropped our own session would look like consent: stop what we own first.
            loseSession("a record that must be carried does not list " + dropped.get());
            return Optional.empty();
        }
        if (base.record().generation() != proposer.ballot().generation()) {
            // A newer generation was forced somewhere, and this node has not been told it yet.
            return Optional.empty();
        }
        // What was handed out and is carried was decided then.
        sayWhatWasHandedOut(base.ballot());
        Plan plan = plannings.plan(proposer.ballot(), base.record(), facts(now, base.tokenFloor(), base.ballot()));
        if (plan.isChange()) {
            say(plan.notices());
        } else {
            sayThatItIsFull(plan.notices());
        }
        return Optional.of(plan.record());
    }

    /** What was decided, and why. */
    private void say(List<Notice> notices) {
        notices.stream().filter(notice -> notice.reason() != Reason.RECORD_FULL).forEach(out::say);
        sayThatItIsFull(notices);
    }

    private void sayThatItIsFull(List<Notice> notices) {
        notices.stream()
                .filter(notice -> notice.reason() == Reason.RECORD_FULL)
                .forEach(notice -> out.sayOnce(notice.subject(), notice.reason(), notice.detail()));
    }

    // ---- for the driver and the simulator
    // ----------------------------------------------------------------------------

    /** The newest record known to be chosen. */
    public Optional<ClusterRecord> learned() {
        return learned;
    }

    /** What the planner was given and said in the round with this ballot, if this node led it lately. */
    public Optional<Planning> planning(Ballot ballot) {
        return plannings.of(ballot);
    }

    public NodeState state() {
        return state;
    }

    /** The live incarnation, if this node has one. */
    public Optional<Incarnation> incarnation() {
        return own.incarnation();
    }

    /** What the groups of this node are doing on it. */
    public GroupsHere groups() {
        return groups;
    }

    /** Whether this node's disk votes: it may have to ask the others first what it has forgotten. */
    public boolean isVoting() {
        return voting.mayVote();
    }

    /** What the machine holds true of its disk. */
    public DurableState memory() {
        return voting.memory();
    }
}
