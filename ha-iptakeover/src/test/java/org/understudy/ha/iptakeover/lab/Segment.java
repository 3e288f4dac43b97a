package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A LAN: the bridge {@code br0} with 192.0.2.1/24 and 2001:db8::1/64 in this process's own network namespace and one namespace per host behind it.
 * Must run inside {@code unshare -Urnm}.
 */
public final class Segment implements AutoCloseable {
    private final List<LabHost> hosts = new ArrayList<>();

    public Segment() {
        run("ip", "link", "set", "lo", "up");
        // A bridge without an address of its own takes that of its lowest port, which changes as hosts come.
        run("ip", "link", "add", "br0", "address", "02:00:00:00:00:01", "type", "bridge", "forward_delay", "0");
        run("ip", "addr", "add", "192.0.2.1/24", "dev", "br0");
        run("ip", "addr", "add", "2001:db8::1/64", "dev", "br0", "nodad");
        run("ip", "link", "set", "br0", "up");
    }

    /** Adds a host with the interface {@code lan0} and the addresses 192.0.2.N and 2001:db8::N. */
    public LabHost host(int n) {
        LabHost host = new LabHost(n);
        hosts.add(host);
        return host;
    }

    /** Runs a command and returns what it printed; a failure is an error. */
    public static String run(String... command) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(String.join(" ", command) + " hangs");
            }
            if (process.exitValue() != 0) {
                throw new AssertionError(String.join(" ", command) + " ended with " + process.exitValue() + ": " + out);
            }
            return out;
        } catch (IOException e) {
            throw new AssertionError(String.join(" ", command) + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        hosts.forEach(LabHost::close);
    }
}
