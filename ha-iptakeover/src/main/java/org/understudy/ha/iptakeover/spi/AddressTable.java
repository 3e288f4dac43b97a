package org.understudy.ha.iptakeover.spi;

import java.util.List;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.Ipv4Address;

/** The addresses of this host. Thread-safe; calls block for microseconds, and for at most about two seconds if the kernel is busy. */
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
     */
    record Entry(Ipv4Address address, int prefixLength, int interfaceIndex, int proto, int tag) {
        public boolean isOurs() {
            return proto == PROTO;
        }
    }

    /**
     * Adds a /32 without a route and with preferred lifetime 0, so that it is never chosen as a source.
     * {@code ip addr add ADDRESS/32 dev IF noprefixroute preferred_lft 0 valid_lft SECONDS metric TAG proto 213}.
     *
     * @param tag comes back in {@link #list()}; not 0
     * @param validSeconds after which the kernel takes it away unless it is renewed, up to half a second late; or {@link #FOREVER}
     * @throws PlatformException EEXIST if this very address stands there already, EPERM without CAP_NET_ADMIN; also if the kernel
     *     did not keep proto and tag (before Linux 5.18), and then the address is removed again
     */
    void add(int interfaceIndex, Ipv4Address address, int tag, int validSeconds);

    /**
     * Lets the /32 stand for the time given from now, only if it still stands. Every program on the host that listens for addresses
     * is told, so not more than once a second.
     *
     * @return false if it is absent: nothing was changed
     * @throws PlatformException if the kernel refuses otherwise
     */
    boolean renew(int interfaceIndex, Ipv4Address address, int tag, int validSeconds);

    /**
     * Removes the /32. {@code ip addr del ADDRESS/32 dev IF}.
     *
     * @return false if it was absent (which includes: the interface is absent)
     * @throws PlatformException if it may still be there
     */
    boolean remove(int interfaceIndex, Ipv4Address address);

    /** Every IPv4 address of this host. {@code ip -4 addr show}. */
    List<Entry> list();

    @Override
    void close();
}
