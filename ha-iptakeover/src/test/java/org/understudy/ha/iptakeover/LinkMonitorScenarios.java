package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.lab.Cable;
import org.understudy.ha.iptakeover.lab.Descriptors;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.lab.TestStart;
import org.understudy.ha.iptakeover.linux.LinuxLinkEvents;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.LinkEvents;

/** What happens in the namespaces; each method is one scenario, run by {@link LinkMonitorNetnsIT} in a JVM of its own. */
final class LinkMonitorScenarios implements AutoCloseable {
    private static final String SILENT = "gateway 192.0.2.1 does not answer on lan0";
    private static final Duration HOLD = Duration.ofSeconds(1);

    private final Cable cable = new Cable();
    private final TestStart context = TestStart.released();
    private final LinkMonitor plain =
            LinkMonitor.on("lan0").holdDown(HOLD, Duration.ofSeconds(4)).build();

    private LinkMonitorScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (LinkMonitorScenarios scenarios = new LinkMonitorScenarios()) {
            LinkMonitorScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
        } catch (InvocationTargetException e) {
            e.getCause().printStackTrace();
            System.exit(1);
        }
    }

    @Override
    public void close() {
        context.end();
        cable.close();
    }

    void a_cut_cable_is_seen_at_the_next_look() throws ResourceException {
        plain.start(context);
        assertThat(plain.monitor()).isEqualTo(Health.healthy());
        cable.cut();
        assertThat(plain.monitor().reason()).isEqualTo("carrier of lan0 is gone");
        assertThat(plain.monitor().isBad()).isTrue();
        assertThat(plain.eligibility().reason()).isEqualTo("carrier of lan0 is gone");
        plain.stop(context);
        assertThat(plain.monitor().state()).isEqualTo(Health.State.NOT_RUNNING);
        assertThatThrownBy(() -> plain.start(context))
                .isInstanceOf(ResourceException.class)
                .hasMessage("link lan0 cannot start: carrier of lan0 is gone");
        assertThat(threads()).isEmpty();
    }

    void a_flap_holds_the_node_down_for_longer_each_time() {
        assertThat(plain.eligibility().isEligible()).isTrue();
        cable.cut();
        assertThat(plain.eligibility().isEligible()).isFalse();
        cable.mend();
        assertThat(plain.eligibility().reason())
                .isEqualTo("lan0 is back; after 1 loss it counts when it has stayed for 1 s");
        until("it counts", () -> plain.eligibility().isEligible());
        cable.cut();
        assertThat(plain.eligibility().isEligible()).isFalse();
        cable.mend();
        assertThat(plain.eligibility().reason())
                .isEqualTo("lan0 is back; after 2 losses in short succession it counts when it has stayed for 2 s");
        until("it counts", () -> plain.eligibility().isEligible());
        assertThat(threads()).isEmpty();
    }

    void a_flap_between_two_looks_is_heard() throws ResourceException {
        plain.start(context);
        assertThat(plain.monitor()).isEqualTo(Health.healthy());
        cable.cut();
        cable.mend();
        until("it was heard", () -> plain.monitor().reason().startsWith("lan0 is back; after 1 loss"));
        until("it is healthy", () -> plain.monitor().equals(Health.healthy()));
        plain.stop(context);
    }

    void a_silent_gateway_fails_a_stay_that_had_it_and_no_other() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("192.0.2.1")
                .lostAfter(2)
                .backAfter(1)
                .holdDown(HOLD, HOLD)
                .gatewayVeto(Duration.ofSeconds(4))
                .build();
        assertThat(monitor.eligibility().isEligible()).isTrue();
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        stay(monitor, 1500);
        cable.silence();
        until("it is lost", () -> monitor.monitor().isBad());
        assertThat(monitor.monitor().reason()).isEqualTo(SILENT);
        assertThat(monitor.eligibility().reason()).isEqualTo(SILENT);
        monitor.stop(context);
        until("the veto ends", () -> monitor.eligibility().isEligible());
        monitor.start(context);
        stay(monitor, 3000);
        assertThat(monitor.monitor()).isEqualTo(Health.degraded(SILENT));
        cable.speak();
        until("it is back", () -> monitor.monitor().equals(Health.healthy()));
        cable.silence();
        until("it is lost again", () -> monitor.monitor().isBad());
        monitor.stop(context);
        assertThat(threads()).isEmpty();
    }

    void a_question_that_this_host_drops_itself_is_not_one_without_an_answer() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("192.0.2.1")
                .lostAfter(2)
                .backAfter(1)
                .holdDown(HOLD, HOLD)
                .build();
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        stay(monitor, 1500);
        Segment.run("tc", "qdisc", "add", "dev", "lan0", "root", "pfifo", "limit", "0");
        stay(monitor, 4000);
        assertThat(monitor.monitor()).isEqualTo(Health.healthy());
        Segment.run("tc", "qdisc", "del", "dev", "lan0", "root");
        cable.silence();
        until("it is lost", () -> monitor.monitor().isBad());
        assertThat(monitor.monitor().reason()).isEqualTo(SILENT);
        monitor.stop(context);
    }

    void an_ipv6_gateway_is_asked_by_neighbour_solicitation() throws ResourceException {
        String silent = "gateway 2001:db8::1 does not answer on lan0";
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("2001:db8::1")
                .lostAfter(2)
                .backAfter(1)
                .holdDown(HOLD, HOLD)
                .gatewayVeto(Duration.ofSeconds(4))
                .build();
        assertThat(monitor.eligibility().isEligible()).isTrue();
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        stay(monitor, 1500);
        cable.silence6();
        until("it is lost", () -> monitor.monitor().isBad());
        assertThat(monitor.monitor().reason()).isEqualTo(silent);
        assertThat(monitor.eligibility().reason()).isEqualTo(silent);
        monitor.stop(context);
        until("the veto ends", () -> monitor.eligibility().isEligible());
        monitor.start(context);
        stay(monitor, 1500);
        assertThat(monitor.monitor()).isEqualTo(Health.degraded(silent));
        cable.speak6();
        until("it is back", () -> monitor.monitor().equals(Health.healthy()));
        monitor.stop(context);
        assertThat(threads()).isEmpty();
    }

    void a_link_local_gateway_is_asked_from_a_link_local_address() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("fe80::1")
                .lostAfter(1)
                .backAfter(1)
                .build();
        Segment.run("ip", "addr", "add", "fe80::2/64", "dev", "lan0", "nodad");
        Segment.run("ip", "link", "set", "lan0", "addrgenmode", "none");
        assertThat(monitor.eligibility().isEligible()).isTrue();
        monitor.start(context);
        until(
                "the router hears it ask",
                () -> monitor.monitor().equals(Health.healthy()) && heard().contains("fe80::2"));
        assertThat(heard()).doesNotContain("2001:db8::2");
        // Its answer has been heard as well: a router that never answered is not lost.
        stay(monitor, 1500);
        cable.silence6();
        until("it is lost", () -> monitor.monitor().isBad());
        assertThat(monitor.monitor().reason()).isEqualTo("gateway fe80::1 does not answer on lan0");
        monitor.stop(context);
    }

    /** Who has asked the router for anything. */
    private String heard() {
        return cable.onRouter("ip", "-6", "neigh", "show", "dev", "gw0");
    }

    void an_address_that_may_be_anothers_does_not_ask() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("2001:db8::1")
                .backAfter(1)
                .holdDown(HOLD, HOLD)
                .build();
        Segment.run("ip", "-6", "addr", "flush", "dev", "lan0");
        Segment.run("sysctl", "-qw", "net.ipv6.conf.lan0.dad_transmits=3");
        Segment.run("ip", "addr", "add", "2001:db8::3/64", "dev", "lan0");
        assertThat(monitor.eligibility().reason())
                .isEqualTo("this host has no address of its own on lan0 to reach the gateway 2001:db8::1 from");
        assertThat(Segment.run("ip", "-6", "addr", "show", "dev", "lan0")).contains("tentative");
        until(
                "detection is over",
                () -> !Segment.run("ip", "-6", "addr", "show", "dev", "lan0").contains("tentative"));
        until("it counts", () -> monitor.eligibility().isEligible());
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        monitor.stop(context);
    }

    void two_ipv6_gateways_and_a_rival_of_this_host_are_shown() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0").gateway("2001:db8::1").build();
        cable.onRouter("ip", "link", "add", "gw1", "link", "gw0", "type", "macvlan", "mode", "bridge");
        cable.onRouter("ip", "addr", "add", "2001:db8::1/64", "dev", "gw1", "nodad");
        cable.onRouter("ip", "link", "set", "gw1", "up");
        monitor.start(context);
        until(
                "both answer",
                () -> monitor.monitor().reason().startsWith("two hosts answer for the gateway 2001:db8::1"));
        assertThat(monitor.monitor().state()).isEqualTo(Health.State.DEGRADED);
        cable.onRouter("sysctl", "-qw", "net.ipv6.conf.gw1.ndisc_notify=1");
        cable.onRouter("ip", "addr", "del", "2001:db8::1/64", "dev", "gw1");
        cable.onRouter("ip", "addr", "add", "2001:db8::2/64", "dev", "gw1", "nodad");
        // Then it announces what it has.
        cable.onRouter("ip", "link", "set", "gw1", "address", "02:00:00:00:00:77");
        until(
                "the rival is heard",
                () -> monitor.monitor().reason().contains("claims this host's own address on lan0"));
        monitor.stop(context);
    }

    void a_gateway_that_must_not_move_anything_only_shows() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("192.0.2.1")
                .gatewayLossMoves(false)
                .lostAfter(1)
                .backAfter(1)
                .build();
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        cable.silence();
        until("it shows", () -> monitor.monitor().equals(Health.degraded(SILENT)));
        assertThat(monitor.eligibility().isEligible()).isTrue();
        monitor.stop(context);
    }

    void a_vanished_address_is_told_apart_from_a_silent_gateway() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0").gateway("192.0.2.1").build();
        monitor.start(context);
        Segment.run("ip", "addr", "del", "192.0.2.2/24", "dev", "lan0");
        until("it is seen", () -> monitor.monitor().isBad());
        assertThat(monitor.monitor().reason())
                .isEqualTo("this host has no address of its own on lan0 to reach the gateway 192.0.2.1 from");
        monitor.stop(context);
    }

    void two_gateways_are_shown() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0").gateway("192.0.2.1").build();
        cable.onRouter("ip", "link", "add", "gw1", "link", "gw0", "type", "macvlan", "mode", "bridge");
        cable.onRouter("ip", "addr", "add", "192.0.2.9/24", "dev", "gw1");
        cable.onRouter("ip", "link", "set", "gw1", "up");
        monitor.start(context);
        // Linux answers for each of its addresses on every card, and both of these hear the question.
        until("both answer", () -> monitor.monitor().reason().startsWith("two hosts answer for the gateway 192.0.2.1"));
        assertThat(monitor.monitor().state()).isEqualTo(Health.State.DEGRADED);
        monitor.stop(context);
    }

    void an_interface_that_was_deleted_and_made_again_fails_the_stay_and_serves_the_next() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0")
                .gateway("192.0.2.1")
                .backAfter(1)
                .holdDown(HOLD, HOLD)
                .build();
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        Segment.run("ip", "link", "del", "lan0");
        assertThat(monitor.monitor().reason()).isEqualTo("there is no interface lan0 on this host");
        cable.plugIn();
        until("it is there", () -> monitor.monitor().reason().startsWith("interface lan0 was deleted and made again"));
        assertThat(monitor.monitor().isBad()).isTrue();
        monitor.stop(context);
        until("it counts", () -> monitor.eligibility().isEligible());
        monitor.start(context);
        until("it answers", () -> monitor.monitor().equals(Health.healthy()));
        monitor.stop(context);
    }

    void nothing_leaks() throws ResourceException {
        LinkMonitor monitor = LinkMonitor.on("lan0").gateway("192.0.2.1").build();
        monitor.start(context);
        monitor.stop(context);
        monitor.eligibility();
        int before = descriptors();
        for (int i = 0; i < 20; i++) {
            monitor.start(context);
            monitor.start(context);
            monitor.monitor();
            monitor.stop(context);
            monitor.stop(context);
            monitor.eligibility();
        }
        assertThat(descriptors()).isEqualTo(before);
        assertThat(threads()).isEmpty();
    }

    void changes_are_told_in_order_and_a_bridge_port_is_no_deleted_link() {
        List<LinkEvents.Event> heard = new CopyOnWriteArrayList<>();
        LinuxLinkEvents events = new LinuxLinkEvents(heard::add, Thread::new, "ha-test-events");
        Segment.run("ip", "link", "add", "br0", "type", "bridge");
        Segment.run("ip", "link", "set", "lan0", "master", "br0");
        Segment.run("ip", "link", "set", "lan0", "nomaster");
        Segment.run("ip", "addr", "add", "192.0.2.77/32", "dev", "lan0");
        Segment.run("ip", "addr", "add", "2001:db8::77/128", "dev", "lan0", "nodad");
        Segment.run("ip", "addr", "del", "192.0.2.77/32", "dev", "lan0");
        Segment.run("ip", "link", "del", "lan0");
        until("the end is heard", () -> heard.stream().anyMatch(e -> e instanceof LinkEvents.LinkRemoved));
        events.close();
        assertThat(heard.stream().filter(e -> e instanceof LinkEvents.LinkRemoved))
                .as("leaving a bridge")
                .hasSize(1);
        List<Boolean> seen = heard.stream()
                .filter(e -> e instanceof LinkEvents.AddressChanged)
                .map(e -> (LinkEvents.AddressChanged) e)
                .filter(e -> e.address().equals(IpAddress.parse("192.0.2.77").orElseThrow()))
                .map(LinkEvents.AddressChanged::isThere)
                .toList();
        assertThat(seen).containsExactly(true, false);
        assertThat(heard)
                .anyMatch(e -> e instanceof LinkEvents.AddressChanged a
                        && a.prefixLength() == 128
                        && a.address().toString().equals("2001:db8::77"));
    }

    void a_listener_that_is_too_slow_is_told_so() throws InterruptedException {
        CountDownLatch go = new CountDownLatch(1);
        List<LinkEvents.Event> heard = new CopyOnWriteArrayList<>();
        LinuxLinkEvents events = new LinuxLinkEvents(
                event -> {
                    await(go);
                    heard.add(event);
                },
                Thread::new,
                "ha-test-events");
        StringBuilder script = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            script.append("addr add 198.18.")
                    .append(i / 250)
                    .append('.')
                    .append(i % 250 + 1)
                    .append("/32 dev lo\n");
        }
        batch(script.toString());
        go.countDown();
        until("it is told", () -> heard.contains(new LinkEvents.Missed()));
        // What comes after the gap is heard again; while the listener catches up, there may be another one.
        until("it hears on", () -> {
            Segment.run("ip", "link", "set", "lan0", "down");
            Segment.run("ip", "link", "set", "lan0", "up");
            return heard.stream().anyMatch(e -> e instanceof LinkEvents.LinkChanged l && !l.isUp());
        });
        events.close();
    }

    void closing_ends_the_thread_at_once_also_from_its_own_listener() {
        int before = descriptors();
        LinuxLinkEvents quiet = new LinuxLinkEvents(event -> {}, Thread::new, "ha-test-events");
        assertThat(threads()).containsExactly("ha-test-events");
        quiet.close();
        quiet.close();
        assertThat(threads()).isEmpty();
        LinkEvents[] own = new LinkEvents[1];
        List<LinkEvents.Event> heard = new CopyOnWriteArrayList<>();
        own[0] = new LinuxLinkEvents(
                event -> {
                    heard.add(event);
                    own[0].close();
                },
                Thread::new,
                "ha-test-events");
        Segment.run("ip", "link", "set", "lan0", "down");
        Segment.run("ip", "link", "set", "lan0", "up");
        until("it ends", () -> threads().isEmpty());
        assertThat(heard).hasSize(1);
        until("nothing stays open", () -> descriptors() == before);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void batch(String script) {
        Segment.run("sh", "-c", "ip -batch - <<'EOT'\n" + script + "EOT\n");
    }

    /** Looks as a lane does, for a while, and expects no failure. */
    private static void stay(LinkMonitor monitor, long millis) {
        long start = System.nanoTime();
        while (System.nanoTime() - start < millis * 1_000_000) {
            assertThat(monitor.monitor().isBad()).isFalse();
            pause();
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(n -> n.startsWith("ha-"))
                .toList();
    }

    private static int descriptors() {
        return Descriptors.open().size();
    }

    private static void pause() {
        try {
            new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void until(String what, BooleanSupplier condition) {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - start > 15_000_000_000L) {
                throw new AssertionError("not within 15 s: " + what);
            }
            pause();
        }
    }
}
