package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.opentest4j.TestAbortedException;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.Lab;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;

/** What happens in the namespaces; each method is one scenario, run by {@link MovesAlongNetnsIT} in a JVM of its own. */
final class MovesAlongScenarios implements AutoCloseable {
    private static final String BOTH = "use 192.0.2.50,2001:db8::50 lan0";
    private static final String ROUTES = " route=default,via=192.0.2.1,table=1213 route=198.51.100.0/24,metric=50"
            + " route=default,via=2001:db8::1,table=213 route=2001:db8:7::/64 rule=213";

    private final Segment segment = new Segment();
    private final Asker asker = new Asker();

    private MovesAlongScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (MovesAlongScenarios scenarios = new MovesAlongScenarios()) {
            MovesAlongScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
        } catch (InvocationTargetException e) {
            Lab.fail(e.getCause());
        }
    }

    @Override
    public void close() {
        asker.close();
        segment.close();
    }

    void routes_and_rules_come_after_the_addresses_and_go_before_them() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertAllThere(a);
        assertThat(a.inside("ip", "route", "get", "2001:db8:99::9", "from", "2001:db8::50"))
                .as("answers leave by the router of the table that the rule leads to")
                .contains("via 2001:db8::1");
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertNoneThere(a);
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertAllThere(a);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertNoneThere(a);
    }

    void a_route_of_somebody_else_is_refused_and_stays_and_nothing_else_does() {
        LabHost a = segment.host(2);
        a.inside("ip", "route", "add", "198.51.100.0/24", "dev", "lan0", "metric", "50");
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711"))
                .startsWith("refused HARD")
                .contains("route 198.51.100.0/24 src 192.0.2.50 metric 50 cannot be added: there is one like it already"
                        + " that this library did not make");
        assertThat(a.inside("ip", "route", "show", "dev", "lan0")).contains("198.51.100.0/24 scope link metric 50");
        assertThat(a.inside("ip", "addr", "show")).doesNotContain("192.0.2.50").doesNotContain("2001:db8::50");
        assertThat(ours(a)).isEmpty();
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        a.inside("ip", "route", "del", "198.51.100.0/24", "dev", "lan0", "metric", "50");
        a.inside("ip", "rule", "add", "from", "192.0.2.50", "lookup", "213", "priority", "2130");
        assertThat(jvm.ask("start RELEASED 4712"))
                .contains(
                        "rule from 192.0.2.50 lookup 213 priority 2130 cannot be added: there is one like it already");
        assertThat(ours(a)).isEmpty();
        assertThat(a.inside("ip", "rule")).contains("from 192.0.2.50 lookup 213");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(a.inside("ip", "rule")).contains("from 192.0.2.50 lookup 213");
    }

    void what_goes_with_an_address_or_a_card_comes_back_with_it() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        for (String one : new String[] {"192.0.2.50/32", "2001:db8::50/128"}) {
            a.inside("ip", "addr", "del", one, "dev", "lan0");
            until("all are back", () -> isAllThere(a));
        }
        a.inside("ip", "link", "set", "lan0", "down");
        until("seen", () -> jvm.ask("monitor").equals("FAILED HARD interface lan0 is down"));
        a.inside("ip", "link", "set", "lan0", "up");
        a.inside("ip", "addr", "replace", "2001:db8::2/64", "dev", "lan0", "nodad");
        until("all are back", () -> isAllThere(a));
        a.inside("ip", "rule", "del", "from", "192.0.2.50", "lookup", "213");
        until("somebody's removal is found", () -> isAllThere(a));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertNoneThere(a);
    }

    void last_rites_remove_what_goes_with_dead_addresses_and_nothing_else() {
        LabHost a = segment.host(2);
        a.inside("ip", "route", "add", "198.18.0.0/24", "dev", "lan0", "src", "192.0.2.2", "proto", "213");
        a.inside("ip", "rule", "add", "from", "192.0.2.50", "lookup", "777");
        LabJvm other = a.jvm();
        assertThat(other.ask("use 192.0.2.60 lan0 rule=99")).isEqualTo("ok");
        assertThat(other.ask("start NEVER 4712")).isEqualTo("ok");
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(other.ask("warm-up")).isEqualTo("ok");
        jvm.signal("KILL");
        jvm.awaitEnd();
        assertThat(other.ask("rites 4711 address/192.0.2.50;address/2001:db8::50"))
                .contains("claim=address/192.0.2.50, result=REMOVED")
                .contains("claim=address/2001:db8::50, result=REMOVED");
        assertThat(ours(a).lines().toList())
                .as("of others")
                .hasSize(2)
                .anyMatch(line -> line.contains("198.18.0.0/24"))
                .anyMatch(line -> line.contains("from 192.0.2.60 lookup 99"));
        assertThat(a.inside("ip", "rule")).contains("from 192.0.2.50 lookup 777");
        assertThat(other.ask("stop")).isEqualTo("ok");
        assertThat(ours(a).lines().toList()).hasSize(1);
    }

    void what_a_dead_process_left_is_replaced_by_the_next_start() {
        LabHost a = segment.host(2);
        LabJvm dead = a.jvm();
        assertThat(dead.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(dead.ask("start NEVER 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = a.jvm();
        assertThat(next.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(next.ask("start SUPERSEDED 4712")).isEqualTo("ok");
        assertAllThere(a);
        next.signal("KILL");
        next.awaitEnd();
        until(
                "the kernel takes the addresses away",
                () -> !a.inside("ip", "addr").contains("192.0.2.50")
                        && !a.inside("ip", "addr").contains("2001:db8::50"));
        LabJvm last = a.jvm();
        assertThat(last.ask(BOTH + ROUTES)).isEqualTo("ok");
        assertThat(last.ask("start SUPERSEDED 4713")).isEqualTo("ok");
        assertAllThere(a);
        assertThat(last.ask("stop")).isEqualTo("ok");
        assertNoneThere(a);
    }

    void the_label_is_shown_and_kept() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask(BOTH + " label=lan0:vip")).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "-o", "addr", "show", "dev", "lan0", "label", "lan0:vip"))
                .contains("192.0.2.50/32");
        a.inside("ip", "addr", "del", "192.0.2.50/32", "dev", "lan0");
        until(
                "it is back with its label",
                () -> a.inside("ip", "-o", "-4", "addr", "show", "label", "lan0:vip")
                        .contains("192.0.2.50/32"));
        assertThat(asker.whoHas("2001:db8::50", 500)).contains(a.mac());
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(a.inside("ip", "addr")).doesNotContain("lan0:vip");
    }

    void the_kernel_never_chooses_it_as_the_source_of_a_connection() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("use 192.0.2.50,2001:db8::50,2001:db8::1:50 lan0")).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "route", "get", "192.0.2.1")).contains("src 192.0.2.2");
        assertThat(a.inside("ip", "route", "get", "192.0.2.49")).contains("src 192.0.2.2");
        assertThat(a.inside("ip", "route", "get", "2001:db8::1")).contains("src 2001:db8::2");
        assertThat(a.inside("ip", "route", "get", "2001:db8::1:51"))
                .as("though another shares more of its prefix")
                .contains("src 2001:db8::2");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_vlan_on_the_card_carries_addresses() {
        LabHost a = segment.host(2);
        if (!hasVlans()) {
            throw new TestAbortedException("NOT SHOWN: this kernel has no VLANs (CONFIG_VLAN_8021Q)");
        }
        Segment.run("ip", "addr", "add", "10.7.0.1/24", "dev", "br0.7");
        Segment.run("ip", "addr", "add", "2001:db8:7::1/64", "dev", "br0.7", "nodad");
        Segment.run("ip", "link", "set", "br0.7", "up");
        a.inside("ip", "link", "add", "link", "lan0", "name", "lan0.7", "type", "vlan", "id", "7");
        a.inside("ip", "addr", "add", "10.7.0.2/24", "dev", "lan0.7");
        a.inside("ip", "addr", "add", "2001:db8:7::2/64", "dev", "lan0.7", "nodad");
        a.inside("ip", "link", "set", "lan0.7", "up");
        carries(a, "lan0.7", "10.7.0.50", "2001:db8:7::50");
    }

    private static boolean hasVlans() {
        try {
            Segment.run("ip", "link", "add", "link", "br0", "name", "br0.7", "type", "vlan", "id", "7");
            return true;
        } catch (AssertionError e) {
            if (e.getMessage().contains("Unknown device type")) {
                return false;
            }
            throw e;
        }
    }

    void a_bridge_over_the_card_carries_addresses() {
        LabHost b = segment.host(3);
        b.inside("ip", "link", "add", "bridge0", "type", "bridge", "forward_delay", "0");
        b.inside("ip", "addr", "flush", "dev", "lan0");
        b.inside("ip", "link", "set", "lan0", "master", "bridge0");
        b.inside("ip", "addr", "add", "192.0.2.3/24", "dev", "bridge0");
        b.inside("ip", "addr", "add", "2001:db8::3/64", "dev", "bridge0", "nodad");
        b.inside("ip", "link", "set", "bridge0", "up");
        until("the bridge forwards", () -> answersTcp("192.0.2.3"));
        carries(b, "bridge0", "192.0.2.51", "2001:db8::51");
    }

    private void carries(LabHost host, String card, String four, String six) {
        LabJvm jvm = host.jvm();
        assertThat(jvm.ask("use " + four + "," + six + " " + card)).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        until("it answers", () -> answersTcp(four) && answersTcp(six));
        until(
                "the neighbours know",
                () -> Segment.run("ip", "neigh", "show", four).contains(host.mac(card)));
        host.inside("ip", "addr", "del", four + "/32", "dev", card);
        until("it is back", () -> host.inside("ip", "addr").contains(four + "/32"));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        long stopped = System.nanoTime();
        jvm.signal("STOP");
        host.inside("ip", "addr", "change", four + "/32", "dev", card);
        host.inside("ip", "addr", "change", six + "/128", "dev", card);
        until("its gate shuts by itself", () -> !answersTcp(four) && !answersTcp(six));
        // A shorter pause is none: the gate is opened again.
        until("its lease is over as well", () -> System.nanoTime() - stopped > 1_500_000_000L);
        jvm.signal("CONT");
        until("it is over", () -> jvm.ask("monitor").startsWith("FAILED"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        Segment.run("ip", "link", "set", host.port(), "down");
        until(
                "a pulled cable is seen",
                () -> jvm.ask("monitor").startsWith("FAILED HARD carrier of " + card + " is gone"));
        Segment.run("ip", "link", "set", host.port(), "up");
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        until("it answers", () -> answersTcp(four) && answersTcp(six));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    /** Every route and rule of this library, one a line. */
    private static String ours(LabHost host) {
        String routes = host.inside("ip", "route", "show", "table", "all", "proto", "213");
        String rules = Arrays.stream((host.inside("ip", "rule") + host.inside("ip", "-6", "rule")).split("\n"))
                .filter(line -> line.contains("proto 213"))
                .map(line -> line + "\n")
                .collect(Collectors.joining());
        return routes + rules;
    }

    private static boolean isAllThere(LabHost host) {
        String all = ours(host);
        return all.lines().count() == 6
                && all.contains("default via 192.0.2.1 dev lan0 table 1213 src 192.0.2.50")
                && all.contains("198.51.100.0/24 dev lan0 scope link src 192.0.2.50 metric 50")
                && all.contains("default via 2001:db8::1 dev lan0 table 213 src 2001:db8::50 metric 1024")
                && all.contains("2001:db8:7::/64 dev lan0 src 2001:db8::50 metric 1024")
                && all.contains("2130:\tfrom 192.0.2.50 lookup 213")
                && all.contains("2130:\tfrom 2001:db8::50 lookup 213");
    }

    private static void assertAllThere(LabHost host) {
        assertThat(isAllThere(host)).as(ours(host)).isTrue();
    }

    private static void assertNoneThere(LabHost host) {
        assertThat(ours(host)).isEmpty();
    }

    /** Whether a TCP packet to a closed port is answered. */
    private static boolean answersTcp(String address) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, 9), 300);
            return true;
        } catch (ConnectException e) {
            return e.getMessage().contains("refused");
        } catch (IOException e) {
            return false;
        }
    }

    private static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 15_000_000_000L) {
                throw new AssertionError("not within 15 s: " + what);
            }
        }
    }
}
