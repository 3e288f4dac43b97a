package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.loop.NamedThreads;

class DrillTest {

    @Test
    void the_group_changes_hands_in_every_round_by_a_move_or_by_a_death() throws Exception {
        assertThat(Drill.drilled(30)).isEqualTo(30);
    }

    @Test
    void what_a_node_that_closes_cuts_short_is_left_to_the_next_one() throws Exception {
        List<Thread> made = new ArrayList<>();
        NamedThreads threads = new NamedThreads(
                body -> {
                    Thread thread = new Thread(body);
                    made.add(thread);
                    return thread;
                },
                NodeId.of("serv1"));
        AtomicBoolean isDone = new AtomicBoolean();
        AutoCloseable first = Drill.begin(threads, 3_600, isDone).orElseThrow();
        assertThat(Drill.begin(threads, 3_600, isDone)).as("one in a process").isEmpty();
        first.close();
        assertThat(made)
                .singleElement()
                .satisfies(thread -> assertThat(thread.isAlive()).isFalse());
        Drill.begin(threads, 3_600, isDone).orElseThrow().close();
    }
}
