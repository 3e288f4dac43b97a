package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.Elections.Candidate;
import org.understudy.ha.api.Elections.LeaderTask;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.LeaseLostException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.HostClaims;
import org.understudy.ha.api.spi.ManagedResource.StartContext;
import org.understudy.ha.api.spi.ManagedResource.StopContext;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.core.Effect.PublishLease;
import org.understudy.ha.membership.runtime.LeaderResource.End;

@Timeout(30)
class LeaderResourceTest {

    private static final Incarnation HOLDER = new Incarnation(NodeId.of("serv1"), 3);
    private static final FencingToken TOKEN = new FencingToken(7);

    private final BlockingQueue<End> ends = new LinkedBlockingQueue<>();
    private final LeaseBoard board = new LeaseBoard(() -> 1, 1_000_000_000L);

    @BeforeEach
    void confirmLease() {
        board.publish(new PublishLease(Optional.of(HOLDER), true, 1));
    }

    @Test
    void how_a_task_ends_by_itself_is_told() throws Exception {
        assertThat(endOf(lease -> {})).isEqualTo(End.RETURNED);
        assertThat(endOf(lease -> {
                    throw new LeaseLostException("in doubt");
                }))
                .isEqualTo(End.GAVE_UP);
        assertThat(endOf(lease -> {
                    throw new StaleTokenException("sink", TOKEN, new FencingToken(8));
                }))
                .isEqualTo(End.GAVE_UP);
        assertThat(endOf(lease -> {
                    throw new java.io.IOException("broken");
                }))
                .isEqualTo(End.FAILED);
        assertThat(endOf(lease -> {
                    throw new AssertionError("broken");
                }))
                .isEqualTo(End.FAILED);
    }

    @Test
    void a_task_that_returns_because_its_lease_is_in_doubt_has_not_finished() throws Exception {
        board.publish(new PublishLease(Optional.of(HOLDER), false, 0));
        assertThat(endOf(lease -> {})).isEqualTo(End.GAVE_UP);
    }

    @Test
    void a_task_that_was_told_to_end_is_waited_for_and_its_end_is_no_news() throws Exception {
        List<LeaderTask> tasks = List.of(lease -> new CountDownLatch(1).await(), lease -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new java.io.IOException("broken off", e);
            }
        });
        for (LeaderTask task : tasks) {
            LeaderResource resource = resource(task);
            resource.start(new Started());
            assertThat(resource.token()).isEqualTo(7);
            resource.stop(new Stopped());
            assertThat(resource.isRunning()).isFalse();
            assertThat(resource.token()).isZero();
        }
        assertThat(ends).isEmpty();
    }

    @Test
    void begun_work_is_ended_before_the_stop_returns_and_also_if_it_could_not_begin() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicInteger ended = new AtomicInteger();
        LeaderResource resource = resource(LeaderTask.between(lease -> begun.countDown(), ended::incrementAndGet));
        resource.start(new Started());
        begun.await();
        assertThat(ended).hasValue(0);
        resource.stop(new Stopped());
        assertThat(ended).hasValue(1);

        End failed = endOf(LeaderTask.between(
                lease -> {
                    throw new IllegalStateException("cannot begin");
                },
                ended::incrementAndGet));
        assertThat(failed).isEqualTo(End.FAILED);
        assertThat(ended).hasValue(2);
    }

    private End endOf(LeaderTask task) throws InterruptedException {
        resource(task).start(new Started());
        return Optional.ofNullable(ends.poll(20, TimeUnit.SECONDS)).orElseThrow();
    }

    private LeaderResource resource(LeaderTask task) {
        return new LeaderResource(
                "report",
                task,
                Candidate.standard(),
                new NamedThreads(Thread::new, HOLDER.node()),
                getClass().getClassLoader(),
                (token, end, why) -> ends.add(end));
    }

    private final class Started implements StartContext {
        @Override
        public String group() {
            return "election:report";
        }

        @Override
        public Incarnation holder() {
            return HOLDER;
        }

        @Override
        public EnforcedLease lease() {
            return board.lease(HOLDER, TOKEN);
        }

        @Override
        public ProofKind proof() {
            return ProofKind.NEVER;
        }

        @Override
        public HostClaims claims() {
            throw new AssertionError("a task leaves nothing on the host");
        }
    }

    private static final class Stopped implements StopContext {
        @Override
        public String group() {
            return "election:report";
        }

        @Override
        public FencingToken token() {
            return TOKEN;
        }
    }
}
