package org.understudy.ha.testkit.figures;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.testkit.netns.Doubles;
import org.understudy.ha.testkit.netns.Host;
import org.understudy.ha.testkit.netns.HostProcess;
import org.understudy.ha.testkit.netns.Jvm;
import org.understudy.ha.testkit.netns.Lab;
import org.understudy.ha.testkit.netns.Namespaces;
import org.understudy.ha.testkit.netns.Observation;
import org.understudy.ha.testkit.netns.Observer;
import org.understudy.ha.testkit.netns.Outage;
import org.understudy.ha.testkit.netns.Probe;
import org.understudy.ha.testkit.netns.Side;
import org.understudy.ha.testkit.netns.Silence;

/**
 * What a client sees of the same faults when keepalived moves the address, in the same laboratory and seen by the same observer as
 * our own nodes in the demo. Its advertisement interval is chosen so that it takes over a silent owner after one second, as our
 * lease does. Its service listens on the wildcard all the time, so that only the address has to move.
 *
 * <p>Needs keepalived (Debian: {@code apt install keepalived}); without it nothing is compared, and the row says so and fails.
 */
public final class KeepalivedFigures {

    private static final String SCRATCH = "understudy.keepalived.scratch";
    private static final String SERVICE = "--service";
    private static final String ADDRESS = "vip";
    private static final String IP = "10.77.0.50";
    private static final int PORT = 8081;
    private static final long SETTLE_SECONDS = 30;
    private static final long TAKEOVER_SECONDS = 10;
    /** How long the old owner is listened to after the fault. */
    private static final long AFTER_MILLIS = 3_000;

    private static final long BEFORE_MILLIS = 300;

    private enum Fault {
        HANDOVER,
        KILL,
        PAUSE,
        UNPLUG
    }

    private final Path scratch;
    private final Lab lab;
    private final Host first;
    private final Host second;
    private final Observer observer;
    private HostProcess daemon;
    private int life;

    private KeepalivedFigures(Path scratch) throws IOException {
        this.scratch = scratch;
        lab = Lab.builder()
                .host("serv1", Side.A)
                .host("serv2", Side.B)
                .client("client1", Side.A)
                .build();
        first = lab.host("serv1");
        second = lab.host("serv2");
        for (Host host : List.of(first, second)) {
            host.start(silent(Jvm.command(32, List.of(), KeepalivedFigures.class, List.of(SERVICE, host.name()))));
        }
        observer = Observer.start(
                lab.host("client1"),
                List.of(new Observer.Target(ADDRESS, IP, PORT)),
                List.of(first, second),
                scratch.resolve("client1.log"));
        daemon = keepalived(first, 200);
        keepalived(second, 100);
        observer.probe(true);
    }

    /** Arguments: {@code [--runs N] [--json]}. Exit status 1 if keepalived is not there or did not take over. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> words = List.of(args);
        if (words.contains(SERVICE)) {
            serve(words.get(words.indexOf(SERVICE) + 1));
            return;
        }
        if (!isInstalled()) {
            System.err.println("keepalived is not here: `apt install keepalived`, or compare on another machine");
            System.exit(1);
        }
        if (!Namespaces.isInside()) {
            Path scratch = Files.createTempDirectory("understudy-keepalived-");
            List<String> flags = List.of("-D" + SCRATCH + "=" + scratch, "-Djava.io.tmpdir=" + scratch);
            System.exit(Namespaces.available().run(scratch, Jvm.command(128, flags, KeepalivedFigures.class, words)));
        }
        int at = words.indexOf("--runs");
        int runs = at < 0 ? 10 : Integer.parseInt(words.get(at + 1));
        KeepalivedFigures figures = new KeepalivedFigures(Path.of(System.getProperty(SCRATCH)));
        try {
            figures.play(runs, words.contains("--json"));
        } finally {
            figures.observer.close();
            figures.lab.close();
        }
    }

    private static boolean isInstalled() {
        return List.of("/usr/sbin/keepalived", "/usr/bin/keepalived", "/usr/local/sbin/keepalived").stream()
                .anyMatch(path -> Files.isExecutable(Path.of(path)));
    }

    // ---- the hosts -----------------------------------------------------------------------------------------------

    /** An HTTP service that is always there, whoever has the address. */
    private static void serve(String name) throws IOException {
        byte[] answer =
                ("HTTP/1.0 200 OK\r\n\r\n" + ADDRESS + " served by " + name + "\n").getBytes(StandardCharsets.UTF_8);
        try (ServerSocket socket = new ServerSocket(PORT, 512)) {
            while (true) {
                try (Socket client = socket.accept()) {
                    client.setSoTimeout(300);
                    if (client.getInputStream().read(new byte[1024]) > 0) {
                        client.getOutputStream().write(answer);
                    }
                } catch (IOException e) {
                    continue; // The client went away.
                }
            }
        }
    }

    private HostProcess keepalived(Host host, int priority) throws IOException {
        String name = host.name() + "-" + ++life;
        Path conf = scratch.resolve(name + ".conf");
        Files.writeString(conf, """
                global_defs {
                  vrrp_version 3
                  vrrp_garp_master_delay 1
                }
                vrrp_instance ours {
                  interface lan0
                  virtual_router_id 51
                  priority %d
                  advert_int 0.27
                  virtual_ipaddress {
                    %s/32 dev lan0
                  }
                }
                """.formatted(priority, IP));
        return host.start(silent(List.of(
                "keepalived",
                "--dont-fork",
                "--vrrp",
                "--use-file=" + conf,
                "--pid=" + scratch.resolve(name + ".pid"),
                "--vrrp_pid=" + scratch.resolve(name + "-vrrp.pid"))));
    }

    private ProcessBuilder silent(List<String> command) {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        scratch.resolve("programs.log").toFile()));
    }

    // ---- the faults ----------------------------------------------------------------------------------------------

    private void play(int runs, boolean isJson) throws IOException {
        for (Fault fault : Fault.values()) {
            List<Long> gaps = new ArrayList<>();
            List<Long> silences = new ArrayList<>();
            List<Long> doubles = new ArrayList<>();
            for (int run = 1; run <= runs; run++) {
                settle();
                observer.begin();
                watch(BEFORE_MILLIS);
                long broken = System.nanoTime();
                List<ProcessHandle> family = family();
                breakIt(fault, family);
                require(TAKEOVER_SECONDS, () -> isServedBy(second), fault + ": serv2 did not take over");
                watch(AFTER_MILLIS);
                bringBack(fault, family);
                watch(BEFORE_MILLIS);
                Observation seen = observer.end();
                gaps.add(Outage.of(seen, ADDRESS).gapNanos());
                silences.add(Silence.nanos(List.of(seen), ADDRESS, first.name(), broken));
                doubles.add(Doubles.of(List.of(seen)));
            }
            tell(fault, gaps, silences, doubles, isJson);
        }
    }

    private static void tell(Fault fault, List<Long> gaps, List<Long> silences, List<Long> doubles, boolean isJson) {
        System.out.printf(
                Locale.ROOT,
                isJson
                        ? "{\"figure\":\"keepalived\",\"fault\":\"%s\",\"runs\":%d,\"gap_ms\":%.1f,\"gap_ms_max\":%.1f,"
                                + "\"silent_ms\":%.1f,\"double_ms\":%.1f}%n"
                        : "keepalived, %-8s %2d runs: median gap %7.1f ms (largest %7.1f), old owner's last answer after %7.1f ms,"
                                + " two hosts answered %7.1f ms%n",
                fault.name().toLowerCase(Locale.ROOT),
                gaps.size(),
                median(gaps),
                gaps.stream().mapToLong(Long::longValue).max().orElse(0) / 1e6,
                median(silences),
                median(doubles));
    }

    private static double median(List<Long> nanos) {
        return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
    }

    /** The daemon and its child, which speaks VRRP. */
    private List<ProcessHandle> family() {
        List<ProcessHandle> all = new ArrayList<>(daemon.process().descendants().toList());
        all.add(0, daemon.process().toHandle());
        return all;
    }

    private void breakIt(Fault fault, List<ProcessHandle> family) {
        switch (fault) {
            case HANDOVER -> daemon.process().destroy();
            case KILL -> family.forEach(ProcessHandle::destroyForcibly);
            case PAUSE -> signal("STOP", family);
            case UNPLUG -> first.unplugLan();
        }
    }

    private void bringBack(Fault fault, List<ProcessHandle> family) throws IOException {
        if (fault == Fault.PAUSE) {
            signal("CONT", family);
        } else if (fault == Fault.UNPLUG) {
            first.plugLan();
        } else {
            await(SETTLE_SECONDS, () -> !daemon.isAlive());
            daemon = keepalived(first, 200);
        }
    }

    private void signal(String name, List<ProcessHandle> family) {
        for (ProcessHandle process : family) {
            first.run("kill", "-" + name, String.valueOf(process.pid()));
        }
    }

    /** With its higher priority the first one takes the address back by itself. */
    private void settle() {
        require(SETTLE_SECONDS, () -> isServedBy(first), "serv1 did not become master");
        watch(2 * BEFORE_MILLIS);
        require(SETTLE_SECONDS, () -> isServedBy(first), "serv1 did not stay master");
    }

    private boolean isServedBy(Host host) {
        Optional<Probe> last = observer.last(ADDRESS);
        return last.isPresent()
                && System.nanoTime() - last.get().answeredNanos() < 300_000_000L
                && last.get().server().equals(host.name());
    }

    private void require(long seconds, BooleanSupplier condition, String complaint) {
        if (!await(seconds, condition)) {
            throw new LifecycleException("keepalived: " + complaint + " within " + seconds + " s");
        }
    }

    private static boolean await(long seconds, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        return true;
    }

    private static void watch(long millis) {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
