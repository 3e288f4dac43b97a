package org.understudy.ha.testkit.netns;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.Ipv6Address;
import org.understudy.ha.iptakeover.packet.MacAddress;

/**
 * The program a {@link Bystander} runs inside a client's host. Arguments: {@code own=IPV4,IPV6}, {@code target=NAME,IP,PORT} and {@code
 * host=NAME,MAC}. Says {@code ready}. Commands on its input, one a line: {@code begin}, {@code end}, {@code connect COUNT}, {@code idle};
 * each is answered with lines that end in a line with a dot. The end of the input ends the program.
 */
public final class BystanderMain {
    private BystanderMain() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, IpAddress> addresses = new LinkedHashMap<>();
        Map<String, InetSocketAddress> services = new LinkedHashMap<>();
        Map<MacAddress, String> hosts = new LinkedHashMap<>();
        Ipv4Address own = Ipv4Address.ANY;
        Ipv6Address own6 = Ipv6Address.ANY;
        for (String argument : arguments) {
            String[] parts = argument.substring(argument.indexOf('=') + 1).split(",");
            if (argument.startsWith("own=") && parts.length == 2) {
                own = Ipv4Address.parse(parts[0]).orElseThrow();
                own6 = Ipv6Address.parse(parts[1]).orElseThrow();
            } else if (argument.startsWith("target=") && parts.length == 3) {
                addresses.put(parts[0], IpAddress.parse(parts[1]).orElseThrow());
                services.put(parts[0], new InetSocketAddress(parts[1], Integer.parseInt(parts[2])));
            } else if (argument.startsWith("host=") && parts.length == 2) {
                hosts.put(MacAddress.of(HexFormat.ofDelimiter(":").parseHex(parts[1])), parts[0]);
            } else {
                throw new ConfigurationException(
                        "argument", argument, "use own=IPV4,IPV6, target=NAME,IP,PORT or host=NAME,MAC");
            }
        }
        try (Solicitor solicitor = new Solicitor("lan0", own, own6, addresses, hosts);
                IdleClients clients = new IdleClients(services)) {
            solicitor.start();
            clients.start();
            obey(solicitor, clients);
        }
    }

    private static void obey(Solicitor solicitor, IdleClients clients) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintWriter out = new PrintWriter(
                new BufferedWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), 1 << 16));
        out.println("ready");
        out.flush();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "begin" -> out.println("T " + solicitor.begin());
                case "end" -> {
                    Bystander.Record record = solicitor.end();
                    out.println("T " + record.endNanos());
                    record.sightings()
                            .forEach(s -> out.println("S " + s.askedNanos() + " " + s.answeredNanos() + " "
                                    + s.address() + " " + s.host()));
                    record.announcements()
                            .forEach(a -> out.println("A " + a.nanos() + " " + a.address() + " " + a.host()));
                }
                case "connect" -> out.println(clients.connect(Integer.parseInt(words[1])));
                case "idle" ->
                    clients.all()
                            .forEach(i -> out.println(
                                    "I " + i.address() + " " + i.endedNanos() + " " + (i.isReset() ? "RESET" : "END")));
                default -> out.println("? unknown command " + line);
            }
            out.println(".");
            out.flush();
        }
    }
}
