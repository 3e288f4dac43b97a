package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
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
    private final Beyond beyond = new Beyond();
    private final DeadlineGateKeeper keeper = new DeadlineGateKeeper(
            new AddressSet(List.of(IpAddress.parse("192.0.2.50").orElseThrow())), gate, beyond, lease);

    @Test
    void the_gate_that_says_who_has_the_addresses_comes_first_and_goes_last() throws Exception {
        keeper.create(4711);
        keeper.open(NEVER);
        keeper.shut();
        keeper.remove();
        assertThat(calls)
                .containsExactly(
                        "beyond create 4711",
                        "create 4711",
                        "beyond open",
                        "extend 1900",
                        "shut",
                        "beyond shut",
                        "remove",
                        "beyond remove");
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
        assertThat(calls).containsExactly("beyond open", "extend 1900", "extend 2000");
        assertThat(keeper.isOpen()).isTrue();
        lease.now = 2000;
        assertThat(keeper.isOpen()).as("as the kernel sees it").isFalse();
        assertThat(keeper.turn()).isEqualTo(GateKeeper.Turn.over("the lease is over"));
    }

    @Test
    void a_lease_that_ends_before_it_was_opened_is_a_failed_start() {
        lease.now = 1900;
        assertThatThrownBy(() -> keeper.open(NEVER))
                .isInstanceOf(ResourceException.class)
                .hasMessage("floating address 192.0.2.50 cannot start: the lease is over before it could");
    }

    @Test
    void only_a_mute_card_counts_as_reopened() throws Exception {
        keeper.open(NEVER);
        beyond.turn = new GateKeeper.Turn(7, true, true, "");
        assertThat(keeper.turn()).isEqualTo(new GateKeeper.Turn(7, true, false, ""));
        lease.now = 1901;
        lease.confirmed = 1850;
        assertThat(keeper.turn()).isEqualTo(new GateKeeper.Turn(7, true, true, ""));
    }

    @Test
    void a_program_that_is_gone_ends_the_stay_with_its_reason() throws Exception {
        keeper.open(NEVER);
        gate.problem = "somebody removed its gate";
        assertThat(keeper.turn()).isEqualTo(GateKeeper.Turn.over("somebody removed its gate"));
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
    void a_call_that_fails_is_repeated_and_what_the_other_gate_says_counts() throws Exception {
        keeper.open(NEVER);
        gate.atExtend = () -> {
            throw new PlatformException("bpf", 5, "no answer");
        };
        lease.renew();
        assertThat(keeper.turn()).isEqualTo(GateKeeper.Turn.in(20_000_000));
        beyond.turn = GateKeeper.Turn.over("somebody removed its nf_tables gate");
        assertThat(keeper.turn().end()).isEqualTo("somebody removed its nf_tables gate");
    }

    @Test
    void an_entry_that_cannot_be_removed_does_not_keep_the_other_gate() {
        gate.atRemove = () -> {
            throw new PlatformException("bind", 98, "in use");
        };
        keeper.remove();
        assertThat(calls).containsExactly("beyond remove");
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
            return problem;
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

    private final class Beyond implements GateKeeper {
        private Turn turn = new Turn(7, true, false, "");

        @Override
        public void create(int tag) {
            calls.add("beyond create " + tag);
        }

        @Override
        public void open(CountDownLatch ending) {
            calls.add("beyond open");
        }

        @Override
        public Turn turn() {
            return turn;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public boolean isEnforced() {
            return true;
        }

        @Override
        public void shut() {
            calls.add("beyond shut");
        }

        @Override
        public void remove() {
            calls.add("beyond remove");
        }

        @Override
        public void close() {
            calls.add("beyond close");
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
