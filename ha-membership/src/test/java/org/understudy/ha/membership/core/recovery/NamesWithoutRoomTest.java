package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.plan.Facts;
import org.understudy.ha.membership.core.plan.Facts.Offered;
import org.understudy.ha.membership.core.plan.Plan;
import org.understudy.ha.membership.core.plan.Planner;
import org.understudy.ha.membership.core.record.BarrierClaim;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.RecordRoom;

/** What names and barriers may take of the record, and how whoever finds no room is told. */
class NamesWithoutRoomTest {

    private static final int MANY = 8000;
    private static final String LONG = "x".repeat(1000);

    private final TreeMap<Incarnation, Offered> offers = new TreeMap<>();
    private final ClusterRecord empty =
            Records.withSession(Records.withSession(Records.empty(), A1, new TreeMap<>()), B1, new TreeMap<>());

    @Test
    void names_fill_the_record_and_no_further() {
        ClusterRecord full = full();

        int inside = full.sessions().get(A).holdings().names().size();
        assertThat(inside).isBetween(6000, MANY - 1);
        assertThat(RecordRoom.of(full)).isLessThanOrEqualTo(RecordRoom.MAX);
        assertThat(plan(full).isChange()).as("what waits causes no round").isFalse();
    }

    @Test
    void whoever_finds_no_room_is_refused_with_what_to_do() {
        ClusterRecord full = full();
        CoreServices services = new CoreServices(1);
        services.ask(0, new Ask.Register(1, "late", new NameClaim(LONG, true)), Optional.of(full), Optional.of(B1));
        services.ask(0, new Ask.Join("rebuild"), Optional.of(full), Optional.of(B1));
        services.offered(2);
        offers.put(B1, offer(2, services.claims()));

        ClusterRecord next = plan(full).record();
        services.learned(next, Optional.of(B1));

        assertThat(services.told())
                .anySatisfy(told -> assertThat(told)
                        .isInstanceOfSatisfying(
                                Told.NameRefused.class,
                                refused -> assertThat(refused.why())
                                        .contains("no room")
                                        .contains("withdraw other names")));
        assertThat(RecordRoom.of(next)).isLessThanOrEqualTo(RecordRoom.MAX);
        services.ask(0, new Ask.Enter(2, "rebuild", 1), Optional.of(next), Optional.of(B1));
        assertThat(services.told())
                .singleElement()
                .isInstanceOfSatisfying(
                        Told.BarrierDecided.class,
                        decided -> assertThat(decided.outcome()).isEqualTo(Told.Outcome.ABORTED));
    }

    @Test
    void a_value_that_finds_no_room_to_grow_stays_as_it_was() {
        CoreServices services = new CoreServices(1);
        services.ask(
                0, new Ask.Register(1, "early", new NameClaim("short", true)), Optional.of(empty), Optional.of(B1));
        services.offered(2);
        offers.put(B1, offer(2, services.claims()));
        ClusterRecord full = full();
        services.learned(full, Optional.of(B1));
        assertThat(services.told()).containsExactly(new Told.NameHeld(1, "early", B1));
        services.ask(0, new Ask.Change(2, 1, "early", LONG.repeat(2)), Optional.of(full), Optional.of(B1));
        services.offered(3);
        offers.put(B1, offer(3, services.claims()));

        ClusterRecord next = plan(full).record();
        services.learned(next, Optional.of(B1));

        assertThat(services.told())
                .singleElement()
                .isInstanceOfSatisfying(
                        Told.NameRefused.class,
                        refused -> assertThat(refused.why()).contains("the old one stays"));
        assertThat(next.sessions().get(B).holdings().names().get("early").value())
                .isEqualTo("short");
        assertThat(services.claims().names().get("early").value()).isEqualTo("short");
    }

    private ClusterRecord full() {
        TreeMap<String, NameClaim> many = new TreeMap<>();
        for (int i = 0; i < MANY; i++) {
            many.put("name" + i, new NameClaim(LONG, true));
        }
        offers.put(A1, offer(2, new Claims(many, new TreeMap<String, BarrierClaim>())));
        return plan(empty).record();
    }

    private static Offered offer(long version, Claims claims) {
        return new Offered(version, new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), claims);
    }

    private Plan plan(ClusterRecord base) {
        return Planner.plan(
                base,
                new Facts(
                        new TreeMap<>(),
                        offers,
                        new TreeMap<>(),
                        new TreeSet<>(),
                        new TreeMap<>(),
                        new TreeSet<>(),
                        new TreeMap<>(),
                        new TreeSet<>(List.of(A, B)),
                        0,
                        List.of(),
                        true));
    }
}
