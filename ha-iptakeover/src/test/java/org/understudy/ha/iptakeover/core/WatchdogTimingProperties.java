package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.understudy.ha.api.spi.Enforcer.Terms;

class WatchdogTimingProperties {
    private static final long SECOND = 1_000_000_000L;

    /** Whoever feeds as late as the check allows and stalls as long as the device allows is reset before the lease is over. */
    @Property
    void the_host_is_reset_before_the_lease_is_over_whatever_the_feeder_does(
            @ForAll @LongRange(min = 500, max = 120_000) long lengthMillis,
            @ForAll @IntRange(min = 1, max = 60) int actualSeconds,
            @ForAll @LongRange(min = 0, max = 1_000) long checkPerMille,
            @ForAll @LongRange(min = 0, max = 1_000) long stallPerMille) {
        long length = lengthMillis * 1_000_000;
        Terms terms = new Terms(length, length / 10, length / 50);
        Optional<WatchdogTiming> timing = WatchdogTiming.of(terms, actualSeconds);
        if (timing.isEmpty()) {
            assertThat(length).isLessThan(WatchdogTiming.lengthNeeded(terms, actualSeconds) + 1);
            return;
        }
        long timeout = actualSeconds * SECOND;
        long check = timing.get().freshNanos() * checkPerMille / 1000;
        assertThat(timing.get().isFresh(0, check)).isTrue();
        long call = check + timeout * stallPerMille / 1000;

        assertThat(call + timeout + WatchdogTiming.GRAIN_NANOS).isLessThanOrEqualTo(length);
        assertThat(timing.get().standDownNanos())
                .as("asked to stop before the last feeding")
                .isLessThan(timing.get().freshNanos());
    }

    @Property
    void the_wanted_time_out_fits_every_lease_from_six_seconds_on(
            @ForAll @LongRange(min = 6_000, max = 120_000) long lengthMillis) {
        long length = lengthMillis * 1_000_000;
        Terms terms = new Terms(length, length / 10, length / 50);

        assertThat(WatchdogTiming.of(terms, WatchdogTiming.wantedSeconds(terms)))
                .isPresent();
    }
}
