package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.ThreeMachines.A;
import static org.understudy.ha.membership.core.ThreeMachines.B;
import static org.understudy.ha.membership.core.ThreeMachines.LEASE_MILLIS;
import static org.understudy.ha.membership.core.ThreeMachines.W;
import static org.understudy.ha.membership.core.ThreeMachines.WEB;

import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Target;
import org.understudy.ha.api.spi.Presence;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Operation;

/** A group that runs on the first of three nodes is taken out of the record while that one is away. */
class ForgottenGroupTest {

    private final ThreeMachines three = new ThreeMachines();

    @BeforeEach
    void it_runs_on_a() {
        three.runOnA(true);
    }

    @Test
    void whoever_was_away_meanwhile_looks_anew_whether_it_is_active() {
        three.give(B, new Input.GroupWithdrawn(WEB));
        three.pass(500);
        NodeMachine away = three.takeAway(A);
        three.pass(3 * LEASE_MILLIS);
        three.give(
                W,
                new Input.OperationWanted(
                        1, new Operation(Operation.Kind.FORGET, A, 0, Optional.of(Target.group(WEB)), "ann", "old")));
        three.pass(1_000);
        assertThat(three.learned(W).groups()).doesNotContainKey(WEB);

        three.bringBack(A, away);
        three.give(A, new Input.Tick());
        three.give(A, new Input.StopEnded(WEB, three.token(), true, ""));
        three.pass(3_000);
        assertThat(offered()).contains(Presence.UNKNOWN);

        three.give(A, new Input.Probed(WEB, Presence.ABSENT, ""));
        three.pass(1_000);
        assertThat(offered()).contains(Presence.ABSENT);
    }

    private Optional<Presence> offered() {
        return Optional.ofNullable(three.learned(W).sessions().get(A))
                .map(session -> session.candidacies().get(WEB))
                .map(Candidacy::presence);
    }
}
