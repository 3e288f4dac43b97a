package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.core.Connections;
import org.understudy.ha.iptakeover.lab.LabGrant;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.packet.TcpConnection;
import org.understudy.ha.iptakeover.spi.TcpSessions;

class TcpCareTest {
    private static final IpAddress VIP = ip("192.0.2.50");
    private static final IpAddress SECOND = ip("192.0.2.51");
    private static final IpAddress HOST = ip("192.0.2.2");
    private static final IpAddress CLIENT = ip("192.0.2.9");
    private static final TcpConnection OURS = new TcpConnection(VIP, 80, CLIENT, 40_000);

    private final Kernel kernel = new Kernel();
    private @Nullable LabGrant grant;

    @AfterEach
    void end_the_lease() {
        if (grant != null) {
            grant.end();
        }
    }

    @Test
    void a_list_speaks_for_no_address_but_ours_and_to_none_of_ours() {
        byte[] list = bytes(
                OURS,
                new TcpConnection(HOST, 22, CLIENT, 40_001),
                new TcpConnection(VIP, 80, SECOND, 40_002),
                new TcpConnection(ip("2001:db8::50"), 80, ip("2001:db8::9"), 40_003));
        TcpCare care = care(ProofKind.DIED, list);
        care.takeOver(announced());
        assertThat(care.turn()).isPositive();
        assertThat(kernel.tickled).containsExactly(OURS);
    }

    @Test
    void who_was_released_or_never_owned_is_not_tickled() {
        for (ProofKind proof : List.of(ProofKind.RELEASED, ProofKind.NEVER)) {
            TcpCare care = care(proof, bytes(OURS));
            care.takeOver(announced());
            assertThat(care.turn()).isEqualTo(Long.MAX_VALUE);
        }
        assertThat(kernel.tickled).isEmpty();
    }

    @Test
    void a_list_that_nobody_can_read_is_left_alone() {
        TcpCare care = care(ProofKind.EXPIRED, new byte[] {9, 9, 9});
        care.takeOver(announced());
        assertThat(care.turn()).isEqualTo(Long.MAX_VALUE);
        assertThat(kernel.tickled).isEmpty();
    }

    @Test
    void a_kernel_that_refuses_tickles_is_not_asked_again() {
        TcpCare care = care(ProofKind.DIED, bytes(OURS));
        care.takeOver(announced());
        kernel.isFailing = true;
        assertThat(care.turn()).isEqualTo(Long.MAX_VALUE);
        assertThat(care.turn()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void what_there_is_now_is_told_and_not_looked_for_each_time() {
        TcpCare care = care(ProofKind.NEVER, new byte[0]);
        kernel.found = List.of(OURS);
        care.tell();
        care.tell();
        assertThat(kernel.looks).isEqualTo(1);
        assertThat(grant.told()).isEqualTo(bytes(OURS));
    }

    @Test
    void a_defect_of_ours_ends_neither_the_keeper_nor_the_health_of_the_address() {
        TcpCare care = care(ProofKind.DIED, bytes(OURS));
        care.takeOver(announced());
        kernel.isBroken = true;
        assertThat(care.turn()).isEqualTo(Long.MAX_VALUE);
        assertThatCode(care::tell).doesNotThrowAnyException();
        assertThat(kernel.looks).isEqualTo(1);
    }

    @Test
    void whatever_goes_wrong_a_stop_goes_on() {
        TcpCare care = care(ProofKind.NEVER, new byte[0]);
        kernel.isFailing = true;
        assertThatCode(care::end).doesNotThrowAnyException();
        kernel.isFailing = false;
        kernel.isBroken = true;
        assertThatCode(care::end).doesNotThrowAnyException();
        assertThat(kernel.within).isLessThanOrEqualTo(Duration.ofMillis(200));
        assertThatCode(care::tell).doesNotThrowAnyException();
    }

    /** So long ago that the first round is due. */
    private static long announced() {
        return System.nanoTime() - 10_000_000;
    }

    private TcpCare care(ProofKind proof, byte[] heard) {
        end_the_lease();
        LabGrant granted = new LabGrant(7, proof, 4711, "", heard, () -> {});
        grant = granted;
        return new TcpCare(new AddressSet(List.of(VIP, SECOND)), granted, kernel, new CardLooks.Look<>());
    }

    private static byte[] bytes(TcpConnection... all) {
        return Connections.NONE.next(List.of(all)).encode();
    }

    private static IpAddress ip(String text) {
        return IpAddress.parse(text).orElseThrow();
    }

    private static final class Kernel implements TcpSessions {
        /** Grows with each look, so that every one looks on. */
        private long accepted;

        @Override
        public OptionalLong accepted() {
            return OptionalLong.of(++accepted);
        }

        private final List<TcpConnection> tickled = new ArrayList<>();
        private List<TcpConnection> found = List.of();
        private Duration within = Duration.ZERO;
        private int looks;
        private boolean isFailing;
        private boolean isBroken;

        private void fail() {
            if (isFailing) {
                throw new PlatformException("fake", 1, "refused");
            }
            if (isBroken) {
                throw new IllegalStateException("a defect of ours");
            }
        }

        @Override
        public void close() {
            // Nothing is open.
        }

        @Override
        public List<TcpConnection> established(Collection<IpAddress> local) {
            looks++;
            fail();
            return found;
        }

        @Override
        public Ended destroy(Collection<IpAddress> local, Duration most) {
            within = most;
            fail();
            return new Ended(5, false);
        }

        @Override
        public int tickle(List<TcpConnection> connections) {
            fail();
            tickled.addAll(connections);
            return connections.size();
        }
    }
}
