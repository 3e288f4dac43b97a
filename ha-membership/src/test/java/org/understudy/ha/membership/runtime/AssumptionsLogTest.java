package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.Assumptions;

@Isolated
class AssumptionsLogTest {

    /** What is due soon is done at once. */
    private static final class Timers extends ScheduledThreadPoolExecutor {
        private Timers() {
            super(1);
        }

        @Override
        public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
            task.run();
            return super.schedule(() -> {}, 0, unit);
        }
    }

    private final Logger log = (Logger) LoggerFactory.getLogger(AssumptionsWatch.class);
    private final Level before = log.getLevel();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final Timers timers = new Timers();
    private Assumptions present = weak(0);
    private final AssumptionsWatch watch =
            new AssumptionsWatch(() -> present, timers, Runnable::run, assumptions -> {});

    @BeforeEach
    void listen() {
        log.setLevel(Level.DEBUG);
        lines.start();
        log.addAppender(lines);
    }

    @AfterEach
    void stop() {
        log.detachAppender(lines);
        log.setLevel(before);
        timers.shutdownNow();
    }

    @Test
    void a_change_of_few_points_is_said_whole() {
        watch.begin();
        lines.list.clear();

        become(weak(2));

        assertThat(said(Level.INFO))
                .containsExactly("what this cluster survives has changed:\n  - weak: point 0\n  - weak: point 1");
    }

    @Test
    void of_a_change_of_many_points_the_number_and_the_first_are_said_and_the_others_for_whoever_looks_closer() {
        watch.begin();
        lines.list.clear();

        become(weak(5));

        assertThat(said(Level.INFO))
                .containsExactly("what this cluster survives has changed in 5 points; the first, and the others at"
                        + " DEBUG:\n  - weak: point 0\n  - weak: point 1\n  - weak: point 2");
        assertThat(said(Level.DEBUG))
                .contains("what else has changed of what this cluster survives:\n  - weak: point 3\n  - weak: point 4");
    }

    private void become(Assumptions next) {
        present = next;
        watch.changed();
    }

    private List<String> said(Level level) {
        return lines.list.stream()
                .filter(line -> line.getLevel() == level)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    private static Assumptions weak(int points) {
        List<String> weaknesses =
                IntStream.range(0, points).mapToObj(i -> "point " + i).toList();
        return new Assumptions(List.of(), List.of(), weaknesses, List.of("clocks"));
    }
}
