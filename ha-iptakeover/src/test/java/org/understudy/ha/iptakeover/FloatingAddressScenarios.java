package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.function.BooleanSupplier;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;

/** What happens in the namespaces; each method is one scenario, run by {@link FloatingAddressNetnsIT} in a JVM of its own. */
final class FloatingAddressScenarios implements AutoCloseable {
    private static final String VIP = "192.0.2.50";
    /** T of a one second lease, its lateness, and the time of one question; the lease itself is longer. */
    private static final int MUTE_WITHIN_MILLIS = 960;

    private final Segment segment = new Segment();
    private final Asker asker = new Asker();

    private FloatingAddressScenarios() {}

    public static void main(String[] args) throws ReflectiveOperationException {
        try (FloatingAddressScenarios scenarios = new FloatingAddressScenarios()) {
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

    void stands_with_tag_and_moves_with_the_neighbours_entry() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm first = a.jvm();
        LabJvm second = b.jvm();
        assertThat(first.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(a.inside("ip", "-d", "addr", "show", "dev", "lan0"))
                .contains("inet 192.0.2.50/32 metric 4711 scope global deprecated dynamic noprefixroute lan0");
        assertThat(asker.whoHas(VIP, 500)).contains(a.mac());
        learn(a.mac());
        assertThat(first.ask("monitor")).startsWith("HEALTHY");
        assertThat(first.ask("stop")).isEqualTo("ok");
        assertThat(a.addresses()).doesNotContain(VIP);
        assertThat(asker.whoHas(VIP, 50)).isEmpty();
        assertThat(second.ask("start RELEASED 4712")).isEqualTo("ok");
        until("the neighbour's entry follows", () -> neighbour().contains(b.mac()));
        assertThat(asker.whoHas(VIP, 500)).contains(b.mac());
        assertThat(second.ask("stop")).isEqualTo("ok");
    }

    void pause_mutes_and_resume_does_not_resurrect() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(asker.whoHas(VIP, 500)).contains(a.mac());
        learn(a.mac());
        jvm.signal("STOP");
        long last = asker.lastAnswerMillis(VIP, 1500);
        System.out.println("answers after SIGSTOP for " + last + " ms");
        assertThat(last).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        Segment.run("ip", "neigh", "replace", VIP, "lladdr", "02:00:00:00:00:99", "dev", "br0", "nud", "reachable");
        jvm.signal("CONT");
        assertThat(asker.lastAnswerMillis(VIP, 1500)).isEqualTo(-1);
        assertThat(neighbour()).contains("02:00:00:00:00:99");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
        assertThat(a.addresses()).doesNotContain(VIP);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_second_card_on_the_segment_never_answers() {
        LabHost a = segment.host(2);
        a.secondCard();
        until(
                "the second card answers for its own address",
                () -> asker.whoHas("198.51.100.2", 20).isPresent());
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        for (int i = 0; i < 20; i++) {
            assertThat(asker.whoHas(VIP, 50)).contains(a.mac("lan0"));
        }
        // The wrong door stays shut also while the right one is open.
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(asker.lastAnswerMillis(VIP, 200)).isEqualTo(-1);
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the first card answers", () -> asker.whoHas(VIP, 20).isPresent());
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIP, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        Segment.run("ip", "neigh", "replace", VIP, "lladdr", a.mac("lan1"), "dev", "br0", "nud", "permanent");
        assertThat(answersTcp()).as("packets by the second card").isFalse();
        jvm.signal("CONT");
    }

    void an_open_address_is_reached_by_a_routed_packet_on_another_card() {
        LabHost a = segment.host(2);
        a.secondCard();
        Segment.run("ip", "addr", "add", "198.51.100.1/24", "dev", "br0");
        Segment.run("ip", "route", "add", VIP + "/32", "via", "198.51.100.2", "src", "198.51.100.1");
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        until("it answers", FloatingAddressScenarios::answersTcp);
        jvm.signal("STOP");
        until("it is mute", () -> !answersTcp());
        jvm.signal("CONT");
    }

    void a_stall_shorter_than_the_lease_only_mutes_for_a_moment() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.signal("STOP");
        assertThat(asker.lastAnswerMillis(VIP, 500)).isBetween(0L, 499L);
        jvm.signal("CONT");
        until("it answers again", () -> asker.whoHas(VIP, 20).isPresent());
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void an_unconfirmed_lease_mutes_while_the_process_runs() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.ask("starve-lease");
        assertThat(asker.lastAnswerMillis(VIP, 1500)).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT the lease is over");
    }

    void kill_mutes_and_last_rites_remove_exactly_ours() {
        LabHost a = segment.host(2);
        a.inside("ip", "addr", "add", "192.0.2.77/32", "dev", "lan0");
        a.inside("ip", "addr", "add", "192.0.2.78/32", "dev", "lan0", "metric", "4711");
        LabJvm other = a.jvm();
        other.ask("use 192.0.2.60 lan0");
        assertThat(other.ask("start NEVER 4712")).isEqualTo("ok");
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.signal("KILL");
        // Within two seconds: the kernel takes the address away after three.
        long last = asker.lastAnswerMillis(VIP, 1000);
        System.out.println("answers after SIGKILL for " + last + " ms");
        assertThat(last).isBetween(0L, (long) MUTE_WITHIN_MILLIS);
        assertThat(a.addresses()).contains(VIP);
        assertThat(other.ask("rites 4711,9999"))
                .contains("claim=address/192.0.2.50, result=REMOVED")
                .contains("claim=address/192.0.2.99, result=ABSENT")
                .doesNotContain("192.0.2.77")
                .doesNotContain("192.0.2.78")
                .doesNotContain("192.0.2.60");
        assertThat(a.addresses())
                .doesNotContain(VIP)
                .contains("192.0.2.77")
                .contains("192.0.2.78")
                .contains("192.0.2.60");
        assertThat(asker.lastAnswerMillis(VIP, 300)).isEqualTo(-1);
        assertThat(asker.whoHas("192.0.2.60", 500)).contains(a.mac());
        assertThat(other.ask("stop")).isEqualTo("ok");
    }

    void last_rites_do_not_call_a_changed_address_absent_and_keep_its_gate() {
        LabHost a = segment.host(2);
        LabJvm other = a.jvm();
        LabJvm jvm = a.jvm();
        assertThat(other.ask("warm-up")).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        jvm.signal("STOP");
        // The kernel forgets who made it, and its lifetime.
        a.inside("ip", "addr", "change", VIP + "/32", "dev", "lan0");
        jvm.signal("KILL");
        jvm.awaitEnd();
        assertThat(other.ask("rites 4711"))
                .contains("claim=address/192.0.2.50, result=FAILED")
                .contains("without the mark of this library")
                .contains("claim=address/192.0.2.99, result=ABSENT");
        asker.lastAnswerMillis(VIP, 1000);
        assertThat(a.addresses()).contains(VIP);
        assertThat(asker.lastAnswerMillis(VIP, 500)).isEqualTo(-1);
    }

    void the_kernel_removes_the_address_of_a_dead_owner_and_keeps_that_of_a_living_one() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        assertThat(a.addresses()).containsPattern("valid_lft [23]sec preferred_lft 0sec");
        assertThat(asker.lastAnswerMillis(VIP, 5000)).isGreaterThan(4500);
        assertThat(jvm.ask("monitor")).startsWith("HEALTHY");
        assertThat(a.addresses()).contains("metric 4711");
        jvm.signal("KILL");
        until("the kernel removes it", () -> !a.addresses().contains(VIP));
    }

    void an_address_that_somebody_removed_is_not_brought_back_by_renewing() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "addr", "del", VIP + "/32", "dev", "lan0");
        // Two renewals long. Repeated announcements may still be heard; the kernel does not answer any more.
        for (int i = 0; i < 25; i++) {
            asker.lastAnswerMillis(VIP, 100);
            assertThat(a.addresses()).doesNotContain(VIP);
        }
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED SOFT address 192.0.2.50 vanished from lan0");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_restart_replaces_the_leftover_of_the_dead_process() {
        LabHost a = segment.host(2);
        LabJvm dead = a.jvm();
        assertThat(dead.ask("start NEVER 4711")).isEqualTo("ok");
        dead.signal("KILL");
        dead.awaitEnd();
        LabJvm next = a.jvm();
        assertThat(next.ask("start SUPERSEDED 4712")).isEqualTo("ok");
        assertThat(a.addresses()).contains("metric 4712").doesNotContain("metric 4711");
        assertThat(asker.whoHas(VIP, 500)).contains(a.mac());
        next.signal("KILL");
        next.awaitEnd();
        LabJvm last = a.jvm();
        until(
                "a probe removes it once its gate is shut",
                () -> last.ask("probe").equals("ABSENT -"));
        assertThat(a.addresses()).doesNotContain(VIP);
        assertThat(last.ask("start NEVER 4713")).isEqualTo("ok");
        assertThat(last.ask("stop")).isEqualTo("ok");
    }

    void a_second_process_on_the_host_leaves_the_owner_alone() {
        LabHost a = segment.host(2);
        LabJvm owner = a.jvm();
        assertThat(owner.ask("start NEVER 4711")).isEqualTo("ok");
        LabJvm second = a.jvm();
        assertThat(second.ask("probe")).startsWith("HERE");
        assertThat(second.ask("start RELEASED 4712"))
                .startsWith("refused HARD")
                .contains("belongs to another running process of this host");
        assertThat(second.ask("stop")).isEqualTo("ok");
        assertThat(a.addresses()).contains("metric 4711");
        assertThat(asker.whoHas(VIP, 500)).contains(a.mac());
        assertThat(owner.ask("monitor")).startsWith("HEALTHY");
        assertThat(owner.ask("stop")).isEqualTo("ok");
    }

    void a_foreign_host_with_the_address_is_found_and_nothing_stays() {
        LabHost a = segment.host(2);
        LabHost stranger = segment.host(9);
        stranger.inside("ip", "addr", "add", VIP + "/24", "dev", "lan0");
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("probe")).isEqualTo("ELSEWHERE " + stranger.mac());
        assertThat(jvm.ask("start NEVER 4711"))
                .startsWith("refused FATAL")
                .contains("already used by the host with hardware address " + stranger.mac());
        assertThat(a.addresses()).doesNotContain(VIP);
        assertThat(jvm.ask("monitor")).startsWith("NOT_RUNNING");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(asker.whoHas(VIP, 500)).contains(stranger.mac());
    }

    void a_start_that_lost_the_race_leaves_the_other_ones_address_alone() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        jvm.ask("rival-at-next-start ip addr add 192.0.2.50/32 dev lan0");
        assertThat(jvm.ask("start RELEASED 4711")).startsWith("refused HARD").contains("EEXIST");
        assertThat(a.addresses()).contains("192.0.2.50/32 scope global lan0");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(a.addresses()).contains("192.0.2.50/32 scope global lan0");
        assertThat(asker.whoHas(VIP, 500)).contains(a.mac());
    }

    void bad_input_is_refused_with_a_sentence_and_nothing_stays() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        jvm.ask("use 192.0.2.50 lan9");
        assertThat(jvm.ask("start RELEASED 1"))
                .startsWith("refused HARD there is no interface lan9 on this host (there are: lan0, lo)");
        assertThat(jvm.ask("check")).startsWith("failed networkInterface = lan9: there is no interface lan9");
        assertThat(jvm.ask("eligibility")).contains("isEligible=false").contains("no interface lan9");
        jvm.ask("use 192.0.2.50 lo");
        assertThat(jvm.ask("start RELEASED 1")).contains("does not speak ARP (it is the loopback)");
        jvm.ask("use 192.0.2.255 lan0");
        assertThat(jvm.ask("start RELEASED 1")).contains("is the broadcast or network address of 192.0.2.2/24");
        jvm.ask("use 192.0.2.2 lan0");
        assertThat(jvm.ask("start RELEASED 1")).contains("stands on this host already, as 192.0.2.2/24 on lan0");
        assertThat(jvm.ask("probe")).startsWith("HERE");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(a.addresses()).contains("192.0.2.2/24");
        jvm.ask("use 192.0.2.50 lan0");
        a.inside("ip", "link", "set", "lan0", "down");
        assertThat(jvm.ask("start RELEASED 1")).contains("interface lan0 is down");
        a.inside("ip", "link", "set", "lan0", "up");
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("eligibility")).contains("interface lan0 has no carrier");
        assertThat(jvm.ask("start RELEASED 1")).contains("interface lan0 has no carrier");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("the carrier is back", () -> jvm.ask("check").equals("ok"));
        assertThat(a.addresses()).doesNotContain(VIP);
        assertThat(jvm.ask("start RELEASED 1")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
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
        assertThat(a.addresses()).doesNotContain(VIP);
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

    void a_pulled_cable_and_a_vanished_address_are_seen() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        Segment.run("ip", "link", "set", a.port(), "down");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD carrier of lan0 is gone");
        Segment.run("ip", "link", "set", a.port(), "up");
        until("healthy again", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        a.inside("ip", "addr", "del", VIP + "/32", "dev", "lan0");
        until("seen", () -> jvm.ask("monitor").equals("FAILED SOFT address 192.0.2.50 vanished from lan0"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        a.inside("ip", "link", "del", "lan0");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD interface lan0 is gone");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void a_renamed_interface_ends_the_address() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "link", "set", "lan0", "name", "lan7");
        assertThat(jvm.ask("monitor"))
                .isEqualTo("FAILED HARD interface lan0 was renamed to lan7 and has lost its gate");
        until("it is taken down", () -> !a.inside("ip", "-4", "addr").contains(VIP));
        assertThat(asker.lastAnswerMillis(VIP, 300)).isEqualTo(-1);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    void nothing_leaks_after_stop() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        assertThat(jvm.ask("bench 3")).startsWith("first start");
        until("threads end", () -> jvm.ask("threads").equals("[]"));
        String before = jvm.ask("fds");
        System.out.println(jvm.ask("bench 30"));
        until("threads end", () -> jvm.ask("threads").equals("[]"));
        assertThat(jvm.ask("fds")).isEqualTo(before);
        assertThat(a.addresses()).doesNotContain(VIP);
        assertThat(jvm.ask("start RELEASED 4711")).isEqualTo("ok");
        assertThat(jvm.ask("threads")).isEqualTo("[ha-serv1-address-192.0.2.50]");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        until("threads end", () -> jvm.ask("threads").equals("[]"));
    }

    private static void learn(String mac) {
        Segment.run("ip", "neigh", "replace", VIP, "lladdr", mac, "dev", "br0", "nud", "stale");
    }

    /** Whether a TCP packet to a closed port is answered. */
    private static boolean answersTcp() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(VIP, 9), 300);
            return true;
        } catch (ConnectException e) {
            return e.getMessage().contains("refused");
        } catch (IOException e) {
            return false;
        }
    }

    private static String neighbour() {
        return Segment.run("ip", "neigh", "show", VIP, "dev", "br0");
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
