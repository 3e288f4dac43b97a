package org.understudy.ha.testkit.netns;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A client on the LAN with two senses: a {@linkplain Prober prober} that uses the services through their floating addresses
 * every millisecond (or at another {@link Pace}), as any client would, and ears that ask each host directly whether it answers for the address (and, as a
 * control under the name of that address, whether it answers for its own). Runs as
 * a JVM of its own inside a host of the laboratory. Not thread-safe.
 *
 * <p>The services must answer any HTTP request with a line {@code … served by WHO}, where WHO names node and token.
 */
public final class Observer implements AutoCloseable {
    private final HostProcess program;
    private final Conversation conversation;
    private long begunNanos;

    /**
     * A service behind a floating address.
     *
     * @param name what it is called in the results
     * @param ip the floating address, of either version
     * @param port the TCP port of the service
     */
    public record Target(String name, String ip, int port) {}

    /**
     * How often an observer looks.
     *
     * @param probeMillis between two requests to each service
     * @param askMillis between two questions to each host
     */
    public record Pace(int probeMillis, int askMillis) {
        /** Every millisecond and every five: a core's half for a measurement of some seconds. */
        public static final Pace QUICK = new Pace(1, 5);

        /** Every ten milliseconds each: for hours on a machine with other work. */
        public static final Pace CALM = new Pace(10, 10);
    }

    private Observer(HostProcess program) {
        this.program = program;
        this.conversation = new Conversation("observer", program);
    }

    /**
     * Starts an observer. It probes nothing until {@link #probe}.
     *
     * @param client the host it lives in
     * @param targets what it asks
     * @param candidates every host that might answer
     * @param log where its complaints go
     */
    public static Observer start(Host client, List<Target> targets, List<Host> candidates, Path log) {
        return start(client, targets, candidates, Pace.QUICK, log);
    }

    /** The same at another pace. */
    public static Observer start(Host client, List<Target> targets, List<Host> candidates, Pace pace, Path log) {
        List<String> arguments = new ArrayList<>();
        arguments.add("pace=" + pace.probeMillis() + "," + pace.askMillis());
        for (Target target : targets) {
            arguments.add("target=" + target.name() + "," + target.ip() + "," + target.port());
        }
        for (Host candidate : candidates) {
            String own = candidate.lanAddress();
            List<String> addresses = Stream.concat(targets.stream().map(Target::ip), Stream.of(own))
                    .toList();
            String source = client.listenTo(candidate, addresses);
            arguments.add("control=" + own + "," + own + "," + candidate.name() + "," + source);
            for (Target target : targets) {
                String from = target.ip().contains(":") ? Host.sixOf(source) : source;
                arguments.add("ear=" + target.name() + "," + target.ip() + "," + candidate.name() + "," + from);
            }
        }
        List<String> command = Jvm.command(128, List.of(Jvm.BOTH_VERSIONS), ObserverMain.class, arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        return new Observer(client.start(builder));
    }

    /** Starts or ends the probing; the ears listen only while recording. */
    public void probe(boolean isOn) {
        conversation.ask(isOn ? "on" : "off");
    }

    /** Begins a recording; forgets the one before. */
    public void begin() {
        begunNanos = instant(conversation.ask("begin"));
    }

    /** Ends the recording. */
    public Observation end() {
        return observation(conversation.ask("end"));
    }

    private Observation observation(List<String> lines) {
        List<Probe> probes = new ArrayList<>();
        List<Sighting> sightings = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith("P ")) {
                probes.add(probe(line));
            } else if (line.startsWith("S ")) {
                String[] parts = line.split(" ", 5);
                sightings.add(new Sighting(parts[3], parts[4], Long.parseLong(parts[1]), Long.parseLong(parts[2])));
            }
        }
        return new Observation(begunNanos, instant(lines), probes, sightings);
    }

    /** Ends the recording and begins the next one in the same instant, so that nothing falls between the two. */
    public Observation next() {
        List<String> lines = conversation.ask("next");
        Observation ended = observation(lines);
        begunNanos = ended.endNanos();
        return ended;
    }

    /** The newest answer the client got for an address. */
    public Optional<Probe> last(String address) {
        return conversation.ask("last").stream()
                .map(Observer::probe)
                .filter(p -> p.address().equals(address))
                .findFirst();
    }

    /** Ends the observer. Idempotent. */
    @Override
    public void close() {
        program.kill();
    }

    private static Probe probe(String line) {
        String[] parts = line.split(" ", 5);
        return new Probe(parts[3], Long.parseLong(parts[1]), Long.parseLong(parts[2]), parts[4]);
    }

    private static long instant(List<String> lines) {
        return Long.parseLong(lines.get(0).substring(2));
    }
}
