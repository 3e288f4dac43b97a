package org.understudy.ha.membership.checks.core;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Reads the gateways of the default routes out of {@code /proc/net/route} and {@code /proc/net/ipv6_route}. */
public final class DefaultRoutes {
    private static final int GATEWAY_AND_UP = 0x3;
    private static final int REJECT = 0x200;

    /**
     * A default route through a gateway.
     *
     * @param interfaceName where it goes out
     * @param gateway 4 or 16 bytes, in network order
     * @param metric lower is preferred
     */
    public record Route(String interfaceName, byte[] gateway, long metric) {}

    private DefaultRoutes() {}

    /**
     * @param text of {@code /proc/net/route}: addresses are numbers of the host's byte order (net/ipv4/fib_trie.c, {@code fib_route_seq_show})
     * @param isLittleEndian the host's byte order
     * @return in the order of the table; lines that cannot be read are left out
     */
    public static List<Route> ipv4(String text, boolean isLittleEndian) {
        List<Route> routes = new ArrayList<>();
        for (String line : text.split("\n")) {
            String[] fields = line.strip().split("\\s+");
            if (fields.length >= 8 && isHex(fields[1], 8) && isHex(fields[2], 8) && isHex(fields[7], 8)) {
                boolean isDefault = isZero(fields[1]) && isZero(fields[7]);
                if (isDefault && isUsable(fields[3]) && fields[6].matches("\\d{1,10}")) {
                    byte[] gateway = HexFormat.of().parseHex(fields[2]);
                    routes.add(new Route(
                            fields[0], isLittleEndian ? reversed(gateway) : gateway, Long.parseLong(fields[6])));
                }
            }
        }
        return routes;
    }

    /**
     * @param text of {@code /proc/net/ipv6_route} (net/ipv6/route.c, {@code ipv6_route_native_seq_show}); all numbers are hexadecimal
     */
    public static List<Route> ipv6(String text) {
        List<Route> routes = new ArrayList<>();
        for (String line : text.split("\n")) {
            String[] fields = line.strip().split("\\s+");
            if (fields.length >= 10 && isHex(fields[0], 32) && isHex(fields[4], 32) && isHex(fields[5], 8)) {
                boolean isDefault = isZero(fields[0]) && isZero(fields[1]);
                if (isDefault && isUsable(fields[8])) {
                    routes.add(new Route(fields[9], HexFormat.of().parseHex(fields[4]), Long.parseLong(fields[5], 16)));
                }
            }
        }
        return routes;
    }

    private static boolean isUsable(String flags) {
        if (!flags.matches("[0-9A-Fa-f]{1,8}")) {
            return false;
        }
        long value = Long.parseLong(flags, 16);
        return (value & GATEWAY_AND_UP) == GATEWAY_AND_UP && (value & REJECT) == 0;
    }

    private static boolean isHex(String text, int length) {
        return text.length() == length && text.matches("[0-9A-Fa-f]+");
    }

    private static boolean isZero(String hex) {
        return hex.chars().allMatch(c -> c == '0');
    }

    private static byte[] reversed(byte[] bytes) {
        byte[] other = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            other[i] = bytes[bytes.length - 1 - i];
        }
        return other;
    }
}
