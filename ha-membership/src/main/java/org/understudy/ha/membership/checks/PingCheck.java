package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Whether a host answers an ICMP echo request (RFC 792, 4443).
 *
 * <p>That needs {@code CAP_NET_RAW} (or root). Without it the JVM tries to connect to TCP port 7 instead, where a refusal is an answer too; if
 * nothing comes back then, the result is unknown and says why. Silence is {@link CheckResult#late late}.
 *
 * <p><b>Threads.</b> The JVM's ping cannot be interrupted, so it is made on a thread of the check, one at the most; after an interrupt that one ends with its
 * time-out.
 *
 * @since 0.1.0
 */
public final class PingCheck implements HealthCheck {
    private static final int CAP_NET_RAW = 13;
    private static final String EFFECTIVE = "CapEff:";

    private final String host;
    private final InetAddress address;
    private final Errand errand;
    private final Path status;

    PingCheck(String host, InetAddress address, ThreadFactory threads, Path status) {
        this.host = host;
        this.address = address;
        this.errand = new Errand(threads, "ha-check-ping");
        this.status = status;
    }

    /**
     * @param host an address, or a name that is looked up once, now
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known
     */
    public static Builder to(String host) {
        return new Builder(host);
    }

    /** Builds a {@link PingCheck}. Not thread-safe. */
    public static final class Builder {
        private final String host;
        private final InetAddress address;
        private @Nullable ThreadFactory threads;

        private Builder(String host) {
            this.host = host;
            this.address = Given.host("host", host);
        }

        /** Makes the thread; it is named and made a daemon afterwards. Default: plain threads; once. */
        public Builder threads(ThreadFactory value) {
            Given.once("threads", threads, value);
            threads = value;
            return this;
        }

        public PingCheck build() {
            return new PingCheck(
                    host,
                    address,
                    threads == null ? Executors.defaultThreadFactory() : threads,
                    Path.of("/proc/self/status"));
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return ping(errand, this.toString(), address, status, Deadline.in(timeout));
    }

    static CheckResult ping(Errand errand, String what, InetAddress address, Path status, Deadline deadline)
            throws InterruptedException {
        try {
            return errand.run(deadline, () -> answer(address, status, deadline), () -> {})
                    .about(what);
        } catch (TimeoutException e) {
            return Talk.late(deadline).about(what);
        } catch (ExecutionException e) {
            return CheckResult.unknown("could not be asked: " + e.getCause()).about(what);
        }
    }

    private static CheckResult answer(InetAddress address, Path status, Deadline deadline) throws IOException {
        boolean isThere = address.isReachable(Math.max(1, deadline.leftMillis()));
        if (isThere) {
            return CheckResult.yes("answers");
        }
        return maySendIcmp(status)
                ? Talk.late(deadline)
                : CheckResult.unknown(
                        "could not be asked: this process may not send ICMP (it lacks CAP_NET_RAW), and TCP port 7"
                                + " gives no answer either");
    }

    /** From the mask in {@code /proc/self/status} (proc(5)); elsewhere the JVM is trusted. */
    private static boolean maySendIcmp(Path status) {
        try {
            for (String line : Files.readAllLines(status, StandardCharsets.ISO_8859_1)) {
                if (line.startsWith(EFFECTIVE)) {
                    String mask = line.substring(EFFECTIVE.length()).strip().toLowerCase(Locale.ROOT);
                    return (Long.parseUnsignedLong(mask, 16) >> CAP_NET_RAW & 1) == 1;
                }
            }
            return true;
        } catch (IOException | NumberFormatException e) {
            return true;
        }
    }

    @Override
    public String toString() {
        return "ping " + host;
    }
}
