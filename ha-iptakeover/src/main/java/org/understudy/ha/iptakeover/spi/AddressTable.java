package org.understudy.ha.iptakeover.spi;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.IpAddress;

/**
 * The addresses of this host, of both versions. Thread-safe; a call about one address blocks for microseconds, and for at most about two
 * seconds if the kernel is busy. A thousand addresses take some 10 ms in version 4 and some 300 ms in version 6, four thousand
 * six seconds: there the kernel looks at all addresses of the host for each.
 */
public interface AddressTable extends AutoCloseable {

    /** {@code IFA_PROTO} of every address this library adds; 213 is in the range nobody else uses. */
    int PROTO = 213;

    /** In place of seconds. */
    int FOREVER = -1;

    /**
     * One address on this host.
     *
     * @param proto who made it, {@link #PROTO} for this library, 0 unknown
     * @param tag the incarnation's tag if it is ours
     * @param isTentative duplicate address detection is not over, or has found that another host has it (RFC 4862, 5.4); IPv6 only
     * @param validSeconds how long it stands if nobody prolongs it, or {@link #FOREVER}
     */
    record Entry(
            IpAddress address,
            int prefixLength,
            int interfaceIndex,
            int proto,
            int tag,
            boolean isTentative,
            int validSeconds) {
        public boolean isOurs() {
            return proto == PROTO;
        }

        /** Whether it stands for itself alone, as every address that this library adds: /32 or /128. */
        public boolean isAlone() {
            return prefixLength == address.length();
        }
    }

    /**
     * A network whose hosts are reached over an interface without a router.
     *
     * @param address any of it
     */
    record Network(IpAddress address, int prefixLength) {
        public boolean holds(IpAddress other) {
            return address.isInNetworkOf(other, prefixLength);
        }

        /** Whether both have the same hosts. */
        public boolean isSameAs(Network other) {
            return prefixLength == other.prefixLength && holds(other.address);
        }

        @Override
        public String toString() {
            return address + "/" + prefixLength;
        }
    }

    /**
     * Adds each as /32 or /128 without a route and with preferred lifetime 0, so that it is never chosen as a source. All or none: if one is
     * refused, those that this call has added are removed again.
     * {@code ip addr add ADDRESS/32 dev IF nodad noprefixroute preferred_lft 0 valid_lft SECONDS metric TAG proto 213}.
     *
     * @param tag comes back in {@link #list()}; not 0
     * @param validSeconds after which the kernel takes it away unless it is renewed, up to half a second late; or {@link #FOREVER}
     * @throws PlatformException naming the first address that was refused, with the kernel's words: EEXIST if it stands there already, EPERM
     *     without CAP_NET_ADMIN, EACCES if IPv6 is disabled on the interface
     */
    void addAll(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds);

    /**
     * What {@link #addMissing} came to.
     *
     * @param added by it
     * @param refusal of the first that it could not add; the others were tried
     */
    record Added(List<IpAddress> added, Optional<PlatformException> refusal) {}

    /** Adds each, as {@link #addAll} does, that does not stand on the interface in any form, and passes over those that do. */
    Added addMissing(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds);

    /**
     * Lets each stand for the time given from now, only if it still stands. Every program on the host that listens for addresses
     * is told of each, so not more than once a second.
     *
     * @return those that are absent: for them nothing was changed
     * @throws PlatformException naming the first address that the kernel refused otherwise; the others were renewed
     */
    List<IpAddress> renewAll(int interfaceIndex, List<IpAddress> addresses, int tag, int validSeconds);

    /**
     * Removes each /32 or /128. {@code ip addr del ADDRESS/32 dev IF}.
     *
     * @return those that stood; the others were absent (which includes: the interface is absent)
     * @throws PlatformException naming the first that may still be there; the others were tried
     */
    List<IpAddress> removeAll(int interfaceIndex, List<IpAddress> addresses);

    /** Every address of this host. {@code ip addr show}. */
    List<Entry> list();

    /** Those on one interface of the versions that the addresses have; none if it is gone. {@code ip addr show dev IF}. */
    List<Entry> list(int interfaceIndex, Collection<IpAddress> addresses);

    /** The networks that routes of the main table place on the link of an interface. {@code ip route show dev IF}. */
    List<Network> networksRouted(int interfaceIndex);

    @Override
    void close();
}
