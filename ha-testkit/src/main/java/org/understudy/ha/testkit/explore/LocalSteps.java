package org.understudy.ha.testkit.explore;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.NodeSettings;
import org.understudy.ha.membership.core.WillVerifier;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.testkit.explore.Local.Known;
import org.understudy.ha.testkit.explore.Local.Past;
import org.understudy.ha.testkit.explore.Local.Voted;
import org.understudy.ha.testkit.explore.Local.Write;
import org.understudy.ha.testkit.sim.Violation;
import org.understudy.ha.testkit.sim.Violation.Checker;

/**
 * Lets one thing happen to one node. Does what {@link org.understudy.ha.internal.machine} asks of a driver: time before messages,
 * nothing that waits for the disk before the disk.
 *
 * <p>Whenever a machine is woken it has just heard everybody, from a message that says nothing: who is heard decides who proposes, which is
 * liveness, and would only multiply the states.
 */
final class LocalSteps {

    private static final int TICKS_MAX = 8;
    private static final WillVerifier NO_WILLS = new WillVerifier() {
        @Override
        public Optional<Incarnation> author(byte[] datagram) {
            return Optional.empty();
        }

        @Override
        public Optional<Will> verify(byte[] datagram, String publicKey) {
            return Optional.empty();
        }
    };

    private final Setup setup;
    private final MachineImage image;

    LocalSteps(Setup setup, MachineImage image) {
        this.setup = setup;
        this.image = image;
    }

    /** A message on its way to a node. */
    record Sent(int to, Message message) {}

    /** What became of the node, what it sent, and the promise it broke. */
    record Outcome(Local local, List<Sent> sent, Optional<Violation> violation) {}

    /** A node that has accepted the first record and knows it to be chosen. */
    Outcome begin(int node) {
        DurableState empty = DurableState.EMPTY;
        NodeMachine machine = machine(node, 0, empty, true, 0);
        Work work = new Work(new Local(
                node,
                machine,
                0,
                empty,
                List.of(),
                0,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Ballot.NONE,
                0,
                Past.NONE));
        NodeId other = setup.nodes.get(node == 0 ? 1 : 0);
        if (!setup.isAlive(node)) {
            work.feed(new Input.LeaveWanted());
        }
        work.hearEverybody();
        work.feed(new Input.ViewChanged(List.of(other, setup.nodes.get(node))));
        ClusterRecord first = setup.first();
        if (setup.isOffered(node)) {
            work.feed(new Input.GroupOffered(Setup.GROUP, setup.candidacy()));
        }
        if (setup.isVoter(node)) {
            work.feed(new Input.Received(other, new Message.Accept(Setup.FIRST, first, false)));
            work.beNoted(first);
        }
        work.write(Integer.MAX_VALUE);
        work.sent.clear();
        work.feed(new Input.Received(other, new Message.Chosen(Setup.FIRST, first)));
        work.greet();
        work.write(Integer.MAX_VALUE);
        if (work.past.ballots() > 0) {
            throw new IllegalStateException(other + " does not wait for what the bound lets happen");
        }
        return work.outcome();
    }

    /** Lets an action happen that is possible. */
    Outcome apply(Local from, int action, @Nullable Message message, int sender) {
        Work work = new Work(from);
        try {
            if (message != null) {
                work.feed(new Input.Received(setup.nodes.get(sender), message));
            } else {
                work.happen(Action.kind(action), Action.detail(action));
            }
            return work.outcome();
        } catch (RuntimeException e) {
            work.violated(Checker.NO_EXCEPTION, e.toString());
            return new Outcome(from, List.of(), work.violation);
        }
    }

    private NodeMachine machine(int node, int life, DurableState disk, boolean isDiskCurrent, int step) {
        return new NodeMachine(
                new NodeSettings(
                        "bound",
                        setup.nodes.get(node),
                        setup.nodes,
                        setup.disk(node),
                        setup.timing(),
                        true,
                        "",
                        HostIdentity.UNKNOWN,
                        isDiskCurrent,
                        setup.nonce(node, life)),
                disk,
                setup.nanos(step),
                NO_WILLS);
    }

    /** A node while something happens to it. */
    private final class Work {
        private final int node;
        private NodeMachine machine;
        private int step;
        private DurableState disk;
        private final List<Write> writes;
        private long lastWrite;
        private Optional<DurableState> copy;
        private Optional<Effect.PublishLease> lease;
        private Optional<Known> learned;
        private final List<Voted> votes;
        private Ballot adopted;
        private long startedToken;
        private Past past;
        private final List<Sent> sent = new ArrayList<>();
        private final TreeSet<Ballot> begun = new TreeSet<>();
        /** What stopped at once, and the machine does not know yet. */
        private final ArrayDeque<Input> stopped = new ArrayDeque<>();

        private Optional<Violation> violation = Optional.empty();

        private Work(Local from) {
            node = from.node();
            machine = image.copy(from.machine());
            step = from.step();
            disk = from.disk();
            writes = new ArrayList<>(from.writes());
            lastWrite = from.lastWrite();
            copy = from.copy();
            lease = from.lease();
            learned = from.learned();
            votes = new ArrayList<>(from.votes());
            adopted = from.adopted();
            startedToken = from.startedToken();
            past = from.past();
        }

        private Outcome outcome() {
            return new Outcome(
                    new Local(
                            node,
                            machine,
                            step,
                            disk,
                            writes,
                            lastWrite,
                            copy,
                            lease,
                            learned,
                            votes,
                            adopted,
                            startedToken,
                            past),
                    List.copyOf(sent),
                    violation);
        }

        private void violated(Checker checker, String detail) {
            if (violation.isEmpty()) {
                violation = Optional.of(new Violation(checker, step * Setup.STEP_NANOS, detail));
            }
        }

        private void happen(int kind, int detail) {
            switch (kind) {
                case Action.WAKE -> {
                    step = detail;
                    hearEverybody();
                    feed(new Input.Tick());
                }
                case Action.WRITTEN -> write(1);
                case Action.ASK -> {
                    past = past.asked();
                    feed(new Input.OperationWanted(
                            past.operations(), setup.operations(node).get(past.operations() - 1)));
                }
                case Action.COPY -> copy = Optional.of(disk);
                case Action.GO_BACK -> restart(0, detail, true);
                default -> restart(kind - Action.CRASH, detail, false);
            }
        }

        // ---- driving ---------------------------------------------------------------------------------------------

        private void greet() {
            List<NodeId> view = new ArrayList<>(setup.nodes);
            boolean isController = setup.ballots(node) > 0;
            if (isController) {
                view.remove(setup.nodes.get(node));
                view.add(0, setup.nodes.get(node));
            }
            if (!setup.isAlive(node)) {
                feed(new Input.LeaveWanted());
            }
            feed(new Input.ViewChanged(view));
            hearEverybody();
        }

        /** Every voter has everybody's first life on its disk. */
        private void beNoted(ClusterRecord first) {
            for (int other = 0; other < setup.nodes.size(); other++) {
                if (other != node && setup.isVoter(other)) {
                    NodeId from = setup.nodes.get(other);
                    feed(new Input.Received(from, new Message.Recover(setup.acceptor(other), 1, true)));
                    feed(new Input.Received(
                            from,
                            new Message.Recovered(
                                    setup.acceptor(other), 1, 0, Setup.FIRST, Setup.FIRST, Optional.of(first))));
                }
            }
        }

        private void hearEverybody() {
            for (NodeId other : setup.nodes) {
                if (!other.equals(setup.nodes.get(node))) {
                    feed(new Input.Received(other, new Message.MoveRefused(-1, Setup.GROUP, "says nothing")));
                }
            }
        }

        private void feed(Input input) {
            long now = setup.nanos(step);
            if (now >= machine.nextDeadlineNanos()) {
                handle(now, new Input.Tick());
            }
            handle(now, input);
            for (int i = 0; i < TICKS_MAX && now >= machine.nextDeadlineNanos(); i++) {
                handle(now, new Input.Tick());
            }
            if (!stopped.isEmpty()) {
                feed(stopped.remove());
            }
        }

        private void handle(long now, Input input) {
            boolean wasVoting = machine.isVoting();
            Ballot before = machine.memory().acceptedBallot();
            Step<Effect, DurableState> result = machine.handle(now, input);
            if (!wasVoting && machine.isVoting()) {
                past = past.recovered();
                Ballot after = machine.memory().acceptedBallot();
                adopted = after.equals(before) || isVoteFor(after, input) ? adopted : after;
            }
            result.urgent().forEach(this::perform);
            List<Sent> later = new ArrayList<>();
            for (Effect effect : result.then()) {
                if (effect instanceof Effect.Send send && setup.carries(send.message())) {
                    later.add(new Sent(setup.nodes.indexOf(send.to()), send.message()));
                } else {
                    note(effect);
                }
            }
            if (result.persist().isPresent() || (!writes.isEmpty() && !later.isEmpty())) {
                lastWrite = Math.max(lastWrite, result.persistNumber());
                writes.add(new Write(lastWrite, result.persist(), later));
            } else {
                later.forEach(this::leave);
            }
            if (!setup.hasSlowDisk(node)) {
                write(Integer.MAX_VALUE);
            }
        }

        private static boolean isVoteFor(Ballot ballot, Input input) {
            return input instanceof Input.Received received
                    && received.message() instanceof Message.Accept accept
                    && accept.ballot().equals(ballot);
        }

        /** So many writes become durable, one after the other, and whatever waited for them leaves. */
        private void write(int most) {
            for (int i = 0; i < most && !writes.isEmpty(); i++) {
                Write oldest = writes.remove(0);
                oldest.state().ifPresent(this::settle);
                oldest.held().forEach(this::leave);
                while (!writes.isEmpty() && writes.get(0).state().isEmpty()) {
                    writes.remove(0).held().forEach(this::leave);
                }
                feed(new Input.Persisted(oldest.number()));
            }
        }

        private void settle(DurableState state) {
            disk = state;
            if (!state.acceptedBallot().equals(adopted)) {
                vote();
            }
        }

        /** Notes what stands on the disk: whether it is chosen is counted from this. */
        private void vote() {
            boolean isNew = disk.accepted().isPresent()
                    && votes.stream()
                            .noneMatch(v -> v.ballot().equals(disk.acceptedBallot())
                                    && v.vote().life() == disk.life());
            if (isNew) {
                votes.add(new Voted(
                        disk.acceptedBallot(),
                        disk.accepted().orElseThrow(),
                        new Vote(setup.acceptor(node), disk.life(), new TreeMap<>(disk.lives()))));
            }
        }

        private void restart(int done, int at, boolean goesBack) {
            long unfinished = writes.stream().filter(w -> w.state().isPresent()).count();
            for (int i = 0; i < done; i++) {
                Write oldest = writes.remove(0);
                settle(oldest.state().orElseThrow());
                while (!writes.isEmpty() && writes.get(0).state().isEmpty()) {
                    writes.remove(0);
                }
            }
            writes.clear();
            lastWrite = 0;
            past = past.restarted(done < unfinished, goesBack);
            step = at;
            disk = goesBack ? copy.orElseThrow() : disk;
            learned = Optional.empty();
            machine = machine(node, past.life(), disk, !goesBack, at);
            greet();
        }

        // ---- effects ---------------------------------------------------------------------------------------------

        private void perform(Effect effect) {
            if (effect instanceof Effect.Send send) {
                if (setup.carries(send.message())) {
                    leave(new Sent(setup.nodes.indexOf(send.to()), send.message()));
                }
            } else {
                note(effect);
            }
        }

        private void note(Effect effect) {
            if (effect instanceof Effect.PublishLease published) {
                lease = Optional.of(published);
            } else if (effect instanceof Effect.PublishRecord published) {
                learned = Optional.of(new Known(published.ballot(), published.value()));
            } else if (effect instanceof Effect.StartGroup order) {
                startedToken = order.token();
            } else if (effect instanceof Effect.StopGroup order && setup.hasStopsAtOnce()) {
                startedToken = 0;
                stopped.add(new Input.StopEnded(order.group(), order.token(), true, ""));
            }
        }

        private void leave(Sent message) {
            Optional<Ballot> ballot = begins(message.message());
            if (ballot.isPresent()) {
                if (begun.add(ballot.get())) {
                    past = past.begun(1);
                }
                if (past.ballots() > setup.ballots(node)) {
                    return;
                }
            } else if (message.message() instanceof Message.Renew renew && !setup.isRenewed(node, renew.sequence())) {
                return;
            }
            checkWord(message);
            sent.add(message);
        }

        /** The ballot that a message begins: it asks for its promise, or nobody was asked, since it follows on one whose record its proposer got chosen. */
        private Optional<Ballot> begins(Message message) {
            if (message instanceof Message.Prepare prepare) {
                return Optional.of(prepare.ballot());
            }
            Optional<Ballot> ballot = message instanceof Message.Accept accept
                    ? Optional.of(accept.ballot())
                    : message instanceof Message.AcceptOnRelease handed
                            ? Optional.of(handed.accept().ballot())
                            : Optional.empty();
            return ballot.filter(
                    b -> learned.filter(known -> b.equals(known.ballot().following()))
                            .isPresent());
        }

        /** What is said is on the disk. */
        private void checkWord(Sent said) {
            String missing = "";
            if (said.message() instanceof Message.Promise m) {
                boolean isKept = !m.ballot().isAbove(disk.promised())
                        && !m.acceptedBallot().isAbove(disk.acceptedBallot());
                missing = isKept ? "" : "promises " + m.ballot() + ", its disk holds " + disk.promised();
            } else if (said.message() instanceof Message.Accepted m) {
                boolean isKept = !m.ballot().isAbove(disk.acceptedBallot())
                        && !m.promised().isAbove(disk.promised());
                missing = isKept
                        ? ""
                        : "has accepted " + m.ballot() + " and promises " + m.promised() + ", its disk holds "
                                + disk.acceptedBallot() + " and " + disk.promised();
                if (m.ballot().equals(disk.acceptedBallot()) && m.ballot().equals(adopted)) {
                    adopted = Ballot.NONE;
                    vote();
                }
            } else if (said.message() instanceof Message.RenewAck m) {
                boolean isKept =
                        disk.accepted().filter(r -> r.isLive(m.session())).isPresent();
                missing = isKept ? "" : "acknowledges a renewal of " + m.session() + ", which its disk does not know";
            } else if (said.message() instanceof Message.Recovered m) {
                long known = disk.lives().getOrDefault(setup.acceptor(said.to()), 0L);
                missing =
                        m.life() <= known ? "" : "says that it has noted life " + m.life() + ", its disk says " + known;
            }
            if (!missing.isEmpty()) {
                violated(Checker.ACKNOWLEDGED_IS_DURABLE, setup.nodes.get(node) + " " + missing);
            }
        }
    }
}
