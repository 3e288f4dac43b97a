package org.understudy.ha.iptakeover.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.stream.LongStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.iptakeover.bpf.GuardProgram.Direction;

/** The program against a model that says the same in Java. */
@Tag("property")
class GuardProgramProperties {
    private static final long NOW = 5_000_000_000_000L;

    @Property(tries = 20_000)
    void decides_as_the_model(
            @ForAll Direction direction, @ForAll long frameSeed, @ForAll @LongRange(min = 0, max = 500) long mapsSeed) {
        SimulatedMaps maps = Frames.maps(mapsSeed, NOW);
        byte[] frame = Frames.frame(frameSeed);
        assertThat(new Interpreter(direction, maps).run(frame, NOW))
                .as(() -> HexFormat.of().formatHex(frame))
                .isEqualTo(GuardModel.verdict(direction, frame, maps, NOW));
    }

    @Property(tries = 3000)
    void decides_as_the_model_about_bytes_that_mean_nothing(
            @ForAll Direction direction, @ForAll @Size(max = 120) byte[] frame, @ForAll boolean isIpv6) {
        if (frame.length > 14) {
            frame[12] = (byte) (isIpv6 ? 0x86 : 0x08);
            frame[13] = (byte) (isIpv6 ? 0xdd : 0x00);
        }
        SimulatedMaps maps = Frames.maps(1, NOW);
        assertThat(new Interpreter(direction, maps).run(frame, NOW))
                .isEqualTo(GuardModel.verdict(direction, frame, maps, NOW));
    }

    @Example
    void the_frames_of_these_properties_are_dropped_and_let_pass() {
        long dropped = LongStream.range(0, 2000)
                .filter(seed -> GuardModel.verdict(
                                seed % 2 == 0 ? Direction.IN : Direction.OUT,
                                Frames.frame(seed),
                                Frames.maps(seed, NOW),
                                NOW)
                        == GuardProgram.DROP)
                .count();
        assertThat(dropped).isBetween(300L, 1700L);
    }

    @Property(tries = 3000)
    void does_nothing_with_empty_maps(@ForAll Direction direction, @ForAll long frameSeed) {
        assertThat(new Interpreter(direction, new SimulatedMaps()).run(Frames.frame(frameSeed), NOW))
                .isEqualTo(GuardProgram.NEXT);
    }
}
