package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.membership.core.recovery.Cluster.Member;

/**
 * Members that learn late or never, whose offers come late, that pause, die and come back: an exclusive name has one owner who believes in it,
 * and a phase of a barrier ends in one way for all who learn how, after all have entered if it passed. Looked at in {@link Cluster}.
 */
class CoreServicesProperties {

    private static final int KINDS = 16;

    @Property(tries = 4000)
    void one_owner_and_one_outcome_whatever_comes_late(
            @ForAll @Size(max = 120) List<@IntRange(min = 0, max = KINDS * 3 - 1) Integer> script) {
        Cluster cluster = new Cluster();
        cluster.settle();
        for (int step : script) {
            happens(cluster, step / 3, cluster.members.get(step % 3));
        }
        cluster.settle();

        cluster.members.forEach(member -> assertThat(member.self).isPresent());
    }

    private static void happens(Cluster cluster, int kind, Member member) {
        switch (kind) {
            case 0, 1 -> member.learn();
            case 2, 3 -> member.offer(true);
            case 4 -> member.offer(false);
            case 5, 6, 7 -> cluster.decide();
            case 8 -> member.register(true);
            case 9 -> member.register(false);
            case 10 -> member.withdraw();
            case 11 -> member.join();
            case 12, 13 -> member.enter();
            case 14 -> member.part();
            default -> trouble(cluster, member);
        }
    }

    /** First its lease ends, then, at the next trouble, its process. */
    private static void trouble(Cluster cluster, Member member) {
        if (!member.isUp) {
            member.restart();
        } else if (member.isMute) {
            member.die();
        } else if (member.self.isPresent()) {
            member.isMute = true;
        }
    }

    @Property(tries = 300)
    void once_nothing_is_lost_all_members_pass_together(
            @ForAll @Size(max = 60) List<@IntRange(min = 0, max = KINDS * 3 - 1) Integer> script) {
        Cluster cluster = new Cluster();
        cluster.settle();
        for (int step : script) {
            happens(cluster, step / 3, cluster.members.get(step % 3));
        }
        cluster.settle();
        cluster.members.forEach(Member::join);
        cluster.settle();
        cluster.members.forEach(Member::enter);
        cluster.settle();
        // Of an entry that was open before the first answer may have been about that one.
        cluster.members.forEach(Member::enter);
        cluster.settle();

        cluster.members.forEach(member -> {
            Told last = member.heard.stream()
                    .filter(Told.BarrierDecided.class::isInstance)
                    .reduce((first, second) -> second)
                    .orElseThrow();
            assertThat(((Told.BarrierDecided) last).outcome())
                    .as(last.toString())
                    .isEqualTo(Told.Outcome.PASSED);
        });
    }
}
