package org.understudy.ha.membership.checks;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.membership.checks.CheckResult.Answer;

@Timeout(60)
class JdbcCheckTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofMillis(200);

    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger connects = new AtomicInteger();
    private final CountDownLatch aborted = new CountDownLatch(1);

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(JdbcCheckTest.class.getClassLoader(), new Class<?>[] {type}, handler));
    }

    /** A driver whose first row is what the answer gives, null for none. */
    private DataSource answering(Callable<String> answer) {
        AtomicReference<String> row = new AtomicReference<>();
        ResultSet rows = proxy(ResultSet.class, (self, method, arguments) -> switch (method.getName()) {
            case "next" -> row.get() != null;
            case "getString" -> row.get();
            default -> null;
        });
        Statement statement = proxy(Statement.class, (self, method, arguments) -> {
            if (method.getName().equals("executeQuery")) {
                row.set(answer.call());
                return rows;
            }
            return null;
        });
        Connection connection = proxy(Connection.class, (self, method, arguments) -> {
            switch (method.getName()) {
                case "createStatement":
                    return statement;
                case "isValid":
                    return answer.call() != null;
                case "close":
                    open.decrementAndGet();
                    return null;
                case "abort":
                    aborted.countDown();
                    return null;
                default:
                    return null;
            }
        });
        return proxy(DataSource.class, (self, method, arguments) -> {
            connects.incrementAndGet();
            open.incrementAndGet();
            return connection;
        });
    }

    private JdbcCheck check(Callable<String> answer) {
        return JdbcCheck.of("orders", answering(answer))
                .query("SELECT 1")
                .expect("^1$")
                .build();
    }

    @Test
    void a_row_is_compared() throws Exception {
        assertThat(check(() -> "1").check(LONG).answer()).isEqualTo(Answer.YES);
        CheckResult other = check(() -> "2").check(LONG);
        assertThat(other.answer()).isEqualTo(Answer.NO);
        assertThat(other.reason()).isEqualTo("orders said nothing that matches ^1$: 2");
        assertThat(check(() -> null).check(LONG).reason()).isEqualTo("orders gives no row for SELECT 1");
        assertThat(open).hasValue(0);
    }

    @Test
    void without_a_query_the_driver_says_whether_the_connection_is_valid() throws Exception {
        assertThat(JdbcCheck.of("x", answering(() -> "")).build().check(LONG).answer())
                .isEqualTo(Answer.YES);
        assertThat(JdbcCheck.of("x", answering(() -> null)).build().check(LONG).answer())
                .isEqualTo(Answer.NO);
    }

    @Test
    void failures_are_told_apart() throws Exception {
        CheckResult refused = check(() -> {
                    throw new SQLException("no such table\n(really)");
                })
                .check(LONG);
        assertThat(refused.answer()).isEqualTo(Answer.NO);
        assertThat(refused.reason()).contains("no such table (really)");
        CheckResult late = check(() -> {
                    throw new SQLTimeoutException("too slow");
                })
                .check(LONG);
        assertThat(late.isLate()).isTrue();
        CheckResult broken = check(() -> {
                    throw new AssertionError("driver");
                })
                .check(LONG);
        assertThat(broken.answer()).isEqualTo(Answer.UNKNOWN);
        assertThat(broken.isLate()).isFalse();
        assertThat(open).hasValue(0);
    }

    @Test
    void a_driver_that_hangs_is_aborted_and_not_called_again_beside_itself() throws Exception {
        CountDownLatch hanging = new CountDownLatch(1);
        AtomicInteger interrupts = new AtomicInteger();
        JdbcCheck check = check(() -> {
            while (hanging.getCount() > 0) {
                try {
                    hanging.await();
                } catch (InterruptedException e) {
                    interrupts.incrementAndGet();
                }
            }
            return "1";
        });
        assertThat(check.check(SHORT).isLate()).isTrue();
        assertThat(aborted.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(check.check(SHORT).isLate()).isTrue();
        assertThat(check.check(SHORT).isLate()).isTrue();
        assertThat(connects).hasValue(1);
        assertThat(Threads.ofChecks()).containsExactly("ha-check-jdbc");
        hanging.countDown();
        assertThat(interrupts).hasValue(1);
        assertThat(check.check(LONG).answer()).isEqualTo(Answer.YES);
        Threads.awaitNoneOfChecks();
        assertThat(open).hasValue(0);
    }

    @Test
    void an_interrupt_ends_it() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        JdbcCheck check = check(() -> {
            asked.countDown();
            new CountDownLatch(1).await();
            return "1";
        });
        AtomicReference<Object> outcome = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                outcome.set(check.check(Duration.ofHours(1)));
            } catch (InterruptedException e) {
                outcome.set(e);
            }
        });
        thread.start();
        asked.await();
        thread.interrupt();
        thread.join(20_000);
        assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
        Threads.awaitNoneOfChecks();
        assertThat(open).hasValue(0);
    }
}
