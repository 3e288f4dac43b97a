package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.InvocationTargetException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Health;
import org.understudy.ha.api.spi.ManagedResource;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.Card;
import org.understudy.ha.iptakeover.lab.GateAgent;
import org.understudy.ha.iptakeover.lab.LabGrant;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.linux.LinuxAddressTable;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.AddressTable.Added;

/** What happens in the namespaces; each method is one scenario, run by {@link FloatingAddressNetnsIT} in a JVM of its own. */
final class FloatingAddressScenarios implements AutoCloseable {
    /** T of a one second lease, its lateness, and the time of one question; the lease itself is longer. */
    private static final int MUTE_WITHIN_MILLIS = 960;

    /** All shorter than T. */
    private static final List<Integer> STALLS_MILLIS = List.of(50, 150, 250);

    private static final String STRANGER_MAC = "02:00:00:00:00:99";

    /** The addresses that a scenario is about. */
    enum Kind {
        V4("192.0.2.50"),
        V6("2001:db8::50"),
        MIXED("192.0.2.50", "2001:db8::50", "192.0.2.51", "2001:db8::51");

        private final List<String> addresses;

        Kind(String... addresses) {
            this.addresses = List.of(addresses);
        }
    }

    /** The scenario is run for every {@link Kind}, the others for {@link Kind#V4}. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface EachKind {}

    /** The scenario is about what ends the address, so it is run for everything that this host has for that. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface EachEnd {}

    /** What it says is true for this one only. */
    @Retention(RetentionPolicy.RUNTIME)
    @interface Only {
        LeaseEnd value();
    }

    private final List<String> vips;
    private final Segment segment = new Segment();
    private final Asker asker = new Asker();

    private FloatingAddressScenarios(Kind kind) {
        vips = kind.addresses;
    }

    public static void main(String[] args) throws ReflectiveOperationException {
        try (FloatingAddressScenarios scenarios = new FloatingAddressScenarios(Kind.valueOf(args[1]))) {
            FloatingAddressScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
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

    @EachKind
    void stands_with_tag_and_moves_with_the_neighbours_entry() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm first = jvm(a);
        LabJvm second = jvm(b);
        assertThat(first.ask("start NEVER 4711")).isEqualTo("ok");
        for (String vip : vips) {
            assertThat(a.inside("ip", "-d", "addr", "show", "dev", "lan0"))
                    .contains(
                            isV6(vip)
                                    ? "inet6 " + vip
                                            + "/128 metric 4711 scope global nodad deprecated dynamic noprefixroute"
                                    : "inet " + vip
                                            + "/32 metric 4711 scope global deprecated dynamic noprefixroute lan0");
        }
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        learn(a.mac());
        assertThat(first.ask("monitor")).startsWith("HEALTHY");
        assertThat(first.ask("stop")).isEqualTo("ok");
        assertNoneStandsOn(a);
        assertThat(asker.whoHas(vips, 50)).isEmpty();
        assertThat(second.ask("start RELEASED 4712")).isEqualTo("ok");
        until(
                "the neighbours' entries follow",
                () -> vips.stream().allMatch(vip -> neighbour(vip).contains(b.mac())));
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(b.mac()));
        assertThat(second.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    @EachKind
    void pause_mutes_and_resume_does_not_resurrect() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        learn(a.mac());
        jvm.signal("STOP");
        long last = asker.lastAnswerMillis(vips, 1500);
        System.out.println("answers after SIGSTOP for " + last + " ms");
        assertThat(last).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        for (String vip : vips) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", a.mac(), "dev", "br0", "nud", "permanent");
            assertThat(answersTcp(vip)).as("a packet to the right card").isFalse();
            Segment.run("ip", "neigh", "replace", vip, "lladdr", STRANGER_MAC, "dev", "br0", "nud", "reachable");
        }
        jvm.signal("CONT");
        assertThat(asker.lastAnswerMillis(vips, 1500)).isEqualTo(-1);
        for (String vip : vips) {
            assertThat(neighbour(vip)).contains(STRANGER_MAC);
        }
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
        assertNoneStandsOn(a);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @Only(LeaseEnd.TIME_OUT)
    @EachKind
    void a_writer_that_is_stopped_between_decision_and_call_never_opens_a_gate() {
        LabJvm keeper = held(segment.host(2));
        until("it answers", () -> isKept(keeper));
        // The last builds on nothing, so the kernel accepts it; it opens nothing.
        for (String action : List.of("PROLONG", "OPEN", "OPEN", "ARM")) {
            assertThat(keeper.ask("reach " + action)).isEqualTo("ok");
            keeper.signal("STOP");
            assertThat(asker.lastAnswerMillis(vips, 1300))
                    .as("mute while it is stopped")
                    .isLessThanOrEqualTo(MUTE_WITHIN_MILLIS);
            keeper.signal("CONT");
            assertThat(keeper.ask("write")).as(action).isEqualTo(action.equals("ARM") ? "accepted" : "refused");
            assertThat(asker.lastAnswerMillis(vips, 300)).as(action).isEqualTo(-1);
        }
        assertThat(keeper.ask("decide")).isEqualTo("LET_GO");
    }

    /** The worst that the bound allows for: what was decided with a lease that ends soon is done just before the kernel would refuse it. */
    @Only(LeaseEnd.TIME_OUT)
    @EachKind
    void two_stalls_around_a_call_that_is_accepted_end_within_the_lease() {
        LabJvm keeper = held(segment.host(2));
        until("it answers", () -> isKept(keeper));
        int accepted = 0;
        // Where the machine stalls as well, some calls come too late.
        for (int i = 0; i < STALLS_MILLIS.size() || accepted == 0 && i < 5 * STALLS_MILLIS.size(); i++) {
            int stall = STALLS_MILLIS.get(i % STALLS_MILLIS.size());
            assertThat(keeper.ask("reach PROLONG")).isEqualTo("ok");
            long decided = System.nanoTime();
            keeper.signal("STOP");
            asker.lastAnswerMillis(vips, stall);
            keeper.signal("CONT");
            accepted += keeper.ask("write").equals("accepted") ? 1 : 0;
            keeper.signal("STOP");
            long again = (System.nanoTime() - decided) / 1_000_000;
            long last = asker.lastAnswerMillis(vips, 1500);
            System.out.println("stalled for " + stall + " ms and then for good: answers until "
                    + (last < 0 ? "then" : again + last + " ms"));
            assertThat(last < 0 ? 0 : again + last).isLessThanOrEqualTo(MUTE_WITHIN_MILLIS);
            keeper.signal("CONT");
        }
        assertThat(accepted).as("calls within T").isPositive();
    }

    private boolean isKept(LabJvm keeper) {
        return keeper.ask("reach PROLONG").equals("ok")
                && keeper.ask("write").equals("accepted")
                && asker.whoHas(vips, 100).size() == vips.size();
    }

    /** Addresses behind a gate whose keeper is this test. */
    private LabJvm held(LabHost host) {
        LabJvm keeper = host.jvmOf(GateAgent.class);
        assertThat(keeper.ask("hold " + String.join(",", vips))).isEqualTo("ok");
        assertThat(asker.lastAnswerMillis(vips, 200)).as("shut at first").isEqualTo(-1);
        return keeper;
    }

    @EachEnd
    @EachKind
    void a_closed_gate_holds_back_announcements_and_questions() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        LabJvm late = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(late.ask("announce")).as("an open gate").isEqualTo("sent");
        learn(STRANGER_MAC);
        until("a question by the host itself is heard", () -> {
            late.ask("say");
            return vips.stream().allMatch(vip -> neighbour(vip).contains(a.mac()));
        });
        jvm.signal("STOP");
        leaveToTheGate(a);
        asker.lastAnswerMillis(vips, 1000);
        learn(STRANGER_MAC);
        // Entries younger than a second are not changed by everything.
        assertThat(asker.lastAnswerMillis(vips, 1100)).isEqualTo(-1);
        assertThat(late.ask("announce")).isEqualTo("dropped");
        late.ask("say");
        asker.lastAnswerMillis(vips, 50);
        for (String vip : vips) {
            assertThat(neighbour(vip)).contains(STRANGER_MAC);
        }
        jvm.signal("CONT");
    }

    @EachEnd
    @EachKind
    void a_second_card_on_the_segment_never_answers() {
        LabHost a = segment.host(2);
        a.secondCard();
        until(
                "the second card answers for its own address",
                () -> asker.whoHas("198.51.100.2", 20).isPresent());
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        for (int i = 0; i < 20; i++) {
            assertThat(asker.whoHas(vips, 50)).isEqualTo(all(a.mac("lan0")));
        }
        // The wrong door stays shut also while the right one is open.
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(asker.lastAnswerMillis(vips, 200)).isEqualTo(-1);
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the first card answers", () -> !asker.whoHas(vips, 20).isEmpty());
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(vips, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        for (String vip : vips) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", a.mac("lan1"), "dev", "br0", "nud", "permanent");
            assertThat(answersTcp(vip)).as("packets by the second card").isFalse();
        }
        jvm.signal("CONT");
    }

    @EachEnd
    @EachKind
    void an_open_address_is_reached_by_a_routed_packet_on_another_card() {
        LabHost a = segment.host(2);
        a.secondCard();
        Segment.run("ip", "addr", "add", "198.51.100.1/24", "dev", "br0");
        Segment.run("ip", "addr", "add", "2001:db8:1::1/64", "dev", "br0", "nodad");
        for (String vip : vips) {
            if (isV6(vip)) {
                Segment.run("ip", "route", "add", vip + "/128", "via", "2001:db8:1::2", "src", "2001:db8:1::1");
            } else {
                Segment.run("ip", "route", "add", vip + "/32", "via", "198.51.100.2", "src", "198.51.100.1");
            }
        }
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        until("it answers", () -> vips.stream().allMatch(FloatingAddressScenarios::answersTcp));
        jvm.signal("STOP");
        leaveToTheGate(a);
        until("it is mute", () -> vips.stream().noneMatch(FloatingAddressScenarios::answersTcp));
        jvm.signal("CONT");
    }

    @Only(LeaseEnd.TIME_OUT)
    @EachKind
    void a_stall_shorter_than_the_lease_only_mutes_for_a_moment() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        jvm.signal("STOP");
        until("it is mute", () -> asker.whoHas(vips, 20).isEmpty());
        jvm.signal("CONT");
        until("it answers again", () -> asker.whoHas(vips, 20).size() == vips.size());
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    @EachKind
    void an_unconfirmed_lease_mutes_while_the_process_runs() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.ask("starve-lease");
        assertThat(asker.lastAnswerMillis(vips, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
    }

    @EachEnd
    @EachKind
    void kill_mutes_and_last_rites_remove_exactly_ours() {
        LabHost a = segment.host(2);
        a.inside("ip", "addr", "add", "192.0.2.77/32", "dev", "lan0");
        a.inside("ip", "addr", "add", "192.0.2.78/32", "dev", "lan0", "metric", "4711");
        a.inside("ip", "addr", "add", "2001:db8::77/128", "dev", "lan0", "nodad");
        a.inside("ip", "addr", "add", "2001:db8::78/128", "dev", "lan0", "nodad", "metric", "4711");
        LabJvm other = a.jvm();
        other.ask("use 192.0.2.60,2001:db8::60 lan0");
        assertThat(other.ask("start NEVER 4712")).isEqualTo("ok");
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.signal("KILL");
        // Within four seconds: the kernel takes the address away after six.
        long last = asker.lastAnswerMillis(vips, 1000);
        System.out.println("answers after SIGKILL for " + last + " ms");
        assertThat(last).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        assertAllStandOn(a);
        String removals =
                other.ask("rites 4711,9999 address/" + vips.get(0) + ";address/192.0.2.99;address/2001:db8::99");
        for (String vip : vips) {
            assertThat(removals).contains("claim=address/" + vip + ", result=REMOVED");
        }
        assertThat(removals)
                .contains("claim=address/192.0.2.99, result=ABSENT")
                .contains("claim=address/2001:db8::99, result=ABSENT")
                .doesNotContain("192.0.2.77")
                .doesNotContain("192.0.2.78")
                .doesNotContain("192.0.2.60")
                .doesNotContain("2001:db8::6")
                .doesNotContain("2001:db8::7");
        assertNoneStandsOn(a);
        assertThat(a.addresses())
                .contains("192.0.2.77")
                .contains("192.0.2.78")
                .contains("192.0.2.60")
                .contains("2001:db8::77")
                .contains("2001:db8::78")
                .contains("2001:db8::60");
        assertThat(asker.lastAnswerMillis(vips, 300)).isEqualTo(-1);
        assertThat(asker.whoHas(List.of("192.0.2.60", "2001:db8::60"), 500))
                .isEqualTo(Map.of("192.0.2.60", a.mac(), "2001:db8::60", a.mac()));
        assertThat(other.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    @EachKind
    void last_rites_do_not_call_a_changed_address_absent_and_keep_its_gate() {
        LabHost a = segment.host(2);
        LabJvm other = a.jvm();
        LabJvm jvm = jvm(a);
        assertThat(other.ask("warm-up")).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.signal("STOP");
        // The kernel forgets who made it, and its lifetime.
        String changed = vips.get(vips.size() - 1);
        a.inside("ip", "addr", "change", alone(changed), "dev", "lan0");
        jvm.signal("KILL");
        jvm.awaitEnd();
        String removals = other.ask("rites 4711 " + claims() + ";address/192.0.2.99");
        assertThat(removals)
                .contains("claim=address/" + changed + ", result=FAILED")
                .contains("without the mark of this library")
                .contains("claim=address/192.0.2.99, result=ABSENT");
        for (String vip : vips.subList(0, vips.size() - 1)) {
            assertThat(removals).contains("claim=address/" + vip + ", result=REMOVED");
        }
        asker.lastAnswerMillis(vips, 1000);
        assertThat(a.addresses()).contains(alone(changed));
        assertThat(asker.lastAnswerMillis(vips, 500)).isEqualTo(-1);
    }

    @EachKind
    void the_kernel_removes_the_address_of_a_dead_owner_and_keeps_that_of_a_living_one() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(a.addresses()).containsPattern("valid_lft [3-6]sec preferred_lft 0sec");
        assertThat(asker.lastAnswerMillis(vips, 5000)).isGreaterThan(4500);
        assertThat(jvm.ask("monitor")).startsWith("HEALTHY");
        assertAllStandOn(a);
        assertThat(a.addresses()).contains("metric 4711");
        jvm.signal("KILL");
        until("the kernel removes it", () -> vips.stream().noneMatch(a.addresses()::contains));
    }

    @EachEnd
    @EachKind
    void a_restart_replaces_the_leftover_of_the_dead_process() {
        LabHost a = segment.host(2);
        LabJvm dead = jvm(a);
        assertThat(dead.ask("start NEVER 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = jvm(a);
        assertThat(next.ask("start SUPERSEDED 4712")).isEqualTo("ok");
        assertThat(a.addresses()).contains("metric 4712").doesNotContain("metric 4711");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        next.signal("KILL");
        next.awaitEnd();
        LabJvm last = jvm(a);
        until(
                "a probe removes it once its gate is shut",
                () -> last.ask("probe").equals("ABSENT -"));
        assertNoneStandsOn(a);
        assertThat(last.ask("start NEVER 4713")).isEqualTo("ok");
        assertThat(last.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    @EachKind
    void a_second_process_on_the_host_leaves_the_owner_alone() {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        LabJvm second = jvm(a);
        assertThat(second.ask("probe")).startsWith("HERE");
        assertThat(second.ask("start RELEASED 4712"))
                .startsWith("refused HARD")
                .contains("belongs to a running process of this host");
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThat(a.addresses()).contains("metric 4711");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    void the_gate_of_a_process_with_other_addresses_is_respected_while_it_lives_and_cleared_when_it_is_dead() {
        LabHost a = segment.host(2);
        LabJvm owner = a.jvm();
        owner.ask("use 192.0.2.50,192.0.2.51,2001:db8::51 lan0");
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        LabJvm second = a.jvm();
        second.ask("use 192.0.2.50 lan0");
        assertThat(second.ask("probe")).startsWith("HERE");
        assertThat(second.ask("start RELEASED 4712"))
                .startsWith("refused HARD")
                .contains("of another resource or process of this host holds one of its addresses");
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas(List.of("192.0.2.50", "2001:db8::51"), 500)).hasSize(2);
        owner.signal("KILL");
        owner.awaitEnd();
        assertThat(second.ask("start RELEASED 4713"))
                .as("first the other addresses behind that gate must be gone")
                .startsWith("refused SOFT")
                .contains("of an ended process stands in front of 192.0.2.51, 2001:db8::51");
        until("they are gone", () -> second.ask("start RELEASED 4714").equals("ok"));
        assertThat(asker.whoHas("192.0.2.50", 500)).contains(a.mac());
        assertThat(second.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void a_foreign_host_with_the_address_is_found_and_nothing_stays() {
        LabHost a = segment.host(2);
        LabHost stranger = segment.host(9);
        String used = vips.get(vips.size() - 1);
        if (isV6(used)) {
            stranger.inside("ip", "addr", "add", used + "/64", "dev", "lan0", "nodad");
        } else {
            stranger.inside("ip", "addr", "add", used + "/24", "dev", "lan0");
        }
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("probe")).isEqualTo("ELSEWHERE " + stranger.mac());
        assertThat(jvm.ask("start NEVER 4711"))
                .startsWith("refused FATAL")
                .contains(vips.size() == 1 ? "the address is" : used + " is")
                .contains("already used by the host with hardware address " + stranger.mac());
        assertNoneStandsOn(a);
        assertThat(jvm.ask("monitor")).startsWith("NOT_RUNNING");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas(used, 500)).contains(stranger.mac());
    }

    @EachKind
    void a_start_that_lost_the_race_leaves_the_other_ones_address_alone() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        String lost = vips.get(vips.size() - 1);
        jvm.ask("rival-at-next-start ip addr add " + alone(lost) + " dev lan0" + (isV6(lost) ? " nodad" : ""));
        assertThat(jvm.ask("start RELEASED 4711"))
                .startsWith("refused HARD")
                .contains("RTM_NEWADDR refused for " + lost)
                .contains("EEXIST")
                .containsIgnoringCase("address already assigned");
        assertThat(a.addresses()).contains(alone(lost) + " scope global");
        for (String vip : vips.subList(0, vips.size() - 1)) {
            assertThat(a.addresses()).as("all or none").doesNotContain(vip);
        }
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(a.addresses()).contains(alone(lost) + " scope global");
        assertThat(asker.whoHas(lost, 500)).contains(a.mac());
    }

    void bad_input_is_refused_with_a_sentence_and_nothing_stays() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        jvm.ask("use 192.0.2.50 lan9");
        assertThat(jvm.ask("start RELEASED 1"))
                .startsWith("refused HARD there is no interface lan9 on this host (there are: lan0, lo)");
        assertThat(jvm.ask("check")).startsWith("failed networkInterface = lan9: there is no interface lan9");
        assertThat(jvm.ask("eligibility")).contains("isEligible=false").contains("no interface lan9");
        jvm.ask("use 192.0.2.50 lo");
        assertThat(jvm.ask("start RELEASED 1")).contains("does not speak ARP (it is the loopback)");
        jvm.ask("use 192.0.2.255 lan0");
        assertThat(jvm.ask("start RELEASED 1")).contains("is the broadcast or network address of 192.0.2.2/24");
        jvm.ask("use 2001:db8:: lan0");
        assertThat(jvm.ask("start RELEASED 1")).contains("is the subnet-router anycast address of 2001:db8::2/64");
        for (String own : List.of("192.0.2.2", "2001:db8::2")) {
            jvm.ask("use " + own + " lan0");
            assertThat(jvm.ask("start RELEASED 1"))
                    .contains("stands on this host already, as " + own + (isV6(own) ? "/64" : "/24") + " on lan0");
            assertThat(jvm.ask("probe")).startsWith("HERE");
            assertThat(jvm.ask("stop")).isEqualTo("ok");
        }
        assertThat(a.addresses()).contains("192.0.2.2/24").contains("2001:db8::2/64");
        jvm.ask("use 192.0.2.50 lan0");
        a.inside("ip", "link", "set", "lan0", "down");
        assertThat(jvm.ask("start RELEASED 1")).contains("interface lan0 is down");
        a.inside("ip", "link", "set", "lan0", "up");
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("eligibility")).contains("interface lan0 has no carrier");
        assertThat(jvm.ask("start RELEASED 1")).contains("interface lan0 has no carrier");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the carrier is back", () -> jvm.ask("check").equals("ok"));
        assertNoneStandsOn(a);
        assertThat(jvm.ask("start RELEASED 1")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void an_address_outside_the_networks_of_the_interface_is_refused() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        jvm.ask("use 192.0.2.50,198.51.100.50 lan0");
        assertThat(jvm.ask("start RELEASED 1"))
                .startsWith(
                        "refused HARD floating address 198.51.100.50 is outside every network of lan0 (192.0.2.2/24):"
                                + " choose");
        jvm.ask("use 2001:db8:7::50 lan0");
        assertThat(jvm.ask("start RELEASED 1"))
                .startsWith("refused HARD floating address 2001:db8:7::50 is outside every network of lan0"
                        + " (2001:db8::2/64): choose");
        a.inside("ip", "addr", "del", "2001:db8::2/64", "dev", "lan0");
        assertThat(jvm.ask("start RELEASED 1")).contains("(it has none of IPv6)");
        // As a host with DHCPv6 has it: an address of its own alone, and the prefix from the router's advertisement.
        a.inside("ip", "addr", "add", "2001:db8:7::2/128", "dev", "lan0", "nodad");
        a.inside("ip", "route", "add", "2001:db8:7::/64", "dev", "lan0");
        assertThat(jvm.ask("start RELEASED 1")).isEqualTo("ok");
        assertThat(asker.whoHas("2001:db8:7::50", 500)).contains(a.mac());
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void an_interface_without_ipv6_is_named_and_nothing_stays() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        jvm.ask("use 192.0.2.50,2001:db8::50 lan0");
        a.inside("ip", "route", "add", "2001:db8:7::/64", "dev", "lan0");
        jvm.ask("rival-at-next-start sysctl -qw net.ipv6.conf.lan0.disable_ipv6=1");
        assertThat(jvm.ask("start RELEASED 1"))
                .startsWith("refused HARD")
                .contains("RTM_NEWADDR refused for 2001:db8::50")
                .contains("enable IPv6 there, `sysctl net.ipv6.conf.IF.disable_ipv6=0`");
        assertThat(a.addresses()).doesNotContain("192.0.2.50").doesNotContain("2001:db8::50");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas("192.0.2.2", 500)).contains(a.mac());
    }

    void a_router_says_that_it_is_one() {
        LabHost a = segment.host(2);
        a.inside("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1");
        LabJvm jvm = a.jvm();
        jvm.ask("use 2001:db8::50 lan0");
        Segment.run("ip", "neigh", "replace", "2001:db8::50", "lladdr", STRANGER_MAC, "dev", "br0", "nud", "reachable");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        until("the entry follows", () -> neighbour("2001:db8::50").contains(a.mac()));
        assertThat(neighbour("2001:db8::50")).contains("router");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_thousand_addresses_start_together_and_end_together() {
        thousand(IntStream.range(0, 1000)
                .mapToObj(i -> "10.7." + (1 + i / 250) + "." + (1 + i % 250))
                .toList());
    }

    void five_hundred_ipv6_addresses_start_together_and_end_together() {
        thousand(IntStream.range(0, 500)
                .mapToObj(i -> "2001:db8::5:" + Integer.toHexString(i + 1))
                .toList());
    }

    void a_scattered_set_is_not_called_gone_while_the_host_has_an_address_between() {
        LabHost a = segment.host(2);
        List<String> odd =
                IntStream.range(0, 50).mapToObj(i -> "192.0.2." + (51 + 2 * i)).toList();
        LabJvm jvm = a.jvm();
        LabJvm other = a.jvm();
        jvm.ask("use " + String.join(",", odd) + " lan0");
        String name = jvm.ask("remains").replaceAll("[\\[\\]]", "");
        assertThat(name).startsWith("addresses/192.0.2.51-192.0.2.149/");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "addr", "add", "192.0.2.100/32", "dev", "lan0");
        jvm.signal("KILL");
        jvm.awaitEnd();
        assertThat(other.ask("rites 4711 " + name))
                .contains("result=FAILED")
                .contains("192.0.2.100/32 stands on interface number");
        assertThat(standing(a)).contains("192.0.2.100").doesNotContainAnyElementsOf(odd);
        a.inside("ip", "addr", "del", "192.0.2.100/32", "dev", "lan0");
        assertThat(other.ask("rites 4711 " + name)).isEqualTo("[Removal[claim=" + name + ", result=ABSENT, detail=]]");
    }

    void a_batch_is_added_as_a_whole_or_not_at_all() {
        List<IpAddress> batch = new ArrayList<>();
        for (int i = 0; i < 250; i++) {
            batch.add(i % 2 == 0 ? new Ipv4Address(0x0a070001 + i) : new Ipv6Address(0x20010db8L << 32, 0x5000 + i));
        }
        Segment.run("ip", "addr", "add", batch.get(150) + "/32", "dev", "br0");
        Segment.run("ip", "addr", "add", batch.get(201) + "/128", "dev", "br0", "nodad");
        try (LinuxLinkTable links = new LinuxLinkTable();
                LinuxAddressTable table = new LinuxAddressTable()) {
            int bridge = links.byName("br0").orElseThrow().index();
            assertThatThrownBy(() -> table.addAll(bridge, batch, 4711, 60))
                    .isInstanceOf(PlatformException.class)
                    .hasMessageContaining("RTM_NEWADDR refused for " + batch.get(150) + " on interface " + bridge)
                    .hasMessageContaining("EEXIST (already exists), \"ipv4: Address already assigned\"");
            assertThat(table.list()).noneMatch(AddressTable.Entry::isOurs);
            assertThat(missing(table, bridge, batch)).isEqualTo(batch);
            assertThat(table.removeAll(bridge, List.of(batch.get(3), batch.get(201), batch.get(150))))
                    .containsExactly(batch.get(201), batch.get(150));

            table.addAll(bridge, batch, 4711, 60);
            assertThat(missing(table, bridge, batch)).isEmpty();
            assertThat(table.list().stream().filter(AddressTable.Entry::isOurs))
                    .hasSize(250)
                    .allMatch(entry -> entry.tag() == 4711 && entry.isAlone());
            assertThat(table.addMissing(bridge, batch, 4711, 60)).isEqualTo(new Added(List.of(), Optional.empty()));
            table.removeAll(bridge, batch.subList(10, 12));
            assertThat(table.renewAll(bridge, batch, 4711, 90)).containsExactly(batch.get(10), batch.get(11));
            assertThat(missing(table, bridge, batch))
                    .as("renewing brings nothing back")
                    .isEqualTo(batch.subList(10, 12));
            assertThat(table.addMissing(bridge, batch, 4711, 60))
                    .isEqualTo(new Added(batch.subList(10, 12), Optional.empty()));
            assertThat(missing(table, bridge, batch)).isEmpty();
            assertThat(table.addMissing(Integer.MAX_VALUE, batch.subList(0, 2), 4711, 60)
                            .refusal())
                    .hasValueSatisfying(
                            e -> assertThat(e).hasMessageContaining("RTM_NEWADDR refused for " + batch.get(0)));
            assertThat(table.removeAll(bridge, batch)).hasSize(250);
            assertThat(table.list()).noneMatch(AddressTable.Entry::isOurs);
        }
    }

    private static List<IpAddress> missing(AddressTable table, int interfaceIndex, List<IpAddress> batch) {
        List<IpAddress> missing = new ArrayList<>(batch);
        table.list(interfaceIndex, batch).stream()
                .filter(AddressTable.Entry::isOurs)
                .forEach(entry -> missing.remove(entry.address()));
        return missing;
    }

    void a_gate_holds_the_most_addresses_of_either_version() {
        try (LinuxLinkTable links = new LinuxLinkTable()) {
            int bridge = links.byName("br0").orElseThrow().index();
            for (boolean isV6 : new boolean[] {false, true}) {
                AddressSet most = new AddressSet(IntStream.range(0, 4096)
                        .mapToObj(
                                i -> isV6 ? new Ipv6Address(0x20010db8L << 32, i + 9) : new Ipv4Address(0x0a070001 + i))
                        .toList());
                try (NftGate gate = new NftGate(most, "br0", bridge)) {
                    gate.create(4711);
                    assertThat(gate.arm(60_000)).isTrue();
                    assertThat(gate.open(60_000)).isTrue();
                    assertThat(gate.prolong(60_000)).isTrue();
                    assertThat(NftGate.isKept(new AddressSet(List.of(most.all().get(4000)))))
                            .isTrue();
                    gate.shut();
                    assertThat(gate.prolong(60_000)).isFalse();
                    gate.remove();
                    assertThat(gate.arm(60_000)).isFalse();
                }
            }
        }
    }

    private void thousand(List<String> many) {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        for (LabHost host : List.of(a, b)) {
            host.inside("ip", "addr", "add", "10.7.0." + (host == a ? 2 : 3) + "/16", "dev", "lan0");
        }
        LabJvm jvm = a.jvm();
        LabJvm other = a.jvm();
        jvm.ask("use " + String.join(",", many) + " lan0");
        String claim = jvm.ask("remains");
        assertThat(claim).startsWith("[addresses/").hasSizeLessThan(230);
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(jvm.ask("monitor")).startsWith("HEALTHY");
        assertThat(standing(a)).containsAll(many);
        assertThat(asker.whoHas(many, 1000)).hasSize(many.size());
        // The last of them is announced too, behind the start.
        String last = many.get(many.size() - 1);
        Segment.run("ip", "neigh", "replace", last, "lladdr", STRANGER_MAC, "dev", "br0", "nud", "reachable");
        until("the announcement of the last is repeated", () -> neighbour(last).contains(a.mac()));

        for (String gone : List.of(many.get(3), many.get(300), many.get(4), many.get(400))) {
            a.inside("ip", "addr", "del", alone(gone), "dev", "lan0");
        }
        until("they are back", () -> standing(a).containsAll(many));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));

        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(many, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        jvm.signal("CONT");
        until("the paused process takes them down", () -> Collections.disjoint(standing(a), many));
        assertThat(jvm.ask("stop")).isEqualTo("ok");

        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        jvm.signal("KILL");
        jvm.awaitEnd();
        a.inside("ip", "addr", "change", alone(last), "dev", "lan0");
        String name = claim.substring(1, claim.length() - 1);
        assertThat(other.ask("rites 4712 " + name))
                .as("one of them stands")
                .contains("claim=" + name + ", result=FAILED")
                .contains(alone(last) + " stands on interface number")
                .doesNotContain("claim=address/");
        assertThat(standing(a)).contains(last).doesNotContain(many.get(0));
        asker.lastAnswerMillis(last, MUTE_WITHIN_MILLIS);
        assertThat(asker.lastAnswerMillis(last, 300)).as("its gate stays").isEqualTo(-1);
        a.inside("ip", "addr", "del", alone(last), "dev", "lan0");
        assertThat(other.ask("rites 4712 " + name)).isEqualTo("[Removal[claim=" + name + ", result=ABSENT, detail=]]");

        LabJvm next = b.jvm();
        next.ask("use " + String.join(",", many) + " lan0");
        assertThat(next.ask("start DIED 4713")).isEqualTo("ok");
        assertThat(asker.whoHas(many, 1000).values()).hasSize(many.size()).containsOnly(b.mac());
        next.signal("KILL");
        next.awaitEnd();
        LabJvm rites = b.jvm();
        assertThat(rites.ask("rites 4713 " + name)).isEqualTo("[Removal[claim=" + name + ", result=REMOVED, detail=]]");
        assertThat(standing(b)).doesNotContainAnyElementsOf(many);
    }

    void a_missing_capability_is_named_and_nothing_stays() {
        LabHost a = segment.host(2);
        LabJvm noRaw = a.jvm("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw");
        assertThat(noRaw.ask("start RELEASED 1")).startsWith("refused HARD").contains("CAP_NET_RAW");
        assertThat(noRaw.ask("check")).contains("CAP_NET_RAW").contains("AmbientCapabilities");
        assertThat(noRaw.ask("stop")).isEqualTo("ok");
        LabJvm noAdmin = a.jvm("setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin");
        assertThat(noAdmin.ask("start RELEASED 1")).startsWith("refused HARD").contains("CAP_NET_ADMIN");
        assertThat(noAdmin.ask("check"))
                .startsWith("failed address = 192.0.2.50: This process needs CAP_NET_ADMIN to change addresses")
                .containsOnlyOnce("needs CAP_NET_ADMIN");
        assertThat(noAdmin.ask("eligibility")).contains("isEligible=false").contains("CAP_NET_ADMIN");
        assertThat(noAdmin.ask("enforcements")).isEqualTo("[COOPERATIVE]");
        assertThat(noAdmin.ask("stop")).isEqualTo("ok");
        assertThat(noAdmin.ask("threads")).isEqualTo("[]");
        assertThat(a.addresses()).doesNotContain(vips.get(0));
    }

    void a_native_part_that_does_not_load_is_a_sentence() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm(
                "unshare",
                "-m",
                "sh",
                "-c",
                "mount -t tmpfs -o noexec none /mnt && exec \"$@\"",
                "sh",
                "env",
                "JAVA_TOOL_OPTIONS=-Djna.tmpdir=/mnt");
        assertThat(jvm.ask("check"))
                .contains("the native part of JNA does not load")
                .contains("-Djna.tmpdir");
        assertThat(jvm.ask("eligibility")).contains("isEligible=false");
        assertThat(jvm.ask("enforcements")).isEqualTo("[COOPERATIVE]");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_missing_jna_is_a_sentence() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvmWithout("jna-5");
        assertThat(jvm.ask("check")).startsWith("failed address = 192.0.2.50: JNA is missing or too old");
        assertThat(jvm.ask("eligibility")).contains("isEligible=false").contains("JNA is missing");
        assertThat(jvm.ask("enforcements")).isEqualTo("[COOPERATIVE]");
        assertThat(jvm.ask("probe")).startsWith("UNKNOWN");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_pulled_cable_and_a_vanished_interface_are_seen() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD carrier of lan0 is gone");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("healthy again", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        a.inside("ip", "link", "del", "lan0");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD interface lan0 is gone");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @Only(LeaseEnd.TIME_OUT)
    void a_renamed_interface_ends_the_address() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "link", "set", "lan0", "name", "lan7");
        assertThat(jvm.ask("monitor"))
                .isEqualTo("FAILED HARD interface lan0 was renamed to lan7 and has lost its gate");
        until("it is taken down", () -> !a.inside("ip", "-4", "addr").contains(vips.get(0)));
        assertThat(asker.lastAnswerMillis(vips, 300)).isEqualTo(-1);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_check_looks_at_the_networks_of_the_addresses_and_of_the_gateways() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        jvm.ask("use 192.0.2.50 lan0 route=198.51.100.0/24,via=192.0.2.1");
        assertThat(jvm.ask("check")).isEqualTo("ok");
        jvm.ask("use 203.0.113.50 lan0");
        assertThat(jvm.ask("check"))
                .startsWith("failed")
                .contains("floating address 203.0.113.50 is outside every network of lan0 (192.0.2.2/24");
        jvm.ask("use 192.0.2.50 lan0 route=default,via=203.0.113.1");
        assertThat(jvm.ask("check")).contains("via 203.0.113.1", "has a gateway in no network of lan0");
        jvm.ask("use 192.0.2.50 lan0");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(jvm.ask("check")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    void made_ready_nobody_sees_it_and_a_start_goes_on_from_there() throws Exception {
        LabHost a = segment.host(2);
        LabJvm owner = jvm(a);
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        String vip = vips.get(0);
        AddressSet addresses = new AddressSet(List.of(IpAddress.parse(vip).orElseThrow()));
        try (Card own = Card.plug("own0", addresses.all())) {
            Segment.run("ip", "link", "set", own.name(), "arp", "on");
            Segment.run("ip", "addr", "add", "192.0.2.9/24", "dev", "own0");
            FloatingAddress target = FloatingAddress.of(vip, "own0");
            assertThat(target.eligibility().isEligible()).isTrue();
            for (int round = 0; round < 2; round++) {
                String sent = sentBy("own0");
                target.makeReady(4712 + round, "serv1");
                assertThat(sentBy("own0")).isEqualTo(sent);
                assertThat(NftGate.isKept(addresses)).isTrue();
                assertThat(Segment.run("ip", "addr")).doesNotContain(vip + "/");
                assertThat(asker.whoHas(vip, 500)).contains(a.mac());
                assertThat(InetAddress.getByName(vip).isReachable(NetworkInterface.getByName("own0"), 0, 5_000))
                        .as("programs of this host reach the owner by the card of the gate")
                        .isTrue();
                if (round == 0) {
                    target.unprepare();
                    target.unprepare();
                    assertThat(NftGate.isKept(addresses)).isFalse();
                }
            }
            target.unprepare();
            Segment.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
            target.makeReady(4712, "serv1");
            assertThat(NftGate.isKept(addresses))
                    .as("the owner may be reached through this host")
                    .isFalse();
            target.unprepare();
            Segment.run("sysctl", "-qw", "net.ipv4.ip_forward=0");
            assertThat(owner.ask("stop")).isEqualTo("ok");
            startAndStop(target, 8);
            assertThat(NftGate.isKept(addresses)).isFalse();
            List<Long> plain = new ArrayList<>();
            List<Long> ready = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                plain.add(startAndStop(target, 9 + i));
                target.makeReady(4713, "serv1");
                ready.add(startAndStop(target, 9 + i));
            }
            Collections.sort(plain);
            Collections.sort(ready);
            System.out.println("start, p50 of 20: " + plain.get(10) + " us, made ready " + ready.get(10) + " us");
            target.makeReady(4713, "serv1");
            target.retire();
            assertThat(NftGate.isKept(addresses)).isFalse();
        }
    }

    /** What the kernel has counted. */
    private static String sentBy(String card) {
        String counters = Segment.run("ip", "-s", "link", "show", "dev", card);
        return counters.substring(counters.indexOf("TX:"));
    }

    /** Microseconds of the start. */
    private long startAndStop(FloatingAddress target, long token) throws ResourceException, InterruptedException {
        LabGrant grant = new LabGrant(token, ProofKind.RELEASED, 4713, "", new byte[0], () -> {});
        long begin = System.nanoTime();
        target.start(grant);
        long micros = (System.nanoTime() - begin) / 1_000;
        assertThat(asker.whoHas(target.address(), 500)).isNotEmpty();
        assertThat(target.monitor().state()).isEqualTo(Health.State.HEALTHY);
        target.stop(new ManagedResource.StopContext() {
            @Override
            public String group() {
                return "files";
            }

            @Override
            public FencingToken token() {
                return grant.token();
            }
        });
        grant.end();
        return micros;
    }

    @EachEnd
    void what_a_dead_process_made_ready_does_not_hinder_the_next_start() {
        LabHost a = segment.host(2);
        LabJvm dead = a.jvmOf(StalledAgent.class);
        assertThat(dead.ask("use " + vips.get(0))).isEqualTo("ok");
        assertThat(dead.ask("make-ready")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = jvm(a);
        assertThat(next.ask("start DIED 4712")).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(next.ask("stop")).isEqualTo("ok");
    }

    /** Two nodes of one host: the move went to the other one, and the first has not given back yet what it had ready for it. */
    @EachEnd
    @EachKind
    void a_start_waits_for_what_another_process_of_the_host_has_only_made_ready() throws IOException {
        LabHost a = segment.host(2);
        LabJvm ready = jvm(a);
        LabJvm granted = jvm(a);
        assertThat(granted.ask("eligibility")).contains("isEligible=true");
        assertThat(ready.ask("prepare 4711")).isEqualTo("ok");
        Path directory = Files.createTempDirectory("start");
        Path claimed = directory.resolve("claimed");
        granted.ask("rival-at-next-start touch " + claimed);
        CompletableFuture<String> starting = CompletableFuture.supplyAsync(() -> granted.ask("start RELEASED 4712"));
        until("it is about to make its gate", () -> Files.exists(claimed));
        Files.delete(claimed);
        Files.delete(directory);
        assertThat(ready.ask("unprepare")).isEqualTo("ok");
        assertThat(starting.join()).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));

        assertThat(ready.ask("prepare 4713")).isEqualTo("ok");
        assertThat(ready.ask("start RELEASED 4713"))
                .as("what is had is not waited for")
                .startsWith("refused HARD")
                .contains("belongs to a running process of this host");
        assertThat(ready.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(granted.ask("monitor")).startsWith("HEALTHY");
        assertThat(granted.ask("stop")).isEqualTo("ok");
    }

    @EachEnd
    @EachKind
    void what_another_process_of_the_host_keeps_ready_refuses_a_start_softly_and_never_speaks() {
        LabHost a = segment.host(2);
        for (boolean isPaused : List.of(false, true)) {
            LabJvm ready = jvm(a);
            LabJvm granted = jvm(a);
            assertThat(granted.ask("eligibility")).contains("isEligible=true");
            assertThat(ready.ask("prepare 4711")).isEqualTo("ok");
            if (isPaused) {
                ready.signal("STOP");
            }
            assertThat(granted.ask("start RELEASED 4712"))
                    .startsWith("refused SOFT")
                    .contains("another node or process of this host has it ready for a start of its own (gate ");
            assertThat(granted.ask("stop")).isEqualTo("ok");
            assertNoneStandsOn(a);
            assertThat(asker.whoHas(vips, 50)).isEmpty();
            ready.signal("KILL");
            ready.awaitEnd();
            assertThat(granted.ask("start RELEASED 4713")).isEqualTo("ok");
            assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
            assertThat(granted.ask("stop")).isEqualTo("ok");
            assertThat(granted.ask("retire")).isEqualTo("ok");
        }
    }

    @EachEnd
    void what_another_process_of_the_host_keeps_ready_with_others_refuses_a_start_softly() {
        LabHost a = segment.host(2);
        LabJvm ready = a.jvm();
        ready.ask("use 192.0.2.50,192.0.2.51,2001:db8::51 lan0");
        assertThat(ready.ask("prepare 4711")).isEqualTo("ok");
        LabJvm granted = a.jvm();
        granted.ask("use 192.0.2.50 lan0");
        assertThat(granted.ask("eligibility")).contains("isEligible=true");
        assertThat(granted.ask("start RELEASED 4712"))
                .startsWith("refused SOFT")
                .contains("another node or process of this host has it ready for a start of its own (gate ");
        assertThat(granted.ask("stop")).isEqualTo("ok");
        CompletableFuture<String> starting = CompletableFuture.supplyAsync(() -> granted.ask("start RELEASED 4713"));
        assertThat(ready.ask("unprepare")).isEqualTo("ok");
        assertThat(starting.join()).isEqualTo("ok");
        assertThat(asker.whoHas("192.0.2.50", 500)).contains(a.mac());
        assertThat(granted.ask("stop")).isEqualTo("ok");
    }

    /** The owner elsewhere would stop for a start that is refused. */
    void a_preparation_says_what_a_start_would_be_refused_for() {
        LabHost a = segment.host(2);
        LabJvm jvm = jvm(a);
        a.inside("ip", "addr", "add", "192.0.2.50/24", "dev", "lan0");
        assertThat(jvm.ask("prepare 4711"))
                .startsWith("refused HARD")
                .contains("192.0.2.50/24 on interface number ")
                .contains("take it off there");
        a.inside("ip", "addr", "del", "192.0.2.50/24", "dev", "lan0");
        assertThat(jvm.ask("prepare 4711")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    /** Whatever fails, up to the very last thing that it asks for, when the addresses stand and speak. */
    @EachEnd
    @EachKind
    void a_start_that_fails_at_any_step_leaves_nothing() {
        LabHost a = segment.host(2);
        LabJvm eye = a.guardJvm();
        LabJvm jvm = a.jvm();
        String nothing = tryOut(jvm);
        for (boolean isMadeReady : List.of(false, true)) {
            int step = 0;
            String answer = "";
            String last = "";
            while (!answer.equals("ok")) {
                last = answer;
                step++;
                if (isMadeReady) {
                    assertThat(jvm.ask("prepare 4712")).isEqualTo("ok");
                }
                answer = jvm.ask("start-failing RELEASED 4712 " + step);
                if (!answer.equals("ok")) {
                    assertThat(answer).startsWith("failed, planned at ");
                    assertNothingSpeaksOn(a, answer);
                    assertThat(jvm.ask("monitor")).as(answer).startsWith("NOT_RUNNING");
                    if (!isMadeReady) {
                        assertThat(eye.ask("tables")).as(answer).isEqualTo("[]");
                    }
                    assertThat(jvm.ask("stop")).as(answer).isEqualTo("ok");
                    assertNothingIsLeft(eye, jvm, nothing);
                }
            }
            assertThat(last).as("the last of " + step).isEqualTo("failed, planned at holder");
            assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
            assertThat(jvm.ask("monitor")).startsWith("HEALTHY");
            assertThat(jvm.ask("stop")).isEqualTo("ok");
            assertNothingIsLeft(eye, jvm, nothing);
        }
    }

    @EachEnd
    @EachKind
    void an_interface_that_vanishes_in_the_middle_of_a_start_is_named_and_leaves_nothing() {
        LabHost a = segment.host(2);
        LabJvm eye = a.guardJvm();
        LabJvm jvm = a.jvm();
        String nothing = tryOut(jvm);
        String answer = "";
        for (int step = 1; !answer.equals("ok before that"); step++) {
            answer = jvm.ask("start-beside RELEASED 4712 " + step + " ip link del lan0");
            if (answer.equals("ok")) {
                String gone = "FAILED HARD interface lan0 is gone";
                until("it is found", () -> jvm.ask("monitor").equals(gone));
            } else if (!answer.equals("ok before that")) {
                assertThat(answer)
                        .containsPattern("^refused (HARD there is no interface lan0 on this host"
                                + "|HARD interface lan0 is gone"
                                + "|HARD .* on lan0 cannot start: .*: ENODEV \\(no such interface\\)"
                                + "|SOFT .* cannot be put behind the guard of lan0: .*: ENODEV )");
            }
            if (!answer.equals("ok before that")) {
                assertThat(jvm.ask("stop")).as(answer).isEqualTo("ok");
                assertNothingIsOpen(eye, jvm, nothing);
                a.plug();
            }
        }
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertNothingIsOpen(eye, jvm, nothing);
    }

    /** The stop behind it finds what its undoing could not take away. An IPv6 address can be on a card but once. */
    @EachEnd
    void what_somebody_adds_while_a_start_fails_at_its_last_steps_stays_mute() {
        LabHost a = segment.host(2);
        LabJvm eye = a.guardJvm();
        LabJvm jvm = a.jvm();
        String nothing = tryOut(jvm);
        int steps = 0;
        String answer = "";
        while (!answer.equals("ok")) {
            answer = jvm.ask("start-failing RELEASED 4712 " + ++steps);
            assertThat(jvm.ask("stop")).isEqualTo("ok");
        }
        awaitRetired(jvm);
        String other = vips.get(0) + "/24 dev lan0";
        // The last but one cannot start the thread that keeps them.
        for (int step = steps - 1; step >= steps - 3; step--) {
            answer = jvm.ask("start-failing RELEASED 4713 " + step + " ip addr add " + other);
            assertThat(answer).startsWith("failed, planned at ");
            assertThat(asker.lastAnswerMillis(vips, 200)).as(answer).isEqualTo(-1);
            assertThat(jvm.ask("stop")).as(answer).startsWith("refused SOFT").contains("take it off there");
            assertThat(asker.lastAnswerMillis(vips, 200)).as(answer).isEqualTo(-1);
            a.inside(("ip addr del " + other).split(" "));
            assertThat(jvm.ask("stop")).as(answer).isEqualTo("ok");
            assertNothingSpeaksOn(a, answer);
            assertNothingIsLeft(eye, jvm, nothing);
        }
    }

    /** With all that an address can have. Returns how many descriptors there are when nothing is kept. */
    private String tryOut(LabJvm jvm) {
        String routes = vips.stream()
                .map(vip -> isV6(vip) ? "route=2001:db8:7::/64" : "route=198.51.100.0/24,metric=50")
                .distinct()
                .collect(Collectors.joining(" "));
        assertThat(jvm.ask("use " + String.join(",", vips) + " lan0 rule=213 " + routes))
                .isEqualTo("ok");
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        awaitRetired(jvm);
        return jvm.ask("fds");
    }

    private void assertNothingSpeaksOn(LabHost host, String when) {
        assertNoneStandsOn(host);
        for (String version : List.of("-4", "-6")) {
            assertThat(host.inside("ip", version, "route", "show", "table", "all", "proto", "213"))
                    .as(when)
                    .isEmpty();
            assertThat(host.inside("ip", version, "rule")).as(when).doesNotContain("213");
        }
        assertThat(asker.lastAnswerMillis(vips, 50)).as(when).isEqualTo(-1);
    }

    private static void assertNothingIsLeft(LabJvm eye, LabJvm jvm, String nothing) {
        assertNothingIsOpen(eye, jvm, nothing);
        if (jvm.ask("lease-end").equals(LeaseEnd.DEADLINE.name())) {
            assertThat(eye.ask("programs")).isEqualTo("[]");
        }
    }

    /** The programs of a card end with it. */
    private static void assertNothingIsOpen(LabJvm eye, LabJvm jvm, String nothing) {
        awaitRetired(jvm);
        assertThat(eye.ask("tables")).isEqualTo("[]");
        until("descriptors are closed", () -> jvm.ask("fds").equals(nothing));
    }

    /** The first look at a host in a process. That it was played to its end is asked of the log, see {@link FloatingAddressNetnsIT}. */
    @EachEnd
    @EachKind
    void a_rehearsed_start_leaves_nothing() {
        LabHost a = segment.host(2);
        LabJvm eye = a.guardJvm();
        LabJvm jvm = jvm(a);
        assertThat(jvm.ask("check")).isEqualTo("ok");
        String nothing = jvm.ask("fds");
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        until("threads end", () -> jvm.ask("threads").equals("[]"));
        assertThat(eye.ask("tables")).isEqualTo("[]");
        assertNothingSpeaksOn(a, "after a rehearsal");
        assertThat(jvm.ask("monitor")).startsWith("NOT_RUNNING");
        assertNothingIsLeft(eye, jvm, nothing);
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertNothingIsLeft(eye, jvm, nothing);
    }

    @EachEnd
    void nothing_leaks_after_stop() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        String shared = "[ha-serv1-addresses, ha-serv1-addresses-looks, ha-serv1-ear-lan0]";
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        awaitRetired(jvm);
        String before = jvm.ask("fds");
        assertThat(jvm.ask("bench 3")).startsWith("first start");
        until("threads of the stay end", () -> jvm.ask("threads").equals(shared));
        String kept = jvm.ask("fds");
        System.out.println(jvm.ask("bench 30"));
        until("threads of the stay end", () -> jvm.ask("threads").equals(shared));
        awaitOpen(jvm, kept);
        awaitRetired(jvm);
        awaitOpen(jvm, before);
        assertThat(jvm.ask("prepare 4711")).isEqualTo("ok");
        assertThat(jvm.ask("threads")).isEqualTo(shared);
        awaitRetired(jvm);
        awaitOpen(jvm, before);
        assertThat(a.addresses()).doesNotContain(vips.get(0));
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(jvm.ask("threads"))
                .isEqualTo(
                        "[ha-serv1-address-192.0.2.50, ha-serv1-addresses, ha-serv1-addresses-looks, ha-serv1-ear-lan0]");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        awaitRetired(jvm);
        awaitOpen(jvm, before);
    }

    private static void awaitOpen(LabJvm jvm, String descriptors) {
        until("no other descriptors are open", () -> jvm.ask("fds").equals(descriptors));
    }

    private static void awaitRetired(LabJvm jvm) {
        assertThat(jvm.ask("retire")).isEqualTo("ok");
        until("threads end", () -> jvm.ask("threads").equals("[]"));
    }

    private LabJvm jvm(LabHost host) {
        return use(host.jvm());
    }

    private LabJvm use(LabJvm jvm) {
        assertThat(jvm.ask("use " + String.join(",", vips) + " lan0")).isEqualTo("ok");
        return jvm;
    }

    private Map<String, String> all(String mac) {
        return vips.stream().collect(Collectors.toMap(vip -> vip, vip -> mac));
    }

    private String claims() {
        return vips.stream().map(vip -> "address/" + vip).collect(Collectors.joining(";"));
    }

    private static boolean isV6(String address) {
        return address.indexOf(':') >= 0;
    }

    private static String alone(String address) {
        return address + (isV6(address) ? "/128" : "/32");
    }

    private void assertAllStandOn(LabHost host) {
        assertThat(standing(host)).containsAll(vips);
    }

    private void assertNoneStandsOn(LabHost host) {
        assertThat(standing(host)).doesNotContainAnyElementsOf(vips);
    }

    private static TreeSet<String> standing(LabHost host) {
        return Arrays.stream(
                        host.inside("ip", "-o", "addr", "show", "dev", "lan0").split("\n"))
                .map(line -> line.split("\\s+")[3].split("/")[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Takes the lifetime from the addresses of a stopped owner, so that the gate alone mutes them. */
    private void leaveToTheGate(LabHost host) {
        for (String vip : vips) {
            host.inside("ip", "addr", "change", alone(vip), "dev", "lan0");
        }
    }

    private void learn(String mac) {
        for (String vip : vips) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", mac, "dev", "br0", "nud", "stale");
        }
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

    private static String neighbour(String address) {
        return Segment.run("ip", "neigh", "show", address, "dev", "br0");
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
