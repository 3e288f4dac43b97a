package org.understudy.ha.membership.history;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.codec.ReasonsCodec;
import org.understudy.ha.membership.codec.ReasonsCodec.Told;
import org.understudy.ha.membership.core.history.Reasons;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.plan.Planning;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * Why a record is as it is, said by the node that decided it beside the record: for people only, nothing is decided by it. It is said once,
 * when the record is chosen, by the history's thread, and so behind all that the record leads to; it may be lost.
 *
 * <p><b>Concurrency.</b> {@link #say} and {@link #await} on the history's thread, the rest on any; only {@link #await} waits.
 */
public final class DeciderWords {

    /** Most bytes of one message. */
    static final int BYTES_MAX = 64 << 10;

    /** Of each node the newest so many records: as many as may wait to be told. */
    static final int KEPT = HistoryKeeper.WAITING_MAX;

    /** How these messages are called among those of groups; no group is called so. */
    private static final String GROUP = "!decider";

    private static final Logger LOG = LoggerFactory.getLogger(DeciderWords.class);
    private static final Duration PATIENCE = Duration.ofMillis(100);
    /** More than what is written beside the reasons. */
    private static final int BYTES_BESIDE = 1024;

    private final Collection<NodeId> others;
    private final Consumer<Message.Soft> send;
    private final Duration patience;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition isHeard = lock.newCondition();
    /** By the node's name. */
    private final Map<String, Deque<Told>> heard = new TreeMap<>();
    /** Who was waited for in vain: it may be of an earlier version, which says nothing. */
    private final Set<String> silent = new TreeSet<>();

    private long number;

    /**
     * @param others who may say something; what anybody else says is not kept
     * @param send to every one of them; must not block
     */
    public DeciderWords(Collection<NodeId> others, Consumer<Message.Soft> send) {
        this(others, send, PATIENCE);
    }

    DeciderWords(Collection<NodeId> others, Consumer<Message.Soft> send, Duration patience) {
        this.others = new TreeSet<>(others);
        this.send = send;
        this.patience = patience;
    }

    /**
     * Tells the others why a record is as it is that this node decided. Of one that decides about no group it says nothing; of one that it only carried
     * on for somebody else, which may be news to them, that it has no reason.
     *
     * @param planning of the round
     * @param chosen what that round wrote
     */
    void say(Planning planning, ClusterRecord chosen) {
        Map<String, ?> before = planning.base().groups();
        Map<String, ?> after = chosen.groups();
        if (after.equals(before) && chosen.number() != planning.base().number()) {
            return;
        }
        // What only goes on waiting has a reason each time, and no sentence.
        Reasons reasons = Reasons.of(planning.notices(), part -> !Objects.equals(before.get(part), after.get(part)));
        Told told = new Told(planning.ballot(), reasons.within(BYTES_MAX - BYTES_BESIDE));
        send.accept(new Message.Soft(GROUP, 0, ++number, ReasonsCodec.encode(told)));
    }

    /**
     * What a node says of a record that it decided itself.
     *
     * @return whether the message is for here at all
     */
    public boolean hear(NodeId from, Message.Soft message) {
        if (!message.group().equals(GROUP)) {
            return false;
        }
        byte[] state = message.state();
        if (others.contains(from) && state.length <= BYTES_MAX) {
            read(from, state);
        }
        return true;
    }

    private void read(NodeId from, byte[] state) {
        try {
            Told told = ReasonsCodec.decode(state);
            if (told.ballot().node().equals(from.value())) {
                keep(told);
            }
        } catch (MalformedMessageException e) {
            LOG.debug("what {} says of its reasons cannot be read: {}", from, e.getMessage());
        }
    }

    private void keep(Told told) {
        lock.lock();
        try {
            Deque<Told> ofNode = heard.computeIfAbsent(told.ballot().node(), node -> new ArrayDeque<>());
            ofNode.addLast(told);
            if (ofNode.size() > KEPT) {
                ofNode.removeFirst();
            }
            silent.remove(told.ballot().node());
            isHeard.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Why the record of this ballot is as it is, if its proposer says so. A word that is on its way is waited for, a tenth of a second.
     *
     * @param sinceNanos when the record came, on {@link System#nanoTime()}
     * @param mayWait asked again after {@link #hurry()}
     */
    Optional<Reasons> await(Ballot ballot, long sinceNanos, BooleanSupplier mayWait) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = sinceNanos + patience.toNanos() - System.nanoTime();
            Optional<Reasons> found = find(ballot);
            while (found.isEmpty() && mayWait.getAsBoolean() && isExpected(ballot)) {
                if (left <= 0) {
                    silent.add(ballot.node());
                } else {
                    left = isHeard.awaitNanos(left);
                    found = find(ballot);
                }
            }
            return found;
        } finally {
            lock.unlock();
        }
    }

    /** Whoever waits asks again whether it may. Any thread; never blocks. */
    void hurry() {
        lock.lock();
        try {
            isHeard.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Whether a word of a proposer may come: it is another node, was not waited for in vain since it said something, and has not said anything
     * of a later record, since words come in order.
     */
    boolean isExpected(Ballot ballot) {
        lock.lock();
        try {
            boolean isPast = heard.getOrDefault(ballot.node(), new ArrayDeque<>()).stream()
                    .anyMatch(told -> told.ballot().isAbove(ballot));
            return !isPast
                    && !silent.contains(ballot.node())
                    && others.stream().anyMatch(node -> node.value().equals(ballot.node()));
        } finally {
            lock.unlock();
        }
    }

    private Optional<Reasons> find(Ballot ballot) {
        return heard.getOrDefault(ballot.node(), new ArrayDeque<>()).stream()
                .filter(told -> told.ballot().equals(ballot))
                .map(Told::reasons)
                .findFirst();
    }
}
