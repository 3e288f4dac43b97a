package org.understudy.ha.membership.enforcement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.internal.loop.NamedThreads;

@Timeout(60)
class CourierTest {

    private final CountDownLatch mayGoOn = new CountDownLatch(1);
    private final BlockingQueue<String> done = new LinkedBlockingQueue<>();

    @Test
    void no_order_to_disarm_is_lost_on_one_that_is_slow_or_fails() throws InterruptedException {
        try (Courier courier = new Courier(new Slow(), new NamedThreads(Thread::new, NodeId.of("here")))) {
            courier.arm(order(1, 5));
            assertThat(next()).isEqualTo("arms 5");

            courier.disarm(5);
            courier.arm(order(2, 6));
            courier.disarm(6);
            courier.arm(order(3, 7));
            courier.arm(order(4, 7));
            mayGoOn.countDown();

            assertThat(List.of(next(), next(), next())).containsExactly("disarms 5", "disarms 6", "arms 7");
        }
        assertThat(done).as("an order to arm that was taken back, or replaced").isEmpty();
    }

    @Test
    void a_late_order_to_disarm_takes_back_no_other_life() throws InterruptedException {
        try (Courier courier = new Courier(new Slow(), new NamedThreads(Thread::new, NodeId.of("here")))) {
            courier.arm(order(1, 5));
            assertThat(next()).isEqualTo("arms 5");

            courier.arm(order(2, 6));
            courier.disarm(5);
            mayGoOn.countDown();

            assertThat(List.of(next(), next())).containsExactly("disarms 5", "arms 6");
        }
    }

    private String next() throws InterruptedException {
        String next = done.poll(40, TimeUnit.SECONDS);
        assertThat(next).isNotNull();
        return next;
    }

    private static Enforcer.Order order(long number, long incarnation) {
        return new Enforcer.Order(number, incarnation, 1, 2);
    }

    /** Its first order takes until it may go on; every order to disarm fails after it was noted. */
    private final class Slow implements Enforcer {

        @Override
        public String name() {
            return "slow";
        }

        @Override
        public Enforcement kind() {
            return Enforcement.HARDWARE;
        }

        @Override
        public boolean covers(Scope scope) {
            return true;
        }

        @Override
        public List<String> obstacles(Terms terms) {
            return List.of();
        }

        @Override
        public void start(Listener listener) {
            // Nobody listens.
        }

        @Override
        public void arm(Order order) {
            done.add("arms " + order.incarnation());
            try {
                mayGoOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void disarm(long incarnation) {
            done.add("disarms " + incarnation);
            throw new NoSuchMethodError("an enforcer of another version");
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }
}
