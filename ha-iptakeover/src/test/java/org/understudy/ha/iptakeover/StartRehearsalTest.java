package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;

class StartRehearsalTest {
    private final AtomicBoolean isDone = new AtomicBoolean();

    @Test
    void it_is_played_once() {
        List<StartContext> played = new ArrayList<>();
        assertThat(StartRehearsal.once(isDone, 7, played::add)).isTrue();
        assertThat(StartRehearsal.once(isDone, 7, played::add)).isTrue();
        assertThat(played).singleElement().satisfies(context -> {
            assertThat(context.claims().tag()).isEqualTo(7);
            assertThat(context.lease().isValid()).isFalse();
            assertThat(context.lease().remaining()).isZero();
            assertThat(context.lease().nowNanos() - context.lease().confirmedNanos())
                    .as("nothing that is made with it stays open")
                    .isGreaterThanOrEqualTo(context.lease().lengthNanos());
        });
    }

    @Test
    void what_does_not_work_is_left_to_the_start_that_needs_it() {
        assertThat(StartRehearsal.once(isDone, 7, context -> {
                    throw new ResourceException(Severity.HARD, "interface lan0 is gone");
                }))
                .isFalse();
        assertThat(isDone).isTrue();
        isDone.set(false);
        assertThat(StartRehearsal.once(isDone, 7, context -> {
                    throw new PlatformException("socket", 24, "too many open files");
                }))
                .isFalse();
    }

    @Test
    void a_process_that_cannot_make_another_thread_can_carry_the_address_all_the_same() {
        assertThat(StartRehearsal.once(isDone, 7, context -> {
                    throw new OutOfMemoryError("unable to create native thread");
                }))
                .isFalse();
        isDone.set(false);
        assertThat(StartRehearsal.once(isDone, 7, context -> {
                    throw new IllegalStateException("the host's factory makes none");
                }))
                .isFalse();
    }
}
