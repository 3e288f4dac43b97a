package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.EnforcedLease;
import org.understudy.ha.api.spi.ResourceException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.linux.LinuxHostPort;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.DeadlineGate;

class DeadlineGateKeeperTest {
    private static final CountDownLatch NEVER = new CountDownLatch(1);

    private final List<String> calls = new ArrayList<>();
    private final Lease lease = new Lease();
    private final Gate gate = new Gate();
    private final DeadlineGateKeeper keeper = new DeadlineGateKeeper(
            new AddressSet(List.of(IpAddress.parse("192.0.2.50").orElseThrow())), gate, lease);

    @Test
    void a_stay_is_opened_shut_and_removed() throws Exception {
        keeper.open(NEVER);
        keeper.shut();
        assertThat(keeper.remove()).isTrue();
        keeper.close();
        assertThat(calls).containsExactly("extend 1900", "shut", "remove", "close");
    }

    @Test
    void a_guard_that_was_given_back_before_does_not_fail_the_stop() throws Exception {
        keeper.open(NEVER);
        gate.atRemove = () -> {
            throw new LifecycleException("closed");
        };
        assertThat(keeper.remove()).as("somebody must look after it").isFalse();
        keeper.close();
        assertThat(calls).containsExactly("extend 1900", "close");
    }

    @Test
    void each_newer_confirmation_moves_the_deadline_and_nothing_else_does() throws Exception {
        keeper.open(NEVER);
        lease.now = 1050;
        assertThat(keeper.turn().end()).isEmpty();
        lease.confirmed = 1100;
        lease.now = 1120;
        keeper.turn();
        keeper.turn();
        assertThat(calls).containsExactly("extend 1900", "extend 2000");
        assertThat(keeper.isOpen()).isTrue();
        lease.now = 2000;
        assertThat(keeper.isOpen()).as("as the kernel sees it").isFalse();
        assertThat(keeper.turn()).isEqualTo(GateKeeper.Turn.over("the lease is over"));
    }

    @Test
    void a_turn_moves_the_deadline_and_never_looks_which_waits_for_the_lock_of_the_network() throws Exception {
        keeper.open(NEVER);
        calls.clear();
        lease.renew();
        gate.problem = "somebody removed its gate";
        gate.atProblem = () -> calls.add("look");
        keeper.turn();
        assertThat(calls).containsExactly("extend 1910");
        assertThat(keeper.problem()).isEqualTo("somebody removed its gate");
        assertThat(calls).containsExactly("extend 1910", "look");
    }

    @Test
    void a_lease_that_ends_before_it_was_opened_is_a_failed_start() {
        lease.now = 1900;
        assertThatThrownBy(() -> keeper.open(NEVER))
                .isInstanceOf(ResourceException.class)
                .hasMessage("floating address 192.0.2.50 cannot start: the lease is over before it could");
    }

    @Test
    void a_turn_comes_six_times_in_a_lease_and_tells_whether_they_were_mute_meanwhile() throws Exception {
        keeper.open(NEVER);
        assertThat(keeper.turn()).isEqualTo(new GateKeeper.Turn(900 / 6, true, false, ""));
        lease.now = 1901;
        lease.confirmed = 1850;
        assertThat(keeper.turn()).isEqualTo(new GateKeeper.Turn(900 / 6, true, true, ""));
    }

    @Test
    void a_program_that_is_gone_ends_the_stay_with_its_reason() throws Exception {
        keeper.open(NEVER);
        assertThat(keeper.problem()).isEmpty();
        assertThat(keeper.isOpen()).isTrue();
        gate.problem = "somebody removed its gate";
        assertThat(keeper.problem()).isEqualTo("somebody removed its gate");
        assertThat(keeper.isOpen()).isFalse();
        assertThat(keeper.turn()).isEqualTo(GateKeeper.Turn.over("somebody removed its gate"));
        gate.problem = "";
        assertThat(keeper.problem()).as("it stays over").isEqualTo("somebody removed its gate");
    }

    @Test
    void an_entry_that_is_gone_ends_the_stay_too() throws Exception {
        keeper.open(NEVER);
        gate.isThere = false;
        lease.renew();
        assertThat(keeper.turn().end()).contains("from the BPF map of the card");
    }

    @Test
    void what_was_shut_by_ourselves_was_removed_by_nobody() throws Exception {
        keeper.open(NEVER);
        lease.renew();
        gate.atExtend = keeper::shut;
        assertThat(keeper.turn().end()).isEmpty();
        assertThat(keeper.turn().end()).isEmpty();
        assertThat(keeper.isOpen()).isFalse();
    }

    @Test
    void a_call_that_fails_is_repeated() throws Exception {
        keeper.open(NEVER);
        gate.atExtend = () -> {
            throw new PlatformException("bpf", 5, "no answer");
        };
        lease.renew();
        assertThat(keeper.turn()).isEqualTo(GateKeeper.Turn.in(20_000_000));
        gate.atExtend = () -> {};
        assertThat(keeper.turn().end()).isEmpty();
        assertThat(calls).containsExactly("extend 1900", "extend 1910");
    }

    @Test
    void what_cannot_be_removed_is_left_shut() {
        gate.atRemove = () -> {
            throw new PlatformException("bind", 98, "in use");
        };
        keeper.remove();
        assertThat(calls).isEmpty();
    }

    @Test
    void a_renamed_card_is_guarded_still() {
        assertThat(keeper.isBoundToName()).isFalse();
        assertThat(keeper.isEnforced()).isTrue();
    }

    @Test
    void a_lease_on_another_clock_is_found_out() {
        LinuxHostPort kernel = new LinuxHostPort();
        for (long apart : new long[] {0, 1_000_000_000, -1_000_000_000}) {
            EnforcedLease other = new Lease() {
                @Override
                public long nowNanos() {
                    return kernel.bootNanos() + apart;
                }
            };
            assertThat(GuardedCard.hasClockOf(other)).isEqualTo(apart == 0);
        }
    }

    private final class Gate implements DeadlineGate {
        private String problem = "";
        private boolean isThere = true;
        private Runnable atExtend = () -> {};
        private Runnable atRemove = () -> {};
        private Runnable atProblem = () -> {};

        @Override
        public void create(int tag) {
            calls.add("create " + tag);
        }

        @Override
        public boolean extend(long deadlineNanos) {
            atExtend.run();
            if (isThere) {
                calls.add("extend " + deadlineNanos);
            }
            return isThere;
        }

        @Override
        public String problem() {
            atProblem.run();
            return problem;
        }

        @Override
        public boolean isWhole() {
            return isThere;
        }

        @Override
        public void shut() {
            isThere = false;
            calls.add("shut");
        }

        @Override
        public void remove() {
            atRemove.run();
            calls.add("remove");
        }

        @Override
        public void close() {
            calls.add("close");
        }
    }

    private static class Lease implements EnforcedLease {
        private long now = 1000;
        private long confirmed = 1000;

        private void renew() {
            now += 20;
            confirmed = now - 10;
        }

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
            return 900;
        }
    }
}
