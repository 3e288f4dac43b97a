package org.understudy.ha.iptakeover;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.spi.Eligibility;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.LinkTable;

/**
 * An IPv4 address that stands on the node that owns it and on no other.
 *
 * <pre>
 * FloatingAddress.of("192.0.2.10", "eth0")
 * </pre>
 *
 * <p>{@code start} adds the address as a /32 and tells the neighbours; {@code stop} takes it away. No external command is run. The
 * address has preferred lifetime 0, so the kernel does not choose it for outgoing connections. Listen on the address itself or
 * on the wildcard; the route to the segment comes from the host's own address on that interface.
 *
 * <p><b>What ends it without us.</b> Where nf_tables works, a gate in the kernel stands before the address: packets and ARP in its
 * name pass only while the lease is being confirmed, and stop by themselves if the process is killed, hangs or is paused. See
 * {@link #enforcements()}. Elsewhere only our own code ends it.
 *
 * <p><b>What it needs.</b> Linux, an Ethernet interface, {@code CAP_NET_ADMIN} and {@code CAP_NET_RAW}; {@link #check()} says what is
 * missing. On JDK 24 and later start the JVM with {@code --enable-native-access=ALL-UNNAMED}.
 *
 * <p><b>Threads.</b> The calls of {@link ManagedResource} come one at a time. Between start and stop one daemon
 * thread {@code ha-NODE-address-IP} keeps the gate open and repeats the announcement.
 *
 * @since 0.1.0
 */
public final class FloatingAddress implements ManagedResource {
    private static final Logger LOG = LoggerFactory.getLogger(FloatingAddress.class);

    private static final int PROBES = 3;
    private static final Duration PROBE_TIME = Duration.ofMillis(60);
    private static final int INTERFACE_NAME_LENGTH_MAX = 15;
    private static final int EPERM = 1;

    private final Ipv4Address address;
    private final String interfaceName;
    private final ThreadFactory threads;

    private volatile @Nullable AddressTenure tenure;
    private volatile @Nullable MacAddress rival;
    private volatile @Nullable Trial trial;

    /**
     * What this host can do, found out once.
     *
     * @param gateProblem empty if gates work
     * @param rawProblem empty if packet sockets and addresses work; a privilege that gates lack too is told there
     */
    private record Trial(String gateProblem, String rawProblem, boolean lacksPrivilege) {}

    private FloatingAddress(Ipv4Address address, String interfaceName, ThreadFactory threads) {
        this.address = address;
        this.interfaceName = interfaceName;
        this.threads = threads;
    }

    /**
     * Shorthand for the builder.
     *
     * @param address dotted form, without a prefix length
     * @param interfaceName of the card that faces the clients, for example {@code eth0}
     * @throws ConfigurationException listing everything that is wrong with either
     */
    public static FloatingAddress of(String address, String interfaceName) {
        return builder().address(address).networkInterface(interfaceName).build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Builds a {@link FloatingAddress}. Not thread-safe. */
    public static final class Builder {
        private @Nullable String address;
        private @Nullable String interfaceName;
        private @Nullable ThreadFactory threads;

        private Builder() {}

        /** The address, dotted form without a prefix length. Required; once. */
        public Builder address(String value) {
            requireUnset("address", address, value);
            address = value;
            return this;
        }

        /** The Ethernet interface that faces the clients. Required; once. It need not exist yet. */
        public Builder networkInterface(String value) {
            requireUnset("networkInterface", interfaceName, value);
            interfaceName = value;
            return this;
        }

        /** Makes the one thread; it is named and made a daemon afterwards. Default: plain threads; once. */
        public Builder threads(ThreadFactory value) {
            requireUnset("threads", threads, value);
            threads = value;
            return this;
        }

        private static void requireUnset(String key, @Nullable Object present, Object value) {
            if (present != null) {
                throw new ConfigurationException(key, value, "was already set to " + present + "; set it once");
            }
        }

        /**
         * @throws ConfigurationException listing everything that is wrong
         */
        public FloatingAddress build() {
            List<Problem> problems = new ArrayList<>();
            Ipv4Address parsed = parse(problems);
            String name = interfaceName == null ? "" : interfaceName;
            if (!isInterfaceName(name)) {
                problems.add(
                        new Problem(
                                "networkInterface",
                                name.isEmpty() ? "(not set)" : name,
                                "is not an interface name: write one of `ip link`, 1 to 15 characters without blank and slash"));
            }
            if (!problems.isEmpty()) {
                throw new ConfigurationException(problems);
            }
            return new FloatingAddress(parsed, name, threads == null ? Executors.defaultThreadFactory() : threads);
        }

        private Ipv4Address parse(List<Problem> problems) {
            if (address == null) {
                problems.add(new Problem("address", "(not set)", "give the floating address, for example 192.0.2.10"));
                return Ipv4Address.ANY;
            }
            Optional<Ipv4Address> parsed = Ipv4Address.parse(address);
            String wrong = parsed.map(Builder::unusable)
                    .orElse("is not an IPv4 address: write four decimal numbers without leading zeros and without a"
                            + " prefix length, for example 192.0.2.10");
            if (!wrong.isEmpty()) {
                problems.add(new Problem("address", address, wrong));
            }
            return parsed.orElse(Ipv4Address.ANY);
        }

        private static String unusable(Ipv4Address a) {
            String kind = a.isLoopback()
                    ? "a loopback address"
                    : a.isMulticast()
                            ? "a multicast address"
                            : a.isLimitedBroadcast()
                                    ? "the broadcast address"
                                    : a.isThisNetwork() ? "not a host" : a.isReserved() ? "reserved" : "";
            return kind.isEmpty() ? "" : "is " + kind + ": use a free unicast address of the clients' network";
        }

        private static boolean isInterfaceName(String name) {
            return !name.isEmpty()
                    && name.length() <= INTERFACE_NAME_LENGTH_MAX
                    && name.chars().allMatch(c -> c > ' ' && c < 127 && c != '/' && c != ':')
                    && !name.equals(".")
                    && !name.equals("..");
        }
    }

    /** The address in dotted form. */
    public String address() {
        return address.toString();
    }

    /** The interface it stands on. */
    public String networkInterface() {
        return interfaceName;
    }

    /** The hardware address of a foreign host that the last probe found using the address. */
    public Optional<String> rival() {
        return Optional.ofNullable(rival).map(MacAddress::toString);
    }

    /**
     * Finds out whether this host can carry the address, before anything depends on it. Changes nothing that stays.
     *
     * @throws ConfigurationException listing everything that is missing: operating system, native code, privileges, interface
     */
    public void check() {
        List<Problem> problems = new ArrayList<>();
        Trial found = trial();
        if (!found.rawProblem().isEmpty()) {
            problems.add(new Problem("address", address.toString(), found.rawProblem()));
        }
        if (found.lacksPrivilege()) {
            problems.add(new Problem("address", address.toString(), found.gateProblem()));
        }
        if (problems.isEmpty() || found.lacksPrivilege()) {
            String why = linkProblem();
            if (!why.isEmpty()) {
                problems.add(new Problem("networkInterface", interfaceName, why));
            }
        }
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
    }

    @Override
    public void start(StartContext context) throws ResourceException, InterruptedException {
        AddressTenure earlier = tenure;
        if (earlier != null) {
            end(earlier);
        }
        String unable = trial().rawProblem();
        if (!unable.isEmpty()) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + unable);
        }
        boolean gated = trial().gateProblem().isEmpty();
        GateTiming timing = gated ? timing(context) : null;
        AddressTenure next = null;
        try {
            LinkTable.Link link = usableLink();
            next = new AddressTenure(address, link, context, timing);
            List<AddressTable.Entry> leftovers = next.leftovers();
            if (context.proof() == ProofKind.NEVER) {
                refuseIfUsed(next);
            }
            context.claims().claim(claim());
            next.begin(leftovers, threads);
            tenure = next;
            next = null;
        } catch (PlatformException e) {
            throw new ResourceException(Severity.HARD, this + " cannot start: " + e.getMessage(), e);
        } finally {
            if (next != null) {
                undo(next);
            }
        }
    }

    private GateTiming timing(StartContext context) throws ResourceException {
        try {
            return GateTiming.forLease(context.lease().lengthNanos());
        } catch (ConfigurationException e) {
            throw new ResourceException(Severity.FATAL, this + " cannot start: " + e.getMessage(), e);
        }
    }

    private void refuseIfUsed(AddressTenure next) throws ResourceException, InterruptedException {
        Optional<MacAddress> other = next.probe(PROBES, PROBE_TIME);
        rival = other.orElse(null);
        if (other.isPresent()) {
            throw new ResourceException(
                    Severity.FATAL,
                    this + " cannot start: the address is already used by the host with hardware address " + other.get()
                            + "; choose a free address or take it off that host");
        }
    }

    /** After a failed start nothing may stay; if that fails too, the stop that follows tries again and reports. */
    private void undo(AddressTenure failed) {
        try {
            failed.end();
        } catch (PlatformException e) {
            LOG.warn("{}: clean-up after a failed start: {}", this, e.getMessage());
        }
    }

    @Override
    public void stop(StopContext context) throws ResourceException, InterruptedException {
        AddressTenure current = tenure;
        if (current != null) {
            end(current);
        } else if (new LinuxHostPort().unavailableBecause().isEmpty() && !isKeptByAnother()) {
            scrub();
        }
    }

    private void end(AddressTenure current) throws ResourceException {
        try {
            current.end();
            tenure = null;
        } catch (PlatformException e) {
            tenure = null;
            LOG.warn("{}: first attempt to stop failed: {}", this, e.getMessage());
            scrub();
        }
    }

    /** Without a tenure of our own an open gate is another process's, and so is the address behind it. */
    private boolean isKeptByAnother() {
        try {
            return trial().gateProblem().isEmpty() && NftGate.isOpen(address);
        } catch (PlatformException e) {
            return false;
        }
    }

    /** Removes what stands, however it came there, as long as it is ours. */
    private void scrub() throws ResourceException {
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            removeOurs(table);
            if (trial().gateProblem().isEmpty()) {
                NftGate.remove(address);
            }
        } catch (PlatformException e) {
            throw new ResourceException(
                    Severity.SOFT,
                    this + " may still stand: " + e.getMessage() + "; `ip addr del " + address + "/32 dev "
                            + interfaceName + "` takes it away",
                    e);
        }
    }

    private void removeOurs(AddressTable table) {
        for (AddressTable.Entry entry : table.list()) {
            if (entry.isOurs() && entry.prefixLength() == 32 && entry.address().equals(address)) {
                table.remove(entry.interfaceIndex(), address);
            }
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>A few microseconds: one question to the kernel about the interface; the address itself is looked for once a second.
     * Meant to be polled every 50 ms, so that a pulled cable is seen at once.
     */
    @Override
    public Health monitor() {
        AddressTenure current = tenure;
        return current == null ? Health.notRunning() : current.health();
    }

    /**
     * {@inheritDoc}
     *
     * <p>Asks the segment by ARP and takes about 60 ms if nobody answers. Removes what an earlier, dead process of ours left.
     */
    @Override
    public Presence probe() {
        if (tenure != null) {
            return Presence.HERE;
        }
        if (!trial().rawProblem().isEmpty()) {
            return Presence.UNKNOWN;
        }
        try (LinuxAddressTable table = new LinuxAddressTable()) {
            if (standsHere(table)) {
                return Presence.HERE;
            }
            removeOurs(table);
            LinkTable.Link link = usableLink();
            try (RawSocketAnnouncer announcer = new RawSocketAnnouncer(link.index())) {
                MacAddress own = link.mac().orElse(MacAddress.ZERO);
                rival = announcer.probe(own, address, PROBES, PROBE_TIME).orElse(null);
            }
            if (rival != null) {
                LOG.warn("{} is already used by the host with hardware address {}", this, rival);
            }
            return rival == null ? Presence.ABSENT : Presence.ELSEWHERE;
        } catch (PlatformException | ResourceException e) {
            LOG.warn("{}: probe: {}", this, e.getMessage());
            return Presence.UNKNOWN;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Presence.UNKNOWN;
        }
    }

    /** Somebody else's entry, or one of ours behind a gate that a living process keeps open. */
    private boolean standsHere(AddressTable table) {
        for (AddressTable.Entry entry : table.list()) {
            if (entry.address().equals(address) && (!entry.isOurs() || NftGate.isOpen(address))) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Eligibility eligibility() {
        Trial found = trial();
        if (!found.rawProblem().isEmpty()) {
            return Eligibility.veto(found.rawProblem());
        }
        if (found.lacksPrivilege()) {
            return Eligibility.veto(found.gateProblem());
        }
        String why = linkProblem();
        return why.isEmpty() ? Eligibility.eligible() : Eligibility.veto(why);
    }

    private String linkProblem() {
        try {
            usableLink();
            return "";
        } catch (ResourceException | PlatformException e) {
            return e.getMessage();
        }
    }

    private LinkTable.Link usableLink() throws ResourceException {
        Optional<LinkTable.Link> found;
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            found = links.byName(interfaceName);
        }
        if (found.isEmpty()) {
            throw new ResourceException(
                    Severity.HARD,
                    "there is no interface " + interfaceName + " on this host" + interfacesThere()
                            + ": name one of them in networkInterface");
        }
        LinkTable.Link link = found.get();
        if (link.isLoopback() || !link.speaksArp() || link.mac().isEmpty()) {
            throw new ResourceException(
                    Severity.HARD,
                    "interface " + interfaceName + " does not speak ARP"
                            + (link.isLoopback() ? " (it is the loopback)" : "")
                            + ": a floating address needs an Ethernet interface");
        }
        if (!link.isUp()) {
            throw new ResourceException(
                    Severity.HARD, "interface " + interfaceName + " is down: `ip link set " + interfaceName + " up`");
        }
        if (!link.hasCarrier()) {
            throw new ResourceException(
                    Severity.HARD, "interface " + interfaceName + " has no carrier: check its cable");
        }
        return link;
    }

    private static String interfacesThere() {
        try {
            return NetworkInterface.networkInterfaces()
                    .map(NetworkInterface::getName)
                    .sorted()
                    .collect(Collectors.joining(", ", " (there are: ", ")"));
        } catch (SocketException e) {
            return "";
        }
    }

    /** {@link Scope#NODE}: an address outlives its process. */
    @Override
    public Scope scope() {
        return Scope.NODE;
    }

    /**
     * {@inheritDoc}
     *
     * @return {@link Enforcement#KERNEL_OBJECT} and {@link Enforcement#COOPERATIVE} where nf_tables gates work on this host, else only
     *     the latter; the log says why. The first call tries it out and loads the native part, so that no later call has to
     */
    @Override
    public Set<Enforcement> enforcements() {
        return trial().gateProblem().isEmpty()
                ? Set.of(Enforcement.KERNEL_OBJECT, Enforcement.COOPERATIVE)
                : Set.of(Enforcement.COOPERATIVE);
    }

    @Override
    public List<String> remains() {
        return List.of(claim());
    }

    private String claim() {
        return LinuxHostPort.CLAIM_PREFIX + address;
    }

    private Trial trial() {
        Trial known = trial;
        if (known == null) {
            known = tryOut();
            trial = known;
            if (!known.gateProblem().isEmpty()) {
                LOG.warn("{}: nothing ends the address if this process hangs: {}", this, known.gateProblem());
            }
        }
        return known;
    }

    private static Trial tryOut() {
        String raw = "";
        boolean lacksPrivilege = false;
        try {
            AddressTenure.warmUp();
        } catch (PlatformException e) {
            raw = e.getMessage();
        }
        String gate = "";
        try {
            NftGate.tryOut();
        } catch (PlatformException e) {
            gate = e.getMessage();
            lacksPrivilege = e.errno() == EPERM;
        }
        try {
            LinuxAddressTable.tryOut();
        } catch (PlatformException e) {
            // The same missing capability stops both, and is said once.
            boolean saidAlready = lacksPrivilege && e.errno() == EPERM;
            if (raw.isEmpty() && !saidAlready) {
                raw = e.getMessage();
            }
        }
        return new Trial(gate, raw, lacksPrivilege);
    }

    @Override
    public String toString() {
        return "floating address " + address + " on " + interfaceName;
    }
}
