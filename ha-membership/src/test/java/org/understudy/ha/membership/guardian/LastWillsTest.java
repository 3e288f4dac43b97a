package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.membership.codec.LastWill;
import org.understudy.ha.membership.guardian.LastWills.Verdict;

class LastWillsTest {
    private static final KeyPair KEYS = LastWills.newKeyPair();
    private static final byte[] PUBLIC = KEYS.getPublic().getEncoded();
    private static final LastWill WILL =
            new LastWill("test", NodeId.of("serv1"), 3, List.of(new Removal("one", Removal.Result.REMOVED, "")), false);

    @Test
    void a_will_is_valid_under_its_own_key_only() {
        byte[] datagram = LastWills.sign(WILL, KEYS.getPrivate());

        assertThat(LastWills.open(datagram, PUBLIC)).isEqualTo(new LastWills.Opened(Verdict.VALID, Optional.of(WILL)));
        byte[] other = LastWills.newKeyPair().getPublic().getEncoded();
        assertThat(LastWills.open(datagram, other).verdict()).isEqualTo(Verdict.BAD_SIGNATURE);
        assertThat(LastWills.open(datagram, new byte[] {1, 2, 3}).verdict()).isEqualTo(Verdict.BAD_KEY);
    }

    @Test
    void no_altered_byte_passes() {
        byte[] datagram = LastWills.sign(WILL, KEYS.getPrivate());
        for (int at = 0; at < datagram.length; at++) {
            byte[] altered = datagram.clone();
            altered[at] ^= 1;
            assertThat(LastWills.open(altered, PUBLIC).verdict().isValid())
                    .as("byte %s", at)
                    .isFalse();
        }
    }

    @Test
    void the_key_is_looked_up_by_cluster_node_and_life() {
        byte[] datagram = LastWills.sign(WILL, KEYS.getPrivate());

        assertThat(LastWills.open(
                                datagram,
                                (cluster, node, incarnation) ->
                                        cluster.equals("test") && node.equals(NodeId.of("serv1")) && incarnation == 3
                                                ? Optional.of(PUBLIC)
                                                : Optional.empty())
                        .verdict())
                .isEqualTo(Verdict.VALID);
        assertThat(LastWills.open(datagram, (cluster, node, incarnation) -> Optional.empty())
                        .verdict())
                .isEqualTo(Verdict.UNKNOWN_SENDER);
    }

    @Test
    void other_bytes_and_other_versions_are_told_apart() {
        assertThat(LastWills.open(new byte[100], PUBLIC).verdict()).isEqualTo(Verdict.MALFORMED);
        assertThat(LastWills.open(new byte[0], PUBLIC).verdict()).isEqualTo(Verdict.MALFORMED);
        byte[] newer = LastWills.sign(WILL, KEYS.getPrivate());
        newer[4] = 2;
        assertThat(LastWills.open(newer, PUBLIC).verdict()).isEqualTo(Verdict.UNSUPPORTED_VERSION);
    }

    @Test
    void warming_up_works() {
        LastWills.warmUp();
    }

    @Test
    void only_what_is_listed_as_gone_is_proved_gone() {
        LastWill will = new LastWill(
                "test",
                NodeId.of("serv1"),
                3,
                List.of(
                        new Removal("removed", Removal.Result.REMOVED, ""),
                        new Removal("absent", Removal.Result.ABSENT, ""),
                        new Removal("stuck", Removal.Result.FAILED, "")),
                true);

        assertThat(will.provesGone(List.of("removed", "absent"))).isTrue();
        assertThat(will.provesGone(List.of("removed", "stuck"))).isFalse();
        assertThat(will.provesGone(List.of("unlisted"))).isFalse();
        assertThat(will.provesGone(List.of())).isTrue();
    }
}
