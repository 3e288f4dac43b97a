package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Scope;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.AnnouncementSchedule;
import org.understudy.ha.iptakeover.core.UsableAddress;
import org.understudy.ha.iptakeover.netlink.AddressMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.RouteTable;

/**
 * Builds a {@link FloatingAddress}. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class FloatingAddressBuilder {
    private static final Duration AGEING_MIN = Duration.ofSeconds(3);
    private static final int ADDRESSES_MAX = 4096;
    /** Of each version: {@link SegmentTalk} asks no more. */
    private static final int NEIGHBOURS_MAX = 8;

    private static final int RULE_PRIORITY_MAX = 32_765;
    private static final int RULES_MAX = 64;

    private final List<String> addresses = new ArrayList<>();
    private @Nullable String interfaceName;
    private @Nullable ThreadFactory threads;
    private final List<String> neighbours = new ArrayList<>();
    private @Nullable RivalPolicy policy;
    private @Nullable Duration ageing;
    private boolean isDeaf;
    private boolean diesWithProcess;
    private boolean isDeadlineRequired;
    private boolean isDeadlineRefused;
    private @Nullable String networkOf;
    private @Nullable String label;
    private final List<FloatingRoute> routes = new ArrayList<>();
    private final Map<Integer, Integer> rules = new TreeMap<>();

    FloatingAddressBuilder() {}

    /**
     * One more address: dotted form, or a form of RFC 4291 for IPv6, without a prefix length and without a zone. Required, 1 to
     * 4096 of them, each once.
     *
     * <p>It always stands as {@code /32} or {@code /128} and with global scope; neither can be chosen. Of IPv4 addresses of one network the kernel
     * takes the later ones to be secondary, and takes them away together with the first, whosever that is; one that is alone is none of
     * them. Clients beyond a router need the global scope.
     */
    public FloatingAddressBuilder address(String value) {
        addresses.add(value);
        return this;
    }

    /** The same for each of several. They are announced in this order. */
    public FloatingAddressBuilder addresses(Collection<String> values) {
        addresses.addAll(values);
        return this;
    }

    /** The Ethernet interface that faces the clients. Required; once. It need not exist yet. */
    public FloatingAddressBuilder networkInterface(String value) {
        BuilderRules.requireUnset("networkInterface", interfaceName, value);
        interfaceName = value;
        return this;
    }

    /**
     * A neighbour that is asked, in the name of the address, whether it has noticed a takeover: a router that is no default gateway, an
     * important client. May be called several times, up to eight of each IP version, which one of the addresses must have too. The gateways,
     * the clients on the segment that a dead owner was connected with and the latest neighbours that the kernel knows are asked anyway, eight
     * in all, in this order.
     */
    public FloatingAddressBuilder confirmWith(String neighbour) {
        neighbours.add(neighbour);
        return this;
    }

    /** What to do about a host that claims the address and is no node of this cluster. Default {@link RivalPolicy#DEFEND}; once. */
    public FloatingAddressBuilder rivals(RivalPolicy value) {
        BuilderRules.requireUnset("rivals", policy, value);
        policy = value;
        return this;
    }

    /**
     * How long the segment's switches remember a port that they do not hear. The address is announced three times in that time, and
     * once a minute at least. Default 300 s; once; 3 s or more.
     */
    public FloatingAddressBuilder switchAgeing(Duration value) {
        BuilderRules.requireUnset("switchAgeing", ageing, value);
        ageing = value;
        return this;
    }

    /**
     * Does not listen on the segment while the address is held: no neighbour is asked, and no rival heard. Saves one thread and one packet
     * socket for each IP version, which the kernel takes some milliseconds to give back when the process is killed. Not together with
     * {@link #confirmWith} or {@link #rivals}.
     */
    public FloatingAddressBuilder withoutListening() {
        isDeaf = true;
        return this;
    }

    /**
     * Puts the addresses on a device that the process itself holds open, a TUN without a queue, instead of on the card: the kernel
     * takes them away with the process, however that ends, once the heap has been given back, and with no guardian and no last rites. No child
     * process keeps them. Everything else stays on the card: announcements, gate, listening, monitoring.
     *
     * <p>The resource is then of scope {@link Scope#PROCESS} and {@linkplain FloatingAddress#remains() leaves nothing}, so the end of the
     * process alone proves that it is gone, and {@code KILL_AT_LEASE_END} covers it where there is no gate. In exchange two groups
     * that are given the same address are found out by the host and by the probe of a first start only.
     *
     * <p>A hung process keeps its descriptors: what ends the addresses then is the gate, as ever.
     *
     * <p>Needs {@code /dev/net/tun} (in a container {@code --device /dev/net/tun}), and a card that answers ARP for every address of the host
     * ({@code arp_ignore} 0, which is the default, or 3). For IPv6, where no kernel does that, a thread answers neighbour solicitations
     * while the gate is open, {@linkplain #withoutListening() without listening} too. {@link FloatingAddress#check()} says what is missing.
     */
    public FloatingAddressBuilder diesWithProcess() {
        diesWithProcess = true;
        return this;
    }

    /**
     * Requires {@link LeaseEnd#DEADLINE}: a host where it cannot be had is refused, with the reason, by {@link FloatingAddress#check()}, {@link
     * FloatingAddress#eligibility()} and each start. Without this word it is chosen where it can be had, and time-outs serve elsewhere.
     * Not together with {@link #timeoutsOnly()}.
     */
    public FloatingAddressBuilder absoluteDeadline() {
        isDeadlineRequired = true;
        return this;
    }

    /**
     * Leaves BPF alone and takes {@link LeaseEnd#TIME_OUT} though {@link LeaseEnd#DEADLINE} could be had. A stall of a third of the lease mutes the addresses for a
     * moment then. Not together with {@link #absoluteDeadline()}.
     */
    public FloatingAddressBuilder timeoutsOnly() {
        isDeadlineRefused = true;
        return this;
    }

    /**
     * What {@code ip addr} and {@code ifconfig} call the IPv4 addresses, for programs that look for it: the name of the interface, a colon
     * and some word, {@code eth0:vip} for example, 15 characters in all. Default: the name of the interface; once. An address that stands
     * already keeps its label.
     */
    public FloatingAddressBuilder label(String value) {
        BuilderRules.requireUnset("label", label, value);
        label = value;
        return this;
    }

    /**
     * A route that exists only while the addresses do, with the first of them of its IP version as its source; some of them. They are added
     * after the addresses and removed before them, and what a dead process left is removed too; a start in which one of them is
     * refused adds nothing. One that somebody else made already is refused and stays. What somebody takes away is put back
     * within ten seconds.
     */
    public FloatingAddressBuilder route(FloatingRoute value) {
        routes.add(value);
        return this;
    }

    /** {@link #rule(int, int)} with priority {@value FloatingAddress#RULE_PRIORITY}. */
    public FloatingAddressBuilder rule(int table) {
        return rule(table, FloatingAddress.RULE_PRIORITY);
    }

    /**
     * While they stand, what comes from one of the addresses looks for its route in a table, {@code ip rule add from ADDRESS lookup TABLE}; so
     * answers leave by the router that a {@linkplain #route route} in that table names. One rule for each address, 64 of them at most, because
     * the kernel goes through its rules one by one.
     *
     * @param table a positive number other than 255; each once
     * @param priority 1 to 32765, before the main table; the lowest is asked first
     */
    public FloatingAddressBuilder rule(int table, int priority) {
        Integer present = rules.putIfAbsent(table, priority);
        if (present != null) {
            throw new ConfigurationException("rule", Integer.toString(table), "is given twice: leave one out");
        }
        return this;
    }

    /** The interface whose networks the address must be of, where the one that it stands on has none. */
    FloatingAddressBuilder inNetworkOf(String otherInterface) {
        networkOf = otherInterface;
        return this;
    }

    /** Makes the threads; they are named and made daemons afterwards. Default: plain threads; once. */
    public FloatingAddressBuilder threads(ThreadFactory value) {
        BuilderRules.requireUnset("threads", threads, value);
        threads = value;
        return this;
    }

    /**
     * @throws ConfigurationException listing everything that is wrong
     */
    public FloatingAddress build() {
        List<Problem> problems = new ArrayList<>();
        Set<IpAddress> parsed = parse(problems);
        String name = interfaceName == null ? "" : interfaceName;
        BuilderRules.requireInterfaceName(problems, "networkInterface", name);
        List<IpAddress> asked = parseNeighbours(problems, parsed);
        checkListening(problems);
        checkAgeing(problems);
        if (diesWithProcess && (label != null || !routes.isEmpty() || !rules.isEmpty())) {
            problems.add(
                    new Problem(
                            "diesWithProcess",
                            "true",
                            "does not go with a label, routes and rules, which would stay when the process dies: leave out one of the two"));
        }
        if (isDeadlineRequired && isDeadlineRefused) {
            problems.add(
                    new Problem(
                            "absoluteDeadline",
                            "true",
                            "is what timeoutsOnly() does without: leave out one of the two, or both for the best that can be had"));
        }
        checkLabel(name, parsed, problems);
        AddressRoutes.Wanted wanted = resolve(List.copyOf(parsed), problems);
        if (!problems.isEmpty()) {
            throw new ConfigurationException(problems);
        }
        return new FloatingAddress(
                new AddressSet(parsed),
                name,
                BuilderRules.or(networkOf, name),
                BuilderRules.or(label, ""),
                wanted,
                BuilderRules.or(threads, Executors.defaultThreadFactory()),
                new SegmentTalk.Settings(
                        asked,
                        BuilderRules.or(policy, RivalPolicy.DEFEND),
                        BuilderRules.or(ageing, AnnouncementSchedule.SWITCH_AGEING),
                        !isDeaf),
                diesWithProcess,
                isDeadlineRequired
                        ? FloatingAddress.Wanted.DEADLINE
                        : isDeadlineRefused ? FloatingAddress.Wanted.TIME_OUTS : FloatingAddress.Wanted.BEST);
    }

    private List<IpAddress> parseNeighbours(List<Problem> problems, Set<IpAddress> held) {
        Set<IpAddress> parsed = new LinkedHashSet<>();
        for (String text : neighbours) {
            Optional<IpAddress> neighbour = BuilderRules.host(text);
            String wrong = neighbour
                    .map(n -> unasked(n, held))
                    .orElse(
                            "is no address of a neighbour: give that of a router or client on the segment, without a prefix"
                                    + " length");
            if (wrong.isEmpty() && !parsed.add(neighbour.orElseThrow())) {
                wrong = "is given twice: leave one out";
            }
            if (!wrong.isEmpty()) {
                problems.add(new Problem("confirmWith", text, wrong));
            }
        }
        for (boolean isV6 : List.of(false, true)) {
            long count = parsed.stream().filter(n -> n.isV6() == isV6).count();
            if (count > NEIGHBOURS_MAX) {
                problems.add(new Problem(
                        "confirmWith",
                        count + " of " + version(isV6),
                        "are more than are asked, " + NEIGHBOURS_MAX + ": leave out the less important ones"));
            }
        }
        return List.copyOf(parsed);
    }

    /** Why a neighbour would never be asked; empty if it will be. */
    private static String unasked(IpAddress neighbour, Set<IpAddress> held) {
        if (held.contains(neighbour)) {
            return "is one of the floating addresses, which cannot confirm itself: give that of a router or client";
        }
        // Without any address that is the mistake to tell.
        boolean isLost = !held.isEmpty() && held.stream().noneMatch(address -> address.isV6() == neighbour.isV6());
        return isLost
                ? "is of " + version(neighbour.isV6())
                        + " and no address of this resource is, so nobody can ask it: give" + " the neighbour's "
                        + version(!neighbour.isV6()) + " address, or leave it out"
                : "";
    }

    private static String version(boolean isV6) {
        return isV6 ? "IPv6" : "IPv4";
    }

    private void checkListening(List<Problem> problems) {
        if (isDeaf && !neighbours.isEmpty()) {
            problems.add(new Problem(
                    "confirmWith",
                    String.join(", ", neighbours),
                    "cannot be asked withoutListening(), because its answer is not heard: leave out one of the two"));
        }
        if (isDeaf && policy != null) {
            problems.add(new Problem(
                    "rivals",
                    policy.toString(),
                    "means nothing withoutListening(), because no rival is heard: leave out one of the two"));
        }
    }

    private AddressRoutes.Wanted resolve(List<IpAddress> parsed, List<Problem> problems) {
        List<RouteTable.Route> resolved = new ArrayList<>();
        for (FloatingRoute route : routes) {
            route.resolve(parsed, problems).ifPresent(resolved::add);
        }
        List<RouteTable.Rule> each = new ArrayList<>();
        rules.forEach((table, priority) -> {
            if (!FloatingRoute.isTable(table) || priority < 1 || priority > RULE_PRIORITY_MAX) {
                problems.add(new Problem(
                        "rule",
                        table + " priority " + priority,
                        "leads nowhere: give a positive table other than 255, and a priority from 1 to "
                                + RULE_PRIORITY_MAX));
            }
            parsed.forEach(address -> each.add(new RouteTable.Rule(address, table, priority)));
        });
        if (each.size() > RULES_MAX) {
            problems.add(new Problem(
                    "rule",
                    each.size() + " of them",
                    "are more than one resource takes, " + RULES_MAX
                            + ": spread the addresses over several resources, or give the host a rule for"
                            + " their network"));
        }
        return new AddressRoutes.Wanted(resolved, each);
    }

    private void checkLabel(String name, Set<IpAddress> parsed, List<Problem> problems) {
        if (label == null) {
            return;
        }
        boolean isOfTheInterface = label.equals(name) || label.startsWith(name + ":");
        boolean isPlain = label.chars().allMatch(c -> c > ' ' && c < 127);
        if (!isOfTheInterface || !isPlain || label.length() > AddressMessage.LABEL_LENGTH_MAX) {
            problems.add(new Problem(
                    "label",
                    label,
                    "is no label of " + name + ": write " + name + ": and a word of printable characters, at most "
                            + AddressMessage.LABEL_LENGTH_MAX + " characters in all"));
        }
        if (!parsed.isEmpty() && parsed.stream().allMatch(IpAddress::isV6)) {
            problems.add(new Problem("label", label, "goes with an IPv4 address, and there is none: leave it out"));
        }
    }

    private void checkAgeing(List<Problem> problems) {
        if (ageing != null && ageing.compareTo(AGEING_MIN) < 0) {
            problems.add(new Problem(
                    "switchAgeing",
                    ageing.toString(),
                    "is shorter than " + AGEING_MIN.toSeconds()
                            + " s, and announcements would flood the segment: give the ageing time of the"
                            + " switches, 300 s usually"));
        }
    }

    private Set<IpAddress> parse(List<Problem> problems) {
        if (addresses.isEmpty()) {
            problems.add(new Problem(
                    "address", "(not set)", "give the floating address, for example 192.0.2.10 or 2001:db8::50"));
        }
        if (addresses.size() > ADDRESSES_MAX) {
            problems.add(new Problem(
                    "addresses",
                    addresses.size() + " of them",
                    "are more than one resource takes, " + ADDRESSES_MAX + ": spread them over several resources"));
        }
        Set<IpAddress> parsed = new LinkedHashSet<>();
        for (String text : addresses) {
            Optional<IpAddress> address = IpAddress.parse(text);
            String wrong = address.map(UsableAddress::problem).orElseGet(() -> UsableAddress.malformed(text));
            if (wrong.isEmpty() && !parsed.add(address.orElseThrow())) {
                wrong = "is given twice: leave one out";
            }
            if (!wrong.isEmpty()) {
                problems.add(new Problem("address", text, wrong));
            }
        }
        return parsed;
    }
}
