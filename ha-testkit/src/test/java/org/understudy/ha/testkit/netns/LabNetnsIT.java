package org.understudy.ha.testkit.netns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@InNamespaces
@Timeout(120)
class LabNetnsIT {
    private static final int PORT = 8081;
    private static final String FLOATING = "10.77.0.50";

    /** A host of the laboratory that tells whether it reaches another one. */
    private static boolean reaches(Host from, String address) {
        return Shell.attempt(List.of(
                                "ip",
                                "netns",
                                "exec",
                                from.name(),
                                "bash",
                                "-c",
                                "exec 3<>/dev/tcp/" + address + "/" + PORT + "; echo x >&3; head -c 8 <&3"))
                        .status()
                == 0;
    }

    private static HostProcess serve(Host host) throws IOException {
        HostProcess program = host.start(new ProcessBuilder(
                        Jvm.command(32, List.of(), EchoHost.class, List.of(String.valueOf(PORT), host.name())))
                .redirectError(ProcessBuilder.Redirect.INHERIT));
        BufferedReader out =
                new BufferedReader(new InputStreamReader(program.process().getInputStream(), StandardCharsets.UTF_8));
        assertThat(out.readLine()).isEqualTo("listening");
        return program;
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void hosts_talk_until_a_cable_is_pulled_or_the_trunks_are_cut() throws IOException {
        try (Lab lab = Lab.builder()
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .client("client1", Side.A)
                .build()) {
            Host one = lab.host("serv1");
            Host two = lab.host("serv2");
            serve(one);
            await(() -> reaches(two, one.lanAddress()));
            await(() -> reaches(two, one.privateAddress()));

            one.unplugLan();
            assertThat(one.hasLanCarrier()).isFalse();
            assertThat(two.hasLanCarrier()).isTrue();
            await(() -> reaches(two, one.privateAddress()));
            one.plugLan();
            assertThat(one.hasLanCarrier()).isTrue();
            await(() -> reaches(two, one.lanAddress()));

            lab.split();
            assertThat(one.hasLanCarrier()).isTrue();
            assertThat(two.run(
                            "sh",
                            "-c",
                            "timeout 1 bash -c '</dev/tcp/" + one.lanAddress() + "/" + PORT
                                    + "' 2>/dev/null || echo cut"))
                    .isEqualTo("cut");
            await(() -> reaches(lab.host("client1"), one.lanAddress()));
            lab.heal();
            await(() -> reaches(two, one.lanAddress()));
        }
        assertThat(Files.list(Path.of("/run/netns"))).isEmpty();
    }

    @Test
    void signals_and_power_cuts_hit_the_programs_of_one_host() throws IOException, InterruptedException {
        try (Lab lab = Lab.builder().host("serv1", Side.A).host("serv2", Side.B).build()) {
            Host one = lab.host("serv1");
            HostProcess first = serve(one);
            HostProcess second = serve(lab.host("serv2"));
            assertThat(Files.readString(Path.of("/proc/" + first.pid() + "/comm"))
                            .strip())
                    .isEqualTo("java");
            assertThat(one.processes()).containsExactly(first.pid());

            first.pause();
            await(() -> state(first).equals("T"));
            first.resume();
            await(() -> !state(first).equals("T"));

            one.run("ip", "addr", "add", FLOATING + "/32", "dev", "lan0");
            one.powerOff();
            assertThat(first.process().waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(one.processes()).isEmpty();
            assertThat(second.isAlive()).isTrue();
            assertThat(one.isOn()).isFalse();

            one.powerOn();
            assertThat(one.run("ip", "-br", "addr", "show", "lan0")).doesNotContain(FLOATING);
            assertThat(one.run("cat", "/sys/class/net/lan0/address")).isEqualTo(one.lanMac());
            serve(one);
            await(() -> reaches(lab.host("serv2"), one.lanAddress()));
        }
    }

    @Test
    void an_observer_sees_the_gap_of_a_clean_move_and_the_overlap_of_a_foul_one() throws IOException {
        try (Lab lab = Lab.builder()
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .client("client1", Side.A)
                .build()) {
            Host one = lab.host("serv1");
            Host two = lab.host("serv2");
            HostProcess first = serve(one);
            serve(two);
            one.run("ip", "addr", "add", FLOATING + "/32", "dev", "lan0");
            try (Observer observer = Observer.start(
                    lab.host("client1"),
                    List.of(new Observer.Target("files", FLOATING, PORT)),
                    List.of(one, two),
                    Path.of("/dev/stderr"))) {
                observer.probe(true);
                await(() -> observer.last("files").isPresent());

                observer.begin();
                awaitAnswerBy(observer, "serv1");
                one.run("ip", "addr", "del", FLOATING + "/32", "dev", "lan0");
                two.run("ip", "addr", "add", FLOATING + "/32", "dev", "lan0");
                lab.host("client1").run("ip", "neigh", "flush", "dev", "lan0");
                awaitAnswerBy(observer, "serv2");
                Observation clean = observer.end();
                Outage outage = Outage.of(clean, "files");
                assertThat(outage.servers()).containsExactly("serv1", "serv2");
                assertThat(outage.gapNanos()).isPositive();
                assertThat(clean.sightings())
                        .anyMatch(s -> s.isAnswered() && s.host().equals("serv1"));
                assertThat(clean.sightings())
                        .anyMatch(s -> s.isAnswered() && s.host().equals("serv2"));
                assertThat(Doubles.of(List.of(clean))).isZero();

                observer.begin();
                first.pause();
                one.run("ip", "addr", "add", FLOATING + "/32", "dev", "lan0");
                long until = System.nanoTime() + 500_000_000;
                await(() -> System.nanoTime() > until);
                one.run("ip", "addr", "del", FLOATING + "/32", "dev", "lan0");
                Observation foul = observer.end();
                assertThat(Doubles.of(List.of(foul))).isGreaterThan(80_000_000);
            }
        }
    }

    /** Waits for a request from now on that this server answered, and long enough for ears on a busy machine to ask too. */
    private static void awaitAnswerBy(Observer observer, String server) {
        long now = System.nanoTime();
        await(() -> {
            Probe last = observer.last("files").orElseThrow();
            return last.sentNanos() - now > 100_000_000 && last.server().equals(server);
        });
    }

    private static String state(HostProcess program) {
        try {
            String stat = Files.readString(Path.of("/proc/" + program.pid() + "/stat"));
            return stat.substring(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
        } catch (IOException e) {
            return "gone";
        }
    }
}
