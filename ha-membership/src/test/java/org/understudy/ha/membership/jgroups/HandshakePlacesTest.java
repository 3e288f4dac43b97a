package org.understudy.ha.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandshakePlacesTest {
    private static final InetAddress OWN = address(1);
    private static final InetAddress PEER = address(2);
    private static final InetAddress OTHER = address(3);

    private final HandshakePlaces places = new HandshakePlaces(List.of(PEER, OTHER));
    private final List<InetAddress> taken = new ArrayList<>();

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {10, 88, 0, (byte) last});
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private int fill(InetAddress source) {
        int before = taken.size();
        while (places.isFreeFor(source, taken)) {
            taken.add(source);
        }
        return taken.size() - before;
    }

    @Test
    void this_hosts_own_address_and_every_stranger_get_a_strangers_places() {
        assertThat(fill(OWN)).isEqualTo(HandshakePlaces.STRANGER_MAX);
        assertThat(fill(address(99))).isEqualTo(HandshakePlaces.STRANGER_MAX);
    }

    @Test
    void strangers_together_and_one_peer_leave_room_for_another_peer() {
        for (int last = 100; last < 200; last++) {
            fill(address(last));
        }
        assertThat(taken).hasSize(HandshakePlaces.STRANGERS_MAX);
        assertThat(fill(PEER)).isEqualTo(HandshakePlaces.PEER_MAX);
        assertThat(fill(OTHER)).isEqualTo(HandshakePlaces.PEER_MAX);
    }

    @Test
    void peers_at_one_address_have_places_each_and_all_have_a_limit() {
        assertThat(new HandshakePlaces(List.of(PEER, PEER)).isFreeFor(PEER, List.of(PEER, PEER, PEER, PEER)))
                .isTrue();
        HandshakePlaces many = new HandshakePlaces(Collections.nCopies(20, PEER));
        while (many.isFreeFor(PEER, taken)) {
            taken.add(PEER);
        }
        assertThat(taken).hasSize(HandshakePlaces.ALL_MAX);
    }
}
