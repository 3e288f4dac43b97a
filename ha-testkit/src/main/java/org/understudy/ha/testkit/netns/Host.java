package org.understudy.ha.testkit.netns;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.understudy.ha.api.PlatformException;

/** One host of a {@link Lab}: a network namespace with the cards {@code lan0} and, unless it is a client, {@code ha0}. */
public final class Host {
    private final Plan plan;
    /** Whether the private network is a {@link Forwarder} and not a bridge. */
    private final boolean isForwarded;

    private final List<Ear> ears = new ArrayList<>();
    private boolean isOn;

    /** What was declared. */
    record Plan(String name, Side side, int number, boolean isOnPrivateNetwork) {}

    /** A card through which exactly one other host is asked; see {@link #listenTo}. */
    record Ear(Host target, int index) {}

    Host(Plan plan, boolean isForwarded) {
        this.plan = plan;
        this.isForwarded = isForwarded;
    }

    public String name() {
        return plan.name();
    }

    public Side side() {
        return plan.side();
    }

    /** The place in order of declaration, from 1. */
    public int number() {
        return plan.number();
    }

    /** The host's own address on the LAN. */
    public String lanAddress() {
        return "10.77.0." + plan.number();
    }

    /** The host's own IPv6 address on the LAN: {@link #sixOf} of the other. */
    public String lanAddress6() {
        return sixOf(lanAddress());
    }

    /** The IPv6 address that stands beside an IPv4 address of the LAN: {@code fd77::50} beside {@code 10.77.0.50}. */
    public static String sixOf(String lanAddress) {
        return Lab.LAN6 + lanAddress.substring(lanAddress.lastIndexOf('.') + 1);
    }

    /** The host's address on the private network; clients have none. */
    public String privateAddress() {
        return "10.88.0." + plan.number();
    }

    /** The hardware address of {@code lan0}; the same after a power cycle. */
    public String lanMac() {
        return String.format("02:77:00:00:00:%02x", plan.number());
    }

    /**
     * Starts a program in this host. The process of the returned handle <em>is</em> the program, not a wrapper: {@code ip netns
     * exec} replaces itself. Shell twin: {@code ip netns exec NAME program}.
     *
     * @param builder with the program, its redirections and environment; its command is changed
     * @throws PlatformException if it cannot be started
     */
    public HostProcess start(ProcessBuilder builder) {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", name()));
        command.addAll(builder.command());
        builder.command(command);
        builder.environment().merge("PATH", Shell.PATH_EXTENSION.substring(1), (own, more) -> own + ":" + more);
        return new HostProcess(Shell.start(builder));
    }

    /** Runs a short command to its end and returns what it printed. */
    public String run(String... command) {
        List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name()));
        all.addAll(List.of(command));
        Shell.Outcome outcome = Shell.attempt(all);
        if (outcome.status() != 0) {
            throw new PlatformException("exec", 0, String.join(" ", all) + " failed: " + outcome.output());
        }
        return outcome.output();
    }

    /** Pulls the LAN cable: the port of the switch goes down and {@code lan0} loses its carrier. */
    public void unplugLan() {
        Shell.script("ip -n " + Lab.SWITCH + " link set l" + plan.number() + " down");
    }

    /** Plugs the LAN cable in again. */
    public void plugLan() {
        Shell.script("ip -n " + Lab.SWITCH + " link set l" + plan.number() + " up");
    }

    /** Whether {@code lan0} has a carrier. */
    public boolean hasLanCarrier() {
        return run("cat", "/sys/class/net/lan0/carrier").equals("1");
    }

    /**
     * Cuts the power: both cards go dark, then every process of this host is ended at once with SIGKILL, guardians included.
     * The cards come first so that nobody inside can still say a word.
     */
    public void powerOff() {
        List<Long> victims = processes();
        Shell.script("ip -n " + Lab.SWITCH + " -batch - <<'END'\nlink set l" + plan.number() + " down\n"
                + (plan.isOnPrivateNetwork() ? "link set h" + plan.number() + " down\n" : "") + "END");
        victims.forEach(Host::kill);
        endProcesses();
        isOn = false;
    }

    /** Switches the power on again: the same cards with the same hardware addresses, and a kernel that remembers nothing. */
    public void powerOn() {
        if (isOn) {
            return;
        }
        // The kernel tears a namespace down later on its own; deleting the ports takes the cards away now.
        Shell.script("ip -n " + Lab.SWITCH + " link del l" + plan.number() + "\n"
                + (plan.isOnPrivateNetwork() ? "ip -n " + Lab.SWITCH + " link del h" + plan.number() + "\n" : "")
                + "ip netns del " + name());
        create();
    }

    /** Whether the power is on. */
    public boolean isOn() {
        return isOn;
    }

    /** The processes that live in this host now. */
    public List<Long> processes() {
        List<Long> found = new ArrayList<>();
        Path namespace = Path.of("/run/netns", name());
        try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            String wanted = "net:[" + Files.getAttribute(namespace, "unix:ino") + "]";
            for (Path process : all) {
                if (wanted.equals(namespaceOf(process))) {
                    found.add(Long.parseLong(process.getFileName().toString()));
                }
            }
        } catch (IOException e) {
            throw new PlatformException(
                    "readdir", 0, "cannot list the processes of host " + name() + ": " + e.getMessage(), e);
        }
        return found;
    }

    /**
     * Adds a card for asking one other host directly, whatever this host's own ARP cache says: what leaves from the returned
     * source address goes to the other host's hardware address. So a client can ask every host whether it answers for an
     * address.
     *
     * @param target the host to ask
     * @param floating the addresses to ask for, of either version
     * @return the source address to bind to; for IPv6 its {@linkplain #sixOf twin}
     */
    public String listenTo(Host target, List<String> floating) {
        int index = ears.size() + 1;
        ears.add(new Ear(target, index));
        String card = "ear" + index;
        String port = "e" + plan.number() + "-" + index;
        String source = "10.77.0." + (100 + (plan.number() - 1) % 10 * 10 + index);
        StringBuilder script = new StringBuilder();
        script.append("ip link add ").append(card).append(" netns ").append(name());
        script.append(" type veth peer name ")
                .append(port)
                .append(" netns ")
                .append(Lab.SWITCH)
                .append('\n');
        script.append("ip -n ").append(Lab.SWITCH).append(" link set ").append(port);
        script.append(" master lan").append(side()).append(" up\n");
        script.append("ip -n ").append(name()).append(" -batch - <<'END'\n");
        script.append("addr add ")
                .append(source)
                .append("/32 dev ")
                .append(card)
                .append('\n');
        script.append("addr add ").append(sixOf(source)).append("/128 dev ").append(card);
        script.append(" nodad\n");
        script.append("link set ").append(card).append(" up\n");
        script.append("route add 10.77.0.0/24 dev ")
                .append(card)
                .append(" table ")
                .append(100 + index)
                .append('\n');
        // Without its card a question must not leave by another one, where anybody may answer it.
        script.append("route add unreachable default metric 9999 table ")
                .append(100 + index)
                .append('\n');
        script.append("rule add from ")
                .append(source)
                .append(" lookup ")
                .append(100 + index)
                .append('\n');
        for (String address : floating) {
            script.append("neigh add ").append(address).append(" lladdr ").append(target.lanMac());
            script.append(" dev ").append(card).append(" nud permanent\n");
        }
        script.append("END\n");
        script.append("ip -n ").append(name()).append(" -6 -batch - <<'END'\n");
        script.append("route add ").append(Lab.LAN6).append("/64 dev ").append(card);
        script.append(" table ").append(100 + index).append('\n');
        script.append("route add unreachable default metric 9999 table ")
                .append(100 + index)
                .append('\n');
        script.append("rule add from ").append(sixOf(source)).append(" lookup ");
        script.append(100 + index).append("\nEND\n");
        // Answers come in on this card although the main table points at lan0, and only this card may answer for its
        // address.
        script.append("ip netns exec ").append(name()).append(" sh -e -c 'cd /proc/sys/net/ipv4/conf");
        script.append("; for c in all lan0 ")
                .append(card)
                .append("; do echo 0 >$c/rp_filter; done; echo 1 >all/arp_ignore'");
        Shell.script(script.toString());
        return source;
    }

    void create() {
        StringBuilder script = new StringBuilder("ip netns add " + name() + "\nip -n " + name() + " link set lo up\n");
        card(script, "lan0", "lan", "l", lanAddress(), lanMac());
        if (plan.isOnPrivateNetwork()) {
            card(script, "ha0", "ha", "h", privateAddress(), String.format("02:88:00:00:00:%02x", plan.number()));
            if (isForwarded) {
                script.append("ip -n ").append(Lab.SWITCH).append(" link set h").append(plan.number());
                script.append(" nomaster\n");
            }
        }
        Shell.script(script.toString());
        isOn = true;
    }

    void endProcesses() {
        // A process may be starting another one just now, so look again until none is left.
        for (int round = 0; round < 500; round++) {
            List<Long> left = processes();
            if (left.isEmpty()) {
                return;
            }
            left.forEach(Host::kill);
            Thread.onSpinWait();
        }
    }

    private void card(StringBuilder script, String card, String net, String prefix, String address, String mac) {
        String port = prefix + plan.number();
        script.append("ip link add ")
                .append(card)
                .append(" address ")
                .append(mac)
                .append(" netns ")
                .append(name());
        script.append(" type veth peer name ")
                .append(port)
                .append(" netns ")
                .append(Lab.SWITCH)
                .append('\n');
        script.append("ip -n ").append(Lab.SWITCH).append(" link set ").append(port);
        script.append(" master ").append(net).append(side()).append(" up\n");
        script.append("ip -n ")
                .append(name())
                .append(" addr add ")
                .append(address)
                .append("/24 brd + dev ");
        script.append(card).append('\n');
        if (net.equals("lan")) {
            script.append("ip -n ").append(name()).append(" addr add ").append(lanAddress6());
            script.append("/64 dev ").append(card).append(" nodad\n");
        }
        script.append("ip -n ").append(name()).append(" link set ").append(card).append(" up\n");
    }

    private static String namespaceOf(Path process) {
        try {
            return Files.readSymbolicLink(process.resolve("ns/net")).toString();
        } catch (IOException e) {
            // It ended between the listing and the look: then it is in no namespace.
            return "";
        }
    }

    private static void kill(long pid) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
}
