package org.understudy.ha.iptakeover;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.understudy.ha.iptakeover.linux.HostTrials;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;

/**
 * What this host and this process can do for addresses, and what is weaker without it. Found out by trying, once; the value does not change
 * afterwards.
 *
 * <pre>
 * System.out.println(AddressAbilities.ofThisHost());
 * </pre>
 *
 * <p>Where there is no native access (another operating system, no JNA) nothing else is tried, and {@link #toString()} is one sentence:
 * only addresses are concerned, everything else of the library works.
 *
 * <p>{@code java -cp ... org.understudy.ha.iptakeover.AddressAbilitiesCommand} prints the same from a shell.
 *
 * @since 0.1.0
 */
public final class AddressAbilities {

    /** One thing that may be there or not. */
    public enum Ability {
        /** JNA loads and may be used. */
        NATIVE_ACCESS(
                "native access", "no floating address and no kill timer; clock and process watch are those of /proc"),
        /** {@code CAP_NET_ADMIN} (capabilities(7)). */
        NET_ADMIN("CAP_NET_ADMIN", "no floating address and no gate; addresses that an authority moves work"),
        /** {@code CAP_NET_RAW} (capabilities(7)). */
        NET_RAW(
                "CAP_NET_RAW",
                "no floating address, as nobody could be told of it; a link monitor cannot ask a gateway"),
        /** The kernel keeps {@code IFA_PROTO}, lifetime and tag of an address: Linux 5.18. */
        ADDRESS_MARK("mark of addresses", "no floating address, as ours could not be told from another's"),
        /** Tables of the families netdev, ip, ip6 and arp. */
        NF_TABLES("nf_tables", NO_GATE),
        /** The egress hook of the family netdev: Linux 5.16. */
        EGRESS("nf_tables egress", NO_GATE),
        /** All of a gate together: rules, sets and time-outs. */
        GATE("address gates", NO_GATE),
        /** BPF at the hooks of a card and in rules of nf_tables, and a clock that is the kernel's: Linux 6.9, root of the host. */
        DEADLINE(
                "absolute deadline",
                "time-outs end floating addresses; after a stall of a third of the lease they are mute for a moment"),
        /** IPv6 is there and switched on. */
        IPV6("IPv6", "no IPv6 address"),
        /** {@code /dev/net/tun} can be opened and makes a device. */
        TUN("/dev/net/tun", "no address that dies with its process; other floating addresses do not need it");

        private final String label;
        private final String without;

        Ability(String label, String without) {
            this.label = label;
            this.without = without;
        }

        /** As people call it. */
        public String label() {
            return label;
        }

        /** What is weaker without it, one sentence. */
        public String without() {
            return without;
        }
    }

    /**
     * What was found.
     *
     * @param reason why it is not there, with the remedy; empty if it is
     */
    public record Finding(Ability ability, boolean isThere, String reason) {}

    private static final String NO_GATE =
            "nothing ends a floating address while its owner is paused, and its group waits for a proof of death";

    private static final Map<Ability, List<Ability>> NEEDS = Map.of(
            Ability.ADDRESS_MARK, List.of(Ability.NATIVE_ACCESS, Ability.NET_ADMIN),
            Ability.NF_TABLES, List.of(Ability.NATIVE_ACCESS, Ability.NET_ADMIN),
            Ability.EGRESS, List.of(Ability.NATIVE_ACCESS, Ability.NET_ADMIN, Ability.NF_TABLES),
            Ability.DEADLINE, List.of(Ability.NATIVE_ACCESS, Ability.NET_ADMIN, Ability.NF_TABLES, Ability.GATE),
            Ability.GATE, List.of(Ability.NATIVE_ACCESS, Ability.NET_ADMIN, Ability.NF_TABLES, Ability.EGRESS),
            Ability.TUN, List.of(Ability.NATIVE_ACCESS, Ability.NET_ADMIN));

    private final List<Finding> findings;

    private AddressAbilities(List<Finding> findings) {
        this.findings = List.copyOf(findings);
    }

    /**
     * Tries everything out: some ten milliseconds, and 50 ms more for whoever is the first to load the native part. Changes nothing that stays.
     * Never throws.
     */
    public static AddressAbilities ofThisHost() {
        List<Finding> found = new ArrayList<>();
        String unavailable = new LinuxHostPort().unavailableBecause();
        found.add(finding(Ability.NATIVE_ACCESS, unavailable.isEmpty() ? Optional.empty() : Optional.of(unavailable)));
        for (Ability ability : Ability.values()) {
            if (ability != Ability.NATIVE_ACCESS) {
                found.add(finding(ability, missing(ability, found).or(() -> problem(ability))));
            }
        }
        return new AddressAbilities(found);
    }

    /** What could not even be tried for want of something that came before. */
    private static Optional<String> missing(Ability ability, List<Finding> found) {
        return NEEDS.getOrDefault(ability, List.of(Ability.NATIVE_ACCESS)).stream()
                .filter(needed -> !found.get(needed.ordinal()).isThere())
                .findFirst()
                .map(needed -> "not tried without " + needed.label());
    }

    private static Finding finding(Ability ability, Optional<String> problem) {
        return new Finding(ability, problem.isEmpty(), problem.orElse(""));
    }

    private static Optional<String> problem(Ability ability) {
        return switch (ability) {
            case NATIVE_ACCESS -> Optional.empty();
            case NET_ADMIN -> HostTrials.netAdmin();
            case NET_RAW -> HostTrials.netRaw();
            case ADDRESS_MARK -> HostTrials.addressMark();
            case NF_TABLES -> HostTrials.tableFamilies();
            case EGRESS -> HostTrials.egress();
            case GATE -> HostTrials.gate();
            case DEADLINE -> HostTrials.deadline();
            case IPV6 -> HostTrials.ipv6();
            case TUN -> HostTrials.tun();
        };
    }

    /** Whether it is there. */
    public boolean has(Ability ability) {
        return findings.get(ability.ordinal()).isThere();
    }

    /**
     * The best that can be had here of what mutes floating addresses at the end of their lease though their owner does not run. What one of yours
     * has says {@link FloatingAddress#leaseEnd()}.
     */
    public LeaseEnd leaseEnd() {
        if (!has(Ability.GATE)) {
            return LeaseEnd.OWN_CODE;
        }
        return has(Ability.DEADLINE) ? LeaseEnd.DEADLINE : LeaseEnd.TIME_OUT;
    }

    /** Every ability, in the order of the enumeration. */
    public List<Finding> findings() {
        return findings;
    }

    /** A table, one ability a line, and what ends addresses; a single sentence where nothing could be tried. */
    @Override
    public String toString() {
        Finding access = findings.get(Ability.NATIVE_ACCESS.ordinal());
        if (!access.isThere()) {
            return "no addresses can be moved here, everything else works: " + access.reason();
        }
        StringBuilder table = new StringBuilder();
        for (Finding f : findings) {
            table.append(String.format("%-18s %s", f.ability().label(), f.isThere() ? "yes" : "no "));
            if (!f.isThere()) {
                table.append("  ").append(f.reason());
                table.append(System.lineSeparator()).append(" ".repeat(24));
                table.append("without it: ").append(f.ability().without());
            }
            table.append(System.lineSeparator());
        }
        table.append("at the end of its lease a floating address is muted by ");
        table.append(leaseEnd().words());
        return table.toString();
    }
}
