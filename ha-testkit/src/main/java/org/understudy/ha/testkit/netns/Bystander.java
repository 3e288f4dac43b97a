package org.understudy.ha.testkit.netns;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A neighbour on the LAN that hears and asks below TCP. Every millisecond it asks each host alone whether it has each floating address: by
 * ARP for IPv4, by neighbour solicitation for IPv6, in frames to that host's hardware address, so that no switch and no cache of its own
 * decides who is asked. It notes the announcements that it hears, and it keeps idle TCP connections and notes how each ends. Runs as a JVM of its
 * own inside a host of the laboratory. Not thread-safe.
 *
 * <p>An {@link Observer} asks the same by TCP: what answers there must also have let the segment in.
 */
public final class Bystander implements AutoCloseable {
    private final HostProcess program;
    private final Conversation conversation;
    private long begunNanos;

    /**
     * What it recorded.
     *
     * @param sightings in order of asking, the answer to the last question before it
     * @param announcements in order of hearing
     */
    public record Record(long beginNanos, long endNanos, List<Sighting> sightings, List<Announced> announcements) {
        public Record {
            sightings = List.copyOf(sightings);
            announcements = List.copyOf(announcements);
        }
    }

    /**
     * A host told everybody that it has an address.
     *
     * @param address the floating address, by its name
     * @param host by its name; its hardware address if it is none that is asked
     */
    public record Announced(String address, String host, long nanos) {}

    /**
     * An idle connection.
     *
     * @param endedNanos when the client was told that it is over; 0 if it still believes in it
     * @param isReset whether by a reset, not by an orderly end
     */
    public record Idle(String address, long endedNanos, boolean isReset) {
        public boolean hasEnded() {
            return endedNanos != 0;
        }
    }

    private Bystander(HostProcess program) {
        this.program = program;
        this.conversation = new Conversation("bystander", program);
    }

    /**
     * Starts one.
     *
     * @param client the host it lives in
     * @param targets the floating addresses, each with the port to which idle connections are made
     * @param candidates every host that might answer
     * @param log where its complaints go
     */
    public static Bystander start(Host client, List<Observer.Target> targets, List<Host> candidates, Path log) {
        List<String> arguments = new ArrayList<>(List.of("own=" + client.lanAddress() + "," + client.lanAddress6()));
        for (Observer.Target target : targets) {
            arguments.add("target=" + target.name() + "," + target.ip() + "," + target.port());
        }
        for (Host candidate : candidates) {
            arguments.add("host=" + candidate.name() + "," + candidate.lanMac());
        }
        ProcessBuilder builder = new ProcessBuilder(
                        Jvm.command(96, List.of(Jvm.BOTH_VERSIONS), BystanderMain.class, arguments))
                .redirectError(log.toFile());
        Bystander bystander = new Bystander(client.start(builder));
        bystander.conversation.greeting();
        return bystander;
    }

    /** Begins a recording; forgets the one before. Asks only while it records. */
    public void begin() {
        begunNanos = Long.parseLong(conversation.ask("begin").get(0).substring(2));
    }

    /** Ends the recording. */
    public Record end() {
        List<Sighting> sightings = new ArrayList<>();
        List<Announced> announcements = new ArrayList<>();
        long ended = begunNanos;
        for (String line : conversation.ask("end")) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "S" ->
                    sightings.add(new Sighting(words[3], words[4], Long.parseLong(words[1]), Long.parseLong(words[2])));
                case "A" -> announcements.add(new Announced(words[2], words[3], Long.parseLong(words[1])));
                default -> ended = Long.parseLong(words[1]);
            }
        }
        return new Record(begunNanos, ended, sightings, announcements);
    }

    /**
     * Opens idle connections, ends those that were open before, and returns when they are established.
     *
     * @param count to each floating address
     * @return how many were established; fewer than {@code count} for each address if somebody does not answer
     */
    public int connect(int count) {
        return Integer.parseInt(conversation.ask("connect " + count).get(0));
    }

    /** How the idle connections do. */
    public List<Idle> idle() {
        return conversation.ask("idle").stream()
                .map(line -> line.split(" "))
                .map(words -> new Idle(words[1], Long.parseLong(words[2]), words[3].equals("RESET")))
                .toList();
    }

    /** Ends it. Idempotent. */
    @Override
    public void close() {
        program.kill();
    }
}
