package org.understudy.ha.membership.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.understudy.ha.membership.core.Records.A1;
import static org.understudy.ha.membership.core.Records.candidacy;

import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.config.Placement;
import org.understudy.ha.membership.core.record.Candidacy;
import org.understudy.ha.membership.core.record.Claims;
import org.understudy.ha.membership.core.record.ClusterRecord;
import org.understudy.ha.membership.core.record.HostIdentity;
import org.understudy.ha.membership.core.record.Rules;
import org.understudy.ha.membership.core.record.Session;

class OwnOfferTest {

    private static final long RENEW = 1_000_000_000L;
    private static final Optional<ClusterRecord> RECORD = Optional.of(Records.empty());

    private final TreeMap<String, LocalGroup> groups = new TreeMap<>();
    private final OwnOffer offer = new OwnOffer(0, new TreeMap<>(), RENEW);

    @Test
    void it_is_due_when_a_group_is_offered_otherwise_and_only_in_a_session() {
        register("web", Placement.NONE);
        offer.look(false, present(), groups, RECORD);
        assertThat(offer.isDue()).isFalse();
        offer.look(true, present(), groups, RECORD);
        assertThat(offer.isDue()).isTrue();

        renew();
        offer.look(true, present(), groups, RECORD);
        assertThat(offer.isDue()).isFalse();
        assertThat(isStale("web")).isFalse();

        groups.get("web").eligibility(0, false, "no licence");
        assertThat(isStale("web")).isTrue();
        offer.look(true, present(), groups, RECORD);
        assertThat(offer.isDue()).isTrue();
    }

    @Test
    void rules_go_with_it_only_where_they_are_not_those_of_the_record() {
        Placement placement = Placement.rules().priority(9).build();
        register("alarm", placement);
        register("web", Placement.NONE);
        renew();
        assertThat(offer.say(0, A1).rules()).containsOnlyKeys("alarm");

        ClusterRecord known = Records.withGroup(
                Records.empty(), "alarm", Records.granted(A1, 5, true).withRules(Rules.of(placement)));
        offer.renew(present(), groups, Optional.of(known), Claims.NONE);
        assertThat(offer.say(0, A1).rules()).isEmpty();
        assertThat(offer.version()).isEqualTo(2);
    }

    @Test
    void it_is_said_again_until_it_is_taken_over_and_rarely_while_there_is_no_room_for_it() {
        register("mail", Placement.NONE);
        register("web", Placement.NONE);
        renew();
        offer.say(0, A1);
        assertThat(offer.mustSayAgain(RENEW, session(0))).isTrue();
        assertThat(offer.whyOutside(session(0, "mail"))).isEmpty();

        assertThat(offer.mustSayAgain(RENEW, session(1, "mail", "web"))).isFalse();
        assertThat(offer.whyOutside(session(1, "mail"))).get().asString().contains("no room for [web],");
        assertThat(offer.mustSayAgain(50 * RENEW - 1, session(1, "mail"))).isFalse();
        assertThat(offer.mustSayAgain(50 * RENEW, session(1, "mail"))).isTrue();
    }

    @Test
    void the_more_groups_there_are_the_further_apart_are_two_offers() {
        for (int i = 0; i < 150; i++) {
            register("g" + i, Placement.NONE);
        }
        renew();
        offer.say(7, A1);

        assertThat(offer.nextNanos()).isEqualTo(7 + 100 * 20_000L);
    }

    @Test
    void in_the_next_session_everything_is_said_from_the_beginning() {
        register("web", Placement.NONE);
        renew();
        offer.sessionOver();

        assertThat(offer.version()).isZero();
        offer.look(true, present(), groups, RECORD);
        assertThat(offer.isDue()).isTrue();
    }

    private void register(String name, Placement placement) {
        groups.put(name, new LocalGroup(name, candidacy(true), placement));
    }

    private TreeMap<String, Candidacy> present() {
        TreeMap<String, Candidacy> present = new TreeMap<>();
        groups.forEach((name, group) -> present.put(name, group.candidacy(0)));
        return present;
    }

    private void renew() {
        offer.renew(present(), groups, RECORD, Claims.NONE);
    }

    private boolean isStale(String name) {
        return offer.isStale(name, Optional.of(present().get(name)), groups.get(name), RECORD);
    }

    private Session session(long version, String... taken) {
        TreeMap<String, Candidacy> candidacies = new TreeMap<>();
        for (String name : taken) {
            candidacies.put(name, present().get(name));
        }
        return new Session(A1, 7, "disk-a", HostIdentity.UNKNOWN, "key", version, candidacies);
    }
}
