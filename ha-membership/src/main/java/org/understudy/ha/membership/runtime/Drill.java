package org.understudy.ha.membership.runtime;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.codec.RecordCodec;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.NodeMachine;
import org.understudy.ha.membership.core.NodeSettings;
import org.understudy.ha.membership.core.WillVerifier;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.HostIdentity;

/**
 * A takeover is rare, so the code that decides about it would be loaded and interpreted when it is needed: several milliseconds of one. This
 * plays moves and deaths between three machines in memory until that code has been compiled. It touches no disk, no network, no clock and
 * nothing of the node.
 *
 * <p>Once in a process, on a thread of its own that works for a few milliseconds at a time and rests as long in between; about a second of processor time.
 * One that a closing node cuts short is left to the next node of the process.
 */
public final class Drill {

    private static final Logger LOG = LoggerFactory.getLogger(Drill.class);
    private static final AtomicBoolean IS_DONE = new AtomicBoolean();
    private static final int ROUNDS = 150;
    private static final long BEGINS_AFTER_SECONDS = 20;
    private static final long CLOSE_MILLIS_MAX = 500;
    private static final int DEATH_EVERY = 3;
    private static final long MILLI = 1_000_000L;
    private static final long SPELL_NANOS = 4 * MILLI;
    private static final String GROUP = "drill";
    private static final List<NodeId> NODES = List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));

    /** A will that is believed: its author's name. */
    private static final WillVerifier GOOD_FAITH = new WillVerifier() {
        @Override
        public Optional<Incarnation> author(byte[] datagram) {
            String[] parts = new String(datagram, StandardCharsets.US_ASCII).split("#");
            return Optional.of(new Incarnation(NodeId.of(parts[0]), Integer.parseInt(parts[1])));
        }

        @Override
        public Optional<Will> verify(byte[] datagram, String publicKey) {
            return author(datagram).map(who -> new Will(who, List.of()));
        }
    };

    private record Sent(NodeId to, byte[] frame) {}

    private final Map<NodeId, NodeMachine> machines = new TreeMap<>();
    private final Map<NodeId, DurableState> disks = new TreeMap<>();
    private final ArrayDeque<Sent> wire = new ArrayDeque<>();
    private Optional<NodeId> owner = Optional.empty();
    private Incarnation holder = new Incarnation(NODES.get(0), 1);
    private long now = MILLI;
    private long frames;
    private long lives;
    private long spellEnds;

    private Drill() {}

    /** Begins one, if there was none in this process yet. Never blocks; ends by itself, or when it is closed, which waits for its thread. */
    public static Optional<AutoCloseable> begin(NamedThreads threads) {
        return begin(threads, BEGINS_AFTER_SECONDS, IS_DONE);
    }

    /** @param isDone whether it has been played, or is being played, where that counts */
    static Optional<AutoCloseable> begin(NamedThreads threads, long seconds, AtomicBoolean isDone) {
        if (!isDone.compareAndSet(false, true)) {
            return Optional.empty();
        }
        Thread thread = threads.thread("drill", () -> {
            try {
                // A node that comes up has other things to do.
                TimeUnit.SECONDS.sleep(seconds);
                new Drill().play(ROUNDS);
            } catch (InterruptedException e) {
                isDone.set(false);
                Thread.currentThread().interrupt();
            } catch (RuntimeException | LinkageError e) {
                LOG.debug("the drill ended early; the first takeover will be a little slower", e);
            }
        });
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
        return Optional.of(() -> {
            thread.interrupt();
            thread.join(CLOSE_MILLIS_MAX);
        });
    }

    /**
     * Returns how many times the group has changed hands.
     *
     * @throws InterruptedException if nobody wants it any more
     */
    static int drilled(int rounds) throws InterruptedException {
        return new Drill().play(rounds);
    }

    private int play(int rounds) throws InterruptedException {
        spellEnds = System.nanoTime() + SPELL_NANOS;
        NODES.forEach(this::boot);
        int changes = 0;
        for (int round = 0; round < rounds; round++) {
            Optional<NodeId> before = owner;
            for (int i = 0; i < 40 && (owner.isEmpty() || owner.equals(before)); i++) {
                if (i == 0 && before.isPresent()) {
                    disturb(round, before.get());
                }
                pass(100);
            }
            changes += owner.equals(before) ? 0 : 1;
        }
        return changes;
    }

    /** Moves the group, or ends its owner. */
    private void disturb(int round, NodeId from) {
        NodeId to = NODES.get((NODES.indexOf(from) + 1) % NODES.size());
        if (round % DEATH_EVERY != 0) {
            give(to, new Input.MoveWanted(round, GROUP, to));
            return;
        }
        byte[] will = holder.toString().getBytes(StandardCharsets.US_ASCII);
        boot(from);
        owner = Optional.empty();
        NODES.stream().filter(node -> !node.equals(from)).forEach(node -> give(node, new Input.WillArrived(will)));
    }

    private void boot(NodeId node) {
        DurableState disk = disks.getOrDefault(node, DurableState.EMPTY);
        NodeSettings settings = new NodeSettings(
                "drill",
                node,
                NODES,
                node.value(),
                Timing.standard(),
                true,
                "key",
                HostIdentity.UNKNOWN,
                true,
                ++lives);
        machines.put(node, new NodeMachine(settings, disk, now, GOOD_FAITH));
        give(node, new Input.ViewChanged(NODES));
        give(
                node,
                new Input.GroupOffered(
                        GROUP, new Candidacy(NODES, false, true, "", Presence.ABSENT, false, List.of())));
    }

    private void give(NodeId node, Input input) {
        Step<Effect, DurableState> step = machines.get(node).handle(now, input);
        step.urgent().forEach(effect -> take(node, effect));
        step.persist().ifPresent(state -> {
            disks.put(node, RecordCodec.decodeDurable(RecordCodec.encode(state)));
            give(node, new Input.Persisted(step.persistNumber()));
        });
        step.then().forEach(effect -> take(node, effect));
    }

    private void take(NodeId node, Effect effect) {
        if (effect instanceof Effect.Send send) {
            wire.add(new Sent(send.to(), MessageCodec.encode("drill", node, ++frames, send.message())));
        } else if (effect instanceof Effect.PrepareGroup prepare) {
            give(node, new Input.PrepareEnded(GROUP, prepare.token(), Optional.empty(), "", ""));
        } else if (effect instanceof Effect.StartGroup start) {
            owner = Optional.of(node);
            holder = start.holder();
            give(node, new Input.StartEnded(GROUP, start.token(), Optional.empty(), ""));
        } else if (effect instanceof Effect.StopGroup stop) {
            owner = Optional.empty();
            give(node, new Input.StopEnded(GROUP, stop.token(), true, ""));
        }
    }

    private void pass(long millis) throws InterruptedException {
        long end = now + millis * MILLI;
        deliver();
        for (Optional<NodeId> next = next(end); next.isPresent(); next = next(end)) {
            now = Math.max(now, machines.get(next.get()).nextDeadlineNanos());
            give(next.get(), new Input.Tick());
            deliver();
        }
        now = end;
    }

    private void deliver() throws InterruptedException {
        while (!wire.isEmpty()) {
            rest();
            Sent sent = wire.remove();
            MessageCodec.Frame frame = MessageCodec.decode(sent.frame());
            give(sent.to(), new Input.Received(frame.sender(), frame.message()));
        }
    }

    private Optional<NodeId> next(long end) {
        return machines.keySet().stream()
                .filter(node -> machines.get(node).nextDeadlineNanos() <= end)
                .min(Comparator.comparing(node -> machines.get(node).nextDeadlineNanos()));
    }

    private void rest() throws InterruptedException {
        if (System.nanoTime() - spellEnds > 0) {
            LockSupport.parkNanos(SPELL_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            spellEnds = System.nanoTime() + SPELL_NANOS;
        }
    }
}
