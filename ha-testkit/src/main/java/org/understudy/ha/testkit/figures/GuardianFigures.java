package org.understudy.ha.testkit.figures;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.HostPort;
import org.understudy.ha.membership.guardian.Guardian;
import org.understudy.ha.membership.guardian.GuardianSettings;

/**
 * Memory of a guardian, and the time from kill -9 of its node to the first last will on loopback, of a node with a small heap and of one
 * with two gigabytes in use.
 *
 * <p>Starts a small process with a guardian, reads the guardian's memory from {@code /proc}, kills the process, waits for the
 * datagram, and until the kernel has given everything of the process back; ten times. Exit status 1 if the median of RssAnon is above
 * 40 MB.
 */
public final class GuardianFigures {

    private static final int RUNS = 10;
    private static final double RSS_ANON_MB_MAX = 40;
    private static final int SMALL_HEAP_MB = 32;
    private static final int LARGE_HEAP_MB = 2048;
    private static final String CHILD = "--child";

    private GuardianFigures() {}

    /** Arguments: {@code [--json]}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length == 3 && args[0].equals(CHILD)) {
            beNode(Path.of(args[1]), Integer.parseInt(args[2]));
            return;
        }
        boolean isJson = args.length > 0 && args[0].equals("--json");
        Figures small = new Figures(SMALL_HEAP_MB);
        Figures large = new Figures(LARGE_HEAP_MB);
        Path directory = Files.createTempDirectory("understudy-guardian");
        try {
            for (int run = 0; run < RUNS; run++) {
                measure(directory, small);
                measure(directory, large);
            }
        } finally {
            Files.deleteIfExists(directory.resolve("guardian.lock"));
            Files.delete(directory);
        }
        PrintStream out = System.out;
        if (isJson) {
            out.printf(
                    "{\"figure\":\"guardian\",\"runs\":%d,\"rss_anon_mb\":%.1f,\"pss_mb\":%.1f,\"kill_to_will_ms\":%.1f,"
                            + "\"kill_to_gone_ms\":%.1f,\"large_heap_mb\":%d,\"large_kill_to_will_ms\":%.1f,\"large_kill_to_gone_ms\":%.1f}%n",
                    RUNS,
                    median(small.anon),
                    median(small.pss),
                    median(small.toWill),
                    median(small.toGone),
                    LARGE_HEAP_MB,
                    median(large.toWill),
                    median(large.toGone));
        } else {
            out.printf(
                    "guardian, medians of %d: RssAnon %.1f MB, PSS %.1f MB%n",
                    RUNS, median(small.anon), median(small.pss));
            small.print(out);
            large.print(out);
        }
        if (median(small.anon) > RSS_ANON_MB_MAX) {
            System.exit(1);
        }
    }

    /** Of nodes with such a heap. */
    private record Figures(
            int heapMegabytes, List<Double> anon, List<Double> pss, List<Double> toWill, List<Double> toGone) {
        Figures(int heapMegabytes) {
            this(heapMegabytes, new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        void print(PrintStream out) {
            out.printf("node with a heap of %d MB: kill -9 to first last will %.1f ms ", heapMegabytes, median(toWill));
            out.printf(
                    "(%.1f to %.1f), to the end of the process %.1f ms%n", toWill.get(0), last(toWill), median(toGone));
        }
    }

    private static void measure(Path directory, Figures figures) throws IOException, InterruptedException {
        try (DatagramSocket wills = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            wills.setSoTimeout(10_000);
            Process node = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xms" + figures.heapMegabytes + "m",
                            "-Xmx" + figures.heapMegabytes + "m",
                            "-XX:+AlwaysPreTouch",
                            "-cp",
                            System.getProperty("java.class.path"),
                            GuardianFigures.class.getName(),
                            CHILD,
                            directory.toString(),
                            String.valueOf(wills.getLocalPort()))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader said =
                    new BufferedReader(new InputStreamReader(node.getInputStream(), StandardCharsets.UTF_8))) {
                String guardian = String.valueOf(said.readLine());
                figures.anon.add(megabytes(Path.of("/proc", guardian, "status"), "RssAnon:"));
                figures.pss.add(megabytes(Path.of("/proc", guardian, "smaps_rollup"), "Pss:"));
                long killed = System.nanoTime();
                node.destroyForcibly();
                wills.receive(new DatagramPacket(new byte[2048], 2048));
                figures.toWill.add((System.nanoTime() - killed) / 1e6);
                node.waitFor();
                figures.toGone.add((System.nanoTime() - killed) / 1e6);
                ProcessHandle.of(Long.parseLong(guardian)).ifPresent(GuardianFigures::awaitEnd);
            } finally {
                node.destroyForcibly();
                node.waitFor();
            }
        }
    }

    private static void awaitEnd(ProcessHandle guardian) {
        guardian.onExit().orTimeout(10, TimeUnit.SECONDS).join();
    }

    /** The process that dies. */
    private static void beNode(Path directory, int port) throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        Guardian guardian = Guardian.start(
                new GuardianSettings(
                        "figures",
                        NodeId.of("node"),
                        List.of(new InetSocketAddress(loopback, port)),
                        List.of(loopback),
                        directory.resolve("guardian.lock"),
                        Thread::new),
                ServiceLoader.load(HostPort.class).findFirst());
        guardian.live(1, 1, Runnable::run);
        System.out.println(guardian.pid());
        System.out.flush();
        if (System.in.read() < 0) {
            guardian.close();
        }
    }

    private static double megabytes(Path file, String key) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(key)) {
                return Double.parseDouble(line.replaceAll("[^0-9]", "")) / 1024;
            }
        }
        throw new IOException(file + " has no line " + key);
    }

    private static double median(List<Double> values) {
        Collections.sort(values);
        return values.get(values.size() / 2);
    }

    private static double last(List<Double> values) {
        return values.get(values.size() - 1);
    }
}
