package org.understudy.ha.iptakeover.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BoundedWaitTest {

    @Test
    void an_interrupted_thread_waits_as_any_other_and_is_interrupted_still() {
        CountDownLatch latch = new CountDownLatch(1);
        Thread.currentThread().interrupt();
        boolean[] isFirst = {true};
        boolean hasCome = BoundedWait.millis(20_000, nanos -> {
            if (isFirst[0]) {
                isFirst[0] = false;
                throw new InterruptedException("once more");
            }
            latch.countDown();
            return latch.await(nanos, TimeUnit.NANOSECONDS);
        });
        assertThat(hasCome).isTrue();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void what_does_not_come_is_not_waited_for_longer() {
        CountDownLatch never = new CountDownLatch(1);
        assertThat(BoundedWait.millis(1, nanos -> never.await(nanos, TimeUnit.NANOSECONDS)))
                .isFalse();
        assertThat(Thread.interrupted()).isFalse();
    }
}
