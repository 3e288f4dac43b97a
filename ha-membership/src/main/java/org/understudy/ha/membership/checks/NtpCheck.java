package org.understudy.ha.membership.checks;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import org.apache.commons.net.ntp.NTPUDPClient;
import org.apache.commons.net.ntp.NtpV3Packet;
import org.apache.commons.net.ntp.TimeInfo;
import org.jspecify.annotations.Nullable;

/**
 * Whether a time server (NTP, RFC 5905) is synchronised, and, if asked to, agrees with this host's clock.
 *
 * <pre>
 * NtpCheck.to("192.0.2.1", 123).offsetMax(Duration.ofMillis(500)).build()
 * </pre>
 *
 * <p>With {@link Builder#offsetMax} it is a guard against clocks that went astray. The library itself never decides by such a clock.
 *
 * @since 0.1.0
 */
public final class NtpCheck implements HealthCheck {
    private static final int NOT_SYNCHRONISED = 3;
    private static final int STRATUM_MAX = 15;

    private final String name;
    private final InetAddress address;
    private final int port;
    private final @Nullable Duration offsetMax;

    private NtpCheck(String name, InetAddress address, int port, @Nullable Duration offsetMax) {
        this.name = name;
        this.address = address;
        this.port = port;
        this.offsetMax = offsetMax;
    }

    /**
     * @throws org.understudy.ha.api.ConfigurationException if the host is not known, or the port is none
     */
    public static Builder to(String host, int port) {
        return new Builder(host, port);
    }

    /** Builds an {@link NtpCheck}. Not thread-safe. */
    public static final class Builder {
        private final String host;
        private final InetAddress address;
        private final int port;
        private @Nullable Duration offsetMax;

        private Builder(String host, int port) {
            this.host = host;
            this.address = Given.host("host", host);
            this.port = Given.port("port", port);
        }

        /** How far the two clocks may be apart; 1 ms or more. Default: that is not looked at; once. */
        public Builder offsetMax(Duration value) {
            Given.once("offsetMax", offsetMax, value);
            offsetMax = Given.time("offsetMax", value, Duration.ofMillis(1), Duration.ofDays(365));
            return this;
        }

        public NtpCheck build() {
            return new NtpCheck("ntp " + host + ":" + port, address, port, offsetMax);
        }
    }

    @Override
    public CheckResult check(Duration timeout) throws InterruptedException {
        return Talk.hold(name, timeout, 1, this::talk);
    }

    private CheckResult talk(Talk talk) throws IOException {
        TimeInfo info;
        try (NTPUDPClient client = new NTPUDPClient()) {
            client.setDatagramSocketFactory(talk.datagramSockets(address, port));
            client.setDefaultTimeout(talk.left());
            client.open();
            info = client.getTime(address, port);
        }
        NtpV3Packet answer = info.getMessage();
        // That it answers this request was looked at by the client.
        if (answer.getMode() != NtpV3Packet.MODE_SERVER) {
            return CheckResult.no("said something that is no answer of a time server");
        }
        if (answer.getStratum() == 0) {
            return CheckResult.no("refuses" + Expected.quoted(answer.getReferenceIdString()));
        }
        if (answer.getLeapIndicator() == NOT_SYNCHRONISED || answer.getStratum() > STRATUM_MAX) {
            return CheckResult.no("is not synchronised");
        }
        info.computeDetails();
        Long offset = info.getOffset();
        if (offset == null) {
            return CheckResult.no("said something that is no answer of a time server");
        }
        if (offsetMax != null && Math.abs(offset) > offsetMax.toMillis()) {
            return CheckResult.no("and this host's clock are " + Math.abs(offset) + " ms apart, more than "
                    + offsetMax.toMillis() + " ms");
        }
        return CheckResult.yes("is synchronised, stratum " + answer.getStratum() + ", offset " + offset + " ms");
    }

    @Override
    public String toString() {
        return name;
    }
}
