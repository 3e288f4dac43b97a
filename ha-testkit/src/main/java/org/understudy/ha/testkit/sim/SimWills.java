package org.understudy.ha.testkit.sim;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.understudy.ha.api.Incarnation;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.core.WillVerifier;

/** Last wills whose signature is the key itself: equal keys, good signature. */
final class SimWills implements WillVerifier {

    static byte[] datagram(Incarnation author, String key, List<String> gone) {
        String text = author.node() + "|" + author.number() + "|" + key + "|" + String.join(",", gone);
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public Optional<Incarnation> author(byte[] datagram) {
        String[] parts = parts(datagram);
        return Optional.of(new Incarnation(NodeId.of(parts[0]), Long.parseLong(parts[1])));
    }

    @Override
    public Optional<Will> verify(byte[] datagram, String publicKey) {
        String[] parts = parts(datagram);
        if (!parts[2].equals(publicKey)) {
            return Optional.empty();
        }
        List<String> gone = parts[3].isEmpty() ? List.of() : List.of(parts[3].split(",", -1));
        return author(datagram).map(who -> new Will(who, gone));
    }

    private static String[] parts(byte[] datagram) {
        return new String(datagram, StandardCharsets.UTF_8).split("\\|", -1);
    }
}
