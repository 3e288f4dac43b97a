package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressTable.Network;
import org.understudy.ha.iptakeover.spi.RouteTable;

class AddressRoutesTest {
    private static final IpAddress FOUR = ip("192.0.2.50");
    private static final IpAddress SIX = ip("2001:db8::50");
    private static final List<Network> NETWORKS =
            List.of(new Network(ip("192.0.2.2"), 24), new Network(ip("2001:db8::2"), 64));

    @Test
    void a_route_that_the_kernel_keeps_is_told_and_does_not_keep_the_address_from_being_stopped() {
        AddressRoutes routes = routes(FloatingRoute.to("default").via("192.0.2.1"));
        assertThat(routes.removeOrTell()).as("never added").isEmpty();
        routes.add();
        stubborn = true;
        assertThat(routes.removeOrTell())
                .startsWith("192.0.2.50 and 1 more is gone, but a route or rule")
                .contains("EBUSY", "`ip rule`", "proto 213");
        stubborn = false;
        assertThat(routes.removeOrTell()).isEmpty();
    }

    @Test
    void a_gateway_must_be_in_a_network_of_the_interface() {
        assertThat(unreachable(
                        FloatingRoute.to("default").via("192.0.2.1"),
                        FloatingRoute.to("default").via("2001:db8::1"),
                        FloatingRoute.to("2001:db8:7::/48").via("fe80::1"),
                        FloatingRoute.to("198.51.100.0/24")))
                .isEmpty();
        assertThat(unreachable(FloatingRoute.to("default").via("198.51.100.1")))
                .singleElement()
                .asString()
                .contains("no network of eth0 (192.0.2.2/24, 2001:db8::2/64)");
        assertThat(unreachable(
                        FloatingRoute.to("198.51.100.0/24"),
                        FloatingRoute.to("default").via("198.51.100.1")))
                .as("another of the routes leads there")
                .isEmpty();
    }

    private boolean stubborn;

    private static List<String> unreachable(FloatingRoute... wanted) {
        return List.copyOf(wanted(wanted).unreachable(NETWORKS, "eth0").values());
    }

    private static AddressRoutes.Wanted wanted(FloatingRoute... wanted) {
        List<Problem> problems = new ArrayList<>();
        List<RouteTable.Route> resolved = new ArrayList<>();
        for (FloatingRoute route : wanted) {
            route.resolve(List.of(FOUR, SIX), problems).ifPresent(resolved::add);
        }
        assertThat(problems).isEmpty();
        return new AddressRoutes.Wanted(resolved, List.of());
    }

    private AddressRoutes routes(FloatingRoute route) {
        return new AddressRoutes(new AddressSet(List.of(FOUR, SIX)), 3, wanted(route), new RouteTable() {
            @Override
            public int ensure(int interfaceIndex, List<Route> routes, List<Rule> rules) {
                return routes.size();
            }

            @Override
            public int removeAll(Predicate<IpAddress> source, Collection<Route> routes) {
                if (stubborn) {
                    throw new PlatformException("RTM_DELROUTE", 16, "RTM_DELROUTE refused: EBUSY");
                }
                return 0;
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        });
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }
}
