package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.membership.codec.LastWill;
import org.understudy.ha.membership.codec.LastWillCodec;

/** Last wills from the network: canonical or refused, and believed only byte for byte as they were signed. */
public final class LastWillFuzz {
    /** The key pair of RFC 8032, section 7.1, test 1. */
    private static final KeyPair KEYS = keys(
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    private static final List<byte[]> SIGNED = List.of(
            will(false),
            will(
                    true,
                    new Removal("address/10.0.0.5", Removal.Result.FAILED, "EBUSY"),
                    new Removal("gate/10.0.0.5", Removal.Result.REMOVED, ""),
                    new Removal("address/10.0.0.6", Removal.Result.ABSENT, "")));

    private LastWillFuzz() {}

    public static List<byte[]> seeds() {
        return SIGNED;
    }

    public static void fuzzerTestOneInput(byte[] bytes) {
        boolean isBelieved =
                LastWills.open(bytes, KEYS.getPublic().getEncoded()).verdict().isValid();
        assertThat(isBelieved).isEqualTo(SIGNED.stream().anyMatch(signed -> Arrays.equals(signed, bytes)));
        try {
            LastWill will = LastWillCodec.decode(bytes);
            assertArrayEquals(LastWillCodec.signedPart(bytes), LastWillCodec.encode(will));
        } catch (MalformedMessageException refused) {
            assertThat(isBelieved).isFalse();
        }
    }

    private static byte[] will(boolean truncated, Removal... removals) {
        return LastWills.sign(
                new LastWill("shop", NodeId.of("serv1"), 3, List.of(removals), truncated), KEYS.getPrivate());
    }

    private static KeyPair keys(String secret, String point) {
        try {
            KeyFactory factory = KeyFactory.getInstance("Ed25519");
            HexFormat hex = HexFormat.of();
            PrivateKey own = factory.generatePrivate(
                    new PKCS8EncodedKeySpec(hex.parseHex("302e020100300506032b657004220420" + secret)));
            PublicKey known =
                    factory.generatePublic(new X509EncodedKeySpec(hex.parseHex("302a300506032b6570032100" + point)));
            return new KeyPair(known, own);
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
