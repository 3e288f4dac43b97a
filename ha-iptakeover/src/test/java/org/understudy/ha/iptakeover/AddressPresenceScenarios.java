package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.understudy.ha.iptakeover.lab.Asker;
import org.understudy.ha.iptakeover.lab.LabHost;
import org.understudy.ha.iptakeover.lab.LabJvm;
import org.understudy.ha.iptakeover.lab.Segment;

/** What happens in the namespaces; each method is one scenario, run by {@link AddressPresenceNetnsIT} in a JVM of its own. */
final class AddressPresenceScenarios implements AutoCloseable {
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

    private final List<String> vips;
    private final Segment segment = new Segment();
    private final Asker asker = new Asker();

    private AddressPresenceScenarios(Kind kind) {
        vips = kind.addresses;
    }

    public static void main(String[] args) throws ReflectiveOperationException {
        try (AddressPresenceScenarios scenarios = new AddressPresenceScenarios(Kind.valueOf(args[1]))) {
            AddressPresenceScenarios.class.getDeclaredMethod(args[0]).invoke(scenarios);
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
    void what_somebody_takes_away_is_back_at_once_and_announced_again() throws IOException {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        Path log = Files.createTempFile("monitor", ".txt");
        Process monitor = new ProcessBuilder(
                        "nsenter", "-t", a.holder(), "-n", "ip", "-ts", "monitor", "address", "dev", "lan0")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            // Until it listens.
            until("the monitor hears", () -> {
                a.inside("ip", "addr", "add", "198.51.100.9/32", "dev", "lan0");
                a.inside("ip", "addr", "del", "198.51.100.9/32", "dev", "lan0");
                return read(log).contains("198.51.100.9");
            });
            for (String vip : vips) {
                learn(STRANGER_MAC);
                a.inside("ip", "addr", "del", alone(vip), "dev", "lan0");
                until("it is back", () -> standing(a).contains(vip));
                until("it is announced", () -> neighbour(vip).contains(a.mac()));
            }
        } finally {
            monitor.destroy();
            System.out.println(read(log));
            Files.deleteIfExists(log);
        }
        assertThat(a.inside("ip", "-d", "addr", "show", "dev", "lan0")).contains("metric 4711");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("alarms"))
                .as("once for a burst")
                .isEqualTo("[somebody on this host took " + vips.get(0) + " off lan0]");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(standing(a)).doesNotContainAnyElementsOf(vips);
    }

    void a_flushed_interface_has_them_back_and_the_flush_ends() {
        LabHost a = segment.host(2);
        LabJvm jvm = a.jvm();
        List<String> mixed = Kind.MIXED.addresses;
        jvm.ask("use " + String.join(",", mixed) + " lan0");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        a.inside("ip", "addr", "flush", "dev", "lan0", "scope", "global");
        until("they are back", () -> standing(a).containsAll(mixed));
        a.inside("ip", "addr", "add", "192.0.2.2/24", "dev", "lan0");
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void who_takes_it_away_again_and_again_gets_it_and_the_group_moves() {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        String vip = vips.get(vips.size() - 1);
        int taken = 0;
        while (!jvm.ask("monitor").startsWith("FAILED") && taken < 40) {
            if (standing(a).contains(vip)) {
                a.inside("ip", "addr", "del", alone(vip), "dev", "lan0");
                taken++;
            }
        }
        assertThat(taken).isEqualTo(11);
        assertThat(jvm.ask("monitor"))
                .isEqualTo("FAILED SOFT somebody on this host took " + vip
                        + " off lan0, for the 11th time within a minute");
        assertThat(standing(a)).doesNotContain(vip);
        assertThat(jvm.ask("alarms")).contains("it is not put back any more. Let whatever manages lan0 leave it alone");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void what_somebody_changed_is_put_right() {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        for (String vip : vips) {
            a.inside("ip", "addr", "change", alone(vip), "dev", "lan0");
        }
        until(
                "they are ours again and end by themselves",
                () -> Arrays.stream(a.inside("ip", "-o", "-d", "addr", "show", "dev", "lan0")
                                        .split("\n"))
                                .filter(line -> vips.stream().anyMatch(vip -> line.contains(" " + alone(vip) + " ")))
                                .filter(line -> line.contains("metric 4711") && line.contains("dynamic"))
                                .count()
                        == vips.size());
        until("told", () -> jvm.ask("alarms").startsWith("[somebody on this host changed " + vips.get(0)));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        jvm.signal("KILL");
        until("the kernel removes them", () -> vips.stream().noneMatch(standing(a)::contains));
    }

    @EachKind
    void an_interface_that_was_down_has_them_back_when_it_is_up() {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        learn(STRANGER_MAC);
        a.inside("ip", "link", "set", "lan0", "down");
        assertThat(jvm.ask("monitor")).isEqualTo("FAILED HARD interface lan0 is down");
        a.inside("ip", "link", "set", "lan0", "up");
        until("all stand", () -> standing(a).containsAll(vips));
        a.inside("ip", "addr", "replace", "2001:db8::2/64", "dev", "lan0", "nodad");
        until(
                "all are announced",
                () -> vips.stream().allMatch(vip -> neighbour(vip).contains(a.mac())));
        until("all answer", () -> asker.whoHas(vips, 50).size() == vips.size());
        assertThat(jvm.ask("alarms")).as("nobody did anything to an address").isEqualTo("[]");
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void the_same_address_in_another_form_is_named_and_its_gate_stays_until_it_is_gone() {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        String vip = vips.get(0);
        String other = vip + (isV6(vip) ? "/64" : "/24");
        a.inside("ip", "addr", "del", alone(vip), "dev", "lan0");
        if (isV6(vip)) {
            until("it is back", () -> standing(a).contains(vip));
            jvm.signal("STOP");
            a.inside("ip", "addr", "del", alone(vip), "dev", "lan0");
            a.inside("ip", "addr", "add", other, "dev", "lan0", "nodad");
            jvm.signal("CONT");
        } else {
            a.inside("ip", "addr", "add", other, "dev", "lan0");
        }
        until(
                "named",
                () -> jvm.ask("alarms")
                        .contains("somebody on this host added " + other
                                + " to lan0: take it off there, the library alone may add it"));
        assertThat(jvm.ask("stop"))
                .startsWith("refused SOFT")
                .contains("somebody added " + other)
                .contains("take it off there");
        assertThat(asker.lastAnswerMillis(vip, 300)).as("its gate stays").isEqualTo(-1);
        assertThat(jvm.ask("stop")).startsWith("refused SOFT");
        assertThat(asker.lastAnswerMillis(vip, 300)).isEqualTo(-1);
        a.inside("ip", "addr", "del", other, "dev", "lan0");
        assertThat(jvm.ask("stop")).isEqualTo("ok");
        assertThat(jvm.ask("start RELEASED 4712")).isEqualTo("ok");
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void what_is_taken_away_from_a_paused_process_is_not_brought_back_after_its_lease() {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        jvm.signal("STOP");
        for (String vip : vips) {
            a.inside("ip", "addr", "del", alone(vip), "dev", "lan0");
        }
        asker.lastAnswerMillis(vips, 1200);
        jvm.signal("CONT");
        assertThat(asker.lastAnswerMillis(vips, 500)).isEqualTo(-1);
        until("the lease is over", () -> jvm.ask("monitor").equals("FAILED SOFT the lease is over"));
        assertThat(standing(a)).doesNotContainAnyElementsOf(vips);
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void a_flood_that_the_kernel_could_not_tell_of_is_looked_at() throws IOException {
        LabHost a = segment.host(2);
        LabJvm jvm = started(a);
        List<String> lines = new ArrayList<>();
        // More than the kernel keeps for a socket, and less than it changes in the length of a lease.
        for (int i = 0; i < 600 / vips.size(); i++) {
            for (String vip : vips) {
                lines.add("addr del " + alone(vip) + " dev lan0");
                lines.add("addr add " + alone(vip) + " dev lan0" + (isV6(vip) ? " nodad" : ""));
            }
        }
        vips.forEach(vip -> lines.add("addr del " + alone(vip) + " dev lan0"));
        Path batch = Files.createTempFile("flood", ".txt");
        Files.write(batch, lines);
        jvm.signal("STOP");
        a.inside("ip", "-batch", batch.toString());
        jvm.signal("CONT");
        Files.delete(batch);
        until("they are back", () -> standing(a).containsAll(vips));
        until("healthy", () -> jvm.ask("monitor").startsWith("HEALTHY"));
        assertThat(asker.whoHas(vips, 500)).isEqualTo(all(a.mac()));
        assertThat(jvm.ask("stop")).isEqualTo("ok");
    }

    @EachKind
    void a_thread_that_comes_too_late_brings_nothing_back() {
        LabHost a = segment.host(2);
        LabHost b = segment.host(3);
        LabJvm owner = b.jvm();
        owner.ask("use " + String.join(",", vips) + " lan0");
        LabJvm stalled = a.jvmOf(StalledAgent.class);
        assertThat(stalled.ask("use " + String.join(",", vips))).isEqualTo("ok");
        for (int round = 1; round <= 2; round++) {
            for (String end : List.of("end-lease", "end")) {
                // The gate of the round before is this process's until the thread that came too late has gone.
                until(end + " " + round, () -> stalled.ask("start").equals("ok"));
                stalled.ask("stall");
                a.inside("ip", "addr", "del", alone(vips.get(0)), "dev", "lan0");
                assertThat(stalled.ask("await-before"))
                        .as("everything is checked")
                        .isEqualTo("ok");
                assertThat(stalled.ask(end)).isEqualTo("ok");
                // What its lease lasts.
                asker.lastAnswerMillis(vips, 1000);
                assertThat(owner.ask("start EXPIRED 4712")).isEqualTo("ok");
                assertThat(stalled.ask("go")).isEqualTo("ok");
                assertThat(standing(a)).as("the late call was carried out").contains(vips.get(0));
                for (int i = 0; i < 10; i++) {
                    assertThat(asker.whoHas(vips, 500)).as("and is mute").isEqualTo(all(b.mac()));
                }
                assertThat(stalled.ask("go-on")).isEqualTo("ok");
                until("it is removed", () -> vips.stream().noneMatch(standing(a)::contains));
                assertThat(asker.whoHas(vips, 500)).isEqualTo(all(b.mac()));
                if (end.equals("end-lease")) {
                    assertThat(stalled.ask("end")).isEqualTo("ok");
                }
                assertThat(owner.ask("stop")).isEqualTo("ok");
            }
        }
    }

    private LabJvm started(LabHost host) {
        LabJvm jvm = host.jvm();
        assertThat(jvm.ask("use " + String.join(",", vips) + " lan0")).isEqualTo("ok");
        assertThat(jvm.ask("start NEVER 4711")).isEqualTo("ok");
        return jvm;
    }

    private Map<String, String> all(String mac) {
        return vips.stream().collect(Collectors.toMap(vip -> vip, vip -> mac));
    }

    private static boolean isV6(String address) {
        return address.indexOf(':') >= 0;
    }

    private static String alone(String address) {
        return address + (isV6(address) ? "/128" : "/32");
    }

    private static TreeSet<String> standing(LabHost host) {
        return Arrays.stream(
                        host.inside("ip", "-o", "addr", "show", "dev", "lan0").split("\n"))
                .filter(line -> !line.isEmpty())
                .map(line -> line.split("\\s+")[3].split("/")[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private void learn(String mac) {
        for (String vip : vips) {
            Segment.run("ip", "neigh", "replace", vip, "lladdr", mac, "dev", "br0", "nud", "stale");
        }
    }

    private static String neighbour(String address) {
        return Segment.run("ip", "neigh", "show", address, "dev", "br0");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(file.toString(), e);
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
