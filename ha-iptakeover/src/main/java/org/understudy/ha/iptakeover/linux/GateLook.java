package org.understudy.ha.iptakeover.linux;

import org.understudy.ha.iptakeover.core.AddressSet;

/**
 * Looks for gates of nf_tables on a socket that is kept: to close one the kernel waits until it has freed what was removed a moment before, ten to twenty milliseconds, and
 * a start behind a stop must not.
 *
 * <p><b>Concurrency.</b> Any thread.
 */
public final class GateLook implements AutoCloseable {
    private final NetlinkSocket socket = NetlinkSocket.open(NetlinkSocket.NETFILTER);

    /**
     * Whether there may be something to {@link NftGate#clear}: a gate under another name that holds one of these addresses, and that no socket owns. One
     * question where the kernel tells of the owner and each resource has one address.
     *
     * @throws org.understudy.ha.api.PlatformException if the kernel refuses
     */
    public boolean isLeftBehind(AddressSet addresses) {
        return NftGate.isLeftBehind(socket, addresses);
    }

    @Override
    public void close() {
        socket.close();
    }
}
