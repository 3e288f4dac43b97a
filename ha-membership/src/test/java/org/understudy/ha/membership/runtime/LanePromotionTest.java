package org.understudy.ha.membership.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.Scope;
import org.understudy.ha.api.config.Group;
import org.understudy.ha.membership.core.Input;
import org.understudy.ha.membership.core.plan.Part;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.enforcement.core.Subject;

/** Lanes of copies and of their promoted role, which share what they call. */
class LanePromotionTest extends LaneFixture {

    @Test
    void what_the_promoted_role_leaves_behind_is_asked_of_the_role_and_not_of_the_copy() throws Exception {
        assertThat(remainsOfRole(new Roles(Scope.PROCESS))).isEmpty();
        assertThat(remainsOfRole(new Roles(Scope.NODE)))
                .as("the death of a process does not prove it over, a new kernel does")
                .containsExactly(Planner.PROGRAM_PREFIX + "db!promoted/db");
        assertThat(remainsOfRole(new Roles(Scope.EXTERNAL)))
                .as("nothing about the host proves it over")
                .containsExactly(Planner.EXTERNAL_PREFIX + "db!promoted/db");
        Roles named = new Roles(Scope.NODE);
        named.remains = List.of(Planner.PROGRAM_PREFIX + "postgres");
        assertThat(remainsOfRole(named))
                .as("what it names itself is enough")
                .containsExactly(Planner.PROGRAM_PREFIX + "postgres!promoted");
    }

    private List<String> remainsOfRole(Roles roles) throws InterruptedException {
        List<Lane> lanes = lanes(copied(2, roles));
        Lane promoted = lanes.get(lanes.size() - 1);
        promoted.offer(() -> {});
        return nextOf("db!promoted", Input.GroupOffered.class).candidacy().remains();
    }

    @Test
    void two_promoted_do_harm_whatever_is_in_front_of_them() {
        Group group = Group.named("db")
                .copies(2)
                .promotable()
                .resourceBehindAddress("db", new Roles(Scope.PROCESS))
                .resourceWithPromoted("address", new Good())
                .build();
        List<Part> parts = Part.of(group, List.of(HERE), HERE);
        assertThat(PartCandidacy.subjects(parts.get(0)))
                .extracting(Subject::mayOverlap)
                .containsExactly(true);
        assertThat(PartCandidacy.subjects(parts.get(2)))
                .extracting(Subject::mayOverlap)
                .containsExactly(false, false);
    }

    /** An older stop has failed, and the copy counted as up again when the role came. */
    @Test
    void a_copy_that_is_stopped_at_last_gives_back_a_role_that_it_was_given_meanwhile() throws Exception {
        Roles roles = new Roles(Scope.PROCESS);
        List<Lane> lanes = lanes(copied(1, roles));
        Lane copy = lanes.get(0);
        Lane role = lanes.get(1);
        running(copy, 5);
        roles.canStop = false;
        copy.stop(4, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isFalse();
        copy.watchAgain(5);
        running(role, 6);
        assertThat(roles.isPromoted).isTrue();
        roles.canStop = true;
        Input.GroupResigned resigned = next(Input.GroupResigned.class);
        assertThat(resigned.group()).isEqualTo(role.name());
        assertThat(resigned.token()).isEqualTo(6);
        role.stop(6, "given up");
        for (int i = 0; i < 2; i++) {
            assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
        }
        assertThat(roles.isPromoted).isFalse();
    }

    @Test
    void nothing_is_promoted_on_a_copy_that_was_asked_to_stop() throws Exception {
        Roles roles = new Roles(Scope.PROCESS);
        List<Lane> lanes = lanes(copied(1, roles));
        Lane copy = lanes.get(0);
        Lane role = lanes.get(1);
        running(copy, 1);
        roles.canStop = false;
        copy.stop(1, "asked to move");
        assertThat(next(Input.StopEnded.class).isStopped()).isFalse();
        role.start(LIFE, 2, ProofKind.NEVER);
        assertThat(next(Input.GroupResigned.class).token()).isEqualTo(2);
        assertThat(roles.isPromoted).isFalse();
        roles.canStop = true;
        assertThat(next(Input.StopEnded.class).isStopped()).isTrue();
    }

    @Test
    void a_copy_says_why_nothing_need_end_it() {
        List<Lane> lanes = lanes(copied(2, new Roles(Scope.PROCESS)));
        assertThat(lanes.get(0).coverage().isComplete()).isTrue();
        assertThat(lanes.get(0).coverage().resources())
                .allMatch(item -> item.reason().contains("need not end with the lease"));
        assertThat(lanes.get(2).coverage().isComplete()).isFalse();
    }
}
