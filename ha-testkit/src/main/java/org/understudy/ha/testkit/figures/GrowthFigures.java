package org.understudy.ha.testkit.figures;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.testkit.sim.Fault;
import org.understudy.ha.testkit.sim.RunReport;
import org.understudy.ha.testkit.sim.World;
import org.understudy.ha.testkit.sim.WorldOptions;

/**
 * What a grant costs and what an idle node costs, and how both grow with the number of votes and of groups.
 *
 * <p>Messages, writes and records of a move are counted in a calm simulated cluster, with the moves and without, so they do not depend on
 * this machine. Time, processor and memory are taken from real nodes that talk over loopback, all in one process of their own
 * ({@link LoopbackCluster}), and divided by the number of nodes. Exit status 1 if a cluster did not come up or a move failed.
 */
public final class GrowthFigures {

    private static final List<Size> SIZES = List.of(
            new Size(3, 10), new Size(5, 10), new Size(9, 10), new Size(3, 100), new Size(3, 300), new Size(3, 1000));
    private static final int MOVES = 20;
    private static final int LINES_KEPT = 20;
    private static final long APART = 250 * World.MILLI;
    private static final long FIRST = 5_000 * World.MILLI;

    private record Size(int peers, int groups) {}

    private record Cost(double messages, double writes, double records) {}

    private GrowthFigures() {}

    /** Arguments: {@code [--json]}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        boolean isJson = args.length > 0 && args[0].equals("--json");
        if (!isJson) {
            System.out.println(
                    "                 one planned move, counted in a simulated cluster      an idle node, and a move, on loopback");
            System.out.printf(
                    "%5s %6s  %9s %9s %9s   %12s %9s %9s %12s%n",
                    "peers", "groups", "messages", "fsyncs", "records", "% of a core", "heap MB", "threads", "move ms");
        }
        boolean isGood = true;
        for (Size size : SIZES) {
            Cost cost = cost(size);
            TreeMap<String, Double> real = measure(size);
            isGood &= real.containsKey(LoopbackCluster.MOVE_MS);
            System.out.printf(
                    Locale.ROOT,
                    isJson
                            ? "{\"figure\":\"growth\",\"peers\":%d,\"groups\":%d,\"messages\":%.1f,\"writes\":%.1f,\"records\":%.1f,"
                                    + "\"idle_core_percent\":%.2f,\"heap_mb\":%.1f,\"threads\":%.0f,\"move_ms\":%.1f}%n"
                            : "%5d %6d  %9.1f %9.1f %9.1f   %12.2f %9.1f %9.0f %12.1f%n",
                    size.peers,
                    size.groups,
                    cost.messages,
                    cost.writes,
                    cost.records,
                    real.getOrDefault(LoopbackCluster.IDLE_PERCENT, Double.NaN),
                    real.getOrDefault(LoopbackCluster.HEAP_MB, Double.NaN),
                    real.getOrDefault(LoopbackCluster.THREADS, Double.NaN),
                    real.getOrDefault(LoopbackCluster.MOVE_MS, Double.NaN));
        }
        if (!isGood) {
            System.exit(1);
        }
    }

    // ---- simulated -----------------------------------------------------------------------------------------------

    private static Cost cost(Size size) {
        List<Fault> moves = new ArrayList<>();
        for (int i = 0; i < MOVES; i++) {
            moves.add(new Fault(FIRST + i * APART, Fault.Kind.MOVE, 0, (i + 1) % 2, 0, 0, 0));
        }
        RunReport with = play(size, moves);
        RunReport without = play(size, List.of());
        return new Cost(
                perMove(with, without, "messages sent"),
                perMove(with, without, "writes of disks"),
                perMove(with, without, "records chosen"));
    }

    private static RunReport play(Size size, List<Fault> faults) {
        RunReport report = new World(
                        1,
                        WorldOptions.standard()
                                .sized(new WorldOptions.Size(size.peers, false, size.groups))
                                .healingAt(FIRST + (MOVES + 2) * APART)
                                .scripted(faults))
                .run();
        report.violation().ifPresent(violation -> {
            throw new IllegalStateException("the simulated cluster broke a promise: " + violation);
        });
        return report;
    }

    private static double perMove(RunReport with, RunReport without, String what) {
        return (with.counts().get(what) - without.counts().get(what)) / (double) MOVES;
    }

    // ---- real ----------------------------------------------------------------------------------------------------

    private static TreeMap<String, Double> measure(Size size) throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xss256k",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LoopbackCluster.class.getName(),
                        Integer.toString(size.peers),
                        Integer.toString(size.groups),
                        Integer.toString(MOVES))
                .redirectErrorStream(true)
                .start();
        TreeMap<String, Double> figures = new TreeMap<>();
        ArrayDeque<String> last = new ArrayDeque<>();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
            for (Optional<String> line = next(lines); line.isPresent(); line = next(lines)) {
                String[] words = line.get().split(" ", -1);
                if (words.length == 3 && words[0].equals(LoopbackCluster.FIGURE)) {
                    figures.put(words[1], Double.parseDouble(words[2]));
                } else if (last.size() < LINES_KEPT || last.removeFirst() != null) {
                    last.addLast(line.get());
                }
            }
            if (!child.waitFor(10, TimeUnit.SECONDS) || child.exitValue() != 0) {
                System.err.println("growth: " + size + " ended early; it said last:");
                last.forEach(System.err::println);
            }
        } finally {
            child.destroyForcibly();
        }
        return figures;
    }

    private static Optional<String> next(BufferedReader lines) throws IOException {
        return Optional.ofNullable(lines.readLine());
    }
}
