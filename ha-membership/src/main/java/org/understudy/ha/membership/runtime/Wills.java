package org.understudy.ha.membership.runtime;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.MalformedMessageException;
import org.understudy.ha.api.spi.HostPort.Removal;
import org.understudy.ha.membership.codec.LastWill;
import org.understudy.ha.membership.codec.LastWillCodec;
import org.understudy.ha.membership.core.WillVerifier;
import org.understudy.ha.membership.guardian.LastWills;

/** Reads last wills of one cluster and checks them with the JDK's Ed25519. Stateless. */
public final class Wills implements WillVerifier {

    private final String cluster;

    public Wills(String cluster) {
        this.cluster = cluster;
    }

    @Override
    public Optional<Incarnation> author(byte[] datagram) {
        try {
            LastWill will = LastWillCodec.decode(datagram);
            return will.cluster().equals(cluster) ? Optional.of(incarnation(will)) : Optional.empty();
        } catch (MalformedMessageException e) {
            return Optional.empty();
        }
    }

    @Override
    public Optional<Will> verify(byte[] datagram, String publicKey) {
        byte[] key;
        try {
            key = Base64.getDecoder().decode(publicKey);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        return LastWills.open(datagram, key)
                .will()
                .filter(will -> will.cluster().equals(cluster))
                .map(will -> new Will(incarnation(will), gone(will)));
    }

    private static Incarnation incarnation(LastWill will) {
        return new Incarnation(will.node(), will.incarnation());
    }

    private static List<String> gone(LastWill will) {
        List<String> gone = new ArrayList<>();
        for (Removal removal : will.removals()) {
            if (will.provesGone(List.of(removal.claim()))) {
                gone.add(removal.claim());
            }
        }
        return gone;
    }
}
