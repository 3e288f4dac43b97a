package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One host: a namespace held by a sleeping process, so that it outlives the JVMs in it. */
public final class LabHost implements AutoCloseable {
    private final int number;
    private final Process holder;
    private final List<LabJvm> jvms = new ArrayList<>();

    LabHost(int number) {
        this.number = number;
        try {
            holder = new ProcessBuilder("unshare", "-n", "sh", "-c", "echo ready; exec sleep 600").start();
            if (holder.getInputStream().read() != 'r') {
                throw new AssertionError("no namespace for host " + number);
            }
        } catch (IOException e) {
            throw new AssertionError("no namespace for host " + number, e);
        }
        inside("ip", "link", "set", "lo", "up");
        plug();
    }

    /** Puts {@code lan0} in, also in place of one that was deleted. */
    public void plug() {
        Segment.run("ip", "link", "add", port(), "type", "veth", "peer", "name", "lan0", "netns", pid());
        Segment.run("ip", "link", "set", port(), "master", "br0", "up");
        inside("ip", "addr", "add", "192.0.2." + number + "/24", "dev", "lan0");
        inside("ip", "addr", "add", "2001:db8::" + number + "/64", "dev", "lan0", "nodad");
        inside("ip", "link", "set", "lan0", "up");
    }

    /** Adds a second card {@code lan1} on the same bridge, without a network of its own there. */
    public void secondCard() {
        Segment.run("ip", "link", "add", port() + "b", "type", "veth", "peer", "name", "lan1", "netns", pid());
        Segment.run("ip", "link", "set", port() + "b", "master", "br0", "up");
        inside("ip", "addr", "add", "198.51.100." + number + "/24", "dev", "lan1");
        inside("ip", "addr", "add", "2001:db8:1::" + number + "/64", "dev", "lan1", "nodad");
        inside("ip", "link", "set", "lan1", "up");
    }

    /** The process that holds the namespace. */
    public String holder() {
        return pid();
    }

    private String pid() {
        return Long.toString(holder.pid());
    }

    /** The bridge's end of the cable. */
    public String port() {
        return "port" + number;
    }

    /** Runs a command in the namespace of the host. */
    public String inside(String... command) {
        return Segment.run(prefixed(command));
    }

    private String[] prefixed(String... command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "-t", pid(), "-n"));
        all.addAll(Arrays.asList(command));
        return all.toArray(new String[0]);
    }

    /** The hardware address of {@code lan0}. */
    public String mac() {
        return mac("lan0");
    }

    /** The hardware address of a card. */
    public String mac(String card) {
        String[] words = inside("ip", "-o", "link", "show", card).split("\\s+");
        return words[Arrays.asList(words).indexOf("link/ether") + 1];
    }

    /** {@code ip addr} of {@code lan0}. */
    public String addresses() {
        return inside("ip", "addr", "show", "dev", "lan0");
    }

    /** Starts a JVM with {@link Agent}. */
    public LabJvm jvm(String... launcher) {
        List<String> command = new ArrayList<>(List.of(prefixed()));
        command.addAll(Arrays.asList(launcher));
        return remember(new LabJvm(command, ""));
    }

    /** Starts a JVM with {@link LinkAgent}. */
    public LabJvm linkJvm(String... launcher) {
        List<String> command = new ArrayList<>(List.of(prefixed()));
        command.addAll(Arrays.asList(launcher));
        return remember(new LabJvm(command, "", LinkAgent.class));
    }

    /** Starts a JVM with {@link GuardAgent}. */
    public LabJvm guardJvm(String... launcher) {
        List<String> command = new ArrayList<>(List.of(prefixed()));
        command.addAll(Arrays.asList(launcher));
        return remember(new LabJvm(command, "", GuardAgent.class));
    }

    /** Starts a JVM with a program that answers as {@link Agent} does. */
    public LabJvm jvmOf(Class<?> program) {
        return remember(new LabJvm(List.of(prefixed()), "", program));
    }

    /** The same with one jar missing. */
    public LabJvm jvmWithout(String jarNamePart) {
        return remember(new LabJvm(List.of(prefixed()), jarNamePart));
    }

    private LabJvm remember(LabJvm jvm) {
        jvms.add(jvm);
        return jvm;
    }

    @Override
    public void close() {
        jvms.forEach(LabJvm::close);
        holder.destroyForcibly();
    }
}
