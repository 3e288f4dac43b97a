package org.understudy.ha.iptakeover.spi;

import java.util.List;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.packet.MacAddress;

/** Asks the hosts of one segment for the hardware address of one of them. Bound to one interface. One caller at a time. */
public interface GatewayPort extends AutoCloseable {

    /**
     * Who was heard since the last look.
     *
     * @param gateways who answered this host for the gateway, in the order they were heard
     * @param rivals those that somebody else claimed for this host's own address
     */
    record Heard(List<MacAddress> gateways, List<MacAddress> rivals) {}

    /**
     * Sends one question.
     *
     * @return false if the host itself dropped it: the interface is down or gone
     * @throws PlatformException for any other failure
     */
    boolean ask();

    /**
     * Takes what has been heard.
     *
     * @param waitMillis how long to wait if the gateway has not been heard; 0 only takes what is there
     * @throws PlatformException if the interface is gone
     */
    Heard hear(int waitMillis);

    @Override
    void close();
}
