package org.understudy.ha.membership.core;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.InvariantViolation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.codec.EveryMessage;
import org.understudy.ha.membership.codec.MessageCodec;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.core.record.HostIdentity;

/**
 * A whole machine, and messages that a codec accepts and no honest node sends: numbers at their limits, strangers' names, answers to
 * nothing. The machine may stop itself for a broken invariant; any other exception would be a node that one message kills.
 *
 * <p>An input is frames, each behind two bytes of length whose lowest bits say what happens before: a tick after a while, or that
 * everything written is durable.
 */
public final class MachineFuzz {
    private static final long MILLISECOND = 1_000_000;
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

    private MachineFuzz() {}

    public static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Message message : EveryMessage.all()) {
            byte[] frame = MessageCodec.encode(EveryMessage.CLUSTER, EveryMessage.B, 7, message);
            byte[] piece = ByteBuffer.allocate(2 + frame.length)
                    .putShort((short) (frame.length << 2 | seeds.size() % 4))
                    .put(frame)
                    .array();
            seeds.add(piece);
            all.writeBytes(piece);
        }
        seeds.add(all.toByteArray());
        return seeds;
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        try {
            play(ByteBuffer.wrap(bytes));
        } catch (InvariantViolation stopped) {
            // It noticed, and steps aside: what a lying member may cause and a wrong decoder may not.
            return;
        }
    }

    private static void play(ByteBuffer in) {
        long now = 1000 * MILLISECOND;
        NodeMachine machine = machine(now);
        long written = handle(machine, now, new Input.Tick(), 0);
        while (in.remaining() >= 2) {
            int head = in.getShort() & 0xffff;
            if ((head & 1) != 0) {
                now += 150 * MILLISECOND;
                written = handle(machine, now, new Input.Tick(), written);
            }
            if ((head & 2) != 0) {
                written = handle(machine, now, new Input.Persisted(written), written);
            }
            byte[] frame = new byte[Math.min(head >> 2, in.remaining())];
            in.get(frame);
            try {
                MessageCodec.Frame read = MessageCodec.decode(frame);
                written = handle(machine, ++now, new Input.Received(read.sender(), read.message()), written);
            } catch (MalformedMessageException refused) {
                now++;
            }
        }
        handle(machine, now + 2000 * MILLISECOND, new Input.Tick(), written);
    }

    private static long handle(NodeMachine machine, long now, Input input, long written) {
        Step<Effect, DurableState> step = machine.handle(now, input);
        return Math.max(written, step.persistNumber());
    }

    private static NodeMachine machine(long now) {
        NodeSettings settings = new NodeSettings(
                EveryMessage.CLUSTER,
                EveryMessage.A,
                List.of(EveryMessage.A, EveryMessage.B, NodeId.of("witness")),
                "aa",
                Timing.standard(),
                true,
                "",
                new HostIdentity("m1", "b2", "8:13"),
                true,
                70);
        return new NodeMachine(settings, EveryMessage.state(), now, NO_WILLS);
    }
}
