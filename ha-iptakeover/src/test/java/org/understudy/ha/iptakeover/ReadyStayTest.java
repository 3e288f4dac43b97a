package org.understudy.ha.iptakeover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.iptakeover.core.AddressSet;
import org.understudy.ha.iptakeover.packet.IpAddress;
import org.understudy.ha.iptakeover.spi.AddressAnnouncer;
import org.understudy.ha.iptakeover.spi.AddressGate;
import org.understudy.ha.iptakeover.spi.AddressTable;
import org.understudy.ha.iptakeover.spi.DeadlineGate;
import org.understudy.ha.iptakeover.spi.LinkTable;

class ReadyStayTest {
    private static final IpAddress VIP = IpAddress.parse("192.0.2.50").orElseThrow();
    private static final LinkTable.Link CARD =
            new LinkTable.Link("lan0", 2, Optional.empty(), true, true, false, true, 0);

    private final List<String> calls = new ArrayList<>();
    private List<AddressTable.Entry> standing = List.of();
    /** The answer of the gate to whatever is asked of it. */
    private boolean isThere = true;

    private @Nullable PlatformException refusal;

    @Test
    void time_outs_are_made_again_before_the_addresses_stand() throws Exception {
        ReadyStay stay = timeouts();
        stay.shut();
        stay.shut();
        assertThat(calls).as("whether or not it is there").containsExactly("create", "create");
    }

    @Test
    void a_deadline_that_holds_not_all_of_them_any_more_serves_no_start() throws Exception {
        ReadyStay stay = deadline();
        assertThat(fits(stay)).isTrue();
        stay.shut();
        assertThat(fits(stay)).isTrue();
        isThere = false;
        assertThat(fits(stay)).isFalse();
    }

    @Test
    void a_question_that_the_kernel_does_not_answer_serves_no_start_and_refuses_none() throws Exception {
        ReadyStay stay = deadline();
        stay.shut();
        refusal = new PlatformException("BPF_MAP_LOOKUP_ELEM", 12, "no memory");
        assertThat(fits(stay)).isFalse();
    }

    @Test
    void what_was_made_of_a_deadline_is_taken_away_though_making_it_failed() throws Exception {
        ReadyStay stay = deadline();
        stay.discard();
        assertThat(calls).isEmpty();
        refusal = new PlatformException("NFT_MSG_NEWTABLE", 16, "kept");
        assertThatThrownBy(stay::shut).isSameAs(refusal);
        stay.discard();
        assertThat(calls).containsExactly("create", "remove");
    }

    @Test
    void time_outs_that_were_refused_are_left_to_whoever_has_them() throws Exception {
        ReadyStay stay = timeouts();
        refusal = new PlatformException("NFT_MSG_NEWTABLE", 1, "of another process");
        assertThatThrownBy(stay::shut).isSameAs(refusal);
        stay.discard();
        assertThat(calls).containsExactly("create");
    }

    @Test
    void a_gate_is_left_in_front_of_what_anybody_has_put_up_meanwhile() throws Exception {
        for (int proto : new int[] {AddressTable.PROTO, 0}) {
            for (ReadyStay stay : List.of(deadline(), timeouts())) {
                calls.clear();
                standing = List.of();
                stay.shut();
                standing = List.of(new AddressTable.Entry(VIP, 32, 2, proto, 4711, false, 5));
                assertThat(stay.discard()).isFalse();
                assertThat(calls).containsExactly("create");
            }
        }
    }

    @Test
    void what_the_next_stay_cannot_use_is_closed_when_it_is_given_back() throws Exception {
        for (ReadyStay stay : List.of(deadline(), timeouts())) {
            calls.clear();
            standing = List.of();
            stay.shut();
            assertThat(stay.giveBack(kept -> calls.add("kept"))).isTrue();
            assertThat(calls).containsExactly("create", "remove");
        }
        calls.clear();
        ReadyStay stay = deadline();
        stay.shut();
        standing = List.of(new AddressTable.Entry(VIP, 32, 2, 0, 4711, false, 5));
        assertThat(stay.giveBack(kept -> calls.add("kept")))
                .as("its gate is left in front of that")
                .isFalse();
        assertThat(calls).containsExactly("create");
    }

    private static boolean fits(ReadyStay stay) {
        return stay.fits(CARD, 4711, true, Optional.empty());
    }

    private ReadyStay deadline() {
        return stay(fake(DeadlineGate.class), null);
    }

    private ReadyStay timeouts() {
        return stay(null, fake(AddressGate.class));
    }

    private ReadyStay stay(@Nullable DeadlineGate deadline, @Nullable AddressGate timeouts) {
        return new ReadyStay(
                new AddressSet(List.of(VIP)),
                CARD,
                4711,
                Optional.empty(),
                fake(LinkTable.class),
                fake(AddressTable.class),
                null,
                fake(AddressAnnouncer.class),
                deadline,
                timeouts,
                new AtomicReference<>(new CardLooks()));
    }

    /** Tells what was asked of gates. */
    private <T> T fake(Class<T> port) {
        boolean isGate = port == DeadlineGate.class || port == AddressGate.class;
        return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, (proxy, method, args) -> {
            String called = method.getName();
            if (called.equals("list")) {
                return standing;
            }
            if (called.equals("problem")) {
                if (refusal != null) {
                    throw refusal;
                }
                return "";
            }
            if (isGate && !called.equals("close") && !called.equals("isWhole")) {
                calls.add(called);
            }
            if (called.equals("create") && refusal != null) {
                throw refusal;
            }
            return method.getReturnType() == boolean.class ? isThere : null;
        }));
    }
}
