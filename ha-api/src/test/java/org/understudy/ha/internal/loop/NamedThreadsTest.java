package org.understudy.ha.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.NodeConfig;

@Timeout(20)
class NamedThreadsTest {

    @Test
    void many_lives_of_a_node_leave_one_group_at_most() throws Exception {
        for (int life = 0; life < 20; life++) {
            NamedThreads threads = threads("often");
            Thread thread =
                    threads.thread("lane", () -> {}, threads.group("lanes").orElseThrow());
            thread.start();
            thread.join();
        }

        assertThat(groups("ha-often-lanes")).hasSizeLessThanOrEqualTo(1);
    }

    @Test
    void a_group_in_which_something_runs_is_its_nodes_alone() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        NamedThreads threads = threads("twice");
        ThreadGroup group = threads.group("lanes").orElseThrow();
        Thread thread = threads.thread(
                "lane",
                () -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                group);
        thread.start();
        try {
            assertThat(threads("twice").group("lanes")).isPresent().get().isNotSameAs(group);
        } finally {
            end.countDown();
            thread.join();
        }
    }

    @Test
    void a_factory_of_the_host_decides_about_groups() {
        assertThat(new NamedThreads(Thread::new, NodeId.of("hosted")).group("lanes"))
                .isEmpty();
    }

    private static NamedThreads threads(String node) {
        return new NamedThreads(NodeConfig.PLAIN_THREADS, NodeId.of(node));
    }

    private static List<ThreadGroup> groups(String name) {
        ThreadGroup[] found = new ThreadGroup[1000];
        int count = Thread.currentThread().getThreadGroup().enumerate(found);
        return Stream.of(found)
                .limit(count)
                .filter(group -> group.getName().equals(name))
                .toList();
    }
}
