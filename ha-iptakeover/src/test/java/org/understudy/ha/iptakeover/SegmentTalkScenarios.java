package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.Connections;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.Card;
import org.understudy.ha.iptakeover.lab.LabGrant;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.lab.TcpClient;
import org.understudy.ha.iptakeover.lab.TcpPeer;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.packet.Announcement;
import org.understudy.ha.iptakeover.packet.DiscoveryFrames;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.TcpConnection;
import org.understudy.ha.iptakeover.packet.TokenMark;
import org.understudy.ha.iptakeover.spi.LinkTable;

/** What happens in the namespaces; each method is one scenario, run by {@link SegmentTalkNetnsIT} in a JVM of its own. */
final class SegmentTalkScenarios implements AutoCloseable {
    private static final int PORT = 7777;
    private static final String RESET = "Connection reset";
    /** Longer than the longest distance between two of the first announcements. */
    private static final int SILENCE_MILLIS = 3_500;

    /** {@code IFLA_EVENT_FEATURES} and {@code IFLA_EVENT_BONDING_FAILOVER}, {@code linux/if_link.h}. */
    private static final int FEATURES = 2;

    private static final int BONDING_FAILOVER = 3;

    private static final String SECOND_MAC = "02:00:00:00:00:77";
    private static final String THIRD_MAC = "02:00:00:00:00:78";

    private static final int LATENCY_ROUNDS = 250;

    // First: once the JVM has looked for IPv6 it does not look again.
    private final Segment segment = new Segment();
    private final String vip;
    private final IpAddress address;
    private final boolean isV6;
    private final TokenMark marks = marks("demo");
    private final Asker asker = new Asker();

    private SegmentTalkScenarios(String vip) {
        this.vip = vip;
        this.address = IpAddress.parse(vip).orElseThrow();
        this.isV6 = address.isV6();
    }

    public static void main(String[] args) throws ReflectiveOperationException {
        try (SegmentTalkScenarios scenarios = new SegmentTalkScenarios(args[1])) {
            SegmentTalkScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
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

    void a_newer_owner_that_speaks_makes_the_older_one_let_go() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm older = jvm(a, 7);
        LabJvm newer = jvm(b, 8);
        assertThat(older.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(vip, 500)).contains(a.mac());
        learn(a.mac());
        assertThat(newer.ask("start RELEASED 4712")).isEqualTo("ok");
        until("the older one is gone", () -> !a.addresses().contains(vip));
        for (int i = 0; i < 20; i++) {
            assertThat(asker.whoHas(vip, 100)).contains(b.mac());
        }
        until("the neighbour knows", () -> neighbour().contains(b.mac()));
        String why = "the host with hardware address " + b.mac() + " claims " + vip
                + " under the newer token 8, ours is 7: this host lets go of it";
        assertThat(older.ask("monitor")).isEqualTo("FAILED HARD " + why);
        assertThat(older.ask("alarms")).isEqualTo("[" + why + "]");
        assertThat(newer.ask("monitor")).startsWith("HEALTHY");
        assertThat(older.ask("stop")).isEqualTo("ok");
        assertThat(older.ask("retire")).isEqualTo("ok");
        until("threads end", () -> older.ask("threads").equals("[]"));
        assertThat(older.ask("probe")).isEqualTo("ELSEWHERE " + b.mac());
        assertThat(asker.whoHas(vip, 500)).contains(b.mac());
        assertThat(newer.ask("stop")).isEqualTo("ok");
    }

    void an_older_owner_that_speaks_is_answered_and_lets_go() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm older = jvm(a, 7);
        LabJvm newer = jvm(b, 8);
        assertThat(newer.ask("start NEVER 4712")).isEqualTo("ok");
        assertThat(asker.whoHas(vip, 500)).contains(b.mac());
        learn(a.mac());
        assertThat(older.ask("start RELEASED 4711")).isEqualTo("ok");
        until("the older one is gone", () -> !a.addresses().contains(vip));
        assertThat(older.ask("monitor")).startsWith("FAILED HARD").contains("under the newer token 8, ours is 7");
        assertThat(newer.ask("alarms"))
                .isEqualTo("[the host with hardware address " + a.mac() + " claims " + vip
                        + " under the older token 7, ours is 8: it is announced again]");
        until("the neighbour knows the newer one", () -> neighbour().contains(b.mac()));
        assertThat(newer.ask("monitor")).startsWith("HEALTHY");
        assertThat(asker.whoHas(vip, 500)).contains(b.mac());
        assertThat(older.ask("stop")).isEqualTo("ok");
        assertThat(newer.ask("stop")).isEqualTo("ok");
    }

    void a_planned_move_raises_no_alarm() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm first = jvm(a, 7);
        LabJvm second = jvm(b, 8);
        assertThat(first.ask("start NEVER 4711")).isEqualTo("ok");
        for (int token = 8; token < 28; token += 2) {
            assertThat(first.ask("stop")).isEqualTo("ok");
            second.ask("token " + token);
            assertThat(second.ask("start RELEASED 4712")).isEqualTo("ok");
            assertThat(second.ask("stop")).isEqualTo("ok");
            assertThat(first.ask("alarms")).isEqualTo("[]");
            first.ask("token " + (token + 1));
            assertThat(first.ask("start RELEASED 4711")).isEqualTo("ok");
            assertThat(second.ask("alarms")).isEqualTo("[]");
        }
        assertThat(asker.whoHas(vip, 500)).contains(a.mac());
        assertThat(first.ask("stop")).isEqualTo("ok");
    }

    void a_stranger_is_told_once_and_the_owner_stays() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a, 7);
        LabHost c = segment.host(9);
        LabJvm stranger = c.jvm();
        stranger.ask("use " + vip + " lan0");
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (Card bridge = Card.existing("br0", List.of(address))) {
            quiet(bridge);
            assertThat(stranger.ask("announce")).isEqualTo("sent");
            assertThat(stranger.ask("announce")).isEqualTo("sent");
            until("told", () -> !owner.ask("alarms").equals("[]"));
            assertThat(owner.ask("alarms"))
                    .isEqualTo("[the host with hardware address " + c.mac() + " claims " + vip
                            + " and is no node of this cluster: take the address off that host, or give the group"
                            + " another one]");
            int defended = 0;
            Optional<Card.Heard> heard = bridge.next(SILENCE_MILLIS);
            while (heard.isPresent()) {
                defended += isMarked(heard.get(), 7) ? 1 : 0;
                heard = bridge.next(SILENCE_MILLIS);
            }
            assertThat(defended).as("one round").isEqualTo(isV6 ? 1 : 2);
        }
        assertThat(owner.ask("monitor"))
                .isEqualTo("DEGRADED SOFT the host with hardware address " + c.mac() + " claims " + vip
                        + " and is no node of this cluster: take the address off that host, or give the group"
                        + " another one");
        assertThat(asker.whoHas(vip, 500)).contains(a.mac());
        assertThat(owner.ask("stop")).isEqualTo("ok");

        owner.ask("use " + vip + " lan0 rivals=YIELD");
        assertThat(owner.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(stranger.ask("announce")).isEqualTo("sent");
        until("it is gone", () -> !a.addresses().contains(vip));
        assertThat(owner.ask("monitor"))
                .startsWith("FAILED HARD")
                .contains("is no node of this cluster")
                .contains("this host lets go of it");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void a_forged_or_replayed_mark_moves_nobody() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a, 7);
        try (Card rival = Card.plug("rival0", List.of(address))) {
            assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
            MacAddress mac = rival.mac();
            learn(mac.toString());
            // What another owner said of itself, in another one's name.
            announce(rival, new MacAddress(mac.bits() ^ 1), mac, marks, 9);
            announce(rival, mac, mac, marks("other"), 9);
            announce(rival, mac, mac, marks, 6);
            MacAddress own = new MacAddress(Long.parseLong(a.mac().replace(":", ""), 16));
            announce(rival, own, own, marks, 7);
            until("all is told", () -> owner.ask("alarms").contains("this host's own hardware address"));
            assertThat(owner.ask("alarms"))
                    .contains(mac + " claims " + vip + " and is no node of this cluster")
                    .contains(mac + " claims " + vip + " under the older token 6, ours is 7")
                    .contains("frames of " + vip + " under this host's own hardware address " + a.mac())
                    .doesNotContain("lets go");
            assertThat(owner.ask("monitor"))
                    .startsWith(
                            "DEGRADED SOFT frames of " + vip + " under this host's own hardware address " + a.mac());
            until("the neighbour knows the owner", () -> neighbour().contains(a.mac()));
            assertThat(asker.whoHas(vip, 500)).contains(a.mac());
        }
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void a_host_that_claims_many_addresses_raises_one_alarm() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a, 7);
        List<IpAddress> many = new ArrayList<>();
        for (int i = 50; i < 80; i++) {
            many.add(IpAddress.parse(isV6 ? "2001:db8::" + i : "192.0.2." + i).orElseThrow());
        }
        owner.ask(
                "use " + String.join(",", many.stream().map(IpAddress::toString).toList()) + " lan0");
        try (Card bridge = Card.existing("br0", many);
                Card rival = Card.plug("rival0", List.of(address))) {
            assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
            quiet(bridge);
            announcement(rival.mac(), marks, 6).of(many).forEach(rival::send);
            IpAddress last = many.get(many.size() - 1);
            int again = 0;
            Optional<Card.Heard> heard = bridge.next(10_000);
            while (heard.isPresent()) {
                boolean isLast = heard.get().sighting().sender().equals(last);
                again += isLast && isMarked(heard.get(), 7) ? 1 : 0;
                heard = bridge.next(SILENCE_MILLIS);
            }
            // The eight rounds begin anew at once and once more after a second at most, and where the machine stalls
            // for a third of a
            // lease; not thirty times.
            assertThat(again).isBetween(1, isV6 ? 48 : 96);
            assertThat(owner.ask("alarms")).containsOnlyOnce("under the older token 6");
            announcement(rival.mac(), marks, 8).of(many).forEach(rival::send);
            until("it is gone", () -> !a.addresses().contains(many.get(0).toString()));
            assertThat(owner.ask("alarms")).containsOnlyOnce("under the newer token 8");
        }
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void neighbours_confirm_and_the_silent_are_named() {
        LabHost a = segment.host(2);
        String gateway = isV6 ? "2001:db8::1" : "192.0.2.1";
        String nobody = isV6 ? "2001:db8::222" : "192.0.2.222";
        a.inside("ip", isV6 ? "-6" : "-4", "route", "add", "default", "via", gateway);
        LabJvm owner = jvm(a, 7);
        owner.ask("use " + vip + " lan0 confirm=" + nobody);
        assertThat(owner.ask("takeovers")).isEqualTo("[]");
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        until("the gateway confirms", () -> owner.ask("takeovers").contains("gateway " + gateway + " after "));
        System.out.println(owner.ask("takeovers"));
        assertThat(owner.ask("takeovers"))
                .startsWith("[" + vip + ": 1 of 2 neighbours have confirmed it (gateway " + gateway)
                .contains("; silent so far: " + nobody);
        assertThat(owner.ask("reports")).isEqualTo("[]");
        assertThat(neighbour()).contains(a.mac());
        until("it is final", 15, () -> owner.ask("takeovers").contains("; never answered: " + nobody));
        until("it is told", () -> !owner.ask("reports").equals("[]"));
        assertThat(owner.ask("reports")).isEqualTo(owner.ask("takeovers"));
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(owner.ask("takeovers")).isEqualTo("[]");
    }

    void a_third_host_sees_none_one_and_two_who_answer() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(9);
        LabHost c = segment.host(4);
        LabJvm owner = jvm(a, 7);
        LabJvm viewer = jvm(c, 7);
        assertThat(viewer.ask("answering 100")).isEqualTo("{" + vip + "=[]}");
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        until("one", () -> viewer.ask("answering 100").equals("{" + vip + "=[" + a.mac() + "]}"));
        b.inside("ip", "addr", "add", vip + (isV6 ? "/128" : "/32"), "dev", "lan0", "nodad");
        until("two", () -> viewer.ask("answering 100").contains(b.mac()));
        assertThat(viewer.ask("answering 100")).contains(a.mac()).contains(b.mac());
        assertThat(viewer.ask("threads")).isEqualTo("[]");
        assertThat(owner.ask("stop")).isEqualTo("ok");
        until("the other", () -> viewer.ask("answering 100").equals("{" + vip + "=[" + b.mac() + "]}"));
    }

    void it_is_announced_again_when_the_carrier_returns() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a, 7);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (Card bridge = Card.existing("br0", List.of(address))) {
            quiet(bridge);
            Segment.run("ip", "link", "set", a.port(), "down");
            until("seen", () -> owner.ask("monitor").equals("FAILED HARD carrier of lan0 is gone"));
            Segment.run("ip", "link", "set", a.port(), "up");
            Card.Heard heard = bridge.next();
            while (!isMarked(heard, 7)) {
                heard = bridge.next();
            }
            assertThat(heard.sighting().form()).isEqualTo(Sighting.Form.ANNOUNCEMENT);
            assertThat(heard.sighting().senderMac()).hasToString(a.mac());
        }
        assertThat(owner.ask("alarms")).isEqualTo("[]");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void what_a_full_queue_drops_is_said_again() {
        LabHost a = segment.host(2);
        String gateway = isV6 ? "2001:db8::1" : "192.0.2.1";
        a.inside("ip", isV6 ? "-6" : "-4", "route", "add", "default", "via", gateway);
        learn("02:00:00:00:00:99");
        LabJvm owner = jvm(a, 7);
        try (Card bridge = Card.existing("br0", List.of(address))) {
            a.inside("tc", "qdisc", "add", "dev", "lan0", "root", "pfifo", "limit", "0");
            assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
            assertThat(owner.ask("announce")).isEqualTo("dropped");
            assertThat(owner.ask("monitor")).startsWith("HEALTHY");
            assertThat(bridge.next(300)).as("nothing leaves").isEmpty();
            a.inside("tc", "qdisc", "del", "dev", "lan0", "root");
            assertThat(isMarked(bridge.next(), 7)).isTrue();
        }
        until("the neighbour knows", () -> neighbour().contains(a.mac()));
        until("the gateway confirms", () -> owner.ask("takeovers").contains("gateway " + gateway + " after "));
        assertThat(owner.ask("alarms")).isEqualTo("[]");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    /** No bond is needed to hear that one changed its port: whoever may configure the network can say so. */
    void it_is_announced_again_when_a_bond_changes_its_port() {
        LabHost a = segment.host(2);
        LabJvm teller = a.jvm();
        LabJvm owner = jvm(a, 7);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (Card bridge = Card.existing("br0", List.of(address))) {
            quiet(bridge);
            assertThat(teller.ask("tell lan0 " + FEATURES)).isEqualTo("ok");
            assertThat(teller.ask("tell lo " + BONDING_FAILOVER)).isEqualTo("ok");
            assertThat(bridge.next(SILENCE_MILLIS)).isEmpty();
            assertThat(teller.ask("tell lan0 " + BONDING_FAILOVER)).isEqualTo("ok");
            for (int round = 0; round < 4; round++) {
                assertThat(isMarked(bridge.next(), 7)).isTrue();
            }
        }
        assertThat(owner.ask("alarms")).isEqualTo("[]");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void another_hardware_address_of_the_card_is_announced_at_once() {
        LabHost a = segment.host(2);
        String gateway = isV6 ? "2001:db8::1" : "192.0.2.1";
        a.inside("ip", isV6 ? "-6" : "-4", "route", "add", "default", "via", gateway);
        LabJvm owner = jvm(a, 7);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        until("the gateway confirms", () -> owner.ask("takeovers").contains("gateway " + gateway + " after "));
        String before = a.mac();
        try (Card bridge = Card.existing("br0", List.of(address))) {
            assertThat(neighbour()).contains(before);
            a.inside("ip", "link", "set", "lan0", "address", SECOND_MAC);
            until("the neighbour knows", () -> neighbour().contains(SECOND_MAC));
            assertThat(asker.whoHas(vip, 500)).contains(SECOND_MAC);
            onlyNew(bridge, before);
            assertThat(neighbour()).contains(SECOND_MAC);
            until(
                    "who was asked before was asked again",
                    () -> owner.ask("takeovers").contains("1 of 1 neighbours have confirmed it (gateway " + gateway));
            until(
                    "it is told",
                    () -> owner.ask("reports")
                            .contains("the hardware address of lan0 was changed from " + before + " to " + SECOND_MAC));

            // Most cards must be put down for that.
            a.inside("ip", "link", "set", "lan0", "down");
            a.inside("ip", "link", "set", "lan0", "address", THIRD_MAC);
            a.inside("ip", "link", "set", "lan0", "up");
            a.inside("ip", "addr", "replace", "2001:db8::2/64", "dev", "lan0", "nodad");
            until("the neighbour knows", () -> neighbour().contains(THIRD_MAC));
            onlyNew(bridge, SECOND_MAC);
            until("it answers", () -> asker.whoHas(vip, 100).equals(Optional.of(THIRD_MAC)));
        }
        until("healthy", () -> owner.ask("monitor").startsWith("HEALTHY"));
        assertThat(owner.ask("alarms")).isEqualTo("[]");
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas(vip, 50)).isEmpty();
        // What the stay before left for it was of another hardware address.
        assertThat(owner.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(asker.whoHas(vip, 500)).contains(THIRD_MAC);
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    /** Nothing more is announced with the old hardware address once the new one was heard. */
    private void onlyNew(Card bridge, String old) {
        Card.Heard heard = bridge.next();
        while (heard.sighting().senderMac().toString().equals(old)) {
            heard = bridge.next();
        }
        Optional<Card.Heard> more = Optional.of(heard);
        while (more.isPresent()) {
            assertThat(more.get().sighting().senderMac().toString()).isNotEqualTo(old);
            more = bridge.next(SILENCE_MILLIS);
        }
    }

    void a_planned_stop_resets_the_clients() {
        LabHost a = segment.host(2);
        LabJvm server = a.jvm(TcpPeer.command());
        LabJvm owner = jvm(a, 7);
        server.ask("listen :: " + PORT);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (TcpClient client = TcpClient.to(vip, PORT);
                TcpClient other = TcpClient.to(isV6 ? "2001:db8::2" : "192.0.2.2", PORT)) {
            assertThat(owner.ask("stop")).isEqualTo("ok");
            assertThat(client.next(5_000)).isEqualTo(RESET);
            assertThat(other.next(300)).as("of the host's own address").isEqualTo("nothing");
        }
    }

    void clients_of_a_dead_owner_are_reset_by_the_next_one_that_was_told_of_them() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabHost c = segment.host(4);
        LabJvm server = a.jvm(TcpPeer.command());
        LabJvm owner = jvm(a, 7);
        LabJvm untold = jvm(b, 8);
        LabJvm told = jvm(c, 9);
        server.ask("listen :: " + PORT);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (TcpClient client = TcpClient.to(vip, PORT)) {
            until("the connection is told", () -> {
                owner.ask("monitor");
                return ports(owner.ask("told")).contains(client.port());
            });
            String state = owner.ask("told");
            owner.signal("KILL");
            owner.awaitEnd();
            until("it is mute", () -> asker.whoHas(vip, 20).isEmpty());
            assertThat(untold.ask("start DIED 4712")).isEqualTo("ok");
            until("the client's host knows", () -> neighbour().contains(b.mac()));
            assertThat(client.next(1_500)).isEqualTo("nothing");
            assertThat(untold.ask("stop")).isEqualTo("ok");
            told.ask("hear " + state);
            assertThat(told.ask("start DIED 4713")).isEqualTo("ok");
            assertThat(client.next(5_000)).isEqualTo(RESET);
            assertThat(told.ask("stop")).isEqualTo("ok");
        }
    }

    void clients_of_a_dead_owner_are_asked_whether_they_noticed() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm server = a.jvm(TcpPeer.command());
        LabJvm owner = jvm(a, 7);
        LabJvm next = jvm(b, 8);
        server.ask("listen :: " + PORT);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (TcpClient client = TcpClient.to(vip, PORT)) {
            until("the connection is told", () -> {
                owner.ask("monitor");
                return ports(owner.ask("told")).contains(client.port());
            });
            // One of the next host's own, and one beyond a router.
            next.ask("hear "
                    + withClients(
                            owner.ask("told"),
                            isV6 ? "2001:db8::3" : "192.0.2.3",
                            isV6 ? "2001:db8:9::1" : "203.0.113.9"));
            owner.signal("KILL");
            owner.awaitEnd();
            until("it is mute", () -> asker.whoHas(vip, 20).isEmpty());
            String bridge = isV6 ? "2001:db8::1" : "192.0.2.1";
            b.inside("ip", "neigh", "flush", "dev", "lan0");
            assertThat(next.ask("start DIED 4712")).isEqualTo("ok");
            until("the client confirms", () -> next.ask("takeovers").contains("client " + bridge + " after "));
            assertThat(next.ask("takeovers")).contains(": 1 of 1 neighbours have confirmed it");
            assertThat(next.ask("stop")).isEqualTo("ok");
        }
    }

    void without_listening_nobody_is_asked_and_no_rival_heard() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a, 7);
        a.inside("ip", isV6 ? "-6" : "-4", "route", "add", "default", "via", isV6 ? "2001:db8::1" : "192.0.2.1");
        owner.ask("use " + vip + " lan0 deaf");
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(owner.ask("threads"))
                .isEqualTo("[ha-serv1-address-" + vip + ", ha-serv1-addresses, ha-serv1-addresses-looks]");
        try (Card rival = Card.plug("rival0", List.of(address))) {
            announce(rival, rival.mac(), rival.mac(), marks, 8);
            assertThat(rival.next().sighting().senderMac())
                    .as("the next of its own")
                    .hasToString(a.mac());
        }
        assertThat(owner.ask("takeovers")).isEqualTo("[]");
        assertThat(owner.ask("alarms")).isEqualTo("[]");
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void an_armed_gate_that_was_shut_cannot_be_opened() {
        LinkTable.Link bridge = link("br0");
        try (NftGate gate = new NftGate(new AddressSet(List.of(address)), "br0", bridge.index())) {
            gate.create(4711);
            assertThat(gate.arm(60_000)).isTrue();
            gate.shut();
            assertThat(gate.open(60_000)).isFalse();
            assertThat(gate.arm(60_000)).isTrue();
            assertThat(gate.arm(60_000)).as("again").isTrue();
            assertThat(gate.open(60_000)).isTrue();
            gate.shut();
            assertThat(gate.prolong(60_000)).isFalse();
            gate.remove();
            gate.shut();
        }
    }

    void the_gate_is_shut_within_microseconds_of_a_newer_owners_frame()
            throws InterruptedException, ExecutionException, TimeoutException {
        AddressSet addresses = new AddressSet(List.of(address));
        try (Card own = Card.plug("own0", List.of(address));
                Card rival = Card.plug("rival0", List.of(address));
                NftGate gate = new NftGate(addresses, own.name(), own.index())) {
            gate.create(4711);
            LinkTable.Link link = link(own.name());
            EthernetFrame frame =
                    announcement(rival.mac(), marks, 8).of(addresses.all()).get(0);
            List<Long> nanos = new ArrayList<>();
            for (int i = 0; i < LATENCY_ROUNDS; i++) {
                assertThat(gate.arm(5_000)).isTrue();
                assertThat(gate.open(5_000)).isTrue();
                CompletableFuture<Long> shut = new CompletableFuture<>();
                LabGrant grant = new LabGrant(7, ProofKind.RELEASED, 4711, "demo", new byte[0], () -> {});
                try (SegmentTalk talk = new SegmentTalk(
                        addresses,
                        link,
                        false,
                        grant,
                        SegmentTalk.Settings.STANDARD,
                        new Owner(gate, shut),
                        new CardEars())) {
                    talk.begin(Thread::new);
                    long sent = System.nanoTime();
                    rival.send(frame);
                    nanos.add(shut.get(10, TimeUnit.SECONDS) - sent);
                }
                grant.end();
                assertThat(gate.prolong(5_000)).isFalse();
            }
            gate.remove();
            Collections.sort(nanos);
            System.out.println("from a rival's frame to the shut gate, " + vip + ": n=" + nanos.size() + " p50 "
                    + nanos.get(nanos.size() / 2) / 1000 + " us, p99 " + nanos.get(nanos.size() * 99 / 100) / 1000
                    + " us, max " + nanos.get(nanos.size() - 1) / 1000 + " us");
        }
    }

    private record Owner(NftGate gate, CompletableFuture<Long> shut) implements SegmentTalk.Owner {
        @Override
        public boolean isHolding() {
            return !shut.isDone();
        }

        @Override
        public void yield(String why) {
            gate.shut();
            shut.complete(System.nanoTime());
        }

        @Override
        public void wake() {
            // Nobody sleeps.
        }

        @Override
        public List<IpAddress> served() {
            return List.of();
        }
    }

    private LabJvm jvm(LabHost host, int token) {
        LabJvm jvm = host.jvm();
        jvm.ask("key demo");
        jvm.ask("token " + token);
        assertThat(jvm.ask("use " + vip + " lan0")).isEqualTo("ok");
        return jvm;
    }

    private static LinkTable.Link link(String name) {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            return links.byName(name).orElseThrow();
        }
    }

    private static TokenMark marks(String word) {
        return new TokenMark(LabGrant.key(word), "understudy");
    }

    private static Announcement announcement(MacAddress mac, TokenMark marks, long token) {
        return new Announcement(mac, false, Optional.of(marks), new FencingToken(token));
    }

    /** @param said the hardware address that the announcement was made for, {@code now} the one that is in it now */
    private void announce(Card card, MacAddress said, MacAddress now, TokenMark marks, long token) {
        for (EthernetFrame frame : announcement(said, marks, token).of(List.of(address))) {
            String hex = HexFormat.of().formatHex(frame.encode());
            byte[] bytes = HexFormat.of().parseHex(hex.replace(hex(said), hex(now)));
            if (isV6 && !said.equals(now)) {
                bytes = DiscoveryFrames.summed(bytes);
            }
            card.send(EthernetFrame.decode(bytes, bytes.length));
        }
    }

    private static String hex(MacAddress mac) {
        return HexFormat.of().formatHex(mac.toBytes());
    }

    private boolean isMarked(Card.Heard heard, long token) {
        return marks.token(heard.sighting()).equals(Optional.of(new FencingToken(token)));
    }

    /** Waits until nobody announces any more. */
    private static void quiet(Card card) {
        Optional<Card.Heard> heard = card.next(SILENCE_MILLIS);
        while (heard.isPresent()) {
            heard = card.next(SILENCE_MILLIS);
        }
    }

    private String withClients(String state, String... clients) {
        try {
            List<TcpConnection> all = new ArrayList<>(
                    Connections.decode(HexFormat.of().parseHex(state)).list());
            for (String one : clients) {
                all.add(new TcpConnection(address, PORT, IpAddress.parse(one).orElseThrow(), 40_000));
            }
            return HexFormat.of().formatHex(Connections.NONE.next(all).encode());
        } catch (MalformedMessageException e) {
            throw new AssertionError(state, e);
        }
    }

    private static List<Integer> ports(String state) {
        try {
            return Connections.decode(HexFormat.of().parseHex(state)).list().stream()
                    .map(one -> one.remotePort())
                    .toList();
        } catch (MalformedMessageException e) {
            return List.of();
        }
    }

    private void learn(String mac) {
        Segment.run("ip", "neigh", "replace", vip, "lladdr", mac, "dev", "br0", "nud", "stale");
    }

    private String neighbour() {
        return Segment.run("ip", "neigh", "show", vip, "dev", "br0");
    }

    private static void until(String what, BooleanSupplier condition) {
        until(what, 10, condition);
    }

    private static void until(String what, int seconds, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > seconds * 1_000_000_000L) {
                throw new AssertionError("not within " + seconds + " s: " + what);
            }
        }
    }
}
