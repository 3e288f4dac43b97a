package org.understudy.ha.testkit.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.api.StaleTokenException;
import org.understudy.ha.api.sink.FencedSink;

/** Each rule of the contract is broken once on purpose, and the test named after it must see that. */
@Timeout(60)
class FencedSinkContractTest {

    /** How a sink can be wrong. */
    private enum Fault {
        NONE,
        FORGETS_AT_OPEN,
        ACCEPTS_LOWER,
        REFUSES_EQUAL,
        EFFECT_ADMITS_NOTHING,
        WRITES_BEFORE_IT_REFUSES,
        CHECKS_AND_THEN_WRITES,
        REMEMBERS_IN_THE_OBJECT
    }

    @Test
    void a_sink_that_keeps_the_contract_passes() {
        for (ThrowingCallable rule : rules(Fault.NONE)) {
            assertThatCode(rule).doesNotThrowAnyException();
        }
    }

    @Test
    void a_maximum_that_ends_with_the_process_is_seen() {
        Contract contract = new Contract(Fault.FORGETS_AT_OPEN);
        assertSeen(contract::an_admitted_token_is_the_highest_for_whoever_opens_the_sink);
    }

    @Test
    void a_lower_token_that_is_accepted_is_seen() {
        Contract contract = new Contract(Fault.ACCEPTS_LOWER);
        assertSeen(contract::a_lower_token_is_refused_with_both_tokens_and_changes_nothing);
    }

    @Test
    void an_equal_token_that_is_refused_is_seen() {
        Contract contract = new Contract(Fault.REFUSES_EQUAL);
        assertThatThrownBy(contract::an_equal_token_is_accepted_again).isInstanceOf(StaleTokenException.class);
    }

    @Test
    void an_effect_that_does_not_raise_the_maximum_is_seen() {
        Contract contract = new Contract(Fault.EFFECT_ADMITS_NOTHING);
        assertSeen(contract::an_effect_admits_its_token);
    }

    @Test
    void an_effect_that_stays_although_it_was_refused_is_seen() {
        Contract contract = new Contract(Fault.WRITES_BEFORE_IT_REFUSES);
        assertSeen(contract::a_stale_effect_leaves_no_trace);
    }

    @Test
    void a_maximum_that_another_open_sink_does_not_see_is_seen() {
        Contract contract = new Contract(Fault.REMEMBERS_IN_THE_OBJECT);
        assertSeen(contract::a_stale_effect_leaves_no_trace);
    }

    @Test
    void a_check_apart_from_its_write_is_seen() {
        Contract contract = new Contract(Fault.CHECKS_AND_THEN_WRITES);
        assertSeen(contract::racing_writers_never_write_behind_a_newer_one);
    }

    private static void assertSeen(ThrowingCallable rule) {
        assertThatThrownBy(rule).isInstanceOf(AssertionError.class);
    }

    private static List<ThrowingCallable> rules(Fault fault) {
        return List.of(
                new Contract(fault)::a_new_sink_has_admitted_nothing,
                new Contract(fault)::an_admitted_token_is_the_highest_for_whoever_opens_the_sink,
                new Contract(fault)::a_lower_token_is_refused_with_both_tokens_and_changes_nothing,
                new Contract(fault)::an_equal_token_is_accepted_again,
                new Contract(fault)::an_effect_admits_its_token,
                new Contract(fault)::a_stale_effect_leaves_no_trace,
                new Contract(fault)::the_highest_survives_reopening_and_so_does_the_refusal,
                new Contract(fault)::racing_writers_never_write_behind_a_newer_one);
    }

    /** A storage in memory with one fault. */
    private static final class Contract extends FencedSinkContract {
        private final Fault fault;
        private final List<String> stored = new ArrayList<>();
        /** The token of the writer that stalls between its check and its write. */
        private final AtomicLong stalled = new AtomicLong();

        private final CountDownLatch newerIsStored = new CountDownLatch(1);
        private long highest;

        private Contract(Fault fault) {
            this.fault = fault;
        }

        @Override
        protected FencedSink open() {
            synchronized (stored) {
                highest = fault == Fault.FORGETS_AT_OPEN ? 0 : highest;
            }
            return new Sink();
        }

        @Override
        protected void effect(FencedSink sink, FencingToken token, String mark) {
            ((Sink) sink).write(token, mark);
        }

        @Override
        protected List<String> effects() {
            synchronized (stored) {
                return List.copyOf(stored);
            }
        }

        private final class Sink implements FencedSink {
            private long own;

            @Override
            public Optional<FencingToken> highest() {
                synchronized (stored) {
                    return max() == 0 ? Optional.empty() : Optional.of(new FencingToken(max()));
                }
            }

            @Override
            public void admit(FencingToken token) {
                synchronized (stored) {
                    check(token);
                    own = Math.max(own, token.value());
                    highest = Math.max(highest, token.value());
                }
            }

            private void write(FencingToken token, String mark) {
                if (fault == Fault.CHECKS_AND_THEN_WRITES) {
                    admit(token);
                    if (stalled.compareAndSet(0, token.value())) {
                        awaitNewer();
                    }
                    synchronized (stored) {
                        stored.add(mark);
                    }
                    if (token.value() > stalled.get()) {
                        newerIsStored.countDown();
                    }
                    return;
                }
                synchronized (stored) {
                    if (fault == Fault.WRITES_BEFORE_IT_REFUSES) {
                        stored.add(mark);
                    }
                    if (fault == Fault.EFFECT_ADMITS_NOTHING) {
                        check(token);
                    } else {
                        admit(token);
                    }
                    if (fault != Fault.WRITES_BEFORE_IT_REFUSES) {
                        stored.add(mark);
                    }
                }
            }

            private void awaitNewer() {
                try {
                    assertThat(newerIsStored.await(30, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            private void check(FencingToken token) {
                long max = max();
                boolean isLow = token.value() < max && fault != Fault.ACCEPTS_LOWER;
                boolean isRefusedEqual = token.value() == max && fault == Fault.REFUSES_EQUAL;
                if (isLow || isRefusedEqual) {
                    throw new StaleTokenException("memory", token, new FencingToken(max));
                }
            }

            private long max() {
                return fault == Fault.REMEMBERS_IN_THE_OBJECT ? own : highest;
            }
        }
    }
}
