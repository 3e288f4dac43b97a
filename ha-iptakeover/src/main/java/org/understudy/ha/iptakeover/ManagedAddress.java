package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressAuthority;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Answer;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Claim;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Fencing;
import org.understudy.ha.iptakeover.spi.AddressAuthority.Verdict;

/**
 * An address that an authority outside moves: a cloud, a hoster, a router with an API. For networks that do not listen to ARP.
 *
 * <pre>
 * ManagedAddress.of("10.0.0.50", ScriptAuthority.of(Path.of("/etc/shop/address")))
 * </pre>
 *
 * <p>{@code start} has the authority assign the address to this host, {@code stop} has it released. Nothing is changed on this host; where the
 * host must have the address as well, add a {@link FloatingAddress} to the group before it.
 *
 * <p><b>What it survives</b> is decided by {@link AddressAuthority#fencing()}. The authority gives the address to one host at a time, so two
 * owners at once are not the danger; a late call of a stale owner that takes the address back is.
 * <table>
 * <caption>How a group with it moves</caption>
 * <tr><th>fencing</th><th>registered by</th><th>after kill -9</th><th>after a pause or a power cut</th></tr>
 * <tr><td>BY_TOKEN</td><td>{@code resource}</td><td>at once (DIED)</td><td>after the lease (EXPIRED)</td></tr>
 * <tr><td>NONE</td><td>{@code resource}</td><td>on an operator's word, or by an enforcer of yours that covers EXTERNAL</td><td>the same</td></tr>
 * <tr><td>NONE</td><td>{@code resourceBehindAddress}</td><td>after the lease (EXPIRED)</td><td>after the lease</td></tr>
 * </table>
 * With the last row you say that a late call does no lasting harm: {@link #monitor()} finds the address elsewhere at its next question, and the
 * group is started anew.
 *
 * <p><b>Threads.</b> The calls of {@link ManagedResource} come one at a time, and start and stop wait for the authority. Between them one
 * daemon thread {@code ha-NODE-address-IP} asks it now and then who has the address.
 *
 * @since 0.1.0
 */
public final class ManagedAddress implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(ManagedAddress.class);

    private static final Duration BUDGET = Duration.ofSeconds(2);
    private static final Duration CHECK_EVERY = Duration.ofSeconds(10);
    private static final Duration SHORTEST = Duration.ofMillis(10);
    private static final Duration LONGEST = Duration.ofHours(1);
    private static final long END_MILLIS_MAX = 1000;

    private final IpAddress address;
    private final AddressAuthority authority;
    private final Map<String, String> hints;
    private final Duration budget;
    private final Duration checkEvery;
    private final ThreadFactory threads;

    private volatile @Nullable Stay stay;

    private ManagedAddress(Builder builder, IpAddress address, AddressAuthority authority) {
        this.address = address;
        this.authority = authority;
        this.hints = Map.copyOf(builder.hints);
        this.budget = BuilderRules.or(builder.budget, BUDGET);
        this.checkEvery = BuilderRules.or(builder.checkEvery, CHECK_EVERY);
        this.threads = BuilderRules.or(builder.threads, Executors.defaultThreadFactory());
    }

    /**
     * Shorthand for the builder.
     *
     * @throws ConfigurationException if the address is none
     */
    public static ManagedAddress of(String address, AddressAuthority authority) {
        return builder().address(address).authority(authority).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link ManagedAddress}. Not thread-safe. Setting something twice is an error. */
    public static final class Builder {
        private final List<Problem> problems = new ArrayList<>();
        private final Map<String, String> hints = new TreeMap<>();
        private @Nullable String address;
        private @Nullable AddressAuthority authority;
        private @Nullable Duration budget;
        private @Nullable Duration checkEvery;
        private @Nullable ThreadFactory threads;

        private Builder() {}

        /** IPv4 or IPv6, without a prefix length. Required. */
        public Builder address(String value) {
            address = BuilderRules.once(problems, "address", address, value);
            return this;
        }

        /** Required. */
        public Builder authority(AddressAuthority value) {
            authority = BuilderRules.once(problems, "authority", authority, value);
            return this;
        }

        /**
         * What the authority needs to know of this host. Names are upper-case letters, digits and underscores, starting with a letter.
         */
        public Builder hint(String name, String value) {
            if (!name.matches("[A-Z][A-Z0-9_]{0,63}")) {
                problems.add(new Problem("hint", name, "use 1 to 64 upper-case letters, digits and underscores"));
            } else {
                hints.put(name, BuilderRules.once(problems, "hint " + name, hints.get(name), value));
            }
            return this;
        }

        /**
         * How long one call of the authority may take, 10 ms to an hour; 2 s by default. A start makes at most two calls, a stop three; the
         * budgets of the group must leave room for them.
         */
        public Builder callBudget(Duration value) {
            budget = BuilderRules.once(problems, "callBudget", budget, value);
            return this;
        }

        /** How often the authority is asked who has the address, 10 ms to an hour; 10 s by default. */
        public Builder checkEvery(Duration value) {
            checkEvery = BuilderRules.once(problems, "checkEvery", checkEvery, value);
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
        public ManagedAddress build() {
            List<Problem> all = new ArrayList<>(problems);
            Optional<IpAddress> parsed = BuilderRules.host(address);
            if (parsed.isEmpty()) {
                all.add(new Problem(
                        "address",
                        address == null ? "(not set)" : address,
                        "is not the address of a host: write an IPv4 or IPv6 address without a prefix length"));
            }
            AddressAuthority asked = authority;
            if (asked == null) {
                all.add(new Problem(
                        "authority", "(not set)", "give what assigns the address, for example a ScriptAuthority"));
            }
            time(all, "callBudget", budget);
            time(all, "checkEvery", checkEvery);
            if (!all.isEmpty() || asked == null) {
                throw new ConfigurationException(all);
            }
            return new ManagedAddress(this, parsed.orElseThrow(), asked);
        }

        private static void time(List<Problem> all, String key, @Nullable Duration value) {
            BuilderRules.requireBetween(all, key, value, SHORTEST, LONGEST, "10 ms to one hour");
        }
    }

    /**
     * Finds out whether the authority can be asked from this host, before anything depends on it.
     *
     * @throws ConfigurationException if not, with the remedy
     */
    public void check() {
        String why = authority.obstacle();
        if (!why.isEmpty()) {
            throw new ConfigurationException("authority", authority.name(), why);
        }
    }

    /** One stay of the address on this host. */
    private final class Stay {
        final Claim claim;
        private final String node;
        private final CountDownLatch ending = new CountDownLatch(1);
        private @Nullable Thread asker;
        /** An assignment may still be on its way. */
        boolean isDoubtful;

        private volatile Answer last = Answer.yes("");

        Stay(StartContext context) {
            claim = new Claim(address, context.holder().node(), hints, context.token());
            node = context.holder().node().toString();
        }

        void begin() {
            Thread thread = threads.newThread(this::ask);
            thread.setName("ha-" + node + "-address-" + address);
            thread.setDaemon(true);
            asker = thread;
            thread.start();
        }

        private void ask() {
            try {
                while (!ending.await(checkEvery.toNanos(), TimeUnit.NANOSECONDS)) {
                    last = question();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private Answer question() throws InterruptedException {
            try {
                return certain(authority.owner(claim, budget));
            } catch (RuntimeException e) {
                return Answer.unknown(e.toString());
            }
        }

        /** Ends the thread, so that no question is under way when the authority is told to release. */
        void end() throws InterruptedException {
            ending.countDown();
            Thread thread = asker;
            if (thread != null) {
                thread.interrupt();
                thread.join(END_MILLIS_MAX);
            }
        }

        Health health() {
            Answer now = last;
            switch (now.verdict()) {
                case YES:
                    return Health.healthy();
                case NO:
                    return Health.failed(
                            Severity.SOFT,
                            authority.name() + " says that this host does not have " + address + in(now.detail()));
                default:
                    return Health.degraded(authority.name() + " does not say who has " + address + in(now.detail()));
            }
        }
    }

    private static String in(String detail) {
        return detail.isEmpty() ? "" : ": " + detail;
    }

    /** An authority that answers nothing has said nothing. */
    private static Answer certain(@Nullable Answer answer) {
        return answer == null ? Answer.unknown("it answered nothing") : answer;
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        Stay earlier = stay;
        if (earlier != null) {
            earlier.end();
        }
        Stay next = new Stay(context);
        stay = next;
        // Until it is known to be done, or not to be done: an interrupt leaves it so.
        next.isDoubtful = true;
        Answer assigned = certain(authority.assign(next.claim, budget));
        if (assigned.verdict() == Verdict.NO) {
            next.isDoubtful = earlier != null && earlier.isDoubtful;
            throw new ResourceException(
                    Severity.HARD, this + " cannot start: " + authority.name() + " refused it" + in(assigned.detail()));
        }
        if (assigned.verdict() == Verdict.UNKNOWN) {
            Answer owner = certain(authority.owner(next.claim, budget));
            if (owner.verdict() != Verdict.YES) {
                throw new ResourceException(
                        Severity.SOFT,
                        this + " cannot start: it is not known whether " + authority.name() + " assigned it"
                                + in(assigned.detail()));
            }
            LOG.warn(
                    "{}: {} did not say that it was assigned{}; it is here",
                    this,
                    authority.name(),
                    in(assigned.detail()));
        }
        next.isDoubtful = false;
        next.begin();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Certain once the authority says that it is released, or that this host does not have it; the latter not after an assignment whose
     * outcome is unknown, which may still come.
     */
    @Override
    public void stop(StopContext context) throws ResourceException, InterruptedException {
        Stay current = stay;
        if (current == null) {
            return;
        }
        current.end();
        Answer released = certain(authority.release(current.claim, budget));
        if (released.verdict() != Verdict.YES) {
            boolean isElsewhere = !current.isDoubtful
                    && certain(authority.owner(current.claim, budget)).verdict() == Verdict.NO;
            if (!isElsewhere) {
                throw new ResourceException(
                        Severity.SOFT,
                        this + " may still be assigned to this host: " + authority.name()
                                + (released.verdict() == Verdict.NO
                                        ? " did not release it"
                                        : " did not answer for certain")
                                + in(released.detail()));
            }
        }
        stay = null;
    }

    /**
     * {@inheritDoc}
     *
     * <p>What the authority last said; it is not asked here. {@link Health.State#FAILED} if somebody else has the address,
     * {@link Health.State#DEGRADED} if it is not known.
     */
    @Override
    public Health monitor() {
        Stay current = stay;
        return current == null ? Health.notRunning() : current.health();
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Presence#ABSENT} wherever the authority can be asked: the address has one holder at a time by its word, and the first
     *     start takes it from whoever that is; else {@link Presence#UNKNOWN}
     */
    @Override
    public Presence probe() {
        return stay != null ? Presence.HERE : authority.obstacle().isEmpty() ? Presence.ABSENT : Presence.UNKNOWN;
    }

    @Override
    public Eligibility eligibility() {
        String why = authority.obstacle();
        return why.isEmpty() ? Eligibility.eligible() : Eligibility.veto(why);
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Scope#PROCESS} where the authority compares tokens: all that could do harm is a late call of this process, and it is
     *     refused. Else {@link Scope#EXTERNAL}: a call under way outlives the process, and the host
     */
    @Override
    public Scope scope() {
        return authority.fencing() == Fencing.BY_TOKEN ? Scope.PROCESS : Scope.EXTERNAL;
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Enforcement#KERNEL_OBJECT} where the authority compares tokens: no kernel, but likewise it sees to it by itself that the
     *     next grant ends this one. Else {@link Enforcement#COOPERATIVE} only
     */
    @Override
    public Set<Enforcement> enforcements() {
        return authority.fencing() == Fencing.BY_TOKEN
                ? Set.of(Enforcement.KERNEL_OBJECT, Enforcement.COOPERATIVE)
                : Set.of(Enforcement.COOPERATIVE);
    }

    @Override
    public String toString() {
        return "managed address " + address;
    }
}
