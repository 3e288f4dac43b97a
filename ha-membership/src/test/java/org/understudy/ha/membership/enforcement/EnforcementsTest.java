package org.understudy.ha.membership.enforcement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.Coverage;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.internal.loop.NamedThreads;
import org.understudy.ha.membership.enforcement.core.Subject;

@Timeout(30)
class EnforcementsTest {
    private static final Enforcer.Terms TERMS = new Enforcer.Terms(900, 100, 20);
    private static final Incarnation A1 = new Incarnation(NodeId.of("a"), 1);
    private static final List<Subject> PLAIN =
            List.of(new Subject("app", Scope.PROCESS, List.of(Enforcement.COOPERATIVE), false));

    private final AtomicLong now = new AtomicLong(1000);
    private final List<String> heard = new ArrayList<>();

    @Test
    void what_cannot_start_covers_nothing_and_says_why() {
        Fake broken = new Fake();
        broken.failure = new PlatformException("open", 2, "no such device");
        try (Enforcements enforcements = enforcements(List.of(broken), List.of())) {
            Coverage coverage = enforcements.coverage("files", PLAIN);

            assertThat(coverage.isComplete()).isFalse();
            assertThat(coverage.gaps())
                    .hasValueSatisfying(gaps -> assertThat(gaps).contains("no such device"));
            enforcements.confirmed(A1, 1000);
            enforcements.enter("files", A1, PLAIN);
            assertThat(broken.orders).isEmpty();
        }
    }

    @Test
    void one_that_is_lost_before_it_was_ever_asked_counts_for_nothing() {
        Fake hasty = new Fake();
        hasty.isLostAtStart = true;
        try (Enforcements enforcements = enforcements(List.of(hasty), List.of())) {
            assertThat(enforcements.coverage("files", PLAIN).isComplete()).isFalse();
            assertThat(heard)
                    .singleElement()
                    .asString()
                    .startsWith("fake false")
                    .contains("gone");
        }
    }

    @Test
    void a_group_is_armed_once_acknowledged_and_disarmed_when_it_has_stopped() throws Exception {
        Fake fake = new Fake();
        try (Enforcements enforcements = enforcements(List.of(fake), List.of())) {
            enforcements.confirmed(A1, 1000);
            enforcements.enter("files", A1, PLAIN);
            Enforcer.Order order = fake.orders.take();
            assertThat(order.deadlineNanos()).isEqualTo(1880);
            assertThat(enforcements.isArmed("files")).isFalse();

            fake.listener().armed(order.number(), 0);
            assertThat(enforcements.isArmed("files")).isTrue();

            enforcements.leave("files");
            assertThat(fake.disarmed.take()).isEqualTo(1);
        }
    }

    @Test
    void coming_and_going_is_told_once_each() {
        Fake fake = new Fake();
        try (Enforcements enforcements = enforcements(List.of(fake), List.of())) {
            enforcements.confirmed(A1, 1000);
            enforcements.enter("files", A1, PLAIN);
            now.set(1500);
            enforcements.confirmed(A1, 1400);
            enforcements.confirmed(A1, 1450);
            assertThat(heard)
                    .singleElement()
                    .asString()
                    .startsWith("fake false")
                    .contains("not answered");

            fake.listener().armed(fake.orders.peek().number() + 2, 0);
            assertThat(heard).hasSize(2);
            assertThat(heard.get(1)).startsWith("fake true");
        }
    }

    @Test
    void who_is_about_to_act_names_the_groups_that_rely_on_it() {
        Fake fake = new Fake();
        try (Enforcements enforcements = enforcements(List.of(fake), List.of())) {
            enforcements.enter("files", A1, PLAIN);
            enforcements.enter("free", A1, List.of());
            fake.listener().ending("soon");

            assertThat(heard).containsExactly("files ends soon");
        }
    }

    @Test
    void one_that_blocks_delays_nobody_and_gets_the_newest_order_next() throws Exception {
        Fake slow = new Fake();
        slow.block = new CountDownLatch(1);
        try (Enforcements enforcements = enforcements(List.of(), List.of(slow))) {
            enforcements.confirmed(A1, 1000);
            enforcements.enter("files", A1, PLAIN);
            assertThat(slow.begun.await(10, TimeUnit.SECONDS)).isTrue();
            for (long sent = 1001; sent <= 1100; sent++) {
                enforcements.confirmed(A1, sent);
            }
            slow.block.countDown();

            assertThat(slow.orders.take().confirmedNanos()).isEqualTo(1000);
            assertThat(slow.orders.take().confirmedNanos()).isEqualTo(1100);
            enforcements.leave("files");
            assertThat(slow.disarmed.take()).isEqualTo(1);
        }
        assertThat(slow.isClosed).isTrue();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().contains("enforcer-fake") && thread.isAlive());
    }

    private Enforcements enforcements(List<Enforcer> own, List<Enforcer> handed) {
        return new Enforcements(
                own,
                handed,
                TERMS,
                true,
                now::get,
                new NamedThreads(Thread::new, NodeId.of("a")),
                new Enforcements.Listener() {
                    @Override
                    public void changed(String enforcer, boolean isThere, String sentence) {
                        heard.add(enforcer + " " + isThere + " " + sentence);
                    }

                    @Override
                    public void ending(String group, String why) {
                        heard.add(group + " ends " + why);
                    }
                });
    }

    private static final class Fake implements Enforcer {
        private final BlockingQueue<Order> orders = new LinkedBlockingQueue<>();
        private final BlockingQueue<Long> disarmed = new LinkedBlockingQueue<>();
        private final CountDownLatch begun = new CountDownLatch(1);
        private @Nullable CountDownLatch block;
        private @Nullable PlatformException failure;
        private boolean isLostAtStart;
        private volatile boolean isClosed;
        private @Nullable Listener listener;

        private Listener listener() {
            return Optional.ofNullable(listener).orElseThrow();
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public Enforcement kind() {
            return Enforcement.PROCESS_KILL;
        }

        @Override
        public boolean covers(Scope scope) {
            return scope == Scope.PROCESS;
        }

        @Override
        public List<String> obstacles(Terms terms) {
            return List.of();
        }

        @Override
        public void start(Listener toTell) {
            if (failure != null) {
                throw failure;
            }
            listener = toTell;
            if (isLostAtStart) {
                toTell.lost("gone");
            }
        }

        @Override
        public void arm(Order order) {
            begun.countDown();
            try {
                if (block != null) {
                    block.await();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            orders.add(order);
        }

        @Override
        public void disarm(long incarnation) {
            disarmed.add(incarnation);
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
