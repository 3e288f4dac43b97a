package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
        StartRehearsal.once(isDone, 7, played::add);
        StartRehearsal.once(isDone, 7, played::add);
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
        StartRehearsal.once(isDone, 7, context -> {
            throw new ResourceException(Severity.HARD, "interface lan0 is gone");
        });
        assertThat(isDone).isTrue();
        isDone.set(false);
        StartRehearsal.once(isDone, 7, context -> {
            throw new PlatformException("socket", 24, "too many open files");
        });
        assertThat(isDone).isTrue();
    }

    @Test
    void a_mistake_of_ours_is_not_hidden() {
        assertThatThrownBy(() -> StartRehearsal.once(isDone, 7, context -> {
                    throw new IllegalStateException("planned");
                }))
                .hasMessage("planned");
    }
}
