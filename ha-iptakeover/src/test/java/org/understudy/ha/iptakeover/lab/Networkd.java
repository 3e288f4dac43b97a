package org.understudy.ha.iptakeover.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** systemd-networkd for {@code lan0} of one host, with a message bus to command it by, and a {@code /run} of their own. They end with this. */
public final class Networkd implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/lib/systemd/systemd-networkd");
    private static final List<Path> OTHERS = List.of(Path.of("/usr/bin/networkctl"), Path.of("/usr/bin/dbus-daemon"));

    /** Where {@code /sys} can be written it waits for udev to know the card; here there is no udev. */
    private static final String SCRIPT = """
            mount -t sysfs -o ro sysfs /sys
            mount -t tmpfs tmpfs /run
            mkdir -p /run/dbus /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
            chown -R systemd-network /run/systemd/netif
            manage() {
              printf '[Match]\\nName=lan0\\n[Network]\\nAddress=192.0.2.2/24\\nAddress=2001:db8::2/64\\nIPv6AcceptRA=no\\n' \\
                > /run/systemd/network/10-lan0.network
              printf '%s\\n' "$@" >> /run/systemd/network/10-lan0.network
            }
            manage
            dbus-daemon --system --nofork --nopidfile &
            bus=$!
            /lib/systemd/systemd-networkd &
            networkd=$!
            trap 'kill $networkd $bus' EXIT
            while read -r command; do
              case $command in
                manage\\ *) manage ${command#manage }; networkctl reload;;
                *) networkctl $command;;
              esac
              echo 'done'
            done
            """;

    private final Process process;
    private final Writer in;
    private final BufferedReader out;

    public Networkd(LabHost host) {
        // It gives the card its addresses itself, and cannot change those that it finds.
        host.inside("ip", "addr", "flush", "dev", "lan0", "scope", "global");
        try {
            process = new ProcessBuilder("nsenter", "-t", host.holder(), "-n", "unshare", "-m", "sh", "-c", SCRIPT)
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            throw new AssertionError("no systemd-networkd", e);
        }
        in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
        out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** Whether this host has all that it needs. */
    public static boolean isThere() {
        return System.getProperty("user.name").equals("root")
                && Files.isExecutable(PROGRAM)
                && OTHERS.stream().allMatch(Files::isExecutable);
    }

    /** {@code networkctl COMMAND}; returns what was printed since the last one. */
    public String ask(String command) {
        StringBuilder said = new StringBuilder();
        try {
            in.write(command + "\n");
            in.flush();
            String line = out.readLine();
            while (line != null && !line.equals("done")) {
                said.append(line).append('\n');
                line = out.readLine();
            }
            if (line == null) {
                throw new AssertionError("systemd-networkd ended: " + said);
            }
        } catch (IOException e) {
            throw new AssertionError(command + ": " + said, e);
        }
        return said.toString();
    }

    /** Lets it read its file anew, which has these lines more. */
    public void manage(String... lines) {
        ask("manage " + String.join(" ", lines));
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            process.destroy();
        }
    }
}
