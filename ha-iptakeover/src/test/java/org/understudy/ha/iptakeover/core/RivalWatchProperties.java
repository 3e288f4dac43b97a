package org.understudy.ha.iptakeover.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import org.understudy.ha.api.FencingToken;
import org.understudy.ha.iptakeover.core.RivalWatch.Action;
import org.understudy.ha.iptakeover.core.RivalWatch.Decision;
import org.understudy.ha.iptakeover.core.RivalWatch.Policy;
import org.understudy.ha.iptakeover.core.RivalWatch.Reason;
import org.understudy.ha.iptakeover.packet.ArpPacket;
import org.understudy.ha.iptakeover.packet.EthernetFrame;
import org.understudy.ha.iptakeover.packet.MacAddress;
import org.understudy.ha.iptakeover.packet.Sighting;
import org.understudy.ha.iptakeover.packet.Sighting.Form;
import org.understudy.ha.iptakeover.packet.TokenMark;

/** Whatever is heard, in whatever order. */
@Tag("property")
class RivalWatchProperties {
    private static final long OURS = 7;
    private static final TokenMark MARKS = marks("the key of the cluster");
    private static final TokenMark STRANGERS = marks("the key of a stranger");

    /**
     * @param idleNanos before it
     * @param mac the low byte of the sender's hardware address; 2 is our own
     * @param token 0 for none
     */
    record Heard(long idleNanos, int mac, long token, Form form, boolean isOurAddress) {
        Sighting sighting() {
            return RivalWatchTest.sighting(
                    form, sender(), isOurAddress ? RivalWatchTest.VIP : RivalWatchTest.OTHER, RivalWatchTest.VIP);
        }

        MacAddress sender() {
            return new MacAddress(0x020000000000L + mac);
        }

        Optional<FencingToken> claimed() {
            return token == 0 ? Optional.empty() : RivalWatchTest.token(token);
        }

        boolean isClaim() {
            return form != Form.PROBE && isOurAddress;
        }
    }

    @Provide
    Arbitrary<List<Heard>> noNewerOwner() {
        return heard(OURS);
    }

    @Provide
    Arbitrary<List<Heard>> anything() {
        return heard(OURS + 1);
    }

    private static Arbitrary<List<Heard>> heard(long tokenMax) {
        Arbitrary<Long> idle = Arbitraries.oneOf(
                Arbitraries.longs().between(0, 2_000_000_000L),
                Arbitraries.of(
                        0L,
                        RivalWatch.ANNOUNCE_INTERVAL_NANOS,
                        RivalWatch.DEFEND_INTERVAL_NANOS,
                        RivalWatch.ALARM_INTERVAL_NANOS,
                        RivalWatch.ALARM_INTERVAL_NANOS - 1));
        Arbitrary<Integer> mac = Arbitraries.oneOf(
                Arbitraries.integers().between(0, 4), Arbitraries.integers().between(0, 0xffff));
        return Combinators.combine(
                        idle,
                        mac,
                        Arbitraries.longs().between(0, tokenMax),
                        Arbitraries.of(Form.class),
                        Arbitraries.of(true, true, true, false))
                .as(Heard::new)
                .list()
                .ofMaxSize(300);
    }

    @Property
    void without_a_newer_token_nobody_makes_it_yield(
            @ForAll("noNewerOwner") List<Heard> all, @ForAll("standing") Policy policy) {
        RivalWatch watch = watch(policy);
        long now = 0;
        for (Heard heard : all) {
            now += heard.idleNanos();
            Decision decision = watch.decide(now, heard.sighting(), heard.claimed());
            assertThat(decision.action()).isNotEqualTo(Action.YIELD);
        }
        assertThat(watch.hasYielded()).isFalse();
    }

    @Provide
    Arbitrary<Policy> standing() {
        return Arbitraries.of(Policy.DEFEND, Policy.ALARM_ONLY);
    }

    @Property
    void it_yields_at_the_first_newer_token_and_then_does_nothing(
            @ForAll("anything") List<Heard> all, @ForAll("standing") Policy policy) {
        RivalWatch watch = watch(policy);
        long now = 0;
        boolean expected = false;
        for (Heard heard : all) {
            now += heard.idleNanos();
            Action action = watch.decide(now, heard.sighting(), heard.claimed()).action();
            if (expected) {
                assertThat(action).isEqualTo(Action.NONE);
            } else {
                expected = heard.isClaim() && heard.token() > OURS;
                assertThat(action == Action.YIELD).isEqualTo(expected);
            }
        }
        assertThat(watch.hasYielded()).isEqualTo(expected);
    }

    @Property
    void what_it_sends_and_says_is_limited(@ForAll("noNewerOwner") List<Heard> all) {
        RivalWatch watch = watch(Policy.DEFEND);
        Map<Action, Long> last = new LinkedHashMap<>();
        Map<String, Long> lastAlarm = new LinkedHashMap<>();
        Deque<Long> lastMinute = new ArrayDeque<>();
        long now = 0;
        for (Heard heard : all) {
            now += heard.idleNanos();
            Decision decision = watch.decide(now, heard.sighting(), heard.claimed());
            if (decision.action() != Action.NONE) {
                long interval = decision.action() == Action.DEFEND
                        ? RivalWatch.DEFEND_INTERVAL_NANOS
                        : RivalWatch.ANNOUNCE_INTERVAL_NANOS;
                Long before = last.put(decision.action(), now);
                assertThat(before == null || now - before >= interval).isTrue();
            }
            if (decision.isAlarm()) {
                Long before = lastAlarm.put(
                        heard.sender() + " " + decision.reason() + " "
                                + heard.claimed().isPresent(),
                        now);
                assertThat(before == null || now - before >= RivalWatch.ALARM_INTERVAL_NANOS)
                        .isTrue();
                lastMinute.add(now);
            }
            while (!lastMinute.isEmpty() && now - lastMinute.peek() >= RivalWatch.ALARM_INTERVAL_NANOS) {
                lastMinute.remove();
            }
            assertThat(lastMinute).hasSizeLessThanOrEqualTo(2 * RivalWatch.SENDERS_MAX);
        }
    }

    /** Whoever listened can send again, to us or under another name, everything that was ever sent before our grant. */
    @Property
    void replayed_frames_of_earlier_owners_do_not_move_it(
            @ForAll("noNewerOwner") List<Heard> recorded, @ForAll boolean isRenamed) {
        RivalWatch watch = watch(Policy.DEFEND);
        long now = 0;
        for (Heard heard : recorded) {
            now += heard.idleNanos();
            ArpPacket packet = ArpPacket.gratuitousRequest(heard.sender(), RivalWatchTest.VIP);
            byte[] payload = MARKS.frame(packet, new FencingToken(1 + heard.token() % OURS), MacAddress.BROADCAST)
                    .payload();
            if (isRenamed) {
                payload[13] ^= 0x40;
            }
            Sighting sighting = Sighting.of(
                            new EthernetFrame(MacAddress.BROADCAST, heard.sender(), EthernetFrame.TYPE_ARP, payload))
                    .orElseThrow();
            Optional<FencingToken> claimed = MARKS.token(sighting);
            assertThat(claimed.isPresent()).isEqualTo(!isRenamed);
            Decision decision = watch.decide(now, sighting, claimed);
            assertThat(decision.action()).isNotEqualTo(Action.YIELD);
            assertThat(decision.reason()).isNotEqualTo(Reason.NEWER_OWNER);
        }
    }

    @Property
    void a_higher_token_made_with_another_key_is_a_strangers(@ForAll("noNewerOwner") List<Heard> all) {
        RivalWatch watch = watch(Policy.DEFEND);
        long now = 0;
        for (Heard heard : all) {
            now += heard.idleNanos();
            ArpPacket packet = ArpPacket.gratuitousReply(heard.sender(), RivalWatchTest.VIP);
            Sighting forged = Sighting.of(
                            STRANGERS.frame(packet, new FencingToken(Long.MAX_VALUE), MacAddress.BROADCAST))
                    .orElseThrow();
            assertThat(watch.decide(now, forged, MARKS.token(forged)).reason())
                    .isIn(Reason.STRANGER, Reason.OWN_MAC_ELSEWHERE);
        }
    }

    private static TokenMark marks(String key) {
        return new TokenMark(key.getBytes(StandardCharsets.US_ASCII), "demo");
    }

    private static RivalWatch watch(Policy policy) {
        return new RivalWatch(RivalWatchTest.VIP, RivalWatchTest.OWN, new FencingToken(OURS), policy);
    }
}
