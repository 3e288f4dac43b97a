package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.Effect;
import org.understudy.ha.membership.core.Input;

/** What becomes of lanes that the machine has let go of. */
class NodeLanesTest extends LaneFixture {

    private final NodeLanes lanes = new NodeLanes();

    @Test
    void what_is_ordered_of_a_lane_that_is_not_there_fails_to_start_and_has_stopped() throws Exception {
        lanes.start(new Effect.StartGroup("bad", LIFE, 7, ProofKind.NEVER), inputs::add);
        Input.StartEnded failed = next(Input.StartEnded.class);
        assertThat(failed.group()).isEqualTo("bad");
        assertThat(failed.token()).isEqualTo(7);
        assertThat(failed.failure()).contains(Severity.HARD);

        lanes.stop(new Effect.StopGroup("bad", 7, failed.why()), inputs::add);
        assertThat(next(Input.StopEnded.class)).isEqualTo(new Input.StopEnded("bad", 7, true, ""));

        lanes.prepare(new Effect.PrepareGroup("bad", 8, LIFE), inputs::add);
        Input.PrepareEnded unready = next(Input.PrepareEnded.class);
        assertThat(unready.token()).isEqualTo(8);
        assertThat(unready.failure()).contains(Severity.HARD);
    }

    @Test
    void what_is_ordered_of_a_lane_that_is_there_is_done_by_it() throws Exception {
        Told told = new Told("app");
        Lane lane = lane(group(told));
        lanes.add("bad", List.of(lane));
        lanes.start(new Effect.StartGroup("bad", LIFE, 7, ProofKind.NEVER), inputs::add);
        assertThat(next(Input.StartEnded.class).failure()).isEqualTo(Optional.empty());
        lanes.stop(new Effect.StopGroup("bad", 7, "asked to"), inputs::add);
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        assertThat(told.told).contains("start app", "stop app");
    }

    @Test
    void a_lane_that_has_ended_says_nothing_of_what_waited_behind_its_stop() throws Exception {
        CountDownLatch isStopping = new CountDownLatch(1);
        CountDownLatch mayStop = new CountDownLatch(1);
        Lane lane = lane(group(new Good() {
            @Override
            public void stop(StopContext context) {
                isStopping.countDown();
                awaitIt(mayStop);
            }
        }));
        lanes.add("bad", List.of(lane));
        running(lane, 1);
        lane.stop(1, "withdrawn");
        assertThat(isStopping.await(60, TimeUnit.SECONDS)).isTrue();
        lane.coverageChanged();

        lanes.retireEnded(0, name -> false, name -> {});
        assertThat(lanes.contains("bad")).isFalse();
        mayStop.countDown();

        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        lane.awaitEnd(60_000);
        assertThat(inputs).isEmpty();
    }

    @Test
    void what_ends_a_group_is_said_anew_while_its_lane_is_there() throws Exception {
        Lane lane = lane(group(new Good()));
        lane.coverageChanged();
        assertThat(next(Input.CandidacyChanged.class).candidacy().isExpirable()).isFalse();
    }
}
