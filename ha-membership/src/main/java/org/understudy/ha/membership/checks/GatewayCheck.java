package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.membership.checks.core.DefaultRoutes;
import org.understudy.ha.membership.checks.core.DefaultRoutes.Route;

/**
 * Whether the gateway of this host's default route answers a ping; the route is looked up anew each time. Of several the preferred one counts, IPv4
 * before IPv6. Linux only. What {@link PingCheck} says of privileges and threads holds here too.
 *
 * <p>It tells whether this host has a way out. It is never an arbiter between two nodes: both may have one while they cannot see each other.
 *
 * @since 0.1.0
 */
public final class GatewayCheck implements HealthCheck {
    private final @Nullable String interfaceName;
    private final Errand errand;
    private final Path proc;

    GatewayCheck(@Nullable String interfaceName, ThreadFactory threads, Path proc) {
        this.interfaceName = interfaceName;
        this.errand = new Errand(threads, "ha-check-gateway");
        this.proc = proc;
    }

    public static Builder ofDefaultRoute() {
        return new Builder();
    }

    /** Builds a {@link GatewayCheck}. Not thread-safe. */
    public static final class Builder {
        private @Nullable String interfaceName;
        private @Nullable ThreadFactory threads;

        private Builder() {}

        /** Looks only at routes that go out there. Default: at all; once. */
        public Builder networkInterface(String name) {
            Given.once("networkInterface", interfaceName, name);
            interfaceName = Given.text("networkInterface", name);
            return this;
        }

        /** Makes the thread; it is named and made a daemon afterwards. Default: plain threads; once. */
        public Builder threads(ThreadFactory value) {
            Given.once("threads", threads, value);
            threads = value;
            return this;
        }

        public GatewayCheck build() {
            return new GatewayCheck(
                    interfaceName, threads == null ? Executors.defaultThreadFactory() : threads, Path.of("/proc/self"));
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.in(timeout);
        try {
            Optional<Route> route = preferred();
            if (route.isEmpty()) {
                return CheckResult.no("cannot be reached: this host has no default route"
                                + (interfaceName == null ? "" : " on " + interfaceName))
                        .about(this.toString());
            }
            InetAddress gateway = address(route.get());
            return PingCheck.ping(
                    errand, this + " " + gateway.getHostAddress(), gateway, proc.resolve("status"), deadline);
        } catch (IOException e) {
            return CheckResult.unknown("could not be looked up: " + e.getMessage())
                    .about(this.toString());
        }
    }

    private Optional<Route> preferred() throws IOException {
        List<Route> routes = new ArrayList<>(DefaultRoutes.ipv4(
                read(proc.resolve("net/route")), ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN));
        routes.removeIf(this::isElsewhere);
        if (routes.isEmpty() && Files.exists(proc.resolve("net/ipv6_route"))) {
            routes.addAll(DefaultRoutes.ipv6(read(proc.resolve("net/ipv6_route"))));
            routes.removeIf(this::isElsewhere);
        }
        return routes.stream().min(Comparator.comparingLong(Route::metric));
    }

    private boolean isElsewhere(Route route) {
        return interfaceName != null && !interfaceName.equals(route.interfaceName());
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    /** A link-local gateway means nothing without its interface. */
    private static InetAddress address(Route route) throws IOException {
        InetAddress bare = InetAddress.getByAddress(route.gateway());
        NetworkInterface card = NetworkInterface.getByName(route.interfaceName());
        return bare.isLinkLocalAddress() && bare instanceof Inet6Address && card != null
                ? Inet6Address.getByAddress(null, route.gateway(), card)
                : bare;
    }

    @Override
    public String toString() {
        return "gateway";
    }
}
