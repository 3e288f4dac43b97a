package org.understudy.ha.membership.guardian;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.understudy.ha.membership.store.FileNodeStateStore;

/**
 * Prints the figures of this package: run it by hand. Argument: a directory on the disk to be measured. With a host port on the
 * class path the first line is about that one.
 */
final class GuardianFigures {
    private static final int RUNS = 15;
    private static final int SAVES = 300;

    private GuardianFigures() {}

    public static void main(String[] arguments) throws Exception {
        Path directory = Files.createTempDirectory(Path.of(arguments[0]), "figures");
        for (boolean withHostPort : new boolean[] {false, true}) {
            List<Double> millis = new ArrayList<>();
            for (int run = 0; run < RUNS; run++) {
                try (SmallNodeProcess small = new SmallNodeProcess(directory, withHostPort)) {
                    small.tell("live 1 100");
                    small.tell("claim ipv4 192.0.2.1/24 dev lan0");
                    long killed = System.nanoTime();
                    small.node.destroyForcibly();
                    small.will();
                    millis.add((System.nanoTime() - killed) / 1e6);
                    SmallNodeProcess.awaitEnd(small.guardian);
                }
            }
            print("kill -9 to first will, " + (withHostPort ? "fake host port" : "as found"), millis);
        }
        List<Double> millis = new ArrayList<>();
        try (FileNodeStateStore store = new FileNodeStateStore(directory.resolve("state"))) {
            store.open();
            for (int save = 0; save < SAVES; save++) {
                long start = System.nanoTime();
                store.save(new byte[4096]);
                millis.add((System.nanoTime() - start) / 1e6);
            }
        }
        print("save of 4 KiB", millis);
    }

    private static void print(String what, List<Double> millis) {
        Collections.sort(millis);
        System.out.printf(
                "%s: p50 %.2f ms, min %.2f, max %.2f, n %d%n",
                what, millis.get(millis.size() / 2), millis.get(0), millis.get(millis.size() - 1), millis.size());
    }
}
