package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.GateTiming;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressGate;

class TimeoutGateKeeperTest {
    private static final long LENGTH = 960_000_000;

    private final GateTiming timing = GateTiming.forLease(LENGTH);
    private final Lease lease = new Lease();
    private final TimeoutGateKeeper keeper = new TimeoutGateKeeper(
            new AddressSet(List.of(IpAddress.parse("192.0.2.50").orElseThrow())), gate(), lease, timing);

    /** As after a turn that hung, or a process that was stopped: nobody asked for more, so the kernel has shut it. */
    @Test
    void it_is_open_no_longer_than_was_last_asked_for() throws Exception {
        keeper.open(new CountDownLatch(1));
        assertThat(keeper.isOpen()).isTrue();
        lease.now += timing.timeoutMillis() * 1_000_000 - 1;
        assertThat(keeper.isOpen()).isTrue();
        lease.now++;
        assertThat(keeper.isOpen()).isFalse();
    }

    @Test
    void a_turn_that_prolongs_it_counts_from_when_that_was_asked_for() throws Exception {
        keeper.open(new CountDownLatch(1));
        lease.now += timing.refreshNanos();
        lease.confirmed = lease.now;
        assertThat(keeper.turn().isKept()).isTrue();
        lease.now += timing.timeoutMillis() * 1_000_000 - 1;
        assertThat(keeper.isOpen()).isTrue();
        lease.now++;
        assertThat(keeper.isOpen()).isFalse();
    }

    /** Does whatever it is asked for. */
    private static AddressGate gate() {
        return AddressGate.class.cast(Proxy.newProxyInstance(
                AddressGate.class.getClassLoader(),
                new Class<?>[] {AddressGate.class},
                (proxy, method, args) -> method.getReturnType() == boolean.class ? true : null));
    }

    private static final class Lease implements EnforcedLease {
        private long now = 1_000_000_000;
        private long confirmed = now;

        @Override
        public FencingToken token() {
            return new FencingToken(1);
        }

        @Override
        public boolean isValid() {
            return true;
        }

        @Override
        public Duration remaining() {
            return Duration.ZERO;
        }

        @Override
        public long nowNanos() {
            return now;
        }

        @Override
        public long confirmedNanos() {
            return confirmed;
        }

        @Override
        public long lengthNanos() {
            return LENGTH;
        }
    }
}
