package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** Whether this host passes on what others send (Documentation/networking/ip-sysctl.rst): then somebody else's address may be reached through it. */
public final class Forwarding {
    private static final List<Path> SWITCHES =
            List.of(Path.of("/proc/sys/net/ipv4/ip_forward"), Path.of("/proc/sys/net/ipv6/conf/all/forwarding"));

    private Forwarding() {}

    /** Of either version; true also if the kernel does not tell. */
    public static boolean isOn() {
        return SWITCHES.stream().anyMatch(Forwarding::isOn);
    }

    private static boolean isOn(Path which) {
        try {
            return !Files.readString(which).strip().equals("0");
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
