package org.understudy.ha.iptakeover;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.RouteTable;

/**
 * A route that exists on a host only while a floating address does, over the same interface and with that address as the source of
 * connections that begin here.
 *
 * <pre>
 * FloatingRoute.to("default").via("192.0.2.1").table(213)
 * FloatingRoute.to("198.51.100.0/24").metric(50)
 * </pre>
 *
 * <p>It is checked when the {@link FloatingAddress} is built. Immutable.
 *
 * @param destination a network in CIDR form, or {@code default}
 * @param gateway empty if the network is on the link
 * @param table its number, 254 is the main one
 * @param metric of several routes to one network the lowest is used; 0 for the kernel's own choice
 * @since 0.1.0
 */
public record FloatingRoute(String destination, Optional<String> gateway, int table, long metric) {
    private static final String DEFAULT = "default";
    private static final int TABLE_LOCAL = 255;
    private static final long METRIC_MAX = 0xffff_ffffL;

    /** On the link, in the main table. */
    public static FloatingRoute to(String destination) {
        return new FloatingRoute(destination, Optional.empty(), RouteTable.MAIN, 0);
    }

    /** The same over a router. */
    public FloatingRoute via(String router) {
        return new FloatingRoute(destination, Optional.of(router), table, metric);
    }

    /** The same in another table; a {@linkplain FloatingAddressBuilder#rule rule} leads there. */
    public FloatingRoute table(int number) {
        return new FloatingRoute(destination, gateway, number, metric);
    }

    /** The same with another metric. */
    public FloatingRoute metric(long value) {
        return new FloatingRoute(destination, gateway, table, value);
    }

    static boolean isTable(int number) {
        return number > 0 && number != TABLE_LOCAL;
    }

    /**
     * As the kernel has it, with the first address of the same version as its source.
     *
     * @param problems receives what is wrong
     * @return empty if something is
     */
    Optional<RouteTable.Route> resolve(List<IpAddress> addresses, List<Problem> problems) {
        int before = problems.size();
        Optional<IpAddress> router = gateway.flatMap(IpAddress::parse);
        if (gateway.isPresent()
                && router.filter(r -> !r.isAny() && !r.isLoopback() && !r.isMulticast())
                        .isEmpty()) {
            problem(
                    problems,
                    "has the gateway " + gateway.get() + ", which is no address of a router: give one without a"
                            + " prefix length");
        }
        if (!isTable(table)) {
            problem(problems, "has the table " + table + ": give a positive number other than " + TABLE_LOCAL);
        }
        if (metric < 0 || metric > METRIC_MAX) {
            problem(problems, "has the metric " + metric + ": give 0 to " + METRIC_MAX);
        }
        int slash = destination.indexOf('/');
        Optional<IpAddress> network = destination.equals(DEFAULT)
                ? Optional.of(isV6(router, addresses) ? Ipv6Address.ANY : Ipv4Address.ANY)
                : IpAddress.parse(slash < 0 ? "" : destination.substring(0, slash));
        int length = destination.equals(DEFAULT) ? 0 : length(destination.substring(slash + 1));
        if (network.isEmpty() || length < 0 || length > network.get().length() || !isNetwork(network.get(), length)) {
            problem(
                    problems,
                    "leads to no network: write default, or a network with zeros behind its prefix, for example"
                            + " 198.51.100.0/24");
            return Optional.empty();
        }
        boolean isV6 = network.get().isV6();
        if (router.isPresent() && router.get().isV6() != isV6) {
            problem(problems, "has a gateway of the other IP version: give one of the same");
        }
        Optional<IpAddress> source =
                addresses.stream().filter(a -> a.isV6() == isV6).findFirst();
        if (source.isEmpty()) {
            problem(problems, "has no floating address of its IP version to be its source: leave it out, or add one");
        }
        return problems.size() > before
                ? Optional.empty()
                : source.map(own -> new RouteTable.Route(network.get(), length, router, own, table, metric));
    }

    /** Which version a default route without a gateway has: that of the first address. */
    private static boolean isV6(Optional<IpAddress> router, List<IpAddress> addresses) {
        return router.map(IpAddress::isV6)
                .orElse(!addresses.isEmpty() && addresses.get(0).isV6());
    }

    private static int length(String text) {
        return text.length() <= 3 && !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')
                ? Integer.parseInt(text)
                : -1;
    }

    private static boolean isNetwork(IpAddress address, int length) {
        byte[] bytes = address.toBytes();
        for (int bit = length; bit < address.length(); bit++) {
            if ((bytes[bit / Byte.SIZE] >> Byte.SIZE - 1 - bit % Byte.SIZE & 1) != 0) {
                return false;
            }
        }
        return true;
    }

    private void problem(List<Problem> problems, String wrong) {
        problems.add(new Problem("route", toString(), wrong));
    }

    @Override
    public String toString() {
        return destination
                + gateway.map(via -> " via " + via).orElse("")
                + (table == RouteTable.MAIN ? "" : " table " + table)
                + (metric == 0 ? "" : " metric " + metric);
    }
}
