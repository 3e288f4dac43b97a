package org.understudy.ha.iptakeover.lab;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.HaException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.Connections;
import org.understudy.ha.iptakeover.linux.LinuxLinkTable;
import org.understudy.ha.iptakeover.linux.LinuxTcpSessions;
import org.understudy.ha.iptakeover.linux.NftGate;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;

/**
 * A server on a host, and the TCP sessions of its addresses; driven by lines on standard input, one answer line each. It greets whoever
 * connects with one byte and then reads.
 */
public final class TcpPeer {
    private static final int BACKLOG = 50;

    private final LinuxTcpSessions sessions = new LinuxTcpSessions();
    /** How reading ended, in that order. */
    private final List<String> ends = new CopyOnWriteArrayList<>();

    private @Nullable NftGate gate;

    private TcpPeer() {}

    /** For {@link LabHost#jvm}, which puts it in front of a command of its own; that becomes arguments, which nobody reads. */
    public static String[] command() {
        return new String[] {
            System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            TcpPeer.class.getName()
        };
    }

    /** The same behind a launcher. */
    public static String[] command(String... launcher) {
        List<String> all = new ArrayList<>(Arrays.asList(launcher));
        all.addAll(Arrays.asList(command()));
        return all.toArray(new String[0]);
    }

    public static void main(String[] args) throws IOException {
        TcpPeer peer = new TcpPeer();
        Agent.serve(peer::answer);
    }

    private String answer(String[] words) throws IOException {
        try {
            return act(words);
        } catch (HaException e) {
            return "failed " + e.getMessage();
        }
    }

    private String act(String[] words) throws IOException {
        long start = System.nanoTime();
        switch (words[0]) {
            case "listen":
                listen(words[1], Integer.parseInt(words[2]));
                return "ok";
            case "ends":
                return ends.toString();
            case "established":
                return sessions.established(addresses(words)).toString();
            case "connections":
                return HexFormat.of()
                        .formatHex(Connections.NONE
                                .next(sessions.established(addresses(words)))
                                .encode());
            case "destroy":
                int destroyed = sessions.destroy(addresses(words), Duration.ofSeconds(10))
                        .count();
                System.out.println("destroy took " + (System.nanoTime() - start) / 1000 + " us");
                return Integer.toString(destroyed);
            case "tickle":
                Connections known = Connections.decode(HexFormat.of().parseHex(words[1]));
                int sent = sessions.tickle(known.list());
                System.out.println("tickle took " + (System.nanoTime() - start) / 1000 + " us");
                return sent + " of " + known.list().size();
            case "gate":
                LinuxLinkTable links = new LinuxLinkTable();
                gate = new NftGate(
                        new AddressSet(List.of(Ipv4Address.parse(words[1]).orElseThrow())),
                        "lan0",
                        links.byName("lan0").orElseThrow().index());
                links.close();
                gate.create(1);
                return "shut";
            case "open-gate":
                return gate != null && gate.arm(20_000) && gate.open(20_000) ? "open" : "shut";
            case "try-out":
                LinuxTcpSessions.Trial trial = LinuxTcpSessions.tryOut();
                return "destroy: " + trial.destroyProblem() + "; tickle: " + trial.tickleProblem();
            case "fds":
                return Descriptors.open().toString();
            default:
                return "unknown command " + String.join(" ", words);
        }
    }

    private static List<IpAddress> addresses(String[] words) {
        return Arrays.stream(words)
                .skip(1)
                .map(word -> IpAddress.parse(word).orElseThrow())
                .toList();
    }

    /** On {@code ::} an ordinary Java listener, which takes both versions. */
    private void listen(String address, int port) throws IOException {
        ServerSocket server = address.equals("::")
                ? new ServerSocket(port, BACKLOG)
                : new ServerSocket(port, BACKLOG, InetAddress.getByName(address));
        daemon(() -> {
            while (true) {
                Socket socket = server.accept();
                daemon(() -> serve(socket));
            }
        });
    }

    private void serve(Socket socket) {
        String peer = socket.getInetAddress().getHostAddress();
        try (socket) {
            socket.getOutputStream().write('!');
            int read = socket.getInputStream().read();
            ends.add(peer + " " + (read < 0 ? "end" : "byte"));
        } catch (IOException e) {
            ends.add(peer + " " + e.getMessage());
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void daemon(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (IOException e) {
                System.out.println("a thread ended: " + e);
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
