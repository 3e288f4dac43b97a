package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.Card;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;
import org.understudy.ha.iptakeover.lab.Tap;
import org.understudy.ha.iptakeover.linux.KeptCard;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.Tables;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * What happens where the kernel compares deadlines; each method is one scenario, run by {@link DeadlineGateNetnsIT} in a JVM of its own as root
 * of the host. {@link FloatingAddressScenarios} are run there too.
 */
final class DeadlineGateScenarios implements AutoCloseable {
    private static final List<String> VIPS = List.of("192.0.2.50", "2001:db8::50");
    private static final String NOTHING = "[]";
    /** The lease; an answer that was on its way comes later. */
    private static final long LEASE_MILLIS = 960;

    private final Segment segment = new Segment();
    private final Asker asker = new Asker();
    private final LabHost a = segment.host(2);
    /** Looks at the programs of the card. */
    private final LabJvm eye = a.guardJvm();

    public static void main(String[] args) throws ReflectiveOperationException {
        try (DeadlineGateScenarios scenarios = new DeadlineGateScenarios()) {
            DeadlineGateScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
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

    void the_kernel_decides_as_the_model_about_forty_thousand_frames() {
        assertThat(eye.ask("frames 1000")).isEqualTo("as the model, many dropped");
    }

    void a_writer_that_is_stopped_between_decision_and_write_twice_in_a_row_prolongs_nothing() {
        LabJvm keeper = holder();
        keeper.ask("confirm");
        open(keeper);
        for (int i = 0; i < 2; i++) {
            keeper.ask("confirm");
            long confirmed = System.nanoTime();
            assertThat(keeper.ask("decide")).isEqualTo("WRITE");
            keeper.signal("STOP");
            long last = asker.lastAnswerMillis(VIPS, 1300);
            assertThat(last).as("mute while it is stopped").isLessThanOrEqualTo(LEASE_MILLIS);
            keeper.signal("CONT");
            assertThat(keeper.ask("write")).as("an old deadline").isEqualTo("accepted");
            assertThat(System.nanoTime() - confirmed).isGreaterThan(LEASE_MILLIS * 1_000_000);
            assertThat(asker.lastAnswerMillis(VIPS, 300)).isEqualTo(-1);
        }
    }

    void a_writer_that_is_stopped_after_its_write_is_mute_at_the_deadline() {
        LabJvm keeper = holder();
        keeper.ask("confirm");
        open(keeper);
        keeper.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isBetween(0L, LEASE_MILLIS);
        keeper.signal("CONT");
        assertThat(keeper.ask("decide")).isEqualTo("LET_GO");
    }

    void what_was_decided_before_the_gate_was_shut_is_refused_by_the_kernel() {
        LabJvm keeper = holder();
        keeper.ask("confirm");
        open(keeper);
        keeper.ask("confirm");
        assertThat(keeper.ask("decide")).isEqualTo("WRITE");
        assertThat(keeper.ask("shut")).isEqualTo("ok");
        assertThat(asker.lastAnswerMillis(VIPS, 200)).isEqualTo(-1);
        assertThat(keeper.ask("write")).isEqualTo("refused");
        assertThat(asker.lastAnswerMillis(VIPS, 200)).isEqualTo(-1);
    }

    /** Nobody cleans up: no guardian, no last rites, and the addresses have no lifetime. */
    void a_dead_owner_whose_guardian_is_dead_too_is_mute_at_the_deadline_and_stays_mute() {
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        owner.signal("KILL");
        owner.awaitEnd();
        letStand();
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isLessThanOrEqualTo(LEASE_MILLIS);
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isEqualTo(-1);
        assertThat(eye.ask("programs")).contains("understudy_in1").contains("understudy_out1");
    }

    /** An encapsulating route: what is inside is none of the card's business any more. */
    void what_leaves_the_card_inside_another_packet_is_mute_with_the_rest() {
        for (String behind : List.of("203.0.113.0/24", "2001:db8:9::/64")) {
            String route = "ip route add " + behind + " encap seg6 mode encap segs 2001:db8::1 dev lan0";
            a.inside(route.split(" "));
        }
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (Tap tap = new Tap(a.port())) {
            assertThat(wrapped(tap)).as("while it is held").containsExactlyElementsOf(VIPS);
            owner.signal("STOP");
            letStand();
            asker.lastAnswerMillis(VIPS, 1100);
            assertThat(wrapped(tap)).as("at the end of the lease").isEmpty();
        }
        owner.signal("KILL");
    }

    /** In the name of which addresses something leaves that is wrapped into another packet. */
    private List<String> wrapped(Tap tap) {
        List<String> seen = new ArrayList<>();
        for (String vip : VIPS) {
            tap.drain();
            eye.ask("send " + vip + (vip.contains(":") ? " 2001:db8:9::7" : " 203.0.113.7"));
            // An outer IPv6 packet with a routing header.
            if (tap.hears(300, frame -> frame[12] == (byte) 0x86 && frame[20] == 43 && Tap.has(frame, vip))) {
                seen.add(vip);
            }
        }
        return seen;
    }

    void a_stall_shorter_than_the_lease_mutes_nothing() {
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        // Twice the time-out that a gate of nf_tables has.
        owner.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 650)).isGreaterThan(500);
        owner.signal("CONT");
        assertThat(asker.lastAnswerMillis(VIPS, 500)).isGreaterThan(350);
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void a_program_that_somebody_took_off_is_seen_and_the_address_taken_down() {
        for (String direction : List.of("IN", "OUT")) {
            LabJvm owner = floating();
            assertThat(owner.ask("start RELEASED 4711")).isEqualTo("ok");
            assertThat(owner.ask("monitor")).startsWith("HEALTHY");
            assertThat(eye.ask("detach " + direction)).isEqualTo("ok");
            until("seen", () -> owner.ask("monitor").startsWith("FAILED"));
            assertThat(owner.ask("monitor"))
                    .isEqualTo("FAILED SOFT somebody removed its gate, the BPF program understudy_"
                            + (direction.equals("IN") ? "in1" : "out1") + " on lan0");
            until("taken down", () -> VIPS.stream().noneMatch(a.addresses()::contains));
            assertThat(owner.ask("start RELEASED 4712"))
                    .as("it is put up again")
                    .isEqualTo("ok");
            assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
            assertThat(owner.ask("stop")).isEqualTo("ok");
            assertThat(owner.ask("retire")).isEqualTo("ok");
            assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        }
    }

    void another_program_in_front_is_seen_and_a_start_goes_in_front_of_it() {
        LabJvm owner = floating();
        assertThat(owner.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(eye.ask("overtake OUT")).isEqualTo("ok");
        until("seen", () -> owner.ask("monitor").startsWith("FAILED"));
        assertThat(owner.ask("monitor"))
                .isEqualTo("FAILED SOFT somebody put another BPF program before its gate on lan0");
        until("taken down", () -> VIPS.stream().noneMatch(a.addresses()::contains));
        assertThat(owner.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(eye.ask("programs")).matches("\\[understudy_in1#\\d+, understudy_out1#\\d+, somebody_else#\\d+\\]");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        owner.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isBetween(0L, LEASE_MILLIS);
        owner.signal("CONT");
        until("it is over", () -> owner.ask("monitor").contains("the lease is over"));
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(owner.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).matches("\\[somebody_else#\\d+\\]");
    }

    void a_card_that_is_renamed_keeps_its_guard_and_the_address() {
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "link", "set", "lan0", "name", "lan7");
        assertThat(asker.lastAnswerMillis(VIPS, 500)).isGreaterThan(350);
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        owner.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 1500)).isBetween(0L, LEASE_MILLIS);
        owner.signal("CONT");
        until("it is over", () -> owner.ask("monitor").contains("the lease is over"));
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(owner.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void a_card_that_is_deleted_takes_its_guard_with_it() {
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "link", "del", "lan0");
        assertThat(owner.ask("monitor")).isEqualTo("FAILED HARD interface lan0 is gone");
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(owner.ask("retire")).isEqualTo("ok");
        until("threads end", () -> owner.ask("threads").equals(NOTHING));
    }

    void four_thousand_addresses_are_held_and_given_back() {
        a.inside("ip", "addr", "add", "10.7.0.2/16", "dev", "lan0");
        List<String> many = IntStream.range(0, 4096)
                .mapToObj(i -> "10.7." + (1 + i / 250) + "." + (1 + i % 250))
                .toList();
        List<String> some = List.of(many.get(0), many.get(2000), many.get(4095));
        LabJvm owner = a.jvm();
        owner.ask("use " + String.join(",", many) + " lan0");
        assertThat(owner.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("4096 of 1");
        assertThat(asker.whoHas(some, 1000)).hasSize(3);
        owner.signal("STOP");
        assertThat(asker.lastAnswerMillis(some, 1500)).isBetween(0L, LEASE_MILLIS);
        owner.signal("CONT");
        until("it is over", () -> owner.ask("monitor").contains("the lease is over"));
        assertThat(owner.ask("stop")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("0 of 0");
        assertThat(owner.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void a_standby_puts_the_guard_up_ahead_shares_it_and_gives_it_back() {
        LabJvm first = floating();
        LabJvm second = a.jvm();
        second.ask("use 192.0.2.60 lan0");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        String guard = eye.ask("programs");
        assertThat(guard).matches("\\[understudy_in1#\\d+, understudy_out1#\\d+\\]");
        assertThat(second.ask("eligibility")).contains("isEligible=true");
        assertThat(first.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(second.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(eye.ask("programs")).as("one guard for both").isEqualTo(guard);
        // Two IPv4 addresses, one of IPv6, and what stands for frames that cannot be read.
        assertThat(eye.ask("held")).isEqualTo("4 of 2");

        assertThat(first.ask("stop")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("1 of 1");
        assertThat(first.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).as("the other one needs it").isEqualTo(guard);
        assertThat(asker.whoHas("192.0.2.60", 500)).contains(a.mac());
        assertThat(second.ask("retire")).as("too early does nothing").isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(guard);
        assertThat(second.ask("stop")).isEqualTo("ok");

        // A standby whose guard another process has given back.
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        assertThat(second.ask("retire")).isEqualTo("ok");
        assertThat(second.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        assertThat(eye.ask("programs")).matches("\\[understudy_in1#\\d+, understudy_out1#\\d+\\]");
        assertThat(first.ask("start RELEASED 4713")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        assertThat(first.ask("stop")).isEqualTo("ok");
        assertThat(first.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        assertThat(first.ask("retire")).isEqualTo("ok");
    }

    void last_rites_remove_what_a_dead_incarnation_held_and_the_guard_when_it_holds_nothing() {
        LabJvm other = a.jvm();
        other.ask("use 192.0.2.60,2001:db8::60 lan0");
        assertThat(other.ask("start RELEASED 4712")).isEqualTo("ok");
        LabJvm dead = floating();
        assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("5 of 2");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm guardian = a.jvm();
        assertThat(guardian.ask("warm-up")).isEqualTo("ok");
        assertThat(guardian.ask("rites 4711 address/192.0.2.50;address/2001:db8::50"))
                .contains("claim=address/192.0.2.50, result=REMOVED")
                .contains("claim=address/2001:db8::50, result=REMOVED");
        assertThat(eye.ask("held")).as("nobody waits for that").isEqualTo("5 of 2");
        assertThat(guardian.ask("after-rites")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("3 of 1");
        assertThat(eye.ask("programs")).as("the other one needs it").contains("understudy_in1");
        assertThat(asker.whoHas(List.of("192.0.2.60", "2001:db8::60"), 500)).hasSize(2);

        other.signal("KILL");
        other.awaitEnd();
        assertThat(guardian.ask("rites 4712 address/192.0.2.60")).contains("address/192.0.2.60, result=REMOVED");
        assertThat(guardian.ask("after-rites")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void last_rites_leave_the_gate_of_an_address_that_stands() {
        LabJvm dead = floating();
        assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
        dead.signal("STOP");
        // The kernel forgets who made it, and its lifetime.
        a.inside("ip", "addr", "change", "192.0.2.50/32", "dev", "lan0");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm guardian = a.jvm();
        assertThat(guardian.ask("rites 4711 address/192.0.2.50")).contains("result=FAILED");
        assertThat(guardian.ask("after-rites")).isEqualTo("ok");
        asker.lastAnswerMillis("192.0.2.50", 1000);
        assertThat(asker.lastAnswerMillis("192.0.2.50", 500)).isEqualTo(-1);
        a.inside("ip", "addr", "del", "192.0.2.50/32", "dev", "lan0");
        assertThat(guardian.ask("rites 4711 address/192.0.2.50")).contains("result=ABSENT");
        assertThat(guardian.ask("after-rites")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void what_last_rites_cannot_remove_from_a_card_that_is_kept_goes_the_next_time() {
        LabJvm dead = floating();
        assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm guardian = a.jvm();
        assertThat(guardian.ask("rites 4711 address/192.0.2.50;address/2001:db8::50"))
                .doesNotContain("FAILED");
        assertThat(eye.ask("keep-card")).isEqualTo("ok");
        assertThat(guardian.ask("after-rites")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("3 of 1");
        assertThat(eye.ask("give-card-back")).isEqualTo("ok");
        assertThat(guardian.ask("after-rites")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void a_start_takes_over_what_a_dead_process_held_and_leaves_the_rest_to_the_rites() {
        LabJvm dead = a.jvm();
        dead.ask("use 192.0.2.50,192.0.2.51 lan0");
        assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = a.jvm();
        next.ask("use 192.0.2.50 lan0");
        until(
                "the other address is gone by itself",
                () -> next.ask("start SUPERSEDED 4712").equals("ok"));
        assertThat(asker.whoHas("192.0.2.50", 500)).contains(a.mac());
        assertThat(eye.ask("held")).isEqualTo("2 of 2");
        assertThat(next.ask("stop")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("1 of 1");
        assertThat(next.ask("rites 4711 address/192.0.2.51")).contains("result=ABSENT");
        assertThat(next.ask("after-rites")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void a_failed_start_leaves_nothing_after_it_was_given_up() {
        LabJvm jvm = a.jvm();
        jvm.ask("rival-at-next-start ip addr add 192.0.2.50/32 dev lan0");
        assertThat(jvm.ask("start RELEASED 4711")).startsWith("refused HARD");
        assertThat(eye.ask("held")).isEqualTo("0 of 0");
        assertThat(asker.whoHas("192.0.2.50", 500)).as("it is the rival's").contains(a.mac());
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void without_the_capabilities_for_bpf_time_outs_serve_and_are_named() {
        LabJvm jvm = a.jvm("setpriv", "--bounding-set", "-sys_admin,-bpf", "--inh-caps", "-sys_admin,-bpf");
        assertThat(jvm.ask("lease-end")).isEqualTo("TIME_OUT");
        assertThat(jvm.ask("enforcements")).contains("KERNEL_OBJECT");
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis("192.0.2.50", 1500)).isBetween(0L, LEASE_MILLIS);
    }

    void in_a_time_namespace_the_clocks_differ_and_time_outs_serve() {
        for (String offset : List.of("5000", "-60")) {
            LabJvm jvm = a.jvm("unshare", "-T", "--boottime", offset, "--fork", "--kill-child");
            assertThat(jvm.ask("lease-end")).isEqualTo("TIME_OUT");
        }
    }

    void whoever_requires_a_deadline_is_refused_where_it_cannot_be_had() {
        LabJvm jvm = a.jvm("setpriv", "--bounding-set", "-sys_admin,-bpf", "--inh-caps", "-sys_admin,-bpf");
        assertThat(jvm.ask("use 192.0.2.50 lan0 deadline")).isEqualTo("ok");
        String why = "the absolute deadline that it requires cannot be had: ";
        assertThat(jvm.ask("eligibility")).contains("isEligible=false").contains(why);
        assertThat(jvm.ask("check"))
                .startsWith("failed")
                .contains("absoluteDeadline")
                .contains(why);
        assertThat(jvm.ask("start RELEASED 4711")).startsWith("refused HARD").contains(why);
        assertThat(a.addresses()).doesNotContain("192.0.2.50");
        LabJvm root = a.jvm();
        assertThat(root.ask("use 192.0.2.50 lan0 deadline")).isEqualTo("ok");
        assertThat(root.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(root.ask("lease-end")).isEqualTo("DEADLINE");
    }

    void whoever_wants_time_outs_has_them() {
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("use 192.0.2.50 lan0 timeouts")).isEqualTo("ok");
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(jvm.ask("lease-end")).isEqualTo("TIME_OUT");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    /** A card that somebody keeps: a start fails soft, the next one does without, and says so. */
    void a_process_that_is_stopped_with_a_card_in_its_hands_costs_the_deadline_and_not_the_address() {
        LabJvm jvm = floating();
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        LabJvm keeper = a.guardJvm();
        assertThat(keeper.ask("keep-card")).isEqualTo("ok");
        keeper.signal("STOP");
        assertThat(jvm.ask("start RELEASED 4711"))
                .startsWith("refused SOFT")
                .contains("process " + keeper.pid() + " of this host has kept the guard of interface number");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(jvm.ask("lease-end")).isEqualTo("TIME_OUT");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        keeper.signal("KILL");
        keeper.awaitEnd();
        assertThat(jvm.ask("start RELEASED 4713"))
                .as("the kernel has taken it back")
                .isEqualTo("ok");
        assertThat(jvm.ask("lease-end")).isEqualTo("DEADLINE");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
    }

    void a_guard_without_room_for_a_stay_costs_the_deadline_and_not_the_address() {
        LabJvm jvm = floating();
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        assertThat(eye.ask("fill")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4711"))
                .startsWith("refused SOFT")
                .contains("cannot be put behind the guard of lan0")
                .contains("1024 resources: spread them over several cards");
        // The stop clears what holds nothing.
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(eye.ask("fill")).isEqualTo("ok");
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(jvm.ask("lease-end")).isEqualTo("TIME_OUT");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void nobody_without_the_right_to_change_it_can_keep_a_card() {
        LabJvm jvm = floating();
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        // As anybody could, by the name of a socket.
        LabJvm nobody = a.guardJvm("setpriv", "--bounding-set", "-all", "--inh-caps", "-all");
        assertThat(nobody.ask("keep-card")).startsWith("failed").contains("EPERM");
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(jvm.ask("lease-end")).isEqualTo("DEADLINE");
    }

    void a_stop_that_finds_its_card_kept_leaves_entries_that_go_when_it_is_given_back() {
        for (String occasion : List.of("eligibility", "retire")) {
            LabJvm jvm = floating();
            assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
            assertThat(eye.ask("keep-card")).isEqualTo("ok");
            assertThat(jvm.ask("stop")).as("the addresses are gone").isEqualTo("ok");
            assertThat(a.addresses()).doesNotContain(VIPS);
            assertThat(eye.ask("held")).as("mute, because their stay has ended").isEqualTo("3 of 0");
            assertThat(jvm.ask("eligibility")).contains("isEligible=true");
            assertThat(eye.ask("held")).isEqualTo("3 of 0");
            assertThat(eye.ask("give-card-back")).isEqualTo("ok");
            if (occasion.equals("eligibility")) {
                assertThat(jvm.ask("eligibility")).contains("isEligible=true");
                assertThat(eye.ask("held")).isEqualTo("0 of 0");
            }
            jvm.ask("retire");
            assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        }
    }

    /** A dead process had time-outs, the next one has the deadline: what is left stands behind one of the two gates all the time. */
    void what_a_dead_process_with_time_outs_left_is_mute_until_a_start_with_the_deadline_has_taken_it_over() {
        LabJvm next = floating();
        assertThat(next.ask("eligibility")).contains("isEligible=true");
        leaveBehind("timeouts");
        assertThat(eye.ask("keep-card")).isEqualTo("ok");
        CompletableFuture<String> start = CompletableFuture.supplyAsync(() -> next.ask("start DIED 4712"));
        assertThat(asker.lastAnswerMillis(VIPS, 150))
                .as("while it waits for the card")
                .isEqualTo(-1);
        assertThat(start).as("it waits").isNotDone();
        assertThat(eye.ask("give-card-back")).isEqualTo("ok");
        assertThat(start.join()).isEqualTo("ok");
        assertThat(next.ask("lease-end")).isEqualTo("DEADLINE");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        next.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIPS, 650))
                .as("nothing of time-outs is left on the card")
                .isGreaterThan(500);
    }

    /** The other way round; and what the dead one holds in the guard does not keep the next one mute. */
    void what_a_dead_process_with_a_deadline_left_is_mute_until_a_start_with_time_outs_has_taken_it_over() {
        LabJvm next = a.jvm();
        assertThat(next.ask("use " + String.join(",", VIPS) + " lan0 timeouts")).isEqualTo("ok");
        assertThat(next.ask("eligibility")).contains("isEligible=true");
        leaveBehind("");
        assertThat(eye.ask("keep-card")).isEqualTo("ok");
        CompletableFuture<String> start = CompletableFuture.supplyAsync(() -> next.ask("start DIED 4712"));
        assertThat(asker.lastAnswerMillis(VIPS, 150))
                .as("while it waits for the card")
                .isEqualTo(-1);
        assertThat(eye.ask("give-card-back")).isEqualTo("ok");
        assertThat(start.join()).isEqualTo("ok");
        assertThat(next.ask("lease-end")).isEqualTo("TIME_OUT");
        assertThat(asker.whoHas(VIPS, 500)).as("not muted by the dead").hasSize(2);
        assertThat(next.ask("monitor")).startsWith("HEALTHY");
        assertThat(eye.ask("held")).isEqualTo("0 of 0");
    }

    /** A gate under another name, of a dead process with more addresses, goes when the new one stands and not before. */
    void a_gate_of_more_addresses_holds_back_what_is_left_until_a_start_has_its_own() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm dead = a.jvm();
            assertThat(dead.ask("use 192.0.2.50,192.0.2.51 lan0 " + mode)).isEqualTo("ok");
            assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
            dead.signal("KILL");
            dead.awaitEnd();
            a.inside("ip", "addr", "del", "192.0.2.51/32", "dev", "lan0");
            asker.lastAnswerMillis("192.0.2.50", 1000);
            LabJvm next = a.jvm();
            assertThat(next.ask("use 192.0.2.50 lan0 timeouts")).isEqualTo("ok");
            assertThat(next.ask("eligibility")).contains("isEligible=true");
            next.ask("rival-at-next-start sleep 0.4");
            CompletableFuture<String> start = CompletableFuture.supplyAsync(() -> next.ask("start DIED 4712"));
            assertThat(asker.lastAnswerMillis("192.0.2.50", 350)).as(mode).isEqualTo(-1);
            assertThat(start.join()).isEqualTo("ok");
            assertThat(asker.whoHas("192.0.2.50", 500)).contains(a.mac());
            assertThat(next.ask("stop")).isEqualTo("ok");
        }
    }

    /** One that died after the next one had looked at the host, and of which only its tables are left. */
    void a_gate_of_more_addresses_that_is_left_later_does_not_mute_a_start() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm next = a.jvm();
            assertThat(next.ask("use 192.0.2.50 lan0 " + mode)).isEqualTo("ok");
            assertThat(next.ask("eligibility")).contains("isEligible=true");
            LabJvm dead = a.jvm();
            assertThat(dead.ask("use 192.0.2.50,192.0.2.51 lan0 timeouts")).isEqualTo("ok");
            assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
            dead.signal("KILL");
            dead.awaitEnd();
            a.inside("ip", "addr", "del", "192.0.2.50/32", "dev", "lan0");
            a.inside("ip", "addr", "del", "192.0.2.51/32", "dev", "lan0");
            assertThat(next.ask("start DIED 4712")).isEqualTo("ok");
            assertThat(asker.whoHas("192.0.2.50", 500)).as(mode).contains(a.mac());
            assertThat(next.ask("stop")).isEqualTo("ok");
        }
    }

    /** As if another process had tidied up meanwhile: what is written then is asked by nobody. */
    void a_guard_that_is_taken_off_while_a_start_waits_for_the_card_refuses_it() {
        LabJvm jvm = floating();
        assertThat(jvm.ask("eligibility")).contains("isEligible=true");
        assertThat(eye.ask("keep-card")).isEqualTo("ok");
        CompletableFuture<String> start = CompletableFuture.supplyAsync(() -> jvm.ask("start RELEASED 4711"));
        until("its stay is made", () -> eye.ask("held").equals("0 of 1"));
        assertThat(eye.ask("detach OUT")).isEqualTo("ok");
        assertThat(eye.ask("give-card-back")).isEqualTo("ok");
        assertThat(start.join())
                .startsWith("refused SOFT")
                .contains("somebody removed its gate, the BPF program understudy_out1 on lan0");
        assertThat(a.addresses()).doesNotContain(VIPS);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(jvm.ask("lease-end")).isEqualTo("DEADLINE");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
    }

    /** What the turns of a gate believe for some milliseconds is not good enough for a start. */
    void a_start_looks_itself_for_the_guard_and_does_not_believe_what_was_just_seen() {
        LabJvm keeper = a.guardJvm();
        assertThat(keeper.ask("look " + String.join(",", VIPS))).isEmpty();
        assertThat(eye.ask("detach OUT")).isEqualTo("ok");
        assertThat(keeper.ask("create")).isEqualTo("ok");
        assertThat(eye.ask("programs")).as("put up again").contains("understudy_in1", "understudy_out1");
        assertThat(keeper.ask("release")).isEqualTo("ok");
        // And the look after its addresses are held.
        assertThat(keeper.ask("look " + String.join(",", VIPS))).isEmpty();
        assertThat(eye.ask("keep-card")).isEqualTo("ok");
        CompletableFuture<String> create = CompletableFuture.supplyAsync(() -> keeper.ask("create"));
        until("its stay is made", () -> eye.ask("held").equals("0 of 1"));
        assertThat(eye.ask("detach OUT")).isEqualTo("ok");
        assertThat(eye.ask("give-card-back")).isEqualTo("ok");
        assertThat(create.join()).startsWith("refused").contains("somebody removed its gate");
    }

    /** Of few each is asked for, of many all are read at once. */
    void a_gate_knows_whether_the_guard_holds_all_of_its_addresses() {
        for (int count : new int[] {2, 16, 17, 600}) {
            String all = IntStream.range(0, count)
                    .mapToObj(i -> i % 2 == 0 ? "10.1." + i / 200 + "." + (1 + i % 200) : "2001:db8:1::" + (1 + i))
                    .collect(Collectors.joining(","));
            LabJvm keeper = a.guardJvm();
            assertThat(keeper.ask("look " + all)).isEmpty();
            assertThat(keeper.ask("create")).isEqualTo("ok");
            assertThat(keeper.ask("whole")).as("of %d", count).isEqualTo("true");
            assertThat(eye.ask("forget 10.1.0.1")).isEqualTo("ok");
            assertThat(keeper.ask("whole")).as("one of %d is gone", count).isEqualTo("false");
            assertThat(keeper.ask("release")).isEqualTo("ok");
            assertThat(eye.ask("held")).isEqualTo("0 of 0");
        }
    }

    /** The dead gate is all that mutes them: it is neither replaced nor taken away by what no grant follows. */
    void what_a_dead_process_left_stays_mute_though_a_preparation_is_made_and_withdrawn() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm next = a.jvm();
            assertThat(next.ask("use " + String.join(",", VIPS) + " lan0 " + mode))
                    .isEqualTo("ok");
            assertThat(next.ask("eligibility")).contains("isEligible=true");
            leaveBehind(mode);
            assertThat(next.ask("prepare 4712")).isEqualTo("ok");
            assertThat(asker.lastAnswerMillis(VIPS, 200)).as(mode).isEqualTo(-1);
            assertThat(next.ask("retire")).isEqualTo("ok");
            assertThat(asker.lastAnswerMillis(VIPS, 300)).as(mode).isEqualTo(-1);
            assertThat(next.ask("prepare 4712")).isEqualTo("ok");
            assertThat(next.ask("start DIED 4712")).isEqualTo("ok");
            assertThat(asker.whoHas(VIPS, 500)).as(mode).hasSize(2);
            assertThat(next.ask("stop")).isEqualTo("ok");
        }
    }

    void a_preparation_leaves_a_living_owner_of_one_of_its_addresses_alone() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm owner = a.jvm();
            assertThat(owner.ask("use 192.0.2.50 lan0 " + mode)).isEqualTo("ok");
            assertThat(owner.ask("start RELEASED 4711")).isEqualTo("ok");
            LabJvm other = a.jvm();
            assertThat(other.ask("use 192.0.2.50,192.0.2.51 lan0 " + mode)).isEqualTo("ok");
            assertThat(other.ask("prepare 4712")).isEqualTo("ok");
            assertThat(asker.lastAnswerMillis("192.0.2.50", 500)).as(mode).isGreaterThan(200);
            assertThat(other.ask("retire")).isEqualTo("ok");
            assertThat(asker.lastAnswerMillis("192.0.2.50", 500)).as(mode).isGreaterThan(200);
            assertThat(owner.ask("monitor")).startsWith("HEALTHY");
            assertThat(owner.ask("stop")).isEqualTo("ok");
        }
    }

    /** The rules beyond the card are made before the card can be had: they go again. */
    void a_preparation_that_fails_half_way_leaves_nothing() {
        LabJvm first = floating();
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        assertThat(eye.ask("keep-card")).isEqualTo("ok");
        assertThat(first.ask("prepare 4711")).isEqualTo("ok");
        assertThat(eye.ask("give-card-back")).isEqualTo("ok");
        first.signal("KILL");
        first.awaitEnd();
        assertThat(eye.ask("held")).isEqualTo("0 of 0");
        assertThat(eye.ask("tables")).isEqualTo(NOTHING);
    }

    /** Looks go on while the target waits: none of them gives back the guard that it uses. */
    void what_was_made_ready_can_be_taken_back_though_the_guard_was_taken_off_meanwhile() {
        LabJvm first = floating();
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        assertThat(first.ask("prepare 4711")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("3 of 1");
        assertThat(eye.ask("detach OUT")).isEqualTo("ok");
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        assertThat(first.ask("retire")).isEqualTo("ok");
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        assertThat(eye.ask("tables")).isEqualTo(NOTHING);
    }

    /** What a start that is refused early finds behind its gate it does not know: the gate stays, shut, until the stop. */
    void a_refused_start_leaves_its_ready_gate_to_the_stop() {
        for (String mode : List.of("timeouts", "")) {
            for (String form : List.of("192.0.2.50/32", "192.0.2.50/24")) {
                LabJvm jvm = a.jvm();
                assertThat(jvm.ask("use 192.0.2.50 lan0 " + mode)).isEqualTo("ok");
                assertThat(jvm.ask("eligibility")).contains("isEligible=true");
                assertThat(jvm.ask("prepare 4711")).isEqualTo("ok");
                a.inside("ip", "addr", "add", form, "dev", "lan0");
                assertThat(jvm.ask("start RELEASED 4711"))
                        .startsWith("refused HARD")
                        .contains("stands on this host");
                assertThat(asker.lastAnswerMillis("192.0.2.50", 200)).as(mode).isEqualTo(-1);
                assertThat(jvm.ask("stop")).isEqualTo("ok");
                assertThat(asker.lastAnswerMillis("192.0.2.50", 200))
                        .as("it still stands, and another node may have it " + mode)
                        .isEqualTo(-1);
                a.inside("ip", "addr", "del", form, "dev", "lan0");
                assertThat(jvm.ask("retire")).isEqualTo("ok");
                assertThat(eye.ask("tables")).isEqualTo(NOTHING);
                assertThat(eye.ask("programs")).isEqualTo(NOTHING);
            }
        }
    }

    /** A preparation that is withdrawn is no more reason to let it speak. */
    void what_somebody_adds_behind_a_ready_gate_stays_mute_when_that_is_taken_back() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm jvm = a.jvm();
            assertThat(jvm.ask("use 192.0.2.50 lan0 " + mode)).isEqualTo("ok");
            assertThat(jvm.ask("eligibility")).contains("isEligible=true");
            assertThat(jvm.ask("prepare 4711")).isEqualTo("ok");
            a.inside("ip", "addr", "add", "192.0.2.50/32", "dev", "lan0");
            assertThat(jvm.ask("retire")).isEqualTo("ok");
            assertThat(asker.lastAnswerMillis("192.0.2.50", 200)).as(mode).isEqualTo(-1);
            a.inside("ip", "addr", "del", "192.0.2.50/32", "dev", "lan0");
            assertThat(jvm.ask("start RELEASED 4711")).as(mode).isEqualTo("ok");
            assertThat(asker.whoHas("192.0.2.50", 500)).as(mode).contains(a.mac());
            assertThat(jvm.ask("stop")).isEqualTo("ok");
            assertThat(jvm.ask("retire")).isEqualTo("ok");
            assertThat(eye.ask("tables")).isEqualTo(NOTHING);
            assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        }
    }

    /** Its gate is all that mutes it, and a stop that finds no mark on it must not take that for nothing. */
    void what_a_dead_process_left_and_somebody_changed_stays_mute_after_a_refused_start_and_its_stop() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm next = a.jvm();
            assertThat(next.ask("use " + String.join(",", VIPS) + " lan0 " + mode))
                    .isEqualTo("ok");
            assertThat(next.ask("eligibility")).contains("isEligible=true");
            leaveBehind(mode);
            letStand();
            assertThat(next.ask("start DIED 4712")).startsWith("refused HARD").contains("stands on this host");
            assertThat(next.ask("stop")).isEqualTo("ok");
            assertThat(asker.lastAnswerMillis(VIPS, 300))
                    .as("after the stop " + mode)
                    .isEqualTo(-1);
            a.inside("ip", "addr", "del", "192.0.2.50/32", "dev", "lan0");
            a.inside("ip", "addr", "del", "2001:db8::50/128", "dev", "lan0");
            assertThat(next.ask("start RELEASED 4713")).as(mode).isEqualTo("ok");
            assertThat(asker.whoHas(VIPS, 500)).as(mode).hasSize(2);
            assertThat(next.ask("stop")).isEqualTo("ok");
            assertThat(next.ask("retire")).isEqualTo("ok");
            assertThat(eye.ask("tables")).isEqualTo(NOTHING);
            assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        }
    }

    /** No stop after it finds out that nothing stands there any more: the node closes. */
    void the_gate_that_a_failed_stop_left_goes_when_the_node_lets_go_of_it() {
        for (String mode : List.of("timeouts", "")) {
            LabJvm jvm = a.jvm();
            assertThat(jvm.ask("use 192.0.2.50 lan0 " + mode)).isEqualTo("ok");
            assertThat(jvm.ask("eligibility")).contains("isEligible=true");
            assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
            a.inside("ip", "addr", "add", "192.0.2.50/24", "dev", "lan0");
            assertThat(jvm.ask("stop")).as(mode).isNotEqualTo("ok");
            assertThat(asker.lastAnswerMillis("192.0.2.50", 200)).as(mode).isEqualTo(-1);
            a.inside("ip", "addr", "del", "192.0.2.50/24", "dev", "lan0");
            assertThat(jvm.ask("retire")).isEqualTo("ok");
            assertThat(eye.ask("tables")).as(mode).isEqualTo(NOTHING);
            assertThat(eye.ask("programs")).as(mode).isEqualTo(NOTHING);
        }
    }

    /** The resource stays defined here: what it keeps for its next start was there before, and the next start finds it. */
    void a_preparation_that_is_withdrawn_leaves_what_was_kept_before_it() {
        String shared = "[ha-serv1-addresses, ha-serv1-addresses-looks, ha-serv1-ear-lan0]";
        LabJvm standby = floating();
        assertThat(standby.ask("eligibility")).contains("isEligible=true");
        assertThat(standby.ask("retire")).isEqualTo("ok");
        until("what tried out the host has ended", () -> standby.ask("threads").equals(NOTHING));
        String nothing = standby.ask("fds");
        assertThat(standby.ask("eligibility")).contains("isEligible=true");
        String guard = eye.ask("programs");
        assertThat(guard).matches("\\[understudy_in1#\\d+, understudy_out1#\\d+\\]");
        String idle = standby.ask("fds");
        assertThat(standby.ask("prepare 4711")).isEqualTo("ok");
        assertThat(eye.ask("held")).isEqualTo("3 of 1");
        assertThat(standby.ask("unprepare")).isEqualTo("ok");
        assertThat(standby.ask("unprepare")).isEqualTo("ok");
        assertUnprepared(standby, guard);
        until("no thread is left of it", () -> standby.ask("threads").equals(NOTHING));
        assertThat(standby.ask("fds")).isEqualTo(idle);

        assertThat(standby.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(standby.ask("stop")).isEqualTo("ok");
        until("threads of the stay end", () -> standby.ask("threads").equals(shared));
        String kept = standby.ask("fds");
        for (String forwarding : List.of("0", "1")) {
            a.inside("sysctl", "-qw", "net.ipv4.ip_forward=" + forwarding);
            assertThat(standby.ask("prepare 4713")).isEqualTo("ok");
            assertThat(eye.ask("held")).isEqualTo(forwarding.equals("0") ? "3 of 1" : "0 of 0");
            assertThat(standby.ask("unprepare")).isEqualTo("ok");
            assertUnprepared(standby, guard);
            assertThat(standby.ask("threads")).isEqualTo(shared);
            assertThat(standby.ask("fds")).isEqualTo(kept);
        }
        assertThat(standby.ask("start RELEASED 4714")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        assertThat(standby.ask("stop")).isEqualTo("ok");
        assertThat(standby.ask("prepare 4715")).isEqualTo("ok");
        assertThat(standby.ask("retire")).isEqualTo("ok");
        until("threads end", () -> standby.ask("threads").equals(NOTHING));
        assertThat(standby.ask("fds")).isEqualTo(nothing);
        assertThat(eye.ask("programs")).isEqualTo(NOTHING);
        assertThat(eye.ask("tables")).isEqualTo(NOTHING);
    }

    private void assertUnprepared(LabJvm standby, String guard) {
        assertThat(eye.ask("tables")).isEqualTo(NOTHING);
        assertThat(eye.ask("held")).isEqualTo("0 of 0");
        assertThat(eye.ask("programs")).isEqualTo(guard);
        assertThat(standby.ask("monitor")).startsWith("NOT_RUNNING");
    }

    /** Whoever takes it back need not wait until it has returned. */
    void a_preparation_that_is_taken_back_while_it_is_under_way_takes_itself_back() throws InterruptedException {
        IpAddress vip = IpAddress.parse(VIPS.get(0)).orElseThrow();
        try (Card own = Card.plug("own0", List.of(vip));
                LinuxLinkTable links = new LinuxLinkTable()) {
            Segment.run("ip", "link", "set", own.name(), "arp", "on");
            Segment.run("ip", "addr", "add", "192.0.2.9/24", "dev", "own0");
            FloatingAddress target = FloatingAddress.of(VIPS.get(0), "own0");
            assertThat(target.eligibility().isEligible()).isTrue();
            KeptCard kept = new KeptCard(links.byName("own0").orElseThrow().index());
            CompletableFuture<String> making = CompletableFuture.supplyAsync(() -> makeReady(target));
            until("it waits for the card", () -> Tables.names().contains("understudy-" + vip));
            target.unprepare();
            kept.close();
            assertThat(making.join()).isEqualTo("made");
            assertThat(Tables.names()).doesNotContain("understudy-" + vip);
            target.retire();
        }
    }

    private static String makeReady(FloatingAddress target) {
        try {
            target.makeReady(4711, "serv1");
            return "made";
        } catch (ResourceException e) {
            return e.getMessage();
        }
    }

    /** Two addresses behind the gate of a process that was killed, mute. */
    private void leaveBehind(String mode) {
        LabJvm dead = a.jvm();
        assertThat(dead.ask("use " + String.join(",", VIPS) + " lan0 " + mode)).isEqualTo("ok");
        assertThat(dead.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        dead.signal("KILL");
        dead.awaitEnd();
        asker.lastAnswerMillis(VIPS, 1000);
        assertThat(a.addresses()).contains(VIPS);
    }

    /** Questions of the kernel for neighbours on another card are nobody's: neighbours answer, and learn nothing of the address. */
    void another_card_serves_an_open_address_and_never_claims_it() {
        a.secondCard();
        Segment.run("ip", "addr", "add", "198.51.100.1/24", "dev", "br0");
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        try (Tap tap = new Tap(a.port() + "b")) {
            eye.ask("send 192.0.2.50 198.51.100.1");
            assertThat(tap.hears(500, frame -> frame[12] == 8 && frame[13] == 0 && Tap.has(frame, "192.0.2.50")))
                    .as("the packet itself leaves by the second card")
                    .isTrue();
        }
        a.inside("ip", "neigh", "flush", "dev", "lan1");
        try (Tap tap = new Tap(a.port() + "b")) {
            eye.ask("send 192.0.2.50 198.51.100.1");
            assertThat(tap.hears(300, frame -> frame[12] == 8 && frame[13] == 6 && Tap.has(frame, "192.0.2.50")))
                    .as("a question in its name")
                    .isFalse();
        }
    }

    void a_stranger_under_our_name_is_named_and_time_outs_serve() {
        LabJvm first = floating();
        assertThat(first.ask("lease-end")).isEqualTo("DEADLINE");
        assertThat(first.ask("eligibility")).contains("isEligible=true");
        // Now one direction has the programs of two guards, which this library does not do.
        assertThat(eye.ask("detach IN")).isEqualTo("ok");
        assertThat(eye.ask("pretend IN")).isEqualTo("ok");
        LabJvm second = a.jvm();
        assertThat(second.ask("start RELEASED 4711")).isEqualTo("ok");
        second.signal("STOP");
        assertThat(asker.lastAnswerMillis("192.0.2.50", 1500)).isBetween(0L, LEASE_MILLIS);
    }

    void an_address_that_somebody_holds_is_kept_for_the_other_processes_of_the_host() {
        LabJvm owner = floating();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        LabJvm second = floating();
        assertThat(second.ask("eligibility")).contains("isEligible=true");
        // Stopped, and shut for other cards, but the deadline has not come.
        owner.signal("STOP");
        asker.lastAnswerMillis(VIPS, 500);
        assertThat(second.ask("probe")).startsWith("HERE");
        owner.signal("CONT");
        assertThat(second.ask("start RELEASED 4712"))
                .startsWith("refused HARD")
                .contains("a running process of this host");
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThat(second.ask("retire")).isEqualTo("ok");
        assertThat(asker.whoHas(VIPS, 500)).hasSize(2);
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    /** Takes the lifetime from the addresses, and with it the mark. As sources of what the host sends by itself they stay as unwanted as before. */
    private void letStand() {
        for (String vip : VIPS) {
            a.inside(("ip addr change " + vip + (vip.contains(":") ? "/128" : "/32")
                            + " dev lan0 noprefixroute valid_lft forever preferred_lft 0")
                    .split(" "));
        }
    }

    /** A stay whose keeper is this test. */
    private LabJvm holder() {
        LabJvm keeper = a.guardJvm();
        assertThat(keeper.ask("hold " + String.join(",", VIPS))).isEqualTo("ok");
        assertThat(asker.lastAnswerMillis(VIPS, 200)).as("shut at first").isEqualTo(-1);
        return keeper;
    }

    private void open(LabJvm keeper) {
        assertThat(keeper.ask("decide")).isEqualTo("WRITE");
        assertThat(keeper.ask("write")).isEqualTo("accepted");
        assertThat(asker.whoHas(VIPS, 300)).hasSize(2);
        assertThat(keeper.ask("problem")).isEmpty();
    }

    private LabJvm floating() {
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("use " + String.join(",", VIPS) + " lan0")).isEqualTo("ok");
        return jvm;
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
