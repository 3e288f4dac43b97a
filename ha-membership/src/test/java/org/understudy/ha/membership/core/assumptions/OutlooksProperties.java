package org.understudy.ha.membership.core.assumptions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.understudy.ha.api.Assumptions;
import org.understudy.ha.api.Fault;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.Outlook;
import org.understudy.ha.api.Outlook.Fate;
import org.understudy.ha.api.Outlook.GroupOutlook;
import org.understudy.ha.api.ProofKind;
import org.understudy.ha.api.config.Timing;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.ClusterRecord;

class OutlooksProperties {

    /** Clusters with some nodes away, guardians missing, and groups of every kind on any node. */
    private static ClusterRecord cluster(int owners, int witnesses, int away, int holders) {
        Map<String, Candidacy> groups = OutlooksTest.everyKind(owners);
        ClusterRecord record = OutlooksTest.cluster(owners, witnesses, groups);
        int left = holders;
        for (Map.Entry<String, Candidacy> entry : groups.entrySet()) {
            Incarnation holder = new Incarnation(OutlooksTest.node(1 + left % owners), 1);
            left /= owners;
            record = Records.withGroup(
                    record,
                    entry.getKey(),
                    Records.granted(
                            holder,
                            record.grant(entry.getKey()).orElseThrow().token(),
                            entry.getValue().isExpirable(),
                            entry.getValue().remains().toArray(String[]::new)));
        }
        if (away > 0 && away <= owners + witnesses) {
            record = Records.withoutSession(
                    record, new Incarnation(OutlooksTest.node(away), 1), java.util.Optional.of(ProofKind.EXPIRED));
        }
        return record;
    }

    @Property(tries = 60)
    void two_faults_never_promise_more_than_either_alone(
            @ForAll @IntRange(min = 1, max = 4) int owners,
            @ForAll @IntRange(max = 1) int witnesses,
            @ForAll @IntRange(max = 6) int away,
            @ForAll @IntRange(max = 63) int holders) {
        ClusterRecord record = cluster(owners, witnesses, away, holders);
        List<Outlook> all = Outlooks.of(record, Timing.standard());
        Map<String, Outlook> singles = new TreeMap<>();
        all.stream().filter(o -> o.faults().size() == 1).forEach(o -> singles.put(o.cause(), o));

        for (Outlook both : all) {
            for (Fault fault : both.faults()) {
                Outlook one = singles.get(fault.toString());
                assertThat(both.hasMajority() && !one.hasMajority()).isFalse();
                for (GroupOutlook group : both.groups()) {
                    Fate alone = one.group(group.group()).orElseThrow().fate();
                    assertThat(group.fate().promisesMoreThan(alone))
                            .as(both + " against " + one)
                            .isFalse();
                }
            }
        }
    }

    @Property(tries = 60)
    void what_is_promised_to_run_has_a_place_and_what_moves_a_proof(
            @ForAll @IntRange(min = 1, max = 4) int owners,
            @ForAll @IntRange(max = 1) int witnesses,
            @ForAll @IntRange(max = 6) int away,
            @ForAll @IntRange(max = 63) int holders) {
        ClusterRecord record = cluster(owners, witnesses, away, holders);

        for (Outlook outlook : Outlooks.of(record, Timing.standard())) {
            TreeSet<NodeId> lost = new TreeSet<>();
            for (Fault fault : outlook.faults()) {
                if (fault.kind() == Fault.Kind.NODE_LOST || fault.kind() == Fault.Kind.PROCESS_KILLED) {
                    lost.addAll(fault.nodes());
                }
            }
            for (GroupOutlook group : outlook.groups()) {
                assertThat(group.why()).as(outlook.toString()).isNotBlank();
                if (group.fate().isRunning()) {
                    List<NodeId> where = new ArrayList<>(group.mayRunOn());
                    where.removeAll(lost);
                    assertThat(where).as(outlook.toString()).isNotEmpty();
                }
                if (group.fate() == Fate.MOVES) {
                    assertThat(group.proofs()).isNotEmpty();
                }
                if (group.fate() == Fate.STOPS) {
                    assertThat(group.mayRunOn()).isEmpty();
                }
                boolean isUncovered = !group.group().equals("files");
                assertThat(isUncovered && group.proofs().contains(ProofKind.EXPIRED))
                        .isFalse();
            }
        }
    }

    @Property(tries = 30)
    void the_text_is_bounded(@ForAll @IntRange(min = 1, max = 4) int owners, @ForAll @IntRange(max = 63) int holders) {
        ClusterRecord record = cluster(owners, 1, 0, holders);
        Assumptions assumptions =
                new Assumptions(Outlooks.of(record, Timing.standard()), List.of(), List.of(), List.of());

        assertThat(assumptions.toString().lines().count()).isLessThan(40);
    }
}
