package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.message.Message.Promise;
import org.understudy.ha.membership.core.record.AcceptorId;
import org.understudy.ha.membership.core.record.Ballot;
import org.understudy.ha.membership.core.record.ClusterRecord;

/** The selection against a deliberately dumb one that tries every way in which the acceptors may have voted. */
class BaseSelectionProperties {

    @Property(tries = 2000)
    void the_base_is_the_highest_value_that_some_history_could_have_chosen(
            @ForAll @Size(min = 2, max = 5) List<@IntRange(min = 0, max = 4) Integer> shown,
            @ForAll @IntRange(min = 0, max = 2) int silent) {
        int acceptors = shown.size() + silent;
        if (shown.size() < acceptors / 2 + 1) {
            return;
        }
        List<AcceptorId> set = new ArrayList<>();
        for (int i = 0; i < acceptors; i++) {
            set.add(Records.acceptor(NodeId.of("n" + i)));
        }
        ClusterRecord record = ClusterRecord.first("test", set);
        List<Promise> promises = new ArrayList<>();
        for (int i = 0; i < shown.size(); i++) {
            int ballot = shown.get(i);
            promises.add(new Promise(
                    Records.ballot(9),
                    Records.vote(NodeId.of("n" + i)),
                    ballot == 0 ? Ballot.NONE : Records.ballot(ballot),
                    ballot == 0 ? Optional.empty() : Optional.of(Records.numbered(record, ballot))));
        }

        Optional<Long> base = BaseSelection.choose(promises).map(b -> b.value().number());

        assertThat(base).isEqualTo(dumb(shown, silent));
    }

    private static Optional<Long> dumb(List<Integer> shown, int silent) {
        for (int ballot = 4; ballot >= 1; ballot--) {
            if (shown.contains(ballot) && someHistoryChooses(ballot, shown, silent)) {
                return Optional.of((long) ballot);
            }
        }
        return Optional.empty();
    }

    /** Tries every subset of acceptors as the ones that accepted the ballot at some time. */
    private static boolean someHistoryChooses(int ballot, List<Integer> shown, int silent) {
        int all = shown.size() + silent;
        for (int subset = 0; subset < 1 << all; subset++) {
            boolean isPossible = Integer.bitCount(subset) > all / 2;
            for (int i = 0; i < shown.size(); i++) {
                boolean accepted = (subset & 1 << i) != 0;
                boolean contradicts = accepted ? shown.get(i) < ballot : shown.get(i) == ballot;
                isPossible &= !contradicts;
            }
            if (isPossible) {
                return true;
            }
        }
        return false;
    }
}
