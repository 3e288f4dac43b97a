package org.understudy.ha.iptakeover.spi;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * Routes and rules that stand as long as a floating address does. What this library makes carries its protocol number, {@link
 * AddressTable#PROTO}; nothing else is ever changed. Thread-safe; a call takes some ten microseconds for each of them.
 */
public interface RouteTable extends AutoCloseable {
    /** {@code RT_TABLE_MAIN}. */
    int MAIN = 254;

    /**
     * A route over an interface.
     *
     * @param destination of the network; all zero with prefix length 0 for everywhere
     * @param gateway empty if the network is on the link
     * @param source what connections that begin here have as their own address
     * @param metric the lowest is used
     */
    record Route(
            IpAddress destination,
            int prefixLength,
            Optional<IpAddress> gateway,
            IpAddress source,
            int table,
            long metric) {
        @Override
        public String toString() {
            return (prefixLength == 0 ? "default" : destination + "/" + prefixLength)
                    + gateway.map(via -> " via " + via).orElse("") + " src " + source
                    + (table == MAIN ? "" : " table " + table) + (metric == 0 ? "" : " metric " + metric);
        }
    }

    /** What comes from the address looks for its route in the table. */
    record Rule(IpAddress source, int table, int priority) {
        @Override
        public String toString() {
            return "from " + source + " lookup " + table + " priority " + priority;
        }
    }

    /**
     * Makes all of them be there: adds what is missing, and replaces what is ours and not as it should be. {@code ip route add}, {@code ip
     * rule add}. The sources must stand on the interface.
     *
     * @return how many it added
     * @throws PlatformException naming the first that was refused, EEXIST if somebody else has one like it; those before it stand
     */
    int ensure(int interfaceIndex, List<Route> routes, List<Rule> rules);

    /**
     * Removes every route and rule of ours with such a source. {@code ip route del}, {@code ip rule del}.
     *
     * @param routes of ours to be removed too, though the kernel has forgotten their source: it does when an IPv6 address goes
     * @return how many there were
     * @throws PlatformException naming the first that may still be there; the others were tried
     */
    int removeAll(Predicate<IpAddress> source, Collection<Route> routes);

    @Override
    void close();
}
