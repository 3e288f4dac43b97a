package org.understudy.ha.testkit.netns;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@InNamespaces
@Timeout(120)
class BystanderNetnsIT {
    private static final int PORT = 8081;
    private static final List<Observer.Target> TARGETS =
            List.of(new Observer.Target("v4", "10.77.0.50", PORT), new Observer.Target("v6", "fd77::50", PORT));

    private static HostProcess serve(Host host) throws IOException {
        HostProcess program = host.start(new ProcessBuilder(Jvm.command(
                        32, List.of(Jvm.BOTH_VERSIONS), EchoHost.class, List.of(String.valueOf(PORT), host.name())))
                .redirectError(ProcessBuilder.Redirect.INHERIT));
        BufferedReader out =
                new BufferedReader(new InputStreamReader(program.process().getInputStream(), StandardCharsets.UTF_8));
        assertThat(out.readLine()).isEqualTo("listening");
        return program;
    }

    private static void own(String verb, Host host) {
        for (Observer.Target target : TARGETS) {
            boolean isV6 = target.ip().contains(":");
            host.run("ip", "addr", verb, target.ip() + (isV6 ? "/128" : "/32"), "dev", "lan0");
        }
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    private static void pass(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        await(() -> System.nanoTime() > until);
    }

    /** The first recording of a moment that shows it: on a busy machine nobody may come to ask, or to answer, in one. */
    private static Bystander.Record record(Bystander bystander, Predicate<Bystander.Record> shows) {
        List<Bystander.Record> last = new ArrayList<>();
        await(() -> {
            bystander.begin();
            pass(200);
            last.add(bystander.end());
            return shows.test(last.get(last.size() - 1));
        });
        return last.get(last.size() - 1);
    }

    private static boolean isAnswered(Bystander.Record record, String address, String host) {
        return record.sightings().stream()
                .anyMatch(s -> s.isAnswered()
                        && s.address().equals(address)
                        && s.host().equals(host));
    }

    @Test
    void each_host_is_asked_by_itself_over_both_versions_and_two_that_answer_are_found() {
        try (Lab lab = lab()) {
            Host one = lab.host("serv1");
            Host two = lab.host("serv2");
            try (Bystander bystander =
                    Bystander.start(lab.host("client1"), TARGETS, List.of(one, two), Path.of("/dev/stderr"))) {
                own("add", one);
                // The kernel would not answer for an IPv6 address that it still looks for elsewhere.
                await(() -> !one.run("ip", "addr", "show", "dev", "lan0").contains("tentative"));
                Bystander.Record first = record(
                        bystander,
                        seen -> TARGETS.stream()
                                .allMatch(target -> isAnswered(seen, target.name(), "serv1")
                                        && seen.sightings().stream()
                                                .anyMatch(s -> !s.isAnswered()
                                                        && s.host().equals("serv2"))));
                for (Observer.Target target : TARGETS) {
                    assertThat(isAnswered(first, target.name(), "serv2"))
                            .as(target.name())
                            .isFalse();
                }
                assertThat(Doubles.ofHosts(first.sightings())).isZero();

                two.run("ip", "addr", "add", "10.77.0.50/32", "dev", "lan0");
                record(bystander, seen -> Doubles.ofHosts(seen.sightings()) > 50_000_000);

                own("del", one);
                Bystander.Record last = record(bystander, seen -> isAnswered(seen, "v4", "serv2"));
                assertThat(isAnswered(last, "v4", "serv1")).isFalse();
                assertThat(isAnswered(last, "v6", "serv1")).isFalse();
            }
        }
    }

    @Test
    void an_idle_client_ends_with_its_server_and_hangs_when_the_host_goes_dark() throws IOException {
        try (Lab lab = lab()) {
            Host one = lab.host("serv1");
            try (Bystander bystander =
                    Bystander.start(lab.host("client1"), TARGETS, List.of(one), Path.of("/dev/stderr"))) {
                assertThat(bystander.connect(1)).isZero();

                own("add", one);
                await(() -> !one.run("ip", "addr", "show", "dev", "lan0").contains("tentative"));
                HostProcess server = serve(one);
                await(() -> bystander.connect(1) == 2);
                assertThat(bystander.idle()).noneMatch(Bystander.Idle::hasEnded);
                server.kill();
                await(() -> bystander.idle().stream().allMatch(Bystander.Idle::hasEnded));

                serve(one);
                await(() -> bystander.connect(1) == 2);
                one.powerOff();
                pass(200);
                assertThat(bystander.idle()).hasSize(2).noneMatch(Bystander.Idle::hasEnded);
            }
        }
    }

    private static Lab lab() {
        return Lab.builder()
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .client("client1", Side.A)
                .build();
    }
}
