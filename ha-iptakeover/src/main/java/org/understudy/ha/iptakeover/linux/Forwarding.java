package org.understudy.ha.iptakeover.linux;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Whether this host passes on what others send (Documentation/networking/ip-sysctl.rst): then somebody else's address may be reached through it. The
 * kernel asks the card that a packet came in by, so one of them is enough, whatever the switch of the whole host says.
 */
public final class Forwarding {
    private static final Path ROOT = Path.of("/proc/sys/net");

    private Forwarding() {}

    /** Of either version, on any card; true also if the kernel does not tell. */
    public static boolean isOn() {
        return isOn(ROOT);
    }

    /** @param root of the switches */
    static boolean isOn(Path root) {
        return isOnSomeCard(root.resolve("ipv4/conf"), "forwarding")
                || isOnSomeCard(root.resolve("ipv6/conf"), "forwarding")
                || isOnSomeCard(root.resolve("ipv6/conf"), "force_forwarding")
                || isSet(root.resolve("ipv4/ip_forward"));
    }

    private static boolean isOnSomeCard(Path conf, String which) {
        try (DirectoryStream<Path> cards = Files.newDirectoryStream(conf)) {
            for (Path card : cards) {
                // What a card that comes will have is no card's.
                if (!card.endsWith("default") && isSet(card.resolve(which))) {
                    return true;
                }
            }
            return false;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException | DirectoryIteratorException e) {
            return true;
        }
    }

    private static boolean isSet(Path which) {
        try {
            return !Files.readString(which).strip().equals("0");
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }
}
