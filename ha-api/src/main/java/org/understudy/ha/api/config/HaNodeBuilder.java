package org.understudy.ha.api.config;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.Enforcement;
import org.understudy.ha.api.HaNode;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Enforcer;
import org.understudy.ha.api.spi.HaNodeProvider;
import org.understudy.ha.api.spi.PlacementPolicy;

/**
 * Builds and starts a node. Mistakes are collected: {@link #start()} and {@link #validate()} report all of them at once,
 * each with key, value and remedy. Setting something twice is a mistake. Not thread-safe.
 */
public final class HaNodeBuilder {

    /** The kernel keeps 108 bytes, the last of them zero. */
    private static final int SOCKET_PATH_MAX = 107;

    private final List<Problem> problems = new ArrayList<>();
    /** Of every peer line, whatever else is wrong with it. */
    private final Set<String> named = new TreeSet<>();

    private final List<Peer> peers = new ArrayList<>();
    private @Nullable String cluster;
    private @Nullable String node;
    private @Nullable Path stateDirectory;
    private @Nullable Security security;
    private @Nullable Timing timing;
    private @Nullable ThreadFactory threads;
    private boolean mayForm;
    private boolean guardian = true;
    private ProcessPolicy processPolicy = ProcessPolicy.NEVER_HALT;
    private final List<Enforcer> enforcers = new ArrayList<>();
    private final TreeMap<String, Integer> capacity = new TreeMap<>();
    private final TreeMap<String, PlacementPolicy> policies = new TreeMap<>();

    private boolean jmx;
    private boolean administration;

    private HaNodeBuilder() {}

    public static HaNodeBuilder create() {
        return new HaNodeBuilder();
    }

    /** The cluster's name: 1 to 32 lower-case letters, digits and hyphens. Required. */
    public HaNodeBuilder cluster(String name) {
        once("cluster", cluster, name);
        if (name == null || !name.matches("[a-z][a-z0-9-]{0,31}")) {
            problem("cluster", name, "use 1 to 32 lower-case letters, digits and hyphens, starting with a letter");
        }
        cluster = name;
        return this;
    }

    /** This node's name; one of the peers. Required. */
    public HaNodeBuilder node(String name) {
        once("node", node, name);
        checkName("node", name);
        node = name;
        return this;
    }

    /**
     * A node that votes and may own resources. Two nodes need a third vote: add a {@link #witness}.
     *
     * @param address {@code host:port} on the network between the nodes; the port serves TCP (messages) and UDP (last wills).
     *     Use a literal address: names are resolved once, here
     */
    public HaNodeBuilder peer(String name, String address) {
        return add(name, address, false);
    }

    /** A node that votes and owns no resources. */
    public HaNodeBuilder witness(String name, String address) {
        return add(name, address, true);
    }

    /**
     * Where this node keeps what it promised. Required. Created if missing; must survive restarts, be on a local disk, and
     * belong to this node alone.
     */
    public HaNodeBuilder stateDirectory(Path directory) {
        once("stateDirectory", stateDirectory, directory);
        if (directory == null) {
            problem("stateDirectory", null, "name a directory of this node's own on a local disk");
        } else if (Files.exists(directory) && !Files.isDirectory(directory)) {
            problem("stateDirectory", directory, "is not a directory; name a directory of this node's own");
        }
        stateDirectory = directory;
        return this;
    }

    /** This node's key directory, as made by the certificates call or command. This or {@link #insecure()} is required. */
    public HaNodeBuilder keys(Path directory) {
        once("keys", security, directory);
        if (directory == null || !Files.isDirectory(directory)) {
            problem(
                    "keys",
                    directory,
                    "is not a directory; create the cluster's keys with the certificates command and copy this node's"
                            + " directory here");
        }
        security = directory == null ? null : new Security.Keys(directory);
        return this;
    }

    /** Runs without authentication and encryption. Whoever reaches the port owns the cluster; for loopback experiments only. */
    public HaNodeBuilder insecure() {
        once("insecure", security, "true");
        security = new Security.Insecure();
        return this;
    }

    /** The times the cluster runs on; {@link Timing#standard()} by default. Must be the same on all nodes. */
    public HaNodeBuilder timing(Timing value) {
        once("timing", timing, value);
        if (value == null || value.lease() == null || value.renewEvery() == null || value.guard() == null) {
            problem("timing", value, "give lease, renewEvery and guard, or leave it out for Timing.standard()");
            return this;
        }
        Duration lease = value.lease();
        if (lease.compareTo(Duration.ofMillis(500)) < 0 || lease.compareTo(Duration.ofSeconds(60)) > 0) {
            problem("timing.lease", lease, "must be between 500 ms and 60 s");
        } else {
            if (value.renewEvery().compareTo(Duration.ofMillis(10)) < 0
                    || value.renewEvery().compareTo(lease.dividedBy(5)) > 0) {
                problem(
                        "timing.renewEvery",
                        value.renewEvery(),
                        "must be at least 10 ms and at most a fifth of the lease");
            }
            if (value.guard().isNegative()
                    || value.guard().isZero()
                    || value.guard().compareTo(lease.dividedBy(10)) > 0) {
                problem("timing.guard", value.guard(), "must be positive and at most a tenth of the lease");
            }
        }
        if (value.driftPerMille() < 1 || value.driftPerMille() > 50) {
            problem(
                    "timing.driftPerMille",
                    value.driftPerMille(),
                    "must be between 1 and 50; clocks within 1 % are 10");
        }
        timing = value;
        return this;
    }

    /**
     * Lets this node take part in forming a new cluster. A cluster is formed once, when every configured peer is running with
     * an empty state directory and was given this word; later it has no effect. Without it a node with an empty directory waits.
     */
    public HaNodeBuilder form() {
        mayForm = true;
        return this;
    }

    /**
     * Runs without the guardian process, so a crash cannot be proved: the others wait for the lease, and a group that nothing but its
     * own process can end waits for that process to come back, which after a crash is never. Safe, but slower or stuck.
     */
    public HaNodeBuilder withoutGuardian() {
        guardian = false;
        return this;
    }

    /** What the library may do to this process, to end a group that does not end by itself. {@link ProcessPolicy#NEVER_HALT} by default. */
    public HaNodeBuilder processPolicy(ProcessPolicy policy) {
        if (policy == null) {
            problem("processPolicy", null, "choose NEVER_HALT, HALT_ALLOWED or KILL_AT_LEASE_END");
            return this;
        }
        processPolicy = policy;
        return this;
    }

    /**
     * Hands over something that ends leases from outside: a watchdog, a fence device, a power switch. May be called several times. It
     * may reset the host: giving it is the consent. The node starts and closes it, and goes on without it, with a warning, if it
     * cannot be started; a group that must not run then says so with {@code requireEnforcement()}.
     */
    public HaNodeBuilder enforcer(Enforcer enforcer) {
        if (enforcer == null) {
            problem("enforcer", null, "give one, or leave it out");
            return this;
        }
        if (enforcer.kind() == Enforcement.COOPERATIVE) {
            problem("enforcer", enforcer.name(), "says COOPERATIVE, which needs nobody else; give its real kind");
        }
        enforcers.add(enforcer);
        return this;
    }

    /**
     * How much this node has for groups that say what they need ({@link Placement.Builder#needs}): the sum of what runs here never gets
     * above it. May be called for several names. What is not named here, this node has none of.
     *
     * @param name 1 to 32 lower-case letters, digits, hyphens or dots: memory, for example
     * @param amount 1 to {@value Placement#WEIGHT_MAX}, in the unit that the groups use
     */
    public HaNodeBuilder capacity(String name, int amount) {
        if (name == null) {
            problem("capacity", null, "name what this node has");
            return this;
        }
        TreeMap<String, Integer> one = new TreeMap<>();
        one.put(name, amount);
        Placement.checkWeights(problems, "capacity", one);
        once("capacity " + name, capacity.put(name, amount), amount);
        return this;
    }

    /**
     * Adds a way to order nodes that groups may name ({@link Placement.Builder#policy}). Two are there already: {@code spread} puts a group
     * where the fewest run, {@code pack} where the most do. May be called several times; give the same ones on every node.
     */
    public HaNodeBuilder placementPolicy(PlacementPolicy policy) {
        String name = policy == null ? null : policy.name();
        if (name == null || !name.matches("[a-z][a-z0-9.-]{0,63}")) {
            problem(
                    "placementPolicy",
                    name,
                    "use 1 to 64 lower-case letters, digits, hyphens or dots, starting with a letter");
            return this;
        }
        once("placementPolicy " + name, policies.put(name, policy), policy);
        return this;
    }

    /** Shows this node in the platform's MBean server until it is closed, for looking only; see {@code NodeMXBean}. */
    public HaNodeBuilder jmx() {
        jmx = true;
        return this;
    }

    /**
     * Takes commands of the tool {@code understudy} on the Unix socket {@value NodeConfig#ADMINISTRATION_SOCKET} in the state directory, from
     * this process's own user and from root; the kernel says who asks. Needs Linux. Whoever may use it may move and stop what this
     * cluster runs.
     */
    public HaNodeBuilder administration() {
        administration = true;
        return this;
    }

    /** Makes every thread of this node; plain daemon threads by default. The library sets the names. */
    public HaNodeBuilder threads(ThreadFactory factory) {
        once("threads", threads, factory);
        if (factory == null) {
            problem("threads", null, "give a factory, or leave it out for plain daemon threads");
        }
        threads = factory;
        return this;
    }

    /**
     * Checks without starting anything.
     *
     * @throws ConfigurationException naming every mistake
     */
    public NodeConfig validate() {
        List<Problem> all = new ArrayList<>(problems);
        require(all, "cluster", cluster, "name the cluster, the same on every node");
        require(all, "node", node, "name this node");
        require(all, "stateDirectory", stateDirectory, "name a directory of this node's own on a local disk");
        require(
                all,
                "keys",
                security,
                "give the node's key directory, or say insecure() for an experiment on loopback");
        if (capacity.size() > Placement.NAMES_MAX) {
            all.add(new Problem("capacity", capacity.keySet().toString(), "give at most " + Placement.NAMES_MAX));
        }
        boolean hasPeerMistakes = problems.stream().anyMatch(p -> p.key().startsWith("peer"));
        // With a mistake in a peer line, what follows from the line left out would only confuse.
        if (!hasPeerMistakes && peers.isEmpty()) {
            all.add(new Problem("peer", "(none)", "list every node that votes, this one included"));
        } else if (!hasPeerMistakes && peers.size() == 2) {
            all.add(new Problem(
                    "peer",
                    String.valueOf(peers.stream().map(Peer::node).toList()),
                    "two votes have no majority without each other; add a witness"));
        }
        boolean isNodeTold = all.stream().anyMatch(p -> p.key().equals("node"));
        if (node != null && !isNodeTold && !named.isEmpty() && !named.contains(node)) {
            all.add(new Problem("node", node, "is not among the peers; add a peer line for it"));
        }
        if (administration && stateDirectory != null) {
            checkSocket(all, stateDirectory.resolve(NodeConfig.ADMINISTRATION_SOCKET));
        }
        if (!all.isEmpty()) {
            throw new ConfigurationException(all);
        }
        return new NodeConfig(
                present(cluster),
                NodeId.of(present(node)),
                peers,
                present(stateDirectory),
                present(security),
                Optional.ofNullable(timing).orElseGet(Timing::standard),
                mayForm,
                guardian,
                processPolicy,
                enforcers,
                jmx,
                administration,
                Optional.ofNullable(threads).orElse(NodeConfig.PLAIN_THREADS),
                capacity,
                List.copyOf(policies.values()));
    }

    /**
     * Starts the node. Returns when it is listening and has read its state; it joins the cluster in the background.
     *
     * @throws ConfigurationException naming every mistake in the configuration
     * @throws org.understudy.ha.api.HaException if something on this host prevents it (port in use, damaged state, wrong keys);
     *     nothing is left open or running then
     */
    public HaNode start() {
        NodeConfig config = validate();
        ClassLoader own = HaNodeProvider.class.getClassLoader();
        HaNodeProvider provider = ServiceLoader.load(HaNodeProvider.class)
                .findFirst()
                .or(() -> ServiceLoader.load(HaNodeProvider.class, own).findFirst())
                .orElseThrow(
                        () -> new LifecycleException(
                                "no implementation of HaNode was found: add the artifact org.understudy:ha-membership to the class path"));
        return provider.start(config);
    }

    private HaNodeBuilder add(String name, String address, boolean witness) {
        named.add(String.valueOf(name));
        boolean isNameGood = checkName("peer", name);
        if (peers.stream().anyMatch(p -> p.node().value().equals(name))) {
            problem("peer", name, "is listed twice; node names are unique");
            return this;
        }
        InetSocketAddress socketAddress = parse(name, address);
        if (isNameGood && socketAddress != null) {
            peers.add(new Peer(NodeId.of(name), List.of(socketAddress), witness));
        }
        return this;
    }

    private @Nullable InetSocketAddress parse(String name, String address) {
        String key = "peer " + name;
        int colon = address == null ? -1 : address.lastIndexOf(':');
        if (colon < 1) {
            problem(key, address, "write it as host:port, for example 10.1.0.1:7400");
            return null;
        }
        int port;
        try {
            port = Integer.parseInt(address.substring(colon + 1));
        } catch (NumberFormatException e) {
            port = -1;
        }
        if (port < 1 || port > 65535) {
            problem(key, address, "the port must be a number from 1 to 65535");
            return null;
        }
        InetSocketAddress parsed = new InetSocketAddress(address.substring(0, colon), port);
        if (parsed.isUnresolved()) {
            problem(key, address, "the host cannot be resolved here; write a literal address");
            return null;
        }
        if (peers.stream().anyMatch(p -> p.links().contains(parsed))) {
            problem(key, address, "is the address of another peer as well; each node needs its own");
            return null;
        }
        return parsed;
    }

    private boolean checkName(String key, String name) {
        try {
            NodeId.of(name);
            return true;
        } catch (ConfigurationException e) {
            problem(key, name, e.problems().get(0).remedy());
            return false;
        }
    }

    private void once(String key, @Nullable Object present, @Nullable Object value) {
        if (present != null) {
            problem(key, value, "was set before, to " + present + "; set it once");
        }
    }

    private void problem(String key, @Nullable Object value, String remedy) {
        problems.add(new Problem(key, String.valueOf(value), remedy));
    }

    private static void require(List<Problem> all, String key, @Nullable Object value, String remedy) {
        if (value == null && all.stream().noneMatch(p -> p.key().equals(key))) {
            all.add(new Problem(key, "(not set)", remedy));
        }
    }

    private static void checkSocket(List<Problem> all, Path socket) {
        int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > SOCKET_PATH_MAX) {
            all.add(new Problem(
                    "administration",
                    String.valueOf(socket),
                    "is a path of " + bytes + " bytes, and a Unix socket may have " + SOCKET_PATH_MAX
                            + "; choose a shorter state directory, or leave administration() out"));
        }
    }

    private static <T> T present(@Nullable T value) {
        return Optional.ofNullable(value).orElseThrow();
    }
}
