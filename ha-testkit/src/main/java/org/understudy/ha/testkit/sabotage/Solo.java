package org.understudy.ha.testkit.sabotage;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.NodeSettings;
import org.understudy.ha.membership.core.WillVerifier;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.message.Vote;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Grant;
import org.understudy.ha.membership.core.record.GroupRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Session;
import org.understudy.ha.membership.core.record.SessionEnd;

/**
 * One real machine, every other node played by hand: messages, disk and clock move only as a schedule says, so that a situation of
 * many lucky moments can be set up in a few lines. Does what {@link org.understudy.ha.internal.machine} asks of a driver.
 */
final class Solo {

    static final String GROUP = "g";
    static final long NONCE = 7;

    private static final long MILLI = 1_000_000L;
    private static final long STEP = Duration.ofMillis(5).toNanos();
    private static final Timing TIMING = Timing.standard();
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

    private final NodeId self;
    private final List<NodeId> peers;
    private final boolean mayForm;
    private final List<Message> sent = new ArrayList<>();
    private final List<Effect> done = new ArrayList<>();
    private final Deque<Step<Effect, DurableState>> waiting = new ArrayDeque<>();
    private NodeMachine machine;
    private DurableState disk;
    private boolean diskStalls;
    private long now = 1_000_000 * MILLI;

    /**
     * @param peers one letter for each, in order of rank
     * @param self which of them is real
     */
    Solo(String peers, String self, DurableState disk, boolean mayForm) {
        this.self = NodeId.of(self);
        this.peers =
                peers.chars().mapToObj(c -> NodeId.of(String.valueOf((char) c))).toList();
        this.mayForm = mayForm;
        this.disk = disk;
        this.machine = start(true);
        view();
    }

    private NodeMachine start(boolean isDiskCurrent) {
        return new NodeMachine(
                new NodeSettings(
                        "solo",
                        self,
                        peers,
                        "disk-" + self,
                        TIMING,
                        mayForm,
                        "",
                        HostIdentity.UNKNOWN,
                        isDiskCurrent,
                        NONCE),
                disk,
                now,
                NO_WILLS);
    }

    private void view() {
        List<NodeId> view = new ArrayList<>(peers);
        view.remove(self);
        view.add(0, self);
        feed(new Input.ViewChanged(view));
    }

    // ---- driving -------------------------------------------------------------------------------------------------

    void feed(Input input) {
        if (now >= machine.nextDeadlineNanos()) {
            handle(new Input.Tick());
        }
        handle(input);
    }

    private void handle(Input input) {
        Step<Effect, DurableState> step = machine.handle(now, input);
        step.urgent().forEach(this::perform);
        if (step.persist().isPresent() || !waiting.isEmpty()) {
            waiting.addLast(step);
        } else {
            step.then().forEach(this::perform);
        }
        if (!diskStalls) {
            flush();
        }
    }

    private void perform(Effect effect) {
        if (effect instanceof Effect.Send send) {
            sent.add(send.message());
        }
        done.add(effect);
    }

    /** Whatever is written from now on stays in memory until {@link #flush}. */
    void stallDisk() {
        diskStalls = true;
    }

    /** The disk writes all it was given. */
    void flush() {
        diskStalls = false;
        while (!waiting.isEmpty()) {
            Step<Effect, DurableState> step = waiting.removeFirst();
            step.then().forEach(this::perform);
            step.persist().ifPresent(state -> {
                disk = state;
                handle(new Input.Persisted(step.persistNumber()));
            });
        }
    }

    /**
     * The process dies with what the disk has not written, and is started again.
     *
     * @param isDiskCurrent whether the host vouches for the disk
     */
    void crash(boolean isDiskCurrent) {
        waiting.clear();
        diskStalls = false;
        sent.clear();
        done.clear();
        machine = start(isDiskCurrent);
        view();
    }

    void receive(String from, Message message) {
        feed(new Input.Received(NodeId.of(from), message));
    }

    /** Everybody named says something that changes nothing. */
    void hear(String... nodes) {
        for (String node : nodes) {
            receive(node, new Message.MoveRefused(-1, GROUP, ""));
        }
    }

    /** Time passes; the nodes named stay in hearing. */
    void pass(long millis, String... inHearing) {
        long end = now + millis * MILLI;
        while (now < end) {
            now = Math.min(end, now + STEP);
            hear(inHearing);
            if (now >= machine.nextDeadlineNanos()) {
                handle(new Input.Tick());
            }
        }
    }

    /** The last message of a kind that was sent since {@link #forget}. */
    <M extends Message> Optional<M> said(Class<M> kind) {
        return sent.stream().filter(kind::isInstance).map(kind::cast).reduce((first, last) -> last);
    }

    /** Whether an effect of this kind was ordered since {@link #forget}. */
    <E extends Effect> Optional<E> ordered(Class<E> kind) {
        return done.stream().filter(kind::isInstance).map(kind::cast).reduce((first, last) -> last);
    }

    void forget() {
        sent.clear();
        done.clear();
    }

    /** The ballot for which the machine asks for promises within some time, if it does. */
    Optional<Ballot> asked(long millis, String... inHearing) {
        for (long passed = 0; passed < millis && said(Message.Prepare.class).isEmpty(); passed += 5) {
            pass(5, inHearing);
        }
        return said(Message.Prepare.class).map(Message.Prepare::ballot);
    }

    /**
     * Waits until the machine asks for promises.
     *
     * @throws IllegalStateException if it does not within two seconds: the schedule does not fit the machine any more
     */
    Ballot prepared(String... inHearing) {
        return asked(2_000, inHearing).orElseThrow(() -> new IllegalStateException(self + " began no round"));
    }

    /** Makes the machine a live session with a lease: the record must list it with {@link #NONCE}. */
    void live(Ballot ballot, ClusterRecord record, String acknowledging) {
        receive(acknowledging, new Message.Chosen(ballot, record));
        for (int i = 0; i < 100 && said(Message.Renew.class).isEmpty(); i++) {
            pass(5, acknowledging);
        }
        Message.Renew renew =
                said(Message.Renew.class).orElseThrow(() -> new IllegalStateException(self + " renews no session"));
        receive(
                acknowledging,
                new Message.RenewAck(
                        renew.session(),
                        renew.sequence(),
                        acceptor(acknowledging),
                        ballot,
                        record.voters().sets()));
    }

    // ---- what the others say -------------------------------------------------------------------------------------

    static Message promise(Ballot asked, String from, long shown, ClusterRecord value) {
        return new Message.Promise(asked, vote(from), ballot(shown), Optional.of(value));
    }

    static Vote vote(String node) {
        return new Vote(acceptor(node), 1, new TreeMap<>());
    }

    static AcceptorId acceptor(String node) {
        return new AcceptorId(NodeId.of(node), "disk-" + node);
    }

    static Ballot ballot(long round) {
        return new Ballot(round, "z/1");
    }

    static DurableState holding(long round, ClusterRecord value) {
        return new DurableState(
                ballot(round), ballot(round), Optional.of(value), new TreeMap<>(), 1, 1, new TreeMap<>(), false);
    }

    // ---- records -------------------------------------------------------------------------------------------------

    static Incarnation first(String node) {
        return new Incarnation(NodeId.of(node), 1);
    }

    /** A record whose voters are these. */
    static ClusterRecord record(String voters, long number) {
        List<AcceptorId> set =
                voters.chars().mapToObj(c -> acceptor(String.valueOf((char) c))).toList();
        return ClusterRecord.first("solo", set).withNumber(number);
    }

    /** These are alive and offer the group, which each of them would rather leave to the one before. */
    static ClusterRecord alive(ClusterRecord record, String preferred, String... nodes) {
        List<NodeId> order = preferred
                .chars()
                .mapToObj(c -> NodeId.of(String.valueOf((char) c)))
                .toList();
        TreeMap<NodeId, Session> sessions = new TreeMap<>(record.sessions());
        TreeMap<NodeId, Long> incarnations = new TreeMap<>(record.incarnations());
        for (String node : nodes) {
            Candidacy candidacy = new Candidacy(order, false, true, "", Presence.ABSENT, true, List.of());
            SortedMap<String, Candidacy> offer = new TreeMap<>();
            offer.put(GROUP, candidacy);
            sessions.put(
                    NodeId.of(node),
                    new Session(first(node), NONCE, "disk-" + node, HostIdentity.UNKNOWN, "", 1, offer));
            incarnations.put(NodeId.of(node), 1L);
        }
        return record.withSessions(sessions, incarnations, record.ends());
    }

    /** The session has ended by silence. */
    static ClusterRecord expired(ClusterRecord record, String node) {
        TreeMap<NodeId, Session> sessions = new TreeMap<>(record.sessions());
        sessions.remove(NodeId.of(node));
        List<SessionEnd> ends = new ArrayList<>(record.ends());
        ends.add(new SessionEnd(first(node), ProofKind.EXPIRED, "", List.of(), "disk-" + node, HostIdentity.UNKNOWN));
        return record.withSessions(sessions, record.incarnations(), ends).withNumber(record.number() + 1);
    }

    /** The group is known, and was never granted. */
    static ClusterRecord ungranted(ClusterRecord record) {
        TreeMap<String, GroupRecord> groups = new TreeMap<>(record.groups());
        groups.put(GROUP, GroupRecord.NEW);
        return record.withGroups(groups, record.lastToken());
    }

    /**
     * The group is granted.
     *
     * @param over why that is over; empty while it stands
     */
    static ClusterRecord granted(ClusterRecord record, String holder, long token, Optional<ProofKind> over) {
        TreeMap<String, GroupRecord> groups = new TreeMap<>(record.groups());
        groups.put(
                GROUP,
                GroupRecord.NEW.withGrant(new Grant(first(holder), token, ProofKind.NEVER, over, true, List.of())));
        return record.withGroups(groups, Math.max(record.lastToken(), token));
    }
}
