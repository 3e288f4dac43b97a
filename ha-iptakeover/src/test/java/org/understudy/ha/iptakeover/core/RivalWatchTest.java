package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.iptakeover.core.RivalWatch.Action;
import org.understudy.ha.iptakeover.core.RivalWatch.Decision;
import org.understudy.ha.iptakeover.core.RivalWatch.Policy;
import org.understudy.ha.iptakeover.core.RivalWatch.Reason;
import org.understudy.ha.iptakeover.packet.Ipv4Address;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;

class RivalWatchTest {
    static final Ipv4Address VIP = new Ipv4Address(0xc0000232);
    static final Ipv4Address OTHER = new Ipv4Address(0xc0000233);
    static final MacAddress OWN = new MacAddress(0x020000000002L);
    static final MacAddress RIVAL = new MacAddress(0x020000000003L);
    private static final long SECOND = 1_000_000_000;
    private static final Optional<FencingToken> NO_TOKEN = Optional.empty();

    private final RivalWatch watch = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.DEFEND);

    @Test
    void a_newer_owner_is_yielded_to_once_and_for_good() {
        assertThat(watch.decide(0, claim(RIVAL), token(8)))
                .isEqualTo(new Decision(Action.YIELD, Reason.NEWER_OWNER, true));
        assertThat(watch.hasYielded()).isTrue();
        for (long token = 1; token < 10; token++) {
            assertThat(watch.decide(token * 100 * SECOND, claim(RIVAL), token(token)))
                    .isEqualTo(new Decision(Action.NONE, Reason.YIELDED_BEFORE, false));
        }
    }

    @Test
    void an_older_owner_is_answered_by_announcing_at_most_once_a_second() {
        assertThat(watch.decide(0, claim(RIVAL), token(6)))
                .isEqualTo(new Decision(Action.ANNOUNCE_AGAIN, Reason.OLDER_OWNER, true));
        assertThat(watch.decide(SECOND - 1, claim(RIVAL), token(6)))
                .isEqualTo(new Decision(Action.NONE, Reason.OLDER_OWNER, false));
        assertThat(watch.decide(SECOND, claim(RIVAL), token(6)))
                .isEqualTo(new Decision(Action.ANNOUNCE_AGAIN, Reason.OLDER_OWNER, false));
        assertThat(watch.decide(60 * SECOND, claim(RIVAL), token(6)).isAlarm()).isTrue();
    }

    @Test
    void a_stranger_is_defended_against_once_in_ten_seconds() {
        assertThat(watch.decide(5, claim(RIVAL), NO_TOKEN))
                .isEqualTo(new Decision(Action.DEFEND, Reason.STRANGER, true));
        assertThat(watch.decide(10 * SECOND, claim(RIVAL), NO_TOKEN))
                .isEqualTo(new Decision(Action.NONE, Reason.STRANGER, false));
        assertThat(watch.decide(10 * SECOND + 5, claim(RIVAL), NO_TOKEN))
                .isEqualTo(new Decision(Action.DEFEND, Reason.STRANGER, false));
    }

    @Test
    void a_host_that_claims_several_addresses_raises_one_alarm() {
        RivalWatch.AlarmLimit alarms = new RivalWatch.AlarmLimit();
        RivalWatch first = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.DEFEND, alarms);
        RivalWatch second = new RivalWatch(OTHER, OWN, new FencingToken(7), Policy.DEFEND, alarms);
        Sighting other = new Sighting(Form.ANNOUNCEMENT, RIVAL, OTHER, MacAddress.ZERO, OTHER, new byte[0]);
        assertThat(first.decide(0, claim(RIVAL), token(6)).isAlarm()).isTrue();
        assertThat(second.decide(1, other, token(6)))
                .isEqualTo(new Decision(Action.ANNOUNCE_AGAIN, Reason.OLDER_OWNER, false));
        assertThat(second.decide(2, other, NO_TOKEN).isAlarm())
                .as("another reason")
                .isTrue();
        assertThat(second.decide(3, other, token(8)))
                .as("to let go is always told")
                .isEqualTo(new Decision(Action.YIELD, Reason.NEWER_OWNER, true));
    }

    @Test
    void a_hardware_address_that_was_changed_is_still_its_own() {
        RivalWatch meek = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.YIELD);
        MacAddress next = new MacAddress(0x020000000077L);
        meek.follow(next);
        meek.follow(next);
        Decision own = new Decision(Action.NONE, Reason.OWN_MAC_ELSEWHERE, true);
        assertThat(meek.decide(0, claim(next), NO_TOKEN)).isEqualTo(own);
        assertThat(meek.decide(1, claim(OWN), token(7))).isEqualTo(own);
        meek.follow(RIVAL);
        assertThat(meek.decide(2, claim(RIVAL), token(7))).isEqualTo(own);
        assertThat(meek.decide(3, claim(OWN), NO_TOKEN).action())
                .as("of two changes ago")
                .isEqualTo(Action.YIELD);
    }

    @Test
    void the_policy_says_what_a_stranger_moves() {
        RivalWatch quiet = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.ALARM_ONLY);
        assertThat(quiet.decide(0, claim(RIVAL), NO_TOKEN)).isEqualTo(new Decision(Action.NONE, Reason.STRANGER, true));
        RivalWatch meek = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.YIELD);
        assertThat(meek.decide(0, claim(RIVAL), NO_TOKEN)).isEqualTo(new Decision(Action.YIELD, Reason.STRANGER, true));
    }

    @Test
    void even_a_meek_owner_does_not_yield_to_an_older_or_an_equal_token() {
        RivalWatch meek = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.YIELD);
        assertThat(meek.decide(0, claim(RIVAL), token(6)).action()).isEqualTo(Action.ANNOUNCE_AGAIN);
        assertThat(meek.decide(0, claim(RIVAL), token(7)).action()).isEqualTo(Action.NONE);
        assertThat(meek.decide(0, claim(OWN), NO_TOKEN).action()).isEqualTo(Action.NONE);
    }

    @Test
    void two_owners_of_one_token_are_an_alarm_and_nothing_else() {
        assertThat(watch.decide(0, claim(RIVAL), token(7)))
                .isEqualTo(new Decision(Action.NONE, Reason.BROKEN_PROMISE, true));
    }

    @Test
    void our_own_frame_that_comes_back_is_never_answered() {
        assertThat(watch.decide(0, claim(OWN), token(7)))
                .isEqualTo(new Decision(Action.NONE, Reason.OWN_MAC_ELSEWHERE, true));
        assertThat(watch.decide(0, claim(OWN), NO_TOKEN))
                .isEqualTo(new Decision(Action.NONE, Reason.OWN_MAC_ELSEWHERE, true));
        assertThat(watch.decide(1, claim(OWN), token(7)).isAlarm()).isFalse();
    }

    @Test
    void a_newer_owner_under_the_same_hardware_address_is_yielded_to() {
        assertThat(watch.decide(0, claim(OWN), token(8)).action()).isEqualTo(Action.YIELD);
    }

    @Test
    void questions_and_answers_in_the_name_of_the_address_are_claims() {
        for (Form form : new Form[] {Form.ANSWER, Form.QUESTION, Form.ANNOUNCEMENT}) {
            RivalWatch fresh = new RivalWatch(VIP, OWN, new FencingToken(7), Policy.DEFEND);
            assertThat(fresh.decide(0, sighting(form, RIVAL, VIP, OTHER), token(8))
                            .action())
                    .isEqualTo(Action.YIELD);
        }
    }

    @Test
    void a_probe_for_the_address_and_a_claim_of_another_are_no_rivals() {
        Decision none = new Decision(Action.NONE, Reason.NOT_A_RIVAL, false);
        assertThat(watch.decide(0, sighting(Form.PROBE, RIVAL, Ipv4Address.ANY, VIP), NO_TOKEN))
                .isEqualTo(none);
        assertThat(watch.decide(0, sighting(Form.QUESTION, RIVAL, OTHER, VIP), token(9)))
                .isEqualTo(none);
    }

    @Test
    void invented_senders_cannot_hush_the_alarm_about_a_real_rival() {
        for (int i = 0; i < 1_000; i++) {
            watch.decide(0, claim(new MacAddress(0x020000010000L + i)), NO_TOKEN);
        }
        assertThat(watch.alarmsSuppressed()).isEqualTo(1_000 - RivalWatch.SENDERS_MAX);
        watch.decide(0, claim(RIVAL), NO_TOKEN);
        assertThat(watch.decide(1, claim(RIVAL), token(7)).isAlarm()).isTrue();
        assertThat(watch.decide(2, claim(RIVAL), token(6)).isAlarm()).isTrue();
        assertThat(watch.decide(60 * SECOND, claim(RIVAL), NO_TOKEN).isAlarm()).isTrue();
    }

    static Sighting claim(MacAddress sender) {
        return sighting(Form.ANNOUNCEMENT, sender, VIP, VIP);
    }

    static Sighting sighting(Form form, MacAddress mac, Ipv4Address sender, Ipv4Address target) {
        return new Sighting(form, mac, sender, MacAddress.ZERO, target, new byte[0]);
    }

    static Optional<FencingToken> token(long value) {
        return Optional.of(new FencingToken(value));
    }
}
