package org.understudy.ha.testkit.netns;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.LifecycleException;

/**
 * A network of hosts on one kernel.
 *
 * <pre>
 *            side A                 side B
 *   LAN      bridge lanA --trunk-- bridge lanB      10.77.0.0/24, fd77::/64
 *   private  bridge haA  --trunk-- bridge haB       10.88.0.0/24
 *               |   |                 |   |
 *            lan0   ha0            lan0   ha0
 *             host serv1            host serv2      one network namespace each
 * </pre>
 *
 * <p>Host number n (from 1, in order of declaration) is 10.77.0.n and fd77::n on the LAN and 10.88.0.n on the private network. The bridges
 * live in a namespace of their own, {@code switch}: pulling a cable means taking the port down there, so that the host's
 * card loses its carrier as it would in the real world.
 *
 * <p>Needs a process started by {@link Namespaces#run}; one laboratory at a time. Not thread-safe, except that the processes of
 * hosts may be used from any thread.
 */
public final class Lab implements AutoCloseable {
    static final String SWITCH = "switch";
    /** The IPv6 network of the LAN, without its length of 64. */
    static final String LAN6 = "fd77::";

    private final Map<String, Host> hosts;
    private final Optional<Forwarder> forwarder;
    private boolean isClosed;

    private Lab(Map<String, Host> hosts, Optional<Forwarder> forwarder) {
        this.hosts = hosts;
        this.forwarder = forwarder;
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * A host by its name.
     *
     * @throws ConfigurationException if there is none
     */
    public Host host(String name) {
        Host host = hosts.get(name);
        if (host == null) {
            throw new ConfigurationException("host", name, "is not in this laboratory; it has " + hosts.keySet());
        }
        return host;
    }

    /** Every host in order of declaration. */
    public Collection<Host> hosts() {
        return List.copyOf(hosts.values());
    }

    /**
     * The private network, if it was declared {@link Builder#forwarded}.
     *
     * @throws LifecycleException if it is a bridge
     */
    public Forwarder forwarder() {
        return forwarder.orElseThrow(
                () -> new LifecycleException("the private network is a bridge: declare the laboratory forwarded()"));
    }

    /** Cuts both trunks at once: side A and side B no longer reach each other on any network; every card keeps its carrier. */
    public void split() {
        Shell.script(trunks("down"));
    }

    /** Joins the two sides again. */
    public void heal() {
        Shell.script(trunks("up"));
    }

    /** Ends every process of every host and removes the network. Idempotent. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        forwarder.ifPresent(Forwarder::close);
        for (Host host : hosts.values()) {
            host.endProcesses();
        }
        StringBuilder script = new StringBuilder();
        for (Host host : hosts.values()) {
            script.append("ip netns del ").append(host.name()).append('\n');
        }
        Shell.script(script + "ip netns del " + SWITCH);
    }

    private static String trunks(String state) {
        return "ip -n " + SWITCH + " -batch - <<'END'\nlink set lanAB " + state + "\nlink set haAB " + state + "\nEND";
    }

    /** Declares the hosts; {@link #build()} creates them. */
    public static final class Builder {
        private final List<Host.Plan> plans = new ArrayList<>();
        private OptionalLong forwarderSeed = OptionalLong.empty();

        private Builder() {}

        /** A host with a LAN card and a private card. */
        public Builder host(String name, Side side) {
            plans.add(new Host.Plan(name, side, plans.size() + 1, true));
            return this;
        }

        /** A host with a LAN card only. */
        public Builder client(String name, Side side) {
            plans.add(new Host.Plan(name, side, plans.size() + 1, false));
            return this;
        }

        /**
         * Makes the private network a {@link Forwarder} instead of two bridges. Declare the hosts with a private card before
         * the clients. Such a host is not switched off and on again: the forwarder would lose its port; {@link Lab#split}
         * cuts the LAN only.
         *
         * @param seed of what is lost, delayed and doubled
         */
        public Builder forwarded(long seed) {
            forwarderSeed = OptionalLong.of(seed);
            return this;
        }

        /**
         * Builds the network. Takes some hundred milliseconds.
         *
         * @throws LifecycleException outside private namespaces
         * @throws ConfigurationException for a bad or doubled name
         * @throws org.understudy.ha.api.PlatformException if the kernel refuses something
         */
        public Lab build() {
            if (!Namespaces.isInside()) {
                throw new LifecycleException(
                        "a laboratory is only built inside private namespaces: start this program through Namespaces.run");
            }
            Map<String, Host> hosts = new LinkedHashMap<>();
            for (Host.Plan plan : plans) {
                if (!plan.name().matches("[a-z][a-z0-9-]{0,31}") || plan.name().equals(SWITCH)) {
                    throw new ConfigurationException(
                            "host",
                            plan.name(),
                            "use 1 to 32 lower-case letters, digits and hyphens, and not 'switch'");
                }
                if (plan.number() > 99) {
                    throw new ConfigurationException("host", plan.name(), "a laboratory has at most 99 hosts");
                }
                if (hosts.put(plan.name(), new Host(plan, forwarderSeed.isPresent())) != null) {
                    throw new ConfigurationException("host", plan.name(), "is declared twice");
                }
            }
            StringBuilder script =
                    new StringBuilder("ip netns add " + SWITCH + "\nip -n " + SWITCH + " -batch - <<'END'\n");
            for (String net : List.of("lan", "ha")) {
                for (Side side : Side.values()) {
                    script.append("link add ").append(net).append(side).append(" type bridge forward_delay 0\n");
                    script.append("link set ").append(net).append(side).append(" up\n");
                }
                script.append("link add ")
                        .append(net)
                        .append("AB type veth peer name ")
                        .append(net)
                        .append("BA\n");
                script.append("link set ")
                        .append(net)
                        .append("AB master ")
                        .append(net)
                        .append("A up\n");
                script.append("link set ")
                        .append(net)
                        .append("BA master ")
                        .append(net)
                        .append("B up\n");
            }
            Shell.script(script + "END");
            for (Host host : hosts.values()) {
                host.create();
            }
            Optional<Forwarder> forwarder = Optional.empty();
            if (forwarderSeed.isPresent()) {
                int ports = (int)
                        plans.stream().filter(Host.Plan::isOnPrivateNetwork).count();
                forwarder = Optional.of(Forwarder.start(forwarderSeed.getAsLong(), ports));
            }
            return new Lab(hosts, forwarder);
        }
    }
}
