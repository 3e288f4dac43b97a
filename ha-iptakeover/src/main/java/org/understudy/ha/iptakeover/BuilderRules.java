package org.understudy.ha.iptakeover;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.understudy.ha.api.ConfigurationException;
import org.understudy.ha.api.ConfigurationException.Problem;
import org.understudy.ha.iptakeover.core.ServiceMac;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** What the builders of this package ask of what they are given: once for all of them. */
final class BuilderRules {
    private static final int INTERFACE_NAME_LENGTH_MAX = 15;
    private static final String NOT_SET = "(not set)";

    private BuilderRules() {}

    /**
     * Refuses at once what was set before.
     *
     * @throws ConfigurationException if there is a value already
     */
    static void requireUnset(String key, @Nullable Object present, Object value) {
        if (present != null) {
            throw new ConfigurationException(key, value, alreadySet(present));
        }
    }

    /** Notes as a problem what was set before, and returns the new value. */
    static <T> T once(List<Problem> problems, String key, @Nullable T present, T value) {
        if (present != null) {
            problems.add(new Problem(key, String.valueOf(value), alreadySet(present)));
        }
        return value;
    }

    private static String alreadySet(Object present) {
        return "was already set to " + present + "; set it once";
    }

    static <T> T or(@Nullable T value, T otherwise) {
        return value == null ? otherwise : value;
    }

    static void requireInterfaceName(List<Problem> problems, String key, String name) {
        requireInterfaceName(problems, key, name, NOT_SET);
    }

    /**
     * @param nothing what a problem calls the empty name
     */
    static void requireInterfaceName(List<Problem> problems, String key, String name, String nothing) {
        boolean isName = !name.isEmpty()
                && name.length() <= INTERFACE_NAME_LENGTH_MAX
                && name.chars().allMatch(c -> c > ' ' && c < 127 && c != '/' && c != ':')
                && !name.equals(".")
                && !name.equals("..");
        if (!isName) {
            problems.add(new Problem(
                    key,
                    name.isEmpty() ? nothing : name,
                    "is not an interface name: write one of `ip link`, 1 to 15 characters without blank and slash"));
        }
    }

    /**
     * @param range the two in words, for example "10 ms to one hour"
     */
    static void requireBetween(
            List<Problem> problems, String key, @Nullable Duration value, Duration min, Duration max, String range) {
        if (value != null && (value.compareTo(min) < 0 || value.compareTo(max) > 0)) {
            problems.add(new Problem(key, value.toString(), "must be " + range));
        }
    }

    /** An address that one host may have; empty if the text is none. */
    static Optional<IpAddress> host(@Nullable String text) {
        return Optional.ofNullable(text)
                .flatMap(IpAddress::parse)
                .filter(address -> !address.isAny() && !address.isLoopback() && !address.isMulticast());
    }

    /** A hardware address that was given in one of two ways, or {@link MacAddress#ZERO} with a problem. */
    static MacAddress mac(List<Problem> problems, String text, String name) {
        if (text.isEmpty() == name.isBlank()) {
            problems.add(new Problem(
                    "mac",
                    text.isEmpty() ? NOT_SET : text,
                    "give either mac(\"02:…\") or macFrom(\"some name\"), the same on every node"));
            return MacAddress.ZERO;
        }
        Optional<MacAddress> mac = name.isBlank() ? ServiceMac.parse(text) : Optional.of(ServiceMac.from(name));
        String wrong = mac.map(ServiceMac::unusable)
                .orElse("is not a hardware address: write six pairs of hexadecimal digits with colons, for example"
                        + " 02:00:00:00:00:01");
        if (!wrong.isEmpty()) {
            problems.add(new Problem("mac", text, wrong));
        }
        return mac.orElse(MacAddress.ZERO);
    }
}
