package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class BootClockTest {

    @Test
    void an_interrupted_thread_reads_the_clock_of_proc_and_leaves_it_usable_for_the_others() throws Exception {
        BootClock clock = BootClock.open(Optional.empty());
        long before = clock.getAsLong();
        Thread.currentThread().interrupt();
        long during = clock.getAsLong();
        assertThat(Thread.interrupted()).isTrue();
        long after = clock.getAsLong();
        assertThat(before).isPositive().isLessThanOrEqualTo(during);
        assertThat(during).isLessThanOrEqualTo(after);
        clock.close();
        assertThat(clock.getAsLong()).isGreaterThanOrEqualTo(after);
    }
}
