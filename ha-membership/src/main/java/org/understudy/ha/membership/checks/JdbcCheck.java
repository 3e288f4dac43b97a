package org.understudy.ha.membership.checks;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.membership.checks.core.StrangersText;

/**
 * Whether a database answers a query.
 *
 * <pre>
 * JdbcCheck.of("orders database", dataSource).query("SELECT pg_is_in_recovery()").expect("^f$").build()
 * </pre>
 *
 * <p>Without a query the driver says whether the connection is valid. The data source and its driver are yours; give them a time-out for connecting
 * and one for the socket.
 *
 * <p><b>Threads.</b> A driver may hang, so it is called on a thread of the check, which is left alone when time runs out: the connection is aborted, and
 * as long as the driver does not come back nothing else is asked and every check is late. There is one such thread at the most.
 *
 * @since 0.1.0
 */
public final class JdbcCheck implements HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(JdbcCheck.class);

    private final String name;
    private final DataSource source;
    private final @Nullable String query;
    private final @Nullable Pattern expected;
    private final Errand errand;

    private JdbcCheck(
            String name, DataSource source, @Nullable String query, @Nullable Pattern expected, ThreadFactory threads) {
        this.name = name;
        this.source = source;
        this.query = query;
        this.expected = expected;
        this.errand = new Errand(threads, "ha-check-jdbc");
    }

    /**
     * @param name for messages
     */
    public static Builder of(String name, DataSource source) {
        return new Builder(name, source);
    }

    /** Builds a {@link JdbcCheck}. Not thread-safe. */
    public static final class Builder {
        private final String name;
        private final DataSource source;
        private @Nullable String query;
        private @Nullable Pattern expected;
        private @Nullable ThreadFactory threads;

        private Builder(String name, DataSource source) {
            this.name = Given.text("name", name);
            this.source = source;
        }

        /** What to ask; it must change nothing and give one row at least. Once. */
        public Builder query(String sql) {
            Given.once("query", query, sql);
            if (sql.isBlank()) {
                throw new ConfigurationException("query", sql, "is empty: give a statement that returns a row");
            }
            query = sql;
            return this;
        }

        /** What the first column of the first row must have in it, a regular expression. Needs a query. Once. */
        public Builder expect(String regex) {
            Given.once("expect", expected, regex);
            expected = Given.pattern("expect", regex);
            return this;
        }

        /** Makes the thread; it is named and made a daemon afterwards. Default: plain threads; once. */
        public Builder threads(ThreadFactory value) {
            Given.once("threads", threads, value);
            threads = value;
            return this;
        }

        public JdbcCheck build() {
            if (expected != null && query == null) {
                throw new ConfigurationException(
                        "expect", expected, "needs a query whose answer it looks at: add query(...)");
            }
            return new JdbcCheck(
                    name, source, query, expected, threads == null ? Executors.defaultThreadFactory() : threads);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        AtomicReference<@Nullable Connection> open = new AtomicReference<>();
        try {
            return errand.run(deadline, () -> ask(deadline, open), () -> abort(open.get()))
                    .about(name);
        } catch (TimeoutException e) {
            return Talk.late(deadline).about(name);
        } catch (ExecutionException e) {
            return failure(e.getCause(), deadline).about(name);
        }
    }

    private CheckResult failure(@Nullable Throwable cause, Deadline deadline) {
        if (cause instanceof SQLTimeoutException) {
            return Talk.late(deadline);
        }
        String message = StrangersText.oneLine(String.valueOf(cause));
        return cause instanceof SQLException
                ? CheckResult.no("fails: " + message)
                : CheckResult.unknown("could not be asked, its driver fails: " + message);
    }

    private CheckResult ask(Deadline deadline, AtomicReference<@Nullable Connection> open) throws SQLException {
        try (Connection connection = source.getConnection()) {
            open.set(connection);
            try {
                return query == null ? valid(connection, deadline) : queried(connection, query, deadline);
            } finally {
                // What is closed may already be somebody else's.
                open.set(null);
            }
        }
    }

    private static CheckResult valid(Connection connection, Deadline deadline) throws SQLException {
        return connection.isValid(seconds(deadline))
                ? CheckResult.yes("has a valid connection")
                : CheckResult.no("has no valid connection");
    }

    private CheckResult queried(Connection connection, String sql, Deadline deadline) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(seconds(deadline));
            statement.setMaxRows(1);
            try (ResultSet rows = statement.executeQuery(sql)) {
                if (!rows.next()) {
                    return CheckResult.no("gives no row for " + sql);
                }
                String first = String.valueOf(rows.getString(1));
                String said = first.substring(0, Math.min(first.length(), TalkBuilder.BYTES_MAX));
                return Expected.problem(expected, said, deadline)
                        .orElseGet(() -> CheckResult.yes("answers as it should" + Expected.quoted(said)));
            }
        }
    }

    /** JDBC counts in seconds; the deadline is kept by the errand. */
    private static int seconds(Deadline deadline) {
        return deadline.leftMillis() / 1000 + 1;
    }

    private void abort(@Nullable Connection connection) {
        if (connection != null) {
            try {
                // The driver closes its socket, which need not wait for anything.
                connection.abort(Runnable::run);
            } catch (SQLException | RuntimeException | LinkageError e) {
                LOG.debug("{}: its connection cannot be aborted", name, e);
            }
        }
    }

    @Override
    public String toString() {
        return "jdbc " + name;
    }
}
