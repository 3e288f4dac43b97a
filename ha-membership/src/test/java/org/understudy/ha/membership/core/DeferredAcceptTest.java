package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.C;
import static org.understudy.ha.membership.core.Records.empty;
import static org.understudy.ha.membership.core.Records.numbered;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.Severity;
import org.understudy.ha.membership.core.message.Message.Accept;
import org.understudy.ha.membership.core.message.Message.AcceptOnRelease;
import org.understudy.ha.membership.core.message.Message.Release;
import org.understudy.ha.membership.core.record.Ballot;

class DeferredAcceptTest {

    private static final Incarnation A1 = new Incarnation(A, 1);
    private static final Ballot ROUND = new Ballot(5, "c/1");

    private final DeferredAccept deferred = new DeferredAccept();
    private final Releases releases = new Releases();

    @Test
    void it_waits_for_its_release_and_is_given_once() {
        deferred.hear(C, accept(ROUND));
        assertThat(due()).isEmpty();

        releases.hear(A, release(A1, 4, Optional.empty()));

        assertThat(due()).contains(new DeferredAccept.Waiting(C, accept(ROUND)));
        assertThat(due()).isEmpty();
    }

    @Test
    void a_release_of_another_token_or_another_life_or_group_is_not_the_one() {
        deferred.hear(C, accept(ROUND));

        releases.hear(A, release(A1, 3, Optional.empty()));
        assertThat(due()).as("an older token").isEmpty();
        releases.hear(A, new Release(A1, "mail", 4, Optional.empty(), ""));
        assertThat(due()).as("another group").isEmpty();
        releases.hear(A, release(new Incarnation(A, 2), 4, Optional.empty()));
        assertThat(due()).as("another life").isEmpty();
    }

    @Test
    void only_the_holder_is_believed() {
        deferred.hear(C, accept(ROUND));

        releases.hear(B, release(A1, 4, Optional.empty()));

        assertThat(due()).isEmpty();
    }

    @Test
    void what_failed_is_to_be_planned_anew() {
        deferred.hear(C, accept(ROUND));

        releases.hear(A, release(A1, 4, Optional.of(Severity.SOFT)));

        assertThat(due()).isEmpty();
    }

    /** The reason is in what was planned. */
    @Test
    void a_release_for_another_reason_is_not_the_one() {
        deferred.hear(C, accept(ROUND));

        releases.hear(A, new Release(A1, "web", 4, Optional.empty(), "this node is leaving"));

        assertThat(due()).isEmpty();
    }

    @Test
    void it_is_lost_if_the_node_is_not_heard_that_would_be_granted_the_group() {
        deferred.hear(C, accept(ROUND));
        releases.hear(A, release(A1, 4, Optional.empty()));
        silent = B;
        assertThat(due()).isEmpty();

        silent = C;
        assertThat(due()).as("it does not come back").isEmpty();
    }

    @Test
    void the_newest_replaces_what_came_before_it() {
        deferred.hear(C, accept(ROUND.following()));
        deferred.hear(B, accept(ROUND));
        releases.hear(A, release(A1, 4, Optional.empty()));

        assertThat(due()).contains(new DeferredAccept.Waiting(C, accept(ROUND.following())));
        assertThat(due()).isEmpty();
    }

    @Test
    void a_newer_record_ends_it() {
        deferred.hear(C, accept(ROUND));
        deferred.learned(ROUND);
        releases.hear(A, release(A1, 4, Optional.empty()));

        assertThat(due()).isEmpty();
    }

    private NodeId silent = C;

    private Optional<DeferredAccept.Waiting> due() {
        return deferred.due(releases, node -> !node.equals(silent));
    }

    private static AcceptOnRelease accept(Ballot round) {
        return new AcceptOnRelease(
                new Accept(round, numbered(empty(), 9), true), A1, "web", 4, "asked to move to b", B);
    }

    private static Release release(Incarnation holder, long token, Optional<Severity> failure) {
        return new Release(holder, "web", token, failure, "asked to move to b");
    }
}
