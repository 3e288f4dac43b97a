package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.understudy.ha.membership.core.record.Rung;
import org.understudy.ha.membership.core.recovery.Cluster.Member;

/**
 * Members that hang rungs, fail on them, overrun, come late, pause and die: nobody does anything on a rung before all members of the view
 * have done what they had to do on every lower one. Looked at in {@link Cluster}.
 */
class LadderProperties {

    private static final int KINDS = 16;
    private static final List<Rung> RUNGS =
            List.of(new Rung(10, "suspend"), new Rung(20, "recover"), new Rung(20, "resume"));

    @Property(tries = 3000)
    void nobody_climbs_before_all_are_on_the_rung_below(
            @ForAll @Size(max = 150) List<@IntRange(min = 0, max = KINDS * 3 - 1) Integer> script) {
        Cluster cluster = new Cluster();
        cluster.settle();
        cluster.members.get(0).ask(new Ask.Hang(RUNGS.get(0)));
        cluster.members.get(1).ask(new Ask.Hang(RUNGS.get(2)));
        for (int step : script) {
            cluster.now += 10;
            happens(cluster, step / 3, cluster.members.get(step % 3));
        }
    }

    @Property(tries = 200)
    void once_nothing_goes_wrong_all_are_on_top(
            @ForAll @Size(max = 80) List<@IntRange(min = 0, max = KINDS * 3 - 1) Integer> script) {
        Cluster cluster = new Cluster();
        cluster.settle();
        for (int step : script) {
            cluster.now += 10;
            happens(cluster, step / 3, cluster.members.get(step % 3));
        }
        cluster.settle();
        cluster.members.forEach(member -> RUNGS.forEach(rung -> member.ask(new Ask.Hang(rung))));

        cluster.climb();

        cluster.members.forEach(member -> {
            assertThat(member.isOnTop()).as(member.toString()).isTrue();
            assertThat(member.climbs.stream().map(Told.Climb::rung)).containsAll(RUNGS);
        });
    }

    private static void happens(Cluster cluster, int kind, Member member) {
        switch (kind) {
            case 0, 1 -> member.learn();
            case 2, 3 -> member.offer(true);
            case 4 -> member.offer(false);
            case 5, 6, 7 -> cluster.decide();
            case 8, 9, 10 -> member.finish(Optional.empty());
            case 11 -> member.finish(Optional.of("failed"));
            case 12 -> member.overrun();
            case 13 -> member.ask(new Ask.Hang(RUNGS.get((int) (cluster.now / 10 % RUNGS.size()))));
            case 14 -> member.ask(new Ask.Unhang(RUNGS.get((int) (cluster.now / 10 % RUNGS.size()))));
            default -> trouble(member);
        }
    }

    private static void trouble(Member member) {
        if (!member.isUp) {
            member.restart();
        } else if (member.isMute) {
            member.die();
        } else if (member.self.isPresent()) {
            member.isMute = true;
            member.look();
        }
    }
}
