package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.GroupStatus;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.NodeState;
import org.understudy.ha.api.Troubles;
import org.understudy.ha.api.spi.PlacementPolicy;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Machine;
import org.understudy.ha.internal.machine.Notice;
import org.understudy.ha.internal.machine.Reason;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Message.Accept;
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
import org.understudy.ha.membership.core.plan.Answers;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Admission;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.plan.Policies;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.Sentence;
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

    private static final int PLANNINGS_KEPT = 4;
    private static final int SELF_DELIVERIES_MAX = 64;
    private static final int HOME_ROUNDS_MAX = 8;
    private static final int RECOVER_OFTEN = 10;
    /** How long something that an operator asks for is tried, in renewals. */
    private static final long GIVE_UP_INTERVALS = 100;

    private static final long LOOK_APART_NANOS = 1_000_000;

    private final NodeSettings settings;
    private final WillVerifier verifier;
    private final NodeId self;
    private final List<NodeId> others;
    private final long renewNanos;
    private final long guardNanos;
    private final Acceptor acceptor;
    private final Proposer proposer;
    private final Operations operations;
    private final CoreServices services;
    private final Clearings clearings;
    private final Moves moves;
    private final Forcing forcing;
    private final Peers peers;
    private final HomeDelivery home = new HomeDelivery();
    private final Outbox out;

    private Ballot learnedBallot = Ballot.NONE;
    private Optional<ClusterRecord> learned = Optional.empty();
    private @Nullable LeaseKeeper keeper;
    /** Every incarnation that this process has been. */
    private final TreeSet<Incarnation> lives = new TreeSet<>();

    private long nonce;
    private final TreeMap<NodeId, Long> chosenSentAt = new TreeMap<>();
    private final LocalGroups groups;
    private final Staying staying;

    private final Steadiness steadiness = new Steadiness();
    private final SortedMap<String, PlacementPolicy> policies;

    private final OwnOffer offer;
    private boolean leaving;
    private boolean left;

    private final Forming forming;

    private final TreeMap<Incarnation, Offered> offers = new TreeMap<>();
    private final Releases releases = new Releases();
    private final TreeSet<Incarnation> leaves = new TreeSet<>();
    private final LastWills wills = new LastWills();

    /** Of the rounds led last: what the driver may want to keep. Nothing is decided by it. */
    private final TreeMap<Ballot, Planning> plannings = new TreeMap<>();

    private boolean dirty;

    private boolean planDirty = true;
    private boolean localDirty = true;

    private boolean seenValid;
    private boolean seenEnding = true;
    private long nextPlan;
    private long nextBeacon;
    private long unsettledSince = Long.MAX_VALUE;
    private long armedDeadline = Long.MAX_VALUE;
    private NodeState state = NodeState.JOINING;
    private boolean publishedValid;
    private long publishedConfirmed;
    private int recoverBeacons;
    private long majorityHeardAt;

    public NodeMachine(NodeSettings settings, DurableState disk, long now, WillVerifier verifier) {
        this.settings = settings;
        this.verifier = verifier;
        this.self = settings.self();
        this.others = settings.peers().stream().filter(p -> !p.equals(self)).toList();
        this.out = new Outbox(others);
        this.renewNanos = settings.timing().renewEvery().toNanos();
        this.guardNanos = settings.timing().guard().toNanos();
        this.acceptor = new Acceptor(
                new AcceptorId(self, settings.disk()),
                disk,
                now,
                settings.timing().acceptorNanos(),
                settings.isDiskCurrent(),
                others);
        long leaseNanos = settings.timing().leaseNanos();
        this.groups = new LocalGroups(self, leaseNanos, leaseNanos * LEASES_FOR_A_SUCCESSOR);
        this.offer = new OwnOffer(now, settings.capacity(), renewNanos);
        this.staying = new Staying(self);
        this.operations = new Operations(self, 10 * renewNanos, GIVE_UP_INTERVALS * renewNanos);
        this.services = new CoreServices(settings.timing().leaseNanos());
        this.clearings = new Clearings(10 * renewNanos, GIVE_UP_INTERVALS * renewNanos);
        this.peers = new Peers(settings);
        this.forming = new Forming(acceptor.id(), others, settings.configDigest(), 10 * renewNanos);
        this.forcing = new Forcing(settings.timing().acceptorNanos(), GIVE_UP_INTERVALS * renewNanos);
        this.moves = new Moves(20 * renewNanos);
        this.dirty = true;
        this.proposer = new Proposer(self, settings.rank(), 2 * renewNanos);
        this.proposer.saw(disk.promised());
        this.policies = Policies.with(settings.policies());
        this.nonce = settings.nonceSeed();
        this.nextBeacon = now;
        this.majorityHeardAt = now;
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
        if (dirty) {
            dirty = false;
            fact = Optional.of(acceptor.memory());
            number = home.write(acceptor.memory());
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
        LeaseKeeper k = keeper;
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
                Math.min(operations.nextDeadlineNanos(now), acceptor.recovery().nextDeadlineNanos()));
        next = Math.min(next, services.nextDeadlineNanos(now));
        next = Math.min(next, clearings.nextDeadlineNanos());
        if (keeper != null) {
            next = Math.min(next, keeper.nextDeadlineNanos(now));
        }
        nextPlan = nextPlanNanos(now);
        return Math.min(next, nextPlan);
    }

    /** When the passing of time alone gives the controller, or whoever may have to step in for it, something to decide. */
    private long nextPlanNanos(long now) {
        Optional<ClusterRecord> known = known();
        if (known.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long next = Math.min(acceptor.nextSilenceNanos(now, known.get()), steadiness.nextDeadlineNanos(now));
        next = Math.min(next, peers.nextLossNanos(now));
        if (unsettledSince != Long.MAX_VALUE) {
            long settle = unsettledSince + settleNanos(now);
            next = settle > now ? Math.min(next, settle) : next;
        }
        return next;
    }

    private Optional<ClusterRecord> known() {
        return learned.isPresent() ? learned : acceptor.memory().accepted();
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
        if (keeper != null && keeper.mustStepDown(now) && state == NodeState.ACTIVE) {
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
    }

    private void publishLease(long now) {
        LeaseKeeper k = keeper;
        boolean valid = k != null && k.isValid(now);
        long confirmed = valid && k != null ? k.confirmedNanos() : 0;
        if (valid != publishedValid || confirmed != publishedConfirmed) {
            publishedValid = valid;
            publishedConfirmed = confirmed;
            out.urgent(new Effect.PublishLease(Optional.ofNullable(k).map(LeaseKeeper::session), valid, confirmed));
        }
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
            home.persisted(persisted.number()).ifPresent(acceptor::persisted);
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
        message.accept(new Message.Visitor<Boolean>() {
            @Override
            public Boolean visit(FormQuery m) {
                boolean isEmpty = acceptor.memory().isEmpty();
                out.then(new Effect.Send(
                        from, new FormAnswer(settings.configDigest(), settings.disk(), isEmpty, settings.mayForm())));
                return true;
            }

            @Override
            public Boolean visit(FormAnswer m) {
                forming.answered(now, from, m);
                return true;
            }

            @Override
            public Boolean visit(Prepare m) {
                proposer.saw(m.ballot());
                if (acceptor.isPast(m.ballot())) {
                    // It was answered when it came first; to refuse it now would look like a change of mind.
                    return false;
                }
                Optional<String> refusal = whyNoPromise(m).or(() -> acceptor.prepare(m.ballot()));
                if (refusal.isPresent()) {
                    answer(
                            from,
                            new Refused(
                                    m.ballot(), acceptor.id(), acceptor.memory().promised(), refusal.get()));
                    return false;
                }
                dirty = true;
                DurableState s = acceptor.memory();
                answer(from, new Promise(m.ballot(), acceptor.vote(), s.acceptedBallot(), s.accepted()));
                return true;
            }

            @Override
            public Boolean visit(Promise m) {
                send(now, proposer.onPromise(now, m, base -> change(now, base)));
                return true;
            }

            @Override
            public Boolean visit(Accept m) {
                proposer.saw(m.promised());
                if (acceptor.isPast(m.ballot())) {
                    // It was answered when it came first; to refuse it now would look like a change of mind.
                    return false;
                }
                Optional<String> refusal =
                        whyNoAcceptance(m.value()).or(() -> acceptor.accept(now, m.ballot(), m.value(), m.promised()));
                if (refusal.isPresent()) {
                    answer(
                            from,
                            new Refused(
                                    m.ballot(), acceptor.id(), acceptor.memory().promised(), refusal.get()));
                    return false;
                }
                dirty = true;
                answer(from, new Accepted(m.ballot(), acceptor.vote(), m.hasNext()));
                return true;
            }

            @Override
            public Boolean visit(Accepted m) {
                Ballot ballot = m.ballot();
                proposer.onAccepted(m).ifPresent(value -> {
                    out.toOthers(new Chosen(ballot, value));
                    learn(now, ballot, value);
                });
                send(now, proposer.onPromised(now, m, base -> change(now, base)));
                return true;
            }

            @Override
            public Boolean visit(Refused m) {
                if (proposer.onRefused(now, m)) {
                    planDirty = true;
                    out.say(from.value(), Reason.ROUND_REFUSED, m.why());
                }
                return true;
            }

            @Override
            public Boolean visit(PreVote m) {
                boolean yes = acceptor.isVoting();
                for (Incarnation session : m.sessions()) {
                    yes &= acceptor.isSilent(now, session);
                }
                answer(from, new PreVoteAnswer(m.query(), acceptor.id(), yes));
                return true;
            }

            @Override
            public Boolean visit(PreVoteAnswer m) {
                proposer.onPreVote(now, m);
                if (proposer.phase() == Proposer.Phase.IDLE) {
                    planDirty = true;
                }
                return true;
            }

            @Override
            public Boolean visit(Chosen m) {
                learn(now, m.ballot(), m.value());
                return true;
            }

            @Override
            public Boolean visit(Renew m) {
                proposer.heardOf(m.learned());
                boolean isWaitedFor = acceptor.waits(m.waitNanos());
                if (!isWaitedFor) {
                    out.sayOnce(
                            from.value(),
                            Reason.TIMING_DIFFERS,
                            "it is configured with a longer lease than " + self
                                    + ": its renewals do not count here; give all nodes the same timing");
                }
                boolean counts = isWaitedFor && acceptor.isVoting() && acceptor.renew(now, m.session());
                DurableState s = acceptor.memory();
                Message ack = counts
                        ? new RenewAck(
                                m.session(),
                                m.sequence(),
                                acceptor.id(),
                                s.acceptedBallot(),
                                s.accepted().orElseThrow().voters().sets())
                        : new RenewRefused(m.session(), m.sequence(), acceptor.id(), s.promised(), learnedBallot);
                if (from.equals(self)) {
                    home.deliver(ack);
                } else {
                    out.urgent(new Effect.Send(from, ack));
                    tellIfBehind(now, from, m.learned());
                }
                return true;
            }

            @Override
            public Boolean visit(RenewAck m) {
                peers.votes(from);
                proposer.heardOf(m.accepted());
                LeaseKeeper k = keeper;
                if (k != null && k.acknowledged(m)) {
                    publishLease(now);
                    if (k.isValid(now) && !k.mustStepDown(now) && state != NodeState.ACTIVE) {
                        become(NodeState.ACTIVE, "a majority answers " + k.session());
                        out.say(self.value(), Reason.LEASE_OBTAINED, k.session().toString());
                    }
                }
                return true;
            }

            @Override
            public Boolean visit(RenewRefused m) {
                proposer.saw(m.promised());
                if (!from.equals(self)) {
                    tellIfBehind(now, from, m.learned());
                }
                return true;
            }

            @Override
            public Boolean visit(Join m) {
                proposer.heardOf(m.learned());
                planDirty |= peers.join(now, from, m);
                // Who knows no record is told it first, and asks again.
                tellIfBehind(now, from, m.learned());
                return true;
            }

            @Override
            public Boolean visit(Offer m) {
                Offered present = offers.get(m.session());
                boolean isPast = learned.map(r -> r.sessions().get(from))
                        .filter(s -> s.incarnation().equals(m.session()) && s.offerVersion() > m.version())
                        .isPresent();
                if (m.session().node().equals(from)
                        && !isPast
                        && (present == null || present.version() < m.version())) {
                    offers.put(
                            m.session(),
                            new Offered(m.version(), m.candidacies(), m.rules(), m.capacity(), m.claims()));
                    planDirty = true;
                }
                return true;
            }

            @Override
            public Boolean visit(Release m) {
                planDirty |= releases.hear(from, m);
                return true;
            }

            @Override
            public Boolean visit(Leave m) {
                if (m.session().node().equals(from)) {
                    planDirty |= leaves.add(m.session());
                }
                return true;
            }

            @Override
            public Boolean visit(Move m) {
                takeMove(now, from, m);
                return true;
            }

            @Override
            public Boolean visit(Succeed m) {
                groups.heard(now, from, m);
                return true;
            }

            @Override
            public Boolean visit(MoveRefused m) {
                moves.refused(m).ifPresent(out::then);
                return true;
            }

            @Override
            public Boolean visit(Recover m) {
                if (!m.acceptor().node().equals(from)) {
                    return false;
                }
                if (!m.isVoting()) {
                    peers.votesNot(now, from);
                    planDirty = true;
                }
                DurableState before = acceptor.memory();
                Recovered answer = acceptor.recovered(m);
                dirty |= before != acceptor.memory();
                answer(from, answer);
                return true;
            }

            @Override
            public Boolean visit(Recovered m) {
                if (m.from().node().equals(from) && acceptor.answered(m)) {
                    dirty = true;
                    if (!acceptor.recovery().isNoted()) {
                        out.toOthers(acceptor.recovery().question());
                    }
                    proposer.saw(acceptor.recovery().promised());
                }
                return true;
            }

            @Override
            public Boolean visit(Operate m) {
                planDirty |= operations.hear(now, from, m.request(), m.operation());
                return true;
            }

            @Override
            public Boolean visit(Clear m) {
                takeClear(now, from, m);
                return true;
            }

            @Override
            public Boolean visit(ClearAnswer m) {
                clearings.answered(m);
                decideOperations(now);
                return true;
            }

            /** For resources: nothing follows from it here. */
            @Override
            public Boolean visit(Soft m) {
                return true;
            }
        });
    }

    /**
     * The first record needs a node that was told to form. Any other promise of an empty disk is truthful: it never voted under its
     * identity, and counts only where a record names it.
     */
    private Optional<String> whyNoPromise(Prepare prepare) {
        boolean isFormed = prepare.isForming() && acceptor.memory().isEmpty();
        return isFormed ? whyNotForm() : whyNoVote();
    }

    private Optional<String> whyNoAcceptance(ClusterRecord value) {
        boolean isFormed = acceptor.memory().isEmpty() && value.number() == 1;
        return isFormed ? whyNotForm() : whyNoVote();
    }

    private Optional<String> whyNotForm() {
        return settings.mayForm() ? Optional.empty() : Optional.of("it was not told to form");
    }

    private Optional<String> whyNoVote() {
        return acceptor.isVoting()
                ? Optional.empty()
                : Optional.of("its disk may be an older copy; it asks the others first");
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
                if (acceptor.memory().promised().equals(prepare.ballot())) {
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
        int found = 0;
        int cleared = 0;
        for (LocalGroup group : groups.all().values()) {
            if (Clearings.isOf(group.name(), clear.group())) {
                found++;
                cleared += group.clearFailures() ? 1 : 0;
                groups.touch(group.name());
            }
        }
        ClearAnswer answer = new ClearAnswer(
                clear.request(),
                found > 0,
                found == 0
                        ? self + " has not registered group " + clear.group()
                        : cleared == 0 ? "nothing is counted against it on " + self : "forgotten on " + self);
        if (cleared > 0) {
            out.say(clear.group(), Reason.FAILURES_CLEARED, "on " + self + ", asked for on " + from);
        }
        if (from.equals(self)) {
            clearings.answered(answer);
        } else {
            out.then(new Effect.Send(from, answer));
        }
    }

    private void decideOperations(long now) {
        clearings.decide(now, learned).forEach(out::then);
        for (Effect.OperationDecided decided : operations.decide(now, learned)) {
            out.then(decided);
            if (decided.isDone()) {
                out.say(self.value(), Reason.OPERATION_DONE, "request " + decided.request());
            }
        }
    }

    // ---- recovery ------------------------------------------------------------------------------------------------

    private void catchUp(long now) {
        if (acceptor.catchUp(now)) {
            dirty = true;
            planDirty = true;
            out.say(
                    self.value(),
                    Reason.RECOVERY_DONE,
                    "life " + acceptor.recovery().life() + " votes");
        }
    }

    /** Asks those who have not answered, often at first and then less and less often. */
    private void askToRecover() {
        Recovery recovery = acceptor.recovery();
        if (recovery.isNoted() || acceptor.memory().isEmpty() && recovery.isVoting()) {
            return;
        }
        recoverBeacons++;
        if (recoverBeacons > RECOVER_OFTEN && recoverBeacons % RECOVER_OFTEN != 0) {
            return;
        }
        out.toOthers(recovery.question());
        if (!recovery.isVoting() && recovery.isNamed(acceptor.memory())) {
            out.sayOnce(
                    self.value(),
                    Reason.RECOVERY_WAITS,
                    "this node's disk may be an older copy of itself, so its vote waits for a majority of the others; not heard"
                            + " from "
                            + recovery.missing(acceptor.memory())
                            + "; start them, or if one of them is lost for good say operator().vouchForDisk()");
        }
    }

    private void vouch(Input.VouchWanted wanted) {
        if (known().filter(r -> !r.isAcceptor(acceptor.id())).isPresent() && acceptor.isVoting()) {
            out.then(new Effect.OperationDecided(
                    wanted.request(), false, "this disk has no vote in the cluster record; an operator admits it"));
            return;
        }
        boolean wasVoting = acceptor.isVoting();
        acceptor.vouch();
        dirty = true;
        planDirty = true;
        if (!wasVoting) {
            out.say(self.value(), Reason.RECOVERY_DONE, wanted.who() + " vouches for the disk: " + wanted.why());
        }
        out.then(new Effect.OperationDecided(
                wanted.request(), true, wasVoting ? "this disk votes already" : "this disk votes from now on"));
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
        ClusterRecord record = newestKnown();
        return new Forcing.Votes(
                hearsMajority(now, record.voters()),
                record.isAcceptor(acceptor.id()),
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
        ClusterRecord base = newestKnown();
        int before = Math.max(
                base.generation(),
                Math.max(
                        proposer.highestSeen().generation(),
                        acceptor.memory().promised().generation()));
        int generation = Planner.nextGeneration(before, nonce);
        if (generation > ClusterRecord.GENERATION_MAX) {
            out.then(new Effect.OperationDecided(
                    wanted.request(),
                    false,
                    "generation " + before + " is one of the last that tokens have room for; form a new cluster"));
            return;
        }
        for (Map.Entry<String, GroupRecord> entry : base.groups().entrySet()) {
            entry.getValue()
                    .grant()
                    .filter(grant -> grant.stands() && lives.contains(grant.holder()))
                    .ifPresent(grant -> acceptor.release(entry.getKey(), grant.token()));
        }
        Ballot ballot = Ballot.forced(generation, self);
        ClusterRecord forced = Planner.forced(base, generation, acceptor.id(), lives, wanted.who(), wanted.why());
        proposer.abandon(now);
        proposer.saw(ballot);
        acceptor.force(now, ballot, forced);
        dirty = true;
        out.say(
                settings.cluster(),
                Reason.RECORD_FORCED,
                "generation " + generation + " by " + wanted.who() + ": " + wanted.why());
        answer(self, new Chosen(ballot, forced));
        out.toOthers(new Chosen(ballot, forced));
        out.then(new Effect.OperationDecided(
                wanted.request(),
                true,
                "this node alone votes now, in generation " + generation + "; admit the others"));
    }

    private ClusterRecord newestKnown() {
        DurableState memory = acceptor.memory();
        boolean isAccepted = memory.acceptedBallot().isAbove(learnedBallot) || learned.isEmpty();
        return isAccepted ? memory.accepted().orElseThrow() : learned.get();
    }

    // ---- learning ------------------------------------------------------------------------------------------------

    private void learn(long now, Ballot ballot, ClusterRecord value) {
        proposer.saw(ballot);
        if (!ballot.isAbove(learnedBallot) || isOfAnOlderGeneration(value)) {
            return;
        }
        if (learned.isEmpty()) {
            // Only who knows a record can ask to be admitted.
            nextBeacon = now;
        }
        proposer.learned(ballot);
        leaveOlderGenerations(ballot);
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
        adopt(now);
        if (!value.isAcceptor(acceptor.id())) {
            out.sayOnce(
                    self.value(),
                    Reason.VOTE_NOT_COUNTED,
                    "the cluster record does not name this node's disk, so its vote is not counted. A new disk of a node that"
                            + " votes is admitted by itself as soon as a majority is there; any other node an operator admits. If a"
                            + " majority of the votes is lost for good, forceRecord() on a node that has one comes first");
        }
        forgetSettled(value);
        moves.decide(before.orElse(value), value).forEach(out::then);
        decideOperations(now);
        repeatOldReleases(value);
        acceptor.forgetReleases(value.groups().keySet());
        proveWills(value);
    }

    /**
     * Whether a record is of a generation before one that this node knows to be forced. Nodes that were said to be lost for good are back; what
     * was decided since must not be forgotten for them.
     */
    private boolean isOfAnOlderGeneration(ClusterRecord value) {
        int own = Math.max(
                acceptor.memory().promised().generation(),
                learned.map(ClusterRecord::generation).orElse(0));
        if (value.generation() < own) {
            out.sayOnce(
                    settings.cluster(),
                    Reason.RECORD_FORCED,
                    "generation " + value.generation() + " of this cluster lives beside generation " + own
                            + ", which an operator forced because the nodes of the other would never come back: stop "
                            + value.voters().all().stream()
                                    .map(AcceptorId::node)
                                    .filter(node -> !node.equals(self))
                                    .toList()
                            + " and start them with empty state directories");
        }
        return value.generation() < own;
    }

    /** Whoever knows of a newer generation has no word in an older one any more, also where the newer one gives it no vote. */
    private void leaveOlderGenerations(Ballot ballot) {
        DurableState memory = acceptor.memory();
        if (!memory.isEmpty() && ballot.generation() > memory.promised().generation()) {
            acceptor.prepare(ballot);
            dirty = true;
        }
    }

    private void repeatOldReleases(ClusterRecord value) {
        List<Release> old = releases.repeatOld(value, self, acceptor.memory().released());
        old.forEach(out::toOthers);
        planDirty |= !old.isEmpty();
    }

    /**
     * A chosen record is also a late accept: without it this acceptor would not acknowledge sessions it has not seen. It may
     * have to wait until a session that the record has lost is silent here too.
     */
    private void adopt(long now) {
        if (learned.isPresent()
                && learnedBallot.isAbove(acceptor.memory().acceptedBallot())
                && whyNoAcceptance(learned.get()).isEmpty()
                && acceptor.accept(now, learnedBallot, learned.get()).isEmpty()) {
            dirty = true;
        }
    }

    private void forgetSettled(ClusterRecord value) {
        offers.entrySet()
                .removeIf(e -> !value.isLive(e.getKey())
                        || value.sessions().get(e.getKey().node()).offerVersion()
                                >= e.getValue().version());
        leaves.removeIf(session -> !value.isLive(session));
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
            boolean isSure = keeper != null && keeper.isValid(now);
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
        acceptor.release(name, token);
        dirty = true;
        learned.flatMap(r -> r.grant(name))
                .filter(Grant::stands)
                .filter(g -> g.token() == token && g.holder().node().equals(self))
                .ifPresent(g -> {
                    Release release = new Release(g.holder(), name, token, failure, why);
                    releases.give(release);
                    out.toOthers(release);
                    planDirty = true;
                });
    }

    // ---- what follows from all that --------------------------------------------------------------------------------

    private void reconcile(long now) {
        if (hasLeaseTurned(now) || localDirty || isLookDue(now)) {
            localDirty = false;
            groups.takeTouched();
            reconcileSession();
            reconcileGroups(now);
            offer.look(keeper != null, presentCandidacies(now), groups.all(), learned);
            reconcileLeave();
        } else if (groups.isTouched()) {
            groups.takeTouched().forEach(name -> reconcileTouched(now, name));
            reconcileLeave();
        }
        services.look(now, state == NodeState.ACTIVE, learned, incarnation());
        tell();
        if (keeper != null && (services.hasUnsaid() || offer.isStale(services.claims()))) {
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

    /** Whether what the lease allows is not what it was when this node last looked. */
    private boolean hasLeaseTurned(long now) {
        LeaseKeeper k = keeper;
        boolean isValid = k != null && k.isValid(now);
        boolean isEnding = k == null || k.mustStepDown(now);
        boolean hasTurned = isValid != seenValid || isEnding != seenEnding;
        seenValid = isValid;
        seenEnding = isEnding;
        return hasTurned;
    }

    private void reconcileSession() {
        if (learned.isEmpty()) {
            return;
        }
        ClusterRecord record = learned.get();
        LeaseKeeper k = keeper;
        if (k != null && !record.isLive(k.session())) {
            loseSession("the session of " + k.session() + " is over");
            return;
        }
        Session session = record.sessions().get(self);
        if (k == null && session != null && session.joinNonce() == nonce && !left && groups.areAllIdle()) {
            LeaseKeeper fresh = new LeaseKeeper(session.incarnation(), settings.timing(), nextBeacon - renewNanos);
            keeper = fresh;
            lives.add(session.incarnation());
            out.urgent(new Effect.LiveAs(session.incarnation()));
            out.say(self.value(), Reason.SESSION_ADMITTED, session.incarnation().toString());
        }
    }

    private void loseSession(String why) {
        keeper = null;
        localDirty = true;
        nonce++;
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
        Optional<String> obstacle = staying.obstacle(now, group, grant, footing, groups);
        if (group.isIdle()) {
            if (grant.filter(g -> !group.isOfferedAs(g)).isPresent()) {
                giveBack(
                        now,
                        group.name(),
                        grant.get().token(),
                        Optional.empty(),
                        "it was granted from an offer of this node that has changed since");
            } else if (grant.isPresent() && staying.mustDecline(now, group, footing, groups)) {
                String why = obstacle.or(() -> staying.whyToLeave(group, footing, groups))
                        .orElse("");
                giveBack(now, group.name(), grant.get().token(), Optional.empty(), why);
            } else if (grant.isPresent() && obstacle.isEmpty()) {
                start(now, group, grant.get());
            }
            if (group.isIdle()) {
                makeReady(now, group, footing);
            }
        } else if (group.phase() == LocalGroup.Phase.STARTING || group.phase() == LocalGroup.Phase.RUNNING) {
            boolean isAnotherGrant =
                    grant.filter(g -> g.token() == group.token()).isEmpty();
            Optional<String> planned = staying.whyToGo(now, group, footing, groups);
            if (obstacle.isPresent() || isAnotherGrant || planned.isPresent()) {
                groups.stop(group, Optional.empty(), obstacle.or(() -> planned).orElse("the grant is over"), out);
            } else if (!groups.isMaintained(group.name(), learned) && group.wasLetBe()) {
                out.then(new Effect.WatchGroup(group.name(), group.token()));
            }
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
        if (keeper != null && isOfferStale(now, name)) {
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
        for (Map.Entry<String, Grant> entry : grantsHere().entrySet()) {
            if (!groups.isThere(entry.getKey())) {
                giveBack(now, entry.getKey(), entry.getValue().token(), Optional.empty(), "not registered here");
            }
        }
        giveBackWhatWasNeverStarted(now);
    }

    /** A grant may have been made to an incarnation of this process that was over when it became known: this process does not run it. */
    private void giveBackWhatWasNeverStarted(long now) {
        LeaseKeeper k = keeper;
        if (lives.size() < (k == null ? 1 : 2)) {
            return;
        }
        learned.ifPresent(record -> record.groups().forEach((name, group) -> {
            LocalGroup local = groups.get(name);
            Optional<Grant> left = group.grant()
                    .filter(g -> g.stands() && lives.contains(g.holder()))
                    .filter(g -> k == null || !g.holder().equals(k.session()))
                    .filter(g -> g.token() > acceptor.memory().released().getOrDefault(name, 0L));
            if (left.isPresent() && (local == null || local.isIdle())) {
                giveBack(
                        now, name, left.get().token(), Optional.empty(), "never started: that session was over before");
            }
        }));
    }

    private void start(long now, LocalGroup group, Grant grant) {
        LeaseKeeper k = keeper;
        if (k != null && k.isValid(now) && !group.isWithdrawn()) {
            groups.start(group, grant, out);
        }
    }

    /** A grant that stands for this incarnation, in the record known to be chosen, and was not given back. */
    private Optional<Grant> grantHere(String name) {
        return learned.flatMap(record -> record.grant(name)).filter(grant -> isHere(name, grant));
    }

    private boolean isHere(String name, Grant grant) {
        LeaseKeeper k = keeper;
        return k != null
                && grant.stands()
                && grant.holder().equals(k.session())
                && grant.token() > acceptor.memory().released().getOrDefault(name, 0L);
    }

    private SortedMap<String, Grant> grantsHere() {
        TreeMap<String, Grant> mine = new TreeMap<>();
        learned.ifPresent(record -> record.groups()
                .forEach((name, group) ->
                        group.grant().filter(grant -> isHere(name, grant)).ifPresent(grant -> mine.put(name, grant))));
        return mine;
    }

    private Staying.Footing footing(long now) {
        LeaseKeeper k = keeper;
        boolean isLeaseEnding = k != null && k.mustStepDown(now);
        return new Staying.Footing(learned, k != null, isLeaseEnding, forcing.isUnderWay(), leaving);
    }

    /** Makes ready what is about to come to this node, or gives back what was made ready. */
    private void makeReady(long now, LocalGroup group, Staying.Footing footing) {
        long token = staying.comingToken(now, group, footing);
        if (token == group.comingToken()) {
            return;
        }
        if (token != 0) {
            groups.prepare(group, token, keeper.session(), out);
        } else if (grantHere(group.name()).isEmpty()) {
            groups.unprepare(group, out);
        }
    }

    /** Nothing of it needs this disk, and that a name is over must not wait for it. */
    private void tell() {
        services.told().forEach(told -> out.urgent(new Effect.Tell(told)));
    }

    private TreeMap<String, Candidacy> presentCandidacies(long now) {
        TreeMap<String, Candidacy> present = new TreeMap<>();
        groups.all()
                .forEach((name, group) ->
                        staying.candidacy(now, group, leaving).ifPresent(candidacy -> present.put(name, candidacy)));
        return present;
    }

    private void offerAgain(long now) {
        LeaseKeeper k = keeper;
        if (k == null) {
            offer.notDue();
            return;
        }
        offer.renew(presentCandidacies(now), groups.all(), learned, services.claims());
        services.offered(offer.version());
        sayOffer(k, now);
    }

    private void sayOffer(LeaseKeeper k, long now) {
        Offer said = offer.say(now, k.session());
        out.toOthers(said);
        offers.put(
                k.session(),
                new Offered(said.version(), said.candidacies(), said.rules(), said.capacity(), said.claims()));
        planDirty = true;
    }

    private boolean mustSayOffer(long now, Session session) {
        SortedSet<String> outside = offer.outside(session);
        if (!outside.isEmpty()) {
            out.sayOnce(
                    self.value(),
                    Reason.RECORD_FULL,
                    "the cluster record has no room for " + Sentence.few(outside)
                            + ", which this node offers: register fewer groups, or spread them over several clusters");
        }
        return offer.mustSayAgain(now, session);
    }

    private void reconcileLeave() {
        if (!leaving || left || !groups.areAllIdle()) {
            return;
        }
        LeaseKeeper k = keeper;
        if (k == null) {
            left = true;
            out.then(new Effect.Left());
        } else if (grantsHere().isEmpty() && leaves.add(k.session())) {
            out.toOthers(new Leave(k.session()));
            planDirty = true;
        }
    }

    private void renew(long now) {
        LeaseKeeper k = keeper;
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
        adopt(now);
        LeaseKeeper k = keeper;
        if (k == null && !leaving && groups.areAllIdle()) {
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
        if (k != null && learned.isPresent()) {
            Session session = learned.get().sessions().get(self);
            if (session != null && !offer.isDue() && mustSayOffer(now, session)) {
                sayOffer(k, now);
            }
            if (leaves.contains(k.session())) {
                out.toOthers(new Leave(k.session()));
            }
        }
        moves.repeated().forEach(out::toOthers);
    }

    /** After a while without a majority, and once: who is missing, and what can be done. */
    private void sayWhoIsMissing(long now) {
        Optional<Voters> voters = known().map(r -> newestKnown().voters());
        if (voters.isEmpty() || hearsMajority(now, voters.get())) {
            majorityHeardAt = now;
            out.unsay(self.value(), Reason.MAJORITY_MISSING);
        } else if (now - majorityHeardAt >= GIVE_UP_INTERVALS * renewNanos) {
            List<NodeId> heardVotes = peers.heardVotes(now, voters.get(), learned);
            List<NodeId> missing = voters.get().all().stream()
                    .map(AcceptorId::node)
                    .filter(node -> !node.equals(self) && !heardVotes.contains(node))
                    .toList();
            out.sayOnce(
                    self.value(),
                    Reason.MAJORITY_MISSING,
                    "the votes of " + missing
                            + " are not heard, and without a majority nothing is decided: start these nodes on their"
                            + " disks, or, if so many are lost for good, say operator().forceRecord() on the node that is left and"
                            + " knows most");
        }
    }

    private void join(long now) {
        if (acceptor.memory().isEmpty() && learned.isEmpty() && settings.mayForm()) {
            out.toOthers(new FormQuery(settings.configDigest()));
            formIfAllEmpty(now);
        }
        if (learned.isEmpty()) {
            sayWhatJoiningWaitsFor(now);
        }
        long over = learned.map(r -> r.incarnations().getOrDefault(self, 0L)).orElse(0L);
        out.toOthers(new Join(settings.disk(), settings.host(), nonce, settings.willKey(), learnedBallot, over));
        if (learned.isPresent()) {
            peers.join(now, self, new Admission(nonce, settings.disk(), settings.host(), settings.willKey(), over));
            planDirty = true;
        }
    }

    private void sayWhatJoiningWaitsFor(long now) {
        List<NodeId> silent =
                others.stream().filter(peer -> !peers.isHeard(now, peer)).toList();
        if (acceptor.memory().isEmpty() && !settings.mayForm()) {
            out.sayOnce(
                    self.value(),
                    Reason.JOIN_WAITS,
                    "this node's state directory is empty and it was not told to form(), so it waits for a cluster that"
                            + " admits it" + (silent.isEmpty() ? "" : "; not heard from " + silent));
        } else if (!acceptor.memory().isEmpty() && !silent.isEmpty()) {
            out.sayOnce(self.value(), Reason.JOIN_WAITS, "waits for a majority; not heard from " + silent);
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
                            acceptor.recovery().life(),
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
        noteUnsettled(now);
        planDirty |= now >= nextPlan;
        if (!planDirty || !proposer.isIdle(now)) {
            return;
        }
        Optional<ClusterRecord> known = known();
        Optional<Voters> leading = leading(now);
        if (known.isEmpty() || leading.isEmpty() || !acceptor.isVoting()) {
            return;
        }
        Voters voters = leading.get();
        long life = acceptor.recovery().life();
        boolean isUnsettled = now - unsettledSince >= settleNanos(now);
        if (!isController(now)) {
            planDirty = false;
            if (isUnsettled) {
                send(now, proposer.prepare(now, voters, life, Optional.empty()));
            }
            return;
        }
        planDirty = false;
        if (learned.isEmpty() || isUnsettled) {
            send(now, proposer.prepare(now, voters, life, Optional.empty()));
            return;
        }
        if (!proposer.agreed(now).isEmpty()) {
            propose(now, voters);
            return;
        }
        Plan plan = Planner.plan(known.get(), facts(now, 0, learnedBallot));
        if (plan.isChange()) {
            propose(now, voters);
            return;
        }
        for (Notice notice : plan.notices()) {
            out.sayOnce(notice.subject(), notice.reason(), notice.detail());
        }
        Optional<Incarnation> own = incarnation();
        List<Incarnation> silent = acceptor.silentSessions(now, known.get());
        silent.removeIf(session -> own.filter(session::equals).isPresent());
        if (!silent.isEmpty()) {
            send(now, proposer.preVote(now, voters, silent));
        }
    }

    /** Begins a round: with its accept if the promises stand that came with the last one. */
    private void propose(long now, Voters voters) {
        long life = acceptor.recovery().life();
        send(
                now,
                proposer.canGoOn(life)
                        ? proposer.goOn(now, base -> change(now, base))
                        : proposer.prepare(now, voters, life, Optional.empty()));
    }

    /**
     * The voters with whom this one could lead a round: those of the record it learned, or else, if that is long past, those of the newer one
     * that it accepted. Empty if it has no vote among them or hears no majority.
     */
    private Optional<Voters> leading(long now) {
        DurableState memory = acceptor.memory();
        Optional<ClusterRecord> accepted =
                memory.accepted().filter(r -> memory.acceptedBallot().isAbove(learnedBallot));
        return Stream.concat(learned.stream(), accepted.stream())
                .filter(record -> record.isAcceptor(acceptor.id()))
                .map(ClusterRecord::voters)
                .filter(voters -> hearsMajority(now, voters))
                .findFirst();
    }

    private boolean hearsMajority(long now, Voters voters) {
        return peers.hearsMajority(now, voters, learned);
    }

    /**
     * A ballot promised or accepted here but never known to be chosen blocks nobody, yet somebody must settle it. What was promised with
     * the acceptance of the newest record is nobody's round yet.
     */
    private void noteUnsettled(long now) {
        DurableState memory = acceptor.memory();
        boolean isAhead = memory.acceptedBallot().equals(learnedBallot)
                && memory.promised().equals(learnedBallot.following());
        boolean isUnsettled =
                memory.promised().isAbove(learnedBallot) && !isAhead && proposer.phase() == Proposer.Phase.IDLE;
        if (!isUnsettled || acceptor.memory().isEmpty()) {
            unsettledSince = Long.MAX_VALUE;
        } else if (unsettledSince == Long.MAX_VALUE) {
            unsettledSince = now;
        }
    }

    private long settleNanos(long now) {
        return isController(now) ? 4 * renewNanos : 4 * renewNanos * (settings.rank() + 3);
    }

    private Facts facts(long now, long tokenFloor, Ballot base) {
        return new Facts(
                peers.joins(),
                offers,
                releases.given(),
                leaves,
                wills.gone(),
                new TreeSet<>(proposer.agreed(now)),
                moves.wanted(),
                peers.reachable(now),
                tokenFloor,
                operations.wanted(),
                clearings.wanted(),
                learned.isPresent() && base.equals(learnedBallot),
                steadiness.steady(now),
                policies);
    }

    /** What this round writes on its base. */
    private Optional<ClusterRecord> change(long now, Proposer.RoundBase base) {
        LeaseKeeper k = keeper;
        if (k != null && !base.record().isLive(k.session())) {
            // Carrying a base that has dropped our own session would look like consent: stop what we own first.
            loseSession("a record that must be carried does not list " + k.session());
            return Optional.empty();
        }
        if (base.record().generation() != proposer.ballot().generation()) {
            // A newer generation was forced somewhere, and this node has not been told it yet.
            return Optional.empty();
        }
        Facts facts = facts(now, base.tokenFloor(), base.ballot());
        Answers answers = new Answers();
        Plan plan = Planner.plan(
                base.record(), settings.policies().isEmpty() ? facts : facts.withPolicies(answers.noting(policies)));
        remember(new Planning(proposer.ballot(), base.record(), facts.copy(), plan.notices(), answers.all()));
        for (Notice notice : plan.notices()) {
            if (notice.reason() == Reason.RECORD_FULL) {
                out.sayOnce(notice.subject(), notice.reason(), notice.detail());
            } else if (plan.isChange()) {
                out.say(notice);
            }
        }
        return Optional.of(plan.record());
    }

    private void remember(Planning planning) {
        plannings.put(planning.ballot(), planning);
        while (plannings.size() > PLANNINGS_KEPT) {
            plannings.pollFirstEntry();
        }
    }

    // ---- for the driver and the simulator
    // ----------------------------------------------------------------------------

    /** The newest record known to be chosen. */
    public Optional<ClusterRecord> learned() {
        return learned;
    }

    /** What the planner was given and said in the round with this ballot, if this node led it lately. */
    public Optional<Planning> planning(Ballot ballot) {
        return Optional.ofNullable(plannings.get(ballot));
    }

    public NodeState state() {
        return state;
    }

    /** The live incarnation, if this node has one. */
    public Optional<Incarnation> incarnation() {
        return Optional.ofNullable(keeper).map(LeaseKeeper::session);
    }

    /** Whether this node offers a group, or still has something of it to stop. */
    public boolean isOffered(String group) {
        return groups.isThere(group);
    }

    /** How many groups {@link #isOffered} is true for. */
    public int offered() {
        return groups.all().size();
    }

    /** What a group is doing on this node; empty if it is not active here. */
    public Optional<GroupStatus.State> localState(String group) {
        return groups.state(group);
    }

    /** The token under which a group is, or was last, active on this node; 0 if it never was. */
    public long localToken(String group) {
        return groups.token(group);
    }

    /** Why a group could not be stopped on this node; empty if it is not blocked. */
    public String whyBlocked(String group) {
        return groups.whyBlocked(group);
    }

    /** What failed in a group that runs on this node while nothing is done about it, and why nothing is; empty if nothing did. */
    public String whyLetBe(String group) {
        return groups.whyLetBe(group);
    }

    /** What went wrong with a group on this node and is not forgotten yet. */
    public Troubles troubles(String group, long now) {
        return groups.troubles(group, now);
    }

    /** Whether this node's disk votes: it may have to ask the others first what it has forgotten. */
    public boolean isVoting() {
        return acceptor.isVoting();
    }

    /** What the machine holds true of its disk. */
    public DurableState memory() {
        return acceptor.memory();
    }
}
