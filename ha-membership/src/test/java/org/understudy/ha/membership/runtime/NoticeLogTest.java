package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.internal.loop.NamedThreads;

@Timeout(30)
class NoticeLogTest {

    private final NoticeLog log = new NoticeLog(new NamedThreads(Thread::new, NodeId.of("serv1")));
    private final List<Integer> written = new CopyOnWriteArrayList<>();

    @Test
    void writes_in_order_and_writes_the_rest_when_it_closes() {
        for (int i = 0; i < 100; i++) {
            int line = i;
            log.line(() -> written.add(line));
        }
        log.close();

        assertThat(written).hasSize(100).isSorted();
    }

    @Test
    void a_log_that_blocks_delays_nobody_and_costs_the_lines_beyond_the_limit() throws Exception {
        CountDownLatch isBlocked = new CountDownLatch(1);
        CountDownLatch mayWrite = new CountDownLatch(1);
        log.line(() -> {
            isBlocked.countDown();
            try {
                mayWrite.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        assertThat(isBlocked.await(20, TimeUnit.SECONDS)).isTrue();
        for (int i = 0; i < NoticeLog.LINES_MAX + 5; i++) {
            int line = i;
            log.line(() -> written.add(line));
        }
        assertThat(written).isEmpty();
        assertThat(log.dropped()).isEqualTo(5);

        mayWrite.countDown();
        log.close();

        assertThat(written).hasSize(NoticeLog.LINES_MAX).isSorted();
        assertThat(log.dropped()).isZero();
    }
}
