package org.understudy.ha.membership.core.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.B1;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.membership.core.Records;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.Holdings;
import org.understudy.ha.membership.core.record.NameClaim;
import org.understudy.ha.membership.core.record.Session;

class NameDeskTest {

    private static final String NAME = "queue";
    private static final NameClaim HERE = new NameClaim("here", true);

    private final NameDesk desk = new NameDesk();

    @Test
    void a_name_is_held_once_a_record_has_taken_over_the_offer_that_claimed_it() {
        desk.register(1, NAME, HERE);
        assertThat(desk.hasUnsaid()).isTrue();
        desk.offered(3);

        assertThat(learns(owns(Records.empty(), A1, 2, HERE)))
                .as("an older claim")
                .isEmpty();
        assertThat(learns(owns(Records.empty(), A1, 3, HERE))).containsExactly(new Told.NameHeld(1, NAME, A1));
        assertThat(learns(owns(Records.empty(), A1, 4, HERE))).as("told once").isEmpty();
    }

    @Test
    void a_name_that_is_registered_again_waits_for_a_record_that_knows_so() {
        desk.register(1, NAME, HERE);
        desk.offered(3);
        learns(owns(Records.empty(), A1, 3, HERE));

        assertThat(desk.withdraw(new Ask.Withdraw(1, NAME)))
                .containsExactly(new Told.NameOver(1, NAME, "it was withdrawn"));
        desk.register(2, NAME, HERE);
        assertThat(desk.hasUnsaid()).as("said anew, although it reads the same").isTrue();
        desk.offered(4);
        assertThat(learns(owns(Records.empty(), A1, 3, HERE))).isEmpty();
        assertThat(learns(owns(Records.empty(), A1, 4, HERE))).containsExactly(new Told.NameHeld(2, NAME, A1));
    }

    @Test
    void a_refusal_names_the_owner_and_the_name_is_claimed_no_more() {
        desk.register(1, NAME, HERE);
        desk.offered(1);
        ClusterRecord record = owns(without(Records.empty(), A1, 1), B1, 1, HERE);

        assertThat(learns(record))
                .containsExactly(
                        new Told.NameRefused(1, NAME, "b#1 owns it exclusively"),
                        new Told.NameOver(1, NAME, "b#1 owns it exclusively"));
        assertThat(desk.claims()).isEmpty();
    }

    @Test
    void a_word_about_an_earlier_registration_does_not_reach_a_later_one() {
        desk.register(1, NAME, HERE);
        desk.end("its session is over");
        desk.register(2, NAME, HERE);

        assertThat(desk.withdraw(new Ask.Withdraw(1, NAME))).isEmpty();
        assertThat(desk.change(new Ask.Change(3, 1, NAME, "there")))
                .singleElement()
                .isInstanceOf(Told.NameRefused.class);
        assertThat(desk.claims()).containsEntry(NAME, HERE);
    }

    @Test
    void whoever_gives_up_a_first_answer_claims_nothing_and_one_that_waits_for_a_change_keeps_the_name() {
        desk.register(1, NAME, HERE);
        desk.offered(1);
        assertThat(desk.giveUp(1)).hasSize(2);
        assertThat(desk.claims()).isEmpty();

        desk.register(2, NAME, HERE);
        desk.offered(2);
        learns(owns(Records.empty(), A1, 2, HERE));
        desk.change(new Ask.Change(3, 2, NAME, "there"));
        desk.offered(3);
        assertThat(desk.giveUp(3)).containsExactly(new Told.NameUnknown(3, NAME, "no majority has answered in time"));
        assertThat(desk.claims()).containsEntry(NAME, new NameClaim("there", true));
    }

    private List<Told> learns(ClusterRecord record) {
        return desk.learned(record, record.sessions().get(A));
    }

    private static ClusterRecord owns(ClusterRecord record, Incarnation who, long version, NameClaim claim) {
        Session session = Records.session(who, new TreeMap<>())
                .withOffer(version, new TreeMap<>())
                .withHoldings(new Holdings(new TreeMap<>(Map.of(NAME, claim)), new TreeMap<>()));
        return Records.withSession(record, session);
    }

    private static ClusterRecord without(ClusterRecord record, Incarnation who, long version) {
        return Records.withSession(record, Records.session(who, new TreeMap<>()).withOffer(version, new TreeMap<>()));
    }
}
