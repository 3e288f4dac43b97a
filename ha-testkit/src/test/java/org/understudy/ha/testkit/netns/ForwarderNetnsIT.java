package org.understudy.ha.testkit.netns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@InNamespaces
@Timeout(120)
class ForwarderNetnsIT {
    private static final int PORT = 8081;

    private static boolean reaches(Host from, Host to) {
        return Shell.attempt(List.of(
                                "ip",
                                "netns",
                                "exec",
                                from.name(),
                                "timeout",
                                "2",
                                "bash",
                                "-c",
                                "exec 3<>/dev/tcp/" + to.privateAddress() + "/" + PORT + "; echo x >&3; head -c 8 <&3"))
                        .status()
                == 0;
    }

    /** A busy machine may not get there in the time that a try has. */
    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
        }
    }

    private static void serve(Host host) throws IOException {
        HostProcess program = host.start(new ProcessBuilder(
                        Jvm.command(32, List.of(), EchoHost.class, List.of(String.valueOf(PORT), host.name())))
                .redirectError(ProcessBuilder.Redirect.INHERIT));
        BufferedReader out =
                new BufferedReader(new InputStreamReader(program.process().getInputStream(), StandardCharsets.UTF_8));
        assertThat(out.readLine()).isEqualTo("listening");
    }

    @Test
    void each_direction_between_two_hosts_has_a_fate_of_its_own() throws IOException {
        try (Lab lab = Lab.builder()
                .forwarded(1)
                .host("n1", Side.A)
                .host("n2", Side.A)
                .host("n3", Side.B)
                .client("client", Side.A)
                .build()) {
            Host one = lab.host("n1");
            Host two = lab.host("n2");
            Host three = lab.host("n3");
            for (Host host : List.of(one, two, three)) {
                serve(host);
            }
            Forwarder forwarder = lab.forwarder();
            await(() -> reaches(one, two));
            await(() -> reaches(three, one));

            forwarder.set(one, two, Fate.CUT);
            assertThat(reaches(one, two)).isFalse();
            assertThat(reaches(two, one)).isFalse();
            await(() -> reaches(three, one));
            await(() -> reaches(three, two));
            Forwarder.Counts cut = forwarder.counts();
            assertThat(cut.dropped()).isPositive();
            assertThat(cut.duplicated()).isZero();
            assertThat(cut.delayed()).isZero();

            forwarder.clear();
            await(() -> reaches(one, two));

            forwarder.set(one, two, Fate.late(100_000, 0));
            long asked = System.nanoTime();
            await(() -> reaches(one, two));
            assertThat(System.nanoTime() - asked).isGreaterThan(200_000_000);
            assertThat(forwarder.counts().delayed()).isPositive();

            forwarder.set(one, two, Fate.shuffled(5000, 100));
            await(() -> reaches(one, two));
            assertThat(forwarder.counts().duplicated()).isPositive();
        }
    }

    @Test
    void large_transfers_pass_whole_although_the_sender_leaves_checksums_and_segments_to_its_card() throws IOException {
        Path file = Files.createTempFile("bulk", null);
        byte[] bytes = new byte[3_000_000];
        new SplittableRandom(1).nextBytes(bytes);
        Files.write(file, bytes);
        try (Lab lab =
                Lab.builder().forwarded(1).host("n1", Side.A).host("n2", Side.A).build()) {
            HostProcess program = lab.host("n2")
                    .start(new ProcessBuilder(
                                    Jvm.command(32, List.of(), BulkHost.class, List.of("" + PORT, file.toString())))
                            .redirectError(ProcessBuilder.Redirect.INHERIT));
            BufferedReader out = new BufferedReader(
                    new InputStreamReader(program.process().getInputStream(), StandardCharsets.UTF_8));
            assertThat(out.readLine()).isEqualTo("listening");
            lab.forwarder().set(lab.host("n2"), lab.host("n1"), Fate.shuffled(3000, 10));
            String arrived = lab.host("n1")
                    .run(
                            "bash",
                            "-c",
                            "exec 3<>/dev/tcp/" + lab.host("n2").privateAddress() + "/" + PORT + "; cksum <&3");
            assertThat(arrived).isEqualTo(lab.host("n1").run("sh", "-c", "cksum <" + file));
            assertThat(lab.forwarder().counts().duplicated()).isPositive();
        }
        Files.delete(file);
    }
}
