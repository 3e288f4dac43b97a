package org.understudy.ha.iptakeover.core;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * How floating addresses are named in claims and remains, and which addresses such a name speaks of.
 *
 * <pre>
 * address/192.0.2.10
 * addresses/192.0.2.1-192.0.2.99,2001:db8::50/9f0c1d2e3a4b5c6d
 * </pre>
 *
 * <p>Up to {@value #NAMED_MAX} addresses are named one by one, so that two groups with a common address are found out. More than that
 * would not fit a last will, which is one datagram of 1400 bytes; they share one name: ranges that hold all of them, and a digest
 * that tells two sets with equal ranges apart. <b>Ranges may hold more than the set, never less.</b> Whoever finds nothing standing
 * within them knows that nothing of the set stands; whoever finds a stranger there must say "not gone", which costs a lease
 * and not an owner.
 */
public final class AddressClaim {
    /** In front of one address. */
    public static final String ONE_PREFIX = "address/";
    /** In front of ranges. */
    public static final String MANY_PREFIX = "addresses/";
    /** So many addresses at most have a name each. */
    public static final int NAMED_MAX = 16;

    /** Room for some ten ranges of version 4, or three of version 6; two ranges, one of each, need 111 at most. */
    static final int RANGES_LENGTH_MAX = 200;

    /** Of {@link #digest}. */
    public static final int DIGEST_DIGITS = 16;

    /** The shortest range that ends a gap, with its comma. */
    private static final int RANGE_LENGTH_MIN = 8;
    /** Wider than any gap within one version. */
    private static final BigInteger FARTHEST = BigInteger.ONE.shiftLeft(Byte.SIZE * 16);

    /** From the first to the last, both of one version. */
    private record Range(IpAddress first, IpAddress last) {
        boolean holds(IpAddress address) {
            return address.isV6() == first.isV6() && address.compareTo(first) >= 0 && address.compareTo(last) <= 0;
        }

        @Override
        public String toString() {
            return first.equals(last) ? first.toString() : first + "-" + last;
        }
    }

    private final List<Range> ranges;

    private AddressClaim(List<Range> ranges) {
        this.ranges = ranges;
    }

    /**
     * @param sorted distinct, ascending, not empty
     */
    public static List<String> of(List<IpAddress> sorted) {
        return sorted.size() <= NAMED_MAX
                ? sorted.stream().map(AddressClaim::of).toList()
                : List.of(MANY_PREFIX + text(ranges(sorted)) + "/" + digest(sorted));
    }

    /** The name of one address. */
    public static String of(IpAddress address) {
        return ONE_PREFIX + address;
    }

    /**
     * Sixteen hexadecimal digits, equal for equal sets: FNV-1a of 64 bits.
     *
     * @param sorted distinct, ascending
     */
    public static String digest(List<IpAddress> sorted) {
        long hash = 0xcbf29ce484222325L;
        for (IpAddress address : sorted) {
            for (byte b : address.toBytes()) {
                hash = (hash ^ b & 0xff) * 0x100000001b3L;
            }
        }
        String digits = Long.toHexString(hash);
        return "0".repeat(DIGEST_DIGITS - digits.length()) + digits;
    }

    /**
     * @return empty if it is not a name that {@link #of} gives
     */
    public static Optional<AddressClaim> parse(String claim) {
        if (claim.startsWith(ONE_PREFIX)) {
            return IpAddress.parse(claim.substring(ONE_PREFIX.length()))
                    .filter(address -> of(address).equals(claim))
                    .map(address -> new AddressClaim(List.of(new Range(address, address))));
        }
        int slash = claim.length() - DIGEST_DIGITS - 1;
        boolean isMany =
                claim.startsWith(MANY_PREFIX) && slash > MANY_PREFIX.length() && isDigest(claim.substring(slash));
        if (!isMany) {
            return Optional.empty();
        }
        String text = claim.substring(MANY_PREFIX.length(), slash);
        List<Range> ranges = new ArrayList<>();
        for (String word : text.split(",", -1)) {
            int dash = word.indexOf('-');
            Optional<IpAddress> first = IpAddress.parse(dash < 0 ? word : word.substring(0, dash));
            Optional<IpAddress> last = IpAddress.parse(word.substring(dash + 1));
            if (first.isEmpty()
                    || last.isEmpty()
                    || first.get().isV6() != last.get().isV6()
                    || first.get().compareTo(last.get()) > 0) {
                return Optional.empty();
            }
            ranges.add(new Range(first.get(), last.get()));
        }
        return text(ranges).equals(text) ? Optional.of(new AddressClaim(List.copyOf(ranges))) : Optional.empty();
    }

    private static boolean isDigest(String end) {
        return end.charAt(0) == '/' && end.chars().skip(1).allMatch(c -> c >= '0' && c <= '9' || c >= 'a' && c <= 'f');
    }

    /** The address, if it speaks of one alone. */
    public Optional<IpAddress> only() {
        Range first = ranges.get(0);
        return ranges.size() == 1 && first.first().equals(first.last()) ? Optional.of(first.first()) : Optional.empty();
    }

    /** Whether this name speaks of the address. */
    public boolean covers(IpAddress address) {
        for (Range range : ranges) {
            if (range.holds(address)) {
                return true;
            }
        }
        return false;
    }

    /** Exact if there is room; else the narrowest gaps between them are closed. */
    private static List<Range> ranges(List<IpAddress> sorted) {
        List<BigInteger> gaps = new ArrayList<>();
        for (int i = 1; i < sorted.size(); i++) {
            gaps.add(gap(sorted.get(i - 1), sorted.get(i)));
        }
        List<BigInteger> narrowestFirst =
                gaps.stream().filter(g -> g.signum() > 0).sorted().toList();
        int splits = Math.min(narrowestFirst.size(), RANGES_LENGTH_MAX / RANGE_LENGTH_MIN);
        while (true) {
            BigInteger least = splits == 0 ? FARTHEST : narrowestFirst.get(narrowestFirst.size() - splits);
            List<Range> ranges = split(sorted, gaps, least);
            if (splits == 0 || text(ranges).length() <= RANGES_LENGTH_MAX) {
                return ranges;
            }
            splits--;
        }
    }

    private static List<Range> split(List<IpAddress> sorted, List<BigInteger> gaps, BigInteger least) {
        List<Range> ranges = new ArrayList<>();
        IpAddress first = sorted.get(0);
        for (int i = 1; i < sorted.size(); i++) {
            if (gaps.get(i - 1).compareTo(least) >= 0) {
                ranges.add(new Range(first, sorted.get(i - 1)));
                first = sorted.get(i);
            }
        }
        ranges.add(new Range(first, sorted.get(sorted.size() - 1)));
        return ranges;
    }

    /** How many addresses are between the two. */
    private static BigInteger gap(IpAddress a, IpAddress b) {
        return a.isV6() != b.isV6()
                ? FARTHEST
                : new BigInteger(1, b.toBytes())
                        .subtract(new BigInteger(1, a.toBytes()))
                        .subtract(BigInteger.ONE);
    }

    private static String text(List<Range> ranges) {
        StringBuilder text = new StringBuilder();
        for (Range range : ranges) {
            text.append(text.isEmpty() ? "" : ",").append(range);
        }
        return text.toString();
    }
}
