package org.understudy.ha.iptakeover.core;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.understudy.ha.iptakeover.packet.IpAddress;

/** The addresses of one resource: at least one, each once, in the order they were given. Immutable. */
public final class AddressSet {
    private static final int NAMED_MAX = 3;

    private final Set<IpAddress> inOrder;
    private final List<IpAddress> all;
    private final List<IpAddress> sorted;
    private final String name;

    /**
     * @throws IllegalArgumentException if there is none
     */
    public AddressSet(Collection<? extends IpAddress> addresses) {
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("no address");
        }
        inOrder = new LinkedHashSet<>(addresses);
        all = List.copyOf(inOrder);
        sorted = all.stream().sorted().toList();
        String least = sorted.get(0).toString().replace(':', '-');
        name = sorted.size() == 1 ? least : least + "-" + sorted.size() + "-" + AddressClaim.digest(sorted);
    }

    /** As given. */
    public List<IpAddress> all() {
        return all;
    }

    /** Ascending, version 4 first. */
    public List<IpAddress> sorted() {
        return sorted;
    }

    public int size() {
        return all.size();
    }

    public boolean contains(IpAddress address) {
        return inOrder.contains(address);
    }

    /** Those of one version, ascending. */
    public List<IpAddress> ofVersion(boolean isV6) {
        return sorted.stream().filter(address -> address.isV6() == isV6).toList();
    }

    public boolean hasV4() {
        return !sorted.get(0).isV6();
    }

    public boolean hasV6() {
        return sorted.get(sorted.size() - 1).isV6();
    }

    /**
     * Equal for equal sets whatever their order, of letters, digits, dots and dashes: {@code 192.0.2.10}, {@code 2001-db8--50}, or {@code
     * 192.0.2.10-40-9f0c1d2e3a4b5c6d} for forty of them.
     */
    public String name() {
        return name;
    }

    /** What the set leaves on a host, see {@link AddressClaim}. */
    public List<String> claims() {
        return AddressClaim.of(sorted);
    }

    /** The first, and how many more. */
    @Override
    public String toString() {
        return few(all, 1);
    }

    /** Some addresses in words, at most three of them by name. */
    public static String few(Collection<IpAddress> addresses) {
        return few(addresses, NAMED_MAX);
    }

    private static String few(Collection<IpAddress> addresses, int named) {
        String names = addresses.stream().limit(named).map(IpAddress::toString).collect(Collectors.joining(", "));
        return addresses.size() <= named ? names : names + " and " + (addresses.size() - named) + " more";
    }
}
