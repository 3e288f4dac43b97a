package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.PacketPort;
import org.understudy.ha.iptakeover.packet.EthernetFrame;

/** What happens in the namespaces; each method is one scenario, run by {@link MacTakeoverNetnsIT} in a JVM of its own. */
final class MacTakeoverScenarios implements AutoCloseable {
    private static final String VIP = "192.0.2.50";
    private static final String MAC = "02:5e:11:00:00:50";
    private static final String CONTROL = "02:5e:11:00:00:99";
    private static final String VIP6 = "2001:db8::50";
    private static final String VMAC = "vmac lan0 vip0 " + MAC;
    private static final String CARD = "card lan1 lan0 " + MAC;
    private static final String OWN = "02:00:00:00:01:02";

    private static final int ETHERTYPE_IPV6 = 0x86dd;
    private static final int ROUTER_SOLICITATION = 133;
    private static final int NEIGHBOUR_SOLICITATION = 135;
    private static final int NEIGHBOUR_ADVERTISEMENT = 136;
    private static final int LISTENER_REPORT = 143;

    private final Segment segment = new Segment();
    private final Asker asker = new Asker();

    private MacTakeoverScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (MacTakeoverScenarios scenarios = new MacTakeoverScenarios()) {
            MacTakeoverScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
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

    void the_clients_entry_stays_as_it_is_over_a_takeover() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        // As on most distributions: with a strict filter nothing would get in.
        for (LabHost host : List.of(a, b)) {
            host.inside("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1", "net.ipv4.conf.default.rp_filter=1");
        }
        LabJvm first = agent(a, VMAC + " " + VIP);
        LabJvm second = agent(b, VMAC + " " + VIP);
        assertThat(second.ask("eligibility")).isEqualTo("; ");
        assertThat(first.ask("probe")).isEqualTo("ABSENT; ABSENT");
        assertThat(first.ask("start 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "-d", "link", "show", "vip0"))
                .contains("vip0@lan0: <BROADCAST,UP,LOWER_UP>")
                .contains("macvlan mode private")
                .contains("alias understudy tag 1267 announce=0@lan0")
                .contains(MAC);
        assertThat(first.ask("monitor")).isEqualTo("HEALTHY SOFT ; HEALTHY SOFT ");
        until("it answers", MacTakeoverScenarios::answersTcp);
        assertThat(neighbour()).contains(MAC);
        assertThat(asker.whoHas(VIP, 500)).contains(MAC);
        // The host's own address is answered for by its own card only.
        for (int i = 0; i < 10; i++) {
            assertThat(asker.whoHas("192.0.2.2", 500)).contains(a.mac());
        }
        first.signal("KILL");
        first.awaitEnd();
        LabJvm guardian = agent(a, VMAC);
        assertThat(guardian.ask("rites 4711 address/192.0.2.50 link/vip0 mac/" + MAC))
                .isEqualTo("address/192.0.2.50=REMOVED; link/vip0=REMOVED; mac/" + MAC + "=REMOVED");
        assertThat(links(a)).doesNotContain("vip0", "alias");
        assertThat(announce(a)).isEqualTo("0");
        // Nobody may touch the entry: an announcement that is heeded would change nothing either, and it must not have
        // to be.
        Segment.run("ip", "neigh", "replace", VIP, "lladdr", MAC, "dev", "br0", "nud", "permanent");
        assertThat(second.ask("start 4712")).isEqualTo("ok");
        until("it answers from the other host", MacTakeoverScenarios::answersTcp);
        assertThat(neighbour()).contains(MAC).contains("PERMANENT");
        assertThat(Segment.run("bridge", "fdb", "show", "br", "br0")).contains(MAC + " dev " + b.port());
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThat(links(b)).doesNotContain("vip0");
        assertThat(announce(b)).isEqualTo("0");
    }

    void without_an_address_it_is_silent_whatever_is_said_to_it() throws IOException {
        LabHost a = segment.host(2);
        // A router would answer for ff02::2.
        a.inside("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1", "net.ipv6.conf.default.forwarding=1");
        LabJvm jvm = agent(a, VMAC);
        List<EthernetFrame> ours = new ArrayList<>();
        try (PacketPort port = port(a)) {
            assertThat(jvm.ask("start 4711")).isEqualTo("ok");
            // An interface as it comes, later than ours: what it has said, ours would have.
            a.inside("ip", "link", "add", "link", "lan0", "name", "ctl0", "address", CONTROL, "type", "macvlan");
            a.inside("sysctl", "-qw", "net.ipv6.conf.ctl0.forwarding=0");
            a.inside("ip", "link", "set", "ctl0", "up");
            sendRouterAdvertisementAndQuery();
            boolean isAddressed = listen(port, ours, f -> isOf(f, CONTROL) && type(f) == ROUTER_SOLICITATION);
            assertThat(isAddressed).as("the other one speaks").isTrue();
            sendRouterAdvertisementAndQuery();
            assertThat(listen(port, ours, f -> isOf(f, CONTROL) && type(f) == LISTENER_REPORT))
                    .as("the other one answers the query")
                    .isTrue();
            asker.whoHas(VIP, 20);
            for (int i = 0; i < 2; i++) {
                assertThat(asker.whoHas("192.0.2.2", 500)).isPresent();
            }
            assertThat(listen(port, ours, f -> isArpOf(f, a)) && listen(port, ours, f -> isArpOf(f, a)))
                    .as("what the first question caused comes before the second answer")
                    .isTrue();
        }
        assertThat(shown(ours)).as("frames with the virtual MAC").isEmpty();
        assertThat(a.inside("ip", "-6", "addr", "show", "dev", "ctl0")).contains("2001:db8:1");
        assertThat(a.inside("ip", "-6", "addr", "show", "dev", "vip0")).isEmpty();
        assertThat(a.inside("ip", "-6", "route", "show", "dev", "vip0")).isEmpty();
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_paused_owner_is_muted_by_the_gate_and_its_macvlan_says_nothing() {
        LabHost a = segment.host(2);
        LabJvm jvm = agent(a, VMAC + " " + VIP);
        assertThat(jvm.ask("start 4711")).isEqualTo("ok");
        until("it answers", MacTakeoverScenarios::answersTcp);
        assertThat(jvm.ask("enforcements")).startsWith("[COOPERATIVE]; [").contains("KERNEL_OBJECT");
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIP, 1500)).isBetween(0L, 960L);
        List<EthernetFrame> ours = new ArrayList<>();
        try (PacketPort port = port(a)) {
            sendRouterAdvertisementAndQuery();
            assertThat(asker.whoHas(VIP, 50)).isEmpty();
            assertThat(answersTcp()).isFalse();
            assertThat(asker.whoHas("192.0.2.2", 500)).contains(a.mac());
            listen(
                    port,
                    ours,
                    f -> f.type() == EthernetFrame.TYPE_ARP
                            && f.source().toString().equals(a.mac()));
        }
        assertThat(shown(ours)).isEmpty();
        assertThat(links(a)).contains("vip0");
        jvm.signal("CONT");
        until("it lets go", () -> jvm.ask("monitor").contains("FAILED SOFT the lease is over"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(links(a)).doesNotContain("vip0");
    }

    void what_a_dead_process_left_is_removed_at_the_next_start() {
        LabHost a = segment.host(2);
        LabJvm dead = agent(a, VMAC + " " + VIP);
        assertThat(dead.ask("start 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = agent(a, VMAC + " " + VIP);
        assertThat(next.ask("probe")).startsWith("HERE");
        assertThat(next.ask("eligibility")).isEqualTo("; ");
        assertThat(next.ask("start 4712")).isEqualTo("ok");
        assertThat(links(a)).contains("understudy tag 1268 announce=0@lan0").doesNotContain("tag 1267");
        assertThat(next.ask("stop")).isEqualTo("ok");
        assertThat(announce(a)).isEqualTo("0");
        // Killed between making it and marking it: only the name tells.
        a.inside("ip", "link", "add", "link", "lan0", "name", "us00001268-0050", "address", MAC, "type", "macvlan");
        assertThat(next.ask("start 4713")).isEqualTo("ok");
        assertThat(links(a)).doesNotContain("us0000").contains("vip0");
        assertThat(next.ask("stop")).isEqualTo("ok");
        a.inside("ip", "link", "add", "link", "lan0", "name", "us00001268-0050", "address", MAC, "type", "macvlan");
        assertThat(next.ask("rites 4712 mac/" + MAC)).startsWith("mac/" + MAC + "=REMOVED");
        assertThat(links(a)).doesNotContain("us0000");
    }

    void last_rites_touch_only_what_carries_a_tag_of_the_dead_and_call_nothing_gone_that_stands() {
        LabHost a = segment.host(2);
        LabJvm dead = agent(a, VMAC);
        LabJvm living = agent(a, "vmac lan0 vip1 02:5e:11:00:00:51");
        assertThat(living.ask("start 4712")).isEqualTo("ok");
        assertThat(dead.ask("start 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        String claims =
                " link/vip0 mac/" + MAC + " link/vip1 mac/02:5e:11:00:00:51 link/vip9 card/lan0 card/lan9 mac/x";
        // Somebody took the mark away.
        a.inside("ip", "link", "set", "vip0", "alias", "mine");
        assertThat(living.ask("rites 4711" + claims).split("; "))
                .anyMatch(s -> s.startsWith("link/vip0=FAILED interface vip0 stands without the mark"))
                .anyMatch(s -> s.startsWith("mac/" + MAC + "=FAILED"))
                .anyMatch(s -> s.startsWith("link/vip1=FAILED interface vip1 stands with the tag of another"))
                .anyMatch(s -> s.startsWith("mac/02:5e:11:00:00:51=FAILED"))
                .anyMatch(s -> s.equals("link/vip9=ABSENT"))
                .anyMatch(s -> s.equals("card/lan0=ABSENT"))
                .anyMatch(s -> s.equals("card/lan9=ABSENT"))
                .anyMatch(s -> s.startsWith("mac/x=FAILED"));
        assertThat(links(a)).contains("vip0").contains("vip1");
        // Renamed, with its mark: it is found.
        a.inside("ip", "link", "set", "vip0", "down", "name", "other0", "alias", "understudy tag 1267");
        assertThat(living.ask("rites 4711,7 link/vip0 mac/" + MAC))
                .isEqualTo("link/vip0=ABSENT; mac/" + MAC + "=REMOVED; link/other0=REMOVED");
        assertThat(links(a)).doesNotContain("other0").contains("vip1");
        // The other one still needs it.
        assertThat(announce(a)).isEqualTo("2");
        assertThat(living.ask("monitor")).startsWith("HEALTHY");
        assertThat(living.ask("stop")).isEqualTo("ok");
        assertThat(announce(a)).isEqualTo("0");
    }

    void two_on_one_card_put_back_what_the_first_one_found() {
        LabHost a = segment.host(2);
        a.inside("sysctl", "-qw", "net.ipv4.conf.lan0.arp_announce=1");
        LabJvm one = agent(a, VMAC);
        LabJvm two = agent(a, "vmac lan0 vip1 02:5e:11:00:00:51");
        assertThat(one.ask("start 4711")).isEqualTo("ok");
        assertThat(two.ask("start 4712")).isEqualTo("ok");
        assertThat(one.ask("stop")).isEqualTo("ok");
        assertThat(announce(a)).isEqualTo("2");
        assertThat(two.ask("stop")).isEqualTo("ok");
        assertThat(announce(a)).isEqualTo("1");
    }

    void a_foreign_interface_and_a_bad_card_are_refused_and_left_alone() {
        LabHost a = segment.host(2);
        LabJvm jvm = agent(a, VMAC);
        a.inside("ip", "link", "add", "link", "lan0", "name", "vip0", "type", "macvlan");
        assertThat(jvm.ask("start 4711"))
                .startsWith("refused HARD")
                .contains("there is an interface vip0 that this resource did not make");
        assertThat(jvm.ask("probe")).isEqualTo("HERE");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(links(a)).contains("vip0");
        a.inside("ip", "link", "del", "vip0");
        a.inside("ip", "link", "add", "link", "lan0", "name", "foo", "address", MAC, "type", "macvlan");
        assertThat(jvm.ask("eligibility")).contains("the hardware address " + MAC + " is already on foo");
        assertThat(jvm.ask("start 4711")).contains("is already on foo");
        jvm.ask("vmac foo vip0 02:5e:11:00:00:51");
        a.inside("ip", "link", "set", "foo", "up");
        assertThat(jvm.ask("start 4711")).contains("foo is a macvlan itself");
        a.inside("ip", "link", "del", "foo");
        jvm.ask("vmac lan9 vip0 " + MAC);
        assertThat(jvm.ask("start 4711")).contains("there is no interface lan9");
        jvm.ask("vmac lo vip0 " + MAC);
        assertThat(jvm.ask("start 4711")).contains("it is the loopback");
        jvm.ask(VMAC);
        a.inside("ip", "link", "set", "lan0", "down");
        assertThat(jvm.ask("start 4711")).contains("interface lan0 is down");
        a.inside("ip", "link", "set", "lan0", "up");
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("start 4711")).contains("interface lan0 has no carrier");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the carrier is back", () -> jvm.ask("eligibility").isEmpty());
        a.inside("ip", "link", "add", "br9", "type", "bridge");
        a.inside("ip", "link", "set", "lan0", "master", "br9");
        assertThat(jvm.ask("start 4711")).contains("is a port of a bridge or bond");
        a.inside("ip", "link", "del", "br9");
        assertThat(links(a)).doesNotContain("vip0", "us0000");
        assertThat(announce(a)).isEqualTo("0");
    }

    void a_start_that_fails_in_the_middle_leaves_nothing() {
        LabHost a = segment.host(2);
        LabJvm jvm = agent(a, VMAC + " " + VIP);
        jvm.ask("rival-at-next-start ip link add link lan0 name vip0 type macvlan");
        assertThat(jvm.ask("start 4711"))
                .startsWith("refused HARD")
                .contains("the name vip0")
                .contains("EEXIST");
        assertThat(links(a)).doesNotContain("us0000", "understudy", MAC).contains("vip0");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(links(a)).contains("vip0");
        a.inside("ip", "link", "del", "vip0");
        LabJvm readOnly = a.linkJvm(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec \"$@\"",
                "sh");
        readOnly.ask(VMAC);
        assertThat(readOnly.ask("start 4711"))
                .startsWith("refused HARD")
                .contains("IPv6 on vip0 cannot be switched off")
                .contains("net.ipv6.conf.default.disable_ipv6=1");
        assertThat(links(a)).doesNotContain("vip0", "us0000", MAC);
        a.inside("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
        assertThat(readOnly.ask("start 4711")).isEqualTo("ok");
        assertThat(readOnly.ask("stop")).isEqualTo("ok");
        LabJvm noAdmin = a.linkJvm("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin");
        noAdmin.ask(VMAC);
        assertThat(noAdmin.ask("eligibility")).contains("needs CAP_NET_ADMIN");
        assertThat(noAdmin.ask("start 4711")).startsWith("refused HARD").contains("CAP_NET_ADMIN");
        assertThat(links(a)).doesNotContain("vip0", "us0000", MAC);
        assertThat(announce(a)).isEqualTo("0");
    }

    void what_others_do_to_it_is_seen() {
        LabHost a = segment.host(2);
        LabJvm jvm = agent(a, VMAC);
        assertThat(jvm.ask("start 4711")).isEqualTo("ok");
        a.inside("ip", "link", "set", "vip0", "down");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT interface vip0 was put down");
        a.inside("ip", "link", "set", "vip0", "up");
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        a.inside("ip", "link", "set", "vip0", "address", CONTROL);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the hardware address of vip0 was changed to " + CONTROL);
        a.inside("ip", "link", "set", "vip0", "address", MAC);
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("monitor")).startsWith("FAILED HARD");
        Segment.run("ip", "link", "set", a.port(), "up");
        a.inside("sysctl", "-qw", "net.ipv6.conf.vip0.disable_ipv6=0");
        assertThat(a.inside("ip", "-6", "addr", "show", "dev", "vip0"))
                .as("no link-local address")
                .isEmpty();
        a.inside("ip", "link", "set", "vip0", "down", "name", "foo");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT interface vip0 was renamed to foo");
        assertThat(jvm.ask("stop")).as("by number, whatever it is called").isEqualTo("ok");
        assertThat(links(a)).doesNotContain(MAC);
        assertThat(jvm.ask("start 4711")).isEqualTo("ok");
        a.inside("ip", "link", "del", "vip0");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT interface vip0 is gone");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(announce(a)).isEqualTo("0");
        String before = jvm.ask("fds");
        System.out.println(jvm.ask("bench 20"));
        assertThat(jvm.ask("fds")).isEqualTo(before);
    }

    void the_clients_ipv6_entry_stays_as_it_is_over_a_takeover() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm first = agent(a, VMAC + " " + VIP + " " + VIP6);
        LabJvm second = agent(b, VMAC + " " + VIP + " " + VIP6);
        assertThat(second.ask("eligibility")).isEqualTo("; ; ");
        assertThat(first.ask("probe")).isEqualTo("ABSENT; ABSENT; ABSENT");
        List<EthernetFrame> ours = new ArrayList<>();
        try (PacketPort port = port(a)) {
            assertThat(first.ask("start 4711")).isEqualTo("ok");
            assertThat(listen(port, ours, f -> isOf(f, MAC) && type(f) == NEIGHBOUR_ADVERTISEMENT && isToEverybody(f)))
                    .as("it is announced with the virtual MAC")
                    .isTrue();
        }
        assertThat(a.inside("ip", "-d", "link", "show", "vip0"))
                .contains("alias understudy tag 1267 announce=0@lan0 six=0,0")
                .contains("addrgenmode none");
        assertThat(first.ask("monitor")).isEqualTo("HEALTHY SOFT ; HEALTHY SOFT ; HEALTHY SOFT ");
        until("it answers", () -> answersTcp(VIP6));
        assertThat(answersTcp()).isTrue();
        assertThat(neighbour(VIP6)).contains(MAC);
        // Each is answered for with its own hardware address and no other.
        for (int i = 0; i < 10; i++) {
            assertThat(asker.whoHas(VIP6, 500)).contains(MAC);
            assertThat(asker.whoHas("2001:db8::2", 500)).contains(a.mac());
        }
        sendRouterAdvertisementAndQuery();
        until("the card itself listens to routers", () -> a.addresses().contains("2001:db8:1:"));
        assertThat(a.inside("ip", "-6", "addr", "show", "dev", "vip0"))
                .contains("inet6 2001:db8::50/128")
                .doesNotContain("2001:db8:1:")
                .doesNotContain("fe80");
        assertThat(a.inside("ip", "-6", "route", "show", "dev", "vip0")).isEmpty();
        first.signal("KILL");
        first.awaitEnd();
        LabJvm guardian = agent(a, VMAC);
        assertThat(guardian.ask("tables")).contains("understudy_mute_");
        assertThat(guardian.ask("rites 4711 address/" + VIP + " address/" + VIP6 + " link/vip0 mac/" + MAC))
                .isEqualTo("address/" + VIP + "=REMOVED; address/" + VIP6 + "=REMOVED; link/vip0=REMOVED; mac/" + MAC
                        + "=REMOVED");
        assertThat(links(a)).doesNotContain("vip0", "alias");
        assertThat(guardian.ask("tables")).isEmpty();
        Segment.run("ip", "neigh", "replace", VIP6, "lladdr", MAC, "dev", "br0", "nud", "permanent");
        assertThat(second.ask("start 4712")).isEqualTo("ok");
        until("it answers from the other host", () -> answersTcp(VIP6));
        assertThat(neighbour(VIP6)).contains(MAC).contains("PERMANENT");
        assertThat(Segment.run("bridge", "fdb", "show", "br", "br0")).contains(MAC + " dev " + b.port());
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThat(links(b)).doesNotContain("vip0");
        assertThat(second.ask("tables")).isEmpty();
    }

    void neither_a_stand_by_nor_a_paused_owner_sends_a_frame_with_the_virtual_mac() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        for (LabHost host : List.of(a, b)) {
            // Worst: a router has more groups, and one that announces its neighbours has more to say.
            host.inside(
                    "sysctl",
                    "-qw",
                    "net.ipv6.conf.all.forwarding=1",
                    "net.ipv6.conf.default.forwarding=1",
                    "net.ipv6.conf.default.ndisc_notify=1");
        }
        LabJvm standBy = agent(b, VMAC + " " + VIP6);
        LabJvm owner = agent(a, VMAC + " " + VIP6);
        List<EthernetFrame> ofOwner = new ArrayList<>();
        List<EthernetFrame> ofStandBy = new ArrayList<>();
        try (PacketPort ownersPort = port(a);
                PacketPort standBysPort = port(b)) {
            assertThat(standBy.ask("eligibility")).isEqualTo("; ");
            assertThat(standBy.ask("probe")).isEqualTo("ABSENT; ABSENT");
            assertThat(owner.ask("start 4711")).isEqualTo("ok");
            until("it answers", () -> answersTcp(VIP6));
            sendRouterAdvertisementAndQuery();
            assertThat(listen(ownersPort, ofOwner, f -> isOf(f, a.mac()) && type(f) == LISTENER_REPORT))
                    .as("the card itself answers the query")
                    .isTrue();
            assertThat(asker.whoHas(VIP6, 500)).contains(MAC);
            assertThat(listen(ownersPort, ofOwner, f -> isOf(f, MAC) && !isToEverybody(f)))
                    .isTrue();
            assertThat(ofOwner)
                    .as("of the owner")
                    .isNotEmpty()
                    .allMatch(f -> type(f) == NEIGHBOUR_ADVERTISEMENT || type(f) == NEIGHBOUR_SOLICITATION);
            ofOwner.clear();
            owner.signal("STOP");
            assertThat(asker.lastAnswerMillis(VIP6, 1500)).isBetween(0L, 960L);
            while (ownersPort.receive(0).length > 0) {
                // What was still said before the gate closed.
                continue;
            }
            // An interface as it comes: what it says, ours would have said.
            a.inside("ip", "link", "add", "link", "lan0", "name", "ctl0", "address", CONTROL, "type", "macvlan");
            a.inside("sysctl", "-qw", "net.ipv6.conf.ctl0.forwarding=0");
            a.inside("ip", "link", "set", "ctl0", "up");
            assertThat(listen(ownersPort, ofOwner, f -> isOf(f, CONTROL) && type(f) == ROUTER_SOLICITATION))
                    .isTrue();
            sendRouterAdvertisementAndQuery();
            assertThat(listen(ownersPort, ofOwner, f -> isOf(f, CONTROL) && type(f) == LISTENER_REPORT))
                    .as("the other one answers the query")
                    .isTrue();
            assertThat(asker.whoHas(VIP6, 50)).isEmpty();
            assertThat(answersTcp(VIP6)).isFalse();
            // The kernel leaves the group of an address that ends, and tells so where it may.
            until(
                    "the address has ended",
                    () -> !a.inside("ip", "-6", "addr", "show", "dev", "vip0").contains(VIP6));
            sendRouterAdvertisementAndQuery();
            assertThat(listen(ownersPort, ofOwner, f -> isOf(f, CONTROL) && type(f) == LISTENER_REPORT))
                    .isTrue();
            assertThat(asker.whoHas("2001:db8::3", 500)).contains(b.mac());
            assertThat(listen(standBysPort, ofStandBy, f -> isOf(f, b.mac()) && type(f) == NEIGHBOUR_ADVERTISEMENT))
                    .isTrue();
        }
        assertThat(shown(ofOwner)).as("of the paused owner").isEmpty();
        assertThat(shown(ofStandBy)).as("of the stand-by").isEmpty();
        assertThat(a.inside("ip", "-6", "addr", "show", "dev", "vip0")).isEmpty();
        assertThat(a.inside("ip", "-6", "route", "show", "dev", "vip0")).isEmpty();
        assertThat(links(a)).contains("vip0");
        owner.signal("CONT");
        until("it lets go", () -> owner.ask("monitor").contains("FAILED SOFT the lease is over"));
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(links(a)).doesNotContain("vip0");
        assertThat(owner.ask("tables")).isEmpty();
    }

    void a_switch_that_forwards_groups_to_their_members_only_lets_questions_through() {
        LabHost a = segment.host(2);
        Segment.run("ip", "link", "set", "br0", "type", "bridge", "mcast_querier", "1");
        LabJvm jvm = agent(a, VMAC + " " + VIP6);
        String group = "ff02::1:ff00:50";
        List<EthernetFrame> ours = new ArrayList<>();
        try (PacketPort port = port(a)) {
            until("unasked groups are kept from the port", () -> {
                asker.whoHas(VIP6, 5);
                asker.whoHas("2001:db8::2", 500);
                List<EthernetFrame> heard = new ArrayList<>();
                boolean isAnswered = listen(port, heard, f -> isOf(f, a.mac()) && type(f) == NEIGHBOUR_ADVERTISEMENT);
                return isAnswered && !Segment.run("bridge", "mdb", "show").contains(group);
            });
            assertThat(jvm.ask("start 4711")).isEqualTo("ok");
            until(
                    "the group is known",
                    () -> Segment.run("bridge", "mdb", "show").contains(a.port() + " grp " + group));
            until("it answers", () -> answersTcp(VIP6));
            assertThat(listen(port, ours, f -> isOf(f, MAC) && !isToEverybody(f)))
                    .isTrue();
        }
        assertThat(ours).noneMatch(f -> type(f) == LISTENER_REPORT);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(a.inside("ip", "-6", "maddr", "show", "dev", "lan0")).doesNotContain(group);
    }

    void what_a_dead_process_left_of_ipv6_is_replaced_at_the_next_start() {
        LabHost a = segment.host(2);
        LabJvm dead = agent(a, VMAC + " " + VIP6);
        assertThat(dead.ask("start 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = agent(a, VMAC + " " + VIP6);
        assertThat(next.ask("probe")).startsWith("HERE");
        assertThat(next.ask("start 4712")).isEqualTo("ok");
        assertThat(next.ask("tables").split(" "))
                .filteredOn(t -> t.startsWith("understudy_mute_"))
                .hasSize(1);
        until("it answers", () -> answersTcp(VIP6));
        // Twice in one life.
        assertThat(next.ask("start 4713")).isEqualTo("ok");
        until("it answers", () -> answersTcp(VIP6));
        assertThat(next.ask("stop")).isEqualTo("ok");
        assertThat(next.ask("tables")).isEmpty();
        a.inside("sysctl", "-qw", "net.ipv6.conf.lan0.disable_ipv6=1");
        assertThat(next.ask("eligibility")).contains("IPv6 is off on lan0");
        assertThat(next.ask("start 4714")).startsWith("refused HARD").contains("IPv6 is off on lan0");
        assertThat(links(a)).doesNotContain("vip0", "us0000");
    }

    void a_spare_card_takes_ipv6_and_gets_its_own_settings_back() {
        LabHost a = spare(2);
        LabHost b = spare(3);
        // One that is up, with an address that IPv6 made, and listens to routers even though it is one.
        a.inside("sysctl", "-qw", "net.ipv6.conf.lan1.accept_ra=2");
        a.inside("ip", "link", "set", "lan1", "addrgenmode", "random", "up");
        LabJvm dead = agent(a, CARD + " " + VIP6);
        assertThat(dead.ask("start 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "link", "show", "lan1"))
                .contains("alias understudy tag 1267 own=" + OWN + " before=0,0,0 announce=0@lan0 six=2,3")
                .contains(MAC);
        until("it answers", () -> answersTcp(VIP6));
        assertThat(neighbour(VIP6)).contains(MAC);
        assertThat(asker.whoHas("2001:db8::2", 500)).contains(a.mac());
        assertThat(a.inside("ip", "-6", "addr", "show", "dev", "lan1")).doesNotContain("fe80");
        List<EthernetFrame> none = new ArrayList<>();
        List<String> ours = new ArrayList<>();
        dead.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIP6, 1500)).isBetween(0L, 960L);
        try (PacketPort port = port(a.port() + "b");
                PacketPort other = port(a)) {
            sendRouterAdvertisementAndQuery();
            assertThat(listen(other, none, f -> isOf(f, a.mac()) && type(f) == LISTENER_REPORT))
                    .as("the card beside answers the query")
                    .isTrue();
            until(
                    "the address has ended",
                    () -> !a.inside("ip", "-6", "addr", "show", "dev", "lan1").contains(VIP6));
            byte[] heard = port.receive(0);
            while (heard.length > 0) {
                ours.add(HexFormat.of().formatHex(heard));
                heard = port.receive(0);
            }
        }
        assertThat(ours).as("frames of the paused owner's card").isEmpty();
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm guardian = agent(a, CARD);
        assertThat(guardian.ask("rites 4711 card/lan1 mac/" + MAC))
                .isEqualTo("card/lan1=REMOVED; mac/" + MAC + "=REMOVED");
        assertThatItIsSpareAgain(a, "");
        assertThat(a.inside("sysctl", "-n", "net.ipv6.conf.lan1.accept_ra")).isEqualToIgnoringWhitespace("2");
        assertThat(a.inside("ip", "-d", "link", "show", "lan1")).contains("addrgenmode random");
        assertThat(guardian.ask("tables")).doesNotContain("understudy_mute_");
        LabJvm second = agent(b, CARD + " " + VIP6);
        assertThat(second.ask("start 4712")).isEqualTo("ok");
        until("it answers from the other host", () -> answersTcp(VIP6));
        assertThat(neighbour(VIP6)).contains(MAC);
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThatItIsSpareAgain(b, "");
        assertThat(second.ask("tables")).isEmpty();
    }

    void a_spare_card_takes_the_address_and_gets_its_own_back() {
        LabHost a = spare(2);
        a.inside("ip", "link", "set", "lan1", "alias", "to floor 2, switch 3");
        LabJvm jvm = agent(a, CARD + " " + VIP);
        List<String> standBy = new ArrayList<>();
        try (PacketPort port = port(a.port() + "b")) {
            assertThat(jvm.ask("eligibility")).isEqualTo("; ");
            assertThat(jvm.ask("probe")).isEqualTo("ABSENT; ABSENT");
            sendRouterAdvertisementAndQuery();
            assertThat(asker.whoHas("192.0.2.2", 500)).contains(a.mac());
            byte[] heard = port.receive(0);
            while (heard.length > 0) {
                standBy.add(HexFormat.of().formatHex(heard));
                heard = port.receive(0);
            }
        }
        assertThat(standBy).as("frames of the card that stands by").isEmpty();
        assertThat(jvm.ask("start 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "link", "show", "lan1"))
                .contains("alias understudy tag 1267 own=" + OWN
                        + " before=0,0,0 announce=0@lan0 was=to floor 2, switch 3")
                .contains(MAC);
        until("it answers", MacTakeoverScenarios::answersTcp);
        assertThat(neighbour()).contains(MAC);
        assertThat(asker.whoHas("192.0.2.2", 500)).contains(a.mac());
        assertThat(jvm.ask("monitor")).isEqualTo("HEALTHY SOFT ; HEALTHY SOFT ");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThatItIsSpareAgain(a, "alias to floor 2, switch 3");
    }

    void a_crash_does_not_lose_the_own_address_of_a_spare_card() {
        LabHost a = spare(2);
        LabHost b = spare(3);
        LabJvm dead = agent(a, CARD + " " + VIP);
        assertThat(dead.ask("start 4711")).isEqualTo("ok");
        until("it answers", MacTakeoverScenarios::answersTcp);
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm guardian = agent(a, CARD + " " + VIP);
        assertThat(guardian.ask("rites 9 card/lan1 mac/" + MAC))
                .contains("card/lan1=FAILED card lan1 is lent with the tag of another incarnation")
                .contains("mac/" + MAC + "=FAILED");
        assertThat(guardian.ask("rites 4711 address/192.0.2.50 card/lan1 mac/" + MAC))
                .isEqualTo("address/192.0.2.50=REMOVED; card/lan1=REMOVED; mac/" + MAC + "=REMOVED");
        assertThatItIsSpareAgain(a, "");
        LabJvm second = agent(b, CARD + " " + VIP);
        assertThat(second.ask("start 4712")).isEqualTo("ok");
        until("it answers from the other host", MacTakeoverScenarios::answersTcp);
        assertThat(neighbour()).contains(MAC);
        second.signal("KILL");
        second.awaitEnd();
        // No guardian here: the next start knows what the dead one knew.
        LabJvm next = agent(b, CARD + " " + VIP);
        assertThat(next.ask("probe")).startsWith("HERE");
        assertThat(next.ask("start 4713")).isEqualTo("ok");
        assertThat(next.ask("stop")).isEqualTo("ok");
        assertThatItIsSpareAgain(b, "");
    }

    void last_rites_call_a_service_address_gone_only_if_it_is() {
        LabHost a = spare(2);
        LabJvm dead = agent(a, CARD);
        assertThat(dead.ask("start 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        a.inside("ip", "link", "set", "lan1", "alias", "somebody's note");
        LabJvm guardian = agent(a, CARD);
        assertThat(guardian.ask("rites 4711 card/lan1 mac/" + MAC))
                .contains("mac/" + MAC + "=FAILED " + MAC + " is on lan1 without the mark of this library");
        assertThat(guardian.ask("start 4712"))
                .startsWith("refused HARD")
                .contains("has the hardware address " + MAC + " as its own");
        a.inside("ip", "link", "set", "lan1", "alias", "understudy tag 1267 own=nonsense");
        assertThat(guardian.ask("rites 4711 card/lan1")).startsWith("card/lan1=FAILED");
    }

    void a_card_in_use_is_no_spare_one() {
        LabHost a = spare(2);
        LabJvm jvm = agent(a, CARD);
        a.inside("ip", "addr", "add", "198.51.100.2/24", "dev", "lan1");
        assertThat(jvm.ask("start 4711")).startsWith("refused HARD").contains("is no spare one, it carries an IPv4");
        a.inside("ip", "addr", "flush", "dev", "lan1");
        a.inside("ip", "addr", "add", "2001:db8::7/64", "dev", "lan1", "nodad");
        assertThat(jvm.ask("eligibility")).contains("it carries an IPv6 address");
        a.inside("ip", "addr", "flush", "dev", "lan1");
        a.inside("ip", "link", "set", "lan1", "up");
        a.inside("ip", "route", "add", "default", "dev", "lan1");
        assertThat(jvm.ask("start 4711")).contains("it carries the default route");
        a.inside("ip", "route", "del", "default");
        assertThat(jvm.ask("start 4711")).as("one that is up and idle").isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        jvm.ask("card lan9 lan0 " + MAC);
        assertThat(jvm.ask("start 4711")).contains("there is no Ethernet card lan9");
        jvm.ask("card lan1 lan0 " + OWN);
        assertThat(jvm.ask("start 4711")).contains("as its own, so a stand-by could not be told from the owner");
        jvm.ask("card lan1 lan0 " + a.mac());
        assertThat(jvm.ask("start 4711")).contains("is already on lan0");
        jvm.ask(CARD);
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("start 4711")).contains("interface lan0 has no carrier");
        assertThatItIsSpareAgain(a, "");
    }

    private static LabHost spareCard(LabHost host) {
        host.secondCard();
        host.inside("ip", "addr", "flush", "dev", "lan1");
        host.inside("ip", "link", "set", "lan1", "down");
        return host;
    }

    private LabHost spare(int number) {
        LabHost host = spareCard(segment.host(number));
        host.inside("ip", "link", "set", "lan1", "address", "02:00:00:00:01:0" + number);
        return host;
    }

    private static void assertThatItIsSpareAgain(LabHost host, String alias) {
        String own = "02:00:00:00:01:0" + host.port().charAt(4);
        String shown = host.inside("ip", "link", "show", "lan1");
        assertThat(shown).contains(own).contains("<BROADCAST,MULTICAST>").doesNotContain("understudy");
        if (alias.isEmpty()) {
            assertThat(shown).doesNotContain("alias");
        } else {
            assertThat(shown).contains(alias);
        }
        assertThat(host.inside(
                                "sysctl",
                                "-n",
                                "net.ipv4.conf.lan1.arp_ignore",
                                "net.ipv4.conf.lan1.rp_filter",
                                "net.ipv6.conf.lan1.disable_ipv6")
                        .split("\\s+"))
                .containsExactly("0", "0", "0");
        assertThat(announce(host)).isEqualTo("0");
    }

    private static LabJvm agent(LabHost host, String resources) {
        LabJvm jvm = host.linkJvm();
        assertThat(jvm.ask(resources)).isEqualTo("ok");
        return jvm;
    }

    private static String links(LabHost host) {
        return host.inside("ip", "link", "show");
    }

    private static String announce(LabHost host) {
        return host.inside("sysctl", "-n", "net.ipv4.conf.lan0.arp_announce").strip();
    }

    /** What comes in from a host. */
    private static PacketPort port(LabHost host) {
        return port(host.port());
    }

    private static PacketPort port(String name) {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            return new PacketPort(links.byName(name).orElseThrow().index());
        }
    }

    /**
     * Listens until a frame comes that ends it.
     *
     * @param ours receives every frame with the service's hardware address
     * @return false if it does not come within ten seconds
     */
    private static boolean listen(PacketPort port, List<EthernetFrame> ours, Predicate<EthernetFrame> last) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < 10_000_000_000L) {
            byte[] heard = port.receive(100);
            if (heard.length > PacketPort.HEADER_BYTES) {
                byte[] bytes = Arrays.copyOfRange(heard, PacketPort.HEADER_BYTES, heard.length);
                EthernetFrame frame = EthernetFrame.decode(bytes, bytes.length);
                if (isOf(frame, MAC)) {
                    ours.add(frame);
                }
                if (last.test(frame)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static List<String> shown(List<EthernetFrame> frames) {
        return frames.stream()
                .map(frame -> HexFormat.of().formatHex(frame.encode()))
                .toList();
    }

    private static boolean isToEverybody(EthernetFrame frame) {
        return frame.destination().toString().equals("33:33:00:00:00:01");
    }

    private static boolean isOf(EthernetFrame frame, String mac) {
        return frame.source().toString().equals(mac);
    }

    private static boolean isArpOf(EthernetFrame frame, LabHost host) {
        return frame.type() == EthernetFrame.TYPE_ARP
                && frame.source().toString().equals(host.mac());
    }

    /** The ICMPv6 type, also behind the router alert of a multicast report; -1 if it is anything else. */
    private static int type(EthernetFrame frame) {
        if (frame.type() != ETHERTYPE_IPV6) {
            return -1;
        }
        byte[] packet = frame.payload();
        int start = packet[6] == 0 ? 48 : 40;
        return packet[6] == 0 || packet[6] == 58 ? packet[start] & 0xff : -1;
    }

    /** What a router says to everybody: a prefix to make addresses of, and "who listens to which group?", to be answered at once. */
    private static void sendRouterAdvertisementAndQuery() {
        String fromRouter = "333300000001" + "020000000001" + "86dd";
        String addresses = "fe8000000000000000000000000000ff" + "ff020000000000000000000000000001";
        byte[] advertisement = HexFormat.of()
                .parseHex(fromRouter + "60000000" + "0030" + "3aff" + addresses + "8600" + "0000" + "4000" + "0708"
                        + "0000000000000000" + "030440c0" + "00015180" + "00003840" + "00000000"
                        + "20010db8000100000000000000000000");
        byte[] query = HexFormat.of()
                .parseHex(fromRouter + "60000000" + "0024" + "0001" + addresses + "3a00050200000100" + "8200" + "0000"
                        + "00010000" + "00000000000000000000000000000000" + "027d0000");
        try (PacketPort bridge = port("br0")) {
            for (byte[] frame : List.of(checked(advertisement, 54), checked(query, 62))) {
                byte[] all = new byte[PacketPort.HEADER_BYTES + frame.length];
                System.arraycopy(frame, 0, all, PacketPort.HEADER_BYTES, frame.length);
                assertThat(bridge.send(all)).isTrue();
            }
        }
    }

    /** With the ICMPv6 checksum (RFC 4443 section 2.3). */
    private static byte[] checked(byte[] frame, int start) {
        long sum = frame.length - start + 58;
        for (int i = 22; i < 54; i += 2) {
            sum += (frame[i] & 0xff) << 8 | frame[i + 1] & 0xff;
        }
        for (int i = start; i < frame.length; i += 2) {
            sum += (frame[i] & 0xff) << 8 | frame[i + 1] & 0xff;
        }
        while (sum >>> 16 != 0) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        frame[start + 2] = (byte) (~sum >>> 8);
        frame[start + 3] = (byte) ~sum;
        return frame;
    }

    /** Whether a TCP packet to a closed port is answered. */
    private static boolean answersTcp() {
        return answersTcp(VIP);
    }

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

    private static String neighbour() {
        return neighbour(VIP);
    }

    private static String neighbour(String address) {
        return Segment.run("ip", "neigh", "show", address, "dev", "br0");
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
