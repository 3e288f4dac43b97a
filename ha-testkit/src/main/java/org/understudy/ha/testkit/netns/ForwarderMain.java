package org.understudy.ha.testkit.netns;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.linux.PacketPort;

/**
 * The program a {@link Forwarder} runs in the namespace of the switch. Arguments: a seed, then the name of each port; port
 * number n (from 1) is the host with the private hardware address {@code 02:88:00:00:00:n}. Commands on its input, one a line:
 * {@code set FROM TO CUT LOSS DUPLICATE DELAY JITTER}, {@code clear}, {@code counts}; each is answered with lines that end in a
 * line with a dot. The end of the input ends the program.
 */
public final class ForwarderMain {
    private static final int MAC_AT = PacketPort.HEADER_BYTES;
    private static final int MAC_BYTES = 6;
    private static final int WAIT_MILLIS = 500;
    /** About ten seconds of a busy link; what is more is dropped, as a switch would. */
    private static final int LATE_MAX = 20_000;

    private final List<PacketPort> ports = new ArrayList<>();
    private final Link[][] links;
    private final DelayQueue<Late> late = new DelayQueue<>();

    private static final class Link {
        private final SplittableRandom random;
        private volatile Fate fate = Fate.CLEAR;
        private long passed;
        private long dropped;
        private long duplicated;
        private long delayed;

        Link(SplittableRandom random) {
            this.random = random;
        }
    }

    private record Late(long dueNanos, int to, byte[] frame) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(dueNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(dueNanos, ((Late) other).dueNanos);
        }
    }

    private ForwarderMain(long seed, List<String> names) throws IOException {
        for (String name : names) {
            // The JDK does not list interfaces without an address here.
            String index = Files.readString(Path.of("/sys/class/net", name, "ifindex"));
            ports.add(new PacketPort(Integer.parseInt(index.strip())));
        }
        SplittableRandom random = new SplittableRandom(seed);
        links = new Link[ports.size()][ports.size()];
        for (Link[] row : links) {
            for (int to = 0; to < row.length; to++) {
                row[to] = new Link(random.split());
            }
        }
    }

    public static void main(String[] arguments) throws IOException {
        ForwarderMain forwarder = new ForwarderMain(
                Long.parseLong(arguments[0]), List.of(arguments).subList(1, arguments.length));
        forwarder.run();
    }

    private void run() throws IOException {
        for (int port = 0; port < ports.size(); port++) {
            int from = port;
            start("ha-testkit-port-" + (port + 1), () -> receive(from));
        }
        start("ha-testkit-late", this::deliverLate);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = System.out;
        out.println("forwarding");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            obey(line.split(" "), out);
            out.println(".");
            out.flush();
        }
    }

    private void obey(String[] words, PrintStream out) {
        switch (words[0]) {
            case "set" ->
                links[Integer.parseInt(words[1]) - 1][Integer.parseInt(words[2]) - 1].fate = Fate.parse(words, 3);
            case "clear" -> {
                for (Link[] row : links) {
                    for (Link link : row) {
                        link.fate = Fate.CLEAR;
                    }
                }
            }
            case "counts" -> {
                for (Link[] row : links) {
                    for (Link link : row) {
                        synchronized (link) {
                            out.println(link.passed + " " + link.dropped + " " + link.duplicated + " " + link.delayed);
                        }
                    }
                }
            }
            default -> out.println("? unknown command " + words[0]);
        }
    }

    private void receive(int from) {
        while (true) {
            byte[] frame = ports.get(from).receive(WAIT_MILLIS);
            if (frame.length < MAC_AT + MAC_BYTES) {
                continue;
            }
            if ((frame[MAC_AT] & 1) != 0) {
                for (int to = 0; to < ports.size(); to++) {
                    if (to != from) {
                        pass(from, to, frame);
                    }
                }
            } else {
                int to = frame[MAC_AT + MAC_BYTES - 1] - 1;
                if (to >= 0 && to < ports.size() && to != from) {
                    pass(from, to, frame);
                }
            }
        }
    }

    private void pass(int from, int to, byte[] frame) {
        Link link = links[from][to];
        Fate fate = link.fate;
        long[] delays;
        synchronized (link) {
            if (fate.isCut() || link.random.nextInt(100) < fate.lossPercent()) {
                link.dropped++;
                return;
            }
            delays = new long[link.random.nextInt(100) < fate.duplicatePercent() ? 2 : 1];
            for (int copy = 0; copy < delays.length; copy++) {
                delays[copy] = fate.delayMicros()
                        + (fate.jitterMicros() == 0 ? 0 : link.random.nextInt(fate.jitterMicros() + 1));
            }
            link.passed++;
            link.duplicated += delays.length - 1;
            link.delayed += delays[0] > 0 ? 1 : 0;
        }
        for (long micros : delays) {
            if (micros == 0) {
                ports.get(to).send(frame);
            } else if (late.size() < LATE_MAX) {
                late.add(new Late(System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(micros), to, frame));
            }
        }
    }

    private void deliverLate() {
        try {
            while (true) {
                Late next = late.take();
                ports.get(next.to()).send(next.frame());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A switch with a dead port would look like a cut nobody asked for, so it ends as a whole. */
    private static void start(String name, Runnable work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (PlatformException e) {
                        System.err.println(name + " cannot go on: " + e.getMessage());
                        Runtime.getRuntime().halt(3);
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }
}
