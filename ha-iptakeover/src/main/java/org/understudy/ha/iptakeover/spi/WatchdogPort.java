package org.understudy.ha.iptakeover.spi;

import java.util.Optional;
import org.understudy.ha.api.PlatformException;

/** A watchdog of the host, {@code Documentation/watchdog/watchdog-api.rst}. One caller at a time. */
public interface WatchdogPort {

    /** Its path, for messages. */
    String name();

    /** Nanoseconds of the boot clock. */
    long bootNanos();

    /**
     * Whether the driver never stops once it runs ({@code nowayout}); empty if the kernel does not say. Does not open the device.
     */
    Optional<Boolean> isNoWayOut();

    /**
     * Opens the device, which starts it.
     *
     * @throws PlatformException EBUSY if somebody else feeds it, ENOENT if there is none, EACCES without permission
     */
    Device open();

    /** An open, running watchdog. */
    interface Device extends AutoCloseable {

        /** What it can do: {@code WDIOC_GETSUPPORT}. */
        Support support();

        /**
         * Sets the time-out, {@code WDIOC_SETTIMEOUT}, and reads back what the device has taken, {@code WDIOC_GETTIMEOUT}.
         *
         * @return seconds
         */
        int setTimeout(int seconds);

        /** The time-out in force, in seconds: {@code WDIOC_GETTIMEOUT}. */
        int timeout();

        /** Starts the time-out anew: {@code WDIOC_KEEPALIVE}. */
        void feed();

        /** Stops the watchdog: writes {@code V}, then closes. */
        void stop();

        /** Closes without stopping: the host is reset when the time-out is over. Idempotent. */
        @Override
        void close();
    }

    /**
     * @param identity the driver's name
     * @param canSetTimeout {@code WDIOF_SETTIMEOUT}
     * @param hasMagicClose {@code WDIOF_MAGICCLOSE}: only a close after {@code V} stops it, the end of the process does not
     * @param canBeFed {@code WDIOF_KEEPALIVEPING}
     */
    record Support(String identity, boolean canSetTimeout, boolean hasMagicClose, boolean canBeFed) {}
}
