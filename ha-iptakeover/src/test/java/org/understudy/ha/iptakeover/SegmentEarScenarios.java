package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.Confirmation;
import org.understudy.ha.iptakeover.core.Confirmation.Neighbour;
import org.understudy.ha.iptakeover.core.Confirmation.Role;
import org.understudy.ha.iptakeover.core.OutsideView;
import org.understudy.ha.iptakeover.core.RivalWatch;
import org.understudy.ha.iptakeover.core.RivalWatch.Action;
import org.understudy.ha.iptakeover.core.RivalWatch.Decision;
import org.understudy.ha.iptakeover.core.RivalWatch.Reason;
import org.understudy.ha.iptakeover.lab.Card;
import org.understudy.ha.iptakeover.lab.Descriptors;
import org.understudy.ha.iptakeover.lab.LabGrant;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.LinuxNeighbourTable;
import org.understudy.ha.iptakeover.linux.LinuxSegmentEar;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.linux.PacketPort;
import org.understudy.ha.iptakeover.linux.RawSocketAnnouncer;
import org.understudy.ha.iptakeover.linux.SegmentGateway;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.DiscoveryFrames;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.NeighbourMessage;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;
import org.understudy.ha.iptakeover.packet.TokenMark;
import org.understudy.ha.iptakeover.spi.NeighbourTable;
import org.understudy.ha.iptakeover.spi.SegmentEar;

/** What happens in the namespaces; each method is one scenario, run by {@link SegmentEarNetnsIT} in a JVM of its own. */
final class SegmentEarScenarios implements AutoCloseable {
    private static final Ipv4Address VIP = v4("192.0.2.50");
    private static final Ipv6Address VIP6 = Ipv6Address.parse("2001:db8::3").orElseThrow();
    private static final FencingToken OURS = new FencingToken(7);
    private static final FencingToken NEWER = new FencingToken(8);
    private static final MacAddress OLD_OWNER = new MacAddress(0x020000000099L);
    private static final int LATENCY_ROUNDS = 400;

    private final Segment segment = new Segment();
    private final TokenMark marks = marks("the key of the cluster");
    private final TokenMark strangers = marks("the key of a stranger");

    private SegmentEarScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (SegmentEarScenarios scenarios = new SegmentEarScenarios()) {
            SegmentEarScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            System.exit(1);
        }
    }

    @Override
    public void close() {
        segment.close();
    }

    void a_rivals_announcement_is_heard_with_its_token_and_ours_are_not() {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            RivalWatch watch = new RivalWatch(VIP, own.mac(), OURS, RivalWatch.Policy.DEFEND);
            own.send(marks.frame(ArpPacket.gratuitousRequest(own.mac(), VIP), OURS, MacAddress.BROADCAST));
            own.send(marks.frame(ArpPacket.gratuitousReply(own.mac(), VIP), OURS, MacAddress.BROADCAST));
            assertThat(marks.token(rival.next().sighting())).contains(OURS);
            assertThat(marks.token(rival.next().sighting())).contains(OURS);

            rival.send(marks.frame(ArpPacket.gratuitousRequest(rival.mac(), VIP), NEWER, MacAddress.BROADCAST));
            // The first thing heard: of our own two frames none came.
            Card.Heard heard = own.next();
            assertThat(heard.sighting().senderMac()).isEqualTo(rival.mac());
            assertThat(heard.sighting().form()).isEqualTo(Form.ANNOUNCEMENT);
            Optional<FencingToken> claimed = marks.token(heard.sighting());
            assertThat(claimed).contains(NEWER);
            assertThat(watch.decide(heard.nanos(), heard.sighting(), claimed))
                    .isEqualTo(new Decision(Action.YIELD, Reason.NEWER_OWNER, true));
        }
    }

    void a_forged_announcement_has_no_token_and_moves_nobody() {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            RivalWatch watch = new RivalWatch(VIP, own.mac(), OURS, RivalWatch.Policy.DEFEND);
            ArpPacket claim = ArpPacket.gratuitousRequest(rival.mac(), VIP);
            EthernetFrame recorded =
                    marks.frame(ArpPacket.gratuitousRequest(OLD_OWNER, VIP), NEWER, MacAddress.BROADCAST);
            List<EthernetFrame> forged = List.of(
                    claim.frameTo(MacAddress.BROADCAST),
                    strangers.frame(claim, NEWER, MacAddress.BROADCAST),
                    marks("the key of the cluster", "another").frame(claim, NEWER, MacAddress.BROADCAST),
                    withSender(recorded, rival.mac()));
            for (EthernetFrame frame : forged) {
                rival.send(frame);
                Card.Heard heard = own.next();
                assertThat(marks.token(heard.sighting())).isEmpty();
                Decision decision = watch.decide(heard.nanos(), heard.sighting(), Optional.empty());
                assertThat(decision.reason()).isEqualTo(Reason.STRANGER);
                assertThat(decision.action()).isIn(Action.DEFEND, Action.NONE);
            }
            assertThat(watch.hasYielded()).isFalse();
        }
    }

    void what_this_host_drops_is_told_to_whoever_sends() {
        try (Card own = Card.plug("own0", List.of(VIP));
                PacketPort port = new PacketPort(own.index());
                RawSocketAnnouncer announcer = new RawSocketAnnouncer(own.index());
                SegmentGateway gateway = new SegmentGateway(own.index(), own.mac(), v4("192.0.2.9"), v4("192.0.2.1"))) {
            EthernetFrame frame = ArpPacket.gratuitousRequest(own.mac(), VIP).frameTo(MacAddress.BROADCAST);
            // With an empty header of the kernel in front.
            ByteBuffer whole = ByteBuffer.allocate(PacketPort.HEADER_BYTES + frame.encode().length)
                    .put(PacketPort.HEADER_BYTES, frame.encode());
            List<BooleanSupplier> senders = List.of(
                    () -> own.ear().send(frame),
                    () -> port.send(whole.array()),
                    () -> announcer.send(List.of(frame, frame)),
                    gateway::ask);
            assertThat(senders).allMatch(BooleanSupplier::getAsBoolean);
            Segment.run("tc", "qdisc", "add", "dev", own.name(), "root", "pfifo", "limit", "0");
            assertThat(senders).as("a full queue").noneMatch(BooleanSupplier::getAsBoolean);
            Segment.run("tc", "qdisc", "del", "dev", own.name(), "root");
            assertThat(senders).allMatch(BooleanSupplier::getAsBoolean);
        }
    }

    void our_hardware_address_on_another_port_is_told_from_a_rival() {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            RivalWatch watch = new RivalWatch(VIP, own.mac(), OURS, RivalWatch.Policy.DEFEND);
            rival.send(marks.frame(ArpPacket.gratuitousRequest(own.mac(), VIP), OURS, MacAddress.BROADCAST));
            Card.Heard heard = own.next();
            assertThat(watch.decide(heard.nanos(), heard.sighting(), marks.token(heard.sighting())))
                    .isEqualTo(new Decision(Action.NONE, Reason.OWN_MAC_ELSEWHERE, true));
        }
    }

    void nothing_but_the_address_is_heard() {
        LabHost a = segment.host(3);
        Ipv4Address other = v4("192.0.2.51");
        try (Card own = Card.plug("own0", List.of(VIP, VIP6));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            rival.send(ArpPacket.gratuitousRequest(rival.mac(), other).frameTo(MacAddress.BROADCAST));
            rival.send(ArpPacket.whoHas(rival.mac(), other, v4("192.0.2.3")).frameTo(MacAddress.BROADCAST));
            rival.send(new EthernetFrame(MacAddress.BROADCAST, rival.mac(), 0x0800, new byte[60]));
            rival.send(new EthernetFrame(MacAddress.BROADCAST, rival.mac(), 0x88b5, new byte[60]));
            rival.send(discovery("20010db8000000000000000000000003", "20010db8000000000000000000000004"));
            a.inside("ip", "-6", "addr", "add", "2001:db8::9/64", "dev", "lan0", "nodad");
            a.inside("ip", "neigh", "flush", "dev", "lan0");

            rival.send(ArpPacket.probe(rival.mac(), VIP).frameTo(MacAddress.BROADCAST));
            assertThat(own.next().sighting().form()).isEqualTo(Form.PROBE);
            rival.send(ArpPacket.whoHas(rival.mac(), VIP, other).frameTo(MacAddress.BROADCAST));
            assertThat(own.next().sighting().form()).isEqualTo(Form.QUESTION);
            rival.send(discovery("", ""));
            Sighting announced = own.next().sighting();
            assertThat(announced.sender()).isEqualTo(VIP6);
            assertThat(own.ear().malformed()).isZero();
        }
    }

    void broken_frames_are_counted_and_the_ear_goes_on() {
        try (Card own = Card.plug("own0", List.of(VIP, VIP6));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            byte[] wrongSum = HexFormat.of().parseHex(DiscoveryFrames.UNSOLICITED);
            wrongSum[56]++;
            rival.send(EthernetFrame.decode(wrongSum, wrongSum.length));
            byte[] token = marks.encodeOption(NEWER, new MacAddress(0x020000000003L), VIP6);
            byte[] right = DiscoveryFrames.withOption(HexFormat.of().parseHex(DiscoveryFrames.UNSOLICITED), token);
            rival.send(EthernetFrame.decode(right, right.length));
            Sighting heard = own.next().sighting();
            assertThat(heard.sender()).isEqualTo(VIP6);
            assertThat(marks.token(heard)).contains(NEWER);
            assertThat(own.ear().malformed()).isEqualTo(1);
        }
    }

    void the_kernels_own_ipv6_words_are_heard() {
        LabHost a = segment.host(4);
        a.inside("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/lan0/ndisc_notify");
        try (Card own = Card.plug("own0", List.of(VIP6))) {
            a.inside("ip", "-6", "addr", "add", VIP6 + "/64", "dev", "lan0");
            Sighting probe = own.next().sighting();
            assertThat(probe.form()).isEqualTo(Form.PROBE);
            assertThat(probe.target()).isEqualTo(VIP6);
            Sighting next = own.next().sighting();
            while (next.form() == Form.PROBE) {
                next = own.next().sighting();
            }
            assertThat(next.form()).isEqualTo(Form.ANNOUNCEMENT);
            assertThat(next.sender()).isEqualTo(VIP6);
            assertThat(next.senderMac()).hasToString(a.mac());
        }
    }

    void neighbours_confirm_a_takeover_also_one_that_drops_gratuitous_arp() {
        LabHost a = segment.host(3);
        LabHost b = segment.host(4);
        b.inside("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/lan0/drop_gratuitous_arp");
        for (LabHost host : List.of(a, b)) {
            host.inside(
                    "ip",
                    "neigh",
                    "replace",
                    VIP.toString(),
                    "lladdr",
                    OLD_OWNER.toString(),
                    "dev",
                    "lan0",
                    "nud",
                    "stale");
        }
        try (Card own = Card.plug("own0", List.of(VIP))) {
            EthernetFrame announcement =
                    marks.frame(ArpPacket.gratuitousRequest(own.mac(), VIP), OURS, MacAddress.BROADCAST);
            until("a follows the announcement", () -> {
                own.send(announcement);
                return entry(a).contains(own.mac().toString());
            });
            assertThat(entry(b)).as("b drops it").contains(OLD_OWNER.toString());

            List<Neighbour> asked = Confirmation.choose(
                    VIP,
                    List.of(
                            new Neighbour(v4("192.0.2.3"), Role.GATEWAY, Optional.empty()),
                            new Neighbour(v4("192.0.2.4"), Role.PEER, Optional.of(mac(b))),
                            new Neighbour(v4("192.0.2.99"), Role.CLIENT, Optional.empty())),
                    Confirmation.NEIGHBOURS_MAX);
            long start = System.nanoTime();
            Confirmation confirmation = new Confirmation(VIP, own.mac(), asked, start);
            while (confirmation.outcome(start).confirmed().size() < 2) {
                confirm(confirmation, own);
            }
            Confirmation.Outcome outcome = confirmation.outcome(System.nanoTime());
            assertThat(outcome.silent()).containsExactly(asked.get(2));
            assertThat(outcome.isFinal()).isFalse();
            outcome.confirmed()
                    .forEach(c -> System.out.println(
                            c.neighbour().address() + " confirmed after " + c.afterNanos() / 1000 + " us"));
            assertThat(entry(b)).contains(own.mac().toString());
        }
    }

    void the_gate_covers_the_ear_and_marked_frames_as_everything_else() {
        LabHost a = segment.host(3);
        a.inside(
                "ip",
                "neigh",
                "replace",
                VIP.toString(),
                "lladdr",
                OLD_OWNER.toString(),
                "dev",
                "lan0",
                "nud",
                "stale");
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP));
                NftGate gate = new NftGate(new AddressSet(List.of(VIP)), own.name(), own.index())) {
            EthernetFrame ours = marks.frame(ArpPacket.gratuitousRequest(own.mac(), VIP), OURS, MacAddress.BROADCAST);
            EthernetFrame theirs =
                    marks.frame(ArpPacket.gratuitousRequest(rival.mac(), VIP), NEWER, MacAddress.BROADCAST);
            gate.create(4711);
            assertThat(own.ear().send(ours)).isFalse();
            until("it came everywhere else", () -> {
                rival.send(theirs);
                return entry(a).contains(rival.mac().toString());
            });
            assertThat(gate.arm(60_000)).isTrue();
            assertThat(gate.open(60_000)).isTrue();
            rival.send(marks.frame(ArpPacket.gratuitousReply(rival.mac(), VIP), NEWER, MacAddress.BROADCAST));
            // A reply: the request before it came to a closed gate.
            assertThat(own.next().sighting().targetMac()).isEqualTo(rival.mac());
            until("the neighbour follows", () -> {
                own.send(ours);
                return entry(a).contains(own.mac().toString());
            });
            List<Neighbour> asked = List.of(new Neighbour(v4("192.0.2.3"), Role.PEER, Optional.empty()));
            Confirmation confirmation = new Confirmation(VIP, own.mac(), asked, System.nanoTime());
            while (!confirmation.isOver(System.nanoTime())) {
                confirm(confirmation, own);
            }
            assertThat(confirmation.outcome(System.nanoTime()).confirmed()).hasSize(1);
            gate.remove();
        }
    }

    /** The time from handing the frame to the kernel to the answer in the ear; printed, not asserted. */
    void a_confirmation_takes_microseconds() {
        LabHost a = segment.host(3);
        try (Card own = Card.plug("own0", List.of(VIP))) {
            List<Neighbour> asked = List.of(new Neighbour(v4("192.0.2.3"), Role.PEER, Optional.of(mac(a))));
            List<Long> times = new ArrayList<>();
            for (int i = 0; i < LATENCY_ROUNDS; i++) {
                Confirmation confirmation = new Confirmation(VIP, own.mac(), asked, System.nanoTime());
                while (!confirmation.isOver(System.nanoTime())) {
                    confirm(confirmation, own);
                }
                Confirmation.Outcome outcome = confirmation.outcome(System.nanoTime());
                assertThat(outcome.confirmed()).hasSize(1);
                times.add(outcome.confirmed().get(0).afterNanos());
            }
            print("confirmation by a neighbour", times);
        }
    }

    /** From before the rival hands its frame to the kernel; printed, not asserted. */
    void a_sighting_takes_microseconds() {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(v4("192.0.2.60")))) {
            List<Long> heardAfter = new ArrayList<>();
            List<Long> deciding = new ArrayList<>();
            EthernetFrame frame =
                    marks.frame(ArpPacket.gratuitousRequest(rival.mac(), VIP), NEWER, MacAddress.BROADCAST);
            for (int i = 0; i < LATENCY_ROUNDS; i++) {
                RivalWatch watch = new RivalWatch(VIP, own.mac(), OURS, RivalWatch.Policy.DEFEND);
                long start = System.nanoTime();
                rival.send(frame);
                Card.Heard heard = own.next();
                long taken = System.nanoTime();
                Decision decision = watch.decide(heard.nanos(), heard.sighting(), marks.token(heard.sighting()));
                deciding.add(System.nanoTime() - taken);
                heardAfter.add(heard.nanos() - start);
                assertThat(decision.action()).isEqualTo(Action.YIELD);
            }
            print("a rival's announcement in the ear", heardAfter);
            print("checking its token and deciding", deciding);
        }
    }

    void the_outside_view_sees_none_one_and_several() {
        LabHost a = segment.host(3);
        LabHost b = segment.host(4);
        try (Card client = Card.existing("br0", List.of(VIP))) {
            assertThat(view(client)).isEqualTo(new OutsideView.Verdict(OutsideView.Kind.NONE, List.of()));
            a.inside("ip", "addr", "add", VIP + "/32", "dev", "lan0");
            assertThat(view(client)).isEqualTo(new OutsideView.Verdict(OutsideView.Kind.ONE, List.of(mac(a))));
            b.inside("ip", "addr", "add", VIP + "/32", "dev", "lan0");
            OutsideView.Verdict both = view(client);
            assertThat(both.kind()).isEqualTo(OutsideView.Kind.SEVERAL);
            assertThat(both.macs()).containsExactlyInAnyOrder(mac(a), mac(b));
            a.inside("ip", "addr", "del", VIP + "/32", "dev", "lan0");
            assertThat(view(client)).isEqualTo(new OutsideView.Verdict(OutsideView.Kind.ONE, List.of(mac(b))));
        }
    }

    void gateways_and_neighbours_are_read_from_the_kernel() {
        LabHost a = segment.host(3);
        segment.host(4);
        try (Card own = Card.plug("own0", List.of(VIP));
                Card bridge = Card.existing("br0", List.of(VIP));
                NeighbourTable table = new LinuxNeighbourTable()) {
            assertThat(table.gateways(bridge.index(), false)).isEmpty();
            Segment.run("ip", "route", "add", "default", "via", "192.0.2.4", "dev", "br0", "metric", "200");
            Segment.run("ip", "route", "add", "default", "via", "192.0.2.3", "dev", "br0", "metric", "100");
            Segment.run("ip", "-6", "route", "add", "default", "via", "fe80::9", "dev", "br0");
            assertThat(table.gateways(bridge.index(), false)).containsExactly(v4("192.0.2.3"), v4("192.0.2.4"));
            assertThat(table.gateways(bridge.index(), true))
                    .containsExactly(IpAddress.parse("fe80::9").orElseThrow());
            assertThat(table.gateways(own.index(), false)).isEmpty();

            assertThat(table.recent(bridge.index(), false, 10)).isEmpty();
            neigh("192.0.2.7", "02:00:00:00:00:07", "stale");
            neigh("192.0.2.8", "02:00:00:00:00:08", "permanent");
            neigh("192.0.2.9", "02:00:00:00:00:09", "failed");
            neigh("192.0.2.3", a.mac(), "reachable");
            assertThat(table.recent(bridge.index(), false, 10))
                    .extracting(NeighbourTable.Neighbour::address)
                    .containsExactly(v4("192.0.2.3"), v4("192.0.2.7"));
            assertThat(table.recent(bridge.index(), false, 10).get(0).mac()).isEqualTo(mac(a));
            assertThat(table.recent(bridge.index(), false, 1)).hasSize(1);
            assertThat(table.recent(own.index(), false, 10)).isEmpty();
        }
    }

    void an_ear_ends_at_once_and_leaves_nothing() {
        Card first = Card.plug("own0", List.of(VIP, VIP6));
        first.close();
        until("the thread of the ear has ended", () -> threads() == 0);
        long before = descriptors();
        for (int i = 0; i < 20; i++) {
            Card card = Card.existing("own0", List.of(VIP, VIP6));
            assertThat(threads()).isEqualTo(1);
            assertThat(descriptors()).isEqualTo(before + 3);
            card.close();
            card.close();
            until("the thread of the ear has ended", () -> threads() == 0);
            assertThat(card.ear().problem()).isEmpty();
            assertThat(card.ear().send(ArpPacket.probe(card.mac(), VIP).frameTo(MacAddress.BROADCAST)))
                    .isFalse();
        }
        until("its descriptors are closed", () -> descriptors() == before);
    }

    void a_listener_may_close_its_ear_and_one_that_fails_ends_it_visibly() throws InterruptedException {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            EthernetFrame frame = ArpPacket.gratuitousRequest(rival.mac(), VIP).frameTo(MacAddress.BROADCAST);
            AtomicReference<LinuxSegmentEar> closing = new AtomicReference<>();
            CountDownLatch closed = new CountDownLatch(1);
            closing.set(new LinuxSegmentEar(
                    own.index(),
                    List.of(VIP),
                    (nanos, sighting) -> {
                        closing.get().close();
                        closed.countDown();
                    },
                    Thread::new,
                    "ear-closing"));
            LinuxSegmentEar failing = new LinuxSegmentEar(
                    own.index(),
                    List.of(VIP),
                    (nanos, sighting) -> {
                        throw new IllegalStateException("no");
                    },
                    Thread::new,
                    "ear-failing");
            assertThat(failing.problem()).isEmpty();
            rival.send(frame);
            assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
            until("both threads end", () -> threads() == 2);
            assertThat(closing.get().problem()).isEmpty();
            assertThat(failing.problem()).hasValueSatisfying(p -> assertThat(p).contains("IllegalStateException: no"));
            failing.close();
        }
    }

    void a_stay_that_became_deaf_listens_again_when_it_looks_at_its_card() throws InterruptedException {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP));
                LinuxLinkTable links = new LinuxLinkTable()) {
            AtomicBoolean isBad = new AtomicBoolean(true);
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            LabGrant grant = new LabGrant(7, ProofKind.RELEASED, 4711, "demo", new byte[0], () -> {});
            SegmentTalk talk = new SegmentTalk(
                    new AddressSet(List.of(VIP)),
                    links.byName(own.name()).orElseThrow(),
                    false,
                    grant,
                    SegmentTalk.Settings.STANDARD,
                    new SegmentTalk.Owner() {
                        @Override
                        public boolean isHolding() {
                            if (isBad.getAndSet(false)) {
                                throw new NoClassDefFoundError("no");
                            }
                            heard.add("heard");
                            return false;
                        }

                        @Override
                        public void yield(String why) {
                            heard.add(why);
                        }

                        @Override
                        public void wake() {
                            heard.add("wake");
                        }

                        @Override
                        public List<IpAddress> served() {
                            return List.of();
                        }
                    },
                    new CardEars());
            talk.begin(Thread::new);
            talk.listenAgain();
            assertThat(talk.problem()).isEmpty();
            EthernetFrame frame = ArpPacket.gratuitousRequest(rival.mac(), VIP).frameTo(MacAddress.BROADCAST);
            rival.send(frame);
            until("it is deaf", () -> talk.problem().contains("NoClassDefFoundError: no"));
            rival.send(frame);
            assertThat(heard.poll(200, TimeUnit.MILLISECONDS)).isNull();
            talk.listenAgain();
            assertThat(talk.problem()).isEmpty();
            rival.send(frame);
            assertThat(heard.take()).isEqualTo("heard");
            talk.close();
            talk.listenAgain();
            until(
                    "its threads end",
                    () -> Thread.getAllStackTraces().keySet().stream()
                            .noneMatch(thread -> thread.getName().endsWith("-ear-own0")));
            grant.end();
        }
    }

    void the_stays_of_a_node_share_one_ear_for_a_card_and_one_that_fails_is_alone() throws InterruptedException {
        Ipv4Address other = v4("192.0.2.51");
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            EthernetFrame aboutFirst =
                    ArpPacket.gratuitousRequest(rival.mac(), VIP).frameTo(MacAddress.BROADCAST);
            EthernetFrame aboutOther =
                    ArpPacket.gratuitousRequest(rival.mac(), other).frameTo(MacAddress.BROADCAST);
            long threads = threads();
            long before = descriptors();
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            CardEars ears = new CardEars();
            SegmentEar first = ears.listen(
                    own.index(),
                    new AddressSet(List.of(VIP)),
                    (nanos, s) -> heard.add("first"),
                    Thread::new,
                    "ear-shared");
            SegmentEar failing = ears.listen(
                    own.index(),
                    new AddressSet(List.of(other)),
                    (nanos, s) -> {
                        throw new NoClassDefFoundError("no");
                    },
                    Thread::new,
                    "ear-never-made");
            SegmentEar third = ears.listen(
                    own.index(),
                    new AddressSet(List.of(other, VIP6)),
                    (nanos, s) -> heard.add("third " + s.sender()),
                    Thread::new,
                    "ear-never-made");
            assertThat(threads()).isEqualTo(threads + 1);
            rival.send(aboutFirst);
            rival.send(aboutOther);
            assertThat(heard.take()).isEqualTo("first");
            assertThat(heard.take()).isEqualTo("third " + other);
            assertThat(failing.problem()).hasValueSatisfying(p -> assertThat(p).contains("NoClassDefFoundError: no"));
            assertThat(first.problem()).isEmpty();
            rival.send(NeighbourMessage.announcement(rival.mac(), VIP6, false).frameFrom(rival.mac()));
            assertThat(heard.take()).as("its version came later").isEqualTo("third " + VIP6);
            first.close();
            first.close();
            assertThat(first.send(aboutFirst)).isFalse();
            rival.send(aboutFirst);
            rival.send(aboutOther);
            assertThat(heard.take()).isEqualTo("third " + other);
            failing.close();
            third.close();
            until("its thread ends", () -> threads() == threads);
            assertThat(descriptors()).isEqualTo(before);
        }
    }

    void an_ear_that_is_held_outlives_its_stays_and_hears_nothing_meanwhile() throws InterruptedException {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            EthernetFrame frame = ArpPacket.gratuitousRequest(rival.mac(), VIP).frameTo(MacAddress.BROADCAST);
            AddressSet vip = new AddressSet(List.of(VIP));
            long threads = threads();
            long before = descriptors();
            BlockingQueue<String> heard = new LinkedBlockingQueue<>();
            CardEars ears = new CardEars();
            ears.hold(own.index(), vip, Thread::new, "ear-held");
            ears.hold(own.index(), vip, Thread::new, "ear-never-made");
            long held = descriptors();
            for (String name : List.of("first", "second")) {
                SegmentEar ear =
                        ears.listen(own.index(), vip, (nanos, s) -> heard.add(name), Thread::new, "ear-never-made");
                rival.send(frame);
                assertThat(heard.take()).isEqualTo(name);
                ear.close();
                rival.send(frame);
                assertThat(threads()).isEqualTo(threads + 1);
                assertThat(descriptors()).isEqualTo(held);
            }
            ears.release(own.index(), true);
            assertThat(threads()).as("somebody else holds it").isEqualTo(threads + 1);
            SegmentEar last =
                    ears.listen(own.index(), vip, (nanos, s) -> heard.add("last"), Thread::new, "ear-never-made");
            ears.release(own.index(), true);
            rival.send(frame);
            assertThat(heard.take()).as("a stay keeps it too").isEqualTo("last");
            last.close();
            until("its thread ends", () -> threads() == threads);
            assertThat(descriptors()).isEqualTo(before);
            assertThat(heard).isEmpty();
        }
    }

    void an_ear_that_is_held_on_a_card_that_went_is_opened_anew_on_one_of_its_number() throws InterruptedException {
        Card gone = Card.plug("own0", List.of(VIP));
        gone.close();
        AddressSet vip = new AddressSet(List.of(VIP));
        CardEars ears = new CardEars();
        ears.hold(gone.index(), vip, Thread::new, "ear-held");
        Segment.run("ip", "link", "del", "own0");
        String index = Integer.toString(gone.index());
        Segment.run("ip", "link", "add", "own0", "index", index, "type", "veth", "peer", "name", "own1");
        Segment.run("ip", "link", "set", "own0", "up");
        Segment.run("ip", "link", "set", "own1", "up");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        SegmentEar ear =
                ears.listen(gone.index(), vip, (nanos, s) -> heard.add("heard"), Thread::new, "ear-of-the-new-card");
        try (Card peer = Card.existing("own1", List.of(VIP))) {
            assertThat(peer.ear().isOnCard()).isTrue();
            peer.send(ArpPacket.gratuitousRequest(peer.mac(), VIP).frameTo(MacAddress.BROADCAST));
            assertThat(heard.take()).isEqualTo("heard");
        }
        ear.close();
        ears.release(gone.index(), true);
        until("the threads end", () -> threads() == 0);
    }

    void an_ear_outlives_a_pulled_cable_and_a_deleted_card() {
        try (Card own = Card.plug("own0", List.of(VIP));
                Card rival = Card.plug("rival0", List.of(VIP))) {
            EthernetFrame frame = ArpPacket.gratuitousRequest(rival.mac(), VIP).frameTo(MacAddress.BROADCAST);
            Segment.run("ip", "link", "set", "own0", "down");
            assertThat(own.ear().send(frame)).isFalse();
            Segment.run("ip", "link", "set", "own0", "up");
            until("it hears again", () -> {
                rival.send(frame);
                return own.next(50).isPresent();
            });
            Segment.run("ip", "link", "del", "own0");
            assertThat(own.ear().send(frame)).isFalse();
            assertThat(own.ear().problem()).isEmpty();
        }
        until("the threads end", () -> threads() == 0);
    }

    private static void confirm(Confirmation confirmation, Card own) {
        for (Confirmation.Question question : confirmation.due(System.nanoTime())) {
            ArpPacket packet = ArpPacket.whoHas(
                    own.mac(), VIP, (Ipv4Address) question.neighbour().address());
            own.send(marks("the key of the cluster").frame(packet, OURS, question.destination()));
        }
        long millis = confirmation.delayNanos(System.nanoTime()) / 1_000_000 + 1;
        own.next(millis).ifPresent(heard -> confirmation.hear(heard.nanos(), heard.sighting()));
    }

    private static OutsideView.Verdict view(Card client) {
        OutsideView view = new OutsideView(VIP, client.mac());
        client.send(ArpPacket.probe(client.mac(), VIP).frameTo(MacAddress.BROADCAST));
        // As long as answers come, and then for a moment.
        Optional<Card.Heard> heard = client.next(100);
        while (heard.isPresent()) {
            view.hear(heard.get().sighting());
            heard = client.next(100);
        }
        return view.verdict();
    }

    /** A captured announcement; with another source and target if they are given. */
    private static EthernetFrame discovery(String was, String is) {
        byte[] bytes = HexFormat.of()
                .parseHex(was.isEmpty() ? DiscoveryFrames.UNSOLICITED : DiscoveryFrames.UNSOLICITED.replace(was, is));
        return EthernetFrame.decode(DiscoveryFrames.summed(bytes), bytes.length);
    }

    private static EthernetFrame withSender(EthernetFrame frame, MacAddress sender) {
        byte[] payload = frame.payload();
        System.arraycopy(sender.toBytes(), 0, payload, 8, MacAddress.BYTES);
        return new EthernetFrame(frame.destination(), sender, frame.type(), payload);
    }

    private static void print(String what, List<Long> nanos) {
        Collections.sort(nanos);
        System.out.println(what + ": n=" + nanos.size() + " p50 " + nanos.get(nanos.size() / 2) / 1000 + " us, p90 "
                + nanos.get(nanos.size() * 9 / 10) / 1000 + " us, max " + nanos.get(nanos.size() - 1) / 1000 + " us");
    }

    private static String entry(LabHost host) {
        return host.inside("ip", "neigh", "show", VIP.toString(), "dev", "lan0");
    }

    private static void neigh(String address, String mac, String state) {
        Segment.run("ip", "neigh", "replace", address, "lladdr", mac, "dev", "br0", "nud", state);
    }

    private static MacAddress mac(LabHost host) {
        return new MacAddress(Long.parseLong(host.mac().replace(":", ""), 16));
    }

    private static Ipv4Address v4(String text) {
        return Ipv4Address.parse(text).orElseThrow();
    }

    private static TokenMark marks(String key) {
        return marks(key, "demo");
    }

    private static TokenMark marks(String key, String cluster) {
        return new TokenMark(key.getBytes(StandardCharsets.US_ASCII), cluster);
    }

    /** Sockets and event descriptors; others come and go with the commands that are run. */
    private static long descriptors() {
        return Descriptors.open().size();
    }

    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith("ear-") && t.isAlive())
                .count();
    }

    private static void until(String what, BooleanSupplier condition) {
        Card.until(what, condition);
    }
}
