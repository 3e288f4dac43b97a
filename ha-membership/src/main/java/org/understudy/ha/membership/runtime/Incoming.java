package org.understudy.ha.membership.runtime;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.GroupChannel;
import org.understudy.ha.internal.loop.NodeLoop;
import org.understudy.ha.membership.core.DurableState;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.ClusterRecord;

/**
 * What comes in from the others, on its way to the loop; what is said beside the record goes past the machine. Thread-safe; nothing
 * blocks.
 */
public final class Incoming implements GroupChannel.Receiver {

    /** The node for which it comes. */
    public interface Host {
        /** The newest record this node knows; any thread. */
        Optional<ClusterRecord> record();

        /** Whether a message says why a node decided something; then it is taken. Any thread. */
        boolean isWhy(NodeId from, Message.Soft message);

        /** An owner said something of its groups. On the loop. */
        void ownerHeard();

        /** On the loop, before the machine hears of it. */
        void viewed(List<NodeId> members);
    }

    private final Intake intake;
    private final NodeLoop<Input, Effect, DurableState> loop;
    private final LongSupplier clock;
    private final StallWatch stalls;
    private final OwnerWords ownerWords;
    private final SoftStates softStates;
    private final Host host;
    /** An owner said something, and the loop will look at it. */
    private final AtomicBoolean isOwnerHeard = new AtomicBoolean();

    public Incoming(
            Intake intake,
            NodeLoop<Input, Effect, DurableState> loop,
            LongSupplier clock,
            StallWatch stalls,
            OwnerWords ownerWords,
            SoftStates softStates,
            Host host) {
        this.intake = intake;
        this.loop = loop;
        this.clock = clock;
        this.stalls = stalls;
        this.ownerWords = ownerWords;
        this.softStates = softStates;
        this.host = host;
    }

    @Override
    public void onFrame(NodeId from, byte[] bytes) {
        intake.message(from, bytes).ifPresent(message -> {
            if (message instanceof Message.Soft soft) {
                soft(from, soft);
                return;
            }
            long now = clock.getAsLong();
            if (!offer(new Input.Received(from, message))) {
                return;
            }
            if (message instanceof Message.RenewAck ack) {
                loop.execute(() -> stalls.answered(from, ack.sequence(), now));
            } else if (message instanceof Message.RenewRefused no) {
                loop.execute(() -> stalls.answered(from, no.sequence(), now));
            }
        });
    }

    private void soft(NodeId from, Message.Soft message) {
        if (OwnerWords.isMeant(message)) {
            ownerWords.hear(
                    from,
                    message,
                    group -> host.record()
                            .map(r -> r.groups().containsKey(group))
                            .orElse(true));
            if (isOwnerHeard.compareAndSet(false, true)) {
                loop.execute(() -> {
                    isOwnerHeard.set(false);
                    host.ownerHeard();
                });
            }
        } else if (!host.isWhy(from, message)) {
            softStates.heard(message);
        }
    }

    /** A datagram that may be a last will. */
    public void onWill(byte[] datagram) {
        if (intake.isWill(datagram, host.record())) {
            offer(new Input.WillArrived(datagram));
        }
    }

    private boolean offer(Input input) {
        boolean isTaken = loop.offer(input);
        if (!isTaken) {
            intake.overrun();
        }
        return isTaken;
    }

    @Override
    public void onView(List<NodeId> members) {
        loop.execute(() -> host.viewed(members));
        loop.submit(new Input.ViewChanged(members));
    }
}
