package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.lab.TcpClient;
import org.understudy.ha.iptakeover.lab.TcpPeer;
import org.understudy.ha.iptakeover.lab.TestStart;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.SolicitedGroups;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;

/** What happens in the namespaces; each method is one scenario, run by {@link DiesWithProcessNetnsIT} in a JVM of its own. */
final class DiesWithProcessScenarios implements AutoCloseable {
    /** T of a one second lease, its lateness, and the time of one question; the lease itself is longer. */
    private static final int MUTE_WITHIN_MILLIS = 960;

    private static final String V4 = "192.0.2.50";
    private static final String V6 = "2001:db8::50";
    private static final List<String> VIPS = List.of(V4, V6);

    private final Segment segment = new Segment();
    private final Asker asker = new Asker();

    private DiesWithProcessScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (DiesWithProcessScenarios scenarios = new DiesWithProcessScenarios()) {
            DiesWithProcessScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            System.exit(1);
        }
    }

    @Override
    public void close() {
        asker.close();
        segment.close();
    }

    void stands_on_a_device_of_the_process_and_moves_with_the_neighbours_entry() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm first = jvm(a);
        LabJvm second = jvm(b);
        assertThat(first.ask("remains")).isEqualTo("[]");
        assertThat(first.ask("enforcements")).contains("KERNEL_OBJECT");
        assertThat(first.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "-d", "addr", "show", "dev", "ust0"))
                .contains("NOARP,UP")
                .doesNotContain("MULTICAST")
                .contains("tun type tun pi off vnet_hdr off persist off")
                .contains("qlen 1")
                .contains("inet 192.0.2.50/32 metric 4711 scope global deprecated dynamic noprefixroute ust0")
                .contains("inet6 2001:db8::50/128 metric 4711 scope global nodad deprecated dynamic noprefixroute")
                .doesNotContain("fe80:");
        assertThat(a.addresses()).doesNotContain(V4).doesNotContain(V6);
        assertThat(a.inside("ip", "-6", "route", "show", "table", "all", "dev", "ust0"))
                .doesNotContain("ff00::/8");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        learn(a.mac());
        assertThat(first.ask("monitor")).startsWith("HEALTHY");
        assertThat(first.ask("threads"))
                .isEqualTo(
                        "[ha-serv1-address-192.0.2.50+1, ha-serv1-addresses, ha-serv1-addresses-looks, ha-serv1-answers-2001:db8::50, ha-serv1-ear-lan0]");
        assertThat(first.ask("stop")).isEqualTo("ok");
        assertNoneStandsOn(a);
        assertThat(asker.whoHas(VIPS, 50)).isEmpty();
        assertThat(second.ask("start RELEASED 4712")).isEqualTo("ok");
        until(
                "the neighbours' entries follow",
                () -> VIPS.stream().allMatch(vip -> neighbour(vip).contains(b.mac())));
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(b.mac()));
        until("the device is gone", () -> devices(a).isEmpty());
        assertThat(second.ask("stop")).isEqualTo("ok");
    }

    void whoever_asks_is_answered_with_the_cards_present_hardware_address() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        a.inside("ip", "link", "set", "lan0", "address", "02:00:00:00:00:77");
        until("it is followed", () -> asker.whoHas(VIPS, 100).equals(all("02:00:00:00:00:77")));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void without_listening_somebody_answers_all_the_same() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        jvm.ask("use " + V6 + " lan0 dying deaf");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(jvm.ask("threads"))
                .isEqualTo(
                        "[ha-serv1-address-2001:db8::50, ha-serv1-addresses, ha-serv1-addresses-looks, ha-serv1-answers-2001:db8::50]");
        assertThat(asker.whoHas(V6, 500)).contains(a.mac());
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas(V6, 100)).isEmpty();
        assertThat(jvm.ask("retire")).isEqualTo("ok");
        until("threads end", () -> jvm.ask("threads").equals("[]"));
    }

    void killed_without_guardian_and_rites_it_is_silent_and_leaves_nothing() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm first = jvm(a);
        LabJvm second = jvm(b);
        assertThat(first.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        learn(a.mac());
        first.signal("KILL");
        first.awaitEnd();
        // The gate is open for some hundred milliseconds more: what is silent now has nothing to answer with.
        assertThat(devices(a)).isEmpty();
        assertNoneStandsOn(a);
        for (String vip : VIPS) {
            assertThat(answersTcp(vip)).as("a packet to the right card").isFalse();
        }
        assertThat(asker.lastAnswerMillis(VIPS, 300)).isEqualTo(-1);
        assertThat(second.ask("start DIED 4712")).isEqualTo("ok");
        until(
                "the neighbours' entries follow",
                () -> VIPS.stream().allMatch(vip -> neighbour(vip).contains(b.mac())));
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(b.mac()));
        // The dead owner's gate is in nobody's way.
        second.ask("stop");
        LabJvm third = jvm(a);
        assertThat(third.ask("probe")).isEqualTo("ABSENT -");
        assertThat(third.ask("start NEVER 4713")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(third.ask("stop")).isEqualTo("ok");
    }

    void kill_to_silence_is_told() {
        LabHost a = segment.host(2);
        int rounds = Integer.getInteger("understudy.kills", 3);
        for (String vip : VIPS) {
            List<Long> silent = new ArrayList<>();
            for (int i = 0; i < rounds; i++) {
                LabJvm jvm = jvm(a);
                assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
                assertThat(asker.whoHas(vip, 500)).contains(a.mac());
                jvm.signal("KILL");
                silent.add(asker.lastAnswerMillis(vip, 250));
                jvm.awaitEnd();
                assertThat(devices(a)).isEmpty();
            }
            Collections.sort(silent);
            System.out.println("last answer for " + vip + " after SIGKILL, ms (-1: none): " + silent);
        }
    }

    void children_that_go_on_do_not_keep_it() throws IOException {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        List<String> children = List.of(jvm.ask("child"), jvm.ask("native-child"));
        try {
            assertThat(Segment.run("ls", "-l", "/proc/" + jvm.pid() + "/fd")).contains("/dev/net/tun");
            jvm.signal("KILL");
            jvm.awaitEnd();
            for (String child : children) {
                assertThat(Files.readString(Path.of("/proc/" + child + "/stat")))
                        .as("it runs")
                        .contains("(sleep) S");
                assertThat(Segment.run("ls", "-l", "/proc/" + child + "/fd")).doesNotContain("/dev/net/tun");
            }
            assertThat(devices(a)).isEmpty();
            assertThat(asker.lastAnswerMillis(VIPS, 300)).isEqualTo(-1);
        } finally {
            children.forEach(child -> Segment.run("kill", "-9", child));
        }
    }

    void a_pause_mutes_it_by_the_gate_and_resume_does_not_resurrect() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        learn(a.mac());
        jvm.signal("STOP");
        long last = asker.lastAnswerMillis(VIPS, 1500);
        System.out.println("answers after SIGSTOP for " + last + " ms");
        assertThat(last).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        assertThat(standing(a)).as("a hung process keeps its device").containsAll(VIPS);
        for (String vip : VIPS) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", a.mac(), "dev", "br0", "nud", "permanent");
            assertThat(answersTcp(vip)).as("a packet to the right card").isFalse();
        }
        jvm.signal("CONT");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isEqualTo(-1);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
        assertNoneStandsOn(a);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        until("the device is gone", () -> devices(a).isEmpty());
    }

    void an_unconfirmed_lease_mutes_while_the_process_runs() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.ask("starve-lease");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
        assertNoneStandsOn(a);
    }

    void a_refresher_that_is_stopped_twice_in_a_row_resurrects_nothing() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        jvm.signal("STOP");
        until("it is mute", () -> asker.whoHas(VIPS, 20).isEmpty());
        jvm.signal("CONT");
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isLessThanOrEqualTo(MUTE_WITHIN_MILLIS);
        jvm.signal("CONT");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isEqualTo(-1);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
        assertNoneStandsOn(a);
    }

    void two_resources_of_a_process_have_a_device_each_and_die_together() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        List<String> four = List.of(V4, V6, "192.0.2.60", "2001:db8::60");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(jvm.ask("also 192.0.2.60,2001:db8::60 lan0 dying")).isEqualTo("ok");
        assertThat(devices(a)).containsExactly("ust0", "ust1");
        assertThat(asker.whoHas(four, 500)).hasSize(4).containsValue(a.mac());
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        until("the first device is gone", () -> devices(a).equals(new TreeSet<>(List.of("ust1"))));
        assertThat(asker.whoHas(four, 300)).containsOnlyKeys("192.0.2.60", "2001:db8::60");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(asker.whoHas(four, 500)).hasSize(4);
        jvm.signal("KILL");
        jvm.awaitEnd();
        assertThat(devices(a)).isEmpty();
        assertThat(asker.lastAnswerMillis(four, 300)).isEqualTo(-1);
    }

    void a_second_process_on_the_host_leaves_the_owner_alone() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        for (String mode : List.of(" dying", "")) {
            LabJvm second = a.jvm();
            second.ask("use " + String.join(",", VIPS) + " lan0" + mode);
            assertThat(second.ask("probe")).startsWith("HERE");
            assertThat(second.ask("start RELEASED 4712"))
                    .startsWith("refused SOFT")
                    .contains(
                            "is held by another resource or process of this host, on a device that dies with its process");
            assertThat(second.ask("stop")).isEqualTo("ok");
        }
        assertThat(devices(a)).containsExactly("ust0");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void what_a_dead_process_left_on_the_card_is_replaced() {
        LabHost a = segment.host(2);
        LabJvm dead = a.jvm();
        dead.ask("use " + String.join(",", VIPS) + " lan0");
        assertThat(dead.ask("start NEVER 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        assertThat(a.addresses()).contains(V4).contains(V6);
        LabJvm next = jvm(a);
        assertThat(next.ask("start SUPERSEDED 4712")).isEqualTo("ok");
        assertThat(a.addresses()).doesNotContain(V4).doesNotContain(V6);
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        next.signal("KILL");
        next.awaitEnd();
        LabJvm last = a.jvm();
        last.ask("use " + String.join(",", VIPS) + " lan0");
        assertThat(last.ask("start SUPERSEDED 4713")).isEqualTo("ok");
        assertThat(a.addresses()).contains(V4).contains(V6);
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(last.ask("stop")).isEqualTo("ok");
    }

    void neighbours_that_ask_this_host_alone_and_address_detection_are_answered() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        for (String vip : VIPS) {
            // Unreachable unless somebody confirms it: the kernel sends three questions to this hardware address.
            Segment.run("ip", "neigh", "replace", vip, "lladdr", a.mac(), "dev", "br0", "nud", "probe");
            until("confirmed " + vip, () -> neighbour(vip).contains("REACHABLE"));
            // As whoever has no entry asks.
            Segment.run("ip", "neigh", "flush", vip, "dev", "br0");
            until("who has no entry is answered", () -> answersTcp(vip));
        }
        b.inside("ip", "addr", "add", V6 + "/64", "dev", "lan0");
        until("a second owner finds out", () -> b.addresses().contains("dadfailed"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void switches_that_snoop_learn_of_the_group_and_forget_it() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        Segment.run("ip", "link", "set", "br0", "type", "bridge", "mcast_snooping", "1", "mcast_querier", "1");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        until("the report is heard", () -> groups(a).contains("ff02::1:ff00:50"));
        until("it answers behind the switch", () -> asker.whoHas(V6, 20).isPresent());
        assertThat(a.inside("ip", "maddr", "show", "dev", "lan0")).contains("33:33:ff:00:00:50");
        jvm.signal("KILL");
        jvm.awaitEnd();
        assertThat(a.inside("ip", "maddr", "show", "dev", "lan0")).doesNotContain("33:33:ff:00:00:50");
        until("the leave is heard", () -> !groups(a).contains("ff02::1:ff00:50"));
    }

    void a_second_card_on_the_segment_never_answers() {
        LabHost a = segment.host(2);
        a.secondCard();
        until(
                "the second card answers for its own address",
                () -> asker.whoHas("198.51.100.2", 20).isPresent());
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        for (int i = 0; i < 20; i++) {
            assertThat(asker.whoHas(VIPS, 50)).isEqualTo(all(a.mac("lan0")));
        }
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(asker.lastAnswerMillis(VIPS, 200)).isEqualTo(-1);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD carrier of lan0 is gone");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the first card answers", () -> asker.whoHas(VIPS, 20).size() == VIPS.size());
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        for (String vip : VIPS) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", a.mac("lan1"), "dev", "br0", "nud", "permanent");
            assertThat(answersTcp(vip)).as("packets by the second card").isFalse();
        }
        jvm.signal("CONT");
    }

    void clients_reach_servers_on_the_address_and_on_the_wildcard_from_everywhere() throws IOException {
        LabHost a = segment.host(2);
        a.inside("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.lan0.rp_filter=1");
        a.inside("ip", "route", "add", "default", "via", "192.0.2.1");
        a.inside("ip", "-6", "route", "add", "default", "via", "2001:db8::1");
        LabJvm server = a.jvm(TcpPeer.command());
        assertThat(server.ask("listen :: 9000")).isEqualTo("ok");
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(server.ask("listen " + V4 + " 9001")).isEqualTo("ok");
        assertThat(server.ask("listen " + V6 + " 9001")).isEqualTo("ok");
        Process far = new ProcessBuilder("unshare", "-n", "sh", "-c", "echo ready; exec sleep 600").start();
        try {
            assertThat(far.getInputStream().read()).isEqualTo('r');
            String pid = Long.toString(far.pid());
            Segment.run("ip", "link", "add", "wan0", "type", "veth", "peer", "name", "far0", "netns", pid);
            Segment.run("ip", "addr", "add", "203.0.113.1/24", "dev", "wan0");
            Segment.run("ip", "addr", "add", "2001:db8:9::1/64", "dev", "wan0", "nodad");
            Segment.run("ip", "link", "set", "wan0", "up");
            Segment.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
            String[] onFar = {"nsenter", "-t", pid, "-n"};
            Segment.run(with(onFar, "ip", "addr", "add", "203.0.113.2/24", "dev", "far0"));
            Segment.run(with(onFar, "ip", "addr", "add", "2001:db8:9::2/64", "dev", "far0", "nodad"));
            Segment.run(with(onFar, "ip", "link", "set", "far0", "up"));
            Segment.run(with(onFar, "ip", "route", "add", "default", "via", "203.0.113.1"));
            Segment.run(with(onFar, "ip", "-6", "route", "add", "default", "via", "2001:db8:9::1"));
            for (String vip : VIPS) {
                for (int port : new int[] {9000, 9001}) {
                    TcpClient.to(vip, port).close();
                    assertThat(Segment.run(with(onFar, greeted(vip, port))))
                            .as("from another network to %s port %d", vip, port)
                            .isEqualTo("!");
                    assertThat(a.inside(greeted(vip, port)))
                            .as("from the host itself to %s port %d", vip, port)
                            .isEqualTo("!");
                }
            }
            // Nobody speaks in its name without being asked to.
            assertThat(a.inside("ip", "route", "get", "203.0.113.2")).contains("src 192.0.2.2");
            assertThat(a.inside("ip", "-6", "route", "get", "2001:db8:9::2")).contains("src 2001:db8::2");
        } finally {
            far.destroyForcibly();
        }
    }

    void a_card_that_answers_for_its_own_addresses_only_is_refused_with_the_remedy() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        a.inside("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.lan0.arp_ignore=2");
        assertThat(jvm.ask("start RELEASED 1"))
                .isEqualTo("refused HARD lan0 does not answer ARP for addresses of another device (arp_ignore 2):"
                        + " `sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.lan0.arp_ignore=0`, or leave"
                        + " diesWithProcess() out");
        assertThat(jvm.ask("check")).contains("arp_ignore");
        assertThat(jvm.ask("eligibility")).contains("isEligible=false").contains("arp_ignore");
        assertThat(devices(a)).isEmpty();
        LabJvm six = a.jvm();
        six.ask("use " + V6 + " lan0 dying");
        assertThat(six.ask("check")).as("ARP is nothing to IPv6").isEqualTo("ok");
        a.inside("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=3", "net.ipv4.conf.lan0.arp_ignore=0");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        a.inside("sysctl", "-qw", "net.ipv4.conf.lan0.arp_ignore=8");
        until("seen", () -> jvm.ask("monitor").startsWith("FAILED SOFT lan0 does not answer ARP"));
        a.inside("sysctl", "-qw", "net.ipv4.conf.lan0.arp_ignore=0");
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_host_that_has_ipv6_off_by_default_has_it_on_the_device() {
        LabHost a = segment.host(2);
        a.inside("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_start_whose_lease_is_over_leaves_no_device_and_no_group() {
        segment.host(2);
        FloatingAddress address = FloatingAddress.builder()
                .addresses(VIPS)
                .networkInterface("br0")
                .diesWithProcess()
                .build();
        until("the bridge has a carrier", () -> address.eligibility().isEligible());
        TestStart over = TestStart.released();
        over.end();
        assertThatThrownBy(() -> address.start(over))
                .isInstanceOf(ResourceException.class)
                .hasMessageContaining("the lease is over before it could");
        assertThat(Segment.run("ip", "-o", "addr", "show"))
                .doesNotContain("ust")
                .doesNotContain(V4);
        assertThat(Segment.run("ip", "maddr", "show", "dev", "br0")).doesNotContain("ff02::1:ff00:50");
    }

    void hundreds_of_groups_are_joined_and_left_and_a_card_without_ipv6_has_none() {
        Segment.run("ip", "link", "add", "small0", "mtu", "1200", "type", "veth", "peer", "name", "small1");
        List<IpAddress> many = new ArrayList<>(List.of(new Ipv4Address(0xc0000232)));
        for (int i = 0; i < 500; i++) {
            many.add(new Ipv6Address(0x20010db8L << 32, 0x5_0000 + i));
        }
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            int bridge = links.byName("br0").orElseThrow().index();
            SolicitedGroups groups = new SolicitedGroups(bridge, many);
            assertThat(joined()).isEqualTo(500);
            groups.close();
            assertThat(joined()).isZero();
            int small = links.byName("small0").orElseThrow().index();
            assertThatThrownBy(() -> new SolicitedGroups(small, many).close())
                    .isInstanceOf(PlatformException.class)
                    .hasMessageContaining("group ff02::1:ff05:0 was not joined on interface " + small + ": EINVAL")
                    .hasMessageContaining("IPv6 must be on there");
        }
    }

    private static long joined() {
        return Segment.run("ip", "-6", "maddr", "show", "dev", "br0")
                .lines()
                .filter(line -> line.contains("ff02::1:ff05:"))
                .count();
    }

    void without_carrier_it_does_not_start_and_a_pulled_cable_is_seen() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("start RELEASED 1"))
                .isEqualTo("refused HARD interface lan0 has no carrier: check its cable");
        assertThat(devices(a)).isEmpty();
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the carrier is back", () -> jvm.ask("check").equals("ok"));
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD carrier of lan0 is gone");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("it answers again", () -> asker.whoHas(VIPS, 20).size() == VIPS.size());
        assertThat(jvm.ask("monitor")).startsWith("HEALTHY");
        // The card's own addresses of IPv6 go with it; these stand elsewhere.
        a.inside("ip", "link", "set", "lan0", "down");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD interface lan0 is down");
        assertThat(standing(a)).containsAll(VIPS);
        a.inside("ip", "link", "set", "lan0", "up");
        until("it answers again", () -> asker.whoHas(VIPS, 20).size() == VIPS.size());
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void what_somebody_took_off_the_device_is_back() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        for (String vip : VIPS) {
            a.inside("ip", "addr", "del", vip + (vip.equals(V6) ? "/128" : "/32"), "dev", "ust0");
            until("it is back", () -> standing(a).contains(vip));
        }
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        until("told", () -> jvm.ask("alarms").equals("[somebody on this host took " + VIPS.get(0) + " off ust0]"));
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(a.inside("ip", "-6", "route", "show", "table", "all", "dev", "ust0"))
                .doesNotContain("ff00::/8");

        a.inside("ip", "link", "set", "ust0", "down");
        until("seen", () -> jvm.ask("monitor").startsWith("FAILED SOFT somebody switched off ust0, the device"));
        a.inside("ip", "link", "set", "ust0", "up");
        until("they are back", () -> standing(a).containsAll(VIPS));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(a.inside("ip", "-6", "route", "show", "table", "all", "dev", "ust0"))
                .doesNotContain("ff00::/8");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_device_that_somebody_took_away_is_missed_and_replaced() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "link", "del", "ust0");
        until("seen", () -> jvm.ask("monitor").startsWith("FAILED SOFT somebody took away ust0, the device"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).isEqualTo(all(a.mac()));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void what_is_missing_for_a_device_is_named_and_nothing_stays() throws IOException {
        LabHost a = segment.host(2);
        LabJvm none = jvm(a, "unshare", "-m", "sh", "-c", "mount -t tmpfs none /dev/net && exec \"$@\"", "sh");
        assertRefused(
                a,
                none,
                "open failed for /dev/net/tun: ENOENT (no such object): `modprobe tun`, or give --device /dev/net/tun to the"
                        + " container");
        File closed = File.createTempFile("closed", ".tun");
        try {
            Segment.run("chmod", "0", closed.toString());
            LabJvm refused = jvm(
                    a,
                    "unshare",
                    "-m",
                    "sh",
                    "-c",
                    "mount --bind " + closed + " /dev/net/tun && exec \"$@\"",
                    "sh",
                    "setpriv",
                    "--bounding-set",
                    "-dac_override,-dac_read_search",
                    "--inh-caps",
                    "-dac_override,-dac_read_search");
            assertRefused(
                    a,
                    refused,
                    "open failed for /dev/net/tun: EACCES (permission denied): let this user open it, `chmod 666"
                            + " /dev/net/tun`, or run as root");
            LabJvm noDevice = jvm(
                    a, "unshare", "-m", "sh", "-c", "mount --bind " + closed + " /dev/net/tun && exec \"$@\"", "sh");
            assertRefused(a, noDevice, "TUNSETIFF failed for fd");
        } finally {
            Files.delete(closed.toPath());
        }
        LabJvm noJna = a.jvmWithout("jna-5");
        noJna.ask("use " + String.join(",", VIPS) + " lan0 dying");
        assertThat(noJna.ask("check")).containsOnlyOnce("JNA is missing");
        assertThat(noJna.ask("probe")).startsWith("UNKNOWN");
        LabJvm noAdmin = jvm(a, "setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin");
        assertThat(noAdmin.ask("check")).containsOnlyOnce("needs CAP_NET_ADMIN");
        assertThat(noAdmin.ask("start RELEASED 1")).startsWith("refused HARD").contains("CAP_NET_ADMIN");
        assertThat(noAdmin.ask("stop")).isEqualTo("ok");
        assertThat(devices(a)).isEmpty();
    }

    private static void assertRefused(LabHost host, LabJvm jvm, String why) {
        assertThat(jvm.ask("check")).startsWith("failed diesWithProcess = true: " + why);
        assertThat(jvm.ask("eligibility")).contains("isEligible=false").contains(why);
        assertThat(jvm.ask("start RELEASED 1")).startsWith("refused HARD").contains("cannot start: " + why);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("threads")).isEqualTo("[]");
        assertThat(devices(host)).isEmpty();
    }

    void nothing_leaks_after_stop() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("bench 3")).startsWith("first start");
        String shared = "[ha-serv1-addresses, ha-serv1-addresses-looks, ha-serv1-ear-lan0]";
        until("threads of the stay end", () -> jvm.ask("threads").equals(shared));
        String kept = jvm.ask("fds");
        System.out.println("dying: " + jvm.ask("bench 30"));
        until("threads of the stay end", () -> jvm.ask("threads").equals(shared));
        assertThat(jvm.ask("fds")).isEqualTo(kept);
        assertThat(jvm.ask("retire")).isEqualTo("ok");
        until("threads end", () -> jvm.ask("threads").equals("[]"));
        assertThat(devices(a)).isEmpty();
        assertThat(a.inside("ip", "maddr", "show", "dev", "lan0")).doesNotContain("33:33:ff:00:00:50");
    }

    void what_a_start_costs_is_told() {
        LabHost a = segment.host(2);
        for (String mode : List.of("", " dying")) {
            for (List<String> some : List.of(List.of(V4), List.of(V6))) {
                LabJvm jvm = a.jvm();
                jvm.ask("use " + some.get(0) + " lan0" + mode);
                List<Integer> starts = new ArrayList<>();
                for (int i = 0; i < Integer.getInteger("understudy.starts", 5); i++) {
                    starts.add(Integer.valueOf(jvm.ask("bench 1").split(" ")[2]));
                    // The kernel is still taking the last one away.
                    assertThat(jvm.ask("retire")).isEqualTo("ok");
                    until("threads end", () -> jvm.ask("threads").equals("[]"));
                }
                Collections.sort(starts);
                System.out.println("start of " + some + mode + ", us: " + starts);
            }
        }
    }

    private static LabJvm jvm(LabHost host, String... launcher) {
        LabJvm jvm = host.jvm(launcher);
        assertThat(jvm.ask("use " + String.join(",", VIPS) + " lan0 dying")).isEqualTo("ok");
        return jvm;
    }

    private static String[] with(String[] launcher, String... command) {
        List<String> all = new ArrayList<>(Arrays.asList(launcher));
        all.addAll(Arrays.asList(command));
        return all.toArray(new String[0]);
    }

    /** Prints the first byte a server says. */
    private static String[] greeted(String address, int port) {
        return new String[] {
            "timeout", "5", "bash", "-c", "exec 3<>/dev/tcp/" + address + "/" + port + "; head -c 1 <&3"
        };
    }

    private static Map<String, String> all(String mac) {
        return VIPS.stream().collect(Collectors.toMap(vip -> vip, vip -> mac));
    }

    private static TreeSet<String> devices(LabHost host) {
        return host.inside("ip", "-o", "link", "show")
                .lines()
                .map(line -> line.split("[:@]\\s*")[1].trim())
                .filter(name -> name.startsWith("ust"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Collection<String> standing(LabHost host) {
        return host.inside("ip", "-o", "addr", "show")
                .lines()
                .map(line -> line.split("\\s+")[3].split("/")[0])
                .toList();
    }

    private static void assertNoneStandsOn(LabHost host) {
        assertThat(standing(host)).doesNotContainAnyElementsOf(VIPS);
    }

    /** The groups the bridge knows behind a host's port. */
    private static String groups(LabHost host) {
        return Segment.run("bridge", "mdb", "show", "dev", "br0")
                .lines()
                .filter(line -> line.contains("port " + host.port() + " "))
                .collect(Collectors.joining("\n"));
    }

    private static void learn(String mac) {
        for (String vip : VIPS) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", mac, "dev", "br0", "nud", "stale");
        }
    }

    private static String neighbour(String address) {
        return Segment.run("ip", "neigh", "show", address, "dev", "br0");
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
            if (System.nanoTime() - start > 10_000_000_000L) {
                throw new AssertionError("not within 10 s: " + what);
            }
        }
    }
}
