package org.understudy.ha.membership.core;

import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Incarnation;

/** Reads a last will and checks its signature. A pure function of its arguments. */
public interface WillVerifier {

    /**
     * Reads whose will it claims to be, without verifying.
     *
     * @return empty if the bytes are not a last will of this cluster
     */
    Optional<Incarnation> author(byte[] datagram);

    /**
     * @param publicKey the key bound in the session, Base64
     * @return the will, or empty if the bytes or the signature are wrong
     */
    Optional<Will> verify(byte[] datagram, String publicKey);

    /**
     * A verified last will.
     *
     * @param gone what is certainly not on the host any more
     */
    record Will(Incarnation incarnation, List<String> gone) {
        public Will {
            gone = List.copyOf(gone);
        }
    }
}
