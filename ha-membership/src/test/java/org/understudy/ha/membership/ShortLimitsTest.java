package org.understudy.ha.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Barriers;
import org.understudy.ha.api.Names;
import org.understudy.ha.membership.core.recovery.Ask;

/** A limit that passes at once: what is given up has been asked for before. Given up first, it would be waited for without a limit. */
class ShortLimitsTest {

    private static final Duration AT_ONCE = Duration.ofNanos(1);

    private final List<Ask> asked = new ArrayList<>();
    private final ServiceHost host = new Host();

    @Test
    void a_name_is_asked_for_before_it_is_given_up() {
        Names.Registration name = new NodeNames(host).register("web", "1", Names.Sharing.EXCLUSIVE, AT_ONCE);
        name.change("2", AT_ONCE);

        assertThat(asked)
                .extracting(Ask::getClass)
                .isEqualTo(List.of(Ask.Register.class, Ask.GiveUp.class, Ask.Change.class, Ask.GiveUp.class));
    }

    @Test
    void a_barrier_is_entered_before_that_is_given_up() {
        Barriers.Barrier barrier = new NodeBarriers(host).join("rebuild");
        barrier.enter(new Barriers.View(1, List.of(QuietServiceHost.LIFE)), AT_ONCE);

        assertThat(asked)
                .extracting(Ask::getClass)
                .isEqualTo(List.of(Ask.Join.class, Ask.Enter.class, Ask.GiveUp.class));
    }

    /** Its timers are as fast as its callers. */
    private final class Host extends QuietServiceHost {
        @Override
        public long nextRequest() {
            return asked.size() + 1;
        }

        @Override
        public void ask(Ask ask) {
            asked.add(ask);
        }

        @Override
        public Executor actions() {
            return Runnable::run;
        }

        @Override
        public Future<?> later(Duration delay, Runnable task) {
            task.run();
            return CompletableFuture.completedFuture(null);
        }
    }
}
