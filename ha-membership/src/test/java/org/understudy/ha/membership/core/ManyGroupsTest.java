package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.internal.machine.Step;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.HostIdentity;

/** A node alone in its cluster, on a disk that takes no time, with so many groups that its offers are some time apart. */
class ManyGroupsTest {

    private static final long MILLI = 1_000_000L;
    private static final int GROUPS = 500;
    private static final WillVerifier NO_WILLS = new WillVerifier() {
        @Override
        public Optional<Incarnation> author(byte[] datagram) {
            return Optional.empty();
        }

        @Override
        public Optional<Will> verify(byte[] datagram, String publicKey) {
            return Optional.empty();
        }
    };

    private long now = 1_000 * MILLI;
    private final NodeMachine machine = new NodeMachine(
            new NodeSettings(
                    "shop",
                    NodeId.of("a"),
                    List.of(NodeId.of("a")),
                    "aa",
                    Timing.standard(),
                    true,
                    "",
                    HostIdentity.UNKNOWN,
                    true,
                    70),
            DurableState.EMPTY,
            now,
            NO_WILLS);
    private final List<Effect.StartGroup> starts = new ArrayList<>();
    private final List<Effect.StopGroup> stops = new ArrayList<>();
    private final Map<String, Long> tokens = new TreeMap<>();

    private void give(Input input) {
        Step<Effect, DurableState> step = machine.handle(now, input);
        List.of(step.urgent(), step.then())
                .forEach(effects -> effects.forEach(effect -> {
                    if (effect instanceof Effect.StartGroup start) {
                        starts.add(start);
                    } else if (effect instanceof Effect.StopGroup stop) {
                        stops.add(stop);
                    }
                }));
        if (step.persist().isPresent()) {
            give(new Input.Persisted(step.persistNumber()));
        }
    }

    /** Lets time pass as a driver does: with a tick whenever the machine asked for one. */
    private void pass(long nanos) {
        long end = now + nanos;
        while (machine.nextDeadlineNanos() <= end) {
            now = Math.max(now, machine.nextDeadlineNanos());
            give(new Input.Tick());
        }
        now = end;
    }

    private void startAll() {
        for (int i = 0; i < GROUPS; i++) {
            give(new Input.GroupOffered(name(i), candidacy()));
        }
        pass(1_000 * MILLI);
        assertThat(starts).hasSize(GROUPS);
        List.copyOf(starts).forEach(start -> {
            tokens.put(start.group(), start.token());
            give(new Input.StartEnded(start.group(), start.token(), Optional.empty(), ""));
        });
        starts.clear();
    }

    private static Candidacy candidacy() {
        return new Candidacy(List.of(NodeId.of("a")), false, true, "", Presence.ABSENT, false, List.of());
    }

    private static String name(int number) {
        return "group-" + number;
    }

    @Test
    void a_group_that_failed_for_good_is_not_started_again_before_the_others_know() {
        startAll();
        // An offer has just gone out, so the next one waits.
        give(new Input.EligibilityChanged(name(1), false, "no licence"));
        give(new Input.GroupEnded(name(0), tokens.get(name(0)), Optional.of(Severity.HARD), "broken"));
        assertThat(stops).extracting(Effect.StopGroup::group).containsExactly(name(0));
        give(new Input.StopEnded(name(0), tokens.get(name(0)), true, ""));
        pass(4_000 * MILLI);
        assertThat(starts).isEmpty();
        pass(5_000 * MILLI);
        assertThat(starts).extracting(Effect.StartGroup::group).containsExactly(name(0));
    }
}
