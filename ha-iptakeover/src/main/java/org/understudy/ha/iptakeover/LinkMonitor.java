package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.LinkRules;
import org.understudy.ha.iptakeover.core.LinkScore;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/**
 * Moves a group away from a host whose network card, address or gateway is gone. It starts nothing: list it first, so that nothing else is
 * started where it fails.
 *
 * <pre>
 * Group.named("shop")
 *         .resource("link", LinkMonitor.on("eth0").gateway("192.0.2.1").build())
 *         .resource("address", FloatingAddress.of("192.0.2.10", "eth0"))
 * </pre>
 *
 * <p><b>The link.</b> No interface, an interface that is down or has no carrier: {@link #monitor()} fails at its next look (every 50 ms by
 * default), and {@link #eligibility()} vetoes. A link that comes and goes must stay for longer each time before this node is chosen again
 * ({@link Builder#holdDown}).
 *
 * <p><b>The gateway</b>, if one is named, is asked by ARP, or neighbour solicitation for IPv6 (RFC 4861), about every second: lost after {@link
 * Builder#lostAfter} questions without an answer, back after {@link Builder#backAfter} with one and the hold-down. This host needs an address of its
 * own of that version on the interface; without one the link counts as gone, and a new IPv6 address counts only once duplicate address detection is
 * over. For both versions list two monitors.
 *
 * <p><b>Losing the gateway, and what it must not do.</b> A node cannot see whether the others still have the gateway, and where it is dead for
 * everybody nothing is gained by moving. It is therefore never the only failure detector, and its word is limited:
 * <ul>
 *   <li>{@link #monitor()} fails only if the gateway answered since this start. A group that was started where the gateway is silent stays,
 *       {@link Health.State#DEGRADED}.
 *   <li>The veto ends after {@link Builder#gatewayVeto} (10 s): then a node without a gateway is better than none.
 *   <li>After a loss it must be back for the hold-down, which grows, before another loss counts.
 * </ul>
 * So a gateway that dies for all nodes costs one interruption of about the veto, after which the group stays where it is. Where that is too much, because
 * clients on the same segment do not need the gateway, use {@link Builder#gatewayLossMoves gatewayLossMoves(false)}: then the loss only shows.
 *
 * <p><b>What it needs.</b> Linux and JNA; for the gateway also {@code CAP_NET_RAW} and an Ethernet interface. {@link #check()} says what is
 * missing.
 *
 * <p><b>Threads.</b> The calls of {@link ManagedResource} come one at a time; {@code monitor} and {@code eligibility} look by themselves, the latter
 * waits up to 50 ms for a gateway that does not answer. Between start and stop one daemon thread {@code ha-NODE-link-IF} hears of
 * changes between two looks.
 *
 * @since 0.1.0
 */
public final class LinkMonitor implements ManagedResource {
    private static final int ANSWER_MILLIS_MAX = 50;
    private static final Duration HOLD = Duration.ofSeconds(2);
    private static final Duration HOLD_MAX = Duration.ofMinutes(1);
    private static final Duration VETO = Duration.ofSeconds(10);
    private static final Duration ASK_EVERY = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final int COUNT_MAX = 100;
    private static final int MISSES = 3;
    private static final int ANSWERS = 2;

    private final String interfaceName;
    private final @Nullable IpAddress gateway;
    private final ThreadFactory threads;
    private final LinkScore score;
    /** Over the score: events come on their own thread. */
    private final ReentrantLock lock = new ReentrantLock();

    private volatile @Nullable LinkWatch watch;

    private LinkMonitor(String interfaceName, @Nullable IpAddress gateway, LinkRules rules, ThreadFactory threads) {
        this.interfaceName = interfaceName;
        this.gateway = gateway;
        this.threads = threads;
        this.score = new LinkScore(rules);
    }

    /**
     * @param interfaceName of the card to look after, for example {@code eth0}. It need not exist yet
     */
    public static Builder on(String interfaceName) {
        return new Builder(interfaceName);
    }

    /** Builds a {@link LinkMonitor}. Not thread-safe. Setting something twice is an error. */
    public static final class Builder {
        private final String interfaceName;
        private final List<Problem> problems = new ArrayList<>();
        private @Nullable String gateway;
        private @Nullable Boolean moves;
        private @Nullable Integer misses;
        private @Nullable Integer answers;
        private @Nullable Duration hold;
        private @Nullable Duration holdMax;
        private @Nullable Duration veto;
        private @Nullable ThreadFactory threads;

        private Builder(String interfaceName) {
            this.interfaceName = interfaceName;
        }

        /**
         * The address of the router: IPv4, asked by ARP, or IPv6, asked by neighbour solicitation; a link-local one is fine, without a zone.
         * Default: none is asked.
         */
        public Builder gateway(String value) {
            gateway = BuilderRules.once(problems, "gateway", gateway, value);
            return this;
        }

        /**
         * Whether losing the gateway moves the group, as the class says; true by default. With false it shows as
         * {@link Health.State#DEGRADED} and changes nothing.
         */
        public Builder gatewayLossMoves(boolean value) {
            moves = BuilderRules.once(problems, "gatewayLossMoves", moves, value);
            return this;
        }

        /** How many questions in a row without an answer lose the gateway, 1 to 100; 3 by default. */
        public Builder lostAfter(int questions) {
            misses = BuilderRules.once(problems, "lostAfter", misses, questions);
            return this;
        }

        /** How many questions in a row with an answer bring it back, 1 to 100; 2 by default. */
        public Builder backAfter(int questions) {
            answers = BuilderRules.once(problems, "backAfter", answers, questions);
            return this;
        }

        /**
         * How long a link or gateway that was lost must be back before it counts; doubled with each loss, and forgotten after ten times the
         * longest without one. 2 s growing to 1 min by default; each up to an hour.
         */
        public Builder holdDown(Duration first, Duration longest) {
            hold = BuilderRules.once(problems, "holdDown", hold, first);
            holdMax = longest;
            return this;
        }

        /**
         * How long a lost gateway keeps this node from being chosen, up to an hour; 10 s by default. Not together with
         * {@link #gatewayLossMoves gatewayLossMoves(false)}, where it never does.
         */
        public Builder gatewayVeto(Duration value) {
            veto = BuilderRules.once(problems, "gatewayVeto", veto, value);
            return this;
        }

        /** Makes the one thread; it is named and made a daemon afterwards. Default: plain threads. */
        public Builder threads(ThreadFactory value) {
            threads = BuilderRules.once(problems, "threads", threads, value);
            return this;
        }

        /**
         * @throws ConfigurationException listing everything that is wrong
         */
        public LinkMonitor build() {
            List<Problem> all = new ArrayList<>(problems);
            BuilderRules.requireInterfaceName(all, "on", interfaceName, "(empty)");
            IpAddress parsed = parse(all);
            count(all, "lostAfter", misses);
            count(all, "backAfter", answers);
            Duration first = BuilderRules.or(hold, HOLD);
            Duration longest = BuilderRules.or(holdMax, HOLD_MAX);
            time(all, "holdDown", first);
            time(all, "holdDown", longest);
            if (first.compareTo(longest) > 0) {
                all.add(new Problem("holdDown", first + ", " + longest, "give the shorter time first"));
            }
            time(all, "gatewayVeto", BuilderRules.or(veto, VETO));
            if (veto != null && !BuilderRules.or(moves, true)) {
                all.add(
                        new Problem(
                                "gatewayVeto",
                                veto.toString(),
                                "means nothing with gatewayLossMoves(false), where a lost gateway only shows: leave out one of the two"));
            }
            if (!all.isEmpty()) {
                throw new ConfigurationException(all);
            }
            LinkRules rules = new LinkRules(
                    interfaceName,
                    parsed == null ? "" : parsed.toString(),
                    BuilderRules.or(moves, true),
                    BuilderRules.or(misses, MISSES),
                    BuilderRules.or(answers, ANSWERS),
                    ASK_EVERY.toNanos(),
                    first.toNanos(),
                    longest.toNanos(),
                    BuilderRules.or(veto, VETO).toNanos());
            return new LinkMonitor(
                    interfaceName, parsed, rules, BuilderRules.or(threads, Executors.defaultThreadFactory()));
        }

        private @Nullable IpAddress parse(List<Problem> all) {
            if (gateway == null) {
                if (moves != null || misses != null || answers != null || veto != null) {
                    all.add(new Problem(
                            "gateway", "(not set)", "name the gateway, or leave out what is said about it"));
                }
                return null;
            }
            Optional<IpAddress> parsed = BuilderRules.host(gateway).filter(Builder::mayBeRouter);
            if (parsed.isEmpty()) {
                all.add(new Problem("gateway", gateway, noRouter(gateway)));
            }
            return parsed.orElse(null);
        }

        private static boolean mayBeRouter(IpAddress address) {
            if (address instanceof Ipv6Address six) {
                return !six.isV4Mapped();
            }
            return address instanceof Ipv4Address four
                    && !four.isThisNetwork()
                    && !four.isReserved()
                    && !four.isLimitedBroadcast();
        }

        private static String noRouter(String text) {
            if (text.indexOf('%') >= 0) {
                return "has a zone: leave out the % and what follows it; the router is asked on the interface that is looked"
                        + " after";
            }
            return "is not the address of a router: write IPv4 as four decimal numbers, for example 192.0.2.1, or IPv6 as"
                    + " hexadecimal groups, for example fe80::1; without a prefix length";
        }

        private static void count(List<Problem> all, String key, @Nullable Integer value) {
            if (value != null && (value < 1 || value > COUNT_MAX)) {
                all.add(new Problem(key, value.toString(), "must be 1 to " + COUNT_MAX));
            }
        }

        private static void time(List<Problem> all, String key, Duration value) {
            BuilderRules.requireBetween(all, key, value, Duration.ZERO, LONGEST, "0 to one hour");
        }
    }

    /**
     * Finds out whether this host can look after the link, before anything depends on it.
     *
     * @throws ConfigurationException listing what is missing: operating system, native code, privilege, interface
     */
    public void check() {
        String why = glance();
        if (!why.isEmpty()) {
            throw new ConfigurationException("link", interfaceName, why);
        }
    }

    @Override
    public void start(StartContext context) throws ResourceException {
        close();
        LinkWatch next = null;
        try {
            next = new LinkWatch(interfaceName, gateway, score, lock);
            String problem = next.begin(threads, "ha-" + context.holder().node() + "-link-" + interfaceName);
            if (!problem.isEmpty()) {
                throw new ResourceException(Severity.HARD, this + " cannot start: " + problem);
            }
            watch = next;
            next = null;
        } catch (PlatformException e) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + e.getMessage(), e);
        } finally {
            if (next != null) {
                next.close();
            }
        }
    }

    @Override
    public void stop(StopContext context) {
        close();
    }

    private void close() {
        LinkWatch current = watch;
        if (current != null) {
            watch = null;
            current.close();
        }
    }

    @Override
    public boolean endsWithItsThreads() {
        return true;
    }

    /**
     * {@inheritDoc}
     *
     * <p>A few microseconds: one question to the kernel about the interface, and what was heard from the gateway.
     */
    @Override
    public Health monitor() {
        LinkWatch current = watch;
        if (current == null) {
            return Health.notRunning();
        }
        try {
            return current.health();
        } catch (PlatformException e) {
            return Health.degraded("cannot look after " + interfaceName + ": " + e.getMessage());
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>Asks the gateway at most once a second and waits up to 50 ms for its answer.
     */
    @Override
    public Eligibility eligibility() {
        String unable = watch == null ? glance() : "";
        return unable.isEmpty() ? judged() : Eligibility.veto(unable);
    }

    private Eligibility judged() {
        lock.lock();
        try {
            return score.eligibility(System.nanoTime());
        } finally {
            lock.unlock();
        }
    }

    /** One look with everything opened for it alone, so that nothing stays open on a node that does not run the group. */
    private String glance() {
        try (LinkWatch once = new LinkWatch(interfaceName, gateway, score, lock)) {
            once.look(ANSWER_MILLIS_MAX);
            lock.lock();
            try {
                return score.problem();
            } finally {
                lock.unlock();
            }
        } catch (PlatformException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /**
     * {@inheritDoc}
     *
     * @return as if the kernel ended it with the lease: it has no effect outside this process that anything would have to end. A group
     *     with {@code withoutQuorum(KEEP_RUNNING)} therefore refuses it, and should: what it stops nobody starts again without a
     *     majority
     */
    @Override
    public Set<Enforcement> enforcements() {
        return Set.of(Enforcement.KERNEL_OBJECT, Enforcement.COOPERATIVE);
    }

    @Override
    public String toString() {
        return "link " + interfaceName + (gateway == null ? "" : " with gateway " + gateway);
    }
}
