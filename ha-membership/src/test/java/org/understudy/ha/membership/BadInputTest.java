package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.understudy.ha.membership.checks.core.DnsMessageFuzz;
import org.understudy.ha.membership.checks.core.HttpReplyFuzz;
import org.understudy.ha.membership.codec.AdminFuzz;
import org.understudy.ha.membership.codec.DecisionFuzz;
import org.understudy.ha.membership.codec.DurableStateFuzz;
import org.understudy.ha.membership.codec.EveryMessage;
import org.understudy.ha.membership.codec.MessageFuzz;
import org.understudy.ha.membership.codec.OwnerWordsFuzz;
import org.understudy.ha.membership.codec.PlanFuzz;
import org.understudy.ha.membership.codec.ReasonsFuzz;
import org.understudy.ha.membership.core.MachineFuzz;
import org.understudy.ha.membership.core.message.Message;
import org.understudy.ha.membership.guardian.GuardianWireFuzz;
import org.understudy.ha.membership.guardian.LastWillFuzz;
import org.understudy.ha.membership.jgroups.GroupPacketFuzz;
import org.understudy.ha.membership.jgroups.WireFuzz;
import org.understudy.ha.membership.sink.GuardFuzz;
import org.understudy.ha.membership.store.NodeStateFuzz;

/**
 * Every decoder of this module, on every truncation, every flipped bit and lengths that lie, and on what {@code ./check fuzz} found. What a
 * target asserts is said there: refused in the one way its layer has, or exactly what would be written.
 */
@Execution(ExecutionMode.CONCURRENT)
class BadInputTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final long ALLOCATION_MAX = 256 * 1024;
    private static final int ALLOCATION_MAX_FOR_EACH_BYTE = 128;

    record Target(String name, List<byte[]> seeds, Consumer<byte[]> fuzz) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Target> decoders() {
        return List.of(
                new Target("message", MessageFuzz.seeds(), MessageFuzz::fuzzerTestOneInput),
                new Target("durable-state", DurableStateFuzz.seeds(), DurableStateFuzz::fuzzerTestOneInput),
                new Target("admin", AdminFuzz.seeds(), AdminFuzz::fuzzerTestOneInput),
                new Target("plan", PlanFuzz.seeds(), PlanFuzz::fuzzerTestOneInput),
                new Target("owner's words", OwnerWordsFuzz.seeds(), OwnerWordsFuzz::fuzzerTestOneInput),
                new Target("reasons", ReasonsFuzz.seeds(), ReasonsFuzz::fuzzerTestOneInput),
                new Target("decision", DecisionFuzz.seeds(), DecisionFuzz::fuzzerTestOneInput),
                new Target("last-will", LastWillFuzz.seeds(), LastWillFuzz::fuzzerTestOneInput),
                new Target("guardian-wire", GuardianWireFuzz.seeds(), GuardianWireFuzz::fuzzerTestOneInput),
                new Target("wire", WireFuzz.seeds(), WireFuzz::fuzzerTestOneInput),
                new Target("group-packet", GroupPacketFuzz.seeds(), GroupPacketFuzz::fuzzerTestOneInput),
                new Target("node-state", NodeStateFuzz.seeds(), NodeStateFuzz::fuzzerTestOneInput),
                new Target("guard", GuardFuzz.seeds(), GuardFuzz::fuzzerTestOneInput),
                new Target("dns-message", DnsMessageFuzz.seeds(), DnsMessageFuzz::fuzzerTestOneInput),
                new Target("http-reply", HttpReplyFuzz.seeds(), HttpReplyFuzz::fuzzerTestOneInput));
    }

    static List<Target> all() {
        List<Target> all = new ArrayList<>(decoders());
        all.add(new Target("machine", MachineFuzz.seeds(), MachineFuzz::fuzzerTestOneInput));
        return all;
    }

    @Test
    void there_is_a_seed_for_every_kind_of_message() {
        List<Class<?>> kinds = List.of(Message.class.getPermittedSubclasses());
        assertThat(EveryMessage.all()).extracting(Object::getClass).hasSameElementsAs(kinds);
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void truncations_and_flipped_bits(Target target) {
        for (byte[] seed : target.seeds()) {
            target.fuzz().accept(seed);
            for (int length = 0; length < seed.length; length++) {
                target.fuzz().accept(Arrays.copyOf(seed, length));
            }
            for (int bit = 0; bit < seed.length * 8; bit++) {
                byte[] flipped = seed.clone();
                flipped[bit / 8] ^= (byte) (1 << bit % 8);
                target.fuzz().accept(flipped);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("decoders")
    void a_length_that_lies_is_not_allocated(Target target) {
        for (byte[] seed : target.seeds()) {
            long limit = ALLOCATION_MAX + (long) ALLOCATION_MAX_FOR_EACH_BYTE * seed.length;
            for (int at = 0; at + 4 <= seed.length; at++) {
                for (int lie : new int[] {Integer.MAX_VALUE, 0x00fffff0, 0xfff0_0000, -1}) {
                    byte[] lying = seed.clone();
                    ByteBuffer.wrap(lying).putInt(at, lie);
                    // The first time also loads classes and links code.
                    assertThat(allocated(target, lying) <= limit || allocated(target, lying) <= limit)
                            .as(
                                    "%s at byte %d of %s",
                                    Integer.toHexString(lie), at, HexFormat.of().formatHex(seed))
                            .isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void seeds_and_what_was_found_before(Target target) throws IOException {
        target.seeds().forEach(target.fuzz());
        for (int i = 1; ; i++) {
            String name = "/fuzz/" + target.name() + "-" + i;
            try (InputStream in = BadInputTest.class.getResourceAsStream(name)) {
                if (in == null) {
                    return;
                }
                byte[] found = in.readAllBytes();
                assertThatCode(() -> target.fuzz().accept(found)).as(name).doesNotThrowAnyException();
            }
        }
    }

    private static long allocated(Target target, byte[] bytes) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        target.fuzz().accept(bytes);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }
}
