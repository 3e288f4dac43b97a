package org.understudy.ha.membership.guardian;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.api.PlatformException;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.membership.codec.LastWill;
import org.understudy.ha.membership.codec.LastWillCodec;

/** Signs and verifies last wills, Ed25519 (RFC 8032). Stateless; any thread. */
public final class LastWills {
    private static final String ALGORITHM = "Ed25519";
    private static final int WARM_UP_ROUNDS = 8;

    private LastWills() {}

    /** What a datagram turned out to be. */
    public enum Verdict {
        /** Signed with the key, every byte as the guardian wrote it. */
        VALID,
        /** Not a last will. */
        MALFORMED,
        /** A last will of a version this library does not read. */
        UNSUPPORTED_VERSION,
        /** Nobody is known by that cluster, node and incarnation, so there is no key to check it with. */
        UNKNOWN_SENDER,
        /** The key bound in the session is no Ed25519 key. */
        BAD_KEY,
        /** Altered, or signed by somebody else. */
        BAD_SIGNATURE;

        public boolean isValid() {
            return this == VALID;
        }
    }

    /**
     * A verdict with what it is about.
     *
     * @param will present if and only if the verdict is {@link Verdict#VALID}
     */
    public record Opened(Verdict verdict, Optional<LastWill> will) {}

    /** Finds the key bound in a session. */
    @FunctionalInterface
    public interface SessionKeys {
        /**
         * @return the X.509 encoded public key of the guardian of that life of that node, if the session is known
         */
        Optional<byte[]> publicKeyOf(String cluster, NodeId node, long incarnation);
    }

    /**
     * Checks a datagram against the session it names. Never throws for what is in the datagram.
     *
     * @param datagram as received, untrusted
     */
    public static Opened open(byte[] datagram, SessionKeys keys) {
        if (LastWillCodec.isLastWill(datagram) && LastWillCodec.version(datagram) != LastWillCodec.supportedVersion()) {
            return refused(Verdict.UNSUPPORTED_VERSION);
        }
        LastWill will;
        try {
            will = LastWillCodec.decode(datagram);
        } catch (MalformedMessageException e) {
            return refused(Verdict.MALFORMED);
        }
        Optional<byte[]> encoded = keys.publicKeyOf(will.cluster(), will.node(), will.incarnation());
        if (encoded.isEmpty()) {
            return refused(Verdict.UNKNOWN_SENDER);
        }
        PublicKey key;
        try {
            key = KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded.get()));
        } catch (GeneralSecurityException e) {
            return refused(Verdict.BAD_KEY);
        }
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(key);
            signature.update(LastWillCodec.signedPart(datagram));
            if (signature.verify(LastWillCodec.signature(datagram))) {
                return new Opened(Verdict.VALID, Optional.of(will));
            }
            return refused(Verdict.BAD_SIGNATURE);
        } catch (GeneralSecurityException e) {
            return refused(Verdict.BAD_SIGNATURE);
        }
    }

    /** Checks a datagram against one key. */
    public static Opened open(byte[] datagram, byte[] publicKey) {
        return open(datagram, (cluster, node, incarnation) -> Optional.of(publicKey));
    }

    /**
     * Signs and checks a few wills, so that the first real one does not pay for loading and compiling. Takes some tens of
     * milliseconds; call it once at start, off the loop.
     */
    public static void warmUp() {
        rehearse(newKeyPair());
    }

    static void rehearse(KeyPair keys) {
        byte[] publicKey = keys.getPublic().getEncoded();
        for (int i = 0; i < WARM_UP_ROUNDS; i++) {
            LastWill will = new LastWill(
                    "rehearsal",
                    NodeId.of("rehearsal"),
                    i + 1,
                    List.of(
                            new Removal("one", Removal.Result.REMOVED, ""),
                            new Removal("two", Removal.Result.FAILED, "rehearsal")),
                    false);
            if (!open(sign(will, keys.getPrivate()), publicKey).verdict().isValid()) {
                throw new PlatformException(
                        ALGORITHM, 0, "this Java does not accept its own " + ALGORITHM + " signature");
            }
        }
    }

    static KeyPair newKeyPair() {
        try {
            return KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw noEd25519(e);
        }
    }

    static byte[] sign(LastWill will, PrivateKey key) {
        byte[] body = LastWillCodec.encode(will);
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(body);
            return LastWillCodec.join(body, signature.sign());
        } catch (GeneralSecurityException e) {
            throw noEd25519(e);
        }
    }

    private static PlatformException noEd25519(GeneralSecurityException e) {
        return new PlatformException(
                ALGORITHM,
                0,
                "this Java cannot sign with " + ALGORITHM + " (" + e.getMessage()
                        + "); use one with the SunEC provider",
                e);
    }

    private static Opened refused(Verdict verdict) {
        return new Opened(verdict, Optional.empty());
    }
}
