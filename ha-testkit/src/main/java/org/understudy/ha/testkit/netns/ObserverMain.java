package org.understudy.ha.testkit.netns;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.understudy.ha.api.ConfigurationException;

/**
 * The program an {@link Observer} runs inside a client's host. Arguments: {@code target=NAME,IP,PORT} and {@code
 * ear=NAME,IP,HOST,SOURCE}, {@code control=…} for a host's own address, {@code pace=PROBE,ASK} in milliseconds. Commands on its input, one a line: {@code on}, {@code off}, {@code begin}, {@code end}, {@code next}, {@code last};
 * each is answered with lines that end in a line with a dot. The end of the input ends the program.
 */
public final class ObserverMain {
    private ObserverMain() {}

    /** Threads whose failure must end the program rather than leave a silent observer. */
    @FunctionalInterface
    private interface Watch {
        void run() throws IOException;
    }

    public static void main(String[] arguments) throws IOException {
        Observer.Pace pace = Observer.Pace.QUICK;
        Map<String, InetSocketAddress> targets = new TreeMap<>();
        List<Ears.Ear> ears = new ArrayList<>();
        for (String argument : arguments) {
            String[] parts = argument.substring(argument.indexOf('=') + 1).split(",");
            if (argument.startsWith("target=") && parts.length == 3) {
                targets.put(parts[0], new InetSocketAddress(parts[1], Integer.parseInt(parts[2])));
            } else if (argument.startsWith("pace=") && parts.length == 2) {
                pace = new Observer.Pace(Integer.parseInt(parts[0]), Integer.parseInt(parts[1]));
            } else if (argument.matches("(ear|control)=.*") && parts.length == 4) {
                ears.add(new Ears.Ear(parts[0], parts[1], parts[2], parts[3], argument.startsWith("control=")));
            } else {
                throw new ConfigurationException(
                        "argument",
                        argument,
                        "use target=NAME,IP,PORT, ear=NAME,IP,HOST,SOURCE or control=NAME,IP,HOST,SOURCE");
            }
        }
        Prober prober = new Prober(targets, pace.probeMillis());
        Ears watcher = new Ears(ears, pace.askMillis());
        start("ha-testkit-prober", prober::run);
        start("ha-testkit-ears", watcher::run);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintWriter out = new PrintWriter(
                new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            obey(line, prober, watcher, out);
            out.println(".");
            out.flush();
        }
    }

    private static void obey(String line, Prober prober, Ears watcher, PrintWriter out) {
        switch (line) {
            case "on" -> prober.probing(true);
            case "off" -> prober.probing(false);
            case "begin" -> {
                long now = System.nanoTime();
                prober.begin(now);
                watcher.begin();
                out.println("T " + now);
            }
            case "end" -> {
                long now = System.nanoTime();
                tell(now, prober.end(), watcher.end(), out);
            }
            case "next" -> {
                long now = System.nanoTime();
                tell(now, prober.next(), watcher.next(), out);
            }
            case "last" ->
                prober.last()
                        .values()
                        .forEach(p -> out.println(
                                "P " + p.sentNanos() + " " + p.answeredNanos() + " " + p.address() + " " + p.server()));
            default -> out.println("? unknown command " + line);
        }
    }

    private static void tell(long now, List<Probe> probes, List<Sighting> sightings, PrintWriter out) {
        out.println("T " + now);
        for (Probe p : probes) {
            out.println("P " + p.sentNanos() + " " + p.answeredNanos() + " " + p.address() + " " + p.server());
        }
        for (Sighting s : sightings) {
            out.println("S " + s.askedNanos() + " " + s.answeredNanos() + " " + s.address() + " " + s.host());
        }
    }

    private static void start(String name, Watch watch) {
        Thread thread = new Thread(
                () -> {
                    try {
                        watch.run();
                    } catch (IOException e) {
                        System.err.println(name + " cannot go on: " + e.getMessage());
                        Runtime.getRuntime().halt(3);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }
}
