package org.understudy.ha.membership.guardian;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.understudy.ha.api.LifecycleException;
import org.understudy.ha.api.NodeId;
import org.understudy.ha.membership.refusal.RefusalCounts;

@Timeout(30)
class LastWillListenerTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private final BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();

    @Test
    void hands_on_what_begins_like_a_will_and_drops_the_rest() throws Exception {
        try (LastWillListener listener = listener()) {
            send(listener.address(), new byte[] {1, 2, 3});
            send(listener.address(), like(1401));
            send(listener.address(), like(1400));

            assertThat(received.poll(10, TimeUnit.SECONDS)).hasSize(1400);
            assertThat(listener.dropped()).isEqualTo(2);
        }
    }

    @Test
    void a_flood_is_cut_off() throws Exception {
        try (LastWillListener listener = listener()) {
            int sent = 0;
            while (listener.dropped() == 0) {
                send(listener.address(), like(100));
                sent++;
            }
            assertThat(sent).isGreaterThan(LastWillListener.PER_SECOND_MAX);
        }
    }

    @Test
    void a_receiver_that_fails_does_not_end_it() throws Exception {
        try (LastWillListener listener = new LastWillListener(
                ANY_PORT,
                datagram -> {
                    received.add(datagram);
                    throw new IllegalStateException("planted");
                },
                NodeId.of("here"),
                Thread::new,
                new RefusalCounts())) {
            send(listener.address(), like(10));
            send(listener.address(), like(11));
            assertThat(received.poll(10, TimeUnit.SECONDS)).hasSize(10);
            assertThat(received.poll(10, TimeUnit.SECONDS)).hasSize(11);
        }
    }

    @Test
    void a_port_in_use_is_refused_with_the_remedy_and_closing_frees_it() {
        LastWillListener listener = listener();
        InetSocketAddress address = listener.address();
        assertThatThrownBy(() -> new LastWillListener(
                        address, received::add, NodeId.of("here"), Thread::new, new RefusalCounts()))
                .isInstanceOf(LifecycleException.class)
                .hasMessageContaining(Integer.toString(address.getPort()))
                .hasMessageContaining("choose another port");
        listener.close();
        listener.close();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(t -> t.getName().equals("ha-here-wills-" + address.getPort()));
        new LastWillListener(address, received::add, NodeId.of("here"), Thread::new, new RefusalCounts()).close();
    }

    private LastWillListener listener() {
        return new LastWillListener(ANY_PORT, received::add, NodeId.of("here"), Thread::new, new RefusalCounts());
    }

    private static byte[] like(int length) {
        byte[] datagram = new byte[length];
        System.arraycopy(new byte[] {'U', 'D', 'L', 'W', 1}, 0, datagram, 0, 5);
        return datagram;
    }

    private static void send(InetSocketAddress to, byte[] datagram) throws IOException {
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(datagram, datagram.length, to));
        }
    }
}
