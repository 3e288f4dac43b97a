package org.understudy.ha.membership.jgroups;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The sockets of this process that anybody can reach: TCP in state LISTEN, and all of UDP. See proc(5), net/tcp. */
final class OwnSockets {
    private static final String LISTEN = "0A";

    private OwnSockets() {}

    static Set<String> reachable() throws IOException {
        Set<String> inodes = inodes();
        Set<String> found = new TreeSet<>();
        for (String table : new String[] {"tcp", "tcp6", "udp", "udp6"}) {
            for (String line : Files.readAllLines(Path.of("/proc/self/net", table))) {
                String[] field = line.strip().split("\\s+");
                boolean isReachable = table.startsWith("udp") || field[3].equals(LISTEN);
                if (isReachable && inodes.contains(field[9])) {
                    int port = Integer.parseInt(field[1].substring(field[1].indexOf(':') + 1), 16);
                    found.add(table.substring(0, 3) + ':' + port);
                }
            }
        }
        return found;
    }

    /** All of them, also those that somebody is connected to. */
    static Set<String> inodes() throws IOException {
        Set<String> inodes = new TreeSet<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    String target = Files.readSymbolicLink(descriptor).toString();
                    if (target.startsWith("socket:[")) {
                        inodes.add(target.substring(8, target.length() - 1));
                    }
                } catch (NoSuchFileException e) {
                    continue; // closed between listing and reading
                }
            }
        }
        return inodes;
    }
}
