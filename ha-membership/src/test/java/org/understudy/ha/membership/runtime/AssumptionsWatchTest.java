package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Target;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.ClusterRecord;

class AssumptionsWatchTest {

    private static final Assumptions WELL = new Assumptions(List.of(), List.of(), List.of(), List.of("clocks"));
    private static final Assumptions WORSE =
            new Assumptions(List.of(), List.of(NodeId.of("c")), List.of(), List.of("clocks"));

    /** What is due within seconds is done at once; what is due later waits. */
    private static final class Timers extends ScheduledThreadPoolExecutor {
        private final List<Runnable> later = new ArrayList<>();

        private Timers() {
            super(1);
            setRemoveOnCancelPolicy(true);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            if (unit.toSeconds(delay) < 60) {
                task.run();
                return super.schedule(() -> {}, 0, unit);
            }
            later.add(task);
            return super.schedule(task, delay, unit);
        }
    }

    private final Timers timers = new Timers();
    private final List<Assumptions> told = new ArrayList<>();
    private Assumptions present = WELL;
    private int looks;
    private final AssumptionsWatch watch = new AssumptionsWatch(
            () -> {
                looks++;
                return present;
            },
            timers,
            Runnable::run,
            told::add);

    @AfterEach
    void stop() {
        timers.shutdownNow();
    }

    @Test
    void what_is_held_back_is_looked_at_again_when_its_hour_is_over() {
        watch.begin();
        become(WORSE);
        become(WELL);
        assertThat(timers.later).as("everything was said").isEmpty();

        become(WORSE);
        assertThat(timers.later).hasSize(1);
        become(WORSE);
        assertThat(waiting()).as("one look is enough").isEqualTo(1);

        int before = looks;
        timers.later.get(0).run();
        assertThat(looks).isEqualTo(before + 1);
        become(WELL);
        assertThat(waiting()).as("what was said last is true again").isZero();
        assertThat(told).containsExactly(WELL, WORSE, WELL, WORSE, WELL);
    }

    @Test
    void a_group_in_maintenance_is_another_situation() {
        ClusterRecord record = Records.empty();
        watch.record(record);
        watch.record(record.withNumber(record.number() + 1));
        assertThat(looks).isEqualTo(1);

        watch.record(record.withMaintenance(new TreeSet<>(List.of(Target.everything()))));

        assertThat(looks).isEqualTo(2);
    }

    private void become(Assumptions now) {
        present = now;
        watch.changed();
    }

    private long waiting() {
        return timers.getQueue().stream()
                .filter(task -> ((ScheduledFuture<?>) task).getDelay(TimeUnit.MINUTES) > 50)
                .count();
    }
}
