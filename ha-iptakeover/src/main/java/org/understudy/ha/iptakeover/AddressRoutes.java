package org.understudy.ha.iptakeover;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.linux.LinuxRouteTable;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.RouteTable;

/**
 * The routes and rules of one stay: they come after its addresses and go before them. Without any nothing is opened.
 *
 * <p><b>Concurrency.</b> {@link #add} by the starting thread, then {@link #ensure} by the keeper, {@link #remove} by any.
 */
final class AddressRoutes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AddressRoutes.class);

    /** What the user chose. */
    record Wanted(List<RouteTable.Route> routes, List<RouteTable.Rule> rules) {
        static final Wanted NOTHING = new Wanted(List.of(), List.of());

        boolean isNothing() {
            return routes.isEmpty() && rules.isEmpty();
        }

        /**
         * The routes that the kernel will refuse because nothing leads to their gateway over the interface, and why.
         *
         * @param networks of the interface
         */
        Map<String, String> unreachable(List<AddressTable.Network> networks, String interfaceName) {
            Map<String, String> wrong = new LinkedHashMap<>();
            for (RouteTable.Route route : routes) {
                Optional<IpAddress> gateway = route.gateway();
                boolean isReached = gateway.isEmpty()
                        || gateway.get() instanceof Ipv6Address six && six.isLinkLocal()
                        || networks.stream().anyMatch(network -> network.holds(gateway.get()))
                        || routes.stream()
                                .anyMatch(other -> other.gateway().isEmpty()
                                        && new AddressTable.Network(other.destination(), other.prefixLength())
                                                .holds(gateway.get()));
                if (!isReached) {
                    wrong.put(
                            route.toString(),
                            "has a gateway in no network of " + interfaceName + " ("
                                    + networks.stream()
                                            .map(AddressTable.Network::toString)
                                            .limit(StandingAddresses.NETWORKS_NAMED_MAX)
                                            .collect(Collectors.joining(", "))
                                    + "): give a router of"
                                    + " one of them, or first a route to the network that the router is in");
                }
            }
            return wrong;
        }
    }

    private final AddressSet addresses;
    private final int interfaceIndex;
    private final Wanted wanted;
    private final RouteTable table;
    private volatile boolean isTried;
    private volatile String problem = "";

    AddressRoutes(AddressSet addresses, int interfaceIndex, Wanted wanted, RouteTable table) {
        this.addresses = addresses;
        this.interfaceIndex = interfaceIndex;
        this.wanted = wanted;
        this.table = table;
    }

    static AddressRoutes of(AddressSet addresses, int interfaceIndex, Wanted wanted) {
        return new AddressRoutes(
                addresses, interfaceIndex, wanted, wanted.isNothing() ? new NoTable() : new LinuxRouteTable());
    }

    /** Where there is nothing to do. */
    private static final class NoTable implements RouteTable {
        @Override
        public int ensure(int interfaceIndex, List<Route> routes, List<Rule> rules) {
            return 0;
        }

        @Override
        public int removeAll(Predicate<IpAddress> source, Collection<Route> routes) {
            return 0;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /**
     * Puts them up, after what an earlier process of ours left was taken away.
     *
     * @throws PlatformException if one of them is refused; some may stand then, until {@link #remove}
     */
    void add() {
        isTried = true;
        clear();
        table.ensure(interfaceIndex, wanted.routes(), wanted.rules());
    }

    /** Puts back what is missing, as everything over an interface is that was switched off. */
    void ensure() {
        try {
            int added = table.ensure(interfaceIndex, wanted.routes(), wanted.rules());
            if (added > 0) {
                LOG.info("{}: put back {} of its routes and rules", addresses, added);
            }
            problem = "";
        } catch (PlatformException e) {
            if (!e.getMessage().equals(problem)) {
                LOG.warn("{}: {}", addresses, e.getMessage());
            }
            problem = e.getMessage();
        }
    }

    /** What is wrong with them; empty if nothing is. */
    String problem() {
        return problem;
    }

    /**
     * @throws PlatformException if one of them may still stand
     */
    void remove() {
        if (isTried) {
            clear();
        }
    }

    /**
     * The same when the addresses are gone: who has them next may, whatever is left here, so this is no reason not to be stopped.
     *
     * @return what may be left, and how to find it; empty if nothing is
     */
    String removeOrTell() {
        return isTried ? clearOrTell() : "";
    }

    /** {@link #removeOrTell()}, whoever of us added them. */
    String clearOrTell() {
        try {
            clear();
            return "";
        } catch (PlatformException e) {
            return addresses + " is gone, but a route or rule that goes with it may be left on this host: "
                    + e.getMessage() + "; `ip route show table all proto " + AddressTable.PROTO
                    + "`, the same with -6, and `ip rule` show it, and the next start or stop here tries again";
        }
    }

    /**
     * Takes them away, whoever of us added them.
     *
     * @throws PlatformException if one of them may still stand
     */
    void clear() {
        table.removeAll(addresses::contains, wanted.routes());
    }

    @Override
    public void close() {
        table.close();
    }
}
