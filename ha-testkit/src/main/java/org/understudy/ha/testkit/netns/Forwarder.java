package org.understudy.ha.testkit.netns;

import java.util.ArrayList;
import java.util.List;

/**
 * The private network as a switch in user space: every frame between two hosts passes through a program of the testkit, which
 * loses, delays, reorders, doubles or cuts it by a {@link Fate} of its own for each direction. What arrives, in what order and
 * how often is real for the kernels at both ends and for their TCP.
 *
 * <p>Runs as a JVM of its own in the namespace of the switch. Not thread-safe.
 */
public final class Forwarder implements AutoCloseable {
    private final HostProcess program;
    private final Conversation conversation;

    /** What became of all frames so far. */
    public record Counts(long passed, long dropped, long duplicated, long delayed) {}

    private Forwarder(HostProcess program) {
        this.program = program;
        this.conversation = new Conversation("forwarder", program);
    }

    static Forwarder start(long seed, int hosts) {
        List<String> arguments = new ArrayList<>(List.of(String.valueOf(seed)));
        for (int number = 1; number <= hosts; number++) {
            arguments.add("h" + number);
        }
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", Lab.SWITCH));
        command.addAll(Jvm.command(64, List.of(), ForwarderMain.class, arguments));
        HostProcess program =
                new HostProcess(Shell.start(Shell.command(command).redirectError(ProcessBuilder.Redirect.INHERIT)));
        Forwarder forwarder = new Forwarder(program);
        boolean isUp = false;
        try {
            forwarder.conversation.greeting();
            isUp = true;
        } finally {
            if (!isUp) {
                forwarder.close();
            }
        }
        return forwarder;
    }

    /** Decides what happens from now on to what one host sends to another. */
    public void set(Host from, Host to, Fate fate) {
        conversation.ask("set " + from.number() + " " + to.number() + " " + fate.toWords());
    }

    /** Lets everything pass again. Frames that are late already stay late. */
    public void clear() {
        conversation.ask("clear");
    }

    /** The sums over every direction. */
    public Counts counts() {
        long[] sums = new long[4];
        for (String line : conversation.ask("counts")) {
            String[] words = line.split(" ");
            for (int i = 0; i < sums.length; i++) {
                sums[i] += Long.parseLong(words[i]);
            }
        }
        return new Counts(sums[0], sums[1], sums[2], sums[3]);
    }

    @Override
    public void close() {
        program.kill();
        try {
            // It would complain about ports that are taken away while it ends.
            program.process().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
