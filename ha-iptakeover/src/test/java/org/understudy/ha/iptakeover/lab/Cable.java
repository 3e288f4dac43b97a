package org.understudy.ha.iptakeover.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A cable from {@code lan0} with 192.0.2.2/24 and 2001:db8::2/64 in this process's own network namespace to {@code gw0} with 192.0.2.1/24,
 * 2001:db8::1/64 and fe80::1/64 in a router's. Must run inside {@code unshare -Urnm}.
 */
public final class Cable implements AutoCloseable {
    private final Process router;

    public Cable() {
        Segment.run("ip", "link", "set", "lo", "up");
        try {
            router = new ProcessBuilder("unshare", "-n", "sh", "-c", "echo ready; exec sleep 600").start();
            if (router.getInputStream().read() != 'r') {
                throw new AssertionError("no namespace for the router");
            }
        } catch (IOException e) {
            throw new AssertionError("no namespace for the router", e);
        }
        plugIn();
    }

    /** Makes both cards and their addresses. */
    public void plugIn() {
        Segment.run(
                "ip",
                "link",
                "add",
                "lan0",
                "type",
                "veth",
                "peer",
                "name",
                "gw0",
                "netns",
                Long.toString(router.pid()));
        Segment.run("ip", "addr", "add", "192.0.2.2/24", "dev", "lan0");
        Segment.run("ip", "addr", "add", "2001:db8::2/64", "dev", "lan0", "nodad");
        Segment.run("ip", "link", "set", "lan0", "up");
        onRouter("ip", "addr", "add", "192.0.2.1/24", "dev", "gw0");
        speak6();
        onRouter("ip", "link", "set", "gw0", "up");
    }

    /** Runs a command in the router's namespace. */
    public String onRouter(String... command) {
        List<String> all = new ArrayList<>(List.of("nsenter", "-t", Long.toString(router.pid()), "-n"));
        all.addAll(Arrays.asList(command));
        return Segment.run(all.toArray(new String[0]));
    }

    public void cut() {
        onRouter("ip", "link", "set", "gw0", "down");
    }

    public void mend() {
        onRouter("ip", "link", "set", "gw0", "up");
    }

    /** The router stays plugged in and answers nobody. */
    public void silence() {
        onRouter("ip", "link", "set", "gw0", "arp", "off");
    }

    public void speak() {
        onRouter("ip", "link", "set", "gw0", "arp", "on");
    }

    /** The same for IPv6: it loses its addresses. */
    public void silence6() {
        onRouter("ip", "addr", "del", "2001:db8::1/64", "dev", "gw0");
        onRouter("ip", "addr", "del", "fe80::1/64", "dev", "gw0");
    }

    public void speak6() {
        onRouter("ip", "addr", "add", "2001:db8::1/64", "dev", "gw0", "nodad");
        onRouter("ip", "addr", "add", "fe80::1/64", "dev", "gw0", "nodad");
    }

    @Override
    public void close() {
        router.destroyForcibly();
    }
}
