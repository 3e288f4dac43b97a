package org.understudy.ha.iptakeover.linux;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.jna.Libc;
import org.understudy.ha.iptakeover.netlink.NetlinkAck;
import org.understudy.ha.iptakeover.netlink.NetlinkMessage;
import org.understudy.ha.iptakeover.netlink.RouteMessage;
import org.understudy.ha.iptakeover.netlink.RuleMessage;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.RouteTable;

/** Routes and rules over rtnetlink (rtnetlink(7)). */
public final class LinuxRouteTable implements RouteTable {
    private static final int PROTO = AddressTable.PROTO;
    private static final List<Integer> FAMILIES = List.of(RouteMessage.FAMILY_IPV4, RouteMessage.FAMILY_IPV6);
    /** What the kernel makes of 0 in version 6, {@code IP6_RT_PRIO_USER}. */
    private static final long METRIC_V6 = 1024;

    private static final int NEW = NetlinkMessage.REQUEST | NetlinkMessage.CREATE | NetlinkMessage.EXCLUSIVE;

    private final NetlinkSocket socket;

    /**
     * @throws PlatformException if no netlink socket can be opened
     */
    public LinuxRouteTable() {
        NetlinkSocket opened = NetlinkSocket.open(NetlinkSocket.ROUTE);
        boolean isGood = false;
        try {
            opened.filterDumps();
            isGood = true;
        } finally {
            if (!isGood) {
                opened.close();
            }
        }
        socket = opened;
    }

    @Override
    public int ensure(int interfaceIndex, List<Route> routes, List<Rule> rules) {
        int added = 0;
        List<RouteMessage> ours = routes.isEmpty() ? List.of() : ourRoutes();
        for (Route route : routes) {
            Optional<RouteMessage> like =
                    ours.stream().filter(one -> isLike(one, route)).findFirst();
            if (like.isPresent() && isSame(like.get(), route, interfaceIndex)) {
                continue;
            }
            like.ifPresent(this::remove);
            add(
                    RouteMessage.unicast(
                                    route.destination(),
                                    route.prefixLength(),
                                    route.gateway(),
                                    interfaceIndex,
                                    Optional.of(route.source()),
                                    route.table(),
                                    route.metric(),
                                    PROTO)
                            .toMessage(RouteMessage.NEW, NEW),
                    "RTM_NEWROUTE",
                    "route " + route);
            added++;
        }
        List<RuleMessage> present = rules.isEmpty() ? List.of() : rules();
        for (Rule rule : rules) {
            List<RuleMessage> same =
                    present.stream().filter(one -> isSame(one, rule)).toList();
            // The kernel lets two stand beside one another that differ in nothing but who made them.
            if (same.stream().anyMatch(one -> one.proto() != PROTO)) {
                throw taken("RTM_NEWRULE", "rule " + rule);
            }
            if (same.isEmpty()) {
                add(
                        RuleMessage.from(rule.source(), rule.table(), rule.priority(), PROTO)
                                .toMessage(RuleMessage.NEW, NEW),
                        "RTM_NEWRULE",
                        "rule " + rule);
                added++;
            }
        }
        return added;
    }

    private void add(NetlinkMessage request, String call, String object) {
        NetlinkAck ack = socket.change(request);
        if (ack.errno() == Libc.EEXIST) {
            throw taken(call, object);
        }
        if (!ack.isDone()) {
            throw NetlinkSocket.refused(call, ack, object);
        }
    }

    private static PlatformException taken(String call, String object) {
        return new PlatformException(
                call,
                Libc.EEXIST,
                object
                        + " cannot be added: there is one like it already that this library did not make; take that"
                        + " away, or give another table, metric or priority");
    }

    /** What the kernel does not let stand beside one another. */
    private static boolean isLike(RouteMessage one, Route route) {
        return one.family() == (route.destination().isV6() ? RouteMessage.FAMILY_IPV6 : RouteMessage.FAMILY_IPV4)
                && one.destinationLength() == route.prefixLength()
                && one.destination().equals(Optional.of(route.destination()))
                && one.tableNumber() == route.table()
                && one.metric() == metric(route);
    }

    private static long metric(Route route) {
        return route.metric() == 0 && route.destination().isV6() ? METRIC_V6 : route.metric();
    }

    private static boolean isSame(RouteMessage one, Route route, int interfaceIndex) {
        return one.source().equals(Optional.of(route.source()))
                && one.interfaces().equals(List.of(interfaceIndex))
                && one.gateways(interfaceIndex)
                        .equals(route.gateway().map(List::of).orElse(List.of()));
    }

    private static boolean isSame(RuleMessage one, Rule rule) {
        return one.source().equals(Optional.of(rule.source()))
                && one.tableNumber() == rule.table()
                && one.priority() == rule.priority();
    }

    private List<RouteMessage> ourRoutes() {
        List<RouteMessage> found = new ArrayList<>();
        for (int family : FAMILIES) {
            for (NetlinkMessage m : socket.glance(RouteMessage.dumpRequestOf(family, PROTO), "RTM_GETROUTE")) {
                if (m.type() == RouteMessage.NEW) {
                    RouteMessage route = RouteMessage.decode(m.payload());
                    // A kernel without IPv6 answers with what it has.
                    if (route.protocol() == PROTO && route.family() == family) {
                        found.add(route);
                    }
                }
            }
        }
        return found;
    }

    private List<RuleMessage> rules() {
        List<RuleMessage> found = new ArrayList<>();
        for (int family : FAMILIES) {
            try {
                for (NetlinkMessage m : socket.glance(RuleMessage.dumpRequest(family), "RTM_GETRULE")) {
                    if (m.type() == RuleMessage.NEW) {
                        RuleMessage rule = RuleMessage.decode(m.payload());
                        if (rule.family() == family) {
                            found.add(rule);
                        }
                    }
                }
            } catch (PlatformException e) {
                // A kernel without rules for this version has none of ours.
                if (e.errno() != Libc.EOPNOTSUPP && e.errno() != Libc.EAFNOSUPPORT) {
                    throw e;
                }
            }
        }
        return found;
    }

    @Override
    public int removeAll(Predicate<IpAddress> source, Collection<Route> routes) {
        return removeThose(source, route -> routes.stream().anyMatch(one -> isLike(route, one)));
    }

    /** The same, with every IPv6 route of ours whose source the kernel has forgotten because its address is gone. */
    int removeAllAndOrphans(Predicate<IpAddress> source) {
        return removeThose(source, route -> route.family() == RouteMessage.FAMILY_IPV6);
    }

    private int removeThose(Predicate<IpAddress> source, Predicate<RouteMessage> orphan) {
        List<NetlinkMessage> deletions = new ArrayList<>();
        // First, so that nothing is sent into a table that has lost its routes.
        for (RuleMessage rule : rules()) {
            if (rule.proto() == PROTO && rule.source().filter(source).isPresent()) {
                deletions.add(rule.toMessage(RuleMessage.DELETE, NetlinkMessage.REQUEST));
            }
        }
        for (RouteMessage route : ourRoutes()) {
            Optional<IpAddress> own = route.source();
            if (own.isPresent() ? source.test(own.get()) : orphan.test(route)) {
                deletions.add(route.toMessage(RouteMessage.DELETE, NetlinkMessage.REQUEST));
            }
        }
        int removed = 0;
        PlatformException failure = null;
        for (NetlinkMessage deletion : deletions) {
            PlatformException refused = remove(deletion);
            failure = failure == null ? refused : failure;
            removed += refused == null ? 1 : 0;
        }
        if (failure != null) {
            throw failure;
        }
        return removed;
    }

    private void remove(RouteMessage route) {
        PlatformException refused = remove(route.toMessage(RouteMessage.DELETE, NetlinkMessage.REQUEST));
        if (refused != null) {
            throw refused;
        }
    }

    private @Nullable PlatformException remove(NetlinkMessage deletion) {
        NetlinkAck ack = socket.change(deletion);
        boolean isGone = ack.isDone() || ack.errno() == Libc.ESRCH || ack.errno() == Libc.ENOENT;
        return isGone
                ? null
                : NetlinkSocket.refused(
                        deletion.type() == RuleMessage.DELETE ? "RTM_DELRULE" : "RTM_DELROUTE",
                        ack,
                        "one that goes with a floating address");
    }

    @Override
    public void close() {
        socket.close();
    }
}
